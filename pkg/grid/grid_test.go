package grid

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
)

var small = Grid{Widths: []int{10, 20}, Optimizers: []string{"SGD", "Adam"}, Rates: []float64{0.1, 0.02}, Seeds: 3, Steps: 100}

// shards does all runs of a grid in n shards and returns the files. A run's error is a number of its own.
func shards(t *testing.T, g Grid, n int) (paths []string) {
	t.Helper()
	folder := t.TempDir()
	for i := range n {
		path := filepath.Join(folder, string(rune('a'+i))+".jsonl")
		f, err := Open(path, Shard{g, i, n})
		require.NoError(t, err)
		for _, run := range f.Left() {
			require.NoError(t, f.Add(Result{Run: run, Error: float64(run.Width) + float64(run.Seed)/10}))
		}
		require.NoError(t, f.Close())
		paths = append(paths, path)
	}
	return paths
}

// The shards have each run once, whatever their number, and differ by one run at most.
func TestShardsAreAPartition(t *testing.T) {
	all := small.Runs()
	require.Len(t, all, 24)
	for n := 1; n <= 30; n++ {
		var runs []Run
		for i := range n {
			part := Shard{small, i, n}.Runs()
			require.InDelta(t, float64(len(all))/float64(n), len(part), 1)
			runs = append(runs, part...)
		}
		require.ElementsMatch(t, all, runs)
	}
}

func TestMerge(t *testing.T) {
	for _, n := range []int{1, 3, 24, 25} {
		paths := shards(t, small, n)
		rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		grid, results, err := Merge(paths)
		require.NoError(t, err)
		require.Equal(t, small, grid)
		for i, run := range small.Runs() {
			require.Equal(t, run, results[i].Run)
		}
	}
}

// A shard may be ended at any byte: what was whole stays, the rest is done again, and nothing is counted twice.
func TestResume(t *testing.T) {
	path := shards(t, small, 2)[1]
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	want, err := Read(path)
	require.NoError(t, err)
	for cut := 0; cut < len(whole); cut += 13 {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o644))
		f, err := Open(path, Shard{small, 1, 2})
		require.NoError(t, err, cut)
		require.Len(t, f.Done, max(0, strings.Count(string(whole[:cut]), "\n")-1))
		for _, run := range f.Left() {
			require.NoError(t, f.Add(Result{Run: run, Error: float64(run.Width) + float64(run.Seed)/10}))
		}
		require.NoError(t, f.Close())
		got, err := Read(path)
		require.NoError(t, err)
		require.Equal(t, want.Done, got.Done)
	}
}

func TestMergeRefuses(t *testing.T) {
	paths := shards(t, small, 3)
	_, _, err := Merge(nil)
	require.Error(t, err)
	_, _, err = Merge(paths[:2])
	says.All(t, err, "8 … 24 … missing … width 10, SGD, η = 0.1, seed 3")
	_, _, err = Merge(append(paths, paths[0]))
	says.All(t, err, "width 10, SGD, η = 0.1, seed 1 … once")
	other := small
	other.Steps = 99
	_, _, err = Merge(append(shards(t, other, 1), paths...))
	says.All(t, err, "different grids")
	_, err = Open(paths[0], Shard{small, 1, 3})
	says.All(t, err, paths[0]+" … another … shard")

	data, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	lines := strings.SplitAfter(string(data), "\n")
	for damage, says := range map[string]string{
		lines[0] + "{\"width\":\n":               "line 2",
		lines[0] + lines[1] + lines[1]:           "line 3",
		lines[0] + "{\"width\":7,\"seed\":1}\n":  "line 2",
		lines[0] + "{\"wide\":7}\n":              "line 2",
		"[]\n":                                   "first line",
		"":                                       "first line",
		strings.Replace(lines[0], "100", "0", 1): "first line",
	} {
		require.NoError(t, os.WriteFile(paths[0], []byte(damage), 0o644))
		_, _, err := Merge(paths)
		require.ErrorContains(t, err, says, damage)
	}
	stranger := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(stranger, []byte("buy milk"), 0o644))
	_, err = Open(stranger, Shard{small, 0, 3})
	require.Error(t, err)
	kept, err := os.ReadFile(stranger)
	require.NoError(t, err)
	require.Equal(t, "buy milk", string(kept))
}

func TestCheck(t *testing.T) {
	require.NoError(t, Shard{small, 2, 3}.Check())
	for parts, change := range map[string]func(*Shard){
		"empty":             func(s *Shard) { s.Grid.Widths = nil },
		"width … 0":         func(s *Shard) { s.Grid.Widths = []int{3, 0} },
		"seeds … 0":         func(s *Shard) { s.Grid.Seeds = 0 },
		"steps … -1":        func(s *Shard) { s.Grid.Steps = -1 },
		"rate … NaN":        func(s *Shard) { s.Grid.Rates = []float64{math.NaN()} },
		"10 … twice":        func(s *Shard) { s.Grid.Widths = []int{10, 10} },
		"1000000":           func(s *Shard) { s.Grid.Seeds = math.MaxInt },
		"shard … 3 … 0 … 2": func(s *Shard) { s.Index = 3 },
		"shard … -1":        func(s *Shard) { s.Index = -1 },
		"shard … 2 of 0":    func(s *Shard) { s.Of = 0 },
	} {
		s := Shard{small, 2, 3}
		change(&s)
		says.All(t, s.Check(), parts)
	}
}

// The mean of known numbers, and runs that diverged, which have no error.
func TestSummarize(t *testing.T) {
	_, results, err := Merge(shards(t, small, 3))
	require.NoError(t, err)
	results[0].Diverged, results[0].Error = 17, 0
	all, err := Summarize(results)
	require.NoError(t, err)
	require.Len(t, all, 8)
	require.Equal(t, 1, all[0].Diverged)
	require.InDelta(t, 10.25, all[0].Mean.Value, 1e-12)
	require.InDelta(t, 20.2, all[7].Mean.Value, 1e-12)
	require.InDelta(t, 20.2-0.1/math.Sqrt(3)*4.3026527, all[7].Mean.Low, 1e-6, "Student's t with 2 degrees of freedom")
	for i := range results {
		results[i].Diverged = 1
	}
	all, err = Summarize(results)
	require.NoError(t, err)
	require.Contains(t, all[0].Row(), "3")
	require.NotContains(t, strings.Join(all[0].Row(), ""), "NaN")
}
