package lecture

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Curve (claims S3, S11) is the mean of a loss over seeds, with its interval, at the recorded steps.
type Curve struct {
	Name string
	Step []int
	Mean []stat.Interval
	// Diverged is the number of runs that did; they are not in the mean.
	Diverged int
}

// MeanCurve averages what of picks from each run that did not diverge. It is an error when of or a history is nil, when
// the runs have not recorded the same steps, and when a value is not finite.
func MeanCurve(name string, histories []*train.History, of func(*train.History, int) float64) (*Curve, error) {
	c := &Curve{Name: name}
	var runs []*train.History
	if of == nil {
		return nil, errors.New("of is nil: give the function that picks a value from a history")
	}
	for i, h := range histories {
		if h == nil {
			return nil, fmt.Errorf("history %d is nil: look at the error of the run", i)
		}
		if _, diverged := h.Diverged(); diverged {
			c.Diverged++
			continue
		}
		if runs = append(runs, h); !slices.Equal(h.Step, runs[0].Step) {
			return nil, fmt.Errorf("history %d has other steps than the first: average runs of as many steps and one stride", i)
		}
	}
	if len(runs) == 0 {
		return c, nil
	}
	c.Step = slices.Clone(runs[0].Step)
	for k := range c.Step {
		values := make([]float64, len(runs))
		for i, h := range runs {
			values[i] = of(h, k)
		}
		mean, err := stat.MeanOverRuns(values, Confidence)
		if err != nil {
			return nil, err
		}
		c.Mean = append(c.Mean, mean)
	}
	return c, nil
}

// two writes a number with two digits, or that there is none.
func two(x float64) string {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.2g", x)
}

// mean is the sum of the values over their number: +Inf if a value is, and NaN of no values.
func mean(values []float64) float64 { return floats.Sum(values) / float64(len(values)) }

// paired is the mean of a − b over runs of the same seeds, with its interval.
func paired(a, b []float64) (stat.Interval, error) {
	return stat.MeanOverRuns(floats.SubTo(make([]float64, len(a)), a, b), Confidence)
}

// Quantile returns the value below which the part p of the values lies; +Inf counts as the greatest. It panics when there are
// no values or p is not between 0 and 1.
func Quantile(values []float64, p float64) float64 {
	if len(values) == 0 || !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("there are %d values and p is %v: there must be at least one, and p between 0 and 1", len(values), p))
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// Spread is the median of the values, and what is below all but the parts tail and 1 − tail of them: at 0.25 the quartiles, at 0 the
// extremes. Of no values it is NaN. It panics when tail is not between 0 and 1.
func Spread(values []float64, tail float64) stat.Interval {
	if len(values) == 0 {
		return stat.Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	return stat.Interval{Value: Quantile(values, 0.5), Low: Quantile(values, tail), High: Quantile(values, 1-tail)}
}

// percent writes a share with its interval, "14 % (10 to 18 %)".
func percent(share stat.Interval) string {
	if share.Low == share.High { // of one run
		return fmt.Sprintf("%.0f %% (no interval)", 100*share.Value)
	}
	return fmt.Sprintf("%.0f %% (%.0f to %.0f %%)", 100*share.Value, 100*share.Low, 100*share.High)
}

// percents are shares in percent, without what an interval has below 0 or above 100 %.
func percents(shares []stat.Interval) []stat.Interval {
	return figure.Each(shares, func(s stat.Interval) stat.Interval {
		return stat.Interval{Value: 100 * s.Value, Low: 100 * max(s.Low, 0), High: 100 * min(s.High, 1)}
	})
}

// Span is a range for an axis that shows all the finite values with a margin of a tenth to each side.
func Span(values []float64) (ends [2]float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		low, high = 0, 0
	}
	margin := (high/2 - low/2) / 5 // the whole span may be beyond float64
	if margin == 0 {
		margin = 1
	}
	return [2]float64{max(low-margin, -math.MaxFloat64), min(high+margin, math.MaxFloat64)}
}

// beyond is the mean of runs of which one diverged.
var beyond = stat.Interval{Value: math.Inf(1), Low: math.Inf(1), High: math.Inf(1)}

// squared is ‖u − v‖².
func squared(u, v []float64) float64 {
	distance := floats.Distance(u, v, 2)
	return distance * distance
}

// RelativeError is the greatest |measured/predicted − 1|. It panics when there are not as many of each.
func RelativeError(measured, predicted []float64) float64 {
	ratios := floats.DivTo(make([]float64, len(measured)), measured, predicted)
	floats.AddConst(-1, ratios)
	return floats.Norm(ratios, math.Inf(1))
}

// MaxDifference is the greatest difference of two functions on 2,001 points of an interval. It panics when one of them is nil.
func MaxDifference(f, g func(x float64) float64, lo, hi float64) float64 {
	if f == nil || g == nil {
		panic(errors.New("MaxDifference needs two functions; one of them is nil"))
	}
	worst := 0.0
	for i := range 2001 {
		x := lo + (hi-lo)*float64(i)/2000
		worst = max(worst, math.Abs(f(x)-g(x)))
	}
	return worst
}

// Tail (claims N2, N7) fits a power law to the larger half of the ds, where the asymptotic law holds. It is an error when the lengths
// differ, when fewer than three are left, or when an error is 0.
func Tail(ds, errors []float64) (stat.PowerLaw, error) {
	if len(ds) != len(errors) {
		return stat.PowerLaw{}, fmt.Errorf("there are %d ds and %d errors: they must be as many", len(ds), len(errors))
	}
	from := len(ds) / 2
	return stat.FitPowerLaw(ds[from:], errors[from:], Confidence)
}

// Doublings are from, 2·from, 4·from and so on, none above most: numbers of pieces, units or examples for a logarithmic axis. It
// panics when a number is not between 1 and 2^20.
func Doublings(from, most int) (all []int) {
	mustCount("from", from)
	mustCount("most", most)
	for n := from; n <= most; n *= 2 {
		all = append(all, n)
	}
	return all
}

// OddDoublings are 3, 5, 9, 17 and so on, none above most: numbers of pieces for a logarithmic axis at which what lies in the middle of an
// interval, as the jump of the target "jump" does, lies in the middle of a piece. It panics when most is not between 1 and 2^20.
func OddDoublings(most int) (all []int) {
	mustCount("most", most)
	for n := 2; n < most; n *= 2 {
		all = append(all, n+1)
	}
	return all
}

// DrawTail (claims N2, N7) draws the errors over the ds on two logarithmic axes, with the law of Tail where they fall like a power of d,
// and says how they fall.
func DrawTail(fig *figure.Figure, name string, ds, errors []float64) (words string) {
	fit, err := Tail(ds, errors)
	if err != nil || fit.Exponent.Value > -0.1 {
		fig.Points(name, ds, errors)
		if len(ds) == 0 || len(ds) != len(errors) {
			return "no power law"
		}
		return fmt.Sprintf("no power law; at d = %g the error is %.2g", ds[len(ds)-1], errors[len(ds)-1])
	}
	fig.PowerLaw(name, ds, errors, fit.Factor.Value, fit.Exponent.Value, 0)
	return fmt.Sprintf("the error falls like d^%.2f; at d = %g it is %.2g", fit.Exponent.Value, ds[len(ds)-1], errors[len(ds)-1])
}
