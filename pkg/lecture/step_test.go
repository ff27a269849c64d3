package lecture_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
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
	require.InDelta(t, 1, taylor.Curvature, 1e-7)
	require.InDelta(t, 2, taylor.Gradient, 0)
	require.Less(t, taylor.Departure(1), 1e-6)
	require.Zero(t, taylor.Departure(0.001), "no radius is as small")
	words := drawn(t, figure.Row(taylor.DrawTangent("tangent"), lecture.DrawSeriesErrors([]string{"parabola"}, []*lecture.Taylor{taylor})))
	require.Contains(t, words, "Vertical line at 0.4: good to 10 %")
	require.Contains(t, words, "parabola (points): from 5·10⁻⁵ to 0.5")
	_, err = lecture.LinearModel(func(theta []float64) (float64, []float64, error) { return theta[0], []float64{1}, nil }, []float64{0}, []float64{1})
	require.ErrorContains(t, err, "the loss is linear")
}

// The bowl of curvatures 1 and 4 along (3, 4)/5 and (−4, 3)/5.
func turnedBowl(theta []float64) (float64, []float64, error) {
	h := [2][2]float64{{(9 + 4*16) / 25., (12 - 4*12) / 25.}, {(12 - 4*12) / 25., (16 + 4*9) / 25.}}
	g := []float64{h[0][0]*theta[0] + h[0][1]*theta[1], h[1][0]*theta[0] + h[1][1]*theta[1]}
	return (theta[0]*g[0] + theta[1]*g[1]) / 2, g, nil
}

func TestSharpnessIsTheLargestCurvature(t *testing.T) {
	lambda, v, err := lecture.Sharpness(turnedBowl, []float64{1, -1})
	require.NoError(t, err)
	require.InDelta(t, 4, lambda, 1e-5)
	require.InDelta(t, 1, math.Abs(-0.8*v[0]+0.6*v[1]), 1e-6, "along (−4, 3)/5")
	h, err := lecture.Hessian(turnedBowl, []float64{1, -1})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{2.92, -1.44, -1.44, 2.08}, mat.DenseCopyOf(h).RawMatrix().Data, 1e-6)
}

func TestNetThresholdsNeedATrainingThatConverges(t *testing.T) {
	settings := lecture.ThresholdSettings{Width: 2, Rate: 1e3, Steps: 1000, Seeds: 1, Fractions: []float64{0.9}}
	_, err := lecture.NetThresholds(t.Context(), settings)
	require.ErrorContains(t, err, "choose a learning rate below 1000")
	settings.Fractions = nil
	_, err = lecture.NetThresholds(t.Context(), settings)
	require.ErrorContains(t, err, "Fractions is 0")
}

// A dead net is a constant: its output's bias alone moves, with the curvature 1. Seed 3 of six units dies at the rate 0.1.
func TestThresholdOfADeadNet(t *testing.T) {
	nets, err := lecture.NetThresholds(t.Context(), lecture.ThresholdSettings{Width: 6, Rate: 0.1, Steps: 1500, Seeds: 3, Fractions: []float64{0.9, 1.03}})
	require.NoError(t, err)
	resting, dead, moving := lecture.Resting(nets)
	require.Len(t, slices.Concat(resting, dead, moving), 3)
	require.Len(t, dead, 1)
	require.Equal(t, 3, dead[0].Seed)
	resting = dead
	require.InDelta(t, 1, resting[0].Sharpness, 1e-6)
	require.InDelta(t, 2, resting[0].Measured, 1e-3)
	require.Less(t, lecture.LargestGap(resting), 1e-3)
	require.Equal(t, "1.0 to 1.0", lecture.SharpnessRange(resting))
	require.Equal(t, "of none", lecture.SharpnessRange(nil))
	for i, factor := range []float64{0.8, 1.06} {
		for k, c := range resting[0].Component[i][:20] {
			require.InEpsilon(t, 1e-8*math.Pow(factor, float64(k)), c, 1e-5)
			require.InEpsilon(t, c, resting[0].Predicted[i][k], 1e-5)
		}
	}
	require.Contains(t, drawn(t, figure.Row(resting[0].Draw(), lecture.DrawThresholds(resting))), "one point per network (points)")
	require.Regexp(t, "^η = 0.9 · 2/λ_max: after 400 steps the kicks measure .*\nη = 1.03 ", lecture.KickEnds(resting))
	require.Empty(t, lecture.KickEnds(nil))
}

func TestSharpnessAlongARun(t *testing.T) {
	edges, err := lecture.FollowSharpness(t.Context(), lecture.EdgeSettings{Width: 3, Rates: []float64{0.1, 0.2}, Steps: 40, Records: 4, Seed: 1})
	require.NoError(t, err)
	require.Len(t, edges, 2)
	require.Equal(t, []int{0, 10, 20, 30, 40}, edges[0].Step)
	require.Len(t, edges[0].Loss, 41)
	require.Equal(t, edges[0].Sharpness[0], edges[1].Sharpness[0], "one start")
	low, median, high := edges[0].Late()
	require.True(t, 0 < low && low <= median && median <= high)
	require.Len(t, edges[0].Length, 40, "every step")
	fit, err := lecture.FollowSharpness(t.Context(), lecture.EdgeSettings{Width: 3, Rates: []float64{1e-9}, Steps: 1, Records: 1, Seed: 1})
	require.NoError(t, err)
	require.InDelta(t, math.Sqrt((fit[0].Loss[0]-fit[0].Loss[1])*1e-9), fit[0].Length[0], 1e-12, "η‖∇L‖, and the loss falls by η‖∇L‖²")
	require.Contains(t, drawn(t, lecture.DrawEdges(edges)), "Horizontal line at 2: edge")
	_, err = lecture.FollowSharpness(t.Context(), lecture.EdgeSettings{Width: 3, Rates: []float64{0.1}, Steps: 40})
	require.ErrorContains(t, err, "Records is 0")
}

// Ridge divides the component along λ by 1 + ρ/λ, and an L1 of max |Xᵀy|/n leaves only zeros.
func TestPenaltiesAlongTheirStrength(t *testing.T) {
	ridge, l1, err := lecture.FollowPenalties(t.Context(), lecture.PathPenalties{Ridge: []float64{1, 5}, L1: []float64{5, 60}, Steps: 500})
	require.NoError(t, err)
	require.Less(t, ridge.Off, 1e-9)
	require.Equal(t, 10, lecture.Zeros(l1.Measured[1]))
	require.Equal(t, 10, lecture.Zeros(l1.Exact[1]))
	require.Equal(t, lecture.Zeros(l1.Exact[0]), lecture.Zeros(l1.Measured[0]))
	require.Contains(t, drawn(t, ridge.Draw("Ridge", "bmi", "s3")), "s3 (points)")
	require.Len(t, ridge.Fine, 40)
	require.InDeltaSlice(t, ridge.Exact[1], ridge.FineExact[39], 1e-9, "the curve ends at the last run")
	require.Panics(t, func() { ridge.Draw("Ridge", "shoe size") })
	_, _, err = lecture.FollowPenalties(t.Context(), lecture.PathPenalties{Ridge: []float64{-1}, Steps: 10})
	require.Error(t, err)
}

func TestOneStepInATable(t *testing.T) {
	header, rows := lecture.StepTable([]float64{1, 2}, []float64{1, 2}, []float64{1.5, 2})
	require.Equal(t, []string{"one step by", "$\\theta_1$", "$\\theta_2$", "off by"}, header)
	require.Equal(t, []string{"trainer", "1.5000", "2.0000", "0.5"}, rows[2])
}

// The 0-1 loss and the hinge's slope jump: they are drawn in two pieces, without a slanted line.
func TestSurrogatesAreDrawn(t *testing.T) {
	words := drawn(t, lecture.DrawSurrogates())
	require.Contains(t, words, "0-1 (line): from 1 to 0")
	require.Contains(t, words, "hinge (line): from 1 to 0")
	require.NotContains(t, words, "leaves", "what lies beyond the frame is left out")
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
	require.Zero(t, costs.Off)
	require.Equal(t, 1, costs.Lost)
	require.Equal(t, []float64{0.1, 0.5}, costs.Rates, "beyond 2/λ no run gets there")
	require.Equal(t, []float64{33, 5}, costs.Measured)
	require.Equal(t, 1, costs.AtFormula, "η = 1/λ arrives at once")
	require.Equal(t, 1, costs.Fewest)
	require.Positive(t, costs.SecondsPerStep)
	require.Contains(t, drawn(t, costs.Draw()), "theory (theory): from 33 to 5")
	_, rows := costs.Table(15, 1, 7)
	require.Len(t, rows, 1, "there are two rates")
	require.Equal(t, []string{"0.5000", "5", "5"}, rows[0][:3])
	require.Contains(t, costs.String(), "agree exactly.")
	costs.Off = 2
	require.Contains(t, costs.String(), "differ by at most 2.")
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
	require.Len(t, p.Soft, 31)
	require.Contains(t, drawn(t, p.DrawLastSteps("age")), "proximal step (line): from 0 to 0")
	require.Panics(t, func() { p.DrawLastSteps("shoe size") })
	_, err = lecture.PricedRegression(0.5)
	require.ErrorContains(t, err, "kappa is 0.5")
}
