package wasm

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// The operations on windows are made of others, and of a view that shows an array's windows.

// windows shows the windows of an array: the element at o, w is x's at o times strides plus w times dilations.
func (f *function) windows(x *node, sizes, strides, dilations []int) (*node, error) {
	dims := make([]int, x.shape.Rank())
	for a, d := range x.dims() {
		dims[a] = (d-(sizes[a]-1)*dilations[a]-1)/strides[a] + 1
	}
	shape := shapes.Make(x.dtype(), append(dims, sizes...)...)
	if x.uniform {
		return f.uniform(shape, x.bytes)
	}
	return f.add(compute.OpTypeReduceWindow, shape, []*node{x}, strides, dilations)
}

// ones are the values of a setting that has one for each axis, 1 where it is not given.
func ones(given []int, rank int) []int {
	if len(given) > 0 {
		return given
	}
	return slices.Repeat([]int{1}, rank)
}

// around pads an array's edges, and between its elements where it is dilated, with the value of the given bytes.
func (f *function) around(x *node, fill []byte, paddings [][2]int, dilations []int) (*node, error) {
	axes, changes := make([]compute.PadAxis, x.shape.Rank()), false
	for a, d := range dilations {
		axes[a].Interior = d - 1
		if len(paddings) > 0 {
			axes[a].Start, axes[a].End = paddings[a][0], paddings[a][1]
		}
		changes = changes || axes[a] != compute.PadAxis{}
	}
	if !changes {
		return x, nil
	}
	with, err := f.uniform(shapes.Make(x.dtype()), fill)
	if err != nil {
		return nil, err
	}
	padded, err := f.Pad(x, with, axes...)
	if err != nil {
		return nil, err
	}
	return padded.(*node), nil
}

// windowReductions has the reduction of each kind of window.
var windowReductions = map[compute.ReduceOpType]compute.OpType{
	compute.ReduceOpSum: compute.OpTypeReduceSum, compute.ReduceOpProduct: compute.OpTypeReduceProduct,
	compute.ReduceOpMax: compute.OpTypeReduceMax, compute.ReduceOpMin: compute.OpTypeReduceMin,
}

// ReduceWindow returns an error if the window that its parameters describe does not fit, or for sums and products of booleans.
func (f *function) ReduceWindow(x value, kind compute.ReduceOpType, sizes, strides, dilations, apart []int, paddings [][2]int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if _, err := shapeinference.ReduceWindow(in[0].shape, sizes, strides, dilations, apart, paddings); err != nil {
		return nil, err
	}
	op, ok := windowReductions[kind]
	rank, t := in[0].shape.Rank(), in[0].dtype()
	switch {
	case t == dtypes.Bool && kind == compute.ReduceOpMax:
		op = compute.OpTypeReduceLogicalOr
	case t == dtypes.Bool && kind == compute.ReduceOpMin:
		op = compute.OpTypeReduceLogicalAnd
	case !ok || t == dtypes.Bool:
		return nil, fmt.Errorf("there is no reduction %s of windows of %s: %w", kind, in[0].shape, compute.ErrNotImplemented)
	}
	if rank == 0 {
		return in[0], nil
	}
	sizes = ones(sizes, rank)
	if len(strides) == 0 {
		strides = sizes
	}
	padded, err := f.around(in[0], neutral(reductions[op], t), paddings, ones(dilations, rank))
	if err != nil {
		return nil, err
	}
	windows, err := f.windows(padded, sizes, strides, ones(apart, rank))
	if err != nil {
		return nil, err
	}
	return f.reduce(op, windows, counted(rank, rank))
}

// SelectAndScatterMax returns an error if the window or the source does not fit.
func (f *function) SelectAndScatterMax(x, source value, sizes, strides []int, paddings [][2]int) (value, error) {
	return f.selectAndScatter(x, source, sizes, strides, paddings, false)
}

// SelectAndScatterMin returns an error if the window or the source does not fit.
func (f *function) SelectAndScatterMin(x, source value, sizes, strides []int, paddings [][2]int) (value, error) {
	return f.selectAndScatter(x, source, sizes, strides, paddings, true)
}

// selectAndScatter adds the source's elements up where the extreme of each window lies, the first of several. Its parameters are those of
// the two methods above, and which extreme.
func (f *function) selectAndScatter(x, source value, sizes, strides []int, paddings [][2]int, isMin bool) (value, error) {
	in, err := f.operands(x, source)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.SelectAndScatter(in[0].shape, in[1].shape, sizes, strides, paddings)
	if err != nil {
		return nil, err
	}
	rank, t := shape.Rank(), shape.DType
	if t == dtypes.Bool || rank == 0 {
		return nil, fmt.Errorf("there is nothing to select in windows of %s: %w", shape, compute.ErrNotImplemented)
	}
	sizes = ones(sizes, rank)
	if len(strides) == 0 {
		strides = sizes
	}
	if len(paddings) == 0 {
		paddings = make([][2]int, rank)
	}
	r := &recipe{f: f}
	extreme := compute.OpTypeMax
	if isMin {
		extreme = compute.OpTypeMin
	}
	none := ones(nil, rank)
	// best is the place, in its window, of the extreme of what is padded with a value.
	best := func(x *node, fill []byte, isMin bool) *node {
		windows := r.keep(f.windows(r.keep(f.around(x, fill, paddings, none)), sizes, strides, none))
		count := 1
		for _, n := range sizes {
			count *= n
		}
		return r.keep(f.ArgMinMax(r.reshape(windows, append(slices.Clone(in[1].dims()), count)...), rank, dtypes.Int32, isMin))
	}
	inside := r.keep(f.uniform(shapes.Make(dtypes.Int32, shape.Dimensions...), bytesOfScalar(int32(1))))
	first := best(inside, bytesOfScalar(int32(0)), false) // the first element of the window that is no padding
	starts, isInside := r.placeIn(best(in[0], neutral(extreme, t), isMin), shape.Dimensions, sizes, strides, paddings)
	instead, _ := r.placeIn(first, shape.Dimensions, sizes, strides, paddings)
	zero := r.keep(f.uniform(shape, make([]byte, width(t))))
	all := counted(0, rank)
	if r.err != nil {
		return nil, r.err
	}
	at := r.keep(f.Where(r.keep(f.broadcast(isInside, starts.dims(), all)), starts, instead))
	if r.err != nil {
		return nil, r.err
	}
	return f.ScatterSum(zero, at, in[1], rank, nil, all, all, false, false)
}

// placeIn returns the index, in an array, of the element with the given number in each window, and whether it is no padding.
func (r *recipe) placeIn(number *node, dims, sizes, strides []int, paddings [][2]int) (index, isInside *node) {
	f := r.f
	whole := func(x int) *node { return r.keep(f.Constant([]int32{int32(x)})) }
	var columns []value
	inner := 1
	for a := len(dims) - 1; a >= 0 && r.err == nil; a-- {
		w := r.do(f.Rem, r.do(f.Div, number, whole(inner)), whole(sizes[a]))
		inner *= sizes[a]
		o := r.do(f.Mul, r.keep(f.Iota(shapes.Make(dtypes.Int32, number.dims()...), a)), whole(strides[a]))
		at := r.do(f.Sub, r.do(f.Add, o, w), whole(paddings[a][0]))
		ok := r.do(f.LogicalAnd, r.do(f.GreaterOrEqual, at, whole(0)), r.do(f.LessThan, at, whole(dims[a])))
		if isInside != nil {
			ok = r.do(f.LogicalAnd, isInside, ok)
		}
		isInside = ok
		columns = append([]value{r.reshape(at, append(slices.Clone(number.dims()), 1)...)}, columns...)
	}
	return r.join(len(dims), columns...), isInside
}

// ConvGeneral returns an error if the shapes or axes among its parameters do not fit. It is a product of the input's windows and the kernel.
func (f *function) ConvGeneral(input, kernel value, axes compute.ConvolveAxesConfig, strides []int, paddings [][2]int,
	dilations, apart []int, channelGroups, batchGroups int) (value, error) {
	in, err := f.operands(input, kernel)
	if err != nil {
		return nil, err
	}
	channelGroups, batchGroups = max(channelGroups, 1), max(batchGroups, 1)
	if _, err := shapeinference.ConvGeneral(in[0].shape, in[1].shape, axes, strides, paddings, dilations, apart, channelGroups, batchGroups); err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool || in[0].dtype() != in[1].dtype() {
		return nil, fmt.Errorf("a convolution of %s and %s: %w", in[0].shape, in[1].shape, compute.ErrNotImplemented)
	}
	r := &recipe{f: f}
	spatial, groups := len(axes.InputSpatial), channelGroups*batchGroups
	x := r.transpose(in[0], append([]int{axes.InputBatch, axes.InputChannels}, axes.InputSpatial...)...)
	k := r.transpose(in[1], append([]int{axes.KernelOutputChannels, axes.KernelInputChannels}, axes.KernelSpatial...)...)
	if r.err != nil {
		return nil, r.err
	}
	batch, channels, outputs := x.dims()[0]/batchGroups, k.dims()[1], k.dims()[0]
	if channelGroups > 1 { // the groups come first
		split := r.reshape(x, append([]int{batch, groups, channels}, x.dims()[2:]...)...)
		x = r.transpose(split, append([]int{1, 0, 2}, counted(3, spatial)...)...)
	} else {
		x = r.reshape(x, append([]int{groups, batch, channels}, x.dims()[2:]...)...)
	}
	k = r.reshape(k, append([]int{groups, outputs / groups, channels}, k.dims()[2:]...)...)
	if r.err != nil {
		return nil, r.err
	}
	// three puts the settings of groups, batch and channels before those of the spatial axes.
	three := func(settings []int) []int { return append([]int{1, 1, 1}, settings...) }
	around := append(make([][2]int, 3), paddings...)
	if len(paddings) == 0 {
		around = append(around, make([][2]int, spatial)...)
	}
	x = r.keep(f.around(x, make([]byte, width(x.dtype())), around, three(ones(dilations, spatial))))
	if r.err != nil {
		return nil, r.err
	}
	windows := r.keep(f.windows(x, three(k.dims()[3:]), three(ones(strides, spatial)), three(ones(apart, spatial))))
	if r.err != nil {
		return nil, r.err
	}
	windows = r.reshape(windows, slices.Concat(windows.dims()[:3+spatial], k.dims()[3:])...)
	summed := append([]int{2}, counted(3+spatial, spatial)...)
	dot := r.keep(f.DotGeneral(windows, summed, []int{0}, k, append([]int{2}, counted(3, spatial)...), []int{0}, compute.DotGeneralConfig{}))
	// Of [groups, batch, spatial…, outputs of a group] the result has the batch, the outputs and the spatial axes where the axes say.
	ordered := r.transpose(dot, append(counted(1, 1+spatial), 0, 2+spatial)...)
	if r.err != nil {
		return nil, r.err
	}
	flat := r.reshape(ordered, append(slices.Clone(ordered.dims()[:1+spatial]), outputs)...)
	to := make([]int, 2+spatial)
	to[axes.OutputBatch], to[axes.OutputChannels] = 0, 1+spatial
	for i, a := range axes.OutputSpatial {
		to[a] = 1 + i
	}
	return r.transpose(flat, to...), r.err
}

// counted are n whole numbers from the given one on.
func counted(from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}

func (r *recipe) transpose(x *node, perm ...int) *node {
	if r.err != nil {
		return nil
	}
	return r.keep(r.f.Transpose(x, perm...))
}
