package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Lesson is a task for nets of one input: a target, to be learnt by Adam from its values at 201 points, in batches of 40, at a
// rate that falls from Rate to 0 along a cosine.
type Lesson struct {
	Target problem.Target
	Rate   float64
	Steps  int
	Record train.Record
	Stride int // 0: the end only
}

// Pupil is what learns: the widths of the hidden layers, and their non-linearity.
type Pupil struct {
	Widths     []int
	Activation problem.Activation
}

// net is the pupil's problem.
func (l Lesson) net(p Pupil) (*problem.Net, error) {
	if l.Target.F == nil {
		return nil, errors.New("the target has no function: set F, or take one of problem.Targets")
	}
	xs, ys := l.Target.Grid(201)
	net, err := problem.NewRegression(p.Widths, xs, ys)
	if err != nil {
		return nil, err
	}
	net.Activation, net.DType = p.Activation, dtypes.Float64
	return net, nil
}

// Teach trains each pupil from each seed, and returns the histories, [pupils][seeds]. start gives the first parameters; nil:
// problem.Net.Start, with elbows spread over the interval.
func (l Lesson) Teach(ctx context.Context, backend compute.Backend, pupils []Pupil, seeds int, start func(net *problem.Net, seed int64) map[string]any) ([][]*train.History, error) {
	if err := counts("seeds", seeds); err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(40)
	if err != nil {
		return nil, err
	}
	cosine, err := schedule.Cosine(l.Rate, 0, l.Steps)
	if err != nil {
		return nil, err
	}
	var nets []*problem.Net
	for _, p := range pupils {
		net, err := l.net(p)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	c := train.Config{Schedule: cosine, Sampler: sampler, Steps: l.Steps, Stride: l.Stride}
	if c.Stride == 0 {
		c.Stride = l.Steps
	}
	if start == nil {
		start = spread
	}
	return teach(ctx, backend, nets, "adam", l.Record, c, seeds, start, nil)
}

// spread starts a net of one input with its elbows spread over the interval.
func spread(net *problem.Net, seed int64) map[string]any { return net.Start(uint64(seed), true) }

// teach trains each net from each seed by a rule of pkg/optim, as c says but for the seed and the start, and returns the
// histories, [nets][seeds]. progress, if not nil, is called with the number of runs done.
func teach(ctx context.Context, backend compute.Backend, nets []*problem.Net, rule string, record train.Record, c train.Config, seeds int,
	start func(net *problem.Net, seed int64) map[string]any, progress func(done int)) ([][]*train.History, error) {
	update, err := optim.ByName(rule)
	if err != nil {
		return nil, err
	}
	var jobs []train.Job
	for _, net := range nets {
		t, err := train.New(backend, net, update, record)
		if err != nil {
			return nil, err
		}
		defer t.Close()
		for _, seed := range Seeds(seeds) {
			c.Seed, c.Start = seed, start(net, seed)
			jobs = append(jobs, train.Job{Trainer: t, Config: c})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, progress)
	if err != nil {
		return nil, fmt.Errorf("the sweep: %w", err)
	}
	return slices.Collect(slices.Chunk(histories, seeds)), nil
}

// Error is a pupil's root mean square error on the 201 points, NaN after it has diverged.
func (l Lesson) Error(p Pupil, h *train.History) (float64, error) {
	if _, diverged := h.Diverged(); diverged {
		return math.NaN(), nil
	}
	net, err := l.net(p)
	if err != nil {
		return 0, err
	}
	xs, ys := l.Target.Grid(201)
	sum := 0.0
	for i, x := range xs {
		d := net.Output(h.Final, []float64{x})[0] - ys[i]
		sum += d * d / float64(len(xs))
	}
	return math.Sqrt(sum), nil
}

// Growth is how the knots of nets move in training (claim N12).
type Growth struct {
	Step []int
	Nets []*relu.Net // of the first seed, at each step
	// Near is, over seeds, the part of all bending that lies near a kink of the target, at the start and at the end; Chance
	// is what bends at random places would have.
	NearBefore, NearAfter stat.Interval
	Chance                float64
}

// Frames picks at most so many of the records, close together at the start, where the net changes fastest.
func (g *Growth) Frames(most int) (records []int) {
	for i := range most {
		part := float64(i) / float64(most-1)
		k := int(math.Round(part * part * float64(len(g.Nets)-1)))
		if len(records) == 0 || k > records[len(records)-1] {
			records = append(records, k)
		}
	}
	return records
}

// Paths are the places of the knots, [units][records], after the steps they belong to, the first one excepted, which is 0.
func (g *Growth) Paths() (steps []float64, knots [][]float64) {
	for r, net := range g.Nets[1:] {
		steps = append(steps, float64(g.Step[r+1]))
		elbows, _, err := net.Elbows()
		if err != nil {
			panic(err) // Grow's nets are sums of elbows
		}
		if r == 0 {
			knots = make([][]float64, len(elbows))
		}
		for i, e := range elbows {
			knots[i] = append(knots[i], e.Knot())
		}
	}
	return steps, knots
}

// near is the distance that Growth calls near, in the target's units.
const near = 0.05

// Grow trains nets of one hidden layer on a target that has kinks, and follows their knots.
func Grow(ctx context.Context, backend compute.Backend, target problem.Target, width int, rate float64, steps, records, seeds int) (*Growth, error) {
	if err := counts("width", width, "steps", steps, "records", records, "seeds", seeds); err != nil {
		return nil, err
	}
	lesson := Lesson{Target: target, Rate: rate, Steps: steps, Record: train.Record{Params: true}, Stride: max(1, steps/records)}
	taught, err := lesson.Teach(ctx, backend, []Pupil{{Widths: []int{width}}}, seeds, nil)
	if err != nil {
		return nil, err
	}
	g := &Growth{Step: taught[0][0].Step}
	if _, diverged := taught[0][0].Diverged(); diverged {
		return nil, fmt.Errorf("training diverged: choose a rate below %g", rate)
	}
	for _, theta := range taught[0][0].Params {
		net, err := relu.FromTheta(theta, 1, width, 1)
		if err != nil {
			return nil, err
		}
		g.Nets = append(g.Nets, net)
	}
	var before, after []float64
	for _, h := range taught[0] {
		if _, diverged := h.Diverged(); diverged {
			continue
		}
		b, err := bendingNear(h.Params[0], width, target)
		if err != nil {
			return nil, err
		}
		a, err := bendingNear(h.Final, width, target)
		if err != nil {
			return nil, err
		}
		before, after = append(before, b), append(after, a)
	}
	for i := range 10_000 {
		if x := (float64(i) + 0.5) / 10_000; closeTo(target, target.Lo+x*(target.Hi-target.Lo)) {
			g.Chance += 1e-4
		}
	}
	if len(before) < 2 {
		g.NearBefore, g.NearAfter = stat.Interval{Value: before[0], Low: 0, High: 1}, stat.Interval{Value: after[0], Low: 0, High: 1}
		return g, nil
	}
	if g.NearBefore, err = stat.Mean(before, 0.95); err != nil {
		return nil, err
	}
	g.NearAfter, err = stat.Mean(after, 0.95)
	return g, err
}

func closeTo(target problem.Target, x float64) bool {
	for _, knot := range target.Knots {
		if math.Abs(x-knot) < near {
			return true
		}
	}
	return false
}

// bendingNear is the part of Σ|vw| over the knots in the interval that lies near a kink of the target.
func bendingNear(theta []float64, width int, target problem.Target) (float64, error) {
	net, err := relu.FromTheta(theta, 1, width, 1)
	if err != nil {
		return 0, err
	}
	elbows, _, err := net.Elbows()
	if err != nil {
		return 0, err
	}
	all, nearby := 0.0, 0.0
	for _, e := range elbows {
		knot := e.Knot()
		if !(target.Lo < knot && knot < target.Hi) {
			continue
		}
		all += math.Abs(e.Slope())
		if closeTo(target, knot) {
			nearby += math.Abs(e.Slope())
		}
	}
	if all == 0 {
		return 0, nil
	}
	return nearby / all, nil
}

// Staircase is a net of one hidden layer of saturating units, written down (claim N7): d steps on a target, each a unit that
// rises at the step's edge, so much the steeper the greater steepness is. Steps follow the target's values in the middle of d+1 pieces.
func Staircase(target problem.Target, d int, steepness float64, activation problem.Activation) (func(x float64) float64, error) {
	if err := counts("d", d); err != nil {
		return nil, err
	}
	if activation == problem.ReLU {
		return nil, fmt.Errorf("activation is ReLU: a staircase needs one that saturates, tanh or sigmoid")
	}
	net, err := problem.NewRegression([]int{d}, []float64{0}, []float64{0})
	if err != nil {
		return nil, err
	}
	net.Activation = activation
	h := (target.Hi - target.Lo) / float64(d+1)
	value := func(k int) float64 { return target.F(target.Lo + (float64(k)+0.5)*h) }
	k, low, rise := steepness/h, 0.0, 1.0
	if activation == problem.Tanh { // from −1 to 1, and σ(z) = (1 + tanh(z/2))/2
		k, low, rise = k/2, -1, 2
	}
	biases, weights, out := make([]float64, d), make([]float64, d), make([]float64, d)
	constant := value(0)
	for j := range d {
		edge := target.Lo + float64(j+1)*h
		weights[j], biases[j] = k, -k*edge
		out[j] = (value(j+1) - value(j)) / rise
		constant -= low * out[j]
	}
	theta := append(append(biases, weights...), append([]float64{constant}, out...)...)
	return func(x float64) float64 { return net.Output(theta, []float64{x})[0] }, nil
}

// Worst is the greatest difference of two functions on 2,001 points of a target's interval. It panics when one of them is nil.
func Worst(f, g func(x float64) float64, lo, hi float64) float64 {
	if f == nil || g == nil {
		panic(errors.New("Worst needs two functions; one of them is nil"))
	}
	worst := 0.0
	for i := range 2001 {
		x := lo + (hi-lo)*float64(i)/2000
		worst = max(worst, math.Abs(f(x)-g(x)))
	}
	return worst
}

// Learner is what nets of one non-linearity learn at several rates (claim N7).
type Learner struct {
	Activation       problem.Activation
	Rate             []float64
	Median, Low, Top []float64 // of the root mean square errors over seeds: median and quartiles; NaN where a run diverged
	Best             func(x float64) float64
}

// BestRate is the index of the rate with the least median.
func (l *Learner) BestRate() int {
	best := 0
	for i, m := range l.Median {
		if !(l.Median[best] <= m) && !math.IsNaN(m) {
			best = i
		}
	}
	return best
}

// Compare trains nets of one hidden layer with each non-linearity at each rate.
func Compare(ctx context.Context, backend compute.Backend, target problem.Target, width int, rates []float64, steps, seeds int) ([]*Learner, error) {
	if err := counts("width", width, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	var all []*Learner
	var pupils []Pupil
	for _, a := range problem.Activations() {
		all, pupils = append(all, &Learner{Activation: a, Rate: rates}), append(pupils, Pupil{[]int{width}, a})
	}
	best := make([]float64, len(all))
	for _, rate := range rates {
		lesson := Lesson{Target: target, Rate: rate, Steps: steps}
		taught, err := lesson.Teach(ctx, backend, pupils, seeds, nil)
		if err != nil {
			return nil, err
		}
		for i, l := range all {
			net, err := lesson.net(pupils[i])
			if err != nil {
				return nil, err
			}
			var errors []float64
			for _, h := range taught[i] {
				off, err := lesson.Error(pupils[i], h)
				if err != nil {
					return nil, err
				}
				if errors = append(errors, off); !math.IsNaN(off) && (l.Best == nil || off < best[i]) {
					best[i], l.Best = off, func(x float64) float64 { return net.Output(h.Final, []float64{x})[0] }
				}
			}
			if slices.ContainsFunc(errors, math.IsNaN) {
				errors = []float64{math.NaN()}
			}
			l.Low, l.Median, l.Top = append(l.Low, Quantile(errors, 0.25)), append(l.Median, Quantile(errors, 0.5)), append(l.Top, Quantile(errors, 0.75))
		}
	}
	return all, nil
}

// Signal is the derivative that arrives at each hidden layer of a deep net at its start, its root mean square length over
// examples, relative to that at the last hidden layer (claim N8).
type Signal struct {
	Activation problem.Activation
	Layer      []float64       // 1, 2, …
	Length     []stat.Interval // over seeds; of one seed without an interval
	Theory     []float64       // for equal widths and independent weights: √(Scale² E φ′²) for each layer
}

// Signals measures it on the first 64 digits, for nets of the depth and width given, whose weights are normally distributed with
// the standard deviation scale/√inputs, and whose biases are 0.
func Signals(backend compute.Backend, activations []problem.Activation, depth, width int, scale float64, seeds int) ([]*Signal, error) {
	if err := counts("depth", depth, "width", width, "seeds", seeds); err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	few, _, err := digits.Split(64)
	if err != nil {
		return nil, err
	}
	tell, end := progress.Begin("differentiating", len(activations)*seeds)
	defer end()
	done := 0
	var signals []*Signal
	for _, activation := range activations {
		widths := slices.Repeat([]int{width}, depth)
		net, err := few.Net(widths)
		if err != nil {
			return nil, err
		}
		net.Activation, net.DType = activation, dtypes.Float64
		t, err := train.New(backend, net, optim.GD(), train.Record{})
		if err != nil {
			return nil, err
		}
		defer t.Close()
		lengths := make([][]float64, depth) // [layers][seeds]
		for _, seed := range Seeds(seeds) {
			theta := gaussian(few, widths, scale, uint64(seed))
			each, err := t.ExampleGradients(theta)
			if err != nil {
				return nil, err
			}
			done++
			tell(done)
			at := 0
			in := few.Features.RawMatrix().Cols
			squares := make([]float64, depth)
			for l, w := range widths { // the derivative with respect to a bias is that to what comes into the unit
				for _, g := range each {
					squares[l] += floats.Dot(g[at:at+w], g[at:at+w])
				}
				at += w + in*w
				in = w
			}
			if squares[depth-1] == 0 {
				continue // a layer that is dead on all examples lets nothing through
			}
			for l := range squares {
				lengths[l] = append(lengths[l], math.Sqrt(squares[l]/squares[depth-1]))
			}
		}
		if len(lengths[0]) == 0 {
			return nil, fmt.Errorf("every one of the %d nets of %s has a layer that is off on all examples: take more units than %d", seeds, activation, width)
		}
		s := &Signal{Activation: activation}
		factor := map[problem.Activation]float64{problem.ReLU: 0.5, problem.Tanh: 1, problem.Sigmoid: 1. / 16}[activation]
		for l := range depth {
			length, err := stat.MeanOverRuns(lengths[l], Confidence)
			if err != nil {
				return nil, fmt.Errorf("the gradient's length in layer %d of nets of %s: %w", l+1, activation, err)
			}
			s.Layer, s.Length = append(s.Layer, float64(l+1)), append(s.Length, length)
			s.Theory = append(s.Theory, math.Pow(scale*math.Sqrt(factor), float64(depth-1-l)))
		}
		signals = append(signals, s)
	}
	return signals, nil
}

// gaussian draws parameters for a classifier, flattened as Evaluate takes them.
func gaussian(data *problem.Labeled, widths []int, scale float64, seed uint64) (theta []float64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	in := data.Features.RawMatrix().Cols
	for l := range len(widths) + 1 {
		out := data.Classes
		if l < len(widths) {
			out = widths[l]
		}
		theta = append(theta, make([]float64, out)...)
		for range in * out {
			theta = append(theta, scale/math.Sqrt(float64(in))*rng.NormFloat64())
		}
		in = out
	}
	return theta
}

// Depths are the accuracies on held-out digits of nets of growing depth (claims N8, N9).
type Depths struct {
	Activation problem.Activation
	Depth      []float64
	Accuracy   []stat.Interval // over seeds
}

// LearnDigits trains nets of some depths on 1,500 digits for so many steps of SGD with momentum on batches of 32, with weights
// drawn with the standard deviation scale/√inputs, and tests them on the 297 others.
func LearnDigits(ctx context.Context, backend compute.Backend, activations []problem.Activation, depths []int, width int, scale, rate float64, steps, seeds int) ([]*Depths, error) {
	if err := counts("width", width, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	known, unknown, err := digits.Split(1500)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.Reshuffled(32)
	if err != nil {
		return nil, err
	}
	var nets, tests []*problem.Net
	for _, activation := range activations {
		for _, depth := range depths {
			if err := counts("width", width, "depth", depth); err != nil {
				return nil, err
			}
			widths := slices.Repeat([]int{width}, depth)
			net, err := known.Net(widths)
			if err != nil {
				return nil, err
			}
			test, err := unknown.Net(widths)
			if err != nil {
				return nil, err
			}
			net.Activation, test.Activation, net.DType = activation, activation, dtypes.Float64
			nets, tests = append(nets, net), append(tests, test)
		}
	}
	start := func(net *problem.Net, seed int64) map[string]any {
		return unflatten(gaussian(known, net.Widths, scale, uint64(seed)), known.Features.RawMatrix().Cols, net.Widths, known.Classes)
	}
	c := train.Config{LearningRate: rate, Sampler: sampler, Steps: steps, Stride: steps}
	taught, err := teach(ctx, backend, nets, "heavy ball", train.Record{}, c, seeds, start, nil)
	if err != nil {
		return nil, err
	}
	var all []*Depths
	for i, activation := range activations {
		d := &Depths{Activation: activation}
		for j, depth := range depths {
			k := i*len(depths) + j
			var right []float64
			for _, h := range taught[k] {
				if _, diverged := h.Diverged(); diverged {
					right = append(right, 0.1) // as good as a guess
					continue
				}
				right = append(right, tests[k].Accuracy(h.Final))
			}
			accuracy, err := stat.MeanOverRuns(right, Confidence)
			if err != nil {
				return nil, err
			}
			d.Depth, d.Accuracy = append(d.Depth, float64(depth)), append(d.Accuracy, accuracy)
		}
		all = append(all, d)
	}
	return all, nil
}

// unflatten gives parameters their names.
func unflatten(theta []float64, in int, widths []int, outputs int) map[string]any {
	start := make(map[string]any)
	for l := range len(widths) + 1 {
		name, out := "output", outputs
		if l < len(widths) {
			name, out = fmt.Sprintf("hidden%02d", l+1), widths[l]
		}
		start[name+"/dense/biases"] = theta[:out]
		start[name+"/dense/weights"] = tensors.FromFlatDataAndDimensions(theta[out:out+in*out], in, out)
		theta, in = theta[out+in*out:], out
	}
	return start
}

// Dead counts dead ReLUs after training at several rates (claim N8).
type Dead struct {
	Rate  float64
	Share stat.Interval // of all units of all seeds
}

// CountDead trains nets of one hidden layer by Adam at each rate and counts the units that are 0 on the whole interval, exactly.
func CountDead(ctx context.Context, backend compute.Backend, target problem.Target, width int, rates []float64, steps, seeds int) ([]Dead, error) {
	if err := counts("width", width, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	var all []Dead
	for _, rate := range rates {
		lesson := Lesson{Target: target, Rate: rate, Steps: steps}
		taught, err := lesson.Teach(ctx, backend, []Pupil{{Widths: []int{width}}}, seeds, nil)
		if err != nil {
			return nil, err
		}
		dead := 0
		for _, h := range taught[0] {
			if _, diverged := h.Diverged(); diverged {
				dead += width
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, width, 1)
			if err != nil {
				return nil, err
			}
			states, err := net.Units(target.Lo, target.Hi)
			if err != nil {
				return nil, err
			}
			for _, s := range states[0] {
				if s == relu.Dead {
					dead++
				}
			}
		}
		share, err := stat.Proportion(dead, width*seeds, 0.95)
		if err != nil {
			return nil, err
		}
		all = append(all, Dead{rate, share})
	}
	return all, nil
}

// Budget is what nets of about the same number of parameters and different depth learn (claim N9).
type Budget struct {
	Pupil      Pupil
	Parameters int
	Errors     []float64 // root mean square, by seed
	Regions    []float64 // linear regions on the interval, exact, by seed
}

// Spend trains nets of the widths given on a target from many seeds.
func Spend(ctx context.Context, backend compute.Backend, target problem.Target, shapes [][]int, rate float64, steps, seeds int) ([]*Budget, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	lesson := Lesson{Target: target, Rate: rate, Steps: steps}
	var pupils []Pupil
	for _, widths := range shapes {
		pupils = append(pupils, Pupil{Widths: widths})
	}
	taught, err := lesson.Teach(ctx, backend, pupils, seeds, nil)
	if err != nil {
		return nil, err
	}
	var all []*Budget
	for i, p := range pupils {
		sizes := append(append([]int{1}, p.Widths...), 1)
		b := &Budget{Pupil: p, Parameters: relu.New(sizes...).Parameters()}
		for _, h := range taught[i] {
			off, err := lesson.Error(p, h)
			if err != nil {
				return nil, err
			}
			if math.IsNaN(off) {
				continue
			}
			net, err := relu.FromTheta(h.Final, sizes...)
			if err != nil {
				return nil, err
			}
			regions, err := net.Regions(target.Lo, target.Hi)
			if err != nil {
				return nil, err
			}
			b.Errors, b.Regions = append(b.Errors, off), append(b.Regions, float64(regions))
		}
		all = append(all, b)
	}
	return all, nil
}

// Plane is a function of two variables on [−1, 1]².
type Plane struct {
	Name string
	F    func(x, y float64) float64
}

// Planes are a product of two waves, a wave of the radius, and a plane wave, which is a function of one combination only.
func Planes() []Plane {
	return []Plane{
		{"checkerboard", func(x, y float64) float64 { return math.Sin(2*math.Pi*x) * math.Sin(2*math.Pi*y) }},
		{"rings", func(x, y float64) float64 { return math.Cos(3 * math.Pi * math.Hypot(x, y)) }},
		{"plane wave", func(x, y float64) float64 { return math.Sin(2*math.Pi*x + math.Pi*y) }},
	}
}

// SpendOnPlane is Spend for a function of two variables, learnt from its values on a grid of 24 × 24 by batches of 64. Errors are on a
// grid of 33 × 33; Regions are the linear regions in the square, exact, of the first seed's net alone.
func SpendOnPlane(ctx context.Context, backend compute.Backend, target Plane, shapes [][]int, rate float64, steps, seeds int) ([]*Budget, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	grid := func(n int) (*mat.Dense, []float64) {
		x, y := mat.NewDense(n*n, 2, nil), make([]float64, n*n)
		for i := range n * n {
			a, b := 2*float64(i%n)/float64(n-1)-1, 2*float64(i/n)/float64(n-1)-1
			x.SetRow(i, []float64{a, b})
			y[i] = target.F(a, b)
		}
		return x, y
	}
	x, y := grid(24)
	fx, fy := grid(33)
	sampler, err := sample.WithReplacement(64)
	if err != nil {
		return nil, err
	}
	cosine, err := schedule.Cosine(rate, 0, steps)
	if err != nil {
		return nil, err
	}
	var nets []*problem.Net
	for _, widths := range shapes {
		net, err := problem.NewRegressor(widths, x, y)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	start := func(net *problem.Net, seed int64) map[string]any { return net.Start(uint64(seed), false) }
	taught, err := teach(ctx, backend, nets, "adam", train.Record{}, train.Config{Schedule: cosine, Sampler: sampler, Steps: steps, Stride: steps}, seeds, start, nil)
	if err != nil {
		return nil, err
	}
	var all []*Budget
	for i, widths := range shapes {
		sizes := append(append([]int{2}, widths...), 1)
		b := &Budget{Pupil: Pupil{Widths: widths}, Parameters: relu.New(sizes...).Parameters()}
		for k, h := range taught[i] {
			if _, diverged := h.Diverged(); diverged {
				continue
			}
			net, err := relu.FromTheta(h.Final, sizes...)
			if err != nil {
				return nil, err
			}
			sum := 0.0
			for j, v := range fy {
				d := net.Output(fx.RawRowView(j))[0] - v
				sum += d * d / float64(len(fy))
			}
			b.Errors = append(b.Errors, math.Sqrt(sum))
			if k == 0 {
				regions, err := net.Polygons([2]float64{-1, -1}, [2]float64{1, 1})
				if err != nil {
					return nil, err
				}
				b.Regions = append(b.Regions, float64(len(regions)))
			}
		}
		all = append(all, b)
	}
	return all, nil
}

// Teeth is the sawtooth of 2^depth linear pieces between 0 and 1 on [0, 1]. It panics when depth is not between 1 and 20.
func Teeth(depth int) problem.Target {
	if depth < 1 || depth > 20 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 20", depth))
	}
	net := relu.Sawtooth(depth)
	t := problem.Target{Name: fmt.Sprintf("sawtooth of %d pieces", 1<<depth), F: net.At, Lo: 0, Hi: 1}
	for k := 1; k < 1<<depth; k++ {
		t.Knots = append(t.Knots, float64(k)/float64(int(1)<<depth))
	}
	return t
}

// Degrees are the parameters of a random net, and its degrees of freedom on data (claim N10).
type Degrees struct {
	Sizes      []int
	Redundancy relu.Redundancy
	Rank       int       // of the Jacobian, measured
	Singular   []float64 // its singular values, descending
	Rescaled   float64   // the greatest change of an output when every hidden unit is rescaled, as a part of the greatest output
}

// CountDegrees draws a net and as many points, uniform in [−1, 1] in each input, and counts.
func CountDegrees(sizes []int, points int, seed uint64) (*Degrees, error) {
	if err := counts("points", points); err != nil {
		return nil, err
	}
	if len(sizes) < 2 {
		return nil, fmt.Errorf("sizes has %d elements: give the number of inputs, the widths and the number of outputs", len(sizes))
	}
	for l, size := range sizes {
		if err := counts(fmt.Sprintf("sizes[%d]", l), size); err != nil {
			return nil, err
		}
	}
	rng := rand.New(rand.NewPCG(seed, 5))
	net := relu.New(sizes...)
	for _, layer := range net.Layers {
		in, out := layer.W.Dims()
		for j := range out {
			for i := range in {
				layer.W.Set(i, j, rng.NormFloat64())
			}
			layer.B[j] = 0.5 * rng.NormFloat64()
		}
	}
	x := mat.NewDense(points, sizes[0], nil)
	for i := range points {
		for j := range sizes[0] {
			x.Set(i, j, 2*rng.Float64()-1)
		}
	}
	d := &Degrees{Sizes: sizes, Redundancy: net.Redundancy(x)}
	var err error
	if d.Rank, d.Singular, err = relu.Rank(net.Jacobian(x)); err != nil {
		return nil, err
	}
	rescaled := net
	for l, width := range net.Widths() {
		for j := range width {
			if rescaled, err = rescaled.Rescale(l, j, math.Exp(rng.NormFloat64())); err != nil {
				return nil, err
			}
		}
	}
	greatest := 0.0
	for i := range points {
		f := net.Output(x.RawRowView(i))
		greatest = max(greatest, floats.Norm(f, math.Inf(1)))
		d.Rescaled = max(d.Rescaled, floats.Distance(f, rescaled.Output(x.RawRowView(i)), math.Inf(1)))
	}
	if greatest > 0 {
		d.Rescaled /= greatest
	}
	return d, nil
}

// Success is how often training finds what a net of the width can be (claim N11).
type Success struct {
	Width  int
	Errors []float64     // root mean square, by seed
	Rate   stat.Interval // the part of the seeds with an error below the tolerance
	Best   float64       // the least of the errors; NaN where every run diverged
	Net    *relu.Net     // which has it
}

// Search trains nets of each width from many seeds, on a target that each of them can represent exactly.
func Search(ctx context.Context, backend compute.Backend, target problem.Target, widths []int, rate float64, steps, seeds int, tolerance float64) ([]*Success, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	lesson := Lesson{Target: target, Rate: rate, Steps: steps}
	var pupils []Pupil
	for _, w := range widths {
		pupils = append(pupils, Pupil{Widths: []int{w}})
	}
	taught, err := lesson.Teach(ctx, backend, pupils, seeds, nil)
	if err != nil {
		return nil, err
	}
	var all []*Success
	for i, p := range pupils {
		s := &Success{Width: widths[i], Best: math.NaN()}
		found := 0
		for _, h := range taught[i] {
			off, err := lesson.Error(p, h)
			if err != nil {
				return nil, err
			}
			if off < tolerance {
				found++
			}
			s.Errors = append(s.Errors, off)
			if !math.IsNaN(off) && !(s.Best <= off) {
				s.Best = off
				if s.Net, err = relu.FromTheta(h.Final, 1, widths[i], 1); err != nil {
					return nil, err
				}
			}
		}
		if s.Rate, err = stat.Proportion(found, seeds, 0.95); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
