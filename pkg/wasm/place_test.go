package wasm_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/wasm"
)

// TestScatterKeepsItsOperand: a kernel between an array and its scatter writes elsewhere, whether the array is a view or uniform.
func TestScatterKeepsItsOperand(t *testing.T) {
	b := wasm.New()
	g := b.Builder("scatter")
	f := g.Main()
	keep := func(v compute.Value, err error) compute.Value {
		require.NoError(t, err)
		return v
	}
	p := keep(f.Parameter("p", shapes.Make(dtypes.Float32, 2, 4), nil))
	q := keep(f.Parameter("q", shapes.Make(dtypes.Float32, 1, 2, 3), nil))
	starts := keep(f.Constant([]int32{3}, 1, 1))
	add := func(x, updates compute.Value) compute.Value {
		return keep(f.ScatterSum(x, starts, updates, 1, []int{1}, []int{0}, []int{0}, false, false))
	}
	view := add(keep(f.Transpose(p, 1, 0)), keep(f.ReduceSum(q, 2)))
	uniform := add(keep(f.Constant(make([]float32, 8), 4, 2)), keep(f.ReduceMax(q, 2)))
	require.NoError(t, f.Return([]compute.Value{view, uniform}, nil))
	e, err := g.Compile()
	require.NoError(t, err)
	defer e.Finalize()
	of := func(shape shapes.Shape, flat ...float32) compute.Buffer {
		x, err := b.BufferFromFlatData(0, flat, shape)
		require.NoError(t, err)
		return x
	}
	in := []compute.Buffer{
		of(shapes.Make(dtypes.Float32, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8), of(shapes.Make(dtypes.Float32, 1, 2, 3), 10, 20, 30, 100, 200, 300),
	}
	out, err := e.Execute(in, nil, 0)
	require.NoError(t, err)
	for i, want := range [][]float32{{1, 5, 2, 6, 3, 7, 64, 608}, {0, 0, 0, 0, 0, 0, 30, 300}} {
		got := make([]float32, 8)
		require.NoError(t, out[i].ToFlatData(got))
		require.Equal(t, want, got)
	}
}
