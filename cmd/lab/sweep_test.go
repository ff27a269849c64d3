package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/grid"
	"github.com/stretchr/testify/require"
)

// Three processes do a part each, as three machines would. One is killed and started again. Together they have what one process has.
func TestSweepInParts(t *testing.T) {
	t.Parallel()
	h := setuptest.Ready(t)
	folder, program := t.TempDir(), buildLab(t)
	file := func(name string) string { return filepath.Join(folder, name+".jsonl") }
	sweep := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"sweep", "--offline", "--work", t.TempDir()}, args...)...)
		cmd.Dir = h.Root
		process.EndWithContext(cmd)
		return cmd
	}
	settings := []string{"--widths", "3,4", "--optimizers", "SGD,Adam", "--rates", "0.05,100", "--seeds", "60", "--steps", "2000"}
	part := func(i int) *exec.Cmd {
		return sweep(append(settings, "--shard", fmt.Sprintf("%d/3", i), "--to", file(fmt.Sprint(i)))...)
	}

	killed := part(0)
	require.NoError(t, killed.Start())
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(file("0"))
		return strings.Count(string(text), "\n") > 1
	}, time.Minute, 5*time.Millisecond)
	require.NoError(t, process.SignalGroup(killed, syscall.SIGKILL))
	killed.Wait()

	var all sync.WaitGroup
	said := make([]string, 4)
	for i := range 3 {
		all.Go(func() {
			out, err := part(i).CombinedOutput()
			said[i] = fmt.Sprint(string(out), err)
		})
	}
	all.Go(func() {
		out, err := sweep(append(settings, "--to", file("whole"))...).CombinedOutput()
		said[3] = fmt.Sprint(string(out), err)
	})
	all.Wait()
	_, parts, err := grid.Merge([]string{file("2"), file("0"), file("1")})
	require.NoError(t, err, said)
	_, whole, err := grid.Merge([]string{file("whole")})
	require.NoError(t, err, said)
	require.Equal(t, whole, parts)

	out, err := exec.CommandContext(t.Context(), program, "sweep", "merge", file("0"), file("1"), file("2")).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Len(t, strings.Split(strings.TrimSpace(string(out)), "\n"), 1+8)
	require.Regexp(t, `\n4 +SGD +100 +none +60\n`, string(out), "all 60 runs diverged")
}

func TestSweepRefuses(t *testing.T) {
	for args, says := range map[string]string{
		"--shard 3":                        "index/parts",
		"--shard 1/2x":                     "index/parts",
		"--shard 2/2 --to a":               "0 to 1",
		"--widths 0 --to a":                "width is 0",
		"--seeds 1":                        "--to is missing",
		"--to /proc/none/a":                "another file",
		"merge":                            "no file",
		"merge /nowhere":                   "cannot be read",
		"--optimizers Adam,Adam --shard 0": "index/parts",
	} {
		root := rootCommand()
		root.SetArgs(append([]string{"sweep"}, strings.Fields(args)...))
		root.SilenceUsage, root.SilenceErrors = true, true
		require.ErrorContains(t, root.ExecuteContext(t.Context()), says, args)
	}
}
