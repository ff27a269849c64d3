package lecture_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// On L(θ) = θ²/2 at θ = 2 the series 2 − 2r is off by r²/2, which is a tenth of 2r at r = 0.4.
func TestLinearModelOfAParabola(t *testing.T) {
	parabola := func(theta []float64) (float64, []float64, error) { return theta[0] * theta[0] / 2, theta, nil }
	taylor, err := lecture.LinearModel(parabola, []float64{2}, []float64{0.01, 0.1, 1})
	require.NoError(t, err)
	require.InDelta(t, 2, taylor.Slope, 1e-9)
	require.InDelta(t, 0.4, taylor.Trust, 1e-9)
	require.InDeltaSlice(t, []float64{0.00005, 0.005, 0.5}, taylor.Error, 1e-12)
	_, err = lecture.LinearModel(func(theta []float64) (float64, []float64, error) { return theta[0], []float64{1}, nil }, []float64{0}, []float64{1})
	require.ErrorContains(t, err, "the loss is linear")
}

func TestSharpnessIsTheLargestCurvature(t *testing.T) {
	lambda, err := lecture.Sharpness(func(theta []float64) (float64, []float64, error) {
		return (theta[0]*theta[0] + 4*theta[1]*theta[1]) / 2, []float64{theta[0], 4 * theta[1]}, nil
	}, []float64{1, -1})
	require.NoError(t, err)
	require.InDelta(t, 4, lambda, 1e-5)
}

func TestNetThresholdNeedsATrainingThatConverges(t *testing.T) {
	_, err := lecture.NetThreshold(t.Context(), lecture.ThresholdSettings{Width: 2, Rate: 1e3, Seed: 1})
	require.ErrorContains(t, err, "choose a learning rate below 1000")
}

// Along one curvature λ the excess loss falls by (1 − ηλ)² a step: with ηλ = ½ it is below a thousandth after 5 steps.
func TestCostsOfOneCurvature(t *testing.T) {
	bowl, err := problem.NewQuadratic([]float64{1}, nil, []float64{0})
	require.NoError(t, err)
	bowl.Start = []float64{1}
	descent, err := theory.NewDescent(bowl)
	require.NoError(t, err)
	trainer, err := lecture.NewTrainer(bowl, "SGD", train.Record{})
	require.NoError(t, err)
	defer trainer.Close()
	costs, err := lecture.MeasureCosts(t.Context(), trainer, descent, lecture.CostSettings{
		Rates: []float64{0.1, 0.5, 2.5}, Start: bowl.Start, Epsilon: 1e-3, Limit: 100})
	require.NoError(t, err)
	require.True(t, costs.Agree)
	require.Equal(t, []float64{0.1, 0.5}, costs.Rates, "beyond 2/λ no run gets there")
	require.Equal(t, []float64{33, 5}, costs.Measured)
	require.Equal(t, 1, costs.Cheapest)
	require.Contains(t, drawn(t, costs.Draw()), "measured (points): from 33 to 5.")
	require.Regexp(t, `^η = 0\.5 +5 steps, .* µs, .* µJ$`, costs.Bill(1, 15))
}

func TestTheZeroOneLossMovesNothing(t *testing.T) {
	followed, err := lecture.FollowSurrogates(t.Context(), 0.1, 50)
	require.NoError(t, err)
	require.Len(t, followed, 4)
	require.Zero(t, followed[0].Moved)
	for i, f := range followed {
		require.Equal(t, problem.Surrogates()[i].Name, f.Name)
		require.Equal(t, i > 0, f.Mistakes < f.AtStart, f.Name)
	}
}

// Above max |Xᵀy|/n an L1 penalty leaves nothing but zeros, and ridge ends in its closed form.
func TestPenaltiesAtTheirExtremes(t *testing.T) {
	p, err := lecture.Regularize(t.Context(), lecture.PenaltySettings{Ridge: 1, L1: 60, Rate: 0.3, Steps: 400})
	require.NoError(t, err)
	require.Equal(t, 10, lecture.Zeros(p.L1))
	require.Zero(t, lecture.Zeros(p.Subgradient))
	_, rows := p.Table()
	require.Equal(t, "0", rows[2][3], "exactly")
	require.InDeltaSlice(t, p.ClosedForm, p.Ridge, 1e-9)
}
