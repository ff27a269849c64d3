package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed python/compiler.lock
var compilerLock string

// systemCompiler returns the C compiler that Go would use, "" if there is none on this machine.
func systemCompiler(ctx context.Context) string {
	words := strings.Fields(firstLineOf(ctx, "go", "env", "CC"))
	if len(words) == 0 {
		return ""
	}
	path, _ := exec.LookPath(words[0])
	return path
}

// compilerStep fetches a C compiler, zig, as a published wheel, for a machine without one: Go reaches XLA through C.
func (h home) compilerStep() step {
	return step{
		name:        "C compiler",
		fingerprint: digest(compilerLock, h.root),
		works:       func() bool { _, err := os.Stat(h.compiler()); return err == nil },
		run: func(ctx context.Context, note func(string)) error {
			folder := h.path("compiler")
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
			note("downloading 90 MB")
			if err := h.pipInstall(ctx, compilerLock, "--target", folder); err != nil {
				return fmt.Errorf("installing a C compiler: %w", err)
			}
			shim := fmt.Sprintf("#!/bin/sh\nZIG_GLOBAL_CACHE_DIR='%s' exec '%s' cc \"$@\"\n", filepath.Join(folder, "cache"), filepath.Join(folder, "ziglang", "zig"))
			if err := writeFile(h.compiler(), []byte(shim)); err != nil {
				return err
			}
			return os.Chmod(h.compiler(), 0o755)
		},
	}
}

func (h home) compiler() string { return h.path("compiler", "cc") }

// useCompiler makes everything that this process starts, kernels too, compile C with ours where the machine has none.
func (h home) useCompiler(ctx context.Context) {
	if h.done(h.compilerStep()) && systemCompiler(ctx) == "" {
		os.Setenv("CC", h.compiler())
		os.Setenv("CGO_ENABLED", "1")
	}
}
