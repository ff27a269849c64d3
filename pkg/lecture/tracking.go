package lecture

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
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
