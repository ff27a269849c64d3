package homework

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/internal/answer"
	"descent.example/internal/plural"
)

// DecayStep tries a step of gradient descent with weight decay on d random parameters, the last of which is the bias. step gets θ, the gradient of the
// loss without the penalty, the learning rate η > 0 and ρ ≥ 0. It is an error when a weight does not become (1 − ηρ)θᵢ − η∂L/∂θᵢ, or when the bias is
// decayed.
func DecayStep(rng *rand.Rand, d int, rho float64, step func(theta, gradient []float64, lr, rho float64) []float64) error {
	for range 5 {
		theta, gradient, lr := draw(rng, d, 3), draw(rng, d, 5), 0.01+0.5*rng.Float64()
		want := make([]float64, d)
		for i := range want {
			keep := 1 - lr*rho
			if i == d-1 {
				keep = 1
			}
			want[i] = keep*theta[i] - lr*gradient[i]
		}
		if got := step(slices.Clone(theta), slices.Clone(gradient), lr, rho); !answer.AllNear(got, want) {
			is, should := answer.BothVectors(got, want)
			return fmt.Errorf("for θ = %s, ∇L = %s, η = %.5g and ρ = %.5g your step returns %s; it should return %s",
				answer.Vector(theta), answer.Vector(gradient), lr, rho, is, should)
		}
	}
	return nil
}

// A smooth loss is c + tilt·θ + ½Σλᵢθᵢ² + sin(a·θ). A gradient with a constant error is that of such a loss with another tilt: only the loss tells them apart.
type smooth struct {
	lambda, a, tilt []float64
	c               float64
}

func (l *smooth) phase(theta []float64) (phase float64) {
	for i := range min(len(theta), len(l.a)) {
		phase += l.a[i] * theta[i]
	}
	return phase
}

func (l *smooth) value(theta []float64) float64 {
	value := l.c + math.Sin(l.phase(theta))
	for i := range min(len(theta), len(l.lambda)) {
		value += l.tilt[i]*theta[i] + l.lambda[i]*theta[i]*theta[i]/2
	}
	return value
}

func (l *smooth) gradient(theta []float64) []float64 {
	gradient, slope := make([]float64, len(theta)), math.Cos(l.phase(theta))
	for i := range min(len(theta), len(l.lambda)) {
		gradient[i] = l.tilt[i] + l.lambda[i]*theta[i] + l.a[i]*slope
	}
	return gradient
}

// A Mistake is what a search for a mistake in a gradient is tried on. One entry of the gradient is off by Least to Most, as a part of its size or of
// 1 if its size is smaller. The second derivatives of the loss are at most Curvature, and its constant part is Constant more than leastConstant.
type Mistake struct {
	Least, Most, Curvature, Constant float64
}

// A difference whose h is too small is wrong only where rounding happens to be unkind. mistakeRounds and leastConstant make sure that this happens somewhere, whatever
// the secret is: with a loss of this size, a one-sided difference with h = 10⁻¹¹ is right in all cases, and one with h = 10⁻¹² is wrong in some of each search.
const (
	mistakeRounds = 8
	leastConstant = 80
)

// Try tries a search on mistakeRounds times eight cases, in three to five of which an entry is wrong. find gets a loss, what is said to be its gradient, and θ. It is an
// error when find returns another index than that of the wrong entry, or another number than −1 when all entries are right.
func (m Mistake) Try(rng *rand.Rand,
	find func(loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64) int,
) error {
	for range mistakeRounds {
		if err := m.eight(rng, find); err != nil {
			return err
		}
	}
	return nil
}

// eight tries a search on eight cases.
func (m Mistake) eight(rng *rand.Rand,
	find func(loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64) int,
) error {
	// Two in a row of each kind: whoever answers in turn is wrong in any order.
	order := [][]bool{{true, true}, {false, false}, {true}, {false}, {rng.IntN(2) == 0}, {rng.IntN(2) == 0}}
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	mistakes := 0
	for _, wrong := range slices.Concat(order...) {
		loss, theta, steep, large := m.hard(rng, mistakes)
		want, off := -1, 0.0
		if wrong {
			part, sign := 1.05*m.Least, float64(1-2*(mistakes%2))
			switch mistakes {
			case 0, 1: // as small as it may be, where a difference that is not good enough is off by as much
				want = steep
			case 2: // with the sign of the slope
				want, sign = large, math.Copysign(1, loss.gradient(theta)[large])
			default:
				want, part = rng.IntN(len(theta)), part+(m.Most-part)*rng.Float64()
			}
			off = sign * part * math.Max(1, math.Abs(loss.gradient(theta)[want]))
			mistakes++
		}
		got := find(loss.value, func(theta []float64) []float64 {
			gradient := loss.gradient(theta)
			if want >= 0 && want < len(gradient) {
				gradient[want] += off
			}
			return gradient
		}, slices.Clone(theta))
		if got != want && want < 0 {
			return fmt.Errorf("at θ = %s all entries of the gradient are right, and you return %d", answer.Vector(theta), got)
		}
		if got != want {
			return fmt.Errorf("at θ = %s the entry %d of the gradient is off by %.3g, and you return %d", answer.Vector(theta), want, off, got)
		}
	}
	return nil
}

// hard returns a loss and a θ where finite differences are at their worst along one entry: its second derivative is the largest and its third is 27.
// Nearly all slopes are small, so that a small error counts; large is an entry whose slope need not be. It gets how many mistakes there have been.
func (m Mistake) hard(rng *rand.Rand, mistakes int) (l *smooth, theta []float64, steep, large int) {
	d := 4 + rng.IntN(4)
	l, theta = &smooth{lambda: make([]float64, d), a: make([]float64, d), tilt: draw(rng, d, 2), c: leastConstant + m.Constant}, draw(rng, d, 2)
	steep = []int{0, d - 1, rng.IntN(d)}[min(mistakes, 2)] // the first two mistakes are at the ends
	large = (steep + 1 + rng.IntN(d-1)) % d
	cosine := float64(1 - 2*rng.IntN(2)) // the sine has its largest third derivative where the phase is a multiple of π; the entry large takes it there
	for i := range d {
		l.lambda[i], l.a[i] = 1+(m.Curvature-10)*rng.Float64(), 2+rng.Float64()
		if i == steep {
			l.lambda[i], l.a[i] = m.Curvature, 3
		}
		if i == steep || i != (large+1)%d {
			theta[i] = hundredths(-(l.tilt[i] + l.a[i]*cosine) / l.lambda[i])
		}
	}
	theta[large] = 0
	phase := l.phase(theta)
	if cosine < 0 {
		phase -= math.Pi
	}
	theta[large] = hundredths(-math.Remainder(phase, 2*math.Pi) / l.a[large])
	return l, theta, steep, large
}

// A Sea is what a gradient of the Huber loss is tried on: a number of examples with some features, residuals up to about Waves of both signs, and δ.
type Sea struct {
	Examples, Features int
	Waves, Delta       float64
}

// Try tries the gradient of the mean Huber loss of a linear model on random examples. gradient gets θ, a row of features for each example, their
// targets and δ > 0. It is an error when the gradient differs from central differences of the loss by more than they can.
func (sea Sea) Try(rng *rand.Rand, gradient func(theta []float64, x [][]float64, y []float64, delta float64) []float64) error {
	n, d, delta := sea.Examples, sea.Features, sea.Delta
	for round := range 3 {
		theta, x, y := draw(rng, d, 2), make([][]float64, n), make([]float64, n)
		for i := range x {
			x[i] = draw(rng, d, 2)
			r := sea.Waves * (0.4 + 0.6*rng.Float64())
			if (i+round)%max(n, 3) == 0 || math.Abs(r-delta) < 0.01*delta { // one that tells how far off it is; and at δ the loss bends
				r = min(sea.Waves, delta) * (0.2 + 0.6*rng.Float64())
			}
			if i%2 == 1 {
				r = -r
			}
			y[i] = dot(theta, x[i]) - r
		}
		want := differences(func(theta []float64) (sum float64) {
			for i := range x {
				r := math.Abs(dot(theta, x[i]) - y[i])
				sum += min(r, delta) * (r - min(r, delta)/2) / float64(n)
			}
			return sum
		}, theta, 1e-5*delta)
		got := gradient(slices.Clone(theta), answer.Rows(x), slices.Clone(y), delta)
		if !answer.AllWithin(got, want, 1e-6) {
			is, should := answer.BothVectors(got, want)
			return fmt.Errorf("for %s of %s, residuals up to %.3g and δ = %.3g your gradient is %s; central differences of the loss give %s",
				plural.Of(n, "example"), plural.Of(d, "feature"), sea.Waves, delta, is, should)
		}
	}
	return nil
}

// dot is the inner product of two vectors.
func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// differences is the gradient of f by central differences of half-width h.
func differences(f func(x []float64) float64, x []float64, h float64) []float64 {
	gradient := make([]float64, len(x))
	for i := range x {
		up, down := slices.Clone(x), slices.Clone(x)
		up[i] += h
		down[i] -= h
		gradient[i] = (f(up) - f(down)) / (up[i] - down[i])
	}
	return gradient
}

// LargestRate tries a prediction for gradient descent on (1/2n)Σ(θxᵢ − yᵢ)². It is an error when a run at a rate 0.6 % below largest does not come closer
// to the minimum, or a run 0.6 % above it does: an answer that is right within 0.5 % passes.
func LargestRate(rng *rand.Rand, x []float64, largest float64) error {
	const off, problem = 0.006, "at %g times your rate, 100 steps multiply the distance to the minimum by %.4g; there it should %s"
	if end := fitRate(rng, x, (1-off)*largest, 100); !(end < 1) {
		return fmt.Errorf(problem, 1-off, end, "shrink")
	}
	if end := fitRate(rng, x, (1+off)*largest, 100); !(end > 1) {
		return fmt.Errorf(problem, 1+off, end, "grow")
	}
	return nil
}

// OneStepRate tries a prediction of the rate that arrives in one step, on the same loss. It is an error when more than 0.6 % of the distance is left.
func OneStepRate(rng *rand.Rand, x []float64, best float64) error {
	if end := fitRate(rng, x, best, 1); !(end <= 0.006) {
		return fmt.Errorf("at your rate one step leaves %.4g of the distance to the minimum; it should leave nothing", end)
	}
	return nil
}

// fitRate fits y = θx for random y by gradient descent, and returns by which factor the distance to the minimum has changed.
func fitRate(rng *rand.Rand, x []float64, lr float64, steps int) float64 {
	y := draw(rng, len(x), 3)
	minimum := dot(x, y) / dot(x, x)
	theta := minimum + 1
	for range steps {
		slope := 0.0
		for i := range x {
			slope += (theta*x[i] - y[i]) * x[i] / float64(len(x))
		}
		theta -= lr * slope
	}
	return math.Abs(theta - minimum)
}

// StepsNeeded tries a count of steps on random bowls of d curvatures, at a rate of part·2/λ_max. count gets the curvatures λᵢ > 0, the rate and a factor
// between 0 and 1. It is an error when it does not return the smallest number of steps that shrinks every distance to that factor of its start or
// less, or −1 where there is none.
func StepsNeeded(rng *rand.Rand, d int, part float64, count func(lambda []float64, lr, factor float64) int) error {
	for round := range 6 {
		// From the steepest to the flattest direction it is 7 octaves, so that near the edge the flattest decides, or 2, so that the steepest does.
		octaves, lambda := 7-5*(round%2), make([]float64, d)
		for i := range lambda {
			lambda[i] = math.Ldexp(8, -rng.IntN(octaves+1)) // a power of two: 1 − ηλ is exact where it matters, at 0 and −1
		}
		if d > 1 {
			lambda[0], lambda[1] = 8, math.Ldexp(8, -octaves)
			rng.Shuffle(d, func(i, j int) { lambda[i], lambda[j] = lambda[j], lambda[i] })
		}
		lr, factor := part*2/slices.Max(lambda), math.Pow(10, -1-5*rng.Float64())
		got := count(slices.Clone(lambda), lr, factor)
		worst := 0.0
		for _, l := range lambda {
			worst = math.Max(worst, math.Abs(1-lr*l))
		}
		left := func(steps int) float64 { return math.Pow(worst, float64(steps)) }
		switch {
		case part >= 1 && got != -1:
			return fmt.Errorf("for λ = %s and η = %.5g you return %d; the run never gets there, so return −1", answer.Vector(lambda), lr, got)
		case part >= 1:
		case got < 1 || left(got) > factor*(1+answer.Tolerance):
			return fmt.Errorf("for λ = %s, η = %.5g and the factor %.4g you return %d; after so many steps the slowest direction still has %.4g of its distance",
				answer.Vector(lambda), lr, factor, got, left(max(got, 0)))
		case left(got-1) <= factor*(1-answer.Tolerance):
			return fmt.Errorf("for λ = %s, η = %.5g and the factor %.4g you return %d; fewer steps are enough", answer.Vector(lambda), lr, factor, got)
		}
	}
	return nil
}

// StepsNever tries the count at and above the largest rate that settles. Its errors are those of StepsNeeded.
func StepsNever(rng *rand.Rand, d int, count func(lambda []float64, lr, factor float64) int) error {
	if err := StepsNeeded(rng, d, 1, count); err != nil {
		return err
	}
	return StepsNeeded(rng, d, 1.01+rng.Float64(), count)
}

// Logistic tries the logistic loss ln(1 + e⁻ᵐ) and its slope −1/(1 + eᵐ) at the limits and at random margins m, 20 between each limit and the next.
// It is an error when one of them is not finite, or off by more than a relative 10⁻⁹.
func Logistic(rng *rand.Rand, logistic func(margin float64) (loss, slope float64), limits ...float64) error {
	margins := slices.Clone(limits)
	for i := range 20 * (len(limits) - 1) {
		lo, hi := limits[i/20], limits[i/20+1]
		margins = append(margins, lo+(hi-lo)*rng.Float64())
	}
	for _, m := range margins {
		loss, slope := logistic(m)
		// Each is tried by what undoes it: e^loss − 1 is e⁻ᵐ, and 1/slope is −1 − eᵐ. For m < 0 an error of the loss, as a part of it, is
		// −m times as large in e^loss.
		lossRight := !math.IsInf(loss, 0) && math.Abs(math.Expm1(loss)/math.Exp(-m)-1) <= answer.Tolerance*math.Max(1, -m)
		slopeRight := math.Abs(-1/slope/(1+math.Exp(m))-1) <= answer.Tolerance
		if m < -700 {
			lossRight = math.Abs(loss/-m-1) <= answer.Tolerance
		}
		if m > 700 {
			lossRight, slopeRight = loss >= 0 && loss < 1e-300, slope <= 0 && slope > -1e-300
		}
		if !lossRight && m < -700 {
			return fmt.Errorf("for the margin %.5g your loss is %.12g; it should be %.12g", m, loss, -m)
		}
		if !lossRight {
			return fmt.Errorf("for the margin %.5g your loss is %.12g; it should be ln(1 + e^%.5g)", m, loss, -m)
		}
		if !slopeRight {
			return fmt.Errorf("for the margin %.5g your slope is %.12g; it should be −1/(1 + e^%.5g)", m, slope, m)
		}
	}
	return nil
}

// A SearchCase is what a line search is tried on.
type SearchCase struct {
	Dimension int
	Cliff     bool // the loss is NaN beyond twice the start's distance
	Uphill    bool // what is said to be the gradient points downhill
	Halvings  int  // before a rate is good enough
}

// Try tries a step with a line search on ½Σλᵢθᵢ². search gets the loss, θ, its gradient there and the first rate. It is an error when it does not
// return the step at the first of the rates lr, lr/2, lr/4, …, 50 in all, at which the loss falls by half of η‖∇L‖² or more, together with that
// rate; θ and 0 if there is none; and when it evaluates the loss more often than once at θ and once for each rate.
func (c SearchCase) Try(rng *rand.Rand,
	search func(loss func(theta []float64) float64, theta, gradient []float64, lr float64) ([]float64, float64),
) error {
	for i := range 4 {
		flattest := 0.5
		if i == 1 {
			flattest = 2.5 // the gradient is longer than 1, so that its square is not its length
		}
		lambda, theta := make([]float64, c.Dimension), draw(rng, c.Dimension, 3)
		gradient, gg, ghg, far := make([]float64, c.Dimension), 0.0, 0.0, 0.0
		for i := range lambda {
			theta[i] += math.Copysign(0.5, theta[i])
			lambda[i] = flattest + 2*rng.Float64()
			gradient[i] = lambda[i] * theta[i]
			gg += gradient[i] * gradient[i]
			ghg += lambda[i] * gradient[i] * gradient[i]
			far = math.Max(far, 2*math.Abs(theta[i]))
		}
		// On a quadratic the loss falls by half of what the tangent promises up to the rate gg/ghg. The rate before the last is just above
		// that, or the last just below it.
		used, rates := gg/ghg*(0.505+0.01*rng.Float64()), c.Halvings+1
		if i%2 == 0 {
			used = gg / ghg * (0.97 + 0.025*rng.Float64())
		}
		lr, want := math.Ldexp(used, c.Halvings), slices.Clone(theta)
		if c.Uphill {
			used, rates = 0, 50
			for i := range gradient {
				gradient[i] = -gradient[i]
			}
		}
		for i := range want {
			want[i] -= used * gradient[i]
		}
		asked := 0
		next, rate := search(func(at []float64) (loss float64) {
			asked++
			for i := range min(len(at), len(lambda)) {
				if c.Cliff && math.Abs(at[i]) > far {
					return math.NaN()
				}
				loss += lambda[i] * at[i] * at[i] / 2
			}
			return loss
		}, slices.Clone(theta), slices.Clone(gradient), lr)
		problem := fmt.Sprintf("on ½Σλθ² with λ = %s, at θ = %s with ∇L = %s and the first rate %.5g", answer.Vector(lambda), answer.Vector(theta), answer.Vector(gradient), lr)
		right := answer.Near(rate, used) && answer.AllNear(next, want)
		if c.Uphill {
			right = rate == 0 && slices.Equal(next, theta) // the last rates that were tried are near to 0, too
		}
		if !right {
			is, should := answer.BothVectors(append(slices.Clone(next), rate), append(want, used))
			return fmt.Errorf("%s you return the θ and, last, the rate %s; they should be %s", problem, is, should)
		}
		if asked > rates+1 {
			return fmt.Errorf("%s you evaluate the loss %d times; %d are enough: one at θ, and one for each rate", problem, asked, rates+1)
		}
	}
	return nil
}
