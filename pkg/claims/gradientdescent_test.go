package claims

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// The tests of chapter 1. Claim G1's stand with package train, which they are about.

func trainer(t *testing.T, p problem.Problem, record train.Record) *train.Trainer {
	t.Helper()
	made, err := lecture.NewTrainer(p, "GD", record)
	require.NoError(t, err)
	t.Cleanup(made.Close)
	return made
}

func run(t *testing.T, on *train.Trainer, c train.Config) *train.History {
	t.Helper()
	h, err := on.Run(t.Context(), c)
	require.NoError(t, err)
	return h
}

// valley is the bowl of section 1.3: curvature 1 along its floor and 10 across it.
func valley(t *testing.T) (*problem.Quadratic, *theory.Descent) {
	t.Helper()
	bowl := lecture.Valley()
	descent, err := theory.NewDescent(bowl)
	require.NoError(t, err)
	return bowl, descent
}

func diabetes(t *testing.T) (*problem.LeastSquares, *theory.Descent) {
	t.Helper()
	fit, err := problem.Diabetes()
	require.NoError(t, err)
	fit.DType = dtypes.Float64
	descent, err := theory.NewDescent(fit)
	require.NoError(t, err)
	return fit, descent
}

// Section 1.4: every eigen-direction shrinks by |1 − ηλ| a step. In float64 the measurement is known to its stated
// rounding, far below the 10⁻⁹ that the notebook claims.
func TestClaimG3ContractionFactors(t *testing.T) {
	bowl, descent := valley(t)
	on := trainer(t, bowl, train.Record{Params: true})
	for k := range 11 {
		eta := 0.02 * float64(k+1)
		h := run(t, on, train.Config{LearningRate: eta, Steps: 40})
		measured, err := descent.Measure(h.Params, theory.DoublePrecision)
		require.NoError(t, err)
		require.Len(t, measured, 2)
		for _, c := range measured {
			require.InDelta(t, math.Abs(1-eta*c.Lambda), c.Factor, 1e-9, "η = %g, λ = %g", eta, c.Lambda)
		}
	}
	eta, factor := theory.OptimalRate(1, 10)
	require.InDelta(t, 0.1818, eta, 5e-5) // 2/11 and 9/11, as the notebook prints them
	require.InDelta(t, 0.818, factor, 5e-4)
}

// Section 1.5: the losses on the diabetes data are those of the closed form, below the threshold and above it.
func TestClaimG3LossesOnRealData(t *testing.T) {
	fit, descent := diabetes(t)
	require.InDelta(t, 4.0242, descent.Lambda[9], 5e-5)
	require.InDelta(t, 0.00856, descent.Lambda[0], 5e-6)
	threshold := theory.StabilityThreshold(descent.Lambda[9])
	require.InDelta(t, 0.4970, threshold, 5e-5)
	on := trainer(t, fit, train.Record{})
	for _, f := range []float64{0.1, 0.5, 0.99, 1.01} {
		h := run(t, on, train.Config{LearningRate: f * threshold, Steps: 2000, Stride: 100})
		require.Len(t, h.Loss, 21)
		for k, step := range h.Step {
			require.InEpsilon(t, descent.Loss(f*threshold, fit.Start, step), h.Loss[k], 1e-9, "%g of 2/λ_max, step %d", f, step)
		}
	}
}

// Section 1.5: training breaks where theory says, to within the bisection's 0.05 % and what 5,000 steps do not tell apart.
func TestClaimG3Threshold(t *testing.T) {
	fit, descent := diabetes(t)
	on := trainer(t, fit, train.Record{})
	measured, err := stat.BisectThreshold(func(eta float64) (bool, error) {
		h, err := on.Run(t.Context(), train.Config{LearningRate: eta, Steps: 5000, Stride: 5000, MaxLoss: 2 * fit.Value(fit.Start)})
		if err != nil {
			return false, err
		}
		_, diverged := h.Diverged()
		return diverged, nil
	}, 0.01, 2, 0.001)
	require.NoError(t, err)
	require.InEpsilon(t, theory.StabilityThreshold(descent.Lambda[9]), measured, 0.001)
}

// Section 1.3: the three regimes, by their losses: the middle rate is far ahead, the largest has left the start behind.
func TestClaimG4Regimes(t *testing.T) {
	bowl, _ := valley(t)
	on := trainer(t, bowl, train.Record{})
	last := func(eta float64) float64 { return run(t, on, train.Config{LearningRate: eta, Steps: 60}).Loss[60] }
	slow, quick, lost := last(0.05), last(0.18), last(0.21)
	require.InEpsilon(t, 0.005, slow, 0.05)
	require.InEpsilon(t, 1.2e-10, quick, 0.05)
	require.InEpsilon(t, 7.2e5, lost, 0.05)
}

// Section 1.7: a run that diverges says at which step it left the finite numbers, and that is the step at which
// λc²(1−ηλ)^{2t} no longer fits into a float64. One step either way is what the rounding of 7,000 factors can do.
func TestClaimG4DivergenceIsReported(t *testing.T) {
	bowl, descent := valley(t)
	on := trainer(t, bowl, train.Record{})
	lambda, c := descent.Lambda[1], descent.Components(bowl.Start)[1]
	for _, eta := range []float64{0.205, 0.21, 0.25, 0.4} {
		h := run(t, on, train.Config{LearningRate: eta, Steps: 20_000, Stride: 100})
		step, diverged := h.Diverged()
		require.True(t, diverged, "η = %g", eta)
		predicted := (math.Log(math.MaxFloat64) - math.Log(lambda*c*c)) / (2 * math.Log(math.Abs(1-eta*lambda)))
		require.InDelta(t, predicted, step, 1.01, "η = %g", eta)
		require.Len(t, h.Loss, (step-1)/100+1, "the history before it is kept")
		for _, loss := range h.Loss {
			require.False(t, math.IsNaN(loss) || math.IsInf(loss, 0))
		}
	}
	_, diverged := run(t, on, train.Config{LearningRate: 0.199, Steps: 20_000, Stride: 100}).Diverged()
	require.False(t, diverged)
}
