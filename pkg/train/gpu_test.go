package train_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// The tests named TestGPU need an NVIDIA GPU with its plugin, and are skipped elsewhere. `go run ./cmd/lab bench --gpu` runs them before
// it times anything; a machine without Go runs `go test -c ./pkg/train`'s binary with -test.run GPU.

// onGPU returns the backend of the GPU and that of the CPU.
func onGPU(t *testing.T) (gpu, cpu compute.Backend) {
	t.Helper()
	gpu, _, err := accel.GPU()
	if err != nil {
		t.Skip(err)
	}
	cpu, err = accel.Open()
	require.NoError(t, err)
	return gpu, cpu
}

// Every optimizer, sampler and schedule gives the same curves on the GPU and on the CPU, one run at a time and together.
func TestGPUGivesTheCurvesOfTheCPU(t *testing.T) {
	gpu, cpu := onGPU(t)
	samplers := []sample.Sampler{must(sample.WithReplacement(5)), must(sample.WithoutReplacement(5)), must(sample.Reshuffled(5)), sample.Full(),
		must(sample.ShuffledOnce(5)), must(sample.InOrder(5)), must(sample.Given([][]int{{0, 3}, {1, 1}, {12, 7}}))}
	for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float32: 2e-4, dtypes.Float64: 1e-9} {
		for i, name := range optim.Names() {
			record := train.Record{Params: true, GradNorm: true, FullLoss: true}
			here := newTrainer(t, cpu, &net{dtype: dtype, hidden: 4, n: 13}, must(optim.ByName(name)), record)
			there := newTrainer(t, gpu, &net{dtype: dtype, hidden: 4, n: 13}, must(optim.ByName(name)), record)
			var jobs []train.Job
			for k := range 5 {
				c := train.Config{Sampler: samplers[i%len(samplers)], Steps: 40, Stride: 3, Seed: k}
				c.Schedule = must(schedule.OneOverT(0.04 * float64(1+k)))
				if k == 4 {
					c.Schedule = must(schedule.Func(func(step int) float64 { return 0.02 * (1 + math.Cos(float64(step)/13)) }))
				}
				jobs = append(jobs, train.Job{Trainer: there, Config: c})
			}
			together, err := train.Sweep(t.Context(), jobs, 0, nil)
			require.NoError(t, err)
			for k, job := range jobs {
				what := fmt.Sprintf("%s, %s, %s", name, dtype, job.Config.Sampler)
				want := run(t, here, job.Config)
				for _, got := range []*train.History{run(t, there, job.Config), together[k]} {
					require.Equal(t, want.Step, got.Step, what)
					require.InDeltaSlice(t, want.Loss, got.Loss, tolerance, what)
					require.InDeltaSlice(t, want.FullLoss, got.FullLoss, tolerance, what)
					require.InDeltaSlice(t, want.GradNorm, got.GradNorm, 10*tolerance, what)
					require.InDeltaSlice(t, want.Final, got.Final, 10*tolerance, what)
				}
			}
		}
	}
}

// The lecture's problems have the same losses there, wide nets with their matrix products too.
func TestGPUComputesTheProblems(t *testing.T) {
	gpu, cpu := onGPU(t)
	xs, ys := problem.Lecturer().Grid(64)
	for name, p := range map[string]problem.Problem{
		"quadratic": must(problem.NewQuadratic([]float64{1, 10}, nil, nil)), "diabetes": must(problem.Diabetes()),
		"rosenbrock": must(problem.NewRosenbrock(4)), "wide": must(problem.NewNet(problem.MLP{Sizes: []int{1, 512, 1}}, problem.NewPoints(xs, ys))),
		"deep": must(problem.NewNet(problem.MLP{Sizes: []int{1, 32, 32, 32, 1}}, problem.NewPoints(xs, ys))),
	} {
		c := train.Config{LearningRate: 1e-3, Steps: 50, Seed: 1}
		want := run(t, newTrainer(t, cpu, p, optim.GD(), train.Record{}), c)
		got := run(t, newTrainer(t, gpu, p, optim.GD(), train.Record{}), c)
		for i := range want.Loss {
			require.InEpsilon(t, want.Loss[i]+1e-9, got.Loss[i]+1e-9, 1e-3, "%s, step %d", name, i)
		}
	}
}

// A long sweep of many runs goes to the GPU if it is faster there, and takes no longer than on the CPU alone; few runs, or short ones, stay.
func TestGPUIsUsedWhereItPays(t *testing.T) {
	gpu, cpu := onGPU(t)
	_ = gpu
	xs, ys := problem.Lecturer().Grid(256)
	sweep := func(stay bool, runs, steps int) (seconds float64, twin bool) {
		trainer := newTrainer(t, cpu, must(problem.NewNet(problem.MLP{Sizes: []int{1, 64, 1}}, problem.NewPoints(xs, ys))), optim.GD(), train.Record{})
		if stay {
			trainer.Stay()
		}
		jobs := trainer.Grid(train.Config{Steps: steps, Stride: steps, Sampler: must(sample.WithReplacement(32))}, []float64{0.02}, make([]int, runs))
		began := time.Now()
		_, err := train.Sweep(context.Background(), jobs, 0, nil)
		require.NoError(t, err)
		return time.Since(began).Seconds(), train.ProgramsOfTwin(trainer) > 0
	}
	_, twin := sweep(false, 8, 1000)
	require.False(t, twin, "a short sweep compiles nothing for the GPU")
	alone, _ := sweep(true, 4096, 40_000)
	shared, twin := sweep(false, 4096, 40_000)
	fmt.Printf("4,096 nets of 40,000 steps: %.2f s on the CPU alone, %.2f s where it is chosen (twin %v)\n", alone, shared, twin)
	require.Less(t, shared, 1.5*alone)
}

// No more of the GPU's memory is taken than is needed: less than 2 GiB for CUDA itself and thousands of small nets.
func TestGPUMemoryIsTakenAsNeeded(t *testing.T) {
	onGPU(t)
	before := childSays(t, "memory", "")
	used, err := strconv.Atoi(before)
	require.NoError(t, err, before)
	require.Less(t, used, 2048, "MiB")
}

// Too little memory, and a GPU that does not answer, are sentences; the CPU computes then.
func TestGPUThatFails(t *testing.T) {
	onGPU(t)
	require.Contains(t, childSays(t, "full", "GOMLX_BACKEND=xla:cuda,memory_fraction=0.002"), "the GPU's memory is not enough: lower")
	require.Contains(t, childSays(t, "open", "CUDA_VISIBLE_DEVICES="), "cannot be used")
}

// childSays runs TestGPUChild in a process of its own and returns what it says.
func childSays(t *testing.T, do, env string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run", "^TestGPUChild$", "-test.v")
	cmd.Env = append(os.Environ(), "GPU_TEST_CHILD="+do, env)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	_, said, ok := strings.Cut(string(out), "SAYS ")
	require.True(t, ok, string(out))
	said, _, _ = strings.Cut(said, "\n")
	return said
}

// TestGPUChild is the process of childSays.
func TestGPUChild(t *testing.T) {
	xs, ys := problem.Lecturer().Grid(256)
	switch os.Getenv("GPU_TEST_CHILD") {
	case "memory":
		before := usedMemory(t)
		gpu, _ := onGPU(t)
		trainer := newTrainer(t, gpu, must(problem.NewNet(problem.MLP{Sizes: []int{1, 64, 1}}, problem.NewPoints(xs, ys))), optim.GD(), train.Record{})
		_, err := train.Sweep(t.Context(), trainer.Grid(train.Config{Steps: 200, Stride: 100}, []float64{0.01}, make([]int, 2048)), 0, nil)
		require.NoError(t, err)
		fmt.Printf("SAYS %d\n", usedMemory(t)-before)
	case "full":
		backend, err := accel.Open()
		require.NoError(t, err)
		trainer := newTrainer(t, backend, must(problem.NewNet(problem.MLP{Sizes: []int{1, 4096, 4096, 1}}, problem.NewPoints(xs, ys))), optim.GD(), train.Record{})
		_, err = trainer.Run(t.Context(), train.Config{LearningRate: 0.01, Steps: 2})
		fmt.Printf("SAYS %v\n", err)
	case "open":
		_, _, err := accel.GPU()
		fmt.Printf("SAYS %v\n", err)
		_, err = accel.Open()
		require.NoError(t, err)
		require.Equal(t, "xla:cpu", accel.Platform())
	default:
		t.Skip("a part of TestGPUMemoryIsTakenAsNeeded and TestGPUThatFails")
	}
}

// usedMemory is that of the first GPU in MiB.
func usedMemory(t *testing.T) int {
	out, err := exec.Command("nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-i", "0").Output()
	require.NoError(t, err)
	used, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	return used
}
