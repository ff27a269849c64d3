package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// Lesson is a task for nets of one input: a target, to be learnt by Adam from its values at 201 points, in batches of 40, at a
// rate that falls from Rate to 0 along a cosine.
type Lesson struct {
	Target problem.Target
	Rate   float64
	Steps  int
	Record train.Record
	Stride int // 0: the end only
}

// Pupil is what learns: the widths of the hidden layers, and their non-linearity.
type Pupil struct {
	Widths     []int
	Activation problem.Activation
}

// net is the pupil's problem.
func (l Lesson) net(p Pupil) (*problem.Net, error) {
	if l.Target.F == nil {
		return nil, errors.New("the target has no function: set F, or take one of problem.Targets")
	}
	xs, ys := l.Target.Grid(201)
	net, err := problem.NewRegression(p.Widths, xs, ys)
	if err != nil {
		return nil, err
	}
	net.Activation, net.DType = p.Activation, dtypes.Float64
	return net, nil
}

// Teach trains each pupil from each seed, and returns the histories, [pupils][seeds]. start gives the first parameters; nil:
// problem.Net.Start, with elbows spread over the interval.
func (l Lesson) Teach(ctx context.Context, backend compute.Backend, pupils []Pupil, seeds int, start func(net *problem.Net, seed int64) map[string]any) ([][]*train.History, error) {
	if err := counts("seeds", seeds); err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(40)
	if err != nil {
		return nil, err
	}
	cosine, err := schedule.Cosine(l.Rate, 0, l.Steps)
	if err != nil {
		return nil, err
	}
	var nets []*problem.Net
	for _, p := range pupils {
		net, err := l.net(p)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	c := train.Config{Schedule: cosine, Sampler: sampler, Steps: l.Steps, Stride: l.Stride}
	if c.Stride == 0 {
		c.Stride = l.Steps
	}
	if start == nil {
		start = spread
	}
	return teach(ctx, backend, nets, "adam", l.Record, c, seeds, start, nil)
}

// spread starts a net of one input with its elbows spread over the interval.
func spread(net *problem.Net, seed int64) map[string]any { return net.Start(uint64(seed), true) }

// teach trains each net from each seed by a rule of pkg/optim, as c says but for the seed and the start, and returns the
// histories, [nets][seeds]. progress, if not nil, is called with the number of runs done.
func teach(ctx context.Context, backend compute.Backend, nets []*problem.Net, rule string, record train.Record, c train.Config, seeds int,
	start func(net *problem.Net, seed int64) map[string]any, progress func(done int)) ([][]*train.History, error) {
	update, err := optim.ByName(rule)
	if err != nil {
		return nil, err
	}
	var jobs []train.Job
	for _, net := range nets {
		t, err := train.New(backend, net, update, record)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		for _, seed := range Seeds(seeds) {
			c.Seed, c.Start = seed, start(net, seed)
			jobs = append(jobs, train.Job{Trainer: t, Config: c})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, progress)
	if err != nil {
		return nil, fmt.Errorf("the sweep: %w", err)
	}
	return slices.Collect(slices.Chunk(histories, seeds)), nil
}

// Error is a pupil's root mean square error on the 201 points, NaN after it has diverged.
func (l Lesson) Error(p Pupil, h *train.History) (float64, error) {
	if _, diverged := h.Diverged(); diverged {
		return math.NaN(), nil
	}
	net, err := l.net(p)
	if err != nil {
		return 0, err
	}
	xs, ys := l.Target.Grid(201)
	sum := 0.0
	for i, x := range xs {
		d := net.Output(h.Final, []float64{x})[0] - ys[i]
		sum += d * d / float64(len(xs))
	}
	return math.Sqrt(sum), nil
}
