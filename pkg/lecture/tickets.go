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
// them it trains as many units of the same wide nets taken at random, and nets of Keep units drawn afresh. It is an error when Keep is not
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
	whole, err := training.runVariants(ctx, hidden(wide), train.Record{}, []variant{{training.Rate, spread}})
	if err != nil {
		return nil, err
	}
	winners := func(seed int) []int {
		return strongest(whole[0][seed-1-training.Before], wide)[:keep]
	}
	random := func(seed int) []int { return rand.New(rand.NewPCG(uint64(seed), 12)).Perm(wide)[:keep] }
	only := func(units func(seed int) []int) problem.Initializer {
		return func(_ []int, seed int) problem.Layers { return keepUnits(first(seed), units(seed)).Layers }
	}
	some, err := training.runVariants(ctx, hidden(keep), train.Record{}, []variant{
		{training.Rate, only(winners)}, {training.Rate, only(random)}, {training.Rate, spread}})
	if err != nil {
		return nil, err
	}
	var all []Ticket
	for i, runs := range append(whole, some...) {
		width := []int{wide, keep}[min(i, 1)]
		found, err := training.success(width, runs, settings.Tolerance)
		if err != nil {
			return nil, err
		}
		all = append(all, Ticket{fmt.Sprintf("%s %d", []string{"all", "strongest", "random", "fresh"}[i], width), found})
	}
	return all, nil
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
