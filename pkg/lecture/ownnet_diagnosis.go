package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// A remedy is another training, which a diagnosis compares with the run.
type remedy struct {
	name    string
	width   int
	program int // remedies of the same number differ in their rates alone, and share what is compiled
	net     OwnNet
}

// diagnose says why the function was not learned by the trainer, from what other trainings come to. One that was learned needs none.
func (r *OwnRun) diagnose(ctx context.Context, t *train.Trainer) error {
	record := diagnosis.Record{Tolerance: ownTolerance,
		Trials: []diagnosis.Trial{{Name: "this training", Width: r.width(), Errors: []float64{r.Error()}}}}
	if r.Error() > record.Tolerance {
		if err := r.compare(ctx, t, &record); err != nil {
			return err
		}
	}
	var err error
	r.Diagnosis, err = diagnosis.Diagnose(record)
	return err
}

// width is the number of units of a hidden layer, 1 if it is not known.
func (r *OwnRun) width() int {
	if model, is := r.model(); is && len(model.Sizes) > 2 {
		return model.Sizes[1]
	}
	return 1
}

// remedies are the same training on more examples; and on these, Adam at two rates, and a wider net.
func (r *OwnRun) remedies() (all []remedy, err error) {
	const n = 400
	more := r.OwnNet
	more.X, more.Y = r.Target.Sample(n, r.Noise, r.Seed+2_000_000)
	if more.Problem, err = r.on(more.X, more.Y); err != nil {
		return nil, err
	}
	all = append(all, remedy{"the same training", r.width(), 0, more})
	adam := func(width, program int, rate float64, p problem.Problem) error {
		o := more
		o.Problem, o.Steps, o.Start = p, 2000, problem.SpreadElbows(o.X)
		c, err := cosine(rate, o.Steps, 20)
		if err != nil {
			return err
		}
		o.Sampler, o.Schedule = c.Sampler, c.Schedule
		if o.Optimizer, err = optim.ByName("Adam"); err != nil {
			return err
		}
		all = append(all, remedy{fmt.Sprintf("Adam at %g", rate), width, program, o})
		return nil
	}
	for _, rate := range []float64{0.01, 0.03} {
		if err := adam(r.width(), 1, rate, more.Problem); err != nil {
			return nil, err
		}
	}
	if model, is := r.model(); is {
		wide := model
		wide.Sizes = slices.Clone(model.Sizes)
		for l := range wide.Sizes[1 : len(wide.Sizes)-1] {
			wide.Sizes[1+l] = max(64, 2*wide.Sizes[1+l])
		}
		net, err := problem.NewNet(wide, problem.NewPoints(more.X, more.Y))
		if err != nil {
			return nil, err
		}
		if err := adam(wide.Sizes[1], 2, 0.01, net); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// on is the same problem on other examples.
func (r *OwnRun) on(xs, ys []float64) (problem.Problem, error) {
	switch p := r.Problem.(type) {
	case *problem.Net:
		return problem.NewNet(p.MLP, problem.NewPoints(xs, ys))
	case train.Model:
		p.Inputs, p.Labels = columns(xs), columns(ys)
		return p, nil
	}
	return nil, fmt.Errorf("the problem is a %T: give a problem.Net or a train.Model", r.Problem)
}

// ownStarts is how many other starts are tried.
const ownStarts = 3

// again trains the net from other starts. Their losses on the examples choose the best: a training that is stuck does not fit these.
func (r *OwnRun) again(ctx context.Context, t *train.Trainer) (diagnosis.Trial, error) {
	s := setup{trainer: t, config: r.config(1)}
	if model, is := r.model(); is {
		s.start = from(r.Start, model.Sizes)
	}
	histories, err := sweep(ctx, []setup{s}, r.Seed+1, ownStarts)
	if err != nil {
		return diagnosis.Trial{}, err
	}
	trial := diagnosis.Trial{Name: "another start", Width: r.width()}
	err = r.judge(&trial, outputsOf(r.OwnNet, t), histories[0], r.X, r.Y)
	return trial, err
}

// judge notes what nets come to on unseen examples, and on those that choose the best.
func (r *OwnRun) judge(trial *diagnosis.Trial, f func(theta, xs []float64) ([]float64, error), histories []*train.History, choiceX, choiceY []float64) error {
	for _, h := range histories {
		for _, on := range []struct {
			xs, ys []float64
			errors *[]float64
		}{{r.unseenX, r.unseenY, &trial.Errors}, {choiceX, choiceY, &trial.Chosen}} {
			e := math.Inf(1)
			if _, diverged := h.Diverged(); !diverged {
				values, err := f(h.Final, on.xs)
				if err != nil {
					return err
				}
				e = rms(on.ys, func(i int) float64 { return values[i] })
			}
			*on.errors = append(*on.errors, e)
		}
	}
	return nil
}

// compare trains from other starts, and the remedies, and notes what they come to on unseen examples, and on others that choose the best;
// and the noise.
func (r *OwnRun) compare(ctx context.Context, t *train.Trainer, record *diagnosis.Record) (err error) {
	if record.Again, err = r.again(ctx, t); err != nil {
		return err
	}
	all, err := r.remedies()
	if err != nil {
		return err
	}
	var setups []setup
	trainers := map[int]*train.Trainer{}
	for _, remedy := range all {
		if trainers[remedy.program] == nil {
			t, err := remedy.net.trainer()
			if err != nil {
				return err
			}
			defer t.Close()
			trainers[remedy.program] = t
		}
		setups = append(setups, setup{trainer: trainers[remedy.program], config: remedy.net.config(1)})
	}
	histories, err := sweep(ctx, setups, r.Seed, 1)
	if err != nil {
		return err
	}
	choiceX, choiceY := r.Target.Sample(ownUnseen, r.Noise, r.Seed+3_000_000)
	for i, remedy := range all {
		trial := diagnosis.Trial{Name: remedy.name, Width: remedy.width}
		if err := r.judge(&trial, outputsOf(remedy.net, setups[i].trainer), histories[i], choiceX, choiceY); err != nil {
			return err
		}
		if i == 0 {
			record.More = trial
			continue
		}
		record.Trials = append(record.Trials, trial)
	}
	more := all[0].net
	gamma, err := diagnosis.Neighbours(mat.NewDense(len(more.X), 1, more.X), more.Y, 10)
	if err != nil {
		return err
	}
	record.Noise.Value = gamma.Noise
	return nil
}
