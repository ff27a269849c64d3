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
	Inputs int // of the net
	Width  int // hidden units
	Points int // to be labeled
	Starts int // random starts for each labeling, at most
	Seed   int // of the points
}

// Shatter (claim W2) draws points and looks, for each of their labelings by two classes, for a net of one hidden layer whose output has
// the sign of the label at each point: by Adam on the logistic loss. What it finds is certain; what it does not find may yet exist.
// It is an error when a setting cannot be, and when a run fails.
func Shatter(ctx context.Context, settings ShatterSettings) (*Shattering, error) {
	inputs, width, n := settings.Inputs, settings.Width, settings.Points
	if err := counts("Inputs", inputs, "Width", width, "Points", n, "Starts", settings.Starts); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(uint64(settings.Seed), 6))
	x := mat.NewDense(n, inputs, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 2*rng.Float64() - 1 }, x)
	if inputs == 1 { // in order and not too close: only the order matters to what there is, but the search is slow at close ones
		for i := range n {
			x.Set(i, 0, (2*float64(i)+1)/float64(n)-1)
		}
	}
	classes := make([]int, n)
	net, err := problem.NewClassifier([]int{width}, x, classes, 2)
	if err != nil {
		return nil, err
	}
	net.DType = dtypes.Float64
	t, err := NewTrainer(net, "Adam", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	s := &Shattering{Inputs: inputs, Width: width, N: n}
	err = theory.Labelings(n-1, func(labels []bool) error { // the last point's label is 0: the other half are the opposites
		s.All += 2
		for i, l := range labels {
			classes[i] = 0
			if l {
				classes[i] = 1
			}
		}
		net, err := problem.NewClassifier([]int{width}, x, classes, 2)
		if err != nil {
			return err
		}
		net.DType = dtypes.Float64
		found, err := separates(ctx, t, net, settings.Starts)
		if found {
			s.Found += 2
		}
		return err
	})
	return s, err
}

// separates tells whether training from one of so many starts gives the net's examples their labels. The trainer is another net's
// of the same shape.
func separates(ctx context.Context, shared *train.Trainer, net *problem.Net, starts int) (bool, error) {
	t, err := shared.On(net.Data())
	if err != nil {
		return false, err
	}
	defer t.Close()
	for from := 0; from < starts; from += 8 {
		var jobs []train.Job
		for k := range min(8, starts-from) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{LearningRate: 0.08, Steps: 400, Stride: 400,
				Start: usual(net, from+k)}})
		}
		histories, err := train.Sweep(ctx, jobs, 0, nil)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(histories, func(h *train.History) bool { return net.Accuracy(h.Final) == 1 }) {
			return true, nil
		}
	}
	return false, nil
}
