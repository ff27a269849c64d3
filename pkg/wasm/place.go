package wasm

import (
	"slices"

	"github.com/gomlx/compute"
)

// share lets the state of a loop stay where it is: a parameter of the body or of the condition has the memory of the loop's
// result, and a state that no round changes that of its first value. That needs functions that nothing else calls.
func share(functions []*function) {
	calls := make(map[*function]int)
	for _, f := range functions {
		for _, n := range f.nodes {
			if n.live {
				for _, g := range n.functions {
					calls[g]++
				}
			}
		}
	}
	for _, f := range functions {
		for _, n := range f.nodes {
			if !n.live || n.op != compute.OpTypeWhile {
				continue
			}
			condition, body := n.functions[0], n.functions[1]
			if calls[condition] != 1 || calls[body] != 1 {
				continue
			}
			body.loop = n
			for i, r := range n.results {
				body.params[i].shares, condition.params[i].shares = r, r
				if body.outputs[i] == body.params[i] {
					r.shares = n.in[i]
				}
			}
		}
	}
}

// update lets what a loop's body returns for a state be written over the state, where nothing reads the state afterwards.
func (f *function) update() {
	if f.loop == nil {
		return
	}
	for i, o := range f.outputs {
		h, state := o.home(), f.loop.results[i].home()
		at, isDone := f.each.done[h]
		if !isDone || h.f != f || isSource(h) || h == state || len(h.results) > 0 || h.byteSize() != state.byteSize() {
			continue
		}
		moves := false // to another state
		for j, other := range f.outputs {
			moves = moves || j != i && other.home() == state
		}
		if !moves && f.each.canOverwrite(h, state, at) {
			h.shares, h.inPlace = state, true
		}
	}
}

// canOverwrite tells whether root h, written by kernel last, may be written over the state.
func (s *schedule) canOverwrite(h, state *node, last int) bool {
	k := s.kernels[last]
	mine := slices.IndexFunc(k.parts, func(p part) bool { return p.n == h })
	if mine < 0 {
		return false
	}
	p := k.parts[mine]
	slice := h.op == compute.OpTypeDynamicUpdateSlice
	if !slice && !p.forwards() || slice && h.in[0].home() != state {
		return false
	}
	target := p.target(indexOf(p.dims(), counter, 1))
	for i, q := range k.parts {
		own := 0
		for _, r := range q.reads {
			if r.of != state {
				continue
			}
			if own++; slice && i == mine && own == 1 && !r.aligned { // the slice's own operand
				continue
			}
			if slice || !r.aligned || r.at != target {
				return false
			}
		}
	}
	for _, k := range s.kernels[last+1:] {
		for r := range k.allReads {
			if r.of == state {
				return false
			}
		}
	}
	return true
}

// allReads yields what a kernel reads.
func (k *kernel) allReads(yield func(access) bool) {
	for _, r := range k.reads {
		if !yield(r) {
			return
		}
	}
	for _, p := range k.parts {
		for _, r := range p.reads {
			if !yield(r) {
				return
			}
		}
	}
}

// writes lists the roots that a kernel writes.
func (k *kernel) writes() (all []*node) {
	switch {
	case k.alone == nil:
		for _, p := range k.parts {
			all = append(all, p.n)
		}
	case len(k.alone.results) > 0:
		all = k.alone.results
	default:
		all = []*node{k.alone}
	}
	return all
}

// placeAll gives the nodes of f that have memory addresses. An address is a value's own until nothing reads it any more; what
// functions take and return, constants, and what is computed before a loop keep theirs.
func (m *module) placeAll(f *function) {
	for _, n := range f.nodes {
		if n.live && n.stored() && n.home() == n && isSource(n) && n.owner == nil {
			n.addr = m.place(n.byteSize())
			if n.op == compute.OpTypeConstant {
				m.data = append(m.data, contents{n.addr, n.bytes})
			}
		}
	}
	placed := make(map[*node]bool)
	for _, k := range f.before.kernels {
		for _, n := range k.writes() {
			if n.home() == n && !placed[n] {
				n.addr, placed[n] = m.place(n.byteSize()), true
			}
		}
	}
	last := make(map[*node]int)
	for i, k := range f.each.kernels {
		for r := range k.allReads {
			last[r.of] = i
		}
		for _, n := range k.writes() {
			last[n.home()] = max(last[n.home()], i)
		}
	}
	for _, o := range f.outputs {
		last[o.home()] = len(f.each.kernels)
	}
	a := &arena{m: m}
	ends := make([][]*node, len(f.each.kernels)+1)
	for i, k := range f.each.kernels {
		for _, n := range k.writes() {
			if n.home() == n && !placed[n] {
				n.addr, placed[n] = a.take(n.byteSize()), true
				ends[last[n]] = append(ends[last[n]], n)
			}
		}
		for _, n := range ends[i] {
			a.give(n.addr, n.byteSize())
		}
	}
}

// An arena hands out memory, and takes back what is no longer needed.
type arena struct {
	m    *module
	free []block
}

type block struct{ at, size int }

// aligned is the next multiple of 16, the width of a vector.
func aligned(size int) int { return (size + 15) &^ 15 }

func (a *arena) take(size int) int {
	size = aligned(size)
	for i, b := range a.free {
		if b.size >= size {
			a.free[i] = block{b.at + size, b.size - size}
			return b.at
		}
	}
	return a.m.place(size)
}

func (a *arena) give(at, size int) {
	a.free = append(a.free, block{at, aligned(size)})
	slices.SortFunc(a.free, func(x, y block) int { return x.at - y.at })
	joined := a.free[:0]
	for _, b := range a.free {
		if n := len(joined); n > 0 && joined[n-1].at+joined[n-1].size == b.at {
			joined[n-1].size += b.size
		} else if b.size > 0 {
			joined = append(joined, b)
		}
	}
	a.free = joined
}
