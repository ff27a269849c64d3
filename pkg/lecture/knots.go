package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// KnotMotion (claim N12) is how the knots of nets move in training.
type KnotMotion struct {
	Step []int
	Nets []*relu.Net // of the first seed, at each step
	// Near is, over seeds, the part of all bending that lies near a kink of the target, at the start and at the end; Chance
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

// Paths are the places of the knots, [units][records], after the steps they belong to. The first step, 0, is left out.
func (g *KnotMotion) Paths() (steps []float64, knots [][]float64) {
	for r, net := range g.Nets[1:] {
		steps = append(steps, float64(g.Step[r+1]))
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

// near is the distance that Growth calls near, in the target's units.
const near = 0.05

// FollowKnots (claim N12) trains nets of one hidden layer on a target that has kinks, and follows their knots in about 120 records. It
// is an error when a setting cannot be, when the first run diverges, and when a run fails.
func FollowKnots(ctx context.Context, training Training, width int) (*KnotMotion, error) {
	if err := counts("Width", width); err != nil {
		return nil, err
	}
	target := training.Target
	swept, err := training.run(ctx, shallow([]int{width}), train.Record{Params: true}, max(1, training.Steps/120))
	if err != nil {
		return nil, err
	}
	histories := swept[0]
	g := &KnotMotion{Step: histories[0].Step}
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
	if len(before) < 2 {
		g.NearBefore, g.NearAfter = stat.Interval{Value: before[0], Low: 0, High: 1}, stat.Interval{Value: after[0], Low: 0, High: 1}
		return g, nil
	}
	if g.NearBefore, err = stat.Mean(before, Confidence); err != nil {
		return nil, err
	}
	g.NearAfter, err = stat.Mean(after, Confidence)
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
