package memory

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	require.NoError(t, Check(Limit(), "lower n", "nothing"))
	err := Check(Bytes(8, math.MaxInt, math.MaxInt), "lower n", "a matrix of %d rows", 3)
	require.ErrorContains(t, err, "a matrix of 3 rows would take 5.9e+20 EiB of memory, more than the ")
	require.ErrorContains(t, err, "that this process may take: lower n")
	require.Positive(t, Limit())
	require.Equal(t, "1 KiB", size(1024))
	require.Equal(t, "12 B", size(12))
	require.Equal(t, "0 B", size(0))
}

// A process that was given less than the machine has, by Go's own setting or by the system's, takes that for its limit.
func TestLimitsOfTheProcess(t *testing.T) {
	if os.Getenv("MEMORY_LIMIT_TEST") != "" {
		os.Stdout.WriteString(size(Limit()))
		os.Exit(0)
	}
	of := func(limit string) string {
		command := exec.Command("sh", "-c", limit+" "+os.Args[0]+" -test.run=TestLimitsOfTheProcess")
		command.Env = append(os.Environ(), "MEMORY_LIMIT_TEST=1")
		out, err := command.Output()
		require.NoError(t, err)
		return string(out)
	}
	require.Equal(t, "512 MiB", of("GOMEMLIMIT=1GiB"))
	if runtime.GOOS == "linux" {
		require.Equal(t, "1 GiB", of("ulimit -v 2097152;"))
	}
}

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
