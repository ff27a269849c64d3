// Package diagnosis finds out from measurements why a net has not learned a function (lecture section 3, claim W1). Hornik, Stinchcombe
// and White (1989) name three causes: inadequate learning, too few hidden units, and no deterministic relationship between input and
// target. Their theorem is about functions, not about samples, so it does not name a fourth: too few examples. The first two and
// the fourth are known by their remedies, and the lack of a relationship by a measurement of the noise. The mean square error on unseen
// examples is a sum of what each cause adds:
//
//	E² = (E² − the same training from another start)                 inadequate learning
//	   + (another start − the same training on more examples)        too few examples
//	   + (the same training − the best of this width)                inadequate learning
//	   + (the best of this width − the best of all widths)           too few units
//	   + (the best of all widths − noise)                            not explained
//	   + noise                                                       no relationship
//
// All but the first two terms are of nets that learned from more examples, if there are such. Another start comes first because a training
// that is stuck needs no more examples, though it may learn when it begins anew with them.
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
	Learning                  // "inadequate learning": the same net, trained differently, does better
	Units                     // "insufficient numbers of hidden units": more of them do better
	Data                      // too few examples: more of them do better
	Relationship              // "the lack of a deterministic relationship between input and target": no net can
	Unknown                   // no net of the record comes near to what the noise allows: the record is too small
)

// String returns the cause in Hornik's words, shortened.
func (c Cause) String() string {
	names := []string{"nothing", "inadequate learning", "too few units", "too few examples", "no relationship", "unknown"}
	if c < 0 || int(c) >= len(names) {
		return fmt.Sprintf("Cause(%d)", int(c))
	}
	return names[c]
}

// Trial is a way of training, and what came of it.
type Trial struct {
	Name  string // how it was trained
	Width int    // hidden units
	// Errors are root mean square errors on unseen examples, by seed; NaN, an infinity or above 1e150: it diverged.
	Errors []float64
	// Chosen are errors on other examples, by seed, which choose the best net. Without them Errors choose as well as report: the
	// best of many nets then looks better than it is.
	Chosen []float64
}

// Record is what was measured.
type Record struct {
	// Tolerance is a root mean square error that is good enough to call the function learned.
	Tolerance float64
	// Trials are the training in question, and then others: of the same width with other settings, and of other widths.
	Trials []Trial
	// Again is the training in question from other starts, on the same examples. Without errors: nobody tried.
	Again Trial
	// More is the training in question on more examples; Trials but the first learned from these too. Without errors: nobody tried.
	More Trial
	// Noise is the variance of the targets around what the inputs say, of Repeated, or of Neighbours, which has no interval.
	Noise stat.Interval
}

// Diagnosis is a cause and its evidence.
type Diagnosis struct {
	Cause Cause
	// Parts are the shares of the mean square error that come of Data, Learning, Units, Unknown and Relationship. They add up to
	// Error², and none is negative: a remedy that helps on the examples that choose and not on those that report counts as no help.
	// After a divergence, which is a matter of learning whatever else there is, they are those of the best other
	// training of the width.
	Parts map[Cause]float64
	// Error is the root mean square error of the training in question, the median over seeds.
	Error float64
	// Same and Best are the trials with the best net of at most the width in question, and of all widths.
	Same, Best Trial
	Evidence   string // in a sentence
}

// Ladder are the root mean square errors that remain after each remedy: none, more examples, another training (another start is one),
// other widths; and what the noise explains. It descends. It panics when the diagnosis is nil.
func (d *Diagnosis) Ladder() (errors [5]float64) {
	left := 0.0
	for i, cause := range []Cause{Relationship, Unknown, Units, Learning, Data} {
		left += d.Parts[cause]
		errors[4-i] = math.Sqrt(left)
	}
	return errors
}

// Diagnose names the cause that adds most to the error. A training that
// diverged has not learned. It is an error when every trial of the record diverged, when it has none, a
// trial without errors or units or with another number of choosing errors, or a tolerance or noise that is negative or not finite.
func Diagnose(r Record) (*Diagnosis, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	d := &Diagnosis{Error: median(r.Trials[0].Errors)}
	width := r.Trials[0].Width
	trials := r.Trials
	if r.More.Errors != nil {
		trials = append([]Trial{r.More}, r.Trials[1:]...)
	}
	d.Same = bestOf(trials, func(t Trial) bool { return t.Width <= width })
	d.Best = bestOf(trials, func(Trial) bool { return true })
	if math.IsInf(d.Best.best(), 1) {
		return nil, errors.New("every trial diverged: add one with a smaller learning rate")
	}
	whole := d.Error
	if math.IsInf(d.Error, 1) {
		d.Cause, whole = Learning, min(d.Same.best(), worst(r.Trials))
	}
	again := whole
	if r.Again.Errors != nil {
		again = min(r.Again.best(), whole)
	}
	more := min(median(trials[0].Errors), again)
	same := min(d.Same.best(), more)
	best := min(d.Best.best(), same)
	noise := min(r.Noise.Value, best*best)
	d.Parts = map[Cause]float64{
		Data: again*again - more*more, Learning: whole*whole - again*again + more*more - same*same, Units: same*same - best*best,
		Unknown: best*best - noise, Relationship: noise,
	}
	if d.Error <= r.Tolerance {
		d.Evidence = fmt.Sprintf("The error %.2g is within the tolerance of %.2g.", d.Error, r.Tolerance)
		return d, nil
	}
	if d.Cause == Learning {
		d.Evidence = fmt.Sprintf("Training diverged: take a smaller rate. The best of the others, %s with %d units, comes to %.2g.", d.Best.Name, d.Best.Width, best)
		return d, nil
	}
	for _, c := range []Cause{Learning, Units, Data, Relationship, Unknown} { // of equals, the cause that is mended most easily
		if d.Cause == Nothing || d.Parts[c] > d.Parts[d.Cause] {
			d.Cause = c
		}
	}
	switch {
	case d.Cause == Learning && whole*whole-again*again > more*more-same*same:
		d.Evidence = fmt.Sprintf("The same training from another start brings the error from %.2g down to %.2g.", whole, again)
	case d.Cause == Learning:
		d.Evidence = r.before(whole, again, more) +
			fmt.Sprintf("%s, with %d units, brings the error from %.2g down to %.2g with no more units.", d.Same.Name, d.Same.Width, more, same)
	case d.Cause == Data:
		d.Evidence = fromAnotherStart(whole, again) +
			fmt.Sprintf("The same training on more examples brings the error from %.2g down to %.2g.", again, more)
	default:
		d.Evidence = d.evidence(width, r.Noise)
	}
	return d, nil
}

// fromAnotherStart says what error another start leaves if that is less than the whole, which a reader knows.
func fromAnotherStart(whole, again float64) string {
	if again < whole {
		return fmt.Sprintf("From another start, the same training comes to %.2g. ", again)
	}
	return ""
}

// before says what error is left before another training, if it is not the whole: the other trainings have more examples.
func (r Record) before(whole, again, more float64) string {
	switch {
	case r.More.Errors == nil:
		return fromAnotherStart(whole, again)
	case more < again:
		return fmt.Sprintf("With more examples, the same training comes to %.2g. ", more)
	}
	return fromAnotherStart(whole, again) + "With more examples, the same training comes to no less. "
}

// check says what of the record cannot be.
func (r Record) check() error {
	if len(r.Trials) == 0 {
		return errors.New("the record has no trials: give the training in question first, and others after it")
	}
	trials := slices.Clone(r.Trials)
	for _, t := range []Trial{r.More, r.Again} {
		if t.Errors != nil {
			trials = append(trials, t)
		}
	}
	for _, t := range trials {
		if len(t.Errors) == 0 || t.Width < 1 {
			return fmt.Errorf("trial %q has %d errors and %d units: it needs at least one of each", t.Name, len(t.Errors), t.Width)
		}
		if t.Chosen != nil && len(t.Chosen) != len(t.Errors) {
			return fmt.Errorf("trial %q has %d errors and %d that choose: it needs as many", t.Name, len(t.Errors), len(t.Chosen))
		}
		for _, e := range slices.Concat(t.Errors, t.Chosen) {
			if e < 0 {
				return fmt.Errorf("trial %q has the error %v: it must not be negative", t.Name, e)
			}
		}
	}
	if !(r.Tolerance >= 0) || math.IsInf(r.Tolerance, 1) {
		return fmt.Errorf("the tolerance is %v: it must be a number that is not negative", r.Tolerance)
	}
	if !finite(r.Noise.Value) || r.Noise.Value < 0 {
		return fmt.Errorf("the noise is %v: a variance must be a number that is not negative", r.Noise.Value)
	}
	return nil
}

// bestOf is the trial of a kind with the net that is chosen.
func bestOf(trials []Trial, kind func(Trial) bool) (best Trial) {
	least := math.Inf(1)
	for _, t := range trials {
		if !kind(t) {
			continue
		}
		if chosen := slices.Min(t.choosing()); best.Errors == nil || chosen < least {
			best, least = t, chosen
		}
	}
	return best
}

// choosing are the errors that choose the net, those of what diverged infinite.
func (t Trial) choosing() []float64 {
	if t.Chosen == nil {
		return clipped(t.Errors)
	}
	return clipped(t.Chosen)
}

// best is the reported error of the seed whose net is chosen.
func (t Trial) best() float64 {
	all := t.choosing()
	return clipped(t.Errors)[slices.Index(all, slices.Min(all))]
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

func (d *Diagnosis) evidence(width int, estimate stat.Interval) string {
	left := d.Ladder()
	switch d.Cause {
	case Units:
		return fmt.Sprintf("The best training of %d units leaves %.2g, but %d units come to %.2g.", width, left[2], d.Best.Width, left[3])
	case Relationship:
		interval := ""
		if estimate.High > 0 {
			interval = fmt.Sprintf(" (%.2g to %.2g)", math.Sqrt(max(estimate.Low, 0)), math.Sqrt(estimate.High))
		}
		return fmt.Sprintf("At one input the targets scatter with standard deviation %.2g%s; the error is %.2g. No net can predict this scatter.",
			left[4], interval, d.Error)
	default:
		return fmt.Sprintf("The best of all, %s with %d units, is at %.2g, and the noise explains only %.2g: try more units and longer training.",
			d.Best.Name, d.Best.Width, left[3], left[4])
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// lost tells whether an error is of a run that diverged; the squares of the others are float64.
func lost(e float64) bool { return !(e <= 1e150) }

// median takes what diverged as infinite.
func median(errors []float64) float64 {
	s := clipped(errors)
	slices.Sort(s)
	return s[len(s)/2]
}

// clipped are the errors, those of what diverged infinite.
func clipped(errors []float64) []float64 {
	s := slices.Clone(errors)
	for i, e := range s {
		if lost(e) {
			s[i] = math.Inf(1)
		}
	}
	return s
}
