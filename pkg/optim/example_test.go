package optim_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
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
