package lecture_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/lecture"
	"descent.example/pkg/relu"
	"descent.example/pkg/theory"
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
			require.Len(t, p.X, map[bool]int{true: 12, false: 200}[cause == diagnosis.Data])
			require.Len(t, p.MoreX, 400)
			require.Equal(t, p.Repeats, p.X[0] == p.X[1])
			require.Equal(t, cause == diagnosis.Units, p.Width <= 3)
			for _, chosen := range p.ChoiceX { // no example that chooses or was learned from reports
				require.NotContains(t, p.UnseenX, chosen)
			}
			for _, learned := range slices.Concat(p.X, p.MoreX) {
				require.NotContains(t, p.UnseenX, learned)
			}
		}
	}
	_, err := lecture.NewPatient(diagnosis.Nothing, 1)
	require.ErrorContains(t, err, "it must be one of Causes")
}

func TestClinicExamines(t *testing.T) {
	clinic := &lecture.Clinic{Seeds: 1}
	defer clinic.Close()
	p, err := lecture.NewPatient(diagnosis.Units, 6)
	require.NoError(t, err)
	f, err := clinic.Examine(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, f.Record.Trials, 8)
	require.Equal(t, p.Width, f.Record.Trials[0].Width)
	require.Equal(t, p.Width, f.Record.More.Width)
	require.Equal(t, []float64{f.Diagnosis.Error}, f.Record.Trials[0].Errors)
	for _, of := range []struct {
		errors, xs, ys []float64
	}{{f.Record.Trials[0].Errors, p.UnseenX, p.UnseenY}, {f.Record.Trials[0].Chosen, p.ChoiceX, p.ChoiceY}} {
		square := 0.0
		for i, x := range of.xs {
			square += math.Pow(f.Net.At(x)-of.ys[i], 2) / float64(len(of.xs))
		}
		require.InDelta(t, of.errors[0], math.Sqrt(square), 1e-9)
	}
	square := 0.0 // the loss that is drawn is over all examples learned from
	for i, x := range p.X {
		square += math.Pow(f.Net.At(x)-p.Y[i], 2) / float64(len(p.X))
	}
	require.InEpsilon(t, square, f.Loss[len(f.Loss)-1], 1e-6)
	admitted, err := clinic.Admit(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, f.Diagnosis.Error, admitted.Diagnosis.Error)
	require.Equal(t, f.Loss, admitted.Loss)
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

// The net has the sign of each label, for as many changes of the label as there can be, and the count is Cover's with one weight more than changes.
func TestSignsAreWrittenDown(t *testing.T) {
	for elbows := 1; elbows <= 5; elbows++ {
		most := theory.SignChanges(elbows)
		for n := 1; n <= 8; n++ {
			c, err := lecture.ShatterLine(elbows, n)
			require.NoError(t, err)
			counted, err := theory.Cover(n, most+1)
			require.NoError(t, err)
			require.EqualValues(t, counted.Int64(), c.Written, "%d elbows, %d points", elbows, n)
			require.Greater(t, c.Margin, 0.4)
		}
	}
	_, err := lecture.SignedNet([]float64{1, 2, 3, 4}, []bool{true, false, true, false}, 2)
	require.ErrorContains(t, err, "the label changes 3 times")
	_, err = lecture.SignedNet([]float64{2, 1}, []bool{true, false}, 2)
	require.ErrorContains(t, err, "must ascend")
	_, err = lecture.SignedNet([]float64{2}, nil, 2)
	require.ErrorContains(t, err, "as many")
	_, err = lecture.ShatterLine(1, 17)
	require.ErrorContains(t, err, "n is 17")
	_, err = lecture.ShatterLine(0, 3)
	require.ErrorContains(t, err, "elbows is 0")
	net, err := lecture.SignedNet([]float64{0, 1, 2}, []bool{true, false, true}, 2)
	require.NoError(t, err)
	require.Contains(t, drawn(t, lecture.DrawSigned("a", net, []float64{0, 1, 2})), "points labeled − (points)")
	zeros, err := lecture.DrawZeros(net, []float64{0.5, 1.5})
	require.NoError(t, err)
	require.Contains(t, drawn(t, zeros), "2 ReLUs, 2 changes of sign, 3 points")
	for says, at := range map[string][]float64{"do not ascend": {1.5, 0.5}, "at 2, not 0": {0.5, 1.5, 2}, "no zeros": nil} {
		_, err := lecture.DrawZeros(net, at)
		require.ErrorContains(t, err, says)
	}
	count, err := lecture.ShatterLine(2, 4)
	require.NoError(t, err)
	_, rows := lecture.LineTable([][]*lecture.LineCount{{{Elbows: 2, N: 3, Written: 8, All: 8, Margin: 1}, count}})
	require.Equal(t, [][]string{{"2", "7", "3", "3", "1.00"}}, rows)
}

// Ten nets on one line give any labels to digits: of the right ones none is wrong, and so of random ones.
func TestAnyLabels(t *testing.T) {
	known, unknown, err := lecture.SplitDigits(60)
	require.NoError(t, err)
	line, err := lecture.Project(known.Features, 1)
	require.NoError(t, err)
	for k := 1; k < 60; k++ {
		require.Less(t, line.Place[k-1], line.Place[k])
		require.InDelta(t, line.Place[k], line.At(known.Features.RawRowView(line.Order[k])), 1e-12)
	}
	random := lecture.RandomLabels(known, 3)
	var nets []*relu.Net
	for class := range 10 {
		ys := make([]float64, 60)
		for k, i := range line.Order {
			if random.Labels[i] == class {
				ys[k] = 1
			}
		}
		net, err := relu.Interpolate(line.Place, ys)
		require.NoError(t, err)
		nets = append(nets, net)
	}
	require.InDelta(t, 1, lecture.ShareRight(nets, line, random), 1e-12)
	require.Less(t, lecture.ShareRight(nets, line, unknown), 0.2)
	require.Contains(t, lecture.Reading("Random", nets, line, random, unknown), "Random labels, 59 hidden units: 100.0 % of the 60 labels are reproduced")
	known.Features.SetRow(1, known.Features.RawRowView(0))
	_, err = lecture.Project(known.Features, 1)
	require.ErrorContains(t, err, "one place")
	_, err = lecture.Project(nil, 1)
	require.ErrorContains(t, err, "no points")
}

// The shortest solution by hand: of w₁ + w₂ = 2 it is (1, 1), and of two equations for one weight the mean.
func TestShortest(t *testing.T) {
	w, err := lecture.Shortest(mat.NewDense(1, 2, []float64{1, 1}), mat.NewDense(1, 1, []float64{2}))
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1, 1}, w.RawMatrix().Data, 1e-12)
	w, err = lecture.Shortest(mat.NewDense(2, 1, []float64{1, 1}), mat.NewDense(2, 1, []float64{1, 3}))
	require.NoError(t, err)
	require.InDelta(t, 2, w.At(0, 0), 1e-12)
	_, err = lecture.Shortest(mat.NewDense(2, 1, nil), mat.NewDense(1, 1, nil))
	require.ErrorContains(t, err, "as many")
}

// At as many features as digits the error on unseen ones is larger than at fewer and at more, and from there on no digit learned from is wrong.
func TestDoubleDescentOnLess(t *testing.T) {
	d, err := lecture.MeasureDoubleDescent(t.Context(), lecture.DescentSettings{Digits: 60, Wrong: 0.2, Features: []int{15, 60, 400}, Widths: []int{8}, Steps: 60, Seeds: 2})
	require.NoError(t, err)
	require.Greater(t, d.Unknown[1].Value, d.Unknown[0].Value+0.1)
	require.Greater(t, d.Unknown[1].Value, d.Unknown[2].Value+0.1)
	require.Greater(t, d.Known[0].Value, 0.05)
	require.InDelta(t, 0, d.Known[2].Value, 1e-12)
	require.Len(t, d.TrainedNew, 1)
	require.Contains(t, drawn(t, d.Draw()), "Vertical line at 60: p = n")
	require.Contains(t, d.String(), "% at 60;")
	r, err := lecture.MeasureRisks(theory.Interpolation{Examples: 10, Features: 40, Signal: 1, Noise: 0.1}, []int{2, 40}, 20, 1)
	require.NoError(t, err)
	require.Contains(t, drawn(t, r.Draw()), "Vertical line at 10: p = n")
	require.Contains(t, r.String(), "2 of 40 features: square error ")
	_, err = lecture.MeasureRisks(r.Of, []int{41}, 20, 1)
	require.ErrorContains(t, err, "p is 41")
	_, err = lecture.MeasureRisks(r.Of, []int{0}, 20, 1)
	require.ErrorContains(t, err, "features is 0")
}

// What is learned is the sum's parts: a net that is trained for no time has next to none, and theory begins where the net does.
func TestSpectralBiasOnLess(t *testing.T) {
	s, err := lecture.MeasureSpectralBias(t.Context(), lecture.SpectralSettings{Waves: []int{1, 3}, Points: 32, Width: 40, Rate: 0.05, Steps: 800, Seeds: 2})
	require.NoError(t, err)
	last := len(s.Step) - 1
	for k := range s.Learned {
		require.InDelta(t, 0, s.Learned[k][0].Value, 0.2)
	}
	require.Greater(t, s.Learned[0][last].Value, s.Learned[1][last].Value)
	one, err := lecture.MeasureSpectralBias(t.Context(), lecture.SpectralSettings{Waves: []int{1, 3}, Points: 32, Width: 40, Rate: 0.05, Steps: 800, Seeds: 1})
	require.NoError(t, err)
	for r := range 3 { // at first the net is its linearization
		require.InDelta(t, one.Learned[0][r].Value, one.Linear[0][r], 0.01)
	}
	require.Contains(t, drawn(t, s.Draw()), "1 period (values with intervals)")
	require.Contains(t, drawn(t, s.DrawAt(100)), "After 100 steps")
	require.Contains(t, s.String(), "3 periods: half is learned after more than 800 steps")
	_, err = lecture.MeasureSpectralBias(t.Context(), lecture.SpectralSettings{Points: 32, Width: 40, Rate: 0.05, Steps: 800, Seeds: 2})
	require.ErrorContains(t, err, "Waves is empty")
	_, err = lecture.MeasureSpectralBias(t.Context(), lecture.SpectralSettings{Waves: []int{1}, Points: 32, Width: 40, Rate: 100, Steps: 80, Seeds: 2})
	require.ErrorContains(t, err, "training diverged")
}

func TestMemorizingCountsParameters(t *testing.T) {
	all, err := lecture.Memorize(t.Context(), lecture.MemorySettings{Widths: []int{8}, Digits: 100, Steps: 60, Seeds: 2})
	require.NoError(t, err)
	require.Equal(t, 65*8+9*10, all[0].Parameters)
	require.Greater(t, all[0].Known.Value, all[0].Guess.Value, "right labels tell something of the digits")
	_, err = lecture.Memorize(t.Context(), lecture.MemorySettings{Widths: []int{8}, Digits: 1797, Steps: 60, Seeds: 2})
	require.ErrorContains(t, err, "n is 1797")
}
