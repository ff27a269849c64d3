// Package schedule holds learning rates that change with the step: η_t for t = 0, 1, 2, …, where step t is the one from
// θ_t to θ_{t+1} = θ_t − η_t·d. A schedule is a formula and a vector of constants (claims S9, H2):
//
//	η_t = formula(t, constants)
//
// The formula is written once and computes on the host (At, for pictures) and in a graph (Node, for a training run, also
// within the body of a While). In the graph the constants are an input, so new constants need no new compilation.
//
// To write a schedule of your own, pass a function of the step to Func; its example shows one in a training run. Sequence,
// Product, Clamp and WarmUp combine any schedules, including your own, up to 300 in all.
package schedule

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Schedule is a learning rate η_t as a function of the step t. It does not change and may be used from any goroutine.
// The zero value is no schedule: a constructor makes one.
type Schedule struct {
	name      string // the formula's
	formula   formula
	constants []float64
	tables    [][]float64
	parts     []Schedule // those that it is composed of
	// span returns which of its own steps part i contributes to steps from to to−1 of the whole.
	span     func(i, from, to int) (int, int)
	function *function // what Tabulate has to turn into a table, or nil
}

// A formula returns η_t of a step t.
type formula func(t number, x terms) number

// terms are what a formula computes with, besides t.
type terms struct {
	c      []number                // the constants
	tables []vector                // what is looked up
	parts  []func(t number) number // η_t of the schedules that this one is composed of
}

// terms gives a schedule's formula its inputs. take turns values of the schedule into a vector; it is called in the order of
// Constants.
func (s Schedule) terms(take func([]float64) vector) terms {
	x := terms{c: take(s.constants).elements()}
	for _, table := range s.tables {
		x.tables = append(x.tables, take(table))
	}
	for _, part := range s.parts {
		of := part.terms(take)
		x.parts = append(x.parts, func(t number) number { return part.formula(t, of) })
	}
	return x
}

const zeroSchedule = "the zero Schedule has no formula: make one with a constructor, such as Constant"

// At returns η_t on the host. A negative t is a programming error and panics, as does the zero Schedule. A function that was
// given to Func is called, and what it returns is not checked.
func (s Schedule) At(t int) float64 {
	if s.formula == nil {
		panic("schedule: " + zeroSchedule)
	}
	if t < 0 {
		panic(fmt.Sprintf("schedule: t is %d: steps are counted from 0", t))
	}
	x := s.terms(func(xs []float64) vector { return hosts(xs) })
	return float64(s.formula(host(t), x).(host))
}

// Node builds η_t in a graph, a scalar of the dtype given, from the step t (a scalar of any number type, counted from
// 0) and the values of Constants (float64, [n]). It computes in float64 and rounds at the end. Within the body of a
// While both nodes must be the body's own: parameters of it, that is loop state.
//
// As all functions that build graphs with GoMLX it panics when the nodes do not fit. It also panics if the schedule contains
// a function that Tabulate has not turned into a table.
//
//	rate.SetNodeValue(s.Node(step, constants, rate.DType())) // rate: GoMLX's variable /optimizers/learning_rate
func (s Schedule) Node(step, constants *graph.Node, dtype dtypes.DType) *graph.Node {
	switch n := len(s.Constants()); {
	case s.formula == nil:
		exceptions.Panicf(zeroSchedule)
	case !step.IsScalar():
		exceptions.Panicf("step has the shape %s: it must be a scalar", step.Shape())
	case constants.DType() != dtypes.Float64 || constants.Rank() != 1 || constants.Shape().Dimensions[0] != n:
		exceptions.Panicf("constants has the shape %s: it must be (Float64)[%d], the values of Constants", constants.Shape(), n)
	}
	taken := 0
	x := s.terms(func(xs []float64) vector {
		from := taken
		if taken += len(xs); taken == from { // XLA has no empty slice
			return hosts{}
		}
		return nodes{graph.Slice(constants, graph.AxisRange(from, taken))}
	})
	eta := s.formula(node{graph.ConvertDType(step, dtypes.Float64)}, x).(node)
	return graph.ConvertDType(eta.Node, dtype)
}

// Constants returns a copy of the formula's constants, [n]: the input of a program that was built with Node. They include
// the tables that Tabulate made.
func (s Schedule) Constants() []float64 {
	all := slices.Concat(append([][]float64{s.constants}, s.tables...)...)
	for _, part := range s.parts {
		all = append(all, part.Constants()...)
	}
	return all
}

// Structure names the formula. A program built with one schedule serves every other of the same structure, with its
// Constants. It is empty for the zero Schedule.
func (s Schedule) Structure() string {
	structure := s.name
	for _, table := range s.tables {
		structure += fmt.Sprintf("[%d]", len(table))
	}
	var parts []string
	for _, part := range s.parts {
		parts = append(parts, part.Structure())
	}
	if parts != nil {
		structure += "(" + strings.Join(parts, ", ") + ")"
	}
	return structure
}

// Constant is η_t = eta. It is an error when eta is not positive and finite. optax: constant_schedule.
func Constant(eta float64) (Schedule, error) {
	return build("constant", func(_ number, c []number) number {
		return c[0]
	}, positive("eta", eta))
}

// Step is η_t = eta·factor^⌊t/every⌋: it is multiplied by factor after each stretch of every steps. A factor above 1 raises
// it. It is an error when an argument is not positive and finite. optax: exponential_decay with staircase.
func Step(eta, factor float64, every int) (Schedule, error) {
	return build("step", func(t number, c []number) number {
		return c[0].mul(c[1].pow(t.div(c[2]).floor()))
	}, positive("eta", eta), positive("factor", factor), count("every", every))
}

// Exponential is η_t = eta·factor^(t/every): Step without its stairs, with the same arguments and errors. optax:
// exponential_decay.
func Exponential(eta, factor float64, every int) (Schedule, error) {
	return build("exponential", func(t number, c []number) number {
		return c[0].mul(c[1].pow(t.div(c[2])))
	}, positive("eta", eta), positive("factor", factor), count("every", every))
}

// InverseTime is η_t = eta/(1+t/tau)^power, claim S9: eta for t ≪ tau, then falling as t^−power.
// Ση_t = ∞ and Ση_t² < ∞, the conditions under which SGD converges, hold for ½ < power ≤ 1. It is an error when an argument is
// not positive and finite. Robbins & Monro 1951.
func InverseTime(eta, tau, power float64) (Schedule, error) {
	return build("inverse time", func(t number, c []number) number {
		return c[0].div(t.literal(1).add(t.div(c[1])).pow(c[2]))
	}, positive("eta", eta), positive("tau", tau), positive("power", power))
}

// OneOverT is η_t = eta/(t+1): InverseTime with tau = 1 and power = 1, and its errors. Robbins & Monro 1951.
func OneOverT(eta float64) (Schedule, error) { return InverseTime(eta, 1, 1) }

// OneOverSqrtT is η_t = eta/√(t+1): InverseTime with tau = 1 and power = ½, and its errors. It is what GoMLX's
// StochasticGradientDescent does to its rate unless told otherwise.
func OneOverSqrtT(eta float64) (Schedule, error) { return InverseTime(eta, 1, 0.5) }

// Polynomial is η_t = end + (start−end)·(1 − min(t/steps, 1))^power: from start to end in steps steps, and end from
// there on. end may be 0, the others are positive, and all are finite: anything else is an error. optax: polynomial_schedule.
func Polynomial(start, end, power float64, steps int) (Schedule, error) {
	return build("polynomial", func(t number, c []number) number {
		one := t.literal(1)
		return blend(c[0], c[1], one.sub(t.div(c[3]).min(one)).pow(c[2]))
	}, positive("start", start), notNegative("end", end), positive("power", power), count("steps", steps))
}

// Linear is η_t = end + (start−end)·(1 − min(t/steps, 1)): Polynomial with power = 1, and its errors. optax:
// linear_schedule.
func Linear(start, end float64, steps int) (Schedule, error) {
	return Polynomial(start, end, 1, steps)
}

// Cosine is η_t = end + (start−end)·½(1 + cos(π·min(t/steps, 1))): from start to end along half a wave in steps steps,
// and end from there on. end may be 0, the others are positive, and all are finite: anything else is an error. optax:
// cosine_decay_schedule with alpha = end/start. Loshchilov & Hutter 2017, the first cycle of eq. 5.
func Cosine(start, end float64, steps int) (Schedule, error) {
	return build("cosine", func(t number, c []number) number {
		return blend(c[0], c[1], halfWave(t.div(c[2]).min(t.literal(1))))
	}, positive("start", start), notNegative("end", end), count("steps", steps))
}

// WarmRestarts is Cosine again and again (SGDR): cycle i = 0, 1, … lasts T_i = first·growth^i steps, and
//
//	η_t = end + (start−end)·½(1 + cos(π·(t−R_i)/T_i)),  R_i ≤ t < R_i + T_i,  R_0 = 0, R_{i+1} = R_i + T_i.
//
// growth is a whole number, 1 for cycles of the same length. end may be 0, the others are positive, and all are finite: anything
// else is an error. optax: sgdr_schedule without warm-up. Loshchilov & Hutter 2017, eq. 5, with η_max = start, η_min = end,
// T_0 = first, T_mult = growth.
func WarmRestarts(start, end float64, first, growth int) (Schedule, error) {
	return build("warm restarts", func(t number, c []number) number {
		one, two, half := t.literal(1), t.literal(2), t.literal(0.5)
		start, end, first, growth := c[0], c[1], c[2], c[3]
		whole := func(x number) number { return x.add(half).floor() }
		length := func(i number) number { return whole(first.mul(growth.pow(i))) }
		restart := func(i number) number { // R_i
			growing := whole(first.mul(growth.pow(i).sub(one)).div(growth.sub(one)))
			return growth.from(two, growing, i.mul(first))
		}
		// Which cycle is t in? For growth > 1 the inverse of R_i by logarithms may be off at a restart: it is rounded, and
		// compared with R_i. What a branch holds where it is not taken (0/0 for growth = 1) does not matter.
		near := whole(one.add(t.mul(growth.sub(one)).div(first)).log().div(growth.log()))
		i := growth.from(two, t.from(restart(near), near, near.sub(one)), t.div(first).floor())
		return blend(start, end, halfWave(t.sub(restart(i)).div(length(i))))
	}, positive("start", start), notNegative("end", end), count("first", first), count("growth", growth))
}

// OneCycle rises linearly from start to peak in up steps, falls linearly back to start in down steps, then to end in
// final steps, and stays there. end may be 0, the others are positive, and all are finite: anything else is an error. Each of the
// three rates and three lengths is the caller's choice, so there are six parameters. optax: linear_onecycle_schedule. Smith 2018,
// "A disciplined approach to neural network hyper-parameters" (the 1cycle policy).
func OneCycle(start, peak, end float64, up, down, final int) (Schedule, error) {
	return build("one cycle", func(t number, c []number) number {
		start, peak, end, up, down, final := c[0], c[1], c[2], c[3], c[4], c[5]
		back := up.add(down)
		rise := blend(peak, start, t.div(up))
		fall := blend(start, peak, t.sub(up).div(down))
		last := blend(end, start, t.sub(back).div(final).min(t.literal(1)))
		return t.from(back, last, t.from(up, fall, rise))
	}, positive("start", start), positive("peak", peak), notNegative("end", end),
		count("up", up), count("down", down), count("final", final))
}

// blend is w·x + (1−w)·y, which is exact for w = 0 and w = 1.
func blend(x, y, w number) number { return w.mul(x).add(w.literal(1).sub(w).mul(y)) }

// halfWave falls from 1 to 0 as x goes from 0 to 1: ½(1 + cos πx).
func halfWave(x number) number {
	return x.literal(0.5).mul(x.literal(1).add(x.literal(math.Pi).mul(x).cos()))
}

// A constant is one element of Constants, or what is wrong with the argument.
type constant struct {
	value float64
	err   error
}

func positive(name string, x float64) constant {
	if !(x > 0) || math.IsInf(x, 0) {
		return constant{err: fmt.Errorf("%s is %v: it must be a positive, finite number", name, x)}
	}
	return constant{value: x}
}

func notNegative(name string, x float64) constant {
	if !(x >= 0) || math.IsInf(x, 0) {
		return constant{err: fmt.Errorf("%s is %v: it must be a finite number, 0 or greater", name, x)}
	}
	return constant{value: x}
}

func count(name string, n int) constant {
	if n < 1 {
		return constant{err: fmt.Errorf("%s is %d: it must be 1 or greater", name, n)}
	}
	return constant{value: float64(n)}
}

// build returns the schedule of that formula of t and the constants, or the first error among these.
func build(name string, f func(t number, c []number) number, constants ...constant) (Schedule, error) {
	s := Schedule{name: name, formula: func(t number, x terms) number { return f(t, x.c) }}
	for _, c := range constants {
		if c.err != nil {
			return Schedule{}, c.err
		}
		s.constants = append(s.constants, c.value)
	}
	return s, nil
}
