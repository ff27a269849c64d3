package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// programs are the lab's own commands that kernels use: the kernel, which stands before GoNB, and what builds its cells.
var programs = []string{"kernel", "cellbuild"}

// programsStep builds them.
func (h home) programsStep() step {
	parts := []string{runtime.Version()}
	for _, file := range []string{"go.mod", "go.sum"} {
		data, _ := os.ReadFile(filepath.Join(h.root, file))
		parts = append(parts, string(data))
	}
	var packages, made []string
	folders := []string{"internal", filepath.Join("pkg", "notebook")}
	for _, program := range programs {
		packages = append(packages, "./cmd/"+program)
		made = append(made, filepath.Join(h.bin(), program))
		folders = append(folders, filepath.Join("cmd", program))
	}
	for _, dir := range folders {
		filepath.WalkDir(filepath.Join(h.root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".go" {
				data, _ := os.ReadFile(path)
				parts = append(parts, string(data))
			}
			return nil
		})
	}
	return step{
		name:        "Kernel programs",
		fingerprint: digest(parts...),
		made:        func() ([]string, error) { return made, nil },
		run: func(ctx context.Context, note func(string)) error {
			note("compiling")
			fresh := filepath.Join(h.temp(), "programs")
			if err := os.MkdirAll(fresh, 0o755); err != nil {
				return err
			}
			build := append([]string{"build", "-o", fresh + string(filepath.Separator)}, packages...)
			if err := h.command(ctx, []string{"GOFLAGS=", "GOWORK=off"}, "go", build...); err != nil {
				return fmt.Errorf("compiling the kernel: %w", err)
			}
			return moveAll(fresh, h.bin()) // a running kernel keeps its own
		},
	}
}

// readyStep has gopls look at the lab's packages once, so that the first completion need not wait for it.
func (h home) readyStep() step {
	return step{
		name:        "Completion cache",
		fingerprint: digest(h.completionStep().fingerprint, h.root),
		personal:    true,
		run: func(ctx context.Context, note func(string)) error {
			command := append(h.kernelOptions(), "-warm")
			return h.command(ctx, []string{"GOPROXY=off", "GOFLAGS=-tags=cell"}, command[0], command[1:]...)
		},
	}
}

// kernelCommand is how Jupyter starts the kernel.
func (h home) kernelCommand() []string {
	return append(h.kernelOptions(), "-connection={connection_file}")
}

func (h home) kernelOptions() []string {
	command := []string{filepath.Join(h.bin(), "kernel"), "-gonb=" + filepath.Join(h.bin(), "gonb"), "-gopls=" + filepath.Join(h.bin(), "gopls")}
	for _, module := range h.workspace() {
		command = append(command, "-module="+module)
	}
	return command
}
