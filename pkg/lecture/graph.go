package lecture

import (
	"fmt"
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Graph is a picture on the target's interval, without a curve yet: a Line or a Theory with xs nil is drawn over all of it.
func Graph(title string, target problem.Target) *figure.Figure {
	return figure.New(title, figure.X("x").Range(target.Lo, target.Hi), figure.Y("f(x)"))
}

// DrawElbows (claim N3) draws elbows on [−2, 2] with their knots, as in lecture figure 5. The first is called yours.
func DrawElbows(yours relu.Elbow, others ...relu.Elbow) *figure.Figure {
	fig := onElbow("Scaled elbows, with their knots", "v · max(0, wx + b)")
	for i, e := range append([]relu.Elbow{yours}, others...) {
		name := "yours"
		if i > 0 {
			name = e.String()
		}
		fig.Line(name, bends(e), e.At)
		if math.Abs(e.Knot()) < 2 {
			fig.Mark("knot −b/w", e.Knot(), 0)
		}
	}
	return fig
}

// DrawElbowGradient (claim N3) draws the derivatives of an elbow with respect to its three parameters on [−2, 2].
func DrawElbowGradient(e relu.Elbow) *figure.Figure {
	fig := onElbow("How yours changes with its parameters", "derivative")
	for i, name := range []string{"∂/∂v", "∂/∂w", "∂/∂b"} {
		fig.Line(name, bends(e), func(x float64) float64 {
			v, w, b := e.Gradient(x)
			return []float64{v, w, b}[i]
		})
	}
	return fig
}

// DrawParts (claim N5) draws the scaled elbows that a net adds up, the first dozen of them. It panics when the net has not one hidden
// layer, one input and one output.
func DrawParts(net *relu.Net, target problem.Target) *figure.Figure {
	elbows, _, err := net.Elbows()
	if err != nil {
		panic(err)
	}
	fig := figure.New("Its elbows, scaled", figure.X("x").Range(target.Lo, target.Hi), figure.Y("v · max(0, wx + b)"))
	for i, e := range elbows[:min(len(elbows), 12)] {
		fig.Line(fmt.Sprintf("elbow %d", i+1), nil, e.At)
	}
	return fig
}

func onElbow(title, y string) *figure.Figure {
	return figure.New(title, figure.X("x").Range(-2, 2), figure.Y(y))
}

// bends are the few places on [−2, 2] between which an elbow and its derivatives are straight.
func bends(e relu.Elbow) []float64 {
	if knot := e.Knot(); math.Abs(knot) < 2 {
		return []float64{-2, knot - 1e-9, knot + 1e-9, 2}
	}
	return []float64{-2, 2}
}
