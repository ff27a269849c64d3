package lecture

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// PlaneNet is a net of two inputs and two outputs, and what it learns.
type PlaneNet struct {
	Model        problem.MLP
	Data, Unseen *problem.Labeled // to learn from, by the cross-entropy, and to test on
	Optimizer    string           // of pkg/optim
}

// OwnPlane (claims N9, W1) is a net that learned to tell two classes of the plane apart.
type OwnPlane struct {
	PlaneNet
	Step        []int
	Loss        []float64 // the mean cross-entropy on the examples, at each record
	Theta       []float64 // at the end
	Right       float64   // share of the examples that it tells right
	UnseenRight float64   // and of the unseen ones
	Regions     int       // activation regions in the frame; 0 if the units are not ReLUs
	folds       [2][][2]float64
}

// planeReach is how far the frame reaches to each side.
const planeReach = 1.2

// TrainPlane (claims N9, W1) trains a net and tests it on unseen examples. The start is problem.Uniform's, of the config's seed. It is an
// error when a setting cannot be, and when the run diverges.
func TrainPlane(ctx context.Context, c train.Config, of PlaneNet) (*OwnPlane, error) {
	model := of.Model
	net, err := problem.NewNet(model, of.Data)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, of.Optimizer, train.Record{FullLoss: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c.Start = problem.Uniform(model.Sizes, c.Seed).Start()
	c.Stride = max(1, c.Steps/40)
	h, err := t.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	if step, diverged := h.Diverged(); diverged {
		return nil, fmt.Errorf("training diverged at step %d: choose a smaller rate", step)
	}
	p := &OwnPlane{PlaneNet: of, Step: h.Step, Loss: h.FullLoss, Theta: h.Final,
		Right: model.Accuracy(h.Final, of.Data), UnseenRight: model.Accuracy(h.Final, of.Unseen)}
	if model.Activation != problem.ReLU {
		return p, nil
	}
	return p, p.fold()
}

// fold finds where the units fold the plane: the edges of the activation regions that lie within the frame.
func (p *OwnPlane) fold() error {
	net, err := relu.FromTheta(p.Theta, p.Model.Sizes...)
	if err != nil {
		return err
	}
	polygons, err := net.Polygons([2]float64{-planeReach, -planeReach}, [2]float64{planeReach, planeReach})
	if err != nil {
		return err
	}
	p.Regions = len(polygons)
	inside := func(a, b [2]float64) bool {
		for k := range 2 {
			if a[k] == b[k] && (a[k] == planeReach || a[k] == -planeReach) {
				return false // the frame's own
			}
		}
		return true
	}
	for _, polygon := range polygons {
		for i, a := range polygon {
			b := polygon[(i+1)%len(polygon)]
			// Two regions share an edge, of which one side runs the other way.
			if inside(a, b) && (a[0] < b[0] || a[0] == b[0] && a[1] < b[1]) {
				p.folds[0], p.folds[1] = append(p.folds[0], a), append(p.folds[1], b)
			}
		}
	}
	return nil
}

// Odds is the log of the odds of class 1 at a place, f₁ − f₀: the net decides for class 1 where it is positive.
func (p *OwnPlane) Odds(x, y float64) float64 {
	f := p.Model.Outputs(p.Theta, mat.NewDense(1, 2, []float64{x, y})).RawRowView(0)
	return f[1] - f[0]
}

// Draw (claims N9, W1) draws what the net decides where, the folds of its units and the examples; and the loss.
func (p *OwnPlane) Draw() *figure.Figure {
	const most = 6
	plane := figure.New("What the net decides", figure.X("x₁").Range(-planeReach, planeReach), figure.Y("x₂").Range(-planeReach, planeReach)).
		Contour("log odds", func(x, y float64) float64 { return max(-most, min(most, p.Odds(x, y))) }, -4, -2, 0, 2, 4)
	if len(p.folds[0]) > 0 {
		plane.Segments("folds", p.folds[0], p.folds[1])
	}
	for class := range 2 {
		var xs, ys []float64
		for i, label := range p.Data.Labels {
			if label == class {
				xs, ys = append(xs, p.Data.Features.At(i, 0)), append(ys, p.Data.Features.At(i, 1))
			}
		}
		plane.Points(fmt.Sprintf("class %d", class), xs, ys)
	}
	loss := figure.New("Loss", figure.X("step"), figure.LogY("cross-entropy on the examples")).Line("loss", p.Step, p.Loss)
	return figure.Row(plane, loss)
}

// String says how many examples the net tells right, and how many regions it has.
func (p *OwnPlane) String() string {
	words := fmt.Sprintf("Right: %.0f %% of the examples, %.0f %% of unseen ones.", 100*p.Right, 100*p.UnseenRight)
	if p.Regions > 0 {
		words += fmt.Sprintf(" The units fold the frame into %d linear regions.", p.Regions)
	}
	return words
}
