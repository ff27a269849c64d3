package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/cmd/lab/internal/setup"
)

// A folder is graded as the assignment of most of its students, whatever else one of them hands in.
func TestSourceOfAFolder(t *testing.T) {
	home, folder := setup.Home{Root: "../.."}, t.TempDir()
	write := func(name string) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
	}
	_, err := sourceFor(home, folder, "")
	require.ErrorContains(t, err, "--source")
	write("ada/0-practice.ipynb")
	write("bert/deep/0-practice.ipynb")
	for _, name := range []string{"bert/2-sgd-noise.ipynb", "bert/old/2-sgd-noise.ipynb", "bert/older/2-sgd-noise.ipynb"} {
		write(name)
	}
	source, err := sourceFor(home, folder, "")
	require.NoError(t, err)
	require.Equal(t, "0-practice.ipynb", filepath.Base(source))

	// Names that speak to a terminal are written with escapes.
	require.NoError(t, os.Rename(filepath.Join(folder, "bert"), filepath.Join(folder, "bert\x1b]0;owned\a")))
	read, out, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = out
	_, err = sourceFor(home, folder, "")
	os.Stdout = stdout
	require.NoError(t, errors.Join(err, out.Close()))
	said, err := io.ReadAll(read)
	require.NoError(t, err)
	require.Contains(t, string(said), "owned")
	require.NotContains(t, string(said), "\x1b")
	write("ada/2-sgd-noise.ipynb")
	_, err = sourceFor(home, folder, "")
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
