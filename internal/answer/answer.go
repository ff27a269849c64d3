// Package answer compares what somebody's function returns with what is right, and writes it in the sentence that says so.
package answer

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Tolerance is how far an answer may be from ours, as a part of its size: room for another order of the operations.
const Tolerance = 1e-9

// Near tells whether two numbers differ by rounding alone.
func Near(got, want float64) bool { return Within(got, want, Tolerance) }

// AllNear tells whether two vectors have the same length and differ by rounding alone.
func AllNear(got, want []float64) bool { return AllWithin(got, want, Tolerance) }

// Within tells whether two numbers differ by no more than a part of the larger of 1 and their size.
func Within(got, want, part float64) bool {
	return math.Abs(got-want) <= part*math.Max(1, math.Abs(want))
}

// AllWithin tells whether two vectors have the same length and each pair of their numbers is within the part, as Within has it.
func AllWithin(got, want []float64, part float64) bool {
	return slices.EqualFunc(got, want, func(got, want float64) bool { return Within(got, want, part) })
}

// Vector writes a vector as text does: (1, −0.5).
func Vector(v []float64) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = fmt.Sprintf("%.5g", x)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Vectors writes vectors, or the rows of a matrix, one after the other: (1, 0), (0, 2).
func Vectors(all [][]float64) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = Vector(v)
	}
	return strings.Join(parts, ", ")
}

// Rows copies rows, so that whoever gets them may change them.
func Rows[V any](rows [][]V) [][]V {
	copied := make([][]V, len(rows))
	for i, row := range rows {
		copied[i] = slices.Clone(row)
	}
	return copied
}
