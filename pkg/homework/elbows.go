package homework

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/internal/answer"
	"descent.example/internal/plural"
)

// isNet says what is wrong with a net of elbows, c + Σvᵢ max(0, wᵢx + bᵢ), that should have a number of units at most.
func isNet(w, b, v []float64, most int) error {
	if len(w) != len(b) || len(w) != len(v) {
		return fmt.Errorf("you return %d input weights, %d biases and %d output weights; each unit has one of each", len(w), len(b), len(v))
	}
	if len(w) > most {
		return fmt.Errorf("your net has %s; %d should be enough", plural.Of(len(w), "unit"), most)
	}
	return nil
}

// netAt is the value of a net of elbows.
func netAt(w, b, v []float64, c, x float64) float64 {
	for i := range w {
		c += v[i] * math.Max(0, w[i]*x+b[i])
	}
	return c
}

// Clip tries nets that limit a signal to the interval from lo to hi, for random lo < hi. It is an error when a net has more than two units, and when its
// value at some x is not x, or lo if x is below, or hi if it is above.
func Clip(rng *rand.Rand, clip func(lo, hi float64) (w, b, v []float64, c float64)) error {
	for i := range 4 {
		width := 0.25 + math.Round(8*rng.Float64())/2
		// Both ends are above 0, or both below, or 0 is in the middle.
		lo := hundredths(0.1 + 3*rng.Float64())
		if i == 1 {
			lo = -lo - width
		} else if i > 1 {
			lo = hundredths(-width * (0.2 + 0.6*rng.Float64()))
		}
		hi := lo + width
		w, b, v, c := clip(lo, hi)
		if err := isNet(w, b, v, 2); err != nil {
			return fmt.Errorf("for lo = %g and hi = %g %w", lo, hi, err)
		}
		for _, x := range append(draw(rng, 20, 8), lo, hi, lo-1000, hi+1000) {
			if got, want := netAt(w, b, v, c, x), math.Min(math.Max(x, lo), hi); !answer.Near(got, want) {
				is, should := answer.Both(got, want)
				return fmt.Errorf("for lo = %g and hi = %g your net gives %s at x = %.5g; it should give %s", lo, hi, is, x, should)
			}
		}
	}
	return nil
}

// Triangle tries a net that draws teeth: from 0 up to 1 and back in each interval from an integer to the next, between 0 and their number. It is an error
// when the net has more than two units for each tooth, and when its value between 0 and the number is wrong.
func Triangle(rng *rand.Rand, teeth int, triangle func(teeth int) (w, b, v []float64, c float64)) error {
	w, b, v, c := triangle(teeth)
	if err := isNet(w, b, v, 2*teeth); err != nil {
		return fmt.Errorf("for teeth = %d %w", teeth, err)
	}
	var xs []float64
	for i := range 2*teeth + 1 {
		xs = append(xs, float64(i)/2, float64(teeth)*rng.Float64())
	}
	for _, x := range xs {
		_, part := math.Modf(x)
		if got, want := netAt(w, b, v, c, x), 1-math.Abs(2*part-1); !answer.Near(got, want) {
			is, should := answer.Both(got, want)
			return fmt.Errorf("for teeth = %d your net gives %s at x = %.5g; it should give %s", teeth, is, x, should)
		}
	}
	return nil
}

// Through tries a net that draws the broken line through n random points, at places that are equally far apart if even. It is an error when the net
// has more than n − 1 units, and when it is off the line at or between the points.
func Through(rng *rand.Rand, n int, even bool, through func(xs, ys []float64) (w, b, v []float64, c float64)) error {
	for range 3 {
		xs, ys := draw(rng, n, 2), draw(rng, n, 3)
		for i := 1; i < n; i++ {
			xs[i] = xs[i-1] + 0.5
			if !even {
				xs[i] = xs[i-1] + 0.1 + 2*rng.Float64()
			}
		}
		w, b, v, c := through(slices.Clone(xs), slices.Clone(ys))
		points := fmt.Sprintf("for the places %s and the heights %s", answer.Vector(xs), answer.Vector(ys))
		if err := isNet(w, b, v, n-1); err != nil {
			return fmt.Errorf("%s %w", points, err)
		}
		for i := range n - 1 {
			for _, part := range []float64{0, rng.Float64(), 1} {
				x := xs[i] + part*(xs[i+1]-xs[i])
				want := (1-part)*ys[i] + part*ys[i+1]
				if got := netAt(w, b, v, c, x); math.Abs(got-want) > 1e-8 || math.IsNaN(got) {
					is, should := answer.Both(got, want)
					return fmt.Errorf("%s your net gives %s at x = %.5g; it should give %s", points, is, x, should)
				}
			}
		}
	}
	return nil
}

// Pieces tries the reading of a net. read gets a random net of elbows whose units bend in a few places, several in the same place, some not at all.
// If it hides, some bends cancel each other, exactly or up to rounding. It is an error when read does not return the places where the net bends,
// ascending, and the slopes of the pieces, from the left.
func Pieces(rng *rand.Rand, places int, hides bool, read func(w, b, v []float64, c float64) (knots, slopes []float64)) error {
	for i := range 4 {
		var units [][3]float64
		var want []float64
		place := -float64(places) / 2
		for j := range places {
			place += 0.25 * float64(1+rng.IntN(4))
			want = append(want, place)
			units = append(units, bendAt(rng, place, 1+(i+j)%2, float64(1-2*((i/2+j)%2)))...)
		}
		if hides {
			w, v := 0.5, 1+rng.Float64()
			units = append(units, [3]float64{w, -w * (place + 1), v}, [3]float64{-w, w * (place + 1), -v}) // together a straight line
			units = append(units, [3]float64{0, 1.5, 2}, [3]float64{1, 7, 0})
			for _, v := range []float64{0.1, 0.2, -0.3} { // whose sum is not 0 but a rounding error, in any order
				units = append(units, [3]float64{0.5, -0.5 * (place + 1.5), v})
			}
		}
		rng.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		w, b, v := make([]float64, len(units)), make([]float64, len(units)), make([]float64, len(units))
		for i, u := range units {
			w[i], b[i], v[i] = u[0], u[1], u[2]
		}
		net := fmt.Sprintf("for w = %s, b = %s and v = %s", answer.Vector(w), answer.Vector(b), answer.Vector(v))
		var slopes []float64
		for i := range places + 1 {
			left, right := want[0]-2, want[places-1]+2
			if i > 0 {
				left = want[i-1]
			}
			if i < places {
				right = want[i]
			}
			slopes = append(slopes, (netAt(w, b, v, 0, right)-netAt(w, b, v, 0, left))/(right-left))
		}
		knots, got := read(w, b, v, draw(rng, 1, 2)[0])
		if !answer.AllNear(knots, want) {
			is, should := answer.BothVectors(knots, want)
			return fmt.Errorf("%s you find the knots %s; they are %s", net, is, should)
		}
		if !answer.AllNear(got, slopes) {
			is, should := answer.BothVectors(got, slopes)
			return fmt.Errorf("%s you find the slopes %s; they are %s", net, is, should)
		}
	}
	return nil
}

// bendAt returns n units that bend in a place, by 0.1 or more together. They open to the two sides in turn, the first to that of the sign.
func bendAt(rng *rand.Rand, place float64, n int, sign float64) (units [][3]float64) {
	for bend := 0.0; math.Abs(bend) < 0.1; {
		units, bend = nil, 0
		for range n {
			w, v := sign*math.Ldexp(1, rng.IntN(3)-1), draw(rng, 1, 2)[0] // w is a power of two, so that −b/w is exact
			units = append(units, [3]float64{w, -w * place, v})
			bend += v * math.Abs(w)
			sign = -sign
		}
	}
	return units
}

// Balance tries a change of scale of n random units with all signs, some of them without an input or output weight if zeros. It is an error when a
// unit is another function than before, when its two weights differ in size, and when a unit that has a weight of 0 is changed.
func Balance(rng *rand.Rand, n int, zeros bool, balance func(w, b, v []float64) (w2, b2, v2 []float64)) error {
	for signs := range 4 {
		w, b, v := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			signs := signs + i
			w[i] = float64(1-2*(signs%2)) * hundredths(0.2+4*rng.Float64())
			b[i] = float64(1-2*((signs+1)/2%2)) * hundredths(0.3+2*rng.Float64())
			v[i] = float64(1-2*(signs/2%2)) * hundredths(0.05+0.5*rng.Float64())
			if zeros && i%3 == 0 {
				w[i] = 0
			}
			if zeros && i%3 == 1 {
				v[i] = 0
			}
		}
		if err := isBalanced(rng, w, b, v, balance); err != nil {
			return err
		}
	}
	return nil
}

func isBalanced(rng *rand.Rand, w, b, v []float64, balance func(w, b, v []float64) (w2, b2, v2 []float64)) error {
	n := len(w)
	w2, b2, v2 := balance(slices.Clone(w), slices.Clone(b), slices.Clone(v))
	if len(w2) != n || len(b2) != n || len(v2) != n {
		return fmt.Errorf("for %s you return %d input weights, %d biases and %d output weights", plural.Of(n, "unit"), len(w2), len(b2), len(v2))
	}
	for i := range n {
		unit := fmt.Sprintf("the unit w = %.5g, b = %.5g, v = %.5g becomes w = %.5g, b = %.5g, v = %.5g", w[i], b[i], v[i], w2[i], b2[i], v2[i])
		if w[i] == 0 || v[i] == 0 {
			if w2[i] != w[i] || b2[i] != b[i] || v2[i] != v[i] {
				return fmt.Errorf("%s; it should stay as it is", unit)
			}
			continue
		}
		if !answer.Near(math.Abs(w2[i]), math.Abs(v2[i])) {
			return fmt.Errorf("%s; |w| and |v| should be equal", unit)
		}
		for _, side := range []float64{-1, 1} {
			x := -b[i]/w[i] + side*(0.5+rng.Float64())
			if got, want := netAt(w2[i:i+1], b2[i:i+1], v2[i:i+1], 0, x), netAt(w[i:i+1], b[i:i+1], v[i:i+1], 0, x); !answer.Near(got, want) {
				is, was := answer.Both(got, want)
				return fmt.Errorf("%s; at x = %.5g that is %s, and was %s", unit, x, is, was)
			}
		}
	}
	return nil
}

// Echo tries backpropagation through two stages that share their weight and bias, f = v·max(0, w·max(0, wx + b) + b). backward gets x, the parameters and
// the derivative of the loss with respect to f, and returns those with respect to w, b, v and x. first and second say which stages are on. It is an
// error when a derivative differs from a central difference by more than it can.
func Echo(rng *rand.Rand, first, second bool, backward func(x, w, b, v, fromRight float64) (dw, db, dv, dx float64)) error {
	f := func(p []float64) float64 { return p[2] * math.Max(0, p[0]*math.Max(0, p[0]*p[3]+p[1])+p[1]) }
	for cases := 0; cases < 4; {
		p := draw(rng, 4, 2) // w, b, v, x
		z1 := p[0]*p[3] + p[1]
		z2 := p[0]*math.Max(0, z1) + p[1]
		if math.Abs(z1) < 0.1 || math.Abs(z2) < 0.1 || z1 > 0 != first || z2 > 0 != second || p[0] > 0 != (cases%2 == 0) {
			continue // w has both signs
		}
		cases++
		fromRight := 0.5 + rng.Float64()
		want := differences(f, p, 1e-5)
		for i := range want {
			want[i] *= fromRight
		}
		dw, db, dv, dx := backward(p[3], p[0], p[1], p[2], fromRight)
		if got := []float64{dw, db, dv, dx}; !answer.AllWithin(got, want, 1e-6) {
			is, should := answer.BothVectors(got, want)
			return fmt.Errorf("for x = %g, w = %g, b = %g, v = %g and fromRight = %.4g your derivatives by w, b, v and x are %s; central differences give %s",
				p[3], p[0], p[1], p[2], fromRight, is, should)
		}
	}
	return nil
}

// EchoAtKnot tries the same where the first stage is exactly at its knot, or both are. There a ReLU passes nothing on. It is an error when a derivative
// is not right.
func EchoAtKnot(rng *rand.Rand, both bool, backward func(x, w, b, v, fromRight float64) (dw, db, dv, dx float64)) error {
	w, b, v, fromRight := -float64(1+rng.IntN(3)), float64(1+rng.IntN(3)), 1+rng.Float64(), 0.5+rng.Float64()
	if both {
		b = 0
	}
	x := -b / w
	if w*x+b != 0 {
		w, x = -1, b
	}
	want := []float64{0, fromRight * v, fromRight * b, 0}
	if both {
		want[1] = 0
	}
	dw, db, dv, dx := backward(x, w, b, v, fromRight)
	if got := []float64{dw, db, dv, dx}; !answer.AllNear(got, want) {
		is, should := answer.BothVectors(got, want)
		return fmt.Errorf("for x = %g, w = %g, b = %g, v = %.5g and fromRight = %.5g a ReLU is at its knot; your derivatives by w, b, v and x are %s, and should be %s",
			x, w, b, v, fromRight, is, should)
	}
	return nil
}

// ChainDerivative tries a prediction of the derivative at 0 of a chain of stages σ(z) − ½, with σ the sigmoid. It is an error when it is off by more
// than 0.6 %: an answer that is right within 0.5 % passes.
func ChainDerivative(stages int, derivative float64) error {
	if want := chainDerivative(stages, 1); !(math.Abs(derivative-want) <= 0.006*want) {
		return fmt.Errorf("your derivative of %d stages, %.5g, is not what a tiny change of z gives", stages, derivative)
	}
	return nil
}

// ChainWeight tries a prediction of the weight w at which a chain of stages σ(wz) − ½ has the derivative 1 at 0. It is an error when the weight is
// not above 0, when one 0.6 % below loses nothing, or one 0.6 % above does.
func ChainWeight(stages int, weight float64) error {
	below, above := chainDerivative(stages, 0.994*weight), chainDerivative(stages, 1.006*weight)
	if !(weight > 0 && below < 1 && above > 1) {
		return fmt.Errorf("with your weight %.5g, %.4g of the derivative remains after %d stages", weight, chainDerivative(stages, weight), stages)
	}
	return nil
}

// chainDerivative is the derivative of the chain at 0, by a central difference.
func chainDerivative(stages int, w float64) float64 {
	chain := func(x []float64) float64 {
		z := x[0]
		for range stages {
			z = 1/(1+math.Exp(-w*z)) - 0.5
		}
		return z
	}
	return differences(chain, []float64{0}, 1e-4)[0]
}
