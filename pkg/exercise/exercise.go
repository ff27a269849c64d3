// Package exercise checks what a reader writes in the exercises of the lecture, one file for each chapter. A check takes
// the reader's function and tries it on cases of its own. It returns nil when the function does what is asked, and otherwise
// an error: one sentence with a case that the function gets wrong, what it gives there, and what it should.
package exercise

import (
	"fmt"
	"math"
	"strings"
)

// tolerance is how far an answer may be from ours, as a part of its size: room for another order of the operations.
const tolerance = 1e-9

// near tells whether two numbers differ by rounding alone.
func near(got, want float64) bool {
	return math.Abs(got-want) <= tolerance*math.Max(1, math.Abs(want))
}

// allNear tells whether two vectors have the same length and differ by rounding alone.
func allNear(got, want []float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range want {
		if !near(got[i], want[i]) {
			return false
		}
	}
	return true
}

// vector writes a vector as text does: (1, −0.5).
func vector(v []float64) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = fmt.Sprintf("%.5g", x)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// vectors writes vectors, or the rows of a matrix, one after the other: (1, 0), (0, 2).
func vectors(all [][]float64) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = vector(v)
	}
	return strings.Join(parts, ", ")
}
