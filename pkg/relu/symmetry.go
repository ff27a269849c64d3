package relu

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/memory"
)

// Rescale returns the net with the weights and the bias into a hidden unit multiplied by a > 0 and the weights out of it
// divided by a (claim N10): the same function, since max(0, az) = a·max(0, z); the same numbers too, if a is a power of
// two. Layers count from 0. It is an error when a is not positive and finite or there is no such hidden unit.
func (n *Net) Rescale(layer, unit int, a float64) (*Net, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	widths := n.Widths()
	if layer < 0 || layer >= len(widths) {
		return nil, fmt.Errorf("layer is %d: the net has %d hidden layers, counted from 0", layer, len(widths))
	}
	if unit < 0 || unit >= widths[layer] {
		return nil, fmt.Errorf("unit is %d: the layer has %d units, counted from 0", unit, widths[layer])
	}
	if !(a > 0) || math.IsInf(a, 1) {
		return nil, fmt.Errorf("a is %v: it must be positive, for max(0, az) to be a·max(0, z)", a)
	}
	r := n.Clone()
	into, out := r.Layers[layer], r.Layers[layer+1]
	in, _ := into.W.Dims()
	kept := true // the digits of every number
	by := func(v, a float64) float64 {
		scaled := v * a
		kept = kept && finite(scaled) && (v == 0 || math.Abs(scaled) >= 0x1p-1022)
		return scaled
	}
	for i := range in {
		into.W.Set(i, unit, by(into.W.At(i, unit), a))
	}
	into.B[unit] = by(into.B[unit], a)
	row := out.W.RawRowView(unit)
	for j, v := range row {
		row[j] = by(v, 1/a)
	}
	if !kept {
		return nil, fmt.Errorf("a is %v: rescaled by it the unit's weights leave the range of float64; take a number nearer to 1", a)
	}
	return r, nil
}

// Jacobian returns the derivatives of all outputs on the inputs x [n, in] with respect to the parameters, in the order of
// Theta: [n·outputs, Parameters]. It panics when x has not the net's number of columns, or the Jacobian would not fit into
// memory.
func (n *Net) Jacobian(x *mat.Dense) *mat.Dense {
	return n.jacobian(x, n.Forward)
}

// jacobian is Jacobian at the values that forward keeps.
func (n *Net) jacobian(x *mat.Dense, forward func(x []float64) *Trace) *mat.Dense {
	n.mustTake(x)
	rows, _ := x.Dims()
	sizes := n.Sizes()
	outputs := sizes[len(sizes)-1]
	if err := memory.Check(memory.Bytes(8, rows, outputs, n.Parameters()), "take fewer inputs or a smaller net", "the Jacobian on %d inputs", rows); err != nil {
		panic(err)
	}
	j := mat.NewDense(rows*outputs, n.Parameters(), nil)
	for i := range rows {
		t := forward(x.RawRowView(i))
		for k := range outputs {
			one := make([]float64, outputs)
			one[k] = 1
			j.SetRow(i*outputs+k, n.Backward(t, one).Theta())
		}
	}
	return j
}

// mustTake panics when x has not the net's number of columns.
func (n *Net) mustTake(x *mat.Dense) {
	n.mustFit()
	in := n.Layers[0].W.RawMatrix().Rows
	if x == nil || x.IsEmpty() || x.RawMatrix().Cols != in {
		panic(fmt.Errorf("x must have a row for each example and %d columns, the net's inputs", in))
	}
}

// patternRank is the rank that a net has whose units are active on the same examples as n's, but whose weights and biases,
// where n's are not 0, are random.
func (n *Net) patternRank(x *mat.Dense) int {
	rng := rand.New(rand.NewPCG(1, 2))
	other := n.Clone()
	for _, layer := range other.Layers {
		random := func(_, _ int, w float64) float64 {
			if w == 0 {
				return 0
			}
			return rng.NormFloat64()
		}
		layer.W.Apply(random, layer.W)
		for j, b := range layer.B {
			layer.B[j] = random(0, j, b)
		}
	}
	return rankOf(other.jacobian(x, func(x []float64) *Trace {
		active := n.Forward(x).Active()
		return other.forward(x, func(layer, unit int, _ float64) bool { return active[layer][unit] })
	}))
}

// Rank returns the numerical rank of a matrix with its singular values, descending: how many are above ε·max(rows,
// columns) times the largest, as NumPy's matrix_rank counts. Columns are first scaled to length 1, which leaves the rank
// as it is and keeps parameters of little effect from being lost. It is an error when the matrix is empty or not finite, and
// when the decomposition fails.
func Rank(m *mat.Dense) (rank int, singular []float64, err error) {
	if m == nil || m.IsEmpty() {
		return 0, nil, errors.New("the matrix is empty: it has no rank")
	}
	scaled := mat.DenseCopyOf(m)
	rows, columns := m.Dims()
	column := make([]float64, rows)
	for j := range columns {
		mat.Col(column, j, m)
		if i := slices.IndexFunc(column, func(v float64) bool { return !finite(v) }); i >= 0 {
			return 0, nil, fmt.Errorf("element [%d, %d] of the matrix is %v: it must be a finite number", i, j, column[i])
		}
		_, unit := math.Frexp(floats.Norm(column, math.Inf(1))) // squares of the greatest and the least numbers leave float64
		for i, v := range column {
			column[i] = math.Ldexp(v, -unit)
		}
		if norm := floats.Norm(column, 2); norm > 0 {
			floats.Scale(1/norm, column)
			scaled.SetCol(j, column)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(scaled, mat.SVDNone) {
		return 0, nil, fmt.Errorf("the singular values could not be computed: are all elements finite?")
	}
	singular = svd.Values(nil)
	for _, s := range singular {
		if s > epsilon*float64(max(rows, columns))*singular[0] {
			rank++
		}
	}
	return rank, singular, nil
}

// Redundancy says how many of a net's parameters are to spare on some data, and why (claim N10): directions in which all
// parameters together can move without a change, to first order, of any output on the data. Each is counted once, in the
// first of the kinds that it is of. Redundancy of a net makes it.
type Redundancy struct {
	Parameters int
	// Silent parameters have no effect on any example: those into and out of dead units, those into a unit whose output
	// weights are 0, and those between two units that are never active together.
	Silent int
	// Rescaling of a unit, of Rescale: one for each unit with effect.
	Rescaling int
	// Linear: units that are active on all examples compute one linear map between them, which has fewer degrees of
	// freedom than they, and their biases do what those of the next layer can.
	Linear int
	// Copies: units of a layer with the same knot (hyperplane) and side, of which one would do.
	Copies int
	// Opposed: two units with the same knot and opposite sides make between them a constant, which the bias of the next
	// layer makes too, and a linear part, which Linear units or other such pairs make too.
	Opposed int
	// Dependent: where a unit has an effect, its inputs may be linearly dependent though they are not elsewhere, because
	// few examples lie there or because the units before are linear there; some weights then can do the work of others.
	Dependent int
	// Hidden, of nets of several hidden layers without Copies or Opposed units: what else lies in which units are active
	// together on the examples, and no count of units finds. It is counted by its effect, on a net with the same units active
	// and random weights, and less than 0 where the counts above overlap.
	Hidden int
	// Cap is a bound from the examples: within an activation region all derivatives are affine functions of the input,
	// so that each region adds at most outputs·min(examples in it, inputs+1) to the rank, and the outputs alone where all
	// units of a layer are inactive and f is constant.
	Cap int
}

// Rank is the rank that the Jacobian of the outputs is to have: the parameters less those redundant, if Cap allows.
//
// For one hidden layer it is exact if the examples are many and in general position: inputs+1 at least in each of the
// parts into which the knots (hyperplanes) cut the data. Two cases are excepted: a unit with output weight 0 on the same
// hyperplane as others, and, with more than one output, linear and opposed units together. For deeper nets it is what Hidden
// makes it: exact but for weights that chance or design has put into a special position.
//
// Source: J. E. Grigsby, K. Lindsey, R. Meyerhoff and C. Wu (2022), "Functional dimension of feedforward ReLU neural
// networks", arXiv:2209.04036, for the rescalings, which are all there is for some parameters of each net whose layers do
// not widen; J. E. Grigsby, K. Lindsey and D. Rolnick (2023), "Hidden Symmetries of ReLU Networks", arXiv:2306.06179.
func (r Redundancy) Rank() int {
	return min(r.left(), r.Cap)
}

// left is how many parameters are not redundant.
func (r Redundancy) left() int {
	return r.Parameters - r.Silent - r.Rescaling - r.Linear - r.Copies - r.Opposed - r.Dependent - r.Hidden
}

// UnitsOn returns the state of each hidden unit, by layer, on the inputs x [n, in]. It panics as Jacobian does.
func (n *Net) UnitsOn(x *mat.Dense) [][]UnitState {
	n.mustTake(x)
	rows, _ := x.Dims()
	tallies := newTallies(n)
	for i := range rows {
		for l, active := range n.Forward(x.RawRowView(i)).Active() {
			tallies[l].add(active)
		}
	}
	return states(tallies)
}

// Active tells which hidden units are active, by layer: the activation pattern.
func (t *Trace) Active() [][]bool {
	active := make([][]bool, len(t.H))
	for l, h := range t.H {
		for _, v := range h {
			active[l] = append(active[l], v > 0)
		}
	}
	return active
}

// Redundancy counts the parameters to spare on the inputs x [n, in]. It panics as Jacobian does, and where a value in the
// net is not finite.
func (n *Net) Redundancy(x *mat.Dense) Redundancy {
	n.mustTake(x)
	r := Redundancy{Parameters: n.Parameters()}
	live, states, dependent := n.effects(x)
	r.Dependent = dependent
	for _, p := range (&Net{live}).Theta() {
		if p == 0 {
			r.Silent++
		}
	}
	for l := range states {
		r.layer(n.Layers[l], n.Layers[l+1], live[l], live[l+1], states[l])
	}
	rows, in := x.Dims()
	sizes := n.Sizes()
	regions := make(map[string]int) // how many examples have the pattern
	for i := range rows {
		active := n.Forward(x.RawRowView(i)).Active()
		most := in + 1
		for _, layer := range active {
			if !slices.Contains(layer, true) {
				most = 1
			}
		}
		if pattern := fmt.Sprint(active); regions[pattern] < most {
			regions[pattern]++
			r.Cap += sizes[len(sizes)-1]
		}
	}
	if len(sizes) > 3 && r.Copies+r.Opposed == 0 {
		r.Hidden = r.left() - n.patternRank(x)
	}
	return r
}

// effects marks with 1 the live parameters, which have an effect on some example: those on a path of active units and
// weights other than 0. It tells the states of the units on those examples on which the layer after them has an effect,
// and counts the Dependent parameters.
func (n *Net) effects(x *mat.Dense) (live []Layer, _ [][]UnitState, dependent int) {
	tallies := newTallies(n)
	live = New(n.Sizes()...).Layers
	rows, _ := x.Dims()
	inputs := make([]*mat.Dense, len(n.Layers)) // of each layer, and 1 for its biases, on the examples
	effect := make([][][]int, len(n.Layers))    // the examples on which each unit has one
	for l, layer := range n.Layers {
		in, out := layer.W.Dims()
		inputs[l], effect[l] = mat.NewDense(rows, in+1, nil), make([][]int, out)
	}
	for e := range rows {
		t := n.Forward(x.RawRowView(e))
		for _, values := range slices.Concat([][]float64{t.X}, t.Z) {
			if norm := floats.Norm(values, 1); !finite(norm) {
				panic(fmt.Errorf("on row %d of x a value in the net is not finite: its effects cannot be counted", e))
			}
		}
		active, reaches := t.Active(), make([]bool, len(t.Output()))
		for k := range reaches {
			reaches[k] = true
		}
		for l := len(n.Layers) - 1; l >= 0; l-- {
			h := t.X
			if l > 0 {
				h = t.H[l-1]
			}
			inputs[l].SetRow(e, append(slices.Clone(h), 1))
			if l > 0 && slices.Contains(reaches, true) {
				tallies[l-1].add(active[l-1])
			}
			before := make([]bool, len(h))
			for j, reached := range reaches {
				if !reached {
					continue
				}
				effect[l][j] = append(effect[l][j], e)
				live[l].B[j] = 1
				for i, v := range h {
					if v != 0 {
						live[l].W.Set(i, j, 1)
						before[i] = before[i] || n.Layers[l].W.At(i, j) != 0
					}
				}
			}
			reaches = before
		}
	}
	for l, layer := range live {
		in, _ := layer.W.Dims()
		reference := slices.Concat(effect[l]...) // where any unit has an effect
		slices.Sort(reference)
		reference = slices.Compact(reference)
		for j, examples := range effect[l] {
			if len(examples) == 0 || len(examples) == len(reference) {
				continue
			}
			columns := []int{in}
			for i := range in {
				if layer.W.At(i, j) != 0 {
					columns = append(columns, i)
				}
			}
			dependent += rankOf(pick(inputs[l], reference, columns)) - rankOf(pick(inputs[l], examples, columns))
		}
	}
	return live, states(tallies), dependent
}

// pick takes the elements of a matrix in some rows and columns.
func pick(from *mat.Dense, rows, columns []int) *mat.Dense {
	m := mat.NewDense(len(rows), len(columns), nil)
	for i, row := range rows {
		for j, column := range columns {
			m.Set(i, j, from.At(row, column))
		}
	}
	return m
}

// class is the units of a layer that share a hyperplane and a side.
type class struct {
	normal  []float64 // weights and bias, of length 1
	members []int
}

// layer adds what a hidden layer and the one after it have to spare.
//
// Units of one class with incoming A [p, in+1] and outgoing B [p, out] act by AᵀB alone, whose tangent space has the
// dimension (in+1)·rank B + out·rank A − rank A·rank B; here rank A is 1.
func (r *Redundancy) layer(into, out, liveIn, liveOut Layer, states []UnitState) {
	in, _ := into.W.Dims()
	var classes []class
	var linear []int
	for j, state := range states {
		normal := append(mat.Col(nil, j, into.W), into.B[j])
		switch {
		case state == Linear:
			linear = append(linear, j)
			continue
		case state == Dead:
			continue
		}
		floats.Scale(1/floats.Norm(normal, 2), normal)
		k := 0
		for k < len(classes) && !floats.EqualApprox(normal, classes[k].normal, 1e-12) {
			k++
		}
		if k == len(classes) {
			classes = append(classes, class{normal: normal})
		}
		classes[k].members = append(classes[k].members, j)
	}
	// Of a group of units: how many live parameters lead in and out at most of one, and in all; and how many do both.
	tally := func(units []int) (widestIn, widestOut, total, both int) {
		for _, j := range units {
			ins := int(mat.Sum(liveIn.W.ColView(j)) + liveIn.B[j])
			outs := int(floats.Sum(liveOut.W.RawRowView(j)))
			widestIn, widestOut, total = max(widestIn, ins), max(widestOut, outs), total+ins+outs
			if ins > 0 && outs > 0 {
				both++
			}
		}
		return
	}
	for _, c := range classes {
		ins, outs, total, both := tally(c.members)
		b := rankOf(outgoing(out, c.members))
		r.Rescaling += both
		r.Copies += total - both - (ins*b + outs - b)
	}
	source := false // of a linear part
	if len(linear) > 0 {
		ins, outs, total, both := tally(linear)
		incoming := mat.NewDense(len(linear), in, nil)
		for i, j := range linear {
			incoming.SetRow(i, mat.Col(nil, j, into.W))
		}
		a, b := rankOf(incoming), rankOf(outgoing(out, linear))
		r.Rescaling += both
		r.Linear += total - both - ((ins-1)*b + outs*a - a*b)
		source = b > 0
	}
	for k, c := range classes {
		for _, o := range classes[:k] {
			if opposite := floats.Dot(c.normal, o.normal) < 0 && sameHyperplane(c.normal, o.normal); !opposite {
				continue
			}
			p, q := outgoing(out, c.members), outgoing(out, o.members)
			var both mat.Dense
			both.Stack(p, q)
			common := rankOf(p) + rankOf(q) - rankOf(&both)
			r.Opposed += common
			if source {
				r.Opposed += in * common
			}
			source = source || common > 0
		}
	}
}

func sameHyperplane(p, q []float64) bool {
	for i := range p {
		if math.Abs(p[i]+q[i]) > 1e-12 {
			return false
		}
	}
	return true
}

// outgoing are the weights out of the units, one a row.
func outgoing(layer Layer, units []int) *mat.Dense {
	_, out := layer.W.Dims()
	m := mat.NewDense(len(units), out, nil)
	for i, j := range units {
		m.SetRow(i, layer.W.RawRowView(j))
	}
	return m
}

// rankOf is Rank where the decomposition of a small finite matrix is not in doubt. It panics where values are not finite.
func rankOf(m *mat.Dense) int {
	rank, _, err := Rank(m)
	if err != nil {
		panic(err)
	}
	return rank
}
