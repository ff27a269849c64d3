package vmap

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Each of these implements the operation of compute.StandardOps that has its name.

func (f *function) Abs(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Abs) }
func (f *function) BitCount(x compute.Value) (compute.Value, error) { return unary(x, f.in.BitCount) }
func (f *function) BitwiseNot(x compute.Value) (compute.Value, error) {
	return unary(x, f.in.BitwiseNot)
}
func (f *function) Ceil(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Ceil) }
func (f *function) Clz(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Clz) }
func (f *function) Conj(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Conj) }
func (f *function) Cos(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Cos) }
func (f *function) Erf(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Erf) }
func (f *function) Exp(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Exp) }
func (f *function) Expm1(x compute.Value) (compute.Value, error)    { return unary(x, f.in.Expm1) }
func (f *function) Floor(x compute.Value) (compute.Value, error)    { return unary(x, f.in.Floor) }
func (f *function) Identity(x compute.Value) (compute.Value, error) { return unary(x, f.in.Identity) }
func (f *function) Imag(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Imag) }
func (f *function) IsFinite(x compute.Value) (compute.Value, error) { return unary(x, f.in.IsFinite) }
func (f *function) IsNaN(x compute.Value) (compute.Value, error)    { return unary(x, f.in.IsNaN) }
func (f *function) Log(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Log) }
func (f *function) Log1p(x compute.Value) (compute.Value, error)    { return unary(x, f.in.Log1p) }
func (f *function) LogicalNot(x compute.Value) (compute.Value, error) {
	return unary(x, f.in.LogicalNot)
}
func (f *function) Logistic(x compute.Value) (compute.Value, error) { return unary(x, f.in.Logistic) }
func (f *function) Neg(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Neg) }
func (f *function) Real(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Real) }
func (f *function) Round(x compute.Value) (compute.Value, error)    { return unary(x, f.in.Round) }
func (f *function) Rsqrt(x compute.Value) (compute.Value, error)    { return unary(x, f.in.Rsqrt) }
func (f *function) Sign(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Sign) }
func (f *function) Sin(x compute.Value) (compute.Value, error)      { return unary(x, f.in.Sin) }
func (f *function) Sqrt(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Sqrt) }
func (f *function) Tanh(x compute.Value) (compute.Value, error)     { return unary(x, f.in.Tanh) }

func (f *function) Add(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Add) }
func (f *function) Atan2(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.Atan2)
}
func (f *function) BitwiseAnd(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.BitwiseAnd)
}
func (f *function) BitwiseOr(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.BitwiseOr)
}
func (f *function) BitwiseXor(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.BitwiseXor)
}
func (f *function) Complex(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.Complex)
}
func (f *function) Div(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Div) }
func (f *function) Equal(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.Equal)
}
func (f *function) EqualTotalOrder(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.EqualTotalOrder)
}
func (f *function) GreaterOrEqual(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.GreaterOrEqual)
}
func (f *function) GreaterOrEqualTotalOrder(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.GreaterOrEqualTotalOrder)
}
func (f *function) GreaterThan(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.GreaterThan)
}
func (f *function) GreaterThanTotalOrder(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.GreaterThanTotalOrder)
}
func (f *function) LessOrEqual(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LessOrEqual)
}
func (f *function) LessOrEqualTotalOrder(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LessOrEqualTotalOrder)
}
func (f *function) LessThan(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LessThan)
}
func (f *function) LessThanTotalOrder(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LessThanTotalOrder)
}
func (f *function) LogicalAnd(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LogicalAnd)
}
func (f *function) LogicalOr(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LogicalOr)
}
func (f *function) LogicalXor(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.LogicalXor)
}
func (f *function) Max(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Max) }
func (f *function) Min(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Min) }
func (f *function) Mul(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Mul) }
func (f *function) NotEqual(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.NotEqual)
}
func (f *function) NotEqualTotalOrder(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.NotEqualTotalOrder)
}
func (f *function) Pow(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Pow) }
func (f *function) Rem(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Rem) }
func (f *function) ShiftLeft(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.ShiftLeft)
}
func (f *function) ShiftRightArithmetic(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.ShiftRightArithmetic)
}
func (f *function) ShiftRightLogical(x, y compute.Value) (compute.Value, error) {
	return f.binary(x, y, f.in.ShiftRightLogical)
}
func (f *function) Sub(x, y compute.Value) (compute.Value, error) { return f.binary(x, y, f.in.Sub) }

func (f *function) ReduceBitwiseAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceBitwiseAnd)
}
func (f *function) ReduceBitwiseOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceBitwiseOr)
}
func (f *function) ReduceBitwiseXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceBitwiseXor)
}
func (f *function) ReduceLogicalAnd(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceLogicalAnd)
}
func (f *function) ReduceLogicalOr(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceLogicalOr)
}
func (f *function) ReduceLogicalXor(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceLogicalXor)
}
func (f *function) ReduceMax(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceMax)
}
func (f *function) ReduceMin(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceMin)
}
func (f *function) ReduceProduct(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceProduct)
}
func (f *function) ReduceSum(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(x, axes, f.in.ReduceSum)
}

func unary(x compute.Value, op func(compute.Value) (compute.Value, error)) (compute.Value, error) {
	v := x.(value)
	in, err := op(v.in)
	return value{in, v.differs}, err
}

// binary lines up the axes behind the new one; of length 1 they are repeated by the operation itself.
func (f *function) binary(x, y compute.Value, op func(x, y compute.Value) (compute.Value, error)) (compute.Value, error) {
	v, w := x.(value), y.(value)
	if v.differs || w.differs {
		vs, err := f.Shape(v)
		if err != nil {
			return nil, err
		}
		ws, err := f.Shape(w)
		if err != nil {
			return nil, err
		}
		if v, err = f.lineUp(v, vs.Dimensions, ws.Rank()); err != nil {
			return nil, err
		}
		if w, err = f.lineUp(w, ws.Dimensions, vs.Rank()); err != nil {
			return nil, err
		}
	}
	in, err := op(v.in, w.in)
	return value{in, v.differs || w.differs}, err
}

// lineUp gives a value, of these dimensions in a single computation, axes to stand beside one of the given rank that differs.
func (f *function) lineUp(v value, dims []int, rank int) (value, error) {
	length := f.builder.backend.n
	switch {
	case !v.differs && len(dims) == 0, v.differs && (len(dims) > 0 || rank == 0):
		return v, nil
	case !v.differs:
		length = 1
	default:
		dims = slices.Repeat([]int{1}, rank)
	}
	in, err := f.in.Reshape(v.in, f.first(length, dims)...)
	return value{in, v.differs}, err
}

func (f *function) reduce(x compute.Value, over []int, op func(compute.Value, ...int) (compute.Value, error)) (compute.Value, error) {
	v := x.(value)
	if v.differs {
		shape, err := f.Shape(v)
		if err != nil {
			return nil, err
		}
		if len(over) == 0 {
			over = axes(0, shape.Rank())
		}
		if len(over) == 0 {
			return v, nil // a scalar is its own sum
		}
		over = after(over)
	}
	in, err := op(v.in, over...)
	return value{in, v.differs}, err
}

// elementwise is an operation that repeats nothing but scalars.
func (f *function) elementwise(op func(...compute.Value) (compute.Value, error), xs ...compute.Value) (compute.Value, error) {
	vs, differs := values(xs), false
	var whole shapes.Shape
	for _, v := range vs {
		differs = differs || v.differs
		shape, err := f.Shape(v)
		if err != nil {
			return nil, err
		}
		if whole.Rank() < shape.Rank() {
			whole = shape
		}
	}
	for i, v := range vs {
		if !differs {
			break
		}
		shape, err := f.Shape(v)
		if err != nil {
			return nil, err
		}
		from := axes(1, shape.Rank())
		if v.differs {
			from = axes(0, shape.Rank()+1)
		}
		if vs[i].in, err = f.in.BroadcastInDim(v.in, f.all(shapes.Make(shape.DType, whole.Dimensions...)), from); err != nil {
			return nil, err
		}
	}
	in, err := op(inner(vs)...)
	return value{in, differs}, err
}

// Where implements compute.StandardOps.
func (f *function) Where(condition, onTrue, onFalse compute.Value) (compute.Value, error) {
	return f.elementwise(func(xs ...compute.Value) (compute.Value, error) { return f.in.Where(xs[0], xs[1], xs[2]) }, condition, onTrue, onFalse)
}

// Clamp implements compute.StandardOps.
func (f *function) Clamp(low, x, high compute.Value) (compute.Value, error) {
	return f.elementwise(func(xs ...compute.Value) (compute.Value, error) { return f.in.Clamp(xs[0], xs[1], xs[2]) }, low, x, high)
}

// ConvertDType implements compute.StandardOps.
func (f *function) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	return unary(x, func(x compute.Value) (compute.Value, error) { return f.in.ConvertDType(x, dtype) })
}

// Iota implements compute.StandardOps.
func (f *function) Iota(shape shapes.Shape, axis int) (compute.Value, error) {
	in, err := f.in.Iota(shape, axis)
	return value{in: in}, err
}

// shaped does an operation on one value: alone, or with the new axis before its others.
func shaped(x compute.Value, alone, all func(x compute.Value) (compute.Value, error)) (compute.Value, error) {
	v := x.(value)
	if v.differs {
		return unary(x, all)
	}
	return unary(x, alone)
}

// ArgMinMax implements compute.StandardOps.
func (f *function) ArgMinMax(x compute.Value, axis int, dtype dtypes.DType, isMin bool) (compute.Value, error) {
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.ArgMinMax(x, axis, dtype, isMin) },
		func(x compute.Value) (compute.Value, error) { return f.in.ArgMinMax(x, axis+1, dtype, isMin) })
}

// BroadcastInDim implements compute.StandardOps.
func (f *function) BroadcastInDim(x compute.Value, to shapes.Shape, places []int) (compute.Value, error) {
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.BroadcastInDim(x, to, places) },
		func(x compute.Value) (compute.Value, error) {
			return f.in.BroadcastInDim(x, f.all(to), f.first(0, after(places)))
		})
}

// Reshape implements compute.StandardOps.
func (f *function) Reshape(x compute.Value, dims ...int) (compute.Value, error) {
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.Reshape(x, dims...) },
		func(x compute.Value) (compute.Value, error) {
			return f.in.Reshape(x, f.first(f.builder.backend.n, dims)...)
		})
}

// Reverse implements compute.StandardOps.
func (f *function) Reverse(x compute.Value, axes ...int) (compute.Value, error) {
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.Reverse(x, axes...) },
		func(x compute.Value) (compute.Value, error) { return f.in.Reverse(x, after(axes)...) })
}

// Transpose implements compute.StandardOps.
func (f *function) Transpose(x compute.Value, order ...int) (compute.Value, error) {
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.Transpose(x, order...) },
		func(x compute.Value) (compute.Value, error) { return f.in.Transpose(x, f.first(0, after(order))...) })
}

// Slice implements compute.StandardOps.
func (f *function) Slice(x compute.Value, starts, limits, strides []int) (compute.Value, error) {
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.Slice(x, starts, limits, strides) },
		func(x compute.Value) (compute.Value, error) {
			if len(strides) > 0 {
				strides = f.first(1, strides)
			}
			return f.in.Slice(x, f.first(0, starts), f.first(f.builder.backend.n, limits), strides)
		})
}

// Pad implements compute.StandardOps.
func (f *function) Pad(x, fill compute.Value, config ...compute.PadAxis) (compute.Value, error) {
	with := fill.(value)
	if with.differs {
		return nil, refuse("padding with values that differ")
	}
	return shaped(x,
		func(x compute.Value) (compute.Value, error) { return f.in.Pad(x, with.in, config...) },
		func(x compute.Value) (compute.Value, error) {
			return f.in.Pad(x, with.in, slices.Concat([]compute.PadAxis{{}}, config)...)
		})
}

// Concatenate implements compute.StandardOps.
func (f *function) Concatenate(axis int, xs ...compute.Value) (compute.Value, error) {
	vs := values(xs)
	differs := slices.ContainsFunc(vs, func(v value) bool { return v.differs })
	if differs {
		axis++
		for i := range vs {
			var err error
			if vs[i], err = f.spread(vs[i]); err != nil {
				return nil, err
			}
		}
	}
	in, err := f.in.Concatenate(axis, inner(vs)...)
	return value{in, differs}, err
}

// DotGeneral implements compute.StandardOps, which gives it its parameters.
func (f *function) DotGeneral(x compute.Value, xSummed, xShared []int, y compute.Value, ySummed, yShared []int,
	config compute.DotGeneralConfig) (compute.Value, error) {
	v, w := x.(value), y.(value)
	shape, err := f.Shape(v)
	if err != nil {
		return nil, err
	}
	own := shape.Rank() - len(xSummed) - len(xShared) // axes of x in the product that are its own
	shape, err = f.Shape(w)
	if err != nil {
		return nil, err
	}
	rank := len(xShared) + own + shape.Rank() - len(ySummed) - len(yShared)
	if v.differs {
		xSummed, xShared = after(xSummed), after(xShared)
	}
	if w.differs {
		ySummed, yShared = after(ySummed), after(yShared)
	}
	if v.differs && w.differs {
		xShared, yShared = f.first(0, xShared), f.first(0, yShared)
	}
	in, err := f.in.DotGeneral(v.in, xSummed, xShared, w.in, ySummed, yShared, config)
	if err != nil || v.differs == w.differs {
		return value{in, v.differs}, err
	}
	// The new axis came among the own axes of its factor, as their first.
	place := len(xShared)
	if w.differs {
		place += own
	}
	if place > 0 {
		in, err = f.in.Transpose(in, f.first(place, slices.Delete(axes(0, rank+1), place, place+1))...)
	}
	return value{in, true}, err
}

// starts puts a start at 0 in the new axis before those of a slice.
func (f *function) starts(starts []compute.Value) ([]compute.Value, error) {
	dtype := dtypes.Int32
	if len(starts) > 0 {
		shape, err := f.Shape(starts[0])
		if err != nil {
			return nil, err
		}
		dtype = shape.DType
	}
	zero, err := f.in.Constant([]int32{0})
	if err == nil {
		zero, err = f.in.ConvertDType(zero, dtype)
	}
	return slices.Concat([]compute.Value{zero}, inner(values(starts))), err
}

func differ(xs []compute.Value) bool {
	return slices.ContainsFunc(values(xs), func(v value) bool { return v.differs })
}

// DynamicSlice implements compute.StandardOps.
func (f *function) DynamicSlice(x compute.Value, starts []compute.Value, dims []int) (compute.Value, error) {
	v := x.(value)
	if differ(starts) {
		return nil, refuse("a slice from places that differ")
	}
	from := inner(values(starts))
	if v.differs {
		dims = f.first(f.builder.backend.n, dims)
		var err error
		if from, err = f.starts(starts); err != nil {
			return nil, err
		}
	}
	in, err := f.in.DynamicSlice(v.in, from, dims)
	return value{in, v.differs}, err
}

// DynamicUpdateSlice implements compute.StandardOps.
func (f *function) DynamicUpdateSlice(x, update compute.Value, starts []compute.Value) (compute.Value, error) {
	v, w := x.(value), update.(value)
	if differ(starts) {
		return nil, refuse("an update at places that differ")
	}
	from, differs := inner(values(starts)), v.differs || w.differs
	if differs {
		var err error
		if v, err = f.spread(v); err != nil {
			return nil, err
		}
		if w, err = f.spread(w); err != nil {
			return nil, err
		}
		if from, err = f.starts(starts); err != nil {
			return nil, err
		}
	}
	in, err := f.in.DynamicUpdateSlice(v.in, w.in, from)
	return value{in, differs}, err
}

// Gather implements compute.StandardOps, which gives it its parameters.
func (f *function) Gather(x, indices compute.Value, vector int, offsets, collapsed, indexed, sizes []int, sorted bool) (compute.Value, error) {
	v, at := x.(value), indices.(value)
	n := f.builder.backend.n
	shape, err := f.Shape(at)
	if err != nil {
		return nil, err
	}
	if v.differs || at.differs {
		offsets = after(offsets)
	}
	if v.differs {
		collapsed, indexed = after(collapsed), after(indexed)
	}
	if at.differs {
		vector++
	}
	switch {
	case v.differs && at.differs: // each index gets the number of its computation as its first part
		numbers := f.first(n, shape.Dimensions)
		if vector == len(numbers) {
			return nil, refuse("an index without an axis of its own")
		}
		numbers[vector] = 1
		number, err := f.in.Iota(shapes.Make(shape.DType, numbers...), 0)
		if err != nil {
			return nil, err
		}
		if at.in, err = f.in.Concatenate(vector, number, at.in); err != nil {
			return nil, err
		}
		collapsed, indexed, sizes, sorted = f.first(0, collapsed), f.first(0, indexed), f.first(1, sizes), false
	case v.differs: // a slice goes through all computations
		offsets, sizes = f.first(0, offsets), f.first(n, sizes)
	case at.differs:
		sorted = false
	}
	in, err := f.in.Gather(v.in, at.in, vector, offsets, collapsed, indexed, sizes, sorted)
	return value{in, v.differs || at.differs}, err
}
