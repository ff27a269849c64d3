package exercise

import (
	"fmt"
	"slices"
)

// DescentStep checks one step of gradient descent. step gets θ, ∇L(θ) (of the same length) and the learning rate η > 0. It is
// an error when step does not return θ − η∇L(θ), in a new slice or in theta itself.
func DescentStep(step func(theta, gradient []float64, lr float64) []float64) error {
	for _, c := range []struct {
		theta, gradient []float64
		lr              float64
	}{
		{[]float64{1, 2}, []float64{3, -4}, 0.1},
		{[]float64{-2}, []float64{0.5}, 2},
		{[]float64{0.3, 0, -7, 1}, []float64{0, 1, -2, 8}, 0.05},
	} {
		want := make([]float64, len(c.theta))
		for i := range want {
			want[i] = c.theta[i] - c.lr*c.gradient[i]
		}
		got := step(slices.Clone(c.theta), slices.Clone(c.gradient), c.lr)
		if !allNear(got, want) {
			return fmt.Errorf("for θ = %s, ∇L = %s and η = %g your step returns %s; it should return %s",
				vector(c.theta), vector(c.gradient), c.lr, vector(got), vector(want))
		}
	}
	return nil
}
