package schedule_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/memory"
	"descent.example/pkg/schedule"
	"descent.example/pkg/wasm"
)

// One program has the very values of every function, from any step on, for runs of up to the same power of two.
func TestFuncInAGraph(t *testing.T) {
	backend := wasm.New()
	f := func(t int) float64 { return 0.2 + 0.1*math.Sin(float64(t)/10) }
	g := func(t int) float64 { return 1 / float64(3+t) }
	builds := 0
	built := must(must(schedule.Func(f)).Tabulate(t.Context(), 0, 128))
	exec, err := graph.NewExec(backend, func(step, constants *graph.Node) *graph.Node {
		builds++
		return built.Node(step, constants, dtypes.Float64)
	})
	require.NoError(t, err)
	for _, run := range []struct {
		f        func(int) float64
		from, to int
	}{{f, 0, 128}, {g, 0, 65}, {f, 1000, 1100}, {g, 1 << 40, 1<<40 + 127}} {
		s := must(must(schedule.Func(run.f)).Tabulate(t.Context(), run.from, run.to))
		require.Equal(t, built.Structure(), s.Structure())
		for step := run.from; step <= run.to; step++ {
			eta, err := exec.Call1(int64(step), s.Constants())
			require.NoError(t, err)
			want := run.f(min(step, run.to-1))
			require.Equal(t, want, tensors.ToScalar[float64](eta), "step %d", step)
			require.Equal(t, want, s.At(step), "step %d", step)
		}
	}
	require.Equal(t, 1, builds)
	longer := must(must(schedule.Func(f)).Tabulate(t.Context(), 0, 129))
	require.NotEqual(t, built.Structure(), longer.Structure())
}

// A function is called for the steps that a run takes of it, on its own clock, and no other: it may be the rates of a slice.
func TestFuncIsCalledForItsSteps(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to int
		whole    func(s schedule.Schedule) (schedule.Schedule, error)
		want     []int
	}{
		{"alone", 0, 4, func(s schedule.Schedule) (schedule.Schedule, error) { return s, nil }, []int{0, 1, 2, 3}},
		{"alone, going on", 4, 6, func(s schedule.Schedule) (schedule.Schedule, error) { return s, nil }, []int{4, 5}},
		{"product", 3, 5, func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.Product(cases[0].one, s) }, []int{3, 4}},
		{"clamp", 3, 5, func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.Clamp(s, 0, 1) }, []int{3, 4}},
		{"after a warm-up", 0, 10, func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.WarmUp(0, 7, s) }, []int{0, 1, 2}},
		{"within a warm-up", 2, 5, func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.WarmUp(0, 7, s) }, []int{0}},
		{"going on after a warm-up", 9, 11, func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.WarmUp(0, 7, s) }, []int{2, 3}},
		{"first of a sequence", 0, 10, func(s schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{s, cases[0].one}, []int{3})
		}, []int{0, 1, 2}},
		{"amid a sequence", 0, 10, func(s schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{cases[0].one, s, cases[0].one}, []int{3, 5})
		}, []int{0, 1}},
		{"going on amid a sequence", 6, 8, func(s schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{cases[0].one, s, cases[0].one}, []int{3, 50})
		}, []int{3, 4}},
		{"over already", 6, 8, func(s schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{s, cases[0].one}, []int{3})
		}, nil},
		{"not yet", 6, 8, func(s schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{cases[0].one, s}, []int{9})
		}, nil},
	} {
		var called []int
		rate := func(t int) float64 { return 0.1 + float64(t%3) }
		s := must(c.whole(must(schedule.Func(func(t int) float64 {
			called = append(called, t)
			return rate(t)
		}))))
		table, err := s.Tabulate(t.Context(), c.from, c.to)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, called, c.name)
		again, err := s.Tabulate(t.Context(), c.from, c.to)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, called, "%s: the runs of a sweep share a table", c.name)
		for step := c.from; step < c.to; step++ {
			require.Equal(t, s.At(step), table.At(step), "%s, step %d", c.name, step)
			require.Equal(t, s.At(step), again.At(step), "%s, step %d", c.name, step)
		}
	}
	rates := []float64{1, 2, 3}
	s := must(schedule.Sequence([]schedule.Schedule{must(schedule.Func(func(t int) float64 { return rates[t] })), cases[0].one}, []int{3}))
	require.Equal(t, 0.3, s.At(99), "on the host neither")
}

func TestTabulateRefuses(t *testing.T) {
	good := must(schedule.Constant(1))
	of := func(f func(int) float64) schedule.Schedule { return must(schedule.Func(f)) }
	at7 := func(x float64) schedule.Schedule {
		return of(func(t int) float64 {
			if t == 7 {
				return x
			}
			return 0
		})
	}
	steps := [2]int{0, 10}
	for want, c := range map[string]struct {
		s     schedule.Schedule
		steps [2]int
	}{
		"from … -1 … to … 2 … 0": {good, [2]int{-1, 2}},
		"from … to … 2":          {good, [2]int{2, 2}},
		"step 7 … NaN … 0":       {at7(math.NaN()), steps},
		"step 7 … +Inf … 0":      {at7(math.Inf(1)), steps},
		"step 7 … -1 … 0":        {must(schedule.WarmUp(0, 2, at7(-1))), steps},
		"step 3 … +Inf … 0": {
			must(schedule.Sequence([]schedule.Schedule{good, of(func(t int) float64 { return 1 / float64(3-t) })}, []int{5})), steps},
	} {
		s, err := c.s.Tabulate(t.Context(), c.steps[0], c.steps[1])
		says.All(t, err, want)
		require.Empty(t, s.Structure())
	}
	rates := make([]float64, 4)
	_, err := of(func(t int) float64 { return rates[t] }).Tabulate(t.Context(), 0, 5)
	require.ErrorContains(t, err, "the function panics at step 4: runtime error: index out of range [4] with length 4, in schedule_test.TestTabulateRefuses.")
	for _, to := range []int{1 << 50, math.MaxInt} {
		_, err = at7(1).Tabulate(t.Context(), 0, to)
		require.ErrorContains(t, err, "the tables of a schedule's functions for")
		require.ErrorContains(t, err, "lower Steps")
		kept, err := good.Tabulate(t.Context(), 0, to)
		require.NoError(t, err, "a formula has no table")
		require.Equal(t, 1.0, kept.At(to))
	}
}

// Several runs may ask for tables of one schedule at once.
func TestTabulateAtOnce(t *testing.T) {
	s := must(schedule.Func(func(t int) float64 { return float64(t) }))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			table, err := s.Tabulate(t.Context(), i%2, 100)
			if err != nil || table.At(99) != 99 || table.At(0) != float64(i%2) {
				t.Errorf("%v %v", table.At(0), err)
			}
		})
	}
	group.Wait()
}

// The program of a staircase of 1,000 pieces is hardly larger than that of a single step.
func TestStaircaseIsATable(t *testing.T) {
	backend := wasm.New()
	size := func(n int) (operations int) {
		etas, boundaries := staircase(n)
		for name, s := range map[string]schedule.Schedule{"steps": must(schedule.Piecewise(etas, boundaries)), "lines": must(schedule.PiecewiseLinear(etas[:n], boundaries))} {
			exec, err := graph.NewExec(backend, func(step, constants *graph.Node) *graph.Node {
				eta := s.Node(step, constants, dtypes.Float64)
				operations += len(step.Graph().Nodes())
				return eta
			})
			require.NoError(t, err)
			for _, step := range []int{0, 1, n, 2 * n} {
				eta, err := exec.Call1(int64(step), s.Constants())
				require.NoError(t, err)
				require.Equal(t, s.At(step), tensors.ToScalar[float64](eta), "%s, step %d", name, step)
			}
		}
		return operations
	}
	require.Less(t, size(1000), 10*size(2))

	etas, boundaries := staircase(1000)
	s, piece := must(schedule.Piecewise(etas, boundaries)), 0
	for step := range 2000 {
		for piece < 1000 && step >= boundaries[piece] {
			piece++
		}
		require.Equal(t, etas[piece], s.At(step), "step %d", step)
	}
}

// The tables of all functions are counted together, and each part has one of its own span.
func TestTablesAreCountedTogether(t *testing.T) {
	own := func() schedule.Schedule { return must(schedule.Func(func(int) float64 { return 0.1 })) }
	var parts []schedule.Schedule
	var boundaries []int
	for i := range 100 {
		parts, boundaries = append(parts, own()), append(boundaries, 100*(i+1))
	}
	sequence := must(schedule.Sequence(parts, boundaries[:99]))
	values := 0
	for _, table := range sequence.Tables(0, 10_000) {
		values += table.Size
	}
	require.Equal(t, 100*128, values)
	require.Len(t, must(sequence.Tabulate(t.Context(), 0, 10_000)).Constants(), 100+100*(1+128))

	steps := int(memory.Limit() / 24 / 40)
	alone := own()
	require.Len(t, alone.Tables(0, steps), 1)
	called := false
	parts[0] = must(schedule.Func(func(int) float64 { called = true; return 0.1 }))
	_, err := must(schedule.Product(parts...)).Tabulate(t.Context(), 0, steps)
	require.ErrorContains(t, err, fmt.Sprintf("the tables of a schedule's functions for %d steps would take", steps))
	require.False(t, called)
}

// The context's end ends the calls of a function.
func TestTabulateIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	s := must(schedule.Func(func(int) float64 {
		if calls++; calls == 7 {
			cancel()
		}
		return 1
	}))
	_, err := s.Tabulate(ctx, 0, 1000)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 7, calls)
	_, err = s.Tabulate(nil, 0, 1000) //lint:ignore SA1012 a mistake that is made
	says.All(t, err, "ctx … nil … context.Background()")
}

// A schedule of too many parts is refused when it is made, and at once.
func TestTooManyParts(t *testing.T) {
	for name, grow := range map[string]func(s schedule.Schedule) (schedule.Schedule, error){
		"product": func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.Product(s, s) },
		"sequence": func(s schedule.Schedule) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{s, s}, []int{3})
		},
		"clamp":   func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.Clamp(s, 0, 1) },
		"warm-up": func(s schedule.Schedule) (schedule.Schedule, error) { return schedule.WarmUp(0, 3, s) },
	} {
		s, err := schedule.Constant(1)
		for range 3000 {
			if s, err = grow(s); err != nil {
				break
			}
		}
		require.ErrorContains(t, err, "would be made of more than 300 schedules", name)
		require.Empty(t, s.Structure())
	}
}
