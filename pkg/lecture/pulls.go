package lecture

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/sample"
	"descent.example/pkg/theory"
)

// Pulls (claims S5, S6) are what the examples of a study want at its optimum, −gᵢ.
type Pulls struct {
	Each            [][]float64 // −gᵢ of each example
	All, Batch      []int       // indices of all, and of the batch
	Mean, BatchMean []float64
	// Length is ‖mean of all‖, BatchLength that of the batch, and Expected √E of its square.
	Length, BatchLength, Expected float64
}

// chain lays the pulls of some examples tip to tail, each in the order of its direction: where they sum to 0 they come back to where they
// began. Its axes hold the chain of all examples.
func (p *Pulls) chain(title string, of []int) *figure.Figure {
	tails := func(of []int) (xs, ys, dxs, dys []float64, sum [2]float64) {
		turned := slices.Clone(of)
		angle := func(i int) float64 { return math.Atan2(p.Each[i][1], p.Each[i][0]) }
		slices.SortFunc(turned, func(i, j int) int { return cmp.Compare(angle(i), angle(j)) })
		for _, i := range turned {
			xs, ys = append(xs, sum[0]), append(ys, sum[1])
			dxs, dys = append(dxs, p.Each[i][0]), append(dys, p.Each[i][1])
			sum[0], sum[1] = sum[0]+p.Each[i][0], sum[1]+p.Each[i][1]
		}
		return
	}
	x, y, _, _, _ := tails(p.All)
	wide := func(v []float64) float64 { return floats.Max(v) - floats.Min(v) }
	reach := 1.05 * max(wide(x), wide(y)) // a batch's chain is nowhere farther from where it begins than the loop of all is wide
	xs, ys, dxs, dys, sum := tails(of)
	fig := figure.New(title, figure.X("pull on the weight of bmi").Range(-reach, reach), figure.Y("pull on the weight of s5").Range(-reach, reach)).
		Arrows("pull of one patient", xs, ys, dxs, dys)
	return fig.Resultant("their sum", 0, 0, sum[0], sum[1])
}

// DrawAll shows the pulls of all examples, tip to tail.
func (p *Pulls) DrawAll() *figure.Figure {
	return p.chain(fmt.Sprintf("All %d patients: the chain closes", len(p.All)), p.All)
}

// DrawBatch shows the pulls of the batch, tip to tail.
func (p *Pulls) DrawBatch() *figure.Figure {
	return p.chain(fmt.Sprintf("%d of them", len(p.Batch)), p.Batch)
}

// String says how long the sum and the mean of the batch are.
func (p *Pulls) String() string {
	return fmt.Sprintf("%d patients: the sum of their pulls has length %.2g, so their mean pull has length %.2g. Over many draws, the root mean square of the mean is %.2g.",
		len(p.Batch), float64(len(p.Batch))*p.BatchLength, p.BatchLength, p.Expected)
}

// MeasurePulls (claims S5, S6) takes the draw-th batch of b different examples. It is an error when b is not between 1 and the number
// of examples.
func MeasurePulls(s *Study, b, draw int) (*Pulls, error) {
	if err := given("study", s); err != nil {
		return nil, err
	}
	sampler, err := sample.WithoutReplacement(b)
	if err != nil {
		return nil, err
	}
	n := len(s.Targets)
	if err := sampler.Check(n); err != nil {
		return nil, err
	}
	gradients := s.ExampleGradients(s.Descent.Optimum)
	gradients.Scale(-1, gradients)
	noise, err := theory.NewGradientNoise(gradients)
	if err != nil {
		return nil, err
	}
	covariance, err := noise.Batch(b, theory.WithoutReplacement)
	if err != nil {
		return nil, err
	}
	p := &Pulls{All: sample.Full().Indices(0, 0, n), Batch: sampler.Indices(draw, 1, n)}
	for i := range n {
		p.Each = append(p.Each, gradients.RawRowView(i))
	}
	p.Mean, p.BatchMean = meanOf(gradients, p.All), meanOf(gradients, p.Batch)
	p.Length, p.BatchLength = floats.Norm(p.Mean, 2), floats.Norm(p.BatchMean, 2)
	p.Expected = math.Sqrt(mat.Trace(covariance))
	return p, nil
}
