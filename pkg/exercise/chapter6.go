package exercise

import (
	"fmt"
	"math"
	"slices"

	"descent.example/internal/answer"
	"descent.example/pkg/relu"
)

// Signs checks a net that has given signs at points on a line. write gets points that ascend, and the label of each, +1 or −1. It returns
// elbows, as many as there are changes of the label at most (and at least one), and a constant. Their sum is above 0 at the points labeled +1 and
// below 0 at the others. It is an error when there are more elbows, and when a sign is wrong.
func Signs(write func(points, labels []float64) (elbows []relu.Elbow, constant float64)) error {
	for _, points := range [][]float64{{0, 1}, {0, 1, 2}, {-2, -1.5, 0.25, 4}, {0.1, 0.2, 0.3, 5, 9}} {
		for code := range 1 << len(points) {
			var labels []float64
			changes := 0
			for i := range points {
				labels = append(labels, float64(2*(code>>i&1)-1))
				if i > 0 && labels[i] != labels[i-1] {
					changes++
				}
			}
			elbows, constant := write(slices.Clone(points), slices.Clone(labels))
			if most := max(1, changes); len(elbows) > most {
				return fmt.Errorf("for the labels %s you use %d elbows; the label changes %d times, so use at most %d", answer.Vector(labels), len(elbows), changes, most)
			}
			for i, x := range points {
				f := constant
				for _, e := range elbows {
					f += e.At(x)
				}
				if !(f*labels[i] > 0) {
					return fmt.Errorf("for the points %s with the labels %s your net gives %.5g at x = %g; its sign should be that of %+g", answer.Vector(points), answer.Vector(labels), f, x, labels[i])
				}
			}
		}
	}
	return nil
}

// LargestPart checks the rule of a diagnosis. name gets the root mean square errors that remain after no remedy, more examples, another
// training and other widths, and the standard deviation of the noise; they descend. It returns the name of the largest part of the first error's square:
// "examples", "learning", "units", "not explained" or "relationship". It is an error when it names another part.
func LargestPart(name func(left [5]float64) string) error {
	parts := []string{"examples", "learning", "units", "not explained", "relationship"}
	for _, left := range [][5]float64{
		{1, 0.2, 0.15, 0.1, 0.1}, {1, 0.95, 0.1, 0.1, 0.05}, {1, 0.9, 0.8, 0.2, 0.1}, {1, 0.95, 0.9, 0.85, 0.1}, {1, 0.95, 0.9, 0.85, 0.84},
		{1.3, 1.2, 1, 0.7, 0.65}, // the largest step of E is from 1 to 0.7, and so is that of E²
		{2, 1.6, 1.1, 0.5, 0},    // the largest step of E is from 1.1 to 0.5, but that of E² is from 2 to 1.6
		{0.5, 0.5, 0.5, 0.5, 0.5},
	} {
		want, most := "", math.Inf(-1)
		for i, part := range parts {
			size := left[i] * left[i]
			if i < 4 {
				size -= left[i+1] * left[i+1]
			}
			if size > most {
				want, most = part, size
			}
		}
		if got := name(left); got != want {
			return fmt.Errorf("for the errors %s you name %q; the largest part of E² is %q, with %.3g of %.3g", answer.Vector(left[:]), got, want, most, left[0]*left[0])
		}
	}
	return nil
}

// Split checks how examples are divided. split gets the inputs, some of which occur several times, and returns the indices of the examples to
// learn from and of those that report the error. It is an error when an example is on both sides or on none, when an input is on both sides, and
// when a side has less than a quarter of the examples.
func Split(split func(inputs []float64) (learn, report []int)) error {
	for _, inputs := range [][]float64{
		{0.1, 0.1, 0.7, 0.7, 0.3, 0.3, 0.9, 0.9}, {0.1, 0.7, 0.3, 0.9, 0.1, 0.7, 0.3, 0.9}, {0.5, 0.2, 0.5, 0.8, 0.5, 0.2, 0.1, 0.4, 0.6, 0.8},
	} {
		learn, report := split(slices.Clone(inputs))
		side := map[int]string{}
		for _, s := range []struct {
			name    string
			indices []int
		}{{"learn", learn}, {"report", report}} {
			for _, i := range s.indices {
				if i < 0 || i >= len(inputs) {
					return fmt.Errorf("for the inputs %s you return the index %d; the indices are 0 to %d", answer.Vector(inputs), i, len(inputs)-1)
				}
				if side[i] != "" {
					return fmt.Errorf("for the inputs %s example %d stands twice; it should stand on one side, once", answer.Vector(inputs), i)
				}
				side[i] = s.name
			}
			if 4*len(s.indices) < len(inputs) {
				return fmt.Errorf("for the inputs %s the side %q has %d of %d examples; it should have at least a quarter", answer.Vector(inputs), s.name, len(s.indices), len(inputs))
			}
		}
		for i, x := range inputs {
			if side[i] == "" {
				return fmt.Errorf("for the inputs %s example %d is on no side", answer.Vector(inputs), i)
			}
			if j := slices.Index(inputs, x); side[i] != side[j] {
				return fmt.Errorf("for the inputs %s the input %g is learned from and reports as well (examples %d and %d): that is the leak", answer.Vector(inputs), x, j, i)
			}
		}
	}
	return nil
}
