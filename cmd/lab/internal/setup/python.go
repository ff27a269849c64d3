package setup

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/report"
)

//go:embed python/requirements.lock
var requirements string

// minPython is the oldest Python that the lock file is made for.
const minPython = 10 // 3.10

// interpreter is a Python found on this machine.
type interpreter struct {
	Path  string `json:"path"`
	Major int    `json:"major"`
	Minor int    `json:"minor"`
	Micro int    `json:"micro"`
	Venv  bool   `json:"venv"` // can make a virtual environment with pip
}

func (p interpreter) version() string { return fmt.Sprintf("%d.%d.%d", p.Major, p.Minor, p.Micro) }

const describePython = `
import importlib.util, json, sys
v = sys.version_info
print(json.dumps({"path": sys.executable, "major": v[0], "minor": v[1], "micro": v[2],
  "venv": all(importlib.util.find_spec(m) for m in ("venv", "ensurepip"))}))
`

// findPython returns the first Python on the PATH that can carry the lab, or a sentence that says which command mends it.
func findPython(ctx context.Context) (interpreter, error) {
	var old, bare []interpreter
	var mute []string
	names := []string{"python3", "python"}
	for minor := 14; minor >= minPython; minor-- {
		names = append(names, fmt.Sprintf("python3.%d", minor))
	}
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := process.Answer(ctx, path, "-c", describePython)
		var p interpreter
		if errors.Is(err, context.DeadlineExceeded) && !slices.Contains(mute, path) {
			mute = append(mute, path)
			fmt.Printf("%s does not answer; looking for another Python.\n", path)
		}
		if err != nil || json.Unmarshal(out, &p) != nil {
			continue
		}
		switch {
		case p.Major != 3 || p.Minor < minPython:
			old = append(old, p)
		case !p.Venv:
			bare = append(bare, p)
		default:
			return p, nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return interpreter{}, ctx.Err()
	case len(bare) > 0:
		return interpreter{}, fmt.Errorf("Python %s lacks its module venv: install it with `sudo apt install python3.%d-venv` and run this again", bare[0].version(), bare[0].Minor)
	case len(old) > 0:
		return interpreter{}, fmt.Errorf("Python %s is too old, the lab needs 3.%d or newer: install one with `%s` and run this again", old[0].version(), minPython, installPython())
	case len(mute) > 0:
		return interpreter{}, fmt.Errorf("%s does not answer within %v, and no other Python was found: put one that works first on the PATH and run this again", mute[0], process.Patience)
	default:
		return interpreter{}, fmt.Errorf("no Python was found, the lab needs 3.%d or newer: install it with `%s` and run this again", minPython, installPython())
	}
}

func installPython() string {
	if runtime.GOOS == "darwin" {
		return "brew install python"
	}
	return "sudo apt install python3 python3-venv"
}

// pythonStep makes the private Python environment with the pinned packages.
func (h Home) pythonStep() step {
	return step{
		name:        "Python environment",
		fingerprint: digest(requirements),
		made:        func() ([]string, error) { return []string{h.venv()}, nil },
		within:      h.venv(),
		// Not which Python is first on the PATH, which changes with each activated environment, but whether the Python
		// that was taken is still there. It has to say what no other program would.
		works: func() bool {
			out, err := process.Answer(context.Background(), h.Python(), "-I", "-c", "import importlib.util; print(importlib.util.find_spec('jupyterlab').name.upper())")
			return err == nil && strings.TrimSpace(string(out)) == "JUPYTERLAB"
		},
		run: func(ctx context.Context, note func(string)) error {
			python, err := findPython(ctx)
			if err != nil {
				return err
			}
			if err := h.unused(); err != nil {
				return fmt.Errorf("the Python environment has to be made anew, and %w", err)
			}
			// A folder that an interrupted or older set-up left is of no use.
			if err := os.RemoveAll(h.venv()); err != nil {
				return fmt.Errorf("removing the old Python environment: %w", err)
			}
			if err := h.command(ctx, nil, python.Path, "-m", "venv", "--without-pip", h.venv()); err != nil {
				return fmt.Errorf("making the Python environment: %w", err)
			}
			// venv would run this itself, and keep to itself why it failed.
			if err := h.command(ctx, nil, h.Python(), "-m", "ensurepip", "--default-pip"); err != nil {
				return fmt.Errorf("making the Python environment: %w", err)
			}
			note("installing packages")
			if err := h.pipInstall(ctx, requirements, "--no-deps"); err != nil {
				return fmt.Errorf("installing JupyterLab: %w", err)
			}
			return nil
		},
	}
}

// pipInstall installs what a lock file lists, each file checked by its hash.
func (h Home) pipInstall(ctx context.Context, lock string, options ...string) error {
	path := filepath.Join(h.temp(), "lock-"+digest(lock)[:8])
	if err := WriteFile(path, []byte(lock)); err != nil {
		return err
	}
	args := append([]string{"-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r", path}, options...)
	return h.command(ctx, nil, h.Python(), args...)
}

// command runs a program in the repository; its error ends in the last lines that it printed.
func (h Home) command(ctx context.Context, env []string, name string, args ...string) error {
	var tail process.Tail
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = h.Root
	cmd.Env = h.Environ(append(env, "TMPDIR="+h.temp(), "PWD="+h.Root)...) // Go takes the folder's name from it
	if h.held != nil {
		cmd.ExtraFiles = []*os.File{h.held} // killed, we leave it at work: the next set-up waits for it
	}
	cmd.Stdout, cmd.Stderr = &tail, &tail
	process.EndWithContext(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && name == "go":
		return explainGo(tail.String())
	case errors.As(err, &exit):
		return fmt.Errorf("%s said: %s", filepath.Base(name), Explain(tail.String()))
	default:
		return err
	}
}

const noProxy = "the proxy that HTTPS_PROXY names is not reached; correct or unset HTTPS_PROXY and run this again"
const unreached = "the network is not reached; connect and run this again, or use --offline once set up"

// Explain turns what pip and go print when the network or the disk fails into a sentence, and leaves the rest as it is.
func Explain(text string) string {
	for _, known := range []struct{ sign, sentence string }{
		{"No space left on device", "the disk is full; make room and run this again"},
		{"no space left on device", "the disk is full; make room and run this again"},
		{"disabled by GOPROXY=off", "it is not among the downloaded modules; run this again with a network, and without --offline and GOPROXY=off"},
		{"proxyconnect", noProxy},
		{"connect to proxy", noProxy}, // "cannot" or "unable to", by the version of pip
		{"Proxy URL", noProxy},
		{"invalid proxy", noProxy},
		{"Failed to establish a new connection", unreached},
		{"Temporary failure in name resolution", unreached},
		{"Name or service not known", unreached},
		{"no such host", unreached},
		{"connection refused", unreached},
		{"network is unreachable", unreached},
		{"i/o timeout", unreached},
		{"server misbehaving", unreached},
		{"THESE PACKAGES DO NOT MATCH THE HASHES", "a downloaded package is not the one that the lab pins; a proxy or mirror altered it"},
		{"checksum mismatch", "a downloaded module is not the one that go.sum pins; a proxy altered it, or the module cache is damaged: `go clean -modcache` empties it"},
		{"x509: ", "the server's certificate is not trusted; add your network's certificate to the system's and run this again"},
	} {
		if strings.Contains(text, known.sign) {
			return known.sentence
		}
	}
	if badReply.MatchString(text) {
		return "the module proxy did not give what was asked for; check `go env GOPROXY` and run this again"
	}
	return strings.TrimSpace(text)
}

var badReply = regexp.MustCompile(`(?m)(Get "https?://|reading https?://)`)

// explainGo is a sentence and, below it, what go said.
func explainGo(text string) error {
	said := report.Indent(strings.TrimSpace(text))
	if sentence := Explain(text); sentence != strings.TrimSpace(text) {
		return fmt.Errorf("%s\n%s", sentence, said)
	}
	return fmt.Errorf("go said:\n%s", said)
}
