//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package accel

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
	"github.com/pkg/errors"
	"k8s.io/klog/v2"

	"descent.example/pkg/accel/plugin"
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
	backend, err := xla.New(path + options)
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
