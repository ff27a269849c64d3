package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Gradients is the gradient of the loss ½(f(x) − y)² in a net's parameters, in three ways.
type Gradients struct {
	Net         *relu.Net
	Loss        float64
	Backward    []float64 // by the chain rule on the host, wire by wire
	Autodiff    []float64 // by GoMLX's autodiff, on the backend
	Differences []float64 // by central differences
}

// CompareGradients draws a net of the widths by the seed and takes the gradient at one example (claim N1).
func CompareGradients(backend compute.Backend, widths []int, x, y float64, seed int64) (*Gradients, error) {
	net, err := problem.NewRegression(widths, []float64{x}, []float64{y})
	if err != nil {
		return nil, err
	}
	net.DType = dtypes.Float64
	t, err := train.New(backend, net, optim.GD(), train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	g := new(Gradients)
	if g.Net, err = relu.FromStart(net.Start(uint64(seed), false)); err != nil {
		return nil, err
	}
	theta := g.Net.Theta()
	if g.Loss, g.Autodiff, err = t.Evaluate(theta); err != nil {
		return nil, err
	}
	trace := g.Net.Forward([]float64{x})
	g.Backward = g.Net.Backward(trace, []float64{trace.Output()[0] - y}).Theta()
	g.Differences = fd.Gradient(nil, func(theta []float64) float64 {
		d := net.Output(theta, []float64{x})[0] - y
		return d * d / 2
	}, theta, &fd.Settings{Formula: fd.Central, Step: 1e-5})
	return g, nil
}

// Off is the largest difference between two gradients.
func (g *Gradients) Off(other []float64) float64 {
	return floats.Distance(g.Backward, other, math.Inf(1))
}

// Approximation is the greatest error of piecewise functions with more and more pieces (claim N2).
type Approximation struct {
	Pieces           []float64
	Constant, Linear []float64 // the greatest |f − approximation|
}

// Approximate measures both on d equal pieces, for each d: the constant of a piece is f's value in its middle, the line joins
// f's values at its ends. It panics when a number of pieces is not between 1 and 2^20.
func Approximate(target problem.Target, pieces []int) *Approximation {
	a := new(Approximation)
	if target.F == nil {
		panic("the target has no function: set F")
	}
	for _, d := range pieces {
		mustCount("d", d)
		constant, linear := 0.0, 0.0
		h := (target.Hi - target.Lo) / float64(d)
		for k := range d {
			lo := target.Lo + float64(k)*h
			middle, left, right := target.F(lo+h/2), target.F(lo), target.F(lo+h)
			const places = 100
			for i := range places + 1 {
				s := float64(i) / places
				y := target.F(lo + s*h)
				constant, linear = max(constant, math.Abs(y-middle)), max(linear, math.Abs(y-(1-s)*left-s*right))
			}
		}
		a.Pieces, a.Constant, a.Linear = append(a.Pieces, float64(d)), append(a.Constant, constant), append(a.Linear, linear)
	}
	return a
}

// Stairs is the piecewise constant function of Approximate, to be drawn: d steps of two points each. It panics when d is not between 1 and
// 2^20.
func Stairs(target problem.Target, d int) (xs, ys []float64) {
	mustCount("d", d)
	if target.F == nil {
		panic("the target has no function: set F")
	}
	h := (target.Hi - target.Lo) / float64(d)
	for k := range d {
		lo := target.Lo + float64(k)*h
		y := target.F(lo + h/2)
		xs, ys = append(xs, lo, lo+h), append(ys, y, y)
	}
	return xs, ys
}

// Tail fits a power law to the larger half of the ds, where the asymptotic law holds. It is an error when the lengths
// differ, when fewer than three are left, or when an error is 0.
func Tail(ds, errors []float64) (stat.PowerLaw, error) {
	if len(ds) != len(errors) {
		return stat.PowerLaw{}, fmt.Errorf("there are %d ds and %d errors: they must be as many", len(ds), len(errors))
	}
	from := len(ds) / 2
	return stat.FitPowerLaw(ds[from:], errors[from:], 0.95)
}

// Sum is the best that a sum of elbows without output weights can do (claim N4).
type Sum struct {
	Elbows []relu.Elbow // with V = 1
	Error  float64      // root mean square, on a grid
	Floor  float64      // that of any function that is never negative
}

// At is the sum at x.
func (s *Sum) At(x float64) (sum float64) {
	for _, e := range s.Elbows {
		sum += e.At(x)
	}
	return sum
}

// BestSum fits d elbows, half of them opening to the right and half to the left, with their knots at equal distances, by
// least squares on 201 points. Their slopes are at least 0 as there are no output weights. It is found by coordinate descent, which
// finds the optimum because the problem is convex. It panics when d is not between 1 and 2^20.
func BestSum(target problem.Target, d int) *Sum {
	mustCount("d", d)
	xs, ys := target.Grid(201)
	s := new(Sum)
	for k := range d {
		knot := target.Lo + (target.Hi-target.Lo)*float64(k/2)/float64((d+1)/2)
		if k%2 == 0 {
			s.Elbows = append(s.Elbows, relu.Elbow{V: 1, W: 1, B: -knot})
		} else {
			s.Elbows = append(s.Elbows, relu.Elbow{V: 1, W: -1, B: target.Lo + target.Hi - knot})
		}
	}
	features := mat.NewDense(len(xs), d, nil)
	for i, x := range xs {
		for k, e := range s.Elbows {
			features.Set(i, k, e.Unscaled(x))
		}
	}
	slopes := make([]float64, d)
	residual := mat.NewVecDense(len(ys), slices.Clone(ys))
	for range 20_000 {
		moved := 0.0
		for k := range slopes {
			column := features.ColView(k)
			size := mat.Dot(column, column)
			if size == 0 {
				continue
			}
			change := max(slopes[k]+mat.Dot(column, residual)/size, 0) - slopes[k]
			slopes[k] += change
			residual.AddScaledVec(residual, -change, column)
			moved = max(moved, math.Abs(change))
		}
		if moved < 1e-12 {
			break
		}
	}
	for k := range s.Elbows {
		s.Elbows[k].W *= slopes[k]
		s.Elbows[k].B *= slopes[k]
	}
	for _, y := range ys {
		s.Floor += min(y, 0) * min(y, 0) / float64(len(ys))
	}
	s.Floor = math.Sqrt(s.Floor)
	s.Error = math.Sqrt(mat.Dot(residual, residual) / float64(len(ys)))
	return s
}

// Construction is a net that was written down, not trained, on d pieces (claim N5).
type Construction struct {
	Pieces  int
	AtKnots float64 // the greatest |f − net| at the knots
	Between float64 // and on 20 places of each piece
	Bound   float64 // M h²/8 for the target's M, if it has one
}

// Construct interpolates a target with each number of pieces. curvature is M ≥ |f″|; 0: unknown.
func Construct(target problem.Target, pieces []int, curvature float64) (all []Construction, err error) {
	for _, d := range pieces {
		net, err := relu.Uniform(target.F, target.Lo, target.Hi, d)
		if err != nil {
			return nil, err
		}
		h := (target.Hi - target.Lo) / float64(d)
		r := Construction{Pieces: d, Bound: relu.LinearBound(curvature, h)}
		const places = 20
		stride := max(1, d/256) // every piece of a small net, and as many of a large one
		for k := 0; k < d; k += stride {
			for i := range places {
				x := target.Lo + (target.Hi-target.Lo)*float64(k)/float64(d) + float64(i)*h/places
				off := math.Abs(net.At(x) - target.F(x))
				if i == 0 {
					r.AtKnots = max(r.AtKnots, off)
				}
				r.Between = max(r.Between, off)
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// Gap is what nets of one width can express, and what training finds (claim N6); all errors are root mean squares on 201
// points.
type Gap struct {
	Width       int
	Constructed float64    // knots at equal distances
	Free        float64    // knots where they are best
	Found       []float64  // by Adam, from each seed
	Median      float64    // of Found
	Quartiles   [2]float64 // of Found
	Best        *relu.Net  // the best one found
	BestFree    *relu.Net  // the net with the best knots
}

// MeasureGap trains nets of each width on a target, from many seeds, and holds them against the nets that can be written
// down. The rate is eta at first and falls to 0 along a cosine; batches are of 16 of 64 points at equal distances.
func MeasureGap(ctx context.Context, backend compute.Backend, target problem.Target, widths []int, eta float64, steps, seeds int, progress func(done int)) ([]*Gap, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	xs, ys := target.Grid(64)
	gx, gy := target.Grid(201)
	rms := func(f func(x float64) float64) float64 {
		sum := 0.0
		for i, x := range gx {
			sum += (f(x) - gy[i]) * (f(x) - gy[i])
		}
		return math.Sqrt(sum / float64(len(gx)))
	}
	sampler, err := sample.WithReplacement(16)
	if err != nil {
		return nil, err
	}
	cosine, err := schedule.Cosine(eta, 0, steps)
	if err != nil {
		return nil, err
	}
	var nets []*problem.Net
	var gaps []*Gap
	for _, width := range widths {
		g := &Gap{Width: width}
		net, err := relu.Uniform(target.F, target.Lo, target.Hi, width)
		if err != nil {
			return nil, err
		}
		g.Constructed = rms(net.At)
		fit, err := relu.FreeKnots(gx, gy, gx[1:len(gx)-1], width-1)
		if err != nil {
			return nil, err
		}
		if g.BestFree, err = relu.Interpolate(fit.Knots, fit.Values); err != nil {
			return nil, err
		}
		g.Free = rms(g.BestFree.At)
		gaps = append(gaps, g)

		p, err := problem.NewRegression([]int{width}, xs, ys)
		if err != nil {
			return nil, err
		}
		p.DType = dtypes.Float64
		nets = append(nets, p)
	}
	taught, err := teach(ctx, backend, nets, "adam", train.Record{}, train.Config{Schedule: cosine, Sampler: sampler, Steps: steps, Stride: steps}, seeds, spread, progress)
	if err != nil {
		return nil, err
	}
	for i, g := range gaps {
		for _, h := range taught[i] {
			if _, diverged := h.Diverged(); diverged {
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, g.Width, 1)
			if err != nil {
				return nil, err
			}
			found := rms(net.At)
			if len(g.Found) == 0 || found < slices.Min(g.Found) {
				g.Best = net
			}
			g.Found = append(g.Found, found)
		}
		if len(g.Found) > 0 {
			g.Median = Quantile(g.Found, 0.5)
			g.Quartiles = [2]float64{Quantile(g.Found, 0.25), Quantile(g.Found, 0.75)}
		}
	}
	return gaps, nil
}

// Balanced is the same function with each unit's input and output weight equally large, |w| = |v| (claim N10). Of all the
// nets that are this function its loss is the least sharp, so that it bears the largest learning rate.
func Balanced(net *relu.Net) (*relu.Net, error) {
	elbows, constant, err := net.Elbows()
	if err != nil {
		return nil, err
	}
	for i, e := range elbows {
		if e.V == 0 || e.W == 0 {
			continue
		}
		a := math.Sqrt(math.Abs(e.V / e.W))
		elbows[i] = relu.Elbow{V: e.V / a, W: e.W * a, B: e.B * a}
	}
	return relu.Sum(elbows, constant)
}

// Stay trains on from a net that was written down and balanced, at a small constant rate on all points, and returns the
// root mean square error on them before and after: whether descent stays where the best is (claim N6).
func Stay(ctx context.Context, backend compute.Backend, target problem.Target, net *relu.Net, eta float64, steps int) (before, after float64, trained *relu.Net, err error) {
	if err := counts("steps", steps); err != nil {
		return 0, 0, nil, err
	}
	xs, ys := target.Grid(201)
	p, err := problem.NewRegression(net.Widths(), xs, ys)
	if err != nil {
		return 0, 0, nil, err
	}
	p.DType = dtypes.Float64
	t, err := train.New(backend, p, optim.GD(), train.Record{})
	if err != nil {
		return 0, 0, nil, err
	}
	defer t.Close()
	if net, err = Balanced(net); err != nil {
		return 0, 0, nil, err
	}
	h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: steps, Start: net.Start()})
	if err != nil {
		return 0, 0, nil, err
	}
	if step, diverged := h.Diverged(); diverged {
		return 0, 0, nil, fmt.Errorf("training diverged at step %d: choose a learning rate below %g", step, eta)
	}
	trained, err = relu.FromTheta(h.Final, net.Sizes()...)
	if err != nil {
		return 0, 0, nil, err
	}
	last, _, err := t.Evaluate(h.Final)
	return math.Sqrt(2 * h.Loss[0]), math.Sqrt(2 * last), trained, err
}
