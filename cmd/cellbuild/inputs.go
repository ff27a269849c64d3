package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// alone says whether main.go is all that Go would compile in the cell's folder.
func alone() bool {
	entries, err := os.ReadDir(".")
	if err != nil {
		return false
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".go", ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".f", ".s", ".S", ".syso", ".swig", ".swigcxx":
			if e.Name() != "main.go" {
				return false
			}
		}
	}
	return true
}

// inputs are what a program is made of beyond its cell, without what Go itself never changes: its module cache and, for
// a version of Go, the standard library.
type inputs struct {
	Folders, Files []string
}

type goPackage struct {
	ImportPath, Dir, Export string
	Standard                bool
	EmbedFiles              []string
	Module                  *struct {
		Path, Version, GoMod, GoVersion string
		Replace                         *struct{ Version string }
	}
}

// inputsOf lists the packages of a program, or of several, and their inputs. The overlay may be "".
func inputsOf(goTool, overlay string, programs ...string) ([]goPackage, inputs, error) {
	args := []string{"list", "-deps", "-export", "-json=ImportPath,Dir,Export,Standard,EmbedFiles,Module", "-overlay", overlay}
	out, err := exec.Command(goTool, append(args, programs...)...).Output()
	if err != nil {
		return nil, inputs{}, fmt.Errorf("listing the cell's packages: %w", err)
	}
	in := inputs{Files: []string{goTool}}
	env, err := exec.Command(goTool, "env", "GOWORK", "GOENV").Output()
	if err != nil {
		return nil, inputs{}, err
	}
	for name := range strings.Lines(string(env)) {
		if name = strings.TrimSpace(name); name != "" && name != "off" {
			in.Files = append(in.Files, name)
		}
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, inputs{}, err
		}
		packages = append(packages, p)
		if p.Standard || p.Module == nil || p.Module.Version != "" && p.Module.Replace == nil {
			continue
		}
		in.Files = append(in.Files, p.Module.GoMod, strings.TrimSuffix(p.Module.GoMod, ".mod")+".sum")
		for _, f := range p.EmbedFiles {
			in.Files = append(in.Files, filepath.Join(p.Dir, f))
			if dir := filepath.Dir(f); dir != "." { // of which all may be embedded
				in.Folders = append(in.Folders, filepath.Join(p.Dir, dir))
			}
		}
		if here, err := os.Getwd(); err != nil || !same(here, p.Dir) { // the cell's own text is compared otherwise
			in.Folders = append(in.Folders, p.Dir)
		}
	}
	slices.Sort(in.Files)
	in.Files = slices.Compact(in.Files)
	slices.Sort(in.Folders)
	in.Folders = slices.Compact(in.Folders)
	return packages, in, nil
}

// outside is the inputs without those of a folder itself, and without its workspace, which planFile reads. It is an error when packages
// lie in the folder, which are no other folder's.
func (in inputs) outside(dir string) (inputs, error) {
	within := func(path string) bool { return strings.HasPrefix(path, dir+string(filepath.Separator)) }
	if slices.ContainsFunc(in.Folders, within) {
		return inputs{}, errLeft
	}
	own := func(path string) bool { return within(path) || path == filepath.Join(dir, workspace) }
	return inputs{in.Folders, slices.DeleteFunc(slices.Clone(in.Files), own)}, nil
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	y, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(x, y)
}

// paths are those of all inputs: the files, and the files of the folders.
func (in inputs) paths() ([]string, error) {
	all := slices.Clone(in.Files)
	for _, dir := range in.Folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() {
				all = append(all, filepath.Join(dir, e.Name()))
			}
		}
	}
	return all, nil
}

// changedSince says whether an input was changed at that time or later.
func changedSince(in inputs, start time.Time) bool {
	paths, err := in.paths()
	return err != nil || slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && (changed(info) >= start.UnixNano() || syscall.Access(path, mayWrite) != nil && info.ModTime().Unix() >= start.Unix())
	})
}

// fingerprint changes if an input does: a file's size, its time, if the file can be written also that of its last change in any way,
// which nobody can set back, the files of a folder, or a variable that Go reads.
func fingerprint(in inputs) (string, error) {
	paths, err := in.paths()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			fmt.Fprintf(h, "%q is missing\n", path) // as a go.sum may be
		case syscall.Access(path, mayWrite) != nil: // an installation, or an image, whose layers keep whole seconds and no more
			fmt.Fprintf(h, "%q %d %d\n", path, info.Size(), info.ModTime().Unix())
		default:
			fmt.Fprintf(h, "%q %d %d %d\n", path, info.Size(), info.ModTime().UnixNano(), changed(info))
		}
	}
	writeVariables(h)
	return hex.EncodeToString(h.Sum(nil)), nil
}

const mayWrite = 2 // W_OK of access(2)

// writeVariables writes the variables that Go reads, and in place of PATH which C compiler it finds there.
func writeVariables(w io.Writer) {
	env := os.Environ()
	slices.Sort(env)
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "GONB") && name != "GOMLX_BACKEND" || strings.HasPrefix(name, "CGO") || name == "CC" || name == "CXX" {
			fmt.Fprintf(w, "%q\n", kv)
		}
	}
	compiler, _ := exec.LookPath("gcc")
	fmt.Fprintf(w, "%q\n", compiler)
}
