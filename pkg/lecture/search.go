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
	return fmt.Sprintf("%d units: %s found it; the smallest error is %.2g.", s.Width, percent(s.Rate), s.Best)
}

// DrawSearch (claim N11) draws the errors of all runs over the widths, with the tolerance, and the part of them below it.
func DrawSearch(all []*Success, tolerance float64) *figure.Figure {
	widths := figure.Each(all, func(s *Success) string { return fmt.Sprint(s.Width) })
	runs := 0
	var places, errors []float64
	for i, s := range all {
		runs = len(s.Errors)
		for _, e := range s.Errors {
			if !math.IsNaN(e) {
				places, errors = append(places, float64(i)), append(errors, e)
			}
		}
	}
	units := figure.X("hidden units").Categories(widths...)
	fig := figure.New(fmt.Sprintf("Errors from %d random starts", runs), units, figure.LogY("root mean square error"))
	if len(errors) > 0 {
		fig.Points("one run each", places, errors)
	}
	return figure.Row(fig.HLine(tolerance, "counts as found"), figure.New("Runs that find the target", units, figure.Y("found (%)").Range(-2, 102)).
		ConfidenceIntervals("share of the runs", nil, percents(figure.Each(all, func(s *Success) stat.Interval { return s.Rate }))))
}

// DrawFound (claim N11) draws the best net of a width beside the target, with its knots. It panics when s is nil.
func DrawFound(target problem.Target, s *Success) *figure.Figure {
	mustGive("success", s)
	fig := Graph(fmt.Sprintf("The best of the nets of %d units", s.Width), target).Theory("target", nil, target.F)
	if s.Net == nil {
		return fig
	}
	fig.Line("net", nil, s.Net.At)
	if knots, err := s.Net.Knots(target.Lo, target.Hi); err == nil && len(knots) > 0 {
		fig.Points("its knots", knots, s.Net.At)
	}
	return fig
}

// Search (claim N11) trains nets of each width on a target that each of them can represent exactly. tolerance is the error that
// counts as found. It is an error when a setting cannot be, and when a run fails.
func Search(ctx context.Context, training Training, widths []int, tolerance float64) ([]*Success, error) {
	histories, err := training.run(ctx, shallow(widths), train.Record{}, 0)
	if err != nil {
		return nil, err
	}
	var all []*Success
	for i, width := range widths {
		s, err := training.success(width, histories[i], tolerance)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// success says how often runs of nets of a width end below the tolerance.
func (t Training) success(width int, histories []*train.History, tolerance float64) (s *Success, err error) {
	s = &Success{Width: width, Best: math.NaN()}
	found := 0
	for _, h := range histories {
		off := t.error(hidden(width), h)
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
	s.Rate, err = stat.Proportion(found, len(histories), Confidence)
	return s, err
}
