package wasm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/wasm"
)

// A windowed is a random operation on windows; equal seeds make equal ones, on any backend.
type windowed struct {
	maker
	sizes, strides, dilations, apart []int
	paddings                         [][2]int
}

// settings draws them for axes of these dimensions.
func (m *windowed) settings(dims []int) {
	for _, d := range dims {
		m.sizes = append(m.sizes, 1+m.r.IntN(min(3, d)))
		m.strides = append(m.strides, 1+m.r.IntN(2))
		m.dilations = append(m.dilations, 1+m.r.IntN(2))
		m.apart = append(m.apart, 1)
		m.paddings = append(m.paddings, [2]int{m.r.IntN(2), m.r.IntN(3)})
		if last := len(m.sizes) - 1; m.sizes[last]*2 <= d {
			m.apart[last] += m.r.IntN(2)
		}
	}
}

// windowGraph adds an operation of the given kind, and returns what it says of itself.
func windowGraph(m *windowed, kind int) (compute.Value, string, error) {
	t := []dtypes.DType{dtypes.Float32, dtypes.Float64, dtypes.Int32}[m.r.IntN(3)]
	if kind == 3 { // XLA computes those of integers in floats
		return m.convolution([]dtypes.DType{dtypes.Float32, dtypes.Float64}[m.r.IntN(2)])
	}
	dims := []int{1 + m.r.IntN(3), 3 + m.r.IntN(6), 2 + m.r.IntN(5)}
	m.settings(dims)
	x := m.constant(shapes.Make(t, dims...)).v
	if kind == 0 {
		of := []compute.ReduceOpType{compute.ReduceOpSum, compute.ReduceOpMax, compute.ReduceOpMin, compute.ReduceOpProduct}[m.r.IntN(4)]
		v, err := m.f.ReduceWindow(x, of, m.sizes, m.strides, m.dilations, m.apart, m.paddings)
		return v, fmt.Sprint(of, dims, m.sizes, m.strides, m.dilations, m.apart, m.paddings), err
	}
	for a, d := range dims { // windows do not touch, and each has an element
		m.strides[a] = m.sizes[a]
		m.paddings[a] = [2]int{m.r.IntN(m.sizes[a]), m.r.IntN(m.sizes[a])}
		dims[a] = (d+m.paddings[a][0]+m.paddings[a][1]-m.sizes[a])/m.strides[a] + 1
	}
	source := m.constant(shapes.Make(t, dims...)).v
	f := m.f.SelectAndScatterMax
	if kind == 2 {
		f = m.f.SelectAndScatterMin
	}
	v, err := f(x, source, m.sizes, m.strides, m.paddings)
	return v, fmt.Sprint("select", kind, dims, m.sizes, m.paddings), err
}

func (m *windowed) convolution(t dtypes.DType) (compute.Value, string, error) {
	spatial := []int{4 + m.r.IntN(6), 3 + m.r.IntN(4)}[:1+m.r.IntN(2)]
	m.settings(spatial)
	channelGroups, batchGroups := 1, 1
	switch m.r.IntN(3) {
	case 0:
		channelGroups = 2
	case 1:
		batchGroups = 3
	}
	channels, batch, outputs := 1+m.r.IntN(3), batchGroups*(1+m.r.IntN(2)), 6
	// permuted gives the axes of dimensions places of their own.
	permuted := func(dims []int) (places, shape []int) {
		places, shape = m.r.Perm(len(dims)), make([]int, len(dims))
		for i, a := range places {
			shape[a] = dims[i]
		}
		return places, shape
	}
	in, inShape := permuted(append([]int{batch, channels * channelGroups}, spatial...))
	k, kShape := permuted(append([]int{channels, outputs}, m.sizes...))
	out := m.r.Perm(len(in))
	axes := compute.ConvolveAxesConfig{InputBatch: in[0], InputChannels: in[1], InputSpatial: in[2:], KernelInputChannels: k[0],
		KernelOutputChannels: k[1], KernelSpatial: k[2:], OutputBatch: out[0], OutputChannels: out[1], OutputSpatial: out[2:]}
	x, kernel := m.constant(shapes.Make(t, inShape...)).v, m.constant(shapes.Make(t, kShape...)).v
	v, err := m.f.ConvGeneral(x, kernel, axes, m.strides, m.paddings, m.dilations, m.apart, channelGroups, batchGroups)
	return v, fmt.Sprint("convolution", inShape, kShape, axes, m.strides, m.paddings, m.dilations, m.apart, channelGroups, batchGroups), err
}

// TestWindows holds random operations on windows against GoMLX's Go backend, and convolutions, in some of which that panics, against
// XLA.
func TestWindows(t *testing.T) {
	other := plainGo(t)
	xla, err := accel.Open()
	require.NoError(t, err)
	for seed := range uint64(120) {
		var flats []any
		what, with := "", other
		if seed%4 == 3 {
			if with = xla; accel.Platform() != "xla:cpu" {
				continue
			}
		}
		for _, b := range []compute.Backend{wasm.New(), with} {
			g := b.Builder("windows")
			m := &windowed{maker: maker{r: rand.New(rand.NewPCG(seed, 3)), b: g, f: g.Main()}}
			v, says, err := windowGraph(m, int(seed%4))
			require.NoErrorf(t, err, "seed %d: %s", seed, says)
			require.NoError(t, m.f.Return([]compute.Value{v}, nil))
			e, err := g.Compile()
			require.NoErrorf(t, err, "seed %d: %s", seed, says)
			out, err := e.Execute(nil, nil, 0)
			require.NoErrorf(t, err, "seed %d: %s", seed, says)
			shape, err := out[0].Shape()
			require.NoError(t, err)
			flat := dtypes.MakeAnySlice(shape.DType, shape.Size())
			require.NoError(t, out[0].ToFlatData(flat))
			flats, what = append(flats, flat), says+" "+shape.String()
			e.Finalize()
		}
		switch want := flats[1].(type) {
		case []float32:
			require.InDeltaSlicef(t, want, flats[0], 1e-3, "seed %d: %s", seed, what)
		case []float64:
			require.InDeltaSlicef(t, want, flats[0], 1e-9, "seed %d: %s", seed, what)
		case []int32:
			require.Truef(t, slices.Equal(want, flats[0].([]int32)), "seed %d: %s: %v, want %v", seed, what, flats[0], want)
		}
	}
}

// TestSelectionOfNaN: a NaN is the extreme of its window, as to GoMLX's Go backend. XLA takes what follows it.
func TestSelectionOfNaN(t *testing.T) {
	nan := math.NaN()
	for _, x := range [][]float64{{1, nan, 2, 0, 3, 1}, {nan, 5, 1, 2, 2, nan}} {
		for _, isMin := range []bool{false, true} {
			var got [][]float64
			for _, b := range []compute.Backend{wasm.New(), plainGo(t)} {
				got = append(got, evaluateOn(t, b, func(f compute.Function, in ...compute.Value) (compute.Value, error) {
					source, err := f.Constant([]float64{7, 8}, 2)
					require.NoError(t, err)
					if isMin {
						return f.SelectAndScatterMin(in[0], source, []int{3}, []int{3}, [][2]int{{0, 0}})
					}
					return f.SelectAndScatterMax(in[0], source, []int{3}, []int{3}, [][2]int{{0, 0}})
				}, x))
			}
			require.Equal(t, got[1], got[0], x)
		}
	}
}
