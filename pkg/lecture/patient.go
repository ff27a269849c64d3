package lecture

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Patient (claim W1) is a function, examples of it, and a training that fails to learn it for a known cause.
type Patient struct {
	Name   string // A, B, … of FourPatients
	Truth  diagnosis.Cause
	How    string         // what was done to it
	Target problem.Target // of mean 0 and mean square 1 on [0, 1]
	X, Y   []float64      // to learn from
	// More are other examples, which the clinic asks for: to learn from, and to estimate the noise.
	MoreX, MoreY []float64
	// Choice are to choose the best of several nets, and Unseen to report its error.
	ChoiceX, ChoiceY, UnseenX, UnseenY []float64
	// Repeats tells whether each input stands in X and More twice.
	Repeats bool
	Width   int
	Optimizer
}

// Optimizer (claim W1) is a way to train: a rule of pkg/optim, the rate it starts with, to fall along a cosine, and a number of steps.
type Optimizer struct {
	Rule  string
	Rate  float64
	Steps int
}

// How many examples there are to learn from, with too few of them, of a patient's More, to choose and to report.
const examples, tooFew, more, choice, reported = 200, 12, 400, 200, 1000

// Causes (claim W1) are the three causes that Hornik, Stinchcombe and White name, and too few examples.
var Causes = []diagnosis.Cause{diagnosis.Learning, diagnosis.Units, diagnosis.Data, diagnosis.Relationship}

// NewPatient (claim W1) draws a random function, and a training that fails for the cause: a net that is wide enough, but trained with too
// small or too large a rate, for too short, or by plain gradient descent; a net of so few units that even the best knots leave
// most of the function, trained well; so few examples that the broken line through the function's values there is far from it; or
// a relationship with much noise, or whose sign depends on what is not among the inputs.
// It is an error when the cause is none of Causes.
func NewPatient(cause diagnosis.Cause, seed int) (*Patient, error) {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(cause)))
	p := &Patient{Truth: cause, Width: 32, Optimizer: Optimizer{"Adam", 0.01, 3000}, Repeats: rng.IntN(2) == 0}
	noise, sign := 0.05, func() float64 { return 1 }
	switch cause {
	case diagnosis.Learning:
		ways := []struct {
			how string
			Optimizer
		}{
			{"Adam with a rate of 10⁻⁵", Optimizer{"Adam", 1e-5, 3000}}, {"Adam with a rate of 10", Optimizer{"Adam", 10, 3000}},
			{"20 steps of Adam", Optimizer{"Adam", 0.01, 20}}, {"gradient descent with a rate of 10⁻³", Optimizer{"SGD", 1e-3, 3000}},
		}
		way := ways[rng.IntN(len(ways))]
		p.How, p.Optimizer = way.how, way.Optimizer
	case diagnosis.Units:
		p.Width = 1 + rng.IntN(3)
		p.How = fmt.Sprintf("a net of width %d", p.Width)
	case diagnosis.Data:
		p.How = fmt.Sprintf("%d examples", tooFew)
	case diagnosis.Relationship:
		if rng.IntN(3) == 0 {
			sign = func() float64 { return float64(2*rng.IntN(2) - 1) }
			p.How = "a sign that no input tells"
		} else {
			noise = 0.8 + 0.7*rng.Float64()
			p.How = fmt.Sprintf("noise of standard deviation %.1f", noise)
		}
	default:
		return nil, fmt.Errorf("the cause is %q: it must be one of Causes", cause)
	}
	for fails := false; !fails; {
		p.Target = randomTarget(rng)
		p.ask(rng, func(x float64) float64 { return sign()*p.Target.F(x) + noise*rng.NormFloat64() })
		var err error
		if fails, err = p.mustFail(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ask draws inputs and what the function answers.
func (p *Patient) ask(rng *rand.Rand, answer func(x float64) float64) {
	draw := func(n, repeats int) (xs, ys []float64) {
		for range n / repeats {
			x := rng.Float64()
			for range repeats {
				xs, ys = append(xs, x), append(ys, answer(x))
			}
		}
		return xs, ys
	}
	repeats, n := 1, examples
	if p.Repeats {
		repeats = 2
	}
	if p.Truth == diagnosis.Data {
		n = tooFew
	}
	p.X, p.Y = draw(n, repeats)
	p.MoreX, p.MoreY = draw(more, repeats)
	p.ChoiceX, p.ChoiceY = draw(choice, 1)
	p.UnseenX, p.UnseenY = draw(reported, 1)
}

// mustFail tells whether the cause is at work, whatever the training: most of the function is left even with the few units' knots
// where they are best, or by the broken line through the function's values at the few inputs. The two other causes always are.
func (p *Patient) mustFail() (bool, error) {
	xs, ys := p.Target.Grid(31)
	switch p.Truth {
	case diagnosis.Units:
		fit, err := relu.FreeKnots(xs, ys, xs[1:30], p.Width)
		if err != nil {
			return false, err
		}
		return fit.Squares/31 > 0.5, nil
	case diagnosis.Data:
		knots := slices.Compact(slices.Sorted(slices.Values(p.X)))
		line := relu.Fit{Knots: knots, Values: figure.Column(knots, p.Target.F)}
		off := rms(ys, func(i int) float64 { return line.At(min(max(xs[i], knots[0]), knots[len(knots)-1])) })
		return off*off > 0.5, nil
	}
	return true, nil
}

// Constant is the root mean square error of the best constant on the unseen examples: √(1 + σ²) with noise of standard deviation σ, but for
// chance.
func (p *Patient) Constant() float64 {
	constant := mean(p.UnseenY)
	return rms(p.UnseenY, func(int) float64 { return constant })
}

// FourPatients (claim W1) are a patient of each of Causes, in an order that the seed decides. It is an error when there is none of
// a cause.
func FourPatients(seed int) (patients []*Patient, err error) {
	for k, i := range rand.New(rand.NewPCG(uint64(seed), 1)).Perm(len(Causes)) {
		p, err := NewPatient(Causes[i], seed)
		if err != nil {
			return nil, err
		}
		p.Name = string(rune('A' + k))
		patients = append(patients, p)
	}
	return patients, nil
}

// randomTarget is a sum of waves, or a polygon, of mean 0 and mean square 1.
func randomTarget(rng *rand.Rand) problem.Target {
	f := waves(rng)
	if rng.IntN(2) == 0 {
		f = polygon(rng)
	}
	mean, square := 0.0, 0.0
	for i := range 1000 {
		v := f((float64(i) + 0.5) / 1000)
		mean, square = mean+v/1000, square+v*v/1000
	}
	deviation := math.Sqrt(square - mean*mean)
	return problem.Target{Name: "random", Lo: 0, Hi: 1, F: func(x float64) float64 { return (f(x) - mean) / deviation }}
}

func waves(rng *rand.Rand) func(x float64) float64 {
	var height, phase [3]float64
	for k := range height {
		height[k], phase[k] = rng.NormFloat64(), 2*math.Pi*rng.Float64()
	}
	return func(x float64) (sum float64) {
		for k := range height {
			sum += height[k] * math.Sin(2*math.Pi*float64(k+1)*x+phase[k])
		}
		return sum
	}
}

func polygon(rng *rand.Rand) func(x float64) float64 {
	corners := 6 + rng.IntN(3)
	var xs, ys []float64
	for k := range corners {
		xs, ys = append(xs, float64(k)/float64(corners-1)), append(ys, rng.NormFloat64())
	}
	target, err := problem.Through(xs, ys)
	if err != nil {
		panic(err) // the corners are finite and ascend
	}
	return target.F
}
