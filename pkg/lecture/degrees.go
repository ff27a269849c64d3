package lecture

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	gonum "gonum.org/v1/gonum/stat"

	"descent.example/pkg/figure"
	"descent.example/pkg/relu"
)

// Degrees (claim N10) are the parameters of a random net, and its degrees of freedom on data.
type Degrees struct {
	Sizes      []int
	Regions    int // activation regions on [−1, 1]; of nets of one input alone
	Redundancy relu.Redundancy
	Rank       int       // of the Jacobian, measured
	Singular   []float64 // its singular values, descending
	Rescaled   float64   // the greatest change of an output when every hidden unit is rescaled, as a part of the greatest output
}

// Table accounts for the parameters that are redundant.
func (d *Degrees) Table() (header []string, rows [][]string) {
	r := d.Redundancy
	for _, row := range []struct {
		what  string
		count int
	}{
		{"parameters", r.Parameters}, {"− parameters without effect on the data", r.Silent}, {"− one scale for each other unit", r.Rescaling},
		{"− shared by units that are on at all points", r.Linear}, {"− of units with the same knot, or too few points", r.Copies + r.Opposed + r.Dependent},
		{"− due to the activation pattern (deep nets)", r.Hidden},
		{"= degrees of freedom, counted", r.Rank()}, {"rank of the Jacobian, measured", d.Rank},
	} {
		rows = append(rows, []string{row.what, fmt.Sprint(row.count)})
	}
	return []string{"", "number"}, rows
}

// DrawSpectrum (claim N10) draws the singular values of the Jacobian, relative to the largest, and the rank.
func (d *Degrees) DrawSpectrum() *figure.Figure {
	var number, ratio []float64
	for i, s := range d.Singular {
		number, ratio = append(number, float64(i+1)), append(ratio, max(s/d.Singular[0], 1e-20)) // positive, for the logarithm
	}
	return figure.New("Singular values of the Jacobian", figure.X("number"), figure.LogY("singular value / largest")).
		Points("singular values", number, ratio).VLine(float64(d.Rank)+0.5, "rank")
}

// SurveyDegrees (claim N10) is CountDegrees of a number of nets, of one to three hidden layers and one or two inputs by turns, on 800
// points. It is an error when nets is not between 1 and 2^20, and when a rank cannot be computed.
func SurveyDegrees(nets int) (all []*Degrees, err error) {
	if err := counts("nets", nets); err != nil {
		return nil, err
	}
	for k := range nets {
		width, layers := 1+(7*k)%20, 1+k%3
		if layers > 1 {
			width = 1 + (7*k)%8
		}
		d, err := CountDegrees(slices.Concat([]int{1 + k%2}, slices.Repeat([]int{width}, layers), []int{1}), 800, k)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Shallow tells whether the net has one hidden layer.
func (d *Degrees) Shallow() bool { return len(d.Sizes) == 3 }

// Scaled is the number of parameters less one for each hidden unit: rescaling units leaves no more degrees of freedom.
func (d *Degrees) Scaled() int {
	return d.Redundancy.Parameters - sumOf(d.Sizes[1:len(d.Sizes)-1])
}

func sumOf(widths []int) (sum int) {
	for _, w := range widths {
		sum += w
	}
	return sum
}

// DrawDegrees (claim N10) draws the ranks beside their two bounds: of nets of one input over the activation regions, each of which adds at most 2, and
// of nets of two inputs over the parameters less one for each unit.
func DrawDegrees(all []*Degrees) *figure.Figure {
	panel := func(title, label, theory string, slope, inputs int, of func(*Degrees) int) *figure.Figure {
		var some []*Degrees
		most := 1
		for _, d := range all {
			if d.Sizes[0] == inputs {
				some, most = append(some, d), max(most, of(d))
			}
		}
		fig := figure.New(title, figure.X(label), figure.Y("rank of the Jacobian")).Theory(theory, []int{0, most}, []int{0, slope * most})
		for _, shallow := range []bool{true, false} {
			var xs, ranks []int
			for _, d := range some {
				if d.Shallow() == shallow {
					xs, ranks = append(xs, of(d)), append(ranks, d.Rank)
				}
			}
			if len(xs) > 0 {
				fig.Points(map[bool]string{true: "one hidden layer", false: "two or three hidden layers"}[shallow], xs, ranks)
			}
		}
		return fig
	}
	return figure.Row(
		panel("One input", "activation regions", "rank = 2 × regions", 2, 1, func(d *Degrees) int { return d.Regions }),
		panel("Two inputs", "parameters − hidden units", "rank = parameters − hidden units", 1, 2, (*Degrees).Scaled))
}

// CorrelationWithParameters (claim N10) is the correlation of the rank with the number of parameters, over the nets of that many inputs; NaN where there
// are fewer than two.
func CorrelationWithParameters(all []*Degrees, inputs int) float64 {
	var parameters, ranks []float64
	for _, d := range all {
		if d.Sizes[0] == inputs {
			parameters, ranks = append(parameters, float64(d.Redundancy.Parameters)), append(ranks, float64(d.Rank))
		}
	}
	if len(ranks) < 2 {
		return math.NaN()
	}
	return gonum.Correlation(parameters, ranks, nil)
}

// CountDegrees (claim N10) draws a net of the sizes, inputs, widths and outputs, and points, uniform in [−1, 1] in each input,
// and counts. It is an error when a number cannot be, and when the rank cannot be computed.
func CountDegrees(sizes []int, points int, seed int) (*Degrees, error) {
	if err := counts("points", points); err != nil {
		return nil, err
	}
	if len(sizes) < 2 {
		return nil, fmt.Errorf("sizes has %d elements: give the number of inputs, the widths and the number of outputs", len(sizes))
	}
	for l, size := range sizes {
		if err := counts(fmt.Sprintf("sizes[%d]", l), size); err != nil {
			return nil, err
		}
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 5))
	net := relu.New(sizes...)
	for _, layer := range net.Layers {
		in, out := layer.W.Dims()
		for j := range out {
			for i := range in {
				layer.W.Set(i, j, rng.NormFloat64())
			}
			layer.B[j] = 0.5 * rng.NormFloat64()
		}
	}
	x := mat.NewDense(points, sizes[0], nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 2*rng.Float64() - 1 }, x)
	d := &Degrees{Sizes: sizes, Redundancy: net.Redundancy(x)}
	var err error
	if sizes[0] == 1 {
		if d.Regions, err = net.Regions(-1, 1); err != nil {
			return nil, err
		}
	}
	if d.Rank, d.Singular, err = relu.Rank(net.Jacobian(x)); err != nil {
		return nil, err
	}
	rescaled := net
	for l, width := range net.Widths() {
		for j := range width {
			if rescaled, err = rescaled.Rescale(l, j, math.Exp(rng.NormFloat64())); err != nil {
				return nil, err
			}
		}
	}
	greatest := 0.0
	for i := range points {
		f := net.Output(x.RawRowView(i))
		greatest = max(greatest, floats.Norm(f, math.Inf(1)))
		d.Rescaled = max(d.Rescaled, floats.Distance(f, rescaled.Output(x.RawRowView(i)), math.Inf(1)))
	}
	if greatest > 0 {
		d.Rescaled /= greatest
	}
	return d, nil
}
