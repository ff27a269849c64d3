package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
)

// Shortest (claim W2) is the shortest of the solutions of least squares: of all weights with the least squared error of features·weights against the
// targets, those of the least sum of squares. It is an error when there are not as many targets as rows of features.
func Shortest(features, targets *mat.Dense) (*mat.Dense, error) {
	if err := given("features and targets", features, targets); err != nil {
		return nil, err
	}
	n, _ := features.Dims()
	if m, _ := targets.Dims(); n == 0 || m != n {
		return nil, fmt.Errorf("there are %d rows of features and %d targets: there must be as many, and at least one", n, m)
	}
	weights := new(mat.Dense) // gonum's Solve is least squares for more rows than columns, and else the shortest solution
	if err := weights.Solve(features, targets); err != nil && !errors.As(err, new(mat.Condition)) {
		return nil, err
	}
	return weights, nil
}

// Risks (claim W2) are the square errors of Shortest on Gaussian features, measured over draws, and the theory.
type Risks struct {
	Of       theory.Interpolation
	Features []int
	Measured []stat.Interval
}

// MeasureRisks (claim W2) draws examples, fits each of these numbers of their features, and computes the expected square error on unseen examples, exact
// for the weights found. It is an error when draws is not positive, and when a number of features has no risk in theory.
func MeasureRisks(of theory.Interpolation, features []int, draws, seed int) (*Risks, error) {
	if err := counts("draws", draws); err != nil {
		return nil, err
	}
	r := &Risks{Of: of, Features: features}
	rng := rand.New(rand.NewPCG(uint64(seed), 69))
	n, d := of.Examples, of.Features
	each := math.Sqrt(of.Signal / float64(d)) // every coefficient of the truth
	for _, p := range features {
		if _, err := of.Risk(p); err != nil || p < 1 {
			return nil, errors.Join(err, counts("features", p))
		}
		var risks []float64
		for range draws {
			x, y := mat.NewDense(n, d, nil), mat.NewDense(n, 1, nil)
			x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
			for i := range n {
				y.Set(i, 0, each*floats.Sum(x.RawRowView(i))+math.Sqrt(of.Noise)*rng.NormFloat64())
			}
			weights, err := Shortest(mat.DenseCopyOf(x.Slice(0, n, 0, p)), y)
			if err != nil {
				return nil, err
			}
			risk := of.Noise + float64(d-p)*each*each // the features left out
			for j := range p {
				risk += math.Pow(weights.At(j, 0)-each, 2)
			}
			risks = append(risks, risk)
		}
		mean, err := stat.MeanOverRuns(risks, Confidence)
		if err != nil {
			return nil, err
		}
		r.Measured = append(r.Measured, mean)
	}
	return r, nil
}

// Draw (claim W2) draws the risks over the number of features, theory, and the risk without any feature.
func (r *Risks) Draw() *figure.Figure {
	var ps, risks []float64
	for p := 1; p <= r.Of.Features; p++ {
		risk, err := r.Of.Risk(p)
		if err != nil || math.IsInf(risk, 1) {
			risk = 1e6 // beyond the frame
		}
		ps, risks = append(ps, float64(p)), append(risks, risk)
	}
	fig := figure.New("Gaussian features: exact theory", figure.LogX("features p"), figure.LogY("square error on unseen examples").Range(0.8, 30)).
		Theory("theory", ps, risks).ConfidenceIntervals("measured", r.Features, r.Measured).VLine(float64(r.Of.Examples), "p = n")
	if risk, err := r.Of.Risk(0); err == nil {
		fig.HLine(risk, "no feature")
	}
	return fig
}

// DescentSettings are those of MeasureDoubleDescent.
type DescentSettings struct {
	Digits   int     // to learn from
	Wrong    float64 // the part of their labels that is replaced by random ones
	Features []int   // numbers of random ReLU features, fitted by Shortest
	Widths   []int   // hidden units of nets, trained by Adam
	Steps    int     // of Adam
	Seeds    int     // random features, starts and wrong labels
}

// DoubleDescent (claim W2) are errors, parts of the digits that are read wrongly.
type DoubleDescent struct {
	Settings                 DescentSettings
	Known, Unknown           []stat.Interval // of random features
	TrainedKnown, TrainedNew []stat.Interval // of trained nets
	new, trainedNew          [][]float64     // errors on unseen digits, [Features or Widths][seeds]: a seed has the same labels everywhere
}

// MeasureDoubleDescent (claim W2) fits random ReLU features of digits, and trains nets on them, and tests both on the other digits, all labels of
// which are right. It is an error when a setting cannot be, and when a run fails.
func MeasureDoubleDescent(ctx context.Context, settings DescentSettings) (*DoubleDescent, error) {
	if err := counts("Digits", settings.Digits, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	known, unknown, c, err := digitCourse(settings.Digits, settings.Steps)
	if err != nil {
		return nil, err
	}
	d := &DoubleDescent{Settings: settings}
	over := func(errors [2][]float64, known, unknown *[]stat.Interval) error {
		for k, to := range []*[]stat.Interval{known, unknown} {
			mean, err := stat.MeanOverRuns(errors[k], Confidence)
			if err != nil {
				return err
			}
			*to = append(*to, mean)
		}
		return nil
	}
	var data []*problem.Labeled // of each seed
	for seed := range settings.Seeds {
		data = append(data, mislabeled(known, settings.Wrong, seed))
	}
	for _, p := range settings.Features {
		var off [2][]float64
		for seed, labeled := range data {
			e, err := randomFeatures(labeled, unknown, p, seed)
			if err != nil {
				return nil, err
			}
			off[0], off[1] = append(off[0], e[0]), append(off[1], e[1])
		}
		if err := over(off, &d.Known, &d.Unknown); err != nil {
			return nil, err
		}
		d.new = append(d.new, off[1])
	}
	for _, width := range settings.Widths {
		var off [2][]float64
		thetas, model, err := onDigits(ctx, width, c, data)
		if err != nil {
			return nil, err
		}
		for seed, theta := range thetas {
			off[0], off[1] = append(off[0], 1-model.Accuracy(theta, data[seed])), append(off[1], 1-model.Accuracy(theta, unknown))
		}
		if err := over(off, &d.TrainedKnown, &d.TrainedNew); err != nil {
			return nil, err
		}
		d.trainedNew = append(d.trainedNew, off[1])
	}
	return d, nil
}

// mislabeled are the digits with a part of their labels drawn at random.
func mislabeled(data *problem.Labeled, part float64, seed int) *problem.Labeled {
	rng := rand.New(rand.NewPCG(uint64(seed), 70))
	noisy := &problem.Labeled{Features: data.Features, Classes: data.Classes}
	for _, label := range data.Labels {
		if rng.Float64() < part {
			label = rng.IntN(data.Classes)
		}
		noisy.Labels = append(noisy.Labels, label)
	}
	return noisy
}

// randomFeatures fits p random ReLU features, each with its knot at the mean of its input, to the digits, an output for each class. It
// returns the parts that it reads wrongly of these digits and of others.
func randomFeatures(known, unknown *problem.Labeled, p, seed int) (wrong [2]float64, err error) {
	layer := problem.Normal(math.Sqrt2)([]int{known.Features.RawMatrix().Cols, p, known.Classes}, seed)[0]
	var center mat.Dense
	center.Mul(known.Features, layer.W)
	middle := make([]float64, p) // the mean of each unit's input over the digits learned from: no unit is off on all of them
	for i := range known.Labels {
		floats.AddScaled(middle, 1/float64(len(known.Labels)), center.RawRowView(i))
	}
	features := func(data *problem.Labeled) *mat.Dense {
		var z mat.Dense
		z.Mul(data.Features, layer.W)
		z.Apply(func(_, j int, v float64) float64 { return max(0, v-middle[j]) }, &z)
		return &z
	}
	targets := mat.NewDense(len(known.Labels), known.Classes, nil)
	for i, label := range known.Labels {
		targets.Set(i, label, 1)
	}
	weights, err := Shortest(features(known), targets)
	if err != nil {
		return wrong, err
	}
	for k, data := range []*problem.Labeled{known, unknown} {
		var outputs mat.Dense
		outputs.Mul(features(data), weights)
		for i, label := range data.Labels {
			if floats.MaxIdx(outputs.RawRowView(i)) != label {
				wrong[k] += 1 / float64(len(data.Labels))
			}
		}
	}
	return wrong, nil
}

// Draw (claim W2) draws the errors of random features and of trained nets.
func (d *DoubleDescent) Draw() *figure.Figure {
	s := d.Settings
	panel := func(title, x string, at []int, known, unknown []stat.Interval) *figure.Figure {
		return figure.New(title, figure.LogX(x), figure.Y("digits read wrongly (%)").Range(-3, 103)).
			ConfidenceBand("unseen digits", at, percents(unknown)).Line("unseen digits", at, percents(unknown)).
			ConfidenceBand("digits learned from", at, percents(known)).Line("digits learned from", at, percents(known))
	}
	return figure.Row(panel("Random ReLU features", "features p", s.Features, d.Known, d.Unknown).VLine(float64(s.Digits), "p = n"),
		panel("Trained nets", "hidden units", s.Widths, d.TrainedKnown, d.TrainedNew))
}

// String compares the measurements with theory.
func (r *Risks) String() string {
	words := ""
	if risk, err := r.Of.Risk(0); err == nil {
		words = fmt.Sprintf("no feature: square error %.3f (theory)\n", risk)
	}
	for i, p := range r.Features {
		if risk, err := r.Of.Risk(p); err == nil {
			words += fmt.Sprintf("%d of %d features: square error %.3f (theory %.3f)\n", p, r.Of.Features, r.Measured[i], risk)
		}
	}
	return strings.TrimSuffix(words, "\n")
}

// String says where the error on unseen digits is largest, and what it is before and after.
func (d *DoubleDescent) String() string {
	s := d.Settings
	peak, last := 0, len(s.Features)-1
	for i, e := range d.Unknown {
		if e.Value > d.Unknown[peak].Value {
			peak = i
		}
	}
	least := leastOf(d.Unknown[:peak+1])
	words := fmt.Sprintf("Random features, unseen digits read wrongly: before the peak at best %.0f %%, at %d features; %.0f %% at %d; %.0f %% at %d.",
		d.Unknown[least].Scaled(100), s.Features[least], d.Unknown[peak].Scaled(100), s.Features[peak], d.Unknown[last].Scaled(100), s.Features[last])
	words += fmt.Sprintf("\nChange from %d to %d features, with the same labels: %s.", s.Features[least], s.Features[last], change(d.new[least], d.new[last]))
	for _, width := range []int{slices.Index(s.Widths, 16), len(s.Widths) - 1} {
		if width >= 0 {
			words += fmt.Sprintf("\nTrained, %d units: %.0f %% of unseen digits are read wrongly, and %.1f %% of the digits learned from.",
				s.Widths[width], d.TrainedNew[width].Scaled(100), 100*d.TrainedKnown[width].Value)
		}
	}
	if width := slices.Index(s.Widths, 16); width >= 0 {
		end := len(s.Widths) - 1
		words += fmt.Sprintf("\nChange from 16 to %d units, with the same labels: %s.", s.Widths[end], change(d.trainedNew[width], d.trainedNew[end]))
	}
	return words
}

// change says how much larger errors are than others of the same seeds, in percentage points.
func change(from, to []float64) string {
	mean, err := paired(to, from)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+.1f points (%+.1f to %+.1f)", 100*mean.Value, 100*mean.Low, 100*mean.High)
}
