package problem_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"testing"

	"descent.example/pkg/problem"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// The ordinary least-squares coefficients that are listed for this data, on columns scaled to length 1, to the digit
// listed; and, to all digits, what scikit-learn 1.9.1 with NumPy 2.4.6 computes:
//
//	X, y = load_diabetes(return_X_y=True); m = LinearRegression().fit(X, y); m.coef_, m.score(X, y)
//	Z = StandardScaler().fit_transform(load_diabetes(return_X_y=True, scaled=False)[0]); numpy.linalg.eigvalsh(Z.T @ Z / len(Z))
var (
	publishedCoefficients = []float64{-10.0, -239.8, 519.8, 324.4, -792.2, 476.7, 101.0, 177.1, 751.3, 67.6}
	coefficients          = []float64{-10.009866299810652, -239.81564367242223, 519.8459200544597, 324.38464550232317, -792.17563855223,
		476.7390210052578, 101.04326793803425, 177.06323767134612, 751.2736995571032, 67.62669218370438}
	rSquared    = 0.5177484222203499
	eigenvalues = []float64{0.008560729827053908, 0.07832002446109042, 0.43368203636558544, 0.5365656523193791, 0.6027170756201264,
		0.6621813912661748, 0.9554764032641193, 1.2059662591250024, 1.4923196775986938, 4.024210750152784}
)

func TestDiabetes(t *testing.T) {
	l, err := problem.Diabetes()
	require.NoError(t, err)
	optimum, err := l.Optimum()
	require.NoError(t, err)
	// scikit-learn scales the columns to length 1, we to standard deviation 1: a factor √n.
	scaled := append([]float64{}, optimum...)
	floats.Scale(math.Sqrt(442), scaled)
	require.InDeltaSlice(t, publishedCoefficients, scaled, 0.05, "one digit is published")
	// Rounding times the condition number of X, √470, times ‖θ‖ = 1300.
	require.InDeltaSlice(t, coefficients, scaled, 1e-10)

	origin := make([]float64, 10)
	require.InDelta(t, rSquared, 1-l.Value(optimum)/l.Value(origin), 1e-14)

	lambda, _, err := problem.Eigen(l.Hessian(nil))
	require.NoError(t, err)
	require.InDeltaSlice(t, eigenvalues, lambda, 1e-13)
	require.InDelta(t, 10, floats.Sum(lambda), 1e-13, "the trace of a correlation matrix")
	require.InDelta(t, 470.08, lambda[9]/lambda[0], 0.005)
}

// Two standardised features with correlation r: λ = 1 ± r.
func TestDiabetesPlane(t *testing.T) {
	table, err := problem.DiabetesTable()
	require.NoError(t, err)
	for _, pair := range [][2]string{{"bmi", "bp"}, {"s1", "s2"}} {
		a, err := table.Column(pair[0])
		require.NoError(t, err)
		b, err := table.Column(pair[1])
		require.NoError(t, err)
		r := stat.Correlation(a, b, nil)
		plane, err := table.Select(pair[0], pair[1], problem.Progression)
		require.NoError(t, err)
		l, err := plane.LeastSquares(problem.Progression)
		require.NoError(t, err)
		lambda, _, err := problem.Eigen(l.Hessian(nil))
		require.NoError(t, err)
		require.InDeltaSlice(t, []float64{1 - r, 1 + r}, lambda, 1e-14)
	}
}

// The raw data is what others list: n, the mean of the target (scikit-learn's intercept), and ranges as R's summary of the
// data prints them (P. Soares, "Linear Models, Lab#1", Instituto Superior Técnico, Lisbon, 2025).
func TestDiabetesTable(t *testing.T) {
	table, err := problem.DiabetesTable()
	require.NoError(t, err)
	n, k := table.Values.Dims()
	require.Equal(t, 442, n)
	require.Equal(t, 11, k)
	progression, err := table.Column(problem.Progression)
	require.NoError(t, err)
	require.InDelta(t, 152.13, stat.Mean(progression, nil), 0.005)
	require.Equal(t, 25.0, floats.Min(progression))
	require.Equal(t, 346.0, floats.Max(progression))
	for column, ends := range map[string][2]float64{"age": {19, 79}, "sex": {1, 2}, "bmi": {18, 42.2}, "bp": {62, 133}, "s1": {97, 301}} {
		values, err := table.Column(column)
		require.NoError(t, err)
		require.Equal(t, ends, [2]float64{floats.Min(values), floats.Max(values)}, column)
	}
}

func TestDiabetesChecksum(t *testing.T) {
	file, err := os.ReadFile("data/diabetes.csv")
	require.NoError(t, err)
	readme, err := os.ReadFile("data/README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), fmt.Sprintf("%x", sha256.Sum256(file)))
}
