package wasm

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// This file has what a nest writes for vectors. A value takes lanes times width over 16 of them; booleans are
// masks, all ones or zeros, as wide as what they were compared from.

// registers is how many vectors the lanes of elements of a width take.
func (g *nest) registers(width int) int {
	n := g.lanes * width / 16
	if width < 4 || n*16 != g.lanes*width || n > 8 {
		panic(noVector{})
	}
	return n
}

// laneWidth is the width of elements of a type in vectors.
func (g *nest) laneWidth(t dtypes.DType, mask int) int {
	switch {
	case t != dtypes.Bool:
		return width(t)
	case mask > 0:
		return mask
	case g.lanes < 4:
		return 8
	}
	return 4
}

// shaped is a vector instruction for elements of a type.
func shaped(t dtypes.DType, name string) string { return vectorNames[i32-kindOf(t)][name] }

// repeated copies what is left to 16 bytes.
func repeated(b []byte) []byte { return slices.Repeat(b, 16/len(b)) }

// vectorConstant pushes a vector by its bytes.
func (w *writer) vectorConstant(b []byte) {
	w.do("v128.const")
	w.code = append(w.code, b...)
}

// splat makes an element on the stack a vector.
func (g *nest) splat(t dtypes.DType) {
	if t == dtypes.Bool { // 0 or 1 becomes a mask
		x := g.w.pop(i32)
		g.w.integer(i32, 0)
		g.w.get(x)
		g.w.do("i32.sub", "i32x4.splat")
		return
	}
	g.w.do(shaped(t, "splat"))
}

// spread makes a value one in vectors.
func (g *nest) spread(v val, t dtypes.DType, mask int) val {
	if v.varies {
		return v
	}
	lane := g.laneWidth(t, mask)
	count := g.registers(lane)
	out := val{varies: true, level: v.level, after: v.after}
	if t == dtypes.Bool {
		out.mask = lane
	}
	var one local
	switch {
	case v.lit != nil && v.lit.isZero():
		one = zeros
	case v.lit != nil:
		g.on(0, false, func() {
			b := repeated(v.lit.bytes)
			if t == dtypes.Bool {
				b = slices.Repeat([]byte{-v.lit.bytes[0]}, 16)
			}
			g.w.vectorConstant(b)
			one = g.w.pop(v128)
		})
	default:
		of := v.regs[0]
		if at := slices.IndexFunc(g.splats, func(s splat) bool { return s.of == of && g.has(s.level, s.phase) }); at >= 0 {
			one = g.splats[at].vector
			break
		}
		g.on(v.level, v.after, func() {
			g.push(v, t, 0)
			g.splat(t)
			one = g.w.pop(v128)
		})
		g.splats = append(g.splats, splat{of, one, v.level, g.phase})
	}
	out.regs = slices.Repeat([]local{one}, count)
	return out
}

func (g *nest) loadVectors(n *node, at linear, base val, stride int) (regs []local, mask int) {
	w, t := g.w, n.dtype()
	if t == dtypes.Bool {
		return g.loadMask(n, at, base, stride)
	}
	size := width(t)
	load := func(name string, plus int) { w.memory(name, g.address(n, at.moved(plus), base)) }
	per := 16 / max(size, 4)
	for r := range g.registers(size) {
		if stride == size {
			load("v128.load", 16*r)
			regs = append(regs, w.pop(v128))
			continue
		}
		bits := map[int]string{4: "32", 8: "64"}[size]
		load("v128.load"+bits+"_zero", r*per*stride)
		v := w.pop(v128)
		for i := 1; i < per; i++ {
			offset := g.address(n, at.moved((r*per+i)*stride), base)
			w.get(v)
			w.do("v128.load" + bits + "_lane")
			w.code = append(unsigned(append(w.code, 0), offset), byte(i))
			w.set(v)
		}
		g.cost += float64(40 * per) // which loads lane by lane take more than their bytes show
		regs = append(regs, v)
	}
	return regs, 0
}

// loadMask reads booleans as masks of four bytes.
func (g *nest) loadMask(n *node, at linear, base val, stride int) (regs []local, mask int) {
	w := g.w
	if stride != 1 || g.lanes < 4 {
		panic(noVector{})
	}
	for r := range g.registers(4) {
		w.memory("v128.load32_zero", g.address(n, at.moved(4*r), base))
		w.do("i16x8.extend_low_i8x16_u", "i32x4.extend_low_i16x8_u", "i32x4.neg")
		regs = append(regs, w.pop(v128))
	}
	return regs, 4
}

func (g *nest) storeVectors(n *node, at linear, base val, stride int, v val) {
	w, size := g.w, width(n.dtype())
	if stride != size {
		panic(noVector{})
	}
	if n.dtype() == dtypes.Bool {
		g.storeMask(n, at, base, v)
		return
	}
	for r, reg := range v.regs {
		offset := g.address(n, at.moved(16*r), base)
		w.get(reg)
		w.memory("v128.store", offset)
	}
}

// storeMask writes masks as booleans.
func (g *nest) storeMask(n *node, at linear, base val, v val) {
	w := g.w
	if g.lanes < 4 {
		panic(noVector{})
	}
	for r, reg := range g.masks(v, 4) {
		offset := g.address(n, at.moved(4*r), base)
		w.get(reg)
		w.vectorConstant(repeated([]byte{1, 0, 0, 0}))
		w.do("v128.and")
		x := w.pop(v128)
		w.get(x)
		w.get(x)
		w.do("i16x8.narrow_i32x4_u")
		w.set(x)
		w.get(x)
		w.get(x)
		w.do("i8x16.narrow_i16x8_u")
		w.do("v128.store32_lane")
		w.code = append(unsigned(append(w.code, 0), offset), 0)
	}
}

// evenHalves picks the lower halves of the lanes of 8 bytes of two vectors.
var evenHalves = []byte{0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27}

// masks makes masks those of lanes of another width. It writes to the code that is being written.
func (g *nest) masks(v val, to int) []local {
	w := g.w
	if v.mask == to {
		return v.regs
	}
	count := g.registers(to)
	if len(v.regs) > 1 && !slices.ContainsFunc(v.regs, func(l local) bool { return l != v.regs[0] }) {
		return slices.Repeat([]local{v.regs[0]}, count) // the same for all lanes
	}
	var out []local
	for r := range count {
		if to == 8 {
			w.get(v.regs[r/2])
			w.do([]string{"i64x2.extend_low_i32x4_s", "i64x2.extend_high_i32x4_s"}[r%2])
		} else {
			w.get(v.regs[2*r])
			w.get(v.regs[2*r+1])
			w.shuffle(evenHalves...)
		}
		out = append(out, w.pop(v128))
	}
	return out
}

// onVectors are the operations that are one instruction on vectors of any type that has it.
var onVectors = names{
	compute.OpTypeAdd: "add", compute.OpTypeSub: "sub", compute.OpTypeMul: "mul", compute.OpTypeDiv: "div", compute.OpTypeNeg: "neg",
	compute.OpTypeAbs: "abs", compute.OpTypeSqrt: "sqrt", compute.OpTypeCeil: "ceil", compute.OpTypeFloor: "floor",
	compute.OpTypeRound: "nearest", compute.OpTypeMax: "max", compute.OpTypeMin: "min",
	compute.OpTypeEqual: "eq", compute.OpTypeNotEqual: "ne", compute.OpTypeLessThan: "lt", compute.OpTypeLessOrEqual: "le",
	compute.OpTypeGreaterThan: "gt", compute.OpTypeGreaterOrEqual: "ge",
}

var onBits = names{
	compute.OpTypeBitwiseAnd: "v128.and", compute.OpTypeBitwiseOr: "v128.or", compute.OpTypeBitwiseXor: "v128.xor",
	compute.OpTypeBitwiseNot: "v128.not", compute.OpTypeLogicalAnd: "v128.and", compute.OpTypeLogicalOr: "v128.or",
	compute.OpTypeLogicalXor: "v128.xor", compute.OpTypeLogicalNot: "v128.not",
}

// vectorName returns the instruction that is an operation on vectors, or "" if there is none.
func vectorName(op compute.OpType, t dtypes.DType) string {
	if name := onBits[op]; name != "" {
		return name
	}
	name := onVectors[op]
	if name == "" || t == dtypes.Bool || width(t) < 4 {
		if t == dtypes.Bool && op == compute.OpTypeNotEqual {
			return "v128.xor"
		}
		return ""
	}
	if t.IsUnsigned() && name == "abs" {
		return ""
	}
	if t.IsInt() && slices.Contains([]string{"max", "min", "lt", "le", "gt", "ge"}, name) {
		name += suffix(t)
	}
	if name = shaped(t, name); opcodes[name] == nil {
		return ""
	}
	return name
}

// vectorInstruction applies an operation of a reduction, or a product, to vectors on the stack.
func (g *nest) vectorInstruction(op compute.OpType, t dtypes.DType) {
	name := vectorName(op, t)
	if name == "" {
		panic(noVector{})
	}
	g.w.do(name)
}

// neutral pushes what a reduction starts with.
func (g *nest) neutral(op compute.OpType, t dtypes.DType, vectors bool) {
	if !vectors {
		g.w.element(t, neutral(op, t))
		return
	}
	if t == dtypes.Bool {
		g.w.integer(i32, map[compute.OpType]int64{compute.OpTypeLogicalAnd: -1}[op])
		g.w.do("i32x4.splat")
		return
	}
	if width(t) < 4 {
		panic(noVector{})
	}
	g.w.element(t, neutral(op, t))
	g.splat(t)
}

// withinVector combines the lanes of one vector, and returns the local of the result.
func (g *nest) withinVector(op compute.OpType, t dtypes.DType, v local, mask int) local {
	w := g.w
	if t == dtypes.Bool {
		w.get(v)
		switch op {
		case compute.OpTypeLogicalAnd:
			w.do(map[int]string{4: "i32x4.all_true", 8: "i64x2.all_true"}[mask])
		case compute.OpTypeLogicalOr:
			w.do("v128.any_true")
		default:
			panic(noVector{})
		}
		return w.pop(i32)
	}
	if width(t) == 4 {
		w.get(v)
		w.get(v)
		w.get(v)
		w.shuffle(8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
		g.vectorInstruction(op, t)
		w.set(v)
	}
	for i := range 2 {
		w.get(v)
		w.lane(shaped(t, "extract_lane"), i)
	}
	w.elementwise(op, t)
	return w.pop(kindOf(t))
}

func (g *nest) iotaVectors(t dtypes.DType, stride int, push func(plus int)) []local {
	w, size := g.w, width(t)
	var regs []local
	push(0)
	g.splat(t)
	first := w.pop(v128)
	per := 16 / size
	for r := range g.registers(size) {
		var steps []byte
		for i := range per {
			x := (r*per + i) * stride
			switch t {
			case dtypes.Float32:
				steps = binary.LittleEndian.AppendUint32(steps, math.Float32bits(float32(x)))
			case dtypes.Float64:
				steps = binary.LittleEndian.AppendUint64(steps, math.Float64bits(float64(x)))
			case dtypes.Int64, dtypes.Uint64:
				steps = binary.LittleEndian.AppendUint64(steps, uint64(x))
			default:
				steps = binary.LittleEndian.AppendUint32(steps, uint32(x))
			}
		}
		w.get(first)
		w.vectorConstant(steps)
		w.do(shaped(t, "add"))
		regs = append(regs, w.pop(v128))
	}
	return regs
}

// isExact tells whether all indices of an iota are elements of its type, and their sums and differences are not rounded either.
func (n *node) isExact() bool {
	return n.dtype() != dtypes.Float32 || n.dims()[n.ints[0][0]] <= 1<<24+1
}

// roundedIota is an iota of float32 whose indices need not be such numbers: each is rounded from the integer.
func (g *nest) roundedIota(at linear, stride int) []local {
	whole := g.iotaVectors(dtypes.Int32, stride, func(plus int) { g.index(at.moved(plus)) })
	for i, x := range whole {
		whole[i] = g.one("f32x4.convert_i32x4_s", x)
	}
	return whole
}

// vectorOperation writes an elementwise operation on vectors.
func (g *nest) vectorOperation(n *node, in []val) val {
	t, to := n.in[0].dtype(), n.dtype()
	mask := maskOf(in)
	if n.op == compute.OpTypeWhere && to != dtypes.Bool {
		mask = width(to)
	}
	for i, v := range in {
		in[i] = g.spread(v, n.in[i].dtype(), mask)
	}
	with := g.literalOf(n)
	out := val{varies: true}
	out.level, out.after = place(in...)
	g.on(out.level, out.after, func() {
		switch {
		case n.op == compute.OpTypeConvertDType:
			out.regs, out.mask = g.convertVectors(in[0], t, to, with)
		case n.op == compute.OpTypeWhere:
			out.mask = in[1].mask
			mask := g.masks(in[0], g.laneWidth(to, in[1].mask))
			yes, no := in[1].regs, in[2].regs
			if to == dtypes.Bool {
				no = g.masks(in[2], out.mask)
			}
			for r := range yes {
				switch {
				case n.in[1].isZero():
					out.regs = append(out.regs, g.one("v128.andnot", no[r], mask[r]))
				case n.in[2].isZero():
					out.regs = append(out.regs, g.one("v128.and", yes[r], mask[r]))
				default:
					out.regs = append(out.regs, g.one("v128.bitselect", yes[r], no[r], mask[r]))
				}
			}
		case t == dtypes.Bool && vectorName(n.op, t) != "":
			out.mask = in[0].mask
			for r := range in[0].regs {
				operands := []local{in[0].regs[r]}
				if len(in) > 1 {
					operands = append(operands, g.masks(in[1], out.mask)[r])
				}
				out.regs = append(out.regs, g.one(vectorName(n.op, t), operands...))
			}
		case t == dtypes.Bool:
			panic(noVector{})
		default:
			out.regs = g.vectorsOf(n, in, with)
			if to == dtypes.Bool {
				out.mask = width(t)
			}
		}
	})
	return out
}

// isZero tells whether all bits of n are 0.
func (n *node) isZero() bool {
	return n.uniform && !slices.ContainsFunc(n.bytes, func(b byte) bool { return b != 0 })
}

// maskOf is the width of the first mask among values.
func maskOf(in []val) int {
	for _, v := range in {
		if v.mask > 0 {
			return v.mask
		}
	}
	return 0
}

// one writes an instruction on vectors in locals.
func (g *nest) one(name string, operands ...local) local {
	for _, l := range operands {
		g.w.get(l)
	}
	g.w.do(name)
	return g.w.pop(v128)
}

// literalOf returns a vector of the number that an operation compares or divides with.
func (g *nest) literalOf(n *node) local {
	t, x := n.in[0].dtype(), 0.0
	switch {
	case n.op == compute.OpTypeIsFinite:
		x = math.Inf(1)
	case n.op == compute.OpTypeRsqrt:
		x = 1
	case n.op != compute.OpTypeConvertDType || n.dtype() != dtypes.Bool:
		return -1
	}
	var l local
	g.registers(width(t))
	g.on(0, false, func() {
		g.w.number(kindOf(t), x)
		g.w.do(shaped(t, "splat"))
		l = g.w.pop(v128)
	})
	return l
}

// vectorsOf writes an operation on elements that are not booleans.
func (g *nest) vectorsOf(n *node, in []val, with local) (out []local) {
	t := n.in[0].dtype()
	name := func(instruction string) string { return shaped(t, instruction) }
	if f := inFloat64[n.op]; f != "" && functions64[f+"×2"].body != nil {
		return g.callVectors(f, in[0].regs, t)
	}
	instruction := vectorName(n.op, t)
	out = make([]local, 0, len(in[0].regs))
	for r := range in[0].regs {
		x := in[0].regs[r]
		switch {
		case instruction != "":
			g.w.get(x)
			if len(in) > 1 {
				g.w.get(in[1].regs[r])
			}
			out = append(out, g.one(instruction))
		case n.op == compute.OpTypeIsNaN:
			out = append(out, g.one(name("ne"), x, x))
		case n.op == compute.OpTypeIsFinite:
			out = append(out, g.one(name("lt"), g.one(name("abs"), x), with))
		case n.op == compute.OpTypeRsqrt:
			out = append(out, g.one(name("div"), with, g.one(name("sqrt"), x)))
		case g.shifts(n):
			g.w.get(x)
			g.w.integer(i32, int64(n.in[1].bytes[0]))
			g.w.do(name(map[compute.OpType]string{compute.OpTypeShiftLeft: "shl", compute.OpTypeShiftRightLogical: "shr_u",
				compute.OpTypeShiftRightArithmetic: "shr_s"}[n.op]))
			out = append(out, g.w.pop(v128))
		default:
			out = append(out, g.laneByLane(n, in, r))
		}
	}
	return out
}

// callVectors applies a function of two and of four float64 to vectors.
func (g *nest) callVectors(name string, xs []local, t dtypes.DType) (out []local) {
	w := g.w
	wide := xs
	if t != dtypes.Float64 {
		wide = nil
		for _, x := range xs {
			wide = append(wide, g.widen(x, false, t, dtypes.Float64), g.widen(x, true, t, dtypes.Float64))
		}
	}
	for len(wide) > 1 {
		w.get(wide[0])
		w.get(wide[1])
		w.call(w.m.function64(name + "×4"))
		second := w.pop(v128)
		out = append(out, w.pop(v128), second)
		wide = wide[2:]
	}
	if len(wide) > 0 {
		w.get(wide[0])
		w.call(w.m.function64(name + "×2"))
		out = append(out, w.pop(v128))
	}
	if t != dtypes.Float64 {
		for i := range xs {
			out[i] = g.narrow(out[2*i], out[2*i+1], dtypes.Float64)
		}
		out = out[:len(xs)]
	}
	return out
}

// shifts tells whether n is a shift by a constant below the width.
func (g *nest) shifts(n *node) bool {
	switch n.op {
	case compute.OpTypeShiftLeft, compute.OpTypeShiftRightLogical, compute.OpTypeShiftRightArithmetic:
		by := n.in[1]
		if !by.uniform {
			return false
		}
		b := slices.Clone(by.bytes)
		first := int(b[0])
		b[0] = 0
		return first < by.dtype().Bits() && !slices.ContainsFunc(b, func(x byte) bool { return x != 0 })
	}
	return false
}

// laneByLane writes an operation that vectors do not have, for one vector.
func (g *nest) laneByLane(n *node, in []val, r int) local {
	w, t, to := g.w, n.in[0].dtype(), n.dtype()
	if to != dtypes.Bool && width(to) != width(t) {
		panic(noVector{})
	}
	of := to
	if to == dtypes.Bool { // a mask
		of = map[int]dtypes.DType{4: dtypes.Int32, 8: dtypes.Int64}[width(t)]
	}
	out := local(-1)
	for i := range 16 / width(t) {
		g.scalarOperation(n, func(k int) {
			w.get(in[k].regs[r])
			w.lane(shaped(n.in[k].dtype(), "extract_lane"), i)
		})
		if to == dtypes.Bool {
			x := w.pop(i32)
			w.integer(i32, 0)
			w.get(x)
			w.do("i32.sub")
			if of == dtypes.Int64 {
				w.do("i64.extend_i32_s")
			}
		}
		if out < 0 {
			w.do(shaped(of, "splat"))
			out = w.pop(v128)
			continue
		}
		x := w.pop(kindOf(of))
		w.get(out)
		w.get(x)
		w.lane(shaped(of, "replace_lane"), i)
		w.set(out)
	}
	return out
}

// convertVectors converts elements of one type to another.
func (g *nest) convertVectors(v val, from, to dtypes.DType, zero local) (regs []local, mask int) {
	w := g.w
	a, b := kindOf(from), kindOf(to)
	switch {
	case from == dtypes.Bool:
		one := make([]byte, width(to))
		bits := map[dtypes.DType]uint64{dtypes.Float32: uint64(math.Float32bits(1)), dtypes.Float64: math.Float64bits(1)}[to]
		if !to.IsFloat() {
			bits = 1
		}
		for i := range one {
			one[i] = byte(bits >> (8 * i))
		}
		g.registers(width(to))
		for _, m := range g.masks(v, width(to)) {
			w.get(m)
			w.vectorConstant(repeated(one))
			w.do("v128.and")
			regs = append(regs, w.pop(v128))
		}
		return regs, 0
	case to == dtypes.Bool:
		g.registers(width(from))
		for _, x := range v.regs {
			regs = append(regs, g.one(shaped(from, "ne"), x, zero))
		}
		return regs, width(from)
	case width(from) < 4 || width(to) < 4:
		panic(noVector{})
	case a == b:
		return v.regs, 0
	case width(from) == 4 && width(to) == 8:
		for r := range g.registers(8) {
			regs = append(regs, g.widen(v.regs[r/2], r%2 == 1, from, to))
		}
		return regs, 0
	case a == f64 && b == f32, a == i64 && b == i32:
		for r := range g.registers(4) {
			regs = append(regs, g.narrow(v.regs[2*r], v.regs[2*r+1], from))
		}
		return regs, 0
	case a == i32 && b == f32:
		for _, x := range v.regs {
			regs = append(regs, g.one("f32x4.convert_i32x4"+suffix(from), x))
		}
		return regs, 0
	case a == f32 && b == i32:
		for _, x := range v.regs {
			regs = append(regs, g.one("i32x4.trunc_sat_f32x4"+suffix(to), x))
		}
		return regs, 0
	}
	panic(noVector{})
}

// widen converts the lower or upper half of a vector of elements of 4 bytes to elements of 8.
func (g *nest) widen(x local, upper bool, from, to dtypes.DType) local {
	w := g.w
	half := "low"
	w.get(x)
	if upper {
		half = "high"
	}
	switch {
	case to.IsFloat() && upper:
		w.get(x)
		w.shuffle(8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
		fallthrough
	case to.IsFloat():
		if from.IsFloat() {
			w.do("f64x2.promote_low_f32x4")
		} else {
			w.do("f64x2.convert_low_i32x4" + suffix(from))
		}
	case from.IsFloat():
		panic(noVector{})
	default:
		w.do("i64x2.extend_" + half + "_i32x4" + suffix(from))
	}
	return w.pop(v128)
}

// narrow converts two vectors of elements of 8 bytes to one of elements of 4.
func (g *nest) narrow(x, y local, from dtypes.DType) local {
	w := g.w
	if from != dtypes.Float64 {
		w.get(x)
		w.get(y)
		w.shuffle(evenHalves...)
		return w.pop(v128)
	}
	for _, l := range []local{x, y} {
		w.get(l)
		w.do("f32x4.demote_f64x2_zero")
	}
	w.shuffle(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
	return w.pop(v128)
}
