// Package page makes the cells of notebooks live in a browser, without an installation: all cells become one Go program, built for
// WebAssembly, which runs in a worker of the page and trains on package wasm. Beside it stand the scripts of the page, which show the
// same controls as JupyterLab.
package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"descent.example/pkg/notebook"
)

// folder is where the program's sources would be in the module. They exist in an overlay alone.
const folder = "descent.example/internal/page/program"

// A program is the sources of some chapters' cells, in a temporary folder.
type program struct {
	root     string // of the module
	temp     string
	chapters []*chapter
}

// newProgram writes the sources of the cells of notebooks.
func newProgram(ctx context.Context, notebooks []string) (*program, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("the module's folder is not found: %w", err)
	}
	p := &program{root: strings.TrimSpace(string(out))}
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

func (p *program) write(ctx context.Context, notebooks []string) error {
	replace := map[string]string{}
	at := filepath.Join(p.root, "internal", "page", "program")
	add := func(name, text string) error {
		file := filepath.Join(p.temp, strings.ReplaceAll(name, "/", "-"))
		replace[filepath.Join(at, name)] = file
		return os.WriteFile(file, []byte(text), 0o644)
	}
	var packages []string
	for i, path := range notebooks {
		nb, err := notebook.Read(path)
		if err != nil {
			return err
		}
		c, err := newChapter(strings.TrimSuffix(filepath.Base(path), ".ipynb"), nb)
		if err != nil {
			return err
		}
		pkg := fmt.Sprintf("chapter%02d", i)
		text, err := p.imported(ctx, c.source(pkg))
		if err == nil {
			err = add(pkg+"/cells.go", text)
		}
		if err != nil {
			return err
		}
		p.chapters, packages = append(p.chapters, c), append(packages, pkg)
	}
	if err := add("main.go", mainSource(folder, packages)); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(p.overlay(), overlay, 0o644)
}

func (p *program) overlay() string { return filepath.Join(p.temp, "overlay.json") }

// imported is a source after goimports.
func (p *program) imported(ctx context.Context, source string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "goimports")
	cmd.Dir, cmd.Stdin = p.root, strings.NewReader(source)
	out, err := output(cmd)
	return string(out), err
}

// build compiles the program for a system, "" for this one, and returns its file.
func (p *program) build(ctx context.Context, system string) (string, error) {
	to := filepath.Join(p.temp, "program"+system)
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", p.overlay(), "-ldflags=-s -w", "-tags=noxla,cell", "-o", to, folder)
	cmd.Dir, cmd.Env = p.root, os.Environ()
	if system != "" {
		cmd.Env = append(cmd.Env, "GOOS="+system, "GOARCH=wasm")
	}
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
