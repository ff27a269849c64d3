package wasm

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// An affine is an index: a constant plus locals times factors.
type affine struct {
	constant int
	terms    []term
}

type term struct {
	l      local
	factor int
}

func (a affine) scaled(by int) affine {
	out := affine{constant: a.constant * by}
	for _, t := range a.terms {
		if by != 0 {
			out.terms = append(out.terms, term{t.l, t.factor * by})
		}
	}
	return out
}

func (a affine) plus(b affine) affine {
	out := affine{a.constant + b.constant, slices.Clone(a.terms)}
	for _, t := range b.terms {
		if i := slices.IndexFunc(out.terms, func(u term) bool { return u.l == t.l }); i >= 0 {
			out.terms[i].factor += t.factor
		} else {
			out.terms = append(out.terms, t)
		}
	}
	return out
}

func constant(c int) affine   { return affine{constant: c} }
func variable(l local) affine { return affine{terms: []term{{l, 1}}} }
func zeros(rank int) []affine { return make([]affine, rank) }
func flat(n *node, index []affine) affine {
	at, stride := affine{}, 1
	for a := len(index) - 1; a >= 0; a-- {
		at = at.plus(index[a].scaled(stride))
		stride *= n.dims()[a]
	}
	return at
}

// index pushes an affine as an i32.
func (w *writer) index(a affine) {
	started := false
	if a.constant != 0 || len(a.terms) == 0 {
		w.integer(i32, int64(a.constant))
		started = true
	}
	for _, t := range a.terms {
		w.get(t.l)
		if t.factor != 1 {
			w.integer(i32, int64(t.factor))
			w.do("i32.mul")
		}
		if started {
			w.do("i32.add")
		}
		started = true
	}
}

// address pushes an element's address; the returned offset is to be added by the load or store. An address is
// unsigned, so that it must not fall below zero before the offset is added: negative factors put the constant first.
func (w *writer) address(n *node, index []affine) (offset int) {
	at := flat(n, index).scaled(width(n.dtype()))
	at.constant += address(n)
	negative := at.constant < 0
	for _, t := range at.terms {
		negative = negative || t.factor < 0
	}
	if !negative {
		offset, at.constant = at.constant, 0
	}
	w.index(at)
	return offset
}

// nest writes loops over the dimensions; body gets the index. A dimension of 0 leaves nothing.
func (w *writer) nest(dims []int, body func(index []affine)) {
	if slices.Contains(dims, 0) {
		return
	}
	index := zeros(len(dims))
	var from func(axis int)
	from = func(axis int) {
		switch {
		case axis == len(dims):
			body(slices.Clone(index))
		case dims[axis] == 1:
			index[axis] = constant(0)
			from(axis + 1)
		default:
			w.count(dims[axis], func(i local) {
				index[axis] = variable(i)
				from(axis + 1)
			})
		}
	}
	from(0)
}

// put writes the store of an element that push leaves on the stack.
func (w *writer) put(n *node, index []affine, push func()) {
	offset := w.address(n, index)
	push()
	w.store(n.dtype(), offset)
}

// alone writes an operation that is no kernel of a nest.
func (w *writer) alone(n *node) {
	if combine, ok := scatterings[n.op]; ok {
		w.scatter(n, combine)
		return
	}
	w.argMinMax(n)
}

// value pushes an element of n, which lies in memory under views.
func (w *writer) value(n *node, index []affine) {
	if n.stored() && !n.uniform {
		w.load(n.dtype(), w.address(n, index))
		return
	}
	at := slices.Clone(index)
	switch n.op {
	case compute.OpTypeConstant:
		w.element(n.dtype(), n.bytes)
	case compute.OpTypeIota:
		w.index(index[n.ints[0][0]])
		w.convert(dtypes.Int32, n.dtype())
	case compute.OpTypeBroadcastInDim:
		x := n.in[0]
		at = zeros(x.shape.Rank())
		for i, a := range n.ints[0] {
			if x.dims()[i] != 1 {
				at[i] = index[a]
			}
		}
		w.value(x, at)
	case compute.OpTypeTranspose:
		for i, a := range n.ints[0] {
			at[a] = index[i]
		}
		w.value(n.in[0], at)
	case compute.OpTypeReverse:
		for _, a := range n.ints[0] {
			at[a] = constant(n.dims()[a] - 1).plus(index[a].scaled(-1))
		}
		w.value(n.in[0], at)
	case compute.OpTypeSlice:
		for a := range at {
			at[a] = index[a].scaled(n.ints[1][a]).plus(constant(n.ints[0][a]))
		}
		w.value(n.in[0], at)
	case compute.OpTypeReduceWindow:
		at = zeros(n.in[0].shape.Rank())
		for a := range at {
			at[a] = index[a].scaled(n.ints[0][a]).plus(index[len(at)+a].scaled(n.ints[1][a]))
		}
		w.value(n.in[0], at)
	case compute.OpTypeReshape:
		at = zeros(n.in[0].shape.Rank())
		next := 0
		for a, d := range n.in[0].dims() {
			if d == 1 {
				continue
			}
			for n.dims()[next] == 1 {
				next++
			}
			at[a] = index[next]
			next++
		}
		w.value(n.in[0], at)
	default:
		panic("wasm: " + n.op.String() + " is not in memory")
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

// startIndex returns the index, in the operand of start indices, of component c of the vector for a batch index.
func startIndex(starts *node, vectorAxis int, batch []affine, c int) []affine {
	if vectorAxis == starts.shape.Rank() { // vectors of one component
		return batch
	}
	return slices.Insert(slices.Clone(batch), vectorAxis, constant(c))
}

// scatterings has the operation that combines an element with its update in a scatter.
var scatterings = map[compute.OpType]compute.OpType{
	compute.OpTypeScatterSum: compute.OpTypeAdd,
	compute.OpTypeScatterMax: compute.OpTypeMax,
	compute.OpTypeScatterMin: compute.OpTypeMin,
}

// scatter updates a copy of the operand. As in XLA, an update whose window does not lie in the operand is left out.
func (w *writer) scatter(n *node, op compute.OpType) {
	starts, updates := n.in[1], n.in[2]
	vectorAxis, window, inserted, indexed := n.ints[0][0], n.ints[1], n.ints[2], n.ints[3]
	w.copyBytes(address(n), address(n.in[0]), n.byteSize())
	sizes := slices.Repeat([]int{1}, n.shape.Rank()) // of the window
	var spanned []int                                // the operand's axes along which the updates' window axes lie, in their order
	for a := range sizes {
		if !slices.Contains(inserted, a) {
			sizes[a] = updates.dims()[window[len(spanned)]]
			spanned = append(spanned, a)
		}
	}
	w.nest(updates.dims(), func(index []affine) {
		at := zeros(n.shape.Rank())
		var batch []affine
		for a := range index {
			if !slices.Contains(window, a) {
				batch = append(batch, index[a])
			}
		}
		for i, a := range spanned {
			at[a] = index[window[i]]
		}
		w.integer(i32, 1)
		for c, a := range indexed {
			w.value(starts, startIndex(starts, vectorAxis, batch, c))
			w.convert(starts.dtype(), dtypes.Int64)
			start := w.pop(i64)
			w.get(start)
			w.integer(i64, int64(n.dims()[a]-sizes[a]+1))
			w.do("i64.lt_u", "i32.and")
			if sizes[a] > n.dims()[a] {
				w.integer(i32, 0)
				w.do("i32.and")
			}
			w.get(start)
			w.do("i32.wrap_i64")
			at[a] = at[a].plus(variable(w.pop(i32)))
		}
		w.when(0, func() {
			w.put(n, at, func() {
				w.load(n.dtype(), w.address(n, at))
				w.value(updates, index)
				w.elementwise(op, n.dtype())
			})
		}, nil)
	})
}

// reductions has the operation that combines two elements, or two products, in a reduction.
var reductions = map[compute.OpType]compute.OpType{
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
func (w *writer) argMinMax(n *node) {
	x, axis, t := n.in[0], n.ints[0][0], n.in[0].dtype()
	better := compute.OpTypeGreaterThan
	if n.ints[1][0] == 1 {
		better = compute.OpTypeLessThan
	}
	best, this, at := w.local(kindOf(t)), w.local(kindOf(t)), w.local(i32)
	w.nest(n.dims(), func(outer []affine) {
		w.value(x, slices.Insert(slices.Clone(outer), axis, constant(0)))
		w.set(best)
		w.integer(i32, 0)
		w.set(at)
		w.nest(x.dims()[axis:axis+1], func(index []affine) {
			w.value(x, slices.Insert(slices.Clone(outer), axis, index[0]))
			w.tee(this)
			w.get(best)
			w.elementwise(better, t)
			if t.IsFloat() {
				k := kindOf(t)
				w.get(this)
				w.get(this)
				w.do(k.instruction("ne"), "i32.or")
				w.get(best)
				w.get(best)
				w.do(k.instruction("eq"), "i32.and") // nothing is better than a NaN
			}
			w.when(0, func() {
				w.get(this)
				w.set(best)
				w.index(index[0])
				w.set(at)
			}, nil)
		})
		w.put(n, outer, func() {
			w.get(at)
			w.convert(dtypes.Int32, n.dtype())
		})
	})
}
