package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// A Trap (claim H1) is a landscape with a narrow basin, in which SGD begins, beside a wide and better one.
type Trap struct {
	*problem.Noisy
	Basins *problem.TwoBasins
	Noise  float64 // σ: the covariance of an example's gradient is σ²I
	Minima [2][]float64
	Limit  float64 // 2/λ of the narrow basin
}

// trapExamples is a number at which the noise of single examples is normally distributed as far as it matters: rare large kicks, of more
// than four standard deviations, decide at small rates.
const trapExamples = 100_000

// NewTrap makes it: curvature 20 at (0, 0) and 1 at (2, 0), where the loss is lower by ½. It is an error when the noise is negative or
// not finite.
func NewTrap(noise float64) (*Trap, error) {
	basins, err := problem.NewTwoBasins(problem.Basin{Bottom: []float64{0, 0}, Curvature: 20, Loss: 0.5}, problem.Basin{Bottom: []float64{2, 0}, Curvature: 1}, 0.05)
	if err != nil {
		return nil, err
	}
	basins.DType = dtypes.Float64
	noisy, err := problem.NewNoisy(basins, mat.NewSymDense(2, []float64{noise * noise, 0, 0, noise * noise}), trapExamples, 1)
	if err != nil {
		return nil, err
	}
	return &Trap{noisy, basins, noise, basins.Minima(), theory.StabilityThreshold(basins.Hessian(basins.Minima()[0]).At(0, 0))}, nil
}

// Escape (claim H1) is what SGD from the bottom of the trap comes to at the greatest rate η₀.
type Escape struct {
	Rate   float64
	Better stat.Interval // the part of the decayed runs that ended in the better basin
	// Constant and Decayed are the root mean squares of the distance to its minimum of the runs that ended there, at the
	// constant rate and under the cosine from η₀ to 0; NaN where none did. The others are what theory says of the bowl
	// alone, in which a run stays.
	Constant, Decayed                   float64
	PredictedConstant, PredictedDecayed float64
}

// Maps are maps of a trap's loss, to draw a run on each.
type Maps struct {
	names   []string
	figures []*figure.Figure
	trap    *Trap
}

// Maps are maps with these names.
func (t *Trap) Maps(names ...string) *Maps {
	p := &Maps{names: names, trap: t}
	for _, name := range names {
		p.figures = append(p.figures, figure.New(name, figure.X("θ₁").Range(-1.5, 4.5), figure.Y("θ₂").Range(-3, 3)).
			Contour("loss L(θ)", figure.OnPlane(t.Basins.Value), 0.1, 0.3, 0.6, 1, 2, 4, 8, 16, 32))
	}
	return p
}

// Draw shows a run on each map, and says where they end. It panics when there are not as many runs.
func (p *Maps) Draw(runs ...*train.History) (*figure.Figure, string) {
	where := map[int]string{0: "in the trap", 1: "in the better basin", -1: "nowhere: it diverged"}
	better := p.trap.Minima[1]
	var panels []*figure.Figure
	var ends []string
	for i, run := range runs {
		tail := run.Params[len(run.Params)-min(50, len(run.Params)):]
		panels = append(panels, p.figures[i].Copy().Trajectory("SGD", run.Params).
			Points("last steps", figure.Coordinate(tail, 0), figure.Coordinate(tail, 1)).Mark("better minimum", better[0], better[1]))
		ends = append(ends, fmt.Sprintf("%s: %s, at a loss of %.2f", p.names[i], where[p.trap.Basins.Basin(run.Final)], p.trap.Basins.Value(run.Final)))
	}
	return figure.Row(panels...), "The runs end: " + strings.Join(ends, "; ") + "."
}

// String says in a sentence where the runs at the rate end.
func (e *Escape) String() string {
	return fmt.Sprintf("η₀ = %-4g %3.0f %% end in the better basin (95 %%: %s).  Distance there: constant %s (theory %.2g), decayed %s (theory %.2g).",
		e.Rate, 100*e.Better.Value, e.Better.Scaled(100).Ends("%.0f"), two(e.Constant), e.PredictedConstant, two(e.Decayed), e.PredictedDecayed)
}

// DrawRefinement shows how far from the better minimum the runs end, at those rates at which most runs reach it.
func (t *Trap) DrawRefinement(escapes []*Escape) *figure.Figure {
	var most []*Escape
	for _, e := range escapes {
		if e.Better.Value > 0.5 && !math.IsNaN(e.Constant) {
			most = append(most, e)
		}
	}
	rates := figure.Column(most, func(e *Escape) float64 { return e.Rate })
	return figure.New("Small steps refine", figure.LogX("first rate η₀"), figure.LogY("distance to the better minimum")).
		Points("rate stays at η₀", rates, figure.Column(most, func(e *Escape) float64 { return e.Constant })).
		Points("cosine from η₀ to 0", rates, figure.Column(most, func(e *Escape) float64 { return e.Decayed })).
		Theory("theory", rates, figure.Column(most, func(e *Escape) float64 { return e.PredictedConstant })).
		Theory("theory", rates, figure.Column(most, func(e *Escape) float64 { return e.PredictedDecayed }))
}

// DrawSection is the loss along the line through both minima, with two standard deviations of the dance in the trap's bowl at each rate.
func (t *Trap) DrawSection(rates ...float64) *figure.Figure {
	fig := figure.New("The trap, cut through both minima", figure.X("θ₁, at θ₂ = 0").Range(-1, 4), figure.Y("loss L(θ)").Range(0, 2.5)).
		Line("loss", nil, func(x float64) float64 { return t.Basins.Value([]float64{x, 0}) })
	bottom := t.Basins.Value(t.Minima[0])
	for i, eta := range rates {
		reach, height := 2*t.Dance(eta), bottom+0.25*float64(i+1)
		fig.Line(fmt.Sprintf("dance at η = %g", eta), []float64{-reach, reach}, []float64{height, height})
	}
	return fig
}

// Dance is the standard deviation of SGD at a constant rate along each axis of the trap's bowl, if there were no way out of it:
// σ√(η/(λ(2−ηλ))). At 2/λ it grows beyond all bounds.
func (t *Trap) Dance(eta float64) float64 {
	lambda := 2 / t.Limit
	return t.Noise * math.Sqrt(eta/(lambda*(2-eta*lambda)))
}

// Breakout (claim H1) is how many runs at a constant rate have left the trap after some steps.
type Breakout struct {
	Steps     int
	Rates     []float64
	Escaped   []stat.Interval // the part of the runs that are in the better basin then
	Predicted []float64       // 1 − (1−p)^Steps, with p the probability of an escape in a step
	Fine      []float64       // rates between those of Rates
	Curve     []float64       // Predicted at those rates, interpolated
	Half      float64         // the rate at which half of the runs have left, by theory; NaN outside the rates
}

// EscapeRate is the probability with which a run in the trap leaves it in a step. It has the errors of theory.EscapeRate.
func (t *Trap) EscapeRate(eta float64) (float64, error) {
	if err := given("trap", t); err != nil {
		return 0, err
	}
	return theory.EscapeRate(t.Basins.Gradient, [2]float64{-0.1, 0}, 0.8, eta, t.Noise)
}

// MeasureBreakouts (claim H1) runs SGD on single examples from the bottom of the trap at each constant rate, and looks where the runs
// are after each number of steps. It is an error when a setting cannot be, when there are no budgets, and when a run fails.
func MeasureBreakouts(ctx context.Context, trap *Trap, grid Grid, budgets []int) ([]*Breakout, error) {
	if err := given("trap", trap); err != nil {
		return nil, err
	}
	stride, steps := 0, 0
	for _, n := range budgets {
		if err := counts("Steps", n); err != nil {
			return nil, err
		}
		steps = max(steps, n)
		for n > 0 { // the greatest common divisor
			stride, n = n, stride%n
		}
	}
	if len(budgets) == 0 {
		return nil, errors.New("there are no budgets: give a number of steps")
	}
	sampler, err := sample.WithReplacement(1)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(trap, "SGD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	histories, err := sweep(ctx, atRates(t, train.Config{Sampler: sampler, Steps: steps, Stride: stride}, grid.Rates), 1, grid.Seeds)
	if err != nil {
		return nil, err
	}
	leaves, err := atOnce([][]float64{grid.Rates}, func(_ int, eta float64) (float64, error) { return trap.EscapeRate(eta) })
	if err != nil {
		return nil, err
	}
	var all []*Breakout
	for _, n := range budgets {
		b := &Breakout{Steps: n, Rates: grid.Rates, Half: math.NaN()}
		for i, p := range leaves[0] {
			out := 0
			for _, h := range histories[i] {
				if trap.Basins.Basin(h.Params[min(n/stride, len(h.Params)-1)]) == 1 {
					out++
				}
			}
			share, err := stat.Proportion(out, grid.Seeds, Confidence)
			if err != nil {
				return nil, err
			}
			b.Escaped, b.Predicted = append(b.Escaped, share), append(b.Predicted, -math.Expm1(float64(n)*math.Log1p(-p)))
		}
		b.interpolate(leaves[0])
		all = append(all, b)
	}
	return all, nil
}

// interpolate computes Fine, Curve and Half from the probabilities of an escape in a step: between two rates log p is nearly linear in 1/η.
func (b *Breakout) interpolate(leaves []float64) {
	const fine = 20
	for i := range len(leaves) - 1 {
		for k := range fine + 1 {
			part := float64(k) / fine
			eta := 1 / ((1-part)/b.Rates[i] + part/b.Rates[i+1])
			p := math.Exp((1-part)*math.Log(leaves[i]) + part*math.Log(leaves[i+1]))
			b.Fine, b.Curve = append(b.Fine, eta), append(b.Curve, -math.Expm1(float64(b.Steps)*math.Log1p(-p)))
			if math.IsNaN(b.Half) && b.Curve[len(b.Curve)-1] >= 0.5 && len(b.Curve) > 1 {
				b.Half = eta
			}
		}
	}
}

// DrawBreakouts shows the part of the runs that have left, over the rate, for each number of steps.
func (t *Trap) DrawBreakouts(breakouts []*Breakout) *figure.Figure {
	fig := figure.New("How many have left the trap", figure.X("constant rate η"), figure.Y("part of the runs").Range(-0.03, 1.03)).VLine(t.Limit, "2/λ of the trap")
	for _, b := range breakouts {
		fig.Theory("theory", b.Fine, b.Curve).ConfidenceIntervals(fmt.Sprintf("after %d steps", b.Steps), b.Rates, b.Escaped)
	}
	return fig
}

// Explore (claim H1) runs SGD from the bottom of the trap at each rate, and under a cosine from it to 0. It is an error when a setting
// cannot be, and when a run fails.
func Explore(ctx context.Context, trap *Trap, grid Grid) ([]*Escape, error) {
	steps, seeds := grid.Steps, grid.Seeds
	if err := counts("Batch", grid.Batch, "Steps", steps, "Seeds", seeds); err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(grid.Batch)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(trap, "SGD", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	minimum := trap.Minima[1]
	variance := trap.Noise * trap.Noise / float64(grid.Batch)
	bowl, err := theory.AdditiveSGD(trap.Basins.Hessian(minimum), mat.NewSymDense(2, []float64{variance, 0, 0, variance}), minimum)
	if err != nil {
		return nil, err
	}
	var setups []setup
	var escapes []*Escape
	for _, rate := range grid.Rates {
		constant, err := schedule.Constant(rate)
		if err != nil {
			return nil, err
		}
		cosine, err := schedule.Cosine(rate, 0, steps)
		if err != nil {
			return nil, err
		}
		e := &Escape{Rate: rate}
		escapes = append(escapes, e)
		for _, eta := range []schedule.Schedule{constant, cosine} {
			setups = append(setups, setup{trainer: t, config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: steps}})
		}
		e.PredictedConstant = math.Sqrt(bowl.After(constant.At, minimum, steps).SquaredDistance)
		e.PredictedDecayed = math.Sqrt(bowl.After(cosine.At, minimum, steps).SquaredDistance)
	}
	histories, err := sweep(ctx, setups, 1, seeds)
	if err != nil {
		return nil, err
	}
	for i, e := range escapes {
		var counts [2]int
		var squares [2]float64
		for j := range counts {
			for _, h := range histories[2*i+j] {
				if trap.Basins.Basin(h.Final) == 1 {
					counts[j]++
					squares[j] += squared(h.Final, minimum)
				}
			}
		}
		e.Constant, e.Decayed = math.Sqrt(squares[0]/float64(counts[0])), math.Sqrt(squares[1]/float64(counts[1]))
		if e.Better, err = stat.Proportion(counts[1], seeds, Confidence); err != nil {
			return nil, err
		}
	}
	return escapes, nil
}
