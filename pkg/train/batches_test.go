package train_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	gomlx "github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// must returns a made sampler or schedule.
func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

// rows picks examples of a column.
func rows(t *testing.T, column *tensors.Tensor, indices []int) *tensors.Tensor {
	t.Helper()
	all, picked := flat(column), make([]float32, len(indices))
	for i, k := range indices {
		picked[i] = float32(all[k])
	}
	return tensors.FromFlatDataAndDimensions(picked, len(indices), 1)
}

// TestClaimG1WholeRunOnBatches: a whole run on reshuffled batches with a falling rate is what GoMLX's own trainer does
// on the same batches with the same rates, step by step. The tolerance is that of TestClaimG1WholeRun.
func TestClaimG1WholeRunOnBatches(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float32, hidden: 16, n: 50}
		sampler := must(sample.Reshuffled(8))
		eta := must(schedule.Cosine(0.02, 0.001, 150))
		h := run(t, newTrainer(t, backend, p, optimizer.Adam().Done(), everything),
			train.Config{Schedule: eta, Sampler: sampler, Steps: 200, Seed: 9})

		store := storeAt(t, p, h)
		trainer := gomlx.NewTrainer(backend, store,
			func(scope *model.Scope, x *graph.Node) *graph.Node { return p.predict(scope, x) },
			func(labels, predictions []*graph.Node) *graph.Node { return halfMeanSquare(predictions[0], labels[0]) },
			optimizer.Adam().Done(), nil, nil)
		for step := range 200 {
			if step > 0 { // the first step makes the variable
				rate := store.GetVariable(model.JoinPath("/", optimizer.Scope, optimizer.ParamLearningRate))
				require.NoError(t, rate.SetValue(tensors.FromScalar(float32(eta.At(step)))))
			} else {
				optimizer.LearningRateVar(store.RootScope(), dtypes.Float32, eta.At(0))
			}
			indices := sampler.Indices(step, 9, 50)
			batch := gomlx.Batch{Inputs: []*tensors.Tensor{rows(t, p.Data()[0], indices)}, Labels: []*tensors.Tensor{rows(t, p.Data()[1], indices)}}
			metrics, err := trainer.TrainStep(batch)
			require.NoError(t, err)
			require.InEpsilon(t, float64(tensors.ToScalar[float32](metrics[0])), h.Loss[step], 2e-4, "step %d", step)
		}
		var theirs []float64
		for _, o := range h.Parameters {
			theirs = append(theirs, flat(store.GetVariable("/"+o.Name).MustValue())...)
		}
		require.InDeltaSlice(t, theirs, h.Final, 1e-4)
	})
}

// Rates, constants of schedules, seeds, batches of the same size and numbers of steps build nothing anew.
func TestOneProgramForAllBatches(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &countedNet{net: net{dtype: dtypes.Float32, hidden: 4, n: 12}}
		trainer := newTrainer(t, backend, p, must(optim.HeavyBall(0.9)), everything)
		given := func(first int) sample.Sampler {
			return must(sample.Given([][]int{{first, 1, 2}, {3, 4, 5}}))
		}
		for i, c := range []struct {
			config   train.Config
			programs int
		}{
			{train.Config{LearningRate: 0.1, Sampler: must(sample.Reshuffled(3))}, 1},
			{train.Config{LearningRate: 0.2, Sampler: must(sample.Reshuffled(3)), Seed: 4, Hyper: map[string]float64{"momentum": 0.5}}, 1},
			{train.Config{Schedule: must(schedule.Cosine(0.1, 0, 50)), Sampler: must(sample.Reshuffled(3))}, 2},
			{train.Config{Schedule: must(schedule.Cosine(0.2, 0.01, 70)), Sampler: must(sample.Reshuffled(3)), Seed: 2}, 2},
			{train.Config{LearningRate: 0.1, Sampler: given(0)}, 3},
			{train.Config{LearningRate: 0.2, Sampler: given(6)}, 3},
			{train.Config{LearningRate: 0.1, Sampler: must(sample.Reshuffled(4))}, 4},
			{train.Config{LearningRate: 0.1, Sampler: must(sample.Reshuffled(3)), Plateau: must(schedule.ReduceOnPlateau(0.5, 3, 0, 0, 0))}, 5},
			{train.Config{LearningRate: 0.2, Sampler: must(sample.Reshuffled(3)), Plateau: must(schedule.ReduceOnPlateau(0.1, 2, 0, 0, 0))}, 5},
		} {
			c.config.Steps = 5 + i
			run(t, trainer, c.config)
			require.Equal(t, c.programs, train.Programs(trainer), "case %d", i)
			require.Equal(t, 1+c.programs, p.builds, "case %d", i)
		}
	})
}

type countedNet struct {
	net
	builds int
}

func (p *countedNet) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	p.builds++
	return p.net.Loss(scope, g, batch)
}

// All that a run records, against what the parameters say.
func TestRecords(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float64, hidden: 4, n: 20}
		record := train.Record{Params: true, GradNorm: true, StepNorm: true, Rate: true, FullLoss: true, ExampleGradients: true,
			Variables: []string{"optimizers/velocity/output/dense/weights"}}
		trainer := newTrainer(t, backend, p, must(optim.HeavyBall(0.5)), record)
		eta := must(schedule.Exponential(0.1, 0.5, 20))
		sampler := must(sample.WithoutReplacement(6))
		h := run(t, trainer, train.Config{Schedule: eta, Sampler: sampler, Steps: 40, Seed: 2})
		for k := range h.Step {
			loss, gradient, err := trainer.Evaluate(h.Params[k])
			require.NoError(t, err)
			require.InDelta(t, loss, h.FullLoss[k], 1e-14)
			require.InDelta(t, eta.At(k), h.Rate[k], 1e-7, "GoMLX's learning rate is a float32 or float64")

			batch := make([]float64, len(gradient)) // the gradient of step k's batch, from those of its examples
			for _, i := range sampler.Indices(k, 2, 20) {
				for j, x := range h.ExampleGradients[k][i] {
					batch[j] += x / 6
				}
			}
			mean := make([]float64, len(gradient))
			for _, row := range h.ExampleGradients[k] {
				for j, x := range row {
					mean[j] += x / 20
				}
			}
			require.InDeltaSlice(t, gradient, mean, 1e-14, "the examples' gradients are those of all")
			var norms []float64
			total, rest := 0.0, batch
			for _, parameter := range h.Parameters {
				sum := 0.0
				for _, x := range rest[:size(parameter)] {
					sum += x * x
				}
				rest = rest[size(parameter):]
				norms = append(norms, math.Sqrt(sum))
				total += sum
			}
			require.InDeltaSlice(t, norms, h.GradNorms[k], 1e-14)
			require.InDelta(t, math.Sqrt(total), h.GradNorm[k], 1e-14)
			if k > 0 {
				moved := 0.0
				for j := range h.Params[k] {
					moved = math.Hypot(moved, h.Params[k][j]-h.Params[k-1][j])
				}
				require.InDelta(t, moved, h.StepNorm[k-1], 1e-13)
			}
			require.Len(t, h.Variables["optimizers/velocity/output/dense/weights"][k], 4)
		}
		hidden, err := h.LayerGradNorm("hidden/dense")
		require.NoError(t, err)
		require.InDelta(t, math.Hypot(h.GradNorms[7][0], h.GradNorms[7][1]), hidden[7], 1e-15)
		_, err = h.LayerGradNorm("hidden")
		says.All(t, err, `layer "hidden" … hidden/dense … output/dense`)
	})
}

func size(p train.Parameter) int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// What is not recorded is not kept, also where something else is computed from it.
func TestRecordsOnlyWhatIsAskedFor(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float32, hidden: 4, n: 20}
		c := train.Config{LearningRate: 0.1, Sampler: must(sample.WithReplacement(5)), Steps: 30, Stride: 10}
		full := run(t, newTrainer(t, backend, p, optim.GD(), train.Record{FullLoss: true}), c)
		require.Len(t, full.FullLoss, 4)
		require.Nil(t, full.Params)
		require.Nil(t, full.GradNorm)
		bare := run(t, newTrainer(t, backend, p, optim.GD(), train.Record{}), c)
		require.Nil(t, bare.FullLoss)
		require.Equal(t, full.Loss, bare.Loss, "records do not change a run")
	})
}

// A plateau's rates are those that its formula makes of the recorded losses.
func TestPlateau(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		plateau := must(schedule.ReduceOnPlateau(0.5, 4, 0.01, 2, 0.01))
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 8, n: 20}, optim.GD(), train.Record{Rate: true})
		h := run(t, trainer, train.Config{LearningRate: 0.2, Plateau: plateau, Sampler: must(sample.Reshuffled(4)), Steps: 200, Seed: 1})
		for k, scale := range plateau.Scales(h.Loss) {
			require.InEpsilon(t, 0.2*scale, h.Rate[k], 1e-6, "step %d", k)
		}
		require.Less(t, h.Rate[200], 0.05, "it has been lowered")
	})
}

// A run and its continuation are the longer run, bit for bit: with moments, batches, schedule and plateau, wherever it
// is cut.
func TestFrom(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float32, hidden: 8, n: 20}
		trainer := newTrainer(t, backend, p, optimizer.Adam().Done(), train.Record{Params: true})
		c := train.Config{Schedule: must(schedule.OneOverSqrtT(0.05)), Plateau: must(schedule.ReduceOnPlateau(0.7, 3, 0, 1, 0)),
			Sampler: must(sample.Reshuffled(6)), Seed: 3, Stride: 10}
		whole := c
		whole.Steps = 100
		want := run(t, trainer, whole)
		for _, cut := range []int{1, 40, 57, 99} {
			first := c
			first.Steps = cut
			half := run(t, trainer, first)
			rest := c
			rest.Steps, rest.From = 100-cut, half
			h := run(t, trainer, rest)
			require.Equal(t, want.Final, h.Final, "cut at %d", cut)
			require.Equal(t, cut, h.Step[0], "the first record is the start")
			require.Equal(t, half.Final, h.Params[0])
			for i, step := range h.Step {
				if step%10 == 0 {
					require.Equal(t, want.Params[step/10], h.Params[i], "cut at %d, step %d", cut, step)
					require.Equal(t, want.Loss[step/10], h.Loss[i])
				}
			}
			require.Equal(t, 100, h.Step[len(h.Step)-1])
		}

		other := newTrainer(t, backend, p, optim.GD(), train.Record{})
		_, err := other.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, From: want})
		require.ErrorContains(t, err, "From is a run of another model or optimizer")
		_, err = trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, From: want, Start: map[string]any{"x": 1}})
		require.ErrorContains(t, err, "Start and From are both given")
		diverged := run(t, other, train.Config{LearningRate: 1e9, Steps: 100})
		_, err = other.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, From: diverged})
		require.ErrorContains(t, err, "From is a run that diverged at step")
	})
}

// Both backends give the same run in float64 for every sampler, every optimizer and every schedule. Each sampler meets every
// other optimizer: neither knows of the other, and each pair takes XLA a second to compile.
func TestBackendsAgreeOnCombinations(t *testing.T) {
	samplers := []sample.Sampler{sample.Full(), must(sample.WithReplacement(5)), must(sample.WithoutReplacement(5)), must(sample.Reshuffled(5)),
		must(sample.ShuffledOnce(5)), must(sample.InOrder(5)), must(sample.Given([][]int{{0, 3}, {1, 1}, {12, 7}}))}
	schedules := []schedule.Schedule{must(schedule.OneOverT(0.1)), must(schedule.WarmRestarts(0.05, 0.001, 10, 2)),
		must(schedule.WarmUp(0, 5, must(schedule.Cosine(0.05, 0, 30)))), must(schedule.Step(0.05, 0.5, 10))}
	k := 0
	var want [][]float64
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		i := 0
		for o, name := range optim.Names() {
			p := &net{dtype: dtypes.Float64, hidden: 4, n: 13}
			trainer := newTrainer(t, backend, p, must(optim.ByName(name)), everything)
			for s, sampler := range samplers {
				if (o+s)%2 == 1 {
					continue
				}
				h := run(t, trainer, train.Config{Schedule: schedules[i%len(schedules)], Sampler: sampler, Steps: 40, Seed: 3})
				what := fmt.Sprintf("%s, %s, %s", name, sampler, schedules[i%len(schedules)].Structure())
				if k == 0 {
					want = append(want, h.Loss, h.Final)
				} else {
					require.InDeltaSlice(t, want[2*i], h.Loss, 1e-8, what)
					require.InDeltaSlice(t, want[2*i+1], h.Final, 1e-6, what)
				}
				i++
			}
		}
		k++
	})
}

func TestBatchErrors(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 4, n: 20}, must(optim.HeavyBall(0.9)), train.Record{})
		for _, c := range []struct {
			config train.Config
			want   string
		}{
			{train.Config{LearningRate: 0.1, Sampler: must(sample.Reshuffled(21))}, "Sampler: batch is 21: it must be"},
			{train.Config{LearningRate: 0.1, Sampler: must(sample.Given([][]int{{20}}))}, "Sampler: "},
			{train.Config{LearningRate: 0.1, Sampler: must(sample.Stream(5)), Steps: 5}, "Steps is 5: the stream has 4 steps, because it shows each of its 20 examples once"},
			{train.Config{LearningRate: 0.1, Schedule: must(schedule.Constant(0.1))}, "LearningRate is 0.1 and there is a Schedule: give one of them"},
			{train.Config{LearningRate: 0.1, Hyper: map[string]float64{"beta1": 0.5}}, `Hyper["beta1"]: the optimizer has no such hyperparameter; it has momentum`},
			{train.Config{LearningRate: 0.1, Hyper: map[string]float64{"momentum": math.NaN()}}, `Hyper["momentum"] is not finite`},
		} {
			c.config.Steps = max(c.config.Steps, 1)
			_, err := trainer.Run(context.Background(), c.config)
			require.ErrorContains(t, err, c.want)
		}
		_, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Sampler: must(sample.Stream(5)), Steps: 4})
		require.NoError(t, err)

		bowl := newTrainer(t, backend, &bowl{dtype: dtypes.Float32, curvature: []float64{1}, centre: []float64{0}}, optim.GD(), train.Record{})
		_, err = bowl.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, Sampler: must(sample.InOrder(1))})
		require.ErrorContains(t, err, "the problem has no examples to sample from: leave it out")
		_, err = bowl.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, Hyper: map[string]float64{"beta": 1}})
		says.All(t, err, `Hyper["beta"] … learning rate`)
		_, err = bowl.ExampleGradients([]float64{1})
		require.ErrorContains(t, err, "the problem has no examples")
		_, _, err = bowl.Evaluate([]float64{1, 2})
		require.ErrorContains(t, err, "theta has 2 elements: it must have 1")

		_, err = train.New(backend, &net{dtype: dtypes.Float32, hidden: 4, n: 20}, optim.GD(), train.Record{Variables: []string{"average"}})
		require.ErrorContains(t, err, `Record.Variables: there is no variable "average" of floats; there are `)
	})
}

// A GoMLX model of one's own needs no more than its function and one of GoMLX's losses.
func TestModel(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float32, hidden: 8, n: 20}
		own := train.Model{
			Predict: func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
				return []*graph.Node{p.predict(scope, inputs[0])}
			},
			Error: func(labels, predictions []*graph.Node) *graph.Node { // one for each example
				return graph.MulScalar(graph.Square(graph.Sub(predictions[0], labels[0])), 0.5)
			},
			Inputs: p.Data()[:1], Labels: p.Data()[1:],
		}
		c := train.Config{LearningRate: 0.1, Sampler: must(sample.Reshuffled(5)), Steps: 50, Seed: 1}
		want := run(t, newTrainer(t, backend, p, optim.GD(), train.Record{}), c)
		require.InDeltaSlice(t, want.Loss, run(t, newTrainer(t, backend, own, optim.GD(), train.Record{}), c).Loss, 1e-6)
	})
}

var _ problem.Problem = (*countedNet)(nil)
