package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"descent.example/internal/brief"
	"descent.example/internal/grade/job"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// wasmPages are the most memory that a student's program has, in pages of 64 KiB: 512 MiB.
const wasmPages = 512 << 4

// newRuntime returns what runs WebAssembly. What it compiles stays in the folder cache.
func newRuntime(ctx context.Context, cache string) wazero.Runtime {
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(wasmPages)
	if compiled, err := wazero.NewCompilationCacheWithDir(cache); err == nil {
		config = config.WithCompilationCache(compiled)
	}
	return wazero.NewRuntimeWithConfig(ctx, config)
}

// precompile compiles a program for WebAssembly for this machine, which takes a second, so that it starts at once.
func precompile(file, cache string) error {
	code, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ctx := context.Background()
	_, err = newRuntime(ctx, cache).CompileModule(ctx, code)
	return err
}

func runWASM(file, cache, most string) error {
	cpu, err := seconds(most)
	if err != nil {
		return err
	}
	code, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := limit(map[int]uint64{syscall.RLIMIT_CPU: cpu, syscall.RLIMIT_FSIZE: 256 << 20, syscall.RLIMIT_CORE: 0}); err != nil {
		return err
	}
	// The program can reach nothing through WebAssembly. This is for the day on which that has a hole.
	if err := confine(confinement{write: []string{cache}}); err != nil && !errors.Is(err, errNoSandbox) {
		return err
	}
	ctx := context.Background()
	runtime := newRuntime(ctx, cache)
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	stream := func(io func([]byte) (int, error)) func(context.Context, api.Module, uint32, uint32) int32 {
		return func(_ context.Context, m api.Module, at, n uint32) int32 {
			b, ok := m.Memory().Read(at, n)
			if !ok {
				return -1
			}
			done, err := io(b)
			if err != nil {
				return -1
			}
			return int32(done)
		}
	}
	_, err = runtime.NewHostModuleBuilder("descent").
		NewFunctionBuilder().WithFunc(stream(os.Stdin.Read)).Export("read").
		NewFunctionBuilder().WithFunc(stream(os.Stdout.Write)).Export("write").
		Instantiate(ctx)
	if err != nil {
		return err
	}
	said := brief.Head{Most: 4096}
	module := wazero.NewModuleConfig().WithStderr(&said).WithStdout(io.Discard).WithSysWalltime().WithSysNanotime()
	_, err = runtime.InstantiateWithConfig(ctx, code, module)
	return reason(said.String(), err)
}

// reason is why a program ended that said something.
func reason(said string, err error) error {
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "runtime: goroutine stack exceeds") {
			if line = strings.TrimSpace(line); strings.HasSuffix(line, "out of memory") {
				line += ", as an endless recursion does, or a slice that grows without end"
			}
			return errors.New(job.Ends + "with " + line)
		}
	}
	var exit *sys.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return fmt.Errorf(job.Ends+"the program (os.Exit(%d))", exit.ExitCode())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(job.Ends + "with " + first)
}
