package wasm

import (
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// A variant says how a kernel is written.
type variant struct {
	// vector is the loop (0: none) that takes several lanes at once, in vectors or in scalars side by side. What is left over is
	// computed one by one or, if it overlaps, by the last lanes that there are, some of them for a second time.
	vector, lanes int
	simd, overlap bool
	// first moves the last kept loop around the others.
	first bool
	// rounds is how many rounds of the last reduced loop are written one after the other; 0: one.
	rounds int
}

// A val is a value in locals: one for all lanes, or, if it varies, as many locals as the lanes need.
type val struct {
	regs   []local
	varies bool
	level  int   // the loop in which it is computed; 0: before all loops
	after  bool  // computed after the loops inside its level
	mask   int   // of booleans in vectors: the width of the lanes, all ones or zeros
	lit    *node // a uniform constant, which is in no local
}

// A level is the code of a loop's body, before and after the loops inside, and the stores that must come last.
type level struct{ before, after, stores []byte }

// A pointer is a local that follows loops: a sum of counters times factors.
type pointer struct {
	by     [maxLoops]int32
	l      local
	level  int
	parent local // what it starts with, -1: 0
}

// A stretch is the code of the loops from the vector loop on: once for vectors, once for what is left over.
type stretch struct {
	levels   []level
	pointers []pointer
}

// A nest writes one variant of a kernel.
type nest struct {
	variant
	w       *writer
	k       *kernel
	number  int   // of the variant, in the module
	size    []int // of all loops
	segs    [2]stretch
	tail    bool
	phase   int // how often values were forgotten
	round   int // of those written one after the other
	loads   []made
	results []made // the parts' values, by their places in memory
	splats  []splat
	sums    [][2]val // accumulators of each part, of both segments
	cost    float64  // of what is written so far
	most    float64  // what the variant may cost
	// inside are the variables of the innermost loop's body, outside those that it reads of what is around it.
	inside, outside locals
}

// An element of a node is in locals.
type element struct {
	index []linear
	v     val
	phase int
}

// made is what was read or written at a place in memory, and is in locals.
type made struct {
	of    *node
	at    linear
	t     dtypes.DType
	v     val
	phase int
}

// A splat is a vector whose lanes are all what one local is.
type splat struct {
	of, vector   local
	level, phase int
}

// locals is a set of them.
type locals []bool

func (s *locals) add(l local) {
	for int(l) >= len(*s) {
		*s = append(*s, false)
	}
	(*s)[l] = true
}

func (s locals) has(l local) bool { return int(l) < len(s) && s[l] }

// noVector is what a variant panics with that cannot be written, or not for less than another.
type noVector struct{}

// write writes the cheapest variant of the kernel, by the bytes of its instructions times their repetitions.
func (k *kernel) write(w *writer) {
	if slices.Contains(k.kept, 0) {
		return
	}
	start, functions := *w, len(w.m.functions)
	best, bestCost, bestOf := writer{}, math.Inf(1), variant{}
	try := func(v variant) {
		*w = start.in(w.m.spare)
		cost, ok := k.try(w, v, bestCost)
		if w.m.spare = *w; ok && cost < bestCost {
			w.m.spare, best, bestCost, bestOf = best, *w, cost, v
		}
	}
	for _, v := range k.variants() {
		try(v)
	}
	for _, v := range k.refined(bestOf) {
		try(v)
	}
	if len(w.m.functions) > functions { // those that variants call: the module keeps the best one's
		w.m.forget(functions)
		bestCost = math.Inf(1)
		try(bestOf)
	}
	best.code = append(start.code, best.code...)
	*w = best
}

// in is the writer without its code, in the buffers of another one.
func (w writer) in(of writer) writer {
	w.code, w.locals, w.held = of.code[:0], append(of.locals[:0], w.locals...), append(of.held[:0], w.held...)
	for i, l := range w.free {
		w.free[i] = append(of.free[i][:0], l...)
	}
	return w
}

// try writes a variant, unless it cannot be written for less than another one.
func (k *kernel) try(w *writer, v variant, most float64) (cost float64, ok bool) {
	code := w.code
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(noVector); !is {
				panic(r)
			}
			w.code = code // in place of a level's
		}
	}()
	g := k.nest(w, v)
	g.most = most
	w.scope(func() {
		g.body()
		g.assemble(0, 1)
	})
	return g.cost, true
}

// nest returns what writes a variant, in the buffers of the one before.
func (k *kernel) nest(w *writer, v variant) *nest {
	w.m.variants++
	g := &w.m.nest
	*g = nest{variant: v, w: w, k: k, number: w.m.variants, size: append(g.size[:0], k.kept...), segs: g.segs, loads: g.loads[:0],
		results: g.results[:0], splats: g.splats[:0], sums: g.sums[:0], inside: g.inside[:0], outside: g.outside[:0]}
	if n := len(g.size); v.first {
		g.size = append(append(g.size[:0], k.kept[n-1]), k.kept[:n-1]...)
	}
	g.size = append(g.size, k.reduced...)
	g.sums = append(g.sums, make([][2]val, len(k.parts))...)
	for i := range g.segs {
		s := &g.segs[i]
		s.pointers = s.pointers[:0]
		for j := range s.levels {
			l := &s.levels[j]
			*l = level{l.before[:0], l.after[:0], l.stores[:0]}
		}
		for len(s.levels) <= len(g.size) {
			s.levels = append(s.levels, level{})
		}
	}
	return g
}

// variants lists what may be tried, the likely ones first.
func (k *kernel) variants() (all []variant) {
	kept, n := len(k.kept), len(k.kept)+len(k.reduced)
	if n == 0 || slices.Contains(k.reduced, 0) {
		return []variant{{}}
	}
	size := slices.Concat(k.kept, k.reduced)
	for _, l := range slices.Compact([]int{kept, n}) {
		if l == 0 {
			continue
		}
		for _, lanes := range []int{8, 16, 4, 2} {
			if lanes <= size[l-1] && (lanes == 2 || lanes == 4 || size[l-1]%lanes == 0 || size[l-1] >= 3*lanes) {
				v := variant{vector: l, lanes: lanes, simd: true}
				v.overlap = l == kept && size[l-1]%lanes > 0 && !k.inPlace()
				all = append(all, v)
			}
		}
		if size[l-1] <= 4 {
			all = append(all, variant{vector: l, lanes: size[l-1]})
		}
	}
	return append(all, variant{})
}

// refined are the variants that do as v does, but several rounds of the last reduced loop one after the other: all of a short loop, a few
// of another, and two.
func (k *kernel) refined(v variant) (all []variant) {
	kept := len(k.kept)
	if len(k.reduced) == 0 || v.vector != kept || kept == 0 {
		return nil
	}
	size := k.reduced[len(k.reduced)-1]
	for _, n := range []int{size, 8, 10, 5, 4, 2} {
		if n > 16 || size%n > 0 || len(all) > 0 && (n != 2 || size == 2) {
			continue
		}
		v.rounds = n
		all = append(all, v)
		if kept > 1 {
			u := v
			u.vector, u.first = 1, true
			all = append(all, u)
		}
	}
	return all
}

// inPlace tells whether a part reads what it writes over, so that no element may be computed twice.
func (k *kernel) inPlace() bool {
	return slices.ContainsFunc(k.parts, func(p part) bool { return p.n.inPlace && p.forwards() })
}

// trips is how often a loop runs in this segment.
func (g *nest) trips(l int) int {
	switch {
	case g.rounds > 0 && l == len(g.size):
		return g.size[l-1] / g.rounds
	case l != g.vector:
		return g.size[l-1]
	case g.tail && g.overlap:
		return 1
	case g.tail:
		return g.size[l-1] % g.lanes
	}
	return g.size[l-1] / g.lanes
}

// counter is the counter, in this segment, of a loop by its number among the kernel's.
func (g *nest) counter(l int) linear {
	if kept := len(g.k.kept); g.first && l <= kept {
		l = l%kept + 1
	}
	x := counter(l)
	if g.rounds > 0 && l == len(g.size) {
		if x.at, x.by[l-1] = g.round, int32(g.rounds); g.trips(l) == 1 {
			x.by[l-1] = 0
		}
	}
	if size := g.size[l-1]; g.tail && l == g.vector {
		if x.at = size / g.lanes * g.lanes; g.overlap {
			x.at = size - g.lanes
		}
	}
	return x
}

// wide tells whether values that change with the vector loop have several lanes in this segment.
func (g *nest) wide() bool { return g.vector > 0 && (!g.tail || g.overlap) }

// stride is how far apart the lanes of a place lie; 0 if all have one.
func (g *nest) stride(at linear) int {
	if !g.wide() {
		return 0
	}
	return int(at.by[g.vector-1])
}

// segment returns the stretch that a level's code is in.
func (g *nest) segment(l int) *stretch {
	if g.tail && l >= g.vector {
		return &g.segs[1]
	}
	return &g.segs[0]
}

// on appends what f writes to the code of a level.
func (g *nest) on(l int, after bool, f func()) {
	at := &g.segment(l).levels[l].before
	if after {
		at = &g.segment(l).levels[l].after
	}
	if l < g.innermost() || l == 0 || g.tail {
		g.to(l, at, f)
		return
	}
	w := g.w
	held, read := len(w.held), len(w.read)
	w.listens = true
	g.to(l, at, f)
	w.listens = false
	for _, l := range w.held[held:] {
		g.inside.add(l)
	}
	for _, l := range w.read[read:] {
		if !g.inside.has(l) {
			g.outside.add(l)
		}
	}
	w.read = w.read[:read]
}

// innermost is the innermost loop.
func (g *nest) innermost() int {
	if n := len(g.size); g.rounds == 0 || g.rounds < g.size[n-1] {
		return n
	}
	return len(g.size) - 1
}

// to appends what f writes to code of a level, and gives the variant up if that makes it cost too much.
func (g *nest) to(l int, code *[]byte, f func()) {
	saved, before := g.w.code, len(*code)-g.w.gratis
	g.w.code = *code
	f()
	*code, g.w.code = g.w.code, saved
	cost := float64(len(*code) - g.w.gratis - before)
	for i := range l {
		cost *= float64(g.trips(i + 1))
	}
	if g.cost += cost; g.cost >= g.most {
		panic(noVector{})
	}
}

// registersOfFloats is how many registers for floats and vectors processors have, but for two that intermediate results take.
const registersOfFloats = 14

// pressure is what it costs a round of the innermost loop that it needs more variables from outside than there are registers.
func (g *nest) pressure() float64 {
	n := 0
	for l, is := range g.outside {
		if k := g.w.kindOfLocal(local(l)); is && (k == v128 || k == f32 || k == f64) {
			n++
		}
	}
	return float64(max(0, n-registersOfFloats)) * 8
}

// body writes all parts: in each segment what is computed before a reduction ends, then what needs its result.
func (g *nest) body() {
	kept := len(g.k.kept)
	g.early(0)
	if g.vector > 0 && g.vector <= kept {
		g.late()
	}
	if g.vector > 0 && g.size[g.vector-1]%g.lanes > 0 {
		g.tail = true
		g.phase++
		g.early(1)
		if g.vector <= kept {
			g.late()
		}
		g.tail = false
		g.phase++
	}
	if g.vector == 0 || g.vector > kept {
		g.late()
	}
}

// has tells whether what was computed in a level is still there: what changes with the vector loop ends with its phase.
func (g *nest) has(level, phase int) bool { return phase == g.phase || level < g.vector }

// early writes the terms of reductions and the parts that need none of them.
func (g *nest) early(segment int) {
	kept := len(g.k.kept)
	for i, p := range g.k.parts {
		switch {
		case isReduction(p.n):
			g.accumulate(i, p, segment)
		case !p.late && (segment == 0 || g.vector <= kept):
			g.elementwise(p)
		}
	}
}

// late writes the results of reductions, and the parts that need them.
func (g *nest) late() {
	for i, p := range g.k.parts {
		switch {
		case isReduction(p.n):
			g.finish(i, p)
		case p.late:
			g.elementwise(p)
		}
	}
}

func (g *nest) elementwise(p part) {
	index := indexOf(p.dims(), g.counter, 1)
	s := p.source(index)
	var v val
	if s.n == p.n {
		v = g.compute(s.n, s.index)
	} else {
		v = g.value(s.n, s.index)
	}
	g.store(p, index, v)
}

// value returns an element of n for each lane.
func (g *nest) value(n *node, index []linear) val {
	if n.uniform {
		return val{lit: n}
	}
	if n.variant != g.number {
		n.variant, n.elements = g.number, n.elements[:0]
	}
	for i := range n.elements {
		if e := &n.elements[i]; g.has(e.v.level, e.phase) && slices.Equal(e.index, index) {
			return e.v
		}
	}
	var v val
	if n.stored() {
		v = g.load(n, n.offset(index))
	} else {
		v = g.compute(n, index)
	}
	n.elements = append(n.elements, element{index, v, g.phase})
	return v
}

// compute writes an element's computation from its operands'.
func (g *nest) compute(n *node, index []linear) val {
	switch {
	case n.uniform:
		return val{lit: n}
	case n.op == compute.OpTypeIota:
		return g.iota(n, index[n.ints[0][0]])
	case isView(n):
		return g.value(n.in[0], n.through(index))
	case n.op == compute.OpTypeGather:
		return g.gather(n, index)
	case n.op == compute.OpTypeDynamicSlice:
		return g.loadAt(n.in[0], n.in[0].offset(index), g.start(n, 1, n.dims()))
	}
	var few [3]val // no elementwise operation has more operands
	in := few[:len(n.in)]
	for i, x := range n.in {
		in[i] = g.value(x, index)
	}
	return g.apply(n, in)
}

// place is where a value that needs others is computed: in the innermost of their levels.
func place(in ...val) (level int, after bool) {
	for _, v := range in {
		level, after = max(level, v.level), after || v.after
	}
	return level, after
}

func anyVaries(in []val) bool { return slices.ContainsFunc(in, func(v val) bool { return v.varies }) }

// apply writes an elementwise operation.
func (g *nest) apply(n *node, in []val) val {
	varies := anyVaries(in)
	if varies && g.simd {
		return g.vectorOperation(n, in)
	}
	out := val{varies: varies}
	out.level, out.after = place(in...)
	count := 1
	if varies {
		count = g.lanes
	}
	g.on(out.level, out.after, func() {
		for i := range count {
			g.scalarOperation(n, func(k int) { g.push(in[k], n.in[k].dtype(), i) })
			out.regs = append(out.regs, g.w.pop(kindOf(n.dtype())))
		}
	})
	return out
}

// scalarOperation pushes the result of an elementwise operation on elements.
func (g *nest) scalarOperation(n *node, push func(operand int)) {
	switch n.op {
	case compute.OpTypeConvertDType:
		push(0)
		g.w.convert(n.in[0].dtype(), n.dtype())
	case compute.OpTypeWhere:
		push(1)
		push(2)
		push(0)
		g.w.do("select")
	default:
		for k := range n.in {
			push(k)
		}
		g.w.elementwise(n.op, n.in[0].dtype())
	}
}

// push pushes lane i of a value that is not in vectors.
func (g *nest) push(v val, t dtypes.DType, i int) {
	switch {
	case v.lit != nil:
		g.w.element(t, v.lit.bytes)
	case v.varies:
		g.w.get(v.regs[i])
	default:
		g.w.get(v.regs[0])
	}
}

// pointer returns the local that follows the loops of a place; ok is false if none changes it.
func (g *nest) pointer(at linear) (p local, ok bool) {
	by := at.by
	for l := range g.size { // a loop of one round leaves its counter at the start
		if g.trips(l+1) <= 1 {
			by[l] = 0
		}
	}
	at.by = by
	l := at.depth()
	if l == 0 {
		return 0, false
	}
	s := g.segment(l)
	for _, p := range s.pointers {
		if p.by == by {
			return p.l, true
		}
	}
	outer := linear{by: by}
	outer.by[l-1] = 0
	parent, ok := g.pointer(outer)
	if !ok {
		parent = -1
	}
	p = g.w.local(i32)
	s.pointers = append(s.pointers, pointer{by, p, l, parent})
	return p, true
}

// address pushes a place in the memory of n; the offset is the load's or store's. Addresses are unsigned, so that what is on the
// stack must not be below zero: if a factor is negative, the constant is added before.
func (g *nest) address(n *node, at linear, base val) (offset int) {
	offset = n.home().addr + at.at
	if p, ok := g.pointer(at); ok {
		g.w.get(p)
	} else {
		g.w.integer(i32, 0)
	}
	if base.regs != nil {
		g.w.get(base.regs[0])
		g.w.do("i32.add")
	}
	if slices.ContainsFunc(at.by[:], func(f int32) bool { return f < 0 }) || offset < 0 {
		g.w.integer(i32, int64(offset))
		g.w.do("i32.add")
		return 0
	}
	return offset
}

// load reads elements of n: from the results of this kernel, or from memory.
func (g *nest) load(n *node, at linear) val {
	of := n.value()
	for i := range g.results {
		if m := &g.results[i]; m.of == of && m.at == at && g.has(m.v.level, m.phase) {
			return m.v
		}
	}
	for i := range g.loads {
		if m := &g.loads[i]; m.of == of && m.at == at && m.t == n.dtype() && g.has(m.v.level, m.phase) {
			return m.v
		}
	}
	v := g.loadAt(n, at, val{})
	g.loads = append(g.loads, made{of: of, at: at, t: n.dtype(), v: v, phase: g.phase})
	return v
}

// loadAt reads elements of n at a place plus a base, which is the same for all lanes.
func (g *nest) loadAt(n *node, at linear, base val) val {
	t := n.dtype()
	v := val{level: at.depth(), after: base.after}
	v.level = max(v.level, base.level)
	stride := g.stride(at)
	v.varies = stride != 0
	g.on(v.level, v.after, func() {
		switch {
		case v.varies && g.simd:
			v.regs, v.mask = g.loadVectors(n, at, base, stride)
		case v.varies:
			for i := range g.lanes {
				g.w.load(t, g.address(n, at.moved(i*stride), base))
				v.regs = append(v.regs, g.w.pop(kindOf(t)))
			}
		default:
			g.w.load(t, g.address(n, at, base))
			v.regs = []local{g.w.pop(kindOf(t))}
		}
	})
	return v
}

// store writes the part's elements to memory, and keeps them for the parts that follow.
func (g *nest) store(p part, index []linear, v val) {
	n, at, kept := p.n, p.target(index), len(g.k.kept)
	base := val{}
	if n.op == compute.OpTypeDynamicUpdateSlice {
		base = g.start(n, 2, n.in[1].dims())
	}
	wide := g.wide() && g.vector <= kept
	stride, own := g.stride(at), v
	if wide && g.simd {
		v = g.spread(v, n.dtype(), v.mask)
	}
	code := &g.segment(kept).levels[kept].before
	switch {
	case n.inPlace:
		code = &g.segment(kept).levels[kept].stores
	case v.after || base.after:
		code = &g.segment(kept).levels[kept].after
	}
	g.to(kept, code, func() {
		switch {
		case wide && g.simd:
			g.storeVectors(n, at, base, stride, v)
		case wide:
			for i := range g.lanes {
				offset := g.address(n, at.moved(i*stride), base)
				g.push(v, n.dtype(), i)
				g.w.store(n.dtype(), offset)
			}
		default:
			offset := g.address(n, at, base)
			g.push(v, n.dtype(), 0)
			g.w.store(n.dtype(), offset)
		}
	})
	if p.forwards() {
		g.results = append(g.results, made{of: n.value(), at: at, v: own, phase: g.phase})
	}
}

// index pushes an index.
func (g *nest) index(at linear) {
	p, ok := g.pointer(at)
	if ok {
		g.w.get(p)
	}
	g.w.integer(i32, int64(at.at))
	if ok {
		g.w.do("i32.add")
	}
}

// iota computes an index as an element.
func (g *nest) iota(n *node, at linear) val {
	w, t := g.w, n.dtype()
	v := val{level: at.depth()}
	stride := g.stride(at)
	v.varies = stride != 0
	push := func(plus int) {
		g.index(at.moved(plus))
		w.convert(dtypes.Int32, t)
	}
	g.on(v.level, false, func() {
		switch {
		case v.varies && g.simd:
			if n.isExact() {
				v.regs = g.iotaVectors(t, stride, push)
			} else {
				v.regs = g.roundedIota(at, stride)
			}
		case v.varies:
			for i := range g.lanes {
				push(i * stride)
				v.regs = append(v.regs, w.pop(kindOf(t)))
			}
		default:
			push(0)
			v.regs = []local{w.pop(kindOf(t))}
		}
	})
	return v
}

// start computes the start of a dynamic slice of n.in[0], whose starts are the operands from first on, in bytes.
func (g *nest) start(n *node, first int, sizes []int) val {
	var starts []operand
	highs := make([]int, len(sizes))
	for a, size := range sizes {
		highs[a] = n.in[0].dims()[a] - size
	}
	for _, s := range n.in[first:] {
		starts = append(starts, operand{s, nil})
	}
	return g.base(starts, highs, n.in[0].strides())
}

// base is the sum of indices times strides, each index clamped to 0 … high.
func (g *nest) base(starts []operand, highs, strides []int) val {
	in := make([]val, len(starts))
	for i, s := range starts {
		in[i] = g.value(s.n, s.index)
	}
	if anyVaries(in) {
		panic(noVector{})
	}
	var v val
	v.level, v.after = place(in...)
	g.on(v.level, v.after, func() {
		g.w.integer(i32, 0)
		for i, s := range starts {
			if highs[i] == 0 {
				continue
			}
			g.w.clamped(func() { g.push(in[i], s.n.dtype(), 0) }, s.n.dtype(), highs[i])
			g.w.integer(i32, int64(strides[i]))
			g.w.do("i32.mul", "i32.add")
		}
		v.regs = []local{g.w.pop(i32)}
	})
	return v
}

func (g *nest) gather(n *node, index []linear) val {
	x := n.in[0]
	offsets, collapsed, indexed, sizes := n.ints[1], n.ints[2], n.ints[3], n.ints[4]
	at := make([]linear, x.shape.Rank())
	next := 0
	for a := range at {
		if !slices.Contains(collapsed, a) {
			at[a] = index[slices.Sorted(slices.Values(offsets))[next]]
			next++
		}
	}
	strides := x.strides()
	var starts []operand
	var highs, by []int
	for c, a := range indexed {
		starts = append(starts, operand{n.in[1], startIndex(n, index, c)})
		highs, by = append(highs, x.dims()[a]-sizes[a]), append(by, strides[a])
	}
	return g.loadAt(x, x.offset(at), g.base(starts, highs, by))
}

// accumulate writes the terms of a reduction, and adds them up.
func (g *nest) accumulate(i int, p part, segment int) {
	var sum val
	for g.round = range max(1, g.rounds) {
		x := g.term(p)
		if g.round == 0 {
			sum = g.accumulator(p, x)
		}
		g.add(p, x, sum)
	}
	g.sums[i][segment] = sum
}

// term is what a round of a reduction adds.
func (g *nest) term(p part) val {
	n, kept := p.n, len(g.k.kept)
	terms := n.terms(indexOf(n.dims(), g.counter, 1), g.counter, 1+kept)
	x := g.value(terms[0].n, terms[0].index)
	if n.op == compute.OpTypeDotGeneral {
		y := g.value(terms[1].n, terms[1].index)
		x = g.combine(compute.OpTypeMul, accumulator(n.dtype()), x, y)
	}
	if g.simd && (g.addsLanes() || x.varies) {
		x = g.spread(x, n.dtype(), x.mask)
	}
	return x
}

// addsLanes tells whether a reduction adds up lanes.
func (g *nest) addsLanes() bool { return g.wide() && g.vector > len(g.k.kept) }

// accumulator makes the variables of a sum of terms such as x.
func (g *nest) accumulator(p part, x val) val {
	kept := len(g.k.kept)
	op, t := reductions[p.n.op], accumulator(p.n.dtype())
	sum := val{level: kept, after: true, varies: x.varies || g.addsLanes(), mask: x.mask}
	count := 1
	switch {
	case x.varies:
		count = len(x.regs)
	case g.addsLanes(): // scalars side by side, of which the term is none
		count = g.lanes
	}
	k, vectors := kindOf(t), g.simd && sum.varies
	if vectors {
		k = v128
	}
	g.on(kept, false, func() {
		for range count {
			g.neutral(op, t, vectors)
			sum.regs = append(sum.regs, g.w.pop(k))
		}
	})
	return sum
}

// add writes the addition of a term to a sum.
func (g *nest) add(p part, x, sum val) {
	op, vectors := reductions[p.n.op], g.simd && sum.varies
	g.on(g.innermost(), false, func() {
		for r, l := range sum.regs {
			g.w.get(l)
			if vectors {
				g.w.get(x.regs[r])
			} else {
				g.push(x, p.n.dtype(), r)
			}
			g.operate(op, accumulator(p.n.dtype()), vectors)
			g.w.set(l)
		}
	})
}

// finish writes what follows the loops of a reduction: the sums of lanes and of segments, and the store.
func (g *nest) finish(i int, p part) {
	n, kept := p.n, len(g.k.kept)
	op, t := reductions[n.op], accumulator(n.dtype())
	v := g.sums[i][0]
	if g.tail && g.vector <= kept {
		v = g.sums[i][1]
	}
	if g.vector > kept {
		v = g.acrossLanes(op, t, v)
		if rest := g.sums[i][1]; rest.regs != nil {
			g.on(kept, true, func() {
				g.w.get(v.regs[0])
				g.w.get(rest.regs[0])
				g.operate(op, t, false)
				g.w.set(v.regs[0])
			})
		}
	}
	if n.dtype() != t || width(n.dtype()) < 4 {
		g.on(kept, true, func() {
			for _, r := range v.regs {
				g.w.get(r)
				g.w.normalize(n.dtype())
				g.w.set(r)
			}
		})
	}
	g.store(p, indexOf(n.dims(), g.counter, 1), v)
}

// acrossLanes combines the lanes of sums: the second half with the first, until one is left.
func (g *nest) acrossLanes(op compute.OpType, t dtypes.DType, v val) val {
	out := val{level: v.level, after: true}
	g.on(v.level, true, func() {
		regs := slices.Clone(v.regs)
		vectors := g.simd && v.varies
		for len(regs) > 1 {
			half := len(regs) / 2
			for i := range half {
				g.w.get(regs[i])
				g.w.get(regs[len(regs)-half+i])
				g.operate(op, t, vectors)
				g.w.set(regs[i])
			}
			regs = regs[:len(regs)-half]
		}
		out.regs = regs
		if vectors {
			out.regs = []local{g.withinVector(op, t, regs[0], v.mask)}
		}
	})
	return out
}

// combine applies a binary operation to values of one type that is no node.
func (g *nest) combine(op compute.OpType, t dtypes.DType, x, y val) val {
	out := val{varies: x.varies || y.varies}
	out.level, out.after = place(x, y)
	count := 1
	vectors := g.simd && out.varies
	switch {
	case vectors:
		x, y = g.spread(x, t, 0), g.spread(y, t, 0)
		count = len(x.regs)
	case out.varies:
		count = g.lanes
	}
	g.on(out.level, out.after, func() {
		for i := range count {
			k := kindOf(t)
			if vectors {
				g.w.get(x.regs[i])
				g.w.get(y.regs[i])
				k = v128
			} else {
				g.push(x, t, i)
				g.push(y, t, i)
			}
			g.operate(op, t, vectors)
			out.regs = append(out.regs, g.w.pop(k))
		}
	})
	return out
}

// operate applies a binary operation of a reduction to what is on the stack.
func (g *nest) operate(op compute.OpType, t dtypes.DType, vectors bool) {
	if vectors {
		g.vectorInstruction(op, t)
	} else {
		g.w.elementwise(op, t)
	}
}

// assemble appends the code of a level, with the loops inside, and adds what these cost; the level is run the given number of times.
func (g *nest) assemble(l int, times float64) {
	s := g.segment(l)
	code := s.levels[l]
	g.w.code = append(g.w.code, code.before...)
	if l < len(g.size) {
		if g.loop(l+1, times); l+1 == g.vector && g.size[l]%g.lanes > 0 {
			g.tail = true
			g.loop(l+1, times)
			g.tail = false
		}
	}
	g.w.code = append(append(g.w.code, code.after...), code.stores...)
}

// loop appends a loop.
func (g *nest) loop(l int, times float64) {
	trips := g.trips(l)
	if trips <= 1 {
		if trips == 1 {
			g.assemble(l, times)
		}
		return
	}
	w := g.w
	var mine []pointer
	for _, p := range g.segment(l).pointers {
		if p.level != l {
			continue
		}
		mine = append(mine, p)
		if p.parent >= 0 {
			w.get(p.parent)
		} else {
			w.integer(i32, 0)
		}
		w.set(p.l)
	}
	left := w.local(i32)
	w.integer(i32, int64(trips))
	w.set(left)
	w.code = append(w.code, 0x03, 0x40)
	g.assemble(l, times*float64(trips))
	for _, p := range mine {
		step := int(p.by[l-1])
		if l == g.vector && !g.tail {
			step *= g.lanes
		}
		w.get(p.l)
		w.integer(i32, int64(step))
		w.do("i32.add")
		w.set(p.l)
	}
	w.get(left)
	w.integer(i32, 1)
	w.do("i32.sub")
	w.tee(left)
	w.code = append(w.code, 0x0d, 0, 0x0b)
	g.cost += times * float64(trips) * float64(8*len(mine)+10)
	if l == g.innermost() && !g.tail {
		g.cost += times * float64(trips) * g.pressure()
	}
}
