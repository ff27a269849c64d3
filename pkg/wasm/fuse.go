package wasm

import (
	"slices"

	"github.com/gomlx/compute"
)

const (
	// cheap is how many operations are rather done in each kernel that needs them than stored.
	cheap = 6
	// lengthy is how many operations a kernel may have beyond memory: engines allocate registers in more than linear time.
	lengthy = 150
	// mostParts is how many results a kernel may have.
	mostParts = 10
)

// stored tells whether n has memory: its own, or its operand's.
func (n *node) stored() bool { return n.root || n.alias }

// home is the node in whose memory n lies.
func (n *node) home() *node {
	for {
		switch {
		case n.alias:
			n = n.in[0]
		case n.shares != nil:
			n = n.shares
		default:
			return n
		}
	}
}

// value is the node whose value n has in memory: its own, though another's may have lain in the same place before, or its operand's.
func (n *node) value() *node {
	for n.alias {
		n = n.in[0]
	}
	return n
}

// isSource tells whether n is written by other than a kernel of its own.
func isSource(n *node) bool {
	return n.op == compute.OpTypeParameter || n.op == compute.OpTypeConstant && !n.uniform || n.owner != nil
}

// isView tells whether n only renames the elements of its operand or knows them from their index.
func isView(n *node) bool {
	switch n.op {
	case compute.OpTypeBroadcastInDim, compute.OpTypeTranspose, compute.OpTypeSlice, compute.OpTypeReverse, compute.OpTypeIota,
		compute.OpTypeReduceWindow:
		return true
	case compute.OpTypeReshape:
		return slices.Equal(n.kept, n.in[0].kept)
	}
	return n.uniform
}

// isAlone tells whether n is written in its own way, from operands in memory.
func isAlone(n *node) bool {
	return scatters(n) || n.op == compute.OpTypeArgMinMax
}

// isRoot tells whether n always has memory.
func isRoot(n *node) bool {
	switch n.op {
	case compute.OpTypeGather, compute.OpTypeDynamicSlice, compute.OpTypeDynamicUpdateSlice, compute.OpTypeConcatenate, compute.OpTypePad:
		return true
	}
	return isReduction(n) || isAlone(n)
}

// force gives n memory.
func force(n *node) {
	n.root = true
}

// underViews is the node whose elements a view shows.
func underViews(n *node) *node {
	for isView(n) && !n.uniform && n.op != compute.OpTypeIota {
		n = n.in[0]
	}
	return n
}

// inMemory is the node that is loaded for elements of n: n itself, or what lies under views that have no memory. It is not stored if
// nothing is loaded.
func inMemory(n *node) *node {
	for !n.stored() && isView(n) && len(n.in) > 0 {
		n = n.in[0]
	}
	return n
}

// measure counts the operations that an element of each node takes, and finds what stays the same in a loop's rounds.
func (f *function) measure() {
	for _, n := range f.nodes {
		if !n.live {
			continue
		}
		if isSource(n) {
			i := slices.Index(f.params, n)
			n.invariant = i >= 0 && f.loop != nil && f.outputs[i] == n
			continue
		}
		n.invariant = f.loop != nil && len(n.results) == 0 && len(n.in) > 0
		for _, x := range n.in {
			n.invariant = n.invariant && (x.invariant || x.f != f || x.uniform || x.op == compute.OpTypeConstant || x.op == compute.OpTypeIota)
			if !isRoot(n) && x.f == f {
				n.cost += x.cost
			}
		}
		if !isView(n) && !isRoot(n) && n.op != compute.OpTypeReshape && n.op != compute.OpTypeBitcast {
			n.cost++
			if inFloat64[n.op] != "" {
				n.cost += 2 * cheap
			}
		}
		if n.cost > lengthy {
			force(n)
		}
		if n.root {
			n.cost = 0
		}
	}
}

// space is how many elements a kernel of n computes.
func space(n *node) int {
	size := n.size()
	if isReduction(n) {
		for _, d := range n.reducedDims() {
			size *= d
		}
	}
	return size
}

// chooseRoots decides, from the outputs on, which nodes have memory: others are computed where they are needed.
func (f *function) chooseRoots() {
	for _, n := range slices.Backward(f.nodes) {
		if !n.live {
			continue
		}
		if len(n.results) > 0 {
			for i, x := range n.in {
				if !x.uniform || n.results[min(i, len(n.results)-1)].shares == x {
					force(x)
				}
			}
			continue
		}
		if isSource(n) {
			n.root = true
			continue
		}
		switch {
		case n.op == compute.OpTypeBitcast, n.op == compute.OpTypeReshape && (n.root || !isView(n)):
			n.root, n.alias = false, true
			force(n.in[0])
			continue
		case isRoot(n):
			n.root = true
		case !isView(n):
			n.root = n.root || n.expanded || len(n.users) > 1 && n.cost > cheap
		}
		for i, x := range n.in {
			switch {
			case x.f == f:
				n.need(i, x)
			case !x.uniform || n.readsMemory(i):
				force(x)
			}
		}
	}
}

// readsMemory tells whether n needs operand i in memory, whatever it is.
func (n *node) readsMemory(i int) bool {
	switch n.op {
	case compute.OpTypeDynamicUpdateSlice, compute.OpTypeDynamicSlice, compute.OpTypeGather:
		return i == 0
	}
	return scatters(n) && i == 0
}

// need tells operand i of n, before its turn, what n needs of it.
func (n *node) need(i int, x *node) {
	under := underViews(x)
	if isAlone(n) && !under.uniform && under.op != compute.OpTypeIota {
		force(under)
	}
	if n.readsMemory(i) || n.op == compute.OpTypeGather && x.cost > 0 {
		force(x)
	}
	if !n.invariant && x.invariant && x.cost > 0 && !under.uniform {
		force(under)
	}
	inherits := !n.root && isView(n) && n.expanded
	if x.cost > 0 && (x.size() < space(n) || inherits || n.op == compute.OpTypeSlice) {
		x.expanded = true
	}
	from := n.users
	if n.root {
		from = []*node{n}
	}
	for _, r := range from {
		if len(x.users) < 3 && !slices.ContainsFunc(x.users, r.sameLoops) {
			x.users = append(x.users, r)
		}
	}
}

// sameLoops tells whether kernels of two roots have the same loops, so that they can be one.
func (n *node) sameLoops(m *node) bool {
	if n == m {
		return true
	}
	return isReduction(n) == isReduction(m) && slices.Equal(n.kept, m.kept) && slices.Equal(n.reduced, m.reduced)
}

// A schedule is a sequence of kernels, and where each root is done.
type schedule struct {
	kernels []*kernel
	done    map[*node]int // the last kernel that writes a root
}

// fuse makes the kernels of f: what stays the same in a loop's rounds comes before the loop.
func (f *function) fuse() {
	f.before, f.each = &schedule{done: make(map[*node]int)}, &schedule{done: make(map[*node]int)}
	for _, n := range f.nodes {
		if !n.live || isSource(n) || n.alias || !n.root && len(n.results) == 0 {
			continue
		}
		s := f.each
		if n.invariant {
			s = f.before
		}
		switch {
		case len(n.results) > 0, isAlone(n):
			k := &kernel{alone: n}
			for _, x := range append(captured(n), n.in...) {
				if x = inMemory(x); x.stored() {
					k.reads = append(k.reads, access{of: x.home()})
				}
			}
			s.append(k)
			for _, r := range k.writes() {
				s.done[r.home()] = len(s.kernels) - 1
			}
		default:
			s.add(n)
		}
	}
}

func (s *schedule) append(k *kernel) { s.kernels = append(s.kernels, k) }

// add puts the parts of a root into kernels.
func (s *schedule) add(n *node) {
	pieces := 1
	if n.op == compute.OpTypeConcatenate {
		pieces = len(n.in)
	} else if n.op == compute.OpTypePad {
		pieces = 2
	}
	last, after := 0, 0
	for i := range pieces {
		p := part{n: n, piece: i}
		p.reads = readsOf(p)
		at := s.put(p, after)
		last = max(last, at)
		if n.op == compute.OpTypePad { // the array goes on what fills the padding
			after = at + 1
		}
	}
	s.done[n.home()] = last
}

// forwards tells whether parts that follow in the kernel may use the value of the part.
func (p part) forwards() bool {
	switch p.n.op {
	case compute.OpTypeConcatenate, compute.OpTypePad, compute.OpTypeDynamicUpdateSlice:
		return false
	}
	return true
}

// put puts a part into the first kernel that can take it, or into a new one, and returns its place.
func (s *schedule) put(p part, first int) int {
	for _, r := range p.reads {
		if at, ok := s.done[r.of]; ok {
			if r.aligned && s.kernels[at].alone == nil {
				first = max(first, at)
			} else {
				first = max(first, at+1)
			}
		}
	}
	kept, reduced := without1(p.dims()), p.n.reduced
	cost := p.n.cost
	if isReduction(p.n) {
		for _, x := range p.n.in {
			cost += x.cost
		}
	}
	for at := first; at < len(s.kernels); at++ {
		k := s.kernels[at]
		if k.alone != nil || len(k.parts) >= mostParts || k.cost+cost > 2*lengthy || !slices.Equal(k.kept, kept) {
			continue
		}
		late, depends, ok := k.takes(p)
		if !ok {
			continue
		}
		if isReduction(p.n) {
			if !k.reduces() || !slices.Equal(k.reduced, reduced) || late {
				continue
			}
		} else if k.reduces() && !depends {
			continue
		}
		p.late = late
		k.parts = append(k.parts, p)
		k.cost += cost
		return at
	}
	s.append(&kernel{parts: []part{p}, kept: kept, reduced: reduced, cost: cost})
	return len(s.kernels) - 1
}

func (k *kernel) reduces() bool {
	return slices.ContainsFunc(k.parts, func(p part) bool { return isReduction(p.n) })
}

// takes tells whether a kernel can take a part: whether what the part reads of the kernel's own results is the same element
// in the same round; and whether it needs any of them, and the result of a reduction.
func (k *kernel) takes(p part) (late, depends, ok bool) {
	if (p.n.op == compute.OpTypeGather) != (k.parts[0].n.op == compute.OpTypeGather) {
		return false, false, false // a gather goes element by element
	}
	for _, r := range p.reads {
		for _, q := range k.parts {
			if q.n.home() != r.of {
				continue
			}
			if !r.aligned || !q.forwards() || q.target(indexOf(q.dims(), counter, 1)) != r.at {
				return false, false, false
			}
			depends = true
			late = late || q.late || isReduction(q.n)
		}
	}
	return late, depends, true
}

// captured lists what the functions that n calls use of the functions around them.
func captured(n *node) (all []*node) {
	for _, f := range withCalled(n.functions...) {
		use := func(x *node) {
			if x.f != f {
				all = append(all, x)
			}
		}
		for _, m := range f.nodes {
			if m.live {
				for _, x := range m.in {
					use(x)
				}
			}
		}
		for _, o := range f.outputs {
			use(o)
		}
	}
	return all
}
