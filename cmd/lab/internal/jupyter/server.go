// Package jupyter serves JupyterLab on a workspace.
package jupyter

import (
	"context"
	"crypto/tls"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/setup"
)

// firstPage is what the lab opens on.
const firstPage = "lab/tree/01-gradient-descent.ipynb"

// serverFiles are JupyterLab's start, its server extension and its front-end extension.
//
//go:embed all:python/server
var serverFiles embed.FS

// A Server is a running JupyterLab.
type Server struct {
	URL   string `json:"url"`
	Port  int    `json:"port"`
	Token string `json:"token"`

	cmd   *exec.Cmd
	alive io.Closer // closes when the lab ends, even if it is killed
	info  string    // the file in which it tells its address
	log   *os.File
	ended chan error
	saved string // the file in which the lab keeps the address, "" if it does not
}

// Start starts JupyterLab on the first free port from the one given, 0 for that of last time. Port, token and the
// secret of its cookies stay the same, so that a page which was open when the lab was closed goes on. temp is a folder of TempDir's. It is an error
// when a file cannot be written or Python does not start.
func Start(h setup.Home, port int, temp string) (*Server, error) {
	if port == 0 {
		port = 8888
		var last Server
		if data, err := os.ReadFile(h.Work.State("server.json")); err == nil && json.Unmarshal(data, &last) == nil && 0 < last.Port && last.Port <= 65535 {
			port = last.Port
		}
	}
	token, err := h.Work.Secret("token")
	if err != nil {
		return nil, unwritten(err)
	}
	s := &Server{Token: token, saved: h.Work.State("server.json")}
	return s, s.start(h, temp, []string{"--ServerApp.root_dir=" + string(h.Work), "--ServerApp.port=" + strconv.Itoa(port), "--ServerApp.port_retries=50",
		"--LabApp.default_url=/" + firstPage}, []string{"JUPYTER_TOKEN_FILE=" + h.Work.State("token")})
}

// StartForHub starts JupyterLab for the JupyterHub whose variables are in the environment: it says where to serve, and who may
// enter. temp is a folder of TempDir's. It is an error when there is no hub, a file cannot be written, or Python does not start.
func StartForHub(h setup.Home, temp string) (*Server, error) {
	var env []string
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "JUPYTERHUB_") {
			env = append(env, kv)
		}
	}
	s := &Server{Token: os.Getenv("JUPYTERHUB_API_TOKEN")}
	if s.Token == "" {
		return nil, errors.New("JUPYTERHUB_API_TOKEN is not set: only a JupyterHub starts `lab singleuser`")
	}
	// Students may share a machine, where each reaches the others' ports: their kernels have none.
	return s, s.start(h, temp, []string{"--ServerApp.root_dir=" + string(h.Work), "--ServerApp.default_url=/" + firstPage,
		"--KernelManager.transport=ipc"}, env)
}

func unwritten(err error) error { return fmt.Errorf("JupyterLab's files cannot be written: %w", err) }

// start starts JupyterLab with arguments and variables besides those that every server has.
func (s *Server) start(h setup.Home, temp string, args, env []string) error {
	_, err := h.Work.Secret("cookie-secret")
	if err == nil {
		err = os.CopyFS(temp, serverFiles)
	}
	if err == nil {
		err = setup.WriteFile(h.Work.State("jupyter", "config", "custom", "custom.css"), []byte(style))
	}
	if err != nil {
		return unwritten(err)
	}
	s.log, err = os.OpenFile(h.Work.State("jupyter.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("JupyterLab's log cannot be written: %w", err)
	}
	files := filepath.Join(temp, "python", "server") // its name is what tempDir ends a stray server by
	// The server's working context outlives an interrupt: stop ends it in order.
	s.cmd = exec.Command(h.Python(), append([]string{files, "--no-browser", "--LabApp.custom_css=True",
		"--ServerApp.cookie_secret_file=" + h.Work.State("cookie-secret")}, args...)...)
	if os.Geteuid() == 0 {
		s.cmd.Args = append(s.cmd.Args, "--allow-root")
	}
	s.cmd.Env = h.Environ(append(env, "TMPDIR="+temp, "JUPYTER_RUNTIME_DIR="+temp, "JUPYTER_PATH="+files,
		"JUPYTER_CONFIG_PATH="+h.Work.State("jupyter", "config")+string(os.PathListSeparator)+filepath.Join(files, "config"))...) // a person's comes first
	s.cmd.Dir = h.Work.State() // of a workspace, Jupyter would execute files with certain names
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if s.alive, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	process.OwnGroup(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting JupyterLab: %w", err)
	}
	s.ended, s.info = make(chan error, 1), filepath.Join(temp, fmt.Sprintf("jpserver-%d.json", s.cmd.Process.Pid))
	go func() { s.ended <- s.cmd.Wait() }()
	return nil
}

// Running is the server of the lab that is open on this workspace already, as soon as it answers. It is an error when it does
// not within half a minute.
func Running(ctx context.Context, h setup.Home) (*Server, error) {
	s := &Server{}
	for wait := 0; ; wait++ { // it may have been started a moment ago
		if data, err := os.ReadFile(h.Work.State("server.json")); err == nil && json.Unmarshal(data, s) == nil {
			if code, _ := s.ask(ctx, "api"); code == http.StatusOK {
				return s, nil
			}
		}
		if wait == 300 {
			return nil, fmt.Errorf("a lab is open on %s and does not answer: end it in its terminal with Ctrl-C, or choose another folder with --work", h.Work)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Ready waits until the server answers. It is an error when it ends or does not answer within a minute.
func (s *Server) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("JupyterLab did not answer within a minute; see %s", s.log.Name())
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("JupyterLab did not start; see %s", s.log.Name())
		case <-time.After(10 * time.Millisecond):
		}
		data, err := os.ReadFile(s.info)
		if err != nil || json.Unmarshal(data, s) != nil {
			continue
		}
		if code, _ := s.ask(ctx, "api"); code == http.StatusOK {
			if s.saved == "" {
				return nil
			}
			address, err := json.Marshal(s)
			if err == nil {
				err = setup.WriteFileMode(s.saved, address, 0o600)
			}
			return err
		}
	}
}

// style is served by JupyterLab as LabApp.custom_css.
//
//go:embed python/lab.css
var style string

// Page is the address to open. It holds the token.
func (s *Server) Page() string { return s.URL + firstPage + "?token=" + s.Token }

// client asks a server that this program started, whose address is in a file of its own. A person may have it serve by https, with a
// certificate that nobody has signed.
var client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

// ask sends a request to the server and reads what it answers.
func (s *Server) ask(ctx context.Context, path string) (code int, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return 0, nil
	}
	request.Header.Set("Authorization", "token "+s.Token)
	reply, err := client.Do(request)
	if err != nil {
		return 0, nil
	}
	defer reply.Body.Close()
	body, _ = io.ReadAll(reply.Body)
	return reply.StatusCode, body
}

// Unsaved are the files with edits that are not saved, in pages that are open and in those that no longer answer.
type Unsaved struct{ Open, Silent []string }

// Save has open pages save their edits, and returns the files of those that did not within some seconds. A page that no longer
// answers, such as one of a browser that was killed, is not waited for.
func (s *Server) Save() (unsaved Unsaved) {
	said := false
	for wait := range 20 {
		unsaved = Unsaved{}
		code, body := s.ask(context.Background(), "descent/unsaved")
		if code != http.StatusOK || json.Unmarshal(body, &unsaved) != nil {
			return Unsaved{}
		}
		if wait > 1 && len(unsaved.Open) == 0 { // a page tells of its edits within a fifth of a second
			break
		}
		if len(unsaved.Open) > 0 && !said {
			said = true
			fmt.Printf("Saving %s.\n", strings.Join(unsaved.Open, ", "))
		}
		time.Sleep(200 * time.Millisecond)
	}
	return unsaved
}

// Wait waits until the context ends, or the server by itself, which is an error.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.ended:
		s.ended <- err
		return fmt.Errorf("JupyterLab ended by itself; its last words are in %s", s.log.Name())
	}
}

// Stop ends the server and its kernels, first by asking them to.
func (s *Server) Stop() {
	defer s.log.Close()
	process.SignalGroup(s.cmd, syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(15 * time.Second):
		process.SignalGroup(s.cmd, syscall.SIGKILL)
		<-s.ended
	}
}

// Show opens the first page in the browser. Its address holds the token, and every user of a machine can read the arguments of a
// program; so the browser is given a file that only its owner can read and that leads to the page. It is an error when
// that file cannot be written.
func (s *Server) Show(h setup.Home) error {
	page := s.Page()
	file := h.Work.State("open.html")
	if err := setup.WriteFileMode(file, []byte(`<!doctype html><meta http-equiv="refresh" content="0; url=`+page+`"><a href="`+page+`">The lab</a>`+"\n"), 0o600); err != nil {
		return err
	}
	// Python's webbrowser knows every system's way of opening a page; it may wait for the browser, for which the lab does not.
	opener := exec.Command(h.Python(), "-I", "-m", "webbrowser", "-t", "file://"+file)
	if opener.Start() == nil {
		go opener.Wait()
	}
	return nil
}
