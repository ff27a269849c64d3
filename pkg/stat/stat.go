// Package stat turns measurements into numbers and says how sure they are. It estimates from repeated runs or from one
// long run, each estimate with its confidence interval; it finds the rate at which training begins to diverge by bisection
// (BisectThreshold) and the largest eigenvalue of a Hessian by power iteration (PowerIteration).
//
// Over many repetitions, an interval at the confidence c holds the true value in a fraction c of them. 0.95 is customary; a test
// that must not raise false alarms needs 0.9999.
//
// Source: lecture section 1: every stochastic claim (S2 to S14) is stated with such an interval.
package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is an estimate and the ends of its confidence interval.
type Interval struct{ Value, Low, High float64 }

// Format writes the value and the ends, each by the verb: "%.2f" gives "1.25 (1.10 … 1.40)". A value from one run has no
// interval, which is then said instead.
func (i Interval) Format(f fmt.State, verb rune) {
	number := fmt.FormatString(f, verb)
	fmt.Fprintf(f, number+" (%s)", i.Value, i.Ends(number))
}

// Ends are both ends in the format of one number, such as "%.2f", or "no interval".
func (i Interval) Ends(number string) string {
	if i.Low == i.High {
		return "no interval"
	}
	return fmt.Sprintf(number+" … "+number, i.Low, i.High)
}

// Scaled is the interval in another unit: all three numbers times a factor.
func (i Interval) Scaled(factor float64) Interval {
	return Interval{i.Value * factor, i.Low * factor, i.High * factor}
}

// Contains tells whether x lies in the interval, ends included.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// around is the interval of so much to each side.
func around(value, half float64) Interval { return Interval{value, value - half, value + half} }

// Mean returns the mean of independent values and its interval by Student's t, exact for normally distributed ones. For
// a paired comparison, give the differences of the pairs. It is an error when there are fewer than two values or one is
// not finite, or when the confidence is not between 0 and 1.
func Mean(xs []float64, confidence float64) (Interval, error) {
	if err := check(confidence, sample{"xs", xs, 2}); err != nil {
		return Interval{}, err
	}
	scaled, unit := inUnits(xs)
	mean, deviation := stat.MeanStdDev(scaled[0], nil)
	n := float64(len(xs))
	return around(mean, student(confidence, n-1)*deviation/math.Sqrt(n)).times(unit), nil
}

// MeanOverRuns returns Mean of what several runs measured. A single run says nothing about how sure its value is: then both
// ends of the interval are that value. It is an error when there is no value or one is not finite, or when the confidence
// is not between 0 and 1.
func MeanOverRuns(values []float64, confidence float64) (Interval, error) {
	if len(values) == 1 {
		return around(values[0], 0), check(confidence, sample{"values", values, 1})
	}
	return Mean(values, confidence)
}

// Difference returns mean(xs) − mean(ys) of two independent samples and its interval, by Welch's t: their variances may
// differ. It is an error when one has fewer than two values or one that is not finite, or when the confidence is not
// between 0 and 1.
func Difference(xs, ys []float64, confidence float64) (Interval, error) {
	if err := check(confidence, sample{"xs", xs, 2}, sample{"ys", ys, 2}); err != nil {
		return Interval{}, err
	}
	n, m := float64(len(xs)), float64(len(ys))
	scaled, unit := inUnits(xs, ys)
	meanX, varianceX := stat.MeanVariance(scaled[0], nil)
	meanY, varianceY := stat.MeanVariance(scaled[1], nil)
	a, b := varianceX/n, varianceY/m
	sum := a + b
	if sum == 0 {
		return around(meanX-meanY, 0).times(unit), nil
	}
	a, b = a/sum, b/sum // their squares stay in float64
	freedom := 1 / (a*a/(n-1) + b*b/(m-1))
	return around(meanX-meanY, student(confidence, freedom)*math.Sqrt(sum)).times(unit), nil
}

// Proportion returns successes/trials and its Wilson interval, which is good also near 0 and 1. It is an error when
// there are no trials, when the successes are not among them, or when the confidence is not between 0 and 1.
func Proportion(successes, trials int, confidence float64) (Interval, error) {
	if trials < 1 {
		return Interval{}, fmt.Errorf("trials is %d: there must be at least one", trials)
	}
	if successes < 0 || successes > trials {
		return Interval{}, fmt.Errorf("successes is %d: it must be between 0 and the %d trials", successes, trials)
	}
	if err := check(confidence); err != nil {
		return Interval{}, err
	}
	n, p, z := float64(trials), float64(successes)/float64(trials), normal(confidence)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	// At 0 and 1 the formula ends there exactly, but for rounding.
	return Interval{p, max(0, min(middle-half, p)), min(1, max(middle+half, p))}, nil
}

// Line is a fit y = Intercept + Slope·x.
type Line struct{ Slope, Intercept Interval }

// At returns y at x.
func (l Line) At(x float64) float64 { return l.Intercept.Value + l.Slope.Value*x }

// FitLine returns the least-squares fit of points (x, y) and the intervals of its slope and intercept, by Student's t,
// exact when the ys have independent, normally distributed errors of one size. It is an error when there are fewer than
// three points, when the lengths differ, when a value is not finite, when all x are one, or when the confidence is not
// between 0 and 1.
func FitLine(xs, ys []float64, confidence float64) (Line, error) {
	if err := check(confidence, sample{"xs", xs, 3}, sample{"ys", ys, 3}); err != nil {
		return Line{}, err
	}
	if len(xs) != len(ys) {
		return Line{}, fmt.Errorf("xs has %d values and ys %d: they must be as many", len(xs), len(ys))
	}
	n := float64(len(xs))
	if floats.Max(xs) == floats.Min(xs) {
		return Line{}, fmt.Errorf("xs are all %v: there is no slope", xs[0])
	}
	scaledX, unitX := inUnits(xs)
	scaledY, unitY := inUnits(ys)
	xs, ys = scaledX[0], scaledY[0]
	mean, variance := stat.PopMeanVariance(xs, nil)
	intercept, slope := stat.LinearRegression(xs, ys, nil, false)
	squares := 0.0
	for i, x := range xs {
		residual := ys[i] - intercept - slope*x
		squares += residual * residual
	}
	t := student(confidence, n-2) * math.Sqrt(squares/(n-2)/n)
	line := Line{
		Slope:     around(slope, t/math.Sqrt(variance)).times(unitY - unitX),
		Intercept: around(intercept, t*math.Sqrt(1+mean*mean/variance)).times(unitY),
	}
	if width := line.Slope.High - line.Slope.Low; math.IsInf(width, 0) || math.IsNaN(width) {
		return Line{}, fmt.Errorf("xs lie so near to each other that float64 has no slope: choose another unit")
	}
	return line, nil
}

// PowerLaw is a fit y = Factor·x^Exponent: a line on log-log axes.
type PowerLaw struct{ Exponent, Factor Interval }

// At returns y at x.
func (p PowerLaw) At(x float64) float64 { return p.Factor.Value * math.Pow(x, p.Exponent.Value) }

// FitPowerLaw returns FitLine's fit of log y to log x: the exponent is the slope on log-log axes. It is an error when a
// value is not positive, and when FitLine's is.
func FitPowerLaw(xs, ys []float64, confidence float64) (PowerLaw, error) {
	logX, err := logs("xs", xs)
	if err != nil {
		return PowerLaw{}, err
	}
	logY, err := logs("ys", ys)
	if err != nil {
		return PowerLaw{}, err
	}
	line, err := FitLine(logX, logY, confidence)
	if err != nil {
		return PowerLaw{}, err
	}
	c := line.Intercept
	if math.IsInf(math.Exp(c.Value), 0) {
		return PowerLaw{}, fmt.Errorf("the exponent is %v: at x = 1 the fit leaves float64; choose another unit of xs", line.Slope.Value)
	}
	return PowerLaw{line.Slope, Interval{math.Exp(c.Value), math.Exp(c.Low), math.Exp(c.High)}}, nil
}

func logs(name string, xs []float64) ([]float64, error) {
	result := make([]float64, len(xs))
	for i, x := range xs {
		if !(x > 0) {
			return nil, fmt.Errorf("%s[%d] is %v: on a logarithmic axis it must be positive", name, i, x)
		}
		result[i] = math.Log(x)
	}
	return result, nil
}

// inUnits returns the samples in units of 2^unit. The unit is 1, and the samples are as they are, unless all values are so small
// that their squares would not be float64: then the largest is about 1 in it. Powers of two round nothing.
func inUnits(samples ...[]float64) (scaled [][]float64, unit int) {
	largest := 0.0
	for _, xs := range samples {
		largest = max(largest, floats.Norm(xs, math.Inf(1)))
	}
	if largest == 0 || largest >= smallest {
		return samples, 0
	}
	_, unit = math.Frexp(largest)
	for _, xs := range samples {
		inUnit := make([]float64, len(xs))
		for i, x := range xs {
			inUnit[i] = math.Ldexp(x, -unit)
		}
		scaled = append(scaled, inUnit)
	}
	return scaled, unit
}

// times is the interval in units of 2^unit.
func (i Interval) times(unit int) Interval {
	return Interval{math.Ldexp(i.Value, unit), math.Ldexp(i.Low, unit), math.Ldexp(i.High, unit)}
}

// student and normal return how many standard errors there are to each side.
func student(confidence, freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile((1 + confidence) / 2)
}
func normal(confidence float64) float64 { return distuv.UnitNormal.Quantile((1 + confidence) / 2) }

// Values of up to greatest have squares whose sums are float64, and so do those of differences of values of at least smallest.
const greatest, smallest = 1e150, 1e-130

// sample is an argument that must have some values, all finite.
type sample struct {
	name   string
	values []float64
	least  int
}

// check says what is wrong with a confidence or a sample.
func check(confidence float64, samples ...sample) error {
	if !(confidence > 0 && confidence < 1) {
		return fmt.Errorf("confidence is %v: it must be between 0 and 1, such as 0.95", confidence)
	}
	if (1+confidence)/2 == 1 {
		return fmt.Errorf("confidence is %v: that is so near to 1 that in float64 the interval has no ends; give a smaller one", confidence)
	}
	for _, s := range samples {
		if len(s.values) < s.least {
			return fmt.Errorf("%s has %d values: at least %d are needed", s.name, len(s.values), s.least)
		}
		for i, x := range s.values {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%s[%d] is %v: it must be a finite number", s.name, i, x)
			}
			if math.Abs(x) > greatest {
				return fmt.Errorf("%s[%d] is %v: its square leaves float64; choose another unit", s.name, i, x)
			}
		}
	}
	return nil
}
