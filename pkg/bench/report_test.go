package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/stat"
)

// One case can be drawn, and the whole table; who does not take part has no panel.
func TestPlot(t *testing.T) {
	result := func(c Case, keys ...string) Result {
		r := Result{Case: c, Ratios: map[string]stat.Interval{}}
		for _, key := range keys {
			r.Ratios[key] = stat.Interval{Value: 0.5, Low: 0.4, High: 0.6}
		}
		return r
	}
	var all []Result
	for _, c := range Table() {
		all = append(all, result(c, "jax", "torch"))
	}
	one, err := Plot([]Result{result(Reference(), "jax")}).SVG()
	require.NoError(t, err)
	require.Contains(t, string(one), "The lab against JAX")
	require.NotContains(t, string(one), "PyTorch")
	both, err := Plot(all).SVG()
	require.NoError(t, err)
	for _, text := range []string{"The lab against JAX", "The lab against PyTorch", "sgd, batch 8", "sgd, batch 256", "adam, batch 32", "momentum, batch 32"} {
		require.Contains(t, string(both), text)
	}
}

func TestDigits(t *testing.T) {
	for want, x := range map[string]float64{"0.000123": 0.000123456, "0.0500": 0.05, "1.23": 1.234, "12.3": 12.34, "123": 123.4, "1235": 1234.6} {
		require.Equal(t, want, digits(x))
	}
}

// What is unusual about a result is said below the table.
func TestNotes(t *testing.T) {
	r := Result{Case: Reference(), Rounds: 12, Rounding: 0.2, TimedSteps: map[string]int{"ours": 5000, "torch": 400},
		Absent: map[string]string{"jax": "there is no network"}, Machine: Machine{Versions: map[string]string{"ours": "GoMLX"}}}
	r.Nets = 3
	r.PerStep = map[string]float64{JAXVmap: 1.25}
	r.Ratios = map[string]stat.Interval{JAXVmap: {Value: 0.4, Low: 0.35, High: 0.45}}
	notes := Notes([]Result{r})
	for _, want := range []string{"over 12 rounds", "3 nets, a step being one of one net", "PyTorch is timed over the first 400 steps.",
		"JAX's vmap take 1.25 µs a step: ours ÷ JAX's vmap is 0.400 (0.350 to 0.450).",
		"JAX does not take part: there is no network.", "At width 64, batch 32, sgd at η = 0.05, 3 nets the run is chaotic: rounding " +
			"alone changes the final loss by a factor of up to 1.22, so that only the first 100 steps are compared closely."} {
		require.Contains(t, notes, want)
	}
	require.NotContains(t, notes, "The lab is timed")
}

func TestMachineNamesEachVersionOnce(t *testing.T) {
	m := Machine{CPU: "abacus", Cores: 2, System: "wood", Versions: map[string]string{"ours": "GoMLX", "jax": "JAX", "jax_vmap": "JAX", "torch": "PyTorch"}}
	require.Equal(t, "abacus, 2 cores, wood. GoMLX; JAX; PyTorch.", m.String())
}
