package lecture

import (
	"context"
	"fmt"

	"descent.example/pkg/figure"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Dead (claim N8) are the dead ReLUs of nets before and after training at a rate.
type Dead struct {
	Rate  float64
	Start stat.Interval // of all units of all seeds, before the first step
	Share stat.Interval // after training
}

// String says how many are dead.
func (d Dead) String() string {
	return fmt.Sprintf("rate %-5g  %s dead after training", d.Rate, percent(d.Share))
}

// DrawDead (claim N8) draws the shares over the rates, and the first one's share before training.
func DrawDead(title string, all []Dead) *figure.Figure {
	shares := percents(figure.Each(all, func(d Dead) stat.Interval { return d.Share }))
	fig := figure.New(title, figure.LogX("Adam's first rate"), figure.Y("dead units (%)").Range(-2, 102)).
		ConfidenceIntervals("after training", figure.Column(all, func(d Dead) float64 { return d.Rate }), shares)
	if len(all) > 0 {
		fig.HLine(100*all[0].Start.Value, "before training")
	}
	return fig
}

// CountDead (claim N8) trains nets of one hidden layer at each rate and counts the units that are 0 on the whole interval, exactly. It
// is an error when a setting cannot be, and when a run fails.
func CountDead(ctx context.Context, settings RateSettings) ([]Dead, error) {
	width, training := settings.Width, settings.training()
	if err := counts("Width", width); err != nil {
		return nil, err
	}
	histories, err := training.runVariants(ctx, hidden(width), train.Record{Params: true}, variantsAt(settings.Rates))
	if err != nil {
		return nil, err
	}
	var all []Dead
	for i, rate := range settings.Rates {
		start, end := 0, 0
		for _, h := range histories[i] {
			before, err := training.dead(h.Params[0], width)
			if err != nil {
				return nil, err
			}
			after := width // a net that diverged is lost
			if _, diverged := h.Diverged(); !diverged {
				if after, err = training.dead(h.Final, width); err != nil {
					return nil, err
				}
			}
			start, end = start+before, end+after
		}
		d := Dead{Rate: rate}
		if d.Start, err = stat.Proportion(start, width*settings.Seeds, Confidence); err != nil {
			return nil, err
		}
		if d.Share, err = stat.Proportion(end, width*settings.Seeds, Confidence); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// dead counts the units of a net of one hidden layer that are 0 on the whole interval.
func (t Training) dead(theta []float64, width int) (count int, err error) {
	net, err := relu.FromTheta(theta, 1, width, 1)
	if err != nil {
		return 0, err
	}
	states, err := net.Units(t.Target.Lo, t.Target.Hi)
	if err != nil {
		return 0, err
	}
	for _, s := range states[0] {
		if s == relu.Dead {
			count++
		}
	}
	return count, nil
}
