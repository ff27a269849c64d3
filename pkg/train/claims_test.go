package train_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	gomlx "github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// TestClaimG1OneStepOfAQuadratic: θ₁ = θ₀ − η∇L(θ₀) by hand, where ∇L = λ(θ − c), by autodiff and by the trainer.
// The tolerance is rounding: a few units in the last place of numbers of size 10.
func TestClaimG1OneStepOfAQuadratic(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float32: 4e-6, dtypes.Float64: 1e-14} {
			b := &bowl{dtype: dtype, curvature: []float64{1, 4, 9.5}, centre: []float64{1, -2, 0.3}}
			theta, rate := []float64{-1, 1, 0.7}, 0.13
			byHand := make([]float64, len(theta))
			for i := range theta {
				byHand[i] = theta[i] - rate*b.curvature[i]*(theta[i]-b.centre[i])
			}
			start := map[string]any{"theta": theta}
			h := run(t, newTrainer(t, backend, b, optim.GD(), everything), train.Config{LearningRate: rate, Steps: 1, Start: start})
			require.InDeltaSlice(t, byHand, byAutodiff(t, backend, b, h, rate), tolerance)
			require.InDeltaSlice(t, byHand, h.Final, tolerance)
		}
	})
}

// TestClaimG1OneStepOfANet: the same on a net with one hidden layer of ReLUs, by hand with the chain rule. The
// tolerance is rounding in sums over 20 examples.
func TestClaimG1OneStepOfANet(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float32: 2e-6, dtypes.Float64: 1e-14} {
			p, rate := &net{dtype: dtype, hidden: 5, n: 20}, 0.3
			h := run(t, newTrainer(t, backend, p, optim.GD(), everything), train.Config{LearningRate: rate, Steps: 1, Seed: 4})
			byHand := p.stepByHand(h.Params[0], rate)
			require.InDeltaSlice(t, byHand, byAutodiff(t, backend, p, h, rate), tolerance)
			require.InDeltaSlice(t, byHand, h.Final, tolerance)
			for i := range byHand[10:] { // the output layer at least has moved
				require.Greater(t, abs(byHand[10+i]-h.Params[0][10+i]), 1000*tolerance)
			}
		}
	})
}

// stepByHand is θ − η∇L for f(x) = c + Σ vⱼ max(0, wⱼx + bⱼ) and θ = (b, w, c, v). With the residual
// rᵢ = (f(xᵢ) − yᵢ)/n: ∂L/∂c = Σ rᵢ, ∂L/∂vⱼ = Σ rᵢhᵢⱼ, ∂L/∂bⱼ = Σ rᵢvⱼ[hᵢⱼ > 0], ∂L/∂wⱼ = Σ rᵢvⱼ[hᵢⱼ > 0]xᵢ.
func (p *net) stepByHand(theta []float64, rate float64) []float64 {
	d := p.hidden
	b, w, c, v := theta[:d], theta[d:2*d], theta[2*d], theta[2*d+1:]
	gradient := make([]float64, len(theta))
	var x, y []float64
	for i, column := range []*[]float64{&x, &y} {
		p.Data()[i].MustConstFlatData(func(flat any) {
			switch flat := flat.(type) {
			case []float64:
				*column = append(*column, flat...)
			case []float32:
				for _, f := range flat {
					*column = append(*column, float64(f))
				}
			}
		})
	}
	for i := range x {
		f, h := c, make([]float64, d)
		for j := range h {
			h[j] = max(0, w[j]*x[i]+b[j])
			f += v[j] * h[j]
		}
		r := (f - y[i]) / float64(p.n)
		gradient[2*d] += r
		for j := range h {
			gradient[2*d+1+j] += r * h[j]
			if h[j] > 0 {
				gradient[j] += r * v[j]
				gradient[d+j] += r * v[j] * x[i]
			}
		}
	}
	next := make([]float64, len(theta))
	for i := range next {
		next[i] = theta[i] - rate*gradient[i]
	}
	return next
}

// byAutodiff is θ − η∇L with GoMLX's gradient of the loss and nothing of this package, θ being where the history
// starts.
func byAutodiff(t *testing.T, backend compute.Backend, p problem.Problem, h *train.History, rate float64) []float64 {
	t.Helper()
	store, order := storeAt(t, p, h), h.Parameters
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, batch []*graph.Node) []*graph.Node {
		g := graphOf(batch)
		loss := p.Loss(scope, g, batch[1:])
		var thetas []*graph.Node
		for _, o := range order {
			thetas = append(thetas, store.GetVariable("/"+o.Name).NodeValue(g))
		}
		return graph.Gradient(loss, thetas...)
	})
	require.NoError(t, err)
	inputs := []any{float32(0)} // a first input, as a problem without data has none
	for _, x := range p.Data() {
		clone, err := x.LocalClone()
		require.NoError(t, err)
		inputs = append(inputs, clone)
	}
	gradients, err := exec.Exec(inputs...)
	require.NoError(t, err)
	next := append([]float64(nil), h.Params[0]...)
	i := 0
	for _, g := range gradients {
		for _, f := range flat(g) {
			next[i] -= rate * f
			i++
		}
	}
	return next
}

// TestClaimG1WholeRun: a whole run is what GoMLX's own trainer does, step by step, on the same full batch, for
// GoMLX's SGD (without and with its decay) and Adam. The losses are float32 sums of the same terms, which the two
// programs may add in another order; over 200 steps that stays within 10⁻⁵ of them.
func TestClaimG1WholeRun(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for name, c := range map[string]struct {
			rule func(rate float64) optimizer.Interface // a fresh one with its rate fixed, for GoMLX's trainer
			ours optimizer.Interface
			rate float64
		}{
			"GD": {func(rate float64) optimizer.Interface {
				return optimizer.StochasticGradientDescent().WithDecay(false).WithLearningRate(rate)
			}, optim.GD(), 0.2},
			"SGD with decay": {func(rate float64) optimizer.Interface {
				return optimizer.StochasticGradientDescent().WithLearningRate(rate)
			}, optimizer.StochasticGradientDescent(), 0.5},
			"Adam": {func(rate float64) optimizer.Interface { return optimizer.Adam().LearningRate(rate).Done() }, optimizer.Adam().Done(), 0.01},
		} {
			p := &net{dtype: dtypes.Float32, hidden: 16, n: 32}
			h := run(t, newTrainer(t, backend, p, c.ours, everything), train.Config{LearningRate: c.rate, Steps: 200, Seed: 9})
			store := storeAt(t, p, h)
			trainer := gomlx.NewTrainer(backend, store,
				func(scope *model.Scope, x *graph.Node) *graph.Node { return p.predict(scope, x) },
				func(labels, predictions []*graph.Node) *graph.Node { return halfMeanSquare(predictions[0], labels[0]) },
				c.rule(c.rate), nil, nil)
			equal := 0
			for step := range 200 {
				x, err := p.Data()[0].LocalClone()
				require.NoError(t, err)
				y, err := p.Data()[1].LocalClone()
				require.NoError(t, err)
				metrics, err := trainer.TrainStep(gomlx.Batch{Inputs: []*tensors.Tensor{x}, Labels: []*tensors.Tensor{y}})
				require.NoError(t, err)
				loss := float64(tensors.ToScalar[float32](metrics[0]))
				require.InEpsilon(t, loss, h.Loss[step], 1e-5, "%s, step %d", name, step)
				if loss == h.Loss[step] {
					equal++
				}
			}
			t.Logf("%s: %d of 200 losses equal bit for bit; loss %.6f → %.6f", name, equal, h.Loss[0], h.Loss[200])
			var theirs []float64
			for _, o := range h.Parameters {
				theirs = append(theirs, flat(store.GetVariable("/"+o.Name).MustValue())...)
			}
			require.InDeltaSlice(t, theirs, h.Final, 2e-5, name)
			require.Less(t, h.Loss[200], 0.5*h.Loss[0], "%s has trained", name)
		}
	})
}

// storeAt is a new GoMLX store whose parameters are those where the history starts.
func storeAt(t *testing.T, p problem.Problem, h *train.History) *model.Store {
	t.Helper()
	store := model.NewStore()
	rest := h.Params[0]
	for _, o := range h.Parameters {
		value, err := h.Value(o.Name) // for its shape and type
		require.NoError(t, err)
		n := value.Size()
		value.MustMutableFlatData(func(to any) {
			switch to := to.(type) {
			case []float64:
				copy(to, rest[:n])
			case []float32:
				copy(to, as(dtypes.Float32, rest[:n]).([]float32))
			}
		})
		rest = rest[n:]
		_, err = store.CreateVariable("/"+o.Name, value)
		require.NoError(t, err)
	}
	return store
}

func graphOf(nodes []*graph.Node) *graph.Graph { return nodes[0].Graph() }

func flat(x *tensors.Tensor) (values []float64) {
	x.MustConstFlatData(func(data any) {
		switch data := data.(type) {
		case []float64:
			values = append(values, data...)
		case []float32:
			for _, f := range data {
				values = append(values, float64(f))
			}
		}
	})
	return values
}

func abs(x float64) float64 { return max(x, -x) }
