package lecture

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// StepTable (claim G1) is one step in the plane, taken in three ways, and how far each is from that by hand: for lab.Table. It panics
// when the three do not have the same length.
func StepTable(hand, auto, trained []float64) (header []string, rows [][]string) {
	for i, theta := range [][]float64{hand, auto, trained} {
		row := []string{[]string{"hand", "autodiff", "trainer"}[i]}
		for _, v := range theta {
			row = append(row, fmt.Sprintf("%.4f", v))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.1g", floats.Distance(theta, hand, math.Inf(1)))))
	}
	header = []string{"one step by"}
	for i := range hand {
		header = append(header, fmt.Sprintf("$\\theta_%d$", i+1))
	}
	return append(header, "off by"), rows
}
