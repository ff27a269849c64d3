package wasm_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/wasm"
)

// TestSumAfterLoops adds numbers up in a function that has had many values in loops before.
func TestSumAfterLoops(t *testing.T) {
	b := wasm.New()
	g := b.Builder("sum")
	f := g.Main()
	parameter := func(dims ...int) compute.Value {
		p, err := f.Parameter("x", shapes.Make(dtypes.Float64, dims...), nil)
		require.NoError(t, err)
		return p
	}
	numbers, err := f.Parameter("numbers", shapes.Make(dtypes.Float32, 13), nil)
	require.NoError(t, err)
	x, dy := parameter(4, 1, 3), parameter(4, 1, 3)
	var outputs []compute.Value
	for range 2 {
		scale, offset, mean, variance := parameter(1), parameter(1), parameter(1), parameter(1)
		y, err := f.BatchNormForInference(x, scale, offset, mean, variance, 0.125, 1)
		require.NoError(t, err)
		dx, dScale, _, err := f.BatchNormGradient(x, scale, mean, variance, dy, 0.125, 1)
		require.NoError(t, err)
		z, _, _, err := f.BatchNormForTraining(x, scale, offset, 0.125, 1)
		require.NoError(t, err)
		outputs = append(outputs, y, dx, dScale, z)
	}
	sum, err := f.ReduceSum(numbers, 0)
	require.NoError(t, err)
	require.NoError(t, f.Return(append(outputs, sum), nil))
	e, err := g.Compile()
	require.NoError(t, err)
	defer e.Finalize()
	_, in := e.Inputs()
	var inputs []compute.Buffer
	for _, s := range in {
		x, flat, err := b.NewSharedBuffer(0, s)
		require.NoError(t, err)
		if numbers, ok := flat.([]float32); ok {
			copy(numbers, []float32{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096})
		}
		inputs = append(inputs, x)
	}
	out, err := e.Execute(inputs, nil, 0)
	require.NoError(t, err)
	got := make([]float32, 1)
	require.NoError(t, out[len(outputs)].ToFlatData(got))
	require.Equal(t, float32(8191), got[0])
}
