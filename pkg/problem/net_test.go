package problem_test

import (
	"fmt"
	"math"
	"slices"
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
	x := mat.NewDense(6, 2, []float64{1, 2, 0, -1, 3, 0.5, -2, 1, 0.1, 0.2, -1, -1})
	line, plane := problem.NewPoints(xs, ys), &problem.Points{Features: x, Targets: []float64{1, 0, -1, 2, 0.5, 0}}
	for name, of := range map[string]struct {
		model problem.MLP
		data  problem.Data
	}{
		"linear":     {problem.MLP{Sizes: []int{1, 1}}, line},
		"shallow":    {problem.MLP{Sizes: []int{1, 7, 1}}, line},
		"deep":       {problem.MLP{Sizes: []int{1, 5, 4, 3, 1}}, line},
		"two inputs": {problem.MLP{Sizes: []int{2, 3, 1}}, plane},
		"classifier": {problem.MLP{Sizes: []int{2, 4, 3}, Activation: problem.Tanh}, &problem.Labeled{Features: x, Labels: []int{0, 2, 1, 0, 2, 2}, Classes: 3}},
	} {
		of.model.DType = dtype
		net, err := problem.NewNet(of.model, of.data)
		require.NoError(t, err)
		made[name] = net
	}
	return made
}

// The graph's loss is that of the host's outputs, and its gradient that of finite differences.
func TestNet(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	for name, net := range nets(t, dtypes.Float64) {
		t.Run(name, func(t *testing.T) {
			first := problem.Uniform(net.Sizes, 3)
			theta := first.Theta()
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
			for key, value := range first.Start() {
				_, err := store.CreateVariable("/"+key, tensors.MustFromAnyValue(value))
				require.NoError(t, err)
			}
			exec := model.MustNewExec(backend, store, func(scope *model.Scope, batch []*graph.Node) []*graph.Node {
				loss := net.Loss(scope, batch[0].Graph(), batch)
				outputs := []*graph.Node{loss}
				names := []string{}
				for l := range len(net.Sizes) - 2 {
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
func TestSpreadElbows(t *testing.T) {
	xs, _ := problem.Lecturer().Sample(50, 0, 2)
	sizes := []int{1, 400, 1}
	theta := problem.SpreadElbows(xs)(sizes, 5).Theta()
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
	require.Equal(t, theta, problem.SpreadElbows(xs)(sizes, 5).Theta())
	require.NotEqual(t, theta, problem.SpreadElbows(xs)(sizes, 6).Theta())
}

// Normal's weights have the standard deviation scale/√inputs, and its biases are 0.
func TestNormal(t *testing.T) {
	for l, layer := range problem.Normal(math.Sqrt2)([]int{50, 100, 40}, 1) {
		w := layer.W.RawMatrix()
		squares := 0.0
		for _, v := range w.Data {
			squares += v * v / float64(len(w.Data))
		}
		require.InEpsilon(t, 2/float64(w.Rows), squares, 5*math.Sqrt(2/float64(len(w.Data))), "layer %d, 5 standard errors", l)
		require.Equal(t, make([]float64, w.Cols), layer.B)
	}
}

// A model has an accuracy on data that it learns, and on others of another number, without a net of their own.
func TestAccuracy(t *testing.T) {
	model, theta := problem.MLP{Sizes: []int{1, 2}}, []float64{0, 0, -1, 1} // class 1 where x > 0
	learned := &problem.Labeled{Features: mat.NewDense(4, 1, []float64{-2, -1, 1, 2}), Labels: []int{0, 0, 1, 0}, Classes: 2}
	require.Equal(t, 0.75, model.Accuracy(theta, learned))
	net, err := problem.NewNet(model, learned)
	require.NoError(t, err)
	require.Equal(t, 0.5, net.Accuracy(theta, &problem.Labeled{Features: mat.NewDense(2, 1, []float64{3, 4}), Labels: []int{1, 0}, Classes: 2}))
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
	classifier := func(outputs int, labels []int, classes int) error {
		data := &problem.Labeled{Features: mat.NewDense(2, 1, []float64{1, 2}), Labels: labels, Classes: classes}
		_, err := problem.NewNet(problem.MLP{Sizes: []int{1, outputs}}, data)
		return err
	}
	for want, make := range map[string]func() error{
		"x is empty: give at least one example": func() error {
			_, err := problem.NewNet(problem.MLP{Sizes: []int{1, 3, 1}}, problem.NewPoints(nil, nil))
			return err
		},
		"data is nil: give Points or Labeled": func() error { _, err := problem.NewNet(problem.MLP{Sizes: []int{1, 1}}, nil); return err },
		"sizes[2] is 0: it must be at least 1": func() error {
			_, err := problem.NewNet(problem.MLP{Sizes: []int{1, 3, 0, 1}}, problem.NewPoints([]float64{1}, []float64{1}))
			return err
		},
		"sizes has 100 hidden layers: there can be 99": func() error {
			_, err := problem.NewNet(problem.MLP{Sizes: slices.Repeat([]int{1}, 102)}, problem.NewPoints([]float64{1}, []float64{1}))
			return err
		},
		"the model has the sizes [2 1]: for these data it must have 1 inputs and 1 outputs": func() error {
			_, err := problem.NewNet(problem.MLP{Sizes: []int{2, 1}}, problem.NewPoints([]float64{1}, []float64{1}))
			return err
		},
		"y has 1 elements and x has 2 rows": func() error {
			_, err := problem.NewNet(problem.MLP{Sizes: []int{1, 1}}, problem.NewPoints([]float64{1, 2}, []float64{1}))
			return err
		},
		"x[1, 0] is NaN": func() error {
			_, err := problem.NewNet(problem.MLP{Sizes: []int{1, 1}}, problem.NewPoints([]float64{1, math.NaN()}, []float64{1, 2}))
			return err
		},
		"the model has the sizes [1 1]: for these data it must have 1 inputs and 2 outputs": func() error { return classifier(1, []int{0, 1}, 2) },
		"there are 1 classes: there must be at least 2":                                     func() error { return classifier(1, []int{0, 0}, 1) },
		"labels has 1 elements and x has 2 rows":                                            func() error { return classifier(2, []int{0}, 2) },
		"labels[1] is 2: it must be a class, 0 to 1":                                        func() error { return classifier(2, []int{0, 2}, 2) },
		"xs has 1 elements and ys 1: they must be as many, and at least 2":                  func() error { _, err := problem.Through([]float64{1}, []float64{1}); return err },
		"xs[1] is 1: it must be greater than the one before, 1":                             func() error { _, err := problem.Through([]float64{1, 1}, []float64{1, 2}); return err },
		"point 1 is (2, +Inf): both must be finite numbers":                                 func() error { _, err := problem.Through([]float64{1, 2}, []float64{1, math.Inf(1)}); return err },
	} {
		err := make()
		require.Error(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), want), "%v", err)
	}
}
