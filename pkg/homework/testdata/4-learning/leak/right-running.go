package task

import "math"

// It keeps running means and sums of squares (Welford).
func standardize(learn, report [][]float64) (a, b [][]float64) {
	for j := range learn[0] {
		mean, m2 := 0.0, 0.0
		for i, row := range learn {
			off := row[j] - mean
			mean += off / float64(i+1)
			m2 += off * (row[j] - mean)
		}
		divide := math.Sqrt(m2 / float64(len(learn)))
		if m2 == 0 {
			divide = 1
		}
		for i := range learn {
			learn[i][j] = (learn[i][j] - mean) / divide
		}
		for i := range report {
			report[i][j] = (report[i][j] - mean) / divide
		}
	}
	return learn, report
}
