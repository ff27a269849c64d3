package wasm

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// Sort returns an error if the inputs do not have the same dimensions, or the comparator does not take two scalars of each and return a
// scalar boolean. Whether it need be stable or not, it is.
func (f *function) Sort(comparator compute.Function, axis int, _ bool, inputs ...value) ([]value, error) {
	in, err := f.operands(inputs...)
	if err != nil {
		return nil, err
	}
	less, err := f.called(comparator)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 || len(less.params) != 2*len(in) {
		return nil, fmt.Errorf("Sort: %d inputs and a comparator of %d parameters, where it needs two of each input", len(in), len(less.params))
	}
	rank := in[0].shape.Rank()
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return nil, fmt.Errorf("Sort: %s has no axis %d", in[0].shape, axis)
	}
	for i, x := range in {
		if !slices.Equal(x.dims(), in[0].dims()) {
			return nil, fmt.Errorf("Sort: the inputs %s and %s do not have the same dimensions", in[0].shape, x.shape)
		}
		for _, p := range less.params[2*i : 2*i+2] {
			if p.shape.Rank() != 0 || p.dtype() != x.dtype() {
				return nil, fmt.Errorf("Sort: the comparator takes a %s of the input %s", p.shape, x.shape)
			}
		}
	}
	if len(less.outputs) != 1 || !less.outputs[0].isTest() {
		return nil, fmt.Errorf("Sort: the comparator must return one scalar boolean")
	}
	out, err := f.several(compute.OpTypeSort, in, in, less)
	if err == nil {
		out[0].(*node).owner.ints = [][]int{{axis}}
	}
	return out, err
}

// A merge sorts one line of elements: their order, in memory, is merged from runs that are twice as long each time.
type merge struct {
	*walk
	n              *node
	length         int
	from, to       local // addresses of the order so far, and of the next
	width          local // of the runs that are in order
	left, mid, end local // of the two runs that become one
	i, j, k        local // the next of the left run, of the right run, and of the merged one
	x, y           local // numbers of two elements,
	first, second  []linear
}

// sort sorts each line along the axis: its order first, by which the elements then are copied.
func (s *walk) sort(n *node) {
	dims, axis := slices.Clone(n.in[0].dims()), n.ints[0][0]
	m := &merge{walk: s, n: n, length: dims[axis]}
	if m.length == 0 {
		return
	}
	for _, l := range []*local{&m.from, &m.to, &m.width, &m.left, &m.mid, &m.end, &m.i, &m.j, &m.k, &m.x, &m.y} {
		*l = s.local(i32)
	}
	dims[axis] = 1
	orders := [2]int{s.m.place(4 * m.length), s.m.place(4 * m.length)}
	s.nest(dims, func(line []linear) {
		m.first, m.second = slices.Clone(line), slices.Clone(line)
		m.first[axis], m.second[axis] = s.follow(m.x), s.follow(m.y)
		s.let(m.from, func() { s.integer(i32, int64(orders[0])) })
		s.let(m.to, func() { s.integer(i32, int64(orders[1])) })
		s.count(m.length, func(i local) {
			m.slot(m.from, i)
			s.get(i)
			s.store(dtypes.Int32, 0)
		})
		m.order()
		s.count(m.length, func(i local) {
			s.let(m.x, func() { s.get(i) })
			m.numbered(m.y, i)
			for k, r := range n.results {
				s.put(r, r.offset(m.first), func() { s.value(n.in[k], m.second) })
			}
		})
	})
}

func (s *walk) let(l local, push func()) {
	push()
	s.set(l)
}

// below pushes whether x < y.
func (s *walk) below(x, y func()) {
	x()
	y()
	s.do("i32.lt_u")
}

// slot pushes the address of the i-th number of an order.
func (m *merge) slot(order, i local) {
	m.get(order)
	m.get(i)
	m.integer(i32, 4)
	m.do("i32.mul", "i32.add")
}

// numbered puts the i-th number of the order so far into x.
func (m *merge) numbered(x, i local) {
	m.slot(m.from, i)
	m.load(dtypes.Int32, 0)
	m.set(x)
}

// order merges runs of 1, 2, 4, … elements.
func (m *merge) order() {
	length := func() { m.integer(i32, int64(m.length)) }
	this := func(l local) func() { return func() { m.get(l) } }
	// after puts the end of a run that begins at start into l.
	after := func(l, start local) {
		m.get(start)
		m.get(m.width)
		m.do("i32.add")
		m.tee(l)
		length()
		m.below(this(l), length)
		m.do("select")
		m.set(l)
	}
	m.let(m.width, func() { m.integer(i32, 1) })
	m.while(func() { m.below(this(m.width), length) }, func() {
		m.let(m.left, func() { m.integer(i32, 0) })
		m.while(func() { m.below(this(m.left), length) }, func() {
			after(m.mid, m.left)
			after(m.end, m.mid)
			m.let(m.i, this(m.left))
			m.let(m.j, this(m.mid))
			m.let(m.k, this(m.left))
			m.while(func() { m.below(this(m.k), this(m.end)) }, m.step)
			m.let(m.left, this(m.end))
		})
		m.get(m.from)
		m.let(m.from, this(m.to))
		m.set(m.to)
		m.let(m.width, func() {
			m.get(m.width)
			m.integer(i32, 2)
			m.do("i32.mul")
		})
	})
}

// step appends the next element of the right run if that comes before the next of the left one, or is alone, and else the latter.
func (m *merge) step() {
	take := func(l local) func() {
		return func() {
			m.slot(m.to, m.k)
			m.slot(m.from, l)
			m.load(dtypes.Int32, 0)
			m.store(dtypes.Int32, 0)
			m.increment(l)
		}
	}
	m.below(func() { m.get(m.j) }, func() { m.get(m.end) })
	m.when(i32, func() {
		m.below(func() { m.get(m.i) }, func() { m.get(m.mid) })
		m.when(i32, m.less, func() { m.integer(i32, 1) })
	}, func() { m.integer(i32, 0) })
	m.when(0, take(m.j), take(m.i))
	m.increment(m.k)
}

func (m *merge) increment(l local) {
	m.let(l, func() {
		m.get(l)
		m.integer(i32, 1)
		m.do("i32.add")
	})
}

// less pushes whether the comparator puts element j of the order before element i.
func (m *merge) less() {
	m.numbered(m.x, m.j)
	m.numbered(m.y, m.i)
	comparator := m.n.functions[0]
	for k, x := range m.n.in {
		for side, index := range [][]linear{m.first, m.second} {
			m.put(comparator.params[2*k+side], linear{}, func() { m.value(x, index) })
		}
	}
	m.call(comparator.entry)
	m.scalar(comparator.outputs[0])
}
