package exercise

import (
	"fmt"
	"math"
	"slices"

	"descent.example/internal/answer"
	"descent.example/pkg/relu"
)

// UnitBackward checks backpropagation through one unit, f = v·max(0, wx + b). backward gets the input x, the parameters and the derivative of the
// loss with respect to f, which comes from the right. It returns the derivatives of the loss with respect to w, b, v and x. It is an error
// when one of them is wrong.
func UnitBackward(backward func(x, w, b, v, fromRight float64) (dw, db, dv, dx float64)) error {
	for _, c := range []struct{ x, w, b, v, fromRight float64 }{
		{2, 0.5, 1, 3, 1}, {2, 0.5, 1, 3, -2}, {-1, -2, 0.5, 0.25, 4}, {1, -2, 0.5, 3, 1}, {0, 5, -1, 2, 3},
	} {
		var want [4]float64
		if z := c.w*c.x + c.b; z > 0 {
			want = [4]float64{c.fromRight * c.v * c.x, c.fromRight * c.v, c.fromRight * z, c.fromRight * c.v * c.w}
		}
		var got [4]float64
		got[0], got[1], got[2], got[3] = backward(c.x, c.w, c.b, c.v, c.fromRight)
		for i, name := range []string{"dw", "db", "dv", "dx"} {
			if !answer.Near(got[i], want[i]) {
				return fmt.Errorf("for x = %g, w = %g, b = %g, v = %g and fromRight = %g your %s is %.5g; it should be %.5g",
					c.x, c.w, c.b, c.v, c.fromRight, name, got[i], want[i])
			}
		}
	}
	return nil
}

// Plateau checks elbows that add up to the function which is 0 up to x = 1, rises to 1 at x = 2, stays there until x = 3, falls to 0 at
// x = 4 and stays there. It is an error when they add up to something else.
func Plateau(elbows func() []relu.Elbow) error {
	want := func(x float64) float64 { return max(0, min(x-1, 1, 4-x)) }
	sum := func(x float64) (y float64) {
		for _, e := range elbows() {
			y += e.At(x)
		}
		return y
	}
	for _, x := range []float64{0, 1, 2, 3, 4, 5, -2, 0.5, 1.5, 2.5, 3.5, 4.5, 7} {
		if got := sum(x); !answer.Near(got, want(x)) {
			return fmt.Errorf("at x = %g your elbows add up to %.5g; they should add up to %g", x, got, want(x))
		}
	}
	return nil
}

// Pieces checks the least number of equal pieces for which the bound M h²/8 on the error of a piecewise linear function is at most the error
// allowed. pieces gets M ≥ |f″|, the length of the interval and that error. It is an error when its number is not the least.
func Pieces(pieces func(curvature, length, allowed float64) int) error {
	for _, c := range []struct{ curvature, length, allowed float64 }{
		{4 * math.Pi * math.Pi, 1, 0.01}, {4 * math.Pi * math.Pi, 1, 0.0001}, {2, 3, 0.05}, {1, 0.1, 0.5}, {50, 2, 0.003},
	} {
		want := int(math.Ceil(c.length * math.Sqrt(c.curvature/(8*c.allowed))))
		if got := pieces(c.curvature, c.length, c.allowed); got != want {
			bound := func(d int) float64 { return relu.LinearBound(c.curvature, c.length/float64(d)) }
			return fmt.Errorf("for M = %.4g, length %g and error %g you return %d; it should be %d, because %d pieces have the bound %.3g and %d have %.3g",
				c.curvature, c.length, c.allowed, got, want, want, bound(want), want-1, bound(want-1))
		}
	}
	return nil
}

// FromTheRight checks a net whose elbows all open to the left. write gets points (xs[i], ys[i]), ascending in xs, and returns one elbow less
// than there are points, each with w = −1, and the constant. Their sum goes through the points and is straight between them. It is an error
// when the elbows are not as many, or not of that kind, and when their sum is another function.
func FromTheRight(write func(xs, ys []float64) (elbows []relu.Elbow, constant float64)) error {
	for _, c := range []struct{ xs, ys []float64 }{
		{[]float64{0, 1}, []float64{3, 1}}, {[]float64{0, 1, 2}, []float64{0, 1, 0}}, {[]float64{-1, 0, 0.5, 2}, []float64{1, -1, 4, 0.5}},
	} {
		elbows, constant := write(slices.Clone(c.xs), slices.Clone(c.ys))
		if len(elbows) != len(c.xs)-1 {
			return fmt.Errorf("for the %d points with xs = %s you return %d elbows; it should be %d", len(c.xs), answer.Vector(c.xs), len(elbows), len(c.xs)-1)
		}
		for k, e := range elbows {
			if e.W != -1 {
				return fmt.Errorf("for xs = %s your elbow %d has w = %g; it should be −1", answer.Vector(c.xs), k+1, e.W)
			}
		}
		for i, x := range c.xs {
			for _, at := range []float64{x, (x + c.xs[max(i-1, 0)]) / 2} { // a point, and the middle of the piece before it
				got, want := constant, c.ys[i]
				for _, e := range elbows {
					got += e.At(at)
				}
				if at != x {
					want = (c.ys[i] + c.ys[i-1]) / 2
				}
				if !answer.Near(got, want) {
					return fmt.Errorf("for xs = %s and ys = %s your net gives %.5g at x = %g; it should give %g", answer.Vector(c.xs), answer.Vector(c.ys), got, at, want)
				}
			}
		}
	}
	return nil
}

// CrowdedKnots checks knots that crowd where √|x − 0.3| is steep. place gets a number d of pieces and returns d+1 places, ascending from 0 to 1. The
// broken line through the function's values there must miss it by 5/d² at most. It is an error when it misses it by more, and when
// the places are not as many, or not ascending from 0 to 1.
func CrowdedKnots(place func(d int) []float64) error {
	f := func(x float64) float64 { return math.Sqrt(math.Abs(x - 0.3)) }
	for _, d := range []int{16, 64, 256, 1024} {
		knots := place(d)
		if len(knots) != d+1 {
			return fmt.Errorf("for d = %d you return %d knots; it should be %d", d, len(knots), d+1)
		}
		if knots[0] != 0 || !answer.Near(knots[d], 1) {
			return fmt.Errorf("for d = %d your knots go from %g to %g; they should go from 0 to 1", d, knots[0], knots[d])
		}
		worst, where := 0.0, 0.0
		for k := range d {
			lo, hi := knots[k], knots[k+1]
			if !(lo < hi) {
				return fmt.Errorf("for d = %d your knots %d and %d are %g and %g; they should ascend", d, k, k+1, lo, hi)
			}
			for i := range 100 {
				part := (float64(i) + 0.5) / 100
				x := lo + part*(hi-lo)
				if off := math.Abs((1-part)*f(lo) + part*f(hi) - f(x)); off > worst {
					worst, where = off, x
				}
			}
		}
		if most := 5 / float64(d*d); worst > most {
			return fmt.Errorf("for d = %d your net is off by %.2g at x = %.4g; it should be off by %.2g at most", d, worst, where, most)
		}
	}
	return nil
}
