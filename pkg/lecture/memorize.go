package lecture

import (
	"context"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Memory is what nets of a width learn of digits whose labels are right, and of the same digits with random ones (claim W2).
type Memory struct {
	Width, Parameters int
	Known, Unknown    stat.Interval // accuracy on the digits learnt from, over seeds, and on others: right labels
	Random, Guess     stat.Interval // the same with random labels
}

// Memorize trains nets of one hidden layer on n digits by Adam, with right labels and with random ones.
func Memorize(ctx context.Context, backend compute.Backend, widths []int, n, steps, seeds int) ([]*Memory, error) {
	if err := counts("n", n, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	known, unknown, err := digits.Split(n)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 6))
	random := &problem.Labeled{Features: known.Features, Classes: known.Classes}
	for range known.Labels {
		random.Labels = append(random.Labels, rng.IntN(known.Classes))
	}
	sampler, err := sample.Reshuffled(50)
	if err != nil {
		return nil, err
	}
	start := func(net *problem.Net, seed int64) map[string]any { return net.Start(uint64(seed), false) }
	c := train.Config{LearningRate: 0.01, Sampler: sampler, Steps: steps, Stride: steps}
	var all []*Memory
	for _, width := range widths {
		var nets []*problem.Net // on the right labels, on the random ones, and for the unseen digits
		for _, labels := range []*problem.Labeled{known, random, unknown} {
			net, err := labels.Net([]int{width})
			if err != nil {
				return nil, err
			}
			net.DType = dtypes.Float64
			nets = append(nets, net)
		}
		taught, err := teach(ctx, backend, nets[:2], "adam", train.Record{}, c, seeds, start, nil)
		if err != nil {
			return nil, err
		}
		m := &Memory{Width: width, Parameters: (digits.Features.RawMatrix().Cols+1)*width + (width+1)*digits.Classes}
		for _, of := range []struct {
			mean *stat.Interval
			net  *problem.Net
			runs []*train.History
		}{{&m.Known, nets[0], taught[0]}, {&m.Unknown, nets[2], taught[0]}, {&m.Random, nets[1], taught[1]}, {&m.Guess, nets[2], taught[1]}} {
			var right []float64
			for _, h := range of.runs {
				right = append(right, of.net.Accuracy(h.Final))
			}
			if *of.mean, err = stat.MeanOverRuns(right, Confidence); err != nil {
				return nil, err
			}
		}
		all = append(all, m)
	}
	return all, nil
}
