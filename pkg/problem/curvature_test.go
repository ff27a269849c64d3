package problem_test

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
)

// The products are columns of the Hessian that finite differences of the loss on the host have.
func TestHessianAt(t *testing.T) {
	xs, ys := problem.Targets()[0].Sample(7, 0.3, 1)
	plane := &problem.Points{Features: mat.NewDense(3, 2, []float64{1, 2, 0, -1, 3, 0.5}), Targets: []float64{1, 0, -1}}
	for _, of := range []struct {
		sizes []int
		data  *problem.Points
	}{{[]int{1, 4, 1}, problem.NewPoints(xs, ys)}, {[]int{1, 3, 2, 1}, problem.NewPoints(xs, ys)}, {[]int{2, 3, 3, 1}, plane}, {[]int{2, 1}, plane}} {
		for _, activation := range problem.Activations() {
			net, err := problem.NewNet(problem.MLP{Sizes: of.sizes, Activation: activation, DType: dtypes.Float64}, of.data)
			require.NoError(t, err)
			theta := problem.Uniform(of.sizes, 3).Theta()
			loss := func(theta []float64) (sum float64) {
				for i, y := range of.data.Targets {
					r := net.Output(theta, of.data.Features.RawRowView(i))[0] - y
					sum += r * r / 2 / float64(len(of.data.Targets))
				}
				return sum
			}
			want := mat.NewSymDense(len(theta), nil)
			fd.Hessian(want, loss, theta, &fd.Settings{Step: 1e-4})
			given := slices.Clone(theta)
			product, err := net.HessianAt(given)
			require.NoError(t, err)
			clear(given) // which the products do not depend on any more
			for j := range theta {
				unit := make([]float64, len(theta))
				unit[j] = 1
				require.True(t, floats.EqualApprox(mat.Row(nil, j, want), product(unit), 2e-3), "%v %v: column %d", of.sizes, activation, j)
			}
			outputs := net.Outputs(theta, of.data.Features)
			for i := range of.data.Targets {
				require.InDelta(t, net.Output(theta, of.data.Features.RawRowView(i))[0], outputs.At(i, 0), 1e-12)
			}
		}
	}
	blobs, err := problem.Blobs(4, 1, 1)
	require.NoError(t, err)
	net, err := problem.NewNet(problem.MLP{Sizes: []int{2, 2}}, blobs)
	require.NoError(t, err)
	_, err = net.HessianAt(make([]float64, 6))
	require.Error(t, err)
}

// A start that is multiplied has its elbows where they were.
func TestTimes(t *testing.T) {
	once := problem.SpreadElbows([]float64{0, 1})([]int{1, 5, 1}, 2)
	thrice := problem.SpreadElbows([]float64{0, 1}).Times(3)([]int{1, 5, 1}, 2)
	require.True(t, floats.EqualApprox(floats.ScaleTo(make([]float64, 16), 3, once.Theta()), thrice.Theta(), 1e-15))
}

func TestActivationByName(t *testing.T) {
	for _, a := range problem.Activations() {
		got, err := problem.ActivationByName(a.String())
		require.NoError(t, err)
		require.Equal(t, a, got)
	}
	_, err := problem.ActivationByName("step")
	require.Error(t, err)
}

// Without noise a nearest neighbor of the same class is near, which no line needs to know of; and the classes take turns.
func TestPlaneClasses(t *testing.T) {
	for _, shape := range problem.PlaneClassesNames() {
		data, err := problem.PlaneClasses(shape, 300, 0, 1)
		require.NoError(t, err)
		right := 0
		for i, label := range data.Labels {
			require.Equal(t, i%2, label)
			x := data.Features.RawRowView(i)
			require.LessOrEqual(t, floats.Norm(x, 2), 1.3, shape)
			best, of := 9., -1
			for j, other := range data.Labels {
				if d := floats.Distance(x, data.Features.RawRowView(j), 2); j != i && d < best {
					best, of = d, other
				}
			}
			if of == label {
				right++
			}
		}
		require.Greater(t, right, 280, "%s: the classes lie apart", shape)
	}
	for _, err := range []error{second(problem.PlaneClasses("square", 9, 0, 1)), second(problem.PlaneClasses("xor", 1, 0, 1)), second(problem.PlaneClasses("xor", 9, -1, 1))} {
		require.Error(t, err)
	}
}

func second[T any](_ T, err error) error { return err }
