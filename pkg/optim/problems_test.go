package optim_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
	"descent.example/pkg/wasm"
)

// A loss of parameters p0, p1, … without data.
type loss struct {
	start  []any // the parameters' values, of float64
	of     func(p []*graph.Node) *graph.Node
	dtype  dtypes.DType
	builds *int // how often its graph was built, if not nil
}

func (l loss) Data() []*tensors.Tensor { return nil }

func (l loss) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	if l.builds != nil {
		*l.builds++
	}
	p := make([]*graph.Node, len(l.start))
	for i, start := range l.start {
		p[i] = scope.VariableWithValue(fmt.Sprintf("p%d", i), shapes.CastAsDType(start, l.dtype)).NodeValue(g)
	}
	return l.of(p)
}

func (l loss) as(dtype dtypes.DType) loss {
	l.dtype = dtype
	return l
}

// like is a constant of x's type.
func like(x *graph.Node, value any) *graph.Node {
	return graph.Const(x.Graph(), shapes.CastAsDType(value, x.DType()))
}

// The problems of testdata/trajectories.py.
var problems = map[string]loss{
	"quadratic": {start: []any{[]float64{1, -1, 2}}, dtype: dtypes.Float64, of: func(p []*graph.Node) *graph.Node {
		h := like(p[0], [][]float64{{60, 20, -10}, {20, 7, -3}, {-10, -3, 3}})
		b := like(p[0], []float64{1, -2, 3})
		half := graph.MulScalar(graph.DotProduct(p[0], graph.DotProduct(h, p[0])), 0.5)
		return graph.Sub(half, graph.DotProduct(b, p[0]))
	}},
	"rosenbrock": {start: []any{[]float64{-1.2, 1}}, dtype: dtypes.Float64, of: func(p []*graph.Node) *graph.Node {
		x := graph.Slice(p[0], graph.AxisElem(0))
		y := graph.Slice(p[0], graph.AxisElem(1))
		valley := graph.MulScalar(graph.Square(graph.Sub(y, graph.Square(x))), 100)
		return graph.ReduceAllSum(graph.Add(graph.Square(graph.OneMinus(x)), valley))
	}},
	"net": {
		start: []any{
			[][]float64{{1, -1.5, 0.7, -0.4}}, []float64{0.15, 0.4, -0.2, 0.3},
			[][]float64{{0.8}, {-0.6}, {1.2}, {0.5}}, []float64{0.05},
		},
		dtype: dtypes.Float64,
		of: func(p []*graph.Node) *graph.Node {
			x := like(p[0], [][]float64{{-1}, {-0.7}, {-0.4}, {-0.1}, {0.2}, {0.5}, {0.8}, {1}})
			y := like(p[0], [][]float64{{0.3}, {-0.6}, {0.9}, {0.1}, {-0.8}, {0.4}, {1.1}, {-0.2}})
			bias := func(b *graph.Node) *graph.Node { return graph.ExpandAxes(b, 0) }
			hidden := graph.Max(graph.Add(graph.MatMul(x, p[0]), bias(p[1])), like(x, 0))
			return graph.ReduceAllMean(graph.Square(graph.Sub(graph.Add(graph.MatMul(hidden, p[2]), bias(p[3])), y)))
		},
	},
}

// rules are those of testdata/trajectories.py.
var rules = map[string]constructor{
	"RMSProp, decay 0.9, epsilon 2": with(optim.RMSProp, optim.Hyper("decay", 0.9), optim.Hyper("epsilon", 2)),
	"Adam, beta1 0.8, beta2 0.95, epsilon 0.01": with(optim.Adam,
		optim.Hyper("beta1", 0.8), optim.Hyper("beta2", 0.95), optim.Hyper("epsilon", 0.01)),
	"Adam, weight decay 0.1":               with(optim.Adam, optim.WeightDecay(0.1)),
	"momentum, clip 0.5, weight decay 0.1": with(named("momentum"), optim.Clip(0.5), optim.WeightDecay(0.1)),
	"Nesterov, decoupled 0.1":              with(named("Nesterov"), optim.DecoupledWeightDecay(0.1)),
}

func init() {
	for _, name := range optim.Names() {
		rules[name] = named(name)
	}
}

// A constructor makes a rule with options.
type constructor = func(...optim.Option) (optimizer.Interface, error)

func named(name string) constructor {
	return func(options ...optim.Option) (optimizer.Interface, error) { return optim.ByName(name, options...) }
}

// with is the constructor with some options given.
func with(rule constructor, first ...optim.Option) constructor {
	return func(options ...optim.Option) (optimizer.Interface, error) {
		return rule(slices.Concat(first, options)...)
	}
}

// must passes on what a constructor returned.
func must(rule optimizer.Interface, err error) optimizer.Interface {
	if err != nil {
		panic(err)
	}
	return rule
}

// backends are the backend that the user chose and WebAssembly.
func backends(t *testing.T) []compute.Backend {
	chosen, err := accel.Open()
	require.NoError(t, err)
	return []compute.Backend{chosen, wasm.New()}
}

// newTrainer returns a trainer that the test closes.
func newTrainer(
	t *testing.T, backend compute.Backend, p problem.Problem, rule optimizer.Interface, record train.Record,
) *train.Trainer {
	t.Helper()
	trainer, err := train.New(backend, p, rule, record)
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

// params is θ_0, …, θ_steps of a run of the rule.
func params(
	t *testing.T, backend compute.Backend, p problem.Problem, rule optimizer.Interface, rate float64, steps int,
) [][]float64 {
	t.Helper()
	trainer := newTrainer(t, backend, p, rule, train.Record{Params: true})
	return run(t, trainer, train.Config{LearningRate: rate, Steps: steps}).Params
}
