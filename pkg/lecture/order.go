package lecture

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// OrderSettings are those of CompareOrders and OrdersAtRates.
type OrderSettings struct {
	Samplers []sample.Sampler // orders to compare
	Rate     float64          // η, constant, of CompareOrders
	Epochs   int              // of each run
	Seeds    int              // runs of each
}

// An Order (claim S12) is SGD in one of the orders, within an epoch: the mean over the second half of a run's epochs.
type Order struct {
	Name string // of the sampler, without its batch
	// Excess is the mean excess loss after r = 0, 1, … steps of an epoch, over seeds and epochs, and Predicted what theory says of it for
	// small η, nil where there is none.
	Excess    []stat.Interval
	Predicted []float64
	Mean, End stat.Interval // of the excess loss over an epoch, and at its end
	Runs      []float64     // the mean over an epoch of each run
	Ends      []float64     // at the end of an epoch, of each run
	// Least and Most are how often an epoch's steps show an example, over all examples.
	Least, Most int
}

// CompareOrders (claim S12) runs SGD with each sampler, and returns the mean excess loss over all examples within the later epochs. An
// epoch has ⌊n/b⌋ steps. It is an error when a setting cannot be, and when a run fails.
func CompareOrders(ctx context.Context, s *Study, settings OrderSettings) ([]*Order, error) {
	histories, err := settings.run(ctx, s, []float64{settings.Rate})
	if err != nil {
		return nil, err
	}
	var orders []*Order
	for i, sampler := range settings.Samplers {
		o := &Order{Name: kindOf(sampler)}
		if err := o.measure(s, histories[i], perEpoch(s, sampler), settings.Epochs); err != nil {
			return nil, err
		}
		if err := o.predict(s, sampler, settings.Rate); err != nil {
			return nil, err
		}
		o.count(len(s.Targets), sampler)
		orders = append(orders, o)
	}
	return orders, nil
}

// run runs each order at each of the rates, and returns the histories with every step, [orders × rates][seeds].
func (settings OrderSettings) run(ctx context.Context, s *Study, rates []float64) ([][]*train.History, error) {
	if err := counts("Epochs", settings.Epochs); err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var setups []setup
	for _, sampler := range settings.Samplers {
		setups = append(setups, atRates(t, train.Config{Steps: settings.Epochs * perEpoch(s, sampler), Sampler: sampler}, rates)...)
	}
	return sweep(ctx, setups, 1, settings.Seeds)
}

// kindOf is the name of a sampler without its batch.
func kindOf(sampler sample.Sampler) string {
	kind, _, _ := strings.Cut(sampler.String(), ",")
	return kind
}

// perEpoch is the number of steps of an epoch.
func perEpoch(s *Study, sampler sample.Sampler) int { return int(sampler.Epoch(len(s.Targets))) }

// measure takes the means over the second half of the epochs of m steps, and intervals over the runs.
func (o *Order) measure(s *Study, runs []*train.History, m, epochs int) error {
	within := make([][]float64, m+1) // [step][run]
	for _, h := range runs {
		if step, diverged := h.Diverged(); diverged {
			return fmt.Errorf("a run %s diverged at step %d: choose a smaller rate", o.Name, step)
		}
		total := 0.0
		for r := range m + 1 {
			sum := 0.0
			for epoch := epochs / 2; epoch < epochs; epoch++ {
				sum += s.above(h.Params[epoch*m+r]) / float64(epochs-epochs/2)
			}
			within[r] = append(within[r], sum)
			if r > 0 { // the first is the last of the epoch before
				total += sum / float64(m)
			}
		}
		o.Runs = append(o.Runs, total)
	}
	for r := range within {
		at, err := stat.MeanOverRuns(within[r], Confidence)
		if err != nil {
			return err
		}
		o.Excess = append(o.Excess, at)
	}
	o.End, o.Ends = o.Excess[m], within[m]
	var err error
	o.Mean, err = stat.MeanOverRuns(o.Runs, Confidence)
	return err
}

// predict computes what theory says for small η: of a batch's noise at the optimum, whatever θ is.
func (o *Order) predict(s *Study, sampler sample.Sampler, eta float64) error {
	b, m := sampler.BatchSize(len(s.Targets)), perEpoch(s, sampler)
	noise, err := theory.NewGradientNoise(s.ExampleGradients(s.Descent.Optimum))
	if err != nil {
		return err
	}
	of := theory.WithoutReplacement
	if o.Name == "with replacement" {
		of = theory.WithReplacement
	}
	covariance, err := noise.Batch(b, of)
	if err != nil {
		return err
	}
	for r := range m + 1 {
		excess := 0.0
		for k, lambda := range s.Descent.Lambda {
			q := s.Descent.Vectors.ColView(k)
			variance := mat.Inner(q, covariance, q)
			switch o.Name {
			case "with replacement", "without replacement":
				excess += lambda / 2 * eta * variance / (lambda * (2 - eta*lambda))
			case "shuffled once":
				excess += lambda / 2 * theory.ShuffledOnceVariance(eta, lambda, variance, m)
			case "reshuffled every epoch":
				excess += lambda / 2 * theory.ReshuffledVariance(eta, lambda, variance, m, r)
			default:
				return nil
			}
		}
		o.Predicted = append(o.Predicted, excess)
	}
	return nil
}

// count counts how often the steps of an epoch show each of n examples.
func (o *Order) count(n int, sampler sample.Sampler) {
	seen := make([]int, n)
	for step := range int(sampler.Epoch(n)) {
		for _, i := range sampler.Indices(step, 1, n) {
			seen[i]++
		}
	}
	o.Least, o.Most = slices.Min(seen), slices.Max(seen)
}

// DrawOrders shows the excess loss within an epoch.
func DrawOrders(orders []*Order) *figure.Figure {
	fig := figure.New("Within an epoch", figure.X("step of the epoch"), figure.LogY("mean excess loss L(θ) − L(θ*)"))
	for _, o := range orders {
		fig.ConfidenceBand(o.Name, nil, o.Excess).Line(o.Name, nil, o.Excess)
		if o.Predicted != nil {
			fig.Theory("theory, small η", nil, o.Predicted)
		}
	}
	return fig
}

// OrderTable says how large the excess loss is over an epoch and at its end, and what theory says of both, for lab.Table.
func OrderTable(orders []*Order) (header []string, rows [][]string) {
	const unit = 1e4
	for _, o := range orders {
		epoch, end, theory := o.Mean.Scaled(unit), o.End.Scaled(unit), [2]string{"–", "–"}
		if last := len(o.Predicted) - 1; last > 0 {
			theory[0] = fmt.Sprintf("%.1f", unit*mean(o.Predicted[1:]))
			theory[1] = fmt.Sprintf("%.1f", unit*o.Predicted[last])
		}
		rows = append(rows, []string{o.Name, fmt.Sprintf("%d to %d", o.Least, o.Most), fmt.Sprintf("%.1f", epoch.Value), epoch.Ends("%.1f"), theory[0],
			fmt.Sprintf("%.1f", end.Value), end.Ends("%.1f"), theory[1]})
	}
	return []string{"order", "times a patient is seen in an epoch", "excess loss over an epoch, in $10^{-4}$", "95 %", "theory", "at its end, in $10^{-4}$", "95 %", "theory"}, rows
}

// AtTheEnd says how much more excess loss an order has at the end of an epoch than another, over pairs of runs. It panics when an order is nil.
func AtTheEnd(a, b *Order) string {
	mustGive("order", a, b)
	n := min(len(a.Ends), len(b.Ends))
	more, err := paired(a.Ends[:n], b.Ends[:n])
	if err != nil {
		return fmt.Sprintf("%s and %s cannot be compared: %v.", a.Name, b.Name, err)
	}
	more = more.Scaled(1e4)
	return fmt.Sprintf("At the end of an epoch, %s − %s: %.2g (95 %%: %s), in 10⁻⁴.", a.Name, b.Name, more.Value, more.Ends("%.2g"))
}

// Orders are those that are compared, with batches of b: in order, with replacement, shuffled once, and reshuffled every epoch. It is
// an error when b is not positive.
func Orders(b int) ([]sample.Sampler, error) {
	var all []sample.Sampler
	for _, order := range []func(int) (sample.Sampler, error){sample.InOrder, sample.WithReplacement, sample.ShuffledOnce, sample.Reshuffled} {
		sampler, err := order(b)
		if err != nil {
			return nil, err
		}
		all = append(all, sampler)
	}
	return all, nil
}

// A RatedOrder (claim S12) is the excess loss over the last of a number of epochs in one order, at each of some rates.
type RatedOrder struct {
	Name   string
	Rate   []float64
	Excess []stat.Interval
	Best   int // the index of the least
}

// OrdersAtRates (claim S12) runs each order at each of the rates, from the study's start. It is an error when a setting cannot be, and
// when a run fails or diverges.
func OrdersAtRates(ctx context.Context, s *Study, settings OrderSettings, rates []float64) ([]*RatedOrder, error) {
	histories, err := settings.run(ctx, s, rates)
	if err != nil {
		return nil, err
	}
	var all []*RatedOrder
	for i, sampler := range settings.Samplers {
		o := &RatedOrder{Name: kindOf(sampler), Rate: rates}
		for k := range rates {
			var means []float64
			for _, h := range histories[i*len(rates)+k] {
				if step, diverged := h.Diverged(); diverged {
					return nil, fmt.Errorf("a run %s at η = %g diverged at step %d: choose smaller rates", o.Name, rates[k], step)
				}
				last := h.Params[len(h.Params)-perEpoch(s, sampler):]
				means = append(means, mean(figure.Each(last, s.above)))
			}
			excess, err := stat.MeanOverRuns(means, Confidence)
			if err != nil {
				return nil, err
			}
			if o.Excess = append(o.Excess, excess); excess.Value < o.Excess[o.Best].Value {
				o.Best = k
			}
		}
		all = append(all, o)
	}
	return all, nil
}

// DrawRatedOrders shows the excess loss over the rates, and says where each order is best.
func DrawRatedOrders(orders []*RatedOrder) (fig *figure.Figure, words string) {
	fig = figure.New("A rate of its own for each order", figure.LogX("learning rate η"), figure.LogY("mean excess loss, last epoch"))
	for _, o := range orders {
		fig.ConfidenceBand(o.Name, o.Rate, o.Excess).Line(o.Name, o.Rate, o.Excess)
		best := o.Excess[o.Best]
		words += fmt.Sprintf("%s: best at η = %.3g, excess loss %.1e (95 %%: %s)\n", o.Name, o.Rate[o.Best], best.Value, best.Ends("%.1e"))
	}
	return fig, strings.TrimSuffix(words, "\n")
}

// SortedStudy (claim S12) is that of all patients by two measurements, in the order of their disease's progression. It is an error
// when there is no measurement of that name.
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
