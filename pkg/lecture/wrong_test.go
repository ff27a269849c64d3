package lecture_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/lecture"
)

func TestPatientsHaveFunctionsOfOneScale(t *testing.T) {
	for _, cause := range lecture.Causes {
		for seed := range 5 {
			p, err := lecture.NewPatient(cause, seed)
			require.NoError(t, err)
			mean, square := 0.0, 0.0
			for i := range 1000 {
				v := p.Target.F((float64(i) + 0.5) / 1000)
				mean, square = mean+v/1000, square+v*v/1000
			}
			require.InDelta(t, 0, mean, 1e-9)
			require.InDelta(t, 1, square, 1e-9)
			require.Len(t, p.X, 200)
			require.Equal(t, p.Repeats, p.X[0] == p.X[1])
			require.Equal(t, cause == diagnosis.Units, p.Width <= 3)
		}
	}
	_, err := lecture.NewPatient(diagnosis.Nothing, 1)
	require.ErrorContains(t, err, "it must be one of Hornik's three")
}

func TestClinicExamines(t *testing.T) {
	clinic := &lecture.Clinic{Seeds: 1}
	defer clinic.Close()
	p, err := lecture.NewPatient(diagnosis.Units, 6)
	require.NoError(t, err)
	f, err := clinic.Examine(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, f.Record.Trials, 7)
	require.Equal(t, p.Width, f.Record.Trials[0].Width)
	best := math.Inf(1)
	for _, trial := range f.Record.Trials {
		best = min(best, trial.Errors[0])
	}
	square := 0.0
	for i, x := range p.UnseenX {
		square += math.Pow(f.BestNet.At(x)-p.UnseenY[i], 2) / float64(len(p.UnseenX))
	}
	require.InDelta(t, best, math.Sqrt(square), 1e-9, "the best net is that of the least error")
	_, err = (&lecture.Clinic{}).Examine(t.Context(), p)
	require.ErrorContains(t, err, "Seeds is 0")
	_, err = clinic.Confuse(t.Context(), 0, 1)
	require.ErrorContains(t, err, "each is 0")
}

// One ReLU has the sign of every labeling of two points, and of no more labelings than there are.
func TestShatteringTwoPoints(t *testing.T) {
	s, err := lecture.Shatter(t.Context(), lecture.ShatterSettings{Inputs: 1, Width: 1, Points: 2, Starts: 32, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, 4, s.All)
	require.Equal(t, 4, s.Found)
}

func TestMemorizingCountsParameters(t *testing.T) {
	all, err := lecture.Memorize(t.Context(), lecture.MemorySettings{Widths: []int{8}, Digits: 100, Steps: 60, Seeds: 2})
	require.NoError(t, err)
	require.Equal(t, 65*8+9*10, all[0].Parameters)
	require.Greater(t, all[0].Known.Value, all[0].Guess.Value, "right labels tell something of the digits")
	_, err = lecture.Memorize(t.Context(), lecture.MemorySettings{Widths: []int{8}, Digits: 1797, Steps: 60, Seeds: 2})
	require.ErrorContains(t, err, "n is 1797")
}
