package grade

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A repository for students is made of the lab's sources alone: submissions, grades, secrets and solutions that lie beside them stay, and where they lie between them
// nothing is made.
func TestTemplateLeavesTheClassAtHome(t *testing.T) {
	lab := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(lab, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want := []string{".github/workflows/check.yml", "README.md", "assignments/0-practice.ipynb"}
	for _, part := range forStudents {
		if filepath.Ext(part) == "" && part[0] >= 'a' {
			part += "/file.go"
		}
		write(part, "text")
		want = append(want, part)
	}
	for _, name := range []string{
		"submitted/ada/0-practice.ipynb", "submitted-grades/state.json", "submitted-grades/grades.csv", "course/source/a/a.ipynb", "course/.descent-secret", ".git/config",
		"notebooks/assignments/a.ipynb", "notebooks/submitted/bert/a.ipynb", "pkg/homework/testdata/a/right.go", "pkg/homework/assignments_test.go", "work/a.ipynb",
	} {
		write(name, "BEGIN SOLUTION")
	}
	sources := []string{root + "/notebooks/assignments/0-practice.ipynb"}
	folder := filepath.Join(lab, "template")
	require.NoError(t, ExportTemplate(lab, sources, folder))
	var got []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(folder, path); !d.IsDir() {
			got = append(got, filepath.ToSlash(name))
		}
		return err
	}))
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got)
	for _, name := range []string{"docs/state.json", "pkg/x/gradebook.db", "notebooks/7-mine.ipynb"} {
		write(name, `"BEGIN SOLUTION"`)
		require.ErrorContains(t, ExportTemplate(lab, sources, t.TempDir()), filepath.Base(name))
		require.NoError(t, os.Remove(filepath.Join(lab, name)))
	}
}
