package lecture

import (
	"fmt"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
)

// BatchGradient is the mean of the gradients of the examples of a batch, [d], by their indices.
func (s *Study) BatchGradient(theta []float64, batch []int) []float64 {
	gradient := make([]float64, len(theta))
	for _, i := range batch {
		x := s.Features.RawRowView(i)
		floats.AddScaled(gradient, (floats.Dot(x, theta)-s.Targets[i])/float64(len(batch)), x)
	}
	return gradient
}

// descended are as many places of gradient descent as path has, from where path begins.
func (s *Study) descended(path [][]float64, eta float64) [][]float64 {
	places := make([][]float64, len(path))
	for t := range path {
		places[t] = s.Descent.Iterate(eta, path[0], t)
	}
	return places
}

// DrawWalk (claim S2) shows a path of SGD at the rate η beside that of gradient descent from the same start.
func (s *Study) DrawWalk(path [][]float64, eta float64) *figure.Figure {
	return s.Map("The same start, the same learning rate").Trajectory("SGD", path).Trajectory("gradient descent", s.descended(path, eta))
}

// CompareWalk (claim S2) says how far both got, and at how many examples they looked, SGD at b a step.
func (s *Study) CompareWalk(path [][]float64, eta float64, b int) string {
	end, n := len(path)-1, len(s.Targets)
	return fmt.Sprintf("Excess loss: %.2g at the start. After %d steps: SGD %.2g, gradient descent %.2g.\nGradients of single patients computed: SGD %d, gradient descent %d.",
		s.above(path[0]), end, s.above(path[end]), s.above(s.descended(path, eta)[end]), b*end, n*end)
}
