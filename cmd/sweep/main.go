// Command sweep is the half of `go run ./cmd/lab sweep` that trains: it reads a job from its standard input, does the runs of a
// shard that have no result yet, and adds their results to the shard's file.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"descent.example/pkg/grid"
	"descent.example/pkg/lecture"
)

// A job is what the lab asks for.
type job struct {
	Shard grid.Shard
	File  string // absolute name of the shard's file
}

// together is how many runs end before their results are written: enough for every processor, few enough to lose little.
const together = 64

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var j job
	err := json.NewDecoder(os.Stdin).Decode(&j)
	if err == nil {
		err = j.do(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (j job) do(ctx context.Context, out io.Writer) (err error) {
	file, err := grid.Open(j.File, j.Shard)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	left := file.Left()
	all := len(file.Done) + len(left)
	if len(file.Done) > 0 && len(left) > 0 {
		fmt.Fprintf(out, "%d of %d runs were done before.\n", len(file.Done), all)
	}
	for len(left) > 0 {
		n := min(together, len(left))
		results, err := lecture.RunGrid(ctx, j.Shard.Grid.Steps, left[:n])
		if err != nil {
			return err
		}
		if err := file.Add(results...); err != nil {
			return err
		}
		left = left[n:]
		fmt.Fprintf(out, "%d of %d runs\n", len(file.Done), all)
	}
	return nil
}
