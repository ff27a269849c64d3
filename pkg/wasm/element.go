package wasm

import (
	"encoding/binary"
	"math"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// On the stack an element is of the kind of its type: small integers and booleans are i32, sign- or zero-extended,
// half floats are f32, rounded.
func kindOf(t dtypes.DType) kind {
	switch t {
	case dtypes.Int64, dtypes.Uint64:
		return i64
	case dtypes.Float64:
		return f64
	case dtypes.Float32, dtypes.Float16, dtypes.BFloat16:
		return f32
	}
	return i32
}

func signedType(t dtypes.DType) bool { return t.IsInt() && !t.IsUnsigned() }

// suffix ends the names of instructions that treat signed and unsigned integers differently.
func suffix(t dtypes.DType) string {
	switch {
	case t.IsFloat():
		return ""
	case signedType(t):
		return "_s"
	}
	return "_u"
}

// load pushes an element from the address on the stack plus offset.
func (w *writer) load(t dtypes.DType, offset int) {
	switch t {
	case dtypes.Bool, dtypes.Uint8:
		w.memory("i32.load8_u", offset)
	case dtypes.Int8:
		w.memory("i32.load8_s", offset)
	case dtypes.Int16:
		w.memory("i32.load16_s", offset)
	case dtypes.Uint16:
		w.memory("i32.load16_u", offset)
	case dtypes.BFloat16:
		w.memory("i32.load16_u", offset)
		w.integer(i32, 16)
		w.do("i32.shl", "f32.reinterpret_i32")
	case dtypes.Float16:
		w.memory("i32.load16_u", offset)
		w.call(w.m.function64("from_half"))
	default:
		w.memory(kindOf(t).instruction("load"), offset)
	}
}

// store pops an element and its address.
func (w *writer) store(t dtypes.DType, offset int) {
	switch t {
	case dtypes.Bool, dtypes.Uint8, dtypes.Int8:
		w.memory("i32.store8", offset)
	case dtypes.Int16, dtypes.Uint16:
		w.memory("i32.store16", offset)
	case dtypes.BFloat16:
		w.do("i32.reinterpret_f32")
		w.integer(i32, 16)
		w.do("i32.shr_u")
		w.memory("i32.store16", offset)
	case dtypes.Float16:
		w.call(w.m.function64("to_half"))
		w.memory("i32.store16", offset)
	default:
		w.memory(kindOf(t).instruction("store"), offset)
	}
}

func bytesOfScalar(x any) []byte {
	v := reflect.ValueOf(x)
	s := reflect.MakeSlice(reflect.SliceOf(v.Type()), 1, 1)
	s.Index(0).Set(v)
	return bytesOf(s.Interface())
}

// element pushes a constant from its bytes in memory.
func (w *writer) element(t dtypes.DType, b []byte) {
	switch len(b) {
	case 1:
		x := int64(b[0])
		if t == dtypes.Int8 {
			x = int64(int8(b[0]))
		}
		w.integer(i32, x)
	case 2:
		x := binary.LittleEndian.Uint16(b)
		switch t {
		case dtypes.Int16:
			w.integer(i32, int64(int16(x)))
		case dtypes.Uint16:
			w.integer(i32, int64(x))
		case dtypes.BFloat16:
			w.bits(f32, uint64(x)<<16)
		default:
			w.integer(i32, int64(x))
			w.call(w.m.function64("from_half"))
		}
	case 4:
		w.bits(kindOf(t), uint64(binary.LittleEndian.Uint32(b)))
	case 8:
		w.bits(kindOf(t), binary.LittleEndian.Uint64(b))
	}
}

// normalize makes the result of an instruction an element of type t.
func (w *writer) normalize(t dtypes.DType) {
	switch t {
	case dtypes.Int8:
		w.do("i32.extend8_s")
	case dtypes.Int16:
		w.do("i32.extend16_s")
	case dtypes.Uint8:
		w.integer(i32, 0xff)
		w.do("i32.and")
	case dtypes.Uint16:
		w.integer(i32, 0xffff)
		w.do("i32.and")
	case dtypes.BFloat16:
		w.call(w.m.function64("round_bfloat"))
	case dtypes.Float16:
		w.call(w.m.function64("to_half"))
		w.call(w.m.function64("from_half"))
	}
}

// bare makes an integer's bits those of its width, the higher ones 0.
func (w *writer) bare(t dtypes.DType) {
	if bits := 8 * width(t); bits < 32 {
		w.integer(i32, 1<<bits-1)
		w.do("i32.and")
	}
}

// in64 computes a function of one or two elements in float64.
func (w *writer) in64(name string, t dtypes.DType) {
	if kindOf(t) == f32 {
		if len(functions64[name].params) == 2 {
			y := w.pop(f32)
			w.do("f64.promote_f32")
			w.get(y)
		}
		w.do("f64.promote_f32")
	}
	w.call(w.m.function64(name))
	if kindOf(t) == f32 {
		w.do("f32.demote_f64")
	}
}

// names has a name for some operations, "" for the others.
type names [compute.OpTypeLast]string

var comparisons = names{
	compute.OpTypeEqual: "eq", compute.OpTypeNotEqual: "ne", compute.OpTypeLessThan: "lt", compute.OpTypeLessOrEqual: "le",
	compute.OpTypeGreaterThan: "gt", compute.OpTypeGreaterOrEqual: "ge",
}

var totalOrder = names{
	compute.OpTypeEqualTotalOrder: "eq", compute.OpTypeNotEqualTotalOrder: "ne", compute.OpTypeLessThanTotalOrder: "lt",
	compute.OpTypeLessOrEqualTotalOrder: "le", compute.OpTypeGreaterThanTotalOrder: "gt", compute.OpTypeGreaterOrEqualTotalOrder: "ge",
}

// compareAs writes a comparison of two elements of type t.
func (w *writer) compareAs(name string, t dtypes.DType) {
	if name != "eq" && name != "ne" {
		name += suffix(t)
	}
	w.do(kindOf(t).instruction(name))
}

// ordered makes of a float's bits an integer whose order is the total order of floats, and returns the integer's type.
func (w *writer) ordered(t dtypes.DType) dtypes.DType {
	k, of, shift := i32, dtypes.Int32, int64(31)
	if kindOf(t) == f64 {
		k, of, shift = i64, dtypes.Int64, 63
	}
	w.do(k.instruction("reinterpret_" + kindOf(t).String()))
	x := w.pop(k)
	w.get(x)
	w.get(x)
	w.integer(k, shift)
	w.do(k.instruction("shr_s"))
	w.integer(k, 1)
	w.do(k.instruction("shr_u"), k.instruction("xor"))
	return of
}

var inFloat64 = names{
	compute.OpTypeExp: "exp", compute.OpTypeExpm1: "expm1", compute.OpTypeLog: "log", compute.OpTypeLog1p: "log1p",
	compute.OpTypeTanh: "tanh", compute.OpTypeLogistic: "logistic", compute.OpTypeSin: "sin", compute.OpTypeCos: "cos",
	compute.OpTypeErf: "erf", compute.OpTypeAtan2: "atan2", compute.OpTypePow: "pow",
}

var sameInstruction = names{
	compute.OpTypeAdd: "add", compute.OpTypeSub: "sub", compute.OpTypeMul: "mul",
	compute.OpTypeBitwiseAnd: "and", compute.OpTypeBitwiseOr: "or", compute.OpTypeBitwiseXor: "xor",
	compute.OpTypeLogicalAnd: "and", compute.OpTypeLogicalOr: "or", compute.OpTypeLogicalXor: "xor",
	compute.OpTypeCeil: "ceil", compute.OpTypeFloor: "floor", compute.OpTypeRound: "nearest", compute.OpTypeSqrt: "sqrt",
}

// elementwise replaces an operation's operands, of type t, on the stack by its result.
func (w *writer) elementwise(op compute.OpType, t dtypes.DType) {
	k := kindOf(t)
	name := k.instruction
	if c := comparisons[op]; c != "" {
		w.compareAs(c, t)
		return
	}
	if c := totalOrder[op]; c != "" {
		if t.IsFloat() {
			y := w.pop(k)
			w.ordered(t)
			w.get(y)
			t = w.ordered(t)
		}
		w.compareAs(c, t)
		return
	}
	switch op {
	case compute.OpTypeIsNaN:
		x := w.pop(k)
		w.get(x)
		w.get(x)
		w.do(name("ne"))
		return
	case compute.OpTypeIsFinite:
		w.do(name("abs"))
		w.number(k, math.Inf(1))
		w.do(name("lt"))
		return
	case compute.OpTypeLogicalNot:
		w.do("i32.eqz")
		return
	case compute.OpTypeMax, compute.OpTypeMin:
		w.extreme(op, t)
		return
	}
	if i := sameInstruction[op]; i != "" {
		w.do(name(i))
	} else if f := inFloat64[op]; f != "" && t.IsFloat() {
		w.in64(f, t)
	} else if t.IsFloat() {
		w.float(op, t)
	} else {
		w.whole(op, t)
	}
	w.normalize(t)
}

func (w *writer) extreme(op compute.OpType, t dtypes.DType) {
	k, name, better := kindOf(t), "min", "lt"
	if op == compute.OpTypeMax {
		name, better = "max", "gt"
	}
	if t.IsFloat() {
		w.do(k.instruction(name)) // NaN if one of the two is, and -0 < 0
		return
	}
	y := w.pop(k)
	x := w.pop(k)
	w.get(x)
	w.get(y)
	w.get(x)
	w.get(y)
	w.compareAs(better, t)
	w.do("select")
}

// float writes the operations that differ between floats and integers, for floats.
func (w *writer) float(op compute.OpType, t dtypes.DType) {
	k := kindOf(t)
	name := k.instruction
	switch op {
	case compute.OpTypeDiv:
		w.do(name("div"))
	case compute.OpTypeAbs:
		w.do(name("abs"))
	case compute.OpTypeNeg:
		w.do(name("neg"))
	case compute.OpTypeRem:
		w.in64("fmod", t)
	case compute.OpTypeRsqrt:
		w.do(name("sqrt"))
		x := w.pop(k)
		w.number(k, 1)
		w.get(x)
		w.do(name("div"))
	case compute.OpTypeSign: // itself for ±0 and NaN
		x := w.pop(k)
		w.number(k, 1)
		w.get(x)
		w.do(name("copysign"))
		w.get(x)
		w.get(x)
		w.do(name("abs"))
		w.number(k, 0)
		w.do(name("gt"))
		w.do("select")
	default:
		panic("wasm: no operation " + op.String() + " of floats")
	}
}

// whole writes the operations that differ between floats and integers, for integers. As in XLA, x/0 has all bits set,
// x rem 0 = x, the lowest number divided by -1 is itself, and shifts by the width or more leave only copies of the
// sign bit or zeros.
// Its lines are those of the operations, a few for each.
func (w *writer) whole(op compute.OpType, t dtypes.DType) {
	k, bits := kindOf(t), t.Bits()
	name := k.instruction
	number := func(x int64) func() { return func() { w.integer(k, x) } }
	get := func(l local) func() { return func() { w.get(l) } }
	choose := func(test func(), yes, no func()) {
		test()
		w.when(k, yes, no)
	}
	switch op {
	case compute.OpTypeDiv, compute.OpTypeRem:
		y := w.pop(k)
		x := w.pop(k)
		isZero := func() { w.get(y); w.do(name("eqz")) }
		isMinusOne := func() { w.get(y); w.integer(k, -1); w.do(name("eq")) }
		divide, zero, minusOne := name("div"+suffix(t)), number(-1), func() { w.integer(k, 0); w.get(x); w.do(name("sub")) }
		if op == compute.OpTypeRem {
			divide, zero, minusOne = name("rem"+suffix(t)), get(x), number(0)
		}
		do := func() { w.get(x); w.get(y); w.do(divide) }
		if !signedType(t) {
			choose(isZero, zero, do)
			return
		}
		choose(isZero, zero, func() { choose(isMinusOne, minusOne, do) })
	case compute.OpTypeAbs, compute.OpTypeNeg, compute.OpTypeSign:
		if !signedType(t) && op == compute.OpTypeAbs {
			return
		}
		x := w.pop(k)
		minus := func() { w.integer(k, 0); w.get(x); w.do(name("sub")) }
		negative := func() { w.get(x); w.integer(k, 0); w.do(name("lt" + suffix(t))) }
		positive := func() { w.get(x); w.integer(k, 0); w.do(name("gt" + suffix(t))) }
		switch op {
		case compute.OpTypeAbs:
			choose(negative, minus, get(x))
		case compute.OpTypeNeg:
			minus()
		default:
			choose(positive, number(1), func() { choose(negative, number(-1), number(0)) })
		}
	case compute.OpTypeBitwiseNot:
		w.integer(k, -1)
		w.do(name("xor"))
	case compute.OpTypeBitCount:
		w.bare(t)
		w.do(name("popcnt"))
	case compute.OpTypeClz:
		w.bare(t)
		w.do(name("clz"))
		if bits < 32 {
			w.integer(k, int64(32-bits))
			w.do(name("sub"))
		}
	case compute.OpTypeShiftLeft, compute.OpTypeShiftRightLogical, compute.OpTypeShiftRightArithmetic:
		by := w.pop(k)
		x := w.pop(k)
		inside := func() { w.get(by); w.bare(t); w.integer(k, int64(bits)); w.do(name("lt_u")) }
		switch op {
		case compute.OpTypeShiftLeft:
			choose(inside, func() { w.get(x); w.get(by); w.do(name("shl")) }, number(0))
		case compute.OpTypeShiftRightLogical:
			choose(inside, func() { w.get(x); w.bare(t); w.get(by); w.do(name("shr_u")) }, number(0))
		default:
			w.get(x)
			if !signedType(t) && bits < 32 { // an arithmetic shift copies the top bit, whatever the type
				w.do(map[int]string{8: "i32.extend8_s", 16: "i32.extend16_s"}[bits])
			}
			choose(inside, get(by), number(int64(bits-1)))
			w.do(name("shr_s"))
		}
	case compute.OpTypePow:
		w.wholePower(t)
	default:
		panic("wasm: no operation " + op.String() + " of " + t.String())
	}
}

// wholePower raises integers to integer powers. A negative power is 0, except of 1 and -1.
func (w *writer) wholePower(t dtypes.DType) {
	k := kindOf(t)
	name := k.instruction
	y := w.pop(k)
	x := w.pop(k)
	out := w.local(k)
	w.integer(k, 1)
	w.set(out)
	if signedType(t) {
		w.get(y)
		w.integer(k, 0)
		w.do(name("lt_s"))
		w.when(0, func() {
			// 1 and -1 have themselves as inverses; of all other numbers the power is made 0.
			w.get(x)
			w.integer(k, 1)
			w.do(name("add"))
			w.integer(k, 2)
			w.do(name("gt_u"))
			w.get(x)
			w.do(name("eqz"))
			w.do("i32.or")
			w.when(0, func() {
				w.integer(k, 0)
				w.set(x)
			}, nil)
			w.integer(k, 0)
			w.get(y)
			w.do(name("sub"))
			w.set(y)
		}, nil)
	}
	w.while(func() {
		w.get(y)
		w.integer(k, 0)
		w.do(name("ne"))
	}, func() {
		w.get(y)
		w.integer(k, 1)
		w.do(name("and"), name("eqz"))
		w.when(0, func() {}, func() {
			w.get(out)
			w.get(x)
			w.do(name("mul"))
			w.set(out)
		})
		w.get(x)
		w.get(x)
		w.do(name("mul"))
		w.set(x)
		w.get(y)
		w.integer(k, 1)
		w.do(name("shr_u"))
		w.set(y)
	})
	w.get(out)
}

// convert makes an element of type "from" one of type "to", as XLA does: floats are cut towards zero and bounded by the
// integer type's range, NaN becomes 0, and integers keep their low bits.
func (w *writer) convert(from, to dtypes.DType) {
	a, b := kindOf(from), kindOf(to)
	switch {
	case from == to:
		return
	case to == dtypes.Bool:
		w.number(a, 0)
		w.do(a.instruction("ne"))
		return
	case from.IsFloat() && to.IsFloat():
		if a == f32 && b == f64 {
			w.do("f64.promote_f32")
		} else if to == dtypes.Float16 && a == f64 {
			w.call(w.m.function64("to_odd")) // which is rounded once more, below
		} else if a == f64 && b == f32 {
			w.do("f32.demote_f64") // for bfloat16 too, which XLA rounds twice
		}
	case from.IsFloat():
		w.do(b.instruction("trunc_sat_" + a.String() + suffix(to)))
		if to.Bits() < 32 {
			low, high := int64(0), int64(1)<<to.Bits()-1
			wide := dtypes.Uint32
			if signedType(to) {
				low, high, wide = -int64(1)<<(to.Bits()-1), int64(1)<<(to.Bits()-1)-1, dtypes.Int32
			}
			w.integer(i32, low)
			w.extreme(compute.OpTypeMax, wide)
			w.integer(i32, high)
			w.extreme(compute.OpTypeMin, wide)
		}
		return
	case to.IsFloat():
		w.do(b.instruction("convert_" + a.String() + suffix(from)))
	case a == i32 && b == i64:
		w.do("i64.extend_i32" + suffix(from))
	case a == i64 && b == i32:
		w.do("i32.wrap_i64")
	}
	w.normalize(to)
}
