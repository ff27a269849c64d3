package problem_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
)

// reference is a line of testdata/optima.csv, which testdata/optima.py writes with scikit-learn.
func reference(t *testing.T, name string) []float64 {
	t.Helper()
	file, err := os.Open("testdata/optima.csv")
	require.NoError(t, err)
	defer file.Close()
	in := csv.NewReader(file)
	in.FieldsPerRecord = -1
	lines, err := in.ReadAll()
	require.NoError(t, err)
	for _, line := range lines {
		if line[0] == name {
			values := make([]float64, len(line)-1)
			for i, field := range line[1:] {
				values[i], err = strconv.ParseFloat(field, 64)
				require.NoError(t, err)
			}
			return values
		}
	}
	t.Fatalf("optima.csv has no %q", name)
	return nil
}

func TestLogisticOptimum(t *testing.T) {
	digits, err := problem.Digits()
	require.NoError(t, err)
	pair, err := digits.Select(3, 8)
	require.NoError(t, err)
	l, err := pair.Logistic()
	require.NoError(t, err)
	for _, ridge := range []float64{0.1, 0.001} {
		l.Ridge = ridge
		theta, err := l.Optimum()
		require.NoError(t, err)
		name := fmt.Sprintf("3 or 8, ridge %v: ", ridge)
		// scikit-learn stops at a gradient of up to 1e-13·n·Ridge: an error of 1e-13 over the least curvature, the ridge.
		require.InDeltaSlice(t, reference(t, name+"theta"), theta, 1e-10)
		of := reference(t, name+"loss, accuracy")
		require.InDelta(t, of[0], l.Value(theta), 1e-14)
		require.InDelta(t, of[1], l.Accuracy(theta), 1e-15)
		require.Less(t, floats.Norm(l.Gradient(theta), 2), 1e-15, "rounding")
	}
}

// By hand: with three examples of class 1 and one of class 0 at x = 1, the best probability is ¾: θ* = ln 3.
func TestLogisticByHand(t *testing.T) {
	l, err := problem.NewLogistic(mat.NewDense(4, 1, []float64{1, 1, 1, 1}), []int{1, 1, 0, 1})
	require.NoError(t, err)
	theta, err := l.Optimum()
	require.NoError(t, err)
	require.InDelta(t, math.Log(3), theta[0], 1e-15)
	require.InDelta(t, 3.0/16, l.Hessian(theta).At(0, 0), 1e-15)
	require.InDelta(t, math.Ln2, l.Value([]float64{0}), 1e-15)
	require.Equal(t, 0.75, l.Accuracy(theta))
	require.Equal(t, 0.0, l.Accuracy([]float64{0}), "nothing is told apart")
}

// Far out, where e^z is beyond the numbers, the loss is what it should be: about the margin, or 0.
func TestLogisticFarOut(t *testing.T) {
	l, err := problem.NewLogistic(mat.NewDense(2, 1, []float64{1, -1}), []int{0, 0})
	require.NoError(t, err)
	require.Equal(t, 5000.0, l.Value([]float64{10000}))
	require.Equal(t, []float64{0.5}, l.Gradient([]float64{10000}))
	for _, backend := range backends(t) {
		loss, gradient := onDevice(t, backend, map[string]*problem.Logistic{"far": l}, nil)("far", []float64{10000})
		require.Equal(t, []float64{5000}, float64s(loss))
		require.Equal(t, []float64{0.5}, float64s(gradient))
	}
}

func TestLogisticOptimumRefuses(t *testing.T) {
	for want, l := range map[string]struct {
		x      *mat.Dense
		labels []int
	}{
		"x separates the classes":              {mat.NewDense(3, 1, []float64{-1, 1, 2}), []int{0, 1, 1}},
		"x separates the classes: the loss":    {mat.NewDense(2, 2, []float64{1, 2, 3, 1}), []int{1, 1}},
		"x separates the classes: the loss fa": {mat.NewDense(4, 2, []float64{-1, 1, 0, 1, 0, 1, 2, 1}), []int{0, 0, 1, 1}}, // but for a tie
		"the features are linearly dependent":  {mat.NewDense(3, 2, []float64{1, 2, 2, 4, 1, 2}), []int{0, 1, 1}},
	} {
		p, err := problem.NewLogistic(l.x, l.labels)
		require.NoError(t, err)
		_, err = p.Optimum()
		require.ErrorContains(t, err, want)
		p.Ridge = 0.01
		theta, err := p.Optimum()
		require.NoError(t, err, "the ridge")
		require.Less(t, floats.Norm(p.Gradient(theta), 2), 1e-15)
		p.L1 = 1
		_, err = p.Optimum()
		require.ErrorContains(t, err, "L1 is 1")
	}
}

func TestNewLogisticRefuses(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	for want, l := range map[string]struct {
		x      *mat.Dense
		labels []int
	}{
		"x is empty":                                  {nil, nil},
		"labels has 1 elements and x has 2 rows":      {x, []int{1}},
		"labels[1] is 2: it must be a class, 0 to 1":  {x, []int{0, 2}},
		"labels[0] is -1: it must be a class, 0 to 1": {x, []int{-1, 1}},
		"x[1, 0] is NaN":                              {mat.NewDense(2, 1, []float64{1, math.NaN()}), []int{0, 1}},
	} {
		_, err := problem.NewLogistic(l.x, l.labels)
		require.ErrorContains(t, err, want)
	}
}

// Claim G6: the ridge and the L1 penalty move the optimum of least squares to where scikit-learn finds it, L1 with exact
// zeros.
func TestRegularizedOptimum(t *testing.T) {
	for name, r := range map[string]problem.Regularizer{
		"diabetes, ridge 0.5":       {Ridge: 0.5},
		"diabetes, l1 5":            {L1: 5},
		"diabetes, ridge 0.2, l1 3": {Ridge: 0.2, L1: 3},
	} {
		l, err := problem.Diabetes()
		require.NoError(t, err)
		l.Regularizer = r
		theta, err := l.Optimum()
		require.NoError(t, err)
		want := reference(t, name)
		// The condition number, 470, times what scikit-learn's coordinate descent leaves over.
		require.InDeltaSlice(t, want, theta, 1e-9, name)
		zeros := 0
		for j, v := range want {
			if v == 0 {
				require.Zero(t, theta[j])
				zeros++
			}
		}
		require.Equal(t, r.L1 > 0, zeros > 0, name)
	}
}

// At a lasso's optimum the slope of the smooth part is −L1·sign θⱼ, or no greater than L1 where θⱼ is 0.
func TestLasso(t *testing.T) {
	l := cases(t, 0)["lasso"].(*problem.LeastSquares)
	theta, err := l.Optimum()
	require.NoError(t, err)
	smooth := *l
	smooth.L1 = 0
	for j, slope := range smooth.Gradient(theta) {
		if theta[j] == 0 {
			require.Less(t, math.Abs(slope), l.L1)
		} else {
			require.InDelta(t, math.Copysign(l.L1, -theta[j]), slope, 1e-11)
		}
	}
	require.Contains(t, theta, 0.0)
}

func TestRegularizerRefuses(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	for want, r := range map[string]problem.Regularizer{
		"Ridge is -1": {Ridge: -1}, "Ridge is NaN": {Ridge: math.NaN()}, "L1 is +Inf": {L1: math.Inf(1)}, "L1 is -0.5": {L1: -0.5},
	} {
		squares, err := problem.NewLeastSquares(x, []float64{1, 2})
		require.NoError(t, err)
		squares.Regularizer = r
		_, err = squares.Optimum()
		require.ErrorContains(t, err, want)
		logistic, err := problem.NewLogistic(x, []int{0, 1})
		require.NoError(t, err)
		logistic.Regularizer = r
		_, err = logistic.Optimum()
		require.ErrorContains(t, err, want)
	}
}

func TestMinimumNorm(t *testing.T) {
	whole, err := problem.Diabetes()
	require.NoError(t, err)
	x, y := whole.Features(), whole.Targets()
	wide, err := problem.NewLeastSquares(x.Slice(0, 6, 0, 10).(*mat.Dense), y[:6])
	require.NoError(t, err)
	_, err = wide.Optimum()
	require.ErrorContains(t, err, "x has rank 6 but 10 features")
	wide.Ridge = 0.1 // which it leaves out
	theta, err := wide.MinimumNorm()
	require.NoError(t, err)
	require.InDeltaSlice(t, reference(t, "6 patients, minimum norm"), theta, 1e-10)
	wide.Ridge = 0
	require.InDelta(t, 0, wide.Value(theta), 1e-20, "every example is fitted")

	theta, err = whole.MinimumNorm()
	require.NoError(t, err)
	optimum, err := whole.Optimum()
	require.NoError(t, err)
	require.Equal(t, optimum, theta)
	x.Set(0, 0, 99)
	y[0] = 99
	require.NotEqual(t, 99.0, whole.Features().At(0, 0), "a copy")
	require.NotEqual(t, 99.0, whole.Targets()[0], "a copy")
}
