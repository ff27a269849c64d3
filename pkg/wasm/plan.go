package wasm

import (
	"slices"

	"github.com/gomlx/compute"
)

// A plan is what the compiler decides about a node.
type plan struct {
	live bool // some output needs it
	root bool // it has a place in memory; else its consumers compute its elements where they need them
	addr int
}

// compile turns the function main, with all that it calls, into a module.
func compile(main *function) ([]byte, error) {
	m := &module{math: make(map[string]*writer), top: firstAddress}
	main.mark()
	functions := main.all()
	for _, f := range functions {
		for _, n := range f.nodes {
			if n.live {
				demand(n)
			}
		}
	}
	for _, f := range functions {
		for _, n := range f.nodes {
			m.placeNode(n)
		}
	}
	for _, f := range functions {
		m.write(f)
	}
	return m.encode(main.entry)
}

// all returns the functions that f calls in live nodes, each after those that it calls, and f last.
func (f *function) all() []*function {
	var order []*function
	var visit func(f *function)
	visit = func(f *function) {
		if slices.Contains(order, f) {
			return
		}
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
	visit(f)
	return order
}

// mark gives what f takes and returns a place, and makes what it needs live.
func (f *function) mark() {
	for _, o := range f.outputs {
		o.mark()
		o.root = true
	}
	for _, p := range f.params {
		p.live, p.root = true, true
	}
}

// mark makes n and what it needs live.
func (n *node) mark() {
	if n.live {
		return
	}
	n.live = true
	if n.owner != nil {
		n.owner.mark()
	}
	for _, r := range n.results {
		r.live, r.root = true, true
	}
	for _, x := range n.in {
		x.mark()
	}
	for _, f := range n.functions {
		f.mark()
	}
}

// isView tells whether n only renames the elements of its operand or knows them from their index.
func isView(n *node) bool {
	switch n.op {
	case compute.OpTypeBroadcastInDim, compute.OpTypeTranspose, compute.OpTypeSlice, compute.OpTypeReverse, compute.OpTypeIota:
		return true
	}
	return n.uniform
}

// isAlias tells whether n has its operand's bytes.
func isAlias(n *node) bool { return n.op == compute.OpTypeReshape || n.op == compute.OpTypeBitcast }

// demand decides which nodes are roots, by what n needs.
func demand(n *node) {
	if len(n.results) == 0 && !isView(n) {
		n.root = true
	}
	_, scatters := scatterings[n.op]
	_, start := n.startsAt()
	for i, x := range n.in {
		switch {
		case len(n.results) > 0, isAlias(n), i == 0 && (n.op == compute.OpTypeDynamicUpdateSlice || scatters):
			x.root = true // it is read as a block of memory
		case x.f != n.f && !start && !x.uniform:
			x.root = true
		}
	}
}

// startsAt returns where the scalar start indices begin among the operands of a dynamic slice.
func (n *node) startsAt() (int, bool) {
	switch n.op {
	case compute.OpTypeDynamicSlice:
		return 1, true
	case compute.OpTypeDynamicUpdateSlice:
		return 2, true
	}
	return len(n.in), false
}

// placeNode gives a root its address. An address is a value's own for the whole run: a closure reads what it captures
// where it lies.
func (m *module) placeNode(n *node) {
	if !n.live || !n.root || len(n.results) > 0 || isAlias(n) {
		return
	}
	n.addr = m.place(n.byteSize())
	if n.op == compute.OpTypeConstant && !n.uniform {
		m.data = append(m.data, segment{n.addr, n.bytes})
	}
}

// address returns where the bytes of a root lie.
func address(n *node) int {
	for isAlias(n) {
		n = n.in[0]
	}
	return n.addr
}

// kernelsPerFunction bounds the length of a WebAssembly function: engines allocate registers a function at a time, in
// more than linear time.
const kernelsPerFunction = 24

// write writes the WebAssembly functions of f: one for a sequence of kernels, and one that calls them in order.
func (m *module) write(f *function) {
	f.entry = m.function(nil)
	var part *writer
	count := 0
	for _, n := range f.nodes {
		if !n.live || !n.root && len(n.results) == 0 || isAlias(n) || n.owner != nil {
			continue
		}
		if n.op == compute.OpTypeParameter || n.op == compute.OpTypeConstant && !n.uniform {
			continue
		}
		if part == nil || count == kernelsPerFunction {
			part, count = m.function(nil), 0
			f.entry.call(part)
		}
		count++
		part.scope(func() { part.kernel(n) })
	}
}

// transfer copies the bytes of from to those of to, at the same time: no copy overwrites a value that another reads.
func (w *writer) transfer(to, from []*node) {
	target, source := addresses(to), addresses(from)
	for i, x := range from {
		for j := range i {
			if source[i] < target[j]+from[j].byteSize() && target[j] < source[i]+x.byteSize() { // copy j would overwrite it
				stage := w.m.place(x.byteSize())
				w.copyBytes(stage, source[i], x.byteSize())
				source[i] = stage
				break
			}
		}
	}
	for i, x := range from {
		w.copyBytes(target[i], source[i], x.byteSize())
	}
}

func addresses(nodes []*node) []int {
	at := make([]int, len(nodes))
	for i, n := range nodes {
		at[i] = address(n)
	}
	return at
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
		w.value(n.in[0], nil)
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
		w.while(func() {
			run(condition, n.results)
			w.value(condition.outputs[0], nil)
		}, func() {
			run(body, n.results)
			w.transfer(n.results, body.outputs)
		})
	default:
		panic("wasm: no control operation " + n.op.String())
	}
}
