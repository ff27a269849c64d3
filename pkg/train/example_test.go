package train_test

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/loss"

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

// The same problem at five learning rates, with one program. Theory says that gradient descent diverges above 2/λ_max = 0.2.
func ExampleSweep() {
	backend, err := accel.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	bowl, err := problem.NewQuadratic([]float64{1, 10}, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	trainer, err := train.New(backend, bowl, optim.GD(), train.Record{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer trainer.Close()

	rates := []float64{0.01, 0.1, 0.19, 0.21, 0.5}
	base := train.Config{Steps: 50, Start: map[string]any{"theta": []float64{1, 1}}, MaxLoss: 1000}
	histories, err := train.Sweep(context.Background(), trainer.Grid(base, rates, []int{1}), 0, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, h := range histories {
		if step, diverged := h.Diverged(); diverged {
			fmt.Printf("η = %.2f: diverged at step %d\n", rates[i], step)
		} else {
			fmt.Printf("η = %.2f: L = %.1e after %d steps\n", rates[i], h.Loss[len(h.Loss)-1], h.Step[len(h.Step)-1])
		}
	}
	// Output:
	// η = 0.01: L = 1.8e-01 after 50 steps
	// η = 0.10: L = 1.3e-05 after 50 steps
	// η = 0.19: L = 1.3e-04 after 50 steps
	// η = 0.21: diverged at step 28
	// η = 0.50: diverged at step 2
}

// A model written as for GoMLX's own trainer: a dense layer that learns y = 3x − 1 from three points.
func ExampleModel() {
	backend, err := accel.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	line := train.Model{
		Predict: func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
			return []*graph.Node{layers.Dense(scope, inputs[0], true, 1)}
		},
		Error:  loss.MeanSquaredError,
		Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{{-1}, {0}, {1}})},
		Labels: []*tensors.Tensor{tensors.FromValue([][]float32{{-4}, {-1}, {2}})},
	}
	trainer, err := train.New(backend, line, optim.GD(), train.Record{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer trainer.Close()
	h, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.3, Steps: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, p := range h.Parameters {
		fmt.Printf("%s %v: %.3f\n", p.Name, p.Shape, h.Final[i])
	}
	// Output:
	// dense/biases [1]: -1.000
	// dense/weights [1 1]: 3.000
}
