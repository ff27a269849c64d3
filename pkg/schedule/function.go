package schedule

import (
	"errors"
	"fmt"
	"sync"

	"github.com/gomlx/gomlx/support/exceptions"

	"descent.example/internal/panicked"
	"descent.example/pkg/memory"
)

// Func is η_t = f(t), a schedule of your own. f is called for every step of a run before it starts, and the values, 8 bytes
// each, are an input of the program: another function compiles nothing anew, nor does a run with another number of steps up
// to the same power of two. f must not be nil. It must return finite numbers, 0 or greater, which Tabulate checks, and the
// same number whenever it is called for a step. Several goroutines may call it at once. PyTorch: LambdaLR.
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
	f     func(step int) float64
	mu    sync.Mutex // guards what follows, not the calls of f
	key   [3]int     // what the table was made for
	table []float64
}

// Tabulate returns the schedule for a run of steps from, from+1, …, to−1, in a form that Node can build: each function that
// Func was given becomes a table of its values. After the table's end the last value stays. A schedule without a function is
// returned as it is.
//
// It is an error if from is negative or to is not greater than from, if the table does not fit into memory, or if a function
// panics or returns a number that is not finite or is below 0.
func (s Schedule) Tabulate(from, to int) (Schedule, error) {
	if from < 0 || to <= from {
		return Schedule{}, fmt.Errorf("from is %d and to is %d: from must be 0 or greater, and to must be greater than from", from, to)
	}
	return s.tabulate(from, to, to-from)
}

// tabulate makes the tables. Each has room for all steps of the run, so that the boundaries of a Sequence do not change the
// structure.
func (s Schedule) tabulate(from, to, run int) (Schedule, error) {
	if s.function != nil {
		table, err := s.function.tabulate(from, to, run)
		if err != nil {
			return Schedule{}, err
		}
		return Schedule{name: "table", constants: []float64{float64(from)}, tables: [][]float64{table}, formula: lookUp}, nil
	}
	parts := make([]Schedule, len(s.parts))
	for i, part := range s.parts {
		var err error
		first, end := s.span(i, from, to)
		if parts[i], err = part.tabulate(first, end, run); err != nil {
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

// tabulate returns the values of steps from to to−1, which may be none, and repeats the last one up to a power of two.
func (f *function) tabulate(from, to, run int) ([]float64, error) {
	key := [3]int{from, to, run}
	f.mu.Lock()
	known, same := f.table, f.key == key
	f.mu.Unlock()
	if same {
		return known, nil
	}
	if err := memory.Check(memory.Bytes(2*8, run), "lower Steps", "the table of a schedule's function for %d steps", run); err != nil {
		return nil, err
	}
	table := make([]float64, powerOfTwo(run))
	if from < to {
		n := to - from
		if err := f.fill(table[:n], from); err != nil {
			return nil, err
		}
		for i := range table[n:] {
			table[n+i] = table[n-1]
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.key, f.table = key, table
	return table, nil
}

// fill sets the values of the steps from one on.
func (f *function) fill(values []float64, from int) (err error) {
	step := from
	defer func() {
		if p := recover(); p != nil {
			where, _ := panicked.At()
			err = fmt.Errorf("the function panics at step %d: %v, in %s", step, p, where)
		}
	}()
	for i := range values {
		step = from + i
		values[i] = f.f(step)
		if notNegative("", values[i]).err != nil { // formatting the name takes longer than most functions
			return notNegative(fmt.Sprintf("the function's value at step %d", step), values[i]).err
		}
	}
	return nil
}
