package grade

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

const root = "../.."

var (
	practiceOnce sync.Once
	practice     *Grader
	practiceErr  error
	scratch      string
)

func TestMain(m *testing.M) {
	code := m.Run()
	if scratch != "" {
		os.RemoveAll(scratch)
	}
	os.Exit(code)
}

// practiceGrader grades the small assignment.
func practiceGrader(t *testing.T) *Grader {
	t.Helper()
	practiceOnce.Do(func() {
		if scratch, practiceErr = NewScratch(); practiceErr != nil {
			return
		}
		a, _, err := assignment.Read(root + "/notebooks/assignments/0-practice.ipynb")
		if err != nil {
			practiceErr = err
			return
		}
		practice, practiceErr = NewGrader(context.Background(), root, scratch, a, "secret", false)
	})
	require.NoError(t, practiceErr)
	return practice
}

// sourceOf is a notebook of the small assignment: its solution or what students get.
func sourceOf(t *testing.T, solved bool) *notebook.Notebook {
	t.Helper()
	nb, err := notebook.Read(filepath.Join(root, "notebooks/assignments/0-practice.ipynb"))
	require.NoError(t, err)
	if solved {
		nb, err = assignment.Solution(nb)
	} else {
		nb, err = assignment.Release("0-practice", nb)
	}
	require.NoError(t, err)
	return nb
}

func points(results []TaskResult) map[string]float64 {
	all := map[string]float64{}
	for _, r := range results {
		all[r.ID] = r.Points
	}
	return all
}

func TestTheSolutionGetsAllPointsAndTheEmptyReleaseNone(t *testing.T) {
	g := practiceGrader(t)
	for solved, want := range map[bool]map[string]float64{true: {"descent-step": 2, "descend": 3}, false: {"descent-step": 0, "descend": 0}} {
		results, err := g.Judge(t.Context(), FromNotebook(g.Kit.Assignment, sourceOf(t, solved)))
		require.NoError(t, err)
		require.Equal(t, want, points(results), "%+v", results)
	}
}
