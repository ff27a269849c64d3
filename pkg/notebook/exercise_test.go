package notebook

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExercises(t *testing.T) {
	tagged := CellMetadata{Tags: []string{TagExercise}}
	const folded = "<details><summary>Hint</summary>\n\n```go\nnot this\n```\n</details>\n\n<details><summary>Solution</summary>\n\nWords.\n\n```go\nfunc f() int { return 2 }\n```\n</details>"
	stub := Cell{Type: "code", Source: "func f() int { return 0 }\n\n%%\nlab.Verdict(exercise.F(f))", Metadata: tagged}
	open, solved, err := New(Cell{Type: "code", Source: "%%\nlab.Say(\"a\")"}, stub, Cell{Type: "markdown", Source: folded}).Exercises()
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, stub.Source, open[0].Source)
	require.Equal(t, Text("func f() int { return 2 }\n\n%%\nlab.Verdict(exercise.F(f))"), solved[0].Source)
	require.True(t, solved[0].Has(TagExercise))

	for name, nb := range map[string]*Notebook{
		"no text after it":   New(stub),
		"no folded solution": New(stub, Cell{Type: "markdown", Source: "```go\nfunc f() int { return 2 }\n```"}),
		"code after it":      New(stub, Cell{Type: "code", Source: "%%"}, Cell{Type: "markdown", Source: folded}),
		"no check":           New(Cell{Type: "code", Source: "func f() int { return 0 }", Metadata: tagged}, Cell{Type: "markdown", Source: folded}),
	} {
		_, _, err := nb.Exercises()
		require.Error(t, err, name)
	}
}
