package task

// It keeps running means.
func noiseVariance(inputs, targets []float64) float64 {
	type group struct{ n, mean float64 }
	groups, squares := map[float64]group{}, 0.0
	for i, x := range inputs {
		g := groups[x]
		g.n++
		off := targets[i] - g.mean
		g.mean += off / g.n
		squares += off * (targets[i] - g.mean)
		groups[x] = g
	}
	if free := len(inputs) - len(groups); free > 0 {
		return squares / float64(free)
	}
	return -1
}
