package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
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
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Patient is a function, examples of it, and a training that fails to learn it for a known cause (claim W1).
type Patient struct {
	Truth  diagnosis.Cause
	How    string         // what was done to it
	Target problem.Target // of mean 0 and mean square 1 on [0, 1]
	X, Y   []float64      // to learn from
	// Unseen are as many more, to measure errors on.
	UnseenX, UnseenY []float64
	// Repeats tells whether each input stands in X several times.
	Repeats bool
	Width   int
	Optimizer
}

// Optimizer is a way to train: a rule of pkg/optim, the rate it starts with, to fall along a cosine, and a number of steps.
type Optimizer struct {
	Rule  string
	Rate  float64
	Steps int
}

// examples is how many there are to learn from, and as many to measure errors on.
const examples = 200

// Causes are the three causes of Hornik's theorem.
var Causes = []diagnosis.Cause{diagnosis.Learning, diagnosis.Units, diagnosis.Relationship}

// NewPatient draws a random function, and a training that fails for the cause: a net that is wide enough, but trained with too
// small or too large a rate, for too short, or by plain gradient descent; a net of so few units that even the best knots leave
// most of the function, trained well; or a relationship with much noise, or whose sign depends on what is not among the inputs.
func NewPatient(cause diagnosis.Cause, seed uint64) (*Patient, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(cause)))
	p := &Patient{Truth: cause, Width: 24 + 8*rng.IntN(2), Optimizer: Optimizer{"adam", 0.01, 3000}, Repeats: rng.IntN(2) == 0}
	few := 1 + rng.IntN(3)
	for {
		p.Target = randomTarget(rng)
		xs, ys := p.Target.Grid(101)
		fit, err := relu.FreeKnots(xs, ys, xs[1:100], few)
		if err != nil {
			return nil, err
		}
		if cause != diagnosis.Units || fit.Squares/101 > 0.5 { // most is left even with the knots where they are best
			break
		}
	}
	noise, sign := 0.05, func() float64 { return 1 }
	switch cause {
	case diagnosis.Learning:
		ways := []struct {
			how string
			Optimizer
		}{
			{"Adam with a rate of 10⁻⁵", Optimizer{"adam", 1e-5, 3000}}, {"Adam with a rate of 10", Optimizer{"adam", 10, 3000}},
			{"20 steps of Adam", Optimizer{"adam", 0.01, 20}}, {"gradient descent with a rate of 10⁻³", Optimizer{"gd", 1e-3, 3000}},
		}
		way := ways[rng.IntN(len(ways))]
		p.How, p.Optimizer = way.how, way.Optimizer
	case diagnosis.Units:
		p.Width = few
		p.How = fmt.Sprintf("a net of %d units", few)
	case diagnosis.Relationship:
		if rng.IntN(3) == 0 {
			sign = func() float64 { return float64(2*rng.IntN(2) - 1) }
			p.How = "a sign that no input tells"
		} else {
			noise = 0.8 + 0.7*rng.Float64()
			p.How = fmt.Sprintf("noise of a standard deviation of %.1f", noise)
		}
	default:
		return nil, fmt.Errorf("the cause is %q: it must be one of Hornik's three", cause)
	}
	draw := func(repeats int) (xs, ys []float64) {
		for range examples / repeats {
			x := rng.Float64()
			for range repeats {
				xs, ys = append(xs, x), append(ys, sign()*p.Target.F(x)+noise*rng.NormFloat64())
			}
		}
		return xs, ys
	}
	repeats := 1
	if p.Repeats {
		repeats = 2
	}
	p.X, p.Y = draw(repeats)
	p.UnseenX, p.UnseenY = draw(1)
	return p, nil
}

// randomTarget is a sum of waves, or a polygon, of mean 0 and mean square 1.
func randomTarget(rng *rand.Rand) problem.Target {
	f := waves(rng)
	if rng.IntN(2) == 0 {
		f = polygon(rng)
	}
	mean, square := 0.0, 0.0
	for i := range 1000 {
		v := f((float64(i) + 0.5) / 1000)
		mean, square = mean+v/1000, square+v*v/1000
	}
	deviation := math.Sqrt(square - mean*mean)
	return problem.Target{Name: "random", Lo: 0, Hi: 1, F: func(x float64) float64 { return (f(x) - mean) / deviation }}
}

func waves(rng *rand.Rand) func(x float64) float64 {
	var height, phase [3]float64
	for k := range height {
		height[k], phase[k] = rng.NormFloat64(), 2*math.Pi*rng.Float64()
	}
	return func(x float64) (sum float64) {
		for k := range height {
			sum += height[k] * math.Sin(2*math.Pi*float64(k+1)*x+phase[k])
		}
		return sum
	}
}

func polygon(rng *rand.Rand) func(x float64) float64 {
	corners := 6 + rng.IntN(3)
	var xs, ys []float64
	for k := range corners {
		xs, ys = append(xs, float64(k)/float64(corners-1)), append(ys, rng.NormFloat64())
	}
	target, err := problem.Through(xs, ys)
	if err != nil {
		panic(err) // the corners are finite and ascend
	}
	return target.F
}

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

// Shattering is how many of the labelings of n points a search has found a net for (claim W2).
type Shattering struct {
	Inputs, Width, N int
	Found, All       int // labelings; a labeling and its opposite are searched once and counted twice
}

// Shatter draws n points and looks, for each of their labelings by two classes, for a net of one hidden layer whose output has
// the sign of the label at each point: by Adam on the logistic loss, from so many random starts at most. What it finds is certain;
// what it does not find may yet exist.
func Shatter(ctx context.Context, backend compute.Backend, inputs, width, n, starts int, seed uint64) (*Shattering, error) {
	if err := counts("inputs", inputs, "width", width, "n", n, "starts", starts); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 6))
	x := mat.NewDense(n, inputs, nil)
	for i := range n {
		for j := range inputs {
			x.Set(i, j, 2*rng.Float64()-1)
		}
	}
	if inputs == 1 { // in order and not too close: only the order matters to what there is, but the search is slow at close ones
		for i := range n {
			x.Set(i, 0, (2*float64(i)+1)/float64(n)-1)
		}
	}
	adam, err := optim.ByName("adam")
	if err != nil {
		return nil, err
	}
	s := &Shattering{Inputs: inputs, Width: width, N: n}
	var first *train.Trainer
	defer func() {
		if first != nil {
			first.Close()
		}
	}()
	classes := make([]int, n)
	err = theory.Labelings(n-1, func(labels []bool) error { // the last point's label is 0: the other half are the opposites
		s.All += 2
		for i, l := range labels {
			classes[i] = 0
			if l {
				classes[i] = 1
			}
		}
		net, err := problem.NewClassifier([]int{width}, x, classes, 2)
		if err != nil {
			return err
		}
		net.DType = dtypes.Float64
		if first == nil {
			if first, err = train.New(backend, net, adam, train.Record{}); err != nil {
				return err
			}
		}
		t, err := first.On(net.Data())
		if err != nil {
			return err
		}
		defer t.Close()
		for from := 0; from < starts; from += 8 {
			var jobs []train.Job
			for k := range min(8, starts-from) {
				jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{LearningRate: 0.08, Steps: 400, Stride: 400,
					Start: net.Start(uint64(from+k), false)}})
			}
			histories, err := train.Sweep(ctx, jobs, 0, nil)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(histories, func(h *train.History) bool { return net.Accuracy(h.Final) == 1 }) {
				s.Found += 2
				return nil
			}
		}
		return nil
	})
	return s, err
}

// Memory is what nets of a width learn of digits whose labels are right, and of the same digits with random ones (claim W2).
type Memory struct {
	Width, Parameters int
	Known, Unknown    stat.Interval // accuracy on the digits learnt from, over seeds, and on others: right labels
	Random, Guess     stat.Interval // the same with random labels
}

// Memorize trains nets of one hidden layer on n digits by Adam, with right labels and with random ones.
func Memorize(ctx context.Context, backend compute.Backend, widths []int, n, steps, seeds int) ([]*Memory, error) {
	if err := counts("n", n, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	known, unknown, err := digits.Split(n)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 6))
	random := &problem.Labeled{Features: known.Features, Classes: known.Classes}
	for range known.Labels {
		random.Labels = append(random.Labels, rng.IntN(known.Classes))
	}
	sampler, err := sample.Reshuffled(50)
	if err != nil {
		return nil, err
	}
	start := func(net *problem.Net, seed int64) map[string]any { return net.Start(uint64(seed), false) }
	c := train.Config{LearningRate: 0.01, Sampler: sampler, Steps: steps, Stride: steps}
	var all []*Memory
	for _, width := range widths {
		var nets []*problem.Net // on the right labels, on the random ones, and for the unseen digits
		for _, labels := range []*problem.Labeled{known, random, unknown} {
			net, err := labels.Net([]int{width})
			if err != nil {
				return nil, err
			}
			net.DType = dtypes.Float64
			nets = append(nets, net)
		}
		taught, err := teach(ctx, backend, nets[:2], "adam", train.Record{}, c, seeds, start, nil)
		if err != nil {
			return nil, err
		}
		m := &Memory{Width: width, Parameters: (digits.Features.RawMatrix().Cols+1)*width + (width+1)*digits.Classes}
		for _, of := range []struct {
			mean *stat.Interval
			net  *problem.Net
			runs []*train.History
		}{{&m.Known, nets[0], taught[0]}, {&m.Unknown, nets[2], taught[0]}, {&m.Random, nets[1], taught[1]}, {&m.Guess, nets[2], taught[1]}} {
			var right []float64
			for _, h := range of.runs {
				right = append(right, of.net.Accuracy(h.Final))
			}
			if *of.mean, err = stat.MeanOverRuns(right, Confidence); err != nil {
				return nil, err
			}
		}
		all = append(all, m)
	}
	return all, nil
}
