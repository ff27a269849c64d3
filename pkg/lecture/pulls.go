package lecture

import (
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

// arrows draws the pulls of some examples, on axes that hold the pull of every example.
func (p *Pulls) arrows(title string, of []int) *figure.Figure {
	ends := Span(slices.Concat(p.Each...))
	pull := func(axis int) []float64 {
		return figure.Column(of, func(i int) float64 { return p.Each[i][axis] })
	}
	return figure.New(title, figure.X("pull on the weight of bmi").Range(ends[0], ends[1]), figure.Y("pull on the weight of s5").Range(ends[0], ends[1])).
		Arrows("one patient's pull", []int{0}, []int{0}, pull(0), pull(1))
}

// DrawAll shows the pulls of all examples, and their mean.
func (p *Pulls) DrawAll() *figure.Figure {
	return p.arrows(fmt.Sprintf("All %d patients", len(p.All)), p.All).Mark("mean of all", p.Mean[0], p.Mean[1])
}

// DrawBatch shows the pulls of the batch, and their mean.
func (p *Pulls) DrawBatch() *figure.Figure {
	return p.arrows("A batch of them", p.Batch).Resultant("mean of the batch", 0, 0, p.BatchMean[0], p.BatchMean[1])
}

// String says how long the mean of the batch is.
func (p *Pulls) String() string {
	return fmt.Sprintf("%d patients pull with a mean of length %.2f; expected is %.2f.", len(p.Batch), p.BatchLength, p.Expected)
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
