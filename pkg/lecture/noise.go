package lecture

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
)

// Noise (claim W1) is the variance of the noise of examples, estimated from them without any net.
type Noise struct {
	X, Y     []float64        // the examples
	Variance float64          // the true one
	Gamma    *diagnosis.Gamma // of neighbors
	Repeated stat.Interval    // of half as many inputs, each asked twice
}

// EstimateNoise (claim W1) draws n examples of f on [0, 1] with Gaussian noise of the standard deviation given, and estimates its variance.
// It is an error when there is no function, and when n is less than 11 or so large that the estimate would take minutes.
func EstimateNoise(f func(x float64) float64, deviation float64, n, seed int) (*Noise, error) {
	if err := counts("n", n); err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("f is nil: give a function")
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 62))
	ask := func(x float64) float64 { return f(x) + deviation*rng.NormFloat64() }
	e := &Noise{Variance: deviation * deviation}
	for range n {
		x := rng.Float64()
		e.X, e.Y = append(e.X, x), append(e.Y, ask(x))
	}
	twice, answers := mat.NewDense(n, 1, nil), make([]float64, n)
	var err error
	if e.Gamma, err = diagnosis.Neighbours(mat.NewDense(n, 1, e.X), e.Y, 10); err != nil {
		return nil, err
	}
	for i := range n {
		x := e.X[i/2]
		twice.Set(i, 0, x)
		answers[i] = ask(x)
	}
	e.Repeated, err = diagnosis.Repeated(twice, answers, Confidence)
	return e, err
}

// String compares the estimates with the truth.
func (e *Noise) String() string {
	r := e.Repeated
	return fmt.Sprintf("Estimated variance of the noise: %.3g, true: %.3g. From %d inputs that were each asked twice: %.3g (%.3g to %.3g).",
		e.Gamma.Noise, e.Variance, len(e.X)/2, r.Value, r.Low, r.High)
}

// DrawGamma (claim W1) draws the Gamma test: the line meets the vertical axis at the estimate.
func (e *Noise) DrawGamma() *figure.Figure {
	g := e.Gamma
	far, n := g.Distance[len(g.Distance)-1], float64(len(g.Distance))
	fit := func(distance float64) float64 {
		return (floats.Sum(g.Difference)-g.Slope*floats.Sum(g.Distance))/n + g.Slope*distance
	}
	return figure.New("The Gamma test", figure.X("δ(k), mean square distance").Range(-far/20, 1.05*far), figure.Y("γ(k), half mean square difference")).
		Points("k = 1 … 10", g.Distance, g.Difference).Line("line through them", []float64{0, far}, fit).HLine(e.Variance, "true variance").
		Points("estimate", []float64{0}, []float64{g.Noise})
}
