package plugin

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"
)

// TestFindOrder puts plugins in every place and removes the first one again and again.
func TestFindOrder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the places are those of Linux")
	}
	home, named := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", "relative:"+named)
	t.Setenv("LD_LIBRARY_PATH", filepath.Join(home, "ld"))
	byUser := filepath.Join(home, "mine.so")
	t.Setenv("GOMLX_BACKEND", "xla:"+byUser+",shared_buffers=false")
	cache, err := CacheFolder()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(home, "cache", "descent", "plugins"), cache)

	order := []struct{ path, origin string }{
		{byUser, "that GOMLX_BACKEND names"},
		{filepath.Join(named, "pjrt_c_api_cpu_plugin.so"), "found on PJRT_PLUGIN_LIBRARY_PATH"},
		{filepath.Join(home, ".local/lib/go-xla/pjrt_c_api_cpu_plugin.so"), "installed on this machine"},
		{filepath.Join(home, ".local/lib/go-xla/pjrt_c_api_cpu_v0.114.0_plugin.so"), "installed on this machine"},
		{filepath.Join(home, ".local/lib/go-xla/pjrt_c_api_cpu_v0.83.1_plugin.so"), "installed on this machine"},
		{filepath.Join(home, ".local/lib/gomlx/pjrt/pjrt-plugin-cpu.so"), "installed on this machine"},
		{filepath.Join(home, "ld/pjrt_plugin_cpu.so"), "installed on this machine"},
		{filepath.Join(cache, goXLAFolder(CPU), "go-xla/pjrt_c_api_cpu_plugin.so"), "from go-xla's installer"},
		{filepath.Join(cache, "lammps-jax-pjrt-cpu-0.11.2/pjrt_c_api_cpu_plugin.so"), "from the wheel lammps-jax-pjrt-cpu 0.11.2"},
	}
	for _, file := range order {
		write(t, file.path, fakePlugin(100))
	}
	// What must not be taken for a CPU plugin.
	for _, other := range []string{"pjrt_c_api_cuda_plugin.so", "libpjrt_c_api_cpu_plugin.so", "pjrt_c_api_cpux_plugin.so", "pjrt_c_api_cpu_plugin.so.lock"} {
		write(t, filepath.Join(named, other), fakePlugin(100))
	}
	for i, want := range order {
		found, err := Find(CPU)
		require.NoError(t, err)
		require.Equal(t, Plugin{CPU, want.path, want.origin}, found)
		require.NoError(t, os.Remove(want.path))
		if i == 0 {
			_, err := Find(CPU)
			says.All(t, err, "GOMLX_BACKEND=xla:"+byUser+",shared_buffers=false … mine.so … no such file")
			t.Setenv("GOMLX_BACKEND", "xla")
		}
	}
	// Nothing of ours is left; the machine may have one in its system folders.
	for _, p := range All(CPU) {
		require.NotContains(t, p.Path, home)
	}
	cuda, err := Find(CUDA)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(named, "pjrt_c_api_cuda_plugin.so"), cuda.Path)
	_, err = Find("abacus")
	says.All(t, err, "plugin … abacus")
}

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
	says.All(t, err, "pjrt_c_api_cpu_plugin.so … GetPjrtApi")

	// In the cache folder the published SHA-256 decides, where there is no record yet.
	write(t, filepath.Join(home, "cache", "descent", "plugins", cpuWheel.folder(), "pjrt_c_api_cpu_plugin.so"), library)
	_, err = Installed(CPU, false)
	says.All(t, err, "pjrt_c_api_cpu_plugin.so … damaged … SHA-256")
	tree := filepath.Join(home, "cache", "descent", "plugins", goXLAFolder(CPU), "go-xla")
	write(t, filepath.Join(tree, "pjrt_c_api_cpu_plugin.so"), library)
	p, err := Installed(CPU, false)
	require.NoError(t, err)
	require.Equal(t, "from go-xla's installer", p.Origin)
	require.FileExists(t, recordOf(p.Path))
}

func TestLinkerFolders(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.conf"), []byte("# a comment\n/first\n\ninclude "+folder+"/*.conf\n  /last  \nrelative\n"))
	write(t, filepath.Join(folder, "b.conf"), []byte("/second\n"))
	folders := linkerFolders(filepath.Join(folder, "a.conf"), 0) // which includes itself
	require.Equal(t, "/first", folders[0])
	require.Equal(t, "/last", folders[len(folders)-1])
	require.Contains(t, folders, "/second")
	require.NotContains(t, folders, "relative")
}

func TestKinds(t *testing.T) {
	for gpu, want := range map[bool][]Kind{true: {CUDA, CPU}, false: {CPU}} {
		withGPU(t, gpu)
		require.Equal(t, want, Kinds())
	}
}

func TestRequested(t *testing.T) {
	for value, want := range map[string]Request{
		"":                             {},
		"go":                           {Backend: "go"},
		"wasm":                         {Backend: "wasm"},
		"go:ops":                       {Backend: "go"},
		"xla":                          {Backend: "xla"},
		"hlo:cpu":                      {Backend: "xla", Kind: CPU},
		"xla:cuda,tf32=false,x=1":      {Backend: "xla", Kind: CUDA, Options: ",tf32=false,x=1"},
		"xla:/a/b/mine.so,x":           {Backend: "xla", Kind: CPU, Path: "/a/b/mine.so", Options: ",x"},
		"xla:/cuda/pjrt_plugin_cpu.so": {Backend: "xla", Kind: CPU, Path: "/cuda/pjrt_plugin_cpu.so"},
		"xla:/a/xla_cuda_plugin.so":    {Backend: "xla", Kind: CUDA, Path: "/a/xla_cuda_plugin.so"},
		"stablehlo:/a/pjrt_c_api_tpu_v1_plugin.so": {Backend: "xla", Kind: "tpu", Path: "/a/pjrt_c_api_tpu_v1_plugin.so"},
		"abacus:9": {Backend: "abacus"},
	} {
		if runtime.GOOS == "windows" && want.Path != "" {
			continue // these are not absolute there
		}
		t.Setenv("GOMLX_BACKEND", value)
		require.Equal(t, want, Requested(), value)
	}
}

func TestCheck(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "p.so")
	says.All(t, Check(file), "p.so … no such file")
	require.ErrorContains(t, Check(folder), "is not a file")
	write(t, file, nil)
	says.All(t, Check(file), "p.so … empty")
	write(t, file, fakePlugin(100))
	require.NoError(t, Check(file))
	if runtime.GOOS != "linux" {
		return
	}
	write(t, file, []byte("<html>not found</html>"))
	says.All(t, Check(file), "p.so … not a whole … library")

	// A real library, whole and cut: the test binary itself is an ELF file with the same parts.
	self, err := os.Executable()
	require.NoError(t, err)
	library, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, Check(self))
	write(t, file, library[:len(library)/4])
	says.All(t, Check(file), "p.so … not a whole … library")

	foreign := fakePlugin(100)
	foreign[18], foreign[19] = 8, 0 // MIPS
	write(t, file, foreign)
	require.ErrorContains(t, Check(file), "is built for EM_MIPS, and this machine is "+runtime.GOARCH)
}

// withGPU pretends for a test that there is a GPU, or none.
func withGPU(t *testing.T, gpu bool) {
	real := hasGPU
	hasGPU = func() bool { return gpu }
	t.Cleanup(func() { hasGPU = real })
}

// fakePlugin returns the header of a shared library for this machine and n bytes that do not compress.
func fakePlugin(n int) []byte {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(header[16:], 3)
	binary.LittleEndian.PutUint16(header[18:], uint16(elfMachine[runtime.GOARCH]))
	binary.LittleEndian.PutUint32(header[20:], 1)
	binary.LittleEndian.PutUint16(header[52:], 64)
	body := bytes.NewBuffer(header)
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		body.WriteByte(byte(random.Uint32()))
	}
	return body.Bytes()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, content, 0o644))
}
