package plugin

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// What set-up looks at leaves out what GOMLX_BACKEND names, and what only has a plugin's name.
func TestInstalled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the library is an ELF file")
	}
	home, named := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", named)
	t.Setenv("GOMLX_BACKEND", "xla:"+filepath.Join(home, "none.so"))
	self, err := os.Executable()
	require.NoError(t, err)
	library, err := os.ReadFile(self)
	require.NoError(t, err)
	write(t, filepath.Join(named, "pjrt_c_api_cpu_plugin.so"), library)
	_, err = Installed(CPU, false)
	require.EqualError(t, err, "the plugin pjrt_c_api_cpu_plugin.so is none: it has no GetPjrtApi, with which every PJRT plugin begins")

	// In the cache folder the published SHA-256 decides, where there is no record yet.
	write(t, filepath.Join(home, "cache", "descent", "plugins", cpuWheel.folder(), "pjrt_c_api_cpu_plugin.so"), library)
	_, err = Installed(CPU, false)
	require.EqualError(t, err, "the plugin pjrt_c_api_cpu_plugin.so is damaged: its SHA-256 is not the published one")
	tree := filepath.Join(home, "cache", "descent", "plugins", goXLAFolder(CPU), "go-xla")
	write(t, filepath.Join(tree, "pjrt_c_api_cpu_plugin.so"), library)
	p, err := Installed(CPU, false)
	require.NoError(t, err)
	require.Equal(t, "from go-xla's installer", p.Origin)
	require.FileExists(t, recordOf(p.Path))
}
