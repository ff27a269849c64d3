package schedule_test

import (
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/accel"
	"descent.example/pkg/schedule"
	"descent.example/pkg/wasm"
)

// must passes on what a constructor returned.
func must(s schedule.Schedule, err error) schedule.Schedule {
	if err != nil {
		panic(err)
	}
	return s
}

// ofSlice is the function that gives the rates of a slice, for a run that begins with the first.
func ofSlice(rates ...float64) schedule.Schedule {
	return must(must(schedule.Func(func(t int) float64 { return rates[t] })).Tabulate(context.Background(), 0, len(rates)))
}

// staircase goes up and down n times.
func staircase(n int) (etas []float64, boundaries []int) {
	for i := range n {
		etas, boundaries = append(etas, 1+math.Sin(float64(i))/2), append(boundaries, 1+i+i/3)
	}
	return append(etas, 0.5), boundaries
}

// cases are all schedules, each with another of the same structure. The first is optax's of that name, where there is one.
var cases = []struct {
	name       string
	one, other schedule.Schedule
}{
	{"constant", must(schedule.Constant(0.3)), must(schedule.Constant(0.1))},
	{"piecewise", must(schedule.Piecewise([]float64{0.3, 0.15, 0.015, 0.06}, []int{10, 37, 100})),
		must(schedule.Piecewise([]float64{0.1, 0.2, 0.3, 0.4}, []int{1, 2, 80}))},
	{"piecewise, many", must(schedule.Piecewise(staircase(1000))), must(schedule.Piecewise(staircase(600)))},
	{"piecewise linear", must(schedule.PiecewiseLinear([]float64{0.3, 0.15, 0.015, 0.06}, []int{0, 10, 37, 100})),
		must(schedule.PiecewiseLinear([]float64{0, 0.2, 0.1}, []int{5, 6, 1 << 30}))},
	{"piecewise linear, numpy", must(schedule.PiecewiseLinear([]float64{0.2, 0, 0.35, 0.01, 0.1}, []int{7, 12, 50, 51, 117})),
		must(schedule.PiecewiseLinear([]float64{1, 2, 3, 4, 5, 4, 3, 2}, []int{0, 1, 2, 3, 4, 5, 6, 7}))},
	{"step", must(schedule.Step(0.3, 0.5, 30)), must(schedule.Step(0.2, 0.9, 7))},
	{"exponential", must(schedule.Exponential(0.3, 0.5, 30)), must(schedule.Exponential(0.2, 0.9, 7))},
	{"inverse time", must(schedule.InverseTime(0.3, 20, 0.75)), must(schedule.InverseTime(0.2, 3.5, 2))},
	{"1/t", must(schedule.OneOverT(0.3)), must(schedule.OneOverT(2))},
	{"1/sqrt t", must(schedule.OneOverSqrtT(0.3)), must(schedule.OneOverSqrtT(2))},
	{"polynomial", must(schedule.Polynomial(0.3, 0.01, 2.5, 100)), must(schedule.Polynomial(0.1, 0.2, 0.5, 30))},
	{"linear", must(schedule.Linear(0.3, 0.01, 100)), must(schedule.Linear(0.2, 0, 1))},
	{"cosine", must(schedule.Cosine(0.3, 0.03, 100)), must(schedule.Cosine(0.2, 0, 77))},
	{"warm restarts, equal", must(schedule.WarmRestarts(0.3, 0.001, 30, 1)), must(schedule.WarmRestarts(0.2, 0, 7, 3))},
	{"warm restarts, growing", must(schedule.WarmRestarts(0.3, 0.001, 15, 2)), must(schedule.WarmRestarts(0.2, 0, 1, 5))},
	{"one cycle", must(schedule.OneCycle(0.012, 0.3, 0.00012, 30, 55, 15)), must(schedule.OneCycle(0.1, 0.2, 0, 1, 1, 1))},
	{"warm-up, constant", must(schedule.WarmUp(0.02, 20, must(schedule.Constant(0.3)))),
		must(schedule.WarmUp(0, 1, must(schedule.Constant(1))))},
	{"warm-up, cosine", must(schedule.WarmUp(0, 20, must(schedule.Cosine(0.3, 0.03, 100)))),
		must(schedule.WarmUp(0.5, 33, must(schedule.Cosine(0.2, 0, 50))))},
	{"warm-up, exponential", must(schedule.WarmUp(0.02, 20, must(schedule.Exponential(0.3, 0.5, 30)))),
		must(schedule.WarmUp(0.01, 50, must(schedule.Exponential(0.2, 0.9, 7))))},
	{"warm-up, warm-up, piecewise",
		must(schedule.WarmUp(0, 5, must(schedule.WarmUp(0.1, 9, must(schedule.Piecewise([]float64{1, 2}, []int{4})))))),
		must(schedule.WarmUp(1, 9, must(schedule.WarmUp(0.2, 5, must(schedule.Piecewise([]float64{3, 1}, []int{8}))))))},
	{"sequence", must(schedule.Sequence([]schedule.Schedule{must(schedule.Cosine(0.3, 0, 40)), must(schedule.Exponential(0.1, 0.5, 30)),
		must(schedule.Linear(0.2, 0.01, 20))}, []int{25, 90})),
		must(schedule.Sequence([]schedule.Schedule{must(schedule.Cosine(0.2, 0.1, 7)), must(schedule.Exponential(0.3, 0.9, 3)),
			must(schedule.Linear(0.1, 0, 100))}, []int{1, 2}))},
	{"product", must(schedule.Product(must(schedule.Constant(0.3)), must(schedule.Cosine(1, 0.1, 80)), must(schedule.Step(1, 0.5, 30)))),
		must(schedule.Product(must(schedule.Constant(2)), must(schedule.Cosine(0.5, 0, 9)), must(schedule.Step(1, 2, 90))))},
	{"clamp", must(schedule.Clamp(must(schedule.InverseTime(0.3, 20, 1)), 0.1, 0.25)), must(schedule.Clamp(must(schedule.OneOverT(1)), 0, 0.5))},
	{"table", ofSlice(0.3, 0, 0.1, 0.2, 0.15), ofSlice(1, 2, 3, 4, 5, 6, 7, 8)},
	{"of all", must(schedule.WarmUp(0, 3, must(schedule.Clamp(must(schedule.Sequence([]schedule.Schedule{
		must(schedule.Product(must(schedule.WarmRestarts(0.3, 0, 10, 2)), ofSlice(1, 0.5, 0.25))), ofSlice(0.3, 0.2)}, []int{50})), 0.01, 0.2)))),
		must(schedule.WarmUp(1, 9, must(schedule.Clamp(must(schedule.Sequence([]schedule.Schedule{
			must(schedule.Product(must(schedule.WarmRestarts(1, 0.5, 3, 1)), ofSlice(2, 1, 2, 1))), ofSlice(0.1, 0.7)}, []int{20})), 0, 1))))},
}

// optaxValues are optax's, of steps 0, 1, …; the file and its neighbour say how they were made.
//
//go:embed testdata/optax.csv
var optaxValues string

func TestHostIsOptax(t *testing.T) {
	reader := csv.NewReader(strings.NewReader(optaxValues))
	reader.Comment = '#'
	records, err := reader.ReadAll()
	require.NoError(t, err)
	theirs := map[string][]string{}
	for _, r := range records {
		theirs[r[0]] = strings.Split(r[1], ";")
	}
	compared := 0
	for _, c := range cases {
		values := theirs[c.name]
		for step, value := range values {
			want, err := strconv.ParseFloat(value, 64)
			require.NoError(t, err)
			require.InDelta(t, want, c.one.At(step), 1e-12*want+3e-16, "%s, step %d", c.name, step)
		}
		if len(values) == 131 {
			compared++
		}
	}
	require.Equal(t, 16, compared, "optax and NumPy have 16 of the schedules")
	require.Len(t, records, 16)
}

// Values that follow from the formulas by hand.
func TestClosedForms(t *testing.T) {
	for _, c := range []struct {
		name string
		s    schedule.Schedule
		want map[int]float64
	}{
		{"constant", must(schedule.Constant(0.3)), map[int]float64{0: 0.3, 1 << 40: 0.3}},
		{"piecewise", must(schedule.Piecewise([]float64{4, 2, 1}, []int{3, 5})), map[int]float64{0: 4, 2: 4, 3: 2, 4: 2, 5: 1, 1000: 1}},
		{"step", must(schedule.Step(8, 0.5, 10)), map[int]float64{0: 8, 9: 8, 10: 4, 19: 4, 20: 2, 30: 1}},
		{"exponential", must(schedule.Exponential(8, 0.25, 10)), map[int]float64{0: 8, 5: 4, 10: 2, 20: 0.5}},
		{"growing exponential", must(schedule.Exponential(1, 2, 1)), map[int]float64{0: 1, 10: 1024}},
		{"inverse time", must(schedule.InverseTime(3, 10, 2)), map[int]float64{0: 3, 10: 0.75, 90: 0.03}},
		{"1/t", must(schedule.OneOverT(3)), map[int]float64{0: 3, 1: 1.5, 2: 1, 299: 0.01}},
		{"1/sqrt t", must(schedule.OneOverSqrtT(3)), map[int]float64{0: 3, 3: 1.5, 8: 1, 899: 0.1}},
		{"polynomial", must(schedule.Polynomial(5, 1, 2, 4)), map[int]float64{0: 5, 1: 3.25, 2: 2, 3: 1.25, 4: 1, 9: 1}},
		{"linear", must(schedule.Linear(5, 1, 4)), map[int]float64{0: 5, 1: 4, 3: 2, 4: 1, 9: 1}},
		{"rising linear", must(schedule.Linear(1, 5, 4)), map[int]float64{0: 1, 1: 2, 4: 5, 9: 5}},
		{"cosine", must(schedule.Cosine(3, 1, 12)), map[int]float64{0: 3, 3: 2 + math.Sqrt2/2, 4: 2.5, 6: 2, 8: 1.5, 12: 1, 99: 1}},
		{"one cycle", must(schedule.OneCycle(1, 5, 0, 4, 8, 2)), map[int]float64{0: 1, 3: 4, 4: 5, 6: 4, 12: 1, 13: 0.5, 14: 0, 99: 0}},
		{"warm-up", must(schedule.WarmUp(1, 4, must(schedule.Linear(5, 3, 2)))), map[int]float64{0: 1, 1: 2, 3: 4, 4: 5, 5: 4, 6: 3, 9: 3}},
		{"piecewise linear", must(schedule.PiecewiseLinear([]float64{1, 5, 0}, []int{2, 4, 9})), map[int]float64{0: 1, 2: 1, 3: 3, 4: 5, 5: 4, 8: 1, 9: 0, 99: 0}},
		{"sequence", must(schedule.Sequence([]schedule.Schedule{must(schedule.Linear(1, 5, 4)), must(schedule.Step(8, 0.5, 2))}, []int{3})),
			map[int]float64{0: 1, 2: 3, 3: 8, 4: 8, 5: 4, 7: 2}},
		{"sequence of one", must(schedule.Sequence([]schedule.Schedule{must(schedule.Linear(1, 5, 4))}, nil)), map[int]float64{0: 1, 2: 3, 9: 5}},
		{"product", must(schedule.Product(must(schedule.Linear(1, 5, 4)), must(schedule.Step(8, 0.5, 2)))), map[int]float64{0: 8, 1: 16, 2: 12, 4: 10}},
		{"clamp", must(schedule.Clamp(must(schedule.Linear(1, 5, 4)), 2, 3.5)), map[int]float64{0: 2, 1: 2, 2: 3, 3: 3.5, 9: 3.5}},
		{"function", must(schedule.Func(func(t int) float64 { return float64(t * t) })), map[int]float64{0: 0, 7: 49}},
		{"table", ofSlice(3, 1, 2), map[int]float64{0: 3, 1: 1, 2: 2, 3: 2, 1 << 40: 2}},
	} {
		for step, want := range c.want {
			require.InDelta(t, want, c.s.At(step), 1e-14, "%s, step %d", c.name, step)
		}
	}
}

// A cycle starts exactly at Σ first·growth^i, however far out: a logarithm there that is one bit off would be a cycle off.
func TestWarmRestartsRestart(t *testing.T) {
	for growth := 1; growth <= 10; growth++ {
		for _, first := range []int{1, 3, 10, 1000} {
			s := must(schedule.WarmRestarts(2, 1, first, growth))
			for start, length := 0, first; start < 1e12 && start < 2000*first; start, length = start+length, length*growth {
				require.Equal(t, 2.0, s.At(start), "growth %d, first %d, step %d", growth, first, start)
				last := 1 + (1+math.Cos(math.Pi*float64(length-1)/float64(length)))/2
				require.InDelta(t, last, s.At(start+length-1), 1e-12, "growth %d, first %d, step %d", growth, first, start+length-1)
			}
		}
	}
}

func TestGraphIsHost(t *testing.T) {
	chosen, err := accel.Open()
	require.NoError(t, err)
	steps := []int{0, 1 << 20, 1<<24 + 1, 1e9}
	for t := 1; t <= 131; t++ {
		steps = append(steps, t)
	}
	for i := 4; i < 30; i++ { // restarts with growth 2, and the steps before them
		steps = append(steps, 15*(1<<i-1), 15*(1<<i-1)-1)
	}
	for i, end := 0, 1; i < 12; i, end = i+1, 5*end+1 { // with growth 5
		steps = append(steps, end, end-1)
	}
	for i, backend := range []compute.Backend{chosen, wasm.New()} {
		t.Run(fmt.Sprintf("%d-%s", i, backend.Name()), func(t *testing.T) {
			for _, c := range cases {
				builds := 0
				exec, err := graph.NewExec(backend, func(step, constants *graph.Node) (*graph.Node, *graph.Node) {
					builds++
					return c.one.Node(step, constants, dtypes.Float64), c.one.Node(step, constants, dtypes.Float32)
				})
				require.NoError(t, err)
				for _, s := range []schedule.Schedule{c.one, c.other} {
					for _, step := range steps {
						double, single, err := exec.Call2(int64(step), s.Constants())
						require.NoError(t, err)
						same(t, s.At(step), tensors.ToScalar[float64](double), "%s, step %d", c.name, step)
						want := s.At(step)
						require.InDelta(t, want, tensors.ToScalar[float32](single), 1e-7*want+1e-38, "%s, step %d", c.name, step)
					}
				}
				require.Equal(t, 1, builds, "%s: other constants must not build another graph", c.name)
				exec.Finalize()
			}
		})
	}
}

// A whole run's rates from one While, in whose body the schedules stand: all in one loop, which is compiled once.
func TestLoopIsHost(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	const steps = 131
	rates := func(step *graph.Node, constants []*graph.Node) (rows []*graph.Node) { // [1, schedules] of each type
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			var row []*graph.Node
			for i, c := range cases {
				row = append(row, c.one.Node(step, constants[i], dtype))
			}
			rows = append(rows, graph.ExpandAxes(graph.Stack(row, 0), 0))
		}
		return rows
	}
	exec, err := graph.NewExec(backend, func(constants []*graph.Node) []*graph.Node {
		g := constants[0].Graph()
		state := append([]*graph.Node{graph.Const(g, int64(0))}, constants...)
		for _, row := range rates(state[0], constants) { // scalars of what is outside must not serve in the body
			state = append(state, graph.BroadcastToDims(row, steps, len(cases)))
		}
		parameters := func(g *graph.Graph) (p []*graph.Node) {
			for i, s := range state {
				p = append(p, graph.Parameter(g, fmt.Sprintf("state%d", i), s.Shape()))
			}
			return p
		}
		history := 1 + len(cases)
		cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			return []*graph.Node{graph.LessThan(parameters(g)[0], graph.Const(g, int64(steps)))}
		})
		body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			s := parameters(g)
			next := slices.Clone(s)
			next[0] = graph.Add(s[0], graph.Const(g, int64(1)))
			for k, row := range rates(s[0], s[1:history]) {
				next[history+k] = graph.DynamicUpdateSlice(s[history+k], row, []*graph.Node{s[0], graph.Const(g, int64(0))})
			}
			return next
		})
		return graph.While(cond, body, state...)[history:]
	})
	require.NoError(t, err)
	for _, other := range []bool{false, true} {
		var of []schedule.Schedule
		var constants []any
		for _, c := range cases {
			s := c.one
			if other {
				s = c.other
			}
			of, constants = append(of, s), append(constants, s.Constants())
		}
		single, double, err := exec.Call2(constants...)
		require.NoError(t, err)
		singles, doubles := single.Value().([][]float32), double.Value().([][]float64)
		for step := range steps {
			for i, c := range cases {
				want := of[i].At(step)
				require.InDelta(t, want, singles[step][i], 1e-7*want+1e-38, "%s, step %d", c.name, step)
				same(t, want, doubles[step][i], "%s, step %d", c.name, step)
			}
		}
	}
	exec.Finalize()
}

// same compares float64 values: cos π may be off 0 by a bit of 1.
func same(t *testing.T, want, got float64, where ...any) {
	t.Helper()
	require.InDelta(t, want, got, 1e-12*want+3e-16, where...)
}

// Structure is what a compiled program may be kept under.
func TestStructure(t *testing.T) {
	first := map[string]string{}
	for _, c := range cases {
		require.Equal(t, c.one.Structure(), c.other.Structure(), c.name)
		require.Equal(t, len(c.one.Constants()), len(c.other.Constants()), c.name)
		require.NotEqual(t, c.one.Constants(), c.other.Constants(), c.name)
		if _, ok := first[c.one.Structure()]; !ok {
			first[c.one.Structure()] = c.name
		}
	}
	require.Len(t, first, 21, "1/t and 1/√t are inverse time, linear is polynomial, the restarts are one")
	require.Equal(t, must(schedule.Piecewise(staircase(2))).Structure(), must(schedule.Piecewise(staircase(3))).Structure(), "3 and 4 pieces")
	require.NotEqual(t, must(schedule.Piecewise(staircase(3))).Structure(), must(schedule.Piecewise(staircase(4))).Structure())

	s := must(schedule.Constant(0.3))
	s.Constants()[0] = 7
	require.Equal(t, 0.3, s.At(0), "Constants is a copy")
}

func TestBadArguments(t *testing.T) {
	type result = func(x float64) (schedule.Schedule, error)
	good := must(schedule.Constant(1))
	numbers := map[string]result{ // what must be positive
		"Constant eta":       schedule.Constant,
		"Piecewise etas[0]":  func(x float64) (schedule.Schedule, error) { return schedule.Piecewise([]float64{x, 1}, []int{1}) },
		"Piecewise etas[1]":  func(x float64) (schedule.Schedule, error) { return schedule.Piecewise([]float64{1, x}, []int{1}) },
		"Step eta":           func(x float64) (schedule.Schedule, error) { return schedule.Step(x, 0.5, 1) },
		"Step factor":        func(x float64) (schedule.Schedule, error) { return schedule.Step(1, x, 1) },
		"Exponential eta":    func(x float64) (schedule.Schedule, error) { return schedule.Exponential(x, 0.5, 1) },
		"Exponential factor": func(x float64) (schedule.Schedule, error) { return schedule.Exponential(1, x, 1) },
		"InverseTime eta":    func(x float64) (schedule.Schedule, error) { return schedule.InverseTime(x, 1, 1) },
		"InverseTime tau":    func(x float64) (schedule.Schedule, error) { return schedule.InverseTime(1, x, 1) },
		"InverseTime power":  func(x float64) (schedule.Schedule, error) { return schedule.InverseTime(1, 1, x) },
		"OneOverT eta":       schedule.OneOverT,
		"OneOverSqrtT eta":   schedule.OneOverSqrtT,
		"Polynomial start":   func(x float64) (schedule.Schedule, error) { return schedule.Polynomial(x, 1, 1, 1) },
		"Polynomial power":   func(x float64) (schedule.Schedule, error) { return schedule.Polynomial(1, 1, x, 1) },
		"Linear start":       func(x float64) (schedule.Schedule, error) { return schedule.Linear(x, 1, 1) },
		"Cosine start":       func(x float64) (schedule.Schedule, error) { return schedule.Cosine(x, 1, 1) },
		"WarmRestarts start": func(x float64) (schedule.Schedule, error) { return schedule.WarmRestarts(x, 1, 1, 1) },
		"OneCycle start":     func(x float64) (schedule.Schedule, error) { return schedule.OneCycle(x, 1, 1, 1, 1, 1) },
		"Clamp high":         func(x float64) (schedule.Schedule, error) { return schedule.Clamp(good, 0, x) },
		"OneCycle peak":      func(x float64) (schedule.Schedule, error) { return schedule.OneCycle(1, x, 1, 1, 1, 1) },
	}
	orZero := map[string]result{
		"Polynomial end":   func(x float64) (schedule.Schedule, error) { return schedule.Polynomial(1, x, 1, 1) },
		"Linear end":       func(x float64) (schedule.Schedule, error) { return schedule.Linear(1, x, 1) },
		"Cosine end":       func(x float64) (schedule.Schedule, error) { return schedule.Cosine(1, x, 1) },
		"WarmRestarts end": func(x float64) (schedule.Schedule, error) { return schedule.WarmRestarts(1, x, 1, 1) },
		"OneCycle end":     func(x float64) (schedule.Schedule, error) { return schedule.OneCycle(1, 1, x, 1, 1, 1) },
		"PiecewiseLinear etas[1]": func(x float64) (schedule.Schedule, error) {
			return schedule.PiecewiseLinear([]float64{1, x}, []int{1, 2})
		},
		"Clamp low":   func(x float64) (schedule.Schedule, error) { return schedule.Clamp(good, x, 9) },
		"WarmUp from": func(x float64) (schedule.Schedule, error) { return schedule.WarmUp(x, 1, good) },
	}
	counts := map[string]func(n int) (schedule.Schedule, error){
		"Piecewise boundaries[0]": func(n int) (schedule.Schedule, error) { return schedule.Piecewise([]float64{1, 1}, []int{n}) },
		"Sequence boundaries[0]": func(n int) (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{good, good}, []int{n})
		},
		"Step every":          func(n int) (schedule.Schedule, error) { return schedule.Step(1, 1, n) },
		"Exponential every":   func(n int) (schedule.Schedule, error) { return schedule.Exponential(1, 1, n) },
		"Polynomial steps":    func(n int) (schedule.Schedule, error) { return schedule.Polynomial(1, 1, 1, n) },
		"Linear steps":        func(n int) (schedule.Schedule, error) { return schedule.Linear(1, 1, n) },
		"Cosine steps":        func(n int) (schedule.Schedule, error) { return schedule.Cosine(1, 1, n) },
		"WarmRestarts first":  func(n int) (schedule.Schedule, error) { return schedule.WarmRestarts(1, 1, n, 1) },
		"WarmRestarts growth": func(n int) (schedule.Schedule, error) { return schedule.WarmRestarts(1, 1, 1, n) },
		"OneCycle up":         func(n int) (schedule.Schedule, error) { return schedule.OneCycle(1, 1, 1, n, 1, 1) },
		"OneCycle down":       func(n int) (schedule.Schedule, error) { return schedule.OneCycle(1, 1, 1, 1, n, 1) },
		"OneCycle final":      func(n int) (schedule.Schedule, error) { return schedule.OneCycle(1, 1, 1, 1, 1, n) },
		"WarmUp steps":        func(n int) (schedule.Schedule, error) { return schedule.WarmUp(1, n, good) },
	}
	fails := func(name string, value any, must string, s schedule.Schedule, err error) {
		t.Helper()
		argument := strings.Fields(name)[1]
		says.All(t, err, fmt.Sprintf("%s … %v … %s", argument, value, must))
		require.Empty(t, s.Structure(), name)
		require.Empty(t, s.Constants(), name)
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0} {
		for name, call := range numbers {
			s, err := call(x)
			fails(name, x, "positive … finite", s, err)
		}
		for name, call := range orZero {
			s, err := call(x)
			if x == 0 {
				require.NoError(t, err, name)
				continue
			}
			fails(name, x, "finite … 0", s, err)
		}
	}
	for _, n := range []int{0, -1, math.MinInt} {
		for name, call := range counts {
			s, err := call(n)
			fails(name, n, "1", s, err)
		}
	}
	for want, call := range map[string]func() (schedule.Schedule, error){
		"boundaries … empty … Constant": func() (schedule.Schedule, error) { return schedule.Piecewise([]float64{1}, nil) },
		"etas … 0 … 2":                  func() (schedule.Schedule, error) { return schedule.Piecewise(nil, []int{1}) },
		"etas … 3 … 2":                  func() (schedule.Schedule, error) { return schedule.Piecewise([]float64{1, 2, 3}, []int{1}) },
		"boundaries[1] … 3":             func() (schedule.Schedule, error) { return schedule.Piecewise([]float64{1, 2, 3}, []int{3, 3}) },
		"boundaries[1] … 2 … 3":         func() (schedule.Schedule, error) { return schedule.Piecewise([]float64{1, 2, 3}, []int{3, 2}) },
		"steps … 1 … 2": func() (schedule.Schedule, error) {
			return schedule.PiecewiseLinear([]float64{1}, []int{1})
		},
		"etas … 1 … 2": func() (schedule.Schedule, error) {
			return schedule.PiecewiseLinear([]float64{1}, []int{1, 2})
		},
		"steps[1] … 1": func() (schedule.Schedule, error) {
			return schedule.PiecewiseLinear([]float64{1, 2}, []int{1, 1})
		},
		"steps[0] … -1 … 0": func() (schedule.Schedule, error) {
			return schedule.PiecewiseLinear([]float64{1, 2}, []int{-1, 1})
		},
		"schedules … 1 … 2": func() (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{good}, []int{1})
		},
		"schedules[1] … Schedule … Constant": func() (schedule.Schedule, error) {
			return schedule.Sequence([]schedule.Schedule{good, {}}, []int{1})
		},
		"schedules[0] … Schedule … Constant": func() (schedule.Schedule, error) {
			return schedule.Product(schedule.Schedule{}, good)
		},
		"schedules … empty": func() (schedule.Schedule, error) { return schedule.Product() },
		"of … Schedule … Constant": func() (schedule.Schedule, error) {
			return schedule.Clamp(schedule.Schedule{}, 0, 1)
		},
		"high … 1 … 2": func() (schedule.Schedule, error) { return schedule.Clamp(good, 2, 1) },
		"f … nil":      func() (schedule.Schedule, error) { return schedule.Func(nil) },
		"then … Schedule … Constant": func() (schedule.Schedule, error) {
			return schedule.WarmUp(0, 1, schedule.Schedule{})
		},
	} {
		_, err := call()
		says.All(t, err, want)
	}
}

// Programming errors panic with a sentence: on the host, and while a graph is built, from where Call returns it.
func TestMisuse(t *testing.T) {
	require.PanicsWithValue(t, "schedule: t is -1: steps are counted from 0", func() { cases[0].one.At(-1) })
	require.PanicsWithValue(t, "schedule: the zero Schedule has no formula: make one with a constructor, such as Constant",
		func() { schedule.Schedule{}.At(0) })
	backend := wasm.New()
	for want, args := range map[string][]any{
		"call Tabulate first":              {must(schedule.Product(cases[0].one, must(schedule.Func(func(int) float64 { return 1 })))), int64(0), []float64{0.3}},
		"the zero Schedule has no formula": {schedule.Schedule{}, int64(0), []float64{1}},
		"step has the shape (Int64)[2]":    {cases[0].one, []int64{0, 1}, []float64{1}},
		"(Float64)[1]":                     {cases[0].one, int64(0), []float64{1, 2}},
		"constants has the shape (Float32": {cases[0].one, int64(0), []float32{1}},
		"constants has the shape (Float64": {cases[0].one, int64(0), 1.0},
	} {
		exec, err := graph.NewExec(backend, func(step, constants *graph.Node) *graph.Node {
			return args[0].(schedule.Schedule).Node(step, constants, dtypes.Float32)
		})
		require.NoError(t, err)
		_, err = exec.Call(args[1:]...)
		require.ErrorContains(t, err, want)
	}
}
