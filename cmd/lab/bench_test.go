package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/setup"
	"github.com/stretchr/testify/require"
)

// benchmarkedCells are a notebook's first cell, which has the imports, and one that trains on the engine that there is;
// %d makes each run of it an edit. It prints when main began, when the engine was open, when the program was compiled
// and had run once, and when it had run again: in seconds.
const (
	firstCell = `
import (
	"context"
	"fmt"
	"time"

	"descent.example/pkg/accel"
	"descent.example/pkg/figure"
	"descent.example/pkg/lab"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)
`
	benchmarkedCell = `
%%%%
now := func() { fmt.Println(float64(time.Now().UnixMicro()) / 1e6) }
now()
backend := lab.Must(accel.Open())
now()
trainer := lab.Must(train.New(backend, lab.Must(problem.Diabetes()), optim.GD(), train.Record{}))
config := train.Config{LearningRate: 0.3, Steps: 1000 + %d}
lab.Must(trainer.Run(context.Background(), config))
now()
run := lab.Must(trainer.Run(context.Background(), config))
now()
_ = figure.New("Loss", figure.X("step t"), figure.LogY("loss L(θ)")).Line("run", nil, run.Loss)
`
)

// BenchmarkCell times a cell through the kernel, as first run and as re-run after an edit, and where the time goes:
// goimports and parsing, compiling, linking, process start, opening the plugin, building the XLA program, training; and
// all that is not in the training's own calls ("beyond", which the lab wants under a second on 2 cores).
//
//	go test -run - -bench Cell -benchtime 10x ./cmd/lab
func BenchmarkCell(b *testing.B) {
	h, err := setup.Find("")
	require.NoError(b, err)
	temp, remove, err := setup.TempDir()
	require.NoError(b, err)
	defer remove()
	for name, first := range map[string]bool{"first": true, "rerun": false} {
		b.Run(name, func(b *testing.B) {
			sum := map[string]float64{}
			if first {
				for range b.N {
					add(sum, timeCells(b, h, temp, 1)[0])
				}
			} else {
				for _, split := range timeCells(b, h, temp, b.N+1)[1:] {
					add(sum, split)
				}
			}
			for part, seconds := range sum {
				b.ReportMetric(1000*seconds/float64(b.N), part+"-ms")
			}
			b.ReportMetric(0, "ns/op") // the parts say it
		})
	}
}

func add(sum, split map[string]float64) {
	for part, seconds := range split {
		sum[part] += seconds
	}
}

// timeCells runs n edits of the cell in one kernel and splits the seconds of each.
func timeCells(b *testing.B, h setup.Home, temp string, n int) []map[string]float64 {
	cells := []string{firstCell}
	for i := range n {
		cells = append(cells, fmt.Sprintf(benchmarkedCell, i))
	}
	job, err := json.Marshal(cells)
	require.NoError(b, err)
	cmd := exec.Command(h.Python(), filepath.Join(h.Root, "cmd", "lab", "testdata", "time_cells.py"))
	cmd.Env = h.Environ("TMPDIR=" + temp)
	cmd.Stdin = strings.NewReader(string(job))
	var complaints process.Tail
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	require.NoError(b, err, complaints.String())

	var splits []map[string]float64
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	lines.Buffer(nil, 64<<20)
	require.True(b, lines.Scan(), "the first cell only imports")
	for lines.Scan() {
		var run struct {
			Began, Ended float64
			Out          string
			Actions      []struct {
				Mode, Package       string
				TimeStart, TimeDone time.Time
			}
		}
		require.NoError(b, json.Unmarshal(lines.Bytes(), &run))
		var mains, opened, trained, again float64
		_, err := fmt.Sscan(run.Out, &mains, &opened, &trained, &again)
		require.NoError(b, err, run.Out)
		building, linking, linked := run.Ended, 0.0, 0.0
		for _, a := range run.Actions {
			if a.TimeStart.IsZero() {
				continue
			}
			start, done := seconds(a.TimeStart), seconds(a.TimeDone)
			building = min(building, start)
			if a.Mode == "link" {
				linking = done - start
			}
			linked = max(linked, done)
		}
		splits = append(splits, map[string]float64{
			"total": run.Ended - run.Began, "beyond": run.Ended - run.Began - (again - opened),
			"goimports": building - run.Began, "compile": linked - building - linking, "link": linking,
			"start": mains - linked, "plugin": opened - mains, "xla-build": (trained - opened) - (again - trained), "train": again - trained,
		})
	}
	require.Len(b, splits, n)
	return splits
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
