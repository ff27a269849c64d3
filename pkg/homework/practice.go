package homework

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"descent.example/internal/answer"
	"descent.example/internal/plural"
)

// DescentStep tries a step of gradient descent on random vectors of d numbers. step gets θ, ∇L(θ) and the learning rate η > 0. It is an
// error when step does not return θ − η∇L(θ), in a new slice or in theta itself.
func DescentStep(rng *rand.Rand, d int, step func(theta, gradient []float64, lr float64) []float64) error {
	for range 5 {
		theta, gradient, lr := draw(rng, d, 3), draw(rng, d, 5), 0.01+rng.Float64()
		want := make([]float64, d)
		for i := range want {
			want[i] = theta[i] - lr*gradient[i]
		}
		got := step(slices.Clone(theta), slices.Clone(gradient), lr)
		if !answer.AllNear(got, want) {
			is, should := answer.BothVectors(got, want)
			return fmt.Errorf("for θ = %s, ∇L = %s and η = %.5g your step returns %s; it should return %s",
				answer.Vector(theta), answer.Vector(gradient), lr, is, should)
		}
	}
	return nil
}

// Descend tries a run of gradient descent of some steps on L(θ) = ½Σλᵢθᵢ² with random λᵢ > 0. run gets ∇L as a function, the first θ and
// the learning rate. It is an error when run does not return the θ after the last step, and when it asks for more gradients than
// there are steps.
func Descend(rng *rand.Rand, steps int, run func(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64) error {
	for range 3 {
		lambda := []float64{0.5 + rng.Float64(), 1 + rng.Float64()}
		start, lr := draw(rng, 2, 3), 0.1+0.5*rng.Float64()
		asked := 0
		got := run(func(theta []float64) []float64 {
			asked++
			gradient := make([]float64, len(theta))
			for i := range min(len(theta), len(lambda)) {
				gradient[i] = lambda[i] * theta[i]
			}
			return gradient
		}, slices.Clone(start), lr, steps)
		want := slices.Clone(start)
		for range steps {
			for i := range want {
				want[i] -= lr * lambda[i] * want[i]
			}
		}
		if !answer.AllNear(got, want) {
			is, should := answer.BothVectors(got, want)
			return fmt.Errorf("from θ = %s with η = %.5g on ½(%.5g θ₁² + %.5g θ₂²) your run returns %s after %s; it should return %s",
				answer.Vector(start), lr, lambda[0], lambda[1], is, plural.Of(steps, "step"), should)
		}
		if asked > steps {
			return fmt.Errorf("your run computes %d gradients in %s; one for each step is enough", asked, plural.Of(steps, "step"))
		}
	}
	return nil
}
