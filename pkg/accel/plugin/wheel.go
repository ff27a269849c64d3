package plugin

import (
	"os"
	"path"
	"path/filepath"
)

// wheel is a published Python wheel that has a PJRT plugin in it, pinned so that nothing else can take its place.
type wheel struct {
	Project, Version string
	Platform         string // the only one it is published for: "linux/amd64"
	SHA256           string // of the wheel
	Size             int64  // of the wheel, in bytes
	Member           string // the plugin's path in the wheel
	MemberSHA256     string
}

// cpuWheel is built from OpenXLA's sources, Apache-2.0, and needs glibc 2.27 (2018) or later.
var cpuWheel = wheel{
	Project:      "lammps-jax-pjrt-cpu",
	Version:      "0.11.2",
	Platform:     "linux/amd64",
	SHA256:       "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
	Size:         62_711_338,
	Member:       "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
	MemberSHA256: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2",
}

// String returns "project version".
func (w wheel) String() string { return w.Project + " " + w.Version }

func (w wheel) folder() string { return w.Project + "-" + w.Version }

// inCache returns the plugin that was unpacked from the wheel, if it was.
func (w wheel) inCache(folder string) []Plugin {
	file := filepath.Join(folder, w.folder(), path.Base(w.Member))
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	return []Plugin{{CPU, file, "from the wheel " + w.String()}}
}
