package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// DepthScore (claim N9) is what nets of one shape learn, to be compared with others of as many parameters and another depth.
type DepthScore struct {
	Widths     []int
	Parameters int
	Errors     []float64 // root mean square, by seed
	Regions    []float64 // linear regions on the interval, exact, by seed
}

// Depths (claim N9) are nets of growing depth on one target.
type Depths struct {
	Target string
	Scores []*DepthScore
}

// String compares the medians of the errors.
func (d *Depths) String() string {
	var errors []string
	var parameters []int
	for i, s := range d.Scores {
		median := "divergence"
		if len(s.Errors) > 0 {
			median = fmt.Sprintf("%.1g", Quantile(s.Errors, 0.5))
		}
		layers := []string{" with one layer", " with two", " with three"}
		if i < len(layers) && len(s.Widths) == i+1 {
			median += layers[i]
		} else {
			median += fmt.Sprintf(" with %d", len(s.Widths))
		}
		errors, parameters = append(errors, median), append(parameters, s.Parameters)
	}
	if len(errors) == 0 {
		return d.Target + ": no nets."
	}
	return fmt.Sprintf("%s: %s (medians; %d to %d parameters).", d.Target, strings.Join(errors, ", "), slices.Min(parameters), slices.Max(parameters))
}

// DrawDepths (claim N9) draws the Spread of the errors over the depths, for each target, beside each other.
func DrawDepths(title string, tail float64, all ...*Depths) *figure.Figure {
	fig := figure.New(title, overDepths, figure.LogY("root mean square error"))
	for k, d := range all {
		if layers, scores := d.learned(k); len(scores) > 0 {
			fig.ConfidenceIntervals(d.Target, layers, figure.Each(scores, func(s *DepthScore) stat.Interval { return Spread(s.Errors, tail) }))
		}
	}
	return fig
}

// DrawRegions (claim N9) draws the median numbers of linear regions.
func DrawRegions(all ...*Depths) *figure.Figure {
	fig := figure.New("Linear regions on the interval", overDepths, figure.Y("regions after training"))
	for k, d := range all {
		if layers, scores := d.learned(k); len(scores) > 0 {
			fig.Line(d.Target, layers, figure.Column(scores, func(s *DepthScore) float64 { return Quantile(s.Regions, 0.5) }))
		}
	}
	return fig
}

var overDepths = figure.X("hidden layers").Range(0.5, 3.5)

// learned are the scores of nets of which a run did not diverge, over their places in a picture of several targets.
func (d *Depths) learned(target int) (layers []float64, scores []*DepthScore) {
	for _, s := range d.Scores {
		if len(s.Errors) > 0 {
			layers, scores = append(layers, float64(len(s.Widths))+0.08*float64(target-1)), append(scores, s)
		}
	}
	return layers, scores
}

// CompareDepths (claim N9) trains nets of the widths given, [nets][layers]. It is an error when a setting cannot be, and when a run
// fails.
func CompareDepths(ctx context.Context, training Training, widths [][]int) (*Depths, error) {
	var models []problem.MLP
	for _, w := range widths {
		models = append(models, hidden(w...))
	}
	histories, err := training.run(ctx, models, train.Record{}, 0)
	if err != nil {
		return nil, err
	}
	all := &Depths{Target: training.Target.Name}
	for i, w := range widths {
		b := &DepthScore{Widths: w}
		b.Parameters = relu.New(models[i].Sizes...).Parameters()
		for _, h := range histories[i] {
			off := training.error(models[i], h)
			if math.IsNaN(off) {
				continue
			}
			net, err := relu.FromTheta(h.Final, models[i].Sizes...)
			if err != nil {
				return nil, err
			}
			regions, err := net.Regions(training.Target.Lo, training.Target.Hi)
			if err != nil {
				return nil, err
			}
			b.Errors, b.Regions = append(b.Errors, off), append(b.Regions, float64(regions))
		}
		all.Scores = append(all.Scores, b)
	}
	return all, nil
}

// Plane (claim N9) is a function of two variables on [−1, 1]².
type Plane struct {
	Name string
	F    func(x, y float64) float64
}

// Draw draws the function as contours.
func (p Plane) Draw() *figure.Figure {
	return figure.New(p.Name, figure.X("x₁").Range(-1, 1), figure.Y("x₂").Range(-1, 1)).Contour("f", p.F, -0.75, -0.25, 0.25, 0.75)
}

// Planes are a product of two waves, a wave of the radius, and a plane wave, which is a function of one combination only.
func Planes() []Plane {
	return []Plane{
		{"checkerboard", func(x, y float64) float64 { return math.Sin(2*math.Pi*x) * math.Sin(2*math.Pi*y) }},
		{"rings", func(x, y float64) float64 { return math.Cos(3 * math.Pi * math.Hypot(x, y)) }},
		{"plane wave", func(x, y float64) float64 { return math.Sin(2*math.Pi*x + math.Pi*y) }},
	}
}

// PlaneSettings are those of CompareDepthsOnPlane.
type PlaneSettings struct {
	Target Plane
	Widths [][]int // of the nets, [nets][layers]
	Rate   float64 // of Adam at first; 0 at the end
	Steps  int     // of each run
	Seeds  int     // runs of each net
}

// CompareDepthsOnPlane (claim N9) is CompareDepths for a function of two variables, learned from its values on a grid of 24 × 24 by
// batches of 64. Errors are on a grid of 33 × 33; Regions are the linear regions in the square, exact, of the first seed's net alone.
// It is an error when a setting cannot be, and when a run fails.
func CompareDepthsOnPlane(ctx context.Context, settings PlaneSettings) (*Depths, error) {
	if err := counts("Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	if settings.Target.F == nil {
		return nil, errors.New("the target has no function: set F, or take one of Planes")
	}
	x, y := settings.Target.grid(24)
	fx, fy := settings.Target.grid(33)
	c, err := cosine(settings.Rate, settings.Steps, 64)
	if err != nil {
		return nil, err
	}
	var models []problem.MLP
	for _, widths := range settings.Widths {
		models = append(models, problem.MLP{Sizes: slices.Concat([]int{2}, widths, []int{1})})
	}
	nets, err := netsOn(&problem.Points{Features: x, Targets: y}, models)
	if err != nil {
		return nil, err
	}
	histories, err := lesson{nets: nets, rule: "Adam", config: c, start: problem.Uniform, seeds: settings.Seeds}.run(ctx)
	if err != nil {
		return nil, err
	}
	all := &Depths{Target: settings.Target.Name}
	for i, widths := range settings.Widths {
		b := &DepthScore{Widths: widths}
		b.Parameters = relu.New(models[i].Sizes...).Parameters()
		for k, h := range histories[i] {
			if _, diverged := h.Diverged(); diverged {
				continue
			}
			net, err := relu.FromTheta(h.Final, models[i].Sizes...)
			if err != nil {
				return nil, err
			}
			b.Errors = append(b.Errors, rms(fy, func(j int) float64 { return net.Output(fx.RawRowView(j))[0] }))
			if k == 0 {
				regions, err := net.Polygons([2]float64{-1, -1}, [2]float64{1, 1})
				if err != nil {
					return nil, err
				}
				b.Regions = append(b.Regions, float64(len(regions)))
			}
		}
		all.Scores = append(all.Scores, b)
	}
	return all, nil
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

// DrawTeeth (claim N9) draws the sawteeth of 1 to depth hidden layers, beside each other. It panics when depth is not between 1 and 14: each layer
// doubles the teeth.
func DrawTeeth(depth int) *figure.Figure {
	if depth < 1 || depth > 14 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 14", depth))
	}
	var panels []*figure.Figure
	for layers := 1; layers <= depth; layers++ {
		saw := Sawtooth(layers)
		panels = append(panels, figure.New(fmt.Sprintf("after layer %d", layers), figure.X("x").Range(0, 1), figure.Y("f(x)")).
			Line("net", slices.Concat([]float64{0}, saw.Knots, []float64{1}), saw.F))
	}
	return figure.Row(panels...)
}

// Sawtooth (claim N9) is the sawtooth of 2^depth linear pieces between 0 and 1 on [0, 1]. It panics when depth is not between 1 and 20.
func Sawtooth(depth int) problem.Target {
	if depth < 1 || depth > 20 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 20", depth))
	}
	net := relu.Sawtooth(depth)
	t := problem.Target{Name: fmt.Sprintf("sawtooth of %d pieces", 1<<depth), F: net.At, Lo: 0, Hi: 1}
	for k := 1; k < 1<<depth; k++ {
		t.Knots = append(t.Knots, float64(k)/float64(int(1)<<depth))
	}
	return t
}
