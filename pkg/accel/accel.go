//go:build !js

// Package accel decides what computes: XLA, through a PJRT plugin, on the CPU or on a GPU, or else package wasm, which compiles to
// WebAssembly, needs neither plugin nor C, and takes two to five times as long as XLA. Open gives the backend, Describe says in a
// sentence which one it is and why.
//
// If GOMLX_BACKEND is set ("wasm", "xla", "xla:cpu", "xla:cuda", "xla:/path/of/plugin.so"), it decides, and it is an error if
// that backend is not available. Otherwise Open tries XLA on the CPU, XLA on an NVIDIA GPU, and WebAssembly, and takes the first
// that works. The CPU comes first because it is quicker for a single small net: a step of a net of 64 units takes half a
// microsecond there, and more than twenty on a GPU. A GPU trains thousands of such nets in the same time as one. GPU returns it
// for that case, and a sweep (package train) measures whether it pays. Package plugin says where it looks for plugins. This
// package downloads nothing; `go run ./cmd/lab setup` does.
package accel

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"descent.example/internal/live"
	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/wasm"
)

// Open returns the backend that computes in this process. It is opened once and stays open; calls after the first cost
// nothing and may come from any goroutine. It is an error if GOMLX_BACKEND asks for what cannot be had, or if nothing can be.
func Open() (compute.Backend, error) {
	c := opened()
	return c.backend, c.err
}

// Describe says in one sentence what computes in this process and why that. It opens the backend if Open has not.
// The sentence holds no path of this machine, so that a notebook can store it.
func Describe() string { return opened().sentence }

// Platform names what computes, for programs: "xla:cpu", "xla:cuda", "wasm"; "" if nothing does as Open fails.
func Platform() string { return opened().platform }

// GPU returns the backend on this machine's NVIDIA GPU, for work that is faster there than on what Open gives, and the GPU's name.
// It is opened once, at the first call, which takes about a second and half a GB of the GPU's memory; memory is taken as it
// is needed. It is an error if there is no GPU, if it does not answer, or if GOMLX_BACKEND says what computes.
func GPU() (compute.Backend, string, error) {
	c := openedGPU()
	return c.backend, c.sentence, c.err
}

var openedGPU = sync.OnceValue(func() choice {
	if set := os.Getenv("GOMLX_BACKEND"); set != "" {
		return choice{err: fmt.Errorf("GOMLX_BACKEND=%s says what computes", set)}
	}
	if opened().platform != "xla:cpu" || !slices.Contains(plugin.Kinds(), plugin.CUDA) {
		return choice{err: errors.New("no NVIDIA GPU was found beside XLA on the CPU")}
	}
	c, reasons := firstXLA([]plugin.Kind{plugin.CUDA}, plugin.Request{})
	if c.backend == nil {
		return choice{err: fmt.Errorf("the %s cannot be used: %s", plugin.GPU(), strings.Join(reasons, "; "))}
	}
	c.sentence = plugin.GPU()
	return c
})

// choice is what was opened, or why nothing was.
type choice struct {
	backend            compute.Backend
	err                error
	platform, sentence string
}

var opened = sync.OnceValue(choose)

func choose() choice {
	r := plugin.Requested()
	switch r.Backend {
	case "":
		kinds := slices.Clone(plugin.Kinds())
		slices.Reverse(kinds)
		c, reasons := firstXLA(kinds, r)
		if _, err := plugin.Find(plugin.CUDA); c.platform == "xla:cpu" && err == nil {
			if len(kinds) > 1 {
				c.sentence += " A sweep of many runs is done on the " + plugin.GPU() + " where that is faster."
			} else {
				c.sentence += " The plugin for CUDA is not used, because this machine shows no NVIDIA GPU."
			}
		}
		if c.backend != nil {
			return c
		}
		why := ": " + strings.Join(reasons, "; ")
		if noXLA == "" {
			why += "; `go run ./cmd/lab setup` fetches one"
		}
		if compiles() {
			return webAssembly(why + ".")
		}
		why += "; " + noCompiler
		return choice{err: errors.New("nothing computes here" + why), sentence: "Nothing computes" + why + "."}
	case wasm.Name:
		if compiles() {
			return webAssembly(", as GOMLX_BACKEND asks.")
		}
		return failed(noCompiler)
	case "xla":
		kinds := plugin.Kinds()
		if r.Kind == plugin.CUDA && !slices.Contains(kinds, plugin.CUDA) && r.Path == "" {
			return failed("no NVIDIA GPU was found")
		}
		if r.Kind != "" {
			kinds = []plugin.Kind{r.Kind}
		}
		c, reasons := firstXLA(kinds, r)
		if c.backend == nil {
			return failed(strings.Join(reasons, "; "))
		}
		return c
	}
	return failed("GoMLX has no such backend here; it can be wasm, xla, xla:cpu, xla:cuda, or xla: and a PJRT plugin's absolute path")
}

// firstXLA opens the first plugin that works, or returns why each did not.
func firstXLA(kinds []plugin.Kind, r plugin.Request) (choice, []string) {
	if noXLA != "" {
		return choice{}, []string{noXLA}
	}
	var reasons []string
	for _, kind := range kinds {
		plugins := plugin.All(kind)
		if r.Path != "" {
			plugins = plugins[:1] // the user's, and no other in its place
		}
		if len(plugins) == 0 {
			reasons = append(reasons, fmt.Sprintf("no PJRT plugin for %s was found", where(kind)))
		}
		for _, p := range plugins {
			backend, version, err := checkedXLA(p, r.Options)
			if err != nil {
				reasons = append(reasons, folders.ReplaceAllString(strings.ReplaceAll(err.Error(), p.Path, p.Name()), ""))
				continue
			}
			sentence := fmt.Sprintf("XLA computes, on %s, through the PJRT plugin %s %s", where(kind), version, p.Origin)
			if len(reasons) > 0 {
				sentence += " (the first choice failed: " + strings.Join(reasons, "; ") + ")"
			}
			return choice{backend: backend, platform: "xla:" + string(kind), sentence: sentence + "."}, nil
		}
	}
	return choice{}, reasons
}

// folders is what Describe leaves out of an error: the folders that a file's name begins with.
var folders = regexp.MustCompile(`(?:/[^/\s:"]+)+/`)

// checkedXLA opens XLA on a plugin, and survives one that go-xla does not.
func checkedXLA(p plugin.Plugin, options string) (backend compute.Backend, version string, err error) {
	if err := plugin.Check(p.Path); err != nil {
		return nil, "", err
	}
	defer func() {
		if caught := recover(); caught != nil {
			backend, err = nil, fmt.Errorf("the plugin %s cannot be used (%v)", p.Name(), caught)
		}
	}()
	backend, version, err = openXLA(p, options)
	if err == nil && p.Kind == plugin.CUDA {
		err = answers(backend)
	}
	return backend, version, err
}

// answers is an error if a GPU does not keep a number, as one that is full or lost.
func answers(backend compute.Backend) error {
	buffer, err := backend.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32, 1))
	if err != nil {
		return err
	}
	defer buffer.Finalize()
	kept := []float32{0}
	if err := buffer.ToFlatData(kept); err != nil || kept[0] != 1 {
		return cmp.Or(err, errors.New("it does not keep a number"))
	}
	return nil
}

// compiles tells whether WebAssembly becomes machine code here. Interpreted, it would take some hundred times as long as XLA.
var compiles = wasm.Compiles

const noCompiler = "WebAssembly cannot be compiled on this machine (" + runtime.GOOS + "/" + runtime.GOARCH + ")"

func webAssembly(why string) choice {
	backend := wasm.New()
	if live.Process {
		backend.Keep = wasm.Many
	}
	return choice{backend: backend, platform: wasm.Name, sentence: "WebAssembly computes, which takes longer than XLA" + why}
}

func failed(reason string) choice {
	return choice{
		err: errors.New("GOMLX_BACKEND=" + os.Getenv("GOMLX_BACKEND") + " cannot be had: " + reason +
			"; unset GOMLX_BACKEND to compute with what is there, or run `go run ./cmd/lab setup`"),
		sentence: "Nothing computes, as what GOMLX_BACKEND asks for cannot be had: " + reason + ".",
	}
}

func where(kind plugin.Kind) string {
	switch kind {
	case plugin.CPU:
		return "the CPU"
	case plugin.CUDA:
		return "the " + plugin.GPU()
	}
	return string(kind)
}
