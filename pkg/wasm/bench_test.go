package wasm_test

import (
	"os"
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

// timed returns the processor time of a training's first result and of a step.
func timed(t *testing.T, c trainings.Training, b compute.Backend) (first, step time.Duration) {
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
	first = cpu(t) - began
	began = cpu(t)
	run(steps)
	return first, (cpu(t) - began) * 1000 / steps
}

// TestTable prints the README's table: the processor time of a step and of a first result, with that of generating its code, here and
// by XLA in turns, the least of WASM_ROUNDS rounds.
func TestTable(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("WASM_ROUNDS"))
	if err != nil {
		t.Skip("WASM_ROUNDS does not say how often each program is to be timed")
	}
	xla, err := accel.Open()
	require.NoError(t, err)
	require.Equal(t, "xla:cpu", accel.Platform())
	for _, c := range trainings.All() {
		var first, step [2]time.Duration
		generation := time.Hour
		for round := range rounds {
			own := wasm.New()
			for i, b := range []compute.Backend{own, xla} {
				f, s := timed(t, c, b)
				if round == 0 {
					first[i], step[i] = f, s
				}
				first[i], step[i] = min(first[i], f), min(step[i], s)
			}
			generation = min(generation, own.Generation())
		}
		us := func(d time.Duration) float64 { return d.Seconds() * 1e3 } // of 1000 steps
		t.Logf("| %s | %.2f | %.2f | %.1f | %.0f (%.0f) | %.0f |", c.Name, us(step[0]), us(step[1]), us(step[0])/us(step[1]),
			first[0].Seconds()*1e3, generation.Seconds()*1e3, first[1].Seconds()*1e3)
	}
}
