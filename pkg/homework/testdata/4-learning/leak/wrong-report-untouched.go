package task

import "math"

// It leaves the examples that report as they are.
// fails: two features
func standardize(learn, report [][]float64) (a, b [][]float64) {
	for j := range learn[0] {
		var mean, square float64
		for _, row := range learn {
			mean += row[j] / float64(len(learn))
		}
		for _, row := range learn {
			square += (row[j] - mean) * (row[j] - mean) / float64(len(learn))
		}
		if square == 0 {
			square = 1
		}
		for _, row := range learn {
			row[j] = (row[j] - mean) / math.Sqrt(square)
		}
	}
	return learn, report
}
