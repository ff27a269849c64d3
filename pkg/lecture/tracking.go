package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// A DriftingStream (claim S14) is data that arrive in order while what is to be learned moves: y_t = x_tᵀθ*_t + r_t, with
// θ*_{t+1} = θ*_t + v + w_t, or with a jump now and then.
type DriftingStream struct {
	*problem.LeastSquares
	Truth [][]float64 // θ*_t, [n, 2]
}

// Streams are several of one kind, and what theory says of SGD that meets one example after the other.
type Streams struct {
	Each   []*DriftingStream
	Theory *theory.SGD
	Drift  theory.Drift // of each step, or of each jump
	Every  int          // steps from one jump to the next; 1: the optimum moves at each step
}

// StreamSettings are those of NewStreams.
type StreamSettings struct {
	Streams  int
	Examples int     // of each stream
	Noise    float64 // standard deviation of r_t
	Velocity float64 // ‖v‖
	Walk     float64 // standard deviation of each element of w_t
	Every    int     // examples from one move of the optimum to the next, between which it rests; 0 stands for 1
}

// NewStreams makes streams of examples of two features, of standard deviations 1 and ½. It is an error when there is not at least
// one stream and one example, and when a value is not finite.
func NewStreams(settings StreamSettings) (*Streams, error) {
	count, n, noise, walk := settings.Streams, settings.Examples, settings.Noise, settings.Walk
	if err := counts("Streams", count, "Examples", n); err != nil {
		return nil, err
	}
	v := []float64{settings.Velocity * math.Sqrt(0.5), settings.Velocity * math.Sqrt(0.5)}
	s := &Streams{Drift: theory.Drift{Velocity: v, Walk: mat.NewSymDense(2, []float64{walk * walk, 0, 0, walk * walk})}, Every: max(1, settings.Every)}
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
			if (t+1)%s.Every == 0 {
				truth = []float64{truth[0] + v[0] + walk*rng.NormFloat64(), truth[1] + v[1] + walk*rng.NormFloat64()}
			}
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

// check is an error when there are none.
func (s *Streams) check() error {
	if s == nil || len(s.Each) == 0 {
		return errors.New("there are no streams: NewStreams makes some")
	}
	return nil
}

// A NamedSchedule is a schedule with the name under which a figure shows it.
type NamedSchedule struct {
	Name     string
	Schedule schedule.Schedule
	Plateau  schedule.Plateau // on top, if it is on
}

// Tracker (claim S14) is SGD that follows the streams under a schedule.
type Tracker struct {
	Name      string
	Search    RateSearch    // of Follow, by theory
	Step      []int         // middles of spans of time
	Distance  []float64     // measured mean of ‖θ_t − θ*_t‖² over the span and the streams; none if a run diverged
	Predicted []float64     // E‖θ_t − θ*_t‖², exact, the mean over the same span
	LongRun   stat.Interval // measured mean after the first fifth, over streams
	Expected  float64       // the same by theory
	// Settles is what theory expects of ‖θ_t − θ*_t‖² 1, 2, … steps after a jump, on average over all jumps after the first fifth; Since
	// are some of those steps, and Settling is what was measured then, on average over streams as well. None if the optimum moves all the time.
	Settles  []float64
	Since    []int
	Settling []float64
}

// String says in a sentence how far from the truth the tracker is in the long run.
func (t *Tracker) String() string {
	if t.Distance == nil {
		return "diverged."
	}
	return fmt.Sprintf("mean squared distance %.2g (95 %%: %s), theory %s", t.LongRun.Value, t.LongRun.Ends("%.2g"), two(t.Expected))
}

// DrawTrackers shows, from a step on, how far θ is from the truth on average under each schedule: lines by theory, and points of what was
// measured, each a mean over a hundredth of the stream. The way from the start, the first twentieth, is left out.
func DrawTrackers(title string, from int, trackers ...*Tracker) *figure.Figure {
	fig := figure.New(title, figure.X("step t"), figure.Y("mean squared distance to θ*_t"))
	for _, t := range trackers {
		k := len(t.Step) / 20
		for k+2 < len(t.Step) && t.Step[k] < from {
			k++
		}
		fig.Line(t.Name, t.Step[k:], t.Predicted[k:])
		var steps []int
		var measured []float64
		for every := max(1, (len(t.Step)-k)/25); k < len(t.Distance); k += every { // more points would hide the line
			steps, measured = append(steps, t.Step[k]), append(measured, t.Distance[k])
		}
		if len(steps) > 0 {
			fig.Points(t.Name, steps, measured)
		}
	}
	return fig
}

// DrawSettling shows how far θ is from the truth after a jump, on average over the jumps: a line of theory at every step for each schedule,
// and points of what was measured.
func DrawSettling(title string, trackers []*Tracker) *figure.Figure {
	fig := figure.New(title+" (lines: theory, points: measured)", figure.LogX("steps since the last jump"), figure.LogY("mean squared distance to θ*_t"))
	for _, t := range trackers {
		if t.Settles == nil {
			continue // no jump was followed to its end
		}
		fig.Line(t.Name, floats.Span(make([]float64, len(t.Settles)), 1, float64(len(t.Settles))), t.Settles)
		if t.Settling != nil {
			fig.Points(t.Name, t.Since, t.Settling)
		}
	}
	return fig
}

// DrawLateness shows what restarts leave over how many steps after the jumps they come; before them if negative. A constant rate, which
// knows nothing of the jumps, leaves what the horizontal line says. It panics when constant is nil.
func DrawLateness(late []float64, restarts []*Tracker, constant *Tracker) *figure.Figure {
	mustGive("constant", constant)
	fig := figure.New("Restarts beside the jumps", figure.X("steps from the jump to the restart"), figure.Y("mean squared distance to θ*_t")).
		Theory("restarts, theory", late, figure.Column(restarts, func(t *Tracker) float64 { return t.Expected }))
	if !slices.ContainsFunc(restarts, func(t *Tracker) bool { return t.Distance == nil }) {
		fig.ConfidenceIntervals("restarts, measured, 95 %", late, figure.Each(restarts, func(t *Tracker) stat.Interval { return t.LongRun }))
	}
	return fig.HLine(constant.Expected, "constant rate").VLine(0, "at the jump")
}

// settle folds the steps after the first one over the jumps.
func (tr *Tracker) settle(every, first int, measured, expected []float64) {
	sums, wants, counts := make([]float64, every), make([]float64, every), make([]float64, every)
	for t := first; t < len(measured); t++ {
		k := t % every
		sums[k], wants[k], counts[k] = sums[k]+measured[t], wants[k]+expected[t], counts[k]+1
	}
	if floats.Min(counts) == 0 {
		return // no jump is followed to its end
	}
	tr.Settles = floats.DivTo(wants, wants, counts)[1:]
	for _, k := range spaced(every - 1) {
		tr.Since, tr.Settling = append(tr.Since, k), append(tr.Settling, sums[k]/counts[k])
	}
}

// TrackerTable is a row for each schedule, for lab.Table. It says where the next greater rate was ruled out, so that the best one may be
// greater still.
func TrackerTable(trackers []*Tracker) (header []string, rows [][]string) {
	for _, t := range trackers {
		rate := fmt.Sprintf("%.2g", t.Search.Rate())
		if t.Search.Capped() {
			rate += ", at the cap"
		}
		rows = append(rows, []string{t.Name, rate, two(t.LongRun.Value), t.LongRun.Ends("%.2g"), two(t.Expected)})
	}
	return []string{"schedule", "peak $\\eta$", "mean squared distance", "95 % interval", "theory"}, rows
}

// A Family is a kind of schedule with one rate to choose.
type Family struct {
	Name string
	Eta  func(rate float64, t int) float64 // η_t, in proportion to the rate
}

// ConstantRate is the family of the constant rates.
func ConstantRate() Family {
	return Family{Name: "constant", Eta: func(rate float64, _ int) float64 { return rate }}
}

// at is the family's schedule of that rate.
func (f Family) at(rate float64) (schedule.Schedule, error) {
	if f.Eta == nil {
		return schedule.Schedule{}, fmt.Errorf("%s has no function Eta: give one", f.Name)
	}
	return schedule.Func(func(t int) float64 { return f.Eta(rate, t) })
}

// Follow (claim S14) is Track under each family at its best rate, which theory finds: that of the least mean distance after the first fifth.
// A rate at which the distance first grows tenfold counts as one that diverges. It has the errors of Track, and those of the families.
func Follow(ctx context.Context, s *Streams, families ...Family) ([]*Tracker, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	first := Ratios(0.024, 0.4, 2)
	searches, err := searchRates(slices.Repeat([][]float64{first}, len(families)), always(2), func(rates [][]float64) ([][]float64, error) {
		return atOnce(rates, func(i int, rate float64) (float64, error) {
			eta, err := families[i].at(rate)
			if err != nil {
				return 0, err
			}
			expected := s.expected(eta)
			if floats.HasNaN(expected) || floats.Max(expected) > 10*expected[0] {
				return math.Inf(1), ctx.Err()
			}
			return mean(expected[len(expected)/5:]), ctx.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	var schedules []NamedSchedule
	for i, family := range families {
		eta, err := family.at(searches[i].Rate())
		if err != nil {
			return nil, err
		}
		schedules = append(schedules, NamedSchedule{Name: family.Name, Schedule: eta})
	}
	trackers, err := Track(ctx, s, schedules)
	if err != nil {
		return nil, err
	}
	for i := range trackers {
		trackers[i].Search = searches[i]
	}
	return trackers, nil
}

// expected is E‖θ_t − θ*_t‖² at every step, by theory.
func (s *Streams) expected(eta schedule.Schedule) []float64 {
	n := len(s.Each[0].Truth)
	start := floats.AddTo(make([]float64, 2), s.Theory.Optimum, s.Each[0].Start)
	expected := make([]float64, n)
	for t, m := range s.Theory.TrackingJumps(eta.At, start, s.Drift, s.Every, n-1) {
		expected[t] = m.SquaredDistance
	}
	return expected
}

// TrackingCurve (claim S14) is how far SGD at constant rates is from a moving optimum in the long run.
type TrackingCurve struct {
	Best              float64 // the rate at which theory expects the least distance; a tenth of the stability limit where there is none
	Rates             []float64
	Measured          []stat.Interval // mean of ‖θ_t − θ*_t‖² after the first fifth, over streams
	Fine              []float64       // rates between the first and the last of Rates, for theory
	Exact, Lag, Noise []float64       // by theory at those rates: the same, and the parts of it
}

// Least is the index of the rate with the least measured distance.
func (c *TrackingCurve) Least() int {
	values, _, _ := figure.Ends(c.Measured)
	return floats.MinIdx(values)
}

// Draw shows what was measured, and what theory expects and of which parts, over the rate.
func (c *TrackingCurve) Draw() *figure.Figure {
	return figure.New("Following an optimum that drifts", figure.LogX("constant learning rate η"), figure.LogY("mean squared distance to θ*_t")).
		Theory("theory", c.Fine, c.Exact).Line("lag alone", c.Fine, c.Lag).Line("noise alone", c.Fine, c.Noise).
		ConfidenceIntervals("measured, 95 %", c.Rates, c.Measured).VLine(c.Best, "best by theory")
}

// TrackAt (claim S14) runs Track at constant rates, given as parts of the best one. Rates above 0.9 of the stability limit are left
// out. It has the errors of Track, and it is an error when no rate is left.
func TrackAt(ctx context.Context, s *Streams, parts []float64) (*TrackingCurve, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	best, err := s.Theory.BestTrackingRate(s.Drift)
	if err != nil {
		best = s.Theory.Threshold / 10
	}
	c := &TrackingCurve{Best: best}
	var constant []NamedSchedule
	for _, part := range parts {
		eta := part * best
		if eta >= 0.9*s.Theory.Threshold {
			continue
		}
		c.Rates = append(c.Rates, eta)
		rate, err := schedule.Constant(eta)
		if err != nil {
			return nil, err
		}
		constant = append(constant, NamedSchedule{Schedule: rate})
	}
	if len(c.Rates) == 0 {
		return nil, errors.New("no rate is below the limit of stability: choose smaller ones")
	}
	const fine = 60
	for k := range fine + 1 {
		eta := c.Rates[0] * math.Pow(c.Rates[len(c.Rates)-1]/c.Rates[0], float64(k)/fine)
		long, err := s.Theory.Tracking(eta, s.Drift)
		if err != nil {
			return nil, err
		}
		lag := floats.Dot(long.Lag, long.Lag)
		c.Fine, c.Exact = append(c.Fine, eta), append(c.Exact, long.SquaredDistance)
		c.Lag, c.Noise = append(c.Lag, lag), append(c.Noise, long.SquaredDistance-lag)
	}
	trackers, err := Track(ctx, s, constant)
	if err != nil {
		return nil, err
	}
	c.Measured = figure.Each(trackers, func(t *Tracker) stat.Interval { return t.LongRun })
	return c, nil
}

// Track (claim S14) runs SGD through every stream, one example a step, under each schedule. It is an error when there is no stream,
// when a schedule cannot be, and when a run fails.
func Track(ctx context.Context, s *Streams, schedules []NamedSchedule) ([]*Tracker, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	sampler, err := sample.Stream(1)
	if err != nil {
		return nil, err
	}
	n := len(s.Each[0].Truth)
	var setups []setup
	first, err := NewTrainer(s.Each[0].LeastSquares, "SGD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer first.Close()
	for _, stream := range s.Each {
		t, err := first.On(stream.Data())
		if err != nil {
			return nil, err
		}
		for _, named := range schedules {
			setups = append(setups, setup{trainer: t, config: train.Config{Schedule: named.Schedule, Sampler: sampler, Steps: n, Start: map[string]any{"theta": stream.Start}}})
		}
	}
	histories, err := sweep(ctx, setups, 0, 1)
	if err != nil {
		return nil, err
	}
	var trackers []*Tracker
	for i, named := range schedules {
		tr := &Tracker{Name: named.Name}
		trackers = append(trackers, tr)
		expected := s.expected(named.Schedule)
		var runs []*train.History
		for k := range s.Each {
			runs = append(runs, histories[k*len(schedules)+i][0])
		}
		if err := tr.measure(s, runs, expected); err != nil {
			return nil, err
		}
	}
	return trackers, nil
}

// trackSpans is into how many spans of time a stream is parted.
const trackSpans = 100

// measure computes the distances of the runs, one for each stream, beside those that theory expects. Every step counts: of every tenth, say,
// those right at the jumps would be too many.
func (tr *Tracker) measure(s *Streams, runs []*train.History, expected []float64) (err error) {
	first := len(expected) / 5
	tr.Expected = mean(expected[first:])
	measured, ok := make([]float64, len(expected)), true
	var means []float64
	for k, h := range runs {
		if diverged(runs[k:k+1]) > 0 {
			ok = false
			break
		}
		late := 0.0
		for j := range measured {
			d := squared(h.Params[j], s.Each[k].Truth[h.Step[j]])
			measured[j] += d / float64(len(s.Each))
			if j >= first {
				late += d / float64(len(measured)-first)
			}
		}
		means = append(means, late)
	}
	spans := min(trackSpans, len(expected))
	for j := range spans {
		a, b := j*len(expected)/spans, (j+1)*len(expected)/spans
		tr.Step = append(tr.Step, (a+b)/2)
		tr.Predicted = append(tr.Predicted, mean(expected[a:b]))
		if ok {
			tr.Distance = append(tr.Distance, mean(measured[a:b]))
		}
	}
	if s.Every >= 3 {
		tr.settle(s.Every, first, measured, expected)
	}
	if !ok {
		tr.Settling = nil
		tr.LongRun = beyond
		return nil
	}
	tr.LongRun, err = stat.MeanOverRuns(means, Confidence)
	return err
}
