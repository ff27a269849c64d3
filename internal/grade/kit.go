// Package grade grades submissions. It takes from a submission the cells that the assignment names, compiles them apart from everything
// else, and lets the assignment's checks ask them across a wall.
package grade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"descent.example/pkg/assignment"
)

// allowed are the packages that students may import, by the names that call them where they are not imported.
var allowed = map[string]string{}

func init() {
	for _, path := range []string{"cmp", "container/heap", "container/list", "errors", "fmt", "iter", "maps", "math", "math/bits", "math/cmplx",
		"math/rand", "math/rand/v2", "slices", "sort", "strconv", "strings", "unicode", "unicode/utf8"} {
		allowed[assignment.LocalName(path)] = path // of the two rand the later, which the lab uses
	}
}

// importable tells whether students may import a package.
func importable(path string) bool {
	known, is := allowed[assignment.LocalName(path)]
	return is && path == known || path == "math/rand"
}

// A Kit is a folder with all that it takes to grade an assignment: the judge, the runner, Go's compiler and linker, the packages that
// students may import, and what the assignment asks. Nothing else is needed then, Go included.
type Kit struct {
	Folder     string
	Assignment *assignment.Assignment
}

// target is what a student's code is compiled for.
type target struct{ name, goos, goarch string }

var (
	wasm   = target{"wasm", "wasip1", "wasm"}
	native = target{"native", runtime.GOOS, runtime.GOARCH}
)

// MakeKit makes a kit for an assignment and this machine in an empty folder. root is the folder of the lab's sources. It is an error when the judge does not compile.
func MakeKit(ctx context.Context, root, folder string, a *assignment.Assignment) (*Kit, error) {
	m := maker{ctx: ctx, root: root, folder: folder, target: native}
	return &Kit{Folder: folder, Assignment: a}, m.kit(a)
}

// kit makes the parts of a kit.
func (m *maker) kit(a *assignment.Assignment) error {
	m.do(func() error { return os.Mkdir(filepath.Join(m.folder, "tools"), 0o755) })
	m.do(func() error { return m.judge(a) })
	m.build("tools/runner", nil, "CGO_ENABLED=0", "./internal/grade/runner")
	m.do(m.tools)
	m.packages(wasm)
	if slices.ContainsFunc(a.Tasks, func(t assignment.Task) bool { return t.Native }) {
		m.packages(m.target)
	}
	m.do(func() error {
		text, err := json.MarshalIndent(a, "", " ")
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(m.folder, "assignment.json"), text, 0o600)
	})
	return m.err
}

// moveTo makes another folder the kit's, with the same files: links where the file system has them, and else copies.
func (k *Kit) moveTo(folder string) error {
	err := filepath.WalkDir(k.Folder, func(path string, d fs.DirEntry, err error) error {
		name, wrong := filepath.Rel(k.Folder, path)
		if err = errors.Join(err, wrong); err != nil {
			return err
		}
		to := filepath.Join(folder, name)
		if d.IsDir() {
			return os.Mkdir(to, 0o755)
		}
		if os.Link(path, to) == nil {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return copyFile(path, to, info.Mode())
	})
	k.Folder = folder
	return err
}

// tools is the part of the kit that a sandbox may see: neither the judge is in it nor what the assignment says.
func (k *Kit) tools() string { return filepath.Join(k.Folder, "tools") }

// OpenKit opens a kit that MakeKit made. It is an error when the folder holds none.
func OpenKit(folder string) (*Kit, error) {
	text, err := os.ReadFile(filepath.Join(folder, "assignment.json"))
	if err != nil {
		return nil, fmt.Errorf("%s is not a grading kit: %w", folder, err)
	}
	k := &Kit{}
	if k.Folder, err = filepath.Abs(folder); err != nil { // programs of it start in other folders
		return nil, err
	}
	if err := json.Unmarshal(text, &k.Assignment); err != nil {
		return nil, fmt.Errorf("%s is not a grading kit: %w", folder, err)
	}
	return k, nil
}

// maker makes a kit, up to the first error.
type maker struct {
	ctx          context.Context
	root, folder string
	target       target // the machine that grades
	static       bool   // nothing of that machine is linked: checks that train use the lab's own compiler
	err          error
}

func (m *maker) do(step func() error) {
	if m.err == nil {
		m.err = step()
	}
}

// goCommand runs go in the lab's folder.
func (m *maker) goCommand(env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(m.ctx, "go", args...)
	cmd.Dir = m.root
	// A program does not change with a commit of something else, and the repository may belong to another user.
	cmd.Env = append(os.Environ(), "GOOS="+m.target.goos, "GOARCH="+m.target.goarch, "GOFLAGS="+os.Getenv("GOFLAGS")+" -buildvcs=false")
	if m.static {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("go %s: %s", args[0], strings.TrimSpace(string(failed.Stderr)))
	}
	return string(out), err
}

func (m *maker) build(name string, flags []string, env, what string) {
	m.do(func() error {
		args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(m.folder, name)}, flags...)
		var set []string
		if env != "" {
			set = append(set, env)
		}
		_, err := m.goCommand(set, append(args, what)...)
		return err
	})
}

// judge compiles the assignment's checks. Their source is laid over the lab's as a package, so that they can import what cells can.
func (m *maker) judge(a *assignment.Assignment) error {
	source, err := a.JudgeProgram()
	if err != nil {
		return fmt.Errorf("the checks are not Go: %w", err)
	}
	scratch, err := os.MkdirTemp(m.folder, ".judge-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	overlay, err := overlay(m.root, scratch, map[string][]byte{"main.go": source})
	if err != nil {
		return err
	}
	m.build("judge", []string{"-overlay", overlay}, "", "./internal/grade/judge")
	if m.err != nil {
		return notCompiled(m.err)
	}
	return os.Chmod(filepath.Join(m.folder, "judge"), 0o700) // it names what hidden checks try
}

// ofCell is what the compiler says of a line of a cell.
var ofCell = regexp.MustCompile(`(?m)(?:^|[/\\])([\w-]+):(\d+)(?::\d+)?: (.*)$`)

var errNotCompiled = errors.New("the checks do not compile")

// notCompiled is why checks do not compile, by the cell and its line where the compiler names them.
func notCompiled(err error) error {
	m := ofCell.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("%w: %w", errNotCompiled, err)
	}
	hint := ""
	if name, is := strings.CutPrefix(m[3], "undefined: "); is {
		hint = fmt.Sprintf(" (if %s is a package, a given cell has to import it)", name)
	}
	return fmt.Errorf("%w: %s, line %s: %s%s", errNotCompiled, m[1], m[2], m[3], hint)
}

// overlay lays files over the lab's as the package internal/grade/judge, and returns what go build takes as its -overlay. All lie in the folder scratch.
func overlay(root, scratch string, files map[string][]byte) (file string, err error) {
	replace := map[string]string{}
	for name, text := range files {
		path := filepath.Join(scratch, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(root, "internal/grade/judge", name)] = path
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	file = filepath.Join(scratch, "overlay.json")
	return file, errors.Join(err, os.WriteFile(file, text, 0o644))
}

// tools copies Go's compiler and linker, or compiles them for another machine.
func (m *maker) tools() error {
	if m.target != native {
		for _, name := range []string{"compile", "link"} {
			m.build("tools/"+name, nil, "CGO_ENABLED=0", "cmd/"+name)
		}
		return m.err
	}
	for _, name := range []string{"compile", "link"} {
		path, err := m.goCommand(nil, "tool", "-n", name)
		if err != nil {
			return err
		}
		if err := copyFile(strings.TrimSpace(path), filepath.Join(m.folder, "tools", name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// packages compiles the standard library and the worker's own package for a target.
func (m *maker) packages(t target) {
	m.do(func() error {
		folder := filepath.Join(m.folder, "tools", t.name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
		env := []string{"GOOS=" + t.goos, "GOARCH=" + t.goarch, "CGO_ENABLED=0"}
		listed, err := m.goCommand(env, append([]string{"list", "-export", "-deps", "-trimpath", "-f", "{{.ImportPath}}={{.Export}}", "math/rand"},
			append(slices.Sorted(maps.Values(allowed)), "descent.example/internal/wall")...)...)
		if err != nil {
			return err
		}
		for line := range strings.Lines(listed) {
			path, archive, _ := strings.Cut(strings.TrimSpace(line), "=")
			if archive == "" { // unsafe
				continue
			}
			if err := copyFile(archive, filepath.Join(folder, archiveName(path)), 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

// archiveName is the name of a package's file in a kit.
func archiveName(path string) string { return strings.ReplaceAll(path, "/", "!") + ".a" }

// packages writes the lists of packages of a target that the compiler reads, for the place where the kit is now.
func (k *Kit) packages(t target, folder string) (allowedList, allList string, err error) {
	entries, err := os.ReadDir(filepath.Join(k.tools(), t.name))
	if err != nil {
		return "", "", err
	}
	var some, all strings.Builder
	for _, e := range entries {
		path := strings.ReplaceAll(strings.TrimSuffix(e.Name(), ".a"), "!", "/")
		line := fmt.Sprintf("packagefile %s=%s\n", path, filepath.Join(k.tools(), t.name, e.Name()))
		all.WriteString(line)
		if importable(path) {
			some.WriteString(line)
		}
	}
	allowedList, allList = filepath.Join(folder, "allowed.cfg"), filepath.Join(folder, "std.cfg")
	return allowedList, allList, errors.Join(os.WriteFile(allowedList, []byte(some.String()), 0o644), os.WriteFile(allList, []byte(all.String()), 0o644))
}

func copyFile(from, to string, mode fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, mode)
}
