package lecture

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/train"
)

// Edge (claim G3) is how sharp the loss of a net is on the way of gradient descent at one rate.
type Edge struct {
	Rate      float64
	Step      []int     // at which the sharpness was taken
	Sharpness []float64 // λ_max of the Hessian
	Loss      []float64 // after every step
	Length    []float64 // of every step, ‖θ_{t+1} − θ_t‖
	Diverged  bool
}

// EdgeSettings are those of FollowSharpness.
type EdgeSettings struct {
	Width   int       // hidden tanh units
	Rates   []float64 // learning rates η
	Steps   int       // of each run
	Records int       // how often the sharpness is taken
	Seed    int       // of the first parameters, the same for all rates
}

// FollowSharpness (claim G3) trains a net of tanh units on the points of SmallNet, on all of them at every step, and takes the largest
// eigenvalue of its Hessian along the way. tanh, because it is smooth: the Hessian is defined everywhere. It is an error when a
// setting cannot be, and when a run fails. A run that diverges ends its curve.
//
// Source: J. Cohen, S. Kaur, Y. Li, J. Z. Kolter, A. Talwalkar (2021), "Gradient Descent on Neural Networks Typically Occurs at the
// Edge of Stability".
func FollowSharpness(ctx context.Context, settings EdgeSettings) ([]*Edge, error) {
	if err := counts("Steps", settings.Steps, "Records", settings.Records); err != nil {
		return nil, err
	}
	net, err := smallNet(settings.Width, problem.Tanh)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "GD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	tell, end := progress.Begin("Hessians", len(settings.Rates)*settings.Records)
	defer end()
	var edges []*Edge
	stride := max(1, settings.Steps/settings.Records)
	for i, rate := range settings.Rates {
		h, err := t.Run(ctx, train.Config{LearningRate: rate, Steps: settings.Steps, Seed: settings.Seed})
		if err != nil {
			return nil, err
		}
		e := &Edge{Rate: rate, Loss: h.Loss}
		_, e.Diverged = h.Diverged()
		for k := range len(h.Params) - 1 {
			e.Length = append(e.Length, floats.Distance(h.Params[k], h.Params[k+1], 2))
		}
		for k := 0; k < len(h.Params) && ctx.Err() == nil; k += stride {
			hessian, err := Hessian(t.Evaluate, h.Params[k])
			if err != nil {
				return nil, err
			}
			lambda, _, err := problem.Eigen(hessian)
			if err != nil {
				return nil, err
			}
			e.Step, e.Sharpness = append(e.Step, h.Step[k]), append(e.Sharpness, lambda[len(lambda)-1])
			tell(i*settings.Records + len(e.Step))
		}
		edges = append(edges, e)
	}
	return edges, ctx.Err()
}

// Late is the sharpness in the last quarter of the run: its median and quartiles, each times the rate. On the edge they are 2.
func (e *Edge) Late() (low, median, high float64) {
	late := slices.Clone(e.Sharpness[3*len(e.Sharpness)/4:])
	for i := range late {
		late[i] *= e.Rate
	}
	return Quantile(late, 0.25), Quantile(late, 0.5), Quantile(late, 0.75)
}

// DrawEdges shows over time the sharpness times the rate, which is 2 on the edge, the longest and the shortest of every 40 steps of the last run, and
// the losses of the first 6,000 and the last 1,000 steps.
func DrawEdges(edges []*Edge) *figure.Figure {
	const early, end, span = 6000, 1000, 40
	sharpness := figure.New("Rate times sharpness", figure.X("step t"), figure.Y("η·λ_max").Range(0, 2.5)).HLine(2, "edge: η·λ_max = 2")
	loss := figure.New(fmt.Sprintf("Loss, first %d steps", early), figure.X("step t"), figure.LogY("loss L(θ)"))
	late := figure.New(fmt.Sprintf("Loss, last %d steps", end), figure.X("step t"), figure.LogY("loss L(θ)"))
	last := new(Edge)
	for _, e := range edges {
		name := fmt.Sprintf("η = %g", e.Rate)
		sharpness.Line(name, e.Step, figure.Each(e.Sharpness, func(lambda float64) float64 { return e.Rate * lambda }))
		loss.Line(name, nil, e.Loss[:min(len(e.Loss), early+1)])
		var steps []int
		for t := max(0, len(e.Loss)-1-end); t < len(e.Loss); t++ {
			steps = append(steps, t)
		}
		late.Line(name, steps, e.Loss[len(e.Loss)-len(steps):])
		last = e
	}
	return figure.Grid(2, sharpness, last.drawLength(span), loss, late)
}

// drawLength shows the longest and the shortest of every span steps.
func (e *Edge) drawLength(span int) *figure.Figure {
	fig := figure.New(fmt.Sprintf("Shortest to longest of every %d steps", span), figure.X("step t"), figure.LogY("‖θ_t₊₁ − θ_t‖"))
	var ends []int
	var longest, shortest []float64
	for part := range slices.Chunk(e.Length, span) {
		ends, longest, shortest = append(ends, span*(len(ends)+1)), append(longest, floats.Max(part)), append(shortest, floats.Min(part))
	}
	if len(ends) > 0 {
		fig.Band(fmt.Sprintf("η = %g", e.Rate), ends, shortest, longest)
	}
	return fig
}
