package lecture

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/relu"
	"descent.example/pkg/theory"
)

// SignedNet (claim W2) writes down a net of a number of elbows whose output has the sign of the label, true above 0 and false below, at each of
// the points, which ascend. Between the points where the label changes it puts a zero, and through every two zeros go two pieces of
// alternating slopes that meet at a knot. It is an error when there are no points or elbows, when the points do not ascend or are not finite,
// when there are not as many labels, and when the label changes more often than theory.SignChanges.
func SignedNet(points []float64, labels []bool, elbows int) (*relu.Net, error) {
	if err := counts("elbows", elbows); err != nil {
		return nil, err
	}
	zeros, err := changes(points, labels)
	if err != nil {
		return nil, err
	}
	if most := theory.SignChanges(elbows); len(zeros) > most {
		return nil, fmt.Errorf("the label changes %d times: the sign of %d elbows changes %d times at most", len(zeros), elbows, most)
	}
	sign := -1.0
	if labels[0] {
		sign = 1
	}
	if len(zeros) == 0 {
		return relu.Sum([]relu.Elbow{{W: 1, B: -points[0]}}, sign)
	}
	slopes := alternating(len(zeros), -sign)
	var all []relu.Elbow
	if len(zeros) <= elbows { // an elbow to spare, from the left of all points on, is the first piece
		all = append(all, relu.Elbow{W: 1, B: 1 - points[0], V: slopes[0]})
	}
	for i := range len(zeros) - 1 {
		knot := (slopes[i]*zeros[i] - slopes[i+1]*zeros[i+1]) / (slopes[i] - slopes[i+1])
		e := relu.Elbow{W: 1, B: -knot, V: slopes[i+1] - slopes[i]}
		if len(zeros) > elbows && i == 2 { // the third opens to the left: its slope there is that of the first piece
			e.W, e.B = -1, knot
		}
		all = append(all, e)
	}
	net, err := relu.Sum(all, 0)
	if err != nil {
		return nil, err
	}
	return relu.Sum(all, -net.At(zeros[0]))
}

// changes are places between the points where the label changes.
func changes(points []float64, labels []bool) (zeros []float64, err error) {
	if len(points) == 0 || len(points) != len(labels) {
		return nil, fmt.Errorf("there are %d points and %d labels: there must be as many, and at least one", len(points), len(labels))
	}
	for i, x := range points {
		if math.IsNaN(x) || math.Abs(x) > 1e100 || i > 0 && x <= points[i-1] {
			return nil, fmt.Errorf("point %d is %v: the points must ascend and be below 1e100", i, x)
		}
		if i > 0 && labels[i] != labels[i-1] {
			zeros = append(zeros, points[i-1]+(x-points[i-1])/2)
		}
	}
	return zeros, nil
}

// alternating are n slopes of changing sign: 2, −2, 1, −1, 1, −1, …, times the sign of the first. The bend from the third to the fourth is
// minus the first.
func alternating(n int, first float64) (slopes []float64) {
	for i := range n {
		size := 1.0
		if i < 2 {
			size = 2
		}
		slopes = append(slopes, first*size)
		first = -first
	}
	return slopes
}

// LineCount (claim W2) is how many of the labelings of n points on a line a net is written down for, and how far the nets' outputs are on the
// right side of 0 at least.
type LineCount struct {
	Elbows, N    int
	Written, All int
	Margin       float64
}

// ShatterLine (claim W2) tries to write down a net of this number of elbows for each labeling of n points at distance 1. It is an error when elbows is
// not positive and when n is not between 1 and 16.
func ShatterLine(elbows, n int) (*LineCount, error) {
	if n < 1 || n > 16 {
		return nil, fmt.Errorf("n is %d: it must be between 1 and 16", n)
	}
	if err := counts("elbows", elbows); err != nil {
		return nil, err
	}
	var points []float64
	for i := range n {
		points = append(points, float64(i))
	}
	c := &LineCount{Elbows: elbows, N: n, Margin: math.Inf(1)}
	err := theory.Labelings(n, func(labels []bool) error {
		c.All++
		zeros, _ := changes(points, labels)
		if len(zeros) > theory.SignChanges(elbows) {
			return nil
		}
		net, err := SignedNet(points, labels, elbows)
		if err != nil {
			return err
		}
		for i, x := range points {
			margin := net.At(x)
			if !labels[i] {
				margin = -margin
			}
			if c.Margin = min(c.Margin, margin); margin <= 0 {
				return nil
			}
		}
		c.Written++
		return nil
	})
	return c, err
}

// DrawSigned (claim W2) draws a net over points and the signs that it has there.
func DrawSigned(title string, net *relu.Net, points []float64) *figure.Figure {
	mustGive("net", net)
	fig := figure.New(title, figure.X("x"), figure.Y("output f(x)")).Theory("0", []float64{points[0] - 1, points[len(points)-1] + 1}, []float64{0, 0}).
		Line("net", figure.Between(points[0]-1, points[len(points)-1]+1), net.At)
	for _, side := range []struct {
		name  string
		above bool
	}{{"points labeled +", true}, {"points labeled −", false}} {
		at := slices.DeleteFunc(slices.Clone(points), func(x float64) bool { return (net.At(x) > 0) != side.above })
		if len(at) > 0 {
			fig.Points(side.name, at, figure.Column(at, net.At))
		}
	}
	return fig
}

// DrawLineCounts (claim W2) draws what fraction of the labelings nets are written down for, and what part a search found, over the number of points,
// the same for all.
func DrawLineCounts(written [][]*LineCount, found []*Shattering) *figure.Figure {
	names := figure.Each(written[0], func(c *LineCount) string { return fmt.Sprint(c.N) })
	fig := figure.New("Points on a line", figure.X("points n").Categories(names...), figure.Y("labelings (%)").Range(0, 105))
	for _, counts := range written {
		fig.Line(unitsOf(counts[0].Elbows)+", written down", nil,
			figure.Column(counts, func(c *LineCount) float64 { return 100 * float64(c.Written) / float64(c.All) }))
	}
	if len(found) > 0 {
		fig.Points(unitsOf(found[0].Width)+", found by training", nil,
			figure.Column(found, func(s *Shattering) float64 { return 100 * float64(s.Found) / float64(s.All) }))
	}
	return fig
}

// DrawZeros (claim W2) draws a net, its zeros, and a point to each side of every zero. It is an error when there is no net, when there are no
// zeros or they do not ascend, and when the net is not 0 at each of them.
func DrawZeros(net *relu.Net, zeros []float64) (*figure.Figure, error) {
	if err := given("net", net); err != nil {
		return nil, err
	}
	if len(zeros) == 0 {
		return nil, errors.New("there are no zeros: give at least one")
	}
	for i, zero := range zeros {
		if i > 0 && !(zero > zeros[i-1]) {
			return nil, fmt.Errorf("the zeros %v do not ascend: order them", zeros)
		}
		if y := net.At(zero); !(math.Abs(y) <= 1e-9*(1+zeros[len(zeros)-1]-zeros[0])) {
			return nil, fmt.Errorf("the net is %.3g at %g, not 0: the construction with one elbow less than zeros needs 4 to 10 zeros", y, zero)
		}
	}
	last := len(zeros) - 1
	points := []float64{zeros[0] - 0.5}
	for i := range last {
		points = append(points, (zeros[i]+zeros[i+1])/2)
	}
	points = append(points, zeros[last]+0.5)
	title := fmt.Sprintf("%s, %d changes of sign, %d points", unitsOf(net.Widths()[0]), len(zeros), len(points))
	return DrawSigned(title, net, points).Points("zeros", zeros, figure.Column(zeros, net.At)), nil
}

// LineTable (claim W2) is how many points on a line are shattered, for each number of elbows: what proof says, and with what margin nets are
// written down.
func LineTable(written [][]*LineCount) (header []string, rows [][]string) {
	for _, counts := range written {
		elbows, shattered, margin := counts[0].Elbows, 1, math.Inf(1)
		for _, c := range counts {
			if margin = min(margin, c.Margin); c.Written == c.All {
				shattered = max(shattered, c.N)
			}
		}
		rows = append(rows, []string{fmt.Sprint(elbows), fmt.Sprint(3*elbows + 1), fmt.Sprint(shattered),
			fmt.Sprint(theory.SignChanges(elbows) + 1), fmt.Sprintf("%.2f", margin)})
	}
	return []string{"ReLUs", "parameters", "shattered: a net for every labeling", "at most, by the proof", "least |output| at a point"}, rows
}
