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
	if p.Kind == plugin.CPU {
		defer oneKernel(path)()
		client = inCallersThread
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

// oneKernel makes XLA compile a small loop into a single kernel, and returns what puts the environment back. XLA:CPU runs a
// loop's body operation by operation, and handing over from one to the next costs more than the arithmetic of a small net:
// a training run takes about half the time, and half to compile, as one kernel. XLA does that by itself to loops whose body
// touches less than 1 KB; here the limit is 8 MB. Library calls cannot stand in such a loop: sums are compiled instead;
// matrix products stay library calls, and a loop that has them stays as it was.
//
// XLA reads XLA_FLAGS when its client starts, and has no other way in through go-xla. A flag that a plugin does not know
// ends the process, and before PJRT 0.106 the flags made matrix products slow: they are set for the versions tried.
func oneKernel(path string) (restore func()) {
	before, set := os.LookupEnv("XLA_FLAGS")
	restore = func() {
		if set {
			os.Setenv("XLA_FLAGS", before)
		} else {
			os.Unsetenv("XLA_FLAGS")
		}
	}
	loaded, err := pjrt.GetPlugin(path)
	if err != nil {
		return restore // xla.New will say it
	}
	if major, minor := loaded.Version(); runtime.GOOS != "linux" || major != 0 || minor < 106 || minor > 115 {
		return restore
	}
	flags := before
	for _, flag := range []struct{ name, value string }{
		{"xla_backend_extra_options", "xla_cpu_small_while_loop_byte_threshold=8388608"},
		{"xla_cpu_experimental_ynn_fusion_type", "-reduce"},
	} {
		if !strings.Contains(flags, flag.name) { // the user's own come first
			flags += " --" + flag.name + "=" + flag.value
		}
	}
	os.Setenv("XLA_FLAGS", strings.TrimSpace(flags))
	programs.Flags = strings.TrimSpace(flags)
	return restore
}

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
