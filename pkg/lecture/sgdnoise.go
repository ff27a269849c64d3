package lecture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Confidence is that of every interval shown.
const Confidence = 0.95

// A Study is linear least squares on n examples, with what is needed to train on it and to predict it.
type Study struct {
	*problem.LeastSquares
	Features *mat.Dense // [n, d]
	Targets  []float64  // [n]
	Descent  *theory.Descent
}

// NewStudy makes one in float64. It is an error when there is no single optimum.
func NewStudy(features *mat.Dense, targets []float64) (*Study, error) {
	fit, err := problem.NewLeastSquares(features, targets)
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	descent, err := theory.NewDescent(fit)
	if err != nil {
		return nil, err
	}
	return &Study{fit, features, targets, descent}, nil
}

// TwoMeasurements is the study of the first n diabetes patients (all 442 for n = 0) by two of their measurements, so that
// its loss can be drawn. The measurements are standardised over those patients.
func TwoMeasurements(n int, first, second string) (*Study, error) {
	table, err := problem.DiabetesTable()
	if err != nil {
		return nil, err
	}
	if table, err = table.Select(first, second, problem.Progression); err != nil {
		return nil, err
	}
	columns := make([][]float64, 3)
	for i, name := range []string{first, second, problem.Progression} {
		column, err := table.Column(name)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			n = len(column)
		}
		if n < 3 || n > len(column) {
			return nil, fmt.Errorf("patients is %d: it must be between 3 and %d", n, len(column))
		}
		columns[i] = standardized(column[:n])
	}
	features := mat.NewDense(n, 2, nil)
	features.SetCol(0, columns[0])
	features.SetCol(1, columns[1])
	return NewStudy(features, columns[2])
}

// standardized returns the values less their mean, in units of their standard deviation.
func standardized(xs []float64) []float64 {
	mean := floats.Sum(xs) / float64(len(xs))
	square := 0.0
	for _, x := range xs {
		square += (x - mean) * (x - mean)
	}
	scaled := make([]float64, len(xs))
	for i, x := range xs {
		scaled[i] = (x - mean) / math.Sqrt(square/float64(len(xs)))
	}
	return scaled
}

// Gradients returns the gradient of each example's loss ½(xᵢᵀθ − yᵢ)², (xᵢᵀθ − yᵢ)xᵢ, [n, d].
// It panics when θ has another length.
func (s *Study) Gradients(theta []float64) *mat.Dense {
	n, d := s.Features.Dims()
	if len(theta) != d {
		panic(fmt.Sprintf("theta has %d elements: it must have %d, one for each parameter", len(theta), d))
	}
	gradients := mat.NewDense(n, d, nil)
	for i := range n {
		x := s.Features.RawRowView(i)
		floats.AddScaled(gradients.RawRowView(i), floats.Dot(x, theta)-s.Targets[i], x)
	}
	return gradients
}

// Excess returns L(θ) − L(θ*).
func (s *Study) Excess(theta []float64) float64 { return s.Value(theta) - s.Descent.Floor }

// Trainer trains the study with SGD.
func (s *Study) Trainer(backend compute.Backend, record train.Record) (*train.Trainer, error) {
	return train.New(backend, s.LeastSquares, optim.GD(), record)
}

// meanOf is the mean of chosen rows.
func meanOf(rows *mat.Dense, indices []int) []float64 {
	_, d := rows.Dims()
	mean := make([]float64, d)
	for _, i := range indices {
		floats.AddScaled(mean, 1/float64(len(indices)), rows.RawRowView(i))
	}
	return mean
}

// sampling draws batches as theory names it.
func sampling(of theory.Sampling, b int) (sample.Sampler, error) {
	if of == theory.WithReplacement {
		return sample.WithReplacement(b)
	}
	return sample.WithoutReplacement(b)
}

// BatchNoise is how the gradients of random batches scatter about the full one, at one θ (claim S2).
type BatchNoise struct {
	Batch     []int
	Variance  []stat.Interval // measured E‖g_B − ∇L‖², for each size of batch
	Predicted []float64       // tr Σ · VarianceFactor
	// Bias is the greatest distance of a mean of batch gradients from the full gradient, in standard errors, over all
	// sizes and parameters; Comparisons is of how many.
	Bias        float64
	Comparisons int
}

// MeasureBatchNoise draws so many batches of each size.
func MeasureBatchNoise(s *Study, theta []float64, of theory.Sampling, batches []int, draws int, seed int64) (*BatchNoise, error) {
	if err := counts("draws", draws); err != nil {
		return nil, err
	}
	gradients := s.Gradients(theta)
	n, d := gradients.Dims()
	noise, err := theory.NewGradientNoise(gradients)
	if err != nil {
		return nil, err
	}
	result := &BatchNoise{Batch: batches}
	for _, b := range batches {
		sampler, err := sampling(of, b)
		if err != nil {
			return nil, err
		}
		if err := sampler.Check(n); err != nil {
			return nil, err
		}
		predicted, err := noise.Batch(b, of)
		if err != nil {
			return nil, err
		}
		squares, sums := make([]float64, draws), make([]float64, d)
		for t := range draws {
			g := meanOf(gradients, sampler.Indices(t, seed, n))
			floats.Add(sums, g)
			squares[t] = math.Pow(floats.Distance(g, noise.Gradient, 2), 2)
		}
		variance, err := stat.Mean(squares, Confidence)
		if err != nil {
			return nil, err
		}
		result.Variance = append(result.Variance, variance)
		result.Predicted = append(result.Predicted, mat.Trace(predicted))
		for j := range d {
			if sd := math.Sqrt(predicted.At(j, j) / float64(draws)); sd > 0 {
				result.Bias = max(result.Bias, math.Abs(sums[j]/float64(draws)-noise.Gradient[j])/sd)
				result.Comparisons++
			}
		}
	}
	return result, nil
}

// Agreement is how well batches agree with the full gradient along a run (claim S4).
type Agreement struct {
	Step      []int
	Excess    []float64       // L(θ_t) − L(θ*)
	Cosine    []stat.Interval // measured between the gradient of a batch and the full one
	Predicted []float64       // for normally distributed batch gradients
	Signal    []float64       // ‖∇L‖²/tr Cov, the signal-to-noise ratio
}

// MeasureAgreement goes down by gradient descent from start, and at every stride-th step draws so many batches of b.
func MeasureAgreement(ctx context.Context, backend compute.Backend, s *Study, start []float64, eta float64, steps, stride, b, draws int, seed int64) (*Agreement, error) {
	if err := counts("steps", steps, "draws", draws); err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: stride, Start: map[string]any{"theta": start}})
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithoutReplacement(b)
	if err != nil {
		return nil, err
	}
	if err := sampler.Check(len(s.Targets)); err != nil {
		return nil, err
	}
	a := new(Agreement)
	for k, theta := range h.Params {
		gradients := s.Gradients(theta)
		noise, err := theory.NewGradientNoise(gradients)
		if err != nil {
			return nil, err
		}
		if floats.Norm(noise.Gradient, 2) < 1e-12 {
			break // at the optimum to rounding: there is no direction to agree with
		}
		cosines := make([]float64, draws)
		for i := range draws {
			g := meanOf(gradients, sampler.Indices(k*draws+i, seed, len(s.Targets)))
			cosines[i] = theory.Cosine(g, noise.Gradient)
		}
		measured, err := stat.Mean(cosines, Confidence)
		if err != nil {
			return nil, err
		}
		predicted, err := noise.Cosine(b, theory.WithoutReplacement)
		if err != nil {
			return nil, err
		}
		signal, err := noise.SignalToNoise(b, theory.WithoutReplacement)
		if err != nil {
			return nil, err
		}
		a.Step, a.Excess = append(a.Step, h.Step[k]), append(a.Excess, s.Excess(theta))
		a.Cosine, a.Predicted, a.Signal = append(a.Cosine, measured), append(a.Predicted, predicted), append(a.Signal, signal)
	}
	return a, nil
}

// Dance is SGD at a constant rate around the optimum (claim S7).
type Dance struct {
	Rate      []float64
	Excess    []stat.Interval // measured E[L(θ_t)] − L(θ*), over seeds
	Predicted []float64       // exact, from the Lyapunov equation
	SmallRate []float64       // its limit for small η, ∝ η
	// Covariance is that of θ_t measured at each rate over all seeds, [2, 2], and Theory the exact one.
	Covariance, Theory []*mat.SymDense
}

// MeasureDance runs SGD from the optimum with batches of b drawn with replacement, at each rate for so many steps with so
// many seeds. The first tenth of a run is left out, and what follows is recorded every stride-th step.
func MeasureDance(ctx context.Context, backend compute.Backend, s *Study, b int, rates []float64, steps, stride, seeds int) (*Dance, error) {
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
	base := train.Config{Steps: steps, Stride: stride, Sampler: sampler, Start: map[string]any{"theta": s.Descent.Optimum}}
	histories, err := train.Sweep(ctx, t.Grid(base, rates, Seeds(seeds)), 0, nil)
	if err != nil {
		return nil, err
	}
	dance := &Dance{Rate: rates}
	for i, eta := range rates {
		stationary, err := sgd.Stationary(eta)
		if err != nil {
			return nil, err
		}
		d := len(s.Descent.Optimum)
		second, count := mat.NewSymDense(d, nil), 0
		excess := make([]float64, seeds)
		for k, h := range histories[i*seeds : (i+1)*seeds] {
			if step, diverged := h.Diverged(); diverged {
				return nil, fmt.Errorf("the run at η = %g with seed %d diverged at step %d: choose smaller rates", eta, k+1, step)
			}
			settled := h.Params[len(h.Params)/10+1:]
			for _, theta := range settled {
				excess[k] += s.Excess(theta) / float64(len(settled))
				offset := mat.NewVecDense(d, floats.SubTo(make([]float64, d), theta, s.Descent.Optimum))
				second.SymRankOne(second, 1, offset)
				count++
			}
		}
		second.ScaleSym(1/float64(count), second)
		measured, err := stat.MeanOverRuns(excess, Confidence)
		if err != nil {
			return nil, err
		}
		dance.Excess = append(dance.Excess, measured)
		dance.Predicted = append(dance.Predicted, sgd.ExcessLoss(stationary))
		dance.SmallRate = append(dance.SmallRate, sgd.ExcessLoss(sgd.SmallRate(eta)))
		dance.Covariance, dance.Theory = append(dance.Covariance, second), append(dance.Theory, stationary)
	}
	return dance, nil
}

// Seeds are 1, 2, …, n. It panics when n is not between 1 and 2^20.
func Seeds(n int) []int64 {
	mustCount("n", n)
	seeds := make([]int64, n)
	for i := range seeds {
		seeds[i] = int64(i + 1)
	}
	return seeds
}

// Verdict is one rate under gradient descent and under SGD (claim S8).
type Verdict struct {
	Rate     float64
	GD       float64 // ‖θ_T − θ*‖ of gradient descent; +Inf where it diverged
	SGD      []float64
	Blown    int     // of the SGD runs, those that diverged or ended farther away than they began
	Expected float64 // √E‖θ_T − θ*‖² of SGD, exact; +Inf beyond the numbers
}

// CompareStability runs both from the same start at each rate, SGD with batches of b and so many seeds.
func CompareStability(ctx context.Context, backend compute.Backend, s *Study, b int, rates []float64, steps, seeds int) ([]Verdict, *theory.SGD, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, nil, err
	}
	t, err := s.Trainer(backend, train.Record{})
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	base := train.Config{Steps: steps, Stride: steps}
	full, err := train.Sweep(ctx, t.Grid(base, rates, Seeds(1)), 0, nil)
	if err != nil {
		return nil, nil, err
	}
	base.Sampler = sampler
	noisy, err := train.Sweep(ctx, t.Grid(base, rates, Seeds(seeds)), 0, nil)
	if err != nil {
		return nil, nil, err
	}
	distance := func(h *train.History) float64 {
		if _, diverged := h.Diverged(); diverged {
			return math.Inf(1)
		}
		return floats.Distance(h.Final, s.Descent.Optimum, 2)
	}
	away := floats.Distance(s.Start, s.Descent.Optimum, 2)
	var verdicts []Verdict
	for i, eta := range rates {
		v := Verdict{Rate: eta, GD: distance(full[i])}
		for _, h := range noisy[i*seeds : (i+1)*seeds] {
			r := distance(h)
			v.SGD = append(v.SGD, r)
			if !(r < away) {
				v.Blown++
			}
		}
		for _, m := range sgd.Moments(func(int) float64 { return eta }, s.Start, steps) {
			v.Expected = math.Sqrt(m.SquaredDistance)
		}
		if math.IsNaN(v.Expected) {
			v.Expected = math.Inf(1)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, sgd, nil
}

// Motion is how θ moves along one eigen-direction at a constant rate (claim S10).
type Motion struct {
	Lambda   float64
	Position []float64 // of θ_t along the direction of Lambda, from the optimum
	// Diverged is the step at which the run did, or 0; Unbounded tells that SGD's variance grows without end at this rate.
	// Then there is nothing beyond Position.
	Diverged  int
	Unbounded bool
	// Steps is the autocorrelation of θ_{t+1} − θ_t at lags 0, 1, …, and Predicted what theory says.
	Steps     []stat.Interval
	Predicted []float64
	// Spread is the mean squared displacement at lags 0, 1, …, and PredictedSpread what theory says of SGD.
	Spread, PredictedSpread []float64
	// Omega and Power are the periodogram of the positions, in radians a step, smoothed over neighbours.
	Omega, Power, PredictedPower []float64
}

// MeasureMotion follows one run along the steepest direction: gradient descent for b = 0, SGD on batches of b otherwise. Of
// SGD the first tenth is left out.
func MeasureMotion(ctx context.Context, backend compute.Backend, s *Study, b int, eta float64, steps, lags int, seed int64) (*Motion, error) {
	if err := counts("steps", steps, "lags", lags); err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c := train.Config{LearningRate: eta, Steps: steps, Seed: seed}
	if b > 0 {
		if c.Sampler, err = sample.WithReplacement(b); err != nil {
			return nil, err
		}
	}
	h, err := t.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	d := len(s.Descent.Lambda) - 1
	m := &Motion{Lambda: s.Descent.Lambda[d]}
	path := h.Params
	m.Diverged, _ = h.Diverged()
	variance := 0.0
	if b > 0 {
		sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
		if err != nil {
			return nil, err
		}
		if m.Unbounded = eta >= sgd.Threshold; !m.Unbounded {
			stationary, err := sgd.Stationary(eta)
			if err != nil {
				return nil, err
			}
			variance = sgd.Variances(stationary)[len(sgd.Lambda)-1]
		}
	}
	if m.Diverged > 0 || m.Unbounded {
		for _, theta := range path {
			m.Position = append(m.Position, s.Descent.Components(theta)[d])
		}
		return m, nil
	}
	if b > 0 {
		path = path[steps/10:]
	}
	var moves []float64
	positions := make([][]float64, len(path))
	for i, theta := range path {
		x := s.Descent.Components(theta)[d]
		m.Position, positions[i] = append(m.Position, x), []float64{x}
		if i > 0 {
			moves = append(moves, x-m.Position[i-1])
		}
	}
	if m.Steps, err = stat.Autocorrelation(moves, lags, Confidence); err != nil {
		return nil, err
	}
	if m.Spread, err = stat.SquaredDisplacement(positions, lags); err != nil {
		return nil, err
	}
	for k := range lags + 1 {
		if b > 0 {
			m.Predicted = append(m.Predicted, theory.StepAutocorrelation(eta, m.Lambda, k))
			m.PredictedSpread = append(m.PredictedSpread, theory.SquaredDisplacement(eta, m.Lambda, variance, k))
		} else {
			m.Predicted = append(m.Predicted, theory.Autocorrelation(eta, m.Lambda, k))
		}
	}
	omega, power, err := stat.Periodogram(m.Position)
	if err != nil {
		return nil, err
	}
	const bins = 60
	width := max(1, len(omega)/bins)
	for i := 0; i+width <= len(omega); i += width {
		m.Omega = append(m.Omega, floats.Sum(omega[i:i+width])/float64(width))
		m.Power = append(m.Power, floats.Sum(power[i:i+width])/float64(width))
		m.PredictedPower = append(m.PredictedPower, theory.PowerSpectrum(eta, m.Lambda, variance, m.Omega[len(m.Omega)-1]))
	}
	return m, nil
}

// Curve is the mean of a loss over seeds, with its interval, at the recorded steps.
type Curve struct {
	Name string
	Step []int
	Mean []stat.Interval
	// Diverged is the number of runs that did; they are not in the mean.
	Diverged int
}

// MeanCurve averages what of picks from each run that did not diverge. It is an error when a history is nil, or when the runs
// have not recorded the same steps.
func MeanCurve(name string, histories []*train.History, of func(*train.History, int) float64) (*Curve, error) {
	c := &Curve{Name: name}
	var runs []*train.History
	if of == nil {
		return nil, errors.New("of is nil: give the function that picks a value from a history")
	}
	for i, h := range histories {
		if h == nil {
			return nil, fmt.Errorf("history %d is nil: look at the error of the run", i)
		}
		if _, diverged := h.Diverged(); diverged {
			c.Diverged++
			continue
		}
		if runs = append(runs, h); !slices.Equal(h.Step, runs[0].Step) {
			return nil, fmt.Errorf("history %d has other steps than the first: average runs of as many steps and one stride", i)
		}
	}
	if len(runs) == 0 {
		return c, nil
	}
	c.Step = slices.Clone(runs[0].Step)
	for k := range c.Step {
		values := make([]float64, len(runs))
		for i, h := range runs {
			values[i] = of(h, k)
		}
		mean, err := stat.MeanOverRuns(values, Confidence)
		if err != nil {
			return nil, err
		}
		c.Mean = append(c.Mean, mean)
	}
	return c, nil
}

// Sampled runs SGD with each sampler over so many seeds, and returns the mean excess loss over all examples along the way.
func Sampled(ctx context.Context, backend compute.Backend, s *Study, samplers []sample.Sampler, eta float64, steps, stride, seeds int) ([]*Curve, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var jobs []train.Job
	for _, sampler := range samplers {
		jobs = append(jobs, t.Grid(train.Config{Steps: steps, Stride: stride, Sampler: sampler}, []float64{eta}, Seeds(seeds))...)
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	curves := make([]*Curve, len(samplers))
	for i, sampler := range samplers {
		curves[i], err = MeanCurve(sampler.String(), histories[i*seeds:(i+1)*seeds],
			func(h *train.History, k int) float64 { return s.Excess(h.Params[k]) })
		if err != nil {
			return nil, err
		}
	}
	return curves, nil
}

// StepTimes is the time of a step, in seconds (claims S1, S3).
type StepTimes struct {
	Examples []int
	Seconds  []float64
}

// TimeSteps times gradient descent steps of least squares with d features: on all of n examples for each of sizes, or, if
// n is not 0, on batches of each of sizes from n examples. Each time is the best of three runs.
func TimeSteps(ctx context.Context, backend compute.Backend, d, n int, sizes []int) (*StepTimes, error) {
	if err := counts("d", d, "n", cmp.Or(n, 1)); err != nil {
		return nil, err
	}
	times := new(StepTimes)
	for _, size := range sizes {
		examples := max(n, size)
		x := mat.NewDense(examples, d, nil)
		x.Apply(func(i, j int, _ float64) float64 { return math.Sin(float64(1 + i*d + j)) }, x)
		p, err := problem.NewLeastSquares(x, make([]float64, examples))
		if err != nil {
			return nil, err
		}
		t, err := train.New(backend, p, optim.GD(), train.Record{})
		if err != nil {
			return nil, err
		}
		steps := max(20, 400_000/(size+200))
		c := train.Config{LearningRate: 1e-3, Steps: steps, Stride: steps}
		if n > 0 {
			if c.Sampler, err = sample.WithReplacement(size); err != nil {
				return nil, err
			}
		}
		best := math.Inf(1)
		for range 4 { // the first compiles
			began := time.Now()
			if _, err := t.Run(ctx, c); err != nil {
				t.Close()
				return nil, err
			}
			best = min(best, time.Since(began).Seconds()/float64(steps))
		}
		t.Close()
		times.Examples, times.Seconds = append(times.Examples, size), append(times.Seconds, best)
	}
	return times, nil
}

// Pulls are what the examples of a study want at its optimum, −gᵢ (claims S5, S6).
type Pulls struct {
	Each            [][]float64 // −gᵢ of each example
	All, Batch      []int       // indices of all, and of the batch
	Mean, BatchMean []float64
	// Length is ‖mean of all‖, BatchLength that of the batch, and Expected √E of its square.
	Length, BatchLength, Expected float64
}

// MeasurePulls takes the draw-th batch of b different examples.
func MeasurePulls(s *Study, b, draw int) (*Pulls, error) {
	sampler, err := sample.WithoutReplacement(b)
	if err != nil {
		return nil, err
	}
	n := len(s.Targets)
	if err := sampler.Check(n); err != nil {
		return nil, err
	}
	gradients := s.Gradients(s.Descent.Optimum)
	gradients.Scale(-1, gradients)
	noise, err := theory.NewGradientNoise(gradients)
	if err != nil {
		return nil, err
	}
	covariance, err := noise.Batch(b, theory.WithoutReplacement)
	if err != nil {
		return nil, err
	}
	p := &Pulls{All: sample.Full().Indices(0, 0, n), Batch: sampler.Indices(draw, 1, n)}
	for i := range n {
		p.Each = append(p.Each, gradients.RawRowView(i))
	}
	p.Mean, p.BatchMean = meanOf(gradients, p.All), meanOf(gradients, p.Batch)
	p.Length, p.BatchLength = floats.Norm(p.Mean, 2), floats.Norm(p.BatchMean, 2)
	p.Expected = math.Sqrt(mat.Trace(covariance))
	return p, nil
}

// An Ellipse is a curve around the optimum, within which SGD stays a part of the time.
type Ellipse struct {
	X, Y   []float64
	inside func(theta []float64) bool
}

// StationaryEllipse is so many standard deviations of the stationary covariance of SGD with batches of b at rate η.
func StationaryEllipse(s *Study, b int, eta, sigmas float64) (*Ellipse, error) {
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	covariance, err := sgd.Stationary(eta)
	if err != nil {
		return nil, err
	}
	major, minor, angle, err := theory.Ellipse(covariance, sigmas)
	if err != nil {
		return nil, err
	}
	e := new(Ellipse)
	sin, cos := math.Sincos(angle)
	best := s.Descent.Optimum
	for k := range 121 {
		v, u := math.Sincos(2 * math.Pi * float64(k) / 120)
		e.X = append(e.X, best[0]+major*u*cos-minor*v*sin)
		e.Y = append(e.Y, best[1]+major*u*sin+minor*v*cos)
	}
	e.inside = func(theta []float64) bool {
		x, y := theta[0]-best[0], theta[1]-best[1]
		return math.Hypot((x*cos+y*sin)/major, (y*cos-x*sin)/minor) <= 1
	}
	return e, nil
}

// Inside is the part of a path's places that lie in the ellipse.
func (e *Ellipse) Inside(path [][]float64) float64 {
	count := 0
	for _, theta := range path {
		if e.inside(theta) {
			count++
		}
	}
	return float64(count) / float64(len(path))
}

// Quantile returns the value below which the part p of the values lies; +Inf counts as the greatest. It panics when there are
// no values or p is not between 0 and 1.
func Quantile(values []float64, p float64) float64 {
	if len(values) == 0 || !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("there are %d values and p is %v: there must be at least one, and p between 0 and 1", len(values), p))
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// Interpolation is SGD at a constant rate on data that can or cannot be fitted (claim S11).
type Interpolation struct {
	Curve *Curve  // of the loss over all examples
	Eta   float64 // the rate
	Floor float64 // E[L] in the long run, exact; 0 where every example is fitted
	// Rate is the measured factor of the loss a step, and Bound the greatest that theory allows in the long run; where
	// every example is fitted.
	Rate, Bound float64
}

// Interpolate makes n examples of d features, whose targets have noise, and trains with batches of b at a fraction of the
// mean-square limit.
func Interpolate(ctx context.Context, backend compute.Backend, n, d, b int, fraction float64, steps, seeds int) (*Interpolation, error) {
	if err := counts("n", n, "d", d, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(11, uint64(d)))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for j := range d {
			x.Set(i, j, rng.NormFloat64()/math.Sqrt(float64(d)))
		}
		y[i] = floats.Sum(x.RawRowView(i)) + 0.5*rng.NormFloat64()
	}
	sgd, err := theory.LeastSquaresSGD(x, y, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	fit, err := problem.NewLeastSquares(x, y)
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	t, err := train.New(backend, fit, optim.GD(), train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	r := &Interpolation{Eta: fraction * sgd.Threshold}
	base := train.Config{Steps: steps, Stride: max(1, steps/40), Sampler: sampler}
	histories, err := train.Sweep(ctx, t.Grid(base, []float64{r.Eta}, Seeds(seeds)), 0, nil)
	if err != nil {
		return nil, err
	}
	r.Curve, err = MeanCurve(fmt.Sprintf("%d features", d), histories, func(h *train.History, k int) float64 { return max(fit.Value(h.Params[k]), 1e-32) })
	if err != nil {
		return nil, err
	}
	if sgd.Floor < 1e-12 {
		if r.Bound, err = sgd.SpectralRadius(r.Eta); err != nil {
			return nil, err
		}
		// The mean of the logarithms, over the second half of what is not yet rounding.
		last := 0
		for last+1 < len(r.Curve.Mean) && r.Curve.Mean[last+1].Value > 1e-24 {
			last++
		}
		from := last / 2
		if from < last {
			for _, h := range histories {
				ratio := fit.Value(h.Params[last]) / fit.Value(h.Params[from])
				r.Rate += math.Log(ratio) / float64(h.Step[last]-h.Step[from]) / float64(seeds)
			}
			r.Rate = math.Exp(r.Rate)
		}
		return r, nil
	}
	stationary, err := sgd.Stationary(r.Eta)
	if err != nil {
		return nil, err
	}
	r.Floor = sgd.Floor + sgd.ExcessLoss(stationary)
	return r, nil
}

// SortedStudy is that of all patients by two measurements, in the order of their disease's progression (claim S12).
func SortedStudy(first, second string) (*Study, error) {
	s, err := TwoMeasurements(0, first, second)
	if err != nil {
		return nil, err
	}
	n := len(s.Targets)
	order := sample.Full().Indices(0, 0, n)
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(s.Targets[i], s.Targets[j]) })
	x, y := mat.NewDense(n, 2, nil), make([]float64, n)
	for place, i := range order {
		x.SetRow(place, s.Features.RawRowView(i))
		y[place] = s.Targets[i]
	}
	return NewStudy(x, y)
}

// Replacement compares the floors of SGD without and with replacement (claim S13).
type Replacement struct {
	Examples  []int           // those of the sizes for which there are floors: SGD's variance is bounded, and not all are in a batch
	Ratio     []stat.Interval // measured, of the floor without replacement to that with
	Predicted []float64       // exact
}

// CompareReplacement measures the dance of batches of b on the first patients, for each number of them. The interval of a
// ratio is that of the mean over pairs of runs with the same seed.
func CompareReplacement(ctx context.Context, backend compute.Backend, b int, eta float64, sizes []int, steps, seeds int) (*Replacement, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	r := new(Replacement)
	for _, n := range sizes {
		s, err := TwoMeasurements(n, "bmi", "s5")
		if err != nil {
			return nil, err
		}
		bounded, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
		if err != nil {
			return nil, err
		}
		if eta >= bounded.Threshold || b >= n {
			continue
		}
		r.Examples = append(r.Examples, n)
		t, err := s.Trainer(backend, train.Record{Params: true})
		if err != nil {
			return nil, err
		}
		var floors [2][]float64
		var predicted [2]float64
		for k, of := range []theory.Sampling{theory.WithReplacement, theory.WithoutReplacement} {
			sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, of)
			if err != nil {
				return nil, err
			}
			stationary, err := sgd.Stationary(eta)
			if err != nil {
				return nil, err
			}
			predicted[k] = sgd.ExcessLoss(stationary)
			sampler, err := sampling(of, b)
			if err != nil {
				return nil, err
			}
			base := train.Config{Steps: steps, Stride: 10, Sampler: sampler, Start: map[string]any{"theta": s.Descent.Optimum}}
			histories, err := train.Sweep(ctx, t.Grid(base, []float64{eta}, Seeds(seeds)), 0, nil)
			if err != nil {
				return nil, err
			}
			for _, h := range histories {
				floor, settled := 0.0, h.Params[len(h.Params)/10+1:]
				for _, theta := range settled {
					floor += s.Excess(theta) / float64(len(settled))
				}
				floors[k] = append(floors[k], floor)
			}
		}
		t.Close()
		ratios := make([]float64, seeds)
		for i := range ratios {
			ratios[i] = floors[1][i] / floors[0][i]
		}
		ratio, err := stat.MeanOverRuns(ratios, Confidence)
		if err != nil {
			return nil, err
		}
		r.Ratio, r.Predicted = append(r.Ratio, ratio), append(r.Predicted, predicted[1]/predicted[0])
	}
	if len(r.Examples) == 0 {
		return nil, fmt.Errorf("at η = %g with batches of %d SGD has no floor for any of these sizes: choose a smaller rate", eta, b)
	}
	return r, nil
}
