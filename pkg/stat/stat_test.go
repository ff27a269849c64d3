package stat_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/floats"

	"descent.example/internal/says"
	"descent.example/pkg/stat"
)

//go:embed testdata/reference.json
var reference []byte

type values struct {
	Xs, Ys, At, Law, Series, Omega, Power []float64
	Cases                                 []struct {
		Confidence                                           float64
		Mean, Difference, Slope, Intercept, Exponent, Factor [3]float64
		Proportions                                          [][5]float64
		Autocorrelation                                      [][3]float64
	}
}

func load(t *testing.T) (v values) {
	t.Helper()
	require.NoError(t, json.Unmarshal(reference, &v))
	require.Len(t, v.Cases, 3)
	return v
}

func same(t *testing.T, want [3]float64, got stat.Interval, name string) {
	t.Helper()
	for i, x := range []float64{got.Value, got.Low, got.High} {
		require.InDelta(t, want[i], x, 1e-9*(1+math.Abs(want[i])), "%s, element %d", name, i)
	}
}

// Every interval is the one of scipy or statsmodels.
func TestIntervalsAreTheReferences(t *testing.T) {
	v := load(t)
	for _, c := range v.Cases {
		mean, err := stat.Mean(v.Xs, c.Confidence)
		require.NoError(t, err)
		same(t, c.Mean, mean, "mean")
		difference, err := stat.Difference(v.Xs, v.Ys, c.Confidence)
		require.NoError(t, err)
		same(t, c.Difference, difference, "difference")
		for _, p := range c.Proportions {
			got, err := stat.Proportion(int(p[0]), int(p[1]), c.Confidence)
			require.NoError(t, err)
			same(t, [3]float64(p[2:]), got, "proportion")
			require.True(t, got.Contains(got.Value))
		}
		line, err := stat.FitLine(v.At, v.Law, c.Confidence)
		require.NoError(t, err)
		same(t, c.Slope, line.Slope, "slope")
		same(t, c.Intercept, line.Intercept, "intercept")
		law, err := stat.FitPowerLaw(v.At, v.Law, c.Confidence)
		require.NoError(t, err)
		same(t, c.Exponent, law.Exponent, "exponent")
		same(t, c.Factor, law.Factor, "factor")
		r, err := stat.Autocorrelation(v.Series, len(c.Autocorrelation)-1, c.Confidence)
		require.NoError(t, err)
		for k, want := range c.Autocorrelation {
			same(t, want, r[k], "autocorrelation")
		}
	}
}

// One run is its own mean, without a word on how sure it is; two are Mean's, and what Mean refuses is refused.
func TestMeanOverRuns(t *testing.T) {
	one, err := stat.MeanOverRuns([]float64{3}, 0.95)
	require.NoError(t, err)
	require.Equal(t, stat.Interval{Value: 3, Low: 3, High: 3}, one)
	v := load(t)
	two, err := stat.MeanOverRuns(v.Xs, v.Cases[0].Confidence)
	require.NoError(t, err)
	same(t, v.Cases[0].Mean, two, "mean")
	for _, values := range [][]float64{nil, {math.NaN()}, {math.Inf(1)}, {1, math.NaN()}, {math.NaN(), 1}} {
		_, err := stat.MeanOverRuns(values, 0.95)
		require.Error(t, err, "%v", values)
	}
	_, err = stat.MeanOverRuns([]float64{1}, 1)
	require.ErrorContains(t, err, "confidence is 1")
}

// The autocorrelations are the sums that define them, at every lag.
func TestAutocorrelationByItsSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 3, 64, 100} {
		xs, mean := make([]float64, n), 0.0
		for i := range xs {
			xs[i] = rng.NormFloat64() * 1e100
			mean += xs[i] / float64(n)
		}
		r, err := stat.Autocorrelation(xs, n-1, 0.9)
		require.NoError(t, err)
		for k := range n {
			sum, squares := 0.0, 0.0
			for i := range n {
				squares += (xs[i] - mean) * (xs[i] - mean)
				if i+k < n {
					sum += (xs[i] - mean) * (xs[i+k] - mean)
				}
			}
			require.InDelta(t, sum/squares, r[k].Value, 1e-13)
		}
	}
}

func TestPeriodogramIsScipys(t *testing.T) {
	v := load(t)
	omega, power, err := stat.Periodogram(v.Series)
	require.NoError(t, err)
	require.InDeltaSlice(t, v.Omega, omega, 1e-12)
	require.InDeltaSlice(t, v.Power, power, 1e-9)
}

func TestByHand(t *testing.T) {
	line, err := stat.FitLine([]float64{0, 1, 2}, []float64{1, 3, 5}, 0.95)
	require.NoError(t, err)
	require.Equal(t, 9.0, line.At(4))
	law, err := stat.FitPowerLaw([]float64{1, 2, 4}, []float64{3, 12, 48}, 0.95)
	require.NoError(t, err)
	require.InDelta(t, 300, law.At(10), 1e-11)

	// Straight on and back: 1, 4 and 9 while it is in one direction.
	square, err := stat.SquaredDisplacement([][]float64{{0, 0}, {0, 1}, {0, 2}, {0, 3}}, 3)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 1, 4, 9}, square)
	square, err = stat.SquaredDisplacement([][]float64{{0, 0}, {3, 4}, {0, 0}}, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 25, 0}, square)

	still, err := stat.Difference([]float64{2, 2}, []float64{1, 1}, 0.95)
	require.NoError(t, err)
	require.Equal(t, stat.Interval{Value: 1, Low: 1, High: 1}, still)
	require.False(t, still.Contains(0.999) || still.Contains(1.001))
}

// The interval of a difference grows with the unit, and stays an interval where squares leave float64.
func TestDifferenceInAnyUnit(t *testing.T) {
	want, err := stat.Difference([]float64{1, 2}, []float64{3, 5}, 0.95)
	require.NoError(t, err)
	for _, exponent := range []int{-300, -280, 265, 280} {
		in := func(xs ...float64) []float64 {
			for i, x := range xs {
				xs[i] = math.Ldexp(x, exponent)
			}
			return xs
		}
		got, err := stat.Difference(in(1, 2), in(3, 5), 0.95)
		require.NoError(t, err)
		same(t, [3]float64(in(want.Value, want.Low, want.High)), got, "difference")
	}
}

// What an interval promises: at 0.9 it misses in a tenth of the repetitions. Of 2,000 that is 200 ± 13; the tolerance
// is 4.5 of these. For Wilson's the part is exact only on average over p, which is drawn.
func TestIntervalsMissAsOftenAsTheySay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n int, mean, deviation float64) []float64 {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = mean + deviation*rng.NormFloat64()
		}
		return xs
	}
	missed := map[string]int{}
	count := func(name string, i stat.Interval, err error, truth float64) {
		require.NoError(t, err)
		if !i.Contains(truth) {
			missed[name]++
		}
	}
	for range 2000 {
		i, err := stat.Mean(draw(5, 2, 3), 0.9)
		count("mean", i, err, 2)
		i, err = stat.Difference(draw(6, 2, 3), draw(15, 1, 1), 0.9)
		count("difference", i, err, 1)
		xs := []float64{1, 2, 3, 7}
		ys := draw(4, 0, 1)
		for k, x := range xs {
			ys[k] += 3 - 2*x
		}
		line, err := stat.FitLine(xs, ys, 0.9)
		count("slope", line.Slope, err, -2)
		count("intercept", line.Intercept, err, 3)
		p, successes := rng.Float64(), 0
		for range 30 {
			if rng.Float64() < p {
				successes++
			}
		}
		i, err = stat.Proportion(successes, 30, 0.9)
		count("proportion", i, err, p)
		r, err := stat.Autocorrelation(draw(400, 0, 1), 3, 0.9)
		count("white noise", r[3], err, 0)
	}
	require.Len(t, missed, 6)
	for name, m := range missed {
		require.InDelta(t, 200, m, 4.5*math.Sqrt(2000*0.9*0.1), name)
	}
}

// A share is between 0 and 1, and so are its ends, whatever is rounded.
func TestSharesStayBetween0And1(t *testing.T) {
	for trials := 1; trials < 200; trials++ {
		none, err := stat.Proportion(0, trials, 0.95)
		require.NoError(t, err)
		all, err := stat.Proportion(trials, trials, 0.95)
		require.NoError(t, err)
		require.Equal(t, 0.0, none.Low)
		require.False(t, math.Signbit(none.Low))
		require.Equal(t, 1.0, all.High)
	}
}

func TestRefuses(t *testing.T) {
	nan, one, zero := []float64{1, math.NaN(), 2}, []float64{1, 2, 3}, []float64{0, 1, 2}
	first := func(_ any, err error) error { return err }
	far, near, small := []float64{1, 1e200, 2}, []float64{1e-320, 2e-320, 3e-320}, []float64{1e-200, 2e-200, 3e-200}
	two, four := []float64{2, 2, 2}, []float64{1, 2, 3, 4}
	ragged := [][]float64{{1}, {1, 2}}
	for want, err := range map[string]error{
		"xs[1] … 1e+200 … square":         first(stat.Mean(far, 0.9)),
		"xs … slope":                      first(stat.FitLine(near, one, 0.9)),
		"xs … squares … 0":                first(stat.Autocorrelation(small, 1, 0.9)),
		"confidence … 1 … 0 … 0.95":       first(stat.Mean(one, 1)),
		"confidence … NaN … 0 … 1 … 0.95": first(stat.Proportion(1, 2, math.NaN())),
		"xs … 1 … 2":                      first(stat.Mean(one[:1], 0.9)),
		"ys … 1 … 2":                      first(stat.Difference(one, one[:1], 0.9)),
		"xs[1] … NaN":                     first(stat.Mean(nan, 0.9)),
		"trials … 0":                      first(stat.Proportion(0, 0, 0.9)),
		"successes … 3 … 0 … 2":           first(stat.Proportion(3, 2, 0.9)),
		"xs … 2 … 3":                      first(stat.FitLine(one[:2], one, 0.9)),
		"xs … 3 … 4":                      first(stat.FitLine(one, four, 0.9)),
		"xs … 2 … slope":                  first(stat.FitLine(two, one, 0.9)),
		"xs[0] … 0":                       first(stat.FitPowerLaw(zero, one, 0.9)),
		"ys[1] … NaN":                     first(stat.FitPowerLaw(one, nan, 0.9)),
		"maxLag … 3 … 0 … 2":              first(stat.Autocorrelation(one, 3, 0.9)),
		"maxLag … -1 … 0 … 2":             first(stat.Autocorrelation(one, -1, 0.9)),
		"xs … 2 … correlate":              first(stat.Autocorrelation(two, 1, 0.9)),
		"path … empty":                    first(stat.SquaredDisplacement(nil, 0)),
		"path[1] … 2 … path[0] … 1":       first(stat.SquaredDisplacement(ragged, 0)),
	} {
		says.All(t, err, want)
	}
	_, _, err := stat.Periodogram(nan)
	says.All(t, err, "xs[1] … NaN")
}

// The periodogram is that of gonum's transform, whose time depends on the factors of the length: a prime, its neighbours, and few values.
func TestPeriodogramIsTheFourierTransform(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 16, 100, 1008, 1009} {
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Sin(float64(i*i%17)) + float64(i%3)
		}
		mean := floats.Sum(x) / float64(n)
		centred := slices.Clone(x)
		floats.AddConst(-mean, centred)
		want := fourier.NewFFT(n).Coefficients(nil, centred)[1:]
		omega, power, err := stat.Periodogram(x)
		require.NoError(t, err)
		require.Len(t, power, n/2)
		for k, c := range want {
			require.InDelta(t, 2*math.Pi*float64(k+1)/float64(n), omega[k], 1e-12)
			square := real(c)*real(c) + imag(c)*imag(c)
			require.InDelta(t, square, float64(n)*power[k], 1e-9*(float64(n)+square))
		}
	}
}

// Values whose squares are 0 in float64, or denormal, have the intervals of values 2^k times as large.
func TestIntervalsOfTinyValues(t *testing.T) {
	xs, ys, at := []float64{1, 2, 4, 3}, []float64{2, 5, 3, 7}, []float64{1, 2, 3, 4}
	times := func(xs []float64, k int) (scaled []float64) {
		for _, x := range xs {
			scaled = append(scaled, math.Ldexp(x, k))
		}
		return scaled
	}
	equal := func(want stat.Interval, k int, got stat.Interval) {
		t.Helper()
		require.Equal(t, stat.Interval{Value: math.Ldexp(want.Value, k), Low: math.Ldexp(want.Low, k), High: math.Ldexp(want.High, k)}, got)
	}
	for _, k := range []int{-100, -400, -532, -665, -1000} {
		for _, f := range []func(k int) (stat.Interval, error){
			func(k int) (stat.Interval, error) { return stat.Mean(times(xs, k), 0.95) },
			func(k int) (stat.Interval, error) { return stat.Difference(times(xs, k), times(ys, k), 0.95) },
			func(k int) (stat.Interval, error) {
				return stat.Difference(times(xs, k), times([]float64{2, 2}, k), 0.95)
			},
		} {
			want, err := f(0)
			require.NoError(t, err)
			got, err := f(k)
			require.NoError(t, err)
			equal(want, k, got)
		}
		want, err := stat.FitLine(at, ys, 0.95)
		require.NoError(t, err)
		tinyY, err := stat.FitLine(at, times(ys, k), 0.95)
		require.NoError(t, err)
		equal(want.Slope, k, tinyY.Slope)
		equal(want.Intercept, k, tinyY.Intercept)
		tinyX, err := stat.FitLine(times(at, k), ys, 0.95)
		require.NoError(t, err)
		equal(want.Slope, -k, tinyX.Slope)
		equal(want.Intercept, 0, tinyX.Intercept)
	}
	_, err := stat.FitLine(times(at, -1060), times(ys, 100), 0.95)
	require.ErrorContains(t, err, "float64 has no slope")
}

// A confidence has an interval with ends, or is refused.
func TestConfidenceNearOne(t *testing.T) {
	below := math.Nextafter(1, 0)
	for _, confidence := range []float64{below, math.Nextafter(below, 0), 1 - 1e-15} {
		for name, f := range map[string]func() (stat.Interval, error){
			"proportion": func() (stat.Interval, error) { return stat.Proportion(0, 5, confidence) },
			"mean":       func() (stat.Interval, error) { return stat.Mean([]float64{1, 2}, confidence) },
			"difference": func() (stat.Interval, error) { return stat.Difference([]float64{1, 2}, []float64{3, 5, 4}, confidence) },
		} {
			interval, err := f()
			if confidence == below {
				require.ErrorContains(t, err, "so near to 1", name)
				continue
			}
			require.NoError(t, err, name)
			require.Less(t, interval.Low, interval.High, name)
			require.False(t, math.IsInf(interval.High, 0) || math.IsInf(interval.Low, 0), name)
		}
	}
}

func TestScaled(t *testing.T) {
	require.Equal(t, stat.Interval{Value: 2000, Low: 1000, High: 3000}, stat.Interval{Value: 2, Low: 1, High: 3}.Scaled(1000))
}
