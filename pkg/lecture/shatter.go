package lecture

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Shattering (claim W2) is how many of the labelings of n points a search has found a net for.
type Shattering struct {
	Inputs, Width, N int
	Found, All       int // labelings; a labeling and its opposite are searched once and counted twice
}

// ShatterSettings are those of Shatter.
type ShatterSettings struct {
	Inputs int    // of the net
	Width  int    // hidden units
	Points int    // to be labeled
	Starts int    // random starts for each labeling, at most
	Seed   uint64 // of the points
}

// Shatter (claim W2) draws points and looks, for each of their labelings by two classes, for a net of one hidden layer whose output has
// the sign of the label at each point: by Adam on the logistic loss. What it finds is certain; what it does not find may yet exist.
// It is an error when a setting cannot be, and when a run fails.
func Shatter(ctx context.Context, settings ShatterSettings) (*Shattering, error) {
	inputs, width, n := settings.Inputs, settings.Width, settings.Points
	if err := counts("Inputs", inputs, "Width", width, "Points", n, "Starts", settings.Starts); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(settings.Seed, 6))
	x := mat.NewDense(n, inputs, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 2*rng.Float64() - 1 }, x)
	if inputs == 1 { // in order and not too close: only the order matters to what there is, but the search is slow at close ones
		for i := range n {
			x.Set(i, 0, (2*float64(i)+1)/float64(n)-1)
		}
	}
	data := &problem.Labeled{Features: x, Labels: make([]int, n), Classes: 2}
	net, err := problem.NewNet(problem.MLP{Sizes: []int{inputs, width, 2}, DType: dtypes.Float64}, data)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "Adam", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	s := &Shattering{Inputs: inputs, Width: width, N: n}
	err = theory.Labelings(n-1, func(labels []bool) error { // the last point's label is 0: the other half are the opposites
		s.All += 2
		for i, l := range labels {
			data.Labels[i] = 0
			if l {
				data.Labels[i] = 1
			}
		}
		found, err := separates(ctx, t, net.MLP, data, settings.Starts)
		if found {
			s.Found += 2
		}
		return err
	})
	return s, err
}

// separates tells whether training from one of the starts gives the examples their labels. The trainer is the model's on examples with
// other labels.
func separates(ctx context.Context, shared *train.Trainer, model problem.MLP, data *problem.Labeled, starts int) (bool, error) {
	net, err := problem.NewNet(model, data)
	if err != nil {
		return false, err
	}
	t, err := shared.On(net.Data())
	if err != nil {
		return false, err
	}
	defer t.Close()
	for from := 0; from < starts; from += 8 {
		var jobs []train.Job
		for k := range min(8, starts-from) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{LearningRate: 0.08, Steps: 400, Stride: 400,
				Start: problem.Uniform(model.Sizes, from+k).Start()}})
		}
		histories, err := train.Sweep(ctx, jobs, 0, nil)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(histories, func(h *train.History) bool { return model.Accuracy(h.Final, data) == 1 }) {
			return true, nil
		}
	}
	return false, nil
}
