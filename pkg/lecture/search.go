package lecture

import (
	"context"
	"math"

	"github.com/gomlx/compute"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
)

// Success is how often training finds what a net of the width can be (claim N11).
type Success struct {
	Width  int
	Errors []float64     // root mean square, by seed
	Rate   stat.Interval // the part of the seeds with an error below the tolerance
	Best   float64       // the least of the errors; NaN where every run diverged
	Net    *relu.Net     // which has it
}

// Search trains nets of each width from many seeds, on a target that each of them can represent exactly.
func Search(ctx context.Context, backend compute.Backend, target problem.Target, widths []int, rate float64, steps, seeds int, tolerance float64) ([]*Success, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	lesson := Lesson{Target: target, Rate: rate, Steps: steps}
	var pupils []Pupil
	for _, w := range widths {
		pupils = append(pupils, Pupil{Widths: []int{w}})
	}
	taught, err := lesson.Teach(ctx, backend, pupils, seeds, nil)
	if err != nil {
		return nil, err
	}
	var all []*Success
	for i, p := range pupils {
		s := &Success{Width: widths[i], Best: math.NaN()}
		found := 0
		for _, h := range taught[i] {
			off, err := lesson.Error(p, h)
			if err != nil {
				return nil, err
			}
			if off < tolerance {
				found++
			}
			s.Errors = append(s.Errors, off)
			if !math.IsNaN(off) && !(s.Best <= off) {
				s.Best = off
				if s.Net, err = relu.FromTheta(h.Final, 1, widths[i], 1); err != nil {
					return nil, err
				}
			}
		}
		if s.Rate, err = stat.Proportion(found, seeds, 0.95); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
