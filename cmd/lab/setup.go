package main

import (
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

	"descent.example/pkg/accel/plugin"
)

type setupOptions struct {
	offline     bool
	retryPlugin bool // look for the plugin again even if it could not be had a short while ago
}

// setUp does what is missing. It is safe to interrupt and to run twice at once.
func (h home) setUp(ctx context.Context, opt setupOptions) error {
	var err error
	if h.held, err = h.lock(ctx); err != nil {
		return err
	}
	defer func() {
		os.RemoveAll(h.temp())
		syscall.Flock(int(h.held.Fd()), syscall.LOCK_UN) // also what a program that outlives us still holds
		h.held.Close()
	}()
	// Here lies what an interrupted set-up left unfinished.
	if err := errors.Join(os.RemoveAll(h.temp()), os.Mkdir(h.temp(), 0o755)); err != nil {
		return fmt.Errorf("the lab's folder cannot be used: %w", err)
	}
	pip, tools, gopls := h.pythonStep(), h.kernelStep(), h.completionStep()
	if opt.offline {
		for _, s := range []step{pip, tools, gopls} {
			if !h.done(s) {
				return fmt.Errorf("%s is missing or out of date and --offline forbids its download: run `go run ./cmd/lab setup` once with a network", s.name)
			}
		}
	}
	if !h.done(pip) {
		if _, err := findPython(ctx); err != nil { // said before anything is downloaded
			return err
		}
	}
	out := newReporter(os.Stdout)
	defer out.close()

	if systemCompiler(ctx) == "" && !opt.offline && os.Getenv("CGO_ENABLED") != "0" {
		if err := h.perform(ctx, pip, out); err != nil {
			return err
		}
		if err := h.perform(ctx, h.compilerStep(), out); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			out.say("  %v.\n  Without a C compiler GoMLX's pure Go backend computes; `sudo apt install gcc libc6-dev` gives you one.", err)
		}
	}
	h.useCompiler(ctx)

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
	do := func(s step) func() error { return func() error { return h.perform(ctx, s, out) } }
	warm := func() error {
		err := h.perform(ctx, h.warmStep(), out)
		if err != nil && ctx.Err() == nil {
			// A package under change must not keep the lab shut: a cell that imports it says the same.
			out.say("  %v", err)
			return nil
		}
		return err
	}
	downloads := lane(do(pip), func() error { return h.fetchPlugin(ctx, opt, out) })
	slim := func() error {
		err := h.perform(ctx, h.engineStep(), out)
		if err != nil && ctx.Err() == nil {
			out.say("  %v.\n  Cells work without it, and take some tenths of a second longer to start.", err)
			return nil
		}
		return err
	}
	builds := lane(do(tools), slim, do(h.builderStep()), warm, do(gopls))
	if err := errors.Join(<-downloads, <-builds); err != nil {
		return context.Cause(ctx) // the first one; the other lane only says that it was stopped
	}
	return h.writeKernel()
}

func (h home) kernelStep() step { return h.toolsStep("Go kernel", h.root, "gonb") }
func (h home) completionStep() step {
	return h.toolsStep("Go completion", filepath.Join(h.root, "tools"), "gopls")
}

// toolsStep builds the tools that a module's go.mod names, of which one is looked for.
func (h home) toolsStep(name, module, program string) step {
	mod, _ := os.ReadFile(filepath.Join(module, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(module, "go.sum"))
	return step{
		name:        name,
		fingerprint: digest(string(mod), string(sum), runtime.Version()),
		works: func() bool {
			_, err := os.Stat(filepath.Join(h.bin(), program))
			return err == nil
		},
		run: func(ctx context.Context, note func(string)) error {
			note("downloading modules")
			if err := h.command(ctx, nil, "go", "-C", module, "mod", "download"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			// Built beside and moved into place, since `go install` takes a half-copied program for a whole one.
			fresh, err := os.MkdirTemp(h.temp(), "bin-")
			if err != nil {
				return err
			}
			note("compiling")
			if err := h.command(ctx, []string{"GOBIN=" + fresh, "GOFLAGS="}, "go", "-C", module, "install", "tool"); err != nil {
				return fmt.Errorf("compiling %s: %w", name, err)
			}
			return moveAll(fresh, h.bin())
		},
	}
}

func moveAll(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	for _, e := range entries {
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return err
}

// linkFlags are how a cell is linked, the quickest first: without debug information and build ID, and by Go's own linker
// also where it meets C code, which is quicker than gcc's but does not read what every C compiler writes. The tag leaves
// out what fetches plugins.
var linkFlags = []string{"'-ldflags=-s -buildid= -linkmode=internal' -tags=cell", "'-ldflags=-s -buildid=' -tags=cell"}

// installerStub stands in for go-xla's package installer in cells.
const installerStub = `// Package installer stands in for go-xla's own where plugins are not fetched.
package installer

import "errors"

type VerbosityLevel int

const Normal VerbosityLevel = 1

func AutoInstall(string, bool, VerbosityLevel) error {
	return errors.New("cells fetch no plugin: run go run ./cmd/lab setup")
}
`

// programsSource makes go-xla's copy keep what XLA has compiled; keepPrograms is where it is called.
//
//go:embed _engine/programs.go
var programsSource string

func keepPrograms(source string) (string, error) {
	const call = "exec, err := pjrtClientCompile("
	if strings.Count(source, call) != 1 {
		return "", errors.New("go-xla's sources are not those that this lab knows")
	}
	return strings.Replace(source, call, "exec, err := compileOnce(", 1), nil
}

// engineStep copies go-xla without its installer, which its backend imports for a function that the lab does not call and
// which links HTTP and TLS into every cell: without it cells link in three quarters of the time. The copy keeps compiled
// programs too, which go-xla does not offer. It stands beside the lab's module in the kernel's workspace. To go when
// go-xla's backend can be had without its installer and with programs kept.
func (h home) engineStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.root, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(h.root, "go.sum"))
	return step{
		name:        "Engine for cells",
		fingerprint: digest(installerStub, programsSource, string(mod), string(sum)),
		works: func() bool {
			_, err := os.Stat(filepath.Join(h.engine(), "go.mod"))
			return err == nil
		},
		run: func(ctx context.Context, note func(string)) error {
			note("copying")
			list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", goXLA)
			list.Dir, list.Env = h.root, h.environ()
			out, err := list.Output()
			from := strings.TrimSpace(string(out))
			if err != nil || from == "" {
				return errors.New("go-xla's sources were not found among the downloaded modules")
			}
			fresh, err := os.MkdirTemp(h.temp(), "engine-")
			if err != nil {
				return err
			}
			for _, dir := range []string{"compute", "internal", "pjrt", "stablehlo", "types"} {
				if err := copySources(filepath.Join(from, dir), filepath.Join(fresh, dir)); err != nil {
					return fmt.Errorf("copying go-xla: %w", err)
				}
			}
			compile, err := os.ReadFile(filepath.Join(fresh, "pjrt", "compile.go"))
			if err != nil {
				return err
			}
			keeping, err := keepPrograms(string(compile))
			if err != nil {
				return err
			}
			for name, content := range map[string][]byte{
				"installer/installer.go": []byte(installerStub), "go.mod": engineModule(mod), "go.sum": sum,
				"pjrt/programs.go": []byte(programsSource), "pjrt/compile.go": []byte(keeping),
			} {
				if err := writeFile(filepath.Join(fresh, name), content); err != nil {
					return err
				}
			}
			return errors.Join(os.RemoveAll(h.engine()), os.Rename(fresh, h.engine()))
		},
	}
}

const goXLA = "github.com/gomlx/go-xla"

func (h home) engine() string { return h.path("go-xla") }

// workspace are the modules that cells are built in.
func (h home) workspace() []string {
	if h.done(h.engineStep()) {
		return []string{h.root, h.engine()}
	}
	return []string{h.root}
}

// engineModule is the go.mod of the copy: the lab's own requirements, so that the two agree on every version, but the
// copied module itself.
func engineModule(lab []byte) []byte {
	var mod strings.Builder
	tools := false
	for line := range strings.Lines(string(lab)) {
		switch {
		case strings.HasPrefix(line, "module "):
			line = "module " + goXLA + "\n"
		case strings.HasPrefix(line, "tool ("):
			tools = true
		}
		if !tools && !strings.HasPrefix(strings.TrimSpace(line), goXLA+" ") {
			mod.WriteString(line)
		}
		if tools && strings.HasPrefix(line, ")") {
			tools = false
		}
	}
	return []byte(mod.String())
}

// copySources copies the Go sources of a folder, without tests and commands.
func copySources(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "cmd" || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, inside), 0o755)
		}
		if strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".c", ".h", ".s"}, filepath.Ext(path)) {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, inside), data, 0o644)
	})
}

// warmStep compiles what cells import, so that the first cell does not wait for it, and finds out how cells are linked.
func (h home) warmStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.root, "go.mod"))
	compiler, _ := exec.Command("go", "env", "CGO_ENABLED", "CC").Output() // once there is one, cells are linked otherwise
	return step{
		name:        "Packages",
		fingerprint: digest(append(linkFlags, string(mod), installerStub, programsSource, string(compiler), runtime.Version(), h.root)...),
		run: func(ctx context.Context, note func(string)) error {
			work := filepath.Join(h.temp(), "go.work")
			if err := writeFile(work, []byte("go "+goLine(mod)+"\n\nuse (\n\t"+strings.Join(h.workspace(), "\n\t")+"\n)\n")); err != nil {
				return err
			}
			note("compiling")
			if err := h.command(ctx, []string{"GOWORK=" + work, "GOFLAGS=-tags=cell"}, "go", "build", "./pkg/..."); err != nil {
				return fmt.Errorf("compiling the lab's packages: %w", err)
			}
			note("linking")
			var err error
			for _, flags := range linkFlags {
				engine := filepath.Join(h.bin(), "engine")
				if err = h.command(ctx, []string{"GOWORK=" + work, "GOFLAGS=" + flags}, "go", "build", "-o", engine, "./cmd/engine"); err != nil {
					continue
				}
				if err = h.command(ctx, []string{"GOMLX_BACKEND=go"}, engine); err == nil {
					return writeFile(h.path("linkflags"), []byte(flags))
				}
			}
			return fmt.Errorf("linking a first program: %w", err)
		},
	}
}

// builderStep compiles what builds cells in place of `go build`.
func (h home) builderStep() step {
	parts := []string{runtime.Version()}
	sources, _ := filepath.Glob(filepath.Join(h.root, "cmd", "cellbuild", "*.go"))
	for _, path := range sources {
		source, _ := os.ReadFile(path)
		parts = append(parts, string(source))
	}
	return step{
		name:        "Builder of cells",
		fingerprint: digest(parts...),
		works: func() bool {
			_, err := os.Stat(h.builder())
			return err == nil
		},
		run: func(ctx context.Context, note func(string)) error {
			note("compiling")
			fresh := filepath.Join(h.temp(), "cellbuild")
			if err := h.command(ctx, []string{"GOFLAGS="}, "go", "build", "-o", fresh, "./cmd/cellbuild"); err != nil {
				return fmt.Errorf("compiling cmd/cellbuild: %w", err)
			}
			return os.Rename(fresh, h.builder())
		},
	}
}

func (h home) builder() string { return filepath.Join(h.bin(), "cellbuild") }

// goLine is the Go version that a go.mod asks for.
func goLine(mod []byte) string {
	for line := range strings.Lines(string(mod)) {
		if version, ok := strings.CutPrefix(line, "go "); ok {
			return strings.TrimSpace(version)
		}
	}
	return strings.TrimPrefix(runtime.Version(), "go")
}

// cellFlags are the link flags that were found to work.
func (h home) cellFlags() string {
	flags, err := os.ReadFile(h.path("linkflags"))
	if err != nil {
		return linkFlags[len(linkFlags)-1]
	}
	return string(flags)
}

// writeKernel writes the kernelspec and the few settings of JupyterLab, each time: they are small, and a new Python
// environment comes without them.
func (h home) writeKernel() error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return errors.New("the program go is not on the PATH: add Go's bin folder to it and run this again")
	}
	for name, content := range map[string]any{
		"share/jupyter/kernels/" + kernelName + "/kernel.json": map[string]any{
			"display_name":   "Go (Descent)",
			"language":       "go",
			"interrupt_mode": "message",
			// -go_work lets cells import these modules; raw errors are what headless runs report.
			"argv": []string{filepath.Join(h.bin(), "gonb"), "-go_work=" + strings.Join(h.workspace(), ","), "-raw_error=true", "--kernel", "{connection_file}"},
			"env": map[string]string{
				"PATH":    strings.Join([]string{h.path("kernel"), h.bin(), filepath.Dir(goTool), "${PATH}"}, string(os.PathListSeparator)),
				"GOPROXY": "off", "GOFLAGS": h.cellFlags(), "GOTOOLCHAIN": "local", "GOMLX_NO_AUTO_INSTALL": "1",
			},
		},
		// Only our kernel is offered: the notebooks are in Go.
		"etc/jupyter/jupyter_server_config.json": map[string]any{
			"KernelSpecManager": map[string]any{"ensure_native_kernel": false, "allowed_kernelspecs": []string{kernelName}},
			// Completion comes from the kernel; looking for other servers starts npm, which writes into the home folder.
			"LanguageServerManager": map[string]any{"autodetect": false},
		},
		// No question about news at the first start, and no look-up on the network.
		"share/jupyter/lab/settings/overrides.json": map[string]any{
			"@jupyterlab/apputils-extension:notification": map[string]any{"fetchNews": "false", "checkForUpdates": false},
			"@jupyterlab/docmanager-extension:plugin":     map[string]any{"autosaveInterval": 5},
			"@jupyterlab/filebrowser-extension:browser":   map[string]any{"showLastModifiedColumn": false}, // it hides the chapters' names
		},
	} {
		data, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(h.venv(), name), data); err != nil {
			return err
		}
	}
	// GoNB 0.11.5 runs `go get` before every cell, 70 ms for nothing, as cells reach no network; only a magic in each
	// notebook would switch it off. This go leaves it out, to go when the kernel has a flag for it, and leaves builds to
	// cellbuild.
	shim := filepath.Join(h.path("kernel"), "go")
	if err := writeFile(shim, []byte("#!/bin/sh\n[ \"$*\" = get ] && exit\n[ \"$1\" = build ] && exec '"+h.builder()+"' '"+goTool+"' \"$@\"\nexec '"+goTool+"' \"$@\"\n")); err != nil {
		return err
	}
	return os.Chmod(shim, 0o755)
}

// pluginPause is how long opening the lab does not try again to fetch a plugin that could not be had.
const pluginPause = 24 * time.Hour

// fetchPlugin gets XLA's plugin where one is missing. That it cannot be had is no error: GoMLX's Go backend computes then.
func (h home) fetchPlugin(ctx context.Context, opt setupOptions, out *reporter) error {
	for _, kind := range plugin.Kinds() {
		if _, err := plugin.Find(kind); err == nil {
			continue
		}
		name, instead := "XLA plugin for "+strings.ToUpper(string(kind)), "GoMLX's pure Go backend"
		if kind != plugin.CPU {
			instead = "the CPU"
		}
		failed := h.path("stamps", "no-plugin-"+string(kind))
		info, err := os.Stat(failed)
		if opt.offline || err == nil && !opt.retryPlugin && time.Since(info.ModTime()) < pluginPause {
			out.say("The %s is missing, so %s will compute; `go run ./cmd/lab setup` fetches it.", name, instead)
			continue
		}
		os.Remove(failed)
		end := out.begin(name)
		_, err = plugin.Install(ctx, kind, plugin.Options{
			Python: h.python(),
			Progress: func(what string, done, total int64) {
				of := ""
				if total > 0 {
					of = fmt.Sprintf(" of %d", total/1_000_000)
				}
				out.note(name, fmt.Sprintf("%s, %d%s MB", what, done/1_000_000, of))
			},
		})
		end(err)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			out.say("  It cannot be had now: %v.\n  So %s will compute; `go run ./cmd/lab setup` tries again.", err, instead)
			if err := writeFile(failed, []byte(err.Error())); err != nil {
				return err
			}
		}
	}
	return nil
}
