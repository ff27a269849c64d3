package bench_test

import (
	"fmt"

	"descent.example/pkg/bench"
	"descent.example/pkg/stat"
)

// A table of two cases in which PyTorch does not take part.
func Example() {
	machine := bench.Machine{CPU: "Some CPU", Cores: 2, System: "linux/amd64", Versions: map[string]string{"ours": "GoMLX", "jax": "JAX 0.10.2"}}
	result := func(c bench.Case, ours, jax, loss float64, ratio stat.Interval) bench.Result {
		return bench.Result{Case: c, Rounds: 40, PerStep: map[string]float64{"ours": ours, "jax": jax},
			FinalLoss: map[string]float64{"ours": loss, "jax": loss}, Ratios: map[string]stat.Interval{"jax": ratio},
			TimedSteps: map[string]int{"ours": c.Steps, "jax": c.Steps},
			Machine:    machine, Absent: map[string]string{"torch": "it is not installed and --offline forbids its download"}}
	}
	wide := bench.Reference()
	wide.Width, wide.LR = 1024, bench.UsualRate("sgd", 1024)
	results := []bench.Result{
		result(bench.Reference(), 1.0123, 1.2512, 0.000255, stat.Interval{Value: 0.809, Low: 0.801, High: 0.822}),
		result(wide, 25.25, 24.12, 0.000496, stat.Interval{Value: 1.047, Low: 1.02, High: 1.06}),
	}
	fmt.Println(bench.Header())
	for _, r := range results {
		fmt.Println(r.Row())
	}
	fmt.Printf("\n%s\n", bench.Notes(results))
	// Output:
	// | width | batch | optimizer |        η | final loss | ours, µs a step |   JAX | PyTorch |             ours ÷ JAX |               ours ÷ PyTorch |
	// | ----: | ----: | --------- | -------: | ---------: | --------------: | ----: | ------: | ---------------------: | ---------------------------: |
	// |    64 |    32 | sgd       |     0.05 |   0.000255 |            1.01 |  1.25 |       – | 0.809 (0.801 to 0.822) |                            – |
	// |  1024 |    32 | sgd       |  0.00313 |   0.000496 |            25.2 |  24.1 |       – |    1.05 (1.02 to 1.06) |                            – |
	//
	// Times are medians over 40 rounds; ratios are medians of the paired ratios with their 95 % confidence interval, below 1 is faster.
	// 256 points, 5000 steps, the loss of each step recorded. All contenders end at the final loss shown.
	// PyTorch does not take part: it is not installed and --offline forbids its download.
	// The greatest ratio to JAX is 1.05, at width 1024, batch 32, sgd at η = 0.00313.
	// Some CPU, 2 cores, linux/amd64. GoMLX; JAX 0.10.2.
}
