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
	"descent.example/pkg/stat"
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

// Known (claim W2) is what is known of how many points a net of one hidden layer shatters.
type Known struct {
	Inputs, Width int
	Shattered     int // by a net that has been found for every labeling; at least 1, since the net's constant alone labels a point either way
	Most          int // by proof: theory.ShallowVCBound, and of one ReLU, which is positive on a half-space, what a threshold unit shatters
}

// WhatIsKnown (claim W2) takes the largest number of points of which all labelings were found, for each net. It is an error when theory has no bound.
func WhatIsKnown(all []*Shattering) (known []*Known, err error) {
	for _, s := range all {
		i := slices.IndexFunc(known, func(k *Known) bool { return k.Inputs == s.Inputs && k.Width == s.Width })
		if i < 0 {
			most, err := theory.ShallowVCBound(s.Inputs, s.Width)
			if err != nil {
				return nil, err
			}
			if s.Width == 1 {
				most = s.Inputs + 1
			}
			i, known = len(known), append(known, &Known{Inputs: s.Inputs, Width: s.Width, Shattered: 1, Most: most})
		}
		if s.Found == s.All {
			known[i].Shattered = max(known[i].Shattered, s.N)
		}
	}
	return known, nil
}

// Parameters are those of the net.
func (k *Known) Parameters() int { return k.Width*(k.Inputs+2) + 1 }

// DrawKnown (claim W2) draws between which numbers the VC dimension of each net lies: from the points that are shattered, the mark, to what is proved to be
// the most, the end of the bar. For one ReLU both are the same.
func DrawKnown(all []*Known) *figure.Figure {
	names := figure.Each(all, func(k *Known) string { return fmt.Sprint(k.Width) })
	between := figure.Each(all, func(k *Known) stat.Interval {
		return stat.Interval{Value: float64(k.Shattered), Low: float64(k.Shattered), High: float64(k.Most)}
	})
	return figure.New("The VC dimension in the plane lies on the bar", figure.X("ReLUs").Categories(names...), figure.LogY("points").Range(2, 100)).
		ConfidenceIntervals("from shattered (mark) to proved bound (end of the bar)", nil, between)
}

// Enumeration (claim W2) is what part of all labelings of points in the plane a threshold unit can make.
type Enumeration struct {
	Ratio, Share []float64 // points for each of the three weights, and the part in percent
	Off          int       // by how many labelings Cover's count was wrong at most
}

// EnumerateLabelings (claim W2) tries all labelings of 1, 2, … points in the plane by linear programs. It is an error when most is not
// between 1 and 30.
func EnumerateLabelings(most int) (*Enumeration, error) {
	if most < 1 || most > 30 {
		return nil, fmt.Errorf("most is %d: it must be between 1 and 30", most)
	}
	rng := rand.New(rand.NewPCG(1, 65))
	e := new(Enumeration)
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
		e.Off = max(e.Off, made-int(counted.Int64()), int(counted.Int64())-made)
		e.Ratio, e.Share = append(e.Ratio, float64(n)/3), append(e.Share, 100*float64(made)/math.Exp2(float64(n)))
	}
	return e, nil
}

// DrawCover (claim W2) draws Cover's count, in percent of all labelings, for threshold units of each number of weights. It panics when a
// number is not between 1 and 4,096.
func DrawCover(weights ...int) *figure.Figure {
	fig := figure.New("Cover's count, and enumeration", figure.X("points per weight, n/d").Range(0, 4), figure.Y("fraction of all labelings (%)").Range(-2, 105))
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
	Points int // to be labeled: on a line at equal distances; in the plane random ones, but for 9 those of nine
	Starts int // random starts for each labeling, at most
	Seed   int // of the points
}

// nine are points in the plane that three ReLUs shatter, as a search has found.
var nine = [][]float64{{0.610, 0.616}, {0.031, -0.428}, {-0.892, -0.233}, {-0.183, -0.909}, {-0.902, 0.998}, {0.305, -0.531},
	{-0.130, 0.948}, {0.795, 0.688}, {-0.215, -0.014}}

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
	if inputs == 2 && n == len(nine) {
		for i, at := range nine {
			x.SetRow(i, at)
		}
	}
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
				Start: acrossPoints(data.Features, model.Sizes, from+k).Start()}})
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

// acrossPoints starts a net with each hidden unit's knot through a random place between two of the points, and with
// random output weights.
func acrossPoints(x *mat.Dense, sizes []int, seed int) problem.Layers {
	rng := rand.New(rand.NewPCG(uint64(seed), 66))
	n, inputs := x.Dims()
	layers := problem.ZeroLayers(sizes...)
	for k := range sizes[1] {
		a, b, part := rng.IntN(n), rng.IntN(n), rng.Float64()
		for j := range inputs {
			w := 2 * rng.NormFloat64()
			layers[0].W.Set(j, k, w)
			layers[0].B[k] -= w * (part*x.At(a, j) + (1-part)*x.At(b, j))
		}
		layers[1].W.Set(k, 1, rng.NormFloat64())
	}
	layers[1].B[1] = rng.NormFloat64() / 2
	return layers
}
