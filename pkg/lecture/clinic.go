package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Clinic examines patients: it keeps the compiled programs from one to the next.
type Clinic struct {
	Backend compute.Backend
	Seeds   int // of each training
	made    map[ward]*train.Trainer
}

type ward struct {
	width int
	rule  string
}

// Close frees the programs.
func (c *Clinic) Close() {
	for _, t := range c.made {
		t.Close()
	}
}

// Findings are a patient's record and what the nets of the training in question have come to.
type Findings struct {
	Record     diagnosis.Record
	Diagnosis  *diagnosis.Diagnosis
	Step, Loss []float64        // of the training in question, of the first seed, on its batches
	Net        *relu.Net        // of the training in question, the first seed
	Gamma      *diagnosis.Gamma // where no input is repeated
	BestNet    *relu.Net        // of all trials
}

// Examine trains a patient's net as the patient did, and then otherwise: with Adam at three rates, and with other widths;
// estimates the noise; and makes the diagnosis.
func (c *Clinic) Examine(ctx context.Context, p *Patient) (*Findings, error) {
	type course struct {
		name  string
		width int
		Optimizer
	}
	courses := []course{{"the training in question", p.Width, p.Optimizer}}
	for _, rate := range []float64{0.003, 0.01, 0.03} {
		courses = append(courses, course{fmt.Sprintf("Adam at %g", rate), p.Width, Optimizer{"adam", rate, 3000}})
	}
	for _, width := range []int{4, 16, 64} {
		courses = append(courses, course{"Adam at 0.03", width, Optimizer{"adam", 0.03, 3000}})
	}
	sampler, err := sample.WithReplacement(20)
	if err != nil {
		return nil, err
	}
	var jobs []train.Job
	for _, course := range courses {
		net, t, err := c.trainer(p, course.width, course.Rule)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		cosine, err := schedule.Cosine(course.Rate, 0, course.Steps)
		if err != nil {
			return nil, err
		}
		for _, seed := range Seeds(c.Seeds) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{Schedule: cosine, Sampler: sampler, Steps: course.Steps,
				Stride: max(1, course.Steps/100),
				Seed:   seed, Start: net.Start(uint64(seed), true)}})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("the examination: %w", err)
	}
	f := &Findings{Record: diagnosis.Record{Tolerance: 0.25}}
	best := math.Inf(1)
	for i, course := range courses {
		trial := diagnosis.Trial{Name: course.name, Width: course.width}
		for k, h := range histories[i*c.Seeds : (i+1)*c.Seeds] {
			if _, diverged := h.Diverged(); diverged {
				trial.Errors = append(trial.Errors, math.Inf(1))
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, course.width, 1)
			if err != nil {
				return nil, err
			}
			off := distance(net, p.UnseenX, p.UnseenY)
			trial.Errors = append(trial.Errors, off)
			if i == 0 && k == 0 {
				f.Net = net
				for r, step := range h.Step[1:] { // from step 1 on, for the logarithm
					f.Step, f.Loss = append(f.Step, float64(step)), append(f.Loss, h.Loss[r+1])
				}
			}
			if off < best {
				best, f.BestNet = off, net
			}
		}
		f.Record.Trials = append(f.Record.Trials, trial)
	}
	x := mat.NewDense(len(p.X), 1, p.X)
	if p.Repeats {
		if f.Record.Noise, err = diagnosis.Repeated(x, p.Y, 0.95); err != nil {
			return nil, err
		}
	} else {
		if f.Gamma, err = diagnosis.Neighbours(x, p.Y, 10, 0.95); err != nil {
			return nil, err
		}
		f.Record.Noise = f.Gamma.Noise
	}
	f.Diagnosis, err = diagnosis.Diagnose(f.Record)
	return f, err
}

// trainer is a trainer on the patient's data, and the problem that it is on.
func (c *Clinic) trainer(p *Patient, width int, rule string) (*problem.Net, *train.Trainer, error) {
	net, err := problem.NewRegression([]int{width}, p.X, p.Y)
	if err != nil {
		return nil, nil, err
	}
	net.DType = dtypes.Float64
	if c.made == nil {
		c.made = make(map[ward]*train.Trainer)
	}
	key := ward{width, rule}
	if c.made[key] == nil {
		update, err := optim.ByName(rule)
		if err != nil {
			return nil, nil, err
		}
		if c.made[key], err = train.New(c.Backend, net, update, train.Record{}); err != nil {
			return nil, nil, err
		}
	}
	t, err := c.made[key].On(net.Data())
	return net, t, err
}

// distance is the root mean square error of a net of one input.
func distance(net *relu.Net, xs, ys []float64) float64 {
	sum := 0.0
	for i, x := range xs {
		d := net.At(x) - ys[i]
		sum += d * d / float64(len(xs))
	}
	return math.Sqrt(sum)
}

// Confusion counts diagnoses of patients of each cause: [cause of Causes][diagnosis, of Causes, then any other].
type Confusion struct {
	Count [3][4]int
	Right [3]stat.Interval // the share of right diagnoses of each cause
}

// Confuse examines so many random patients of each cause. progress, if not nil, is called with the number of those examined.
func Confuse(ctx context.Context, clinic *Clinic, each int, seed uint64, progress func(done int)) (*Confusion, error) {
	if err := counts("each", each); err != nil {
		return nil, err
	}
	c := new(Confusion)
	for i, cause := range Causes {
		for k := range each {
			patient, err := NewPatient(cause, seed+uint64(k))
			if err != nil {
				return nil, err
			}
			f, err := clinic.Examine(ctx, patient)
			if err != nil {
				return nil, err
			}
			said := slices.Index(Causes, f.Diagnosis.Cause)
			if said < 0 {
				said = 3
			}
			c.Count[i][said]++
			if progress != nil {
				progress(i*each + k + 1)
			}
		}
		var err error
		if c.Right[i], err = stat.Proportion(c.Count[i][i], each, 0.95); err != nil {
			return nil, err
		}
	}
	return c, nil
}
