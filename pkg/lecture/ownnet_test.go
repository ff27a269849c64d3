package lecture_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// On a parabola of curvature 1 a rule converges just below its edge, and diverges just above.
func TestEdges(t *testing.T) {
	parabola, err := problem.NewQuadratic([]float64{1}, nil, []float64{0})
	require.NoError(t, err)
	for _, name := range optim.Names() {
		edge := lecture.EdgeOf(name)
		if edge == 0 {
			continue
		}
		trainer, err := lecture.NewTrainer(parabola, name, train.Record{})
		require.NoError(t, err)
		for _, side := range []float64{0.98, 1.02} {
			h, err := trainer.Run(t.Context(), train.Config{LearningRate: side * edge, Steps: 1500, Start: map[string]any{"theta": []float64{1}}, MaxLoss: 1e6})
			require.NoError(t, err)
			_, diverged := h.Diverged()
			require.Equal(t, side > 1, diverged, "%s at %g of its edge", name, side)
		}
		trainer.Close()
	}
	require.Equal(t, theory.StabilityThreshold(1), lecture.EdgeOf("SGD"))
}

// The sharpness along a run is the largest eigenvalue of the Hessian by finite differences; a film ends as the picture does.
func TestOwnNet(t *testing.T) {
	c := lecture.OwnControls{Target: lecture.Drawn, Heights: []float64{0, 1, 0}, Examples: 12, Noise: 0.1, Width: 3, Depth: 1, Unit: "tanh",
		Scale: 1, Optimizer: "SGD", Rate: 0.1, Schedule: "cosine", Batch: 12, Order: "in order", Steps: 60, Seed: 1}
	o, err := c.Net()
	require.NoError(t, err)
	r, err := lecture.TrainOwn(t.Context(), o)
	require.NoError(t, err)
	trainer, err := lecture.NewTrainer(o.Problem, "GD", train.Record{})
	require.NoError(t, err)
	for _, k := range []int{0, len(r.SharpAt) - 1} {
		record := slices.Index(r.Step, r.SharpAt[k])
		hessian, err := lecture.Hessian(trainer.Evaluate, r.Theta[record])
		require.NoError(t, err)
		lambda, _, err := problem.Eigen(hessian)
		require.NoError(t, err)
		require.InEpsilon(t, lambda[len(lambda)-1], r.Sharpness[k], 0.01)
		loss, _, err := trainer.Evaluate(r.Theta[record])
		require.NoError(t, err)
		require.InEpsilon(t, loss, r.Seen[record], 1e-9)
	}
	still := drawn(t, r.Draw())
	frames, _, err := r.Animate().Frames()
	require.NoError(t, err)
	require.NotEmpty(t, still)
	require.Greater(t, len(frames), 10)
	drawing, err := c.Picture(r, "heights").(*figure.Figure).Drawing(false)
	require.NoError(t, err)
	require.Len(t, drawing.Handles, 3, "points to drag")
	c.Film = true
	require.NotNil(t, c.Picture(r, "heights"))
}

// A run that diverges, a net of dead units and a deep one can be drawn and told of.
func TestOwnNetsThatFail(t *testing.T) {
	constant := func(rate float64) schedule.Schedule {
		s, err := schedule.Constant(rate)
		require.NoError(t, err)
		return s
	}
	kinks := problem.Targets()[1]
	xs, ys := kinks.Sample(20, 0, 1)
	bounded, err := problem.NewNet(problem.MLP{Sizes: []int{1, 8, 1}, Activation: problem.Tanh}, problem.NewPoints(xs, ys))
	require.NoError(t, err)
	wild, err := lecture.TrainOwn(t.Context(), lecture.OwnNet{Target: kinks, X: xs, Y: ys, Problem: bounded, Optimizer: optim.GD(), Edge: 2, Schedule: constant(100), Steps: 1000})
	require.NoError(t, err)
	require.GreaterOrEqual(t, wild.DivergedAt, 0)
	require.True(t, math.IsInf(wild.Error(), 1))
	require.Contains(t, wild.String(), "diverged")
	drawn(t, wild.Draw())

	straight, err := problem.NewNet(problem.MLP{Sizes: []int{1, 8, 1}}, problem.NewPoints(xs, ys))
	require.NoError(t, err)
	far, err := lecture.TrainOwn(t.Context(),
		lecture.OwnNet{Target: kinks, X: xs, Y: ys, Problem: straight, Optimizer: optim.GD(), Schedule: constant(10), Steps: 90})
	require.NoError(t, err)
	require.Greater(t, far.Seen[len(far.Seen)-1], 1e6)
	require.NotContains(t, drawn(t, far.Draw()), "net (line)", "a line at the edge would say that the net is near")

	deep, err := problem.NewNet(problem.MLP{Sizes: []int{1, 6, 6, 1}}, problem.NewPoints(xs, ys))
	require.NoError(t, err)
	two, err := lecture.TrainOwn(t.Context(), lecture.OwnNet{Target: kinks, X: xs, Y: ys, Problem: deep, Steps: 50})
	require.NoError(t, err)
	require.Contains(t, two.String(), "12 hidden units")
	drawn(t, two.Draw())

	own := lecture.OwnModel(xs, ys, func(scope *model.Scope, x *graph.Node) *graph.Node { return layers.Dense(scope, x, true, 1) })
	line, err := lecture.TrainOwn(t.Context(), lecture.OwnNet{Target: kinks, X: xs, Y: ys, Problem: own, Steps: 50})
	require.NoError(t, err)
	require.NotContains(t, line.String(), "units")
	drawn(t, line.Draw())
	_, err = lecture.TrainOwn(t.Context(), lecture.OwnNet{})
	require.ErrorContains(t, err, "no function")
	_, err = lecture.ScheduleByName("plateau", 1, 10)
	require.ErrorContains(t, err, "choose one of")
}

// What a picture shows has one color, whatever else it shows.
func TestOwnNetsKeepTheirColors(t *testing.T) {
	kinks := problem.Targets()[1]
	xs, ys := kinks.Sample(12, 0, 1)
	pictureOf := func(p problem.Problem) string {
		r, err := lecture.TrainOwn(t.Context(), lecture.OwnNet{Target: kinks, X: xs, Y: ys, Problem: p, Steps: 300})
		require.NoError(t, err)
		svg, err := r.Draw().SVG()
		require.NoError(t, err)
		return string(svg)
	}
	color := func(svg, name string) string { // of the sign before the last mention
		before := svg[:strings.LastIndex(svg, ">"+name)]
		_, after, found := strings.Cut(before[strings.LastIndex(before, "stroke=\""):], "\"")
		require.True(t, found, name)
		return after[:len("#rrggbb")]
	}
	netOf := func(a problem.Activation) problem.Problem {
		net, err := problem.NewNet(problem.MLP{Sizes: []int{1, 8, 1}, Activation: a}, problem.NewPoints(xs, ys))
		require.NoError(t, err)
		return net
	}
	bent := pictureOf(netOf(problem.ReLU))
	smooth := pictureOf(netOf(problem.Tanh))
	own := pictureOf(lecture.OwnModel(xs, ys, func(scope *model.Scope, x *graph.Node) *graph.Node { return layers.Dense(scope, x, true, 1) }))
	for _, name := range []string{"net", "examples", "unseen ones", "λ"} {
		require.Equal(t, color(bent, name), color(smooth, name), name)
		require.Equal(t, color(bent, name), color(own, name), name)
	}
	require.Equal(t, color(bent, "elbows"), color(smooth, "−b/w of each unit"))
}

// Four folds tell the moons apart, and each region of the frame is one linear piece of the odds.
func TestTrainPlane(t *testing.T) {
	data, err := problem.PlaneClasses("moons", 100, 0.02, 1)
	require.NoError(t, err)
	p, err := lecture.TrainPlane(t.Context(), train.Config{LearningRate: 0.03, Steps: 600, Seed: 1},
		lecture.PlaneNet{Model: problem.MLP{Sizes: lecture.Sizes(2, 8, 1, 2)}, Data: data, Unseen: data, Optimizer: "Adam"})
	require.NoError(t, err)
	require.Greater(t, p.Right, 0.85)
	require.Equal(t, p.Right, p.UnseenRight)
	require.LessOrEqual(t, p.Regions, 37, "8 lines make at most 1 + 8 + 28")
	require.Contains(t, drawn(t, p.Draw()), "folds")
	require.NotEmpty(t, p.String())
}

// Each of the four causes is told from the others, and a net that is stuck from one that lacks examples.
func TestCausesOfOwnNetsStayApart(t *testing.T) {
	lecture.Live(t) // their remedies are the same programs
	usual := lecture.OwnControls{Target: "sine", Examples: 60, Noise: 0.1, Width: 32, Depth: 1, Unit: "ReLU", Scale: 1, Optimizer: "SGD", Rate: 0.3,
		Schedule: "constant", Batch: 20, Order: "reshuffled", Steps: 2000, Seed: 1}
	few, small, slow, noisy := usual, usual, usual, usual
	few.Examples, small.Width, slow.Rate, noisy.Noise = 6, 1, 0.001, 0.5
	for cause, c := range map[diagnosis.Cause]lecture.OwnControls{
		diagnosis.Data: few, diagnosis.Units: small, diagnosis.Learning: slow, diagnosis.Relationship: noisy,
	} {
		o, err := c.Net()
		require.NoError(t, err)
		r, err := lecture.TrainOwn(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, cause, r.Diagnosis.Cause, r)
	}

	sine, err := problem.TargetByName("sine")
	require.NoError(t, err)
	xs, ys := sine.Sample(60, 0.1, 1)
	residual := lecture.OwnModel(xs, ys, func(scope *model.Scope, x *graph.Node) *graph.Node { // chapter 7's
		h := activation.Relu(layers.Dense(scope.In("first"), x, true, 16))
		h = graph.Add(h, activation.Relu(layers.Dense(scope.In("second"), h, true, 16)))
		return layers.Dense(scope.In("output"), h, true, 1)
	})
	constant, err := schedule.Constant(0.03)
	require.NoError(t, err)
	batches, err := sample.Reshuffled(20)
	require.NoError(t, err)
	stuck, err := lecture.TrainOwn(t.Context(), lecture.OwnNet{Target: sine, X: xs, Y: ys, Noise: 0.1, Problem: residual, Seed: 1, Schedule: constant, Sampler: batches})
	require.NoError(t, err)
	require.Equal(t, diagnosis.Learning, stuck.Diagnosis.Cause, stuck)
	require.Less(t, stuck.Diagnosis.Parts[diagnosis.Data], stuck.Diagnosis.Parts[diagnosis.Learning]/4)
}
