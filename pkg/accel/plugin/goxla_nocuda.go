//go:build !(linux && amd64) && !cell

package plugin

// installCUDA is nil where no CUDA plugin is published.
var installCUDA func(folder string) error
