package task

import "math"

// It makes new rows, with means and deviations computed first.
func standardize(learn, report [][]float64) (a, b [][]float64) {
	d, n := len(learn[0]), float64(len(learn))
	mean, deviation := make([]float64, d), make([]float64, d)
	for _, row := range learn {
		for j, x := range row {
			mean[j] += x / n
		}
	}
	for _, row := range learn {
		for j, x := range row {
			deviation[j] = math.Hypot(deviation[j], (x-mean[j])/math.Sqrt(n))
		}
	}
	scale := func(rows [][]float64) (all [][]float64) {
		for _, row := range rows {
			next := make([]float64, d)
			for j, x := range row {
				next[j] = x - mean[j]
				if deviation[j] > 1e-12 {
					next[j] /= deviation[j]
				}
			}
			all = append(all, next)
		}
		return all
	}
	return scale(learn), scale(report)
}
