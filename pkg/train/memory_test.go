package train_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// A hundred times the steps with the same number of records take no more memory. What a step has is 0.4 KB, so 10⁶ steps
// would show with 400 MB if anything of each were kept.
func TestALongRunTakesNoMoreMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads the peak of memory from Linux")
	}
	backend, err := accel.Open()
	require.NoError(t, err)
	trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 16, n: 8}, optim.GD(), train.Record{Params: true, GradNorm: true})
	peak := func(steps int) float64 {
		debug.FreeOSMemory()
		require.NoError(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // the peak begins anew
		before := status(t, "VmRSS")
		h := run(t, trainer, train.Config{LearningRate: 1e-3, Sampler: must(sample.WithReplacement(2)), Steps: steps, Stride: steps / 1000})
		require.Len(t, h.Params, 1001)
		return status(t, "VmHWM") - before
	}
	peak(10_000) // the first run also sets things up
	short := peak(10_000)
	require.Less(t, peak(1_000_000), short+30, "MB at the peak, beyond what there was; the short run took %.0f", short)
}

// status is a size in MB from the kernel's account of this process.
func status(t *testing.T, field string) float64 {
	t.Helper()
	all, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, found := bytes.Cut(all, []byte(field+":"))
	require.True(t, found)
	var kB float64
	_, err = fmt.Sscan(string(rest), &kB)
	require.NoError(t, err)
	return kB / 1024
}
