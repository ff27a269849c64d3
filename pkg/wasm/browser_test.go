package wasm_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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

// openPage builds the page for browsers and opens it.
func openPage(t *testing.T) *browser.Tab {
	b := browser.New(t)
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
	p := b.Open(server.URL, "")
	p.Until(`typeof measure === "function"`)
	return p
}

// TestBrowser trains in Chromium what it trains here, to the same bits, and logs the times.
func TestBrowser(t *testing.T) {
	const steps = 20_000
	p := openPage(t)
	for i, c := range trainings.All() {
		trainer, config, err := c.Start(wasm.New())
		require.NoError(t, err)
		config, err = c.Exact(config)
		require.NoError(t, err)
		h, err := trainings.Run(trainer, config, steps)
		require.NoError(t, err)
		trainer.Close()
		got := p.Eval(fmt.Sprintf("measure(%d, %d)", i, steps)).(map[string]any)
		t.Logf("%-36s %6.2f µs a step, first result %4.0f ms, %4.1f of them code generation", c.Name, got["step"], got["first"], got["generation"])
		require.Equal(t, trainings.Bits(h), got["bits"], c.Name)
	}
}
