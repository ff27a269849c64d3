package wasm_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/browser"
	"descent.example/pkg/wasm"
	"descent.example/pkg/wasm/internal/trainings"
)

const page = `<!DOCTYPE html><meta charset="utf-8"><title>Training</title><script src="wasm_exec.js"></script><script>
const go = new Go();
WebAssembly.instantiateStreaming(fetch("page.wasm"), go.importObject).then((r) => go.run(r.instance));
</script>`

// pages builds the page for browsers, and returns what opens it in a browser of its own.
func pages(t *testing.T) func(t *testing.T) *browser.Tab {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(dir, "page.wasm"), "./internal/page")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	script, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wasm_exec.js"), script, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte(page), 0o644))
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return func(t *testing.T) *browser.Tab {
		p := browser.New(t).Open(server.URL, "")
		p.Until(`typeof measure === "function"`)
		return p
	}
}

// TestBrowser trains in Chromium what it trains here, to the same bits, and logs medians of the times over WASM_ROUNDS pages, each in
// a browser of its own; one if there is no such number. What a page trains first comes before what is timed: it makes Chromium compile
// the page's program.
func TestBrowser(t *testing.T) {
	const steps = 20_000
	rounds, err := strconv.Atoi(os.Getenv("WASM_ROUNDS"))
	if err != nil {
		rounds = 1
	}
	open := pages(t)
	times, bits := make(map[string][]float64), make(map[int]any)
	for range rounds {
		t.Run("page", func(t *testing.T) {
			p := open(t)
			for i := -1; i < len(trainings.All()); i++ {
				got := p.Eval(fmt.Sprintf("measure(%d, %d)", i, steps)).(map[string]any)
				for _, what := range []string{"step", "first", "generation"} {
					key := fmt.Sprint(i, what)
					times[key] = append(times[key], got[what].(float64))
				}
				bits[i] = got["bits"]
			}
		})
	}
	if len(bits) == 0 {
		t.Skip("there is no Chromium")
	}
	of := func(i int, what string) float64 { return median(times[fmt.Sprint(i, what)]) }
	t.Logf("a page's first training has a first result after %.0f ms", of(-1, "first"))
	for i, c := range trainings.All() {
		trainer, config, err := c.Start(wasm.New())
		require.NoError(t, err)
		config, err = c.Exact(config)
		require.NoError(t, err)
		h, err := trainings.Run(trainer, config, steps)
		require.NoError(t, err)
		trainer.Close()
		t.Logf("| %s | %.2f | %.0f | %.0f |", c.Name, of(i, "step"), of(i, "first"), of(i, "generation"))
		require.Equal(t, trainings.Bits(h), bits[i], c.Name)
	}
}

// A page can have more trainers than a browser has room for memories.
func TestManyTrainersInABrowser(t *testing.T) {
	require.Equal(t, 300.0, pages(t)(t).Eval(`hold(300)`))
}
