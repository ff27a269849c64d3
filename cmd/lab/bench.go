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
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"descent.example/pkg/bench"
)

type benchOptions struct {
	cases      []bench.Case
	sweep, gpu bool
	json, plot string
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
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := opt.choose(one, flags.Changed); err != nil {
			return err
		}
		// Whatever is wrong with the command line is said before anything is set up.
		if err := opt.check(); err != nil {
			return err
		}
		home, done, err := enter(cmd.Context(), *common)
		if err != nil {
			return err
		}
		defer done()
		return home.bench(cmd.Context(), opt, common.offline)
	}
	return cmd
}

// choose sets which cases are timed: the one that flags describe, or the table and the sweep.
func (opt *benchOptions) choose(one bench.Case, changed func(flag string) bool) error {
	single := slices.ContainsFunc([]string{"width", "batch", "points", "steps", "optimizer", "lr", "nets"}, changed)
	switch {
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
			err = writable(filepath.Dir(absolute))
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

// A rival is a library that the lab is timed against.
type rival struct {
	key, name, lock string
	megabytes       map[string]int // to download, by operating system
}

//go:embed python/jax.lock
var jaxLock string

//go:embed python/torch.lock
var torchLock string

var rivals = []rival{
	{"jax", "JAX", jaxLock, map[string]int{"linux": 140, "darwin": 90}},
	{"torch", "PyTorch", torchLock, map[string]int{"linux": 550, "darwin": 145}},
}

// The program that is each rival's side, and the one that makes PyTorch do without CUDA's libraries.
var (
	//go:embed python/bench.py
	benchScript string
	//go:embed python/nocuda.py
	noCUDA string
)

// rivalPython is the oldest Python, 3.11, for which there are the rivals that the lock files name.
const rivalPython = 11

// bench prepares what the cases need, and hands them to the program that measures.
func (h home) bench(ctx context.Context, opt benchOptions, offline bool) error {
	job := bench.Job{Cases: opt.cases, Time: 6 * time.Second, Sweep: opt.sweep, GPU: opt.gpu, JSON: opt.json, Plot: opt.plot}
	if opt.gpu {
		job.Time = 2 * time.Second // for each of seven rows
	}
	job.Absent = map[string]string{}
	program := h.path("bench", "bench")
	err := h.exclusively(ctx, func(h home) error {
		out := newReporter(os.Stdout)
		defer out.close()
		if len(opt.cases) > 0 {
			if err := h.rivals(ctx, &job, offline, out); err != nil {
				return err
			}
		}
		end := out.begin("Benchmark")
		err := h.command(ctx, nil, "go", "build", "-buildvcs=false", "-o", program, "./cmd/bench")
		end(err)
		if err == nil && opt.gpu {
			end := out.begin("Tests that need a GPU")
			err = h.command(ctx, nil, "go", "test", "-count=1", "-run=GPU", "./pkg/train")
			end(err)
		}
		return err
	})
	if err != nil {
		return err
	}
	stdin, err := json.Marshal(job)
	if err != nil {
		return err
	}
	var complaints tailBuffer
	cmd := exec.CommandContext(ctx, program)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = h.environ(), bytes.NewReader(stdin), os.Stdout, &complaints
	endWithContext(cmd)
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && complaints.String() != "":
		return errors.New(lastLine(complaints.String()))
	}
	return err
}

// exclusively does something while no other lab sets up, with a folder for temporary files.
func (h home) exclusively(ctx context.Context, do func(home) error) error {
	var err error
	if h.held, err = h.lock(ctx); err != nil {
		return err
	}
	defer func() {
		os.RemoveAll(h.temp())
		syscall.Flock(int(h.held.Fd()), syscall.LOCK_UN)
		h.held.Close()
	}()
	if err := errors.Join(os.RemoveAll(h.temp()), os.Mkdir(h.temp(), 0o755)); err != nil {
		return fmt.Errorf("the lab's folder cannot be used: %w", err)
	}
	return do(h)
}

// rivals installs JAX and PyTorch where they are missing. One that cannot be had is absent, and the job says why.
func (h home) rivals(ctx context.Context, job *bench.Job, offline bool, out *reporter) error {
	python := firstLineOf(ctx, h.python(), "-c", "import sys; print(*sys.version_info[:2], sep='.')")
	script := h.path("bench", "bench.py")
	if err := writeFile(script, []byte(benchScript)); err != nil {
		return err
	}
	var major, minor int
	fmt.Sscanf(python, "%d.%d", &major, &minor)
	for _, r := range rivals {
		var err error
		step := h.rivalStep(r, script, python)
		switch {
		case h.done(step):
		case minor < rivalPython:
			err = fmt.Errorf("it needs Python 3.%d or newer and the lab's environment has %s: put a newer one first on the PATH, "+
				"run `go run ./cmd/lab clean` and this again", rivalPython, python)
		case offline:
			err = errors.New("it is not installed and --offline forbids its download")
		default:
			out.say("%s is downloaded once, %d MB, into .lab/bench.", r.name, r.megabytes[runtime.GOOS])
			err = h.perform(ctx, step, false, out)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			out.say("  %s cannot take part: %v.", r.name, err)
			job.Absent[r.key] = err.Error()
		default:
			side := func(key, name string) bench.Other {
				return bench.Other{Key: key, Name: name, Command: []string{h.python(), "-I", script, key, h.path("bench", r.key)}}
			}
			job.Others = append(job.Others, side(r.key, r.name))
			if r.key == "jax" && slices.ContainsFunc(job.Cases, func(c bench.Case) bool { return c.Nets > 1 }) {
				job.Others = append(job.Others, side(bench.JAXVmap, "JAX's vmap"))
			}
		}
	}
	return nil
}

// rivalStep installs a rival into a folder of its own, beside JupyterLab and not into it.
func (h home) rivalStep(r rival, script, python string) step {
	folder := h.path("bench", r.key)
	return step{
		name:        r.name,
		fingerprint: digest(r.lock, noCUDA, python),
		works:       func() bool { _, err := os.Stat(filepath.Join(folder, r.key)); return err == nil },
		run: func(ctx context.Context, note func(string)) error {
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
			note("downloading")
			if err := h.pipInstall(ctx, r.lock, "--no-deps", "--target", folder); err != nil {
				return errors.New(lastLine(err.Error()))
			}
			if r.key == "torch" && runtime.GOOS == "linux" {
				path := filepath.Join(h.temp(), "nocuda.py")
				if err := writeFile(path, []byte(noCUDA)); err != nil {
					return err
				}
				if err := h.command(ctx, nil, h.python(), "-I", path, folder); err != nil {
					return errors.New(lastLine(err.Error()))
				}
			}
			note("trying it")
			if err := h.command(ctx, nil, h.python(), "-I", script, r.key, folder); err != nil {
				return fmt.Errorf("it does not start (%s)", lastLine(err.Error()))
			}
			return nil
		},
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
