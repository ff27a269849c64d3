package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"descent.example/cmd/lab/internal/headless"
	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/report"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/lab"
	"descent.example/pkg/notebook"
	"descent.example/pkg/wasm"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func testCommand(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Run all tests: the code's, and every notebook executed and compared with its stored outputs",
		Long: "test runs, cheapest first: formatting, vet, staticcheck; unit tests, on XLA and on WebAssembly; every notebook\n" +
			"through its kernel, on both, its text compared with what is stored in it. What failed is said again at the end.",
		Example: "  go run ./cmd/lab test",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, done, err := setup.Enter(cmd.Context(), common.work, common.offline)
			if err != nil {
				return err
			}
			defer done()
			return runTests(cmd.Context(), home)
		},
	}
}

// tally counts what passed and keeps what failed for the end.
type tally struct {
	passed, failed, skipped int
	failures                []string
}

func (t *tally) fail(what, output string) {
	t.failed++
	t.failures = append(t.failures, what+"\n"+report.Indent(strings.TrimSpace(output)))
}

func runTests(ctx context.Context, h setup.Home) error {
	var t tally
	parts := []struct {
		name string
		run  check
	}{
		{"formatting, vet, vet without a C compiler, and staticcheck", together(testFormat(h), tool(h, "go", "vet", "./..."),
			tool(h, "env", "CGO_ENABLED=0", "go", "vet", "./..."), tool(h, filepath.Join(h.Bin(), "staticcheck"), "./..."))},
		// The longest begin first: at the end one alone would leave the other processors idle.
		{"unit tests", goTest(h, "", []string{"./pkg/claims", "./internal/grade", "./pkg/lecture", "./pkg/train", "./..."})},
		// Without the claims: the notebooks on WebAssembly, below, run the same experiments and print the same numbers.
		{"unit tests on WebAssembly", func(ctx context.Context, t *tally) error {
			packages, err := computing(ctx, h)
			if err != nil {
				return err
			}
			return goTest(h, wasm.Name, packages, "-skip=^TestClaim")(ctx, t)
		}},
		{"notebooks, and the controls of their cells", testNotebooks(h, headless.Options{Drag: true}, 1, h.Notebooks(), h.Assignments())},
		{"exercises: every stub is not right yet, every solution is", testExercises(h)},
		// Float32 on another backend rounds otherwise; agreement to some units in the last digit is what can be asked.
		{"notebooks on WebAssembly", testNotebooks(h, headless.Options{Backend: wasm.Name}, 3, h.Notebooks())},
	}
	for _, part := range parts {
		start, before := time.Now(), t
		fmt.Printf("… %s\n", part.name)
		if err := part.run(ctx, &t); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			t.fail(part.name, err.Error())
		}
		fmt.Printf("%s %s: %d passed, %d failed, %d left out (%.0f s)\n", report.Mark(t.failed == before.failed), part.name,
			t.passed-before.passed, t.failed-before.failed, t.skipped-before.skipped, time.Since(start).Seconds())
	}
	if len(t.failures) > 0 {
		fmt.Printf("\nWhat failed:\n\n%s\n", strings.Join(t.failures, "\n"))
	}
	fmt.Printf("\n%d passed, %d failed, %d left out\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 {
		return errors.New("tests failed")
	}
	return nil
}

// A check counts what passes and fails. It is an error when it cannot be made.
type check func(context.Context, *tally) error

// together makes checks, two at a time, and counts for them in their order.
func together(checks ...check) check {
	return func(ctx context.Context, t *tally) error {
		tallies := make([]tally, len(checks))
		var all errgroup.Group
		all.SetLimit(2)
		for i, check := range checks {
			all.Go(func() error { return check(ctx, &tallies[i]) })
		}
		err := all.Wait()
		for _, of := range tallies {
			t.passed, t.failed, t.skipped = t.passed+of.passed, t.failed+of.failed, t.skipped+of.skipped
			t.failures = append(t.failures, of.failures...)
		}
		return err
	}
}

func testFormat(h setup.Home) check {
	return func(ctx context.Context, t *tally) error {
		out, err := exec.CommandContext(ctx, filepath.Join(h.Bin(), "goimports"), "-l",
			filepath.Join(h.Root, "cmd"), filepath.Join(h.Root, "docker"), filepath.Join(h.Root, "internal"), filepath.Join(h.Root, "pkg")).CombinedOutput()
		want := slices.DeleteFunc(strings.Fields(string(out)), func(file string) bool {
			return strings.Contains(filepath.ToSlash(file), "/testdata/") // parts of programs, without their imports
		})
		switch {
		case err != nil:
			t.fail("formatting", string(out)+err.Error())
		case len(want) > 0:
			t.fail("formatting", "these files want `goimports -w`:\n"+strings.Join(want, "\n"))
		default:
			t.passed++
		}
		return nil
	}
}

// tool is a check that passes or fails as a whole.
func tool(h setup.Home, name string, args ...string) check {
	return func(ctx context.Context, t *tally) error {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = h.Root
		process.EndWithContext(cmd)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.fail(filepath.Base(name)+" "+strings.Join(args, " "), string(out)+err.Error())
			return nil
		}
		t.passed++
		return nil
	}
}

// goTest runs Go tests on a backend, "" for the best there is, and counts each test.
func goTest(h setup.Home, backend string, packages []string, flags ...string) check {
	return func(ctx context.Context, t *tally) error {
		// Vet has been run, and data for a debugger take half of the linking. One package more than there are processors, since some wait
		// for a browser or a kernel.
		of := []string{"test", "-json", "-count=1", "-timeout=40m", "-vet=off", "-ldflags=-w", fmt.Sprintf("-p=%d", runtime.GOMAXPROCS(0)+1)}
		cmd := exec.CommandContext(ctx, "go", slices.Concat(of, flags, packages)...)
		cmd.Dir = h.Root
		cmd.Env = append(os.Environ(), "GOMLX_NO_AUTO_INSTALL=1", "LAB_PYTHON="+h.Python())
		if backend != "" {
			cmd.Env = append(cmd.Env, "GOMLX_BACKEND="+backend)
		}
		var complaints process.Tail
		cmd.Stderr = &complaints
		process.EndWithContext(cmd)
		events, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		before := t.failed
		readTestEvents(bufio.NewReader(events), t)
		if err := cmd.Wait(); err != nil && t.failed == before {
			return fmt.Errorf("go test: %w\n%s", err, complaints.String())
		}
		return nil
	}
}

// computing are the packages whose tests reach a backend. What the others test is the same on each.
func computing(ctx context.Context, h setup.Home) ([]string, error) {
	const that = `{{if .ForTest}}{{$package := .ForTest}}{{range .Deps}}{{if eq . "descent.example/pkg/accel"}}{{$package}} {{end}}{{end}}{{end}}`
	cmd := exec.CommandContext(ctx, "go", "list", "-test", "-f", that, "./pkg/...")
	cmd.Dir = h.Root
	process.EndWithContext(cmd)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	packages := strings.Fields(string(out))
	slices.Sort(packages)
	return slices.Compact(packages), nil
}

const (
	slow   = 30         // seconds of a package that is worth naming
	notice = "notice: " // begins a line of a test's log that is shown though the test does not fail
)

// readTestEvents counts what `go test -json` reports, and names the slow packages; see `go doc cmd/test2json`.
func readTestEvents(events *bufio.Reader, t *tally) {
	output := map[string]*strings.Builder{} // of a test that has not ended
	failedIn := map[string]bool{}           // packages with a failed test
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Action, Package, ImportPath, Test, Output string
			Elapsed                                   float64 // seconds
		}
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		name := e.Package + e.ImportPath
		if e.Test != "" {
			name += "." + e.Test
		}
		if e.Test == "" && e.Elapsed > slow {
			fmt.Printf("  %s: %.0f s\n", e.Package, e.Elapsed)
		}
		switch e.Action {
		case "output", "build-output":
			if _, text, is := strings.Cut(e.Output, notice); is {
				fmt.Print("  ", text)
			}
			if output[name] == nil {
				output[name] = &strings.Builder{}
			}
			output[name].WriteString(e.Output)
		case "pass":
			if e.Test != "" {
				t.passed++
			}
			delete(output, name)
		case "skip":
			if e.Test != "" {
				t.skipped++
			}
			delete(output, name)
		case "fail", "build-fail":
			if e.Test != "" {
				failedIn[e.Package] = true
			} else if failedIn[e.Package] {
				continue // said already, test by test
			}
			said := ""
			if output[name] != nil {
				said = output[name].String()
			}
			failedIn[e.Package] = true
			t.fail(name, said)
			delete(output, name)
		}
	}
}

// eachNotebook makes a check of every notebook in the folders, two at a time. The check gets a folder for what it writes, which is removed afterwards.
func eachNotebook(folders []string, checkOf func(path, folder string) check) check {
	return func(ctx context.Context, t *tally) error {
		var notebooks []string
		for _, in := range folders {
			paths, err := filepath.Glob(filepath.Join(in, "*.ipynb"))
			if err != nil {
				return err
			}
			notebooks = append(notebooks, paths...)
		}
		if len(notebooks) == 0 {
			return fmt.Errorf("there is no notebook in %s", folders[0])
		}
		folder, remove, err := setup.TempDir()
		if err != nil {
			return err
		}
		defer remove()
		var checks []check
		for _, path := range notebooks {
			checks = append(checks, checkOf(path, folder))
		}
		return together(checks...)(ctx, t)
	}
}

// testNotebooks executes every notebook in the folders, and holds its text against what is stored. What is counted is notebooks.
func testNotebooks(h setup.Home, opt headless.Options, slack float64, folders ...string) check {
	return eachNotebook(folders, func(path, folder string) check {
		opt := opt
		opt.Output, opt.Timeout = folder, 10*time.Minute
		return testNotebook(h, path, opt, slack)
	})
}

func testNotebook(h setup.Home, path string, opt headless.Options, slack float64) check {
	return func(ctx context.Context, t *tally) error {
		name := strings.TrimSuffix(filepath.Base(path)+" on "+opt.Backend, " on ")
		start := time.Now()
		result, err := headless.Run(ctx, h, path, opt, func(int, int) {})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			t.fail(name, err.Error())
			return nil
		}
		fmt.Printf("  %s: %.0f s\n", name, time.Since(start).Seconds())
		stored, err := notebook.Read(path)
		if err != nil {
			return err
		}
		fresh, err := notebook.Read(result.Notebook)
		if err != nil {
			return err
		}
		if err := headless.Knows(stored, result.Declared); err != nil { // every cell ran, and declared its parameters
			t.fail(name, err.Error())
		}
		if differences := notebook.Compare(stored, fresh, slack); len(differences) > 0 {
			where, err := filepath.Rel(h.Root, path)
			if err != nil {
				return err
			}
			t.fail(name, strings.Join(differences, "\n")+"\n`go run ./cmd/lab run --in-place "+
				filepath.ToSlash(where)+"` stores the fresh outputs")
			return nil
		}
		t.passed++
		return nil
	}
}

// testExercises executes the solutions of each notebook's exercises in the place of what the reader finds there. What is
// counted is exercises.
func testExercises(h setup.Home) check {
	return eachNotebook([]string{h.Notebooks()}, func(path, folder string) check { return testSolutions(h, path, folder) })
}

// testSolutions executes a notebook of the first cell, with its imports, and the solved exercises.
func testSolutions(h setup.Home, path, folder string) check {
	return func(ctx context.Context, t *tally) error {
		nb, err := notebook.Read(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		open, solved, err := nb.Exercises()
		if err != nil {
			t.fail(name, err.Error())
		}
		if len(open) == 0 {
			return nil
		}
		text, err := notebook.New(append(nb.Code()[:1:1], solved...)...).Bytes()
		if err != nil {
			return err
		}
		solutions := filepath.Join(folder, name)
		if err := setup.WriteFile(solutions, text); err != nil {
			return err
		}
		result, err := headless.Run(ctx, h, solutions, headless.Options{Output: filepath.Join(folder, "executed"), Timeout: time.Minute}, func(int, int) {})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			t.fail("solutions of "+name, err.Error())
			return nil
		}
		executed, err := notebook.Read(result.Notebook)
		if err != nil {
			return err
		}
		for i, c := range executed.Code()[1:] {
			switch {
			case isRight(open[i]):
				t.fail(name+", exercise "+c.Name(), "what the reader finds is right already")
			case !isRight(c):
				t.fail(name+", solution of "+c.Name(), c.Words())
			default:
				t.passed++
			}
		}
		return nil
	}
}

// isRight tells whether the verdict on an executed exercise is that it is solved.
func isRight(exercise notebook.Cell) bool {
	return slices.Contains(strings.Split(exercise.Words(), "\n"), lab.Right)
}
