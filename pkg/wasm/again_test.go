package wasm

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/compute/support/backendtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// graphOf compiles x ↦ x + by, count times.
func graphOf(t *testing.T, b *Backend, by float32, count int64) *executable {
	builder := b.Builder("x")
	must := func(v compute.Value, err error) compute.Value {
		require.NoError(t, err)
		return v
	}
	f := builder.Main()
	x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 2), nil))
	loop := func() compute.Function {
		inner, err := f.Closure()
		require.NoError(t, err)
		return inner
	}
	test, body := loop(), loop()
	for _, inner := range []compute.Function{test, body} {
		n := must(inner.Parameter("n", shapes.Make(dtypes.Int64), nil))
		y := must(inner.Parameter("y", shapes.Make(dtypes.Float32, 2), nil))
		if inner == test {
			require.NoError(t, inner.Return([]compute.Value{must(inner.LessThan(n, must(inner.Constant([]int64{count}))))}, nil))
			continue
		}
		step := must(inner.BroadcastInDim(must(inner.Constant([]float32{by})), shapes.Make(dtypes.Float32, 2), nil))
		require.NoError(t, inner.Return([]compute.Value{must(inner.Add(n, must(inner.Constant([]int64{1})))), must(inner.Add(y, step))}, nil))
	}
	out, err := f.While(test, body, must(f.Constant([]int64{0})), x)
	require.NoError(t, err)
	require.NoError(t, f.Return(out[1:], nil))
	made, err := builder.Compile()
	require.NoError(t, err)
	return made.(*executable)
}

func runOn(t *testing.T, b *Backend, e *executable, x ...float32) []float32 {
	in, err := b.BufferFromFlatData(0, x, shapes.Make(dtypes.Float32, len(x)))
	require.NoError(t, err)
	out, err := e.Execute([]compute.Buffer{in}, nil, 0)
	require.NoError(t, err)
	got := make([]float32, len(x))
	require.NoError(t, out[0].ToFlatData(got))
	return got
}

// A graph that is built again finds what was compiled, one that differs in anything does not, and what one executable finalizes serves
// the others.
func TestKeep(t *testing.T) {
	b := &Backend{Keep: 2}
	first, again := graphOf(t, b, 1, 3), graphOf(t, b, 1, 3)
	require.Same(t, first.compiled, again.compiled)
	longer, more := graphOf(t, b, 1, 4), graphOf(t, b, 2, 3)
	first.Finalize()
	first.Finalize()
	require.Equal(t, []float32{3, 4}, runOn(t, b, again, 0, 1))
	require.Equal(t, []float32{4, 5}, runOn(t, b, longer, 0, 1))
	require.Equal(t, []float32{6, 7}, runOn(t, b, more, 0, 1))
	require.NotSame(t, again.compiled, graphOf(t, b, 1, 3).compiled, "two more recent ones are kept")
	require.NotSame(t, graphOf(t, New(), 1, 3).compiled, graphOf(t, New(), 1, 3).compiled)
	b.Finalize()
	require.Equal(t, 1, users(longer.compiled), "the backend keeps it no longer")
}

func users(c *compiled) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.users
}

// An executable that nothing refers to gives its graph back, as one that is finalized does, and no executable does so twice.
func TestDroppedExecutableGivesBack(t *testing.T) {
	b := &Backend{Keep: 1}
	kept := graphOf(t, b, 1, 3).compiled
	finalized := graphOf(t, b, 1, 3)
	runOn(t, b, finalized, 0, 1)
	finalized.Finalize()
	dropped := graphOf(t, New(), 1, 3).compiled
	require.Eventually(t, func() bool {
		runtime.GC()
		return users(kept) == 1 && users(dropped) == 0
	}, 10*time.Second, time.Millisecond)
	for range 5 {
		runtime.GC()
	}
	require.Equal(t, 1, users(kept), "the backend keeps it")
	require.Len(t, kept.idle, 1)
	b.Finalize()
	require.Empty(t, kept.idle)
}

// Few more instances idle than can run at the same time, and as many do.
func TestIdleInstances(t *testing.T) {
	e := graphOf(t, New(), 1, 3)
	var taken []instance
	for range 2 * mostOfOne() {
		i, err := e.take()
		require.NoError(t, err)
		taken = append(taken, i)
	}
	for _, i := range taken {
		e.give(i)
	}
	require.Len(t, e.idle, mostOfOne())
	require.GreaterOrEqual(t, mostOfOne(), runtime.GOMAXPROCS(0))
}

func TestFinalizedBackend(t *testing.T) {
	b := &Backend{Keep: 1}
	e, later := graphOf(t, b, 1, 3), b.Builder("later")
	x, err := b.BufferFromFlatData(0, []float32{1, 2}, shapes.Make(dtypes.Float32, 2))
	require.NoError(t, err)
	y, err := later.Main().Parameter("y", shapes.Make(dtypes.Float32, 2), nil)
	require.NoError(t, err)
	require.NoError(t, later.Main().Return([]compute.Value{y}, nil))
	b.Finalize()
	require.True(t, b.IsFinalized())
	_, err = later.Compile()
	require.Error(t, err)
	_, err = e.Execute([]compute.Buffer{x}, nil, 0)
	require.Error(t, err)
	_, err = b.BufferFromFlatData(0, []float32{1, 2}, shapes.Make(dtypes.Float32, 2))
	require.Error(t, err)
	_, _, err = b.NewSharedBuffer(0, shapes.Make(dtypes.Float32, 2))
	require.Error(t, err)
	b.kept.add("late", e.compiled, 1)
	require.Empty(t, b.kept.keys)
	e.Finalize()
}

func TestConfiguration(t *testing.T) {
	_, err := compute.NewWithConfig("wasm:nonsense")
	require.Error(t, err)
	_, err = compute.NewWithConfig("wasm")
	require.NoError(t, err)
}

func TestConformanceOfKept(t *testing.T) { backendtest.RunAll(t, &Backend{Keep: Many}, nil) }

// TestFinalizeBesideRuns frees a graph while it is run: each run has a result, or the error that says why it has none.
func TestFinalizeBesideRuns(t *testing.T) {
	b := New()
	x, err := b.BufferFromFlatData(0, []float32{1, 2}, shapes.Make(dtypes.Float32, 2))
	require.NoError(t, err)
	for range 100 {
		e := graphOf(t, b, 1, 3)
		var runs sync.WaitGroup
		begun := make(chan struct{}, 4)
		for range cap(begun) {
			runs.Go(func() {
				for err := error(nil); err == nil; {
					if _, err = e.Execute([]compute.Buffer{x}, nil, 0); err != nil {
						assert.ErrorContains(t, err, "has been finalized")
					}
					select {
					case begun <- struct{}{}:
					default:
					}
				}
			})
		}
		<-begun
		e.Finalize()
		runs.Wait()
	}
}
