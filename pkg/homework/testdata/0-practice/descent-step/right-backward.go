package task

import "slices"

func descentStep(theta, gradient []float64, lr float64) []float64 {
	next := slices.Clone(theta)
	for i := len(next) - 1; i >= 0; i-- {
		next[i] = -lr*gradient[i] + next[i]
	}
	return next
}
