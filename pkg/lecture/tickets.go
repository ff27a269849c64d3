package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Ticket (claim N11) is how often some of a wide net's units find the target without the others.
type Ticket struct {
	Name string
	*Success
}

// TicketSettings are those of Tickets.
type TicketSettings struct {
	Training  Training
	Wide      int     // units of the wide nets
	Keep      int     // units that are kept of each
	Tolerance float64 // root mean square error that counts as found
}

// Tickets (claim N11) trains wide nets, keeps of each the Keep units that are strongest at the end, by |v|·‖(w, b)‖, sets them back to
// their own first values, and trains them alone: Frankle and Carbin's test for a winning ticket, for units in place of weights. Beside
// them it trains units of the same wide nets taken at random, and nets of Keep units drawn afresh. It is an error when Keep is not
// between 1 and Wide, when another setting cannot be, and when a run fails.
//
// Source: J. Frankle and M. Carbin (2019), "The Lottery Ticket Hypothesis", arXiv:1803.03635.
func Tickets(ctx context.Context, settings TicketSettings) ([]Ticket, error) {
	wide, keep, training := settings.Wide, settings.Keep, settings.Training
	if err := counts("Wide", wide, "Keep", keep); err != nil {
		return nil, err
	}
	if keep > wide {
		return nil, fmt.Errorf("Keep is %d: it must be at most Wide, %d", keep, wide)
	}
	if err := training.check(); err != nil {
		return nil, err
	}
	xs, _ := training.Target.Grid(201)
	spread := problem.SpreadElbows(xs)
	first := func(seed int) *relu.Net { return &relu.Net{Layers: spread([]int{1, wide, 1}, seed)} }
	whole, histories, err := settings.try(ctx, fmt.Sprintf("all %d", wide), wide, spread)
	if err != nil {
		return nil, err
	}
	all := []Ticket{whole}
	winners := func(seed int) []int {
		return strongest(histories[seed-1-training.Before], wide)[:keep]
	}
	random := func(seed int) []int { return rand.New(rand.NewPCG(uint64(seed), 12)).Perm(wide)[:keep] }
	only := func(units func(seed int) []int) problem.Initializer {
		return func(_ []int, seed int) problem.Layers { return keepUnits(first(seed), units(seed)).Layers }
	}
	for _, t := range []struct {
		name  string
		start problem.Initializer
	}{{fmt.Sprintf("strongest %d", keep), only(winners)}, {fmt.Sprintf("random %d", keep), only(random)}, {fmt.Sprintf("fresh %d", keep), spread}} {
		some, _, err := settings.try(ctx, t.name, keep, t.start)
		if err != nil {
			return nil, err
		}
		all = append(all, some)
	}
	return all, nil
}

// try trains nets of a width from a start.
func (s TicketSettings) try(ctx context.Context, name string, width int, start problem.Initializer) (Ticket, []*train.History, error) {
	s.Training.Start = start
	histories, err := s.Training.run(ctx, shallow([]int{width}), train.Record{}, 0)
	if err != nil {
		return Ticket{}, nil, err
	}
	found, err := s.Training.success(width, histories[0], s.Tolerance)
	return Ticket{name, found}, histories[0], err
}

// strongest are the units of a trained net, those with the greatest |v|·‖(w, b)‖ first.
func strongest(h *train.History, width int) []int {
	net, err := relu.FromTheta(h.Final, 1, width, 1)
	if err != nil {
		panic(err) // the history is of such a net
	}
	strength := func(j int) float64 {
		return math.Abs(net.Layers[1].W.At(j, 0)) * math.Hypot(net.Layers[0].W.At(0, j), net.Layers[0].B[j])
	}
	units := make([]int, width)
	for j := range units {
		units[j] = j
	}
	slices.SortStableFunc(units, func(i, j int) int { return cmp.Compare(strength(j), strength(i)) })
	return units
}

// keepUnits is the net of some of the units of a net of one hidden layer, one input and one output.
func keepUnits(net *relu.Net, units []int) *relu.Net {
	some := relu.New(1, len(units), 1)
	for k, j := range units {
		some.Layers[0].W.Set(0, k, net.Layers[0].W.At(0, j))
		some.Layers[0].B[k] = net.Layers[0].B[j]
		some.Layers[1].W.Set(k, 0, net.Layers[1].W.At(j, 0))
	}
	some.Layers[1].B[0] = net.Layers[1].B[0]
	return some
}

// DrawTickets (claim N11) draws the shares of the runs that find the target.
func DrawTickets(all []Ticket) *figure.Figure {
	return figure.New("Runs that find the target", figure.X("units that are trained").Categories(figure.Each(all, func(t Ticket) string { return t.Name })...),
		figure.Y("found (%)").Range(-2, 102)).
		ConfidenceIntervals("share of the runs", nil, percents(figure.Each(all, func(t Ticket) stat.Interval { return t.Rate })))
}
