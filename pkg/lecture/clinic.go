package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Clinic (claim W1) examines patients: it keeps the compiled programs from one to the next.
type Clinic struct {
	Seeds int // of each training
	made  map[program]*train.Trainer
}

// A program is what the patients share.
type program struct {
	width, examples int
	rule            string
	losses          bool // whether the loss on all examples is recorded
}

// Close frees the programs.
func (c *Clinic) Close() {
	for _, t := range c.made {
		t.Close()
	}
}

// Findings (claim W1) are a patient's record and what the nets of the training in question have come to.
type Findings struct {
	Patient    *Patient
	Record     diagnosis.Record
	Diagnosis  *diagnosis.Diagnosis
	Done, Loss []float64        // of the training in question, of the first seed: percent of the steps, and the mean square error on all examples
	Net        *relu.Net        // of the training in question, the first seed; nil when it diverged
	Gamma      *diagnosis.Gamma // where no input is repeated
}

// String is the diagnosis, its evidence and the truth.
func (f *Findings) String() string {
	return fmt.Sprintf("Patient %s: %s. %s In truth: %s.", f.Patient.Name, f.Diagnosis.Cause, f.Diagnosis.Evidence, f.Patient.How)
}

// DrawFit (claim W1) draws the net of the training in question, the function, and at most 100 of the examples, for the eye.
func (f *Findings) DrawFit() *figure.Figure {
	var xs, ys []float64
	far := 3.0
	for k, x := range f.Patient.X {
		if k/2%(1+len(f.Patient.X)/100) == 0 { // pairs, because a repeated input stands beside itself
			xs, ys = append(xs, x), append(ys, f.Patient.Y[k])
			far = max(far, math.Ceil(math.Abs(f.Patient.Y[k])))
		}
	}
	fig := figure.New("Patient "+f.Patient.Name, figure.X("x").Range(0, 1), figure.Y("y").Range(-far, far)).
		Points("examples", xs, ys).Theory("function", nil, f.Patient.Target.F)
	if f.Net != nil {
		fig.Line("net", nil, f.Net.At)
	}
	return fig
}

// DrawLosses (claim W1) draws the losses of the trainings in question.
func DrawLosses(all []*Findings) *figure.Figure {
	fig := figure.New("Their losses", figure.X("training done (%)").Range(0, 100),
		figure.LogY("mean square error on the examples learned from"))
	for _, f := range all {
		fig.Line("patient "+f.Patient.Name, f.Done, f.Loss)
	}
	return fig
}

// Rungs (claim W1) are the names of what a diagnosis's Ladder says.
var Rungs = []string{"as it was", "more examples", "trained differently", "other widths", "estimated noise"}

// DrawLadders (claim W1) draws the error that remains after each remedy: where it falls most, there is the cause.
func DrawLadders(all []*Findings) *figure.Figure {
	fig := figure.New("What each remedy leaves of the error", figure.X("remedies, one after another").Categories(Rungs...),
		figure.Y("E, root mean square error on unseen examples"))
	for _, f := range all {
		ladder := f.Diagnosis.Ladder()
		fig.Line("patient "+f.Patient.Name, nil, ladder[:])
	}
	return fig
}

// DrawShares (claim W1) draws a table of what the patients' errors are made of, the parts in the order of the remedies.
func DrawShares(all []*Findings) *figure.Figure {
	var names []string
	var shares [][]float64
	for _, f := range all {
		whole := 0.0
		for _, part := range f.Diagnosis.Parts {
			whole += part
		}
		var row []float64
		for _, cause := range []diagnosis.Cause{diagnosis.Data, diagnosis.Learning, diagnosis.Units, diagnosis.Unknown, diagnosis.Relationship} {
			row = append(row, math.Round(100*f.Diagnosis.Parts[cause]/whole))
		}
		names, shares = append(names, f.Patient.Name), append(shares, row)
	}
	return figure.New("What the error is made of", figure.X("part").Categories("examples", "learning", "units", "not explained", "relationship"),
		figure.Y("patient").Categories(names...)).Heat("% of E²", shares)
}

// A course is one training of a patient's net.
type course struct {
	name  string
	width int
	more  bool // learns from the patient's More
	Optimizer
}

// courses are the training in question; the same on more examples; and on more examples others: with Adam at four rates, and with other widths.
func (p *Patient) courses() []course {
	all := []course{{"the training in question", p.Width, false, p.Optimizer}, {"the same training", p.Width, true, p.Optimizer}}
	for _, rate := range []float64{0.003, 0.01, 0.03, 0.1} {
		all = append(all, course{fmt.Sprintf("Adam at %g", rate), p.Width, true, Optimizer{"Adam", rate, 2000}})
	}
	for _, width := range []int{16, 64, 256} {
		all = append(all, course{"Adam at 0.01", width, true, Optimizer{"Adam", 0.01, 2000}})
	}
	return all
}

// Examine (claim W1) trains a patient's net as the patient did, and then otherwise; estimates the noise; and makes the diagnosis. It
// is an error when the clinic has no seeds or a training fails, and when there are too few examples to estimate the noise.
func (c *Clinic) Examine(ctx context.Context, p *Patient) (*Findings, error) {
	if err := cmp.Or(given("clinic", c), given("patient", p)); err != nil {
		return nil, err
	}
	all, err := c.examine(ctx, []*Patient{p}, len(p.courses()), true)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Admit (claim W1) trains a patient's net as the patient did, and estimates the noise, but does nothing else: the diagnosis has the error, and
// nothing to compare it with. Its errors are those of Examine.
func (c *Clinic) Admit(ctx context.Context, p *Patient) (*Findings, error) {
	if err := cmp.Or(given("clinic", c), given("patient", p)); err != nil {
		return nil, err
	}
	all, err := c.examine(ctx, []*Patient{p}, 1, true)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// examine examines several patients together, each by a number of courses, the first of its own, and records the losses if asked to.
func (c *Clinic) examine(ctx context.Context, patients []*Patient, courses int, losses bool) (all []*Findings, err error) {
	if err := counts("Seeds", c.Seeds); err != nil {
		return nil, err
	}
	var setups []setup
	for _, p := range patients {
		for i, course := range p.courses()[:courses] {
			t, err := c.trainer(p, course, losses && i == 0)
			if err != nil {
				return nil, err
			}
			defer t.Close()
			config, err := cosine(course.Rate, course.Steps, 20)
			if err != nil {
				return nil, err
			}
			if losses && i == 0 {
				config.Stride = max(1, course.Steps/40)
			}
			setups = append(setups, setup{t, config, from(problem.SpreadElbows([]float64{0, 1}), []int{1, course.width, 1})})
		}
	}
	histories, err := sweep(ctx, setups, 1, c.Seeds)
	if err != nil {
		return nil, fmt.Errorf("the examination: %w", err)
	}
	for k, p := range patients {
		f, err := diagnose(p, histories[k*courses:(k+1)*courses])
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// diagnose makes the diagnosis from what the patient's courses came to.
func diagnose(p *Patient, histories [][]*train.History) (*Findings, error) {
	f := &Findings{Patient: p, Record: diagnosis.Record{Tolerance: 0.25}}
	err := f.compare(p, p.courses()[:len(histories)], histories)
	if err != nil {
		return nil, err
	}
	x := mat.NewDense(len(p.MoreX), 1, p.MoreX)
	if p.Repeats {
		if f.Record.Noise, err = diagnosis.Repeated(x, p.MoreY, Confidence); err != nil {
			return nil, err
		}
	} else {
		if f.Gamma, err = diagnosis.Neighbours(x, p.MoreY, 10); err != nil {
			return nil, err
		}
		f.Record.Noise.Value = f.Gamma.Noise
	}
	f.Diagnosis, err = diagnosis.Diagnose(f.Record)
	return f, err
}

// compare notes the error of every run on the examples that choose and on those that report, and what the training in question came to.
func (f *Findings) compare(p *Patient, courses []course, histories [][]*train.History) error {
	first := histories[0][0]
	for r := range first.FullLoss {
		step := first.Step[r]
		f.Done, f.Loss = append(f.Done, 100*float64(step)/float64(first.Step[len(first.Step)-1])), append(f.Loss, 2*first.FullLoss[r])
	}
	choosing, reporting := offAt(p.ChoiceX, p.ChoiceY), offAt(p.UnseenX, p.UnseenY)
	for i, course := range courses {
		trial := diagnosis.Trial{Name: course.name, Width: course.width}
		for k, h := range histories[i] {
			if _, diverged := h.Diverged(); diverged {
				trial.Errors, trial.Chosen = append(trial.Errors, math.Inf(1)), append(trial.Chosen, math.Inf(1))
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, course.width, 1)
			if err != nil {
				return err
			}
			trial.Errors, trial.Chosen = append(trial.Errors, reporting(net)), append(trial.Chosen, choosing(net))
			if i == 0 && k == 0 {
				f.Net = net
			}
		}
		if i == 1 {
			f.Record.More = trial
			continue
		}
		f.Record.Trials = append(f.Record.Trials, trial)
	}
	return nil
}

// trainer is a trainer on what the patient learns from in the course.
func (c *Clinic) trainer(p *Patient, of course, losses bool) (*train.Trainer, error) {
	xs, ys := p.X, p.Y
	if of.more {
		xs, ys = p.MoreX, p.MoreY
	}
	net, err := problem.NewNet(hidden(of.width), problem.NewPoints(xs, ys))
	if err != nil {
		return nil, err
	}
	if c.made == nil {
		c.made = make(map[program]*train.Trainer)
	}
	key := program{of.width, len(xs), of.Rule, losses}
	if c.made[key] == nil {
		if c.made[key], err = NewTrainer(net, of.Rule, train.Record{FullLoss: losses}); err != nil {
			return nil, err
		}
	}
	return c.made[key].On(net.Data())
}

// Confusion (claim W1) counts diagnoses of patients of each cause: [cause of Causes][diagnosis, of Causes, then any other].
type Confusion struct {
	Count [][]int
	Right []stat.Interval // the share of right diagnoses of each cause
}

// String says how many of the diagnoses are right.
func (c *Confusion) String() string {
	var lines []string
	for i, cause := range Causes {
		right := c.Right[i]
		lines = append(lines, fmt.Sprintf("%s: %.0f %% right (%.0f to %.0f %%).", cause, 100*right.Value, 100*right.Low, 100*right.High))
	}
	right, all := 0, 0
	for i, row := range c.Count {
		right += row[i]
		for _, count := range row {
			all += count
		}
	}
	if share, err := stat.Proportion(right, all, Confidence); err == nil {
		lines = append(lines, fmt.Sprintf("All causes: %d of %d right, %.0f %% (%.0f to %.0f %%).", right, all, 100*share.Value, 100*share.Low, 100*share.High))
	}
	return strings.Join(lines, "\n")
}

// Draw draws the table of the counts.
func (c *Confusion) Draw() *figure.Figure {
	return figure.New("Truth and diagnosis", figure.X("diagnosis").Categories("learning", "units", "examples", "relationship", "other"),
		figure.Y("truth").Categories(figure.Each(Causes, diagnosis.Cause.String)...)).Heat("patients", c.Count)
}

// together is the number of patients in one sweep: enough to keep the cores busy, few enough to tell the progress.
const together = 6

// Confuse (claim W1) examines a number of random patients of each cause. It is an error when each is not between 1 and 2^20, and when an
// examination fails.
func (c *Clinic) Confuse(ctx context.Context, each, seed int) (*Confusion, error) {
	if err := cmp.Or(given("clinic", c), counts("each", each)); err != nil {
		return nil, err
	}
	tell, end := progress.Begin("patients examined", len(Causes)*each)
	defer end()
	confusion := new(Confusion)
	for i, cause := range Causes {
		confusion.Count = append(confusion.Count, make([]int, len(Causes)+1))
		var patients []*Patient
		for k := range each {
			patient, err := NewPatient(cause, seed+k)
			if err != nil {
				return nil, err
			}
			if patients = append(patients, patient); len(patients) < together && k+1 < each {
				continue
			}
			all, err := c.examine(ctx, patients, len(patients[0].courses()), false)
			if err != nil {
				return nil, err
			}
			for _, f := range all {
				said := slices.Index(Causes, f.Diagnosis.Cause)
				if said < 0 {
					said = len(Causes)
				}
				confusion.Count[i][said]++
			}
			patients = nil
			tell(i*each + k + 1)
		}
		right, err := stat.Proportion(confusion.Count[i][i], each, Confidence)
		if err != nil {
			return nil, err
		}
		confusion.Right = append(confusion.Right, right)
	}
	return confusion, nil
}
