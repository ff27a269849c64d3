package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"descent.example/internal/made"
)

// A plan is what `go build` finds out before it compiles and links a cell, a third of its work. It holds until one of its inputs
// changes. Kernels share it in the user's cache folder: all their cells' folders are alike.
type plan struct {
	Inputs      inputs
	Fingerprint string
	Packages    map[string]string // the files that Go compiled them to, by their import paths
	Lang        string            // the cell's module's Go version, as the compiler wants it
	Tools       string            // the folder of Go's compiler and linker
	Env         []string          // Go's settings
	LinkFlags   []string
}

// mostPlans is how many plans are kept: there is one for each version of the lab, of Go, and of their settings.
const mostPlans = 8

// planFile is where the plan of the cells' folder lies, under what the folder says of its modules, and under the variables that Go
// reads. It is an error when the folder is no module, and when there is no folder for caches.
func planFile(goTool string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", goTool)
	for _, name := range []string{"go.mod", "go.work", workspace} {
		text, err := os.ReadFile(name)
		if err != nil && (name == "go.mod" || !errors.Is(err, os.ErrNotExist)) {
			return "", err
		}
		// GoNB gives each kernel's module a name of its own, that of its folder. A path that begins at the folder leads elsewhere from another.
		text = bytes.ReplaceAll(text, []byte(here), []byte("cell"))
		if bytes.Contains(text, []byte("./")) || bytes.Contains(text, []byte("..")) {
			return "", errLeft
		}
		fmt.Fprintf(h, "%q\n", bytes.ReplaceAll(text, []byte(filepath.Base(here)), []byte("cell")))
	}
	settings, _ := os.ReadFile(settingsFile())
	fmt.Fprintf(h, "%q\n", settings)
	writeVariables(h)
	return filepath.Join(cache, "descent", "plans", hex.EncodeToString(h.Sum(nil)[:16])+".json"), nil
}

// workspace is where the kernel writes the workspace of the cells' folder.
const workspace = "../go.work"

var errLeft = errors.New("this cell is left to Go")

// settingsFile is where `go env -w` writes.
func settingsFile() string {
	if file := os.Getenv("GOENV"); file != "" {
		return file
	}
	config, _ := os.UserConfigDir()
	return filepath.Join(config, "go", "env")
}

// direct compiles and links the cell as `go build` does, without asking Go anew what the cell is made of. It is an error when the cell
// does not compile, and when something about it or its surroundings is for Go to decide.
func direct(goTool, output string, cell []byte) error {
	p, err := planFor(goTool, cell)
	if err != nil {
		return err
	}
	return p.build(output, "./main.go")
}

// planFor is the plan of the cells' folder, if it serves a program.
func planFor(goTool string, program []byte) (*plan, error) {
	imports, err := importsOf(program)
	if err != nil || !alone() || runtime.GOOS != "linux" { // elsewhere Go builds position-independent programs
		return nil, errors.Join(err, errLeft)
	}
	at, err := planFile(goTool)
	if err != nil {
		return nil, errors.Join(err, errLeft)
	}
	return currentPlan(goTool, at, imports)
}

// build compiles and links the program of some files.
func (p *plan) build(output string, files ...string) error {
	temp, err := os.MkdirTemp("", "cell")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	config, object, program := filepath.Join(temp, "importcfg"), filepath.Join(temp, "main.a"), filepath.Join(temp, "program")
	var lines bytes.Buffer
	for path, file := range p.Packages {
		lines.WriteString("packagefile " + path + "=" + file + "\n")
	}
	if err := os.WriteFile(config, lines.Bytes(), 0o600); err != nil {
		return err
	}
	run := func(tool string, args ...string) error {
		cmd := exec.Command(filepath.Join(p.Tools, tool), args...)
		cmd.Env = append(os.Environ(), p.Env...)
		if tool == "link" { // its collector frees a tenth of 400 MB, for a tenth of its time
			cmd.Env = append(cmd.Env, "GOGC=off")
		}
		return cmd.Run()
	}
	if err := run("compile", append([]string{"-o", object, "-p", "main", "-lang=" + p.Lang, "-complete", "-c=" + strconv.Itoa(min(4, runtime.NumCPU())),
		"-nolocalimports", "-importcfg", config, "-pack"}, files...)...); err != nil {
		return err
	}
	link := slices.Concat([]string{"-o", program, "-importcfg", config, "-buildmode=exe"}, p.LinkFlags, []string{object})
	if err := run("link", link...); err != nil {
		return err
	}
	return os.Rename(program, output)
}

// importsOf lists what a cell imports. It is an error when the cell is not Go, or has what only Go's build understands.
func importsOf(cell []byte) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", cell, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(cell, []byte("//go:")) || bytes.Contains(cell, []byte("+build")) {
		return nil, errLeft
	}
	var paths []string
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		elements := strings.Split(path, "/")
		// Go refuses these to a cell, or treats them in ways of its own.
		if err != nil || path == "C" || elements[0] == "vendor" || slices.Contains(elements, "internal") {
			return nil, errLeft
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// currentPlan returns the plan of the cells' folder, which lies in a file. It is made anew if it does not hold any more, or lacks an import.
func currentPlan(goTool, file string, imports []string) (*plan, error) {
	var p plan
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &p) == nil && p.holds(imports) {
		os.Chtimes(file, time.Time{}, time.Now()) // it was used
		return &p, nil
	}
	start := time.Now().Add(-10 * time.Millisecond) // no file system's clock lags more
	p = plan{Packages: map[string]string{}}
	flags, known := linkFlags(os.Getenv("GOFLAGS"))
	if !known {
		return nil, errLeft
	}
	if err := p.settings(goTool); err != nil {
		return nil, err
	}
	p.LinkFlags = append(p.LinkFlags, flags...)
	packages, in, err := inputsOf(goTool, "", append([]string{".", labModule + "/pkg/..."}, imports...)...) // those, too, that a later cell may import
	if err != nil {
		return nil, err
	}
	in.Files = append(in.Files, filepath.Join(p.Tools, "compile"), filepath.Join(p.Tools, "link"))
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for _, k := range packages {
		if k.Export != "" {
			p.Packages[k.ImportPath] = k.Export
		}
		if k.Module != nil && same(here, k.Dir) {
			p.Lang = languageOf(k.Module.GoVersion)
			delete(p.Packages, k.ImportPath)
		}
	}
	if p.Inputs, err = in.outside(here); err != nil {
		return nil, err
	}
	if p.Fingerprint, err = fingerprint(p.Inputs); err != nil {
		return nil, err
	}
	if p.Lang == "" || changedSince(p.Inputs, start) || !p.holds(imports) {
		return nil, errLeft
	}
	p.write(file)
	return &p, nil
}

// write keeps the plan for the next cell. Where it cannot be written, each cell makes its own.
func (p *plan) write(file string) {
	dir := filepath.Dir(file)
	data, err := json.Marshal(p)
	if err == nil && os.MkdirAll(dir, 0o700) == nil && made.Replace(file, data, 0o600) == nil {
		forget(dir, mostPlans)
	}
}

// holds says whether nothing changed since the plan was made, and whether it has the imports.
func (p *plan) holds(imports []string) bool {
	for _, i := range imports {
		if p.Packages[i] == "" && i != "unsafe" {
			return false
		}
	}
	now, err := fingerprint(p.Inputs)
	return err == nil && now == p.Fingerprint
}

// settings asks Go for its settings. It is an error when they are for another machine, or for a C compiler that needs more words.
func (p *plan) settings(goTool string) error {
	out, err := exec.Command(goTool, "env", "-json").Output()
	if err != nil {
		return err
	}
	var env map[string]string
	if err := json.Unmarshal(out, &env); err != nil {
		return err
	}
	if env["GOOS"] != runtime.GOOS || env["GOARCH"] != runtime.GOARCH || len(strings.Fields(env["CC"])) != 1 || env["GOTOOLDIR"] == "" {
		return errLeft
	}
	p.Tools, p.LinkFlags = env["GOTOOLDIR"], []string{"-extld=" + env["CC"]}
	for name, value := range env {
		if strings.HasPrefix(name, "GO") && name != "GOMOD" && name != "GOWORK" && name != "GOGCCFLAGS" { // these are of one folder
			p.Env = append(p.Env, name+"="+value)
		}
	}
	return nil
}

// linkFlags returns the linker's flags in GOFLAGS. They are not known if GOFLAGS holds what changes how a program is compiled, nor if
// the flags call for a linker other than Go's own.
func linkFlags(goflags string) (flags []string, known bool) {
	for rest := strings.TrimSpace(goflags); rest != ""; rest = strings.TrimSpace(rest) {
		end, quote := " ", rest[0]
		if quote == '\'' || quote == '"' {
			rest, end = rest[1:], string(quote)
		}
		var flag string
		flag, rest, _ = strings.Cut(rest, end)
		name, value, _ := strings.Cut(flag, "=")
		switch strings.TrimLeft(name, "-") {
		case "ldflags":
			flags = strings.Fields(value)
		case "tags", "buildvcs":
		default:
			return nil, false
		}
	}
	return flags, slices.Contains(flags, "-linkmode=internal") && !strings.ContainsAny(strings.Join(flags, ""), `'"`)
}

// languageOf is the language version of a Go version, such as go1.26 of 1.26.5.
func languageOf(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "go" + parts[0] + "." + parts[1]
}
