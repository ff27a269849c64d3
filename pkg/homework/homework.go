// Package homework checks what students write in the assignments, one file for each assignment. A check takes the student's functions
// and a source of random numbers, from which it draws its cases. It returns nil when the functions do what is asked, and
// otherwise an error: one sentence with a case that goes wrong, what came out, and what should.
//
// A check runs in the student's notebook, and in the grader, where the functions are asked across a wall. So it calls them from
// its own goroutine, with numbers, strings, slices, structs and functions of these, and expects nothing of them to be shared but what
// it gave them.
package homework

import (
	"math"
	"math/rand/v2"
)

// draw returns n numbers between −scale and scale, of few digits, so that a sentence can show them.
func draw(rng *rand.Rand, n int, scale float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = hundredths(scale * (2*rng.Float64() - 1))
	}
	return v
}

// hundredths rounds a number to two digits after the point.
func hundredths(x float64) float64 { return math.Round(100*x) / 100 }
