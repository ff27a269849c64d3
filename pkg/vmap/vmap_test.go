package vmap_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/vmap"
	"descent.example/pkg/wasm"
)

// n computations at once give what n computations one by one give, for every operation that has a rule, with each
// choice of the inputs that differ.
func TestIsOneByOne(t *testing.T) {
	const n = 4
	f32 := func(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }
	index := func(dims ...int) shapes.Shape { return shapes.Make(dtypes.Int32, dims...) }
	for name, c := range map[string]struct {
		in    []shapes.Shape
		of    func(x []*graph.Node) *graph.Node
		alike []int // inputs that cannot differ
	}{
		"elementwise": {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.Tanh(graph.Exp(graph.Neg(x[0]))) }, nil},
		"comparisons": {[]shapes.Shape{f32(5), f32(5)}, func(x []*graph.Node) *graph.Node {
			return graph.ConvertDType(graph.LessThan(x[0], x[1]), dtypes.Float32)
		}, nil},
		"same ranks":    {[]shapes.Shape{f32(3, 2), f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.Mul(x[0], x[1]) }, nil},
		"scalar left":   {[]shapes.Shape{f32(), f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.Sub(x[0], x[1]) }, nil},
		"scalar right":  {[]shapes.Shape{f32(3), f32()}, func(x []*graph.Node) *graph.Node { return graph.Div(x[0], x[1]) }, nil},
		"scalars":       {[]shapes.Shape{f32(), f32()}, func(x []*graph.Node) *graph.Node { return graph.Max(x[0], x[1]) }, nil},
		"repeated axes": {[]shapes.Shape{f32(3, 1), f32(1, 2)}, func(x []*graph.Node) *graph.Node { return graph.Add(x[0], x[1]) }, nil},
		"as many as n":  {[]shapes.Shape{f32(n), f32()}, func(x []*graph.Node) *graph.Node { return graph.Mul(x[0], x[1]) }, nil},
		"where": {[]shapes.Shape{f32(3), f32(3), f32(3)}, func(x []*graph.Node) *graph.Node {
			return graph.Where(graph.GreaterThan(x[0], graph.ScalarZero(x[0].Graph(), dtypes.Float32)), x[1], x[2])
		}, nil},
		"where of scalars": {[]shapes.Shape{f32(), f32(3), f32()}, func(x []*graph.Node) *graph.Node {
			return graph.Where(graph.GreaterThan(x[0], graph.ScalarZero(x[0].Graph(), dtypes.Float32)), x[1], graph.BroadcastToDims(x[2], 3))
		}, nil},
		"clip": {[]shapes.Shape{f32(), f32(7), f32()}, func(x []*graph.Node) *graph.Node {
			return graph.Clip(x[1], graph.Min(x[0], x[2]), graph.Max(x[0], x[2]))
		}, nil},
		"sum":        {[]shapes.Shape{f32(3, 2, 4)}, func(x []*graph.Node) *graph.Node { return graph.ReduceSum(x[0], 0, 2) }, nil},
		"sum of all": {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.ReduceAllSum(x[0]) }, nil},
		"sum of one": {[]shapes.Shape{f32()}, func(x []*graph.Node) *graph.Node { return graph.ReduceAllSum(x[0]) }, nil},
		"max":        {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.ReduceMax(x[0], 1) }, nil},
		"all": {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node {
			return graph.ConvertDType(graph.LogicalAll(graph.IsFinite(x[0])), dtypes.Float32)
		}, nil},
		"argmax": {[]shapes.Shape{f32(3, 5)}, func(x []*graph.Node) *graph.Node {
			return graph.ConvertDType(graph.ArgMax(x[0], 1, dtypes.Int32), dtypes.Float32)
		}, nil},
		"reshape":   {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.Reshape(x[0], 2, 3) }, nil},
		"transpose": {[]shapes.Shape{f32(3, 2, 4)}, func(x []*graph.Node) *graph.Node { return graph.TransposeAllAxes(x[0], 2, 0, 1) }, nil},
		"broadcast": {[]shapes.Shape{f32(3)}, func(x []*graph.Node) *graph.Node { return graph.BroadcastToDims(graph.ExpandAxes(x[0], 0), 2, 3) }, nil},
		"reverse":   {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node { return graph.Reverse(x[0], 1) }, nil},
		"slice": {[]shapes.Shape{f32(5, 4)}, func(x []*graph.Node) *graph.Node {
			return graph.Slice(x[0], graph.AxisRange(1, 4), graph.AxisRange().Stride(2))
		}, nil},
		"pad": {[]shapes.Shape{f32(3, 2)}, func(x []*graph.Node) *graph.Node {
			return graph.Pad(x[0], graph.ScalarOne(x[0].Graph(), dtypes.Float32), graph.PadAxis{Start: 1}, graph.PadAxis{Interior: 1, End: 2})
		}, nil},
		"concatenate":  {[]shapes.Shape{f32(3, 2), f32(3, 1)}, func(x []*graph.Node) *graph.Node { return graph.Concatenate(x, 1) }, nil},
		"iota":         {[]shapes.Shape{f32(3)}, func(x []*graph.Node) *graph.Node { return graph.Mul(x[0], graph.Iota(x[0].Graph(), f32(3), 0)) }, nil},
		"dot":          {[]shapes.Shape{f32(5), f32(5)}, func(x []*graph.Node) *graph.Node { return graph.Dot(x[0], x[1]).Product() }, nil},
		"matrix":       {[]shapes.Shape{f32(3, 5), f32(5, 2)}, func(x []*graph.Node) *graph.Node { return graph.Dot(x[0], x[1]).Product() }, nil},
		"shared axes":  {[]shapes.Shape{f32(6, 3, 5), f32(6, 2, 5)}, func(x []*graph.Node) *graph.Node { return graph.Einsum("bik,bjk->bij", x[0], x[1]) }, nil},
		"outer":        {[]shapes.Shape{f32(3), f32(2, 4)}, func(x []*graph.Node) *graph.Node { return graph.Einsum("i,jk->ijk", x[0], x[1]) }, nil},
		"gather":       {[]shapes.Shape{f32(6, 3), index(5, 1)}, func(x []*graph.Node) *graph.Node { return graph.Gather(x[0], x[1]) }, nil},
		"gather cells": {[]shapes.Shape{f32(6, 6), index(5, 2)}, func(x []*graph.Node) *graph.Node { return graph.Gather(x[0], x[1]) }, nil},
		"dynamic slice": {[]shapes.Shape{f32(6, 3), index()}, func(x []*graph.Node) *graph.Node {
			return graph.DynamicSlice(x[0], []*graph.Node{x[1], graph.ScalarZero(x[0].Graph(), dtypes.Int32)}, []int{2, 3})
		}, []int{1}},
		"dynamic update": {[]shapes.Shape{f32(6, 3), f32(2, 3), index()}, func(x []*graph.Node) *graph.Node {
			return graph.DynamicUpdateSlice(x[0], x[1], []*graph.Node{x[2], graph.ScalarZero(x[0].Graph(), dtypes.Int32)})
		}, []int{2}},
		"gradient": {[]shapes.Shape{f32(4, 3), f32(3, 2), f32(2), index(7, 1)}, func(x []*graph.Node) *graph.Node {
			h := graph.Max(graph.Add(graph.Dot(graph.Gather(x[0], x[3]), x[1]).Product(), graph.ExpandAxes(x[2], 0)), graph.ScalarZero(x[0].Graph(), dtypes.Float32))
			return graph.Gradient(graph.ReduceAllSum(graph.Square(h)), x[1])[0]
		}, nil},
		"softmax": {[]shapes.Shape{f32(3, 5)}, func(x []*graph.Node) *graph.Node { return graph.Softmax(x[0], -1) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, backend := range backends(t) {
				if strings.HasPrefix(name, "dynamic") && !backend.Capabilities().Operations[compute.OpTypeDynamicUpdateSlice] {
					continue
				}
				for which := range 1 << len(c.in) {
					if ok(which, c.alike) {
						compare(t, backend, n, which, c.in, c.of)
					}
				}
			}
		})
	}
}

func ok(which int, alike []int) bool {
	for _, i := range alike {
		if which>>i&1 == 1 {
			return false
		}
	}
	return true
}

func backends(t *testing.T) []compute.Backend {
	first, err := accel.Open()
	require.NoError(t, err)
	return []compute.Backend{first, wasm.New()}
}

// compare does the function of random inputs, of which those whose bit is set in which differ between the computations.
func compare(t *testing.T, backend compute.Backend, n, which int, in []shapes.Shape, of func(x []*graph.Node) *graph.Node) {
	rng := rand.New(rand.NewPCG(3, uint64(which)))
	draw := func(shape shapes.Shape) *tensors.Tensor {
		if shape.DType == dtypes.Int32 {
			xs := make([]int32, shape.Size())
			for i := range xs {
				xs[i] = rng.Int32N(4)
			}
			return tensors.FromFlatDataAndDimensions(xs, shape.Dimensions...)
		}
		xs := make([]float32, shape.Size())
		for i := range xs {
			xs[i] = float32(rng.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(xs, shape.Dimensions...)
	}
	build := func(b compute.Backend) *graph.Graph {
		g := graph.NewGraph(b, "test")
		t.Cleanup(g.Finalize)
		x := make([]*graph.Node, len(in))
		for i, shape := range in {
			x[i] = graph.Parameter(g, fmt.Sprint("x", i), shape)
		}
		y := of(x)
		require.NoError(t, g.Compile(y))
		return g
	}
	differs := func(i int) bool { return which>>i&1 == 1 }
	single := build(backend)
	together := build(vmap.New(backend, n, func(name string) bool {
		var i int
		_, err := fmt.Sscanf(name, "x%d", &i)
		return err == nil && differs(i)
	}))

	inputs := make([][]*tensors.Tensor, n) // of each computation
	joined := make([]*tensors.Tensor, len(in))
	for i, shape := range in {
		var parts []byte
		for k := range n {
			if k == 0 || differs(i) {
				inputs[k] = append(inputs[k], draw(shape))
			} else {
				inputs[k] = append(inputs[k], inputs[0][i])
			}
			require.NoError(t, inputs[k][i].ConstBytes(func(data []byte) { parts = append(parts, data...) }))
		}
		joined[i] = inputs[0][i]
		if differs(i) {
			joined[i] = tensors.FromShape(shapes.Make(shape.DType, append([]int{n}, shape.Dimensions...)...))
			require.NoError(t, joined[i].MutableBytes(func(data []byte) { copy(data, parts) }))
		}
	}
	clone := func(x *tensors.Tensor) *tensors.Tensor {
		c, err := x.LocalClone()
		require.NoError(t, err)
		return c
	}
	var want []float32
	for k := range n {
		if k > 0 && which == 0 {
			break
		}
		values := make([]any, len(in))
		for i, x := range inputs[k] {
			values[i] = clone(x)
		}
		want = append(want, tensors.MustCopyFlatData[float32](single.Run(values...)[0])...)
	}
	buffers := make([]compute.Buffer, len(in))
	for i, x := range joined {
		buffer, err := clone(x).Buffer(backend, 0)
		require.NoError(t, err)
		buffers[i] = buffer
	}
	out, err := together.Executable().Execute(buffers, make([]bool, len(in)), 0)
	require.NoError(t, err)
	got, err := tensors.FromBuffer(out[0])
	require.NoError(t, err)
	require.InDeltaSlice(t, want, tensors.MustCopyFlatData[float32](got), 1e-5, "%s, differing %b", backend.Name(), which)
}

// What has no rule says so, in a way that GoMLX's fused operations and a sweep fall back from.
func TestRefusal(t *testing.T) {
	for _, backend := range backends(t) {
		g := graph.NewGraph(vmap.New(backend, 3, func(string) bool { return true }), "test")
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 5))
		err := exceptions.TryCatch[error](func() { graph.Sort(x, 0, true) })
		require.ErrorIs(t, err, compute.ErrNotImplemented)
		require.ErrorContains(t, err, "cannot be done for several computations at once")
		g.Finalize()
	}
}
