package task

// It divides by the number of examples in the groups, not by that less the number of groups.
// fails: one evening, five times
// fails: groups of very different sizes
func noiseVariance(inputs, targets []float64) float64 {
	groups := map[float64][]float64{}
	for i, x := range inputs {
		groups[x] = append(groups[x], targets[i])
	}
	squares, n := 0.0, 0
	for _, ys := range groups {
		if len(ys) < 2 {
			continue
		}
		mean := 0.0
		for _, y := range ys {
			mean += y / float64(len(ys))
		}
		for _, y := range ys {
			squares += (y - mean) * (y - mean)
		}
		n += len(ys)
	}
	if n == 0 {
		return -1
	}
	return squares / float64(n)
}
