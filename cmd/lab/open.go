package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// firstPage is what the lab opens on.
const firstPage = "/lab/tree/01-gradient-descent.ipynb"

type openOptions struct {
	noBrowser, offline bool
	port               int
}

// openLab sets up what is missing and serves JupyterLab on the notebooks until it is interrupted.
func openLab(ctx context.Context, opt openOptions) error {
	if opt.port < 1 || opt.port > 65535 {
		return fmt.Errorf("--port=%d is not a port: give one from 1 to 65535", opt.port)
	}
	home, done, err := enter(ctx, setupOptions{offline: opt.offline})
	if err != nil {
		return err
	}
	defer done()
	temp, removeTemp, err := tempDir()
	if err != nil {
		return err
	}
	defer removeTemp()

	server, err := home.startServer(opt.port, temp)
	if err != nil {
		return err
	}
	defer server.stop()
	url, err := server.ready(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe lab is open:\n\n    %s\n\nCtrl-C closes it; notebooks are saved as you work.\n", url)
	if !opt.noBrowser {
		// Python's webbrowser knows every system's way of opening a page.
		exec.Command(home.python(), "-m", "webbrowser", "-t", url).Run()
	}
	select {
	case <-ctx.Done():
		fmt.Println("\nClosing the lab.")
		return nil
	case err := <-server.ended:
		server.ended <- err
		return fmt.Errorf("JupyterLab ended by itself; its last words are in %s", server.log.Name())
	}
}

// server is a running JupyterLab.
type server struct {
	cmd   *exec.Cmd
	info  string // the file in which it tells its address
	log   *os.File
	ended chan error
}

// startServer starts JupyterLab on the first free port from the one given.
func (h home) startServer(port int, temp string) (*server, error) {
	log, err := os.Create(h.path("jupyter.log"))
	if err != nil {
		return nil, fmt.Errorf("JupyterLab's log cannot be written: %w", err)
	}
	// The server's working context outlives an interrupt: stop ends it in order.
	cmd := exec.Command(h.python(), "-m", "jupyterlab", "--no-browser", "--ServerApp.root_dir="+h.notebooks(),
		"--ServerApp.port="+strconv.Itoa(port), "--ServerApp.port_retries=50", "--LabApp.default_url="+firstPage, "--LabApp.custom_css=True",
		"--ServerApp.cookie_secret_file="+filepath.Join(temp, "cookie")) // its name is what tempDir ends a stray server by
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--allow-root")
	}
	cmd.Env = h.environ("TMPDIR="+temp, "JUPYTER_RUNTIME_DIR="+temp)
	cmd.Dir = h.root
	cmd.Stdout, cmd.Stderr = log, log
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting JupyterLab: %w", err)
	}
	s := &server{cmd: cmd, log: log, ended: make(chan error, 1), info: filepath.Join(temp, fmt.Sprintf("jpserver-%d.json", cmd.Process.Pid))}
	go func() { s.ended <- cmd.Wait() }()
	return s, nil
}

// ready waits until the server answers and returns the address to open.
func (s *server) ready(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return "", ctx.Err()
			}
			return "", fmt.Errorf("JupyterLab did not answer within a minute; see %s", s.log.Name())
		case err := <-s.ended:
			s.ended <- err
			return "", fmt.Errorf("JupyterLab did not start; see %s", s.log.Name())
		case <-time.After(50 * time.Millisecond):
		}
		var at struct{ URL, Token string }
		data, err := os.ReadFile(s.info)
		if err != nil || json.Unmarshal(data, &at) != nil {
			continue
		}
		if reply, err := http.Get(at.URL + "api"); err == nil {
			reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return strings.TrimSuffix(at.URL, "/") + firstPage + "?token=" + at.Token, nil
			}
		}
	}
}

// stop ends the server and its kernels, first by asking them to.
func (s *server) stop() {
	defer s.log.Close()
	signalGroup(s.cmd, syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(15 * time.Second):
		signalGroup(s.cmd, syscall.SIGKILL)
		<-s.ended
	}
}
