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

// A Trap (claim H1) is a landscape with a narrow basin, in which SGD begins, beside a wide one.
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

// NewTrap makes it: curvature 20 at (0, 0) and 1 at (2, 0). height is by how much the narrow basin's floor lies above the wide one's: ½ in
// the lecture, below 0 where the narrow basin is the better one. It is an error when the noise is negative or not finite, and when the
// height leaves no narrow basin: from about 2 on.
func NewTrap(noise, height float64) (*Trap, error) {
	basins, err := problem.NewTwoBasins(problem.Basin{Bottom: []float64{0, 0}, Curvature: 20, Loss: max(height, 0)},
		problem.Basin{Bottom: []float64{2, 0}, Curvature: 1, Loss: max(-height, 0)}, 0.05)
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

// Escape (claim H1) is what SGD from the bottom of the trap comes to: at the constant rate η₀, and under the cosine from η₀ to 0.
type Escape struct {
	Rate              float64
	Constant, Decayed Refined
}

// Refined is where runs have ended.
type Refined struct {
	Wide stat.Interval // the part of them that ended in the wide basin
	// Distance is the root mean square of the distance to its minimum of those that ended there, over runs; NaN where none did.
	// Predicted is what theory says of the bowl alone, in which a run stays that begins at its minimum.
	Distance  stat.Interval
	Predicted float64
}

// Maps are maps of a trap's loss, to draw a run on each.
type Maps struct {
	names  []string
	planes []*figure.Figure // of each name
	trap   *Trap
}

// Maps are maps with these names.
func (t *Trap) Maps(names ...string) *Maps {
	p := &Maps{names: names, trap: t}
	for _, name := range names {
		p.planes = append(p.planes, figure.New(name, figure.X("θ₁").Range(-1, 4), figure.Y("θ₂").Range(-2.5, 2.5)).
			Contour("loss L(θ)", figure.OnPlane(t.Basins.Value), 0.1, 0.3, 0.6, 1, 2, 4, 8))
	}
	return p
}

// Draw shows a run on each map, and says where they end. It panics when there are not as many runs.
func (p *Maps) Draw(runs ...*train.History) (*figure.Figure, string) {
	where := map[int]string{0: "in the trap", 1: "in the wide basin", -1: "nowhere: it diverged"}
	var panels []*figure.Figure
	var ends []string
	for i, run := range runs {
		late := len(run.Params) - min(50, len(run.Params))
		early, tail := run.Params[:late+1], run.Params[late:]
		panels = append(panels, p.planes[i].Copy().Line("SGD", figure.Coordinate(early, 0), figure.Coordinate(early, 1)).
			Line("the last 50 steps", figure.Coordinate(tail, 0), figure.Coordinate(tail, 1)).Mark("end", run.Final[0], run.Final[1]))
		ends = append(ends, fmt.Sprintf("%s: %s, at a loss of %.2f", p.names[i], where[p.trap.Basins.Basin(run.Final)], p.trap.Basins.Value(run.Final)))
	}
	return figure.Row(panels...), "The runs end: " + strings.Join(ends, "; ") + "."
}

// EscapeTable is a row for each rate, for lab.Table.
func EscapeTable(escapes []*Escape) (header []string, rows [][]string) {
	for _, e := range escapes {
		row := []string{fmt.Sprintf("%g", e.Rate)}
		for _, r := range []Refined{e.Constant, e.Decayed} {
			distance := "–"
			if !math.IsNaN(r.Distance.Value) {
				distance = fmt.Sprintf("%.2g", r.Distance)
			}
			share := r.Wide.Scaled(100)
			row = append(row, fmt.Sprintf("%.0f %% (%s)", share.Value, share.Ends("%.0f")), distance, fmt.Sprintf("%.2g", r.Predicted))
		}
		rows = append(rows, row)
	}
	return []string{"$\\eta_0$", "constant: in the wide basin", "r.m.s. distance (95 %)", "theory", "cosine: in the wide basin", "r.m.s. distance (95 %)", "theory"}, rows
}

// DrawRefinement shows how far from the wide basin's minimum the runs end that end in this basin, at each rate at which some do.
func (t *Trap) DrawRefinement(escapes []*Escape) *figure.Figure {
	fig := figure.New("Small steps refine", figure.LogX("first rate η₀"), figure.LogY("root mean square distance to the minimum"))
	add := func(name string, of func(*Escape) Refined) {
		var reached []*Escape
		for _, e := range escapes {
			if of(e).Distance.Low > 0 {
				reached = append(reached, e)
			}
		}
		rates := figure.Column(reached, func(e *Escape) float64 { return e.Rate })
		fig.ConfidenceIntervals(name, rates, figure.Each(reached, func(e *Escape) stat.Interval { return of(e).Distance })).
			Theory("theory of the wide bowl", rates, figure.Column(reached, func(e *Escape) float64 { return of(e).Predicted }))
	}
	add("rate stays at η₀", func(e *Escape) Refined { return e.Constant })
	add("cosine from η₀ to 0", func(e *Escape) Refined { return e.Decayed })
	return fig
}

// DrawSection is the loss along the line through both minima, with the places to which two standard deviations of the dance in the trap's
// bowl reach at each rate.
func (t *Trap) DrawSection(rates ...float64) *figure.Figure {
	loss := func(x float64) float64 { return t.Basins.Value([]float64{x, 0}) }
	fig := figure.New("The trap, cut through both minima", figure.X("θ₁, at θ₂ = 0").Range(-1, 4), figure.Y("loss L(θ)").Range(0, 2.5)).Line("loss", nil, loss)
	for _, eta := range rates {
		reach := 2 * t.Dance(eta)
		fig.Points(fmt.Sprintf("2 standard deviations at η = %g", eta), []float64{-reach, reach}, []float64{loss(-reach), loss(reach)})
	}
	return fig.VLine(t.Basins.Barrier()[0], "ridge")
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

// DrawBreakouts shows the part of the runs that have left, over the rate, for each number of steps. It leaves out what was measured where
// theory expects fewer than 1 % or more than 99 %: there the points of all numbers of steps would cover each other.
func (t *Trap) DrawBreakouts(breakouts []*Breakout) *figure.Figure {
	fig := figure.New("How many have left the trap", figure.X("constant rate η"), figure.Y("fraction of the runs").Range(-0.03, 1.03)).VLine(t.Limit, "2/λ of the trap")
	for _, b := range breakouts {
		var rates []float64
		var escaped []stat.Interval
		for k, p := range b.Predicted {
			if p > 0.01 && p < 0.99 {
				rates, escaped = append(rates, b.Rates[k]), append(escaped, b.Escaped[k])
			}
		}
		fig.Theory("theory", b.Fine, b.Curve).ConfidenceIntervals(fmt.Sprintf("after %d steps", b.Steps), rates, escaped)
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
		e.Constant.Predicted = math.Sqrt(bowl.After(constant.At, minimum, steps).SquaredDistance)
		e.Decayed.Predicted = math.Sqrt(bowl.After(cosine.At, minimum, steps).SquaredDistance)
	}
	histories, err := sweep(ctx, setups, 1, seeds)
	if err != nil {
		return nil, err
	}
	for i, e := range escapes {
		if err := errors.Join(e.Constant.measure(trap, histories[2*i]), e.Decayed.measure(trap, histories[2*i+1])); err != nil {
			return nil, err
		}
	}
	return escapes, nil
}

// measure computes Wide and Distance.
func (r *Refined) measure(trap *Trap, runs []*train.History) (err error) {
	var squares []float64
	for _, h := range runs {
		if trap.Basins.Basin(h.Final) == 1 {
			squares = append(squares, squared(h.Final, trap.Minima[1]))
		}
	}
	if r.Wide, err = stat.Proportion(len(squares), len(runs), Confidence); err != nil {
		return err
	}
	if len(squares) == 0 {
		r.Distance = stat.Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		return nil
	}
	mean, err := stat.MeanOverRuns(squares, Confidence)
	r.Distance = stat.Interval{Value: math.Sqrt(mean.Value), Low: math.Sqrt(max(mean.Low, 0)), High: math.Sqrt(mean.High)}
	return err
}
