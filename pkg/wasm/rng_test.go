package wasm_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/wasm"
)

// TestRandomBits holds random bits, and the state after them, against those of the Go backend, and against XLA's.
func TestRandomBits(t *testing.T) {
	others := map[*wasm.Backend]compute.Backend{{LikeGo: true}: plainGo(t)}
	if accel.Platform() == "xla:cpu" {
		xla, err := accel.Open()
		require.NoError(t, err)
		others[wasm.New()] = xla
	}
	bits := func(b compute.Backend, state []uint64, shape shapes.Shape) (next []uint64, flat any) {
		g := b.Builder("bits")
		p, err := g.Main().Parameter("state", compute.RNGStateShape, nil)
		require.NoError(t, err)
		after, x, err := g.Main().RNGBitGenerator(p, shape)
		require.NoError(t, err)
		require.NoError(t, g.Main().Return([]compute.Value{after, x}, nil))
		e, err := g.Compile()
		require.NoError(t, err)
		defer e.Finalize()
		in, err := b.BufferFromFlatData(0, state, compute.RNGStateShape)
		require.NoError(t, err)
		out, err := e.Execute([]compute.Buffer{in}, nil, 0)
		require.NoError(t, err)
		next, flat = make([]uint64, 3), dtypes.MakeAnySlice(shape.DType, shape.Size())
		require.NoError(t, out[0].ToFlatData(next))
		require.NoError(t, out[1].ToFlatData(flat))
		return next, flat
	}
	for _, state := range [][]uint64{{1, 2, 3}, {0xfedcba9876543210, 1<<64 - 2, 7}, {5, 1<<64 - 1, 1<<64 - 1}} {
		for _, shape := range []shapes.Shape{shapes.Make(dtypes.Uint32, 1), shapes.Make(dtypes.Uint32, 3, 7), shapes.Make(dtypes.Uint64, 5),
			shapes.Make(dtypes.Int32, 64), shapes.Make(dtypes.Uint64, 2, 8), shapes.Make(dtypes.Uint8, 21), shapes.Make(dtypes.Int16, 3, 3),
			shapes.Make(dtypes.Uint32, 0), shapes.Make(dtypes.Int16, 3, 0)} {
			for b, other := range others {
				next, flat := bits(b, state, shape)
				wantNext, want := bits(other, state, shape)
				require.Equal(t, want, flat, shape)
				used := 3
				if b.LikeGo { // the Go backend sets no third word
					used = 2
				}
				require.Equal(t, wantNext[:used], next[:used], shape)
			}
		}
	}
}
