package schedule

import (
	"errors"
	"fmt"
	"slices"
)

// WarmUp rises linearly for steps steps, and then runs the schedule then from its step 0:
//
//	η_t = from + (then_0−from)·t/steps for t < steps,  then_{t−steps} afterwards.
//
// from may be 0: step 0 then does not move. It is an error when from is negative or not finite, when steps is below 1, or when
// then is the zero Schedule. optax: linear_schedule and join_schedules, as in warmup_cosine_decay_schedule.
func WarmUp(from float64, steps int, then Schedule) (Schedule, error) {
	s, err := build("warm-up", nil, notNegative("from", from), count("steps", steps))
	if err != nil {
		return Schedule{}, err
	}
	if then.formula == nil {
		return Schedule{}, notMade("then")
	}
	if s.parts = []Schedule{then}; s.size() > mostParts {
		return Schedule{}, errParts
	}
	s.span = func(_, from, to int) (int, int) { return max(from-steps, 0), max(to-steps, 1) }
	s.formula = func(t number, x terms) number {
		from, steps := x.c[0], x.c[1]
		after := x.parts[0](t.sub(steps).max(t.literal(0))) // then_0 as long as the warm-up lasts
		return t.from(steps, after, blend(after, from, t.div(steps)))
	}
	return s, nil
}

// Sequence runs one schedule after another: schedules[i] from step boundaries[i−1] on and before step boundaries[i]. Each
// schedule starts at its own step 0. The boundaries are positive and ascending, and there is one schedule more than boundaries:
// anything else is an error, as is a zero Schedule among them. optax: join_schedules.
func Sequence(schedules []Schedule, boundaries []int) (Schedule, error) {
	starts, err := startsOf("schedules", len(schedules), boundaries)
	if err != nil {
		return Schedule{}, err
	}
	s, err := composed("sequence", schedules)
	if err != nil {
		return Schedule{}, err
	}
	s.constants = starts
	s.span = func(i, from, to int) (int, int) {
		start := int(starts[i])
		if i+1 < len(starts) {
			to = min(to, int(starts[i+1]))
		}
		return max(from-start, 0), to - start
	}
	s.formula = func(t number, x terms) number {
		var eta number
		for i, part := range x.parts {
			start := x.c[i]
			own := t.sub(start).max(t.literal(0))
			if i+1 < len(x.parts) { // a function need not be defined beyond its part
				own = own.min(x.c[i+1].sub(start).sub(t.literal(1)))
			}
			if i == 0 {
				eta = part(own)
			} else {
				eta = t.from(start, part(own), eta)
			}
		}
		return eta
	}
	return s, nil
}

// Product multiplies schedules, at least one: one is the learning rate, and the others are factors, such as
// Cosine(1, 0, 100). None at all is an error, and so is a zero Schedule among them. PyTorch: ChainedScheduler.
func Product(schedules ...Schedule) (Schedule, error) {
	if len(schedules) == 0 {
		return Schedule{}, errors.New("schedules is empty: give at least one")
	}
	s, err := composed("product", schedules)
	if err != nil {
		return Schedule{}, err
	}
	s.formula = func(t number, x terms) number {
		eta := x.parts[0](t)
		for _, part := range x.parts[1:] {
			eta = eta.mul(part(t))
		}
		return eta
	}
	return s, nil
}

// Clamp keeps a schedule within limits: η_t = min(max(of_t, low), high). low may be 0, high is positive and
// not below low: anything else is an error, as is the zero Schedule.
func Clamp(of Schedule, low, high float64) (Schedule, error) {
	s, err := build("clamp", nil, notNegative("low", low), positive("high", high))
	switch {
	case err != nil:
		return Schedule{}, err
	case high < low:
		return Schedule{}, fmt.Errorf("high is %v: it must be at least low, %v", high, low)
	case of.formula == nil:
		return Schedule{}, notMade("of")
	}
	if s.parts = []Schedule{of}; s.size() > mostParts {
		return Schedule{}, errParts
	}
	s.span = whole
	s.formula = func(t number, x terms) number { return x.parts[0](t).max(x.c[0]).min(x.c[1]) }
	return s, nil
}

// composed is a schedule without a formula yet, of parts that each are asked for at every step.
func composed(name string, parts []Schedule) (Schedule, error) {
	s := Schedule{name: name, span: whole}
	for i, part := range parts {
		if part.formula == nil {
			return Schedule{}, notMade(fmt.Sprintf("schedules[%d]", i))
		}
	}
	if s.parts = slices.Clone(parts); s.size() > mostParts {
		return Schedule{}, errParts
	}
	return s, nil
}

// mostParts is how many schedules one can be made of: a program of that number takes 5 seconds to compile, and nothing interrupts that.
const mostParts = 300

var errParts = fmt.Errorf("the schedule would be made of more than %d schedules: use fewer, or write it as one function with Func", mostParts)

// size is the number of schedules that this one is made of, itself included. Beyond mostParts it is not counted to the end.
func (s Schedule) size() int {
	n := 1
	for _, part := range s.parts {
		if n += part.size(); n > mostParts {
			break
		}
	}
	return n
}

// whole is the span of a part that is asked for at every step.
func whole(_, from, to int) (int, int) { return from, to }

func notMade(name string) error {
	return fmt.Errorf("%s is the zero Schedule: it must be made with a constructor, such as Constant", name)
}
