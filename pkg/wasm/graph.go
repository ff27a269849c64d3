package wasm

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// A node is one value of the graph: the result of an operation, or one of the results of an operation with several.
type node struct {
	f     *function
	op    compute.OpType
	in    []*node
	shape shapes.Shape
	ints  [][]int // the operation's settings, in the order of its method's arguments

	bytes   []byte // of a constant; one element if uniform
	uniform bool

	functions []*function // that the operation calls: condition and body, branches, comparator
	results   []*node     // of an operation with several; the node itself then has no value
	owner     *node       // the operation that this is a result of

	plan
}

func (n *node) dims() []int         { return n.shape.Dimensions }
func (n *node) dtype() dtypes.DType { return n.shape.DType }
func (n *node) size() int           { return n.shape.Size() }
func (n *node) byteSize() int       { return n.size() * width(n.dtype()) }

// width is the number of bytes of an element in memory.
func width(t dtypes.DType) int { return widths[t] }

var widths = func() (all [dtypes.MaxDType]int) {
	for _, t := range supported {
		all[t] = t.Size()
	}
	return all
}()

// supported are the types of elements that the compiler knows.
var supported = []dtypes.DType{
	dtypes.Bool, dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64,
	dtypes.Float16, dtypes.BFloat16, dtypes.Float32, dtypes.Float64,
}

// static returns an error unless the shape has a supported type and no dynamic axis.
func static(shape shapes.Shape) error {
	if !slices.Contains(supported, shape.DType) {
		return fmt.Errorf("wasm has no values of type %s: %w", shape.DType, compute.ErrNotImplemented)
	}
	if shape.IsDynamic() {
		return fmt.Errorf("wasm has no dynamic axes, as in %s: %w", shape, compute.ErrNotImplemented)
	}
	return nil
}

// countable returns an error if an axis of the shape is too long, because counters of loops and factors of indices have 31 bits and a sign,
// or if the size overflows.
func countable(shape shapes.Shape) error {
	for a, d := range shape.Dimensions {
		if d > math.MaxInt32 {
			return fmt.Errorf("wasm has no axis of %d elements or more, such as axis %d of %s: %w", 1<<31, a, shape, compute.ErrNotImplemented)
		}
	}
	if slices.Contains(shape.Dimensions, 0) {
		return nil
	}
	size := width(shape.DType)
	for _, d := range shape.Dimensions {
		if d > mostBytes/size {
			return fmt.Errorf("the size of an array of shape %s overflows", shape)
		}
		size *= d
	}
	return nil
}

// mostBytes is how many bytes a value may have, so that sizes of several can be added up.
const mostBytes = math.MaxInt >> 2

// A builder collects the functions of one graph.
type builder struct {
	notimplemented.Builder
	name    string
	backend *Backend
	main    *function
	named   map[string]*function
	done    bool
}

func missing(op compute.OpType) error {
	return fmt.Errorf("wasm has no operation %s: %w", op, compute.ErrNotImplemented)
}

func (b *builder) Name() string           { return b.name }
func (b *builder) Main() compute.Function { return b.main }

// NewFunction returns an error if the graph has a function of this name.
func (b *builder) NewFunction(name string) (compute.Function, error) {
	if name == compute.MainName || b.named[name] != nil {
		return nil, fmt.Errorf("the graph %q has a function %q already", b.name, name)
	}
	f := b.function(name, nil)
	b.named[name] = f
	return f, nil
}

// OpShape returns an error if v is not a value of this backend.
func (b *builder) OpShape(v value) (shapes.Shape, error) {
	n, ok := v.(*node)
	if !ok {
		return shapes.Invalid(), fmt.Errorf("%T is no value of a wasm graph", v)
	}
	return n.shape, nil
}

func (b *builder) function(name string, parent *function) *function {
	return &function{b: b, name: name, parent: parent, Function: notimplemented.Function{ErrFn: missing}}
}

// A function is a sequence of nodes, each after its operands.
type function struct {
	notimplemented.Function
	b        *builder
	name     string
	parent   *function
	nodes    []*node
	params   []*node
	names    []string // of params
	outputs  []*node
	returned bool
	entry    *writer // what runs it
	made     map[identity][]*node
	loop     *node // the While that alone calls it, as its body
	before   *schedule
	each     *schedule
	prologue *writer // what runs before, of a loop's body
	memory   int     // bytes that a main function's module needs
}

func (f *function) Name() string                        { return f.name }
func (f *function) Builder() compute.Builder            { return f.b }
func (f *function) Shape(v value) (shapes.Shape, error) { return f.b.OpShape(v) }
func (f *function) Closure() (compute.Function, error)  { return f.b.function("", f), nil }
func (f *function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// operands returns the nodes of values, or an error if one of them is not visible in f or if f has returned.
func (f *function) operands(values ...value) ([]*node, error) {
	if f.returned || f.b.done {
		return nil, fmt.Errorf("the function %q has returned: it takes no more operations", f.name)
	}
	nodes := make([]*node, len(values))
	for i, v := range values {
		n, ok := v.(*node)
		if !ok {
			return nil, fmt.Errorf("operand %d, %T, is no value of a wasm graph", i, v)
		}
		if n.f.b != f.b {
			return nil, fmt.Errorf("operand %d belongs to the graph %q, not to %q", i, n.f.b.name, f.b.name)
		}
		scope := f
		for scope != nil && scope != n.f {
			scope = scope.parent
		}
		if scope == nil {
			return nil, fmt.Errorf("operand %d belongs to a function that is not around the function %q", i, f.name)
		}
		nodes[i] = n
	}
	return nodes, nil
}

// add appends a node.
func (f *function) add(op compute.OpType, shape shapes.Shape, in []*node, ints ...[]int) (*node, error) {
	if err := static(shape); err != nil {
		return nil, err
	}
	for i := range ints {
		ints[i] = slices.Clone(ints[i])
	}
	n := &node{f: f, op: op, in: in, shape: shapes.Make(shape.DType, shape.Dimensions...), ints: ints}
	if old := f.known(n); old != nil {
		return old, nil
	}
	f.nodes = append(f.nodes, n)
	return n, nil
}

// An identity is what equal nodes have in common, and few others.
type identity struct {
	op      compute.OpType
	dtype   dtypes.DType
	size    int
	in      [3]*node
	uniform uint64
}

// known returns the node of f that computes the same as n, if there is one, and else keeps n.
func (f *function) known(n *node) *node {
	if n.op == compute.OpTypeInvalid || n.op == compute.OpTypeParameter || n.op == compute.OpTypeConstant && !n.uniform || len(n.in) > 3 {
		return nil
	}
	key := identity{op: n.op, dtype: n.dtype(), size: n.size()}
	copy(key.in[:], n.in)
	for i, b := range n.bytes {
		key.uniform |= uint64(b) << (8 * i)
	}
	for _, old := range f.made[key] {
		if slices.Equal(old.dims(), n.dims()) && slices.EqualFunc(old.ints, n.ints, slices.Equal) {
			return old
		}
	}
	if f.made == nil {
		f.made = make(map[identity][]*node)
	}
	f.made[key] = append(f.made[key], n)
	return nil
}

// uniform adds a constant of equal elements, given by one's bytes.
func (f *function) uniform(shape shapes.Shape, bytes []byte) (*node, error) {
	if err := static(shape); err != nil {
		return nil, err
	}
	n := &node{f: f, op: compute.OpTypeConstant, shape: shapes.Make(shape.DType, shape.Dimensions...), bytes: bytes, uniform: true}
	if old := f.known(n); old != nil {
		return old, nil
	}
	f.nodes = append(f.nodes, n)
	return n, nil
}

// Parameter returns an error for types of elements that are not supported.
func (f *function) Parameter(name string, shape shapes.Shape, _ *compute.ShardingSpec) (value, error) {
	if _, err := f.operands(); err != nil {
		return nil, err
	}
	n, err := f.add(compute.OpTypeParameter, shape, nil)
	if err != nil {
		return nil, err
	}
	f.params, f.names = append(f.params, n), append(f.names, name)
	return n, nil
}

// bytesOf returns the memory of a slice.
func bytesOf(flat any) []byte {
	v := reflect.ValueOf(flat)
	if v.Len() == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}

// Constant returns an error if flat is no slice of a supported type or does not have the elements of the dimensions.
func (f *function) Constant(flat any, dims ...int) (value, error) {
	if _, err := f.operands(); err != nil {
		return nil, err
	}
	t := reflect.TypeOf(flat)
	if t == nil || t.Kind() != reflect.Slice {
		return nil, fmt.Errorf("a constant must be a slice, not %T", flat)
	}
	shape := shapes.Make(dtypes.FromGoType(t.Elem()), dims...)
	if err := static(shape); err != nil {
		return nil, err
	}
	if n := reflect.ValueOf(flat).Len(); n != shape.Size() {
		return nil, fmt.Errorf("a constant of shape %s cannot have %d elements", shape, n)
	}
	bytes, size := slices.Clone(bytesOf(flat)), width(shape.DType)
	if len(bytes) > 0 && slices.Equal(bytes[size:], bytes[:len(bytes)-size]) {
		return f.uniform(shape, bytes[:size])
	}
	n, err := f.add(compute.OpTypeConstant, shape, nil)
	if err != nil {
		return nil, err
	}
	n.bytes = bytes
	return n, nil
}

// Return returns an error if f has returned, or if an output is not visible in f.
func (f *function) Return(outputs []value, _ []*compute.ShardingSpec) error {
	nodes, err := f.operands(outputs...)
	if err != nil {
		return err
	}
	if len(nodes) == 0 {
		return fmt.Errorf("the function %q must return a value", f.name)
	}
	f.outputs, f.returned = nodes, true
	return nil
}

func (f *function) unary(op compute.OpType, x value) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.UnaryOp(op, in[0].shape)
	if err != nil {
		return nil, err
	}
	return f.add(op, shape, in)
}

// test is a unary operation on floats with a boolean result.
func (f *function) test(op compute.OpType, x value) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if !in[0].dtype().IsFloat() {
		return nil, fmt.Errorf("%s needs floats, not %s", op, in[0].shape)
	}
	return f.add(op, shapes.Make(dtypes.Bool, in[0].dims()...), in)
}

func (f *function) IsFinite(x value) (value, error) { return f.test(compute.OpTypeIsFinite, x) }
func (f *function) IsNaN(x value) (value, error)    { return f.test(compute.OpTypeIsNaN, x) }

func (f *function) binary(op compute.OpType, x, y value) (value, error) {
	in, err := f.operands(x, y)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.BinaryOp(op, in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	if op == compute.OpTypeAtan2 && !in[0].dtype().IsFloat() { // which package shapeinference lets pass
		return nil, fmt.Errorf("%s needs floats, not %s", op, in[0].shape)
	}
	return f.elementwise(op, shape, in)
}

func (f *function) compare(op compute.OpType, x, y value) (value, error) {
	in, err := f.operands(x, y)
	if err != nil {
		return nil, err
	}
	of := op
	if op == compute.OpTypeNotEqualTotalOrder { // which package shapeinference does not know
		of = compute.OpTypeEqualTotalOrder
	}
	shape, err := shapeinference.ComparisonOp(of, in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	return f.elementwise(op, shape, in)
}

// elementwise adds a node whose operands are broadcast to its dimensions.
func (f *function) elementwise(op compute.OpType, shape shapes.Shape, in []*node) (value, error) {
	for i, x := range in {
		if slices.Equal(x.dims(), shape.Dimensions) {
			continue
		}
		var axes []int
		for a := range x.dims() {
			axes = append(axes, a)
		}
		wide, err := f.broadcast(x, shape.Dimensions, axes)
		if err != nil {
			return nil, err
		}
		in[i] = wide
	}
	return f.add(op, shape, in)
}

func (f *function) broadcast(x *node, dims, axes []int) (*node, error) {
	shape := shapes.Make(x.dtype(), dims...)
	if slices.Equal(x.dims(), dims) && slices.IsSorted(axes) {
		return x, nil
	}
	if !x.uniform {
		return f.add(compute.OpTypeBroadcastInDim, shape, []*node{x}, axes)
	}
	return f.uniform(shape, x.bytes)
}

// BroadcastInDim returns an error if the axes do not fit.
func (f *function) BroadcastInDim(x value, shape shapes.Shape, axes []int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if err := static(shape); err != nil {
		return nil, err
	}
	if err := shapeinference.BroadcastInDim(in[0].shape, shape, axes, nil); err != nil {
		return nil, err
	}
	return f.broadcast(in[0], shape.Dimensions, axes)
}

func (f *function) reduce(op compute.OpType, x value, axes []int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		for i := range in[0].dims() {
			axes = append(axes, i)
		}
	}
	shape, err := shapeinference.Reduce(in[0].shape, axes)
	if err != nil {
		return nil, err
	}
	t := in[0].dtype()
	switch op {
	case compute.OpTypeReduceLogicalAnd, compute.OpTypeReduceLogicalOr, compute.OpTypeReduceLogicalXor:
		if t != dtypes.Bool {
			return nil, fmt.Errorf("%s needs booleans, not %s", op, in[0].shape)
		}
	case compute.OpTypeReduceBitwiseAnd, compute.OpTypeReduceBitwiseOr, compute.OpTypeReduceBitwiseXor:
		if !t.IsInt() {
			return nil, fmt.Errorf("%s needs integers, not %s", op, in[0].shape)
		}
	default:
		if t == dtypes.Bool {
			return nil, fmt.Errorf("%s needs numbers, not %s", op, in[0].shape)
		}
	}
	if shape.Size() == in[0].size() && shape.Size() > 0 {
		return f.reshape(in[0], shape.Dimensions)
	}
	return f.add(op, shape, in, slices.Sorted(slices.Values(axes)))
}

func (f *function) Identity(x value) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	return in[0], nil
}

// OptimizationBarrier returns its operands: the compiler moves nothing that a caller could see.
func (f *function) OptimizationBarrier(xs ...value) ([]value, error) {
	if _, err := f.operands(xs...); err != nil {
		return nil, err
	}
	return xs, nil
}

// SchedulingBarrier returns its operand: a graph has no effects whose order could matter.
func (f *function) SchedulingBarrier(x value, after ...value) (value, error) {
	if _, err := f.operands(append([]value{x}, after...)...); err != nil {
		return nil, err
	}
	return x, nil
}

// Reshape returns an error if the number of elements differs.
func (f *function) Reshape(x value, dims ...int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Reshape(in[0].shape, dims)
	if err != nil {
		return nil, err
	}
	return f.reshape(in[0], shape.Dimensions)
}

func (f *function) reshape(x *node, dims []int) (*node, error) {
	switch {
	case slices.Equal(x.dims(), dims):
		return x, nil
	case x.uniform:
		return f.broadcast(x, dims, nil)
	}
	return f.add(compute.OpTypeReshape, shapes.Make(x.dtype(), dims...), []*node{x})
}

// Bitcast returns an error if the bits do not fill whole elements, or if bytes that need not be 0 or 1 would become booleans.
func (f *function) Bitcast(x value, to dtypes.DType) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Bitcast(in[0].shape, to)
	if err != nil {
		return nil, err
	}
	if to == dtypes.Bool && in[0].dtype() != dtypes.Bool {
		return nil, fmt.Errorf("the bits of %s cannot become booleans", in[0].shape)
	}
	return f.add(compute.OpTypeBitcast, shape, in)
}

// Transpose returns an error if perm is no permutation of the axes.
func (f *function) Transpose(x value, perm ...int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Transpose(in[0].shape, perm)
	if err != nil {
		return nil, err
	}
	if slices.IsSorted(perm) {
		return in[0], nil
	}
	return f.add(compute.OpTypeTranspose, shape, in, perm)
}

// Reverse returns an error for an axis that x does not have.
func (f *function) Reverse(x value, axes ...int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	for _, a := range axes {
		if a < 0 || a >= in[0].shape.Rank() {
			return nil, fmt.Errorf("%s has no axis %d to reverse", in[0].shape, a)
		}
	}
	return f.add(compute.OpTypeReverse, in[0].shape, in, axes)
}

// Slice returns an error if the bounds do not lie in x.
func (f *function) Slice(x value, starts, limits, strides []int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if len(strides) == 0 {
		strides = slices.Repeat([]int{1}, in[0].shape.Rank())
	}
	shape, err := shapeinference.Slice(in[0].shape, starts, limits, strides)
	if err != nil {
		return nil, err
	}
	return f.add(compute.OpTypeSlice, shape, in, starts, strides)
}

// Concatenate returns an error if other axes than the given one differ.
func (f *function) Concatenate(axis int, xs ...value) (value, error) {
	in, err := f.operands(xs...)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Concatenate(shapesOf(in), axis)
	if err != nil {
		return nil, err
	}
	return f.add(compute.OpTypeConcatenate, shape, in, []int{axis})
}

// Pad returns an error if an axis would have a negative dimension.
func (f *function) Pad(x, fill value, axes ...compute.PadAxis) (value, error) {
	in, err := f.operands(x, fill)
	if err != nil {
		return nil, err
	}
	if in[1].shape.Rank() != 0 || in[1].dtype() != in[0].dtype() {
		return nil, fmt.Errorf("%s cannot be padded with %s", in[0].shape, in[1].shape)
	}
	shape, err := shapeinference.Pad(in[0].shape, axes...)
	if err != nil {
		return nil, err
	}
	starts := make([]int, shape.Rank())
	steps := slices.Repeat([]int{1}, shape.Rank())
	for i, a := range axes {
		starts[i], steps[i] = a.Start, a.Interior+1
	}
	return f.add(compute.OpTypePad, shape, in, starts, steps)
}

// Where returns an error if the shapes or types do not fit.
func (f *function) Where(condition, x, y value) (value, error) {
	in, err := f.operands(condition, x, y)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Where(in[0].shape, in[1].shape, in[2].shape)
	if err != nil {
		return nil, err
	}
	return f.elementwise(compute.OpTypeWhere, shape, in)
}

// Clamp returns an error if the shapes or types do not fit.
func (f *function) Clamp(low, x, high value) (value, error) {
	above, err := f.Max(low, x)
	if err != nil {
		return nil, err
	}
	return f.Min(above, high)
}

// ConvertDType returns an error for types that are not supported.
func (f *function) ConvertDType(x value, t dtypes.DType) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == t {
		return in[0], nil
	}
	return f.add(compute.OpTypeConvertDType, shapes.Shape{DType: t, Dimensions: in[0].dims()}, in)
}

// Iota returns an error for an axis that the shape does not have.
func (f *function) Iota(shape shapes.Shape, axis int) (value, error) {
	if _, err := f.operands(); err != nil {
		return nil, err
	}
	if axis < 0 || axis >= shape.Rank() || shape.DType == dtypes.Bool {
		return nil, fmt.Errorf("there is no iota of shape %s along axis %d", shape, axis)
	}
	return f.add(compute.OpTypeIota, shape, nil, []int{axis})
}

// DotGeneral returns an error if the shapes, types or axes among its parameters do not fit.
func (f *function) DotGeneral(x value, xContracting, xBatch []int, y value, yContracting, yBatch []int, c compute.DotGeneralConfig) (value, error) {
	in, err := f.operands(x, y)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.DotGeneral(in[0].shape, xContracting, xBatch, in[1].shape, yContracting, yBatch, c)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool {
		return nil, fmt.Errorf("a product of booleans: %w", compute.ErrNotImplemented)
	}
	if sum := c.AccumulatorDType; sum != dtypes.InvalidDType && sum != in[0].dtype() {
		for i := range in {
			if in[i], err = f.add(compute.OpTypeConvertDType, shapes.Make(sum, in[i].dims()...), []*node{in[i]}); err != nil {
				return nil, err
			}
		}
	}
	sides := [][]int{slices.Clone(xContracting), slices.Clone(xBatch), slices.Clone(yContracting), slices.Clone(yBatch)}
	dot, err := f.dot(in, shapes.Make(in[0].dtype(), shape.Dimensions...), sides)
	if err != nil {
		return nil, err
	}
	return f.ConvertDType(dot, shape.DType)
}

// dot adds a product of arrays. Where nothing is summed, it is a product of elements.
func (f *function) dot(in []*node, shape shapes.Shape, sides [][]int) (*node, error) {
	for _, a := range sides[0] {
		if in[0].dims()[a] != 1 {
			return f.add(compute.OpTypeDotGeneral, shape, in, sides...)
		}
	}
	free := len(sides[1]) // the result's next axis that is no batch axis
	factors := make([]*node, 2)
	for i, x := range in {
		contracting, batch := sides[2*i], sides[2*i+1]
		var dims, axes []int
		for a, d := range x.dims() {
			if slices.Contains(contracting, a) {
				continue
			}
			dims = append(dims, d)
			if j := slices.Index(batch, a); j >= 0 {
				axes = append(axes, j)
			} else {
				axes = append(axes, free)
				free++
			}
		}
		x, err := f.reshape(x, dims)
		if err != nil {
			return nil, err
		}
		if factors[i], err = f.broadcast(x, shape.Dimensions, axes); err != nil {
			return nil, err
		}
	}
	return f.add(compute.OpTypeMul, shape, factors)
}

// Gather returns an error if the shapes or axes among its parameters do not fit.
func (f *function) Gather(x, starts value, vectorAxis int, offsets, collapsed, indexed, sizes []int, sorted bool) (value, error) {
	in, err := f.operands(x, starts)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Gather(in[0].shape, in[1].shape, vectorAxis, offsets, collapsed, indexed, sizes, sorted)
	if err != nil {
		return nil, err
	}
	return f.add(compute.OpTypeGather, shape, in, []int{vectorAxis}, offsets, collapsed, indexed, sizes)
}

// scatter adds one of the operations below, with their parameters. It returns an error if the shapes, types or axes do not fit.
func (f *function) scatter(op compute.OpType, x, starts, updates value, vectorAxis int, window, inserted, indexed []int) (value, error) {
	in, err := f.operands(x, starts, updates)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Scatter(in[0].shape, in[1].shape, in[2].shape, vectorAxis, window, inserted, indexed)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool {
		return nil, fmt.Errorf("%s of booleans: %w", op, compute.ErrNotImplemented)
	}
	return f.add(op, shape, in, []int{vectorAxis}, window, inserted, indexed)
}

// ScatterSum returns an error if the shapes, types or axes among its parameters do not fit.
func (f *function) ScatterSum(x, starts, updates value, vectorAxis int, window, inserted, indexed []int, _, _ bool) (value, error) {
	return f.scatter(compute.OpTypeScatterSum, x, starts, updates, vectorAxis, window, inserted, indexed)
}

// ScatterMax returns an error if the shapes, types or axes among its parameters do not fit.
func (f *function) ScatterMax(x, starts, updates value, vectorAxis int, window, inserted, indexed []int, _, _ bool) (value, error) {
	return f.scatter(compute.OpTypeScatterMax, x, starts, updates, vectorAxis, window, inserted, indexed)
}

// ScatterMin returns an error if the shapes, types or axes among its parameters do not fit.
func (f *function) ScatterMin(x, starts, updates value, vectorAxis int, window, inserted, indexed []int, _, _ bool) (value, error) {
	return f.scatter(compute.OpTypeScatterMin, x, starts, updates, vectorAxis, window, inserted, indexed)
}

// starts checks the start indices of a dynamic slice of x: scalars, or one vector of them, of which it makes scalars.
func (f *function) starts(x *node, starts []value) ([]*node, error) {
	in, err := f.operands(starts...)
	if err != nil {
		return nil, err
	}
	if len(in) == 1 && in[0].shape.Rank() == 1 && in[0].size() == x.shape.Rank() {
		r, vector := &recipe{f: f}, in[0]
		in = nil
		for a := range x.dims() {
			in = append(in, r.reshape(r.slice(vector, a, a+1)))
		}
		if r.err != nil {
			return nil, r.err
		}
	}
	if len(in) != x.shape.Rank() {
		return nil, fmt.Errorf("a slice of %s needs a start for each axis, not %d", x.shape, len(in))
	}
	for _, s := range in {
		if s.shape.Rank() != 0 || !s.dtype().IsInt() {
			return nil, fmt.Errorf("the start of a slice must be a scalar integer, not %s", s.shape)
		}
	}
	return in, nil
}

// DynamicSlice returns an error if the shapes do not fit.
func (f *function) DynamicSlice(x value, starts []value, sizes []int) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	at, err := f.starts(in[0], starts)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.DynamicSlice(in[0].shape, sizes)
	if err != nil {
		return nil, err
	}
	return f.add(compute.OpTypeDynamicSlice, shape, append(in, at...))
}

// DynamicUpdateSlice returns an error if the shapes or types do not fit.
func (f *function) DynamicUpdateSlice(x, update value, starts []value) (value, error) {
	in, err := f.operands(x, update)
	if err != nil {
		return nil, err
	}
	at, err := f.starts(in[0], starts)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.DynamicUpdateSlice(in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	for a, d := range in[1].dims() {
		if d > in[0].dims()[a] {
			return nil, fmt.Errorf("an update of %s does not fit in %s", in[1].shape, in[0].shape)
		}
	}
	return f.add(compute.OpTypeDynamicUpdateSlice, shape, append(in, at...))
}

// ArgMinMax returns an error if the axis or the type does not fit.
func (f *function) ArgMinMax(x value, axis int, t dtypes.DType, isMin bool) (value, error) {
	in, err := f.operands(x)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool { // which package shapeinference does not let pass
		number, err := f.ConvertDType(in[0], dtypes.Uint8)
		if err != nil {
			return nil, err
		}
		in[0] = number.(*node)
	}
	shape, err := shapeinference.ArgMinMax(in[0].shape, axis, t)
	if err != nil {
		return nil, err
	}
	if in[0].dims()[axis] == 0 {
		return nil, fmt.Errorf("%s has no element to choose along axis %d", in[0].shape, axis)
	}
	lowest := 0
	if isMin {
		lowest = 1
	}
	return f.add(compute.OpTypeArgMinMax, shape, in, []int{axis}, []int{lowest})
}

// called returns the function of a value's graph, or an error if it has not returned or cannot be called from f.
func (f *function) called(g compute.Function) (*function, error) {
	fn, ok := g.(*function)
	if !ok || fn.b != f.b {
		return nil, fmt.Errorf("the function called belongs to another graph")
	}
	if !fn.returned {
		return nil, fmt.Errorf("the function called has not returned")
	}
	for scope := f; fn.name == ""; scope = scope.parent {
		if scope == nil {
			return nil, fmt.Errorf("a closure can be called only in the function that it was made in, and in that function's closures")
		}
		if scope == fn.parent {
			break
		}
	}
	for scope := f; scope != nil; scope = scope.parent {
		if scope == fn {
			return nil, fmt.Errorf("a function cannot call itself")
		}
	}
	return fn, nil
}

func sameShapes(what string, a, b []*node) error {
	if len(a) != len(b) {
		return fmt.Errorf("%s: %d values where %d are needed", what, len(a), len(b))
	}
	for i := range a {
		if !a[i].shape.Equal(b[i].shape) {
			return fmt.Errorf("%s: value %d is of shape %s, not %s", what, i, a[i].shape, b[i].shape)
		}
	}
	return nil
}

// several adds an operation with results of the shapes of like.
func (f *function) several(op compute.OpType, in, like []*node, functions ...*function) ([]value, error) {
	n := &node{f: f, op: op, in: in, functions: functions}
	f.nodes = append(f.nodes, n)
	var out []value
	for _, x := range like {
		r, err := f.add(compute.OpTypeInvalid, x.shape, nil)
		if err != nil {
			return nil, err
		}
		r.owner = n
		n.results = append(n.results, r)
		out = append(out, r)
	}
	return out, nil
}

// isTest tells whether n is a scalar boolean.
func (n *node) isTest() bool { return n.dtype() == dtypes.Bool && n.shape.Rank() == 0 }

// Call returns an error if the inputs do not fit the function's parameters.
func (f *function) Call(g compute.Function, inputs ...value) ([]value, error) {
	in, err := f.operands(inputs...)
	if err != nil {
		return nil, err
	}
	fn, err := f.called(g)
	if err != nil {
		return nil, err
	}
	if err := sameShapes("Call", in, fn.params); err != nil {
		return nil, err
	}
	return f.several(compute.OpTypeCall, in, fn.outputs, fn)
}

// While returns an error if the state, the condition and the body do not fit.
func (f *function) While(condition, body compute.Function, state ...value) ([]value, error) {
	in, err := f.operands(state...)
	if err != nil {
		return nil, err
	}
	c, err := f.called(condition)
	if err != nil {
		return nil, err
	}
	b, err := f.called(body)
	if err != nil {
		return nil, err
	}
	if len(c.outputs) != 1 || !c.outputs[0].isTest() {
		return nil, fmt.Errorf("While: the condition must return one scalar boolean")
	}
	for what, with := range map[string][]*node{"parameters of the condition": c.params, "parameters of the body": b.params, "results of the body": b.outputs} {
		if err := sameShapes("While: "+what, with, in); err != nil {
			return nil, err
		}
	}
	return f.several(compute.OpTypeWhile, in, in, c, b)
}

// If returns an error if the condition is no scalar boolean or the branches return different shapes.
func (f *function) If(condition value, yes, no compute.Function) ([]value, error) {
	in, err := f.operands(condition)
	if err != nil {
		return nil, err
	}
	a, err := f.called(yes)
	if err != nil {
		return nil, err
	}
	b, err := f.called(no)
	if err != nil {
		return nil, err
	}
	if !in[0].isTest() {
		return nil, fmt.Errorf("If: the condition must be a scalar boolean, not %s", in[0].shape)
	}
	if len(a.params)+len(b.params) > 0 {
		return nil, fmt.Errorf("If: branches have no parameters")
	}
	if err := sameShapes("If: results of the branches", a.outputs, b.outputs); err != nil {
		return nil, err
	}
	return f.several(compute.OpTypeIf, in, a.outputs, a, b)
}
