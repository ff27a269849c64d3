package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Decay is SGD under η_t = η₀/(1+t/τ)^p (claim S9).
type Decay struct {
	Power    float64
	Step     []int           // about 30 of them, at equal ratios
	Distance []stat.Interval // measured E‖θ_t − θ*‖² over seeds; none if a run diverged
	// Predicted is the same by theory, exact.
	Predicted []float64
	// Slope is that of Distance on log-log axes over the last factor of ten of the steps, with the interval over seeds
	// (jackknife); Exact that of Predicted over the same steps, and Limit the one of theory for t → ∞.
	Slope        stat.Interval
	Exact, Limit float64
	Diverged     int // runs that did
}

// InverseTime is schedule.InverseTime, and a constant rate for power 0.
func InverseTime(eta0, tau, power float64) (schedule.Schedule, error) {
	if power == 0 {
		return schedule.Constant(eta0)
	}
	return schedule.InverseTime(eta0, tau, power)
}

// Fading is a run of SGD with two weights, and where theory expects it.
type Fading struct {
	X, Y     []float64 // θ_t, for t = 0, 1, …
	Rate     float64   // of the last step
	Diverged int       // the step at which it left the finite numbers; 0: it stayed
	moments  []theory.Moments
}

// Watch runs SGD from a start.
func Watch(ctx context.Context, backend compute.Backend, s *Study, b int, eta schedule.Schedule, start []float64, steps int, seed int64) (*Fading, error) {
	if err := counts("steps", steps); err != nil {
		return nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Seed: seed, Start: map[string]any{"theta": start}})
	if err != nil {
		return nil, err
	}
	d := &Fading{Rate: eta.At(steps - 1)}
	d.Diverged, _ = h.Diverged()
	for _, theta := range h.Params {
		d.X, d.Y = append(d.X, theta[0]), append(d.Y, theta[1])
	}
	for _, m := range sgd.Moments(eta.At, start, steps) {
		d.moments = append(d.moments, m)
	}
	return d, nil
}

// Ellipse is so many standard deviations of θ_t's covariance around its mean: the centre, the semi-axes a ≥ b, and the
// angle of the first one. There is none, and ok is false, at the start, where there is no variance, and where the variance
// has grown beyond all bounds.
func (d *Fading) Ellipse(t int, sigmas float64) (x, y, a, b, angle float64, ok bool) {
	m := d.moments[t]
	a, b, angle, err := theory.Ellipse(m.Covariance, sigmas)
	return m.Mean[0], m.Mean[1], a, b, angle, err == nil && a > 0 && a < 1e3
}

// MeasureDecay runs SGD from the study's start with batches of b drawn with replacement, for each power.
func MeasureDecay(ctx context.Context, backend compute.Backend, s *Study, b int, powers []float64, eta0, tau float64, steps, seeds int) ([]*Decay, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	stride := max(1, steps/1000)
	var jobs []train.Job
	var schedules []schedule.Schedule
	for _, p := range powers {
		eta, err := InverseTime(eta0, tau, p)
		if err != nil {
			return nil, err
		}
		schedules = append(schedules, eta)
		for _, seed := range Seeds(seeds) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: stride, Seed: seed}})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	var decays []*Decay
	for i, p := range powers {
		d := &Decay{Power: p, Limit: -theory.DecayExponent(p, eta0, tau, sgd.Lambda[0])}
		decays = append(decays, d)
		exact := make(map[int]float64)
		for t, m := range sgd.Moments(schedules[i].At, s.Start, steps) {
			exact[t] = m.SquaredDistance
		}
		var records []int
		for t := float64(stride); ; t *= 1.3 {
			k := min(int(math.Round(t/float64(stride))), steps/stride)
			if len(records) == 0 || k > records[len(records)-1] {
				records = append(records, k)
				d.Step = append(d.Step, k*stride)
				d.Predicted = append(d.Predicted, exact[k*stride])
			}
			if k == steps/stride {
				break
			}
		}
		runs := histories[i*seeds : (i+1)*seeds]
		squares := make([][]float64, len(runs)) // [seeds][records]
		for j, h := range runs {
			if _, diverged := h.Diverged(); diverged {
				d.Diverged++
				continue
			}
			for _, k := range records {
				squares[j] = append(squares[j], squared(h.Params[k], sgd.Optimum))
			}
		}
		if d.Diverged > 0 {
			continue
		}
		for k := range records {
			values := make([]float64, len(runs))
			for j := range runs {
				values[j] = squares[j][k]
			}
			mean, err := stat.MeanOverRuns(values, Confidence)
			if err != nil {
				return nil, err
			}
			d.Distance = append(d.Distance, mean)
		}
		from := 0
		for d.Step[from] < steps/10 {
			from++
		}
		if len(d.Step)-from < 3 {
			return nil, fmt.Errorf("steps is %d: give at least 100 to see a slope", steps)
		}
		if d.Exact, err = slope(d.Step[from:], d.Predicted[from:]); err != nil {
			return nil, err
		}
		if d.Slope, err = meanSlope(d.Step[from:], squares, from); err != nil {
			return nil, err
		}
	}
	return decays, nil
}

// squared is ‖u − v‖².
func squared(u, v []float64) float64 {
	distance := floats.Distance(u, v, 2)
	return distance * distance
}

// slope is that of a fit on log-log axes.
func slope(steps []int, values []float64) (float64, error) {
	xs := make([]float64, len(steps))
	for i, t := range steps {
		xs[i] = float64(t)
	}
	law, err := stat.FitPowerLaw(xs, values, Confidence)
	return law.Exponent.Value, err
}

// meanSlope is the slope of the mean over runs of their values at the records from a certain one on, and its interval:
// as the records of a run depend on each other, a fit's own interval would be wrong, and the runs are left out in turn
// (jackknife).
func meanSlope(steps []int, runs [][]float64, from int) (stat.Interval, error) {
	n := len(runs)
	total := make([]float64, len(steps))
	for _, run := range runs {
		floats.Add(total, run[from:])
	}
	all, err := slope(steps, total)
	if err != nil || n == 1 {
		return stat.Interval{Value: all, Low: all, High: all}, err
	}
	pseudo := make([]float64, n)
	for i, run := range runs {
		without, err := slope(steps, floats.SubTo(make([]float64, len(total)), total, run[from:]))
		if err != nil {
			return stat.Interval{}, err
		}
		pseudo[i] = float64(n)*all - float64(n-1)*without
	}
	return stat.Mean(pseudo, Confidence)
}

// Averaging compares SGD's last iterate with Polyak and Ruppert's average of all iterates (claim S9).
type Averaging struct {
	Rate                            float64 // η₀
	Step                            []int
	Last, Average                   []stat.Interval // measured E‖· − θ*‖²; none if a run diverged
	PredictedLast, PredictedAverage []float64       // by theory, exact
	Ruppert                         []float64       // what the average goes to, whatever the rate
	Diverged                        int
}

// MeasureAveraging runs SGD with batches of b under η₀/(1+t/τ)^p, and averages from a tenth of the steps on.
func MeasureAveraging(ctx context.Context, backend compute.Backend, s *Study, b int, rates []float64, tau, power float64, steps, seeds int) ([]*Averaging, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	from := max(1, steps/10)
	rule, err := optim.With(optim.GD(), optim.Average(from))
	if err != nil {
		return nil, err
	}
	const name = "optimizers/average/theta"
	t, err := train.New(backend, s.LeastSquares, rule, train.Record{Params: true, Variables: []string{name}})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	stride := max(1, steps/60)
	var jobs []train.Job
	var schedules []schedule.Schedule
	for _, rate := range rates {
		eta, err := InverseTime(rate, tau, power)
		if err != nil {
			return nil, err
		}
		schedules = append(schedules, eta)
		for _, seed := range Seeds(seeds) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: stride, Seed: seed}})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	var all []*Averaging
	for i, rate := range rates {
		a := &Averaging{Rate: rate}
		all = append(all, a)
		runs := histories[i*seeds : (i+1)*seeds]
		for _, h := range runs {
			if _, diverged := h.Diverged(); diverged {
				a.Diverged++
			}
		}
		if a.Diverged > 0 {
			continue
		}
		for k, t := range runs[0].Step {
			if t <= from {
				continue
			}
			var last, average []float64
			for _, h := range runs {
				last = append(last, squared(h.Params[k], sgd.Optimum))
				average = append(average, squared(h.Variables[name][k], sgd.Optimum))
			}
			l, err := stat.MeanOverRuns(last, Confidence)
			if err != nil {
				return nil, err
			}
			m, err := stat.MeanOverRuns(average, Confidence)
			if err != nil {
				return nil, err
			}
			a.Step, a.Last, a.Average = append(a.Step, t), append(a.Last, l), append(a.Average, m)
			a.Ruppert = append(a.Ruppert, mat.Trace(sgd.PolyakRuppert(t-from+1)))
		}
		k := 0
		for t, m := range sgd.Moments(schedules[i].At, s.Start, steps) {
			if k < len(a.Step) && t == a.Step[k] {
				a.PredictedLast = append(a.PredictedLast, m.SquaredDistance)
				k++
			}
		}
		k = 0
		for t, m := range sgd.AverageMoments(schedules[i].At, s.Start, from, steps) {
			if k < len(a.Step) && t == a.Step[k] {
				a.PredictedAverage = append(a.PredictedAverage, m.SquaredDistance)
				k++
			}
		}
	}
	return all, nil
}

// A DriftingStream is data that arrive in order while what is to be learnt moves (claim S14): y_t = x_tᵀθ*_t + r_t, with
// θ*_{t+1} = θ*_t + v + w_t.
type DriftingStream struct {
	*problem.LeastSquares
	Truth [][]float64 // θ*_t, [n, 2]
}

// Streams are several of one kind, and what theory says of SGD that meets one example after the other.
type Streams struct {
	Each   []*DriftingStream
	Theory *theory.SGD
	Drift  theory.Drift
}

// NewStreams makes so many streams of n examples of two features, of standard deviations 1 and ½. noise is the standard
// deviation of r_t, velocity the length of v, walk the standard deviation of each element of w_t.
func NewStreams(count, n int, noise, velocity, walk float64) (*Streams, error) {
	if err := counts("count", count, "n", n); err != nil {
		return nil, err
	}
	v := []float64{velocity * math.Sqrt(0.5), velocity * math.Sqrt(0.5)}
	s := &Streams{Drift: theory.Drift{Velocity: v, Walk: mat.NewSymDense(2, []float64{walk * walk, 0, 0, walk * walk})}}
	// Theory is of examples drawn from all that the streams hold, with the optimum at rest.
	features, still := mat.NewDense(count*n, 2, nil), make([]float64, count*n)
	for k := range count {
		rng := rand.New(rand.NewPCG(14, uint64(k)))
		x, y := mat.NewDense(n, 2, nil), make([]float64, n)
		truth, stream := []float64{0, 0}, new(DriftingStream)
		for t := range n {
			x.SetRow(t, []float64{rng.NormFloat64(), rng.NormFloat64() / 2})
			r := noise * rng.NormFloat64()
			y[t] = floats.Dot(x.RawRowView(t), truth) + r
			features.SetRow(k*n+t, x.RawRowView(t))
			still[k*n+t] = r
			stream.Truth = append(stream.Truth, truth)
			truth = []float64{truth[0] + v[0] + walk*rng.NormFloat64(), truth[1] + v[1] + walk*rng.NormFloat64()}
		}
		fit, err := NewStudy(x, y)
		if err != nil {
			return nil, err
		}
		stream.LeastSquares = fit.LeastSquares
		stream.Start = []float64{2, -1}
		s.Each = append(s.Each, stream)
	}
	var err error
	s.Theory, err = theory.LeastSquaresSGD(features, still, 1, theory.WithReplacement)
	return s, err
}

// A Named schedule.
type Named struct {
	Name     string
	Schedule schedule.Schedule
	Plateau  schedule.Plateau // on top, if it is on
}

// Tracker is SGD that follows the streams under a schedule.
type Tracker struct {
	Name      string
	Step      []int         // middles of spans of time
	Distance  []float64     // measured mean of ‖θ_t − θ*_t‖² over the span and the streams; none if a run diverged
	Predicted []float64     // E‖θ_t − θ*_t‖², exact, the mean over the same span
	LongRun   stat.Interval // measured mean after the first fifth, over streams
	Expected  float64       // the same by theory
	Path      [][]float64   // θ_t of the first stream, at the steps of PathStep
	PathStep  []int
}

// Track runs SGD through every stream, one example a step, under each schedule.
func Track(ctx context.Context, backend compute.Backend, s *Streams, schedules []Named) ([]*Tracker, error) {
	sampler, err := sample.Stream(1)
	if err != nil {
		return nil, err
	}
	n := len(s.Each[0].Truth)
	const stride = 10
	var jobs []train.Job
	for _, stream := range s.Each {
		t, err := train.New(backend, stream.LeastSquares, optim.GD(), train.Record{Params: true})
		if err != nil {
			return nil, err
		}
		defer t.Close()
		for _, named := range schedules {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{Schedule: named.Schedule, Sampler: sampler, Steps: n, Stride: stride}})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	var trackers []*Tracker
	spans := min(40, n/stride)
	start := floats.AddTo(make([]float64, 2), s.Theory.Optimum, s.Each[0].Start)
	for i, named := range schedules {
		tr := &Tracker{Name: named.Name}
		trackers = append(trackers, tr)
		expected := make([]float64, n/stride)
		for t, m := range s.Theory.TrackingMoments(named.Schedule.At, start, s.Drift, n-1) {
			if t%stride == 0 && t/stride < len(expected) {
				expected[t/stride] = m.SquaredDistance
			}
		}
		measured, diverged := make([]float64, len(expected)), false
		var means []float64
		for k, stream := range s.Each {
			h := histories[k*len(schedules)+i]
			if _, diverged = h.Diverged(); diverged {
				break
			}
			late := 0.0
			for j := range measured {
				d := squared(h.Params[j], stream.Truth[h.Step[j]])
				measured[j] += d / float64(len(s.Each))
				if j >= len(measured)/5 {
					late += d / float64(len(measured)-len(measured)/5)
				}
			}
			means = append(means, late)
			if k == 0 {
				tr.Path, tr.PathStep = h.Params[:len(measured)], h.Step[:len(measured)]
			}
		}
		for j := range spans {
			a, b := j*len(expected)/spans, (j+1)*len(expected)/spans
			tr.Step = append(tr.Step, (a+b)*stride/2)
			tr.Predicted = append(tr.Predicted, floats.Sum(expected[a:b])/float64(b-a))
			if !diverged {
				tr.Distance = append(tr.Distance, floats.Sum(measured[a:b])/float64(b-a))
			}
		}
		tr.Expected = floats.Sum(expected[len(expected)/5:]) / float64(len(expected)-len(expected)/5)
		if diverged {
			tr.LongRun = stat.Interval{Value: math.Inf(1), Low: math.Inf(1), High: math.Inf(1)}
			continue
		}
		if tr.LongRun, err = stat.MeanOverRuns(means, Confidence); err != nil {
			return nil, err
		}
	}
	return trackers, nil
}

// A Trap is a landscape with a narrow basin, in which SGD begins, beside a wide and better one (claim H1).
type Trap struct {
	*problem.Noisy
	Basins *problem.TwoBasins
	Noise  float64 // σ: the gradient's noise is σ²I
	Minima [2][]float64
	Limit  float64 // 2/λ of the narrow basin
}

// NewTrap makes it: curvature 20 at (0, 0) and 1 at (2, 0), where the loss is lower by ½.
func NewTrap(noise float64) (*Trap, error) {
	basins, err := problem.NewTwoBasins(problem.Basin{Bottom: []float64{0, 0}, Curvature: 20, Loss: 0.5}, problem.Basin{Bottom: []float64{2, 0}, Curvature: 1}, 0.05)
	if err != nil {
		return nil, err
	}
	basins.DType = dtypes.Float64
	noisy, err := problem.NewNoisy(basins, mat.NewSymDense(2, []float64{noise * noise, 0, 0, noise * noise}), 1000, 1)
	if err != nil {
		return nil, err
	}
	return &Trap{noisy, basins, noise, basins.Minima(), theory.StabilityThreshold(basins.Hessian(basins.Minima()[0]).At(0, 0))}, nil
}

// Escape is what SGD from the bottom of the trap comes to at the greatest rate η₀.
type Escape struct {
	Rate   float64
	Better stat.Interval // the part of the decayed runs that ended in the better basin
	// Constant and Decayed are the root mean squares of the distance to its minimum of the runs that ended there, at the
	// constant rate and under the cosine from η₀ to 0; NaN where none did. The others are what theory says of the bowl
	// alone, in which a run stays.
	Constant, Decayed                   float64
	PredictedConstant, PredictedDecayed float64
}

// Explore runs SGD with one example a step from the bottom of the trap at each rate.
func Explore(ctx context.Context, backend compute.Backend, trap *Trap, rates []float64, steps, seeds int) ([]*Escape, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(1)
	if err != nil {
		return nil, err
	}
	t, err := train.New(backend, trap, optim.GD(), train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	minimum := trap.Minima[1]
	bowl, err := theory.AdditiveSGD(trap.Basins.Hessian(minimum), mat.NewSymDense(2, []float64{trap.Noise * trap.Noise, 0, 0, trap.Noise * trap.Noise}), minimum)
	if err != nil {
		return nil, err
	}
	var jobs []train.Job
	var escapes []*Escape
	for _, rate := range rates {
		constant, err := schedule.Constant(rate)
		if err != nil {
			return nil, err
		}
		cosine, err := schedule.Cosine(rate, 0, steps)
		if err != nil {
			return nil, err
		}
		e := &Escape{Rate: rate}
		escapes = append(escapes, e)
		for _, eta := range []schedule.Schedule{constant, cosine} {
			for _, seed := range Seeds(seeds) {
				jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: steps, Seed: seed}})
			}
		}
		for _, m := range bowl.Moments(constant.At, minimum, steps) {
			e.PredictedConstant = math.Sqrt(m.SquaredDistance)
		}
		for _, m := range bowl.Moments(cosine.At, minimum, steps) {
			e.PredictedDecayed = math.Sqrt(m.SquaredDistance)
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	for i, e := range escapes {
		var counts [2]int
		var squares [2]float64
		for j, h := range histories[2*i*seeds : 2*(i+1)*seeds] {
			if trap.Basins.Basin(h.Final) == 1 {
				counts[j/seeds]++
				squares[j/seeds] += squared(h.Final, minimum)
			}
		}
		e.Constant, e.Decayed = math.Sqrt(squares[0]/float64(counts[0])), math.Sqrt(squares[1]/float64(counts[1]))
		if e.Better, err = stat.Proportion(counts[1], seeds, Confidence); err != nil {
			return nil, err
		}
	}
	return escapes, nil
}

// TenMeasurements is the study of all 442 patients by all ten measurements, all standardised.
func TenMeasurements() (*Study, error) {
	table, err := problem.DiabetesTable()
	if err != nil {
		return nil, err
	}
	n, _ := table.Values.Dims()
	features := mat.NewDense(n, len(table.Columns)-1, nil)
	var targets []float64
	j := 0
	for _, name := range table.Columns {
		column, err := table.Column(name)
		if err != nil {
			return nil, err
		}
		if name == problem.Progression {
			targets = standardized(column)
			continue
		}
		features.SetCol(j, standardized(column))
		j++
	}
	return NewStudy(features, targets)
}

// Schedules are one of every kind, for a run of so many steps whose greatest rate is eta.
func Schedules(eta float64, steps int) ([]Named, error) {
	if err := counts("steps", steps); err != nil {
		return nil, err
	}
	var all []Named
	var first error
	add := func(name string, s schedule.Schedule, err error) {
		if err != nil && first == nil {
			first = fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, Named{Name: name, Schedule: s})
	}
	part := func(f float64) int { return max(1, int(f*float64(steps))) }
	s, err := schedule.Constant(eta)
	add("constant", s, err)
	s, err = schedule.Step(eta, 0.3, part(0.25))
	add("step", s, err)
	s, err = schedule.Piecewise([]float64{eta, eta / 4, eta / 40}, []int{part(0.5), part(0.5) + part(0.3)})
	add("piecewise", s, err)
	s, err = schedule.OneOverT(eta)
	add("1/t", s, err)
	s, err = schedule.OneOverSqrtT(eta)
	add("1/√t", s, err)
	s, err = schedule.InverseTime(eta, float64(part(0.1)), 1)
	add("inverse time", s, err)
	s, err = schedule.Exponential(eta, 0.01, steps)
	add("exponential", s, err)
	s, err = schedule.Polynomial(eta, 0, 2, steps)
	add("polynomial", s, err)
	s, err = schedule.Linear(eta, 0, steps)
	add("linear", s, err)
	cosine, err := schedule.Cosine(eta, 0, steps)
	add("cosine", cosine, err)
	s, err = schedule.WarmRestarts(eta, 0, max(1, (steps+6)/7), 2)
	add("restarts", s, err)
	rest, err := schedule.Cosine(eta, 0, max(1, steps-part(0.1)))
	if err == nil {
		s, err = schedule.WarmUp(0, part(0.1), rest)
	}
	add("warm-up", s, err)
	s, err = schedule.OneCycle(eta/10, eta, eta/1000, part(0.45), part(0.45), part(0.1))
	add("one-cycle", s, err)
	s, err = schedule.Constant(eta)
	add("plateau", s, err)
	if first != nil {
		return nil, first
	}
	// A batch's loss is noisy: only after many steps without a new record has it stopped falling.
	p, err := schedule.ReduceOnPlateau(0.5, part(0.08), 0, 0, 1e-3)
	if err != nil {
		return nil, err
	}
	all[len(all)-1].Plateau = p
	return all, nil
}

// Contest is a schedule's run, at the best of some greatest rates (claim H2).
type Contest struct {
	Named
	Rate      float64       // the best of the rates, by theory, or for reduce-on-plateau by six other runs at each
	Excess    stat.Interval // measured E[L(θ_T)] − L(θ*) over seeds at that rate; +Inf if a run diverged
	Predicted float64       // the same by theory, exact; NaN for reduce-on-plateau, whose rate depends on the run
	Each      []float64     // of every greatest rate, what theory says, or for reduce-on-plateau the runs
	Rates     []float64     // η_t of the run, or of its first seed, at the recorded steps
	Step      []int
}

// CompareSchedules trains with batches of b under every schedule, at that of the rates which theory says is best for it.
func CompareSchedules(ctx context.Context, backend compute.Backend, s *Study, b int, rates []float64, steps, seeds int) ([]*Contest, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Rate: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var contests []*Contest
	for _, rate := range rates {
		all, err := Schedules(rate, steps)
		if err != nil {
			return nil, err
		}
		for i, named := range all {
			if len(contests) == i {
				contests = append(contests, &Contest{Named: named, Rate: rate, Predicted: math.NaN()})
			}
			if named.Plateau.On() {
				continue
			}
			c, excess := contests[i], math.Inf(1)
			for _, m := range sgd.Moments(named.Schedule.At, s.Start, steps) {
				excess = m.Loss - sgd.Floor
			}
			if math.IsNaN(excess) {
				excess = math.Inf(1)
			}
			c.Each = append(c.Each, excess)
			if !(excess >= c.Predicted) {
				c.Named, c.Rate, c.Predicted = named, rate, excess
			}
		}
	}
	run := func(named Named, seeds []int64) ([]*train.History, stat.Interval, error) {
		var jobs []train.Job
		for _, seed := range seeds {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{
				Schedule: named.Schedule, Plateau: named.Plateau, Sampler: sampler, Steps: steps, Stride: max(1, steps/100), Seed: seed}})
		}
		histories, err := train.Sweep(ctx, jobs, 0, nil)
		if err != nil {
			return nil, stat.Interval{}, err
		}
		var ends []float64
		for _, h := range histories {
			if _, diverged := h.Diverged(); diverged {
				return histories, stat.Interval{Value: math.Inf(1), Low: math.Inf(1), High: math.Inf(1)}, nil
			}
			ends = append(ends, s.Excess(h.Final))
		}
		mean, err := stat.MeanOverRuns(ends, Confidence)
		return histories, mean, err
	}
	for i, c := range contests {
		var histories []*train.History
		if !c.Plateau.On() {
			if histories, c.Excess, err = run(c.Named, Seeds(seeds)); err != nil {
				return nil, err
			}
		} else {
			// The rate is chosen on other seeds than those that judge it.
			for _, rate := range rates {
				all, err := Schedules(rate, steps)
				if err != nil {
					return nil, err
				}
				_, excess, err := run(all[i], []int64{101, 102, 103, 104, 105, 106})
				if err != nil {
					return nil, err
				}
				c.Each = append(c.Each, excess.Value)
				if excess.Value <= floats.Min(c.Each) {
					c.Named, c.Rate = all[i], rate
				}
			}
			if histories, c.Excess, err = run(c.Named, Seeds(seeds)); err != nil {
				return nil, err
			}
		}
		c.Step, c.Rates = histories[0].Step, histories[0].Rate
	}
	return contests, nil
}

// A Task is a problem on which optimizers are compared (claim H3).
type Task struct {
	Name    string
	Batch   int
	Problem problem.Problem
	Start   func(seed int64) map[string]any // nil: the problem's own
	Value   func(theta []float64) float64   // the loss over all examples less the least one, where that is known
	Study   *Study                          // nil unless it is one
}

// Tasks are least squares with a condition number of 470, logistic regression on two digits and a small net.
func Tasks() ([]Task, error) {
	ten, err := TenMeasurements()
	if err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	pair, err := digits.Select(3, 8)
	if err != nil {
		return nil, err
	}
	threes, err := pair.Logistic()
	if err != nil {
		return nil, err
	}
	threes.DType, threes.Ridge = ten.DType, 0.01
	least, err := threes.Optimum()
	if err != nil {
		return nil, err
	}
	floor := threes.Value(least)
	xs, ys := problem.Lecturer().Sample(200, 0.01, 1)
	net, err := problem.NewRegression([]int{20}, xs, ys)
	if err != nil {
		return nil, err
	}
	net.DType = ten.DType
	return []Task{
		{Name: "least squares", Batch: 16, Problem: ten.LeastSquares, Value: ten.Excess, Study: ten},
		{Name: "digits 3 and 8", Batch: 16, Problem: threes, Value: func(theta []float64) float64 { return threes.Value(theta) - floor }},
		{Name: "ReLU net", Batch: 16, Problem: net, Start: func(seed int64) map[string]any { return net.Start(uint64(seed), true) },
			Value: func(theta []float64) (loss float64) {
				for i, x := range xs {
					d := net.Output(theta, []float64{x})[0] - ys[i]
					loss += d * d / float64(2*len(xs))
				}
				return loss
			}},
	}, nil
}

// Optimizers are those that are compared; GD takes all examples at every step, the others batches.
var Optimizers = []string{"GD", "SGD", "heavy ball", "Nesterov", "RMSProp", "Adam", "AdamW"}

// Score is an optimizer on a task at the best of some rates.
type Score struct {
	Task, Optimizer string
	Rates           []float64
	Each            []float64     // the mean of L(θ_T) less the floor over seeds, at each rate; +Inf if a run diverged
	Best            int           // of the rates
	Excess          stat.Interval // at that rate, over other seeds than those that chose it; +Inf if one diverged
	Predicted       float64       // the same by theory, exact, for GD and SGD on least squares; else NaN
}

// CompareOptimizers trains every optimizer for so many steps at each rate with four seeds, and at its best rate with so
// many others. GD makes as many steps as see the same number of examples.
func CompareOptimizers(ctx context.Context, backend compute.Backend, tasks []Task, rates func(optimizer string) []float64, steps, seeds int) ([]*Score, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	var scores []*Score
	var contenders []contender
	for _, task := range tasks {
		sampler, err := sample.WithReplacement(task.Batch)
		if err != nil {
			return nil, err
		}
		for _, name := range Optimizers {
			rule, err := Rule(name)
			if err != nil {
				return nil, err
			}
			t, err := train.New(backend, task.Problem, rule, train.Record{})
			if err != nil {
				return nil, err
			}
			defer t.Close()
			c := contender{task, t, train.Config{Steps: steps, Stride: steps}}
			if name == "GD" {
				c.base.Steps = max(1, steps*task.Batch/task.Problem.Data()[0].Shape().Dim(0))
				c.base.Stride = c.base.Steps
			} else {
				c.base.Sampler = sampler
			}
			contenders = append(contenders, c)
			scores = append(scores, &Score{Task: task.Name, Optimizer: name, Rates: rates(name)})
		}
	}
	// All in one sweep: while one program is compiled, another runs.
	var jobs []train.Job
	tuning := []int64{101, 102, 103, 104}
	for i, c := range contenders {
		jobs = append(jobs, c.jobs(scores[i].Rates, tuning)...)
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	jobs = nil
	for i, s := range scores {
		for k := range s.Rates {
			ends := contenders[i].ends(histories[k*len(tuning) : (k+1)*len(tuning)])
			s.Each = append(s.Each, floats.Sum(ends)/float64(len(ends)))
			if s.Each[k] < s.Each[s.Best] {
				s.Best = k
			}
		}
		histories = histories[len(tuning)*len(s.Rates):]
		jobs = append(jobs, contenders[i].jobs(s.Rates[s.Best:s.Best+1], Seeds(seeds))...)
	}
	if histories, err = train.Sweep(ctx, jobs, 0, nil); err != nil {
		return nil, err
	}
	for i, s := range scores {
		if s.Predicted, err = contenders[i].predict(s); err != nil {
			return nil, err
		}
		ends := contenders[i].ends(histories[i*seeds : (i+1)*seeds])
		if math.IsInf(floats.Max(ends), 1) {
			s.Excess = stat.Interval{Value: math.Inf(1), Low: math.Inf(1), High: math.Inf(1)}
		} else if s.Excess, err = stat.MeanOverRuns(ends, Confidence); err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// A contender is an optimizer on a task.
type contender struct {
	task    Task
	trainer *train.Trainer
	base    train.Config
}

// predict is what theory says of the score.
func (c contender) predict(s *Score) (float64, error) {
	study, eta := c.task.Study, s.Rates[s.Best]
	switch {
	case study != nil && s.Optimizer == "GD":
		return study.Descent.Loss(eta, study.Start, c.base.Steps) - study.Descent.Floor, nil
	case study != nil && s.Optimizer == "SGD":
		sgd, err := theory.LeastSquaresSGD(study.Features, study.Targets, c.task.Batch, theory.WithReplacement)
		if err != nil {
			return 0, err
		}
		loss := 0.0
		for _, m := range sgd.Moments(func(int) float64 { return eta }, study.Start, c.base.Steps) {
			loss = m.Loss
		}
		return loss - sgd.Floor, nil
	}
	return math.NaN(), nil
}

// jobs are its runs, the seeds of the first rate first.
func (c contender) jobs(rates []float64, seeds []int64) []train.Job {
	jobs := c.trainer.Grid(c.base, rates, seeds)
	if c.task.Start != nil {
		for i := range jobs {
			jobs[i].Config.Start = c.task.Start(jobs[i].Config.Seed)
		}
	}
	return jobs
}

// ends are the final losses less the floor; +Inf of a run that diverged.
func (c contender) ends(histories []*train.History) []float64 {
	ends := make([]float64, len(histories))
	for i, h := range histories {
		ends[i] = math.Inf(1)
		if _, diverged := h.Diverged(); !diverged {
			ends[i] = max(c.task.Value(h.Final), 1e-16) // below it is rounding
		}
	}
	return ends
}

// Rule is the optimizer of that name, with its usual settings.
func Rule(name string) (optimizer.Interface, error) {
	if name == "GD" || name == "SGD" {
		return optim.GD(), nil
	}
	return optim.ByName(strings.ToLower(name))
}

// An Entry of CS182's sweep: one width under one optimizer, over all seeds.
type Entry struct {
	Width     int
	Optimizer string
	Losses    []float64   // the mean square error of each run over a fine grid, without noise, +Inf where it diverged
	Curve     [][]float64 // of each run, the square error of the batch at the recorded steps
	Step      []int
	Final     [][]float64 // the parameters of each run
}

// CS182 is the sweep that the lecturer's discussion trains, or rather loads, as it takes PyTorch 35 minutes: nets of one
// hidden layer on 200 noisy points of the piecewise linear target, by SGD, SGD with momentum 0.9 and Adam at the rate
// 0.02, with batches of 40 and the elbows' start spread over the data. progress is called with the runs done.
func CS182(ctx context.Context, backend compute.Backend, widths []int, optimizers []string, seeds, steps int, progress func(done int)) ([]Entry, []*problem.Net, error) {
	if err := counts("seeds", seeds, "steps", steps); err != nil {
		return nil, nil, err
	}
	target := problem.Lecturer()
	xs, ys := target.Sample(200, 0.01, 1)
	sampler, err := sample.WithReplacement(40)
	if err != nil {
		return nil, nil, err
	}
	var jobs []train.Job
	var entries []Entry
	var nets []*problem.Net
	for _, width := range widths {
		net, err := problem.NewRegression([]int{width}, xs, ys)
		if err != nil {
			return nil, nil, err
		}
		nets = append(nets, net)
		for _, name := range optimizers {
			rule, err := optim.ByName(name)
			if err != nil {
				return nil, nil, err
			}
			t, err := train.New(backend, net, rule, train.Record{})
			if err != nil {
				return nil, nil, err
			}
			defer t.Close()
			// PyTorch's loss is twice ours: its rate 0.02 is our 0.04. Adam does not care for the loss's scale.
			rate := 0.04
			if name == "adam" {
				rate = 0.02
			}
			eta, err := schedule.Constant(rate)
			if err != nil {
				return nil, nil, err
			}
			for _, seed := range Seeds(seeds) {
				jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{
					Schedule: eta, Sampler: sampler, Steps: steps, Stride: max(1, steps/10), Seed: seed, Start: net.Start(uint64(seed), true)}})
			}
			entries = append(entries, Entry{Width: width, Optimizer: name})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, progress)
	if err != nil {
		return nil, nil, fmt.Errorf("the sweep: %w", err)
	}
	gx, gy := target.Grid(1001)
	for i := range entries {
		e := &entries[i]
		net := nets[i/len(optimizers)]
		for _, h := range histories[i*seeds : (i+1)*seeds] {
			e.Step = h.Step
			curve := make([]float64, len(h.Loss))
			for k, loss := range h.Loss {
				curve[k] = 2 * loss
			}
			e.Curve, e.Final = append(e.Curve, curve), append(e.Final, h.Final)
			error2 := 0.0
			for k, x := range gx {
				d := net.Output(h.Final, []float64{x})[0] - gy[k]
				error2 += d * d / float64(len(gx))
			}
			e.Losses = append(e.Losses, error2)
		}
	}
	return entries, nets, nil
}
