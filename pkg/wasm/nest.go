package wasm

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
)

// maxLoops is how many loops a kernel can have: axes of one element need none.
const maxLoops = 12

// A linear is a number that loops change: a constant plus the loops' counters times factors. Loop l is by[l-1]'s.
type linear struct {
	at int
	by [maxLoops]int32
}

func counter(l int) linear {
	var x linear
	x.by[l-1] = 1
	return x
}

func (x linear) plus(y linear, times int) linear {
	x.at += y.at * times
	for i, f := range y.by {
		x.by[i] += f * int32(times)
	}
	return x
}

func (x linear) moved(by int) linear {
	x.at += by
	return x
}

// depth is the innermost loop that changes x; 0 if none does.
func (x linear) depth() int {
	for l := maxLoops; l > 0; l-- {
		if x.by[l-1] != 0 {
			return l
		}
	}
	return 0
}

// strides are how far elements of n lie apart along each axis, in bytes.
func (n *node) strides() []int {
	strides, stride := make([]int, n.shape.Rank()), width(n.dtype())
	for a := len(strides) - 1; a >= 0; a-- {
		strides[a] = stride
		stride *= n.dims()[a]
	}
	return strides
}

// offset is where an element of n lies in the memory of n, in bytes.
func (n *node) offset(index []linear) linear {
	var at linear
	stride := width(n.dtype())
	for a, i := range slices.Backward(index) {
		at = at.plus(i, stride)
		stride *= n.dims()[a]
	}
	return at
}

// through is the index, in the operand of a view, of the view's element with the given index.
func (n *node) through(index []linear) []linear {
	x := n.in[0]
	at := make([]linear, x.shape.Rank())
	switch n.op {
	case compute.OpTypeBroadcastInDim:
		for i, a := range n.ints[0] {
			at[i] = index[a]
		}
	case compute.OpTypeTranspose:
		for i, a := range n.ints[0] {
			at[a] = index[i]
		}
	case compute.OpTypeReverse:
		copy(at, index)
		for _, a := range n.ints[0] {
			at[a] = linear{at: n.dims()[a] - 1}.plus(index[a], -1)
		}
	case compute.OpTypeSlice:
		for a := range at {
			at[a] = linear{at: n.ints[0][a]}.plus(index[a], n.ints[1][a])
		}
	case compute.OpTypeReduceWindow:
		for a := range at {
			at[a] = linear{}.plus(index[a], n.ints[0][a]).plus(index[len(at)+a], n.ints[1][a])
		}
	case compute.OpTypeReshape: // of axes of one element alone
		next := 0
		for a, d := range x.dims() {
			if d == 1 {
				continue
			}
			for n.dims()[next] == 1 {
				next++
			}
			at[a] = index[next]
			next++
		}
	default:
		panic("wasm: no view " + n.op.String())
	}
	for a, d := range x.dims() {
		if d == 1 {
			at[a] = linear{}
		}
	}
	return at
}

// A part is what a kernel computes of a root: all of it, or a piece of a concatenation or of a padded array.
type part struct {
	n     *node
	piece int
	// late parts need the result of a reduction in the same kernel.
	late  bool
	reads []access
}

// An access is a place in memory that a part reads: if it is not aligned, the place is not known before the run, or read as
// another type.
type access struct {
	of      *node
	at      linear
	aligned bool
}

// A kernel computes parts with the same loops: those over what the roots keep, then those over what reductions reduce. Or it is
// one operation that is written in its own way.
type kernel struct {
	parts   []part
	kept    []int
	reduced []int
	alone   *node
	cost    int
	reads   []access // of alone
}

// without1 are the dimensions that need a loop.
func without1(dims []int) []int {
	if !slices.Contains(dims, 1) {
		return dims
	}
	return slices.DeleteFunc(slices.Clone(dims), func(d int) bool { return d == 1 })
}

// indexOf is the index whose axes of several elements are loops, from the given one on.
func indexOf(dims []int, loop func(l int) linear, from int) []linear {
	index := make([]linear, len(dims))
	for a, d := range dims {
		if d != 1 {
			index[a] = loop(from)
			from++
		}
	}
	return index
}

// dims are the dimensions of what the part stores.
func (p part) dims() []int {
	switch p.n.op {
	case compute.OpTypeConcatenate:
		return p.n.in[p.piece].dims()
	case compute.OpTypeDynamicUpdateSlice:
		return p.n.in[1].dims()
	case compute.OpTypePad:
		if p.piece == 1 {
			_, counts := p.n.padding()
			return counts
		}
	}
	return p.n.dims()
}

// target is where the part stores an element, in bytes from the root's address. DynamicUpdateSlice adds its start.
func (p part) target(index []linear) linear {
	switch {
	case p.n.op == compute.OpTypeConcatenate:
		index = slices.Clone(index)
		axis := p.n.ints[0][0]
		for _, x := range p.n.in[:p.piece] {
			index[axis].at += x.dims()[axis]
		}
	case p.n.op == compute.OpTypePad && p.piece == 1:
		first, _ := p.n.padding()
		to := slices.Clone(index)
		for a := range to {
			to[a] = linear{at: p.n.ints[0][a]}.plus(linear{at: first[a]}.plus(index[a], 1), p.n.ints[1][a])
		}
		index = to
	}
	return p.n.offset(index)
}

// padding returns the first element, along each axis, that is not cut off by negative padding, and how many remain.
func (n *node) padding() (first, counts []int) {
	starts, steps := n.ints[0], n.ints[1]
	first, counts = make([]int, len(starts)), make([]int, len(starts))
	for a, d := range n.in[0].dims() {
		if starts[a] < 0 {
			first[a] = (-starts[a] + steps[a] - 1) / steps[a]
		}
		if room := n.dims()[a] - 1 - starts[a]; room >= 0 {
			counts[a] = max(0, min(d, room/steps[a]+1)-first[a])
		}
	}
	return first, counts
}

// An operand is a value with the index at which it is needed.
type operand struct {
	n     *node
	index []linear
}

// source is what an elementwise part stores at an index; the root itself stands for its own computation.
func (p part) source(index []linear) operand {
	n := p.n
	switch n.op {
	case compute.OpTypeConcatenate:
		return operand{n.in[p.piece], index}
	case compute.OpTypeDynamicUpdateSlice:
		return operand{n.in[1], index}
	case compute.OpTypePad:
		if p.piece == 0 {
			return operand{n.in[1], nil}
		}
		first, _ := n.padding()
		from := slices.Clone(index)
		for a := range from {
			from[a].at += first[a]
		}
		return operand{n.in[0], from}
	}
	return operand{n, index}
}

// isReduction tells whether n combines several elements of its operands to one.
func isReduction(n *node) bool { return reductions[n.op] != compute.OpTypeInvalid }

// scatters tells whether n adds updates to its operand, or takes extremes, at places that are known when it runs.
func scatters(n *node) bool { return scatterings[n.op] != compute.OpTypeInvalid }

// reducedDims are the dimensions over which a reduction runs.
func (n *node) reducedDims() (dims []int) {
	for _, a := range n.reducedAxes() {
		dims = append(dims, n.in[0].dims()[a])
	}
	return dims
}

func (n *node) reducedAxes() []int {
	return n.ints[0]
}

// terms are the operands of a reduction for an index of its result: loops from the given one on run over what is reduced.
func (n *node) terms(outer []linear, loop func(l int) linear, from int) []operand {
	inner := indexOf(n.reducedDims(), loop, from)
	if n.op != compute.OpTypeDotGeneral {
		x, axes := n.in[0], n.reducedAxes()
		at := make([]linear, x.shape.Rank())
		kept := 0
		for a := range at {
			if i := slices.Index(axes, a); i >= 0 {
				at[a] = inner[i]
			} else {
				at[a] = outer[kept]
				kept++
			}
		}
		return []operand{{x, at}}
	}
	free := outer[len(n.ints[1]):]
	var out []operand
	for side, x := range n.in {
		contracting, batch := n.ints[2*side], n.ints[2*side+1]
		at := make([]linear, x.shape.Rank())
		for a := range at {
			if j := slices.Index(contracting, a); j >= 0 {
				at[a] = inner[j]
			} else if j := slices.Index(batch, a); j >= 0 {
				at[a] = outer[j]
			} else {
				at[a], free = free[0], free[1:]
			}
		}
		out = append(out, operand{x, at})
	}
	return out
}

// A reader collects what a part reads.
type reader struct {
	seen  []*node // each once for an index at which it was read
	reads []access
}

func (r *reader) value(n *node, index []linear) {
	if n.uniform {
		return
	}
	for _, at := range n.seen {
		if slices.Equal(at, index) {
			return
		}
	}
	n.seen, r.seen = append(n.seen, index), append(r.seen, n)
	if n.stored() {
		r.reads = append(r.reads, access{n.home(), n.offset(index), n.dtype() == n.home().dtype()})
		return
	}
	r.operands(n, index)
}

// operands collects what the computation of an element of n reads.
func (r *reader) operands(n *node, index []linear) {
	whole := func(x *node) { r.reads = append(r.reads, access{of: x.home()}) }
	switch {
	case n.uniform:
	case isView(n):
		if n.op != compute.OpTypeIota {
			r.value(n.in[0], n.through(index))
		}
	case n.op == compute.OpTypeGather:
		whole(n.in[0])
		for c := range n.ints[3] {
			r.value(n.in[1], startIndex(n, index, c))
		}
	case n.op == compute.OpTypeDynamicSlice:
		whole(n.in[0])
		for _, s := range n.in[1:] {
			r.value(s, nil)
		}
	default:
		for _, x := range n.in {
			r.value(x, index)
		}
	}
}

// readsOf collects what a part reads.
func readsOf(p part) []access {
	r := &reader{}
	index := indexOf(p.dims(), counter, 1)
	switch {
	case isReduction(p.n):
		for _, t := range p.n.terms(index, counter, 1+len(without1(p.dims()))) {
			r.value(t.n, t.index)
		}
	case p.n.op == compute.OpTypeDynamicUpdateSlice:
		r.reads = append(r.reads, access{of: p.n.in[0].home()})
		for _, s := range p.n.in[2:] {
			r.value(s, nil)
		}
		r.value(p.n.in[1], index)
	default:
		if s := p.source(index); s.n == p.n {
			r.operands(s.n, s.index)
		} else {
			r.value(s.n, s.index)
		}
	}
	for _, n := range r.seen {
		n.seen = n.seen[:0]
	}
	return r.reads
}

// startIndex is the index of component c of the start that an element gathered by n, or scattered, needs.
func startIndex(n *node, index []linear, c int) []linear {
	var batch []linear
	for a := range index {
		if !slices.Contains(n.ints[1], a) {
			batch = append(batch, index[a])
		}
	}
	if vectorAxis := n.ints[0][0]; vectorAxis < n.in[1].shape.Rank() {
		batch = slices.Insert(batch, vectorAxis, linear{at: c})
		if n.in[1].dims()[vectorAxis] == 1 {
			batch[vectorAxis] = linear{}
		}
	}
	return batch
}

// loops is how many loops a kernel of n needs, and other numbers that its indices depend on.
func (n *node) loops() int {
	switch {
	case isReduction(n):
		return len(n.kept) + len(n.reduced)
	case scatters(n):
		return len(n.in[2].kept) + 1
	case n.op == compute.OpTypeArgMinMax:
		return len(n.in[0].kept)
	case n.op == compute.OpTypeSort:
		return len(n.in[0].kept) + 2
	}
	return len(n.kept)
}

// fits returns an error if a kernel of n needs too many loops.
func fits(n *node) error {
	if n.loops() > maxLoops {
		return fmt.Errorf("%s of shape %s needs more than %d loops: %w", n.op, n.shape, maxLoops, compute.ErrNotImplemented)
	}
	return nil
}
