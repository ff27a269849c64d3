package optim_test

import (
	_ "embed"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/train"
)

// trajectories are PyTorch's and optax's; the script beside the file says how they were made.
//
//go:embed testdata/trajectories.csv
var trajectories string

// Every rule goes where PyTorch's and optax's goes for 200 steps: in float64 to the digits that are stored, in float32
// to what its rounding grows to on the way (it was 1e-6).
func TestTrajectoriesArePyTorchsAndOptaxs(t *testing.T) {
	records, err := csv.NewReader(strings.NewReader(trajectories)).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, len(rules)*len(problems))
	chosen, plain := backends(t)[0], backends(t)[1]
	for _, r := range records {
		name, problem := r[0], r[1]
		compare := func(backend compute.Backend, dtype dtypes.DType, tolerance float64) {
			if strings.Contains(name, "clip") { // PyTorch adds 1e-6 to the norm
				tolerance = 1e-5
			}
			rate, err := strconv.ParseFloat(r[2], 64)
			require.NoError(t, err)
			rule := must(rules[name]())
			trainer := newTrainer(t, backend, problems[problem].as(dtype), rule, train.Record{Params: true})
			h := run(t, trainer, train.Config{LearningRate: rate, Steps: 200, Stride: 10})
			size := len(h.Final)
			values := strings.Split(r[3], ";")
			require.Len(t, values, 20*size)
			for i, value := range values {
				want, err := strconv.ParseFloat(value, 64)
				require.NoError(t, err)
				at := 1 + i/size
				require.InDelta(t, want, h.Params[at][i%size], tolerance*max(1, math.Abs(want)),
					"%s on %s, %s on %s, step %d", name, problem, dtype, backend.Name(), h.Step[at])
			}
		}
		compare(plain, dtypes.Float64, 1e-8)
		compare(plain, dtypes.Float32, 1e-5)
		if problem == "net" && slices.Contains(optim.Names(), name) { // compiling takes most of this test's time
			compare(chosen, dtypes.Float32, 1e-5)
		}
	}
}
