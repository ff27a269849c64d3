package figure

import "slices"

// ConfidenceIntervals is Intervals of estimates, a slice of values with their
// ends, such as []stat.Interval. An estimate from one run has no interval: its
// value is drawn alone.
func (f *Figure) ConfidenceIntervals(name string, xs, estimates Numbers) *Figure {
	values, low, high, err := endsOf(estimates)
	f = f.made()
	f.fail(err)
	return f.Intervals(name, xs, values, low, high)
}

// ConfidenceBand is Band from the lower to the upper ends of estimates, a slice of
// values with their ends, such as []stat.Interval. Estimates from one run have no
// intervals: no band is drawn.
func (f *Figure) ConfidenceBand(name string, xs, estimates Numbers) *Figure {
	_, low, high, err := endsOf(estimates)
	f = f.made()
	f.fail(err)
	if len(low) > 0 && slices.Equal(low, high) {
		return f
	}
	return f.Band(name, xs, low, high)
}
