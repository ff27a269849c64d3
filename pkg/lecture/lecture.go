// Package lecture holds the lecture's experiments: one function for a claim, which the notebook's cell and the claim's
// test both call. A function takes plain settings, and returns what was measured beside what theory says; it draws
// nothing.
package lecture

import (
	"fmt"
	"math"
)

// Span is a range for an axis that shows all the finite values with a margin of a tenth to each side.
func Span(values []float64) (ends [2]float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		low, high = 0, 0
	}
	margin := (high - low) / 10
	if margin == 0 {
		margin = 1
	}
	return [2]float64{low - margin, high + margin}
}

// mustCount is counts for functions without an error.
func mustCount(name string, n int) {
	if err := counts(name, n); err != nil {
		panic(err)
	}
}

// counts says which of the numbers, each after its name, cannot be how many of something there are. Of steps there may be
// more than of what is kept.
func counts(named ...any) error {
	const most = 1 << 20
	for i := 0; i < len(named); i += 2 {
		switch name, n := named[i].(string), named[i+1].(int); {
		case n < 1:
			return fmt.Errorf("%s is %d: it must be at least 1", name, n)
		case n > most && name != "steps" && name != "limit":
			return fmt.Errorf("%s is %d: it must be at most %d", name, n, most)
		}
	}
	return nil
}
