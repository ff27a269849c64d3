package lecture

import (
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Graph is a picture on the target's interval, without a curve yet: a Line or a Theory with xs nil is drawn over all of it.
func Graph(title string, target problem.Target) *figure.Figure {
	return figure.New(title, figure.X("x").Range(target.Lo, target.Hi), figure.Y("f(x)"))
}

// DrawElbows (claim N3) draws scaled elbows on [−2, 2], as in lecture figure 5: the side on which each is on, and its knot. They share
// the other side, on which all of them are 0.
func DrawElbows(elbows ...relu.Elbow) *figure.Figure {
	title := "Scaled elbows"
	if len(elbows) == 1 {
		title = "Your elbow"
	}
	fig := onElbow(title, "v · max(0, wx + b)").Theory("0 where it is off", []float64{-2, 2}, []float64{0, 0})
	for _, e := range elbows {
		fig.Line(e.String(), onSide(e), e.At)
		if math.Abs(e.Knot()) < 2 {
			fig.Mark("knot −b/w", e.Knot(), 0)
		}
	}
	return fig
}

// DrawElbowGradient (claim N3) draws the derivatives of an elbow with respect to its three parameters on [−2, 2].
func DrawElbowGradient(e relu.Elbow) *figure.Figure {
	fig := onElbow("Its derivatives", "derivative").Theory("0 where it is off", []float64{-2, 2}, []float64{0, 0})
	for i, name := range []string{"∂f/∂v = wx + b", "∂f/∂w = vx", "∂f/∂b = v"} {
		fig.Line(name, onSide(e), func(x float64) float64 {
			v, w, b := e.Gradient(x)
			return []float64{v, w, b}[i]
		})
	}
	return fig
}

func onElbow(title, y string) *figure.Figure {
	return figure.New(title, figure.X("x").Range(-2, 2), figure.Y(y))
}

// onSide are places on the part of [−2, 2] on which an elbow is on; on the whole of it where the elbow is on nowhere in it.
func onSide(e relu.Elbow) []float64 {
	const beside = 0.005 // the knot, where a derivative jumps: too little to be seen
	from, to := -2.0, 2.0
	switch {
	case e.W > 0:
		from = max(from, e.Knot()+beside)
	case e.W < 0:
		to = min(to, e.Knot()-beside)
	}
	if from >= to {
		from, to = -2, 2
	}
	return figure.Between(from, to)
}
