package memory

import (
	"math"
	"os"
	"os/exec"
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
