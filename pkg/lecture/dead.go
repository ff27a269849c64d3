package lecture

import (
	"context"
	"fmt"

	"descent.example/pkg/figure"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Dead (claim N8) are the dead ReLUs after training at a rate.
type Dead struct {
	Rate  float64
	Share stat.Interval // of all units of all seeds
}

// String says how many are dead.
func (d Dead) String() string {
	return fmt.Sprintf("rate %-5g  %3.0f %% dead (%.0f to %.0f %%)", d.Rate, 100*d.Share.Value, 100*d.Share.Low, 100*d.Share.High)
}

// DrawDead (claim N8) draws the shares over the rates.
func DrawDead(all []Dead) *figure.Figure {
	shares := percents(figure.Each(all, func(d Dead) stat.Interval { return d.Share }))
	return figure.New("Units that are 0 on the whole interval", figure.LogX("Adam's rate at first"), figure.Y("dead units (%)").Range(-2, 102)).
		ConfidenceIntervals("after training", figure.Column(all, func(d Dead) float64 { return d.Rate }), shares)
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
