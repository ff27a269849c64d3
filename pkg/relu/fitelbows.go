package relu

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// FitElbows returns a sum of d elbows and a constant that fits the points (xᵢ, yᵢ) in least squares, and a floor, below which no such
// sum with its knots among the candidates can get (claim N6).
//
// A sum with d knots has d+1 slopes, but only d elbows to make them: an elbow that opens to the right leaves the slope at the left
// end at 0, and one that opens to the left changes it by minus its jump. The slope at the left end is therefore minus the
// sum of the jumps of those elbows that open to the left. The floor is the fit with d knots that ignores this one constraint. The
// net starts from that fit with each of the choices of directions that come nearest to the constraint, and from the fit with d−1 knots, which
// needs no choice; from each start Levenberg and Marquardt's method moves knots and weights together, and the best end is returned.
//
// It is an error when d is less than 1, and where FreeKnots is an error for d knots.
func FitElbows(xs, ys, candidates []float64, d int) (net *Net, floor *Fit, err error) {
	if d < 1 {
		return nil, nil, fmt.Errorf("d is %d: there must be at least 1 elbow", d)
	}
	if floor, err = FreeKnots(xs, ys, candidates, d); err != nil {
		return nil, nil, err
	}
	fewer, err := FreeKnots(xs, ys, candidates, d-1)
	if err != nil {
		return nil, nil, err
	}
	starts := []elbowSum{sumAt(fewer.Knots[:d], 0)} // the first of its elbows opens to the right at the left end
	inner := floor.Knots[1 : d+1]
	for _, left := range nearest(floor, mostStarts) {
		starts = append(starts, sumAt(inner, left))
	}
	best, least := elbowSum{}, math.Inf(1)
	for _, s := range starts {
		if !s.solve(xs, ys) {
			continue
		}
		if squares := s.refine(xs, ys); squares < least {
			best, least = s, squares
		}
	}
	if best.knots == nil {
		return nil, nil, errors.New("no fit of d elbows is finite in float64: choose another unit of ys")
	}
	net, err = best.net()
	return net, floor, err
}

// mostStarts is how many choices of directions are tried, and mostFree of how many elbows the directions are chosen: of 2^mostFree
// sums of jumps some are near any number.
const (
	mostStarts = 8
	mostFree   = 12
)

// nearest are the choices of elbows that open to the left, as the bits of a number, that come nearest to the fit's slope at its left end.
func nearest(fit *Fit, n int) (choices []uint64) {
	slope := func(i int) float64 {
		return (fit.Values[i+1] - fit.Values[i]) / (fit.Knots[i+1] - fit.Knots[i])
	}
	free := min(len(fit.Knots)-2, mostFree)
	type choice struct {
		left uint64
		off  float64
	}
	var all []choice
	for left := range uint64(1) << free {
		off := slope(0)
		for rest := left; rest != 0; rest &= rest - 1 {
			k := bits.TrailingZeros64(rest)
			off += slope(k+1) - slope(k)
		}
		all = append(all, choice{left, math.Abs(off)})
	}
	slices.SortStableFunc(all, func(a, b choice) int { return cmp.Compare(a.off, b.off) })
	for _, c := range all[:min(n, len(all))] {
		choices = append(choices, c.left)
	}
	return choices
}

// elbowSum is Σ jumps[j]·max(0, ±(x − knots[j])) + constant, with the sign − for the elbows that open to the left.
type elbowSum struct {
	knots, signs, jumps []float64
	constant            float64
}

// sumAt has its elbows at the knots; left are the bits of those that open to the left.
func sumAt(knots []float64, left uint64) (s elbowSum) {
	s.knots = slices.Clone(knots)
	for j := range knots {
		sign := 1.0
		if j < 64 && left>>j&1 == 1 {
			sign = -1
		}
		s.signs = append(s.signs, sign)
	}
	s.jumps = make([]float64, len(knots))
	return s
}

// solve sets the jumps and the constant to those of least squares, for the knots as they are, and says whether it could.
func (s *elbowSum) solve(xs, ys []float64) bool {
	d := len(s.knots)
	a := mat.NewDense(len(xs), d+1, nil)
	for i, x := range xs {
		for j, t := range s.knots {
			a.Set(i, j, max(0, s.signs[j]*(x-t)))
		}
		a.Set(i, d, 1)
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return false
	}
	var solution mat.VecDense
	svd.SolveVecTo(&solution, mat.NewVecDense(len(ys), slices.Clone(ys)), svd.Rank(1e-10))
	copy(s.jumps, solution.RawVector().Data)
	s.constant = solution.AtVec(d)
	return true
}

// refine moves knots, jumps and constant downhill in the sum of squares until it no longer falls, and returns it.
func (s *elbowSum) refine(xs, ys []float64) float64 {
	d, damping := len(s.knots), 1e-3
	squares, slopes, curvature := s.normal(xs, ys)
	for range 200 {
		damped := mat.NewSymDense(2*d+1, nil)
		damped.CopySym(curvature)
		for k := range 2*d + 1 {
			damped.SetSym(k, k, curvature.At(k, k)*(1+damping)+1e-14)
		}
		var factors mat.Cholesky
		var step mat.VecDense
		if !factors.Factorize(damped) || factors.SolveVecTo(&step, slopes) != nil {
			damping *= 4
			continue
		}
		next := elbowSum{slices.Clone(s.knots), s.signs, slices.Clone(s.jumps), s.constant - step.AtVec(2*d)}
		for j := range d {
			next.knots[j] -= step.AtVec(j)
			next.jumps[j] -= step.AtVec(d + j)
		}
		after, nextSlopes, nextCurvature := next.normal(xs, ys)
		if !(after < squares) {
			if damping *= 4; damping > 1e12 {
				break
			}
			continue
		}
		done := after > squares*(1-1e-9)
		*s, squares, slopes, curvature = next, after, nextSlopes, nextCurvature
		if damping = max(damping/3, 1e-9); done {
			break
		}
	}
	return squares
}

// normal is the sum of squares, half its gradient in knots, jumps and constant, and half of Gauss and Newton's curvature.
func (s *elbowSum) normal(xs, ys []float64) (squares float64, slopes *mat.VecDense, curvature *mat.SymDense) {
	d := len(s.knots)
	slopes, curvature = mat.NewVecDense(2*d+1, nil), mat.NewSymDense(2*d+1, nil)
	row := mat.NewVecDense(2*d+1, nil)
	row.SetVec(2*d, 1)
	for i, x := range xs {
		r := s.constant - ys[i]
		for j, t := range s.knots {
			h := max(0, s.signs[j]*(x-t))
			r += s.jumps[j] * h
			row.SetVec(d+j, h)
			row.SetVec(j, 0)
			if h > 0 {
				row.SetVec(j, -s.signs[j]*s.jumps[j])
			}
		}
		squares += r * r
		slopes.AddScaledVec(slopes, r, row)
		curvature.SymRankOne(curvature, 1, row)
	}
	return squares, slopes, curvature
}

// net is the sum as a net with input weights ±1.
func (s *elbowSum) net() (*Net, error) {
	var elbows []Elbow
	for j, t := range s.knots {
		elbows = append(elbows, Elbow{V: s.jumps[j], W: s.signs[j], B: -s.signs[j] * t})
	}
	return Sum(elbows, s.constant)
}
