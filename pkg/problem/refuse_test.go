package problem_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/says"
	"descent.example/pkg/problem"
)

// However long a line is, the error says which one is wrong, and of what it has too much.
func TestReadDigitsNamesALongLine(t *testing.T) {
	_, err := problem.ReadDigits(strings.NewReader("3 " + strings.Repeat("0", 64) + "\n" + strings.Repeat("0", 70_000)))
	says.All(t, err, "line 2 … 1024 … 64 pixels")
}

// Sizes beyond memory are refused before anything is made.
func TestSizesThatCannotBe(t *testing.T) {
	const huge = 1 << 40
	xs := []float64{1, 2}
	first := func(_ any, err error) error { return err }
	random := func(n, d int) error {
		_, _, err := problem.RandomLeastSquares(n, d, make([]float64, 1), 0, 1)
		return err
	}
	bowl, err := problem.NewQuadratic([]float64{1, 2}, nil, nil)
	require.NoError(t, err)
	for name, err := range map[string]error{
		"regression": first(problem.NewNet(problem.MLP{Sizes: []int{1, huge, 1}}, problem.NewPoints(xs, xs))),
		"product 0":  first(problem.NewNet(problem.MLP{Sizes: []int{1, huge, huge, 1}}, problem.NewPoints(xs, xs))), // of the sizes, in an int
		"classes":    first(problem.NewNet(problem.MLP{Sizes: []int{1, huge}}, &problem.Labeled{Features: mat.NewDense(2, 1, xs), Labels: []int{0, 1}, Classes: huge})),
		"Blobs":      first(problem.Blobs(huge, 1, 1)),
		"Rosenbrock": first(problem.NewRosenbrock(huge)),
		"n":          random(huge, 1),
		"d":          random(1, huge),
		"Noisy":      first(problem.NewNoisy(bowl, mat.NewSymDense(2, []float64{1, 0, 0, 1}), huge, 1)),
	} {
		require.ErrorContains(t, err, "of memory, more than the ", name)
	}
	for name, f := range map[string]func(){
		"RandomBasis": func() { problem.RandomBasis(huge, 1) },
		"Walk":        func() { problem.Walk(huge, 2, 1, 1) },
		"Circle":      func() { problem.Circle(huge, 1, 1) },
		"Grid":        func() { problem.Lecturer().Grid(huge) },
		"Sample":      func() { problem.Lecturer().Sample(huge, 0, 1) },
		"Uniform":     func() { problem.Uniform([]int{1, huge, 1}, 1) },
		"Normal":      func() { problem.Normal(1)([]int{huge, huge}, 1) },
	} {
		require.Panics(t, f, name)
	}
}

// A grid of one point has a point, and not NaN.
func TestAGridOfOnePoint(t *testing.T) {
	xs, ys := problem.Lecturer().Grid(1)
	require.Equal(t, []float64{0}, xs)
	require.False(t, math.IsNaN(ys[0]))
}

func TestTablesThatDoNotFit(t *testing.T) {
	table := &problem.Table{Columns: []string{"a", "b"}, Values: mat.NewDense(2, 1, nil)}
	_, err := table.Column("b")
	says.All(t, err, "table … 2 columns … Values")
	_, err = (&problem.Table{Columns: []string{"a"}}).Select("a")
	require.Error(t, err)
	_, _, err = (&problem.Labeled{Features: mat.NewDense(2, 1, nil), Labels: []int{0, 1, 1}, Classes: 2}).Split(1)
	says.All(t, err, "labels … 3 … x … 2")
}

// What nobody made, or what was set to what cannot be, is refused in a sentence: where a problem is built, a panic with an
// error, as GoMLX does.
func TestZeroProblems(t *testing.T) {
	var none *problem.Quadratic
	_, err := problem.NewNoisy(none, mat.NewSymDense(1, []float64{1}), 3, 1)
	require.ErrorContains(t, err, "one of them is nil")
	_, err = (&problem.LeastSquares{}).Optimum()
	require.ErrorContains(t, err, "is a zero value")
	const zero = "problem … zero value … constructor"
	for _, p := range []problem.Problem{&problem.LeastSquares{}, &problem.Logistic{}, &problem.Net{}, &problem.Noisy{}} {
		says.Panic(t, zero, func() { p.Data() })
	}
	for _, p := range []problem.Problem{&problem.Quadratic{}, &problem.TwoBasins{}, &problem.Rosenbrock{}} {
		says.Panic(t, zero, func() { p.Loss(nil, nil, nil) })
	}
}

func TestANetSetToWhatCannotBe(t *testing.T) {
	net, err := problem.NewNet(problem.MLP{Sizes: []int{1, 2, 1}}, problem.NewPoints([]float64{1, 2}, []float64{1, 2}))
	require.NoError(t, err)
	data := &problem.Labeled{Features: mat.NewDense(1, 1, nil), Labels: []int{0}, Classes: 2}
	says.Panic(t, "1 outputs … 2 classes", func() { net.Accuracy(make([]float64, 7), data) })
	for _, width := range []int{0, -5} {
		net.Sizes = []int{1, width, 1}
		require.Panics(t, func() { problem.Uniform(net.Sizes, 1) })
		require.ErrorContains(t, caught(func() { net.Predict(nil, nil) }), "it must be at least 1")
		require.ErrorContains(t, caught(func() { net.Output([]float64{1}, []float64{1}) }), "it must be at least 1")
	}
	require.ErrorContains(t, caught(func() { problem.SpreadElbows(nil) }), "xs is empty")
	require.ErrorContains(t, caught(func() { problem.SpreadElbows([]float64{0, 1})([]int{2, 3, 1}, 1) }), "only the elbows of a net of one input")
	for _, a := range []problem.Activation{-1, 7} {
		net.Sizes, net.Activation = []int{1, 2, 1}, a
		require.ErrorContains(t, caught(func() { net.Predict(nil, nil) }), "is none of the activations [ReLU tanh sigmoid]")
		require.ErrorContains(t, caught(func() { net.Output(make([]float64, 7), []float64{1}) }), "is none of the activations")
		require.ErrorContains(t, caught(func() { a.Slope(1) }), "is none of the activations")
	}
}

// caught is the error that fn panics with.
func caught(fn func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	fn()
	return nil
}

// The optimum does not depend on the features' unit.
func TestOptimumInAnyUnit(t *testing.T) {
	for _, unit := range []float64{1e-165, 1, 1e155} {
		p, err := problem.NewLeastSquares(mat.NewDense(3, 1, []float64{unit, 2 * unit, 3 * unit}), []float64{2, 4, 6})
		require.NoError(t, err)
		optimum, err := p.Optimum()
		require.NoError(t, err)
		require.InEpsilon(t, 2/unit, optimum[0], 1e-12)
	}
}
