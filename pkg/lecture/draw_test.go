package lecture_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
)

// drawn is what a picture shows, in words; a picture that cannot be drawn fails.
func drawn(t *testing.T, fig *figure.Figure) string {
	t.Helper()
	_, err := fig.SVG()
	require.NoError(t, err)
	return fig.Alt()
}

func TestElbowsAreDrawnWithTheirKnots(t *testing.T) {
	words := drawn(t, lecture.DrawElbows(relu.Elbow{V: -1, W: 2, B: -1}, relu.Elbow{V: 1, W: -1, B: -1}))
	require.Contains(t, words, "w = 2, b = −1, v = −1 (line): from −0.01 to −3.")
	require.Contains(t, words, "Star at (0.5, 0)")
	require.Contains(t, words, "w = −1, b = −1, v = 1 (line): from 1 to 0.005.")
	require.Contains(t, words, "Star at (−1, 0)")
	for _, without := range []relu.Elbow{{V: 1, B: 1}, {V: 1, W: 1, B: 5}, {}} {
		require.NotContains(t, drawn(t, lecture.DrawElbows(without)), "Star", "%v has no knot there", without)
		drawn(t, lecture.DrawElbowGradient(without))
	}
	words = drawn(t, lecture.DrawElbowGradient(relu.Elbow{V: -1, W: 2, B: -1}))
	require.Contains(t, words, "∂f/∂v = wx + b (line): from 0.01 to 3. ∂f/∂w = vx (line): from −0.505 to −2. ∂f/∂b = v (line): from −1 to −1.")
	require.NotContains(t, words, "leaves", "what begins near 0 and grows is no run that diverges")
}

// The sums go through the points from left to right, each as far as there is room.
func TestConstructionIsDrawn(t *testing.T) {
	xs, ys := []float64{0, 1, 3}, []float64{2, 3, 0}
	net, err := lecture.Textbook(xs, ys)
	require.NoError(t, err)
	words := drawn(t, lecture.DrawConstruction(net, xs, ys))
	require.Contains(t, words, "without the later units (theory): from 3 to 3.75.")
	require.Contains(t, words, "sum of all units (line): from 2 to 0.")
	require.Panics(t, func() { lecture.DrawConstruction(relu.Sawtooth(2), xs, ys) })
	_, err = lecture.Textbook([]float64{1, 0}, ys[:2])
	require.ErrorContains(t, err, "must be greater")
}

func TestGradientsAreDrawn(t *testing.T) {
	g, err := lecture.CompareGradients(lecture.GradientSettings{Widths: []int{3}, X: 0.7, Y: 1, Seed: 7})
	require.NoError(t, err)
	_, err = g.Draw("net").SVG()
	require.NoError(t, err)
	forward, backward := lecture.Multiplications(g.Net)
	require.Equal(t, []int{6, 12}, []int{forward, backward})
}

func TestUniversalApproximationIsDrawn(t *testing.T) {
	sine, err := problem.TargetByName("sine")
	require.NoError(t, err)
	r, err := lecture.Refine(sine, []int{2, 4, 8})
	require.NoError(t, err)
	fig, err := r.DrawProof(4)
	require.NoError(t, err)
	require.Contains(t, drawn(t, fig), "tallest box (theory): from 1 to 0.707.")
	_, err = r.DrawProof(0)
	require.Error(t, err)
	jump, err := problem.TargetByName("jump")
	require.NoError(t, err)
	r, err = lecture.Refine(jump, []int{3, 5})
	require.NoError(t, err)
	fig, err = r.DrawJump(3)
	require.NoError(t, err)
	require.Contains(t, drawn(t, fig), "largest error (points): from 1 to 1.")
	_, err = r.DrawJump(-1)
	require.Error(t, err)
	_, err = lecture.Refine(jump, []int{0})
	require.Error(t, err)
	fig, err = lecture.DrawBumps(sine, 10, 20)
	require.NoError(t, err)
	require.Contains(t, drawn(t, fig), "sum of 10 bumps (line): from 0.309")
	_, err = lecture.DrawBumps(sine, 10, math.NaN())
	require.Error(t, err)
	drawn(t, lecture.DrawTower(0.2))
	require.Panics(t, func() { lecture.Oscillation(problem.Target{}, 2) })
	require.InDelta(t, 1, lecture.Oscillation(line, 1), 1e-12)
}

func TestTailInWords(t *testing.T) {
	ds := []float64{1, 2, 4, 8, 16, 32}
	fig := func() *figure.Figure { return figure.New("errors", figure.LogX("d"), figure.LogY("error")) }
	of := func(f func(d float64) float64) []float64 { return figure.Column(ds, f) }
	falling := fig()
	require.Equal(t, "the error falls like d^-2.00; at d = 32 it is 0.0029",
		lecture.DrawTail(falling, "a", ds, of(func(d float64) float64 { return 3 / d / d })))
	require.Contains(t, drawn(t, falling), "slope −2.00")
	flat := fig()
	require.Equal(t, "no power law; at d = 32 the error is 0.5", lecture.DrawTail(flat, "a", ds, of(func(float64) float64 { return 0.5 })))
	require.NotContains(t, drawn(t, flat), "slope")
	short := fig()
	require.Equal(t, "no power law", lecture.DrawTail(short, "a", ds, []float64{1}))
	_, err := short.SVG()
	require.ErrorContains(t, err, "6 x values but 1 y values")
}

func TestBestSumIsDrawn(t *testing.T) {
	wave := problem.Target{Name: "wave", F: func(x float64) float64 { return math.Sin(2 * math.Pi * x) }, Hi: 1}
	words := drawn(t, lecture.BestSum(wave, 4).Draw(wave))
	require.Contains(t, words, "the best sum with 4 knots at equal distances")
	require.Contains(t, words, "out of reach: below 0 (band)")
	require.Contains(t, drawn(t, lecture.BestSum(line, 2).Draw(line)), "best sum with these knots (line)", "nothing of it is out of reach")
}

func TestDoublings(t *testing.T) {
	require.Equal(t, []int{3, 6, 12}, lecture.Doublings(3, 23))
	require.Equal(t, []int{3, 5, 9}, lecture.OddDoublings(9))
	require.Empty(t, lecture.Doublings(5, 4))
}

func TestSpread(t *testing.T) {
	values := []float64{4, 1, 3, 2, 5}
	require.Equal(t, stat.Interval{Value: 3, Low: 2, High: 4}, lecture.Spread(values, 0.25))
	require.Equal(t, stat.Interval{Value: 3, Low: 1, High: 5}, lecture.Spread(values, 0))
	none := lecture.Spread(nil, 0.25)
	require.True(t, math.IsNaN(none.Value) && math.IsNaN(none.Low) && math.IsNaN(none.High))
	require.Panics(t, func() { lecture.Spread(values, 2) })
}

func TestBasinInWordsAndInAPicture(t *testing.T) {
	of := func(v float64) stat.Interval { return stat.Interval{Value: v, Low: v / 2, High: 2 * v} }
	b := &lecture.Basin{Settings: lecture.BasinSettings{Shifts: []float64{0, 1}}, Best: 0.01,
		Before: []stat.Interval{of(0.3), of(3)}, After: []stat.Interval{of(0.01), of(0.2)}, Random: of(0.25)}
	require.Contains(t, b.String(), "shifted by 0     error 0.3, after training 0.01\n")
	require.Contains(t, drawn(t, b.Draw()), "trained from random starts (median) (line): from 0.25 to 0.25")
	b.Random = lecture.Spread(nil, 0.25)
	require.NotContains(t, drawn(t, b.Draw()), "random starts")
}

func TestGapsWhereTrainingDiverged(t *testing.T) {
	net, err := relu.Uniform(line.F, 0, 1, 2)
	require.NoError(t, err)
	found := &lecture.Gap{Width: 4, Equal: 0.2, Free: 0.1, Floor: 0.09, Rate: 0.01, Trained: stat.Interval{Value: 0.4, Low: 0.3, High: 0.5}}
	found.Nets.Equal, found.Nets.Free, found.Nets.Trained = net, net, net
	lost := &lecture.Gap{Width: 8, Equal: 0.1, Free: 0, Trained: lecture.Spread(nil, 0.25)}
	lost.Nets.Equal, lost.Nets.Free = net, net
	require.Equal(t, "width 4  equal knots 0.2, best knots 0.1 (2.0 times less); trained at rate 0.01: median 0.4 (quartiles 0.3 to 0.5), 4.0 times the best knots.", found.String())
	require.Equal(t, "width 8  equal knots 0.1, best knots 0; every training run diverged.", lost.String())
	require.Contains(t, drawn(t, lecture.DrawGaps(line, []*lecture.Gap{found, lost})), "diverged")
	require.Contains(t, drawn(t, found.Residuals(line)), "trained")
	require.NotContains(t, drawn(t, lost.Residuals(line)), "trained")
	require.Contains(t, lecture.GapLaws([]*lecture.Gap{found, {Width: 8, Equal: 0.05, Free: 0.02}, {Width: 16, Equal: 0.0125, Free: 0.005}}), "knots at equal distances: over these widths the error falls like d^-2.00")
}

func TestKnotMotionIsShown(t *testing.T) {
	kink := problem.Target{Name: "kink", F: func(x float64) float64 { return math.Abs(x - 0.5) }, Hi: 1, Knots: []float64{0.5}}
	motion, err := lecture.FollowKnots(t.Context(), lecture.Training{Target: kink, Rate: 0.01, Steps: 40, Seeds: 2}, 6)
	require.NoError(t, err)
	require.Contains(t, motion.String(), "bends at random places would have 10 % there.")
	moving := motion.Animate()
	_, err = moving.PNG()
	require.NoError(t, err)
	require.Contains(t, moving.Alt(), "kinks of the target (points)")
	require.Contains(t, moving.Alt(), "Step 40.")
	require.Contains(t, drawn(t, motion.DrawPaths()), "Horizontal line at 0.5: kink")

	motion.NearBefore = stat.Interval{Value: 0.15, Low: 0.15, High: 0.15}
	require.Contains(t, motion.String(), "lies 15 % (no interval) of all bending Σ|vw| at the start", "of one run")

	motion.Target.Knots = nil
	require.Equal(t, "kink has no kinks for the knots to gather at.", motion.String())
	require.NotContains(t, drawn(t, motion.DrawPaths()), "kink.")
}

func TestSearchesInWordsAndPictures(t *testing.T) {
	net, err := relu.Uniform(line.F, 0, 1, 2)
	require.NoError(t, err)
	some := &lecture.Success{Width: 10, Errors: []float64{0.5, math.NaN(), 0.01}, Rate: stat.Interval{Value: 1. / 3, Low: 0.06, High: 0.79}, Best: 0.01, Net: net}
	none := &lecture.Success{Width: 20, Errors: []float64{math.NaN()}, Best: math.NaN()}
	require.Equal(t, "10 units: 33 % (6 to 79 %) found it; the smallest error is 0.01.", some.String())
	require.Equal(t, "20 units: every run diverged.", none.String())
	require.Contains(t, drawn(t, lecture.DrawSearch([]*lecture.Success{some}, 0.02)), "Errors from 3 random starts.")
	require.NotContains(t, drawn(t, lecture.DrawSearch([]*lecture.Success{none}, 0.02)), "one run each")
	require.Contains(t, drawn(t, lecture.DrawFound(line, some)), "net (line): from 0 to 1")
	require.NotContains(t, drawn(t, lecture.DrawFound(line, none)), "(line)")
}

// On a line the elbows are exact, and a staircase is off by half a step at its ends, 1/(2(d+1)).
func TestNetsWrittenDown(t *testing.T) {
	w, err := lecture.WriteDown(line, []int{4, 9}, 1000)
	require.NoError(t, err)
	require.Equal(t, []float64{4, 9}, w.Units)
	require.InDeltaSlice(t, []float64{0.1, 0.05}, w.Sigmoid, 1e-3)
	require.InDeltaSlice(t, []float64{0, 0}, w.ReLU, 1e-11)
	require.Positive(t, w.ReLU[0])
	require.Less(t, w.Apart, 1e-12)
	_, err = lecture.WriteDown(line, []int{0}, 20)
	require.Error(t, err)
}

func TestActivationsInWordsAndPictures(t *testing.T) {
	at := stat.Interval{Value: 0.02, Low: 0.01, High: 0.03}
	some := &lecture.ActivationScore{Activation: problem.Tanh, Rate: []float64{0.1, 0.3}, Errors: []stat.Interval{lecture.Spread(nil, 0), at}, Again: at, Median: line.F}
	none := &lecture.ActivationScore{Activation: problem.ReLU, Rate: []float64{0.1}, Errors: []stat.Interval{lecture.Spread(nil, 0)}}
	require.Equal(t, "tanh: best at the rate 0.3, with the median error 0.02; over other seeds it is 0.02 (quartiles 0.01 and 0.03).", some.String())
	require.Equal(t, "ReLU: a run diverged at every rate.", none.String())
	require.Contains(t, drawn(t, lecture.DrawRates([]*lecture.ActivationScore{some})), "diverged at 0.087", "to the left of the second")
	require.Contains(t, drawn(t, lecture.DrawResiduals(line, []*lecture.ActivationScore{some, none})), "tanh (line): from 0 to 0")
	words := drawn(t, lecture.DrawActivations("slopes", "φ′(z)", 2, problem.Activation.Slope))
	require.Contains(t, words, "ReLU (line): from 0 to 1. tanh (line): from 0.0707 to 0.0707.")
}

func TestSignalsInWordsAndPictures(t *testing.T) {
	s := &lecture.Signal{Activation: problem.ReLU, Layer: []float64{1, 2}, Length: []stat.Interval{{Value: 0.5, Low: -0.1, High: 1.1}, {Value: 1, Low: 1, High: 1}},
		Theory: []float64{0.7, 1}}
	require.Equal(t, "ReLU: the derivative at layer 1 is 0.5 times as long as at layer 2. Theory says 0.7.", s.String())
	require.Contains(t, drawn(t, lecture.DrawSignals([]*lecture.Signal{s})), "theory (theory): from 0.7 to 1")
}

// An accuracy has no interval beyond 100 %.
func TestSharesInPercent(t *testing.T) {
	right := &lecture.DigitScore{DigitNets: lecture.DigitNets{Scale: 2}, Depth: []int{1}, Unknown: []stat.Interval{{Value: 0.95, Low: 0.8, High: 1.1}}, Runs: [][]float64{{0.9, 0.98}}}
	require.Equal(t, "ReLU, s = 2: 95 % (80 to 100 %) with 1 hidden layers.", right.String())
	require.Contains(t, drawn(t, lecture.DrawDigits([]*lecture.DigitScore{right})), "ReLU, s = 2 (values with intervals): 1 90, 1 98.")
	dead := []lecture.Dead{{Rate: 0.01, Share: stat.Interval{Value: 0.07, Low: 0.05, High: 0.1}}, {Rate: 1, Share: stat.Interval{Value: 1, Low: 0.9, High: 1}}}
	require.Equal(t, "rate 0.01   7 % (5 to 10 %) dead after training", dead[0].String())
	require.Contains(t, drawn(t, lecture.DrawDead("dead", dead)), "to 100 (90 to 100)")
}

func TestDepthsInWordsAndPictures(t *testing.T) {
	all := &lecture.Depths{Target: "wave", Constant: 2, Scores: []*lecture.DepthScore{
		{Widths: []int{9}, Parameters: 28, Errors: []float64{0.3, 0.1, 0.2}},
		{Widths: []int{3, 3}, Parameters: 22},
		{Widths: []int{2, 2, 2, 2}, Parameters: 25, Errors: []float64{0.4}}}}
	require.Equal(t, "wave: median error 0.2 with one layer, divergence with two layers, 0.4 with 4 layers; the best constant has 2.", all.String())
	all.Scores[0].Errors[1], all.Scores[0].Pieces = 0.09, []float64{9, 7, 8}
	require.Contains(t, all.String(), "Runs below a twentieth of that: 1, 0, 0. Above every run with one layer: 0, 0, 1. Pieces, median: 8.")
	require.Equal(t, "wave: no nets.", (&lecture.Depths{Target: "wave"}).String())
	require.Contains(t, drawn(t, lecture.DrawDepths("errors", all)), "one layer 0.15, one layer 0.045, one layer 0.1, 4 layers 0.2")
	require.Contains(t, drawn(t, lecture.DrawFits(line, all)), "Panel 2: two layers, median run.")
	require.Contains(t, drawn(t, lecture.DrawPlanes(lecture.Planes()[1:2], []*lecture.Depths{all})), "rings")
	require.Panics(t, func() { lecture.DrawPlanes(lecture.Planes(), nil) })
	require.Contains(t, drawn(t, lecture.DrawTeeth(2)), "Panel 2: 2 layers: 4 crossings.")
	words := drawn(t, lecture.DrawFolds(line.F, func(x float64) float64 { return 1 - math.Abs(2*x-1) }, 1))
	require.Contains(t, words, "g in the mirror (line): from 1 to 0.")
	require.Panics(t, func() { lecture.DrawFolds(line.F, line.F, 5) })
}

// The parameters of a net are accounted for to the last one.
func TestDegreesInATable(t *testing.T) {
	d, err := lecture.CountDegrees([]int{1, 10, 1}, 300, 1)
	require.NoError(t, err)
	header, rows := d.Table()
	sum := 0
	for i, row := range rows {
		require.Len(t, row, len(header))
		n, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		switch {
		case i == 0:
			require.Equal(t, 31, n)
			sum = n
		case strings.HasPrefix(row[0], "−"):
			sum -= n
		default:
			require.Equal(t, sum, n, row[0])
		}
	}
	require.Contains(t, drawn(t, d.DrawSpectrum()), "Vertical line at 18.5: rank")

	all, err := lecture.SurveyDegrees(3)
	require.NoError(t, err)
	require.Equal(t, [][]int{{1, 1, 1}, {2, 8, 8, 1}, {1, 7, 7, 7, 1}}, [][]int{all[0].Sizes, all[1].Sizes, all[2].Sizes})
	require.Contains(t, drawn(t, lecture.DrawDegrees(all)), "two or three hidden layers (points)")
	require.NotContains(t, drawn(t, lecture.DrawDegrees(all[:1])), "two or three")
	_, err = lecture.SurveyDegrees(0)
	require.ErrorContains(t, err, "nets is 0")
}

func TestFindingsAreShown(t *testing.T) {
	four, err := lecture.FourPatients(6)
	require.NoError(t, err)
	var names, causes []string
	for _, p := range four {
		names, causes = append(names, p.Name), append(causes, p.Truth.String())
	}
	require.Equal(t, []string{"A", "B", "C", "D"}, names)
	require.ElementsMatch(t, []string{"inadequate learning", "too few units", "too few examples", "no relationship"}, causes)

	net, err := relu.Uniform(line.F, 0, 1, 2)
	require.NoError(t, err)
	f := &lecture.Findings{
		Patient:   &lecture.Patient{Name: "B", How: "20 steps of Adam", Target: line, X: []float64{0, 0.2, 0.4, 0.6}, Y: []float64{0, 0.3, 0.4, 0.9}},
		Diagnosis: &diagnosis.Diagnosis{Cause: diagnosis.Learning, Evidence: "It does better.", Parts: map[diagnosis.Cause]float64{diagnosis.Learning: 3, diagnosis.Unknown: 1}},
		Done:      []float64{0, 100}, Loss: []float64{0.5, 0.1}, Net: net,
	}
	all := []*lecture.Findings{f}
	require.Equal(t, "Patient B: inadequate learning. It does better. In truth: 20 steps of Adam.", f.String())
	require.Contains(t, drawn(t, f.DrawFit()), "examples (points): from 0 to 0.9")
	require.Contains(t, drawn(t, lecture.DrawLosses(all)), "patient B (line): from 0.5 to 0.1")
	require.Contains(t, drawn(t, lecture.DrawLadders(all)), "patient B (line): from 2 to 0.", "of what is left after each remedy")
	require.Contains(t, drawn(t, lecture.DrawShares(all)), "B: examples 0, learning 75, units 0, not explained 25, relationship 0")

	f.Net = nil
	require.NotContains(t, drawn(t, f.DrawFit()), "net (line)")
	f.Loss[1] = math.Inf(1)
	require.Contains(t, drawn(t, lecture.DrawLosses(all)), "diverged", "the loss of a run that diverged is drawn as far as it is finite")
}

func TestConfusionIsShown(t *testing.T) {
	c := &lecture.Confusion{Count: [][]int{{8, 0, 0, 0, 0}, {0, 7, 0, 0, 1}, {0, 0, 8, 0, 0}, {0, 0, 0, 8, 0}}, Right: make([]stat.Interval, 4)}
	c.Right[1] = stat.Interval{Value: 0.875, Low: 0.5, High: 0.98}
	require.Contains(t, c.String(), "\ntoo few units: 88 % right (50 to 98 %).\n")
	require.Contains(t, c.String(), "All causes: 31 of 32 right, 97 % (84 to 99 %).")
	require.Contains(t, drawn(t, c.Draw()), "too few units: learning 0, units 7, examples 0, relationship 0, other 1")
}

// Each patient that was examined is told to who watches.
func TestTheClinicTellsItsProgress(t *testing.T) {
	var told []string
	progress.Watch(func(what string, total int) (func(int), func()) {
		return func(done int) { told = append(told, fmt.Sprintf("%s: %d of %d", what, done, total)) }, nil
	})
	defer progress.Watch(nil)
	clinic := &lecture.Clinic{Seeds: 1}
	defer clinic.Close()
	c, err := clinic.Confuse(t.Context(), 1, 6)
	require.NoError(t, err)
	require.Equal(t, []string{"patients examined: 1 of 4", "patients examined: 2 of 4", "patients examined: 3 of 4", "patients examined: 4 of 4"}, told)
	for _, row := range c.Count {
		require.Equal(t, 1, row[0]+row[1]+row[2]+row[3]+row[4])
	}
}

// The intervals hold the true variance, and the line of the Gamma test begins at the estimate.
func TestNoiseIsEstimated(t *testing.T) {
	e, err := lecture.EstimateNoise(math.Sin, 0.3, 400, 3)
	require.NoError(t, err)
	require.Len(t, e.X, 400)
	require.True(t, e.Repeated.Contains(0.09), e)
	require.InEpsilon(t, 0.09, e.Gamma.Noise, 0.2)
	require.Contains(t, e.String(), "From 200 inputs that were each asked twice: ")
	require.Contains(t, drawn(t, e.DrawGamma()), fmt.Sprintf("line through them (line): from %.3g", e.Gamma.Noise))
	require.Contains(t, drawn(t, e.DrawGamma()), "Horizontal line at 0.09: true variance")
	_, err = lecture.EstimateNoise(nil, 0.3, 400, 3)
	require.ErrorContains(t, err, "f is nil")
	_, err = lecture.EstimateNoise(math.Sin, 0.3, 5, 3)
	require.ErrorContains(t, err, "number of examples, 5")
}

func TestShatteringIsShown(t *testing.T) {
	all := []*lecture.Shattering{{Inputs: 1, Width: 1, N: 3, Found: 6, All: 8}, {Inputs: 2, Width: 1, N: 3, Found: 8, All: 8}, {Inputs: 2, Width: 2, N: 5, Found: 32, All: 32},
		{Inputs: 2, Width: 2, N: 6, Found: 62, All: 64}}
	require.Equal(t, "On a line, 1 ReLU: 6 of the 8 labelings of 3 points found.", all[0].String())
	require.Equal(t, "In the plane, 1 ReLU: 8 of the 8 labelings of 3 points found.", all[1].String())
	require.Equal(t, "In 3 dimensions, 2 ReLUs: 1 of the 4 labelings of 2 points found.", (&lecture.Shattering{Inputs: 3, Width: 2, N: 2, Found: 1, All: 4}).String())
	known, err := lecture.WhatIsKnown(all[1:])
	require.NoError(t, err)
	require.Equal(t, []*lecture.Known{{Inputs: 2, Width: 1, Shattered: 3, Most: 3}, {Inputs: 2, Width: 2, Shattered: 5, Most: 44}}, known)
	require.Contains(t, drawn(t, lecture.DrawKnown(known)), "(values with intervals): 1 3, 2 5 (5 to 44)")
	known, err = lecture.WhatIsKnown(all[:1])
	require.NoError(t, err)
	drawn(t, lecture.DrawKnown(known)) // a search that shatters nothing can be drawn, too
	counts := [][]*lecture.LineCount{{{Elbows: 2, N: 3, Written: 8, All: 8}, {Elbows: 2, N: 4, Written: 14, All: 16}}}
	words := drawn(t, lecture.DrawLineCounts(counts, []*lecture.Shattering{{Inputs: 1, Width: 2, N: 3, Found: 4, All: 8}, {Inputs: 1, Width: 2, N: 4, Found: 4, All: 16}}))
	require.Contains(t, words, "2 ReLUs, written down (line): from 100 to 87.5")
	require.Contains(t, words, "2 ReLUs, found by training (points): from 50 to 25")
}

// Cover's count is what linear programs find, in percent: all of 3 points, 14 of 16 of 4.
func TestLabelingsAreEnumerated(t *testing.T) {
	e, err := lecture.EnumerateLabelings(4)
	require.NoError(t, err)
	require.Zero(t, e.Off)
	require.Equal(t, []float64{100, 100, 100, 87.5}, e.Share)
	require.InDelta(t, 4./3, e.Ratio[3], 1e-15)
	require.Contains(t, drawn(t, lecture.DrawCover(3)), "d = 3 (line): from 100 to 3.27")
	for _, n := range []int{0, 31} {
		_, err = lecture.EnumerateLabelings(n)
		require.ErrorContains(t, err, "it must be between 1 and 30")
	}
}

func TestMemoryIsDrawn(t *testing.T) {
	of := func(v float64) stat.Interval { return stat.Interval{Value: v, Low: v, High: v} }
	words := drawn(t, lecture.DrawMemory([]*lecture.Memory{{Width: 4, Known: of(0.9), Unknown: of(0.6), Random: of(0.2), Guess: of(0.1)},
		{Width: 64, Known: of(1), Unknown: of(0.8), Random: of(0.99), Guess: of(0.05)}}))
	require.Contains(t, words, "Right labels. Horizontal axis: hidden units, with 4, 64. Vertical axis: accuracy (%), from 0 to 105. "+
		"digits learned from (values with intervals): 4 90, 64 100.")
	require.Contains(t, words, "digits learned from (values with intervals): 4 20, 64 99.")
}
