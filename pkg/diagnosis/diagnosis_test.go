package diagnosis_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/stat"
)

func trial(name string, width int, errors ...float64) diagnosis.Trial {
	return diagnosis.Trial{Name: name, Width: width, Errors: errors}
}

// The parts are a sum by hand, and the largest one is named.
func TestDiagnose(t *testing.T) {
	inf := math.Inf(1)
	otherwise, wider := trial("Adam", 8, 0.9, 0.5), trial("Adam", 32, 0.4, 0.6)
	for name, c := range map[string]struct {
		first diagnosis.Trial
		rest  []diagnosis.Trial
		noise float64
		cause diagnosis.Cause
		parts [4]float64 // learning, units, relationship, unknown
		says  string
	}{
		"learning":     {trial("gd", 8, 1, 1, 1), []diagnosis.Trial{otherwise, wider}, 0.01, diagnosis.Learning, [4]float64{0.75, 0.09, 0.01, 0.15}, "Adam, with 8 units, brings the error from 1 down to 0.5"},
		"units":        {trial("gd", 8, 1, 1, 1), []diagnosis.Trial{trial("Adam", 8, 0.9), wider}, 0.01, diagnosis.Units, [4]float64{0.19, 0.65, 0.01, 0.15}, "The best training of 8 units leaves 0.9, but 32 units come to 0.4"},
		"relationship": {trial("gd", 8, 1, 1, 1), []diagnosis.Trial{trial("Adam", 8, 0.9), trial("Adam", 32, 0.85)}, 0.64, diagnosis.Relationship, [4]float64{0.19, 0.81 - 0.7225, 0.64, 0.0825}, "standard deviation 0.8; the error is 1"},
		"unknown":      {trial("gd", 8, 1, 1, 1), []diagnosis.Trial{trial("Adam", 8, 0.95), trial("Adam", 32, 0.9)}, 0.01, diagnosis.Unknown, [4]float64{1 - 0.9025, 0.9025 - 0.81, 0.01, 0.8}, "try more units"},
		"nothing":      {trial("gd", 8, 0.1, 0.1, 0.2), nil, 0, diagnosis.Nothing, [4]float64{0, 0, 0, 0.01}, "within the tolerance"},
		// A narrower net that does well says that the width was not what lacked.
		"narrower": {trial("gd", 8, 1, 1, 1), []diagnosis.Trial{trial("Adam", 4, 0.3), wider}, 0.01, diagnosis.Learning, [4]float64{0.91, 0, 0.01, 0.08}, "with 4 units"},
		"diverged": {trial("gd", 8, inf, math.NaN(), 1), []diagnosis.Trial{otherwise, wider}, 0.01, diagnosis.Learning, [4]float64{0, 0.09, 0.01, 0.15}, "diverged"},
		// Noise that was estimated as greater than the least error counts as the whole of that.
		"noisier": {trial("gd", 8, 1, 1, 1), []diagnosis.Trial{trial("Adam", 32, 0.9)}, 2, diagnosis.Relationship, [4]float64{0, 0.19, 0.81, 0}, "No net can predict"},
	} {
		d, err := diagnosis.Diagnose(diagnosis.Record{Tolerance: 0.25, Trials: append([]diagnosis.Trial{c.first}, c.rest...), Noise: stat.Interval{Value: c.noise}})
		require.NoError(t, err, name)
		require.Equal(t, c.cause, d.Cause, name)
		if name == "nothing" { // the median of three, the least of which is as small
			c.parts = [4]float64{0, 0, 0, 0.01}
		}
		for i, cause := range []diagnosis.Cause{diagnosis.Learning, diagnosis.Units, diagnosis.Relationship, diagnosis.Unknown} {
			require.InDelta(t, c.parts[i], d.Parts[cause], 1e-12, "%s: %s", name, cause)
		}
		require.Contains(t, d.Evidence, c.says, name)
	}
}

// By hand: what more examples bring is credited first, and the other trials follow on the same training with more of them.
func TestDiagnoseTooFewExamples(t *testing.T) {
	r := diagnosis.Record{Tolerance: 0.1, Trials: []diagnosis.Trial{trial("gd", 8, 1, 1.1, 0.9), trial("Adam", 8, 0.3), trial("Adam", 32, 0.2)},
		More: trial("gd", 8, 0.4, 0.5, 0.3), Noise: stat.Interval{Value: 0.01}}
	d, err := diagnosis.Diagnose(r)
	require.NoError(t, err)
	require.Equal(t, diagnosis.Data, d.Cause)
	for cause, part := range map[diagnosis.Cause]float64{diagnosis.Data: 1 - 0.16, diagnosis.Learning: 0.16 - 0.09, diagnosis.Units: 0.09 - 0.04,
		diagnosis.Unknown: 0.04 - 0.01, diagnosis.Relationship: 0.01} {
		require.InDelta(t, part, d.Parts[cause], 1e-12, cause)
	}
	left := d.Ladder()
	require.InDeltaSlice(t, []float64{1, 0.4, 0.3, 0.2, 0.1}, left[:], 1e-12)
	require.Contains(t, d.Evidence, "from 1 down to 0.4")
	r.More.Errors = []float64{2} // no help counts as 0
	d, err = diagnosis.Diagnose(r)
	require.NoError(t, err)
	require.Zero(t, d.Parts[diagnosis.Data])
	require.Equal(t, diagnosis.Learning, d.Cause)
}

// The best net is that of the least choosing error, and what counts is its reported one.
func TestDiagnoseChoosesAndReports(t *testing.T) {
	wide := diagnosis.Trial{Name: "Adam", Width: 32, Errors: []float64{0.1, 0.6, math.NaN()}, Chosen: []float64{0.5, 0.4, 0.01}}
	wide.Chosen[2] = math.Inf(1)
	r := diagnosis.Record{Tolerance: 0.05, Trials: []diagnosis.Trial{trial("gd", 8, 1), wide}}
	d, err := diagnosis.Diagnose(r)
	require.NoError(t, err)
	require.InDelta(t, 1-0.36, d.Parts[diagnosis.Units], 1e-12, "not the lucky 0.1")
	r.Trials[1].Chosen = nil
	d, err = diagnosis.Diagnose(r)
	require.NoError(t, err)
	require.InDelta(t, 1-0.01, d.Parts[diagnosis.Units], 1e-12)
	r.Trials[1].Chosen = []float64{1}
	_, err = diagnosis.Diagnose(r)
	require.ErrorContains(t, err, "1 that choose")
}

func TestDiagnoseRefuses(t *testing.T) {
	good := diagnosis.Record{Tolerance: 0.1, Trials: []diagnosis.Trial{trial("gd", 8, 1)}}
	for says, spoil := range map[string]func(r *diagnosis.Record){
		"no trials":            func(r *diagnosis.Record) { r.Trials = nil },
		"has 0 errors":         func(r *diagnosis.Record) { r.Trials = []diagnosis.Trial{trial("gd", 8)} },
		"0 units":              func(r *diagnosis.Record) { r.Trials = []diagnosis.Trial{trial("gd", 0, 1)} },
		"must not be negative": func(r *diagnosis.Record) { r.Trials = []diagnosis.Trial{trial("gd", 8, -1)} },
		"the tolerance is NaN": func(r *diagnosis.Record) { r.Tolerance = math.NaN() },
		"the noise is -1":      func(r *diagnosis.Record) { r.Noise.Value = -1 },
		"every trial diverged": func(r *diagnosis.Record) { r.Trials = []diagnosis.Trial{trial("gd", 8, math.Inf(1))} },
	} {
		r := good
		spoil(&r)
		_, err := diagnosis.Diagnose(r)
		require.ErrorContains(t, err, says)
	}
}

// examples are of a wave, with noise; each input repeats times.
func examples(n, repeats, inputs int, noise float64, seed uint64) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	x, y := mat.NewDense(n, inputs, nil), make([]float64, n)
	for i := range n {
		for j := range inputs {
			if i%repeats == 0 {
				x.Set(i, j, rng.Float64())
			} else {
				x.Set(i, j, x.At(i-1, j))
			}
			y[i] += math.Sin(2 * math.Pi * x.At(i, j))
		}
		y[i] += noise * rng.NormFloat64()
	}
	return x, y
}

// Over many data sets Repeated is right on average and its interval as often as it says; the Gamma test, an approximation, is
// within a fifth on average, in one dimension and in two. It has no interval.
func TestNoiseIsFound(t *testing.T) {
	const sets, variance = 400, 0.25
	for _, inputs := range []int{1, 2} {
		var repeated, gamma []float64
		hits := 0
		for k := range sets {
			x, y := examples(200, 2, inputs, 0.5, uint64(k))
			r, err := diagnosis.Repeated(x, y, 0.9)
			require.NoError(t, err)
			x, y = examples(200, 1, inputs, 0.5, uint64(k))
			g, err := diagnosis.Neighbours(x, y, 10)
			require.NoError(t, err)
			repeated, gamma = append(repeated, r.Value), append(gamma, g.Noise)
			if r.Contains(variance) {
				hits++
			}
		}
		mean, err := stat.Mean(repeated, 0.9999)
		require.NoError(t, err)
		require.True(t, mean.Contains(variance), "%v", mean)
		covers, err := stat.Proportion(hits, sets, 0.9999)
		require.NoError(t, err)
		require.True(t, covers.Contains(0.9), "%v", covers)
		mean, err = stat.Mean(gamma, 0.9999)
		require.NoError(t, err)
		require.InEpsilon(t, variance, mean.Value, 0.2, "%d inputs", inputs)
	}
}

// Without noise, on a straight line, γ is half of the slope's square times δ: the Gamma test is exact.
func TestNeighboursOfALine(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	x, y := mat.NewDense(100, 1, nil), make([]float64, 100)
	for i := range y {
		x.Set(i, 0, rng.Float64())
		y[i] = 3*x.At(i, 0) - 1
	}
	g, err := diagnosis.Neighbours(x, y, 10)
	require.NoError(t, err)
	require.InDelta(t, 4.5, g.Slope, 1e-9)
	require.InDelta(t, 0, g.Noise, 1e-12)
	for k := range 10 {
		require.InDelta(t, 4.5*g.Distance[k], g.Difference[k], 1e-12)
	}
}

// By hand: groups (1, 3), (5) and (2, 2, 5) have the squares 2, 0 and 6, and 1 + 0 + 2 degrees of freedom.
func TestRepeatedByHand(t *testing.T) {
	x := mat.NewDense(6, 1, []float64{0, 7, 1, 0, 1, 1})
	r, err := diagnosis.Repeated(x, []float64{1, 5, 2, 3, 2, 5}, 0.95)
	require.NoError(t, err)
	require.InDelta(t, 8./3, r.Value, 1e-12)
	require.InDelta(t, 8/9.348403604, r.Low, 1e-8, "χ² of 3 degrees of freedom, at 0.975, from the tables")
	require.InDelta(t, 8/0.215795283, r.High, 1e-6)
}

func TestNoiseRefuses(t *testing.T) {
	x := mat.NewDense(3, 1, []float64{1, 2, 3})
	y := []float64{1, 2, 3}
	_, err := diagnosis.Repeated(x, y, 0.95)
	require.ErrorContains(t, err, "use Neighbours")
	_, err = diagnosis.Repeated(x, y[:2], 0.95)
	require.ErrorContains(t, err, "as many")
	_, err = diagnosis.Repeated(nil, nil, 0.95)
	require.ErrorContains(t, err, "at least 2")
	_, err = diagnosis.Repeated(x, []float64{1, math.NaN(), 3}, 0.95)
	require.ErrorContains(t, err, "example 1")
	_, err = diagnosis.Neighbours(x, y, 3)
	require.ErrorContains(t, err, "k is 3")
	_, err = diagnosis.Repeated(x, y, 1)
	require.ErrorContains(t, err, "confidence")
}

// By hand: a training that is stuck learns from another start, and what more examples bring beyond that is the examples'.
func TestDiagnoseAnotherStart(t *testing.T) {
	again := diagnosis.Trial{Name: "gd", Width: 8, Errors: []float64{0.9, 0.4, 0.3}, Chosen: []float64{0.5, 0.1, 0.2}}
	r := diagnosis.Record{Tolerance: 0.1, Trials: []diagnosis.Trial{trial("gd", 8, 1), trial("Adam", 8, 0.2)}, Again: again, More: trial("gd", 8, 0.3)}
	d, err := diagnosis.Diagnose(r)
	require.NoError(t, err)
	require.Equal(t, diagnosis.Learning, d.Cause)
	require.InDelta(t, 1-0.16+0.09-0.04, d.Parts[diagnosis.Learning], 1e-12)
	require.InDelta(t, 0.16-0.09, d.Parts[diagnosis.Data], 1e-12)
	require.Contains(t, d.Evidence, "another start brings the error from 1 down to 0.4")

	r.Again.Errors = []float64{1.2, 0.9, 1.1} // other starts are as bad: the examples lack
	d, err = diagnosis.Diagnose(r)
	require.NoError(t, err)
	require.Equal(t, diagnosis.Data, d.Cause)
	require.InDelta(t, 0.81-0.09, d.Parts[diagnosis.Data], 1e-12)
	require.Contains(t, d.Evidence, "from 0.9 down to 0.3")

	r.Again.Errors = []float64{0.1}
	_, err = diagnosis.Diagnose(r)
	require.ErrorContains(t, err, "it needs as many")
}

// An error in the evidence is that of the training in question, or the evidence says whose it is.
func TestTheEvidenceSaysWhoseErrorItNames(t *testing.T) {
	lone := trial("gd", 8, 1)
	for name, c := range map[string]struct {
		again, more, adam float64 // 0: nobody tried
		start, examples   bool    // the evidence speaks of
		from              string
	}{
		"nothing else was tried":         {adam: 0.3, from: "from 1 down"},
		"more examples help":             {again: 0.9, more: 0.85, adam: 0.3, examples: true, from: "from 0.85 down"},
		"more examples do not help":      {more: 1.1, adam: 0.3, examples: true, from: "from 1 down"},
		"another start helps":            {again: 0.9, adam: 0.3, start: true, from: "from 0.9 down"},
		"another start alone helps":      {again: 0.9, more: 1.1, adam: 0.3, start: true, examples: true, from: "from 0.9 down"},
		"more examples help after start": {again: 0.9, more: 0.3, adam: 0.29, start: true, examples: true, from: "from 0.9 down"},
	} {
		r := diagnosis.Record{Tolerance: 0.1, Trials: []diagnosis.Trial{lone, trial("Adam", 8, c.adam)}}
		if c.again > 0 {
			r.Again = trial("gd", 8, c.again)
		}
		if c.more > 0 {
			r.More = trial("gd", 8, c.more)
		}
		d, err := diagnosis.Diagnose(r)
		require.NoError(t, err, name)
		require.Contains(t, d.Evidence, c.from, name)
		require.Equal(t, c.start, strings.Contains(d.Evidence, "another start"), "%s: %s", name, d.Evidence)
		require.Equal(t, c.examples, strings.Contains(d.Evidence, "more examples"), "%s: %s", name, d.Evidence)
	}
}
