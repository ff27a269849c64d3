package exercise

import (
	"fmt"
	"math"
	"slices"

	"descent.example/internal/answer"
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
		if !answer.AllNear(got, want) {
			return fmt.Errorf("for θ = %s, ∇L = %s and η = %g your step returns %s; it should return %s",
				answer.Vector(c.theta), answer.Vector(c.gradient), c.lr, answer.Vector(got), answer.Vector(want))
		}
	}
	return nil
}

// LargestRate checks a search for the largest rate at which training does not diverge. search gets a function that trains at
// a rate and says whether the run diverged, a rate that is stable and one that is not. It is an error when what it returns is off by more than
// 0.1 %, and when it trains more than 60 times.
func LargestRate(search func(diverges func(eta float64) bool, stable, unstable float64) float64) error {
	for _, c := range []struct{ threshold, stable, unstable float64 }{
		{0.497, 0.01, 2}, {0.2, 0.19, 0.3}, {1.9, 0.01, 2}, {0.0123, 0.01, 2},
	} {
		runs := 0
		got := search(func(eta float64) bool { runs++; return eta > c.threshold || math.IsNaN(eta) }, c.stable, c.unstable)
		if runs > 60 {
			return fmt.Errorf("between %g and %g your search trains %d times; halving the interval takes about 20", c.stable, c.unstable, runs)
		}
		if !(math.Abs(got/c.threshold-1) <= 1e-3) {
			return fmt.Errorf("training that diverges above η = %g, searched between %g and %g: your search returns %.5g; it should return %g to 0.1 %%",
				c.threshold, c.stable, c.unstable, got, c.threshold)
		}
	}
	return nil
}

// TopCurvature checks a power iteration. iterate gets a function that multiplies a vector by a symmetric matrix H of positive eigenvalues, and the
// length of the vector. It is an error when what it returns is not the largest eigenvalue, to 0.1 %.
func TopCurvature(iterate func(product func(v []float64) []float64, d int) float64) error {
	for _, c := range []struct {
		h    [][]float64
		want float64
	}{
		{[][]float64{{1, 0}, {0, 10}}, 10},
		{[][]float64{{4, 0}, {0, 1}}, 4},
		{[][]float64{{5.5, -4.5}, {-4.5, 5.5}}, 10}, // along (1, −1): a start at (1, 1) finds 1
		{[][]float64{{2, 0, 0}, {0, 3, 1}, {0, 1, 3}}, 4},
		{[][]float64{{0.5}}, 0.5},
	} {
		got := iterate(func(v []float64) []float64 {
			product := make([]float64, len(c.h))
			for i, row := range c.h {
				for j := range min(len(row), len(v)) {
					product[i] += row[j] * v[j]
				}
			}
			return product
		}, len(c.h))
		if !(math.Abs(got/c.want-1) <= 1e-3) {
			return fmt.Errorf("for the matrix with the rows %s your iteration returns %.5g; its largest eigenvalue is %g",
				answer.Vectors(c.h), got, c.want)
		}
	}
	return nil
}

// ProximalStep checks a step on L(θ) + ρ‖θ‖₁. step gets θ, ∇L(θ) (of the same length), the learning rate η > 0 and ρ ≥ 0. It is an error when step does
// not take the gradient step of L and then move every weight by ηρ toward 0 without passing it.
func ProximalStep(step func(theta, gradient []float64, lr, rho float64) []float64) error {
	for _, c := range []struct {
		theta, gradient []float64
		lr, rho         float64
		want            []float64
	}{
		{[]float64{1, -1}, []float64{0, 0}, 0.1, 2, []float64{0.8, -0.8}},
		{[]float64{0.1, -0.1, 0.5}, []float64{0, 0, 1}, 0.1, 2, []float64{0, 0, 0.2}},
		{[]float64{1, -1}, []float64{3, -4}, 0.1, 0, []float64{0.7, -0.6}},
		{[]float64{0, 0}, []float64{-5, 1}, 0.1, 2, []float64{0.3, 0}},
		{[]float64{0.1}, []float64{4}, 0.1, 1, []float64{-0.2}},
	} {
		got := step(slices.Clone(c.theta), slices.Clone(c.gradient), c.lr, c.rho)
		if !answer.AllNear(got, c.want) {
			return fmt.Errorf("for θ = %s, ∇L = %s, η = %g and ρ = %g your step returns %s; it should return %s",
				answer.Vector(c.theta), answer.Vector(c.gradient), c.lr, c.rho, answer.Vector(got), answer.Vector(c.want))
		}
		for i, v := range got {
			if c.want[i] == 0 && v != 0 {
				return fmt.Errorf("for θ = %s, ∇L = %s, η = %g and ρ = %g your step leaves θ_%d at %g; it should be exactly 0",
					answer.Vector(c.theta), answer.Vector(c.gradient), c.lr, c.rho, i+1, v)
			}
		}
	}
	return nil
}
