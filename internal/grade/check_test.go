package grade

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// A student may have the checks try a notebook, the folder with the notebook and Go files, or one such file.
func TestOwnWork(t *testing.T) {
	folder := t.TempDir()
	_, _, _, err := ownWork(folder)
	require.ErrorContains(t, err, "no notebook of an assignment")
	release, err := sourceOf(t, false).Bytes()
	require.NoError(t, err)
	path := filepath.Join(folder, "0-practice.ipynb")
	require.NoError(t, os.WriteFile(path, release, 0o644))
	file := filepath.Join(folder, "descend.go")
	require.NoError(t, os.WriteFile(file, []byte("package mine\n"+rightRun), 0o644))
	for given, want := range map[string]struct {
		only string
		file bool
	}{path: {"", true}, folder: {"", true}, file: {"descend", true}} {
		a, work, only, err := ownWork(given)
		require.NoError(t, err)
		require.Equal(t, "0-practice", a.Name)
		require.Equal(t, want.only, only)
		require.Equal(t, want.file, strings.Contains(work.Code["descend"], rightRun), given)
		require.NotEmpty(t, work.Code["descent-step"])
	}
	_, _, _, err = ownWork(filepath.Join(folder, "descent.go"))
	require.Error(t, err)
	require.NoError(t, os.Rename(file, filepath.Join(folder, "descent.go")))
	_, _, _, err = ownWork(filepath.Join(folder, "descent.go"))
	require.ErrorContains(t, err, "no task of 0-practice")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "1-other.ipynb"), release, 0o644))
	_, _, _, err = ownWork(folder)
	require.ErrorContains(t, err, "two assignments")
}

// What students get says how many points are checked later, so that nobody takes the visible ones for all.
func TestVisibleChecksAreNotAll(t *testing.T) {
	parts := []assignment.Result{{Name: "one", Points: 8, Of: 8}}
	var said strings.Builder
	assignment.Report(&said, t.TempDir(), "through", parts, 6)
	require.Contains(t, said.String(), "Right so far: 8 of 8 points for through; 6 more")
	said.Reset()
	assignment.Report(&said, t.TempDir(), "through", parts, 0)
	require.Contains(t, said.String(), "Right: 8 of 8 points for through.")
	said.Reset()
	wrong := assignment.Result{Name: "one", Of: 4, Says: "it does not compile"}
	assignment.Report(&said, t.TempDir(), "through", []assignment.Result{wrong, wrong, wrong}, 0)
	require.Equal(t, 1, strings.Count(said.String(), "it does not compile"))
	later := 0.0
	for _, c := range sourceOf(t, false).Cells {
		if strings.Contains(string(c.Source), "assignment.Later(1)") {
			later++
		}
	}
	require.Equal(t, 2.0, later, "one for the hidden part of each task")
	require.Empty(t, assignment.Try([]assignment.Part{assignment.Later(3)}, 1))
}

// Where a student deleted a cell, the other tasks are tried, and the student reads which cell to copy from where; and a file that counts in the place of a cell is named.
func TestCheckWithoutACell(t *testing.T) {
	source := sourceOf(t, false)
	for gone, want := range map[string]struct {
		says []string
		left int
	}{
		"":                   {[]string{"descent-step: descent-step.go counts", "2 of 2 points"}, 0},
		"descent-step":       {[]string{"descent-step is not tried", "descend is not tried"}, 2},
		"descent-step-check": {[]string{"the cell descent-step-check", "Right so far: 2 of 2 points for descend"}, 1},
		"descend":            {[]string{"descend is not tried", "Right so far: 1 of 1 point for descent-step"}, 1},
	} {
		cells := slices.DeleteFunc(slices.Clone(source.Cells), func(c notebook.Cell) bool {
			var meta assignment.NBGrader
			c.Meta("nbgrader", &meta)
			return gone != "" && meta.ID == gone
		})
		text, err := source.Like(cells...).Bytes()
		require.NoError(t, err)
		folder := t.TempDir()
		for name, text := range map[string][]byte{"0-practice.ipynb": text, "descent-step.go": []byte(rightStep), "descend.go": []byte(rightRun)} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o644))
		}
		var said strings.Builder
		left, err := Check(t.Context(), root, folder, &said)
		require.NoError(t, err, gone)
		require.Equal(t, want.left, left, said.String())
		for _, text := range want.says {
			require.Contains(t, said.String(), text)
		}
	}
}

// A student's own check does not know what a cell held at first: what it holds counts, and another cell is named.
func TestAnotherCellInTheOwnCheck(t *testing.T) {
	nb := sourceOf(t, false)
	nb.Cells = append(nb.Cells, notebook.Cell{Type: "code", Source: notebook.Text(rightRun)})
	text, err := nb.Bytes()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "0-practice.ipynb")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	a, work, _, err := ownWork(file)
	require.NoError(t, err)
	require.NotContains(t, work.Code["descend"], "range steps")
	require.Contains(t, work.Notes["descend"], "another cell")
	require.Empty(t, work.Notes["descent-step"])
	work = FromNotebook(practiceGrader(t).Kit.Assignment, nb)
	require.Contains(t, work.Code["descend"], "range steps", "where it is graded")
	require.Len(t, a.Tasks, 2)
}

// A Go file that is named nearly as a task is named in the student's own check as well, unless the task's file is there.
func TestMisnamedFilesInTheOwnCheck(t *testing.T) {
	a, folder := practiceGrader(t).Kit.Assignment, t.TempDir()
	for _, c := range []struct {
		file, only string
		want       int
	}{{"helpers.go", "", 0}, {"descent_step.go", "", 1}, {"Descend.go", "", 2}, {"descend.go", "", 1}, {"descend.go", "descend", 0}, {"descent-step.go", "", 0}} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, c.file), []byte(rightStep), 0o644))
		require.Len(t, strangers(a, folder, c.only), c.want, "%+v", c)
	}
}

// Where a given cell is gone that the checks need, the student reads what to copy.
func TestCheckWithoutAGivenCell(t *testing.T) {
	t.Parallel()
	nb := sourceOf(t, true)
	text, err := nb.Like(slices.DeleteFunc(nb.Cells, func(c notebook.Cell) bool {
		var meta assignment.NBGrader
		c.Meta("nbgrader", &meta)
		return c.Type == "code" && meta.Locked && !meta.Grade
	})...).Bytes()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "0-practice.ipynb")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	_, err = Check(t.Context(), root, file, io.Discard)
	require.ErrorIs(t, err, errNotCompiled)
	require.ErrorContains(t, err, "copy it from the notebook that you were given")
}
