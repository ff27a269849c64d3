package task

import "math"

// Each side has a mean and a deviation of its own.
// fails: two features
func standardize(learn, report [][]float64) (a, b [][]float64) {
	for _, side := range [][][]float64{learn, report} {
		for j := range side[0] {
			var mean, square float64
			for _, row := range side {
				mean += row[j] / float64(len(side))
			}
			for _, row := range side {
				square += (row[j] - mean) * (row[j] - mean) / float64(len(side))
			}
			if square == 0 {
				square = 1
			}
			for _, row := range side {
				row[j] = (row[j] - mean) / math.Sqrt(square)
			}
		}
	}
	return learn, report
}
