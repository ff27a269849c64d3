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
		s.into(m.from, short(int64(orders[0])))
		s.into(m.to, short(int64(orders[1])))
		s.count(m.length, func(i local) {
			m.slot(m.from, i)
			s.get(i)
			s.store(dtypes.Int32, 0)
		})
		m.order()
		s.count(m.length, func(i local) {
			s.into(m.x, read(i))
			s.into(m.y, m.numbered(i))
			for k, r := range n.results {
				s.put(r, r.offset(m.first), func() { s.value(n.in[k], m.second) })
			}
		})
	})
}

func below(x, y ex) ex { return op("i32.lt_u", x, y) }

// slot pushes the address of the i-th number of an order.
func (m *merge) slot(order, i local) {
	op("i32.add", read(order), op("i32.mul", read(i), short(4)))(m.writer)
}

// numbered is the i-th number of the order so far.
func (m *merge) numbered(i local) ex {
	return func(w *writer) {
		m.slot(m.from, i)
		w.load(dtypes.Int32, 0)
	}
}

// order merges runs of 1, 2, 4, … elements.
func (m *merge) order() {
	length := short(int64(m.length))
	after := func(start local) ex { // the end of a run that begins at start
		end := op("i32.add", read(start), read(m.width))
		return op("select", end, length, below(end, length))
	}
	upTo := func(x local, end ex, body func()) { m.while(func() { below(read(x), end)(m.writer) }, body) }
	m.into(m.width, short(1))
	upTo(m.width, length, func() {
		m.into(m.left, short(0))
		upTo(m.left, length, func() {
			m.into(m.mid, after(m.left))
			m.into(m.end, after(m.mid))
			m.into(m.i, read(m.left))
			m.into(m.j, read(m.mid))
			m.into(m.k, read(m.left))
			upTo(m.k, read(m.end), m.step)
			m.into(m.left, read(m.end))
		})
		m.get(m.from)
		m.into(m.from, read(m.to))
		m.set(m.to)
		m.into(m.width, op("i32.mul", read(m.width), short(2)))
	})
}

// step appends the next element of the right run if that comes before the next of the left one, or is alone, and else the latter.
func (m *merge) step() {
	take := func(l local) func() {
		return func() {
			m.slot(m.to, m.k)
			m.numbered(l)(m.writer)
			m.store(dtypes.Int32, 0)
			m.increment(l)
		}
	}
	isBefore := choose(i32, below(read(m.i), read(m.mid)), m.less, short(1))
	choose(i32, below(read(m.j), read(m.end)), isBefore, short(0))(m.writer)
	m.when(0, take(m.j), take(m.i))
	m.increment(m.k)
}

func (m *merge) increment(l local) { m.into(l, op("i32.add", read(l), short(1))) }

// less pushes whether the comparator puts element j of the order before element i.
func (m *merge) less(w *writer) {
	w.into(m.x, m.numbered(m.j))
	w.into(m.y, m.numbered(m.i))
	comparator := m.n.functions[0]
	for k, x := range m.n.in {
		for side, index := range [][]linear{m.first, m.second} {
			m.put(comparator.params[2*k+side], linear{}, func() { m.value(x, index) })
		}
	}
	w.call(comparator.entry)
	w.scalar(comparator.outputs[0])
}
