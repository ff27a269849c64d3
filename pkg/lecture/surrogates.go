package lecture

import (
	"context"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// surrogateNode is one of problem.Surrogates in a graph, by its name.
func surrogateNode(name string, m *graph.Node) *graph.Node {
	constant := func(v float64) *graph.Node {
		return graph.BroadcastToDims(graph.Const(m.Graph(), v), m.Shape().Dimensions...)
	}
	zero := constant(0)
	switch name {
	case "0-1":
		return graph.Where(graph.LessOrEqual(m, zero), constant(1), zero)
	case "squared":
		return graph.Square(graph.Sub(constant(1), m))
	case "logistic": // stable for margins of any size
		tail := graph.Log1P(graph.Exp(graph.Neg(graph.Abs(m))))
		return graph.Mul(graph.Add(graph.Max(zero, graph.Neg(m)), tail), constant(1/math.Ln2))
	}
	return graph.Max(zero, graph.Sub(constant(1), m)) // hinge
}

// margins is the problem of telling the patients whose disease progressed more than the median from the others, linearly
// from all ten measurements and a bias, by a surrogate.
type margins struct {
	surrogate string     // its name
	x         *mat.Dense // [n, 11], the last column 1
	y         []float64  // ±1
}

func newMargins(surrogate string) (*margins, error) {
	fit, err := problem.Diabetes()
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	data := fit.Data()
	x, y := data[0].Value().([][]float64), data[1].Value().([]float64)
	median := Quantile(y, 0.5)
	p := &margins{surrogate, mat.NewDense(len(y), 11, nil), make([]float64, len(y))}
	for i := range y {
		p.x.SetRow(i, append(append([]float64(nil), x[i]...), 1))
		p.y[i] = 1
		if y[i] < median {
			p.y[i] = -1
		}
	}
	return p, nil
}

func (p *margins) Data() []*tensors.Tensor {
	n, d := p.x.Dims()
	return []*tensors.Tensor{tensors.FromFlatDataAndDimensions(p.x.RawMatrix().Data, n, d), tensors.FromFlatDataAndDimensions(p.y, n)}
}

func (p *margins) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	theta := scope.VariableWithValue("theta", make([]float64, 11)).NodeValue(g)
	m := graph.Mul(batch[1], graph.Dot(batch[0], theta).Product())
	loss := surrogateNode(p.surrogate, m)
	mean := make([]float64, loss.Shape().Dim(0))
	for i := range mean {
		mean[i] = 1 / float64(len(mean))
	}
	return graph.Dot(loss, graph.Const(g, mean)).Product()
}

// mistakes is the part of the examples on the wrong side.
func (p *margins) mistakes(theta []float64) float64 {
	wrong := 0
	for i, y := range p.y {
		if y*floats.Dot(p.x.RawRowView(i), theta) <= 0 {
			wrong++
		}
	}
	return float64(wrong) / float64(len(p.y))
}

// DrawSurrogates shows the losses over the margin, and how strongly each pulls an example toward the correct side, −dℓ/dm. A curve that
// jumps is drawn in two pieces; what lies beyond the frame is left out.
func DrawSurrogates() *figure.Figure {
	losses := figure.New("Loss of one example", figure.X("margin m = y f(x)"), figure.Y("loss ℓ(m)").Range(-0.1, 3.1))
	pulls := figure.New("Pull of one example", figure.X("margin m = y f(x)"), figure.Y("pull −dℓ/dm").Range(-1.6, 2.6))
	draw := func(fig *figure.Figure, name string, least, most float64, of func(m float64) float64) {
		inside := slices.DeleteFunc(slices.Clone(jumps), func(m float64) bool { return of(m) < least || of(m) > most })
		fig.Line(name, inside, figure.Column(inside, withGap(of)))
	}
	for _, s := range problem.Surrogates() {
		draw(losses, s.Name, 0, 3.1, s.Loss)
		draw(pulls, s.Name, -1.6, 2.6, func(m float64) float64 { return 0 - s.Derivative(m) })
	}
	return figure.Row(losses, pulls)
}

// jumps are margins at which to draw the surrogates: two neighbors at each of 0 and 1, where some jump, with a place for a gap between.
var jumps = func() []float64 {
	margins := figure.Between(-2, 3)
	for _, at := range []float64{0, 1} {
		margins = append(margins, at-1e-9, at, at+1e-9)
	}
	slices.Sort(margins)
	return slices.Compact(margins)
}()

// withGap is a function without the place where it jumps.
func withGap(of func(m float64) float64) func(m float64) float64 {
	return func(m float64) float64 {
		if math.Abs(of(m+1e-9)-of(m-1e-9)) > 0.5 {
			return math.NaN()
		}
		return of(m)
	}
}

// Followed (claim G6) is what gradient descent makes of a surrogate.
type Followed struct {
	Name      string
	Gradient  float64 // ‖∇L‖ at the start
	Left      float64 // ‖∇L‖ at the end
	Moved     float64 // how far it got, ‖θ_T − θ_0‖
	Mistakes  float64 // of the result, as part of the patients
	AtStart   float64 // of the start
	FinalLoss float64
}

// FollowSurrogates (claim G6) runs gradient descent at the rate eta on each of problem.Surrogates from the same start, a small one that is
// wrong about as often as right. It is an error when steps or eta cannot be, and when a run fails.
func FollowSurrogates(ctx context.Context, eta float64, steps int) ([]Followed, error) {
	if err := counts("Steps", steps); err != nil {
		return nil, err
	}
	start := make([]float64, 11)
	for i := range start {
		start[i] = 0.01 * math.Cos(3*float64(i))
	}
	var all []Followed
	for _, s := range problem.Surrogates() {
		p, err := newMargins(s.Name)
		if err != nil {
			return nil, err
		}
		t, err := NewTrainer(p, "SGD", train.Record{GradNorm: true})
		if err != nil {
			return nil, err
		}
		h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: steps, Start: map[string]any{"theta": start}})
		t.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, Followed{s.Name, h.GradNorm[0], h.GradNorm[len(h.GradNorm)-1], floats.Distance(h.Final, start, 2), p.mistakes(h.Final), p.mistakes(start), h.Loss[len(h.Loss)-1]})
	}
	return all, nil
}
