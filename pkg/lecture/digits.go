package lecture

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"

	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Depths are the accuracies on held-out digits of nets of growing depth (claims N8, N9).
type Depths struct {
	Activation problem.Activation
	Depth      []float64
	Accuracy   []stat.Interval // over seeds
}

// LearnDigits trains nets of some depths on 1,500 digits for so many steps of SGD with momentum on batches of 32, with weights
// drawn with the standard deviation scale/√inputs, and tests them on the 297 others.
func LearnDigits(ctx context.Context, backend compute.Backend, activations []problem.Activation, depths []int, width int, scale, rate float64, steps, seeds int) ([]*Depths, error) {
	if err := counts("width", width, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	known, unknown, err := digits.Split(1500)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.Reshuffled(32)
	if err != nil {
		return nil, err
	}
	var nets, tests []*problem.Net
	for _, activation := range activations {
		for _, depth := range depths {
			if err := counts("width", width, "depth", depth); err != nil {
				return nil, err
			}
			widths := slices.Repeat([]int{width}, depth)
			net, err := known.Net(widths)
			if err != nil {
				return nil, err
			}
			test, err := unknown.Net(widths)
			if err != nil {
				return nil, err
			}
			net.Activation, test.Activation, net.DType = activation, activation, dtypes.Float64
			nets, tests = append(nets, net), append(tests, test)
		}
	}
	start := func(net *problem.Net, seed int64) map[string]any {
		return unflatten(gaussian(known, net.Widths, scale, uint64(seed)), known.Features.RawMatrix().Cols, net.Widths, known.Classes)
	}
	c := train.Config{LearningRate: rate, Sampler: sampler, Steps: steps, Stride: steps}
	taught, err := teach(ctx, backend, nets, "heavy ball", train.Record{}, c, seeds, start, nil)
	if err != nil {
		return nil, err
	}
	var all []*Depths
	for i, activation := range activations {
		d := &Depths{Activation: activation}
		for j, depth := range depths {
			k := i*len(depths) + j
			var right []float64
			for _, h := range taught[k] {
				if _, diverged := h.Diverged(); diverged {
					right = append(right, 0.1) // as good as a guess
					continue
				}
				right = append(right, tests[k].Accuracy(h.Final))
			}
			accuracy, err := stat.MeanOverRuns(right, Confidence)
			if err != nil {
				return nil, err
			}
			d.Depth, d.Accuracy = append(d.Depth, float64(depth)), append(d.Accuracy, accuracy)
		}
		all = append(all, d)
	}
	return all, nil
}

// unflatten gives parameters their names.
func unflatten(theta []float64, in int, widths []int, outputs int) map[string]any {
	start := make(map[string]any)
	for l := range len(widths) + 1 {
		name, out := "output", outputs
		if l < len(widths) {
			name, out = fmt.Sprintf("hidden%02d", l+1), widths[l]
		}
		start[name+"/dense/biases"] = theta[:out]
		start[name+"/dense/weights"] = tensors.FromFlatDataAndDimensions(theta[out:out+in*out], in, out)
		theta, in = theta[out+in*out:], out
	}
	return start
}
