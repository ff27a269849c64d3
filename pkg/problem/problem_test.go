package problem_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"descent.example/pkg/accel"
	"descent.example/pkg/problem"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// both is what every problem of closed form is.
type both interface {
	problem.Problem
	problem.Smooth
}

// cases returns every kind of problem in the dtype given, with its number of parameters and a start of its own.
func cases(t *testing.T, dtype dtypes.DType) map[string]both {
	plane, err := problem.NewQuadratic([]float64{1, 25}, problem.Rotation(0.5), []float64{1, -2})
	require.NoError(t, err)
	plane.DType = dtype
	bowl, err := problem.NewQuadratic([]float64{0.1, 3, 0, 7, 1}, problem.RandomBasis(5, 42), []float64{1, 2, 3, 4, 5})
	require.NoError(t, err)
	bowl.DType = dtype
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	diabetes.DType = dtype
	return map[string]both{"plane": plane, "bowl": bowl, "diabetes": diabetes}
}

func start(p both) []float64 {
	switch p := p.(type) {
	case *problem.Quadratic:
		return p.Start
	case *problem.LeastSquares:
		return p.Start
	}
	panic("no start")
}

// Claim G1, its gradient: autodiff on the backend, the closed form and finite differences agree.
func TestGradient(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	// 100 roundings: the sums behind a gradient are of at most 442 terms, whose roundings partly cancel.
	for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float64: 100 * 0x1p-53, dtypes.Float32: 100 * 0x1p-24} {
		for name, p := range cases(t, dtype) {
			t.Run(fmt.Sprint(name, dtype), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, 7))
				for range 3 {
					point := start(p) // Set in place: the variable starts there.
					for i := range point {
						point[i] = 3 * rng.NormFloat64()
					}
					exec := model.MustNewExec(backend, model.NewStore(), func(scope *model.Scope, batch []*graph.Node) (*graph.Node, *graph.Node) {
						loss := p.Loss(scope, batch[0].Graph(), batch)
						return loss, scope.BuildTrainableVariablesGradientsGraph(loss)[0]
					})
					if p.Data() == nil {
						exec = model.MustNewExec(backend, model.NewStore(), func(scope *model.Scope, g *graph.Graph) (*graph.Node, *graph.Node) {
							loss := p.Loss(scope, g, nil)
							return loss, scope.BuildTrainableVariablesGradientsGraph(loss)[0]
						})
					}
					loss, gradient, err := exec.Call2(anys(p.Data())...)
					require.NoError(t, err)
					require.True(t, loss.Shape().IsScalar())
					require.Equal(t, dtype, loss.DType())

					want := p.Gradient(point)
					require.InEpsilon(t, p.Value(point), float64s(loss)[0], tolerance)
					require.Less(t, floats.Distance(want, float64s(gradient), 2), tolerance*floats.Norm(want, 2))

					numeric := fd.Gradient(nil, p.Value, point, &fd.Settings{Formula: fd.Central})
					// A central difference is exact for a quadratic but for the rounding of L, eps·L/h, h = 6e-6.
					require.InDeltaSlice(t, want, numeric, 1e-9*p.Value(point)+1e-9*floats.Norm(want, 2))
				}
			})
		}
	}
}

func TestHessian(t *testing.T) {
	for name, p := range cases(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			point := start(p)
			h := p.Hessian(point)
			numeric := mat.NewDense(len(point), len(point), nil)
			fd.Jacobian(numeric, func(y, x []float64) { copy(y, p.Gradient(x)) }, point, &fd.JacobianSettings{Formula: fd.Central})
			scale := mat.Norm(h, 2)
			// The rounding of the gradient, up to 1e-13 for the diabetes data (‖∇L‖ = 80), over a step of 6e-6.
			require.True(t, mat.EqualApprox(h, numeric, 1e-7*scale))

			lambda, vectors, err := problem.Eigen(h)
			require.NoError(t, err)
			require.Greater(t, lambda[0], -1e-14*scale, "positive semi-definite")
			require.IsNonDecreasing(t, lambda)
			var product, scaled mat.Dense
			product.Mul(h, vectors)
			scaled.Mul(vectors, mat.NewDiagDense(len(lambda), lambda))
			require.True(t, mat.EqualApprox(&product, &scaled, 1e-14*scale))
		})
	}
}

func TestOptimum(t *testing.T) {
	for name, p := range cases(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			optimum, err := p.Optimum()
			require.NoError(t, err)
			require.InDelta(t, 0, floats.Norm(p.Gradient(optimum), 2), 1e-11)
			for i := range optimum {
				for _, step := range []float64{-0.1, 0.1} {
					aside := append([]float64{}, optimum...)
					aside[i] += step
					require.Greater(t, p.Value(aside), p.Value(optimum))
				}
			}
		})
	}
}

// A whole run inside a While: Loss is built in the main graph first and then again in the loop's body, and GoMLX's cache
// of scalars is filled by the main graph (but for 1, from which GoMLX's own Gradient starts). Twenty steps equal twenty by
// hand.
func TestLossInsideLoop(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	const steps, eta = 20, 0.05
	for name, p := range cases(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			run := func(scope *model.Scope, g *graph.Graph, batch []*graph.Node) (before, last *graph.Node) {
				for _, cached := range []float64{0, 2, 0.5, 1.0 / 442, 0.5 / 442} {
					graph.Scalar(g, dtypes.Float64, cached)
				}
				before = p.Loss(scope, g, batch)
				theta := scope.GetVariable("theta")
				first := theta.NodeValue(g)
				state := append([]*graph.Node{graph.Const(g, int32(0)), first}, batch...)
				parameters := func(g *graph.Graph) (nodes []*graph.Node) {
					for i, s := range state {
						nodes = append(nodes, graph.Parameter(g, fmt.Sprint("state", i), s.Shape()))
					}
					return nodes
				}
				condition := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
					return []*graph.Node{graph.LessThan(parameters(g)[0], graph.Const(g, int32(steps)))}
				})
				body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
					now := parameters(g)
					theta.SetNodeValue(now[1])
					gradient := graph.Gradient(p.Loss(scope, g, now[2:]), now[1])[0]
					now[0] = graph.Add(now[0], graph.Const(g, int32(1)))
					now[1] = graph.Sub(now[1], graph.Mul(graph.Const(g, eta), gradient))
					return now
				})
				last = graph.While(condition, body, state...)[1]
				theta.SetNodeValue(first)
				return before, last
			}
			exec := model.MustNewExec(backend, model.NewStore(), func(scope *model.Scope, g *graph.Graph) (*graph.Node, *graph.Node) {
				return run(scope, g, nil)
			})
			if p.Data() != nil {
				exec = model.MustNewExec(backend, model.NewStore(), func(scope *model.Scope, batch []*graph.Node) (*graph.Node, *graph.Node) {
					return run(scope, batch[0].Graph(), batch)
				})
			}
			before, last, err := exec.Call2(anys(p.Data())...)
			require.NoError(t, err)
			require.InEpsilon(t, p.Value(start(p)), float64s(before)[0], 1e-14)

			theta := append([]float64{}, start(p)...)
			for range steps {
				floats.AddScaled(theta, -eta, p.Gradient(theta))
			}
			require.InDeltaSlice(t, theta, float64s(last), 1e-12*(1+floats.Norm(theta, 2)))
		})
	}
}

func TestLossRefuses(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	build := func(p problem.Problem, inputs ...any) error {
		exec := model.MustNewExec(backend, model.NewStore(), func(scope *model.Scope, batch []*graph.Node) *graph.Node {
			return p.Loss(scope, batch[0].Graph(), batch)
		})
		_, err := exec.Call1(inputs...)
		return err
	}
	leastSquares := func(change func(*problem.LeastSquares)) problem.Problem {
		l, err := problem.NewLeastSquares(mat.NewDense(2, 2, []float64{1, 2, 3, 4}), []float64{1, 2})
		require.NoError(t, err)
		change(l)
		return l
	}
	quadratic := func(change func(*problem.Quadratic)) problem.Problem {
		q, err := problem.NewQuadratic([]float64{1, 2}, nil, nil)
		require.NoError(t, err)
		change(q)
		return q
	}
	x, y := [][]float32{{1, 2}, {3, 4}}, []float32{1, 2}
	require.NoError(t, build(leastSquares(func(*problem.LeastSquares) {}), x, y), "the good batch")
	require.ErrorContains(t, build(leastSquares(func(*problem.LeastSquares) {}), x), "batch has 1 nodes")
	require.ErrorContains(t, build(leastSquares(func(*problem.LeastSquares) {}), x, []float32{1}), "features [b, 2] and targets [b]")
	require.ErrorContains(t, build(leastSquares(func(*problem.LeastSquares) {}), y, y), "features [b, 2] and targets [b]")
	require.ErrorContains(t, build(leastSquares(func(l *problem.LeastSquares) { l.Start = nil }), x, y), "Start has 0 elements")
	require.ErrorContains(t, build(leastSquares(func(l *problem.LeastSquares) { l.Start[1] = math.NaN() }), x, y), "Start[1] is NaN")
	require.ErrorContains(t, build(leastSquares(func(l *problem.LeastSquares) { l.DType = dtypes.Int32 }), x, y), "DType is Int32")
	require.ErrorContains(t, build(quadratic(func(q *problem.Quadratic) { q.Start = []float64{1} }), x), "Start has 1 elements")
	require.ErrorContains(t, build(quadratic(func(q *problem.Quadratic) { q.Start[0] = math.Inf(1) }), x), "Start[0] is +Inf")
	require.ErrorContains(t, build(quadratic(func(q *problem.Quadratic) { q.Start[0] = 1e300 }), x), "1e+300 does not fit into Float32")
}

func TestZeroDTypeIsFloat32(t *testing.T) {
	l, err := problem.NewLeastSquares(mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}), []float64{1, 2, 3})
	require.NoError(t, err)
	require.Equal(t, shapes.Make(dtypes.Float32, 3, 2), l.Data()[0].Shape())
	require.Equal(t, shapes.Make(dtypes.Float32, 3), l.Data()[1].Shape())
}

func TestEigenRefuses(t *testing.T) {
	_, _, err := problem.Eigen(&mat.SymDense{})
	require.ErrorContains(t, err, "the Hessian is empty")
	_, _, err = problem.Eigen(mat.NewSymDense(2, []float64{1, math.NaN(), math.NaN(), 1}))
	require.ErrorContains(t, err, "not finite")
}

// anys hands tensors to an Exec.
func anys(data []*tensors.Tensor) []any {
	inputs := make([]any, len(data))
	for i, tensor := range data {
		inputs[i] = tensor
	}
	return inputs
}

// float64s copies a tensor of either float type to the host.
func float64s(tensor *tensors.Tensor) []float64 {
	var values []float64
	tensor.MustConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float64:
			values = append(values, flat...)
		case []float32:
			for _, v := range flat {
				values = append(values, float64(v))
			}
		}
	})
	return values
}
