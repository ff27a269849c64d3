package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/wasm"
)

// bowl is L(θ) = ½ Σ λᵢ(θᵢ − cᵢ)², whose gradient descent has a closed form: θᵢ(t) − cᵢ = (1 − ηλᵢ)^t (θᵢ(0) − cᵢ).
type bowl struct {
	dtype     dtypes.DType
	curvature []float64 // λ
	centre    []float64 // c
	builds    int       // how often its graph was built
}

func (b *bowl) Data() []*tensors.Tensor { return nil }

func (b *bowl) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	b.builds++
	theta := scope.VariableWithShape("theta", shapes.Make(b.dtype, len(b.curvature))).NodeValue(g)
	d := graph.Sub(theta, graph.Const(g, as(b.dtype, b.centre)))
	return graph.MulScalar(graph.ReduceAllSum(graph.Mul(graph.Const(g, as(b.dtype, b.curvature)), graph.Square(d))), 0.5)
}

// at is θ after t steps of gradient descent from start, in closed form.
func (b *bowl) at(t int, start []float64, rate float64) []float64 {
	theta := make([]float64, len(start))
	for i := range theta {
		theta[i] = b.centre[i] + math.Pow(1-rate*b.curvature[i], float64(t))*(start[i]-b.centre[i])
	}
	return theta
}

// loss is L in closed form.
func (b *bowl) loss(theta []float64) float64 {
	sum := 0.0
	for i, c := range b.centre {
		sum += b.curvature[i] * (theta[i] - c) * (theta[i] - c) / 2
	}
	return sum
}

// net is a GoMLX model with one hidden layer of ReLUs and the loss ½·mean (f(x) − y)² on n points of sin 3x in [−1, 1].
type net struct {
	dtype     dtypes.DType
	hidden, n int
	data      []*tensors.Tensor
}

func (p *net) Data() []*tensors.Tensor {
	if p.data == nil {
		x, y := make([]float64, p.n), make([]float64, p.n)
		for i := range x {
			x[i] = 2*float64(i)/float64(p.n-1) - 1
			y[i] = math.Sin(3 * x[i])
		}
		p.data = []*tensors.Tensor{column(p.dtype, x), column(p.dtype, y)}
	}
	return p.data
}

func (p *net) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	return halfMeanSquare(p.predict(scope, batch[0]), batch[1])
}

func (p *net) predict(scope *model.Scope, x *graph.Node) *graph.Node {
	h := activation.Relu(layers.Dense(scope.In("hidden"), x, true, p.hidden))
	return layers.Dense(scope.In("output"), h, true, 1)
}

func halfMeanSquare(prediction, y *graph.Node) *graph.Node {
	return graph.MulScalar(graph.ReduceAllMean(graph.Square(graph.Sub(prediction, y))), 0.5)
}

// as converts numbers to a slice of the type.
func as(dtype dtypes.DType, values []float64) any {
	if dtype == dtypes.Float64 {
		return values
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return narrow
}

func column(dtype dtypes.DType, values []float64) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, len(values), 1)
	}
	return tensors.FromFlatDataAndDimensions(as(dtype, values).([]float32), len(values), 1)
}

// eachBackend runs a test on the backend that the user chose and on WebAssembly.
func eachBackend(t *testing.T, test func(t *testing.T, backend compute.Backend)) {
	chosen, err := accel.Open()
	require.NoError(t, err)
	all := []compute.Backend{chosen, wasm.New()}
	if chosen.Name() == wasm.Name {
		all = all[:1]
	}
	for i, backend := range all {
		t.Run(fmt.Sprintf("%d-%s", i, backend.Name()), func(t *testing.T) { test(t, backend) })
	}
}
