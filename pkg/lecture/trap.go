package lecture

import (
	"context"
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

// NewTrap makes it: curvature 20 at (0, 0) and 1 at (2, 0), where the loss is lower by ½. It is an error when the noise is negative or
// not finite.
func NewTrap(noise float64) (*Trap, error) {
	basins, err := problem.NewTwoBasins(problem.Basin{Bottom: []float64{0, 0}, Curvature: 20, Loss: 0.5}, problem.Basin{Bottom: []float64{2, 0}, Curvature: 1}, 0.05)
	if err != nil {
		return nil, err
	}
	basins.DType = dtypes.Float64
	noisy, err := problem.NewNoisy(basins, mat.NewSymDense(2, []float64{noise * noise, 0, 0, noise * noise}), 1000, 1)
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

// DrawEscapes shows how often the runs reach the better basin, and how far from its minimum they end, at those rates, if at least two,
// at which most runs reach it.
func (t *Trap) DrawEscapes(escapes []*Escape) *figure.Figure {
	rates := func(of []*Escape) []float64 { return figure.Column(of, func(e *Escape) float64 { return e.Rate }) }
	better := figure.Each(escapes, func(e *Escape) stat.Interval { return e.Better })
	explore := figure.New("Big steps explore", figure.LogX("first rate η₀"), figure.Y("P(ends in the better basin)").Range(-0.05, 1.05)).
		ConfidenceIntervals("measured, 95 %", rates(escapes), better).VLine(t.Limit, "2/λ of the trap")
	var most []*Escape
	for _, e := range escapes {
		if e.Better.Value > 0.5 && !math.IsNaN(e.Constant) {
			most = append(most, e)
		}
	}
	if len(most) < 2 {
		return figure.Row(explore)
	}
	return figure.Row(explore, figure.New("Small steps refine", figure.LogX("first rate η₀"), figure.LogY("distance to the minimum")).
		Points("rate stays at η₀", rates(most), figure.Column(most, func(e *Escape) float64 { return e.Constant })).
		Points("cosine from η₀ to 0", rates(most), figure.Column(most, func(e *Escape) float64 { return e.Decayed })).
		Theory("theory", rates(most), figure.Column(most, func(e *Escape) float64 { return e.PredictedConstant })).
		Theory("theory", rates(most), figure.Column(most, func(e *Escape) float64 { return e.PredictedDecayed })))
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
		e.PredictedConstant = math.Sqrt(last(bowl.Moments(constant.At, minimum, steps)).SquaredDistance)
		e.PredictedDecayed = math.Sqrt(last(bowl.Moments(cosine.At, minimum, steps)).SquaredDistance)
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
