package wasm_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel/plugin"
)

// TestGoMLX counts the passed, failed and skipped tests of GoMLX's packages core/graph, ml/layers and ml/train, with those below them,
// on the backend of WASM_GOMLX: "wasm", "go" or "xla"; or of the packages that follow, as in "xla ./ml/train/...". Each test is a
// process of its own, because some end it. They run in a copy of GoMLX that knows this backend and fetches no plugin.
func TestGoMLX(t *testing.T) {
	asked := strings.Fields(os.Getenv("WASM_GOMLX"))
	if len(asked) == 0 {
		t.Skip("WASM_GOMLX does not say on which backend GoMLX's own tests are to run")
	}
	backend, packages := asked[0], asked[1:]
	if len(packages) == 0 {
		packages = []string{"./core/graph/...", "./ml/layers/...", "./ml/train/..."}
	}
	if backend == "xla" {
		p, err := plugin.Find(plugin.CPU)
		require.NoError(t, err)
		backend += ":" + p.Path
	}
	copied := copyOfGoMLX(t)
	env := append(os.Environ(), "GOMLX_BACKEND="+backend, "GOWORK="+filepath.Join(filepath.Dir(copied), "go.work"), "GOFLAGS=")
	command := func(folder string, args ...string) *exec.Cmd {
		c := exec.Command(args[0], args[1:]...)
		c.Dir, c.Env = folder, env
		return c
	}
	list := []string{"go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}"}
	listed, err := command(copied, append(list, packages...)...).Output()
	require.NoError(t, err, string(listed))
	count := make(map[string]int)
	for _, folder := range strings.Fields(string(listed)) {
		name, program := strings.TrimPrefix(folder, copied+"/"), filepath.Join(folder, "program.test")
		out, err := command(folder, "go", "test", "-c", "-o", program, ".").CombinedOutput()
		require.NoError(t, err, string(out))
		tests, err := command(folder, program, "-test.list", ".").CombinedOutput()
		require.NoError(t, err, string(tests))
		for _, test := range strings.Fields(string(tests)) {
			if !strings.HasPrefix(test, "Test") || strings.HasSuffix(test, ":") { // what a TestMain says
				continue
			}
			out, _ := command(folder, "go", "tool", "test2json", program, "-test.v", "-test.timeout=1m", "-test.run", "^"+test+"$").CombinedOutput()
			results := actions(out)
			if results[test] == "" {
				results[test] = "fail"
			}
			for each, result := range results {
				count[result]++
				if result == "fail" {
					t.Log("failed:", name, each)
				}
			}
		}
	}
	t.Log(asked, count)
}

// actions is how each test, or part of one, ended, of what test2json says.
func actions(out []byte) map[string]string {
	results := make(map[string]string)
	for line := range bytes.Lines(out) {
		var event struct{ Action, Test string }
		if json.Unmarshal(line, &event) != nil || event.Test == "" {
			continue
		}
		switch event.Action {
		case "pass", "fail", "skip":
			results[event.Test] = event.Action
		}
	}
	return results
}

// copyOfGoMLX returns the folder of the copy, beside a go.work with it and this module.
func copyOfGoMLX(t *testing.T) string {
	source, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/gomlx").Output()
	require.NoError(t, err)
	here, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	copied := filepath.Join(t.TempDir(), "gomlx")
	require.NoError(t, os.CopyFS(copied, os.DirFS(strings.TrimSpace(string(source)))))
	offline := strings.NewReplacer("xla.AutoInstall()", "error(nil)", `"github.com/gomlx/go-xla/compute/xla"`,
		`_ "github.com/gomlx/go-xla/compute/xla"; _ "descent.example/pkg/wasm"`)
	for _, name := range []string{"support/testutil/testutil.go", "core/graph/graph_test.go"} {
		code, err := os.ReadFile(filepath.Join(copied, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(copied, name), []byte(offline.Replace(string(code))), 0o644))
	}
	work := exec.Command("go", "work", "init", copied, here)
	work.Dir, work.Env = filepath.Dir(copied), append(os.Environ(), "GOWORK=")
	out, err := work.CombinedOutput()
	require.NoError(t, err, string(out))
	return copied
}
