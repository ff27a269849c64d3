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
	width int
	rule  string
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
	Step, Loss []float64        // of the training in question, of the first seed, on its batches
	Net        *relu.Net        // of the training in question, the first seed; nil when it diverged
	Gamma      *diagnosis.Gamma // where no input is repeated
	BestNet    *relu.Net        // of all trials
}

// String is the diagnosis, its evidence and the truth.
func (f *Findings) String() string {
	return fmt.Sprintf("Patient %s: %s. %s In truth: %s.", f.Patient.Name, f.Diagnosis.Cause, f.Diagnosis.Evidence, f.Patient.How)
}

// DrawFit (claim W1) draws the net of the training in question, the function, and a third of the examples, for the eye.
func (f *Findings) DrawFit() *figure.Figure {
	var xs, ys []float64
	for k := 0; k < len(f.Patient.X); k += 3 {
		xs, ys = append(xs, f.Patient.X[k]), append(ys, f.Patient.Y[k])
	}
	all := figure.Between(0, 1)
	fig := figure.New("Patient "+f.Patient.Name, figure.X("x"), figure.Y("y")).Points("examples", xs, ys).Theory("function", all, f.Patient.Target.F)
	if f.Net != nil {
		fig.Line("net", all, f.Net.At)
	}
	return fig
}

// DrawLoss (claim W1) draws the loss of the training in question.
func (f *Findings) DrawLoss() *figure.Figure {
	return figure.New("Its loss", figure.LogX("step"), figure.LogY("loss ½(f(x) − y)², batches")).Line("loss", f.Step, f.Loss)
}

// DrawTrials (claim W1) draws the errors of all trainings over the widths, and the noise. What is beyond the axes is at their ends.
func (f *Findings) DrawTrials() *figure.Figure {
	const least, most = 0.04, 3
	fig := figure.New("Patient "+f.Patient.Name, figure.LogX("hidden units").Range(0.8, 80), figure.LogY("error on unseen examples").Range(least, most))
	for k, name := range []string{"as it was trained", "trained otherwise", "other widths"} {
		trials := [][]diagnosis.Trial{f.Record.Trials[:1], f.Record.Trials[1:4], f.Record.Trials[4:]}[k]
		var widths, errors []float64
		for _, t := range trials {
			for _, e := range t.Errors {
				if !math.IsInf(e, 1) {
					beside := math.Pow(1.15, float64(k-1))
					widths, errors = append(widths, beside*float64(t.Width)), append(errors, min(max(e, least+0.001), most-0.1))
				}
			}
		}
		if len(errors) > 0 {
			fig.Points(name, widths, errors)
		}
	}
	return fig.HLine(max(math.Sqrt(f.Record.Noise.Value), least+0.001), "noise")
}

// DrawShares (claim W1) draws a table of what the patients' errors are made of.
func DrawShares(all []*Findings) *figure.Figure {
	var names []string
	var shares [][]float64
	for _, f := range all {
		whole := 0.0
		for _, part := range f.Diagnosis.Parts {
			whole += part
		}
		var row []float64
		for _, cause := range append(slices.Clone(Causes), diagnosis.Unknown) {
			row = append(row, math.Round(100*f.Diagnosis.Parts[cause]/whole))
		}
		names, shares = append(names, f.Patient.Name), append(shares, row)
	}
	return figure.New("What the error is made of", figure.X("part").Categories("learning", "units", "relationship", "not explained"),
		figure.Y("patient").Categories(names...)).Heat("% of E²", shares)
}

// A course is one training of a patient's net.
type course struct {
	name  string
	width int
	Optimizer
}

// courses are the training in question, and others: with Adam at three rates, and with other widths.
func (p *Patient) courses() []course {
	all := []course{{"the training in question", p.Width, p.Optimizer}}
	for _, rate := range []float64{0.003, 0.01, 0.03} {
		all = append(all, course{fmt.Sprintf("Adam at %g", rate), p.Width, Optimizer{"Adam", rate, 3000}})
	}
	for _, width := range []int{4, 16, 64} {
		all = append(all, course{"Adam at 0.03", width, Optimizer{"Adam", 0.03, 3000}})
	}
	return all
}

// Examine (claim W1) trains a patient's net as the patient did, and then otherwise; estimates the noise; and makes the diagnosis. It
// is an error when the clinic has no seeds or a training fails, and when there are too few examples to estimate the noise.
func (c *Clinic) Examine(ctx context.Context, p *Patient) (*Findings, error) {
	if err := cmp.Or(given("clinic", c), given("patient", p)); err != nil {
		return nil, err
	}
	if err := counts("Seeds", c.Seeds); err != nil {
		return nil, err
	}
	courses := p.courses()
	var setups []setup
	for _, course := range courses {
		t, err := c.trainer(p, course.width, course.Rule)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		config, err := cosine(course.Rate, course.Steps, 20)
		if err != nil {
			return nil, err
		}
		config.Stride = max(1, course.Steps/100)
		setups = append(setups, setup{t, config, from(problem.SpreadElbows(p.X), []int{1, course.width, 1})})
	}
	histories, err := sweep(ctx, setups, 1, c.Seeds)
	if err != nil {
		return nil, fmt.Errorf("the examination: %w", err)
	}
	f := &Findings{Patient: p, Record: diagnosis.Record{Tolerance: 0.25}}
	if err := f.compare(p, courses, histories); err != nil {
		return nil, err
	}
	x := mat.NewDense(len(p.X), 1, p.X)
	if p.Repeats {
		if f.Record.Noise, err = diagnosis.Repeated(x, p.Y, Confidence); err != nil {
			return nil, err
		}
	} else {
		if f.Gamma, err = diagnosis.Neighbours(x, p.Y, 10, Confidence); err != nil {
			return nil, err
		}
		f.Record.Noise = f.Gamma.Noise
	}
	f.Diagnosis, err = diagnosis.Diagnose(f.Record)
	return f, err
}

// compare notes the error of every run on the unseen examples, and the nets of the training in question and of the best run.
func (f *Findings) compare(p *Patient, courses []course, histories [][]*train.History) error {
	best := math.Inf(1)
	for i, course := range courses {
		trial := diagnosis.Trial{Name: course.name, Width: course.width}
		for k, h := range histories[i] {
			if i == 0 && k == 0 {
				for r, step := range h.Step[1:] { // from step 1 on, for the logarithm
					f.Step, f.Loss = append(f.Step, float64(step)), append(f.Loss, h.Loss[r+1])
				}
			}
			if _, diverged := h.Diverged(); diverged {
				trial.Errors = append(trial.Errors, math.Inf(1))
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, course.width, 1)
			if err != nil {
				return err
			}
			off := rms(p.UnseenY, func(i int) float64 { return net.At(p.UnseenX[i]) })
			trial.Errors = append(trial.Errors, off)
			if i == 0 && k == 0 {
				f.Net = net
			}
			if off < best {
				best, f.BestNet = off, net
			}
		}
		f.Record.Trials = append(f.Record.Trials, trial)
	}
	return nil
}

// trainer is a trainer on the patient's data.
func (c *Clinic) trainer(p *Patient, width int, rule string) (*train.Trainer, error) {
	net, err := problem.NewNet(hidden(width), problem.NewPoints(p.X, p.Y))
	if err != nil {
		return nil, err
	}
	if c.made == nil {
		c.made = make(map[program]*train.Trainer)
	}
	key := program{width, rule}
	if c.made[key] == nil {
		if c.made[key], err = NewTrainer(net, rule, train.Record{}); err != nil {
			return nil, err
		}
	}
	return c.made[key].On(net.Data())
}

// Confusion (claim W1) counts diagnoses of patients of each cause: [cause of Causes][diagnosis, of Causes, then any other].
type Confusion struct {
	Count [][]int
	Right [3]stat.Interval // the share of right diagnoses of each cause
}

// String says how many of the diagnoses are right.
func (c *Confusion) String() string {
	var lines []string
	for i, cause := range Causes {
		right := c.Right[i]
		lines = append(lines, fmt.Sprintf("%s: %.0f %% right (%.0f to %.0f %%).", cause, 100*right.Value, 100*right.Low, 100*right.High))
	}
	return strings.Join(lines, "\n")
}

// Draw draws the table of the counts.
func (c *Confusion) Draw() *figure.Figure {
	var causes []string
	for _, cause := range Causes {
		causes = append(causes, cause.String())
	}
	return figure.New("Truth and diagnosis", figure.X("diagnosis").Categories("learning", "units", "relationship", "other"),
		figure.Y("truth").Categories(causes...)).Heat("patients", c.Count)
}

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
		for k := range each {
			patient, err := NewPatient(cause, seed+k)
			if err != nil {
				return nil, err
			}
			f, err := c.Examine(ctx, patient)
			if err != nil {
				return nil, err
			}
			said := slices.Index(Causes, f.Diagnosis.Cause)
			if said < 0 {
				said = len(Causes)
			}
			confusion.Count[i][said]++
			tell(i*each + k + 1)
		}
		var err error
		if confusion.Right[i], err = stat.Proportion(confusion.Count[i][i], each, Confidence); err != nil {
			return nil, err
		}
	}
	return confusion, nil
}
