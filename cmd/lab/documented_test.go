package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"descent.example/cmd/lab/internal/headless"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/notebook"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// documented are the commands that the README and every --help show, without their comments.
func documented(t *testing.T, h setup.Home) (list []string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(h.Root, "README.md"))
	require.NoError(t, err)
	texts := []string{string(readme)}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		texts = append(texts, cmd.Example)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(rootCommand())
	known := map[string]bool{}
	for _, text := range texts {
		for _, found := range regexp.MustCompile("(?m)(?:^ *|`)go run \\./cmd/lab( [^`\n]*|$|`)").FindAllStringSubmatch(text, -1) {
			args, _, _ := strings.Cut(strings.Trim(found[1], "`"), "#")
			args = strings.TrimSpace(args)
			if !known[args] {
				known[args] = true
				list = append(list, args)
			}
		}
	}
	require.Greater(t, len(list), 15)
	return list
}

// buildLab builds the lab's command.
func buildLab(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "lab")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// Every documented command is executed, so that it cannot go out of date. What takes long is shortened, and what
// destroys or opens is done elsewhere.
func TestDocumentedCommands(t *testing.T) {
	h := setuptest.Ready(t)
	program := buildLab(t)
	// A shell runs the command, as a reader's does.
	command := func(dir, args string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "exec "+program+" "+args)
		cmd.Dir = dir
		return cmd
	}
	succeeds := func(t *testing.T, dir, args string) string {
		out, err := command(dir, args).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	for _, args := range documented(t, h) {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			work := t.TempDir()
			name, _, _ := strings.Cut(args+" ", " ")
			switch name {
			case "", "--no-browser":
				opens(t, command(h.Root, args+fmt.Sprintf(" --no-browser --port %d --work %s", freePort(t), work)))
			case "--help":
				require.Contains(t, succeeds(t, h.Root, args), "Available Commands")
			case "setup":
				succeeds(t, h.Root, args+" --offline")
			case "doctor":
				require.Contains(t, succeeds(t, h.Root, args), "Engine")
			case "reset":
				require.Contains(t, succeeds(t, h.Root, args+" --work "+work), "is the original again")
			case "clean":
				root := t.TempDir()
				require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module descent.example\n"), 0o644))
				require.NoError(t, os.MkdirAll(filepath.Join(root, ".lab", "bin"), 0o755))
				cmd := command(root, args)
				cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir())
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
				require.NoDirExists(t, filepath.Join(root, ".lab"))
			case "run":
				runsShortened(t, h, args, func(args string) string { return succeeds(t, h.Root, args) })
			case "site":
				if strings.Contains(args, "--serve") {
					opens(t, command(h.Root, args+" --port 0 --to "+work))
					require.FileExists(t, filepath.Join(work, "01-gradient-descent.html"))
				} else {
					understands(t, args)
				}
			case "test", "bench", "sweep", "assignment": // this test is part of the first; the others have tests of their own
				understands(t, args)
			default:
				t.Errorf("nobody knows how to try `go run ./cmd/lab %s`: add it here", args)
			}
		})
	}
}

// opens starts a lab, waits until it is open, and ends it.
func opens(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	said, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	text, open := "", false
	for lines := bufio.NewScanner(said); lines.Scan(); {
		text += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "http://") && !open {
			open = true
			require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		}
	}
	require.NoError(t, cmd.Wait(), text)
	require.True(t, open, text)
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// runsShortened checks the command for the whole notebooks, and executes it for the beginning of the first one.
func runsShortened(t *testing.T, h setup.Home, args string, run func(args string) string) {
	t.Helper()
	last := regexp.MustCompile(`^## \d\.3 `) // README sets parameters of section 1.3
	words := strings.Fields(args)
	var whole []string
	for i, word := range words {
		if strings.HasSuffix(word, ".ipynb") {
			found, err := filepath.Glob(filepath.Join(h.Root, word))
			require.NoError(t, err)
			require.NotEmpty(t, found, word)
			whole = found
			words[i] = shortened(t, found[min(1, len(found)-1)], last)
		}
	}
	var opt headless.Options
	cmd := understands(t, args)
	set, err := cmd.Flags().GetStringArray("set")
	require.NoError(t, err)
	opt.Set = set
	opt.Timeout, err = cmd.Flags().GetDuration("timeout")
	require.NoError(t, err)
	require.NoError(t, headless.Check(whole, opt))

	said := run(strings.Join(words, " ") + " --output " + t.TempDir())
	if len(set) > 0 {
		require.Contains(t, said, "  with ", "the override shows nowhere")
	}
	_, path, found := strings.Cut(said, "written to ")
	require.True(t, found, said)
	require.FileExists(t, strings.TrimSpace(path))
}

// shortened is a copy of a notebook to the first code of the section with this heading.
func shortened(t *testing.T, path string, heading *regexp.Regexp) string {
	t.Helper()
	nb, err := notebook.Read(path)
	require.NoError(t, err)
	section := slices.IndexFunc(nb.Cells, func(c notebook.Cell) bool { return heading.MatchString(string(c.Source)) })
	require.GreaterOrEqual(t, section, 0, "%s has no section %s", path, heading)
	code := slices.IndexFunc(nb.Cells[section:], func(c notebook.Cell) bool { return c.Type == "code" })
	nb.Cells = nb.Cells[:section+code+1]
	data, err := nb.Bytes()
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), filepath.Base(path))
	require.NoError(t, os.WriteFile(path, data, 0o644))
	return path
}

// understands finds the command and reads its flags, without running it.
func understands(t *testing.T, args string) *cobra.Command {
	t.Helper()
	cmd, rest, err := rootCommand().Find(strings.Fields(args))
	require.NoError(t, err)
	require.NoError(t, cmd.ParseFlags(rest))
	require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()))
	return cmd
}
