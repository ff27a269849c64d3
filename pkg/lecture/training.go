package lecture

import (
	"context"
	"errors"
	"math"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// Training is how nets of one input learn a target: by Adam, from its values at 201 points at equal distances, in batches of 40, at a
// rate that falls along a cosine, with their elbows spread over the interval at the start.
type Training struct {
	Target problem.Target
	Rate   float64 // at first; 0 at the end
	Steps  int
	Seeds  int // runs of each net, from the seeds 1, 2, …
}

// check says which setting cannot be.
func (t Training) check() error {
	if t.Target.F == nil {
		return errors.New("the target has no function: set F, or take one of problem.Targets")
	}
	return nil
}

// An architecture is the widths of a net's hidden layers and their non-linearity.
type architecture struct {
	widths     []int
	activation problem.Activation
}

// ofWidths are ReLU nets of one hidden layer.
func ofWidths(widths []int) (all []architecture) {
	for _, width := range widths {
		all = append(all, architecture{widths: []int{width}})
	}
	return all
}

// net is the problem of a net that learns the target.
func (t Training) net(a architecture) (*problem.Net, error) {
	xs, ys := t.Target.Grid(201)
	net, err := problem.NewRegression(a.widths, xs, ys)
	if err != nil {
		return nil, err
	}
	net.Activation, net.DType = a.activation, dtypes.Float64
	return net, nil
}

// run trains each of the nets from each seed, and returns their problems and the histories, [nets][seeds], with what record says at
// every stride-th step; at stride 0 at the end only.
func (t Training) run(ctx context.Context, all []architecture, record train.Record, stride int) ([]*problem.Net, [][]*train.History, error) {
	if err := t.check(); err != nil {
		return nil, nil, err
	}
	c, err := cosine(t.Rate, t.Steps, 40)
	if err != nil {
		return nil, nil, err
	}
	if stride > 0 {
		c.Stride = stride
	}
	var nets []*problem.Net
	for _, a := range all {
		net, err := t.net(a)
		if err != nil {
			return nil, nil, err
		}
		nets = append(nets, net)
	}
	histories, err := lesson{nets: nets, rule: "Adam", record: record, config: c, start: spread, seeds: t.Seeds}.run(ctx)
	return nets, histories, err
}

// cosine are so many steps on batches of b drawn with replacement, at a rate that falls to 0 along a cosine, recorded at the end.
func cosine(rate float64, steps, b int) (c train.Config, err error) {
	c = train.Config{Steps: steps, Stride: steps}
	if c.Sampler, err = sample.WithReplacement(b); err != nil {
		return c, err
	}
	c.Schedule, err = schedule.Cosine(rate, 0, steps)
	return c, err
}

// spread starts a net of one input with its elbows spread over the interval.
func spread(net *problem.Net, seed int) map[string]any { return net.Start(seed, true) }

// usual starts a net as PyTorch does.
func usual(net *problem.Net, seed int) map[string]any { return net.Start(seed, false) }

// A lesson is nets that are trained alike, each from several seeds.
type lesson struct {
	nets   []*problem.Net
	rule   string // of pkg/optim
	record train.Record
	config train.Config // all but the seed and the start
	start  func(net *problem.Net, seed int) map[string]any
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
		setups = append(setups, setup{t, l.config, func(seed int) map[string]any { return l.start(net, seed) }})
	}
	return sweep(ctx, setups, 1, l.seeds)
}

// error is a trained net's root mean square error on the target's 201 points, NaN after it has diverged.
func (t Training) error(net *problem.Net, h *train.History) float64 {
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
