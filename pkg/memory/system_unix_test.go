//go:build linux || darwin

package memory

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimitsOfAContainer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("control groups are Linux's")
	}
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	require.Greater(t, container(root), 1e18)
	write("sys/fs/cgroup/memory.max", "max\n")
	require.Greater(t, container(root), 1e18)
	write("proc/self/cgroup", "0::/user/class\n")
	write("sys/fs/cgroup/user/memory.max", "3000000\n") // that of a group above
	require.Equal(t, 3e6, container(root))
	write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n")
	require.Equal(t, 2e6, container(root))
}
