package lecture

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// Training is how nets of one input learn a target: by Adam, from its values at 201 points at equal distances, in batches of 40, at a
// rate that falls along a cosine.
type Training struct {
	Target problem.Target
	Rate   float64 // at first; 0 at the end
	Steps  int
	Seeds  int                 // runs of each net, from the seeds Before+1, Before+2, …
	Before int                 // seeds that are left out, because something was chosen by them
	Start  problem.Initializer // nil: problem.SpreadElbows, over the target's interval
}

// check says which setting cannot be.
func (t Training) check() error {
	if t.Target.F == nil {
		return errors.New("the target has no function: set F, or take one of problem.Targets")
	}
	return nil
}

// hidden is a model of one input and one output with the hidden widths given, in float64.
func hidden(widths ...int) problem.MLP {
	return problem.MLP{Sizes: slices.Concat([]int{1}, widths, []int{1}), DType: dtypes.Float64}
}

// shallow are ReLU nets of one hidden layer.
func shallow(widths []int) (models []problem.MLP) {
	for _, width := range widths {
		models = append(models, hidden(width))
	}
	return models
}

// run trains each of the models from each seed, and returns the histories, [models][seeds], with what record says at every stride-th
// step; at stride 0 at the end only.
func (t Training) run(ctx context.Context, models []problem.MLP, record train.Record, stride int) ([][]*train.History, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	c, err := cosine(t.Rate, t.Steps, 40)
	if err != nil {
		return nil, err
	}
	if stride > 0 {
		c.Stride = stride
	}
	xs, ys := t.Target.Grid(201)
	nets, err := netsOn(problem.NewPoints(xs, ys), models)
	if err != nil {
		return nil, err
	}
	return lesson{nets: nets, rule: "Adam", record: record, config: c, start: t.start(xs), first: 1 + t.Before, seeds: t.Seeds}.run(ctx)
}

// start is Start, or what stands for nil.
func (t Training) start(xs []float64) problem.Initializer {
	if t.Start == nil {
		return problem.SpreadElbows(xs)
	}
	return t.Start
}

// A variant is a way to train a model: at a rate, from a start (nil: as the other variants).
type variant struct {
	rate  float64
	start problem.Initializer
}

// runVariants trains one model in several ways, each from each seed, with a single compilation, and returns the histories,
// [variants][seeds], with what record says at the start and at the end.
func (t Training) runVariants(ctx context.Context, model problem.MLP, record train.Record, variants []variant) ([][]*train.History, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	xs, ys := t.Target.Grid(201)
	net, err := problem.NewNet(model, problem.NewPoints(xs, ys))
	if err != nil {
		return nil, err
	}
	return practice{net, record, 40, t.Steps, t.start(xs), 1 + t.Before, t.Seeds}.run(ctx, variants)
}

// A practice is a net that Adam trains in several ways, each from several seeds.
type practice struct {
	net    *problem.Net
	record train.Record
	batch  int
	steps  int
	start  problem.Initializer
	first  int // the first seed
	seeds  int
}

// run trains with a single compilation, at rates that fall along a cosine, and returns the histories, [variants][seeds].
func (p practice) run(ctx context.Context, variants []variant) ([][]*train.History, error) {
	t, err := NewTrainer(p.net, "Adam", p.record)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var setups []setup
	for _, v := range variants {
		c, err := cosine(v.rate, p.steps, p.batch)
		if err != nil {
			return nil, err
		}
		start := v.start
		if start == nil {
			start = p.start
		}
		setups = append(setups, setup{t, c, from(start, p.net.Sizes)})
	}
	return sweep(ctx, setups, p.first, p.seeds)
}

// variantsAt are variants at the training's start.
func variantsAt(rates []float64) (all []variant) {
	for _, rate := range rates {
		all = append(all, variant{rate: rate})
	}
	return all
}

// cosine is a run on batches of b drawn with replacement, at a rate that falls to 0 along a cosine over the steps, recorded at the end.
func cosine(rate float64, steps, b int) (c train.Config, err error) {
	c = train.Config{Steps: steps, Stride: steps}
	if c.Sampler, err = sample.WithReplacement(b); err != nil {
		return c, err
	}
	c.Schedule, err = schedule.Cosine(rate, 0, steps)
	return c, err
}

// from starts nets of the sizes where the initializer puts them.
func from(start problem.Initializer, sizes []int) func(seed int) map[string]any {
	return func(seed int) map[string]any { return start(sizes, seed).Start() }
}

// netsOn are the nets that learn the same data.
func netsOn(data problem.Data, models []problem.MLP) (nets []*problem.Net, err error) {
	for _, model := range models {
		net, err := problem.NewNet(model, data)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	return nets, nil
}

// A lesson is nets that are trained alike, each from several seeds.
type lesson struct {
	nets   []*problem.Net
	rule   string // of pkg/optim
	record train.Record
	config train.Config // all but the seed and the start
	start  problem.Initializer
	first  int // the first seed; 0 for 1
	seeds  int
}

// run trains the nets and returns the histories, [nets][seeds].
func (l lesson) run(ctx context.Context) ([][]*train.History, error) {
	var setups []setup
	for _, net := range l.nets {
		t, err := NewTrainer(net, l.rule, l.record)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		setups = append(setups, setup{t, l.config, from(l.start, net.Sizes)})
	}
	return sweep(ctx, setups, max(l.first, 1), l.seeds)
}

// error is a trained net's root mean square error on the target's 201 points, NaN after it has diverged.
func (t Training) error(net problem.MLP, h *train.History) float64 {
	if _, diverged := h.Diverged(); diverged {
		return math.NaN()
	}
	xs, ys := t.Target.Grid(201)
	return rms(ys, func(i int) float64 { return net.Output(h.Final, []float64{xs[i]})[0] })
}

// rms is the root mean square of f(i) − ys[i].
func rms(ys []float64, f func(i int) float64) float64 {
	sum := 0.0
	for i, y := range ys {
		d := f(i) - y
		sum += d * d / float64(len(ys))
	}
	return math.Sqrt(sum)
}
