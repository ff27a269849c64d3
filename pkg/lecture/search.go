package lecture

import (
	"context"
	"fmt"
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Success (claim N11) is how often training finds what a net of the width can be.
type Success struct {
	Width  int
	Errors []float64     // root mean square, by seed
	Rate   stat.Interval // the part of the seeds with an error below the tolerance
	Best   float64       // the least of the errors; NaN where every run diverged
	Net    *relu.Net     // which has it; nil where every run diverged
}

// String says how often the net is found.
func (s *Success) String() string {
	if s.Net == nil {
		return fmt.Sprintf("%d units: every run diverged.", s.Width)
	}
	return fmt.Sprintf("%d units: %.0f %% found it (%.0f to %.0f %%), the best one has the error %.2g.", s.Width, 100*s.Rate.Value, 100*s.Rate.Low, 100*s.Rate.High, s.Best)
}

// DrawSearch (claim N11) draws the errors of all runs over the widths, each width's beside each other, and the tolerance.
func DrawSearch(all []*Success, tolerance float64) *figure.Figure {
	runs := 0
	var xs, errors []float64
	for _, s := range all {
		runs = len(s.Errors)
		for k, e := range s.Errors {
			if !math.IsNaN(e) {
				xs, errors = append(xs, float64(s.Width)*math.Exp(0.2*(float64(k)/float64(runs)-0.5))), append(errors, e)
			}
		}
	}
	fig := figure.New(fmt.Sprintf("What %d random starts find", runs), figure.LogX("hidden units"), figure.LogY("root mean square error"))
	if len(errors) > 0 {
		fig.Points("one run each", xs, errors)
	}
	return fig.HLine(tolerance, "found")
}

// DrawFound (claim N11) draws the best nets of some widths beside the target, which nets of ten units or more can be.
func DrawFound(target problem.Target, some ...*Success) *figure.Figure {
	fig := Graph("The best nets", target).Theory("target, and ten elbows written down", nil, target.F)
	for _, s := range some {
		if s.Net != nil {
			fig.Line(fmt.Sprintf("%d units, trained", s.Width), nil, s.Net.At)
		}
	}
	return fig
}

// Search (claim N11) trains nets of each width on a target that each of them can represent exactly. tolerance is the error that
// counts as found. It is an error when a setting cannot be, and when a run fails.
func Search(ctx context.Context, training Training, widths []int, tolerance float64) ([]*Success, error) {
	models := shallow(widths)
	histories, err := training.run(ctx, models, train.Record{}, 0)
	if err != nil {
		return nil, err
	}
	var all []*Success
	for i, width := range widths {
		s := &Success{Width: width, Best: math.NaN()}
		found := 0
		for _, h := range histories[i] {
			off := training.error(models[i], h)
			if off < tolerance {
				found++
			}
			s.Errors = append(s.Errors, off)
			if !math.IsNaN(off) && !(s.Best <= off) {
				s.Best = off
				if s.Net, err = relu.FromTheta(h.Final, 1, width, 1); err != nil {
					return nil, err
				}
			}
		}
		if s.Rate, err = stat.Proportion(found, training.Seeds, Confidence); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
