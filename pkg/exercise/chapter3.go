package exercise

import (
	"fmt"
	"math"
	"slices"

	"descent.example/internal/answer"
)

// RunningMean is an error unless mean keeps an average without its terms. mean gets the average of θ_1, …, θ_{n−1}, then θ_n (of the same
// length), and n ≥ 1, and returns the average of θ_1, …, θ_n as a new slice or in its first argument.
func RunningMean(mean func(mean, theta []float64, n int) []float64) error {
	for _, points := range [][][]float64{{{3, -1}}, {{1}, {3}, {8}}, {{2, 0}, {-4, 1}, {5, 7}, {1, -6}}} {
		got, sum := make([]float64, len(points[0])), make([]float64, len(points[0]))
		for k, theta := range points {
			before := slices.Clone(got)
			got = mean(got, slices.Clone(theta), k+1)
			want := make([]float64, len(sum))
			for i := range sum {
				sum[i] += theta[i]
				want[i] = sum[i] / float64(k+1)
			}
			if !answer.AllNear(got, want) {
				return fmt.Errorf("for the old mean %s, the new θ = %s and n = %d you return %s; the new mean is %s",
					answer.Vector(before), answer.Vector(theta), k+1, answer.Vector(got), answer.Vector(want))
			}
		}
	}
	return nil
}

// WarmUpCosine is an error unless rate is this schedule of steps t = 0, …, steps: it rises linearly from 0 at step 0 to peak at step warm, and falls along half a cosine to 0 at
// step steps; 0 ≤ warm < steps.
func WarmUpCosine(rate func(t, warm, steps int, peak float64) float64) error {
	for _, c := range []struct {
		warm, steps int
		peak        float64
	}{{10, 110, 0.4}, {1, 4, 2}, {0, 20, 1}, {30, 50, 0.1}} {
		for t := range c.steps + 1 {
			want := c.peak * (1 + math.Cos(math.Pi*float64(t-c.warm)/float64(c.steps-c.warm))) / 2
			if t < c.warm {
				want = c.peak * float64(t) / float64(c.warm)
			}
			if got := rate(t, c.warm, c.steps, c.peak); !answer.Near(got, want) {
				return fmt.Errorf("for warm = %d, steps = %d and peak = %g your rate at t = %d is %.5g; it should be %.5g",
					c.warm, c.steps, c.peak, t, got, want)
			}
		}
	}
	return nil
}

// AdaGrad is an error unless step follows the rule s ← s + g², θ ← θ − ηg/(√s + 10⁻⁸) over some steps. step gets θ, the gradient and s (of the same length), and the
// learning rate η > 0. It changes s, and returns the new θ as a new slice or in theta itself.
func AdaGrad(step func(theta, gradient, s []float64, lr float64) []float64) error {
	gradients := [][]float64{{3, -4}, {0, 1}, {-2, 0.5}}
	for _, lr := range []float64{0.1, 2} {
		theta, s := []float64{1, 2}, []float64{0, 0}
		want, sum := slices.Clone(theta), slices.Clone(s)
		for k, g := range gradients {
			before, old := slices.Clone(theta), slices.Clone(sum)
			theta = step(theta, slices.Clone(g), s, lr)
			for i := range g {
				sum[i] += g[i] * g[i]
				want[i] -= lr * g[i] / (math.Sqrt(sum[i]) + 1e-8)
			}
			if !answer.AllNear(s, sum) {
				return fmt.Errorf("in step %d, with the gradient %s, s goes from %s to %s; it should go to %s", k+1, answer.Vector(g), answer.Vector(old), answer.Vector(s), answer.Vector(sum))
			}
			if !answer.AllNear(theta, want) {
				return fmt.Errorf("for θ = %s, the gradient %s, s = %s before the step and η = %g you return %s; it should be %s",
					answer.Vector(before), answer.Vector(g), answer.Vector(old), lr, answer.Vector(theta), answer.Vector(want))
			}
		}
	}
	return nil
}
