package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// KnotMotion (claim N12) is how the knots of nets move in training.
type KnotMotion struct {
	Target problem.Target
	Step   []int
	Nets   []*relu.Net // of the first seed, at each step
	// Near is, over seeds (of one seed without an interval), the part of all bending that lies near a kink of the target, at the start and at the end; Chance
	// is what bends at random places would have.
	NearBefore, NearAfter stat.Interval
	Chance                float64
}

// Frames picks at most the given number of records, close together at the start, where the net changes fastest.
func (g *KnotMotion) Frames(most int) (records []int) {
	for i := range most {
		part := float64(i) / float64(most-1)
		k := int(math.Round(part * part * float64(len(g.Nets)-1)))
		if len(records) == 0 || k > records[len(records)-1] {
			records = append(records, k)
		}
	}
	return records
}

// Paths are the places of the knots, [units][records], after the steps they belong to.
func (g *KnotMotion) Paths() (steps []float64, knots [][]float64) {
	for r, net := range g.Nets {
		steps = append(steps, float64(g.Step[r]))
		elbows, _, err := net.Elbows()
		if err != nil {
			panic(err) // FollowKnots' nets are sums of elbows
		}
		if r == 0 {
			knots = make([][]float64, len(elbows))
		}
		for i, e := range elbows {
			knots[i] = append(knots[i], e.Knot())
		}
	}
	return steps, knots
}

// String says how much of the bending lies near the kinks, and what the first net's bends there add up to.
func (g *KnotMotion) String() string {
	if len(g.Target.Knots) == 0 {
		return g.Target.Name + " has no kinks for the knots to gather at."
	}
	words := fmt.Sprintf("Within 1/20 of a kink lies %s of all bending Σ|vw| at the start and %s at the end; bends at random places would have %.0f %% there.",
		percent(g.NearBefore), percent(g.NearAfter), 100*g.Chance)
	places, bends := g.bends(len(g.Nets) - 1)
	for _, k := range g.Target.Knots {
		sum, count := 0.0, 0
		for i, place := range places {
			if math.Abs(place-k) < near {
				sum, count = sum+bends[i], count+1
			}
		}
		if want := slopeChange(g.Target, k); math.Abs(want) < steep {
			words += fmt.Sprintf("\nNear %g the net has %d knots, whose slopes change by %.2f in sum; the target's changes by %.2f.", k, count, sum, want)
		}
	}
	return words
}

// steep is the slope change above which a target's kink is a jump.
const steep = 1e3

// slopeChange is by how much the target's slope changes at x.
func slopeChange(target problem.Target, x float64) float64 {
	const h = 1e-5
	return (target.F(x+h) - 2*target.F(x) + target.F(x-h)) / h
}

// bends are the knots of a record's net in the interval, and by how much its slope changes at each, v|w|.
func (g *KnotMotion) bends(record int) (places, changes []float64) {
	units, _, err := g.Nets[record].Elbows()
	if err != nil {
		panic(err) // FollowKnots' nets are sums of elbows
	}
	for _, e := range units {
		if k := e.Knot(); k >= g.Target.Lo && k <= g.Target.Hi {
			places, changes = append(places, k), append(changes, e.V*math.Abs(e.W))
		}
	}
	return places, changes
}

// binned are the bends of a record's net, added up in bins of a fiftieth of the interval, at their middles; bins without a knot are left
// out.
func (g *KnotMotion) binned(record int) (middles, changes []float64) {
	const bins = 50
	sums, full := make([]float64, bins+1), make([]bool, bins+1)
	places, bends := g.bends(record)
	length := g.Target.Hi - g.Target.Lo
	for i, place := range places {
		bin := int(math.Round((place - g.Target.Lo) / length * bins))
		sums[bin], full[bin] = sums[bin]+bends[i], true
	}
	for bin, sum := range sums {
		if full[bin] {
			middles, changes = append(middles, g.Target.Lo+length*float64(bin)/bins), append(changes, sum)
		}
	}
	return middles, changes
}

// Animate (claim N12) shows the net of the first seed as it learns, and by how much its slope changes where its knots are, in at most 24
// frames.
func (g *KnotMotion) Animate() *figure.Animation {
	lo, hi := g.Target.Lo, g.Target.Hi
	xs, frames := figure.Between(lo, hi), g.Frames(24) // most of the motion is early
	heights, slopes := []float64{-1, 1}, []float64{-1, 1}
	for _, x := range xs {
		heights = append(heights, g.Target.F(x))
	}
	var kinks, wanted []float64
	for _, k := range g.Target.Knots {
		if change := slopeChange(g.Target, k); math.Abs(change) < steep {
			kinks, wanted = append(kinks, k), append(wanted, change)
		}
	}
	slopes = append(slopes, wanted...)
	for _, k := range frames {
		_, changes := g.binned(k)
		slopes = append(slopes, changes...)
	}
	height, slope := Span(heights), Span(slopes)
	return figure.Animate(len(frames), 6, func(i int) *figure.Figure {
		net := g.Nets[frames[i]]
		picture := figure.New(fmt.Sprintf("Step %d", g.Step[frames[i]]), figure.X("x").Range(lo, hi), figure.Y("f(x)").Range(height[0], height[1])).
			Theory("target", xs, g.Target.F).Line("net", xs, net.At)
		bends := figure.New("Where it bends", figure.X("x").Range(lo, hi), figure.Y("change of slope").Range(slope[0], slope[1]))
		if places, _ := g.bends(frames[i]); len(places) > 0 {
			picture.Points("knots", places, net.At)
			middles, changes := g.binned(frames[i])
			bends.Stems("net", middles, changes)
		}
		if len(kinks) > 0 {
			bends.Points("kinks of the target", kinks, wanted)
		}
		return figure.Row(picture, bends)
	})
}

// DrawPaths (claim N12) draws the places of the knots over the steps, from the first record after the start, because most of the motion is early and the
// steps are logarithmic, and the target's kinks. A knot beyond the interval is drawn a little outside of it.
func (g *KnotMotion) DrawPaths() *figure.Figure {
	steps, knots := g.Paths()
	const outside = 0.1
	lo, hi := g.Target.Lo-outside, g.Target.Hi+outside
	for i, path := range knots {
		for r, k := range path {
			path[r] = max(lo, min(hi, k))
		}
		knots[i] = path[1:]
	}
	fig := figure.New("Where the knots go", figure.LogX("step"), figure.Y("knot −b/w (beyond 0 and 1: outside)").Range(lo-outside, hi+outside)).
		Bundle("one knot each", steps[1:], knots)
	for _, k := range g.Target.Knots {
		fig.HLine(k, "kink")
	}
	return fig
}

// near is the distance that NearBefore and NearAfter call near, in the target's units.
const near = 0.05

// FollowKnots (claim N12) trains nets of one hidden layer on a target that has kinks, and follows their knots in about 400 records. It
// is an error when a setting cannot be, when the first run diverges, and when a run fails.
func FollowKnots(ctx context.Context, training Training, width int) (*KnotMotion, error) {
	if err := counts("Width", width); err != nil {
		return nil, err
	}
	target := training.Target
	swept, err := training.run(ctx, shallow([]int{width}), train.Record{Params: true}, max(1, training.Steps/400))
	if err != nil {
		return nil, err
	}
	histories := swept[0]
	g := &KnotMotion{Target: target, Step: histories[0].Step}
	if _, diverged := histories[0].Diverged(); diverged {
		return nil, fmt.Errorf("training diverged: choose a rate below %g", training.Rate)
	}
	for _, theta := range histories[0].Params {
		net, err := relu.FromTheta(theta, 1, width, 1)
		if err != nil {
			return nil, err
		}
		g.Nets = append(g.Nets, net)
	}
	var before, after []float64
	for _, h := range histories {
		if _, diverged := h.Diverged(); diverged {
			continue
		}
		b, err := bendingNear(h.Params[0], width, target)
		if err != nil {
			return nil, err
		}
		a, err := bendingNear(h.Final, width, target)
		if err != nil {
			return nil, err
		}
		before, after = append(before, b), append(after, a)
	}
	for i := range 10_000 {
		if x := (float64(i) + 0.5) / 10_000; closeTo(target, target.Lo+x*(target.Hi-target.Lo)) {
			g.Chance += 1e-4
		}
	}
	if g.NearBefore, err = stat.MeanOverRuns(before, Confidence); err != nil {
		return nil, err
	}
	g.NearAfter, err = stat.MeanOverRuns(after, Confidence)
	return g, err
}

// closeTo tells whether x is near a kink of the target.
func closeTo(target problem.Target, x float64) bool {
	return slices.ContainsFunc(target.Knots, func(knot float64) bool { return math.Abs(x-knot) < near })
}

// bendingNear is the part of Σ|vw| over the knots in the interval that lies near a kink of the target.
func bendingNear(theta []float64, width int, target problem.Target) (float64, error) {
	net, err := relu.FromTheta(theta, 1, width, 1)
	if err != nil {
		return 0, err
	}
	elbows, _, err := net.Elbows()
	if err != nil {
		return 0, err
	}
	all, nearby := 0.0, 0.0
	for _, e := range elbows {
		knot := e.Knot()
		if !(target.Lo < knot && knot < target.Hi) {
			continue
		}
		all += math.Abs(e.Slope())
		if closeTo(target, knot) {
			nearby += math.Abs(e.Slope())
		}
	}
	if all == 0 {
		return 0, nil
	}
	return nearby / all, nil
}
