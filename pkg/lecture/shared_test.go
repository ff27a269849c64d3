package lecture

import (
	"testing"

	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
	"descent.example/pkg/wasm"
)

// In a live process a trainer that shares its programs trains as one of its own, whatever differs from the one before.
func TestTrainersShareProgramsAndNothingElse(t *testing.T) {
	must := func(rule optimizer.Interface, err error) optimizer.Interface {
		require.NoError(t, err)
		return rule
	}
	net := func(width int, unit problem.Activation, noise float64) problem.Problem {
		model := hidden(width)
		model.Activation = unit
		n, err := problem.NewNet(model, problem.NewPoints(problem.Targets()[0].Sample(20, noise, 1)))
		require.NoError(t, err)
		return n
	}
	fit := func(ridge, start float64) problem.Problem {
		study, err := newMeasurements(50, []string{"bmi", "bp"})
		require.NoError(t, err)
		fit := *study.LeastSquares
		fit.Ridge, fit.Start = ridge, append([]float64{start}, fit.Start[1:]...)
		return &fit
	}
	bowl := func(curvature, start float64) problem.Problem {
		q, err := problem.NewQuadratic([]float64{1, curvature}, nil, nil)
		require.NoError(t, err)
		q.Start = []float64{start, 1}
		return q
	}
	momentum, adam := must(optim.ByName("momentum")), must(optim.ByName("Adam"))
	losses := func(p problem.Problem, rule optimizer.Interface) []float64 {
		trainer, err := newTrainer(p, rule, train.Record{})
		require.NoError(t, err)
		defer trainer.Close()
		h, err := trainer.Run(t.Context(), train.Config{LearningRate: 0.01, Steps: 20, Seed: 3})
		require.NoError(t, err)
		return h.Loss
	}
	settings := []struct {
		problem problem.Problem
		rule    optimizer.Interface
	}{
		{net(4, problem.ReLU, 0.1), momentum}, {net(4, problem.ReLU, 0.2), momentum}, {net(5, problem.ReLU, 0.1), momentum}, {net(4, problem.Tanh, 0.1), momentum},
		{net(4, problem.ReLU, 0.1), adam}, {net(4, problem.ReLU, 0.1), must(optim.ByName("Nesterov"))}, {net(4, problem.ReLU, 0.1), must(optim.Nesterov(0.5))},
		{net(4, problem.ReLU, 0.1), must(optim.ByName("momentum", optim.Hyper("momentum", 0.5)))},
		{net(4, problem.ReLU, 0.1), must(optim.ByName("Adam", optim.WeightDecay(0.3)))}, {net(4, problem.ReLU, 0.1), must(optim.ByName("Adam", optim.DecoupledWeightDecay(0.3)))},
		{fit(0, 0), momentum}, {fit(0.5, 0), momentum}, {fit(0, 2), momentum},
		{bowl(10, 1), momentum}, {bowl(5, 1), momentum}, {bowl(10, 2), momentum},
	}
	var alone [][]float64
	for i, s := range settings {
		alone = append(alone, losses(s.problem, s.rule))
		for j := range i {
			require.NotEqual(t, alone[j], alone[i], "settings %d and %d do not differ: they cannot tell whether too much is shared", j, i)
		}
	}
	Live(t)
	for range 2 {
		for i, s := range settings {
			require.Equal(t, alone[i], losses(s.problem, s.rule), "setting %d", i)
		}
	}
	shared := len(settings) - 2 // nets on other examples share a program, and a rule that ByName did not make has its own
	if accel.Platform() == wasm.Name {
		shared = 0
	}
	require.Len(t, things.by, shared)
}
