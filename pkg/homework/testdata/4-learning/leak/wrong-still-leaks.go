package task

import "math"

// It has mended the feature that never changes alone.
// fails: two features
func standardize(learn, report [][]float64) (a, b [][]float64) {
	all := append(learn[:len(learn):len(learn)], report...)
	for j := range learn[0] {
		var mean, square float64
		for _, row := range all {
			mean += row[j] / float64(len(all))
		}
		for _, row := range all {
			square += (row[j] - mean) * (row[j] - mean) / float64(len(all))
		}
		deviation := math.Sqrt(square)
		if deviation == 0 {
			deviation = 1
		}
		for _, row := range all {
			row[j] = (row[j] - mean) / deviation
		}
	}
	return learn, report
}
