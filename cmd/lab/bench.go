package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/bench"
)

type benchOptions struct {
	cases      []bench.Case
	sweep, gpu bool
	json, plot string
	backend    string // what computes, as GOMLX_BACKEND; "" for the best there is
}

func benchCommand(common *commonOptions) *cobra.Command {
	one, opt := bench.Reference(), benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Time the lab's training against JAX and PyTorch",
		Long: "bench trains the same net on the same batches with the lab, JAX and PyTorch, in turns, and prints a table of times and\n" +
			"ratios; then it times the sweep of the CS182 exercise, by the lab alone. It takes some minutes, on a machine that\n" +
			"should do nothing else. A flag that describes a case asks for this one case instead. JAX and PyTorch are installed in\n" +
			".lab/bench the first time.",
		Example: "  go run ./cmd/lab bench\n" +
			"  go run ./cmd/lab bench --json results.json --plot results.svg\n" +
			"  go run ./cmd/lab bench --width 256 --optimizer adam --json one.json\n" +
			"  go run ./cmd/lab bench --sweep --backend wasm\n" +
			"  go run ./cmd/lab bench --sweep   # the sweep alone, which needs neither JAX nor PyTorch\n" +
			"  go run ./cmd/lab bench --gpu     # this machine's GPU against its CPU, after all tests that need a GPU",
		Args: noArgs,
	}
	flags := cmd.Flags()
	flags.IntVar(&one.Width, "width", one.Width, "hidden units of the net")
	flags.IntVar(&one.Batch, "batch", one.Batch, "examples a step")
	flags.IntVar(&one.Points, "points", one.Points, "examples in all")
	flags.IntVar(&one.Steps, "steps", one.Steps, "steps of a run")
	flags.StringVar(&one.Optimizer, "optimizer", one.Optimizer, "update rule: "+strings.Join(bench.Optimizers, ", "))
	flags.Float64Var(&one.LR, "lr", one.LR, "learning rate (default: one that suits the width and the optimizer)")
	flags.IntVar(&one.Nets, "nets", one.Nets, "so many nets are trained, each from its own start")
	flags.Lookup("lr").DefValue = "0"
	flags.BoolVar(&opt.sweep, "sweep", false, "only the CS182 sweep: 3 widths × 3 optimizers × 30 seeds × 30,000 steps")
	flags.BoolVar(&opt.gpu, "gpu", false, "only sweeps of 1 to 4,096 nets on the GPU and on the CPU, after the tests that need a GPU")
	flags.StringVar(&opt.json, "json", "", "file to write the results to, a JSON object a line for each case")
	flags.StringVar(&opt.plot, "plot", "", "file to draw the ratios into, as .svg and as .png")
	flags.StringVar(&opt.backend, "backend", "", "what computes for the lab, as GOMLX_BACKEND: xla:cpu or wasm (default: the best there is)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := opt.choose(one, flags.Changed); err != nil {
			return err
		}
		// Whatever is wrong with the command line is said before anything is set up.
		if err := opt.check(); err != nil {
			return err
		}
		if opt.gpu && !slices.Contains(plugin.Kinds(), plugin.CUDA) {
			return errors.New("--gpu: no NVIDIA GPU was found on this machine")
		}
		home, done, err := setup.Enter(cmd.Context(), common.work, common.offline)
		if err != nil {
			return err
		}
		defer done()
		if opt.backend != "" {
			if err := home.CheckBackend(cmd.Context(), opt.backend); err != nil {
				return fmt.Errorf("--backend=%s does not work here: %w", opt.backend, err)
			}
		}
		return timeCases(cmd.Context(), home, opt, common.offline)
	}
	return cmd
}

// choose sets which cases are timed: the case that flags describe, or the table and the sweep.
func (opt *benchOptions) choose(one bench.Case, changed func(flag string) bool) error {
	single := slices.ContainsFunc([]string{"width", "batch", "points", "steps", "optimizer", "lr", "nets"}, changed)
	switch {
	case opt.gpu && opt.backend != "":
		return errors.New("--gpu has the GPU and the CPU compute: leave it out, or --backend")
	case opt.gpu && (single || opt.sweep):
		return errors.New("--gpu has its own settings: leave it out, or the other flags")
	case single && opt.sweep:
		return errors.New("--sweep has its own settings: leave it out, or the flags that describe a case")
	case single:
		if !changed("lr") {
			one.LR = bench.UsualRate(one.Optimizer, one.Width)
		}
		opt.cases = []bench.Case{one}
	case !opt.sweep && !opt.gpu:
		opt.cases, opt.sweep = bench.Table(), true
	}
	return nil
}

// check finds what is wrong with the options, and makes their files' names absolute.
func (opt *benchOptions) check() error {
	for _, c := range opt.cases {
		if err := c.Check(); err != nil {
			return err
		}
	}
	switch extension := filepath.Ext(opt.plot); {
	case opt.plot == "":
	case len(opt.cases) == 0:
		return errors.New("--plot draws the lab's ratios to JAX and PyTorch, and --sweep and --gpu have none: leave one of them out")
	case extension != ".svg" && extension != ".png":
		return fmt.Errorf("--plot is %q: give a file that ends in .svg or .png; both are written", opt.plot)
	}
	for flag, path := range map[string]*string{"json": &opt.json, "plot": &opt.plot} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err == nil {
			err = setup.Writable(filepath.Dir(absolute))
		}
		if info, missing := os.Stat(absolute); err == nil && missing == nil && info.IsDir() {
			err = fmt.Errorf("%s is a folder", *path)
		}
		if err != nil {
			return fmt.Errorf("--%s cannot be written there (%w): choose another file", flag, err)
		}
		*path = absolute
	}
	return nil
}

// timeCases hands the cases, with what they need, to the program that measures.
func timeCases(ctx context.Context, h setup.Home, opt benchOptions, offline bool) error {
	job := bench.Job{Cases: opt.cases, Time: 6 * time.Second, Sweep: opt.sweep, GPU: opt.gpu, JSON: opt.json, Plot: opt.plot}
	if opt.gpu {
		job.Time = 2 * time.Second // for each of seven rows
	}
	program, err := h.PrepareBench(ctx, &job, offline)
	if err != nil {
		return err
	}
	if opt.backend != "" {
		return handOver(ctx, h, job, "env", "GOMLX_BACKEND="+opt.backend, program)
	}
	return handOver(ctx, h, job, program)
}

// handOver runs a command in the lab's folder with a job on its standard input, as JSON, and shows what it writes. It is an error
// when the command fails: the last thing that it says.
func handOver(ctx context.Context, h setup.Home, job any, name string, args ...string) error {
	stdin, err := json.Marshal(job)
	if err != nil {
		return err
	}
	var complaints process.Tail
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = h.Root, h.Environ(), bytes.NewReader(stdin), os.Stdout, &complaints
	process.EndWithContext(cmd)
	err = cmd.Run()
	said := strings.TrimSpace(complaints.String())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && said != "":
		return errors.New(process.LastLine(said))
	}
	return err
}
