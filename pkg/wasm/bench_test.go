package wasm_test

import (
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/wasm"
	"descent.example/pkg/wasm/internal/trainings"
)

// cpu is the processor time that this process has used.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A timing is the processor time that a training took for its first result, in ms, for the part of it that generated code, and for a
// step, in µs.
type timing struct{ first, generation, step float64 }

func timed(t *testing.T, c trainings.Training, b compute.Backend) (took timing) {
	const steps = 50_000
	began := cpu(t)
	trainer, config, err := c.Start(b)
	require.NoError(t, err)
	defer trainer.Close()
	run := func(steps int) {
		_, err := trainings.Run(trainer, config, steps)
		require.NoError(t, err)
	}
	run(100)
	took.first = (cpu(t) - began).Seconds() * 1e3
	if own, is := b.(*wasm.Backend); is {
		took.generation = own.Generation().Seconds() * 1e3
	}
	began = cpu(t)
	run(steps)
	took.step = (cpu(t) - began).Seconds() * 1e6 / steps
	return took
}

// TestTable prints the README's table: medians over WASM_ROUNDS rounds of the processor time of a step and of a first result, with that
// of generating its code, here and by XLA. Each round times all programs by both, and a ratio is one of times from the same round,
// because a machine is slower in some minutes than in others.
func TestTable(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("WASM_ROUNDS"))
	if err != nil {
		t.Skip("WASM_ROUNDS does not say how often each program is to be timed")
	}
	xla, err := accel.Open()
	require.NoError(t, err)
	require.Equal(t, "xla:cpu", accel.Platform())
	all := trainings.All()
	own, others := make([][]timing, rounds), make([][]timing, rounds)
	for r := range rounds {
		for _, c := range all {
			own[r], others[r] = append(own[r], timed(t, c, wasm.New())), append(others[r], timed(t, c, xla))
		}
	}
	over := func(value func(own, others []timing) float64) float64 {
		var values []float64
		for r := range rounds {
			values = append(values, value(own[r], others[r]))
		}
		return median(values)
	}
	for i, c := range all {
		t.Logf("| %s | %.2f | %.2f | %.1f | %.0f (%.0f) | %.0f |", c.Name,
			over(func(own, _ []timing) float64 { return own[i].step }),
			over(func(_, xla []timing) float64 { return xla[i].step }),
			over(func(own, xla []timing) float64 { return own[i].step / xla[i].step }),
			over(func(own, _ []timing) float64 { return own[i].first }),
			over(func(own, _ []timing) float64 { return own[i].generation }),
			over(func(_, xla []timing) float64 { return xla[i].first }))
	}
	const single, double = 2, 3 // of the net with batches
	t.Logf("float64 takes %.2f times as long as float32", over(func(own, _ []timing) float64 { return own[double].step / own[single].step }))
}

// median returns the middle of values, and sorts them.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
