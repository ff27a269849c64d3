package headless

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/accel/plugin"
	"github.com/stretchr/testify/require"
)

// A cell that runs again takes the programs that an earlier one has compiled, computes the same with them, and compiles
// anew what is damaged.
func TestCellsKeepCompiledPrograms(t *testing.T) {
	cpu, err := plugin.Find(plugin.CPU)
	if err != nil || runtime.GOOS != "linux" || os.Getenv("GOMLX_BACKEND") != "" || os.Getenv("XLA_FLAGS") != "" {
		t.Skip("cells do not keep programs here")
	}
	build, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	cache := t.TempDir()
	t.Setenv("GOCACHE", strings.TrimSpace(string(build)))
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", filepath.Dir(cpu.Path))
	t.Setenv("XDG_CACHE_HOME", cache)
	path := setuptest.Notebook(t, `%%
trainer := lab.Must(train.New(lab.Must(accel.Open()), lab.Must(problem.Diabetes()), optim.GD(), train.Record{Params: true}))
run := lab.Must(trainer.Run(context.Background(), train.Config{LearningRate: 0.3, Steps: 1000}))
lab.Say("%v %v", run.Loss, run.Params[1000])`)
	kept := func() map[string]time.Time {
		entries, err := os.ReadDir(filepath.Join(cache, "descent", "programs"))
		require.NoError(t, err)
		found := map[string]time.Time{}
		for _, e := range entries {
			info, err := e.Info()
			require.NoError(t, err)
			found[filepath.Join(cache, "descent", "programs", e.Name())] = info.ModTime()
		}
		return found
	}
	first, err := execute(t, path, Options{})
	require.NoError(t, err)
	require.NotEmpty(t, kept())
	long := time.Now().Add(-time.Hour)
	for name := range kept() {
		require.NoError(t, os.Chtimes(name, long, long))
	}
	again, err := execute(t, path, Options{})
	require.NoError(t, err)
	require.Equal(t, first.Cells[0].Words(), again.Cells[0].Words())
	for _, used := range kept() {
		require.True(t, used.After(long), "each was taken")
	}

	for name := range kept() {
		require.NoError(t, os.WriteFile(name, []byte("damaged"), 0o644))
	}
	again, err = execute(t, path, Options{})
	require.NoError(t, err)
	require.Equal(t, first.Cells[0].Words(), again.Cells[0].Words())
	for name := range kept() {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(1000), "compiled and kept anew")
	}
}
