package setup

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

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

// keepPrograms changes the line of a file of go-xla's that old is in.
func keepPrograms(file string) (changed []byte, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	change := keptBy[filepath.Base(file)]
	if strings.Count(string(source), change.old) != 1 {
		return nil, errors.New("go-xla's sources are not those that this lab knows")
	}
	return []byte(strings.Replace(string(source), change.old, change.new, 1)), nil
}

var keptBy = map[string]struct{ old, new string }{
	"compile.go": {"exec, err := pjrtClientCompile(", "exec, err := compileOnce("},
	"loadedexecutables.go": {"if e == nil || e.plugin == nil || e.wrapper == nil {\n\t\t// Already destroyed, no-op.\n\t\treturn nil",
		"if shares || e == nil || e.plugin == nil || e.wrapper == nil {\n\t\treturn nil"},
}

// engineStep copies go-xla without its installer, which its backend imports for a function that the lab does not call and
// which links HTTP and TLS into every cell: without it cells link in three quarters of the time. The copy keeps compiled
// programs too, which go-xla does not offer. It stands beside the lab's module in the kernel's workspace. To go when
// go-xla's backend can be had without its installer and with programs kept.
func (h Home) engineStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(h.Root, "go.sum"))
	return step{
		name:        "Engine for cells",
		fingerprint: digest(installerStub, programsSource, string(mod), string(sum)),
		made:        func() ([]string, error) { return []string{h.engine()}, nil },
		closed:      true,
		run: func(ctx context.Context, note func(string)) error {
			note("copying")
			list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", goXLA)
			list.Dir, list.Env = h.Root, h.Environ("PWD="+h.Root)
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
			files := map[string][]byte{
				"installer/installer.go": []byte(installerStub), "go.mod": engineModule(mod), "go.sum": sum, "pjrt/programs.go": []byte(programsSource),
			}
			for name := range keptBy {
				if files["pjrt/"+name], err = keepPrograms(filepath.Join(fresh, "pjrt", name)); err != nil {
					return err
				}
			}
			for name, content := range files {
				if err := WriteFile(filepath.Join(fresh, name), content); err != nil {
					return err
				}
			}
			return errors.Join(os.RemoveAll(h.engine()), os.Rename(fresh, h.engine()))
		},
	}
}

const goXLA = "github.com/gomlx/go-xla"

func (h Home) engine() string { return h.path("go-xla") }

// cellModules are the modules that cells are built in.
func (h Home) cellModules() []string {
	if h.done(h.engineStep()) {
		return []string{h.Root, h.engine()}
	}
	return []string{h.Root}
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
