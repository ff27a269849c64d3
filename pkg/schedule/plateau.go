package schedule

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Plateau lowers the rate of any schedule where the loss stops falling (claim H2): the rate of step t is scale_t·η_t,
// and scale_t, 1 at first, is multiplied by a factor each time that the loss has stayed at or above its least value for
// patience steps. So the rate depends on the run, and a Plateau has a state beside its constants:
//
//	(scale, least loss, steps without a lower one, steps left to wait) after step t = formula(loss_t, the same before)
//
// The zero Plateau is none: ReduceOnPlateau makes one.
type Plateau struct {
	constants []float64
}

// ReduceOnPlateau multiplies the rate by factor, between 0 and 1, once the loss has not been below (1 − tolerance) of the
// least one yet in patience steps running. It then waits for cooldown steps, 0 or more, before it counts again. The
// rate does not fall below floor times the schedule's; floor is from 0 to 1. It is an error when factor is not between
// 0 and 1, when patience is below 1, when tolerance is not in [0, 1), when cooldown is negative, or when floor is not in [0, 1].
// optax: contrib.reduce_on_plateau, with rtol = tolerance, min_scale = floor, atol = 0 and accumulation_size = 1.
func ReduceOnPlateau(factor float64, patience int, tolerance float64, cooldown int, floor float64) (Plateau, error) {
	constants := []constant{positive("factor", factor), count("patience", patience), notNegative("tolerance", tolerance),
		notNegative("cooldown", float64(cooldown)), notNegative("floor", floor)}
	if factor >= 1 {
		constants[0].err = fmt.Errorf("factor is %v: it must be less than 1, as it lowers the rate", factor)
	}
	if tolerance >= 1 {
		constants[2].err = fmt.Errorf("tolerance is %v: it must be less than 1", tolerance)
	}
	if floor > 1 && !math.IsInf(floor, 1) {
		constants[4].err = fmt.Errorf("floor is %v: it must be at most 1, as the rate is not to rise", floor)
	}
	s, err := build("plateau", nil, constants...)
	return Plateau{s.constants}, err
}

// On tells a Plateau from the zero one.
func (p Plateau) On() bool { return p.constants != nil }

// Constants returns a copy of the formula's constants, [n]: the input of a program that was built with Node.
func (p Plateau) Constants() []float64 { return slices.Clone(p.constants) }

// Start returns the state before step 0.
func (p Plateau) Start() []float64 { return []float64{1, math.Inf(1), 0, 0} }

// Scales returns scale_t on the host for the losses of steps 0, 1, 2, ….
func (p Plateau) Scales(losses []float64) []float64 {
	state, c := hosts(p.Start()).elements(), hosts(p.constants).elements()
	scales := make([]float64, len(losses))
	for t, loss := range losses {
		if p.On() {
			state = reduce(host(loss), c, state)
		}
		scales[t] = float64(state[0].(host))
	}
	return scales
}

// Node builds scale_t in a graph, a float64 scalar, and the state after step t, from the step's loss (a scalar of any
// float type), the values of Constants, and the state, which is Start at first (both float64, [n]).
func (p Plateau) Node(loss, constants, state *graph.Node) (scale, next *graph.Node) {
	var made []*graph.Node
	for _, x := range reduce(node{graph.ConvertDType(loss, dtypes.Float64)}, nodes{constants}.elements(), nodes{state}.elements()) {
		made = append(made, x.(node).Node)
	}
	return made[0], graph.Stack(made, 0)
}

// reduce is a Plateau's formula.
func reduce(loss number, c, state []number) []number {
	factor, patience, tolerance, cooldown, floor := c[0], c[1], c[2], c[3], c[4]
	scale, least, stale, wait := state[0], state[1], state[2], state[3]
	zero, one := loss.literal(0), loss.literal(1)

	limit := one.sub(tolerance).mul(least)
	stale = loss.from(limit, stale.add(one), zero)
	least = loss.from(limit, least, loss)
	lower := func(yes, no number) number { return wait.from(one, no, stale.from(patience, yes, no)) }
	return []number{
		lower(scale.mul(factor).max(floor), scale),
		least,
		wait.from(one, zero, lower(zero, stale)),
		wait.from(one, wait.sub(one), lower(cooldown, zero)),
	}
}
