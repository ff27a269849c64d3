package claims

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/lecture"
	"descent.example/pkg/relu"
	"descent.example/pkg/theory"
)

// The tests of chapter 6; they call what its cells call.

// Sections 6.1 to 6.4: each cause is produced as it is said to be, and most of 20 random patients of each are given their true
// cause. Of 180 patients two were not. At that rate it happens once in 400,000 times that five of 20 are not.
func TestClaimW1ThreeCauses(t *testing.T) {
	clinic := &lecture.Clinic{Seeds: 3}
	defer clinic.Close()
	for seed := range 20 {
		few, err := lecture.NewPatient(diagnosis.Units, seed)
		require.NoError(t, err)
		xs, ys := few.Target.Grid(101)
		fit, err := relu.FreeKnots(xs, ys, xs[1:100], few.Width)
		require.NoError(t, err)
		require.Greater(t, fit.Squares/101, 0.5, "its units cannot, wherever their knots are")
		badly, err := lecture.NewPatient(diagnosis.Learning, seed)
		require.NoError(t, err)
		xs, ys = badly.Target.Grid(101)
		fit, err = relu.FreeKnots(xs, ys, xs[1:100], badly.Width-1)
		require.NoError(t, err)
		require.Less(t, fit.Squares/101, 0.05, "its units can")
	}
	for i, cause := range lecture.Causes { // those that sections 6.1 and 6.3 show
		p, err := lecture.NewPatient(cause, 6)
		require.NoError(t, err)
		f, err := clinic.Examine(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, cause, f.Diagnosis.Cause)
		require.Greater(t, f.Diagnosis.Error, f.Record.Tolerance)
		sum := 0.0
		for _, part := range f.Diagnosis.Parts {
			require.GreaterOrEqual(t, part, 0.0)
			sum += part
		}
		require.InEpsilon(t, f.Diagnosis.Error*f.Diagnosis.Error, sum, 1e-9, "the parts add up, patient %d", i)
	}
	c, err := clinic.Confuse(t.Context(), 20, 1)
	require.NoError(t, err)
	for i, cause := range lecture.Causes {
		require.GreaterOrEqual(t, c.Count[i][i], 16, "%s: %v", cause, c.Count[i])
	}
	_, err = lecture.NewPatient(diagnosis.Nothing, 1)
	require.ErrorContains(t, err, "Hornik")
}

// Sections 6.5 to 6.7. That Cover's count is the enumeration is tested in pkg/theory.
func TestClaimW2Shattering(t *testing.T) {
	cover := func(n, d int) int {
		c, err := theory.Cover(n, d)
		require.NoError(t, err)
		return int(c.Int64())
	}
	for inputs := 1; inputs <= 2; inputs++ {
		for width := 1; width <= 3; width++ {
			for n := 3; n <= 6; n++ {
				s, err := lecture.Shatter(t.Context(), lecture.ShatterSettings{Inputs: inputs, Width: width, Points: n, Starts: 32, Seed: 1})
				require.NoError(t, err)
				require.Equal(t, 1<<n, s.All)
				if width == 1 { // one elbow does what a threshold unit does
					require.Equal(t, cover(n, inputs+1), s.Found, "%d inputs, %d points", inputs, n)
				}
				if inputs == 1 { // at most as many changes of sign as pieces
					require.LessOrEqual(t, s.Found, cover(n, width+2))
				}
				if inputs == 1 && width == 2 { // two changes of sign, not three
					require.Equal(t, cover(n, 3), s.Found, "%d points", n)
				}
				if inputs == 2 && n <= 5 && width >= 2 {
					require.Equal(t, s.All, s.Found, "shattered: %d units, %d points", width, n)
				}
				bound, err := theory.VCBound(inputs, width)
				require.NoError(t, err)
				require.Less(t, n, bound)
			}
		}
	}
	// The solution of 6.6: a net of three elbows with the slopes 2, −2, 1, −1 that has the signs + − + − and one more.
	zigzag, err := relu.Sum([]relu.Elbow{{V: -4, W: 1, B: 0.5}, {V: 3, W: 1, B: 0}, {V: -2, W: -1, B: 0.4}}, 2.6)
	require.NoError(t, err)
	pieces, err := zigzag.Pieces(-2, 2)
	require.NoError(t, err)
	for i, slope := range []float64{2, -2, 1, -1} {
		require.InDelta(t, slope, pieces[i].Slope, 1e-12)
	}
	changes := 0
	for x := -2.0; x < 2; x += 0.001 {
		if (zigzag.At(x) > 0) != (zigzag.At(x+0.001) > 0) {
			changes++
		}
	}
	require.Equal(t, 4, changes)

	all, err := lecture.Memorize(t.Context(), lecture.MemorySettings{Widths: []int{4, 256}, Digits: 300, Steps: 1000, Seeds: 3})
	require.NoError(t, err)
	small, large := all[0], all[1]
	require.Equal(t, 1.0, large.Random.Value, "every random label")
	require.Equal(t, 1.0, large.Known.Value)
	require.Less(t, small.Random.Value, 0.4)
	require.Greater(t, large.Unknown.Value, 0.8, "and yet it reads new digits")
	require.Less(t, large.Guess.Value, 0.2)
	require.Equal(t, 64*256+256+256*10+10, large.Parameters)
}
