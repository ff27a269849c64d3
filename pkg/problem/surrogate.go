package problem

import "math"

// Surrogate is a loss of a classifier on one example, as a function of the margin m = y f(x), the label y being −1 or
// 1: the example is on the right side where m > 0, by how much m says (claim G6).
type Surrogate struct {
	Name string
	Loss func(m float64) float64
	// Derivative is Loss's with respect to m; where that has a kink or a jump, the derivative to the right of it.
	Derivative func(m float64) float64
}

// Surrogates are the 0-1 loss, which counts mistakes and has no slope to follow, and what is minimized in its place:
// squared (1−m)², logistic log₂(1+e^−m) and hinge max(0, 1−m). Each of these is convex, at least as great as the 0-1
// loss, and 1 at m = 0, for which the logistic loss is measured in bits: Logistic's is ln 2 times it.
func Surrogates() []Surrogate {
	return []Surrogate{
		{
			Name: "0-1",
			Loss: func(m float64) float64 {
				if m > 0 {
					return 0
				}
				return 1
			},
			Derivative: func(float64) float64 { return 0 },
		},
		{
			Name:       "squared",
			Loss:       func(m float64) float64 { return (1 - m) * (1 - m) },
			Derivative: func(m float64) float64 { return 2 * (m - 1) },
		},
		{
			Name:       "logistic",
			Loss:       func(m float64) float64 { return softplus(-m) / math.Ln2 },
			Derivative: func(m float64) float64 { return -Sigmoid.At(-m) / math.Ln2 },
		},
		{
			Name: "hinge",
			Loss: func(m float64) float64 { return max(0, 1-m) },
			Derivative: func(m float64) float64 {
				if m < 1 {
					return -1
				}
				return 0
			},
		},
	}
}
