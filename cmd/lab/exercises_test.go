package main

import (
	"os"
	"path/filepath"
	"testing"

	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// A stub that is right already and a solution that is wrong are both found.
func TestExercisesAreChecked(t *testing.T) {
	h := setuptest.Ready(t)
	exercise := func(stub, stored, solution string) []notebook.Cell {
		check := "\n\n%%\nlab.Verdict(exercise.DescentStep(step))"
		return []notebook.Cell{
			{Type: "code", Source: notebook.Text(stub + check), Metadata: notebook.CellMetadata{Tags: []string{notebook.TagExercise}},
				Outputs: []notebook.Output{{Type: "stream", Text: notebook.Text(stored)}}},
			{Type: "markdown", Source: notebook.Text("<details><summary>Solution</summary>\n\n```go\n" + solution + "\n```\n</details>")},
		}
	}
	const stays = "func step(theta, gradient []float64, lr float64) []float64 {\n\treturn theta\n}"
	const descends = "func step(theta, gradient []float64, lr float64) []float64 {\n\tfor i := range theta {\n\t\ttheta[i] -= lr * gradient[i]\n\t}\n\treturn theta\n}"
	cells := []notebook.Cell{{Type: "code", Source: "import (\n\t\"descent.example/pkg/exercise\"\n\t\"descent.example/pkg/lab\"\n)\n\n%%"}}
	cells = append(cells, exercise(stays, "Not yet: …", descends)...)
	cells = append(cells, exercise(descends, "Right.\n", descends)...)
	cells = append(cells, exercise(stays, "Not yet: …", stays)...)
	text, err := notebook.New(cells...).Bytes()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "n.ipynb")
	require.NoError(t, os.WriteFile(path, text, 0o644))
	var found tally
	require.NoError(t, testSolutions(h, path, t.TempDir())(t.Context(), &found))
	require.Equal(t, 1, found.passed)
	require.Equal(t, 2, found.failed, found.failures)
}
