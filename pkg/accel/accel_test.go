package accel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel/plugin"
)

// TestMain lets the tests see what other processes open, as this one opens its backend once.
func TestMain(m *testing.M) {
	if os.Getenv("ACCEL_TEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	if os.Getenv("ACCEL_TEST_COMPILER") == "none" {
		compiles = func() bool { return false }
	}
	_, err := Open()
	fmt.Printf("%s|%s|%v\n", Platform(), Describe(), err)
}

func TestOpenComputes(t *testing.T) {
	backend, err := Open()
	require.NoError(t, err)
	again, err := Open()
	require.NoError(t, err)
	require.Same(t, backend, again)
	require.Equal(t, float32(2), onePlusOne(t))
	name, _, _ := strings.Cut(Platform(), ":")
	require.Equal(t, name, backend.Name())
	require.Contains(t, Describe(), map[string]string{"xla": "XLA computes", "wasm": "WebAssembly computes"}[name])
}

func onePlusOne(t testing.TB) float32 {
	backend, err := Open()
	require.NoError(t, err)
	sum, err := graph.CallOnce(backend, func(x *graph.Node) *graph.Node { return graph.Add(x, x) }, float32(1))
	require.NoError(t, err)
	return sum.Value().(float32)
}

// another returns what a process opens that has nothing installed but what is in the folder.
func another(t *testing.T, backend, folder string) (platform, sentence, err string) {
	t.Helper()
	self, e := os.Executable()
	require.NoError(t, e)
	home := t.TempDir()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "ACCEL_TEST_CHILD=1", "GOMLX_BACKEND="+backend, "PJRT_PLUGIN_LIBRARY_PATH="+folder,
		"HOME="+home, "XDG_CACHE_HOME="+home, "LD_LIBRARY_PATH=", "LocalAppData="+home)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, e := cmd.Output()
	require.NoError(t, e, stderr.String())
	require.Empty(t, stderr.String(), "a notebook would show it")
	require.NotContains(t, string(out), home)
	parts := strings.Split(strings.TrimSpace(string(out)), "|")
	require.Len(t, parts, 3)
	require.NotContains(t, parts[1], os.TempDir()+"/", "Describe has no paths")
	return parts[0], parts[1], parts[2]
}

func TestWebAssemblyByName(t *testing.T) {
	platform, sentence, err := another(t, "wasm", t.TempDir())
	require.Equal(t, "wasm", platform)
	require.Equal(t, "WebAssembly computes, which takes longer than XLA, as GOMLX_BACKEND asks.", sentence)
	require.Equal(t, "<nil>", err)
}

// TestNoCompiler is what a person reads on a processor for which WebAssembly is not compiled.
func TestNoCompiler(t *testing.T) {
	t.Setenv("ACCEL_TEST_COMPILER", "none")
	platform, sentence, err := another(t, "wasm", t.TempDir())
	require.Empty(t, platform)
	require.Equal(t, "Nothing computes, as what GOMLX_BACKEND asks for cannot be had: "+noCompiler+".", sentence)
	require.Contains(t, err, "GOMLX_BACKEND=wasm cannot be had: "+noCompiler)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "pjrt_c_api_cpu_plugin.so"), nil, 0o755))
	if platform, sentence, err = another(t, "", folder); platform == "" { // the system's folders have no plugin
		require.Contains(t, sentence, "Nothing computes: ")
		require.Contains(t, sentence, noCompiler)
		require.Contains(t, err, noCompiler)
	}
}

func TestWhatTheUserNamesIsAnErrorIfItCannotBeHad(t *testing.T) {
	folder := t.TempDir()
	broken := filepath.Join(folder, "mine.so")
	require.NoError(t, os.WriteFile(broken, []byte("<html>not found</html>"), 0o644))
	for backend, reason := range map[string]string{
		"abacus":                  "GoMLX has no such backend here",
		"go":                      "GoMLX has no such backend here",
		"xla:abacus":              "no PJRT plugin for abacus was found",
		"xla:" + folder + "/x.so": "the plugin x.so cannot be read",
		"xla:" + folder:           "is not a file",
	} {
		if noXLA != "" && strings.HasPrefix(backend, "xla") {
			reason = noXLA
		}
		platform, sentence, err := another(t, backend, "")
		require.Empty(t, platform, backend)
		require.Contains(t, sentence, "Nothing computes, as what GOMLX_BACKEND asks for cannot be had: ")
		require.Contains(t, sentence, reason)
		require.Contains(t, err, "GOMLX_BACKEND="+backend+" cannot be had: ")
		require.Contains(t, err, "unset GOMLX_BACKEND")
	}
	if len(plugin.Kinds()) == 1 {
		_, sentence, _ := another(t, "xla:cuda", "")
		require.Contains(t, sentence, "no NVIDIA GPU was found")
	}
}

// TestBrokenPlugins puts files that are no plugins where the first plugin is looked for.
func TestBrokenPlugins(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	program, err := os.ReadFile(self)
	require.NoError(t, err)
	for what, file := range map[string]struct {
		content []byte
		reason  string
	}{
		"an error page": {[]byte("<html>not found</html>"), "the plugin pjrt_c_api_cpu_plugin.so is not a whole shared library"},
		"cut short":     {program[:len(program)/2], "the plugin pjrt_c_api_cpu_plugin.so is not a whole shared library"},
		"not a library": {program, "the plugin pjrt_c_api_cpu_plugin.so cannot be used ("},
		"empty":         {nil, "the plugin pjrt_c_api_cpu_plugin.so is empty"},
	} {
		t.Run(what, func(t *testing.T) {
			reason := file.reason
			switch {
			case noXLA != "":
				reason = noXLA
			case runtime.GOOS != "linux" && what != "empty":
				reason = "the plugin pjrt_c_api_cpu_plugin.so cannot be used ("
			}
			folder := t.TempDir()
			path := filepath.Join(folder, "pjrt_c_api_cpu_plugin.so")
			require.NoError(t, os.WriteFile(path, file.content, 0o755))

			// By itself it is passed over, for WebAssembly if the system's folders have no other plugin.
			platform, sentence, e := another(t, "", folder)
			require.Equal(t, "<nil>", e)
			require.Contains(t, sentence, reason)
			name, _, _ := strings.Cut(platform, ":")
			says := map[string]string{"wasm": "WebAssembly computes, which takes longer than XLA: ", "xla": "XLA computes, on "}
			require.Contains(t, says, name)
			require.Contains(t, sentence, says[name])
			// Named by the user it is an error.
			platform, sentence, e = another(t, "xla:"+path, "")
			require.Empty(t, platform)
			require.Contains(t, sentence, reason)
			require.Contains(t, e, "GOMLX_BACKEND=xla:"+path+" cannot be had: ")
		})
	}
}

// TestXLA opens the machine's own plugin in other ways, if it has one.
func TestXLA(t *testing.T) {
	p, err := plugin.Find(plugin.CPU)
	if err != nil || noXLA != "" {
		t.Skip("this machine has no PJRT plugin; `go run ./cmd/lab setup` fetches one")
	}
	folder := filepath.Join(t.TempDir(), "nvidia") // go-xla takes all that is in such a folder for CUDA's
	require.NoError(t, os.Mkdir(folder, 0o755))
	link := filepath.Join(folder, p.Name())
	if err := os.Symlink(p.Path, link); err != nil {
		t.Skip("this system does not let us link files")
	}
	platform, sentence, e := another(t, "", folder)
	require.Equal(t, "<nil>", e)
	require.Equal(t, "xla:cpu", platform)
	require.Regexp(t, `^XLA computes, on the CPU, through the PJRT plugin v\d+\.\d+ found on PJRT_PLUGIN_LIBRARY_PATH\.$`, sentence)
	platform, sentence, _ = another(t, "xla:"+link, "")
	require.Equal(t, "xla:cpu", platform)
	require.Regexp(t, `^XLA computes, on the CPU, through the PJRT plugin v\d+\.\d+ that GOMLX_BACKEND names\.$`, sentence)
	if len(plugin.Kinds()) == 1 { // as in the image with CUDA on a machine without a GPU
		require.NoError(t, os.Symlink(p.Path, filepath.Join(folder, "pjrt_c_api_cuda_plugin.so")))
		platform, sentence, _ = another(t, "", folder)
		require.Equal(t, "xla:cpu", platform)
		require.Contains(t, sentence, "no NVIDIA GPU")
	}
	_, sentence, e = another(t, "xla:"+link+",abacus=1", "")
	require.Contains(t, sentence, "unknown plugin options [abacus]")
	require.Contains(t, e, "unknown plugin options [abacus]")
}

// BenchmarkOpen measures a process that opens its backend and computes nothing.
func BenchmarkOpen(b *testing.B) {
	self, err := os.Executable()
	require.NoError(b, err)
	for b.Loop() {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "ACCEL_TEST_CHILD=1")
		require.NoError(b, cmd.Run())
	}
}

// XLA's flags are set for the moment in which it starts, and not for the processes that a cell starts.
func TestOpenLeavesTheEnvironment(t *testing.T) {
	before, set := os.LookupEnv("XLA_FLAGS")
	_, err := Open()
	require.NoError(t, err)
	after, still := os.LookupEnv("XLA_FLAGS")
	require.Equal(t, set, still)
	require.Equal(t, before, after)
}

// Goroutines compute at once: while one's program takes long, another's short ones come to their end, and do not wait in a queue
// behind it.
func TestProgramsRunAtOnce(t *testing.T) {
	backend, err := Open()
	require.NoError(t, err)
	if Platform() != "xla:cpu" {
		t.Skip("another backend computes here")
	}
	loop, err := graph.NewExec(backend, func(steps *graph.Node) *graph.Node {
		g := steps.Graph()
		zero, one := graph.Const(g, int64(0)), graph.Const(g, make([]float64, 2000)) // XLA never queues what does less
		shape := func(g *graph.Graph) (i, to, x *graph.Node) {
			return graph.Parameter(g, "i", zero.Shape()), graph.Parameter(g, "to", steps.Shape()), graph.Parameter(g, "x", one.Shape())
		}
		cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			i, to, _ := shape(g)
			return []*graph.Node{graph.LessThan(i, to)}
		})
		body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			i, to, x := shape(g)
			return []*graph.Node{graph.Add(i, graph.Const(g, int64(1))), to, graph.Mul(graph.Add(x, x), x)}
		})
		return graph.While(cond, body, zero, steps, one)[2]
	})
	require.NoError(t, err)
	defer loop.Finalize()
	_, err = loop.Call1(int64(1)) // compiles
	require.NoError(t, err)

	began, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		close(began)
		_, err := loop.Call1(int64(4_000_000)) // more than a second
		ended <- err
	}()
	<-began
	time.Sleep(50 * time.Millisecond) // the program is under way by now
	for short := 0; ; short++ {
		select {
		case err := <-ended:
			require.NoError(t, err)
			require.Greater(t, short, 100)
			return
		default:
			_, err := loop.Call1(int64(1))
			require.NoError(t, err)
		}
	}
}
