//go:build !js

package train

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/wasm"
)

// What a page draws on package wasm, from a state that graphs pass on and split, is what GoMLX's Go backend draws.
func TestPagesDrawWhatNotebooksDraw(t *testing.T) {
	if !wasm.Compiles() {
		t.Skip("WebAssembly is not compiled on this processor")
	}
	const seed = 7
	draw := func(backend compute.Backend) (drawn [][]float64) {
		exec, err := graph.NewExec(backend, func(state *graph.Node) []*graph.Node {
			left, right := graph.RNGStateSplit(state)
			left, uniform := graph.RandomUniform(left, shapes.Make(dtypes.Float32, 7, 3))
			_, normal := graph.RandomNormal(right, shapes.Make(dtypes.Float64, 5))
			_, again := graph.RandomUniform(left, shapes.Make(dtypes.Float64, 9))
			return []*graph.Node{graph.ConvertDType(uniform, dtypes.Float64), normal, again}
		})
		require.NoError(t, err)
		first, err := graph.RNGStateFromSeed(seed)
		require.NoError(t, err)
		results, err := exec.Call(first)
		require.NoError(t, err)
		for _, result := range results {
			drawn = append(drawn, tensors.MustCopyFlatData[float64](result))
		}
		return drawn
	}
	theirs, err := goBackend()
	require.NoError(t, err)
	want, got := draw(theirs), draw(&wasm.Backend{LikeGo: true})
	for i := range want {
		require.InDeltaSlice(t, want[i], got[i], 1e-12)
	}
}
