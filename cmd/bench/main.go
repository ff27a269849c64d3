// Command bench is the measured half of `go run ./cmd/lab bench`, which prepares its contenders and starts it: it reads
// a bench.Job from its standard input, times the job's cases, and prints the table.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/gomlx/compute"

	"descent.example/pkg/accel"
	"descent.example/pkg/bench"
	"descent.example/pkg/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var job bench.Job
	err := json.NewDecoder(os.Stdin).Decode(&job)
	if err == nil {
		err = do(ctx, job, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// do times the job's cases, prints what they gave one by one, and writes the files: of a job that fails or is
// interrupted, the results until then.
func do(ctx context.Context, job bench.Job, out io.Writer) error {
	backend, err := accel.Open()
	if err != nil {
		return err
	}
	var results []any
	var table []bench.Result
	if job.GPU {
		table, err = onGPU(ctx, job, out)
	} else {
		table, err = compare(ctx, backend, job, out)
	}
	for _, r := range table {
		results = append(results, r)
	}
	if err == nil && job.Sweep {
		var s sweep
		if s, err = cs182(ctx, 30, 30_000); err != nil {
			err = fmt.Errorf("the CS182 sweep failed: %w", err)
		} else {
			fmt.Fprintf(out, "\n%s\n", s)
			results = append(results, s)
		}
	}
	if err := cmp.Or(err, write(job.JSON, results)); err != nil {
		return err
	}
	return plot(job.Plot, table)
}

// compare times the cases.
func compare(ctx context.Context, backend compute.Backend, job bench.Job, out io.Writer) ([]bench.Result, error) {
	if len(job.Cases) == 0 {
		return nil, nil
	}
	machine := bench.ThisMachine()
	machine.Versions["ours"] = version()
	lab := &lab{backend: backend}
	defer lab.close()
	entrants := []bench.Entrant{{Key: "ours", Name: "The lab", Contender: lab}}
	stop, err := start(ctx, job, &machine, &entrants)
	defer stop()
	if err != nil {
		return nil, err
	}

	fmt.Fprintf(out, "\n%s\n", bench.Header())
	var table []bench.Result
	for _, c := range job.Cases {
		task, err := taskOf(c)
		if err != nil {
			return table, err
		}
		result, err := bench.Compare(ctx, c, task, entrants, job.Time)
		if err != nil {
			return table, err
		}
		result.Machine, result.Absent = machine, job.Absent
		fmt.Fprintln(out, result.Row())
		table = append(table, result)
	}
	fmt.Fprintf(out, "\n%s\n", bench.Notes(table))
	return table, nil
}

// start starts the contenders that are programs of their own, and returns what ends them.
func start(ctx context.Context, job bench.Job, machine *bench.Machine, entrants *[]bench.Entrant) (stop func(), err error) {
	var workers []*bench.Worker
	stop = func() {
		for _, worker := range workers {
			worker.Close()
		}
	}
	for _, other := range job.Others {
		worker, err := bench.StartWorker(ctx, other.Command[0], other.Command[1:]...)
		if ctx.Err() != nil {
			return stop, ctx.Err()
		}
		if err != nil {
			return stop, fmt.Errorf("%s does not start: %w", other.Name, err)
		}
		workers = append(workers, worker)
		machine.Versions[other.Key] = worker.Version
		*entrants = append(*entrants, bench.Entrant{Key: other.Key, Name: other.Name, Contender: worker})
	}
	return stop, nil
}

// taskOf draws a case's batches, in epochs.
func taskOf(c bench.Case) (bench.Task, error) {
	sampler, err := sample.Reshuffled(c.Batch)
	if err != nil {
		return bench.Task{}, err
	}
	batches := make([][]int, c.Steps)
	for step := range batches {
		batches[step] = sampler.Indices(step, 1, c.Points)
	}
	return bench.NewTask(c, batches, runtime.NumCPU()), nil
}

// write puts results into a file, a line of JSON each.
func write(path string, results []any) error {
	if path == "" || len(results) == 0 {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("the results cannot be written: %w", err)
	}
	buffer := bufio.NewWriter(file)
	encoder := json.NewEncoder(buffer)
	for _, r := range results {
		err = errors.Join(err, encoder.Encode(r))
	}
	if err := errors.Join(err, buffer.Flush(), file.Close()); err != nil {
		return fmt.Errorf("the results cannot be written: %w", err)
	}
	return nil
}

// plot draws the ratios into path's .svg and .png.
func plot(path string, table []bench.Result) error {
	if path == "" {
		return nil
	}
	if !slices.ContainsFunc(table, func(r bench.Result) bool { return len(r.Ratios) > 0 }) {
		return errors.New("--plot: there is no ratio to draw, as neither JAX nor PyTorch takes part")
	}
	fig := bench.Plot(table)
	base := strings.TrimSuffix(path, filepath.Ext(path))
	svg, err := fig.SVG()
	if err != nil {
		return fmt.Errorf("the picture cannot be drawn: %w", err)
	}
	png, err := fig.PNG()
	if err != nil {
		return fmt.Errorf("the picture cannot be drawn: %w", err)
	}
	err = errors.Join(os.WriteFile(base+".svg", svg, 0o644), os.WriteFile(base+".png", png, 0o644))
	if err != nil {
		return fmt.Errorf("the picture cannot be written: %w", err)
	}
	return nil
}
