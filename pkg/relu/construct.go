package relu

import (
	"errors"
	"fmt"
	"math"
)

// Interpolate makes the net of one hidden layer that goes through the points (xᵢ, yᵢ), i = 0 … d, and is linear between
// them (claim N5): d elbows and the output's bias. Beyond the ends it goes on straight.
//
// It is exact at the points to a few roundings of the numbers there, for any d, because of its form:
//
//   - The elbows open outwards from the middle point m, xᵢ < x < xᵢ₊₁ being the work of max(0, x − xᵢ) on the right and of
//     max(0, xᵢ₊₁ − x) on the left, so that few are active where the sum is not a short one. Input weights are ±1, so that
//     the knots are the xᵢ themselves.
//   - Output weights are not second differences, whose rounding errors add up to ε·Σ|vᵢ||x−xᵢ| (10⁻⁹ for d = 4096 and
//     rough y), but come of forward substitution: each makes good what the elbows before it, as Forward adds them up,
//     lack at the next point. At a point Forward repeats the very sum, to which later elbows add exact zeros.
//
// Another order of summation, such as XLA's, or float32 gives back the error of the sum. It is an error when there are
// fewer than two points, the xs do not ascend or a number is not finite, and when there are more than 2^16 pieces: the
// substitution takes a time that grows as their square, seconds then.
func Interpolate(xs, ys []float64) (*Net, error) {
	if err := checkPoints(xs, ys); err != nil {
		return nil, err
	}
	d := len(xs) - 1
	if d > mostPieces {
		return nil, fmt.Errorf("there are %d pieces: a net can be written down for at most %d", d, mostPieces)
	}
	m := d / 2
	n := New(1, d, 1)
	n.Layers[1].B[0] = ys[m]
	ws, bs, vs := n.Layers[0].W.RawRowView(0), n.Layers[0].B, n.Layers[1].W.RawMatrix().Data
	unit := 0
	add := func(first int, w float64, from, to int) { // first is the first unit of the side: the other side's are 0 at its points
		ws[unit], bs[unit] = w, -w*xs[from]
		sum := ys[m] // as Forward adds
		for k := first; k < unit; k++ {
			if h := bs[k] + xs[to]*ws[k]; h > 0 {
				sum += h * vs[k]
			}
		}
		vs[unit] = (ys[to] - sum) / math.Abs(xs[to]-xs[from])
		unit++
	}
	for i := m; i < d; i++ {
		add(0, 1, i, i+1)
	}
	for i := m; i > 0; i-- {
		add(d-m, -1, i, i-1)
	}
	if err := n.Check(); err != nil {
		return nil, fmt.Errorf("the function is too steep or too great for float64: %w", err)
	}
	return n, nil
}

const mostPieces = 1 << 16

// checkPoints says what is wrong with points of a function.
func checkPoints(xs, ys []float64) error {
	if len(xs) < 2 || len(ys) != len(xs) {
		return fmt.Errorf("xs has %d elements and ys %d: they must be as many, and at least 2", len(xs), len(ys))
	}
	for i, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(ys[i]) || math.IsInf(ys[i], 0) {
			return fmt.Errorf("point %d is (%v, %v): both must be finite numbers", i, x, ys[i])
		}
		if i > 0 && x <= xs[i-1] {
			return fmt.Errorf("xs[%d] is %v: it must be greater than the one before, %v", i, x, xs[i-1])
		}
	}
	return checkInterval(xs[0], xs[len(xs)-1])
}

// checkInterval says what is wrong with the ends of an interval that is to have a length.
func checkInterval(lo, hi float64) error {
	if !(lo < hi) {
		return fmt.Errorf("lo is %v and hi %v: lo must be the smaller", lo, hi)
	}
	if !finite(hi - lo) {
		return fmt.Errorf("from %v to %v there is no length in float64: take a shorter interval", lo, hi)
	}
	return nil
}

// Uniform interpolates f at d+1 points at equal distances h = (hi−lo)/d from lo to hi. Its error is then at most
// LinearBound(M, h), M bounding |f″|: O(d⁻²) (claim N2). It is an error when d is not positive, the interval is empty or f
// is not finite at a point.
func Uniform(f func(x float64) float64, lo, hi float64, d int) (*Net, error) {
	edges, err := uniform(lo, hi, d)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("f is nil: give a function")
	}
	ys := make([]float64, d+1)
	for i, x := range edges {
		ys[i] = f(x)
	}
	return Interpolate(edges, ys)
}

// uniform are the d+1 ends of d equal pieces.
func uniform(lo, hi float64, d int) ([]float64, error) {
	if d < 1 {
		return nil, fmt.Errorf("d is %d: there must be at least 1 piece", d)
	}
	if err := checkInterval(lo, hi); err != nil {
		return nil, err
	}
	if d > mostPieces {
		return nil, fmt.Errorf("d is %d: a net can be written down for at most %d pieces", d, mostPieces)
	}
	edges := make([]float64, d+1)
	for i := range edges {
		edges[i] = lo + (hi-lo)*float64(i)/float64(d)
	}
	edges[d] = hi
	return edges, nil
}

// Steps makes a net that is nearly piecewise constant (lecture figure 4): ys[i] between edges[i] and edges[i+1], d values
// and d+1 edges. A jump is what a ReLU net cannot have; at each inner edge the difference of two steep elbows climbs from
// one value to the next within the ramp given, half of it on either side. It is an error when the ramp is not positive or
// longer than half the shortest piece, and as with Interpolate.
func Steps(edges, ys []float64, ramp float64) (*Net, error) {
	if len(ys) < 1 || len(edges) != len(ys)+1 {
		return nil, fmt.Errorf("edges has %d elements and ys %d: d pieces have d+1 edges", len(edges), len(ys))
	}
	last := len(ys) - 1
	xs, values := []float64{edges[0]}, []float64{ys[0]}
	for i, y := range ys {
		if length := edges[i+1] - edges[i]; !(ramp > 0 && 2*ramp <= length) {
			return nil, fmt.Errorf("ramp is %v: it must be positive and at most half of piece %d, which is %v long",
				ramp, i, length)
		}
		if i > 0 {
			xs, values = append(xs, edges[i]+ramp/2), append(values, y)
		}
		if i < last {
			xs, values = append(xs, edges[i+1]-ramp/2), append(values, y)
		}
	}
	return Interpolate(append(xs, edges[last+1]), append(values, ys[last]))
}

// UniformSteps is Steps for f on d pieces of equal lengths h, with f's value in the middle of each and ramps of a
// thousandth of h. Its error is at most ConstantBound(M, h) but for the ramps' part, M bounding |f′|: O(d⁻¹) (claim N2).
// Errors are those of Uniform.
func UniformSteps(f func(x float64) float64, lo, hi float64, d int) (*Net, error) {
	edges, err := uniform(lo, hi, d)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("f is nil: give a function")
	}
	ys := make([]float64, d)
	for i := range ys {
		ys[i] = f((edges[i] + edges[i+1]) / 2)
	}
	return Steps(edges, ys, (hi-lo)/float64(d)/1000)
}

// LinearBound returns M h²/8, the most by which a line through two points of f at a distance h differs from f between
// them, where |f″| ≤ M.
//
// Source: P. J. Davis (1963), "Interpolation and Approximation", theorem 3.1.1 for two points.
func LinearBound(curvature, h float64) float64 { return curvature * h * h / 8 }

// ConstantBound returns M h/2, the most by which f differs from its value in the middle of a piece of length h, where
// |f′| ≤ M.
func ConstantBound(slope, h float64) float64 { return slope * h / 2 }

// Sawtooth makes the net of depth hidden layers of two units each that is the tent map 2x, 2−2x of [0, 1] composed with
// itself: 2^depth linear pieces from 6·depth+1 parameters, where a net of one hidden layer has at most one piece more
// than units (claim N9). Pieces finds all of them up to depth 18, and is an error beyond. It panics when depth is not between 1
// and 50, where knots are still float64 numbers.
//
// Source: M. Telgarsky (2015), "Representation Benefits of Deep Feedforward Networks", arXiv:1509.08101.
func Sawtooth(depth int) *Net {
	if depth < 1 || depth > 50 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 50", depth))
	}
	sizes := []int{1}
	for range depth {
		sizes = append(sizes, 2)
	}
	n := New(append(sizes, 1)...)
	for l, layer := range n.Layers {
		in, out := layer.W.Dims()
		for j := range out {
			layer.W.Set(0, j, 1)
			if l > 0 { // the tent of the two units before, max(0, t) and max(0, t − ½)
				layer.W.Set(0, j, 2)
				layer.W.Set(in-1, j, -4)
			}
		}
		if l < depth {
			layer.B[1] = -0.5
		}
	}
	return n
}
