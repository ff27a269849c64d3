package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Confidence is that of every interval shown.
const Confidence = 0.95

// Measurements are the ten variables of the diabetes patients.
var Measurements = []string{"age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"}

// A Study is linear least squares on n examples, with what is needed to train on it and to predict it.
type Study struct {
	*problem.LeastSquares
	Features *mat.Dense // [n, d]
	Targets  []float64  // [n]
	Descent  *theory.Descent
	Names    []string // of the features, where they have any
}

// NewStudy makes one in float64. It is an error when there are no examples or no features, when the lengths differ or a value is
// not finite, and when there is no single optimum.
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
	return &Study{LeastSquares: fit, Features: features, Targets: targets, Descent: descent}, nil
}

// TwoMeasurements is the study of the first n diabetes patients (all 442 for n = 0) by two of their measurements, so that
// its loss can be drawn. The measurements are standardized over those patients. It is an error when there is no measurement of that
// name, when n is neither 0 nor between 3 and 442, and when the two measurements are linearly dependent.
func TwoMeasurements(n int, first, second string) (*Study, error) {
	return measurements(n, first, second)
}

// TenMeasurements is the study of all 442 patients by all ten measurements, all standardized. It is an error when the stored table
// cannot be read.
func TenMeasurements() (*Study, error) {
	return measurements(0, Measurements...)
}

// Progression is the study of all 442 patients by some of their measurements, all ten where none is named: these standardized, and
// the progression of the disease less its mean, in its own unit. It is an error when there is no measurement of a name, and when
// measurements are linearly dependent.
func Progression(names ...string) (*Study, error) {
	if len(names) == 0 {
		names = Measurements
	}
	s, err := measurements(0, names...)
	if err != nil {
		return nil, err
	}
	table, err := problem.DiabetesTable()
	if err != nil {
		return nil, err
	}
	targets, err := table.Column(problem.Progression)
	if err != nil {
		return nil, err
	}
	floats.AddConst(-mean(targets), targets)
	inUnits, err := NewStudy(s.Features, targets)
	if err != nil {
		return nil, err
	}
	inUnits.Names = names
	return inUnits, nil
}

// measurements is the study of the first n patients, all for n = 0, by some of their measurements. A live process, which draws its
// cell for each new value, makes it once.
func measurements(n int, names ...string) (*Study, error) {
	return kept(fmt.Sprintf("measurements %d %q", n, names), func() (*Study, error) { return newMeasurements(n, names) })
}

func newMeasurements(n int, names []string) (*Study, error) {
	table, err := problem.DiabetesTable()
	if err != nil {
		return nil, err
	}
	rows, _ := table.Values.Dims()
	if n == 0 {
		n = rows
	}
	if n < 3 || n > rows {
		return nil, fmt.Errorf("patients is %d: it must be between 3 and %d", n, rows)
	}
	features := mat.NewDense(n, len(names), nil)
	var targets []float64
	for j, name := range names {
		if slices.Contains(names[:j], name) {
			return nil, fmt.Errorf("the measurement %q is given twice: give different ones", name)
		}
	}
	for j, name := range append(slices.Clone(names), problem.Progression) {
		column, err := table.Column(name)
		if err != nil {
			return nil, err
		}
		if targets = standardized(column[:n]); j < len(names) {
			features.SetCol(j, targets)
		}
	}
	s, err := NewStudy(features, targets)
	if err != nil {
		return nil, err
	}
	s.Names = names
	return s, nil
}

// Map is the excess loss over the plane of the first two weights, with the optimum, to draw on. Ranges are those of its axes; without any they follow
// what is drawn. It panics when the study has no two named features.
func (s *Study) Map(title string, ranges ...[2]float64) *figure.Figure {
	best := s.Descent.Optimum
	return s.plane(title, ranges...).Mark("optimum", best[0], best[1])
}

func (s *Study) plane(title string, ranges ...[2]float64) *figure.Figure {
	return drawn(keyOf[Study]{s, fmt.Sprintf("plane %q %v", title, ranges)}, func() *figure.Figure { return s.newPlane(title, ranges...) })
}

func (s *Study) newPlane(title string, ranges ...[2]float64) *figure.Figure {
	x, y := figure.X("weight of "+s.Names[0]), figure.Y("weight of "+s.Names[1])
	if len(ranges) == 2 {
		x, y = x.Range(ranges[0][0], ranges[0][1]), y.Range(ranges[1][0], ranges[1][1])
	}
	return figure.New(title, x, y).Contour("L(θ) − L(θ*)", figure.OnPlane(s.height))
}

// Around is Map from the optimum so far to each side.
func (s *Study) Around(title string, reach float64) *figure.Figure {
	return s.Near(title, reach).Mark("optimum", s.Descent.Optimum[0], s.Descent.Optimum[1])
}

// Near is Around without a sign for the optimum, which would cover the last steps of a run that arrives.
func (s *Study) Near(title string, reach float64) *figure.Figure {
	best := s.Descent.Optimum
	return s.plane(title, [2]float64{best[0] - reach, best[0] + reach}, [2]float64{best[1] - reach, best[1] + reach})
}

// standardized returns the values less their mean, in units of their standard deviation.
func standardized(xs []float64) []float64 {
	middle := mean(xs)
	square := 0.0
	for _, x := range xs {
		square += (x - middle) * (x - middle)
	}
	scaled := make([]float64, len(xs))
	for i, x := range xs {
		scaled[i] = (x - middle) / math.Sqrt(square/float64(len(xs)))
	}
	return scaled
}

// Excess returns L(θ) − L(θ*).
func (s *Study) Excess(theta []float64) float64 { return s.Value(theta) - s.Descent.Floor }

// height is Excess from the eigenvalues, ½ Σ λᵢ cᵢ² with the components cᵢ of θ − θ*. It does not go through the examples, and so it is
// quick enough for a map of thousands of places that is drawn while a hand moves.
func (s *Study) height(theta []float64) float64 {
	d, sum := s.Descent, 0.0
	for i, lambda := range d.Lambda {
		c := 0.0
		for j, best := range d.Optimum {
			c += d.Vectors.At(j, i) * (theta[j] - best)
		}
		sum += lambda * c * c / 2
	}
	return sum
}

// Threshold is 2/λ_max, the rate above which gradient descent diverges.
func (s *Study) Threshold() float64 { return theory.StabilityThreshold(slices.Max(s.Descent.Lambda)) }

// Beside is a start near the optimum of a study with two features.
func (s *Study) Beside() []float64 {
	return []float64{s.Descent.Optimum[0] + 0.35, s.Descent.Optimum[1] + 0.15}
}

// End says where a run of gradient descent ends, whose losses were recorded.
func (s *Study) End(run *train.History) string {
	mustGive("history", run)
	last := len(run.Step) - 1
	excess := run.Loss[last] - s.Descent.Floor
	if math.Abs(excess) < 1e-12*run.Loss[last] {
		return fmt.Sprintf("after %d steps the loss is at its minimum, to rounding", run.Step[last])
	}
	return fmt.Sprintf("after %d steps the loss is %.2g above its minimum", run.Step[last], excess)
}

// SGD is what theory says of SGD on the study with batches of b drawn with replacement. It is an error when b is not positive.
func (s *Study) SGD(b int) (*theory.SGD, error) {
	if err := given("study", s); err != nil {
		return nil, err
	}
	return kept(keyOf[Study]{s, fmt.Sprintf("SGD %d", b)}, func() (*theory.SGD, error) {
		return theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	})
}

// batches is SGD, and what draws its batches.
func (s *Study) batches(b int) (*theory.SGD, sample.Sampler, error) {
	sgd, err := s.SGD(b)
	if err != nil {
		return nil, sample.Sampler{}, err
	}
	sampler, err := sample.WithReplacement(b)
	return sgd, sampler, err
}

// Trainer trains the study with gradient descent, or with SGD if its runs have a sampler. It is an error when the record cannot be, and when the backend cannot compile the program.
func (s *Study) Trainer(record train.Record) (*train.Trainer, error) {
	if err := given("study", s); err != nil {
		return nil, err
	}
	return NewTrainer(s.LeastSquares, "SGD", record)
}

// settled is the mean excess loss of a run after its first tenth.
func (s *Study) settled(h *train.History) (excess float64) {
	params := h.Params[len(h.Params)/10+1:]
	for _, theta := range params {
		excess += s.above(theta) / float64(len(params))
	}
	return excess
}

// above is Excess from the Hessian, ½ Σ λᵢcᵢ²: in a time that does not depend on the number of examples, and without the rounding of a
// difference of losses.
func (s *Study) above(theta []float64) (excess float64) {
	for i, c := range s.Descent.Components(theta) {
		excess += s.Descent.Lambda[i] * c * c / 2
	}
	return excess
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

// constant runs gradient descent on the study at constant rates, or SGD if base has a sampler, keeps the parameters, and returns the
// histories, [rates][seeds].
func (s *Study) constant(ctx context.Context, base train.Config, grid Grid) ([][]*train.History, error) {
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return sweep(ctx, atRates(t, base, grid.Rates), 1, grid.Seeds)
}

// Direction writes an eigenvector of the Hessian, of length 1, as a sum of the study's named features: those with a part of at least
// 0.05, the largest first and positive. It panics when there is no i-th curvature, counted from the flattest.
func (s *Study) Direction(i int) string {
	parts := mat.Col(nil, i, s.Descent.Vectors)
	places := make([]int, len(parts))
	for j := range places {
		places[j] = j
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Compare(math.Abs(parts[b]), math.Abs(parts[a])) })
	text := ""
	for _, j := range places {
		part := math.Copysign(1, parts[places[0]]) * parts[j]
		switch {
		case math.Abs(part) < 0.05:
		case text == "":
			text = fmt.Sprintf("%.2f %s", part, s.Names[j])
		case part < 0:
			text += fmt.Sprintf(" − %.2f %s", -part, s.Names[j])
		default:
			text += fmt.Sprintf(" + %.2f %s", part, s.Names[j])
		}
	}
	return text
}
