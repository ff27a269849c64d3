package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/grade"
	"descent.example/pkg/assignment"
)

// A folder is graded as the assignment of most of its students, whatever else one of them hands in.
func TestSourceOfAFolder(t *testing.T) {
	home, folder := setup.Home{Root: "../.."}, t.TempDir()
	write := func(name string) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
	}
	_, err := sourceFor(home, folder, "", "")
	require.ErrorContains(t, err, "--source")
	source, err := sourceFor(home, folder, "", "2-sgd-noise") // which its grades are of
	require.NoError(t, err)
	require.Equal(t, "2-sgd-noise.ipynb", filepath.Base(source))
	write("ada/0-practice.ipynb")
	write("bert/deep/0-practice.ipynb")
	for _, name := range []string{"bert/2-sgd-noise.ipynb", "bert/old/2-sgd-noise.ipynb", "bert/older/2-sgd-noise.ipynb"} {
		write(name)
	}
	source, err = sourceFor(home, folder, "", "2-sgd-noise")
	require.NoError(t, err)
	require.Equal(t, "0-practice.ipynb", filepath.Base(source))

	// Names that speak to a terminal are written with escapes.
	require.NoError(t, os.Rename(filepath.Join(folder, "bert"), filepath.Join(folder, "bert\x1b]0;owned\a")))
	read, out, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = out
	_, err = sourceFor(home, folder, "", "")
	os.Stdout = stdout
	require.NoError(t, errors.Join(err, out.Close()))
	said, err := io.ReadAll(read)
	require.NoError(t, err)
	require.Contains(t, string(said), "owned")
	require.NotContains(t, string(said), "\x1b")
	write("ada/2-sgd-noise.ipynb")
	_, err = sourceFor(home, folder, "", "")
	require.ErrorContains(t, err, "--source")
}

// The grades lie beside the submissions and never among them.
func TestGradesLieBesideTheSubmissions(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	for _, c := range [][3]string{{"sub", "", "sub-grades"}, {".", "", here + "-grades"}, {"sub", "other", "other"}, {"sub", "sub/grades", ""}, {"sub", "sub", ""}, {".", "grades", ""}} {
		got, err := gradesFor(c[0], c[1])
		require.Equal(t, c[2], got, c)
		require.Equal(t, c[2] == "", err != nil, c)
	}
}

// What a run was told holds in the next one, and a slip in one list changes nothing.
func TestListsAreRemembered(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	class, times, wrong := write("class.csv", "student\nada\n"), write("times.csv", "ada,2026-11-30\n"), write("wrong.csv", "ada,soon\nbert,later\n")
	for _, c := range []struct {
		opt   gradeOptions
		fails bool
		class []string
		timed int
	}{
		{gradeOptions{class: class, times: times}, false, []string{"ada"}, 1},
		{gradeOptions{}, false, []string{"ada"}, 1},
		{gradeOptions{class: noList, times: wrong}, true, []string{"ada"}, 1},
		{gradeOptions{class: wrong + "none", times: stampsOfNBGrader}, true, []string{"ada"}, 1},
		{gradeOptions{class: noList}, false, nil, 1},
		{gradeOptions{times: stampsOfNBGrader}, false, nil, 0},
		{gradeOptions{times: times}, false, nil, 1},
		{gradeOptions{times: noList}, false, nil, 0},
	} {
		book, err := grade.OpenBook(filepath.Join(folder, "grades"), &assignment.Assignment{Name: "0-practice"})
		require.NoError(t, err)
		require.Equal(t, c.fails, remember(book, c.opt) != nil, "%+v", c)
		book.Close()
		book, err = grade.OpenBook(filepath.Join(folder, "grades"), nil)
		require.NoError(t, err)
		require.Equal(t, c.class, book.Class, "%+v", c)
		require.Len(t, book.Times, c.timed, "%+v", c)
		book.Close()
	}
}
