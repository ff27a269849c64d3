//go:build !js && !(cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)))

package accel

import (
	"errors"
	"runtime"

	"github.com/gomlx/compute"

	"descent.example/pkg/accel/plugin"
)

// noXLA is why this program has no XLA in it.
var noXLA = func() string {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64":
		return "this program was built without cgo, which XLA needs; install a C compiler (gcc or clang), and do not set CGO_ENABLED=0 or the tag noxla"
	}
	return "there is no XLA for " + runtime.GOOS + "/" + runtime.GOARCH
}()

func openXLA(plugin.Plugin, string) (compute.Backend, string, error) {
	return nil, "", errors.New(noXLA)
}
