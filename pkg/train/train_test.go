package train_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

var everything = train.Record{Params: true, GradNorm: true}

// newTrainer returns a trainer that the test closes.
func newTrainer(t *testing.T, backend compute.Backend, p problem.Problem, opt optimizer.Interface, record train.Record) *train.Trainer {
	t.Helper()
	trainer, err := train.New(backend, p, opt, record)
	require.NoError(t, err)
	t.Cleanup(trainer.Close)
	return trainer
}

func run(t *testing.T, trainer *train.Trainer, c train.Config) *train.History {
	t.Helper()
	h, err := trainer.Run(context.Background(), c)
	require.NoError(t, err)
	return h
}

// Gradient descent on a quadratic has a closed form for every step; strides that do and do not divide the number of
// steps, runs shorter than a stride, and both types.
func TestRunIsTheClosedForm(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float32: 2e-6, dtypes.Float64: 1e-14} {
			b := &bowl{dtype: dtype, curvature: []float64{1, 4, 0.5}, centre: []float64{1, -2, 0}}
			start := []float64{-1, 1, 3}
			trainer := newTrainer(t, backend, b, optim.GD(), everything)
			for _, c := range []struct{ steps, stride int }{{1, 1}, {60, 1}, {60, 7}, {60, 20}, {3, 100}, {1300, 1}} {
				h := run(t, trainer, train.Config{LearningRate: 0.3, Steps: c.steps, Stride: c.stride, Start: map[string]any{"theta": start}})
				var steps []int
				for s := 0; s < c.steps; s += c.stride {
					steps = append(steps, s)
				}
				require.Equal(t, append(steps, c.steps), h.Step)
				require.Len(t, h.Loss, len(h.Step))
				require.Len(t, h.GradNorm, len(h.Step))
				require.Len(t, h.Params, len(h.Step))
				for i, step := range h.Step {
					theta := b.at(step, start, 0.3)
					norm := 0.0
					for k := range theta {
						norm = math.Hypot(norm, b.curvature[k]*(theta[k]-b.centre[k]))
					}
					require.InDeltaSlice(t, theta, h.Params[i], tolerance, "%s, step %d", dtype, step)
					require.InDelta(t, b.loss(theta), h.Loss[i], 30*tolerance, "%s, step %d", dtype, step)
					require.InDelta(t, norm, h.GradNorm[i], 10*tolerance, "%s, step %d", dtype, step)
				}
				require.Equal(t, h.Params[len(h.Params)-1], h.Final)
				_, diverged := h.Diverged()
				require.False(t, diverged)
			}
		}
	})
}

// A new value of anything in Config builds no graph: two builds in all, one that makes the variables and the program.
func TestOneProgramForAllSettings(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		b := &bowl{dtype: dtypes.Float32, curvature: []float64{1, 4}, centre: []float64{0, 0}}
		trainer := newTrainer(t, backend, b, optim.GD(), everything)
		require.Equal(t, 1, b.builds)
		for i, c := range []train.Config{
			{LearningRate: 0.1, Steps: 1},
			{LearningRate: 0.2, Steps: 1500, Stride: 3},
			{LearningRate: 0.3, Steps: 100, Start: map[string]any{"theta": []float64{1, 2}}},
			{LearningRate: 0.3, Steps: 100, Seed: 7, MaxLoss: 10},
		} {
			run(t, trainer, c)
			require.Equal(t, 2, b.builds, "run %d", i)
		}
	})
}

// A trainer on other data runs as one made for them does, with the programs of the first.
func TestOn(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		first, second := &net{dtype: dtypes.Float64, hidden: 5, n: 20}, &net{dtype: dtypes.Float64, hidden: 5, n: 20}
		second.data = []*tensors.Tensor{first.Data()[0], column(dtypes.Float64, make([]float64, 20))} // sin 3x no more, but 0
		c := train.Config{LearningRate: 0.1, Steps: 30, Seed: 3}
		trainer := newTrainer(t, backend, first, optim.GD(), train.Record{FullLoss: true})
		want := run(t, newTrainer(t, backend, second, optim.GD(), train.Record{FullLoss: true}), c)
		own := run(t, trainer, c)
		other := must(trainer.On(second.data))
		got := run(t, other, c)
		require.Equal(t, want.Loss, got.Loss)
		require.Equal(t, want.FullLoss, got.FullLoss)
		require.Equal(t, want.Final, got.Final)
		require.NotEqual(t, own.Final, got.Final)
		require.Equal(t, 1, train.Programs(other))
		other.Close()
		require.Equal(t, own.Final, run(t, trainer, c).Final, "the first one stays as it was")

		_, err := trainer.On(second.data[:1])
		require.ErrorContains(t, err, "the data have 1 tensor: ")
		_, err = trainer.On([]*tensors.Tensor{second.data[0], column(dtypes.Float64, make([]float64, 19))})
		require.ErrorContains(t, err, "shape")
		_, err = trainer.On([]*tensors.Tensor{second.data[0], column(dtypes.Float64, append(make([]float64, 19), math.NaN()))})
		require.ErrorContains(t, err, "not finite")
	})
}

// A run is split into calls of the program: where, changes no bit.
func TestCallsDoNotChangeARun(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float32, hidden: 8, n: 16}
		whole := newTrainer(t, backend, p, optimizer.Adam().Done(), everything)
		split := newTrainer(t, backend, p, optimizer.Adam().Done(), everything)
		for _, stride := range []int{1, 4, 7} {
			c := train.Config{LearningRate: 0.05, Steps: 200, Stride: stride, Seed: 3}
			want := run(t, whole, c)
			calls := 0
			c.Progress = func(int) { calls++ }
			run(t, split, c)
			for _, records := range []int{1, 2, 5} {
				calls = 0
				train.RecordsACall(split, records)
				require.Equal(t, want, run(t, split, c), "stride %d, %d records a call", stride, records)
				require.Greater(t, calls, 200/stride/records-1)
			}
			calls = 0
			train.OneStepACall(split)
			require.Equal(t, want, run(t, split, c), "stride %d, one step a call", stride)
			require.Equal(t, 201, calls)
		}
	})
}

// Moments and counters start fresh: Adam twice is the same run twice.
func TestRunsAreIndependent(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 8, n: 16}, optimizer.Adam().Done(), everything)
		c := train.Config{LearningRate: 0.01, Steps: 50, Seed: 1}
		first := run(t, trainer, c)
		run(t, trainer, train.Config{LearningRate: 0.5, Steps: 20, Seed: 2})
		require.Equal(t, first, run(t, trainer, c))
	})
}

func TestConcurrentRuns(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 8, n: 16}, optimizer.Adam().Done(), everything)
		together := make([]*train.History, 6)
		var group sync.WaitGroup
		for i := range together {
			group.Go(func() {
				together[i], _ = trainer.Run(context.Background(), train.Config{LearningRate: 0.01, Steps: 100, Seed: i % 3})
			})
		}
		group.Wait()
		for i, h := range together {
			require.Equal(t, run(t, trainer, train.Config{LearningRate: 0.01, Steps: 100, Seed: i % 3}), h)
		}
	})
}

func TestBackendsAgree(t *testing.T) {
	var runs []*train.History
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float64, hidden: 8, n: 16}
		trainer := newTrainer(t, backend, p, optimizer.Adam().Done(), everything)
		runs = append(runs, run(t, trainer, train.Config{LearningRate: 0.01, Steps: 300, Stride: 10, Seed: 5}))
	})
	if len(runs) == 1 {
		t.Skip("there is one backend")
	}
	require.Equal(t, runs[0].Params[0], runs[1].Params[0], "the same start")
	for i := range runs[0].Step {
		require.InDelta(t, runs[0].Loss[i], runs[1].Loss[i], 1e-9)
		require.InDelta(t, runs[0].GradNorm[i], runs[1].GradNorm[i], 1e-7)
		require.InDeltaSlice(t, runs[0].Params[i], runs[1].Params[i], 1e-7)
	}
}

func TestSeed(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 64, n: 16}, optim.GD(), train.Record{Params: true})
		c := train.Config{LearningRate: 0.01, Steps: 1}
		var starts [][]float64
		for c.Seed = range 3 {
			starts = append(starts, run(t, trainer, c).Params[0])
		}
		assert.NotEqual(t, starts[0], starts[1])
		assert.NotEqual(t, starts[1], starts[2])
		c.Seed = 0
		assert.Equal(t, starts[0], run(t, trainer, c).Params[0])
		c.Start = map[string]any{"output/dense/biases": []float64{7}}
		given := run(t, trainer, c).Params[0]
		assert.Equal(t, 7.0, given[128], "behind 64 biases and 64 weights of the hidden layer")
		assert.Equal(t, starts[0][129:], given[129:], "what is not given is drawn")
		c.Start = nil
		assert.Equal(t, starts[0], run(t, trainer, c).Params[0], "a start that was given is forgotten")
		// He's initializer of the output layer: 64 weights of variance 2/64, the last but one variable by name.
		outputs := starts[0][len(starts[0])-64:]
		sum := 0.0
		for _, w := range outputs {
			sum += w * w
		}
		assert.InDelta(t, 2, sum, 5*math.Sqrt(2.0*4/64)) // χ² with 64 degrees of freedom, 5 standard deviations
	})
}

// noisy is L(θ) = ½(θ − ε)² with a new standard normal ε in every step, from GoMLX's random state.
type noisy struct{}

func (noisy) Data() []*tensors.Tensor { return nil }
func (noisy) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	scalar := shapes.Make(dtypes.Float64)
	theta := scope.VariableWithValue("theta", 0.5).NodeValue(g)
	return graph.MulScalar(graph.Square(graph.Sub(theta, scope.RandomNormal(g, scalar))), 0.5)
}

// A loss may draw random numbers: they come from the seed, and are new in every step.
func TestRandomLoss(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, noisy{}, optim.GD(), train.Record{Params: true})
		c := train.Config{LearningRate: 1e-9, Steps: 2000, Seed: 1}
		h := run(t, trainer, c)
		require.Equal(t, 0.5, h.Params[0][0], "a variable made with a value starts there")
		require.Equal(t, h, run(t, trainer, c))
		c.Seed = 2
		require.NotEqual(t, h.Loss, run(t, trainer, c).Loss)
		sum := 0.0
		for _, loss := range h.Loss {
			sum += loss
		}
		// E L = ½(θ² + 1), and the variance of (θ − ε)² is 2 + 4θ²: within 5 standard errors.
		require.InDelta(t, 0.625, sum/2001, 5*0.5*math.Sqrt(3.0/2001))
	})
}

// The loss of θ₀ = 1 at η = 3/λ is ½·4^t exactly, so that Σλθ² leaves float32 at t = 64 and float64 at t = 512.
func TestClaimG4DivergedAtStep(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for dtype, overflow := range map[dtypes.DType]int{dtypes.Float32: 64, dtypes.Float64: 512} {
			b := &bowl{dtype: dtype, curvature: []float64{1}, centre: []float64{0}}
			trainer := newTrainer(t, backend, b, optim.GD(), everything)
			for _, stride := range []int{1, 5, 1000} {
				c := train.Config{LearningRate: 3, Steps: 2000, Stride: stride, Start: map[string]any{"theta": []float64{1}}}
				h := run(t, trainer, c)
				step, diverged := h.Diverged()
				require.True(t, diverged)
				require.Equal(t, overflow, step)
				require.Len(t, h.Loss, (overflow-1)/stride+1, "all records before it")
				for i, s := range h.Step {
					require.Equal(t, s, i*stride)
					require.Equal(t, math.Exp2(float64(2*s-1)), h.Loss[i])
					require.Equal(t, math.Exp2(float64(s)), h.GradNorm[i])
				}
				require.Equal(t, []float64{math.Exp2(float64(overflow))}, h.Final, "θ at the step that diverged")

				c.MaxLoss = 1000
				step, diverged = run(t, trainer, c).Diverged()
				require.True(t, diverged)
				require.Equal(t, 6, step, "½·4⁵ = 512 and ½·4⁶ = 2048")
			}
		}
	})
}

// explode multiplies the parameters by 10²⁰ a step.
type explode struct{}

func (explode) Clear(*model.Scope) error { return nil }
func (explode) UpdateGraph(scope *model.Scope, g *graph.Graph, loss *graph.Node) {
	optimizer.LearningRateVar(scope, loss.DType(), 1).NodeValue(g)
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			v.SetNodeValue(graph.MulScalar(v.NodeValue(g), 1e20))
		}
	}
}

// saturated has the loss mean 1/(1+θ²), which is 0 at infinite parameters.
type saturated struct{}

func (saturated) Data() []*tensors.Tensor { return nil }
func (saturated) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	theta := scope.VariableWithShape("theta", shapes.Make(dtypes.Float32, 100)).NodeValue(g)
	return graph.ReduceAllMean(graph.Reciprocal(graph.OnePlus(graph.Square(theta))))
}

// Parameters that leave the finite numbers count, also where the loss stays finite.
func TestParametersDiverge(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, saturated{}, explode{}, train.Record{Params: true})
		for _, first := range []float64{1, math.Copysign(1, -1)} {
			theta := make([]float64, 100)
			theta[37] = first
			h := run(t, trainer, train.Config{LearningRate: 1, Steps: 10, Start: map[string]any{"theta": theta}})
			step, diverged := h.Diverged()
			require.True(t, diverged)
			require.Equal(t, 2, step, "10⁰, 10²⁰, 10⁴⁰")
			require.Len(t, h.Loss, 2)
		}
	})
}

// No square of a gradient overflows in its norm.
func TestGradNormOfGreatGradients(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		b := &bowl{dtype: dtypes.Float32, curvature: []float64{1e30, 0}, centre: []float64{0, 0}}
		trainer := newTrainer(t, backend, b, optim.GD(), everything)
		h := run(t, trainer, train.Config{LearningRate: 1e-32, Steps: 1, Start: map[string]any{"theta": []float64{3, 0}}})
		require.InEpsilon(t, 3e30, h.GradNorm[0], 1e-6)
		h = run(t, trainer, train.Config{LearningRate: 1e-32, Steps: 1, Start: map[string]any{"theta": []float64{0, 0}}})
		require.Zero(t, h.GradNorm[0])
	})
}

// A long run in few records.
func TestStrideBoundsTheHistory(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		b := &bowl{dtype: dtypes.Float64, curvature: []float64{1}, centre: []float64{0}}
		trainer := newTrainer(t, backend, b, optim.GD(), train.Record{})
		h := run(t, trainer, train.Config{LearningRate: 1e-4, Steps: 8_000, Stride: 4_000, Start: map[string]any{"theta": []float64{1}}})
		require.Equal(t, []int{0, 4_000, 8_000}, h.Step)
		require.Equal(t, 3, len(h.Loss))
		require.InEpsilon(t, math.Pow(1-1e-4, 8_000), h.Final[0], 1e-9)
		require.Nil(t, h.Params)
		require.Nil(t, h.GradNorm)
	})
}

func TestCancel(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		b := &bowl{dtype: dtypes.Float64, curvature: []float64{1}, centre: []float64{0}}
		trainer := newTrainer(t, backend, b, optim.GD(), everything)
		ctx, cancel := context.WithCancel(context.Background())
		seen := 0
		c := train.Config{LearningRate: 1e-6, Steps: 1 << 40, Stride: 1 << 20, Start: map[string]any{"theta": []float64{1}}}
		c.Progress = func(step int) {
			if seen = step; step > 3000 {
				cancel()
			}
		}
		h, err := trainer.Run(ctx, c)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "cancelled after")
		require.Len(t, h.Loss, (seen-1)>>20+1, "the history before it")
		require.InEpsilon(t, b.at(seen, []float64{1}, 1e-6)[0], h.Final[0], 1e-9)

		h, err = trainer.Run(ctx, c)
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, h)
	})
}

// Gradient descent has no memory but θ: going on from a run's end is the longer run, bit for bit.
func TestValueIsAStart(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 8, n: 16}, optim.GD(), train.Record{})
		c := train.Config{LearningRate: 0.1, Steps: 40, Seed: 1}
		half := run(t, trainer, c)
		start := map[string]any{}
		for _, p := range half.Parameters {
			value, err := half.Value(p.Name)
			require.NoError(t, err)
			require.Equal(t, p.Shape, value.Shape().Dimensions)
			start["/"+p.Name] = value
		}
		rest := run(t, trainer, train.Config{LearningRate: 0.1, Steps: 40, Start: start})
		c.Steps = 80
		whole := run(t, trainer, c)
		require.Equal(t, whole.Final, rest.Final)
		require.Equal(t, whole.Loss, slices.Concat(half.Loss, rest.Loss[1:]))
		_, err := half.Value("hidden")
		require.ErrorContains(t, err, `there is no parameter "hidden"; the parameters are hidden/`)
	})
}

func TestParameters(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 8, n: 16}, optim.GD(), train.Record{})
		require.Equal(t, []train.Parameter{
			{Name: "hidden/dense/biases", Shape: []int{8}},
			{Name: "hidden/dense/weights", Shape: []int{1, 8}},
			{Name: "output/dense/biases", Shape: []int{1}},
			{Name: "output/dense/weights", Shape: []int{8, 1}},
		}, trainer.Parameters())
	})
}

func TestConfigErrors(t *testing.T) {
	theta := func(v any) map[string]any { return map[string]any{"theta": v} }
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		b := &bowl{dtype: dtypes.Float32, curvature: []float64{1, 4}, centre: []float64{0, 0}}
		trainer := newTrainer(t, backend, b, optim.GD(), train.Record{})
		for _, c := range []struct {
			config train.Config
			want   string
		}{
			{train.Config{LearningRate: 0, Steps: 1}, "LearningRate is 0: it must be a finite number greater than 0"},
			{train.Config{LearningRate: -1, Steps: 1}, "LearningRate is -1: it"},
			{train.Config{LearningRate: math.NaN(), Steps: 1}, "LearningRate is NaN: it"},
			{train.Config{LearningRate: math.Inf(1), Steps: 1}, "LearningRate is +Inf: it"},
			{train.Config{LearningRate: 1e300, Steps: 1}, "LearningRate is 1e+300, which is infinite in Float32: give a smaller one"},
			{train.Config{LearningRate: 1e-300, Steps: 1}, "LearningRate is 1e-300, which is 0 in Float32: give a greater one"},
			{train.Config{LearningRate: 1}, "Steps is 0: it must be at least 1"},
			{train.Config{LearningRate: 1, Steps: -5}, "Steps is -5: it"},
			{train.Config{LearningRate: 1, Steps: 1, Stride: -1}, "Stride is -1: it must be at least 1, or 0 to record every step"},
			{train.Config{LearningRate: 1, Steps: 1, MaxLoss: -1}, "MaxLoss is -1: it must be greater than 0, or 0 for the largest finite number"},
			{train.Config{LearningRate: 1, Steps: 1, MaxLoss: math.NaN()}, "MaxLoss is NaN: it"},
			{train.Config{LearningRate: 1, Steps: 1, Start: map[string]any{"w": 1.0}}, `Start: there is no parameter "w"; the parameters are theta`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta([]float64{1, 2, 3})}, `Start["theta"] has shape [3] where [2] is needed`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta(1.0)}, `Start["theta"] has shape [] where [2] is needed`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta([]float64{1, math.NaN()})}, `Start["theta"] is not finite in Float32`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta([]float64{1, 1e300})}, `Start["theta"] is not finite in Float32`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta("zero")}, `Start["theta"] cannot be a string: give a number, nested slices of numbers or a tensor`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta([]bool{true, false})}, `Start["theta"] cannot be of type Bool: give numbers`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta(nil)}, `Start["theta"] cannot be a <nil>`},
			{train.Config{LearningRate: 1, Steps: 1, Start: theta([][]float64{{1, 2}, {3}})}, `Start["theta"] cannot be a [][]float64`},
		} {
			h, err := trainer.Run(context.Background(), c.config)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, h)
		}
		require.Len(t, run(t, trainer, train.Config{LearningRate: 0.1, Steps: 1, Start: theta([]int{1, 2})}).Loss, 2)
	})
}

// fixed is a problem of the given data and loss.
type fixed struct {
	data []*tensors.Tensor
	loss func(scope *model.Scope, g *graph.Graph) *graph.Node
}

func (f fixed) Data() []*tensors.Tensor { return f.data }
func (f fixed) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	return f.loss(scope, g)
}

// deaf ignores the learning rate.
type deaf struct{ explode }

func (deaf) UpdateGraph(*model.Scope, *graph.Graph, *graph.Node) {}

func TestNewErrors(t *testing.T) {
	square := func(scope *model.Scope, g *graph.Graph) *graph.Node {
		return graph.Square(scope.VariableWithShape("theta", shapes.Make(dtypes.Float32)).NodeValue(g))
	}
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range []struct {
			data []*tensors.Tensor
			loss func(scope *model.Scope, g *graph.Graph) *graph.Node
			opt  optimizer.Interface
			want string
		}{
			{[]*tensors.Tensor{tensors.FromScalar(1.0)}, square, optim.GD(), "the data are empty: tensor 0"},
			{[]*tensors.Tensor{tensors.FromShape(shapes.Make(dtypes.Float32, 0, 3))}, square, optim.GD(), "the data are empty: tensor 0"},
			{[]*tensors.Tensor{tensors.FromValue([]float32{1, 2}), tensors.FromValue([]float32{1})}, square, optim.GD(), "tensor 1 of the problem's Data has 1 example and tensor 0 has 2"},
			{[]*tensors.Tensor{nil}, square, optim.GD(), "tensor 0 of the problem's Data is nil"},
			{[]*tensors.Tensor{tensors.FromValue([][]float64{{1, 2}, {3, math.NaN()}, {4, 5}})}, square, optim.GD(), "tensor 0 of the problem's Data is not finite in example 1"},
			{[]*tensors.Tensor{tensors.FromValue([]float32{1, float32(math.Inf(-1))})}, square, optim.GD(), "not finite in example 1"},
			{nil, square, deaf{}, "the optimizer has no variable optimizers/learning_rate"},
			{nil, func(scope *model.Scope, g *graph.Graph) *graph.Node { return graph.Const(g, float32(1)) }, optim.GD(), "the problem's Loss makes no trainable variable"},
			{nil, func(scope *model.Scope, g *graph.Graph) *graph.Node { return nil }, optim.GD(), "must return a scalar of type float32 or float64"},
			{nil, func(scope *model.Scope, g *graph.Graph) *graph.Node {
				return graph.ExpandAxes(square(scope, g), 0)
			}, optim.GD(), "must return a scalar of type float32 or float64"},
			{nil, func(scope *model.Scope, g *graph.Graph) *graph.Node { panic("no such layer") }, optim.GD(), "building a training step: no such layer"},
			{nil, square, nil, "one of them is nil"},
		} {
			trainer, err := train.New(backend, fixed{c.data, c.loss}, c.opt, train.Record{})
			require.ErrorContains(t, err, c.want)
			require.Nil(t, trainer)
		}
	})
}
