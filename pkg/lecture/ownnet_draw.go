package lecture

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent.example/internal/plural"
	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Draw (claims G3, N12, W1) draws the net with its elbows on the examples, the losses, where the elbows went, and the sharpness.
func (r *OwnRun) Draw() *figure.Figure { return r.drawAt(r.last()) }

// drawAt is Draw, up to a record. Of a model that is not a problem.Net nobody knows the elbows.
func (r *OwnRun) drawAt(record int) *figure.Figure {
	panels := []*figure.Figure{r.drawNet(record), r.drawLosses(record)}
	if _, is := r.model(); is {
		panels = append(panels, r.drawElbows(record))
	}
	return figure.Grid(2, append(panels, r.drawSharpness(record))...)
}

// Animate (claims G3, N12, W1) is Draw as training goes on.
func (r *OwnRun) Animate() *figure.Animation {
	var records []int
	const most = 20
	for i := range most { // close together at the start, where the net changes fastest
		part := float64(i) / (most - 1)
		if k := int(math.Round(part * part * float64(r.last()))); !slices.Contains(records, k) {
			records = append(records, k)
		}
	}
	return figure.Animate(len(records), 6, func(i int) *figure.Figure {
		return r.drawAt(records[i])
	})
}

// reserved is the name of what a picture may show. It draws nothing and keeps the name's color free, so that the other names have
// theirs whatever is drawn.
type reserved string

func (r reserved) Name() string                       { return string(r) }
func (reserved) Check(_, _ figure.Axis) error         { return nil }
func (reserved) Extent(func(x, y float64))            {}
func (reserved) Draw(figure.Pen, *figure.Panel)       {}
func (reserved) Legend(*figure.Panel, *figure.Entry)  {}
func (reserved) Describe(*figure.Panel) (none string) { return "" }

// bends is what the picture calls the places of elbowsAt.
func (r *OwnRun) bends() string {
	if model, is := r.model(); is && model.Activation != problem.ReLU {
		return "−b/w of each unit"
	}
	return "elbows"
}

// drawNet draws the net of a record, as far as it lies in the picture. It is the first panel, so it gives all names their colors.
func (r *OwnRun) drawNet(record int) *figure.Figure {
	lo, hi := r.Target.Lo, r.Target.Hi
	span := Span(slices.Concat(r.Y, figure.Column(r.curveX, r.Target.F)))
	within := func(y float64) bool { return y >= span[0] && y <= span[1] }
	curve, title := r.curve(record), fmt.Sprintf("The net after %d steps", r.Step[record])
	seen := false
	for i, y := range curve {
		seen = seen || within(y) || i > 0 && min(y, curve[i-1]) < span[0] && max(y, curve[i-1]) > span[1] // or it crosses the picture
	}
	if !seen {
		title += ": out of the picture"
	}
	fig := figure.New(title, figure.X("x").Range(lo, hi), figure.Y("f(x)").Range(span[0], span[1])).Low().
		Add(reserved("net"), reserved(r.bends()), reserved("examples"), reserved("unseen ones"), reserved("λ_max"))
	if seen {
		fig.Line("net", r.curveX, curve)
	}
	if net := r.net(record); net != nil {
		outside := func(x float64) bool { return !within(net.At(x)) }
		if places := slices.DeleteFunc(slices.Clone(r.elbows[record]()), outside); len(places) > 0 {
			fig.Points("elbows", places, figure.Each(places, net.At))
		}
	}
	return fig.Cloud("examples", r.X, r.Y).Theory("target", nil, r.Target.F)
}

// drawLosses draws the losses up to a record.
func (r *OwnRun) drawLosses(record int) *figure.Figure {
	fig := figure.New("Loss", figure.X("step").Range(0, float64(r.Steps)), figure.LogY("½ mean (f(x) − y)²")).Low().
		Line("examples", r.Step[:record+1], r.Seen[:record+1]).Line("unseen ones", r.Step[:record+1], r.Unseen[:record+1])
	if r.Floor > 0 {
		fig.HLine(r.Floor, "noise σ²/2")
	}
	return fig
}

// drawElbows draws where the elbows were at each record up to one.
func (r *OwnRun) drawElbows(record int) *figure.Figure {
	lo, hi := r.Target.Lo, r.Target.Hi
	fig := figure.New("Where the elbows go", figure.X("step").Range(0, float64(r.Steps)), figure.Y("x").Range(lo, hi)).Low()
	model, is := r.model()
	switch {
	case is && len(model.Sizes) == 3:
		paths := make([][]float64, model.Sizes[1])
		for k := range record + 1 {
			for j, place := range r.centers(k) {
				paths[j] = append(paths[j], max(lo, min(hi, place)))
			}
		}
		fig.Strands(r.bends(), r.Step[:record+1], paths)
	default:
		var steps, places []float64
		for k := range record + 1 {
			for _, place := range r.elbows[k]() {
				steps, places = append(steps, float64(r.Step[k])), append(places, place)
			}
		}
		if len(places) == 0 {
			return fig.HLine((lo+hi)/2, "no elbows")
		}
		fig.Points(r.bends(), steps, places)
	}
	for _, k := range r.Target.Knots {
		fig.HLine(k, "kink of the target")
	}
	return fig
}

// drawSharpness draws the sharpness up to a record, and where gradient descent would be unstable.
func (r *OwnRun) drawSharpness(record int) *figure.Figure {
	reach := Span(figure.Each(slices.Concat(r.Sharpness, []float64{r.Edge / r.Schedule.At(0)}), math.Log))
	low, high := math.Exp(reach[0]), math.Exp(reach[1])
	fig := figure.New("Sharpness", figure.X("step").Range(0, float64(r.Steps)), figure.LogY("λ_max of the Hessian").Range(low, high)).Low()
	n, _ := slices.BinarySearch(r.SharpAt, r.Step[record]+1)
	if n == 0 {
		return fig.HLine(low, "not finite")
	}
	fig.Line("λ_max", r.SharpAt[:n], r.Sharpness[:n])
	var steps, edges []float64
	for k := 0; r.Edge > 0 && k <= r.last(); k++ {
		if edge := r.Edge / r.Schedule.At(min(r.Step[k], max(0, r.Steps-1))); edge < high {
			steps, edges = append(steps, float64(r.Step[k])), append(edges, edge)
		}
	}
	if len(steps) > 1 {
		fig.Theory(fmt.Sprintf("%.3g/η, the edge", r.Edge), steps, edges)
	}
	return fig
}

// String says how well the net learned, what its units do, and the diagnosis.
func (r *OwnRun) String() string {
	var lines []string
	if r.DivergedAt >= 0 {
		lines = append(lines, fmt.Sprintf("Training diverged at step %d.", r.DivergedAt))
	} else {
		lines = append(lines, fmt.Sprintf("Root mean square error: %.2g on its examples, %.2g on unseen ones.", math.Sqrt(2*r.Seen[r.last()]), r.Error()))
		if units := r.units(); units != "" {
			lines = append(lines, units)
		}
	}
	if d := r.Diagnosis; d != nil {
		cause := d.Cause.String()
		if d.Cause == diagnosis.Nothing {
			cause = "learned"
		}
		lines = append(lines, fmt.Sprintf("Diagnosis: %s. %s", cause, r.evidence()))
	}
	return strings.Join(lines, "\n")
}

// evidence is the diagnosis's. How many units a model has that is not a problem.Net, nobody knows.
func (r *OwnRun) evidence() string {
	if _, is := r.model(); is {
		return r.Diagnosis.Evidence
	}
	return strings.NewReplacer(", with 1 units,", "", " with 1 units", "", " with no more units", "").Replace(r.Diagnosis.Evidence)
}

// units says what the hidden units of a ReLU net do at the end, "" of another model.
func (r *OwnRun) units() string {
	net := r.net(r.last())
	if net == nil {
		return ""
	}
	lo, hi := r.Target.Lo, r.Target.Hi
	layers, err := net.Units(lo, hi)
	pieces, errPieces := net.Pieces(lo, hi)
	if err != nil || errPieces != nil {
		return "" // pieces too short for rounding
	}
	count, all := map[relu.UnitState]int{}, 0
	for _, layer := range layers {
		for _, state := range layer {
			count[state]++
			all++
		}
	}
	words := plural.Of(all, "hidden unit") + ":"
	for _, state := range []struct {
		relu.UnitState
		does string
	}{{relu.Bent, "bend"}, {relu.Linear, "on everywhere"}, {relu.Dead, "dead"}} {
		if n := count[state.UnitState]; n > 0 {
			words += fmt.Sprintf(" %d %s,", n, state.does)
		}
	}
	words = fmt.Sprintf("%s %s.", words, plural.Of(len(pieces), "linear piece"))
	if strong := bendingUnits(net, lo, hi); strong > 0 {
		words += fmt.Sprintf(" %s make 95 %% of the bending Σ|vw|.", plural.Of(strong, "unit"))
	}
	return words
}

// bendingUnits is how few units of a net of one hidden layer make 95 % of its bending Σ|vw| in the interval; 0 of another net.
func bendingUnits(net *relu.Net, lo, hi float64) int {
	elbows, _, err := net.Elbows()
	if err != nil {
		return 0
	}
	var bends []float64
	sum := 0.0
	for _, e := range elbows {
		if k := e.Knot(); k > lo && k < hi {
			bends, sum = append(bends, math.Abs(e.Slope())), sum+math.Abs(e.Slope())
		}
	}
	slices.Sort(bends)
	units := 0
	for left := sum; left > 0.05*sum; units++ {
		left -= bends[len(bends)-1-units]
	}
	return units
}
