package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// DrawMomentumMap (claim H3) is the map of heavy ball on a quadratic with the two curvatures: for each learning rate and momentum, by how much
// a step shrinks the distance to the optimum in the long run, in steps for each factor of ten. It shows the border of
// stability, ηλ_max = 2(1+β), and the best pair.
func DrawMomentumMap(lambdaMin, lambdaMax float64) *figure.Figure {
	best, beta, _ := theory.OptimalHeavyBall(lambdaMin, lambdaMax)
	fig := figure.New("Steps for each factor of ten", figure.X("learning rate η").Range(0, 4/lambdaMax), figure.Y("momentum β").Range(0, 0.99))
	fig.Contour("steps", func(eta, beta float64) float64 {
		return min(1000, stepsPerTen(max(theory.HeavyBallFactor(eta, beta, lambdaMin), theory.HeavyBallFactor(eta, beta, lambdaMax))))
	}, 3, 5, 10, 20, 50, 100, 500)
	edge := []float64{2 / lambdaMax, 2 * 1.99 / lambdaMax}
	return fig.Theory("2(1+β)/λ_max", edge, []float64{0, 0.99}).Mark("best pair", best, beta)
}

// stepsPerTen is how many steps of a factor make a tenth of a distance; +Inf when they do not.
func stepsPerTen(factor float64) float64 {
	if factor >= 1 {
		return math.Inf(1)
	}
	return -math.Ln10 / math.Log(factor)
}

// NewHeavyBall is a trainer of heavy ball on a problem that records the parameters; train.Config.Hyper sets its "momentum". It is an
// error when the backend cannot compile the problem.
func NewHeavyBall(p problem.Problem) (*train.Trainer, error) {
	rule, err := optim.HeavyBall(0.9)
	if err != nil {
		return nil, err
	}
	return newTrainer(p, rule, train.Record{Params: true})
}

// MomentumEnd says what a run of heavy ball on the Valley came to, and what theory expects of a step.
func MomentumEnd(run *train.History, eta, beta float64) string {
	mustGive("history", run)
	factor := max(theory.HeavyBallFactor(eta, beta, 1), theory.HeavyBallFactor(eta, beta, 10))
	if step, diverged := run.Diverged(); diverged || factor > 1 {
		return fmt.Sprintf("η = %g, β = %g: unstable, because η is above 2(1+β)/λ_max = %.3g. %s", eta, beta, (1+beta)/5, map[bool]string{true: fmt.Sprintf("The loss left the numbers at step %d.", step)}[diverged])
	}
	distance := math.Hypot(run.Final[0], run.Final[1])
	return fmt.Sprintf("η = %g, β = %g: after %d steps the distance is %.1e. In the long run a step multiplies it by %.3f, which makes %.0f steps for a factor of ten.",
		eta, beta, run.Step[len(run.Step)-1], distance, factor, stepsPerTen(factor))
}

// Conditioning (claim H3) is how many steps the best gradient descent and the best heavy ball need on quadratics of growing condition
// number κ.
type Conditioning struct {
	Kappa                []float64
	GD, HeavyBall        []float64 // measured steps until the distance is a millionth
	WantGD, WantHeavy    []float64 // the same by iterating the recursion of each direction, a pair of numbers
	GDSlope, HeavySlope  float64   // of the measured steps over κ, on log-log axes, for three or more κ: near 1 and ½
	Border, BorderTheory []float64 // the rate at which heavy ball stops converging, measured and 2(1+β)/λ_max, in units of 1/λ_max
	Betas                []float64 // the momenta of the border
}

// MeasureConditioning (claim H3) runs gradient descent and heavy ball, each at the rate and momentum that theory says are best, and finds the border of
// stability by bisection for each momentum. It is an error when a condition number is below 2, and when a run fails.
func MeasureConditioning(ctx context.Context, kappas, betas []float64) (*Conditioning, error) {
	c := &Conditioning{Kappa: kappas, Betas: betas}
	for _, kappa := range kappas {
		if !(kappa >= 2) || kappa > 1e5 {
			return nil, fmt.Errorf("a condition number is %g: it must be between 2 and 100,000", kappa)
		}
		if err := c.measure(ctx, kappa); err != nil {
			return nil, err
		}
	}
	var err error
	steps := func(values []float64) []int {
		whole := make([]int, len(values))
		for i, v := range values {
			whole[i] = int(v)
		}
		return whole
	}
	if len(kappas) > 2 { // enough for a slope
		if c.GDSlope, err = slope(steps(kappas), c.GD); err != nil {
			return nil, err
		}
		if c.HeavySlope, err = slope(steps(kappas), c.HeavyBall); err != nil {
			return nil, err
		}
	}
	return c, c.findBorder(ctx)
}

// measure runs both rules, each at its best constants, on the bowl of a condition number.
func (c *Conditioning) measure(ctx context.Context, kappa float64) error {
	t, err := onBowl(kappa)
	if err != nil {
		return err
	}
	defer t.Close()
	eta, _ := theory.OptimalRate(1, kappa)
	fast, beta, _ := theory.OptimalHeavyBall(1, kappa)
	for _, pair := range [][2]float64{{eta, 0}, {fast, beta}} {
		want := recursion(pair[0], pair[1], kappa)
		h, err := t.Run(ctx, train.Config{LearningRate: pair[0], Hyper: map[string]float64{"momentum": pair[1]}, Steps: 2 * want})
		if err != nil {
			return err
		}
		if got := float64(settled(h.Params)); pair[1] == 0 {
			c.GD, c.WantGD = append(c.GD, got), append(c.WantGD, float64(want))
		} else {
			c.HeavyBall, c.WantHeavy = append(c.HeavyBall, got), append(c.WantHeavy, float64(want))
		}
	}
	return nil
}

// millionth is the distance, as a part of the first one, at which a run has arrived.
const millionth = 1e-6

// onBowl runs heavy ball where the curvatures are 1 and κ, from a distance of 1 to the optimum along each.
func onBowl(kappa float64) (*train.Trainer, error) {
	p, err := problem.NewQuadratic([]float64{1, kappa}, nil, nil)
	if err != nil {
		return nil, err
	}
	p.Start, p.DType = []float64{1, 1}, dtypes.Float64
	return NewHeavyBall(p)
}

// settled is the first index from which on all points are within a millionth of the first one's distance to 0.
func settled(path [][]float64) int {
	for t := len(path) - 1; t >= 0; t-- {
		if math.Hypot(path[t][0], path[t][1]) > millionth*math.Hypot(path[0][0], path[0][1]) {
			return t + 1
		}
	}
	return 0
}

// recursion is how many steps it takes, computed without a run: each direction of curvature λ by itself, e_{t+1} = (1 + β − ηλ) e_t − β e_{t−1}.
func recursion(eta, beta, kappa float64) int {
	const most = 1 << 22
	path := [][]float64{{1, 1}}
	before, now := []float64{1, 1}, []float64{1, 1}
	for below := 0; below < 50 && len(path) < most; {
		next := make([]float64, 2)
		for i, lambda := range []float64{1, kappa} {
			next[i] = (1+beta-eta*lambda)*now[i] - beta*before[i]
		}
		before, now = now, next
		path = append(path, now)
		if below++; math.Hypot(now[0], now[1]) > millionth*math.Sqrt2 {
			below = 0
		}
	}
	return settled(path)
}

// findBorder bisects between a rate at which heavy ball converges and one at which it does not, in units of 1/λ_max.
func (c *Conditioning) findBorder(ctx context.Context) error {
	t, err := onBowl(10)
	if err != nil {
		return err
	}
	defer t.Close()
	for _, beta := range c.Betas {
		lo, hi := 0.5, 5.0
		for hi-lo > 0.002 {
			mid := (lo + hi) / 2
			h, err := t.Run(ctx, train.Config{LearningRate: mid / 10, Hyper: map[string]float64{"momentum": beta}, Steps: 2000, Stride: 2000, MaxLoss: 1e6})
			if err != nil {
				return err
			}
			if _, diverged := h.Diverged(); diverged || math.Hypot(h.Final[0], h.Final[1]) > 1 {
				hi = mid
			} else {
				lo = mid
			}
		}
		c.Border, c.BorderTheory = append(c.Border, (lo+hi)/2), append(c.BorderTheory, 2*(1+beta))
	}
	return nil
}

// Draw shows the steps over the condition number.
func (c *Conditioning) Draw() *figure.Figure {
	return figure.New("Steps to a millionth of the distance", figure.LogX("condition number κ"), figure.LogY("steps")).
		Theory("theory", c.Kappa, c.WantGD).Theory("theory", c.Kappa, c.WantHeavy).
		Points("gradient descent", c.Kappa, c.GD).Points("heavy ball", c.Kappa, c.HeavyBall)
}
