package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/bench"
)

// tiny is a case that plain Python does in no time.
var tiny = bench.Case{Width: 3, Batch: 4, Points: 10, Steps: 30, Optimizer: "sgd", LR: 0.1, Nets: 2}

func tinyJob(others ...bench.Other) bench.Job {
	return bench.Job{Time: 100 * time.Millisecond, Cases: []bench.Case{tiny}, Others: others}
}

// fake is a contender in plain Python.
func fake(t *testing.T, key, name string, how ...string) bench.Other {
	t.Helper()
	python, err := exec.LookPath(cmp.Or(os.Getenv("LAB_PYTHON"), "python3"))
	require.NoError(t, err, "Python 3.9 or newer must be on the PATH")
	return bench.Other{Key: key, Name: name, Command: append([]string{python, "-I", "testdata/contender.py"}, how...)}
}

// A whole job: the lab does what plain Python does, and table, results and picture say so.
func TestJob(t *testing.T) {
	dir := t.TempDir()
	job := tinyJob(fake(t, "torch", "PyTorch"))
	job.Absent = map[string]string{"jax": "there is no network"}
	job.JSON, job.Plot = filepath.Join(dir, "results.json"), filepath.Join(dir, "ratios.png")
	var out bytes.Buffer
	require.NoError(t, do(t.Context(), job, &out))
	require.Contains(t, out.String(), "|     3 |     4 | sgd       |      0.1 |")
	require.Contains(t, out.String(), "JAX does not take part: there is no network.")

	data, err := os.ReadFile(job.JSON)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(data, []byte("\n")), "one case, one object, one line")
	var got struct {
		bench.Case
		Us    map[string]float64 `json:"us_per_step"`
		Loss  map[string]float64 `json:"final_loss"`
		Ratio float64            `json:"ratio_torch"`
		Ends  []float64          `json:"ratio_torch_interval"`
		JAX   *float64           `json:"ratio_jax"`
	}
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, tiny, got.Case)
	require.Len(t, got.Us, 2)
	require.InEpsilon(t, got.Loss["torch"], got.Loss["ours"], 1e-4)
	require.Greater(t, got.Us["ours"], 0.0)
	require.Len(t, got.Ends, 2)
	require.LessOrEqual(t, got.Ends[0], got.Ratio)
	require.GreaterOrEqual(t, got.Ends[1], got.Ratio)
	require.Nil(t, got.JAX)
	require.FileExists(t, filepath.Join(dir, "ratios.svg"))
	require.FileExists(t, filepath.Join(dir, "ratios.png"))
}

func TestJobFails(t *testing.T) {
	another := func(how ...string) func(*bench.Job) {
		return func(j *bench.Job) { j.Others = append(j.Others, fake(t, "torch", "PyTorch", how...)) }
	}
	for name, c := range map[string]struct {
		job  func(*bench.Job)
		want string
	}{
		"another rate": {another("rate", "1.05"),
			"PyTorch does not do the lab's work at width 3, batch 4, sgd at η = 0.1, 2 nets: their losses part at step"},
		"another end": {another("end", "0.5"), "PyTorch ends at a loss of"},
		"a contender that dies": {another("stop"),
			"PyTorch failed at width 3, batch 4, sgd at η = 0.1, 2 nets: it ended unexpectedly: no more memory"},
		"no such program": {func(j *bench.Job) { j.Others[0].Command[0] = "/no/such/program" }, "JAX does not start: "},
		"divergence": {func(j *bench.Job) { j.Cases[0].LR = 1e6 },
			"The lab failed at width 3, batch 4, sgd at η = 1e+06, 2 nets: the training diverged at step"},
		"nothing to draw": {func(j *bench.Job) { j.Others, j.Plot = nil, "x.png" }, "--plot: there is no ratio to draw"},
		"no such folder":  {func(j *bench.Job) { j.JSON = "/no/such/folder/x" }, "the results cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			job := tinyJob(fake(t, "jax", "JAX"))
			c.job(&job)
			err := do(t.Context(), job, &bytes.Buffer{})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, do(ctx, tinyJob(fake(t, "jax", "JAX")), &bytes.Buffer{}), context.Canceled)
}

// JAX and PyTorch, where `lab bench` has installed them, do what the lab does with each optimizer.
func TestInstalledContenders(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	lab := filepath.Join(root, ".lab")
	for key, library := range map[string]struct{ folder, name string }{
		"jax": {"jax", "JAX"}, bench.JAXVmap: {"jax", "JAX"}, "torch": {"torch", "PyTorch"}} {
		t.Run(key, func(t *testing.T) {
			folder := filepath.Join(lab, "bench", library.folder)
			if _, err := os.Stat(filepath.Join(lab, "stamps", library.name)); err != nil {
				t.Skip("not installed here; `go run ./cmd/lab bench` does")
			}
			other := bench.Other{Key: key, Name: library.name, Command: []string{filepath.Join(lab, "python", "bin", "python"), "-I",
				filepath.Join(root, "cmd", "lab", "internal", "setup", "python", "bench.py"), key, folder}}
			job := tinyJob(other)
			job.Cases = nil
			for _, optimizer := range bench.Optimizers {
				c := tiny
				c.Optimizer, c.LR = optimizer, 0.03
				job.Cases = append(job.Cases, c)
			}
			table, err := compare(t.Context(), open(t), job, &bytes.Buffer{})
			require.NoError(t, err)
			for _, r := range table {
				require.InEpsilon(t, r.FinalLoss["ours"], r.FinalLoss[key], 1e-4, "%s", r.Case)
				require.Zero(t, r.Rounding)
			}
		})
	}
}

// The sweep trains every net, and they learn.
func TestSweep(t *testing.T) {
	s, err := cs182(t.Context(), 2, 100)
	require.NoError(t, err)
	require.Equal(t, 18, s.Runs)
	require.Zero(t, s.Diverged)
	require.Regexp(t, `^The CS182 sweep, 3 widths × 3 optimizers × 2 seeds × 100 steps, batch 40: \d+\.\d s, `, s.String())
}

// The table of a GPU, for which the CPU stands in: both sides end at the same losses, together or one by one.
func TestGPUTable(t *testing.T) {
	before, most := openGPU, mostNets
	defer func() { openGPU, mostNets = before, most }()
	openGPU = func() (compute.Backend, string, error) { return open(t), "stand-in", nil }
	mostNets = 4
	var out bytes.Buffer
	table, err := onGPU(t.Context(), bench.Job{Time: 100 * time.Millisecond}, &out)
	require.NoError(t, err)
	require.Len(t, table, 2)
	for _, r := range table {
		require.InEpsilon(t, r.FinalLoss["ours"], r.FinalLoss["gpu"], 1e-3)
		require.Positive(t, r.PerStep["gpu"])
	}
	require.Contains(t, out.String(), "| 4 | ")

	openGPU = func() (compute.Backend, string, error) { return nil, "", errors.New("no NVIDIA GPU was found") }
	_, err = onGPU(t.Context(), bench.Job{}, &out)
	require.EqualError(t, err, "there is nothing to time: no NVIDIA GPU was found")
}

func open(t *testing.T) compute.Backend {
	t.Helper()
	backend, err := accel.Open()
	require.NoError(t, err)
	return backend
}
