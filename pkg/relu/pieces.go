package relu

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Piece is an interval on which a net of one input is linear, f(x) = Slope·x + Intercept.
type Piece struct{ Lo, Hi, Slope, Intercept float64 }

// At returns the value of the piece's line at x.
func (p Piece) At(x float64) float64 { return p.Slope*x + p.Intercept }

// Pieces returns the linear pieces from lo to hi of a net of one input and one output, of any depth, exactly: intervals on
// which every unit is linear are found layer by layer, each by solving for where a unit crosses 0. The ends may be
// infinite. Neighbours whose slopes differ by no more than the rounding of the sums they come from are one piece, so that
// an elbow without an output weight has no knot. It is an error when the interval is empty, when the net is another, or
// when a region is so short that rounding hides whether a unit bends in it: rounding errors grow with each layer, and the
// pieces of a Sawtooth are found up to depth 18.
func (n *Net) Pieces(lo, hi float64) ([]Piece, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	if sizes := n.Sizes(); sizes[len(sizes)-1] != 1 {
		return nil, fmt.Errorf("the net has %d outputs: its pieces are found for one", sizes[len(sizes)-1])
	}
	var pieces []Piece
	tolerance := 0.0
	err := n.walk(lo, hi, func(r interval) {
		line, last := r.output[0], len(pieces)-1
		// The rounding of a slope at most: of its terms, in every layer.
		rounding := float64(len(n.Layers)) * epsilon * line.size
		if last >= 0 && math.Abs(line.slope-pieces[last].Slope) <= 4*max(rounding, tolerance) {
			pieces[last].Hi = r.hi
			return
		}
		tolerance = rounding
		pieces = append(pieces, Piece{r.lo, r.hi, line.slope, line.intercept})
	})
	if err != nil {
		return nil, err
	}
	return pieces, nil
}

// Knots returns the points strictly between lo and hi at which the slope of a net of one input and one output changes,
// ascending. Errors are those of Pieces.
func (n *Net) Knots(lo, hi float64) ([]float64, error) {
	pieces, err := n.Pieces(lo, hi)
	if err != nil {
		return nil, err
	}
	var knots []float64
	for _, p := range pieces[1:] {
		knots = append(knots, p.Lo)
	}
	return knots, nil
}

// Regions counts the activation regions of a net of one input from lo to hi: the intervals within which no unit passes 0.
// There are at least as many as linear pieces; more when a unit that passes 0 has no influence on the output there. The
// regions along a line in a space of more inputs are those of the net restricted to it, Restrict. It is an error when the
// interval is empty, when the net has more inputs, or when a region is too short for rounding, as in Pieces.
func (n *Net) Regions(lo, hi float64) (int, error) {
	count := 0
	if err := n.walk(lo, hi, func(interval) { count++ }); err != nil {
		return 0, err
	}
	return count, nil
}

// UnitState is what a hidden unit does where one looks.
type UnitState int

const (
	Bent   UnitState = iota // active in some places and not in others: it has a knot
	Linear                  // active everywhere: it adds no knot
	Dead                    // active nowhere: it gets no gradient
)

// String returns the state's name.
func (s UnitState) String() string {
	names := []string{"bent", "linear", "dead"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("UnitState(%d)", int(s))
	}
	return names[s]
}

// Units returns the state of each hidden unit, by layer, of a net of one input over the whole interval from lo to hi,
// exactly. Errors are those of Regions.
func (n *Net) Units(lo, hi float64) ([][]UnitState, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	tallies := newTallies(n)
	err := n.walk(lo, hi, func(r interval) {
		for l, active := range r.active {
			tallies[l].add(active)
		}
	})
	if err != nil {
		return nil, err
	}
	return states(tallies), nil
}

// tally counts in how many of the places looked at each unit of a layer is active.
type tally struct {
	active []int
	places int
}

func newTallies(n *Net) []tally {
	var tallies []tally
	for _, width := range n.Widths() {
		tallies = append(tallies, tally{active: make([]int, width)})
	}
	return tallies
}

func (t *tally) add(active []bool) {
	t.places++
	for j, on := range active {
		if on {
			t.active[j]++
		}
	}
}

func states(tallies []tally) [][]UnitState {
	states := make([][]UnitState, len(tallies))
	for l, t := range tallies {
		for _, count := range t.active {
			state := Bent
			switch count {
			case 0:
				state = Dead
			case t.places:
				state = Linear
			}
			states[l] = append(states[l], state)
		}
	}
	return states
}

const epsilon = 0x1p-52

// line is what a unit computes on an interval, slope·x + intercept, and the sums of the magnitudes of the terms that these
// came from, which their rounding errors are proportional to.
type line struct{ slope, intercept, size, offset float64 }

// interval is one activation region of a net of one input: which units are active, and its outputs.
type interval struct {
	lo, hi float64
	active [][]bool // by layer; the visitor must not keep it
	output []line
}

// walk visits the activation regions from lo to hi in ascending order. It goes depth first: the regions of a layer are
// those of the layer before cut where a unit of its own crosses 0, and at any moment one region of each layer is kept.
func (n *Net) walk(lo, hi float64, visit func(interval)) error {
	if err := n.Check(); err != nil {
		return err
	}
	if in := n.Sizes()[0]; in != 1 {
		return fmt.Errorf("the net has %d inputs: Restrict it to a line first", in)
	}
	if !(lo < hi) {
		return fmt.Errorf("lo is %v and hi %v: lo must be the smaller", lo, hi)
	}
	w := &walker{net: n, visit: visit}
	for _, layer := range n.Layers {
		w.z = append(w.z, make([]line, len(layer.B)))
		w.h = append(w.h, make([]line, len(layer.B)))
		w.active = append(w.active, make([]bool, len(layer.B)))
		w.cuts = append(w.cuts, make([]cut, 0, len(layer.B)))
	}
	w.descend(0, lo, hi, []line{{slope: 1, size: 1}})
	return w.err
}

type walker struct {
	net    *Net
	visit  func(interval)
	z, h   [][]line // by layer, before and after the ReLU, on the region at hand
	active [][]bool
	cuts   [][]cut
	places int   // the regions visited
	terms  int   // the products of weights and lines computed
	err    error // ends the walk
}

// mostRegions are visited. A deep net can have as many regions as 2 to the number of its layers: nobody would see the end.
const mostRegions = 1 << 22

var errRegions = fmt.Errorf("the net has more than %d regions there: take a smaller part of the inputs", mostRegions)

// mostTerms are computed, and mostCuts of polygons tried: either takes some ten seconds. A test lowers them.
var (
	mostTerms = 1 << 32
	mostCuts  = 1 << 24
)

var errWork = errors.New("the net is so wide that finding its regions there would take minutes: take a smaller part of the inputs or a narrower net")

var errSteep = errors.New("the weights are so great that slopes leave float64: scale them down")

// cut is where a unit crosses 0, give or take its rounding error.
type cut struct{ at, error float64 }

// descend visits the regions between lo and hi, on which the inputs of layer l are the lines h.
func (w *walker) descend(l int, lo, hi float64, h []line) {
	layer, z := w.net.Layers[l], w.z[l]
	for j, b := range layer.B {
		z[j] = line{intercept: b, offset: math.Abs(b)}
	}
	for i, v := range h {
		if v.size == 0 && v.offset == 0 {
			continue // An inactive unit: for the width of a layer this halves the work.
		}
		if w.terms += len(z); w.terms > mostTerms {
			w.err = errWork
			return
		}
		for j, weight := range layer.W.RawRowView(i) {
			z[j].slope += weight * v.slope
			z[j].intercept += weight * v.intercept
			z[j].size += math.Abs(weight) * v.size
			z[j].offset += math.Abs(weight) * v.offset
		}
	}
	for _, unit := range z {
		if !finite(unit.size + unit.offset) {
			w.err = errSteep
			return
		}
	}
	if l == len(w.net.Layers)-1 {
		if w.places++; w.places > mostRegions {
			w.err = errRegions
			return
		}
		w.visit(interval{lo, hi, w.active[:l], z})
		return
	}
	cuts := w.cuts[l][:0]
	for _, unit := range z {
		switch c := unit.crossing(l + 1); {
		case c.at-c.error > lo && c.at+c.error < hi:
			cuts = append(cuts, c)
		case c.at > lo && c.at < hi && hi-lo <= 2*c.error: // Rounding could move it to either end, or out of the region.
			w.err = fmt.Errorf("near %v a unit of layer %d may bend between %v and %v, which are nearer to each other than the rounding error: take a net of fewer layers", c.at, l, lo, hi)
			return
		}
	}
	sort.Slice(cuts, func(i, j int) bool { return cuts[i].at < cuts[j].at })
	w.cuts[l] = cuts
	next := w.h[l]
	for i := 0; i <= len(cuts); i++ {
		to := hi
		if i < len(cuts) {
			if to = cuts[i].at; to-cuts[i].error <= lo {
				continue // The same knot as the one before, but for rounding: units that copy each other.
			}
		}
		for j, unit := range z {
			next[j] = line{}
			if w.active[l][j] = unit.positive(l+1, lo, to); w.active[l][j] {
				next[j] = unit
			}
		}
		if w.descend(l+1, lo, to, next); w.err != nil {
			return
		}
		lo = to
	}
}

// rounding is a rough bound on the relative rounding error of a sum that has gone through the layers.
func rounding(layers int) float64 { return 4 * float64(layers) * epsilon }

// crossing is where the line is 0; at NaN or ±Inf when it is constant.
func (u line) crossing(layers int) cut {
	if u.constant(layers) {
		return cut{at: math.NaN()}
	}
	at := -u.intercept / u.slope
	return cut{at, rounding(layers) * (u.size*math.Abs(at) + u.offset) / math.Abs(u.slope)}
}

func (u line) constant(layers int) bool { return math.Abs(u.slope) <= rounding(layers)*u.size }

// positive tells whether the line is above 0 between lo and hi, where it does not cross it except for rounding.
func (u line) positive(layers int, lo, hi float64) bool {
	if u.constant(layers) {
		return u.intercept > 0
	}
	middle := lo/2 + hi/2 // An end that is infinite is the middle; between two of them it is 0.
	if math.IsNaN(middle) {
		middle = 0
	}
	right := middle > -u.intercept/u.slope
	return right == (u.slope > 0)
}

// Restrict returns the net of len(directions) inputs t that is this one at origin + Σᵢ tᵢ·directionsᵢ: with one direction
// the net along a line, for Regions; with two a slice through it, for Polygons. It is an error when an argument has not
// one element for each input.
func (n *Net) Restrict(origin []float64, directions ...[]float64) (*Net, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	first := n.Layers[0]
	in, out := first.W.Dims()
	if len(origin) != in {
		return nil, fmt.Errorf("origin has %d elements: the net has %d inputs", len(origin), in)
	}
	if len(directions) == 0 {
		return nil, fmt.Errorf("there are no directions: give one for a line, two for a plane")
	}
	r := n.Clone()
	sizes := n.Sizes()
	r.Layers[0] = New(len(directions), sizes[1]).Layers[0]
	along := func(x, sum []float64) {
		for i, v := range x {
			for j := range out {
				sum[j] += v * first.W.At(i, j)
			}
		}
	}
	copy(r.Layers[0].B, first.B)
	along(origin, r.Layers[0].B)
	for k, direction := range directions {
		if len(direction) != in {
			return nil, fmt.Errorf("direction %d has %d elements: the net has %d inputs", k, len(direction), in)
		}
		along(direction, r.Layers[0].W.RawRowView(k))
	}
	return r, r.Check()
}

// Polygon is a convex activation region of a net of two inputs, its vertices counter-clockwise.
type Polygon [][2]float64

// Area returns the polygon's area.
func (p Polygon) Area() float64 {
	sum := 0.0
	for i, v := range p {
		next := p[(i+1)%len(p)]
		sum += (v[0]-p[0][0])*(next[1]-p[0][1]) - (next[0]-p[0][0])*(v[1]-p[0][1])
	}
	return sum / 2
}

// Centre returns the mean of the vertices, a point within.
func (p Polygon) Centre() (x [2]float64) {
	for _, v := range p {
		x[0] += v[0] / float64(len(p))
		x[1] += v[1] / float64(len(p))
	}
	return x
}

// plane is what a unit computes on a polygon, ax + by + c.
type plane struct{ a, b, c float64 }

func (u plane) at(v [2]float64) float64 { return u.a*v[0] + u.b*v[1] + u.c }

// Polygons returns the activation regions of a net of two inputs in the box from lo to hi, exactly: the box is cut by the
// zero lines of the first layer's units, each part by those of the next layer's, which are straight within it, and so on.
// Slivers thinner than 10⁻¹² of the box, which rounding makes where lines meet, are not counted. It is an error when the
// box is empty, when the net has another number of inputs, when there are too many regions to list, or when the weights are so
// great that a sum leaves float64.
func (n *Net) Polygons(lo, hi [2]float64) ([]Polygon, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	if in := n.Sizes()[0]; in != 2 {
		return nil, fmt.Errorf("the net has %d inputs: Restrict it to a plane first", in)
	}
	if !(lo[0] < hi[0] && lo[1] < hi[1]) {
		return nil, fmt.Errorf("lo is %v and hi %v: lo must be the smaller in both", lo, hi)
	}
	if !finite(hi[0]-lo[0]) || !finite(hi[1]-lo[1]) {
		return nil, fmt.Errorf("from %v to %v there is no length in float64: take a smaller box", lo, hi)
	}
	s := slicer{
		net:  n,
		far:  [2]float64{max(math.Abs(lo[0]), math.Abs(hi[0])), max(math.Abs(lo[1]), math.Abs(hi[1]))},
		thin: 1e-12 * min(hi[0]-lo[0], hi[1]-lo[1]),
	}
	s.descend(0, Polygon{lo, {hi[0], lo[1]}, hi, {lo[0], hi[1]}}, []plane{{a: 1}, {b: 1}})
	if s.err != nil {
		return nil, s.err
	}
	return s.polygons, nil
}

// A slicer cuts a box into the regions of a net of two inputs.
type slicer struct {
	net  *Net
	far  [2]float64 // the greatest coordinates in the box
	thin float64    // of a sliver

	polygons    []Polygon
	terms, cuts int   // the products of weights and planes computed, the cuts tried
	err         error // ends the slicing
}

// descend cuts a region on which the inputs of layer l are the planes h.
func (s *slicer) descend(l int, p Polygon, h []plane) {
	if l == len(s.net.Layers)-1 {
		if len(s.polygons) == mostRegions {
			s.err = errRegions
			return
		}
		s.polygons = append(s.polygons, p)
		return
	}
	layer := s.net.Layers[l]
	z := make([]plane, len(layer.B))
	for j, b := range layer.B {
		z[j].c = b
	}
	for i, v := range h {
		if s.terms += len(z); s.terms > mostTerms {
			s.err = errWork
			return
		}
		for j, w := range layer.W.RawRowView(i) {
			z[j] = plane{z[j].a + w*v.a, z[j].b + w*v.b, z[j].c + w*v.c}
		}
	}
	for _, unit := range z {
		if !finite(2 * (math.Abs(unit.a)*s.far[0] + math.Abs(unit.b)*s.far[1] + math.Abs(unit.c))) {
			s.err = errSteep
			return
		}
	}
	parts := []Polygon{p}
	for _, unit := range z {
		if s.cuts += len(parts); s.cuts > mostCuts {
			s.err = errWork
			return
		}
		var cut []Polygon
		for _, part := range parts {
			cut = append(cut, part.cut(unit, s.thin)...)
		}
		parts = cut
	}
	for _, part := range parts {
		next := make([]plane, len(z))
		for j, unit := range z {
			if unit.at(part.Centre()) > 0 {
				next[j] = unit
			}
		}
		if s.descend(l+1, part, next); s.err != nil {
			return
		}
	}
}

// cut returns the one or two parts that the zero line of u leaves of p.
func (p Polygon) cut(u plane, thin float64) []Polygon {
	norm := math.Hypot(u.a, u.b)
	var below, above Polygon
	deepest, highest := 0.0, 0.0
	for i, v := range p {
		next := p[(i+1)%len(p)]
		from, to := u.at(v), u.at(next)
		deepest, highest = min(deepest, from), max(highest, from)
		if from <= 0 {
			below = append(below, v)
		}
		if from >= 0 {
			above = append(above, v)
		}
		if from < 0 && to > 0 || from > 0 && to < 0 {
			t := from / (from - to)
			at := [2]float64{v[0] + t*(next[0]-v[0]), v[1] + t*(next[1]-v[1])}
			below, above = append(below, at), append(above, at)
		}
	}
	if -deepest <= thin*norm || highest <= thin*norm {
		return []Polygon{slices.Clone(p)}
	}
	return []Polygon{below, above}
}
