package lecture

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Shattering is how many of the labelings of n points a search has found a net for (claim W2).
type Shattering struct {
	Inputs, Width, N int
	Found, All       int // labelings; a labeling and its opposite are searched once and counted twice
}

// Shatter draws n points and looks, for each of their labelings by two classes, for a net of one hidden layer whose output has
// the sign of the label at each point: by Adam on the logistic loss, from so many random starts at most. What it finds is certain;
// what it does not find may yet exist.
func Shatter(ctx context.Context, backend compute.Backend, inputs, width, n, starts int, seed uint64) (*Shattering, error) {
	if err := counts("inputs", inputs, "width", width, "n", n, "starts", starts); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 6))
	x := mat.NewDense(n, inputs, nil)
	for i := range n {
		for j := range inputs {
			x.Set(i, j, 2*rng.Float64()-1)
		}
	}
	if inputs == 1 { // in order and not too close: only the order matters to what there is, but the search is slow at close ones
		for i := range n {
			x.Set(i, 0, (2*float64(i)+1)/float64(n)-1)
		}
	}
	adam, err := optim.ByName("adam")
	if err != nil {
		return nil, err
	}
	s := &Shattering{Inputs: inputs, Width: width, N: n}
	var first *train.Trainer
	defer func() {
		if first != nil {
			first.Close()
		}
	}()
	classes := make([]int, n)
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
		if first == nil {
			if first, err = train.New(backend, net, adam, train.Record{}); err != nil {
				return err
			}
		}
		t, err := first.On(net.Data())
		if err != nil {
			return err
		}
		defer t.Close()
		for from := 0; from < starts; from += 8 {
			var jobs []train.Job
			for k := range min(8, starts-from) {
				jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{LearningRate: 0.08, Steps: 400, Stride: 400,
					Start: net.Start(uint64(from+k), false)}})
			}
			histories, err := train.Sweep(ctx, jobs, 0, nil)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(histories, func(h *train.History) bool { return net.Accuracy(h.Final) == 1 }) {
				s.Found += 2
				return nil
			}
		}
		return nil
	})
	return s, err
}
