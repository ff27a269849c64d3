package claims

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/lecture"
	"descent.example/pkg/notebook"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
)

// The tests of chapter 7: what it says of ten settings, which it must name as they are here.

// asSet are the chapter's controls, with the settings given as beside a cell's %%.
func asSet(t *testing.T, settings string) lecture.OwnControls {
	t.Helper()
	c := lecture.OwnControls{Target: "kinks", Heights: []float64{0, 1, -1, 0, 1, 0, -1}, Examples: 60, Noise: 0.1, Width: 32, Depth: 1,
		Unit: "ReLU", Scale: 1, Optimizer: "SGD", Rate: 0.3, Schedule: "constant", Batch: 20, Order: "reshuffled", Steps: 2000, Seed: 1}
	texts := map[string]*string{"target": &c.Target, "optimizer": &c.Optimizer, "order": &c.Order}
	whole := map[string]*int{"batch": &c.Batch, "width": &c.Width, "examples": &c.Examples, "steps": &c.Steps}
	numbers := map[string]*float64{"lr": &c.Rate, "noise": &c.Noise, "scale": &c.Scale, "decay": &c.Decay}
	for _, setting := range strings.Split(strings.TrimPrefix(settings, "--"), " --") {
		name, value, _ := strings.Cut(setting, "=")
		if text, is := texts[name]; is {
			*text = strings.Trim(value, `"`)
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err, setting)
		if n, is := whole[name]; is {
			*n = int(number)
			continue
		}
		require.Contains(t, numbers, name)
		*numbers[name] = number
	}
	return c
}

// Its controls offer whatever there is to choose from.
func TestChapter7OffersEveryChoice(t *testing.T) {
	nb, err := notebook.Read("../../notebooks/07-your-own-net.ipynb")
	require.NoError(t, err)
	code := ""
	for _, c := range nb.Code() {
		code += string(c.Source)
	}
	code = strings.Join(strings.Fields(code), " ")
	for _, names := range [][]string{lecture.OwnTargets(), lecture.ScheduleNames(), optim.Names(), sample.Names(), problem.PlaneClassesNames()} {
		require.Contains(t, code, `"`+strings.Join(names, `", "`)+`"`)
	}
}

// moved is by how much the elbows of a net of one hidden layer moved that began on the data, on average.
func moved(t *testing.T, r *lecture.OwnRun, units int) float64 {
	t.Helper()
	var ends [2][]relu.Elbow
	for i, theta := range [][]float64{r.Theta[0], end(r.Theta)} {
		net, err := relu.FromTheta(theta, 1, units, 1)
		require.NoError(t, err)
		ends[i], _, err = net.Elbows()
		require.NoError(t, err)
	}
	sum := 0.0
	for j, e := range ends[0] {
		sum += math.Abs(max(-1, min(2, ends[1][j].Knot()))-e.Knot()) / float64(units)
	}
	return sum
}

func TestChapter7HoldsWhatItSays(t *testing.T) {
	prose, err := os.ReadFile("../../notebooks/07-your-own-net.ipynb")
	require.NoError(t, err)
	run := func(settings string) *lecture.OwnRun {
		require.Contains(t, string(prose), "`"+strings.ReplaceAll(settings, `"`, `\"`)+"`")
		o, err := asSet(t, settings).Net()
		require.NoError(t, err)
		r, err := lecture.TrainOwn(t.Context(), o)
		require.NoError(t, err)
		return r
	}

	edge := run(`--batch=400 --lr=0.7`)
	require.Less(t, edge.Sharpness[0], 0.8*2/0.7)
	for _, late := range edge.Sharpness[len(edge.Sharpness)/2:] {
		require.InEpsilon(t, 2/0.7, late, 0.05, "at the line")
	}
	require.Less(t, end(edge.Seen), 0.8*edge.Seen[len(edge.Seen)/2], "while the loss falls")
	ups := 0
	for i := range len(edge.Seen) - 1 {
		if edge.Seen[i+1] > edge.Seen[i] {
			ups++
		}
	}
	require.Greater(t, ups, len(edge.Seen)/10, "not at every step")

	dead := run(`--lr=1.7`)
	net, err := relu.FromTheta(end(dead.Theta), 1, 32, 1)
	require.NoError(t, err)
	states, err := net.Units(0, 1)
	require.NoError(t, err)
	off := 0
	for _, state := range states[0] {
		if state == relu.Dead {
			off++
		}
	}
	require.Greater(t, off, 28)
	require.Greater(t, end(dead.Seen), 0.8*dead.Seen[0], "almost constant")

	for settings, cause := range map[string]diagnosis.Cause{
		`--lr=0.001`: diagnosis.Learning, `--target=sine --width=1`: diagnosis.Units, `--noise=0.5`: diagnosis.Relationship,
	} {
		require.Equal(t, cause, run(settings).Diagnosis.Cause, settings)
	}

	few := run(`--target=sine --examples=6`)
	require.Equal(t, diagnosis.Data, few.Diagnosis.Cause)
	net, err = relu.FromTheta(end(few.Theta), 1, 32, 1)
	require.NoError(t, err)
	unseen, all := 0.0, 0.0
	for i := range 1001 {
		x := float64(i) / 1000
		off := math.Pow(net.At(x)-few.Target.F(x), 2)
		all += off
		if x < slices.Min(few.X) {
			unseen += off
		}
	}
	require.Greater(t, unseen, 0.6*all, "most of it left of the examples")

	over := run(`--noise=0.5 --examples=20 --width=128 --optimizer=Adam --lr=0.03 --steps=5000`)
	require.Less(t, end(over.Seen), over.Floor/2)
	require.Greater(t, over.Unseen[0], 1.5*slices.Min(over.Unseen), "it falls")
	require.Greater(t, end(over.Unseen), 1.15*slices.Min(over.Unseen), "and rises")

	lazy := run(`--scale=5 --lr=0.01`)
	require.Equal(t, diagnosis.Nothing, lazy.Diagnosis.Cause)
	rich, err := lecture.TrainOwn(t.Context(), lecture.OwnNet{Target: problem.Targets()[1], X: lazy.X, Y: lazy.Y})
	require.NoError(t, err)
	require.Less(t, moved(t, lazy, 32), 0.4*moved(t, rich, 32))

	bending := func(r *lecture.OwnRun) (sum float64) {
		net, err := relu.FromTheta(end(r.Theta), 1, 32, 1)
		require.NoError(t, err)
		knots, err := net.Knots(0, 1)
		require.NoError(t, err)
		pieces, err := net.Pieces(0, 1)
		require.NoError(t, err)
		for i := range knots {
			sum += math.Abs(pieces[i+1].Slope - pieces[i].Slope)
		}
		return sum
	}
	require.Less(t, bending(run(`--decay=0.1`)), 2., "the function bends by 4 and by 6")

	require.Greater(t, end(run(`--order="in order" --batch=5`).Unseen), 2*end(run(`--order=reshuffled --batch=5`).Unseen))
}

// end is the last of the records.
func end[T any](records []T) T { return records[len(records)-1] }
