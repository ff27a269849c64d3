package lecture_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/optim"
)

// From a tiny rate nobody leaves the trap; batches of four halve the standard deviation.
func TestTrapHolds(t *testing.T) {
	trap, err := lecture.NewTrap(2)
	require.NoError(t, err)
	require.InEpsilon(t, 0.1, trap.Limit, 0.1, "2/λ with λ = 20")
	one, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 1, Rates: []float64{0.001}, Steps: 50, Seeds: 5})
	require.NoError(t, err)
	require.Zero(t, one[0].Better.Value)
	four, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 4, Rates: []float64{0.001}, Steps: 50, Seeds: 1})
	require.NoError(t, err)
	require.InEpsilon(t, one[0].PredictedConstant/2, four[0].PredictedConstant, 1e-9)
}

func TestSchedulesOfEveryKind(t *testing.T) {
	all, err := lecture.Schedules(0.1, 200)
	require.NoError(t, err)
	require.Len(t, all, 14)
	for _, s := range all {
		for step := range 200 {
			require.LessOrEqual(t, s.Schedule.At(step), 0.1*(1+1e-12), s.Name)
		}
		require.Equal(t, s.Name == "plateau", s.Plateau.On())
	}
	_, err = lecture.Schedules(-1, 200)
	require.ErrorContains(t, err, "it must be a positive, finite number")
}

func TestSchedulesAreHeldAgainstTheory(t *testing.T) {
	s := patients(t, 0)
	scores, err := lecture.CompareSchedules(t.Context(), s, lecture.Grid{Batch: 8, Rates: []float64{0.02, 0.1}, Steps: 200, Seeds: 6})
	require.NoError(t, err)
	require.Len(t, scores, 14)
	for _, c := range scores {
		require.Len(t, c.Each, 2)
		if !c.Plateau.On() {
			require.Equal(t, min(c.Each[0], c.Each[1]), c.Predicted, c.Name)
			require.Less(t, c.Excess.Value, 6*c.Predicted, c.Name)
		}
	}
}

// Gradient descent on least squares ends where theory says, to rounding.
func TestOptimizersOnLeastSquares(t *testing.T) {
	tasks, err := lecture.Tasks()
	require.NoError(t, err)
	scores, err := lecture.CompareOptimizers(t.Context(), tasks[:1], lecture.OptimizerSettings{
		Rates: func(string) []float64 { return []float64{0.01, 0.1} }, Steps: 60, Seeds: 2})
	require.NoError(t, err)
	require.Len(t, scores, len(lecture.Optimizers))
	require.Equal(t, "GD", scores[0].Optimizer)
	require.InEpsilon(t, scores[0].Predicted, scores[0].Excess.Value, 1e-6)
	_, err = optim.ByName("ADAGRADIENT")
	require.ErrorContains(t, err, "it must be one of")
}

func TestCS182MeasuresTheErrorWithoutNoise(t *testing.T) {
	scores, err := lecture.CS182(t.Context(), lecture.CS182Settings{Widths: []int{10}, Optimizers: []string{"adam"}, Seeds: 2, Steps: 300})
	require.NoError(t, err)
	require.Regexp(t, `^width 10, adam: +median error .*, best .*, worst `, scores[0].String())
	require.Contains(t, drawn(t, lecture.DrawErrors(scores)), "adam (points)")
	require.Contains(t, drawn(t, lecture.DrawBestNets(scores)), "Best nets of width 10")
	require.Len(t, scores[0].Losses, 2)
	require.Equal(t, []int{0, 30, 60}, scores[0].Step[:3])
	for k, curve := range scores[0].Curve {
		require.Less(t, scores[0].Losses[k], curve[0])
	}
}

// Where no rate given is small enough, the sentence says so.
func TestCompareSchedulesThatDiverge(t *testing.T) {
	study, err := lecture.TenMeasurements()
	require.NoError(t, err)
	for _, steps := range []int{200, 1500} {
		_, err = lecture.CompareSchedules(t.Context(), study, lecture.Grid{Batch: 8, Rates: []float64{2}, Steps: steps, Seeds: 2})
		require.ErrorContains(t, err, "diverges at the rate 2, the best for it of those given: give smaller rates")
	}
}
