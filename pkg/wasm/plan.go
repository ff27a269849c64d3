package wasm

import (
	"slices"

	"github.com/gomlx/compute"
)

// A plan is what the compiler decides about a node.
type plan struct {
	live      bool    // some output needs it
	root      bool    // it has memory of its own; else its consumers compute its elements where they need them
	alias     bool    // it has its operand's bytes
	shares    *node   // whose memory it has, if not its own
	inPlace   bool    // it is written over a state that the same kernel may still read
	invariant bool    // it is the same in all rounds of the loop around it
	addr      int     // of its memory
	cost      int     // operations that an element takes, from what is in memory
	expanded  bool    // a kernel with more elements needs it
	users     []*node // roots that need it, up to three

	kept, reduced []int // the dimensions that need a loop

	seen [][]linear // the indices at which a reader has read it

	variant  int // of a kernel, in which it has elements in locals
	elements []element
}

// compile turns the function main, with all that it calls, into a module.
func compile(main *function) ([]byte, error) {
	m := &module{math: make(map[string]*writer), top: firstAddress}
	main.mark()
	functions := withCalled(main)
	for _, f := range functions {
		for _, n := range f.nodes {
			if n.live {
				if err := countable(n.shape); err != nil {
					return nil, err
				}
			}
		}
	}
	share(functions)
	for _, f := range functions { // a function after those that it calls
		f.measure()
		f.chooseRoots()
		for _, n := range f.nodes {
			if n.live && (n.root || n.op == compute.OpTypeSort) {
				if err := fits(n); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, f := range functions {
		f.fuse()
	}
	for _, f := range functions {
		f.update()
	}
	for _, f := range functions {
		m.placeAll(f)
	}
	if err := m.fits(); err != nil {
		return nil, err
	}
	for _, f := range functions {
		m.write(f)
	}
	main.memory = m.top
	return m.encode(main.entry)
}

// withCalled returns functions with all that they call in live nodes, each after those that it calls.
func withCalled(functions ...*function) []*function {
	var order []*function
	seen := make(map[*function]bool)
	var visit func(f *function)
	visit = func(f *function) {
		if seen[f] {
			return
		}
		seen[f] = true
		for _, n := range f.nodes {
			if !n.live {
				continue
			}
			for _, g := range n.functions {
				visit(g)
			}
		}
		order = append(order, f)
	}
	for _, f := range functions {
		visit(f)
	}
	return order
}

// mark gives what f takes and returns a place, and makes what it needs live.
func (f *function) mark() {
	for _, n := range slices.Concat(f.outputs, f.params) {
		n.mark()
		n.root = true
	}
}

// mark makes n and what it needs live.
func (n *node) mark() {
	if n.live {
		return
	}
	n.live = true
	n.kept = without1(n.dims())
	if isReduction(n) {
		n.reduced = without1(n.reducedDims())
	}
	if n.owner != nil {
		n.owner.mark()
	}
	for _, r := range n.results {
		r.mark()
		r.root = true
	}
	for _, x := range n.in {
		x.mark()
	}
	for _, f := range n.functions {
		f.mark()
	}
}

// address returns where the bytes of a node with memory lie.
func address(n *node) int { return n.home().addr }

// codePerFunction bounds the length of a WebAssembly function: engines allocate registers a function at a time, in more than
// linear time.
const codePerFunction = 3000

// write writes the WebAssembly functions of f: sequences of kernels, and one that calls them in order.
func (m *module) write(f *function) {
	f.prologue = m.sequence(f.before)
	f.entry = m.sequence(f.each)
	if f.loop != nil {
		f.entry.transfer(f.params, f.outputs)
	}
}

// sequence writes the kernels of a schedule.
func (m *module) sequence(s *schedule) *writer {
	entry := m.function(nil)
	part := entry
	for _, k := range s.kernels {
		if len(part.code) > codePerFunction {
			part.fence()
			if part != entry {
				entry.call(part)
			} else { // what was written so far becomes the first of several
				first := m.function(nil)
				first.code, first.locals, first.free = entry.code, entry.locals, entry.free
				entry.code, entry.locals, entry.free = nil, nil, variables{}
				entry.call(first)
			}
			part = m.function(nil)
		}
		part.scope(func() { part.kernel(k) })
	}
	if part.code != nil {
		part.fence()
	}
	if part != entry {
		entry.call(part)
	}
	return entry
}

// fence ends a function's loops with a branch that is never taken. To wazero 1.12, what a loop reads is needed until the function ends. In
// its last block, after which it is needed no more, the value keeps its register nevertheless, and an instruction that needs three
// registers of two that are left, as a shuffle, loses what it has computed. After a fence, that block has nothing else to do.
func (w *writer) fence() {
	w.integer(i32, 0)
	w.when(0, func() {}, nil)
}

// kernel writes a kernel.
func (w *writer) kernel(k *kernel) {
	switch {
	case k.alone == nil:
		for _, p := range k.parts {
			if p.n.op == compute.OpTypeDynamicUpdateSlice && !p.n.inPlace {
				w.copyBytes(address(p.n), address(p.n.in[0]), p.n.byteSize())
			}
		}
		k.write(w)
	case len(k.alone.results) > 0:
		w.control(k.alone)
	default:
		w.alone(k.alone)
	}
}

// transfer copies the bytes of from to those of to, at the same time: no copy overwrites a value that another reads.
func (w *writer) transfer(to, from []*node) {
	target, source := make([]int, len(to)), make([]int, len(to))
	for i, x := range from {
		target[i] = address(to[i])
		if source[i] = target[i]; !x.uniform || x.root {
			source[i] = address(x)
		}
	}
	for i, x := range from {
		for j := range i {
			if target[j] == source[j] {
				continue
			}
			if source[i] != target[i] && source[i] < target[j]+from[j].byteSize() && target[j] < source[i]+x.byteSize() { // copy j would overwrite it
				stage := w.m.place(x.byteSize())
				w.copyBytes(stage, source[i], x.byteSize())
				source[i] = stage
				break
			}
		}
	}
	for i, x := range from {
		if x.uniform && !x.root {
			w.fill(target[i], x)
		} else {
			w.copyBytes(target[i], source[i], x.byteSize())
		}
	}
}

// fill writes a uniform constant to an address.
func (w *writer) fill(to int, x *node) {
	size := x.byteSize()
	if size == 0 {
		return
	}
	if !slices.ContainsFunc(x.bytes, func(b byte) bool { return b != x.bytes[0] }) && size > 64 {
		w.integer(i32, int64(to))
		w.integer(i32, int64(x.bytes[0]))
		w.integer(i32, int64(size))
		w.do("memory.fill")
		return
	}
	k := &kernel{parts: []part{{n: x}}, kept: without1(x.dims())}
	saved := x.plan
	x.plan = plan{root: true, addr: to}
	w.scope(func() { k.write(w) })
	x.plan = saved
}

// scalar pushes a scalar.
func (w *writer) scalar(x *node) {
	if x.uniform {
		w.element(x.dtype(), x.bytes)
		return
	}
	w.integer(i32, 0)
	w.load(x.dtype(), address(x))
}

// control writes an operation that calls functions.
func (w *writer) control(n *node) {
	run := func(f *function, in []*node) {
		w.transfer(f.params, in)
		w.call(f.entry)
	}
	switch n.op {
	case compute.OpTypeCall:
		run(n.functions[0], n.in)
		w.transfer(n.results, n.functions[0].outputs)
	case compute.OpTypeIf:
		w.scalar(n.in[0])
		branch := func(f *function) func() {
			return func() {
				run(f, nil)
				w.transfer(n.results, f.outputs)
			}
		}
		w.when(0, branch(n.functions[0]), branch(n.functions[1]))
	case compute.OpTypeWhile:
		condition, body := n.functions[0], n.functions[1]
		w.transfer(n.results, n.in)
		if body.loop != nil && body.prologue.code != nil {
			w.call(body.prologue)
		}
		w.while(func() {
			run(condition, n.results)
			w.scalar(condition.outputs[0])
		}, func() {
			run(body, n.results)
			if body.loop == nil {
				w.transfer(n.results, body.outputs)
			}
		})
	case compute.OpTypeSort:
		(&walk{writer: w}).sort(n)
	default:
		panic("wasm: no control operation " + n.op.String())
	}
}
