package bench

import (
	"errors"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"descent.example/pkg/stat"
)

// Median returns the sample median of independent values, and the interval between two of them that holds the median of
// their distribution with at least the confidence, whatever the distribution: below the r-th smallest of n values lies
// the median with the probability that fewer than r of n tosses of a coin are heads. It is an error when there are too
// few values for the confidence: 0.95 wants 6.
func Median(xs []float64, confidence float64) (stat.Interval, error) {
	n := len(xs)
	sorted := slices.Sorted(slices.Values(xs))
	heads := distuv.Binomial{N: float64(n), P: 0.5}
	r := 0
	for r < n/2 && heads.CDF(float64(r)) <= (1-confidence)/2 {
		r++
	}
	if r == 0 {
		return stat.Interval{}, errors.New("there are too few values for a confidence interval of the median")
	}
	return stat.Interval{Value: middle(sorted), Low: sorted[r-1], High: sorted[n-r]}, nil
}

// middle is the median of sorted values.
func middle(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
