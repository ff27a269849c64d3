package wasm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/wasm"
)

// A made is a value of a random graph.
type made struct {
	v     compute.Value
	shape shapes.Shape
	// rough floats may differ between backends by rounding, so that nothing discrete may depend on them.
	rough bool
	// special floats may be infinite, NaN or -0.
	special bool
	what    string
}

// A maker makes a random graph; equal seeds make equal graphs, on any backend.
type maker struct {
	r     *rand.Rand
	b     compute.Builder
	f     compute.Function
	pool  []made
	depth int // of closures
	// full graphs, for XLA, have what GoMLX's Go backend does not: negative padding, which makes it panic, closures in
	// closures and dynamic slices. The others, for the Go backend, have closures that capture values, which go-xla rejects.
	full bool
}

var elements = []dtypes.DType{dtypes.Float32, dtypes.Float64, dtypes.Int32, dtypes.Int64, dtypes.Uint32, dtypes.Uint64, dtypes.Bool,
	dtypes.Int8, dtypes.Uint8, dtypes.Float32, dtypes.Float64}

func (m *maker) dims() []int {
	d := make([]int, m.r.IntN(4))
	for i := range d {
		d[i] = 1 + m.r.IntN(4)
	}
	if len(d) > 0 && m.r.IntN(2) == 0 { // long enough for vectors, with a rest
		d[m.r.IntN(len(d))] = 4 + m.r.IntN(20)
	}
	return d
}

// random returns a slice of the shape's type: small numbers, and special ones if asked for.
func (m *maker) random(shape shapes.Shape, special bool) any {
	out := dtypes.MakeAnySlice(shape.DType, shape.Size())
	for i := range shape.Size() {
		e := reflect.ValueOf(out).Index(i)
		switch {
		case shape.DType == dtypes.Bool:
			e.SetBool(m.r.IntN(2) == 0)
		case shape.DType.IsFloat():
			x := float64(m.r.IntN(65)-32) / 8
			if special && m.r.IntN(6) == 0 {
				x = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0}[m.r.IntN(5)]
			}
			e.SetFloat(x)
		case shape.DType.IsUnsigned():
			e.SetUint(m.r.Uint64() >> m.r.IntN(64) & (1<<shape.DType.Bits() - 1))
		default:
			e.SetInt(int64(m.r.Uint64()) << (64 - shape.DType.Bits()) >> (64 - shape.DType.Bits()) >> m.r.IntN(shape.DType.Bits()))
		}
	}
	return out
}

func (m *maker) put(what string, v compute.Value, err error, from ...made) made {
	if err != nil {
		panic(fmt.Errorf("%s: %w", what, err))
	}
	shape, err := m.b.OpShape(v)
	if err != nil {
		panic(err)
	}
	out := made{v: v, shape: shape, what: what}
	for _, x := range from {
		out.rough = out.rough || x.rough
		out.special = out.special || x.special
	}
	m.pool = append(m.pool, out)
	return out
}

func (m *maker) last() *made { return &m.pool[len(m.pool)-1] }

func (m *maker) roughen(x made) {
	if x.shape.DType.IsFloat() {
		m.last().rough = true
	}
}

func (m *maker) pick(ok func(made) bool) (made, bool) {
	for _, i := range m.r.Perm(len(m.pool)) {
		if ok(m.pool[i]) {
			return m.pool[i], true
		}
	}
	return made{}, false
}

func isFloat(x made) bool  { return x.shape.DType.IsFloat() }
func isInt(x made) bool    { return x.shape.DType.IsInt() }
func isNumber(x made) bool { return x.shape.DType != dtypes.Bool }
func any1(made) bool       { return true }
func ranked(x made) bool   { return x.shape.Rank() > 0 }
func exact(x made) bool    { return !x.rough }

func both(a, b func(made) bool) func(made) bool { return func(x made) bool { return a(x) && b(x) } }

// like finds a second operand for x: of the same type, and of its shape or a scalar.
func (m *maker) like(x made, ok func(made) bool) made {
	y, found := m.pick(func(y made) bool {
		return ok(y) && y.shape.DType == x.shape.DType && (y.shape.Rank() == 0 || y.shape.EqualDimensions(x.shape))
	})
	if found && m.r.IntN(4) > 0 {
		return y
	}
	return m.constant(x.shape)
}

func (m *maker) constant(shape shapes.Shape) made {
	v, err := m.f.Constant(m.random(shape, false), shape.Dimensions...)
	return m.put("Constant", v, err)
}

func (m *maker) scalar(t dtypes.DType, x int) made {
	s := reflect.MakeSlice(reflect.SliceOf(t.GoType()), 1, 1)
	s.Index(0).Set(reflect.ValueOf(x).Convert(t.GoType()))
	v, err := m.f.Constant(s.Interface())
	return m.put("Constant", v, err)
}

type unary func(compute.Value) (compute.Value, error)
type binary func(compute.Value, compute.Value) (compute.Value, error)

func choose[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// step adds an operation.
func (m *maker) step() {
	steps := []func(){m.unaryFloat, m.unaryWhole, m.arithmetic, m.arithmetic, m.wholeArithmetic, m.logical, m.comparison, m.where,
		m.conversion, m.move, m.move, m.move, m.concatenate, m.pad, m.reduction, m.reduction, m.dot, m.gather, m.scatter, m.slices,
		m.argument, m.iota, m.bitcast, m.sort, m.normalization, m.loop, m.branch}
	steps[m.r.IntN(len(steps))]()
}

func (m *maker) unaryFloat() {
	x, ok := m.pick(isFloat)
	if !ok {
		return
	}
	f := m.f
	if !x.rough {
		switch m.r.IntN(3) {
		case 0:
			of := []unary{f.Ceil, f.Floor, f.Round, f.Neg}
			if m.full || !x.special { // to the Go backend |-0| is -0, and NaN has the sign 0
				of = append(of, f.Abs, f.Sign)
			}
			v, err := choose(m.r, of...)(x.v)
			m.put("exact unary", v, err, x)
			return
		case 1:
			v, err := choose[unary](m.r, f.IsNaN, f.IsFinite)(x.v)
			m.put("test", v, err)
			return
		}
		v, err := choose[unary](m.r, f.Exp, f.Expm1, f.Log, f.Log1p, f.Sqrt, f.Rsqrt, f.Sin, f.Cos, f.Erf)(x.v)
		out := m.put("transcendental", v, err, x)
		m.roughen(out)
		m.last().special = true
		return
	}
	v, err := choose[unary](m.r, f.Tanh, f.Logistic, f.Neg, f.Abs)(x.v)
	m.roughen(m.put("bounded", v, err, x))
}

func (m *maker) unaryWhole() {
	if x, ok := m.pick(isInt); ok {
		of := []unary{m.f.BitwiseNot, m.f.BitCount, m.f.Clz}
		if !x.shape.DType.IsUnsigned() { // StableHLO has no Abs and Sign of unsigned numbers
			of = append(of, m.f.Abs, m.f.Sign)
		}
		v, err := choose(m.r, of...)(x.v)
		m.put("unary of integers", v, err, x)
	}
}

func (m *maker) arithmetic() {
	x, ok := m.pick(isNumber)
	if !ok {
		return
	}
	y := m.like(x, any1)
	f := m.f
	kind := m.r.IntN(4)
	if kind == 0 && m.full && (x.special || y.special) { // XLA loses some NaN that it computes in the same kernel
		kind = 1
	}
	switch kind {
	case 0:
		v, err := choose[binary](m.r, f.Max, f.Min)(x.v, y.v)
		m.put("extreme", v, err, x, y)
	case 3:
		m.division(x, y)
	case 1:
		v, err := choose[binary](m.r, f.Add, f.Sub)(x.v, y.v)
		m.put("sum", v, err, x, y)
	default:
		v, err := f.Mul(x.v, y.v)
		m.roughen(m.put("Mul", v, err, x, y))
	}
}

// division has quotients, remainders and powers of floats. What is rough may lie on either side of 0.
func (m *maker) division(x, y made) {
	if !isFloat(x) || x.rough || y.rough {
		return
	}
	v, err := choose[binary](m.r, m.f.Div, m.f.Pow, m.f.Rem)(x.v, y.v)
	m.roughen(m.put("division", v, err, x, y))
	m.last().special = true
}

func (m *maker) wholeArithmetic() {
	x, ok := m.pick(isInt)
	if !ok {
		return
	}
	y, f := m.like(x, any1), m.f
	switch m.r.IntN(3) {
	case 0:
		v, err := choose[binary](m.r, f.BitwiseAnd, f.BitwiseOr, f.BitwiseXor)(x.v, y.v)
		m.put("bitwise", v, err, x, y)
	case 1: // a divisor other than 0 and -1
		small, err := f.BitwiseAnd(y.v, m.scalar(x.shape.DType, 7).v)
		m.put("BitwiseAnd", small, err)
		divisor, err := f.BitwiseOr(small, m.scalar(x.shape.DType, 1).v)
		m.put("BitwiseOr", divisor, err)
		v, err := choose[binary](m.r, f.Div, f.Rem)(x.v, divisor)
		m.put("division of integers", v, err, x)
	default:
		by, err := f.BitwiseAnd(y.v, m.scalar(x.shape.DType, 7).v)
		m.put("BitwiseAnd", by, err)
		shifts := []binary{f.ShiftLeft, f.ShiftRightLogical}
		if m.full || !x.shape.DType.IsUnsigned() { // the Go backend shifts zeros into unsigned numbers, XLA copies of the top bit
			shifts = append(shifts, f.ShiftRightArithmetic)
		}
		v, err := choose(m.r, shifts...)(x.v, by)
		m.put("shift", v, err, x)
	}
}

func isBool(x made) bool { return x.shape.DType == dtypes.Bool }

func (m *maker) logical() {
	if x, ok := m.pick(isBool); ok {
		y := m.like(x, any1)
		v, err := choose[binary](m.r, m.f.LogicalAnd, m.f.LogicalOr, m.f.LogicalXor)(x.v, y.v)
		m.put("logical", v, err)
		v, err = m.f.LogicalNot(v)
		m.put("LogicalNot", v, err)
	}
}

func (m *maker) comparison() {
	x, ok := m.pick(both(isNumber, exact))
	if !ok {
		return
	}
	y, f := m.like(x, exact), m.f
	of := []binary{f.Equal, f.NotEqual, f.LessThan, f.LessOrEqual, f.GreaterThan, f.GreaterOrEqual}
	if m.full && isFloat(x) && !x.special && !y.special { // the sign of a NaN is not defined
		of = append(of, f.EqualTotalOrder, f.NotEqualTotalOrder, f.LessThanTotalOrder, f.LessOrEqualTotalOrder, f.GreaterThanTotalOrder,
			f.GreaterOrEqualTotalOrder)
	}
	v, err := choose(m.r, of...)(x.v, y.v)
	m.put("comparison", v, err)
}

func (m *maker) where() {
	c, ok := m.pick(isBool)
	if !ok {
		return
	}
	x, ok := m.pick(func(x made) bool { return x.shape.Rank() == 0 || x.shape.EqualDimensions(c.shape) })
	if ok && c.shape.Rank() > 0 {
		y := m.like(x, any1)
		v, err := m.f.Where(c.v, x.v, y.v)
		m.put("Where", v, err, x, y)
	}
}

func (m *maker) conversion() {
	x, ok := m.pick(both(exact, func(x made) bool { return !x.special }))
	if !ok {
		return
	}
	to := choose(m.r, elements...)
	if isFloat(x) && to != dtypes.Float32 && to != dtypes.Float64 {
		to = choose(m.r, dtypes.Int32, dtypes.Int64)
	}
	v, err := m.f.ConvertDType(x.v, to)
	out := m.put(fmt.Sprintf("ConvertDType %s to %s", x.shape.DType, to), v, err, x)
	if isInt(x) && isFloat(out) { // large
		m.last().rough = true
	}
	if isFloat(x) && isFloat(out) {
		m.roughen(out)
	}
}

func (m *maker) move() {
	x, ok := m.pick(ranked)
	if !ok {
		return
	}
	d := x.shape.Dimensions
	var v compute.Value
	var err error
	what := ""
	switch m.r.IntN(5) {
	case 0:
		what = "Transpose"
		v, err = m.f.Transpose(x.v, m.r.Perm(len(d))...)
	case 1:
		what = "Reverse"
		v, err = m.f.Reverse(x.v, m.r.Perm(len(d))[:m.r.IntN(len(d)+1)]...)
	case 2:
		what = "Reshape"
		to := []int{1, x.shape.Size()}
		if m.r.IntN(2) == 0 {
			to = slices.Clone(d)
			slices.Reverse(to)
		}
		v, err = m.f.Reshape(x.v, to...)
	case 3:
		what = "Slice"
		starts, limits, strides := make([]int, len(d)), make([]int, len(d)), make([]int, len(d))
		for a, n := range d {
			starts[a] = m.r.IntN(n)
			limits[a] = starts[a] + 1 + m.r.IntN(n-starts[a])
			strides[a] = 1 + m.r.IntN(2)
		}
		v, err = m.f.Slice(x.v, starts, limits, strides)
	default:
		what = "BroadcastInDim"
		if x.shape.Size() > 16 {
			return
		}
		to, axes := []int{2}, []int{}
		for a, n := range d {
			if n == 1 {
				n = 1 + m.r.IntN(3)
			}
			to, axes = append(to, n), append(axes, a+1)
		}
		v, err = m.f.BroadcastInDim(x.v, shapes.Make(x.shape.DType, to...), axes)
	}
	m.put(what, v, err, x)
}

func (m *maker) concatenate() {
	if x, ok := m.pick(ranked); ok {
		y := m.like(x, ranked)
		v, err := m.f.Concatenate(m.r.IntN(x.shape.Rank()), x.v, y.v, x.v)
		m.put("Concatenate", v, err, x, y)
	}
}

func (m *maker) pad() {
	x, ok := m.pick(func(x made) bool { return ranked(x) && isNumber(x) && x.shape.Size() < 50 })
	if !ok {
		return
	}
	axes := make([]compute.PadAxis, x.shape.Rank())
	for a, n := range x.shape.Dimensions {
		axes[a] = compute.PadAxis{Start: m.r.IntN(3), End: m.r.IntN(3), Interior: m.r.IntN(2)}
		if m.full && n > 2 && m.r.IntN(2) == 0 {
			axes[a].Start = -1
		}
		if m.full && n > 2 && m.r.IntN(3) == 0 {
			axes[a].End = -1
		}
	}
	v, err := m.f.Pad(x.v, m.scalar(x.shape.DType, 3).v, axes...)
	m.put(fmt.Sprint("Pad ", axes, x.shape), v, err, x)
}

func (m *maker) reduction() {
	x, ok := m.pick(ranked)
	if !ok {
		return
	}
	type reduce func(compute.Value, ...int) (compute.Value, error)
	f := m.f
	axes := m.r.Perm(x.shape.Rank())[:1+m.r.IntN(x.shape.Rank())]
	var v compute.Value
	var err error
	switch {
	case isBool(x):
		v, err = choose[reduce](m.r, f.ReduceLogicalAnd, f.ReduceLogicalOr, f.ReduceLogicalXor)(x.v, axes...)
		m.put("logical reduction", v, err)
	case isInt(x) && m.r.IntN(2) == 0:
		v, err = choose[reduce](m.r, f.ReduceBitwiseAnd, f.ReduceBitwiseOr, f.ReduceBitwiseXor)(x.v, axes...)
		m.put("bitwise reduction", v, err)
	case !x.special && m.r.IntN(2) == 0: // XLA loses some NaN in extreme reductions
		v, err = choose[reduce](m.r, f.ReduceMax, f.ReduceMin)(x.v, axes...)
		m.put("extreme reduction", v, err, x)
	default:
		of := []reduce{f.ReduceSum}
		if isInt(x) || !x.rough && !x.special && x.shape.Size() <= 32 { // other floats may overflow in one order and not in another
			of = append(of, f.ReduceProduct)
		}
		v, err = choose(m.r, of...)(x.v, axes...)
		m.roughen(m.put("reduction", v, err, x))
	}
}

func (m *maker) dot() {
	x, ok := m.pick(func(x made) bool { return ranked(x) && x.shape.DType.Bits() >= 32 && !x.special })
	if !ok {
		return
	}
	d := x.shape.Dimensions
	contracted := m.r.IntN(len(d))
	y := m.constant(shapes.Make(x.shape.DType, 3, d[contracted]))
	xb, yb := []int{}, []int{}
	if batch := (contracted + 1) % len(d); len(d) > 1 && m.r.IntN(2) == 0 {
		y = m.constant(shapes.Make(x.shape.DType, 3, d[contracted], d[batch]))
		xb, yb = []int{batch}, []int{2}
	}
	v, err := m.f.DotGeneral(x.v, []int{contracted}, xb, y.v, []int{1}, yb, compute.DotGeneralConfig{})
	m.roughen(m.put("DotGeneral", v, err, x, y))
}

func (m *maker) indices(high int, dims ...int) made {
	flat := make([]int32, shapes.Make(dtypes.Int32, dims...).Size())
	for i := range flat {
		flat[i] = int32(m.r.IntN(high))
	}
	v, err := m.f.Constant(flat, dims...)
	return m.put("indices", v, err)
}

func (m *maker) gather() {
	x, ok := m.pick(func(x made) bool { return x.shape.Rank() == 2 })
	if !ok {
		return
	}
	d := x.shape.Dimensions
	if m.r.IntN(2) == 0 {
		at := m.indices(d[0], 3, 1)
		v, err := m.f.Gather(x.v, at.v, 1, []int{1}, []int{0}, []int{0}, []int{1, d[1]}, false)
		m.put("Gather of rows", v, err, x)
		return
	}
	at := m.indices(min(d[0], d[1]), 2, 3)
	v, err := m.f.Gather(x.v, at.v, 0, []int{}, []int{0, 1}, []int{1, 0}, []int{1, 1}, false)
	m.put("Gather of elements", v, err, x)
}

func (m *maker) scatter() {
	x, ok := m.pick(func(x made) bool { return x.shape.Rank() == 2 && isNumber(x) && m.depth == 0 })
	if !ok {
		return
	}
	d := x.shape.Dimensions
	at := m.indices(d[0], 3, 1)
	y := m.constant(shapes.Make(x.shape.DType, 3, d[1]))
	f := m.f
	switch m.r.IntN(3) {
	case 0:
		v, err := f.ScatterSum(x.v, at.v, y.v, 1, []int{1}, []int{0}, []int{0}, false, false)
		m.roughen(m.put("ScatterSum", v, err, x))
	case 1:
		v, err := f.ScatterMax(x.v, at.v, y.v, 1, []int{1}, []int{0}, []int{0}, false, false)
		m.put("ScatterMax", v, err, x)
	default:
		v, err := f.ScatterMin(x.v, at.v, y.v, 1, []int{1}, []int{0}, []int{0}, false, false)
		m.put("ScatterMin", v, err, x)
	}
}

// slices are dynamic; a third of their starts lie outside.
func (m *maker) slices() {
	if !m.full {
		return
	}
	x, ok := m.pick(ranked)
	if !ok {
		return
	}
	var starts []compute.Value
	var sizes []int
	for _, n := range x.shape.Dimensions {
		starts = append(starts, m.scalar(dtypes.Int32, m.r.IntN(n+4)-2).v)
		sizes = append(sizes, 1+m.r.IntN(n))
	}
	if m.r.IntN(2) == 0 {
		v, err := m.f.DynamicSlice(x.v, starts, sizes)
		m.put("DynamicSlice", v, err, x)
		return
	}
	y := m.constant(shapes.Make(x.shape.DType, sizes...))
	v, err := m.f.DynamicUpdateSlice(x.v, y.v, starts)
	m.put("DynamicUpdateSlice", v, err, x)
}

func (m *maker) argument() {
	// XLA and the Go backend pass over some NaN; TestArgMinMaxOfNaN has them.
	if x, ok := m.pick(func(x made) bool { return ranked(x) && isNumber(x) && exact(x) && !x.special }); ok {
		v, err := m.f.ArgMinMax(x.v, m.r.IntN(x.shape.Rank()), choose(m.r, dtypes.Int32, dtypes.Int64), m.r.IntN(2) == 0)
		m.put("ArgMinMax", v, err)
	}
}

// normalization is of a batch.
func (m *maker) normalization() {
	x, ok := m.pick(func(x made) bool { return x.shape.Rank() > 1 && isFloat(x) && exact(x) && !x.special })
	if !ok || !m.full { // the Go backend has none
		return
	}
	axis := m.r.IntN(x.shape.Rank())
	feature := func() compute.Value { return m.constant(shapes.Make(x.shape.DType, x.shape.Dimensions[axis])).v }
	scale, offset, mean := feature(), feature(), feature()
	variance, err := m.f.Mul(mean, mean)
	m.roughen(m.put("Mul", variance, err))
	const epsilon = 0.125
	v, err := m.f.BatchNormForInference(x.v, scale, offset, mean, variance, epsilon, axis)
	m.roughen(m.put("BatchNormForInference", v, err))
	dx, dScale, dOffset, err := m.f.BatchNormGradient(x.v, scale, mean, variance, m.constant(x.shape).v, epsilon, axis)
	for _, v := range []compute.Value{dx, dScale, dOffset} {
		m.roughen(m.put("BatchNormGradient", v, err))
	}
	v, mean, variance, err = m.f.BatchNormForTraining(x.v, scale, offset, epsilon, axis)
	for _, v := range []compute.Value{v, mean, variance} {
		m.roughen(m.put("BatchNormForTraining", v, err))
	}
}

// sort sorts by one value, and moves another along.
func (m *maker) sort() {
	x, ok := m.pick(func(x made) bool { return ranked(x) && isNumber(x) && exact(x) && !x.special })
	if !ok || m.full { // go-xla has no Sort
		return
	}
	y, dims := m.like(x, ranked), x.shape.Dimensions
	axis := m.r.IntN(len(dims))
	less := m.inside(func() {
		var in []compute.Value
		for i := range 4 {
			v, err := m.f.Parameter(fmt.Sprint("e", i), shapes.Make(x.shape.DType), nil)
			m.put("Parameter", v, err)
			in = append(in, v)
		}
		compare := choose[binary](m.r, m.f.LessThan, m.f.GreaterThan)
		v, err := compare(in[0], in[1])
		m.give(m.put("comparison", v, err).v)
	})
	out, err := m.f.Sort(less, axis, true, x.v, y.v)
	if err != nil {
		panic(fmt.Errorf("Sort: %w", err))
	}
	m.put("Sort", out[0], nil, x)
	m.put("Sort, moved along", out[1], nil, y)
}

func (m *maker) iota() {
	d := append(m.dims(), 3)
	v, err := m.f.Iota(shapes.Make(choose(m.r, dtypes.Int32, dtypes.Float32, dtypes.Uint64, dtypes.Float64), d...), m.r.IntN(len(d)))
	m.put("Iota", v, err)
}

func (m *maker) bitcast() {
	of := map[dtypes.DType]dtypes.DType{dtypes.Int32: dtypes.Uint32, dtypes.Uint32: dtypes.Int32, dtypes.Int64: dtypes.Uint64,
		dtypes.Uint64: dtypes.Int64, dtypes.Int8: dtypes.Uint8, dtypes.Uint8: dtypes.Int8}
	if x, ok := m.pick(isInt); ok && of[x.shape.DType] != dtypes.InvalidDType {
		v, err := m.f.Bitcast(x.v, of[x.shape.DType])
		m.put("Bitcast", v, err)
	}
}

// inside makes operations in a closure that sees the values outside; results are not.
func (m *maker) inside(body func()) compute.Function {
	outer, pool := m.f, m.pool
	f, err := outer.Closure()
	if err != nil {
		panic(err)
	}
	m.f, m.pool = f, slices.Clone(pool)
	if m.full {
		m.pool = nil
	}
	m.depth++
	body()
	m.depth--
	m.f, m.pool = outer, pool
	return f
}

// own returns a value of the closure itself: the Go backend cannot return what a closure captures.
func (m *maker) own(v compute.Value) compute.Value {
	yes, err := m.f.Constant([]bool{true})
	if err != nil {
		panic(err)
	}
	v, err = m.f.Where(yes, v, v)
	return m.put("Where", v, err).v
}

func (m *maker) nesting() int {
	if m.full {
		return 1
	}
	return 0
}

func (m *maker) give(values ...compute.Value) {
	if err := m.f.Return(values, nil); err != nil {
		panic(err)
	}
}

// loop repeats random operations on a state of a counter and three values, two of which change places.
func (m *maker) loop() {
	if m.depth > m.nesting() {
		return
	}
	x, ok := m.pick(func(x made) bool { return !x.special })
	if !ok {
		return
	}
	y, z := m.constant(x.shape), m.constant(x.shape)
	state := []made{m.scalar(dtypes.Int32, 0), x, y, z}
	parameters := func() (in []compute.Value) {
		for i, s := range state {
			v, err := m.f.Parameter(fmt.Sprint("s", m.depth, i), s.shape, nil)
			m.put("Parameter", v, err, s)
			m.last().rough = i > 0
			in = append(in, v)
		}
		return in
	}
	times := 1 + m.r.IntN(4)
	condition := m.inside(func() {
		in := parameters()
		v, err := m.f.LessThan(in[0], m.scalar(dtypes.Int32, times).v)
		m.give(m.put("LessThan", v, err).v)
	})
	body := m.inside(func() {
		in := parameters()
		for range 3 {
			m.step()
		}
		next, ok := m.pick(func(n made) bool { return n.shape.Equal(x.shape) && !n.special })
		if !ok {
			next = made{v: in[3]}
		}
		count, err := m.f.Add(in[0], m.scalar(dtypes.Int32, 1).v)
		m.give(m.put("Add", count, err).v, m.own(next.v), in[3], in[2])
	})
	var in []compute.Value
	for _, s := range state {
		in = append(in, s.v)
	}
	out, err := m.f.While(condition, body, in...)
	if err != nil {
		panic(fmt.Errorf("While: %w", err))
	}
	for i, v := range out {
		m.put("While", v, nil)
		m.last().rough = i > 0 && isFloat(*m.last())
	}
}

func (m *maker) branch() {
	if m.depth > m.nesting() {
		return
	}
	c, ok := m.pick(func(x made) bool { return isBool(x) && x.shape.Rank() == 0 })
	if !ok {
		c = m.constant(shapes.Make(dtypes.Bool))
	}
	x, ok := m.pick(any1)
	if !ok {
		return
	}
	var results []made
	side := func() compute.Function {
		return m.inside(func() {
			for range 3 {
				m.step()
			}
			y, ok := m.pick(func(n made) bool { return n.shape.Equal(x.shape) })
			if !ok {
				y = m.constant(x.shape)
			}
			results = append(results, y)
			m.give(m.own(y.v))
		})
	}
	out, err := m.f.If(c.v, side(), side())
	if err != nil {
		panic(fmt.Errorf("If: %w", err))
	}
	m.put("If", out[0], nil, results...)
}

// run makes the graph of a seed on a backend and returns every stride-th of its values, nil for the others, or an error if the
// backend lacks an operation.
func run(b compute.Backend, seed uint64, steps, stride int) (values []any, of []made, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(error)
			if !ok {
				panic(r)
			}
			err = e
			if os.Getenv("WASM_WHY") != "" {
				debug.PrintStack()
			}
		}
	}()
	m := &maker{r: rand.New(rand.NewPCG(seed, 1)), b: b.Builder("random"), full: seed%2 == 1}
	m.f = m.b.Main()
	var inputs []compute.Buffer
	for i := range 5 {
		shape := shapes.Make(choose(m.r, elements...), m.dims()...)
		special := m.r.IntN(4) == 0
		v, err := m.f.Parameter(fmt.Sprint("p", i), shape, nil)
		m.put("Parameter", v, err)
		m.pool[i].special = special
		x, err := b.BufferFromFlatData(0, m.random(shape, special), shape)
		if err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, x)
	}
	for range steps {
		m.step()
	}
	var outputs []compute.Value
	for i := stride - 1; i < len(m.pool); i += stride {
		outputs = append(outputs, m.pool[i].v)
	}
	m.give(outputs...)
	e, err := m.b.Compile()
	if err != nil {
		return nil, nil, err
	}
	defer e.Finalize()
	out, err := e.Execute(inputs, make([]bool, len(inputs)), 0)
	if err != nil {
		return nil, nil, err
	}
	values = make([]any, len(m.pool))
	for k, x := range out {
		i := stride*(k+1) - 1
		values[i] = dtypes.MakeAnySlice(m.pool[i].shape.DType, m.pool[i].shape.Size())
		if err := x.ToFlatData(values[i]); err != nil {
			return nil, nil, err
		}
	}
	return values, m.pool, nil
}

// differ returns the first value in which two runs of a graph differ: at all, or if floats are rough by more than rounding
// can do to numbers as large as the graph has so far. What got lacks is not compared.
func differ(got, want []any, of []made) string {
	scale := map[dtypes.DType]float64{}
	for i, x := range of {
		g, w := reflect.ValueOf(got[i]), reflect.ValueOf(want[i])
		if got[i] == nil {
			g = w
		}
		for j := range g.Len() {
			if !x.shape.DType.IsFloat() {
				if !g.Index(j).Equal(w.Index(j)) {
					return fmt.Sprintf("value %d, %s %s, element %d: %v, want %v", i, x.what, x.shape, j, g.Index(j), w.Index(j))
				}
				continue
			}
			a, b := g.Index(j).Float(), w.Index(j).Float()
			tolerance := map[dtypes.DType]float64{dtypes.Float32: 1e-4, dtypes.Float64: 1e-10}[x.shape.DType]
			if !math.IsInf(b, 0) && !math.IsNaN(b) {
				scale[x.shape.DType] = max(1, scale[x.shape.DType], math.Abs(b))
			}
			near := a == b || math.IsNaN(a) && math.IsNaN(b)
			if !near && x.rough {
				near = math.Abs(a-b) <= tolerance*scale[x.shape.DType]
			}
			if !near {
				return fmt.Sprintf("value %d, %s %s, element %d: %v, want %v", i, x.what, x.shape, j, a, b)
			}
		}
	}
	return ""
}

// seeds are those of the random graphs: WASM_GRAPHS of them, as "10000" or, not from 0 on, "2000-4000".
func seeds(t *testing.T) (first, end uint64) {
	s := os.Getenv("WASM_GRAPHS")
	if s == "" {
		return 0, 60
	}
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		from, to = "0", s
	}
	first, err := strconv.ParseUint(from, 10, 64)
	require.NoError(t, err)
	end, err = strconv.ParseUint(to, 10, 64)
	require.NoError(t, err)
	return first, end
}

// TestRandomGraphsOfFewOutputs returns every seventh value alone, so that the others give their memory back, and compares it with
// that of the graph that returns all.
func TestRandomGraphsOfFewOutputs(t *testing.T) {
	b := wasm.New()
	first, end := seeds(t)
	for seed := first; seed < end; seed++ {
		want, of, err := run(b, seed, 20, 1)
		require.NoErrorf(t, err, "seed %d", seed)
		got, _, err := run(b, seed, 20, 7)
		require.NoErrorf(t, err, "seed %d", seed)
		require.Emptyf(t, differ(got, want, of), "seed %d", seed)
	}
}

// plainGo is GoMLX's Go backend.
func plainGo(tb testing.TB) compute.Backend {
	b, err := gobackend.New("ops_sequential") // in parallel, some graphs wait for themselves
	require.NoError(tb, err)
	return b
}

// TestRandomGraphs compares all values of random graphs with those of GoMLX's Go backend, if the seed is even, or of XLA.
func TestRandomGraphs(t *testing.T) {
	b := wasm.New()
	first, end := seeds(t)
	others := map[string]compute.Backend{"Go": plainGo(t)}
	if accel.Platform() == "xla:cpu" {
		xla, err := accel.Open()
		require.NoError(t, err)
		others["XLA"] = xla
	}
	compared, lacking, failed := map[string]int{}, map[string]int{}, 0
	for seed := first; seed < end; seed++ {
		got, of, err := run(b, seed, 20, 1)
		require.NoErrorf(t, err, "seed %d", seed)
		for name, other := range others {
			if full := seed%2 == 1; full == (name == "Go") {
				continue
			}
			want, _, err := run(other, seed, 20, 1)
			if err != nil {
				lacking[name]++
				if os.Getenv("WASM_WHY") != "" {
					t.Log(name, seed, err)
				}
				continue
			}
			compared[name]++
			if d := differ(got, want, of); d != "" {
				failed++
				t.Errorf("seed %d, against %s: %s", seed, name, d)
			}
		}
		if failed > 10 {
			break
		}
	}
	t.Log("compared", compared, "lacking operations", lacking)
}

// FuzzGraphs draws random graphs without end: each agrees with itself where it returns less, and with the Go backend.
func FuzzGraphs(f *testing.F) {
	b, other := wasm.New(), plainGo(f)
	f.Add(uint64(0), uint8(1))
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, stride uint8) {
		want, of, err := run(b, seed, 20, 1)
		require.NoError(t, err)
		got, _, err := run(b, seed, 20, 1+int(stride%16))
		if err == nil { // else nothing is returned
			require.Empty(t, differ(got, want, of))
		}
		if seed%2 == 0 { // the Go backend lacks what the others have
			if theirs, _, err := run(other, seed, 20, 1); err == nil {
				require.Empty(t, differ(want, theirs, of))
			}
		}
	})
}
