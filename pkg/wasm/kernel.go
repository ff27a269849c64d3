package wasm

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// A walk writes an operation that is no nest of parts, element by element. Loop l's counter is in counters[l-1]; so is any other
// number that an index depends on.
type walk struct {
	*writer
	counters []local
}

// alone writes an operation that is no kernel of a nest.
func (w *writer) alone(n *node) {
	s := &walk{writer: w}
	if combine := scatterings[n.op]; combine != compute.OpTypeInvalid {
		s.scatter(n, combine)
		return
	}
	s.argMinMax(n)
}

// follow is the number in a local.
func (s *walk) follow(l local) linear {
	s.counters = append(s.counters, l)
	return counter(len(s.counters))
}

// number pushes a linear as an i32.
func (s *walk) number(x linear) {
	s.integer(i32, int64(x.at))
	for i, factor := range x.by {
		if factor == 0 {
			continue
		}
		s.get(s.counters[i])
		if factor != 1 {
			s.integer(i32, int64(factor))
			s.do("i32.mul")
		}
		s.do("i32.add")
	}
}

// address pushes the address of a place in the memory of n; the offset is the load's or store's. An address is unsigned, so that it must
// not fall below zero before the offset is added.
func (s *walk) address(n *node, at linear) (offset int) {
	at.at += address(n)
	if at.at >= 0 && !slices.ContainsFunc(at.by[:], func(f int32) bool { return f < 0 }) {
		offset, at.at = at.at, 0
	}
	s.number(at)
	return offset
}

// nest writes loops over the dimensions; body gets the index. A dimension of 0 leaves nothing.
func (s *walk) nest(dims []int, body func(index []linear)) {
	if slices.Contains(dims, 0) {
		return
	}
	first, loops := len(s.counters), without1(dims)
	var from func(l int)
	from = func(l int) {
		if l == len(loops) {
			body(indexOf(dims, counter, first+1))
			return
		}
		s.count(loops[l], func(i local) {
			s.counters = append(s.counters, i)
			from(l + 1)
			s.counters = s.counters[:first+l]
		})
	}
	from(0)
}

// put writes the store of an element that push leaves on the stack.
func (s *walk) put(n *node, at linear, push func()) {
	offset := s.address(n, at)
	push()
	s.store(n.dtype(), offset)
}

// value pushes an element of n, which lies in memory under views.
func (s *walk) value(n *node, index []linear) {
	switch {
	case n.uniform:
		s.element(n.dtype(), n.bytes)
	case n.stored():
		s.load(n.dtype(), s.address(n, n.offset(index)))
	case n.op == compute.OpTypeIota:
		s.number(index[n.ints[0][0]])
		s.convert(dtypes.Int32, n.dtype())
	default:
		s.value(n.in[0], n.through(index))
	}
}

// clamped pushes a scalar integer of any type, clamped to 0 … high, as an i32.
func (w *writer) clamped(push func(), t dtypes.DType, high int) {
	push()
	w.convert(t, dtypes.Int64)
	x := w.pop(i64)
	w.integer(i32, 0)
	w.integer(i32, int64(high))
	w.get(x)
	w.do("i32.wrap_i64")
	// An unsigned 64-bit start beyond the signed range is large, not negative.
	greater, less := "i64.gt_s", "i64.lt_s"
	if t == dtypes.Uint64 {
		greater, less = "i64.gt_u", "i64.lt_u"
	}
	w.get(x)
	w.integer(i64, int64(high))
	w.do(greater, "select")
	w.get(x)
	w.integer(i64, 0)
	w.do(less, "select")
}

// scatterings has the operation that combines an element with its update in a scatter.
var scatterings = [compute.OpTypeLast]compute.OpType{
	compute.OpTypeScatterSum: compute.OpTypeAdd,
	compute.OpTypeScatterMax: compute.OpTypeMax,
	compute.OpTypeScatterMin: compute.OpTypeMin,
}

// scatter updates a copy of the operand. As in XLA, an update whose window does not lie in the operand is left out.
func (s *walk) scatter(n *node, op compute.OpType) {
	starts, updates := n.in[1], n.in[2]
	window, inserted, indexed := n.ints[1], n.ints[2], n.ints[3]
	s.copyBytes(address(n), address(n.in[0]), n.byteSize())
	sizes := slices.Repeat([]int{1}, n.shape.Rank()) // of the window
	var spanned []int                                // the operand's axes along which the updates' window axes lie, in their order
	for a := range sizes {
		if !slices.Contains(inserted, a) {
			sizes[a] = updates.dims()[window[len(spanned)]]
			spanned = append(spanned, a)
		}
	}
	strides, base := n.strides(), s.local(i32)
	s.nest(updates.dims(), func(index []linear) {
		at := make([]linear, n.shape.Rank())
		for i, a := range spanned {
			at[a] = index[window[i]]
		}
		s.integer(i32, 0)
		s.set(base)
		s.integer(i32, 1)
		for c, a := range indexed {
			s.value(starts, startIndex(n, index, c))
			s.convert(starts.dtype(), dtypes.Int64)
			start := s.pop(i64)
			s.get(start)
			s.integer(i64, int64(max(0, n.dims()[a]-sizes[a]+1)))
			s.do("i64.lt_u", "i32.and")
			s.get(base)
			s.get(start)
			s.do("i32.wrap_i64")
			s.integer(i32, int64(strides[a]))
			s.do("i32.mul", "i32.add")
			s.set(base)
		}
		place := n.offset(at).plus(s.follow(base), 1)
		s.when(0, func() {
			s.put(n, place, func() {
				s.load(n.dtype(), s.address(n, place))
				s.value(updates, index)
				s.elementwise(op, n.dtype())
			})
		}, nil)
	})
}

// reductions has the operation that combines two elements, or two products, in a reduction.
var reductions = [compute.OpTypeLast]compute.OpType{
	compute.OpTypeDotGeneral:       compute.OpTypeAdd,
	compute.OpTypeReduceSum:        compute.OpTypeAdd,
	compute.OpTypeReduceProduct:    compute.OpTypeMul,
	compute.OpTypeReduceMax:        compute.OpTypeMax,
	compute.OpTypeReduceMin:        compute.OpTypeMin,
	compute.OpTypeReduceBitwiseAnd: compute.OpTypeBitwiseAnd,
	compute.OpTypeReduceBitwiseOr:  compute.OpTypeBitwiseOr,
	compute.OpTypeReduceBitwiseXor: compute.OpTypeBitwiseXor,
	compute.OpTypeReduceLogicalAnd: compute.OpTypeLogicalAnd,
	compute.OpTypeReduceLogicalOr:  compute.OpTypeLogicalOr,
	compute.OpTypeReduceLogicalXor: compute.OpTypeLogicalXor,
}

// neutral is what a reduction starts with, in memory: combined with an element it gives that element.
func neutral(op compute.OpType, t dtypes.DType) []byte {
	switch op {
	case compute.OpTypeMax:
		return bytesOfScalar(t.LowestValue())
	case compute.OpTypeMin:
		return bytesOfScalar(t.HighestValue())
	case compute.OpTypeMul, compute.OpTypeLogicalAnd:
		return bytesOfScalar(shapes.CastAsDType(1, t))
	case compute.OpTypeBitwiseAnd:
		return slices.Repeat([]byte{0xff}, width(t))
	}
	return make([]byte, width(t))
}

// accumulator is the type in which elements of type t are combined: half floats accumulate as float32.
func accumulator(t dtypes.DType) dtypes.DType {
	if t.IsHalfPrecision() {
		return dtypes.Float32
	}
	return t
}

// argMinMax keeps the first of equal elements, and the first NaN of all.
func (s *walk) argMinMax(n *node) {
	x, axis, t := n.in[0], n.ints[0][0], n.in[0].dtype()
	better := compute.OpTypeGreaterThan
	if n.ints[1][0] == 1 {
		better = compute.OpTypeLessThan
	}
	best, this, at := s.local(kindOf(t)), s.local(kindOf(t)), s.local(i32)
	s.nest(n.dims(), func(outer []linear) {
		s.value(x, slices.Insert(slices.Clone(outer), axis, linear{}))
		s.set(best)
		s.integer(i32, 0)
		s.set(at)
		s.nest(x.dims()[axis:axis+1], func(index []linear) {
			s.value(x, slices.Insert(slices.Clone(outer), axis, index[0]))
			s.tee(this)
			s.get(best)
			s.elementwise(better, t)
			if t.IsFloat() {
				k := kindOf(t)
				s.get(this)
				s.get(this)
				s.do(k.instruction("ne"), "i32.or")
				s.get(best)
				s.get(best)
				s.do(k.instruction("eq"), "i32.and") // nothing is better than a NaN
			}
			s.when(0, func() {
				s.get(this)
				s.set(best)
				s.number(index[0])
				s.set(at)
			}, nil)
		})
		s.put(n, n.offset(outer), func() {
			s.get(at)
			s.convert(dtypes.Int32, n.dtype())
		})
	})
}
