package lecture

import (
	"context"

	"github.com/gomlx/compute"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
)

// Dead counts dead ReLUs after training at several rates (claim N8).
type Dead struct {
	Rate  float64
	Share stat.Interval // of all units of all seeds
}

// CountDead trains nets of one hidden layer by Adam at each rate and counts the units that are 0 on the whole interval, exactly.
func CountDead(ctx context.Context, backend compute.Backend, target problem.Target, width int, rates []float64, steps, seeds int) ([]Dead, error) {
	if err := counts("width", width, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	var all []Dead
	for _, rate := range rates {
		lesson := Lesson{Target: target, Rate: rate, Steps: steps}
		taught, err := lesson.Teach(ctx, backend, []Pupil{{Widths: []int{width}}}, seeds, nil)
		if err != nil {
			return nil, err
		}
		dead := 0
		for _, h := range taught[0] {
			if _, diverged := h.Diverged(); diverged {
				dead += width
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, width, 1)
			if err != nil {
				return nil, err
			}
			states, err := net.Units(target.Lo, target.Hi)
			if err != nil {
				return nil, err
			}
			for _, s := range states[0] {
				if s == relu.Dead {
					dead++
				}
			}
		}
		share, err := stat.Proportion(dead, width*seeds, 0.95)
		if err != nil {
			return nil, err
		}
		all = append(all, Dead{rate, share})
	}
	return all, nil
}
