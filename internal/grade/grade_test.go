package grade

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

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
		if folder := os.Getenv(resumeKit); folder != "" {
			var kit *Kit
			if kit, practiceErr = OpenKit(folder); practiceErr == nil {
				practice, practiceErr = kit.Grader(context.Background(), scratch, "secret", false)
			}
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
	t.Parallel()
	g := practiceGrader(t)
	for solved, want := range map[bool]map[string]float64{true: {"descent-step": 2, "descend": 3}, false: {"descent-step": 0, "descend": 0}} {
		results, err := g.Judge(t.Context(), FromNotebook(g.Kit.Assignment, sourceOf(t, solved)))
		require.NoError(t, err)
		require.Equal(t, want, points(results), "%+v", results)
	}
}

// What a lab that was ended without a word left behind, hidden checks among it, the next one removes; what another lab uses stays.
func TestScratchOfEndedLabsIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ours, err := NewScratch()
	require.NoError(t, err)
	left, err := os.MkdirTemp("", scratchName)
	require.NoError(t, err)
	other, err := os.MkdirTemp("", "descent-else-")
	require.NoError(t, err)
	old := time.Now().Add(-time.Hour)
	for _, folder := range []string{ours, left, other} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "judge"), nil, 0o600))
		require.NoError(t, os.Chtimes(folder, old, old))
	}
	_, err = NewScratch()
	require.NoError(t, err)
	require.DirExists(t, ours)
	require.DirExists(t, other)
	require.NoDirExists(t, left)
}
