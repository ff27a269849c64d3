// Package page makes the cells of notebooks live in a browser, without an installation: all cells become one Go program, built for
// WebAssembly, which runs in a worker of the page and trains on package wasm. Beside it stand the scripts of the page, which show the
// same controls as JupyterLab.
package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"

	"descent.example/pkg/notebook"
)

//go:embed assets
var assets embed.FS

// shared are the scripts that JupyterLab's controls have too, and where they lie in the module.
var shared = []string{"cell.js", "controls.css", "controls.js", "handles.js", "picture.js", "player.js"}

const sharedFolder = "cmd/lab/internal/jupyter/python/server/labextensions/descent/static"

// costs are the microseconds that cells take in a browser, as the test of this package measured them.
//
//go:embed costs.json
var costs []byte

// An about is what the page knows of a cell before it runs.
type about struct {
	Params json.RawMessage `json:"params,omitempty"` // []lab.Param
	Micros int64           `json:"micros,omitempty"` // that it takes
	Why    string          `json:"why,omitempty"`    // it does not run here

	Steered bool `json:"steered,omitempty"` // its controls do what the sliders of its stored pictures do
}

const whyExercise = "Exercises are written in the lab: this page has no Go compiler."

// Build writes what makes the cells of notebooks live into a folder: scripts, the program, and cells.json, which says what the cells
// are. It is an error when the cells cannot be compiled, which go does, or when the folder cannot be written.
func Build(ctx context.Context, notebooks []string, to string) error {
	p, err := newProgram(ctx, notebooks)
	if err != nil {
		return err
	}
	defer p.remove()
	cells, err := p.describe(ctx)
	if err != nil {
		return err
	}
	built, err := p.build(ctx, "js")
	if err != nil {
		return err
	}
	data, err := os.ReadFile(built)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("program-%.8x.bin", sha256.Sum256(data)) // a name of which no server makes a content encoding
	if err := os.WriteFile(filepath.Join(to, name), packed(data), 0o644); err != nil {
		return err
	}
	list, err := json.Marshal(map[string]any{"program": name, "cells": cells})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, "cells.json"), list, 0o644); err != nil {
		return err
	}
	return p.scripts(ctx, to)
}

// scripts copies those of the page.
func (p *program) scripts(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Dir = p.root
	goroot, err := output(cmd)
	if err != nil {
		return err
	}
	own, err := fs.Sub(assets, "assets")
	if err != nil {
		return err
	}
	files := map[string]fs.FS{
		"page.js": own, "page.css": own, "table.js": own, "worker.js": own,
		"wasm_exec.js": os.DirFS(filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm")),
	}
	for _, file := range shared {
		files[file] = os.DirFS(filepath.Join(p.root, filepath.FromSlash(sharedFolder)))
	}
	for file, from := range files {
		data, err := fs.ReadFile(from, file)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, file), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// packed is a program as it travels.
func packed(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// describe says what the cells are. It builds their program for this machine too, and lets each cell come to the end of its
// declarations.
func (p *program) describe(ctx context.Context) (map[string]about, error) {
	built, err := p.build(ctx, "")
	if err != nil {
		return nil, err
	}
	said, err := output(exec.CommandContext(ctx, built))
	if err != nil {
		return nil, err
	}
	var params map[string][]map[string]any
	var micros map[string]int64
	if err := errors.Join(json.Unmarshal(said, &params), json.Unmarshal(costs, &micros)); err != nil {
		return nil, err
	}
	cells := map[string]about{}
	for _, c := range p.chapters {
		for _, exercise := range c.exercises {
			cells[exercise] = about{Why: whyExercise}
		}
		for _, cell := range c.cells {
			for _, param := range params[cell.name] {
				if value, beside := cell.own[param["name"].(string)]; beside {
					param["value"] = value
				}
			}
			text, err := json.Marshal(params[cell.name])
			if err != nil {
				return nil, err
			}
			cells[cell.name] = about{Params: text, Micros: micros[cell.name], Steered: cell.steered()}
		}
	}
	return cells, nil
}

// folder is where the program's sources would be in the module. They exist in an overlay alone.
const folder = "internal/page/program"

const importPath = "descent.example/" + folder

// A program is the sources of some chapters' cells, in a temporary folder.
type program struct {
	root     string // of the module
	temp     string
	replace  map[string]string // the files of the overlay, by those in whose place they are
	chapters []*chapter
}

// newProgram writes the sources of the cells of notebooks.
func newProgram(ctx context.Context, notebooks []string) (*program, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("the module's folder is not found: %w", err)
	}
	p := &program{root: strings.TrimSpace(string(out)), replace: map[string]string{}}
	if p.temp, err = os.MkdirTemp("", "lab-page-"); err != nil {
		return nil, err
	}
	if err := p.write(ctx, notebooks); err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *program) remove() { os.RemoveAll(p.temp) }

// put puts a file in the place of one of the module's, or where none is.
func (p *program) put(name string, data []byte) error {
	file := filepath.Join(p.temp, strings.ReplaceAll(name, "/", "-"))
	p.replace[filepath.Join(p.root, filepath.FromSlash(name))] = file
	return os.WriteFile(file, data, 0o644)
}

func (p *program) write(ctx context.Context, notebooks []string) error {
	var packages []string
	for i, file := range notebooks {
		nb, err := notebook.Read(file)
		if err != nil {
			return err
		}
		c, err := newChapter(strings.TrimSuffix(filepath.Base(file), ".ipynb"), nb)
		if err != nil {
			return err
		}
		pkg := fmt.Sprintf("chapter%02d", i)
		text, err := p.imported(ctx, c.source(pkg))
		if err == nil {
			err = p.put(path.Join(folder, pkg, "cells.go"), []byte(text))
		}
		if err != nil {
			return err
		}
		p.chapters, packages = append(p.chapters, c), append(packages, pkg)
	}
	if err := p.put(path.Join(folder, "main.go"), []byte(mainSource(importPath, packages))); err != nil {
		return err
	}
	if err := p.fonts(); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": p.replace})
	if err != nil {
		return err
	}
	return os.WriteFile(p.overlay(), overlay, 0o644)
}

// fonts puts the widths of letters in place of the fonts, whose outlines would be a sixteenth of the program.
func (p *program) fonts() error {
	const at = "pkg/figure/internal/ink"
	text := "package ink\n\nimport _ \"embed\"\n"
	for name, font := range map[string][]byte{"regularTTF": liberationsansregular.TTF, "boldTTF": liberationsansbold.TTF} {
		text += fmt.Sprintf("\n//go:embed %s\nvar %[1]s []byte\n", name)
		if err := p.put(path.Join(at, name), withoutOutlines(font)); err != nil {
			return err
		}
	}
	return p.put(path.Join(at, "fonts.go"), []byte(text))
}

// withoutOutlines is a TrueType font with zeros in place of the letters' outlines, the table glyf.
func withoutOutlines(ttf []byte) []byte {
	ttf = slices.Clone(ttf)
	const directory, entry = 12, 16
	for i := range int(binary.BigEndian.Uint16(ttf[4:])) {
		table := ttf[directory+entry*i:]
		if string(table[:4]) == "glyf" {
			from, length := binary.BigEndian.Uint32(table[8:]), binary.BigEndian.Uint32(table[12:])
			clear(ttf[from : from+length])
		}
	}
	return ttf
}

func (p *program) overlay() string { return filepath.Join(p.temp, "overlay.json") }

// imported is a source after goimports.
func (p *program) imported(ctx context.Context, source string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "goimports")
	cmd.Dir, cmd.Stdin = p.root, strings.NewReader(source)
	out, err := output(cmd)
	return string(out), err
}

// inlined are the packages that take the time of a drag. Nothing is inlined in the others of the browser's program, which makes what
// travels a tenth smaller.
var inlined = []string{"runtime", "internal/runtime/...", "math", "slices", "strconv", "descent.example/pkg/figure/...", "descent.example/pkg/problem",
	"descent.example/pkg/relu", "descent.example/pkg/stat", "descent.example/pkg/theory", "descent.example/pkg/train", "descent.example/pkg/wasm"}

// build compiles the program for a system, "" for this one, and returns its file.
func (p *program) build(ctx context.Context, system string) (string, error) {
	to := filepath.Join(p.temp, "program"+system)
	args := []string{"build", "-overlay", p.overlay(), "-ldflags=-s -w", "-tags=noxla,cell", "-o", to}
	env := os.Environ()
	if system != "" {
		env = append(env, "GOOS="+system, "GOARCH=wasm")
		args = append(args, "-trimpath", "-gcflags=all=-l")
		for _, pkg := range inlined {
			args = append(args, "-gcflags="+pkg+"=")
		}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, importPath)...)
	cmd.Dir, cmd.Env = p.root, env
	_, err := output(cmd)
	return to, err
}

// output is what a command writes; its error says what it wrote as one.
func output(cmd *exec.Cmd) ([]byte, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = errors.Join(fmt.Errorf("%s: %w", strings.Join(cmd.Args[:min(3, len(cmd.Args))], " "), err), errors.New(said.String()))
	}
	return out, err
}
