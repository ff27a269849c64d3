// Package setup makes what the lab needs on this machine, says what of it is missing or damaged, and removes it: the Python
// environment with JupyterLab, the Go kernel and its tools, XLA's plugin, a C compiler where there is none, and the workspace
// of the person who uses the lab.
//
// The work is a list of steps (steps.go). Each lies in the file of its subject: python.go, modules.go, tools.go, kernel.go,
// engine.go, link.go, compiler.go, plugin.go, rivals.go.
package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"

	"descent.example/cmd/lab/internal/report"
	"golang.org/x/sys/unix"
)

// Options say how SetUp goes about it.
type Options struct {
	Offline  bool // nothing is downloaded
	Explicit bool // `lab setup`: every file is read whole, and a plugin that could not be had is looked for again
}

// SetUp does what is missing or damaged. It is safe to interrupt and to run twice at once. Where nothing is to be done in the
// lab's folder, nothing is written there, so that it may be somebody else's. It is an error, which says what to do, when a step
// without which no cell works fails, or would need a network that the options forbid, or when nothing may be written there.
func (h Home) SetUp(ctx context.Context, opt Options) error {
	if opt.Offline {
		os.Setenv("GOPROXY", "off") // a step that finds all it needs in the caches may go on
	}
	if err := h.checkMachine(); err != nil {
		return err
	}
	h.useCompiler()
	pip, compiler, steps := h.pythonStep(), h.compilerStep(), h.steps()
	flaws := h.flaws(opt.Explicit, append(steps, compiler)...)
	needCompiler := flaws[compiler.name] != nil && systemCompiler() == "" && os.Getenv("CGO_ENABLED") != "0" && !opt.Offline
	if !needCompiler {
		delete(flaws, compiler.name)
	}
	stale := h.staleKernel()
	if len(flaws) == 0 && stale == nil {
		out := report.New(os.Stdout)
		defer out.Close()
		h.useCompiler()
		whole, err := h.fetchPlugin(ctx, opt, out)
		if err == nil && opt.Explicit {
			out.Say(inPlace(whole))
		}
		return err
	}
	if opt.Offline {
		if flaw := flaws[pip.name]; flaw != nil {
			return fmt.Errorf("%s: %w, and --offline forbids its download: run `go run ./cmd/lab setup` once with a network", pip.name, flaw)
		}
	}
	if flaws[pip.name] != nil {
		if _, err := findPython(ctx); err != nil { // said before anything is downloaded
			return err
		}
	}
	work := func(h Home) error { return h.mend(ctx, opt, flaws) }
	reason := stale
	for _, s := range slices.Backward(append([]step{compiler}, steps...)) {
		if flaw := flaws[s.name]; flaw != nil && !s.personal {
			reason = fmt.Errorf("%s: %w", s.name, flaw)
		}
	}
	if reason == nil { // all that is to be done is in the user's own caches
		temp, err := os.MkdirTemp("", "descent-setup-")
		if err != nil {
			return fmt.Errorf("no temporary folder can be made: %w", err)
		}
		defer os.RemoveAll(temp)
		h.scratch = temp
		return work(h)
	}
	err := h.exclusively(ctx, work)
	if (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) && unix.Access(h.Dir, unix.W_OK) != nil {
		return fmt.Errorf("the lab is not whole (%w), and you may not write in %s: ask its owner to run `go run ./cmd/lab setup`, "+
			"or clone the repository where you may write", reason, h.Dir)
	}
	return err
}

// checkMachine says in a sentence what keeps every step from its work: no Go, or a variable that leads it astray.
func (h Home) checkMachine() error {
	tool, err := h.goTool()
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("go"); err != nil {
		os.Setenv("PATH", filepath.Dir(tool)+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	// To be root, or a folder such as /proc, makes more seem allowed than is.
	if probe, err := os.CreateTemp("", "descent-"); err == nil {
		probe.Close()
		os.Remove(probe.Name())
	} else if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) { // a full disk is said where room is wanted
		return fmt.Errorf("the temporary folder %s is not one that you may write: set TMPDIR to one that is, and run this again", os.TempDir())
	}
	if home := os.Getenv("HOME"); home != "" && !filepath.IsAbs(home) {
		return fmt.Errorf("HOME=%s is not an absolute path: set HOME to your home folder and run this again", home)
	}
	switch goos, goarch := goEnv("GOOS"), goEnv("GOARCH"); {
	case goos == "": // a Go that does not work says why when it is to compile
		return nil
	case goEnv("GO111MODULE") == "off":
		return errors.New("GO111MODULE=off keeps Go from finding the lab's packages: unset it, or run `go env -u GO111MODULE` if it is set there, and run this again")
	case goos != runtime.GOOS || goarch != runtime.GOARCH:
		return fmt.Errorf("GOOS=%s and GOARCH=%s make Go build for another machine than this one (%s, %s): unset them, or run `go env -u GOOS GOARCH` if they are set there, and run this again",
			goos, goarch, runtime.GOOS, runtime.GOARCH)
	case !filepath.IsAbs(goEnv("GOMODCACHE")) || !filepath.IsAbs(goEnv("GOCACHE")):
		if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" && !filepath.IsAbs(cache) {
			return fmt.Errorf("XDG_CACHE_HOME=%s is not an absolute path: give it one that begins with /, or unset it, and run this again", cache)
		}
		return errors.New("Go has no folder for what it downloads and compiles: set HOME to your home folder and run this again")
	}
	return nil
}

// inPlace is the last word of `lab setup`; whole tells whether no plugin is wanting.
func inPlace(whole bool) string {
	what := "Everything"
	if !whole {
		what = "All but the plugin"
	}
	return what + " is in place: `go run ./cmd/lab` opens the lab."
}

// steps are those of set-up that every machine needs, each after those whose results it uses.
func (h Home) steps() []step {
	return []step{h.pythonStep(), h.modulesStep(), h.kernelStep(), h.programsStep(), h.engineStep(), h.packagesStep(), h.linkStep(), h.completionStep(), h.readyStep()}
}

// flaws are the steps, by name, that have to be done, and why.
func (h Home) flaws(readAll bool, steps ...step) map[string]error {
	found := make([]error, len(steps))
	var wait sync.WaitGroup
	for i, s := range steps {
		wait.Go(func() { _, found[i] = h.flaw(s, readAll) })
	}
	wait.Wait()
	flaws := map[string]error{}
	for i, s := range steps {
		if found[i] != nil {
			flaws[s.name] = found[i]
		}
	}
	return flaws
}

// mend performs the steps that have flaws, and those alone.
func (h Home) mend(ctx context.Context, opt Options, flaws map[string]error) error {
	out := report.New(os.Stdout)
	defer out.Close()
	do := func(s step) error {
		if flaws[s.name] == nil {
			return nil
		}
		return h.perform(ctx, s, opt.Explicit, out)
	}
	if compiler := h.compilerStep(); flaws[compiler.name] != nil {
		if err := do(h.pythonStep()); err != nil {
			return err
		}
		if err := do(compiler); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			out.Say("  %v.\n  Without a C compiler WebAssembly computes, more slowly than XLA; `sudo apt install gcc libc6-dev` gives you one.", err)
		}
		h.useCompiler()
		flaws = maps.Clone(flaws)
		maps.Copy(flaws, h.flaws(false, h.packagesStep(), h.linkStep())) // which depend on the compiler
	}

	// Two lanes side by side: one waits for the network, the other for the compiler.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	lane := func(steps ...func() error) <-chan error {
		end := make(chan error, 1)
		go func() {
			for _, do := range steps {
				if err := do(); err != nil {
					cancel(err)
					end <- err
					return
				}
			}
			end <- nil
		}()
		return end
	}
	must := func(s func() step) func() error { return func() error { return do(s()) } }
	may := func(s func() step, consequence string) func() error {
		return func() error {
			err := do(s())
			if err != nil && ctx.Err() == nil {
				out.Say("  %v%s", err, consequence)
				return nil
			}
			return err
		}
	}
	whole := false
	downloads := lane(must(h.pythonStep), func() (err error) {
		whole, err = h.fetchPlugin(ctx, opt, out)
		return err
	})
	defer func() {
		if opt.Explicit && ctx.Err() == nil && len(h.flaws(false, h.steps()...)) == 0 {
			out.Say(inPlace(whole))
		}
	}()
	builds := lane(must(h.modulesStep), must(h.kernelStep), must(h.programsStep),
		may(h.engineStep, ".\n  Cells work without it, and take some tenths of a second longer to start."),
		// A package under change must not keep the lab shut: a cell that imports it says the same.
		may(h.packagesStep, ""), may(h.linkStep, ""), must(h.completionStep),
		may(h.readyStep, ".\n  Cells work without it; the first completion takes longer."))
	if err := errors.Join(<-downloads, <-builds); err != nil {
		return context.Cause(ctx) // the first one; the other lane only says that it was stopped
	}
	if h.held == nil { // the lab's folder is not ours to write, and there is nothing to write
		return nil
	}
	return h.writeKernel()
}
