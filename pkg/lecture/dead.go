package lecture

import (
	"context"

	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Dead (claim N8) are the dead ReLUs after training at a rate.
type Dead struct {
	Rate  float64
	Share stat.Interval // of all units of all seeds
}

// CountDead (claim N8) trains nets of one hidden layer at each rate and counts the units that are 0 on the whole interval, exactly. It
// is an error when a setting cannot be, and when a run fails.
func CountDead(ctx context.Context, settings RateSettings) ([]Dead, error) {
	target, width := settings.Target, settings.Width
	var all []Dead
	for _, rate := range settings.Rates {
		training, err := settings.at(rate)
		if err != nil {
			return nil, err
		}
		histories, err := training.run(ctx, shallow([]int{width}), train.Record{}, 0)
		if err != nil {
			return nil, err
		}
		dead := 0
		for _, h := range histories[0] {
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
		share, err := stat.Proportion(dead, width*settings.Seeds, Confidence)
		if err != nil {
			return nil, err
		}
		all = append(all, Dead{rate, share})
	}
	return all, nil
}
