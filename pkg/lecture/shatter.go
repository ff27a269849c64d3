package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Shattering (claim W2) is how many of the labelings of n points a search has found a net for.
type Shattering struct {
	Inputs, Width, N int
	Found, All       int // labelings; a labeling and its opposite are searched once and counted twice
}

// String says how many were found.
func (s *Shattering) String() string {
	where := placeOf(s.Inputs)
	return fmt.Sprintf("%s, %s: %d of the %d labelings of %d points found.", strings.ToUpper(where[:1])+where[1:], unitsOf(s.Width), s.Found, s.All, s.N)
}

func placeOf(inputs int) string {
	switch inputs {
	case 1:
		return "on a line"
	case 2:
		return "in the plane"
	}
	return fmt.Sprintf("in %d dimensions", inputs)
}

func unitsOf(width int) string {
	if width == 1 {
		return "1 ReLU"
	}
	return fmt.Sprintf("%d ReLUs", width)
}

// DrawShattering (claim W2) draws what part of the labelings was found over the numbers of points, for the nets with that number of inputs, and
// what a threshold unit can make.
func DrawShattering(inputs int, all []*Shattering) *figure.Figure {
	var widths, points []int
	nets := map[int][]*Shattering{}
	for _, s := range all {
		if s.Inputs != inputs {
			continue
		}
		if nets[s.Width] == nil {
			widths = append(widths, s.Width)
		}
		nets[s.Width], points = append(nets[s.Width], s), append(points, s.N)
	}
	slices.Sort(points)
	points = slices.Compact(points)
	x := figure.X("points")
	if len(points) > 0 {
		x = x.Range(float64(points[0])-0.2, float64(points[len(points)-1])+0.2)
	}
	fig := figure.New("Points "+placeOf(inputs), x, figure.Y("labelings found (%)").Range(0, 105))
	for _, width := range widths {
		beside := func(s *Shattering) float64 { return float64(s.N) + 0.06*float64(width-2) }
		fig.Points(unitsOf(width), figure.Column(nets[width], beside),
			figure.Column(nets[width], func(s *Shattering) float64 { return 100 * float64(s.Found) / float64(s.All) }))
	}
	return fig.Theory("a threshold unit", points, figure.Column(points, func(n int) float64 {
		share, err := theory.CoverShare(n, inputs+1)
		if err != nil {
			return math.NaN() // too many to count
		}
		return 100 * share
	}))
}

// ShatterTable (claim W2) is how many points each net was found to shatter, and how many it can shatter at most.
func ShatterTable(all []*Shattering) (header []string, rows [][]string) {
	type net struct{ inputs, width int }
	var nets []net
	shattered := map[net]int{}
	for _, s := range all {
		n := net{s.Inputs, s.Width}
		if !slices.Contains(nets, n) {
			nets, shattered[n] = append(nets, n), 2
		}
		if s.Found == s.All {
			shattered[n] = max(shattered[n], s.N)
		}
	}
	for _, n := range nets {
		pieces, literature := "?", "?"
		if n.inputs == 1 {
			pieces = fmt.Sprint(n.width + 2)
		}
		if bound, err := theory.VCBound(n.inputs, n.width); err == nil {
			literature = fmt.Sprint(bound)
		}
		rows = append(rows, []string{fmt.Sprint(n.inputs), fmt.Sprint(n.width), fmt.Sprint(n.width*(n.inputs+2) + 1), fmt.Sprint(shattered[n]), pieces, literature})
	}
	return []string{"inputs", "ReLUs", "parameters", "shattered, found", "at most, by pieces", "at most, literature"}, rows
}

// Enumeration (claim W2) is what part of all labelings of points in the plane a threshold unit can make.
type Enumeration struct {
	Ratio, Share []float64 // points for each of the three weights, and the part in percent
	AsCounted    bool      // by Cover's formula, every time
}

// EnumerateLabelings (claim W2) tries all labelings of 1, 2, … points in the plane by linear programs. It is an error when most is not
// between 1 and 30.
func EnumerateLabelings(most int) (*Enumeration, error) {
	if most < 1 || most > 30 {
		return nil, fmt.Errorf("most is %d: it must be between 1 and 30", most)
	}
	rng := rand.New(rand.NewPCG(1, 65))
	e := &Enumeration{AsCounted: true}
	for n := 1; n <= most; n++ {
		points := mat.NewDense(n, 2, nil)
		points.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, points)
		made := 0
		if err := theory.Labelings(n, func(labels []bool) error {
			can, err := theory.Separable(points, labels)
			if can {
				made++
			}
			return err
		}); err != nil {
			return nil, err
		}
		counted, err := theory.Cover(n, 3)
		if err != nil {
			return nil, err
		}
		e.AsCounted = e.AsCounted && counted.Int64() == int64(made)
		e.Ratio, e.Share = append(e.Ratio, float64(n)/3), append(e.Share, 100*float64(made)/math.Exp2(float64(n)))
	}
	return e, nil
}

// DrawCover (claim W2) draws Cover's count, in percent of all labelings, for threshold units of each number of weights. It panics when a
// number is not between 1 and 4,096.
func DrawCover(weights ...int) *figure.Figure {
	fig := figure.New("Cover's count, and enumeration", figure.X("points for each weight, n/d").Range(0, 4), figure.Y("part of all labelings (%)").Range(-2, 105))
	for _, d := range weights {
		if d < 1 || d > 4096 {
			panic(fmt.Errorf("there are %d weights: there must be between 1 and 4,096", d))
		}
		var ratio, share []float64
		for n := 1; n <= 4*d; n++ {
			part, err := theory.CoverShare(n, d)
			if err != nil {
				panic(err) // no number is too large
			}
			ratio, share = append(ratio, float64(n)/float64(d)), append(share, 100*part)
		}
		fig.Line(fmt.Sprintf("d = %d", d), ratio, share)
	}
	return fig
}

// ShatterSettings are those of Shatter.
type ShatterSettings struct {
	Inputs int // of the net
	Width  int // hidden units
	Points int // to be labeled
	Starts int // random starts for each labeling, at most
	Seed   int // of the points
}

// Shatter (claim W2) draws points and looks, for each of their labelings by two classes, for a net of one hidden layer whose output has
// the sign of the label at each point: by Adam on the logistic loss. What it finds is certain; what it does not find may yet exist.
// It is an error when a setting cannot be, and when a run fails.
func Shatter(ctx context.Context, settings ShatterSettings) (*Shattering, error) {
	inputs, width, n := settings.Inputs, settings.Width, settings.Points
	if err := counts("Inputs", inputs, "Width", width, "Points", n, "Starts", settings.Starts); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(uint64(settings.Seed), 6))
	x := mat.NewDense(n, inputs, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 2*rng.Float64() - 1 }, x)
	if inputs == 1 { // in order and not too close: only the order matters to what there is, but the search is slow at close ones
		for i := range n {
			x.Set(i, 0, (2*float64(i)+1)/float64(n)-1)
		}
	}
	data := &problem.Labeled{Features: x, Labels: make([]int, n), Classes: 2}
	net, err := problem.NewNet(problem.MLP{Sizes: []int{inputs, width, 2}, DType: dtypes.Float64}, data)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "Adam", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	s := &Shattering{Inputs: inputs, Width: width, N: n}
	err = theory.Labelings(n-1, func(labels []bool) error { // the last point's label is 0: the other half are the opposites
		s.All += 2
		for i, l := range labels {
			data.Labels[i] = 0
			if l {
				data.Labels[i] = 1
			}
		}
		found, err := separates(ctx, t, net.MLP, data, settings.Starts)
		if found {
			s.Found += 2
		}
		return err
	})
	return s, err
}

// separates tells whether training from one of the starts gives the examples their labels. The trainer is the model's on examples with
// other labels.
func separates(ctx context.Context, shared *train.Trainer, model problem.MLP, data *problem.Labeled, starts int) (bool, error) {
	net, err := problem.NewNet(model, data)
	if err != nil {
		return false, err
	}
	t, err := shared.On(net.Data())
	if err != nil {
		return false, err
	}
	defer t.Close()
	for from := 0; from < starts; from += 8 {
		var jobs []train.Job
		for k := range min(8, starts-from) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{LearningRate: 0.08, Steps: 400, Stride: 400,
				Start: problem.Uniform(model.Sizes, from+k).Start()}})
		}
		histories, err := train.Sweep(ctx, jobs, 0, nil)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(histories, func(h *train.History) bool { return model.Accuracy(h.Final, data) == 1 }) {
			return true, nil
		}
	}
	return false, nil
}
