package assignment

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// practice is the small assignment's source with changes: each old text, which stands in it, becomes a new one.
func practice(t *testing.T, changes ...string) *notebook.Notebook {
	t.Helper()
	text, err := os.ReadFile("../../notebooks/assignments/0-practice.ipynb")
	require.NoError(t, err)
	for i := 0; i < len(changes); i += 2 {
		require.True(t, strings.Contains(string(text), changes[i]), changes[i])
		text = []byte(strings.ReplaceAll(string(text), changes[i], changes[i+1]))
	}
	nb, err := notebook.Parse("0-practice.ipynb", text)
	require.NoError(t, err)
	return nb
}

// with is the notebook with one more cell that nobody grades.
func with(nb *notebook.Notebook, kind, text string) *notebook.Notebook {
	return nb.Like(append(nb.Cells[:len(nb.Cells):len(nb.Cells)], notebook.Cell{Type: kind, Source: notebook.Text(text)})...)
}

// A line of a solution, a hidden check, a model answer or a rubric is nowhere in what students get, whatever kind of cell repeats it.
func TestReleaseRefusesWhatGivesASolutionAway(t *testing.T) {
	source := practice(t)
	_, err := Release("0-practice", with(source, "code", "for i := range theta {\n\treturn nil\n}"))
	require.NoError(t, err, "lines that say nothing")
	secrets := 0
	for _, c := range source.Cells {
		whole := string(c.Source)
		for _, region := range [][2]string{{beginSolution, endSolution}, {beginHidden, endHidden}} {
			_, inside, is := strings.Cut(whole, region[0]+"\n")
			if !is {
				continue
			}
			inside, _, _ = strings.Cut(inside, region[1])
			for line := range strings.Lines(inside) {
				line = strings.TrimSpace(line)
				if marker(line) == stubLine {
					break
				}
				if trivial.MatchString(line) || strings.HasPrefix(line, "// END") || strings.HasSuffix(line, "func(rng *rand.Rand) error {") && !strings.Contains(line, "Hidden") {
					continue
				}
				secrets++
				for _, kind := range []string{"code", "markdown"} {
					_, err := Release("0-practice", with(source, kind, "As in\n    "+line))
					require.Error(t, err, line)
				}
			}
		}
	}
	require.Greater(t, secrets, 8)
}

// A number that is to be predicted stands nowhere, however short the line is that holds it.
func TestReleaseRefusesTheNumberToPredict(t *testing.T) {
	predict := practice(t).Like(
		notebook.Cell{Type: "markdown", Source: "# Predict\n\n## The sum (1 point)"},
		graderCell(t, "sum", true, 0, "func sum() float64 {\n\t// BEGIN SOLUTION\n\treturn 5050\n\t// STUB\n\t// return 0\n\t// END SOLUTION\n}"),
		graderCell(t, "sum-check", false, 1, "%%\nassignment.Check(\"sum\",\n\tassignment.Visible(1, \"the sum\", nil),\n)"),
	)
	_, err := Release("predict", predict)
	require.NoError(t, err)
	for _, says := range []string{"Is it 5050?", "It is 5050."} {
		_, err = Release("predict", with(predict, "markdown", says))
		require.ErrorContains(t, err, "5050")
	}
	_, err = Release("predict", with(predict, "markdown", "It is below 50501."))
	require.NoError(t, err)
}

// graderCell is a cell of nbgrader's: a task, or a check with points.
func graderCell(t *testing.T, id string, solution bool, points float64, text string) notebook.Cell {
	t.Helper()
	c, err := notebook.Cell{Type: "code", Source: notebook.Text(text)}.WithMeta(map[string]any{
		"nbgrader": NBGrader{ID: id, Solution: solution, Grade: !solution, Locked: !solution, Points: points, Schema: 3}})
	require.NoError(t, err)
	return c
}

// A slip in a source is found when it is built, with a sentence that names it.
func TestSlipsInASource(t *testing.T) {
	for _, c := range [][3]string{
		{"0.1 One step", "0.1 One step (3 points)", "promises 3 points"},
		{`assignment.Check(\"descend\"`, `assignment.Check(\"descent\"`, "below the task descend"},
		{`"needs"`, `"need"`, "Did you mean needs?"},
	} {
		_, err := Release("0-practice", practice(t, c[0], c[1]))
		require.ErrorContains(t, err, c[2])
	}
}

// A heading's points are those of the cells below it up to the next heading of its level or a higher one, which may promise none.
func TestHeadingsMayPromisePoints(t *testing.T) {
	for _, c := range []struct {
		changes []string
		says    string
	}{
		{[]string{"0.1 One step", "0.1 One step (2 points)"}, ""},
		{[]string{"0 · Practice: how", "0 (7 points): how", "0.1 One step", "0.1 One step (2 points)", "0.3 Why", "0.3 (2 points) Why"}, ""},
		{[]string{"0 · Practice: how", "0 (6 points): how"}, "promises 6 points, and the cells below it give 7"},
		{[]string{"## 0.2 Many steps", "### 0.2 Many steps", "0.1 One step", "0.1 One step (2 points)"}, "give 5"},
	} {
		_, err := Release("0-practice", practice(t, c.changes...))
		if c.says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.says)
		}
	}
}

// In a student's notebook what cannot be tried is left out and said; the same notebook is no source.
func TestHandedOutWithoutACell(t *testing.T) {
	for gone, want := range map[string]struct{ tasks, untried []string }{
		"descent-step":       {nil, []string{"descend", "descent-step"}},
		"descent-step-check": {[]string{"descent-step", "descend"}, []string{"descent-step"}},
		"descend":            {[]string{"descent-step"}, []string{"descend"}},
		"descend-check":      {[]string{"descent-step", "descend"}, []string{"descend"}},
		"explain":            {[]string{"descent-step", "descend"}, nil},
	} {
		released, err := Release("0-practice", practice(t))
		require.NoError(t, err)
		nb := released.Like(slices.DeleteFunc(slices.Clone(released.Cells), func(c notebook.Cell) bool {
			meta, _ := graded(c)
			return meta != nil && meta.ID == gone
		})...)
		a, err := ParseHandedOut("0-practice", nb)
		require.NoError(t, err, gone)
		var tasks []string
		for _, task := range a.Tasks {
			tasks = append(tasks, task.ID)
		}
		require.Equal(t, want.tasks, tasks, gone)
		require.Equal(t, want.untried, slices.Sorted(maps.Keys(a.Untried)), gone)
		_, err = Parse("0-practice", nb)
		require.Equal(t, want.untried != nil, err != nil, gone)
	}
}

// A task's cell that became Markdown is said to be that, and takes no code cell's place.
func TestHandedOutWithACellThatIsNoCode(t *testing.T) {
	for _, both := range []bool{false, true} {
		nb, err := Release("0-practice", practice(t))
		require.NoError(t, err)
		at := slices.IndexFunc(nb.Cells, func(c notebook.Cell) bool {
			meta, _ := graded(c)
			return meta != nil && meta.ID == "descend"
		})
		shelved := nb.Cells[at]
		shelved.Type = "markdown"
		nb.Cells = slices.Insert(nb.Cells, at, shelved)
		if !both {
			nb.Cells = slices.Delete(nb.Cells, at+1, at+2)
		}
		a, err := ParseHandedOut("0-practice", nb)
		require.NoError(t, err)
		require.Equal(t, both, a.Task("descend") != nil)
		require.Equal(t, map[bool]string{false: NotCode}[both], a.Untried["descend"])
	}
}
