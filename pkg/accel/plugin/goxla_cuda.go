//go:build linux && amd64 && !cell

package plugin

import (
	"os"
	"path/filepath"

	"github.com/gomlx/go-xla/installer"
)

// installCUDA installs JAX's CUDA 13 plugin and NVIDIA's libraries.
var installCUDA = func(folder string) error {
	if err := installer.CudaInstall("cuda13", "latest", folder, false, installer.Quiet); err != nil {
		return err
	}
	// go-xla links ptxas by its absolute path, which is not its path once the folder has been renamed.
	link := filepath.Join(folder, "nvidia", "bin", "ptxas")
	if err := os.Remove(link); err != nil {
		return err
	}
	return os.Symlink(filepath.Join("..", "cu13", "bin", "ptxas"), link)
}
