package problem_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
)

func TestDigits(t *testing.T) {
	digits, err := problem.Digits()
	require.NoError(t, err)
	n, d := digits.Features.Dims()
	require.Equal(t, 1797, n)
	require.Equal(t, 64, d)
	counts, mean := make([]float64, 10), make([]float64, 64)
	for i, label := range digits.Labels {
		counts[label]++
		floats.AddScaled(mean, 1.0/1797, digits.Features.RawRowView(i))
	}
	require.Equal(t, reference(t, "digits count"), counts)
	require.InDeltaSlice(t, reference(t, "digits mean pixel"), mean, 1e-13)
	require.Equal(t, 1.0, mat.Max(digits.Features))
	require.Equal(t, 0.0, mat.Min(digits.Features))
	// The first is a zero, as scikit-learn's documentation prints it.
	require.Equal(t, 0, digits.Labels[0])
	first := digits.Features.RawRowView(0)[8:16]
	require.Equal(t, []float64{0, 0, 13, 15, 10, 15, 5, 0}, floats.ScaleTo(make([]float64, 8), 16, first))
}

func TestDigitsChecksum(t *testing.T) {
	file, err := os.ReadFile("data/digits.txt")
	require.NoError(t, err)
	readme, err := os.ReadFile("data/README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), fmt.Sprintf("%x", sha256.Sum256(file)))
}

func TestReadDigitsRefuses(t *testing.T) {
	good := "7 " + strings.Repeat("0g", 32) + "\n"
	one, err := problem.ReadDigits(strings.NewReader(good))
	require.NoError(t, err)
	require.Equal(t, []int{7}, one.Labels)
	for want, file := range map[string]string{
		"there are no digits":                          "",
		`line 2 begins with ""`:                        good + "\n",
		`line 2 begins with "a"`:                       good + "a" + good[1:],
		`line 1 begins with "17"`:                      "1" + good,
		"line 3 has 63 pixels: it must have 64":        good + good + good[:65],
		`line 2, pixel 3 is 'h': it must be 0 to 9 or`: good + strings.Replace(good, "0g0", "0gh", 1),
	} {
		_, err := problem.ReadDigits(strings.NewReader(file))
		require.ErrorContains(t, err, want)
	}
}

func TestLabeled(t *testing.T) {
	all := &problem.Labeled{Features: mat.NewDense(5, 1, []float64{10, 11, 12, 13, 14}), Labels: []int{0, 1, 2, 1, 0}, Classes: 3}
	pair, err := all.Select(2, 0)
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 1}, pair.Labels)
	require.Equal(t, []float64{10, 12, 14}, pair.Features.RawMatrix().Data)
	require.Equal(t, 2, pair.Classes)
	first, others, err := all.Split(2)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, first.Labels)
	require.Equal(t, []int{2, 1, 0}, others.Labels)
	require.Equal(t, []float64{12, 13, 14}, others.Features.RawMatrix().Data)
	require.Equal(t, 3, others.Classes)

	_, err = all.Select(1)
	require.ErrorContains(t, err, "1 classes are named: give at least two")
	_, err = all.Select(1, 3)
	require.ErrorContains(t, err, "classes[1] is 3: it must be a class, 0 to 2")
	_, err = all.Select(1, 1)
	require.ErrorContains(t, err, "classes[1] is 1: it must be a class, 0 to 2, and each only once")
	for _, n := range []int{0, 5} {
		_, _, err = all.Split(n)
		require.ErrorContains(t, err, fmt.Sprintf("n is %d: it must be between 1 and 4", n))
	}
	_, err = all.Logistic()
	require.ErrorContains(t, err, "there are 3 classes")
	net, err := problem.NewNet(problem.MLP{Sizes: []int{all.Features.RawMatrix().Cols, 2, 3}}, all)
	require.NoError(t, err)
	require.Equal(t, []int{5, 3}, net.Data()[1].Shape().Dimensions)
}

func TestBlobs(t *testing.T) {
	const n, distance = 20000, 3
	blobs, err := problem.Blobs(n, distance, 4)
	require.NoError(t, err)
	l, err := blobs.Logistic()
	require.NoError(t, err)
	// Along x₁ the logarithm of the densities' ratio is distance·x₁: that is the optimum of infinitely many examples. The
	// Fisher information of 20,000 gives standard errors below 0.05; the bounds are 5 of them.
	theta, err := l.Optimum()
	require.NoError(t, err)
	require.InDelta(t, distance, theta[0], 0.25)
	require.InDelta(t, 0, theta[1], 0.25)
	require.InDelta(t, 0, theta[2], 0.25)
	// 5 standard errors of a part of 20,000.
	require.InDelta(t, 0.5*math.Erfc(-1.5/math.Sqrt2), l.Accuracy([]float64{1, 0, 0}), 5*math.Sqrt(0.07*0.93/n))

	again, err := problem.Blobs(n, distance, 4)
	require.NoError(t, err)
	require.Equal(t, blobs, again)
	other, err := problem.Blobs(n, distance, 5)
	require.NoError(t, err)
	require.NotEqual(t, blobs, other)
	_, err = problem.Blobs(1, 1, 1)
	require.ErrorContains(t, err, "n is 1")
	_, err = problem.Blobs(2, math.NaN(), 1)
	require.ErrorContains(t, err, "distance is NaN")
}
