package schedule_test

import (
	_ "embed"
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/accel"
	"descent.example/pkg/schedule"
	"descent.example/pkg/wasm"
)

//go:embed testdata/optax_plateau.csv
var optaxPlateau string

// plateaus are the losses and, for each setting, the scales that optax has.
func plateaus(t *testing.T) (losses []float64, made []schedule.Plateau, scales [][]float64) {
	t.Helper()
	numbers := func(s string) (xs []float64) {
		for f := range strings.SplitSeq(s, ";") {
			x, err := strconv.ParseFloat(f, 64)
			require.NoError(t, err)
			xs = append(xs, x)
		}
		return xs
	}
	records, err := csv.NewReader(strings.NewReader(optaxPlateau)).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 4)
	for _, r := range records[1:] {
		c := numbers(r[0])
		p, err := schedule.ReduceOnPlateau(c[0], int(c[1]), c[2], int(c[3]), c[4])
		require.NoError(t, err)
		made, scales = append(made, p), append(scales, numbers(r[1]))
	}
	return numbers(records[0][1]), made, scales
}

func TestPlateauIsOptax(t *testing.T) {
	losses, made, scales := plateaus(t)
	for i, p := range made {
		require.InDeltaSlice(t, scales[i], p.Scales(losses), 1e-15, "setting %d", i)
		require.Less(t, scales[i][len(losses)-1], 0.2, "the rate has been lowered more than once")
	}
}

// In a graph the same formula computes the same in float64, on each backend.
func TestPlateauInAGraphIsTheHost(t *testing.T) {
	chosen, err := accel.Open()
	require.NoError(t, err)
	losses, made, scales := plateaus(t)
	for _, backend := range []compute.Backend{chosen, wasm.New()} {
		for i, p := range made {
			exec, err := graph.NewExec(backend, func(loss, constants, state *graph.Node) (scale, next *graph.Node) {
				return p.Node(loss, constants, state)
			})
			require.NoError(t, err)
			state := p.Start()
			for step, loss := range losses {
				out, err := exec.Call(loss, p.Constants(), state)
				require.NoError(t, err)
				require.InDelta(t, scales[i][step], out[0].Value().(float64), 1e-15, "%s, setting %d, step %d", backend.Name(), i, step)
				state = out[1].Value().([]float64)
			}
		}
	}
}

func TestReduceOnPlateauRefuses(t *testing.T) {
	for want, make := range map[string]func() (schedule.Plateau, error){
		"factor … 1":        func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(1, 5, 0, 0, 0) },
		"factor … 0":        func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(0, 5, 0, 0, 0) },
		"patience … 0 … 1":  func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(0.5, 0, 0, 0, 0) },
		"tolerance … 1":     func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(0.5, 5, 1, 0, 0) },
		"cooldown … -1 … 0": func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(0.5, 5, 0, -1, 0) },
		"floor … 2 … 1":     func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(0.5, 5, 0, 0, 2) },
		"floor … -1 … 0":    func() (schedule.Plateau, error) { return schedule.ReduceOnPlateau(0.5, 5, 0, 0, -1) },
	} {
		p, err := make()
		says.All(t, err, want)
		require.False(t, p.On())
	}
	require.Equal(t, []float64{1, 1}, schedule.Plateau{}.Scales([]float64{3, 2}))
}
