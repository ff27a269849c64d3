// Package accel decides what computes: XLA, through a PJRT plugin, on a GPU or on the CPU, or else GoMLX's own backend
// in pure Go, which is slower and always there. Open gives the backend, Describe says in a sentence which one it is and
// why.
//
// GOMLX_BACKEND decides where it is set ("go", "xla", "xla:cpu", "xla:cuda", "xla:/path/of/plugin.so"), and it is an
// error then if that cannot be had. Otherwise the first that works computes, of: XLA on an NVIDIA GPU, XLA on the CPU,
// pure Go. Package plugin says where plugins are looked for. Nothing is downloaded here; `go run ./cmd/lab setup` does.
package accel

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"

	"descent.example/pkg/accel/plugin"
)

// Open returns the backend that computes in this process. It is opened once and stays open; calls after the first cost
// nothing and may come from any goroutine. It is an error if GOMLX_BACKEND asks for what cannot be had.
func Open() (compute.Backend, error) {
	c := opened()
	return c.backend, c.err
}

// Describe says in one sentence what computes in this process and why that. It opens the backend if Open has not.
// The sentence holds no path of this machine, so that a notebook can store it.
func Describe() string { return opened().sentence }

// Platform names what computes, for programs: "xla:cpu", "xla:cuda", "go"; "" if nothing does as Open fails.
func Platform() string { return opened().platform }

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
		c, reasons := firstXLA(plugin.Kinds(), r)
		if c.backend != nil {
			return c
		}
		sentence := "GoMLX's pure Go backend computes, slower than XLA: " + strings.Join(reasons, "; ")
		if noXLA == "" {
			sentence += "; `go run ./cmd/lab setup` fetches one"
		}
		return pureGo("go", sentence+".")
	case "go":
		return pureGo(os.Getenv("GOMLX_BACKEND"), "GoMLX's pure Go backend computes, slower than XLA, as GOMLX_BACKEND asks.")
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
	return failed("GoMLX has no such backend here; it can be go, xla, xla:cpu, xla:cuda, or xla: and a PJRT plugin's absolute path")
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
	return openXLA(p, options)
}

// pureGo opens the Go backend. Without options of the user's, operations follow each other: those of nets as small as ours take
// less time than to hand them to another thread, and runs of a sweep are parallel as it is (0.7 times the time of a sweep).
func pureGo(config, sentence string) choice {
	if config == "go" {
		config = "go:ops_sequential"
	}
	backend, err := compute.NewWithConfig(config)
	if err != nil {
		return failed("GoMLX's pure Go backend does not start (" + err.Error() + ")")
	}
	return choice{backend: backend, platform: "go", sentence: sentence}
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
		return "the NVIDIA GPU"
	}
	return string(kind)
}
