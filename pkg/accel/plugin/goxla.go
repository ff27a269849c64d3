//go:build !cell

package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/go-xla/installer"
	"k8s.io/klog/v2"
)

// This file, with goxla_cuda.go, is the one place that works around the installer of go-xla v0.4.2: it has no time-outs,
// cannot be cancelled, draws on standard output, caches an error page as if it were the plugin, and leaves what was cut
// in the user's cache. So it runs in a process of its own, with temporary folders of its own, which Options.run ends.
// The process can go when the installer takes a context and an http.Client.

// goXLAHas says whether go-xla's installer has plugins of the kind for this machine.
func goXLAHas(kind Kind) bool {
	if kind == CUDA {
		return installCUDA != nil
	}
	return slices.Contains(installer.CPUSupportedPlatforms, runtime.GOOS+"_"+runtime.GOARCH)
}

// goXLA is the source that runs go-xla's own installer, which fetches the CPU plugin from its project's releases and
// CUDA's from the wheels of JAX, these with their published hashes.
func (o Options) goXLA(kind Kind) source {
	return source{"go-xla's installer", goXLAFolder(kind), func(ctx context.Context, tree, temp string) error {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("this program cannot be started a second time (%w)", innermost(err))
		}
		cmd := exec.Command(self)
		cmd.Dir = temp
		cmd.Env = withEnv(append([]string{
			childKind + "=" + string(kind), childFolder + "=" + filepath.Join(tree, "go-xla"),
			"TMPDIR=" + temp, "TMP=" + temp, "TEMP=" + temp, "LocalAppData=" + temp}, o.env...)...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err = o.run(ctx, cmd, filepath.Dir(tree), "fetching go-xla's plugin for "+string(kind), 0)
		for line := range strings.Lines(stderr.String()) {
			if sentence, ok := strings.CutPrefix(line, childError); ok {
				return fmt.Errorf("%s", strings.TrimSpace(sentence))
			}
		}
		return err
	}}
}

const (
	childKind   = "DESCENT_GO_XLA_KIND"
	childFolder = "DESCENT_GO_XLA_FOLDER"
	childError  = "go-xla's installer failed: "
)

// init turns the process that goXLA started into the installer, before anything else of the program runs.
func init() {
	kind, folder := Kind(os.Getenv(childKind)), os.Getenv(childFolder)
	if kind == "" {
		return
	}
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // its warnings repeat its errors
	http.DefaultClient.Transport = refusesErrorPages{}
	if err := install(kind, folder); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", childError, firstLine(plain(err)))
		os.Exit(1)
	}
	os.Exit(0)
}

func install(kind Kind, folder string) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("%v", caught)
		}
	}()
	if kind == CUDA {
		return installCUDA(folder)
	}
	// Without its cache a download lies in the temporary folder, but under a name that hides from it that the Windows
	// one is a zip file; there the cache is in the temporary folder too, by LocalAppData.
	return installer.CPUAutoInstall(folder, runtime.GOOS == "windows", installer.Quiet)
}

// refusesErrorPages makes an error of an HTTP answer that is one.
type refusesErrorPages struct{}

func (refusesErrorPages) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil && response.StatusCode >= 400 {
		response.Body.Close()
		return nil, fmt.Errorf("the server answers %s", response.Status)
	}
	return response, err
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
