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
	margin := (high/2 - low/2) / 5 // the whole span may be beyond float64
	if margin == 0 {
		margin = 1
	}
	return [2]float64{max(low-margin, -math.MaxFloat64), min(high+margin, math.MaxFloat64)}
}

// mustCount is counts for functions without an error.
func mustCount(name string, n int) {
	if err := counts(name, n); err != nil {
		panic(err)
	}
}

// counts says which of the numbers, each after its name, cannot be how many of something there are. There may be more steps
// than of what is kept of each.
func counts(named ...any) error {
	for i := 0; i < len(named); i += 2 {
		name, n, most := named[i].(string), named[i+1].(int), 1<<20
		if name == "steps" || name == "limit" {
			most = 1 << 30
		}
		if n < 1 || n > most {
			return fmt.Errorf("%s is %d: it must be between 1 and %d", name, n, most)
		}
	}
	return nil
}
