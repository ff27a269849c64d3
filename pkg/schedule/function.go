package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gomlx/gomlx/support/exceptions"

	"descent.example/internal/panicked"
	"descent.example/pkg/memory"
)

// Func is η_t = f(t), a schedule of your own. A run calls f for each of its steps before the first one, and also for the step
// after the last one if it records Rate or StepNorm (see train.Record). So f may look up a slice of as many rates as there are
// steps, or of one more. The values, 8 bytes each, are an input of the program: another function compiles nothing anew, nor does
// a run with another number of steps up to the same power of two.
//
// f must not be nil. It must return finite numbers, 0 or greater, which Tabulate checks, and the same number whenever it is
// called for a step. Several goroutines may call it at once. PyTorch: LambdaLR.
func Func(f func(step int) float64) (Schedule, error) {
	if f == nil {
		return Schedule{}, errors.New("f is nil: give a function of the step")
	}
	return Schedule{
		name:     "function",
		function: &function{f: f},
		formula: func(t number, _ terms) number {
			step, known := t.(host)
			if !known {
				exceptions.Panicf("the schedule contains a function: call Tabulate first, and build with the schedule that it returns")
			}
			return host(f(int(step)))
		},
	}, nil
}

// function is what Func was given. It keeps its last table, so that the runs of a sweep share it.
type function struct {
	f      func(step int) float64
	mu     sync.Mutex // guards what follows, not the calls of f
	last   Table
	values []float64
}

// A Table is one that Tabulate makes. Equal ones hold the same values.
type Table struct {
	Size     int // the number of values: a power of two, at least as many as the steps
	from, to int // the first step, and the one after the last; there may be none
	of       *function
}

// Tables lists the tables that Tabulate would make of the same arguments, without calling a function. Together with Structure
// their sizes decide the structure that Tabulate returns. For arguments that Tabulate refuses there are none.
func (s Schedule) Tables(from, to int) []Table {
	if from < 0 || to <= from {
		return nil
	}
	return s.plan(from, to)
}

func (s Schedule) plan(from, to int) (tables []Table) {
	if s.function != nil {
		const most = 1 << 62 // no memory has that
		return []Table{{powerOfTwo(min(max(to-from, 1), most)), from, to, s.function}}
	}
	for i, part := range s.parts {
		first, end := s.span(i, from, to)
		tables = append(tables, part.plan(first, end)...)
	}
	return tables
}

// Tabulate returns the schedule for a run of steps from, from+1, …, to−1, in a form that Node can build: each function that
// Func was given becomes a table of its values, for the steps that are its own. After the table's end the last value stays. A
// schedule without a function is returned as it is.
//
// It is an error if ctx is nil or ends before all values are there (a call of a function is not interrupted), if from is negative
// or to is not greater than from, if the tables together do not fit into memory, or if a function panics or returns a number that
// is not finite or is below 0.
func (s Schedule) Tabulate(ctx context.Context, from, to int) (Schedule, error) {
	if ctx == nil {
		return Schedule{}, errors.New("ctx is nil: give context.Background()")
	}
	if from < 0 || to <= from {
		return Schedule{}, fmt.Errorf("from is %d and to is %d: from must be 0 or greater, and to must be greater than from", from, to)
	}
	tables := s.plan(from, to)
	bytes := 0.0
	for _, table := range tables {
		bytes += memory.Bytes(3*8, table.Size) // the table, and two copies of it as a program's input
	}
	if err := memory.Check(bytes, "lower Steps", "the tables of a schedule's functions for %d steps", to-from); err != nil {
		return Schedule{}, err
	}
	return s.tabulate(ctx, &tables)
}

// tabulate makes the next of the planned tables, in the order of the functions.
func (s Schedule) tabulate(ctx context.Context, plan *[]Table) (Schedule, error) {
	if s.function != nil {
		table := (*plan)[0]
		*plan = (*plan)[1:]
		values, err := table.values(ctx)
		if err != nil {
			return Schedule{}, err
		}
		return Schedule{name: "table", constants: []float64{float64(table.from)}, tables: [][]float64{values}, formula: lookUp}, nil
	}
	parts := make([]Schedule, len(s.parts))
	for i, part := range s.parts {
		var err error
		if parts[i], err = part.tabulate(ctx, plan); err != nil {
			return Schedule{}, err
		}
	}
	if len(parts) > 0 {
		s.parts = parts
	}
	return s, nil
}

// lookUp is the formula of a table that begins at step c[0].
func lookUp(t number, x terms) number { return nearest(x.tables[0], t.sub(x.c[0])) }

// values returns the function's values at the steps, and repeats the last one up to the table's size.
func (t Table) values(ctx context.Context) ([]float64, error) {
	f := t.of
	f.mu.Lock()
	known, same := f.values, f.last == t
	f.mu.Unlock()
	if same {
		return known, nil
	}
	values := make([]float64, t.Size)
	if t.from < t.to {
		n := t.to - t.from
		if err := f.fill(ctx, values[:n], t.from); err != nil {
			return nil, err
		}
		for i := range values[n:] {
			values[n+i] = values[n-1]
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.values = t, values
	return values, nil
}

// fill sets the values of the steps from one on, until ctx ends.
func (f *function) fill(ctx context.Context, values []float64, from int) (err error) {
	step := from
	defer func() {
		if p := recover(); p != nil {
			where, _ := panicked.At()
			err = fmt.Errorf("the function panics at step %d: %v, in %s", step, p, where)
		}
	}()
	for i := range values {
		step = from + i
		if ctx.Err() != nil {
			return fmt.Errorf("the function was called for %d of %d steps only: %w", i, len(values), ctx.Err())
		}
		values[i] = f.f(step)
		if notNegative("", values[i]).err != nil { // formatting the name takes longer than most functions
			return notNegative(fmt.Sprintf("the function's value at step %d", step), values[i]).err
		}
	}
	return nil
}
