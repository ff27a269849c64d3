package task

import "math"

// It divides by a deviation that is 0 but for rounding.
// fails: six features, one of which never changes
func standardize(learn, report [][]float64) (a, b [][]float64) {
	all := append(learn[:len(learn):len(learn)], report...)
	for j := range learn[0] {
		var mean, square float64
		for _, row := range learn {
			mean += row[j] / float64(len(learn))
		}
		for _, row := range learn {
			square += (row[j] - mean) * (row[j] - mean) / float64(len(learn))
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
