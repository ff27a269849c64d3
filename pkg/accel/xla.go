//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package accel

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
	"github.com/pkg/errors"
	"k8s.io/klog/v2"

	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/accel/programs"
)

// noXLA is why this program has no XLA in it: it has.
const noXLA = ""

// openXLA starts XLA on a plugin and returns the plugin's version. The plugin is given to go-xla by its absolute path:
// by name, go-xla would load every plugin of the machine to see which there are, and crash on a damaged one.
func openXLA(p plugin.Plugin, options string) (compute.Backend, string, error) {
	xla.EnableAutoInstall(false)
	// go-xla logs to standard error what it returns as an error too.
	defer klog.CaptureState().Restore()
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
	path, remove := neutral(p)
	defer remove()
	var client pjrt.NamedValuesMap
	switch p.Kind {
	case plugin.CPU:
		defer withFlags(oneKernel(path))()
		programs.Flags = os.Getenv("XLA_FLAGS")
		client = inCallersThread
	case plugin.CUDA:
		defer withFlags(oneGraph)()
		if !strings.Contains(options, "tf32") {
			options += exact
		}
	}
	backend, err := xla.NewWithOptions(path+options, client)
	if err != nil {
		reason, _, _ := strings.Cut(errors.Cause(err).Error(), " -- ")
		reason = strings.ReplaceAll(reason, path, p.Name())
		return nil, "", fmt.Errorf("the plugin %s cannot be used (%s)", p.Name(), reason)
	}
	loaded, err := pjrt.GetPlugin(path)
	if err != nil {
		return nil, "", err
	}
	major, minor := loaded.Version()
	return backend, fmt.Sprintf("v%d.%d", major, minor), nil
}

// inCallersThread makes the CPU plugin execute a program in the thread that calls it. By default the plugin puts programs into a
// queue. go-xla names no stream, so all programs share one queue: each waits for the one before it, and goroutines
// that train different nets take turns. go-xla waits for a program's end in either case. A plugin that does not know the
// option ignores it.
var inCallersThread = pjrt.NamedValuesMap{"asynchronous": false}

// A flag of XLA, without its dashes.
type flag struct{ name, value string }

// withFlags sets XLA's flags, but for those that the user has set, and returns what puts the environment back. XLA reads
// XLA_FLAGS when its client starts, and has no other way in through go-xla, which adds a flag for CUDA itself.
func withFlags(flags []flag) (restore func()) {
	before, set := os.LookupEnv("XLA_FLAGS")
	restore = func() {
		if set {
			os.Setenv("XLA_FLAGS", before)
		} else {
			os.Unsetenv("XLA_FLAGS")
		}
	}
	all := before
	for _, f := range flags {
		if !strings.Contains(all, f.name) {
			all += " --" + f.name + "=" + f.value
		}
	}
	if len(flags) > 0 {
		os.Setenv("XLA_FLAGS", strings.TrimSpace(all))
	}
	return restore
}

// oneKernel makes XLA compile a small loop into a single kernel. XLA:CPU runs a
// loop's body operation by operation, and handing over from one to the next costs more than the arithmetic of a small net:
// a training run takes about half the time, and half to compile, as one kernel. XLA does that by itself to loops whose body
// touches less than 1 KB; here the limit is 8 MB. Library calls cannot stand in such a loop: sums are compiled instead;
// matrix products stay library calls, and a loop that has them stays as it was.
//
// A flag that a plugin does not know ends the process, and before PJRT 0.106 the flags made matrix products slow: they are
// set for the versions tried.
func oneKernel(path string) []flag {
	loaded, err := pjrt.GetPlugin(path)
	if err != nil {
		return nil // xla.New will say it
	}
	if major, minor := loaded.Version(); runtime.GOOS != "linux" || major != 0 || minor < 106 || minor > 115 {
		return nil
	}
	return []flag{
		{"xla_backend_extra_options", "xla_cpu_small_while_loop_byte_threshold=8388608"},
		{"xla_cpu_experimental_ynn_fusion_type", "-reduce"},
	}
}

// oneGraph makes XLA hand a whole loop to the GPU as one CUDA graph. By default the host starts each pass of it, once it has
// read from the GPU whether there is to be one: 33 µs a step, where a graph takes 23 (H100, a net of 64 units).
var oneGraph = []flag{
	{"xla_gpu_enable_command_buffer", "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,DYNAMIC_SLICE_FUSION,CONDITIONAL,WHILE"},
	{"xla_gpu_graph_min_graph_size", "1"},
}

// exact makes matrix products those of float32, as the CPU's are. go-xla's default on CUDA is TF32, which rounds to three digits and
// makes products faster that are much larger than those of the nets here.
const exact = ",tf32=false"

// neutral returns a path of a CPU plugin that go-xla does not take for CUDA's: it does if any folder in the path is
// called so, like the home of a user "nvidia", and then starts the plugin with options that it refuses.
func neutral(p plugin.Plugin) (path string, remove func()) {
	remove = func() {}
	if p.Kind == plugin.CUDA || !pjrt.IsCUDAName(p.Path) {
		return p.Path, remove
	}
	folder, err := os.MkdirTemp("", "descent-")
	if err != nil {
		return p.Path, remove
	}
	remove = func() { os.RemoveAll(folder) }
	link := filepath.Join(folder, p.Name())
	if os.Symlink(p.Path, link) != nil {
		return p.Path, remove
	}
	return link, remove
}
