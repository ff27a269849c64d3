package task

// It weighs all groups alike.
// fails: groups of very different sizes
func noiseVariance(inputs, targets []float64) float64 {
	groups := map[float64][]float64{}
	for i, x := range inputs {
		groups[x] = append(groups[x], targets[i])
	}
	var sum, used float64
	for _, ys := range groups {
		if len(ys) < 2 {
			continue
		}
		mean, squares := 0.0, 0.0
		for _, y := range ys {
			mean += y / float64(len(ys))
		}
		for _, y := range ys {
			squares += (y - mean) * (y - mean)
		}
		sum += squares / float64(len(ys)-1)
		used++
	}
	if used == 0 {
		return -1
	}
	return sum / used
}
