package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

func (h Home) kernelStep() step {
	s := h.toolsStep("Go kernel", h.Root, h.steadyGoNB)
	s.fingerprint = digest(s.fingerprint, fmt.Sprint(mends))
	return s
}

func (h Home) completionStep() step {
	return h.toolsStep("Go completion", filepath.Join(h.Root, "tools"), nil)
}

const goNB = "github.com/janpfeifer/gonb"

// mends are replacements in GoNB's sources. To go when a later version than 0.11.5 does without them.
var mends = []struct{ file, old, new string }{
	// It ends, and with it the notebook's kernel, over a line on a cell's standard error such as "a: b: c (main.go:3)", in which it
	// takes a text for the column of an error.
	{"internal/goexec/execcode.go", "processLine(lineStr string) {\n", "processLine(lineStr string) {\n\tdefer func() { recover() }()\n"},
	// It takes each byte of what stands beside %% for a character, which spoils all that are not ASCII.
	{"internal/specialcmd/specialcmd.go", `part = fmt.Sprintf("%s%c", part, c)`, `part += string([]byte{c})`},
}

// steadyGoNB copies GoNB with its mistakes mended, and returns the go.mod that names the copy.
func (h Home) steadyGoNB(ctx context.Context) (modfile string, err error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", goNB)
	list.Dir, list.Env = h.Root, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	dir, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("finding GoNB: %w", err)
	}
	copied, modfile := filepath.Join(h.temp(), "gonb"), filepath.Join(h.temp(), "gonb.mod")
	if err := os.RemoveAll(copied); err != nil {
		return "", err
	}
	if err := os.CopyFS(copied, os.DirFS(strings.TrimSpace(string(dir)))); err != nil {
		return "", err
	}
	for _, m := range mends {
		source := filepath.Join(copied, filepath.FromSlash(m.file))
		text, err := os.ReadFile(source)
		if err == nil && strings.Count(string(text), m.old) != 1 {
			err = errors.New("GoNB's sources are not those that this lab knows")
		}
		if err == nil {
			err = WriteFile(source, []byte(strings.Replace(string(text), m.old, m.new, 1)))
		}
		if err != nil {
			return "", err
		}
	}
	mod, err2 := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	sum, err3 := os.ReadFile(filepath.Join(h.Root, "go.sum"))
	if err := errors.Join(err2, err3); err != nil {
		return "", err
	}
	return modfile, errors.Join(
		WriteFile(modfile, fmt.Appendf(mod, "\nreplace %s => %s\n", goNB, strconv.Quote(copied))),
		WriteFile(strings.TrimSuffix(modfile, "mod")+"sum", sum))
}

// toolsStep builds the tools that a module's go.mod names, or the go.mod that instead makes, if it is not nil.
func (h Home) toolsStep(name, folder string, instead func(context.Context) (modfile string, err error)) step {
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
				programs = append(programs, filepath.Join(h.Bin(), path.Base(tool.Path)))
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
			install := []string{"-C", folder, "install"}
			if instead != nil {
				modfile, err := instead(ctx)
				if err != nil {
					return err
				}
				install = append(install, "-modfile="+modfile)
			}
			if err := h.command(ctx, []string{"GOBIN=" + fresh, "GOFLAGS=", "GOWORK=off"}, "go", append(install, "tool")...); err != nil {
				return fmt.Errorf("compiling %s: %w", name, err)
			}
			return moveAll(fresh, h.Bin())
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
