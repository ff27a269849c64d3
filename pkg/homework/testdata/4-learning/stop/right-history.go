package task

import "math"

// It keeps all losses.
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	history := []float64{math.Inf(1)}
	for len(history) <= most && len(history)-1-best < patience {
		history = append(history, train())
		for e, l := range history {
			if l < history[best] {
				best = e
			}
		}
	}
	return best, history[best]
}
