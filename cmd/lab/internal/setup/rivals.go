package setup

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/report"
	"descent.example/pkg/bench"
)

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

// The program that is each rival's side, and the program that makes PyTorch do without CUDA's libraries.
var (
	//go:embed python/bench.py
	benchScript string
	//go:embed python/nocuda.py
	noCUDA string
)

// rivalPython is the oldest Python, 3.11, for which there are the rivals that the lock files name.
const rivalPython = 11

// PrepareBench builds the program that measures the job's cases, and returns its path. It installs the libraries that the
// cases are timed against where they are missing, and enters them into the job; one that cannot be had is among the job's
// absent ones, with the reason. It is an error when the program does not compile, when a test of the GPU fails that the job
// is to time, or when the lab's folder cannot be used.
func (h Home) PrepareBench(ctx context.Context, job *bench.Job, offline bool) (program string, err error) {
	program, job.Absent = h.path("bench", "bench"), map[string]string{}
	return program, h.exclusively(ctx, func(h Home) error {
		out := report.New(os.Stdout)
		defer out.Close()
		if len(job.Cases) > 0 {
			if err := h.rivals(ctx, job, offline, out); err != nil {
				return err
			}
		}
		end := out.Begin("Benchmark")
		err := os.RemoveAll(program) // go build writes over no file that is not a program
		if err == nil {
			err = h.Build(ctx, "./cmd/bench", program)
		}
		end(err)
		if err == nil && job.GPU {
			end := out.Begin("Tests that need a GPU")
			err = h.command(ctx, nil, "go", "test", "-count=1", "-run=GPU", "./pkg/train")
			end(err)
		}
		return err
	})
}

// rivals installs JAX and PyTorch where they are missing. One that cannot be had is absent, and the job says why.
func (h Home) rivals(ctx context.Context, job *bench.Job, offline bool, out *report.Reporter) error {
	python := process.FirstLine(ctx, h.Python(), "-c", "import sys; print(*sys.version_info[:2], sep='.')")
	script := h.path("bench", "bench.py")
	if err := WriteFile(script, []byte(benchScript)); err != nil {
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
			out.Say("%s is downloaded once, %d MB, into .lab/bench.", r.name, r.megabytes[runtime.GOOS])
			err = h.perform(ctx, step, false, out)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			out.Say("  %s cannot take part: %v.", r.name, err)
			job.Absent[r.key] = err.Error()
		default:
			side := func(key, name string) bench.Other {
				return bench.Other{Key: key, Name: name, Command: []string{h.Python(), "-I", script, key, h.path("bench", r.key)}}
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
func (h Home) rivalStep(r rival, script, python string) step {
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
				return errors.New(process.LastLine(err.Error()))
			}
			if r.key == "torch" && runtime.GOOS == "linux" {
				path := filepath.Join(h.temp(), "nocuda.py")
				if err := WriteFile(path, []byte(noCUDA)); err != nil {
					return err
				}
				if err := h.command(ctx, nil, h.Python(), "-I", path, folder); err != nil {
					return errors.New(process.LastLine(err.Error()))
				}
			}
			note("trying it")
			if err := h.command(ctx, nil, h.Python(), "-I", script, r.key, folder); err != nil {
				return fmt.Errorf("it does not start (%s)", process.LastLine(err.Error()))
			}
			return nil
		},
	}
}
