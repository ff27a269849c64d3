package setup

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
func systemCompiler() string {
	words := strings.Fields(goEnv("CC"))
	if len(words) == 0 {
		return ""
	}
	path, _ := exec.LookPath(words[0])
	return path
}

// compilerStep fetches a C compiler, zig, as a published wheel, for a machine without one: Go reaches XLA through C.
func (h Home) compilerStep() step {
	return step{
		name:        "C compiler",
		fingerprint: digest(compilerLock, h.Root),
		made: func() ([]string, error) {
			return []string{h.compiler(), h.path("compiler", "ziglang")}, nil
		},
		run: func(ctx context.Context, note func(string)) error {
			folder := h.path("compiler")
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
			note("downloading 90 MB")
			if err := h.pipInstall(ctx, compilerLock, "--target", folder); err != nil {
				return fmt.Errorf("installing a C compiler: %w", err)
			}
			// Its cache is the user's own: the folder may be another's.
			shim := "#!/bin/sh\n: \"${ZIG_GLOBAL_CACHE_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/descent/zig}\"\nexport ZIG_GLOBAL_CACHE_DIR\nexec " +
				shellQuote(filepath.Join(folder, "ziglang", "zig")) + " cc \"$@\"\n"
			if err := WriteFile(h.compiler(), []byte(shim)); err != nil {
				return err
			}
			return os.Chmod(h.compiler(), 0o755)
		},
	}
}

func (h Home) compiler() string { return h.path("compiler", "cc") }

// useCompiler makes everything that this process starts, kernels too, compile C with ours where the machine has none.
func (h Home) useCompiler() {
	if systemCompiler() == "" && h.done(h.compilerStep()) {
		os.Setenv("CC", h.compiler())
		os.Setenv("CGO_ENABLED", "1")
	}
}
