package wasm_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/wasm"
)

// TestSort sorts lines of keys, many of them equal, with their numbers, and holds them against package slices: by a comparator that
// multiplies by what lies outside, so that one graph sorts upwards and downwards.
func TestSort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := wasm.New()
	for _, c := range []struct {
		dims []int
		axis int
	}{{[]int{1}, 0}, {[]int{7}, 0}, {[]int{64}, -1}, {[]int{3, 1000}, 1}, {[]int{33, 5}, 0}, {[]int{2, 9, 3}, 1}, {[]int{4, 0}, 1}} {
		t.Run(fmt.Sprint(c.dims, c.axis), func(t *testing.T) {
			keys := shapes.Make(dtypes.Float64, c.dims...)
			at := (c.axis + len(c.dims)) % len(c.dims)
			g := b.Builder("sort")
			f := g.Main()
			x, err := f.Parameter("keys", keys, nil)
			require.NoError(t, err)
			factor, err := f.Parameter("factor", shapes.Make(dtypes.Float64), nil)
			require.NoError(t, err)
			number, err := f.Iota(shapes.Make(dtypes.Int8, c.dims...), at)
			require.NoError(t, err)
			less, err := f.Closure()
			require.NoError(t, err)
			var in []compute.Value
			for i, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float64, dtypes.Int8, dtypes.Int8} {
				p, err := less.Parameter(fmt.Sprint(i), shapes.Make(dtype), nil)
				require.NoError(t, err)
				in = append(in, p)
			}
			left, err := less.Mul(in[0], factor)
			require.NoError(t, err)
			right, err := less.Mul(in[1], factor)
			require.NoError(t, err)
			is, err := less.LessThan(left, right)
			require.NoError(t, err)
			require.NoError(t, less.Return([]compute.Value{is}, nil))
			out, err := f.Sort(less, c.axis, true, x, number)
			require.NoError(t, err)
			require.NoError(t, f.Return(out, nil))
			e, err := g.Compile()
			require.NoError(t, err)
			defer e.Finalize()

			flat := make([]float64, keys.Size())
			for i := range flat {
				flat[i] = float64(r.IntN(20))
			}
			for _, sign := range []float64{1, -1} {
				wantKeys, wantNumbers := sorted(flat, c.dims, at, sign)
				k, err := b.BufferFromFlatData(0, flat, keys)
				require.NoError(t, err)
				s, err := b.BufferFromFlatData(0, []float64{sign}, shapes.Make(dtypes.Float64))
				require.NoError(t, err)
				got, err := e.Execute([]compute.Buffer{k, s}, nil, 0)
				require.NoError(t, err)
				gotKeys, gotNumbers := make([]float64, len(flat)), make([]int8, len(flat))
				require.NoError(t, got[0].ToFlatData(gotKeys))
				require.NoError(t, got[1].ToFlatData(gotNumbers))
				require.Equal(t, wantKeys, gotKeys)
				require.Equal(t, wantNumbers, gotNumbers)
			}
		})
	}
}

// sorted are the keys in the order of sign times them, along an axis, and the low bytes of the places that they come from.
func sorted(keys []float64, dims []int, axis int, sign float64) ([]float64, []int8) {
	inner := 1
	for _, d := range dims[axis+1:] {
		inner *= d
	}
	out, numbers := make([]float64, len(keys)), make([]int8, len(keys))
	for first := range len(keys) / max(1, dims[axis]) {
		start := first/inner*inner*dims[axis] + first%inner
		order := make([]int, dims[axis])
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(sign*keys[start+i*inner], sign*keys[start+j*inner]) })
		for i, from := range order {
			out[start+i*inner], numbers[start+i*inner] = keys[start+from*inner], int8(from)
		}
	}
	return out, numbers
}
