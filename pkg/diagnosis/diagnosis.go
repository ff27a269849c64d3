// Package diagnosis finds out from measurements why a net has not learned a function. By Hornik's theorem (lecture section 3,
// claim W1) there are three causes: inadequate learning, too few hidden units, or no deterministic relationship between input
// and target. The mean square error on unseen examples is the sum of what each cause adds, so they can be told apart:
//
//	E² = (E² − best of this width)  +  (best of this width − best of all)  +  (best of all − noise)  +  noise
//	         inadequate learning             too few units                       not explained        no relationship
package diagnosis

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/stat"
)

// Cause is why a function was not learned.
type Cause int

const (
	Nothing      Cause = iota // it was learned
	Learning                  // "inadequate learning": the same net, trained otherwise, does better
	Units                     // "insufficient numbers of hidden units": more of them do better
	Relationship              // "the lack of a deterministic relationship between input and target": no net can
	Unknown                   // no net of the record comes near to what the noise allows: the record is too small
)

// String returns the cause in Hornik's words, shortened.
func (c Cause) String() string {
	names := []string{"nothing", "inadequate learning", "too few units", "no relationship", "unknown"}
	if c < 0 || int(c) >= len(names) {
		return fmt.Sprintf("Cause(%d)", int(c))
	}
	return names[c]
}

// Trial is a way of training, and what came of it.
type Trial struct {
	Name   string    // how it was trained
	Width  int       // hidden units
	Errors []float64 // root mean square errors on unseen examples, by seed; NaN, an infinity or above 1e150: it diverged
}

// Record is what was measured.
type Record struct {
	// Tolerance is a root mean square error that is good enough to call the function learned.
	Tolerance float64
	// Trials are the training in question, and then others: of the same width with other settings, and of other widths.
	Trials []Trial
	// Noise is the variance of the targets around what the inputs say, of Repeated or Neighbours.
	Noise stat.Interval
}

// Diagnosis is a cause and its evidence.
type Diagnosis struct {
	Cause Cause
	// Parts are the shares of the mean square error that come of Learning, Units, Relationship and Unknown; they add up to
	// Error². After a divergence, which is a matter of learning whatever else there is, they are those of the best other
	// training of the width.
	Parts map[Cause]float64
	// Error is the root mean square error of the training in question, the median over seeds.
	Error float64
	// Same and Best are the trials with the least errors, of at most the width in question, and of all.
	Same, Best Trial
	Evidence   string // in a sentence
}

// Diagnose names the cause that adds most to the error. A training that
// diverged has not learned. It is an error when every trial of the record diverged, when it has none, a
// trial without errors or units, or a tolerance or noise that is negative or not finite.
func Diagnose(r Record) (*Diagnosis, error) {
	if len(r.Trials) == 0 {
		return nil, errors.New("the record has no trials: give the training in question first, and others after it")
	}
	for _, t := range r.Trials {
		if len(t.Errors) == 0 || t.Width < 1 {
			return nil, fmt.Errorf("trial %q has %d errors and %d units: it needs at least one of each", t.Name, len(t.Errors), t.Width)
		}
		for _, e := range t.Errors {
			if e < 0 {
				return nil, fmt.Errorf("trial %q has the error %v: it must not be negative", t.Name, e)
			}
		}
	}
	if !(r.Tolerance >= 0) || math.IsInf(r.Tolerance, 1) {
		return nil, fmt.Errorf("the tolerance is %v: it must be a number that is not negative", r.Tolerance)
	}
	if !finite(r.Noise.Value) || r.Noise.Value < 0 {
		return nil, fmt.Errorf("the noise is %v: a variance must be a number that is not negative", r.Noise.Value)
	}
	d := &Diagnosis{Error: median(r.Trials[0].Errors)}
	width := r.Trials[0].Width
	for _, t := range r.Trials {
		if t.Width <= width && (d.Same.Errors == nil || least(t.Errors) < least(d.Same.Errors)) {
			d.Same = t
		}
		if d.Best.Errors == nil || least(t.Errors) < least(d.Best.Errors) {
			d.Best = t
		}
	}
	best := least(d.Best.Errors)
	if math.IsInf(best, 1) {
		return nil, errors.New("every trial diverged: add one with a smaller learning rate")
	}
	same := least(d.Same.Errors)
	noise := min(r.Noise.Value, best*best)
	whole := d.Error
	if diverged := math.IsInf(d.Error, 1); diverged {
		d.Cause, whole = Learning, min(same, worst(r.Trials))
	}
	same = min(same, whole)
	d.Parts = map[Cause]float64{
		Learning: whole*whole - same*same, Units: same*same - best*best, Unknown: best*best - noise, Relationship: noise,
	}
	if d.Error <= r.Tolerance {
		d.Evidence = fmt.Sprintf("The error %.2g is within the tolerance of %.2g.", d.Error, r.Tolerance)
		return d, nil
	}
	if d.Cause == Learning {
		d.Evidence = fmt.Sprintf("Training diverged: take a smaller rate. The best of the others, %s with %d units, comes to %.2g.", d.Best.Name, d.Best.Width, best)
		return d, nil
	}
	for _, c := range []Cause{Learning, Units, Relationship, Unknown} { // of equals, the cause that is mended most easily
		if d.Cause == Nothing || d.Parts[c] > d.Parts[d.Cause] {
			d.Cause = c
		}
	}
	d.Evidence = d.evidence(width, same, best, noise, r.Noise)
	return d, nil
}

// worst is the greatest error that is finite.
func worst(trials []Trial) float64 {
	greatest := 0.0
	for _, t := range trials {
		for _, e := range t.Errors {
			if !lost(e) {
				greatest = max(greatest, e)
			}
		}
	}
	return greatest
}

func (d *Diagnosis) evidence(width int, same, best, noise float64, estimate stat.Interval) string {
	switch d.Cause {
	case Learning:
		return fmt.Sprintf("%s, of %d units, brings the error from %.2g down to %.2g, without a unit more.", d.Same.Name, d.Same.Width, d.Error, same)
	case Units:
		return fmt.Sprintf("No training of %d units came below %.2g, but %d units come to %.2g.", width, same, d.Best.Width, best)
	case Relationship:
		return fmt.Sprintf("At the same input the targets differ by %.2g (%.2g to %.2g), of an error of %.2g: no net can know them.",
			math.Sqrt(noise), math.Sqrt(max(estimate.Low, 0)), math.Sqrt(max(estimate.High, 0)), d.Error)
	default:
		return fmt.Sprintf("The best of all, %s with %d units, is at %.2g, and the noise explains only %.2g: try more units and longer training.",
			d.Best.Name, d.Best.Width, best, math.Sqrt(noise))
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// lost tells whether an error is of a run that diverged; the squares of the others are float64.
func lost(e float64) bool { return !(e <= 1e150) }

// least and median take what diverged as infinite.
func least(errors []float64) float64 { return sorted(errors)[0] }

func median(errors []float64) float64 { return sorted(errors)[len(errors)/2] }

func sorted(errors []float64) []float64 {
	s := slices.Clone(errors)
	for i, e := range s {
		if lost(e) {
			s[i] = math.Inf(1)
		}
	}
	slices.Sort(s)
	return s
}
