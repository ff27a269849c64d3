package task

import "math"

// It collects the groups, and then looks at one after the other.
func noiseVariance(inputs, targets []float64) float64 {
	groups := map[float64][]float64{}
	for i := range inputs {
		groups[inputs[i]] = append(groups[inputs[i]], targets[i])
	}
	squares, free := 0.0, 0
	for _, ys := range groups {
		mean := 0.0
		for _, y := range ys {
			mean += y
		}
		mean /= float64(len(ys))
		for _, y := range ys {
			squares += math.Pow(y-mean, 2)
		}
		free += len(ys) - 1
	}
	if free == 0 {
		return -1
	}
	return squares / float64(free)
}
