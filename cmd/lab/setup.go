package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/record"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/sys/unix"
)

type setupOptions struct {
	offline  bool
	explicit bool // `lab setup`: every file is read whole, and a plugin that could not be had is looked for again
}

// setUp does what is missing or damaged. It is safe to interrupt and to run twice at once. Where nothing is to be done in the
// lab's folder, nothing is written there, so that it may be somebody else's.
func (h home) setUp(ctx context.Context, opt setupOptions) error {
	if opt.offline {
		os.Setenv("GOPROXY", "off") // a step that finds all it needs in the caches may go on
	}
	if err := h.checkMachine(ctx); err != nil {
		return err
	}
	h.useCompiler(ctx)
	pip, compiler, steps := h.pythonStep(), h.compilerStep(), h.steps()
	flaws := h.flaws(opt.explicit, append(steps, compiler)...)
	needCompiler := flaws[compiler.name] != nil && systemCompiler(ctx) == "" && os.Getenv("CGO_ENABLED") != "0" && !opt.offline
	if !needCompiler {
		delete(flaws, compiler.name)
	}
	stale := h.staleKernel()
	if len(flaws) == 0 && stale == nil {
		out := newReporter(os.Stdout)
		defer out.close()
		h.useCompiler(ctx)
		whole, err := h.fetchPlugin(ctx, opt, out)
		if err == nil && opt.explicit {
			out.say(inPlace(whole))
		}
		return err
	}
	if opt.offline {
		if flaw := flaws[pip.name]; flaw != nil {
			return fmt.Errorf("%s: %w, and --offline forbids its download: run `go run ./cmd/lab setup` once with a network", pip.name, flaw)
		}
	}
	if flaws[pip.name] != nil {
		if _, err := findPython(ctx); err != nil { // said before anything is downloaded
			return err
		}
	}
	work := func(h home) error { return h.mend(ctx, opt, flaws) }
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
	if (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) && unix.Access(h.dir, unix.W_OK) != nil {
		return fmt.Errorf("the lab is not whole (%w), and you may not write in %s: ask its owner to run `go run ./cmd/lab setup`, "+
			"or clone the repository where you may write", reason, h.dir)
	}
	return err
}

// checkMachine says in a sentence what keeps every step from its work: no Go, or a variable that leads it astray.
func (h home) checkMachine(ctx context.Context) error {
	tool, err := h.goTool()
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("go"); err != nil {
		os.Setenv("PATH", filepath.Dir(tool)+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if info, err := os.Stat(os.TempDir()); err != nil || !info.IsDir() || unix.Access(os.TempDir(), unix.W_OK) != nil {
		return fmt.Errorf("the temporary folder %s is not one that you may write: set TMPDIR to one that is, and run this again", os.TempDir())
	}
	said, err := answer(ctx, "go", "env", "GO111MODULE", "GOMODCACHE", "GOCACHE")
	settings := strings.Split(string(said), "\n")
	switch {
	case err != nil || len(settings) < 3: // a Go that does not work says why when it is to compile
		return nil
	case settings[0] == "off":
		return errors.New("GO111MODULE=off keeps Go from finding the lab's packages: unset it, or run `go env -u GO111MODULE` if it is set there, and run this again")
	case !filepath.IsAbs(settings[1]) || !filepath.IsAbs(settings[2]):
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
func (h home) steps() []step {
	return []step{h.pythonStep(), h.modulesStep(), h.kernelStep(), h.programsStep(), h.engineStep(), h.packagesStep(), h.linkStep(), h.completionStep(), h.readyStep()}
}

// flaws are the steps, by name, that have to be done, and why.
func (h home) flaws(readAll bool, steps ...step) map[string]error {
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
func (h home) mend(ctx context.Context, opt setupOptions, flaws map[string]error) error {
	out := newReporter(os.Stdout)
	defer out.close()
	do := func(s step) error {
		if flaws[s.name] == nil {
			return nil
		}
		return h.perform(ctx, s, opt.explicit, out)
	}
	if compiler := h.compilerStep(); flaws[compiler.name] != nil {
		if err := do(h.pythonStep()); err != nil {
			return err
		}
		if err := do(compiler); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			out.say("  %v.\n  Without a C compiler GoMLX's pure Go backend computes; `sudo apt install gcc libc6-dev` gives you one.", err)
		}
		h.useCompiler(ctx)
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
				out.say("  %v%s", err, consequence)
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
		if opt.explicit && ctx.Err() == nil && len(h.flaws(false, h.steps()...)) == 0 {
			out.say(inPlace(whole))
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

// modulesStep makes Go's module cache hold what cells import: they are compiled without a network.
func (h home) modulesStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.root, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(h.root, "go.sum"))
	return step{
		name:        "Go modules",
		fingerprint: digest(string(mod), string(sum), goEnv("GOMODCACHE")),
		personal:    true,
		made:        h.modules,
		heal:        setAside,
		run: func(ctx context.Context, note func(string)) error {
			note("downloading")
			if err := h.command(ctx, nil, "go", "mod", "download"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			work, err := h.writeWork(h.root)
			if err != nil {
				return err
			}
			// In a workspace, as cells are, Go reads the go.mod of modules too of which nothing is compiled.
			if err := h.command(ctx, []string{"GOWORK=" + work}, "go", "mod", "graph"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			return nil
		},
	}
}

// modules are the folders and files of the module cache that cells need.
func (h home) modules() ([]string, error) {
	work, err := h.writeWork(h.root)
	if err != nil {
		return nil, err
	}
	output := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = h.root, h.environ("PWD="+h.root, "GOPROXY=off")
		if args[1] == "graph" {
			cmd.Env = append(cmd.Env, "GOWORK="+work)
		}
		return cmd.Output()
	}
	var paths []string
	list, err := output("mod", "download", "-json")
	if err != nil {
		return nil, fmt.Errorf("listing Go modules: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(list)); decoder.More(); {
		var m struct{ Dir, Zip string }
		if err := decoder.Decode(&m); err != nil {
			return nil, fmt.Errorf("listing Go modules: %w", err)
		}
		paths = append(paths, m.Dir, m.Zip+"hash")
	}
	graph, err := output("mod", "graph")
	if err != nil {
		return nil, fmt.Errorf("listing Go modules: %w", err)
	}
	seen := map[string]bool{}
	for _, word := range strings.Fields(string(graph)) {
		name, version, ok := strings.Cut(word, "@")
		if !ok || seen[word] || !strings.Contains(name, ".") { // ours, or Go itself
			continue
		}
		seen[word] = true
		name, err := module.EscapePath(name)
		version, err2 := module.EscapeVersion(version)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		file := filepath.Join(goEnv("GOMODCACHE"), "cache", "download", filepath.FromSlash(name), "@v", version+".mod")
		if _, err := os.Stat(file); err == nil { // of a replaced or pruned one there is none
			paths = append(paths, file)
		}
	}
	return paths, nil
}

// setAside makes room for modules that are to be extracted anew. What was altered in one is kept beside it, under another
// name: somebody may have written it.
func setAside(damage []record.Damage) {
	altered := map[string]bool{} // the folders of modules
	for _, d := range damage {
		folder := d.Path
		for folder != filepath.Dir(folder) && !strings.Contains(filepath.Base(folder), "@") {
			folder = filepath.Dir(folder)
		}
		if filepath.Base(folder) == "@v" { // of the cache of downloads, which are checked by go.sum
			os.Remove(d.Path)
		} else if folder != filepath.Dir(folder) {
			altered[folder] = altered[folder] || !d.Gone
		}
	}
	for folder, altered := range altered {
		filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				os.Chmod(path, 0o755) // Go takes the right to write away
			}
			return nil
		})
		if altered {
			os.Rename(folder, fmt.Sprintf("%s.altered-%d", folder, time.Now().Unix()))
		} else {
			os.RemoveAll(folder)
		}
	}
}

// goEnv is a setting of the Go command.
func goEnv(name string) string {
	return firstLineOf(context.Background(), "go", "env", name)
}

func (h home) kernelStep() step { return h.toolsStep("Go kernel", h.root) }
func (h home) completionStep() step {
	return h.toolsStep("Go completion", filepath.Join(h.root, "tools"))
}

// toolsStep builds the tools that a module's go.mod names.
func (h home) toolsStep(name, folder string) step {
	mod, _ := os.ReadFile(filepath.Join(folder, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(folder, "go.sum"))
	return step{
		name:        name,
		fingerprint: digest(string(mod), string(sum), runtime.Version()),
		made: func() ([]string, error) {
			file, err := modfile.Parse("go.mod", mod, nil)
			if err != nil {
				return nil, err
			}
			var programs []string
			for _, tool := range file.Tool {
				programs = append(programs, filepath.Join(h.bin(), path.Base(tool.Path)))
			}
			return programs, nil
		},
		run: func(ctx context.Context, note func(string)) error {
			note("downloading modules")
			if err := h.command(ctx, nil, "go", "-C", folder, "mod", "download"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			// Built beside and moved into place, since `go install` takes a half-copied program for a whole one.
			fresh := filepath.Join(h.temp(), "bin-"+digest(name)[:8])
			if err := os.MkdirAll(fresh, 0o755); err != nil {
				return err
			}
			note("compiling")
			if err := h.command(ctx, []string{"GOBIN=" + fresh, "GOFLAGS="}, "go", "-C", folder, "install", "tool"); err != nil {
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
		made:        func() ([]string, error) { return []string{h.engine()}, nil },
		closed:      true,
		run: func(ctx context.Context, note func(string)) error {
			note("copying")
			list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", goXLA)
			list.Dir, list.Env = h.root, h.environ("PWD="+h.root)
			out, err := list.Output()
			from := strings.TrimSpace(string(out))
			if err != nil || from == "" {
				return errors.New("go-xla's sources were not found among the downloaded modules")
			}
			fresh := filepath.Join(h.temp(), "engine") // not of MkdirTemp, whose folders no other user can read
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

// writeWork writes a go.work of modules, like the one that cells are built in.
func (h home) writeWork(modules ...string) (path string, err error) {
	mod, err := os.ReadFile(filepath.Join(h.root, "go.mod"))
	if err != nil {
		return "", err
	}
	path = filepath.Join(h.temp(), digest(modules...)[:8], "go.work")
	return path, writeFile(path, []byte("go "+goLine(mod)+"\n\nuse (\n\t"+strings.Join(modules, "\n\t")+"\n)\n"))
}

// packagesStep compiles what cells import into Go's build cache, so that the first cell does not wait for it.
func (h home) packagesStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.root, "go.mod"))
	env := func() ([]string, error) {
		work, err := h.writeWork(h.workspace()...)
		return []string{"GOWORK=" + work, "GOFLAGS=-tags=cell"}, err
	}
	return step{
		name:        "Packages",
		fingerprint: digest(string(mod), installerStub, programsSource, goEnv("CC"), goEnv("CGO_ENABLED"), goEnv("GOCACHE"), runtime.Version(), h.root),
		personal:    true,
		made: func() ([]string, error) {
			env, err := env()
			if err != nil {
				return nil, err
			}
			list := exec.Command("go", "list", "-deps", "-export", "-f", "{{.Export}}", "./pkg/...")
			list.Dir, list.Env = h.root, h.environ(append(env, "PWD="+h.root)...)
			compiled, err := list.Output()
			return strings.Fields(string(compiled)), err
		},
		heal: func(damage []record.Damage) {
			for _, d := range damage {
				os.Remove(d.Path) // Go compiles it again
			}
		},
		run: func(ctx context.Context, note func(string)) error {
			env, err := env()
			if err != nil {
				return err
			}
			note("compiling")
			if err := h.command(ctx, env, "go", "build", "./pkg/..."); err != nil {
				return fmt.Errorf("compiling the lab's packages: %w", err)
			}
			return nil
		},
	}
}

// linkStep finds out how cells are linked, and with which Go.
func (h home) linkStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.root, "go.mod"))
	engine := filepath.Join(h.bin(), "engine")
	return step{
		name:        "Linker",
		fingerprint: digest(append(linkFlags, string(mod), installerStub, goEnv("CC"), goEnv("CGO_ENABLED"), runtime.Version(), h.root)...),
		made:        func() ([]string, error) { return []string{engine, h.path("linkflags"), h.path("gotool")}, nil },
		run: func(ctx context.Context, note func(string)) error {
			work, err := h.writeWork(h.workspace()...)
			if err != nil {
				return err
			}
			tool, err := exec.LookPath("go")
			if err != nil {
				return errNoGo
			}
			note("linking")
			for _, flags := range linkFlags {
				if err = h.command(ctx, []string{"GOWORK=" + work, "GOFLAGS=" + flags}, "go", "build", "-buildvcs=false", "-o", engine, "./cmd/engine"); err != nil {
					continue
				}
				if err = h.command(ctx, []string{"GOMLX_BACKEND=go"}, engine); err == nil {
					return errors.Join(writeFile(h.path("linkflags"), []byte(flags)), writeFile(h.path("gotool"), []byte(tool)))
				}
			}
			return fmt.Errorf("linking a first program: %w", err)
		},
	}
}

var errNoGo = errors.New("the program go is not on the PATH: add Go's bin folder to it and run this again")

// goTool is the Go that cells are built with. Set-up found it, and it serves all users of the lab's folder.
func (h home) goTool() (string, error) {
	if path, err := os.ReadFile(h.path("gotool")); err == nil {
		if tool, err := exec.LookPath(string(path)); err == nil {
			return tool, nil
		}
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", errNoGo
	}
	return tool, nil
}

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

// kernelFile is a file that writeKernel writes.
type kernelFile struct {
	data []byte
	mode os.FileMode
}

// as tells whether the file is there already.
func (f kernelFile) as(path string) bool {
	data, err := os.ReadFile(path)
	info, err2 := os.Stat(path)
	return err == nil && err2 == nil && bytes.Equal(data, f.data) && info.Mode().Perm()&f.mode == f.mode
}

// writeKernel writes the kernelspec and the few settings of JupyterLab where they are missing or others: a new Python
// environment comes without them.
func (h home) writeKernel() error {
	files, err := h.kernelFiles()
	if err != nil {
		return err
	}
	for path, file := range files {
		if file.as(path) {
			continue
		}
		if err := writeFile(path, file.data); err != nil {
			return err
		}
		if err := os.Chmod(path, file.mode); err != nil {
			return err
		}
	}
	return nil
}

// staleKernel says which file writeKernel would write, nil if none.
func (h home) staleKernel() error {
	files, err := h.kernelFiles()
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if !files[path].as(path) {
			return fmt.Errorf("%s is missing or was altered", path)
		}
	}
	return nil
}

// kernelFiles are the files of writeKernel, by their paths.
func (h home) kernelFiles() (map[string]kernelFile, error) {
	goTool, err := h.goTool()
	if err != nil {
		return nil, err
	}
	files := map[string]kernelFile{}
	for name, content := range map[string]any{
		"share/jupyter/kernels/" + kernelName + "/kernel.json": map[string]any{
			"display_name":   "Go (Descent)",
			"language":       "go",
			"interrupt_mode": "message",
			"argv":           h.kernelCommand(),
			"env": map[string]string{
				// Jupyter puts variables in for dollars.
				"PATH":    strings.Join([]string{h.path("kernel"), h.bin(), strings.ReplaceAll(filepath.Dir(goTool), "$", "$$"), "${PATH}"}, string(os.PathListSeparator)),
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
			// The first completion of a new kernel may wait until gopls is warm.
			"@jupyterlab/completer-extension:manager": map[string]any{"providerTimeout": 10_000},
		},
	} {
		data, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return nil, err
		}
		files[filepath.Join(h.venv(), name)] = kernelFile{data, 0o644}
	}
	// Completion is our kernel's: GoNB's own gopls is not to start.
	files[h.path("kernel", "gopls")] = kernelFile{[]byte("#!/bin/sh\nexit 1\n"), 0o755}
	// GoNB 0.11.5 runs `go get` before every cell, 70 ms for nothing, as cells reach no network; only a magic in each
	// notebook would switch it off. This go leaves it out, to go when the kernel has a flag for it, and leaves builds to
	// cellbuild.
	goCommand := shellQuote(goTool)
	files[h.path("kernel", "go")] = kernelFile{[]byte("#!/bin/sh\n[ \"$*\" = get ] && exit\n[ \"$1\" = build ] && exec " +
		shellQuote(filepath.Join(h.bin(), "cellbuild")) + " " + goCommand + " \"$@\"\nexec " + goCommand + " \"$@\"\n"), 0o755}
	return files, nil
}

// shellQuote makes one word of a text for a shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// pluginPause is how long opening the lab does not try again to fetch a plugin that could not be had.
const pluginPause = 24 * time.Hour

// fetchPlugin gets XLA's plugin where one is missing or damaged; whole tells whether it is there now. That it cannot be had is
// no error: GoMLX's Go backend computes then. What GOMLX_BACKEND asks for is the user's affair, who is told if it cannot be had.
func (h home) fetchPlugin(ctx context.Context, opt setupOptions, out *reporter) (whole bool, err error) {
	whole = true
	for _, kind := range plugin.Kinds() {
		_, flaw := plugin.Installed(kind, opt.explicit)
		if flaw == nil {
			continue
		}
		name, instead := "XLA plugin for "+strings.ToUpper(string(kind)), "GoMLX's pure Go backend"
		if kind != plugin.CPU {
			instead = "the CPU"
		}
		failed := h.personal("no-plugin-" + string(kind))
		info, err := os.Stat(failed)
		if opt.offline || err == nil && !opt.explicit && time.Since(info.ModTime()) < pluginPause {
			out.say("%s: %v, so %s will compute; `go run ./cmd/lab setup` fetches it.", name, flaw, instead)
			whole = false
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
			return false, ctx.Err()
		}
		if err != nil {
			whole = false
			out.say("  It cannot be had now: %v.\n  So %s will compute; `go run ./cmd/lab setup` tries again.", err, instead)
			writeFile(failed, []byte(err.Error())) // without a cache folder that can be written it is tried each time
		}
	}
	asked := plugin.Requested()
	switch {
	case asked.Path != "":
		err = plugin.Check(asked.Path)
	case !slices.Contains([]string{"", "go", "xla"}, asked.Backend):
		err = errors.New("GoMLX has no such backend here")
	}
	if err != nil {
		out.say("GOMLX_BACKEND=%s cannot be had: %v. No cell will compute until you unset it or name another one.", os.Getenv("GOMLX_BACKEND"), err)
	}
	return whole, nil
}
