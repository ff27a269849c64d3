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
	return got == want || !math.IsInf(want, 0) && math.Abs(got-want) <= part*math.Max(1, math.Abs(want))
}

// AllWithin tells whether two vectors have the same length and each pair of their numbers is within the part, as Within has it.
func AllWithin(got, want []float64, part float64) bool {
	return slices.EqualFunc(got, want, func(got, want float64) bool { return Within(got, want, part) })
}

// Vector writes a vector as text does: (1, −0.5).
func Vector(v []float64) string { return vector(v, fewDigits) }

// fewDigits is how many digits a number has in a sentence.
const fewDigits = 5

func vector(v []float64, digits int) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = fmt.Sprintf("%.*g", digits, x)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Both writes what came out and what should have, with as many digits as it takes to tell them apart.
func Both(got, want float64) (string, string) {
	return apart(func(digits int) (string, string) {
		return fmt.Sprintf("%.*g", digits, got), fmt.Sprintf("%.*g", digits, want)
	})
}

// BothVectors writes two vectors like that.
func BothVectors(got, want []float64) (string, string) {
	return apart(func(digits int) (string, string) { return vector(got, digits), vector(want, digits) })
}

// apart raises the number of digits until two texts differ, or have all that there are.
func apart(write func(digits int) (string, string)) (a, b string) {
	for digits := fewDigits; digits <= 17 && a == b; digits++ {
		a, b = write(digits)
	}
	return a, b
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
