//go:build linux && amd64

package plugin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInstallCUDA lets go-xla's installer fetch a CUDA plugin and a library of NVIDIA's from a package index of ours.
func TestInstallCUDA(t *testing.T) {
	withGPU(t, true)
	content := fakePlugin(1000)
	wheels := map[string][]byte{
		"jax-cuda13-plugin": nil,
		"jax-cuda13-pjrt":   zipped(t, map[string]string{"jax_plugins/xla_cuda13/xla_cuda_plugin.so": string(content)}),
		"nvidia-cuda-nvcc":  zipped(t, map[string]string{"nvidia/cu13/bin/ptxas": "assembler"}),
	}
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, path, _ := strings.Cut(r.URL.Path[1:], "/") // after the host
		if name, ok := strings.CutPrefix(path, "pypi/"); ok {
			name = strings.TrimSuffix(name, "/json")
			fmt.Fprintf(w, `{"info":{"version":"1.0","author_email":"jax-dev@google.com","requires_dist":["nvidia-cuda-nvcc>=1.0; extra == \"with-cuda\""]},
				"releases":{"1.0":[{"packagetype":"bdist_wheel","filename":"%s-1.0-manylinux_x86_64.whl","url":"http://files/%[1]s","digests":{"sha256":"%s"}}]}}`,
				name, hash(wheels[name]))
			return
		}
		if broken.Load() && path == "jax-cuda13-pjrt" {
			w.Write([]byte("another file"))
			return
		}
		w.Write(wheels[path])
	}))
	defer server.Close()
	o := Options{Folder: filepath.Join(t.TempDir(), "plugins"), need: 1, env: []string{"DESCENT_TEST_SERVER=" + server.URL}}

	broken.Store(true)
	_, err := Install(t.Context(), CUDA, o)
	require.ErrorContains(t, err, "no PJRT plugin for cuda could be fetched (go-xla's installer: SHA256 hash mismatch")
	requireNothing(t, o)

	broken.Store(false)
	p, err := Install(t.Context(), CUDA, o)
	require.NoError(t, err)
	tree := filepath.Join(o.Folder, "go-xla-"+goXLAVersion+"-cuda", "go-xla", "nvidia")
	require.Equal(t, Plugin{CUDA, filepath.Join(tree, "pjrt_c_api_cuda_plugin.so"), "from go-xla's installer"}, p)
	for file, want := range map[string]string{"pjrt_c_api_cuda_plugin.so": string(content), "bin/ptxas": "assembler"} {
		got, err := os.ReadFile(filepath.Join(tree, file)) // ptxas through its link
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
