package problem_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/accel"
	"descent.example/pkg/problem"
)

// nets are one of each kind, in the type given, with a start.
func nets(t *testing.T, dtype dtypes.DType) map[string]*problem.Net {
	t.Helper()
	xs, ys := problem.Lecturer().Sample(30, 0.01, 1)
	made := make(map[string]*problem.Net)
	for name, widths := range map[string][]int{"linear": nil, "shallow": {7}, "deep": {5, 4, 3}} {
		net, err := problem.NewRegression(widths, xs, ys)
		require.NoError(t, err)
		made[name] = net
	}
	x := mat.NewDense(6, 2, []float64{1, 2, 0, -1, 3, 0.5, -2, 1, 0.1, 0.2, -1, -1})
	classifier, err := problem.NewClassifier([]int{4}, x, []int{0, 2, 1, 0, 2, 2}, 3)
	require.NoError(t, err)
	classifier.Activation = problem.Tanh
	made["classifier"] = classifier
	plane, err := problem.NewRegressor([]int{3}, x, []float64{1, 0, -1, 2, 0.5, 0})
	require.NoError(t, err)
	made["two inputs"] = plane
	for _, net := range made {
		net.DType = dtype
	}
	return made
}

// flatten joins starting values as train.History does: sorted by name.
func flatten(start map[string]any, widths []int) (theta []float64) {
	names := []string{}
	for l := range widths {
		names = append(names, fmt.Sprintf("hidden%02d", l+1))
	}
	for _, name := range append(names, "output") {
		theta = append(theta, start[name+"/dense/biases"].([]float64)...)
		start[name+"/dense/weights"].(*tensors.Tensor).MustConstFlatData(func(flat any) { theta = append(theta, flat.([]float64)...) })
	}
	return theta
}

// The graph's loss is that of the host's outputs, and its gradient that of finite differences.
func TestNet(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	for name, net := range nets(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			start := net.Start(3, false)
			theta := flatten(start, net.Widths)
			data := net.Data()
			x, y := data[0].Value().([][]float64), data[1].Value().([][]float64)
			host := func(theta []float64) float64 {
				sum := 0.0
				for i := range x {
					f := net.Output(theta, x[i])
					if name == "classifier" {
						total := 0.0
						for _, v := range f {
							total += math.Exp(v)
						}
						for k, v := range f {
							sum -= y[i][k] * (v - math.Log(total))
						}
					} else {
						sum += (f[0] - y[i][0]) * (f[0] - y[i][0]) / 2
					}
				}
				return sum / float64(len(x))
			}
			store := model.NewStore()
			for key, value := range start {
				_, err := store.CreateVariable("/"+key, tensors.MustFromAnyValue(value))
				require.NoError(t, err)
			}
			exec := model.MustNewExec(backend, store, func(scope *model.Scope, batch []*graph.Node) []*graph.Node {
				loss := net.Loss(scope, batch[0].Graph(), batch)
				outputs := []*graph.Node{loss}
				names := []string{}
				for l := range net.Widths {
					names = append(names, fmt.Sprintf("/hidden%02d", l+1))
				}
				var vars []*graph.Node
				for _, layer := range append(names, "/output") {
					vars = append(vars, store.GetVariable(layer+"/dense/biases").NodeValue(loss), store.GetVariable(layer+"/dense/weights").NodeValue(loss))
				}
				return append(outputs, graph.Gradient(loss, vars...)...)
			})
			out, err := exec.Call(anys(data)...)
			require.NoError(t, err)
			require.InDelta(t, host(theta), tensors.ToScalar[float64](out[0]), 1e-14)
			var gradient []float64
			for _, g := range out[1:] {
				g.MustConstFlatData(func(flat any) { gradient = append(gradient, flat.([]float64)...) })
			}
			require.InDeltaSlice(t, fd.Gradient(nil, host, theta, &fd.Settings{Formula: fd.Central}), gradient, 1e-7)
			require.Greater(t, mat.Norm(mat.NewVecDense(len(gradient), gradient), 2), 0.01)
		})
	}
}

// The elbows of a start are where they were asked to be, and weights within PyTorch's bounds.
func TestNetStart(t *testing.T) {
	xs, ys := problem.Lecturer().Sample(50, 0, 2)
	net, err := problem.NewRegression([]int{400}, xs, ys)
	require.NoError(t, err)
	start := net.Start(5, true)
	theta := flatten(start, net.Widths)
	b, w := theta[:400], theta[400:800]
	mean := 0.0
	for j := range b {
		elbow := -b[j] / w[j]
		require.GreaterOrEqual(t, elbow, xs[0]-1e-12)
		require.LessOrEqual(t, elbow, xs[49]+1e-12)
		require.LessOrEqual(t, math.Abs(w[j]), 1.0)
		mean += elbow / 400
	}
	require.InDelta(t, (xs[0]+xs[49])/2, mean, 5*(xs[49]-xs[0])/math.Sqrt(12*400), "5 standard errors")
	for _, v := range theta[801:] {
		require.LessOrEqual(t, math.Abs(v), 0.05)
	}
	require.Equal(t, start, net.Start(5, true))
	require.NotEqual(t, flatten(start, net.Widths), flatten(net.Start(6, true), net.Widths))
}

func TestAccuracy(t *testing.T) {
	x := mat.NewDense(4, 1, []float64{-2, -1, 1, 2})
	net, err := problem.NewClassifier(nil, x, []int{0, 0, 1, 0}, 2)
	require.NoError(t, err)
	require.Equal(t, 0.75, net.Accuracy([]float64{0, 0, -1, 1}), "class 1 where x > 0")
}

func TestTargets(t *testing.T) {
	for _, target := range problem.Targets() {
		xs, ys := target.Grid(11)
		require.Equal(t, target.Lo, xs[0])
		require.InDelta(t, target.Hi, xs[10], 1e-15)
		for i := range xs {
			require.Equal(t, target.F(xs[i]), ys[i])
			require.LessOrEqual(t, math.Abs(ys[i]), 3.0, target.Name)
		}
		sx, sy := target.Sample(2000, 0.5, 7)
		mean, square := 0.0, 0.0
		for i := range sx {
			e := sy[i] - target.F(sx[i])
			mean, square = mean+e/2000, square+e*e/2000
		}
		require.InDelta(t, 0, mean, 5*0.5/math.Sqrt(2000))
		require.InEpsilon(t, 0.25, square, 5*math.Sqrt(2.0/2000))
	}
	lecturer := problem.Lecturer()
	require.Len(t, lecturer.Knots, 9)
	for k := range 11 {
		require.InDelta(t, math.Sin(12345*float64(k)), lecturer.F(float64(k)/10), 1e-12)
	}
	require.InDelta(t, (math.Sin(12345*3)+math.Sin(12345*4))/2, lecturer.F(0.35), 1e-12)
}

func TestNetAndTargetErrors(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	for want, make := range map[string]func() error{
		"xs is empty: give at least one point": func() error { _, err := problem.NewRegression([]int{3}, nil, nil); return err },
		"widths[1] is 0: a layer must have at least 1 unit": func() error {
			_, err := problem.NewRegression([]int{3, 0}, []float64{1}, []float64{1})
			return err
		},
		"y has 1 elements and x has 2 rows": func() error { _, err := problem.NewRegression(nil, []float64{1, 2}, []float64{1}); return err },
		"x[1, 0] is NaN": func() error {
			_, err := problem.NewRegression(nil, []float64{1, math.NaN()}, []float64{1, 2})
			return err
		},
		"classes is 1: there must be at least 2":                           func() error { _, err := problem.NewClassifier(nil, x, []int{0, 0}, 1); return err },
		"labels has 1 elements and x has 2 rows":                           func() error { _, err := problem.NewClassifier(nil, x, []int{0}, 2); return err },
		"labels[1] is 2: it must be a class, 0 to 1":                       func() error { _, err := problem.NewClassifier(nil, x, []int{0, 2}, 2); return err },
		"xs has 1 elements and ys 1: they must be as many, and at least 2": func() error { _, err := problem.Through([]float64{1}, []float64{1}); return err },
		"xs[1] is 1: it must be greater than the one before, 1":            func() error { _, err := problem.Through([]float64{1, 1}, []float64{1, 2}); return err },
		"point 1 is (2, +Inf): both must be finite numbers":                func() error { _, err := problem.Through([]float64{1, 2}, []float64{1, math.Inf(1)}); return err },
	} {
		err := make()
		require.Error(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), want), "%v", err)
	}
}
