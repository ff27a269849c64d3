package relu

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"descent.example/pkg/memory"
)

// Fit is a continuous function, linear between its knots, the two ends among them: what Interpolate takes.
type Fit struct {
	Knots, Values []float64
	Squares       float64 // Σ(f(xᵢ)−yᵢ)² over the points fitted
}

// FreeKnots returns the least-squares fit to the points (xᵢ, yᵢ) among all continuous piecewise linear functions with the number of
// inner knots given. It chooses the knots among the candidates, which may be the inner xs or a grid of
// one's own, and that choice is the global optimum that the training of a net seeks by descent (claim N6): no sum of k
// elbows with its knots among the candidates fits better than FreeKnots with k, and one, Interpolate's, does as well as
// FreeKnots with k−1.
//
// The least sum of squares to the left of a candidate, as a function of the value v there, is the lower envelope of
// quadratics in v. Dynamic programming extends each quadratic by one more piece to each later candidate, eliminates the
// value at the old one, and keeps those on the envelope: some ten of them, for each of knots·candidates²/2 extensions.
//
// It is an error when there are fewer than two points, the xs do not ascend, a number is not finite, the candidates do not
// ascend strictly between the first x and the last, there are fewer of them than knots, or the search would take minutes.
//
// Source: P. Fearnhead, R. Maidstone and A. Letchford (2019), "Detecting Changes in Slope With an L₀ Penalty", Journal of
// Computational and Graphical Statistics 28(2), here with the number of knots given, not penalised; R. Bellman and R. Roth
// (1969), "Curve Fitting by Segmented Straight Lines", Journal of the American Statistical Association 64.
func FreeKnots(xs, ys, candidates []float64, knots int) (*Fit, error) {
	if err := checkPoints(xs, ys); err != nil {
		return nil, err
	}
	ends := []float64{xs[0], xs[len(xs)-1]}
	grid := slices.Concat(ends[:1], candidates, ends[1:])
	for i, t := range candidates {
		if !(grid[i] < t && t < ends[1]) {
			return nil, fmt.Errorf("candidates[%d] is %v: they must ascend strictly between the ends %v", i, t, ends)
		}
	}
	if knots < 0 || knots > len(candidates) {
		return nil, fmt.Errorf("knots is %d: it must be between 0 and the %d candidates", knots, len(candidates))
	}
	if err := memory.Check(memory.Bytes(48, len(grid), len(grid)), "give fewer candidates", "the costs of the pieces between %d candidates", len(candidates)); err != nil {
		return nil, err
	}
	// Squares of numbers of any size are within float64 if the unit is a power of two near the greatest of them. Sums of
	// squares about the mean keep the digits that those about 0 may lose.
	_, unit := math.Frexp(floats.Norm(ys, math.Inf(1)))
	scaled := func(values []float64, by int) {
		for i, v := range values {
			values[i] = math.Ldexp(v, by)
		}
	}
	centred := slices.Clone(ys)
	scaled(centred, -unit)
	mean := stat.Mean(centred, nil)
	floats.AddConst(-mean, centred)
	tries := 0
	fit := search(xs, centred, grid, knots, &tries)
	if fit == nil {
		return nil, fmt.Errorf("the best of the fits with %d knots among %d candidates is not found within %d tries: give fewer candidates or knots", knots, len(candidates), mostTries)
	}
	floats.AddConst(mean, fit.Values)
	scaled(fit.Values, unit)
	fit.Squares = math.Ldexp(math.Ldexp(fit.Squares, unit), unit)
	if err := checkPoints(fit.Knots, fit.Values); err != nil || math.IsInf(fit.Squares, 0) {
		return nil, errors.New("the fit or its sum of squares is too great for float64: choose another unit of ys")
	}
	return fit, nil
}

// mostTries of quadratics, made or compared, take about a minute. How many a search needs depends on the points: noise needs many.
const mostTries = 1 << 28

// search is FreeKnots on a grid of the candidates and the ends. What can be no part of the optimum it drops early: the
// optimum on every other candidate bounds it from above, and pieces that need not meet bound what is still to come. It counts
// its tries, and returns nil when they are too many.
func search(xs, ys, grid []float64, knots int, tries *int) *Fit {
	last := len(grid) - 1
	costs := make([][]cost, len(grid)) // of the piece from grid[i] to grid[j]
	for i := range grid {
		costs[i] = make([]cost, len(grid))
		for j := i + 1; j <= last; j++ {
			costs[i][j] = newCost(xs, ys, grid[i], grid[j], i == 0)
		}
	}
	bound := costs[0][last].least() // a single line
	if knots > 0 && last/2-1 >= max(knots, 8) {
		coarse := grid[:1:1]
		for i := 2; i < last; i += 2 {
			coarse = append(coarse, grid[i])
		}
		fit := search(xs, ys, append(coarse, grid[last]), knots, tries)
		if fit == nil {
			return nil
		}
		bound = fit.Squares
	}
	bound += 1e-9*bound + 1e-12*costs[0][last].c + 1e-300 // for rounding; and where all is 0
	rest := remainders(costs, knots)

	// best[j] is the envelope at grid[j] with as many pieces as rounds are done.
	best := make([][]*quadratic, len(grid))
	best[0] = []*quadratic{{}}
	for left := knots; left >= 0; left-- { // knots to come
		next := make([][]*quadratic, len(grid))
		for j := 1; j <= last-left; j++ {
			var extended []*quadratic
			for i := range j {
				for _, q := range best[i] {
					extended = append(extended, q.extend(costs[i][j], grid[j]))
				}
			}
			*tries += len(extended)
			next[j] = envelope(extended, bound-rest[left][j], tries)
			if *tries > mostTries {
				return nil
			}
		}
		best = next
	}
	q := best[last][0] // the lowest
	fit := &Fit{}
	v := q.lowest()
	for ; q.from != nil; q = q.from {
		fit.Knots, fit.Values = append(fit.Knots, q.knot), append(fit.Values, v)
		v = q.scale*v + q.shift
	}
	fit.Knots, fit.Values = append(fit.Knots, grid[0]), append(fit.Values, v)
	slices.Reverse(fit.Knots)
	slices.Reverse(fit.Values)
	for i, x := range xs {
		r := fit.At(x) - ys[i]
		fit.Squares += r * r
	}
	return fit
}

// remainders returns [pieces][j], the least sum of squares to the right of grid[j] when that number of lines, which need not meet, fits
// the points there. Zero pieces are only for the end of the grid.
func remainders(costs [][]cost, knots int) [][]float64 {
	last := len(costs) - 1
	rest := make([][]float64, knots+1)
	for pieces := range rest {
		rest[pieces] = make([]float64, last+1)
		for i := range last {
			rest[pieces][i] = math.Inf(1)
			for j := i + 1; pieces > 0 && j <= last; j++ {
				rest[pieces][i] = min(rest[pieces][i], costs[i][j].least()+rest[pieces-1][j])
			}
		}
		if pieces > 0 {
			rest[pieces][last] = math.Inf(1)
		}
	}
	return rest
}

// At returns the function's value; beyond the ends it goes on straight. It panics when Knots and Values are not those of a
// function, at least two and as many.
func (f *Fit) At(x float64) float64 {
	if len(f.Knots) < 2 || len(f.Values) != len(f.Knots) {
		panic(fmt.Errorf("the fit has %d knots and %d values: they must be as many, and at least 2", len(f.Knots), len(f.Values)))
	}
	last := len(f.Knots) - 1
	i, _ := slices.BinarySearch(f.Knots[1:last], x)
	t := (x - f.Knots[i]) / (f.Knots[i+1] - f.Knots[i])
	return (1-t)*f.Values[i] + t*f.Values[i+1]
}

// cost is the sum of squares of one piece as a function of its values u and v at its ends,
// uu·u² + uv·uv + vv·v² + u·u + v·v + c.
type cost struct{ uu, uv, vv, u, v, c float64 }

// newCost sums over the points of the piece: those in (from, to], and the one at from if it is the first piece.
func newCost(xs, ys []float64, from, to float64, first bool) (c cost) {
	start, found := slices.BinarySearch(xs, from)
	if found && !first {
		start++
	}
	for i := start; i < len(xs) && xs[i] <= to; i++ {
		t, y := (xs[i]-from)/(to-from), ys[i]
		c.uu += (1 - t) * (1 - t)
		c.uv += 2 * t * (1 - t)
		c.vv += t * t
		c.u -= 2 * y * (1 - t)
		c.v -= 2 * y * t
		c.c += y * y
	}
	return c
}

// least is the least value of the cost, that of the line of least squares.
func (c cost) least() float64 {
	q := (&quadratic{}).extend(c, 0)
	return max(q.least(), 0)
}

// quadratic is the least sum of squares of the pieces up to a knot, av² + bv + c, over the values at the knots before it
// and for one choice of these.
type quadratic struct {
	a, b, c float64
	knot    float64
	// The choice: the quadratic at the knot before, whose best value is scale·v + shift.
	from         *quadratic
	scale, shift float64
}

func (q *quadratic) at(v float64) float64 { return (q.a*v+q.b)*v + q.c }

// lowest is the value at which q is least.
func (q *quadratic) lowest() float64 {
	if q.a == 0 {
		return 0
	}
	return -q.b / (2 * q.a)
}

// extend adds a piece to the next knot and minimises over the value u at the old one.
func (q *quadratic) extend(p cost, knot float64) *quadratic {
	e := &quadratic{a: p.vv, b: p.v, c: q.c + p.c, knot: knot, from: q}
	if a := q.a + p.uu; a > 0 { // else u is in no term
		b := q.b + p.u
		e.scale, e.shift = -p.uv/(2*a), -b/(2*a)
		e.a += p.uv * e.scale / 2
		e.b += p.uv * e.shift
		e.c += b * e.shift / 2
	}
	// A sum of squares is never negative: if the point at hand can be met whatever v is, v is in no term either.
	if e.a <= 1e-12*p.vv {
		e.a, e.b = 0, 0
	}
	return e
}

// least is the quadratic's least value.
func (q *quadratic) least() float64 { return q.at(q.lowest()) }

// envelope keeps the quadratics that are the lowest somewhere. Many differ by rounding alone, where pieces have no points:
// each is therefore held against those kept, to be kept itself if it is lower by more than that, and below the bound. It
// counts its tries, and ends when they are too many.
func envelope(all []*quadratic, bound float64, tries *int) (kept []*quadratic) {
	limit := &quadratic{c: bound}
	// With those first that will win, most others are soon found to be nowhere lower.
	slices.SortFunc(all, func(p, q *quadratic) int { return cmp.Compare(p.least(), q.least()) })
	for _, q := range all {
		if q.least() >= bound {
			break
		}
		if *tries++; *tries > mostTries {
			return nil
		}
		where := q.below(limit, []span{{math.Inf(-1), math.Inf(1)}})
		for _, p := range kept {
			*tries++
			if where = q.below(p, where); len(where) == 0 {
				break
			}
		}
		if len(where) > 0 {
			kept = append(kept, q)
		}
	}
	return kept
}

// span is an open interval.
type span struct{ from, to float64 }

// below returns the parts of the spans in which q is lower than p.
func (q *quadratic) below(p *quadratic, spans []span) (lower []span) {
	a, b, c := q.a-p.a, q.b-p.b, q.c-p.c+1e-14*(math.Abs(q.c)+math.Abs(p.c))
	clip := func(from, to float64) {
		for _, s := range spans {
			if s = (span{max(s.from, from), min(s.to, to)}); s.from < s.to {
				lower = append(lower, s)
			}
		}
	}
	everywhere := math.Inf(1)
	discriminant := b*b - 4*a*c
	switch {
	case a == 0 && b == 0 || discriminant <= 0: // of one sign
		if a < 0 || a == 0 && c < 0 {
			return spans
		}
	case a == 0 && b > 0:
		clip(-everywhere, -c/b)
	case a == 0:
		clip(-c/b, everywhere)
	default:
		far := -(b + math.Copysign(math.Sqrt(discriminant), b)) / 2
		left, right := min(far/a, c/far), max(far/a, c/far)
		if a > 0 {
			clip(left, right)
		} else {
			clip(-everywhere, left)
			clip(right, everywhere)
		}
	}
	return lower
}
