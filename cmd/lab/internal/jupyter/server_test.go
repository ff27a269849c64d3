package jupyter

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"github.com/stretchr/testify/require"
)

// start starts JupyterLab and waits until it answers.
func start(t *testing.T, h setup.Home, port int, temp string) *Server {
	t.Helper()
	s, err := Start(h, port, temp)
	require.NoError(t, err)
	if err := s.Ready(t.Context()); err != nil {
		s.Stop()
		log, _ := os.ReadFile(s.log.Name())
		require.NoError(t, err, string(log))
	}
	return s
}

func TestServerOffersTheKernelAndStopsWithoutTraces(t *testing.T) {
	h := setuptest.Ready(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0") // a port that is in use is passed over
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	first, err := strconv.Atoi(port)
	require.NoError(t, err)
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	defer remove()

	s := start(t, h, first, temp)
	require.NotEqual(t, first, s.Port)
	require.Contains(t, s.URL, "//127.0.0.1:", "a browser asks for localhost at ::1 first, where another user may listen")
	send := func(method, path, body string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Authorization", "token "+s.Token)
		reply, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer reply.Body.Close()
		text, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		return reply.StatusCode, string(text)
	}
	ask := func(method, path string) (int, string) { return send(method, path, "") }
	code, specs := ask("GET", "api/kernelspecs")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, specs, `"descent": {"name": "descent"`)
	code, page := ask("GET", "lab/tree/")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, page, "custom/custom.css")
	code, served := ask("GET", "custom/custom.css")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, style, served)
	code, _ = ask("POST", "api/kernels") // the default kernel
	require.Equal(t, http.StatusCreated, code)

	// A page tells of its edits, and hears that it is to save them once the lab asks for them.
	told := func(files string) string {
		_, answer := send("POST", "descent/unsaved", `{"page":"1","files":`+files+`}`)
		return answer
	}
	require.JSONEq(t, `{"save":false}`, told(`["a.ipynb"]`))
	unsaved := make(chan Unsaved, 1)
	go func() { unsaved <- s.Save() }()
	require.Eventually(t, func() bool { return told(`["a.ipynb"]`) == `{"save": true}` }, 2*time.Second, 10*time.Millisecond)
	told(`[]`)
	require.Empty(t, (<-unsaved).Open)
	told(`["a.ipynb"]`)
	require.Equal(t, []string{"a.ipynb"}, s.Save().Silent, "a page that was closed does not hold the lab up")
	go func() { unsaved <- s.Save() }()
	for len(unsaved) == 0 {
		told(`["a.ipynb"]`)
		time.Sleep(100 * time.Millisecond)
	}
	require.Equal(t, Unsaved{Open: []string{"a.ipynb"}, Silent: []string{}}, <-unsaved, "a page that does not save")
	reply, err := http.Get(s.URL + "descent/unsaved")
	require.NoError(t, err)
	reply.Body.Close()
	require.Equal(t, http.StatusForbidden, reply.StatusCode, "without the token")

	// Every user of a machine sees what processes were started with, and what files are not closed to them.
	out, err := exec.Command("ps", "-A", "-ww", "-o", "args").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), temp)
	require.NotContains(t, string(out), s.Token)
	t.Setenv("BROWSER", "true %s")
	require.NoError(t, s.Show(h))
	require.NoError(t, filepath.WalkDir(string(h.Work), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(data), s.Token) {
			info, err := entry.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, path)
		}
		return nil
	}))

	s.Stop()
	remove()
	require.NoDirExists(t, temp)
	require.Error(t, exec.Command("pgrep", "-f", temp).Run(), "something of the kernel still runs")
}

// What the lab never uses would delay the first page. A person may have it back.
func TestServerDoesWithoutWhatTheLabNeverUses(t *testing.T) {
	h := setuptest.Ready(t)
	stub := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(stub, "node"), []byte("#!/bin/sh\ntouch '"+stub+"/ran'\n"), 0o755))
	t.Setenv("PATH", stub+string(os.PathListSeparator)+os.Getenv("PATH"))
	require.NoError(t, setup.WriteFile(h.Work.State("jupyter", "config", "labconfig", "page_config.json"),
		[]byte(`{"disabledExtensions": {"@jupyterlab/hub-extension": false}}`)))
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	defer remove()
	s := start(t, h, 0, temp)
	defer s.Stop()
	require.NoFileExists(t, filepath.Join(stub, "ran"))

	code, _ := s.ask(t.Context(), "lsp/status")
	require.Equal(t, http.StatusNotFound, code)
	reply, err := http.Get(s.URL + "api/nbconvert?token=" + s.Token) // it takes longer than ask waits
	require.NoError(t, err)
	defer reply.Body.Close()
	require.Equal(t, http.StatusOK, reply.StatusCode)
	formats, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.Contains(t, string(formats), "text/html")

	_, page := s.ask(t.Context(), "lab")
	_, data, _ := strings.Cut(string(page), `type="application/json">`)
	var config struct {
		BuildCheck         bool
		DisabledExtensions []string
	}
	require.NoError(t, json.NewDecoder(strings.NewReader(data)).Decode(&config))
	require.False(t, config.BuildCheck)
	require.Contains(t, config.DisabledExtensions, "@jupyterlab/debugger-extension")
	require.NotContains(t, config.DisabledExtensions, "@jupyterlab/hub-extension")
	var scripts strings.Builder
	files, err := filepath.Glob(filepath.Join(filepath.Dir(h.Python()), "..", "share", "jupyter", "lab", "static", "*.js"))
	require.NoError(t, err)
	for _, file := range files {
		script, err := os.ReadFile(file)
		require.NoError(t, err)
		scripts.Write(script)
	}
	for _, name := range config.DisabledExtensions {
		require.Contains(t, scripts.String(), name, "JupyterLab has no extension of this name any more")
	}
}

// A lab that is killed takes JupyterLab along, as its end of the pipe closes. JupyterLab is asked to end its kernels first, and does
// not serve on if that takes for ever.
func TestServerEndsWithTheLab(t *testing.T) {
	h := setuptest.Ready(t)
	asked := filepath.Join(t.TempDir(), "asked")
	require.NoError(t, setup.WriteFile(h.Work.State("jupyter", "config", "jupyter_server_config.py"), []byte(`
import time
from jupyter_server.serverapp import ServerApp

async def hang(self):
    open("`+asked+`", "w").close()
    time.sleep(3600)

ServerApp.cleanup_kernels = hang
`)))
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	defer remove()
	s := start(t, h, 8888, temp)
	defer s.Stop()
	require.NoError(t, s.alive.Close())
	s.ended <- <-s.ended
	require.FileExists(t, asked)
	require.NoDirExists(t, temp)
}

func TestOnlyAHubIsServed(t *testing.T) {
	t.Setenv("JUPYTERHUB_API_TOKEN", "")
	_, err := StartForHub(setup.Home{}, t.TempDir())
	require.ErrorContains(t, err, "only a JupyterHub starts")
}
