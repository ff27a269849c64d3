package optim_test

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// One step of GoMLX's own kind: a model.Exec whose function builds the loss and lets the optimizer update the
// variables. L(θ) = θ², from θ = 3 with η = 0.1: θ − η·2θ = 2.4.
func ExampleGD() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	store := model.NewStore()
	store.SetParam(optimizer.ParamLearningRate, 0.1)
	rule := optim.GD()
	step, err := model.NewExec(backend, store, func(scope *model.Scope, g *graph.Graph) *graph.Node {
		loss := graph.Square(scope.VariableWithValue("theta", 3.0).NodeValue(g))
		rule.UpdateGraph(scope, g, loss)
		return loss
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		loss, err := step.Exec()
		if err != nil {
			panic(err)
		}
		theta := store.GetVariable("/theta").MustValue()
		fmt.Printf("L = %.4f, then θ = %.4f\n", tensors.ToScalar[float64](loss[0]), tensors.ToScalar[float64](theta))
	}
	// Output:
	// L = 9.0000, then θ = 2.4000
	// L = 5.7600, then θ = 1.9200
	// L = 3.6864, then θ = 1.5360
}

// Every rule on the same ravine, L(θ) = ½(θ₁² + 100θ₂²), with the same learning rate.
func ExampleByName() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	ravine, err := problem.NewQuadratic([]float64{1, 100}, nil, nil)
	if err != nil {
		panic(err)
	}
	for _, name := range optim.Names() {
		rule, err := optim.ByName(name)
		if err != nil {
			panic(err)
		}
		trainer, err := train.New(backend, ravine, rule, train.Record{})
		if err != nil {
			panic(err)
		}
		h, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.01, Steps: 100})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-10s L = %.1e\n", name, h.Loss[100])
		trainer.Close()
	}
	// Output:
	// SGD        L = 6.7e-02
	// momentum   L = 9.5e-05
	// Nesterov   L = 2.5e-07
	// RMSProp    L = 7.0e-03
	// Adam       L = 2.5e+00
	// AdamW      L = 2.5e+00
}

// Gradient descent with a soft threshold after each step: L(θ) + 0.5·‖θ‖₁ is least at (2.5, 0), and 0 is exact.
func ExampleWith() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	bowl, err := problem.NewQuadratic([]float64{1, 10}, nil, []float64{3, 0.04})
	if err != nil {
		panic(err)
	}
	rule, err := optim.With(optim.GD(), optim.L1(0.5))
	if err != nil {
		panic(err)
	}
	trainer, err := train.New(backend, bowl, rule, train.Record{})
	if err != nil {
		panic(err)
	}
	defer trainer.Close()
	h, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 300})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f\n", h.Final)
	// Output: [2.5000 0.0000]
}

// Options go into the rule's constructor too. The run gets another momentum and compiles nothing for it; the mean of
// its iterates from step 50 on is a variable.
func ExampleHeavyBall() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	bowl, err := problem.NewQuadratic([]float64{1, 10}, nil, []float64{3, -2})
	if err != nil {
		panic(err)
	}
	rule, err := optim.HeavyBall(0.9, optim.Clip(1), optim.Average(50))
	if err != nil {
		panic(err)
	}
	trainer, err := train.New(backend, bowl, rule, train.Record{})
	if err != nil {
		panic(err)
	}
	defer trainer.Close()
	for _, momentum := range []float64{0.9, 0.5} {
		h, err := trainer.Run(context.Background(), train.Config{
			LearningRate: 0.1, Steps: 100, Hyper: map[string]float64{"momentum": momentum},
		})
		if err != nil {
			panic(err)
		}
		average, err := h.Value("optimizers/average/theta")
		if err != nil {
			panic(err)
		}
		fmt.Printf("β = %v: θ = %.3f, on average %.3f\n", momentum, h.Final, average.Value())
	}
	// Output:
	// β = 0.9: θ = [2.996 -2.004], on average [3.002 -1.999]
	// β = 0.5: θ = [3.000 -2.000], on average [3.000 -2.000]
}
