//go:build linux || darwin

package memory

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// system is the memory that the system lets this process have.
func system() float64 {
	least := machine()
	var address unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &address) == nil {
		least = min(least, float64(address.Cur))
	}
	return min(least, container("/"))
}

// container is the limit of the process' control group on Linux, in either of its versions; without one it is more than
// any machine has.
func container(root string) float64 {
	least := 0x1p62
	groups, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	folders := []string{"/"} // a container sees its own group as the root
	for line := range strings.Lines(string(groups)) {
		if _, path, found := strings.Cut(strings.TrimSpace(line), "::"); found {
			for ; path != "/" && path != "."; path = filepath.Dir(path) {
				folders = append(folders, path)
			}
		}
	}
	for _, folder := range folders {
		for _, name := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
			text, _ := os.ReadFile(filepath.Join(root, "sys/fs/cgroup", folder, name))
			if bytes, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64); err == nil {
				least = min(least, bytes)
			}
		}
	}
	return least
}
