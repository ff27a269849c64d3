package wasm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"
)

// computed is the result of a graph without parameters.
func computed(t *testing.T, b compute.Backend, graph func(f compute.Function) compute.Value) compute.Buffer {
	t.Helper()
	g := b.Builder("limits")
	out := graph(g.Main())
	require.NoError(t, g.Main().Return([]compute.Value{out}, nil))
	e, err := g.Compile()
	require.NoError(t, err)
	defer e.Finalize()
	outputs, err := e.Execute(nil, nil, 0)
	require.NoError(t, err)
	return outputs[0]
}

func needs[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

// Indices that float32 does not have are rounded, each on its own, forwards and backwards.
func TestLongIota(t *testing.T) {
	must := needs[compute.Value](t)
	const first, n = 1<<24 - 5, 70
	for _, step := range []int{1, -1, 3, -3} {
		out := computed(t, New(), func(f compute.Function) compute.Value {
			x := must(f.Iota(shapes.Make(dtypes.Float32, first+n), 0))
			if x = must(f.Slice(x, []int{first}, []int{first + n}, []int{max(step, -step)})); step < 0 {
				x = must(f.Reverse(x, 0))
			}
			return must(f.Mul(x, must(f.Constant([]float32{1}))))
		})
		got := needs[any](t)(out.Data()).([]float32)
		require.Len(t, got, (n-1)/max(step, -step)+1)
		for i, x := range got {
			want := first + step*i
			if step < 0 {
				want = first + step*(i-len(got)+1)
			}
			require.Equal(t, float32(want), x)
		}
	}
}

// A float64 becomes the nearest float16: it is not rounded to float32 before.
func TestHalfIsRoundedOnce(t *testing.T) {
	must := needs[compute.Value](t)
	xs := []float64{1 + 0x1p-11 + 0x1p-30, 1 + 0x1p-11 - 0x1p-40, 1 + 0x1p-11, 1 + 3*0x1p-11, 65519.999999999, 65520, 1e300, 5e-324, 0,
		math.Copysign(0, -1), 0x1p-25, 0x1p-25 + 0x1p-60, 0x1p-24*1.5 - 0x1p-70, math.Inf(1), math.NaN()}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 { // near what lies between two float16
		h := float16.Float16(r.IntN(0x7bff))
		middle := (float64(h.Float32()) + float64((h + 1).Float32())) / 2
		xs = append(xs, middle, middle*(1+0x1p-35), middle*(1-0x1p-35), middle*(1+0x1p-52), r.NormFloat64())
	}
	for i := range xs[:len(xs)/2] {
		xs = append(xs, -xs[i])
	}
	out := computed(t, New(), func(f compute.Function) compute.Value {
		return must(f.ConvertDType(must(f.Constant(xs, len(xs))), dtypes.Float16))
	})
	for i, got := range needs[any](t)(out.Data()).([]float16.Float16) {
		if x := xs[i]; math.IsNaN(x) {
			require.True(t, math.IsNaN(float64(got.Float32())))
		} else {
			require.Equal(t, nearestHalf(x), float64(got.Float32()), "%x", x)
			require.Equal(t, math.Signbit(x), math.Signbit(float64(got.Float32())))
		}
	}
}

// nearestHalf rounds to the 11 bits of float16, or to its least number's multiples, in package big's numbers.
func nearestHalf(x float64) float64 {
	switch {
	case math.Abs(x) >= 65520:
		return math.Inf(int(math.Copysign(1, x)))
	case math.Abs(x) < 0x1p-14:
		return math.RoundToEven(x*0x1p24) * 0x1p-24
	}
	y, _ := new(big.Float).SetMode(big.ToNearestEven).SetPrec(11).SetFloat64(x).Float64()
	return y
}

func TestBitsAreNoBooleans(t *testing.T) {
	f := New().Builder("bits").Main()
	x := needs[compute.Value](t)(f.Parameter("x", shapes.Make(dtypes.Uint8, 8), nil))
	_, err := f.Bitcast(x, dtypes.Bool)
	require.Error(t, err)
}

// Axes whose counters would be cut to 32 bits, and sizes that overflow or that no memory has, are errors before anything runs.
func TestLargeShapes(t *testing.T) {
	for _, test := range []struct {
		dims   []int
		buffer bool // whose size can be counted
		long   bool // an axis is too long
	}{
		{dims: []int{1 << 31}, long: true}, {dims: []int{1<<32 + 8}, long: true}, {dims: []int{1 << 32, 1 << 32}, long: true},
		{dims: []int{0, 1 << 31}, long: true}, {dims: []int{1<<31 - 1, 1<<31 - 1, 2}},
		{dims: []int{1 << 30, 1 << 30, 1 << 30}}, {dims: []int{1 << 22, 1 << 22, 1 << 22}},
		{dims: []int{1<<31 - 1, 1 << 25}, buffer: true}, {dims: []int{1 << 29}, buffer: true},
	} {
		b := New()
		g := b.Builder("large")
		f := g.Main()
		x := needs[compute.Value](t)(f.Parameter("x", shapes.Make(dtypes.Int64), nil))
		shape := shapes.Make(dtypes.Int64, test.dims...)
		y, err := f.BroadcastInDim(x, shape, nil)
		require.NoError(t, err)
		require.NoError(t, f.Return([]compute.Value{y}, nil))
		_, err = g.Compile()
		require.Error(t, err, "%v", test.dims)
		if test.long {
			require.ErrorIs(t, err, compute.ErrNotImplemented)
		}
		if !test.buffer {
			_, err = b.BufferFromFlatData(0, []int64{}, shape)
			require.Error(t, err)
		}
	}
}

// Sizes whose sum would overflow do not fit, as smaller ones whose sum is too large.
func TestLargeSums(t *testing.T) {
	for _, size := range []int{mostBytes, 1 << 30} {
		m := &module{}
		for range 8 { // 8 times mostBytes is -8
			m.place(size)
		}
		require.Error(t, m.fits())
	}
}
