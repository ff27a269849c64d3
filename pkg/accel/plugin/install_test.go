package plugin

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"
)

// index is a package index on this machine with one wheel in it.
type index struct {
	*httptest.Server
	wheel   wheel  // the pin
	file    []byte // what is served
	name    string // of the file
	content []byte // the plugin in it

	serve  func(w http.ResponseWriter, r *http.Request, n int) // the file, at the n-th request; nil serves it as it is
	n      atomic.Int32
	ranges atomic.Int32 // requests for a part of the file
}

func newIndex(t *testing.T) *index {
	content := fakePlugin(300_000)
	x := &index{
		wheel: wheel{Project: "fake-pjrt-cpu", Version: "1.2", Platform: platform, Member: "fake_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
			MemberSHA256: hash(content)},
		name: "fake_pjrt_cpu-1.2-py3-none-any.whl", content: content,
	}
	x.file = zipped(t, map[string]string{
		x.wheel.Member:                         string(content),
		"fake_pjrt_cpu-1.2.dist-info/WHEEL":    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"fake_pjrt_cpu-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: fake-pjrt-cpu\nVersion: 1.2\n",
		"fake_pjrt_cpu-1.2.dist-info/RECORD":   "",
	})
	x.wheel.SHA256, x.wheel.Size = hash(x.file), int64(len(x.file))
	x.Server = httptest.NewServer(http.HandlerFunc(x.answer))
	t.Cleanup(func() {
		x.CloseClientConnections()
		x.Close()
	})
	return x
}

func (x *index) answer(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/simple/fake-pjrt-cpu"):
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<html><body><a href="/files/%s">%s</a></body></html>`, x.name, x.name)
	case r.URL.Path == "/files/"+x.name:
		if r.Header.Get("Range") != "" {
			x.ranges.Add(1)
		}
		if n := int(x.n.Add(1)); x.serve != nil {
			x.serve(w, r, n)
			return
		}
		x.whole(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (x *index) whole(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"`+hash(x.file)+`"`)
	http.ServeContent(w, r, x.name, time.Time{}, bytes.NewReader(x.file))
}

// half sends the first half and cuts the connection.
func (x *index) half(w http.ResponseWriter) {
	w.Header().Set("ETag", `"`+hash(x.file)+`"`)
	w.Header().Set("Accept-Ranges", "bytes")
	w.Header().Set("Content-Length", fmt.Sprint(len(x.file)))
	w.Write(x.file[:len(x.file)/2])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// options are those of an installation by pip, from x alone, into a folder of its own.
func (x *index) options(t *testing.T) Options {
	return Options{
		Folder: filepath.Join(t.TempDir(), "plugins"), Python: python(), Stall: 20 * time.Second,
		wheel: x.wheel, noGoXLA: true, need: 1,
		env: []string{"PIP_INDEX_URL=" + x.URL + "/simple", "PIP_CONFIG_FILE=" + os.DevNull, "PIP_EXTRA_INDEX_URL=", "PIP_FIND_LINKS=",
			"PIP_NO_INDEX=", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1"},
	}
}

// python is the interpreter of the lab's environment, whose pip can resume; else the system's.
func python() string {
	if python := os.Getenv("LAB_PYTHON"); python != "" {
		return python
	}
	return "python3"
}

// requireWhole asserts that the plugin is in place and nothing else is.
func (x *index) requireWhole(t *testing.T, o Options, p Plugin) {
	t.Helper()
	require.Equal(t, Plugin{CPU, filepath.Join(o.Folder, "fake-pjrt-cpu-1.2", "pjrt_c_api_cpu_plugin.so"), "from the wheel fake-pjrt-cpu 1.2"}, p)
	got, err := os.ReadFile(p.Path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(x.content, got))
	require.Equal(t, []string{".lock", "fake-pjrt-cpu-1.2", "fake-pjrt-cpu-1.2/pjrt_c_api_cpu_plugin.so", "fake-pjrt-cpu-1.2/pjrt_c_api_cpu_plugin.so.record"}, files(t, o.Folder))
}

// requireNothing asserts that a failure left nothing.
func requireNothing(t *testing.T, o Options) {
	t.Helper()
	require.Equal(t, []string{".lock"}, files(t, o.Folder))
}

func files(t *testing.T, folder string) []string {
	var names []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if name, _ := filepath.Rel(folder, path); name != "." {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

func TestInstall(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	o := x.options(t)
	var last int64
	o.Progress = func(what string, done, total int64) {
		require.Contains(t, what, "fake-pjrt-cpu 1.2")
		last = max(last, done)
	}
	p, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	x.requireWhole(t, o, p)
	require.Positive(t, last)
	require.EqualValues(t, 1, x.n.Load())

	// Again: it is there.
	again, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	require.Equal(t, p, again)
	require.EqualValues(t, 1, x.n.Load())

	// Damaged: it is fetched again. What a killed installation left is removed.
	require.NoError(t, os.Truncate(p.Path, 0))
	write(t, filepath.Join(o.Folder, ".fetching-1/temp/half.whl"), []byte("half"))
	p, err = Install(t.Context(), CPU, o)
	require.NoError(t, err)
	x.requireWhole(t, o, p)
}

// TestInstallMendsDamage spoils an installed plugin in ways that leave it a shared library to look at.
func TestInstallMendsDamage(t *testing.T) {
	t.Parallel()
	flip := func(path string) error {
		content, err := os.ReadFile(path)
		if err == nil {
			content[len(content)/2] ^= 1
			err = os.WriteFile(path, content, 0o755)
		}
		return err
	}
	for name, c := range map[string]struct {
		spoil  func(p Plugin) error
		reason string // that Check gives; "" if only reading all of it tells
	}{
		"flipped bit": {func(p Plugin) error { return flip(p.Path) },
			"the plugin pjrt_c_api_cpu_plugin.so is damaged (pjrt_c_api_cpu_plugin.so was altered)"},
		"another library under its name": {func(p Plugin) error { return os.WriteFile(p.Path, fakePlugin(1000), 0o755) },
			"is damaged (pjrt_c_api_cpu_plugin.so was altered)"},
		"flipped bit and the time restored": {func(p Plugin) error {
			info, err := os.Stat(p.Path)
			return errors.Join(err, flip(p.Path), os.Chtimes(p.Path, info.ModTime(), info.ModTime()))
		}, ""},
		"flipped bit and no record":      {func(p Plugin) error { return errors.Join(flip(p.Path), os.Remove(recordOf(p.Path))) }, ""},
		"flipped bit and half a record":  {func(p Plugin) error { return errors.Join(flip(p.Path), os.Truncate(recordOf(p.Path), 5)) }, ""},
		"a time that changed and no bit": {func(p Plugin) error { return os.Chtimes(p.Path, time.Now(), time.Now()) }, "whole"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newIndex(t)
			o := x.options(t)
			p, err := Install(t.Context(), CPU, o)
			require.NoError(t, err)
			require.NoError(t, c.spoil(p))
			switch err := Check(p.Path); c.reason {
			case "", "whole":
				require.NoError(t, err)
			default:
				require.ErrorContains(t, err, c.reason)
			}
			p, err = Install(t.Context(), CPU, o)
			require.NoError(t, err)
			x.requireWhole(t, o, p)
			require.EqualValues(t, map[bool]int{true: 1, false: 2}[c.reason == "whole"], x.n.Load(), "times that it was fetched")
		})
	}
}

func TestInstallFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(t *testing.T, x *index, o *Options)
		want   string
	}{
		"wrong checksum": {func(_ *testing.T, x *index, _ *Options) { x.file = append(x.file, 0) },
			"the file that came is not the published one: its SHA-256 differs"},
		"wrong plugin in the right wheel": {func(_ *testing.T, _ *index, o *Options) { o.wheel.MemberSHA256 = hash(nil) },
			"the plugin in the wheel is not the published one"},
		"no plugin in the wheel": {func(_ *testing.T, _ *index, o *Options) { o.wheel.Member = "abacus.so" },
			"the wheel has no file abacus.so in it"},
		"a wheel that is no zip file": {func(_ *testing.T, x *index, o *Options) {
			x.file = []byte("not a zip file")
			o.wheel.SHA256 = hash(x.file)
		}, "the wheel fake-pjrt-cpu 1.2: "},
		"server error": {func(_ *testing.T, x *index, _ *Options) {
			x.serve = func(w http.ResponseWriter, _ *http.Request, _ int) {
				http.Error(w, "out of order", http.StatusInternalServerError)
			}
		}, "the package index answers with a server error"},
		"server error on the index": {func(_ *testing.T, x *index, _ *Options) {
			x.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "out of order", http.StatusServiceUnavailable)
			})
		}, "the package index answers with a server error"},
		"forbidden": {func(_ *testing.T, x *index, _ *Options) {
			x.serve = func(w http.ResponseWriter, _ *http.Request, _ int) { http.Error(w, "no", http.StatusForbidden) }
		}, "the package index or a proxy refuses access"},
		"always cut": {func(_ *testing.T, x *index, _ *Options) {
			x.serve = func(_ http.ResponseWriter, _ *http.Request, _ int) { panic(http.ErrAbortHandler) }
		}, "the connection was cut again and again"},
		"no server": {func(_ *testing.T, x *index, _ *Options) { x.Close() },
			"the package index cannot be reached; check the network"},
		"no proxy": {func(_ *testing.T, _ *index, o *Options) {
			o.env = append(o.env, "http_proxy=http://127.0.0.1:1", "no_proxy=", "NO_PROXY=")
		}, "the proxy cannot be reached; correct or unset HTTPS_PROXY"},
		"no proxy's address": {func(_ *testing.T, _ *index, o *Options) {
			o.env = append(o.env, "http_proxy=nonsense://127.0.0.1:1", "no_proxy=", "NO_PROXY=")
		}, "the proxy cannot be reached; correct or unset HTTPS_PROXY"},
		"no proxy, in other words": {func(t *testing.T, _ *index, o *Options) {
			o.Python = sentence(t, `Could not fetch URL: proxy connection error: ('Unable to connect to proxy', NewConnectionError("HTTPSConnection(host='127.0.0.1', port=1)")) - skipping`)
		}, "the proxy cannot be reached; correct or unset HTTPS_PROXY"},
		"not in the index": {func(_ *testing.T, _ *index, o *Options) { o.wheel.Version = "9.9" },
			"the package index has no such wheel for this machine"},
		"wheel for another system": {func(_ *testing.T, x *index, _ *Options) { x.name = "fake_pjrt_cpu-1.2-py3-none-plan9_amd64.whl" },
			"the package index has no such wheel for this machine"},
		"server hangs": {func(_ *testing.T, x *index, o *Options) {
			o.Stall = 4 * time.Second
			x.serve = func(w http.ResponseWriter, r *http.Request, _ int) {
				w.Header().Set("Content-Length", fmt.Sprint(len(x.file)))
				w.Write(x.file[:len(x.file)/2])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}
		}, "nothing arrived for 4s"},
		"Python is missing": {func(_ *testing.T, _ *index, o *Options) { o.Python = "/no/such/python" },
			"python cannot be started (no such file or directory)"},
		"pip finds the disk full": {func(t *testing.T, _ *index, o *Options) {
			o.Python = sentence(t, "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device")
		}, "the disk is full"},
		"pip may not write": {func(t *testing.T, _ *index, o *Options) {
			o.Python = sentence(t, "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'")
		}, "pip was denied the writing of a file"},
		"no pip": {func(t *testing.T, _ *index, o *Options) { o.Python = sentence(t, "/x/python: No module named pip") },
			"this Python has no pip; run `go run ./cmd/lab setup`"},
		"no certificate": {func(t *testing.T, _ *index, o *Options) {
			o.Python = sentence(t, "Could not fetch URL: There was a problem confirming the ssl certificate: SSLError(CERTIFICATE_VERIFY_FAILED) - skipping\nERROR: No matching distribution found for x")
		}, "the server's certificate is not trusted"},
		"something else": {func(t *testing.T, _ *index, o *Options) {
			o.Python = sentence(t, "WARNING: x\nERROR: the moon is full")
		},
			`pip says "the moon is full"`},
		"an exception": {func(t *testing.T, _ *index, o *Options) {
			o.Python = sentence(t, "ERROR: Exception:\nTraceback:\nKeyError: 'moon'")
		},
			`pip failed and says "KeyError: 'moon'"`},
		"a traceback": {func(t *testing.T, _ *index, o *Options) { o.Python = sentence(t, "Traceback:\nKeyError: 'moon'") },
			`pip failed and says "KeyError: 'moon'"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newIndex(t)
			o := x.options(t)
			test.change(t, x, &o)
			_, err := Install(t.Context(), CPU, o)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "no PJRT plugin for cpu could be fetched (the wheel fake-pjrt-cpu ")
			require.NotContains(t, err.Error(), "\n")
			requireNothing(t, o)
		})
	}
}

// sentence makes an interpreter that fails with a message.
func sentence(t *testing.T, message string) string {
	script := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\ncat >&2 <<'END'\n"+message+"\nEND\nexit 1\n"), 0o755))
	return script
}

func TestInstallResumes(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	x.serve = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			x.half(w)
		}
		x.whole(w, r)
	}
	o := x.options(t)
	p, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	x.requireWhole(t, o, p)
	require.EqualValues(t, 2, x.n.Load())
	help, err := exec.Command(python(), "-m", "pip", "download", "--help").Output()
	require.NoError(t, err)
	if bytes.Contains(help, []byte("--resume-retries")) {
		require.EqualValues(t, 1, x.ranges.Load(), "the second half alone is asked for")
	}
}

func TestInstallInterrupted(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	ctx, interrupt := context.WithCancel(t.Context())
	x.serve = func(w http.ResponseWriter, r *http.Request, n int) {
		if n > 1 {
			x.whole(w, r)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(x.file)))
		w.Write(x.file[:len(x.file)/2])
		w.(http.Flusher).Flush()
		interrupt()
		<-r.Context().Done()
	}
	o := x.options(t)
	_, err := Install(ctx, CPU, o)
	says.All(t, err, "interrupted … run it again")
	requireNothing(t, o)
	_, err = Install(ctx, CPU, o)
	require.ErrorIs(t, err, errInterrupted)
	p, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	x.requireWhole(t, o, p)
}

func TestInstallTwiceAtOnce(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	o := x.options(t)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			p, err := Install(t.Context(), CPU, o)
			if err != nil || p.Name() != "pjrt_c_api_cpu_plugin.so" {
				t.Error(p, err)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, x.n.Load(), "fetched once")
	p, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	x.requireWhole(t, o, p)
}

func TestInstallWithoutRoom(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	o := x.options(t)
	if freeBytes(t.TempDir()) >= 0 {
		o.need = 1 << 60
		_, err := Install(t.Context(), CPU, o)
		require.ErrorContains(t, err, fmt.Sprintf("the plugin needs %d MB in %s, ", o.need/mega, o.Folder))
		require.ErrorContains(t, err, " MB are free; make room")
		requireNothing(t, o)
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	o.Folder = filepath.Join(file, "plugins") // below a file nobody can write, not even root
	_, err := Install(t.Context(), CPU, o)
	require.ErrorContains(t, err, "the plugin's folder "+o.Folder+" cannot be made (")
	require.ErrorContains(t, err, "set XDG_CACHE_HOME")
	o.Folder = filepath.Join(t.TempDir(), "plugins")
	require.NoError(t, os.MkdirAll(filepath.Join(o.Folder, ".lock"), 0o755))
	_, err = Install(t.Context(), CPU, o)
	require.ErrorContains(t, err, "cannot be locked (")
	require.Zero(t, x.n.Load())
}

func TestInstallUnsupported(t *testing.T) {
	x := newIndex(t)
	o := x.options(t)
	o.wheel.Platform = "plan9/arm"
	_, err := Install(t.Context(), CPU, o)
	says.All(t, err, "cpu … "+platform+" … WebAssembly")
	_, err = Install(t.Context(), "abacus", o)
	require.ErrorContains(t, err, `plugins of the kind "abacus" cannot be fetched`)
	withGPU(t, false)
	_, err = Install(t.Context(), CUDA, o)
	require.ErrorContains(t, err, "no NVIDIA GPU was found")
	withGPU(t, true)
	_, err = Install(t.Context(), CUDA, o)
	require.ErrorContains(t, err, "no PJRT plugin for cuda is published for "+platform)
	o = x.options(t)
	o.Python = ""
	_, err = Install(t.Context(), CPU, o)
	require.ErrorContains(t, err, "the wheel fake-pjrt-cpu 1.2 needs a Python with pip")
	require.NoDirExists(t, o.Folder)
}

// In the process that goXLA starts, every request goes to the test's server, whatever its host.
var _ = func() bool {
	if server, err := url.Parse(os.Getenv("DESCENT_TEST_SERVER")); err == nil && server.Host != "" {
		http.DefaultTransport = toServer{server.Host, http.DefaultTransport}
	}
	return true
}()

type toServer struct {
	host string
	next http.RoundTripper
}

func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Path = "/" + r.URL.Host + r.URL.Path
	r.URL.Scheme, r.URL.Host = "http", s.host
	return s.next.RoundTrip(r)
}

// releases serves what go-xla's installer asks for; asset answers the request for the plugin.
func releases(t *testing.T, asset http.HandlerFunc) Options {
	name := strings.ReplaceAll(platform, "/", "_")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/releases/tags/") {
			fmt.Fprintf(w, `{"assets":[{"browser_download_url":"http://files/pjrt_cpu_other.tar.gz"},{"browser_download_url":"http://files/pjrt_cpu_%s.tar.gz"}]}`, name)
			return
		}
		require.True(t, strings.HasPrefix(r.URL.Path, "/files/pjrt_cpu_"+name), r.URL.Path)
		asset(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return Options{Folder: filepath.Join(t.TempDir(), "plugins"), Stall: 20 * time.Second, need: 1, wheel: wheel{Platform: "none"},
		env: []string{"DESCENT_TEST_SERVER=" + server.URL, "XDG_CACHE_HOME=" + t.TempDir()}}
}

func TestInstallFromGoXLA(t *testing.T) {
	t.Parallel()
	content := fakePlugin(300_000)
	o := releases(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write(tarred(t, "./pjrt_c_api_cpu_v0.114.0_plugin.so", content))
	})
	p, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	require.Equal(t, CPU, p.Kind)
	require.Equal(t, "from go-xla's installer", p.Origin)
	require.True(t, strings.HasPrefix(p.Path, filepath.Join(o.Folder, "go-xla-"+goXLAVersion+"-cpu")), p.Path)
	got, err := os.ReadFile(p.Path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, got))
	for _, file := range files(t, o.Folder) {
		require.NotContains(t, file, ".fetching-")
		require.NotContains(t, file, ".tar.gz")
	}
	again, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	require.Equal(t, p, again)
}

func TestInstallFromGoXLAFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		asset http.HandlerFunc
		want  string
	}{
		"server error": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
		}, "the server answers 503 Service Unavailable"},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(make([]byte, 500))
		}, "unexpected EOF"},
		"not an archive": {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>welcome</html>")) }, "gzip: invalid header"},
		"another file": {func(w http.ResponseWriter, _ *http.Request) { w.Write(tarred(t, "README", []byte("welcome"))) },
			"what came holds no plugin for this machine"},
		"hang": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(make([]byte, 500))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "nothing arrived for 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := releases(t, test.asset)
			o.Stall = 2 * time.Second
			_, err := Install(t.Context(), CPU, o)
			require.ErrorContains(t, err, "no PJRT plugin for cpu could be fetched (go-xla's installer: ")
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
			requireNothing(t, o)
		})
	}
}

// TestInstallFallsBack lets go-xla's installer fail and has the wheel instead.
func TestInstallFallsBack(t *testing.T) {
	t.Parallel()
	x := newIndex(t)
	o := x.options(t)
	goXLA := releases(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
	})
	o.noGoXLA, o.env = false, append(o.env, goXLA.env...)
	p, err := Install(t.Context(), CPU, o)
	require.NoError(t, err)
	x.requireWhole(t, o, p)

	x.Close()
	o.Folder = filepath.Join(t.TempDir(), "plugins")
	_, err = Install(t.Context(), CPU, o)
	require.ErrorContains(t, err, "no PJRT plugin for cpu could be fetched (go-xla's installer: the server answers 503 Service Unavailable; the wheel fake-pjrt-cpu 1.2: the package index cannot be reached; check the network)")
	requireNothing(t, o)
}

func TestGoXLAVersionIsThatOfTheModule(t *testing.T) {
	module, err := os.ReadFile("../../../go.mod")
	require.NoError(t, err)
	require.Contains(t, string(module), "github.com/gomlx/go-xla v"+goXLAVersion+"\n")
}

// TestPin compares the pin with what a requirements file and a wheel's name look like.
func TestPin(t *testing.T) {
	require.Regexp(t, `^[a-z-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}$`, cpuWheel.requirement())
	require.Regexp(t, `^[0-9a-f]{64}$`, cpuWheel.MemberSHA256)
	require.Equal(t, string(CPU), nameOf(cpuWheel.Member))
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func zipped(t *testing.T, members map[string]string) []byte {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for name, content := range members {
		member, err := w.Create(name)
		require.NoError(t, err)
		_, err = member.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return archive.Bytes()
}

func tarred(t *testing.T, name string, content []byte) []byte {
	var archive bytes.Buffer
	packed := gzip.NewWriter(&archive)
	w := tar.NewWriter(packed)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}))
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, packed.Close())
	return archive.Bytes()
}
