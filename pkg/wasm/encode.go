package wasm

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// A kind is a WebAssembly value type.
type kind byte

const (
	i32 kind = 0x7f
	i64 kind = 0x7e
	f32 kind = 0x7d
	f64 kind = 0x7c
	// v128 holds four elements of 4 bytes or two of 8.
	v128 kind = 0x7b
)

var kinds = map[kind]string{i32: "i32", i64: "i64", f32: "f32", f64: "f64", v128: "v128"}

// shapeOf has the shape of a vector of elements of the kind.
var shapeOf = map[kind]string{i32: "i32x4", i64: "i64x2", f32: "f32x4", f64: "f64x2"}

func (k kind) String() string { return kinds[k] }

// instruction is the name of the kind's own instruction of a name, such as f32.add.
func (k kind) instruction(name string) string { return scalarNames[i32-k][name] }

// The names of instructions on scalars of a kind, and on vectors of them, by what follows the point. Those of the kind k are at i32-k.
var scalarNames, vectorNames = namesOf(kinds), namesOf(shapeOf)

func namesOf(before map[kind]string) (names [5]map[string]string) {
	for k, prefix := range before {
		names[i32-k] = make(map[string]string)
		for name := range opcodes {
			if after, ok := strings.CutPrefix(name, prefix+"."); ok {
				names[i32-k][after] = name
			}
		}
	}
	return names
}

// opcodes has the encoding of every instruction without immediates (and of the loads and stores), by its name in the
// WebAssembly specification.
var opcodes = func() map[string][]byte {
	m := map[string][]byte{"unreachable": {0x00}, "else": {0x05}, "end": {0x0b}, "return": {0x0f}, "drop": {0x1a}, "select": {0x1b}}
	run := func(at byte, names string) {
		for i, name := range strings.Fields(names) {
			m[name] = []byte{at + byte(i)}
		}
	}
	each := func(prefix, names string) string {
		return prefix + strings.Join(strings.Fields(names), " "+prefix)
	}
	const (
		intCompare   = "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"
		floatCompare = "eq ne lt gt le ge"
		intOps       = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"
		floatOps     = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"
	)
	run(0x28, "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u")
	run(0x36, "i32.store i64.store f32.store f64.store i32.store8 i32.store16")
	run(0x45, each("i32.", intCompare))
	run(0x50, each("i64.", intCompare))
	run(0x5b, each("f32.", floatCompare))
	run(0x61, each("f64.", floatCompare))
	run(0x67, each("i32.", intOps))
	run(0x79, each("i64.", intOps))
	run(0x8b, each("f32.", floatOps))
	run(0x99, each("f64.", floatOps))
	run(0xa7, `i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u
		i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s
		f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
		i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64 i32.extend8_s i32.extend16_s`)
	for i, name := range strings.Fields(`i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u
		i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u`) {
		m[name] = []byte{0xfc, byte(i)}
	}
	m["memory.copy"] = []byte{0xfc, 10, 0, 0}
	m["memory.fill"] = []byte{0xfc, 11, 0}
	vectors(m)
	return m
}()

// vectors adds the vector instructions, whose encoding has a prefix.
func vectors(m map[string][]byte) {
	run := func(at int, names string) {
		for i, name := range strings.Fields(names) {
			if name != "-" {
				m[name] = unsigned([]byte{0xfd}, at+i)
			}
		}
	}
	run(0, "v128.load")
	run(9, "v128.load32_splat v128.load64_splat v128.store v128.const i8x16.shuffle")
	run(17, "i32x4.splat i64x2.splat f32x4.splat f64x2.splat")
	run(27, `i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane f32x4.extract_lane f32x4.replace_lane
		f64x2.extract_lane f64x2.replace_lane`)
	run(55, "i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u")
	run(65, "f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge")
	run(77, "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true")
	run(86, "v128.load32_lane v128.load64_lane - - v128.store32_lane v128.store64_lane v128.load32_zero v128.load64_zero")
	run(94, "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4")
	run(102, "i8x16.narrow_i16x8_u f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest")
	run(116, "f64x2.ceil f64x2.floor")
	run(134, "i16x8.narrow_i32x4_u - - i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u")
	run(148, "f64x2.nearest")
	run(160, "i32x4.abs i32x4.neg - i32x4.all_true - - - - - i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u")
	run(171, "i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub - - - i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u")
	run(192, `i64x2.abs i64x2.neg - i64x2.all_true - - - i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u
		i64x2.extend_high_i32x4_u i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add - - i64x2.sub - - - i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s
		i64x2.gt_s i64x2.le_s i64x2.ge_s`)
	run(224, "f32x4.abs f32x4.neg - f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max")
	run(236, "f64x2.abs f64x2.neg - f64x2.sqrt f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax")
	run(248, `i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u i32x4.trunc_sat_f64x2_s_zero
		i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u`)
}

// unsigned appends x in unsigned LEB128, as WebAssembly writes sizes and indices.
func unsigned(b []byte, x int) []byte { return binary.AppendUvarint(b, uint64(x)) }

// signed appends x in signed LEB128, as WebAssembly writes integer constants.
func signed(b []byte, x int64) []byte {
	for {
		low := byte(x & 0x7f)
		x >>= 7
		if (x == 0 && low&0x40 == 0) || (x == -1 && low&0x40 != 0) {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// A local is the index of a variable of a function, its parameters first.
type local int32

// A writer writes the body of one function.
type writer struct {
	m      *module
	id     int // of the function in its module
	code   []byte
	params []kind
	result []kind
	locals []kind // after the parameters
	free   variables
	held   []local // in use, in the order of their making

	gratis  int     // how many bytes of the code cost nothing to execute
	listens bool    // to what is read
	read    []local // while it listens
}

// do writes instructions by name.
func (w *writer) do(names ...string) {
	for _, name := range names {
		op, ok := opcodes[name]
		if !ok {
			panic("wasm: no instruction " + name)
		}
		w.code = append(w.code, op...)
	}
}

// zeros stands for a vector of zeros. Processors make one for nothing where it is needed, so that it takes no register around a loop.
const zeros local = -2

func (w *writer) get(l local) {
	if l == zeros {
		w.vectorConstant(make([]byte, 16))
		w.gratis += 16
		return
	}
	w.code = unsigned(append(w.code, 0x20), int(l))
	if w.listens {
		w.read = append(w.read, l)
	}
}

func (w *writer) set(l local) { w.code = unsigned(append(w.code, 0x21), int(l)) }

// kindOfLocal is the kind of a variable.
func (w *writer) kindOfLocal(l local) kind {
	if int(l) < len(w.params) {
		return w.params[l]
	}
	return w.locals[int(l)-len(w.params)]
}

func (w *writer) tee(l local) { w.code = unsigned(append(w.code, 0x22), int(l)) }

func (w *writer) call(f *writer) { w.code = unsigned(append(w.code, 0x10), f.id) }

// integer pushes a constant of kind i32 or i64.
func (w *writer) integer(k kind, x int64) {
	if k == i32 {
		w.code = signed(append(w.code, 0x41), int64(int32(x)))
	} else {
		w.code = signed(append(w.code, 0x42), x)
	}
}

// bits pushes a constant by its bits.
func (w *writer) bits(k kind, x uint64) {
	switch k {
	case f32:
		w.code = binary.LittleEndian.AppendUint32(append(w.code, 0x43), uint32(x))
	case f64:
		w.code = binary.LittleEndian.AppendUint64(append(w.code, 0x44), x)
	default:
		w.integer(k, int64(x))
	}
}

// number pushes a constant of any kind.
func (w *writer) number(k kind, x float64) {
	switch k {
	case f32:
		w.bits(k, uint64(math.Float32bits(float32(x))))
	case f64:
		w.bits(k, math.Float64bits(x))
	default:
		w.integer(k, int64(x))
	}
}

// lane writes an instruction on one lane.
func (w *writer) lane(name string, lane int) {
	w.do(name)
	w.code = append(w.code, byte(lane))
}

// shuffle picks bytes of two vectors.
func (w *writer) shuffle(bytes ...byte) {
	w.do("i8x16.shuffle")
	w.code = append(w.code, bytes...)
}

// memory writes a load or store at the address on the stack plus offset.
func (w *writer) memory(name string, offset int) {
	w.do(name)
	w.code = unsigned(append(w.code, 0), offset)
}

// variables are some of each kind, that of the kind k at i32-k.
type variables [5][]local

// local returns a variable that no other code holds; its value is not defined.
func (w *writer) local(k kind) local {
	l := local(len(w.params) + len(w.locals))
	if free := w.free[i32-k]; len(free) > 0 {
		l = free[len(free)-1]
		w.free[i32-k] = free[:len(free)-1]
	} else {
		w.locals = append(w.locals, k)
	}
	w.held = append(w.held, l)
	return l
}

// scope runs body and frees the locals that it made.
func (w *writer) scope(body func()) {
	mark := len(w.held)
	body()
	for _, l := range w.held[mark:] {
		k := w.locals[int(l)-len(w.params)]
		w.free[i32-k] = append(w.free[i32-k], l)
	}
	w.held = w.held[:mark]
}

// pop puts the top of the stack into a new local.
func (w *writer) pop(k kind) local {
	l := w.local(k)
	w.set(l)
	return l
}

// when writes "if" on the i32 on the stack, with a result of kind k (0: none) and an else branch (nil: none).
func (w *writer) when(k kind, then, otherwise func()) {
	block := byte(0x40)
	if k != 0 {
		block = byte(k)
	}
	w.code = append(w.code, 0x04, block)
	then()
	if otherwise != nil {
		w.do("else")
		otherwise()
	}
	w.do("end")
}

// while writes a loop that runs body as long as test leaves a value other than 0.
func (w *writer) while(test, body func()) {
	w.code = append(w.code, 0x02, 0x40, 0x03, 0x40) // block, loop
	test()
	w.do("i32.eqz")
	w.code = append(w.code, 0x0d, 1) // br_if out of the block
	body()
	w.code = append(w.code, 0x0c, 0, 0x0b, 0x0b) // br to the loop, end, end
}

// count writes a loop over i = 0 … n-1, n > 0.
func (w *writer) count(n int, body func(i local)) {
	i := w.local(i32)
	w.integer(i32, 0)
	w.set(i)
	w.code = append(w.code, 0x03, 0x40)
	body(i)
	w.get(i)
	w.integer(i32, 1)
	w.do("i32.add")
	w.tee(i)
	w.integer(i32, int64(n))
	w.do("i32.lt_u")
	w.code = append(w.code, 0x0d, 0, 0x0b)
}

// copyBytes copies n bytes between two addresses. What is short is copied here: memory.copy is a call of the engine.
func (w *writer) copyBytes(to, from, n int) {
	if n == 0 || to == from {
		return
	}
	if n > 256 {
		w.integer(i32, int64(to))
		w.integer(i32, int64(from))
		w.integer(i32, int64(n))
		w.do("memory.copy")
		return
	}
	for at := 0; at < n; {
		move, size := "v128.", 16
		switch left := n - at; {
		case left >= 16:
		case left >= 8:
			move, size = "i64.", 8
		case left >= 4:
			move, size = "i32.", 4
		default:
			move, size = "i32.", 1
		}
		load, store := "load", "store"
		if size == 1 {
			load, store = "load8_u", "store8"
		}
		w.integer(i32, 0)
		w.integer(i32, 0)
		w.memory(move+load, from+at)
		w.memory(move+store, to+at)
		at += size
	}
}

// A module is one WebAssembly module: functions, a memory with its first contents, and the exports "memory" and "run".
type module struct {
	functions []*writer
	math      map[string]*writer // functions of math.go, by name
	data      []contents         // of the memory at first
	table     int                // address of 4/π's digits, 0 if no function needs them
	top       int                // end of the memory in use
	variants  int                // of kernels that were written
	nest      nest               // of the last variant, whose buffers serve the next
	spare     writer             // a variant that another one beat, whose buffers serve the next
}

// A contents is what a part of the memory has at first.
type contents struct {
	at    int
	bytes []byte
}

const (
	firstAddress = 16 // address 0 stays unused, so that no value lies there
	pageSize     = 1 << 16
	maxMemory    = 1 << 32
)

func (m *module) function(params []kind, result ...kind) *writer {
	w := &writer{m: m, id: len(m.functions), params: params, result: result}
	m.functions = append(m.functions, w)
	return w
}

// place returns the address of size bytes of memory of their own. What a memory cannot have is counted as a memory's size, so that the
// sum does not overflow.
func (m *module) place(size int) int {
	at := aligned(m.top)
	m.top = at + min(size, maxMemory)
	return at
}

// fits returns an error if a memory has not as many bytes as the module needs.
func (m *module) fits() error {
	if most := maxMemory - pageSize; m.top > most {
		return fmt.Errorf("the graph needs more than %d bytes, the most that a WebAssembly memory has here", most)
	}
	return nil
}

// encode returns the module in WebAssembly's binary format, section by section.
func (m *module) encode(run *writer) ([]byte, error) {
	if err := m.fits(); err != nil {
		return nil, err
	}
	out := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	section := func(id byte, body []byte) {
		out = append(unsigned(append(out, id), len(body)), body...)
	}
	types := unsigned(nil, len(m.functions)) // a type of its own for each function
	indices := unsigned(nil, len(m.functions))
	bodies := unsigned(nil, len(m.functions))
	for i, f := range m.functions {
		types = unsigned(append(types, 0x60), len(f.params))
		for _, k := range f.params {
			types = append(types, byte(k))
		}
		types = unsigned(types, len(f.result))
		for _, k := range f.result {
			types = append(types, byte(k))
		}
		indices = unsigned(indices, i)
		body := runs(f.locals)
		body = append(append(body, f.code...), 0x0b)
		bodies = append(unsigned(bodies, len(body)), body...)
	}
	pages := (m.top + pageSize - 1) / pageSize
	section(1, types)
	section(3, indices)
	section(5, unsigned(unsigned([]byte{1, 1}, pages), pages))
	exports := append([]byte{2, 6}, "memory\x02\x00\x03run\x00"...)
	section(7, unsigned(exports, run.id))
	section(10, bodies)
	data := unsigned(nil, len(m.data))
	for _, s := range m.data {
		data = signed(append(data, 0, 0x41), int64(int32(s.at))) // an i32, whose sign is that of its top bit
		data = append(unsigned(append(data, 0x0b), len(s.bytes)), s.bytes...)
	}
	section(11, data)
	return out, nil
}

// runs declares variables, neighbors of the same kind together.
func runs(locals []kind) []byte {
	var out []byte
	n := 0
	for i := 0; i < len(locals); n++ {
		j := i
		for j < len(locals) && locals[j] == locals[i] {
			j++
		}
		out = append(unsigned(out, j-i), byte(locals[i]))
		i = j
	}
	return append(unsigned(nil, n), out...)
}
