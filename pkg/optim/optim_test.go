package optim_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	gomlx "github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/optim"
	"descent.example/pkg/train"
)

// linear is L(θ) = c·θ, whose gradient is c everywhere: from θ = 0, one parameter for each part of c.
func linear(dtype dtypes.DType, c ...[]float64) loss {
	start := make([]any, len(c))
	for i := range c {
		start[i] = make([]float64, len(c[i]))
	}
	return loss{start: start, dtype: dtype, of: func(p []*graph.Node) *graph.Node {
		sum := graph.DotProduct(like(p[0], c[0]), p[0])
		for i := 1; i < len(p); i++ {
			sum = graph.Add(sum, graph.DotProduct(like(p[i], c[i]), p[i]))
		}
		return sum
	}}
}

// The rate of GD is constant; that of GoMLX's StochasticGradientDescent falls as 1/√t unless told otherwise.
func TestGDIsConstant(t *testing.T) {
	for _, backend := range backends(t) {
		steps := func(rule optimizer.Interface) (taken []float64) {
			theta := params(t, backend, linear(dtypes.Float64, []float64{1}), rule, 0.25, 100)
			for i := 1; i < len(theta); i++ {
				taken = append(taken, theta[i-1][0]-theta[i][0])
			}
			return taken
		}
		for i, step := range steps(optim.GD()) {
			require.InDelta(t, 0.25, step, 1e-12, "step %d", i+1)
		}
		for i, step := range steps(optimizer.StochasticGradientDescent()) {
			require.InDelta(t, 0.25/math.Sqrt(float64(i+1)), step, 1e-12, "the trap, step %d", i+1)
		}
	}
}

// What the package says of GoMLX's Adam and RMSProp: the first is right; the second corrects its bias, so that its
// first step has length η, where PyTorch's and optax's has η/√(1−α).
func TestGoMLXsAdamAndRMSProp(t *testing.T) {
	backend := backends(t)[1]
	theirs := params(t, backend, problems["net"], optimizer.Adam().Epsilon(1e-8).WeightDecay(0.1).Done(), 0.01, 100)
	ours := params(t, backend, problems["net"], must(optim.AdamW(0.1)), 0.01, 100)
	both := must(optim.With(optimizer.Adam().Epsilon(1e-8).Done(), optim.DecoupledWeightDecay(0.1)))
	for i, theta := range params(t, backend, problems["net"], both, 0.01, 100) {
		require.InDeltaSlice(t, theirs[i], ours[i], 1e-11)
		require.InDeltaSlice(t, theirs[i], theta, 1e-11)
	}
	slope := linear(dtypes.Float64, []float64{3})
	require.InDelta(t, -0.01, params(t, backend, slope, optimizer.RMSProp().Done(), 0.01, 1)[1][0], 1e-8)
	require.InDelta(t, -0.1, params(t, backend, slope, must(optim.RMSProp()), 0.01, 1)[1][0], 1e-8)
}

// all is every rule and option, with all their hyperparameters and another value for each.
var all = []struct {
	make  constructor
	other map[string]float64
}{
	{with(named("momentum"), optim.WeightDecay(0.1), optim.Clip(1), optim.L1(0.01)),
		map[string]float64{"momentum": 0.5, "weight_decay": 0.3, "max_norm": 0.5, "l1": 0.05}},
	{with(named("Nesterov"), optim.DecoupledWeightDecay(0.1), optim.Average(10)),
		map[string]float64{"momentum": 0.5, "weight_decay": 0.3, "average_from": 30}},
	{optim.RMSProp, map[string]float64{"decay": 0.9, "epsilon": 0.1}},
	{named("adamw"), map[string]float64{"beta1": 0.5, "beta2": 0.9, "epsilon": 0.1, "weight_decay": 0.3}},
	{func(options ...optim.Option) (optimizer.Interface, error) { // GoMLX's own
		return optim.With(optimizer.Adam().Done(), append([]optim.Option{optim.L1(0.01)}, options...)...)
	}, map[string]float64{"l1": 0.05}},
}

// Another value of a hyperparameter, given to the run, is what the constructor would have made of it, to the last bit,
// and compiles nothing: the graph is built twice in all, for the variables and for the program.
func TestANewValueCompilesNothing(t *testing.T) {
	for _, backend := range backends(t) {
		for _, rule := range all {
			builds := 0
			bowl := problems["quadratic"].as(dtypes.Float32)
			bowl.builds = &builds
			trainer := newTrainer(t, backend, bowl, must(rule.make()), train.Record{Params: true})
			c := train.Config{LearningRate: 0.005, Steps: 50}
			usual := run(t, trainer, c)
			var options []optim.Option
			for name, value := range rule.other {
				c.Hyper = map[string]float64{name: value}
				h := run(t, trainer, c)
				averaged, err := h.Value("optimizers/average/p0")
				if name == "average_from" {
					require.NoError(t, err)
					usually, err := usual.Value("optimizers/average/p0")
					require.NoError(t, err)
					require.NotEqual(t, usually.Value(), averaged.Value())
				} else {
					require.NotEqual(t, usual.Final, h.Final, name)
				}
				options = append(options, optim.Hyper(name, value))
			}
			c.Hyper = rule.other
			h := run(t, trainer, c)
			require.Equal(t, 2, builds)
			c.Hyper = nil
			made := run(t, newTrainer(t, backend, bowl, must(rule.make(options...)), train.Record{Params: true}), c)
			require.Equal(t, made.Params, h.Params, "%v", rule.other)
		}
	}
}

// GoMLX's own trainer goes the same way, one step a call; there a new value of a variable compiles nothing either.
// Clear leaves the learning rate alone.
func TestGoMLXsTrainer(t *testing.T) {
	for _, backend := range backends(t) {
		for _, rule := range all {
			builds := 0
			bowl := problems["quadratic"].as(dtypes.Float32)
			bowl.builds = &builds
			store := model.NewStore()
			store.SetParam(optimizer.ParamLearningRate, 0.005)
			loss := func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
				gomlx.AddMainLoss(bowl.Loss(scope, inputs[0].Graph(), nil))
				return nil
			}
			opt := must(rule.make())
			trainer := gomlx.NewTrainer(backend, store, loss, nil, opt, nil, nil)
			steps := func(n int) (theta []float64) {
				for range n {
					batch := gomlx.Batch{Inputs: []*tensors.Tensor{tensors.FromValue([]float32{0})}} // of no use
					_, err := trainer.TrainStep(batch)
					require.NoError(t, err)
				}
				for i := range bowl.start {
					value := store.GetVariable(fmt.Sprintf("/p%d", i)).MustValue()
					for _, x := range tensors.MustCopyFlatData[float32](value) {
						theta = append(theta, float64(x))
					}
				}
				return theta
			}
			want := params(t, backend, bowl, opt, 0.005, 20)
			require.InDeltaSlice(t, want[20], steps(20), 1e-6)
			require.EqualValues(t, 20, optimizer.GetGlobalStep(store))

			built := builds
			for name, value := range rule.other {
				require.NoError(t, store.GetVariable("/optimizers/"+name).SetValue(tensors.FromScalar(value)), name)
			}
			steps(1)
			require.Equal(t, built, builds)

			require.NoError(t, opt.Clear(store.RootScope()))
			for v := range store.IterVariables() {
				if v.Name() != optimizer.ParamLearningRate {
					require.NotRegexp(t, "^/(optimizers|AdamOptimizer)/", v.Path())
				}
			}
		}
	}
}

// mixed is linear with c = (1, 2), −3, whose parameters have two types and whose loss has the one given.
type mixed struct{ dtype dtypes.DType }

func (mixed) Data() []*tensors.Tensor { return nil }

func (m mixed) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	a := graph.DotProduct(graph.Const(g, []float32{1, 2}), scope.VariableWithValue("p0", []float32{0, 0}).NodeValue(g))
	b := graph.DotProduct(graph.Const(g, []float64{-3}), scope.VariableWithValue("p1", []float64{0}).NodeValue(g))
	return graph.Add(graph.ConvertDType(a, m.dtype), graph.ConvertDType(b, m.dtype))
}

// Parameters of both types in one model, whose loss is of either.
func TestMixedTypes(t *testing.T) {
	chosen, plain := backends(t)[0], backends(t)[1]
	for _, rule := range all {
		want := params(t, plain, linear(dtypes.Float64, []float64{1, 2}, []float64{-3}), must(rule.make()), 0.05, 5)
		for _, got := range [][][]float64{
			params(t, chosen, mixed{dtypes.Float32}, must(rule.make()), 0.05, 5),
			params(t, plain, mixed{dtypes.Float32}, must(rule.make()), 0.05, 5),
			params(t, plain, mixed{dtypes.Float64}, must(rule.make()), 0.05, 5),
		} {
			for i := range want {
				require.InDeltaSlice(t, want[i], got[i], 1e-6)
			}
		}
	}
}

// GoMLX's own settings hold: a step is clipped, NaNs in the gradient are dropped.
func TestGoMLXsSettings(t *testing.T) {
	backend := backends(t)[1]
	for _, name := range optim.Names() {
		store := model.NewStore()
		store.SetParams(map[string]any{
			optimizer.ParamLearningRate: 0.5, optimizer.ParamClipStepByValue: 0.1, optimizer.ParamClipNaN: true,
		})
		slopes := linear(dtypes.Float64, []float64{3, -4}, []float64{math.NaN(), 1})
		exec, err := model.NewExec(backend, store, func(scope *model.Scope, g *graph.Graph) *graph.Node {
			l := slopes.Loss(scope, g, nil)
			must(optim.ByName(name)).UpdateGraph(scope, g, l)
			return l
		})
		require.NoError(t, err)
		_, err = exec.Call()
		require.NoError(t, err)
		require.InDeltaSlice(t, []float64{-0.1, 0.1}, store.GetVariable("/p0").MustValue().Value(), 1e-15, name)
		got := store.GetVariable("/p1").MustValue().Value().([]float64)
		require.Zero(t, got[0], name)
		for v := range store.IterVariables() { // nor does a rule remember one
			if remembered, ok := v.MustValue().Value().([]float64); ok {
				require.False(t, slices.ContainsFunc(remembered, math.IsNaN), "%s, %s", name, v.Path())
			}
		}
	}
}

// What cannot be is an error that names the argument.
func TestErrors(t *testing.T) {
	first := func(_ optimizer.Interface, err error) error { return err }
	nan, inf := math.NaN(), math.Inf(1)
	const averageLast = "Average stands before another option, whose effect it would miss: give it last"
	averaging, clipped := must(optim.Adam(optim.Average(1))), must(optim.Adam(optim.Clip(1)))
	for _, c := range []struct {
		err  error
		want string
	}{
		{first(optim.HeavyBall(1.5)), "momentum … 1.5 … 0 … 1"},
		{first(optim.HeavyBall(1)), "momentum … 1 … 0"},
		{first(optim.HeavyBall(-0.1)), "momentum … -0.1 … 0 … 1"},
		{first(optim.Nesterov(nan)), "momentum … NaN … 0 … 1"},
		{first(optim.AdamW(-1)), "weight_decay … -1 … 0"},
		{first(optim.Adam(optim.Hyper("beta2", 1))), "beta2 … 1 … 0"},
		{first(optim.Adam(optim.Hyper("epsilon", 0))), "epsilon … 0"},
		{first(optim.Adam(optim.Hyper("beta3", 0))),
			`Hyper … "beta3" … beta1 … beta2 … epsilon`},
		{first(optim.With(optim.GD(), optim.Hyper("momentum", 0))),
			`Hyper … "momentum" … none`},
		{first(optim.RMSProp(optim.L1(inf))), "l1 … +Inf … 0"},
		{first(optim.With(optim.GD(), optim.Clip(0))), "max_norm … 0"},
		{first(optim.With(optim.GD(), optim.Average(-1))),
			"average_from … -1 … 0"},
		{first(optim.With(optim.GD(), optim.Average(1), optim.L1(1))), averageLast},
		{first(optim.With(averaging, optim.L1(1))), averageLast},
		{first(optim.AdamW(0.1, optim.WeightDecay(1))), "weight_decay … twice"},
		{first(optim.With(clipped, optim.Clip(2))), "max_norm … twice"},
		{first(optim.With(nil, optim.Clip(1))),
			"UpdateGraphWithGradients … nil"},
		{first(optim.ByName("sgdd")),
			`name … "sgdd" … SGD … momentum … Nesterov … RMSProp … Adam … AdamW`},
	} {
		says.All(t, c.err, c.want)
	}
}
