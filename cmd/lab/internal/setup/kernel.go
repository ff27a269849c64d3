package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// programs are the lab's own commands that kernels use: the kernel, which stands before GoNB, and what builds its cells.
var programs = []string{"kernel", "cellbuild"}

// programFolders are where their sources lie, those of the packages that they import included.
var programFolders = []string{"cmd/kernel", "cmd/cellbuild", "internal", "pkg/notebook"}

// programsStep builds them.
func (h Home) programsStep() step {
	parts := []string{runtime.Version()}
	for _, file := range []string{"go.mod", "go.sum"} {
		data, _ := os.ReadFile(filepath.Join(h.Root, file))
		parts = append(parts, string(data))
	}
	var packages, made []string
	for _, program := range programs {
		packages = append(packages, "./cmd/"+program)
		made = append(made, filepath.Join(h.Bin(), program))
	}
	for _, dir := range programFolders {
		filepath.WalkDir(filepath.Join(h.Root, dir), func(path string, entry fs.DirEntry, err error) error {
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
			return moveAll(fresh, h.Bin()) // a running kernel keeps its own
		},
	}
}

// readyStep has gopls look at the lab's packages once, so that the first completion need not wait for it.
func (h Home) readyStep() step {
	return step{
		name:        "Completion cache",
		fingerprint: digest(h.completionStep().fingerprint, h.Root),
		personal:    true,
		run: func(ctx context.Context, note func(string)) error {
			command := append(h.kernelOptions(), "-warm")
			return h.command(ctx, []string{"GOPROXY=off", "GOFLAGS=-tags=cell"}, command[0], command[1:]...)
		},
	}
}

// kernelCommand is how Jupyter starts the kernel.
func (h Home) kernelCommand() []string {
	return append(h.kernelOptions(), "-connection={connection_file}")
}

func (h Home) kernelOptions() []string {
	command := []string{filepath.Join(h.Bin(), "kernel"), "-gonb=" + filepath.Join(h.Bin(), "gonb"), "-gopls=" + filepath.Join(h.Bin(), "gopls")}
	for _, module := range h.cellModules() {
		command = append(command, "-module="+module)
	}
	return command
}

// kernelFile is a file that writeKernel writes.
type kernelFile struct {
	data []byte
	mode os.FileMode
}

// as tells whether the file is there already.
func (f kernelFile) as(path string) bool {
	data, err := os.ReadFile(path)
	info, err2 := os.Stat(path)
	return err == nil && err2 == nil && bytes.Equal(data, f.data) && info.Mode().Perm()&f.mode == f.mode
}

// writeKernel writes the kernelspec and the few settings of JupyterLab where they are missing or others: a new Python
// environment comes without them.
func (h Home) writeKernel() error {
	files, err := h.kernelFiles()
	if err != nil {
		return err
	}
	for path, file := range files {
		if file.as(path) {
			continue
		}
		if err := WriteFile(path, file.data); err != nil {
			return err
		}
		if err := os.Chmod(path, file.mode); err != nil {
			return err
		}
	}
	return nil
}

// staleKernel says which file writeKernel would write, nil if none.
func (h Home) staleKernel() error {
	files, err := h.kernelFiles()
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if !files[path].as(path) {
			return fmt.Errorf("%s is missing or was altered", path)
		}
	}
	return nil
}

// kernelFiles are the files of writeKernel, by their paths.
func (h Home) kernelFiles() (map[string]kernelFile, error) {
	goTool, err := h.goTool()
	if err != nil {
		return nil, err
	}
	files := map[string]kernelFile{}
	for name, content := range map[string]any{
		"share/jupyter/kernels/" + kernelName + "/kernel.json": map[string]any{
			"display_name":   "Go (Descent)",
			"language":       "go",
			"interrupt_mode": "message",
			"argv":           h.kernelCommand(),
			"env": map[string]string{
				// Jupyter puts variables in for dollars.
				"PATH":    strings.Join([]string{h.path("kernel"), h.Bin(), strings.ReplaceAll(filepath.Dir(goTool), "$", "$$"), "${PATH}"}, string(os.PathListSeparator)),
				"GOPROXY": "off", "GOFLAGS": h.cellFlags(), "GOTOOLCHAIN": "local", "GOMLX_NO_AUTO_INSTALL": "1",
			},
		},
		// Only our kernel is offered: the notebooks are in Go.
		"etc/jupyter/jupyter_server_config.json": map[string]any{
			"KernelSpecManager": map[string]any{"ensure_native_kernel": false, "allowed_kernelspecs": []string{kernelName}},
			// Completion comes from the kernel; looking for other servers starts npm, which writes into the home folder.
			"LanguageServerManager": map[string]any{"autodetect": false},
			// Pictures that follow a hand are more than the server's usual 1 MB/s; what cells show the kernel itself limits.
			"ZMQChannelsWebsocketConnection": map[string]any{"iopub_data_rate_limit": 100e6},
		},
		// No question about news at the first start, and no look-up on the network.
		"share/jupyter/lab/settings/overrides.json": map[string]any{
			"@jupyterlab/apputils-extension:notification": map[string]any{"fetchNews": "false", "checkForUpdates": false},
			"@jupyterlab/docmanager-extension:plugin":     map[string]any{"autosaveInterval": 5},
			"@jupyterlab/filebrowser-extension:browser":   map[string]any{"showLastModifiedColumn": false}, // it hides the chapters' names
			// The first completion of a new kernel may wait until gopls is warm.
			"@jupyterlab/completer-extension:manager": map[string]any{"providerTimeout": 10_000},
		},
	} {
		data, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return nil, err
		}
		files[filepath.Join(h.venv(), name)] = kernelFile{data, 0o644}
	}
	// Completion is our kernel's: GoNB's own gopls is not to start.
	files[h.path("kernel", "gopls")] = kernelFile{[]byte("#!/bin/sh\nexit 1\n"), 0o755}
	// GoNB 0.11.5 runs `go get` before every cell, 70 ms for nothing, as cells reach no network; only a magic in each
	// notebook would switch it off. This go leaves it out, to go when the kernel has a flag for it, and leaves builds to
	// cellbuild.
	goCommand := shellQuote(goTool)
	files[h.path("kernel", "go")] = kernelFile{[]byte("#!/bin/sh\n[ \"$*\" = get ] && exit\n[ \"$1\" = build ] && exec " +
		shellQuote(filepath.Join(h.Bin(), "cellbuild")) + " " + goCommand + " \"$@\"\nexec " + goCommand + " \"$@\"\n"), 0o755}
	return files, nil
}

// shellQuote makes one word of a text for a shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
