package exercise

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/internal/answer"
)

// BatchStep checks one step of SGD on least squares. step gets θ, the features and targets of all examples (features[i] is as long as θ),
// the indices of the batch (one may be there twice) and the learning rate η > 0. It is an error when step does not return
// θ − η/b Σ (xᵢᵀθ − yᵢ)xᵢ, summed over the b examples of the batch, in a new slice or in theta itself.
func BatchStep(step func(theta []float64, features [][]float64, targets []float64, batch []int, lr float64) []float64) error {
	features, targets := [][]float64{{1, 0}, {0, 2}, {1, -1}, {3, 1}}, []float64{1, -2, 0, 4}
	for _, c := range []struct {
		theta []float64
		batch []int
		lr    float64
	}{
		{[]float64{1, 2}, []int{1}, 0.1},
		{[]float64{1, 2}, []int{3, 0}, 0.1},
		{[]float64{-0.5, 0.25}, []int{2, 2, 1}, 0.3},
	} {
		want := slices.Clone(c.theta)
		for _, i := range c.batch {
			x := features[i]
			off := x[0]*c.theta[0] + x[1]*c.theta[1] - targets[i]
			for j := range want {
				want[j] -= c.lr / float64(len(c.batch)) * off * x[j]
			}
		}
		if got := step(slices.Clone(c.theta), features, slices.Clone(targets), slices.Clone(c.batch), c.lr); !answer.AllNear(got, want) {
			return fmt.Errorf("for x₀ … x₃ = %s, y = %s, the batch %v, θ = %s and η = %g your step returns %s; it should return %s",
				answer.Vectors(features), answer.Vector(targets), c.batch, answer.Vector(c.theta), c.lr, answer.Vector(got), answer.Vector(want))
		}
	}
	return nil
}

// NoiseScale checks the batch size at which noise and signal are equally large. scale gets the gradients of all examples, one a row. It is
// an error when scale does not return tr Σ/‖g‖², where g is their mean and Σ their covariance (divided by n).
func NoiseScale(scale func(gradients [][]float64) float64) error {
	for _, c := range []struct {
		gradients [][]float64
		want      float64
	}{
		{[][]float64{{3, 0}, {1, 0}}, 0.25},                   // mean (2, 0), variance 1
		{[][]float64{{1, 2}, {1, -2}, {1, 0}}, 8. / 3},        // mean (1, 0), variance 8/3
		{[][]float64{{0, 5}, {4, 1}, {2, 3}, {2, -1}}, 0.875}, // mean (2, 2), variance 7,
	} {
		if got := scale(answer.Rows(c.gradients)); !answer.Near(got, c.want) {
			return fmt.Errorf("for the gradients %s your function returns %.5g; it should return %.5g", answer.Vectors(c.gradients), got, c.want)
		}
	}
	return nil
}

// Epoch checks what draws the batches of one epoch. batches gets the number of examples n, a divisor b of it, and a source of random
// numbers. It is an error when it does not return n/b batches of b indices below n that hold each index exactly once, when a call returns
// what the call before did, and when not all indices are in the first batch equally often: over 4,000 calls, to 5 standard deviations.
func Epoch(batches func(n, b int, rng *rand.Rand) [][]int) error {
	rng := rand.New(rand.NewPCG(2, 10))
	for _, c := range [][2]int{{6, 2}, {12, 3}, {5, 5}} {
		n, b := c[0], c[1]
		got := batches(n, b, rng)
		if len(got) != n/b {
			return fmt.Errorf("for n = %d and b = %d your function returns %d batches; an epoch has %d", n, b, len(got), n/b)
		}
		seen := make([]int, n)
		for _, batch := range got {
			if len(batch) != b {
				return fmt.Errorf("for n = %d and b = %d your function returns the batch %v; it should have %d examples", n, b, batch, b)
			}
			for _, i := range batch {
				if i < 0 || i >= n {
					return fmt.Errorf("for n = %d and b = %d your function returns the batch %v; the indices are 0 to %d", n, b, batch, n-1)
				}
				seen[i]++
			}
		}
		for i, times := range seen {
			if times != 1 {
				return fmt.Errorf("for n = %d and b = %d the epoch %v shows example %d %d times; it should show it once", n, b, got, i, times)
			}
		}
	}
	const n, b, calls = 12, 3, 4000
	count, same := make([]int, n), 0
	var before [][]int
	for range calls {
		got := batches(n, b, rng)
		if len(got) != n/b || len(got[0]) != b {
			return fmt.Errorf("for n = %d and b = %d your function returns, now and then, an epoch of another form: %v", n, b, got)
		}
		for _, i := range got[0] {
			count[min(max(i, 0), n-1)]++
		}
		if slices.EqualFunc(got, before, slices.Equal) {
			same++
		}
		before = answer.Rows(got)
	}
	if same > 2 {
		return fmt.Errorf("two calls in turn return the same epoch, %v, %d times in %d; shuffle the examples anew in each", before, same, calls)
	}
	deviation := math.Sqrt(calls * 0.25 * 0.75)
	for i, times := range count {
		if math.Abs(float64(times)-calls*0.25) > 5*deviation {
			return fmt.Errorf("in %d calls with n = %d and b = %d, example %d is in the first batch %d times; it should be there about %d times", calls, n, b, i, times, calls/4)
		}
	}
	return nil
}

// Growth checks both conditions of stability in one dimension. growth gets the features of all examples and the learning rate η. SGD on one
// example at a time multiplies the distance to the optimum by 1 − ηx². It is an error when growth does not return the mean of (1 − ηx²)²,
// and the mean of ln|1 − ηx²|.
func Growth(growth func(xs []float64, lr float64) (meanSquare, typical float64)) error {
	for _, c := range []struct {
		xs []float64
		lr float64
	}{{[]float64{1}, 0.1}, {[]float64{1, -2}, 0.45}, {[]float64{0.5, 1, 3}, 0.3}} {
		square, typical := 0.0, 0.0
		for _, x := range c.xs {
			factor := 1 - c.lr*x*x
			square += factor * factor / float64(len(c.xs))
			typical += math.Log(math.Abs(factor)) / float64(len(c.xs))
		}
		gotSquare, gotTypical := growth(slices.Clone(c.xs), c.lr)
		if !answer.Near(gotSquare, square) || !answer.Near(gotTypical, typical) {
			return fmt.Errorf("for x = %s and η = %g your function returns %.5g and %.5g; it should return %.5g and %.5g",
				answer.Vector(c.xs), c.lr, gotSquare, gotTypical, square, typical)
		}
	}
	return nil
}
