package lecture

import (
	"context"
	"math"

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
	Net    *relu.Net     // which has it
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
