package train_test

import (
	"context"
	"fmt"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// Gradient descent on a bowl that is ten times as steep along one axis as along the other: one program, two learning
// rates. Stability ends at η = 2/λ_max = 0.2.
func ExampleTrainer_Run() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	bowl, err := problem.NewQuadratic([]float64{1, 10}, nil, nil)
	if err != nil {
		panic(err)
	}
	trainer, err := train.New(backend, bowl, optim.GD(), train.Record{Params: true})
	if err != nil {
		panic(err)
	}
	defer trainer.Close()

	for _, rate := range []float64{0.18, 0.21} {
		h, err := trainer.Run(context.Background(), train.Config{
			LearningRate: rate,
			Steps:        30,
			Stride:       10,
			Start:        map[string]any{"theta": []float64{1, 1}},
			MaxLoss:      100,
		})
		if err != nil {
			panic(err)
		}
		fmt.Printf("η = %g\n", rate)
		for i, step := range h.Step {
			fmt.Printf("  step %2d: L = %.3g at θ = %.2g\n", step, h.Loss[i], h.Params[i])
		}
		if step, diverged := h.Diverged(); diverged {
			fmt.Printf("  diverged at step %d\n", step)
		}
	}
	// Output:
	// η = 0.18
	//   step  0: L = 5.5 at θ = [1 1]
	//   step 10: L = 0.0671 at θ = [0.14 0.11]
	//   step 20: L = 0.000843 at θ = [0.019 0.012]
	//   step 30: L = 1.1e-05 at θ = [0.0026 0.0012]
	// η = 0.21
	//   step  0: L = 5.5 at θ = [1 1]
	//   step 10: L = 33.6 at θ = [0.095 2.6]
	//   diverged at step 16
}
