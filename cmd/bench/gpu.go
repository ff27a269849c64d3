package main

import (
	"context"
	"fmt"
	"io"

	"descent.example/pkg/accel"
	"descent.example/pkg/bench"
)

// Variables for the tests, which have to pass without a GPU.
var (
	openGPU  = accel.GPU
	mostNets = 4096 // of the table's last row
)

// onGPU times sweeps of 1 to 4,096 nets on this machine's GPU and on its CPU, in turns, after comparing where they end.
func onGPU(ctx context.Context, job bench.Job, out io.Writer) ([]bench.Result, error) {
	cpu, err := accel.Open()
	if err != nil {
		return nil, err
	}
	gpu, name, err := openGPU()
	if err != nil {
		return nil, fmt.Errorf("there is nothing to time: %w", err)
	}
	machine := bench.ThisMachine()
	machine.Versions["ours"] = version()
	entrants := []bench.Entrant{
		{Key: "ours", Name: "The lab on the CPU", Contender: &lab{backend: cpu, stays: true}},
		{Key: "gpu", Name: "The lab on the " + name, Contender: &lab{backend: gpu}},
	}
	stop, err := start(ctx, job, &machine, &entrants)
	defer stop()
	if err != nil {
		return nil, err
	}
	heads, rules := "| nets | CPU, µs | GPU, µs | CPU ÷ GPU |", "| ---: | ---: | ---: | ---: |"
	for _, e := range entrants[2:] {
		heads, rules = heads+" "+e.Name+", µs |", rules+" ---: |"
	}
	fmt.Fprintf(out, "\n%s\n%s\n", heads, rules)
	var table []bench.Result
	for nets := 1; nets <= mostNets; nets *= 4 {
		c := bench.Reference()
		c.Nets, c.Steps = nets, 1000
		task, err := taskOf(c)
		if err != nil {
			return table, err
		}
		r, err := bench.Compare(ctx, c, task, entrants, job.Time)
		if err != nil {
			return table, err
		}
		r.Machine = machine
		row := fmt.Sprintf("| %d | %.4g | %.4g | %.3g (%.3g to %.3g) |", nets, r.PerStep["ours"], r.PerStep["gpu"],
			r.Ratios["gpu"].Value, r.Ratios["gpu"].Low, r.Ratios["gpu"].High)
		for _, e := range entrants[2:] {
			row += fmt.Sprintf(" %.4g |", r.PerStep[e.Key])
		}
		fmt.Fprintln(out, row)
		table = append(table, r)
	}
	fmt.Fprintf(out, "\nµs for a step of one net of 64 hidden units on batches of 32, the loss of each step recorded: medians over rounds in turns, the ratio "+
		"with its 95 %% interval. The CPU trains one net on each core, the GPU all of them in one program. All end at the same losses.\n%s, %s\n", name, machine)
	return table, nil
}
