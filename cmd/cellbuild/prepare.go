package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// prepared is what is known of a prepared program. It lies in a folder with the cell, the program, and the values.
type prepared struct {
	Inputs      inputs
	Fingerprint string
	Literals    []literal
	Program     int64 // its size

	cell []byte
}

func readPrepared(at string) (*prepared, error) {
	var p prepared
	data, err := os.ReadFile(filepath.Join(at, "prepared.json")) // written last
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err == nil {
		p.cell, err = os.ReadFile(filepath.Join(at, "cell.go"))
	}
	return &p, err
}

// prepare links the program of the cell in a folder with its literals as variables. It runs in the folder of the cell's
// main.go, which may be another cell's by now.
func prepare(at string) error {
	goTool := os.Getenv("DESCENT_GO")
	if err := os.Unsetenv("DESCENT_GO"); err != nil {
		return err
	}
	cell, err := os.ReadFile(filepath.Join(at, "cell.go"))
	if err != nil {
		return err
	}
	if bytes.Contains(cell, []byte("//go:")) || bytes.Contains(cell, []byte("+build")) || bytes.Contains(cell, []byte(variable)) || bytes.Contains(cell, []byte(`"C"`)) {
		return errors.New("this cell is left to Go")
	}
	main, err := filepath.Abs("main.go")
	if err != nil {
		return err
	}
	overlay := func(replace map[string]string) (string, error) {
		data, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			return "", err
		}
		path := filepath.Join(at, "overlay.json")
		return path, os.WriteFile(path, data, 0o600)
	}
	plain, err := overlay(map[string]string{main: filepath.Join(at, "cell.go")})
	if err != nil {
		return err
	}
	packages, in, err := inputsOf(goTool, plain, ".")
	if err != nil {
		return err
	}
	before, err := fingerprint(in)
	if err != nil {
		return err
	}
	literals, err := literalsOf(cell, packages)
	if err != nil {
		return err
	}
	if len(literals) == 0 {
		return errors.New("this cell is left to Go: nothing in it can be replaced")
	}
	changed, declared := withVariables(cell, literals, filepath.Join(at, "values"))
	if err := errors.Join(os.WriteFile(filepath.Join(at, "changed.go"), changed, 0o600),
		os.WriteFile(filepath.Join(at, "declared.go"), declared, 0o600)); err != nil {
		return err
	}
	replaced, err := overlay(map[string]string{main: filepath.Join(at, "changed.go"),
		filepath.Join(filepath.Dir(main), variable+".go"): filepath.Join(at, "declared.go")})
	if err != nil {
		return err
	}
	if out, err := exec.Command(goTool, "build", "-overlay", replaced, "-o", filepath.Join(at, "program"), ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%s%w", out, err)
	}
	after, err := fingerprint(in)
	if err != nil || after != before {
		return errors.New("the packages were edited meanwhile")
	}
	program, err := os.Stat(filepath.Join(at, "program"))
	if err != nil {
		return err
	}
	p, err := json.Marshal(prepared{Inputs: in, Fingerprint: after, Literals: literals, Program: program.Size()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(at, "json.new"), p, 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(at, "json.new"), filepath.Join(at, "prepared.json")); err != nil {
		return err
	}
	return forget(filepath.Dir(at), most)
}

// literalsOf checks the types of a cell and returns the literals that variables can stand for.
func literalsOf(cell []byte, packages []goPackage) ([]literal, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "main.go", cell, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	check := types.Config{Importer: importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	pkg, err := check.Check("main", files, []*ast.File{file}, info)
	if err != nil {
		return nil, err
	}
	for _, name := range pkg.Scope().Names() {
		if types.Universe.Lookup(name) != nil {
			return nil, fmt.Errorf("the cell gives %s a meaning of its own", name)
		}
	}
	return replaceable(files, cell, file, info), nil
}

// forget removes from a folder what was not used for longest, but for as many as are to stay.
func forget(dir string, most int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var kept []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.Name() != underWay {
			kept = append(kept, info)
		}
	}
	slices.SortFunc(kept, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, old := range kept[min(most, len(kept)):] {
		if err := os.RemoveAll(filepath.Join(dir, old.Name())); err != nil {
			return err
		}
	}
	return nil
}

// preparing says whether the process is one that startPreparing started: its number may be another's by now.
func preparing(pid int) bool {
	args, err := exec.Command("ps", "-o", "args=", "-p", fmt.Sprint(pid)).Output()
	here, err2 := filepath.Abs(folder)
	return err == nil && err2 == nil && strings.Contains(string(args), " prepare "+here)
}
