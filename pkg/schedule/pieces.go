package schedule

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Piecewise is η_t = etas[i] from step boundaries[i−1] on and before step boundaries[i]. The boundaries are positive and
// ascending, the etas positive and one more than the boundaries, of which there is at least one: anything else is an error.
// optax: piecewise_constant_schedule, which takes the ratios of consecutive etas. Numbers of etas up to the same power of two
// have one structure.
func Piecewise(etas []float64, boundaries []int) (Schedule, error) {
	if len(boundaries) == 0 {
		return Schedule{}, errors.New("boundaries is empty: it must name at least one step; without any, use Constant")
	}
	starts, err := startsOf("etas", len(etas), boundaries)
	if err != nil {
		return Schedule{}, err
	}
	for i, eta := range etas {
		if c := positive(fmt.Sprintf("etas[%d]", i), eta); c.err != nil {
			return Schedule{}, c.err
		}
	}
	return Schedule{
		name:   "piecewise",
		tables: [][]float64{padded(starts, math.Inf(1)), padded(etas, 0)},
		formula: func(t number, x terms) number {
			return x.tables[1].pick(reached(x.tables[0], t).sub(t.literal(1)))
		},
	}, nil
}

// PiecewiseLinear joins points by straight lines: η_t = etas[i] at step steps[i]. Before the first point it is etas[0], and
// after the last one the last of etas. The steps are 0 or greater and ascending, the etas 0 or greater, and both equally
// many, at least 2: anything else is an error. NumPy: interp. optax: piecewise_interpolate_schedule, which takes the ratios of
// consecutive etas. Numbers of points up to the same power of two have one structure.
func PiecewiseLinear(etas []float64, steps []int) (Schedule, error) {
	n := len(steps)
	if n < 2 {
		return Schedule{}, fmt.Errorf("steps has %d elements: it must have at least 2, the ends of a line", n)
	}
	if len(etas) != n {
		return Schedule{}, fmt.Errorf("etas has %d elements: it must have %d, as many as steps", len(etas), n)
	}
	at := make([]float64, n)
	for i, step := range steps {
		if i > 0 && step <= steps[i-1] {
			return Schedule{}, notAscending("steps", steps, i)
		}
		for _, c := range []constant{notNegative(fmt.Sprintf("steps[%d]", i), float64(step)), notNegative(fmt.Sprintf("etas[%d]", i), etas[i])} {
			if c.err != nil {
				return Schedule{}, c.err
			}
		}
		at[i] = float64(step)
	}
	return Schedule{
		name:   "piecewise linear",
		tables: [][]float64{padded(at, at[n-1]), padded(etas, etas[n-1])},
		formula: func(t number, x terms) number {
			steps, etas, one := x.tables[0], x.tables[1], t.literal(1)
			right := reached(steps, t)
			left := right.sub(one)
			from := nearest(steps, left) // beyond an end both are the point there
			part := t.sub(from).div(nearest(steps, right).sub(from).max(one))
			return blend(nearest(etas, right), nearest(etas, left), part.max(t.literal(0)).min(one))
		},
	}, nil
}

// startsOf returns the steps at which n parts begin: 0 and the boundaries, which must be positive and ascending. parts is the
// parts' name in errors.
func startsOf(parts string, n int, boundaries []int) ([]float64, error) {
	if n != len(boundaries)+1 {
		return nil, fmt.Errorf("%s has %d elements: it must have %d, one more than boundaries", parts, n, len(boundaries)+1)
	}
	starts := []float64{0}
	for i, boundary := range boundaries {
		if i > 0 && boundary <= boundaries[i-1] {
			return nil, notAscending("boundaries", boundaries, i)
		}
		c := count(fmt.Sprintf("boundaries[%d]", i), boundary)
		if c.err != nil {
			return nil, c.err
		}
		starts = append(starts, c.value)
	}
	return starts, nil
}

func notAscending(name string, xs []int, i int) error {
	return fmt.Errorf("%s[%d] is %d: it must be greater than the one before, %d", name, i, xs[i], xs[i-1])
}

// padded is a copy of xs, filled up to a power of two, so that tables of many lengths share few shapes, and few programs.
func padded(xs []float64, fill float64) []float64 {
	return append(slices.Clone(xs), slices.Repeat([]float64{fill}, powerOfTwo(len(xs))-len(xs))...)
}

// powerOfTwo is the least that is n or greater.
func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }
