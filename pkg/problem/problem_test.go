package problem_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/accel"
	"descent.example/pkg/problem"
	"descent.example/pkg/wasm"
)

// both is what every problem of closed form is.
type both interface {
	problem.Problem
	problem.Smooth
}

// cases returns every kind of problem in the dtype given.
func cases(t *testing.T, dtype dtypes.DType) map[string]both {
	t.Helper()
	must := func(err error) { require.NoError(t, err) }
	plane, err := problem.NewQuadratic([]float64{1, 25}, problem.Rotation(0.5), []float64{1, -2})
	must(err)
	bowl, err := problem.NewQuadratic([]float64{0.1, 3, 0, 7, 1}, problem.RandomBasis(5, 42), []float64{1, 2, 3, 4, 5})
	must(err)
	diabetes, err := problem.Diabetes()
	must(err)
	ridge, _, err := problem.RandomLeastSquares(7, 9, []float64{1, 2, 3, 4, 5, 6, 7}, 0.3, 1)
	must(err)
	ridge.Ridge = 0.5
	lasso, err := problem.Diabetes()
	must(err)
	lasso.L1, lasso.Ridge = 7, 0.1
	stream, err := problem.NewStream(problem.Circle(30, 2, 50), 0.1, 3)
	must(err)
	blobs, err := problem.Blobs(40, 2, 5)
	must(err)
	logistic, err := blobs.Logistic()
	must(err)
	damped, err := blobs.Logistic()
	must(err)
	damped.Ridge = 0.2
	valley, err := problem.NewRosenbrock(2)
	must(err)
	gorge, err := problem.NewRosenbrock(5)
	must(err)
	line, err := problem.NewTwoBasins(problem.Basin{Bottom: []float64{-1}, Curvature: 2, Loss: 0.3},
		problem.Basin{Bottom: []float64{2}, Curvature: 8}, 0.1)
	must(err)
	pits, err := problem.NewTwoBasins(problem.Basin{Bottom: []float64{0, 1}, Curvature: 1, Loss: 0.5},
		problem.Basin{Bottom: []float64{3, -1}, Curvature: 4, Loss: -1}, 0.3)
	must(err)
	noisy, err := problem.NewNoisy(plane, mat.NewSymDense(2, []float64{2, 1, 1, 3}), 25, 9)
	must(err)
	noisyPits, err := problem.NewNoisy(pits, mat.NewSymDense(2, []float64{0, 0, 0, 3}), 10, 9)
	must(err)
	for _, of := range []*dtypes.DType{&plane.DType, &bowl.DType, &diabetes.DType, &ridge.DType, &lasso.DType, &stream.DType,
		&logistic.DType, &damped.DType, &valley.DType, &gorge.DType, &line.DType, &pits.DType} {
		*of = dtype
	}
	return map[string]both{
		"plane": plane, "bowl": bowl, "diabetes": diabetes, "ridge": ridge, "lasso": lasso, "stream": stream,
		"logistic": logistic, "damped": damped, "valley": valley, "gorge": gorge, "line": line, "pits": pits,
		"noisy": noisy, "noisyPits": noisyPits,
	}
}

func start(p problem.Problem) []float64 {
	switch p := p.(type) {
	case *problem.Quadratic:
		return p.Start
	case *problem.LeastSquares:
		return p.Start
	case *problem.Stream:
		return p.Start
	case *problem.Logistic:
		return p.Start
	case *problem.Rosenbrock:
		return p.Start
	case *problem.TwoBasins:
		return p.Start
	case *problem.Noisy:
		return start(p.Landscape)
	}
	panic("no start")
}

// backends are the user's backend and WebAssembly.
func backends(t *testing.T) map[string]compute.Backend {
	t.Helper()
	chosen, err := accel.Open()
	require.NoError(t, err)
	return map[string]compute.Backend{"chosen": chosen, "wasm": wasm.New()}
}

// onDevice returns the function that computes L(θ) and ∇L(θ) of one of the problems over a batch of its examples (nil:
// all of them) on the backend, as tensors. All are in one program, as compiling takes the time.
func onDevice[P problem.Problem](t *testing.T, backend compute.Backend, of map[string]P, batch []int32) func(
	name string, theta []float64) (loss, gradient *tensors.Tensor) {
	t.Helper()
	names := slices.Sorted(maps.Keys(of))
	data := []any{int32(0)} // which GoMLX needs to have something that is in the graph
	for _, name := range names {
		data = append(data, anys(of[name].Data())...)
	}
	store := model.NewStore()
	exec := model.MustNewExec(backend, store, func(scope *model.Scope, data []*graph.Node) (out []*graph.Node) {
		g := data[0].Graph()
		data = data[1:]
		for _, name := range names {
			n := len(of[name].Data())
			examples := slices.Clone(data[:n])
			data = data[n:]
			for i, x := range examples {
				if batch != nil {
					examples[i] = graph.Gather(x, graph.ExpandAxes(graph.Const(g, batch), -1))
				}
			}
			own := scope.In("%s", name)
			loss := of[name].Loss(own, g, examples)
			out = append(out, loss, graph.Gradient(loss, own.GetVariable("theta").NodeValue(g))[0])
		}
		return out
	})
	_, err := exec.Call(data...) // makes each theta
	require.NoError(t, err)
	return func(name string, theta []float64) (loss, gradient *tensors.Tensor) {
		v := store.GetVariable("/" + name + "/theta")
		value := tensors.FromValue(theta)
		if v.DType() == dtypes.Float32 {
			single := make([]float32, len(theta))
			for i, x := range theta {
				single[i] = float32(x)
			}
			value = tensors.FromValue(single)
		}
		require.NoError(t, v.SetValue(value))
		out, err := exec.Call(data...)
		require.NoError(t, err)
		k := slices.Index(names, name)
		return out[2*k], out[2*k+1]
	}
}

// Claim G1, its gradient: autodiff on the backends, the closed form and finite differences agree.
func TestGradient(t *testing.T) {
	// 100 roundings: the sums behind a gradient are of at most 442 terms, whose roundings partly cancel.
	for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float64: 100 * 0x1p-53, dtypes.Float32: 100 * 0x1p-24} {
		for on, backend := range backends(t) {
			of := cases(t, dtype)
			device := onDevice(t, backend, of, nil)
			for name, p := range of {
				t.Run(fmt.Sprint(name, dtype, on), func(t *testing.T) {
					// The start first: at the origin a logistic loss's formula changes sides, and a lasso has its kink.
					for _, point := range append([][]float64{start(p)}, randomPoints(len(start(p)), 3)...) {
						loss, gradient := device(name, point)
						require.True(t, loss.Shape().IsScalar())
						require.Equal(t, dtype, loss.DType())
						want := p.Gradient(point)
						scale := math.Abs(p.Value(point)) + floats.Norm(want, 2)
						require.InDelta(t, p.Value(point), float64s(loss)[0], tolerance*scale)
						require.Less(t, floats.Distance(want, float64s(gradient), 2), tolerance*scale)
					}
				})
			}
		}
	}
	for name, p := range cases(t, dtypes.Float64) {
		for _, point := range randomPoints(len(start(p)), 3) {
			want := p.Gradient(point)
			numeric := fd.Gradient(nil, p.Value, point, &fd.Settings{Formula: fd.Central})
			// A central difference is exact for a quadratic but for the rounding of L, eps·L/h, h = 6e-6, and otherwise
			// to h² times a sixth of the third derivative.
			require.InDeltaSlice(t, want, numeric, 1e-9*math.Abs(p.Value(point))+1e-9*floats.Norm(want, 2)+1e-10, name)
		}
	}
}

// randomPoints draws count points of d dimensions.
func randomPoints(d, count int) (points [][]float64) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range count {
		point := make([]float64, d)
		for i := range point {
			point[i] = 3 * rng.NormFloat64()
		}
		points = append(points, point)
	}
	return points
}

// examples is what a problem is of which the gradient of each example is known.
type examples interface {
	problem.Problem
	problem.Examples
}

// withExamples are those of the cases.
func withExamples(t *testing.T) map[string]examples {
	t.Helper()
	of := make(map[string]examples)
	for name, p := range cases(t, dtypes.Float64) {
		if p, ok := p.(examples); ok {
			of[name] = p
		}
	}
	require.Len(t, of, 8)
	return of
}

// A batch's loss has the gradient that is the mean of its examples', on every backend; and that of all is the gradient.
func TestExampleGradients(t *testing.T) {
	indices := []int32{4, 0, 4, 6, 3, 1, 2} // with one twice
	of := withExamples(t)
	for on, backend := range backends(t) {
		device := onDevice(t, backend, of, indices)
		for name, p := range of {
			t.Run(name+on, func(t *testing.T) {
				point := randomPoints(len(start(p)), 1)[0]
				each := p.ExampleGradients(point)
				n, d := each.Dims()
				want := make([]float64, d)
				for _, i := range indices {
					floats.AddScaled(want, 1/float64(len(indices)), each.RawRowView(int(i)))
				}
				_, gradient := device(name, point)
				require.InDeltaSlice(t, want, float64s(gradient), 1e-13*(1+floats.Norm(want, 2)))
				all := make([]float64, d)
				for i := range n {
					floats.AddScaled(all, 1/float64(n), each.RawRowView(i))
				}
				full := p.Gradient(point)
				require.InDeltaSlice(t, full, all, 1e-13*(1+floats.Norm(full, 2)))
			})
		}
	}
}

// By brute force: Σ = 1/n² Σ_{i<j} (gᵢ−gⱼ)(gᵢ−gⱼ)ᵀ, which needs no mean.
func TestNoiseCovariance(t *testing.T) {
	for name, p := range withExamples(t) {
		t.Run(name, func(t *testing.T) {
			point := randomPoints(len(start(p)), 1)[0]
			each := p.ExampleGradients(point)
			n, d := each.Dims()
			want := mat.NewSymDense(d, nil)
			for i := range n {
				for j := range i {
					between := mat.NewVecDense(d, floats.SubTo(make([]float64, d), each.RawRowView(i), each.RawRowView(j)))
					want.SymRankOne(want, 1/float64(n*n), between)
				}
			}
			got := problem.NoiseCovariance(p, point)
			require.True(t, mat.EqualApprox(want, got, 1e-12*(1+mat.Norm(want, 2))))
			require.Positive(t, mat.Trace(got))
		})
	}
}

// hilly are the cases that are not convex.
var hilly = map[string]bool{"valley": true, "gorge": true, "line": true, "pits": true, "noisyPits": true}

func TestHessian(t *testing.T) {
	for name, p := range cases(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			point := randomPoints(len(start(p)), 1)[0]
			h := p.Hessian(point)
			numeric := mat.NewDense(len(point), len(point), nil)
			fd.Jacobian(numeric, func(y, x []float64) { copy(y, p.Gradient(x)) }, point, &fd.JacobianSettings{Formula: fd.Central})
			scale := mat.Norm(h, 2)
			// The rounding of the gradient, up to 1e-13 for the diabetes data (‖∇L‖ = 80), over a step of 6e-6.
			require.True(t, mat.EqualApprox(h, numeric, 1e-7*scale), "%v\n%v", mat.Formatted(h), mat.Formatted(numeric))

			lambda, vectors, err := problem.Eigen(h)
			require.NoError(t, err)
			if !hilly[name] {
				require.Greater(t, lambda[0], -1e-14*scale, "positive semi-definite")
			}
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
			if name != "lasso" { // there, see TestLasso
				require.InDelta(t, 0, floats.Norm(p.Gradient(optimum), 2), 1e-11)
			}
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

// A whole run inside a While: Loss is built in the main graph first and then again in the loop's body, and GoMLX's
// cache of scalars is filled by the main graph (but for 1, from which GoMLX's own Gradient starts). Twenty steps equal
// twenty by hand.
func TestLossInsideLoop(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	const steps = 20
	for name, p := range cases(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			lambda, _, err := problem.Eigen(p.Hessian(start(p)))
			require.NoError(t, err)
			eta := 1 / lambda[len(lambda)-1]
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
			require.InEpsilon(t, p.Value(start(p)), float64s(before)[0], 1e-13)

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
