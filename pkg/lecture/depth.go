package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// Contender (claim N9) is a shape of nets with the learning rates that are tried for it.
type Contender struct {
	Widths []int // of the hidden layers
	// Rates are Adam's at first; each falls to 0. Of several, the one with the least median error is kept, and the errors reported are
	// those of as many other seeds.
	Rates []float64
}

// DepthScore (claim N9) is what nets of one shape learn, to be compared with others of as many parameters and another depth.
type DepthScore struct {
	Widths     []int
	Parameters int
	Rate       float64   // the best of the contender's rates
	Tried      []float64 // the median errors at the contender's rates; nil for a single rate
	Errors     []float64 // root mean square, by seed
	Pieces     []float64 // linear pieces, exact, by seed; of nets of two inputs regions, of Net alone
	Net, Best  *relu.Net // of the run with the median error, and of that with the least
}

// Depths (claim N9) are nets of growing depth on one target.
type Depths struct {
	Target   string
	Constant float64 // the error of the best constant
	Scores   []*DepthScore
}

// String compares the medians of the errors and, where the pieces of all nets are counted, the numbers of runs whose error is below a twentieth of the
// best constant's and of those whose error is above all of the first net's, and the medians of the pieces.
func (d *Depths) String() string {
	if len(d.Scores) == 0 {
		return d.Target + ": no nets."
	}
	worst := math.Inf(1) // of the first net's errors
	if first := d.Scores[0].Errors; len(first) > 0 {
		worst = slices.Max(first)
	}
	var words, low, high, pieces []string
	for _, s := range d.Scores {
		median, good, bad := "divergence", 0, 0
		if len(s.Errors) > 0 {
			median = fmt.Sprintf("%.2g", Quantile(s.Errors, 0.5))
		}
		for _, off := range s.Errors {
			if off < d.Constant/20 {
				good++
			}
			if off > worst {
				bad++
			}
		}
		words = append(words, fmt.Sprintf("%s with %s", median, layersOf(s)))
		low, high = append(low, fmt.Sprint(good)), append(high, fmt.Sprint(bad))
		if len(s.Pieces) > 1 {
			pieces = append(pieces, fmt.Sprintf("%g", Quantile(s.Pieces, 0.5)))
		}
	}
	text := fmt.Sprintf("%s: median error %s; the best constant has %.2g.", d.Target, strings.Join(words, ", "), d.Constant)
	if len(pieces) > 0 {
		list := func(words []string) string { return strings.Join(words, ", ") }
		text += fmt.Sprintf("\n  Runs below a twentieth of that: %s. Above every run with %s: %s. Pieces, median: %s.", list(low), layersOf(d.Scores[0]), list(high), list(pieces))
	}
	return text
}

// layersOf are a net's hidden layers in words.
func layersOf(s *DepthScore) string {
	names := []string{"no hidden layer", "one layer", "two layers", "three layers"}
	if n := len(s.Widths); n < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%d layers", len(s.Widths))
}

// DrawDepths (claim N9) draws the error of every run for each depth and target, as a part of the best constant's: the runs of one net can fall into
// groups, of which a median and quartiles tell nothing. The errors are logarithmic if they differ by more than a factor of 10. All targets must have the same number of
// contenders.
func DrawDepths(title string, all ...*Depths) *figure.Figure {
	if len(all) == 0 {
		return figure.New(title, figure.X("hidden layers").Categories(), figure.Y("error"))
	}
	runs, least := make([][][]float64, len(all)), 1.0
	for k, d := range all {
		runs[k] = figure.Each(d.Scores, func(s *DepthScore) []float64 {
			return figure.Each(s.Errors, func(off float64) float64 { return off / d.Constant })
		})
		least = slices.Min(append(slices.Concat(runs[k]...), least))
	}
	errors := figure.LogY("error / error of the best constant")
	if least > 0.1 {
		errors = figure.Y("error / error of the best constant").Range(0, 1.1)
	}
	fig := figure.New(title, figure.X("hidden layers").Categories(figure.Each(all[0].Scores, layersOf)...), errors)
	for k, d := range all {
		drawRuns(fig, d.Target, runs[k])
	}
	return fig.HLine(1, "the best constant")
}

// DrawFits (claim N9) draws the target and, for each depth, the net of the run with the median error, and below it that of the best run. It panics when there
// is no comparison.
func DrawFits(target problem.Target, d *Depths) *figure.Figure {
	mustGive("comparison", d)
	xs, ys := target.Grid(401)
	span := Span(ys)
	var panels []*figure.Figure
	for _, run := range []string{"median run", "best run"} {
		for _, s := range d.Scores {
			net := map[string]*relu.Net{"median run": s.Net, "best run": s.Best}[run]
			fig := figure.New(layersOf(s)+", "+run, figure.X("x").Range(target.Lo, target.Hi), figure.Y("f(x)").Range(span[0], span[1])).Theory("target", xs, ys)
			if net != nil {
				fig.Line("net", xs, net.At)
			}
			panels = append(panels, fig)
		}
	}
	return figure.Grid(max(1, len(d.Scores)), panels...)
}

// CompareDepths (claim N9) trains the contenders on a target. It is an error when a setting cannot be, and when a run fails.
func CompareDepths(ctx context.Context, training Training, contenders ...Contender) (*Depths, error) {
	if err := training.check(); err != nil {
		return nil, err
	}
	_, ys := training.Target.Grid(201)
	run := func(widths []int, rates []float64, before int) ([][]*train.History, error) {
		training := training
		training.Before += before
		return training.runVariants(ctx, hidden(widths...), train.Record{}, variantsAt(rates))
	}
	count := func(net *relu.Net) (int, error) {
		pieces, err := net.Pieces(training.Target.Lo, training.Target.Hi)
		return len(pieces), err
	}
	return contest{training.Target.Name, ys, training.Seeds, 1, run, training.off, count}.decide(contenders)
}

// off is a net's root mean square error on the target's 201 points.
func (t Training) off(net *relu.Net) float64 {
	return offAt(t.Target.Grid(201))(net)
}

// offAt gives a net's root mean square error at the points.
func offAt(xs, ys []float64) func(*relu.Net) float64 {
	return func(net *relu.Net) float64 { return rms(ys, func(i int) float64 { return net.At(xs[i]) }) }
}

// outcomes are the errors of runs that did not diverge, and their nets.
func outcomes(histories []*train.History, sizes []int, off func(*relu.Net) float64) (all []float64, nets []*relu.Net, err error) {
	for _, h := range histories {
		if _, diverged := h.Diverged(); diverged {
			continue
		}
		net, err := relu.FromTheta(h.Final, sizes...)
		if err != nil {
			return nil, nil, err
		}
		all, nets = append(all, off(net)), append(nets, net)
	}
	return all, nets, nil
}

// A contest is how contenders are compared on a target.
type contest struct {
	target string
	ys     []float64 // the target's values
	seeds  int
	inputs int // of the nets
	// run trains a net at each of the rates, compiled once, from the seeds before+1, …: [rates][seeds].
	run   func(widths []int, rates []float64, before int) ([][]*train.History, error)
	off   func(*relu.Net) float64      // a net's error
	count func(*relu.Net) (int, error) // of a net's pieces
}

// decide picks each contender's rate on its first seeds and measures it on the next ones.
func (c contest) decide(contenders []Contender) (*Depths, error) {
	constant := mean(c.ys)
	all := &Depths{Target: c.target, Constant: rms(c.ys, func(int) float64 { return constant })}
	for _, contender := range contenders {
		if len(contender.Rates) == 0 {
			return nil, fmt.Errorf("the net of the widths %v has no Rates: give one or several", contender.Widths)
		}
		s := &DepthScore{Widths: contender.Widths, Rate: contender.Rates[0]}
		sizes := slices.Concat([]int{c.inputs}, s.Widths, []int{1})
		before := 0
		if len(contender.Rates) > 1 {
			before = c.seeds
			tried, err := c.run(s.Widths, contender.Rates, 0)
			if err != nil {
				return nil, err
			}
			for _, runs := range tried {
				errors, _, err := outcomes(runs, sizes, c.off)
				if err != nil {
					return nil, err
				}
				lost := slices.Repeat([]float64{math.Inf(1)}, c.seeds-len(errors)) // runs that diverged
				s.Tried = append(s.Tried, Quantile(slices.Concat(errors, lost), 0.5))
			}
			s.Rate = contender.Rates[floats.MinIdx(s.Tried)]
		}
		runs, err := c.run(s.Widths, []float64{s.Rate}, before)
		if err != nil {
			return nil, err
		}
		errors, nets, err := outcomes(runs[0], sizes, c.off)
		if err != nil {
			return nil, err
		}
		if s.Errors = errors; len(errors) > 0 {
			s.Net, s.Best = nets[slices.Index(errors, Quantile(errors, 0.5))], nets[floats.MinIdx(errors)]
			s.Parameters = s.Net.Parameters()
		}
		for _, net := range nets {
			if c.inputs > 1 && net != s.Net {
				continue
			}
			pieces, err := c.count(net)
			if err != nil {
				return nil, err
			}
			s.Pieces = append(s.Pieces, float64(pieces))
		}
		all.Scores = append(all.Scores, s)
	}
	return all, nil
}

// Plane (claim N9) is a function of two variables on [−1, 1]².
type Plane struct {
	Name string
	F    func(x, y float64) float64
}

// Planes are a product of two waves, a wave of the radius, and a plane wave, which is a function of one combination only.
func Planes() []Plane {
	return []Plane{
		{"checkerboard", func(x, y float64) float64 { return math.Sin(2*math.Pi*x) * math.Sin(2*math.Pi*y) }},
		{"rings", func(x, y float64) float64 { return math.Cos(3 * math.Pi * math.Hypot(x, y)) }},
		{"plane wave", func(x, y float64) float64 { return math.Sin(2*math.Pi*x + math.Pi*y) }},
	}
}

// DrawPlanes (claim N9) draws each target and what the nets of each depth learned of it, those of the runs with the median error. It
// panics when there is not one target for each comparison.
func DrawPlanes(targets []Plane, all []*Depths) *figure.Figure {
	if len(targets) != len(all) || len(all) == 0 {
		panic(fmt.Errorf("there are %d targets and %d comparisons: they must be as many, and at least 1", len(targets), len(all)))
	}
	var panels []*figure.Figure
	add := func(name string, f func(x, y float64) float64) {
		panels = append(panels, figure.New(name, figure.X("x₁").Range(-1, 1), figure.Y("x₂").Range(-1, 1)).
			Contour("f", func(x, y float64) float64 { return max(-0.999, min(0.999, f(x, y))) }, -0.75, -0.25, 0.25, 0.75))
	}
	for i, target := range targets {
		add(target.Name, target.F)
		for _, s := range all[i].Scores {
			if s.Net != nil {
				add(layersOf(s), func(x, y float64) float64 { return s.Net.Output([]float64{x, y})[0] })
			}
		}
	}
	return figure.Grid(len(panels)/len(targets), panels...)
}

// PlaneSettings are those of CompareDepthsOnPlane.
type PlaneSettings struct {
	Target Plane
	Steps  int // of each run
	Seeds  int // runs of each net
	Before int // seeds that are left out, because something was chosen by them
}

// CompareDepthsOnPlane (claim N9) is CompareDepths for a function of two variables, learned from its values on a grid of 24 × 24 by
// batches of 64. Errors are on a grid of 33 × 33, most of which the net has not seen. It is an error when a setting cannot be, and when a
// run fails.
func CompareDepthsOnPlane(ctx context.Context, settings PlaneSettings, contenders ...Contender) (*Depths, error) {
	if err := counts("Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	if settings.Target.F == nil {
		return nil, errors.New("the target has no function: set F, or take one of Planes")
	}
	x, y := settings.Target.grid(24)
	fx, fy := settings.Target.grid(33)
	run := func(widths []int, rates []float64, before int) ([][]*train.History, error) {
		net, err := problem.NewNet(problem.MLP{Sizes: slices.Concat([]int{2}, widths, []int{1})}, &problem.Points{Features: x, Targets: y})
		if err != nil {
			return nil, err
		}
		return practice{net: net, batch: 64, steps: settings.Steps, start: problem.Uniform, first: 1 + settings.Before + before, seeds: settings.Seeds}.run(ctx, variantsAt(rates))
	}
	off := func(net *relu.Net) float64 {
		return rms(fy, func(j int) float64 { return net.Output(fx.RawRowView(j))[0] })
	}
	count := func(net *relu.Net) (int, error) {
		polygons, err := net.Polygons([2]float64{-1, -1}, [2]float64{1, 1})
		return len(polygons), err
	}
	return contest{settings.Target.Name, fy, settings.Seeds, 2, run, off, count}.decide(contenders)
}

// grid are the places of a grid of n × n, and the values there.
func (p Plane) grid(n int) (*mat.Dense, []float64) {
	x, y := mat.NewDense(n*n, 2, nil), make([]float64, n*n)
	for i := range n * n {
		a, b := 2*float64(i%n)/float64(n-1)-1, 2*float64(i/n)/float64(n-1)-1
		x.SetRow(i, []float64{a, b})
		y[i] = p.F(a, b)
	}
	return x, y
}
