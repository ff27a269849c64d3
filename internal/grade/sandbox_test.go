//go:build linux

package grade

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hostile builds the program that tries what no submission may.
func hostile(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, "worker")
	cmd := exec.Command("go", "build", "-o", path, "./testdata/hostile")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// sandboxes are those that this machine has.
func sandboxes(t *testing.T, k *Kit) (all []Sandbox) {
	t.Helper()
	found := k.FindSandbox(t.Context(), false)
	require.NotEmpty(t, found.Name, found.Says())
	all = append(all, found)
	if landlock := (Sandbox{Name: "Landlock and seccomp"}); found.bubblewrap != "" && k.probe(t.Context(), landlock) == nil {
		all = append(all, landlock)
	}
	return all
}

// A program for this machine gets nothing but its two streams and its own memory.
func TestTheSandboxHolds(t *testing.T) {
	t.Parallel()
	k := practiceGrader(t).Kit
	folder, err := os.MkdirTemp(scratch, "hostile-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	program := hostile(t, folder)
	own := filepath.Join(folder, "own")
	require.NoError(t, os.Mkdir(own, 0o755))
	require.NoError(t, os.Rename(program, filepath.Join(own, "worker")))
	program = filepath.Join(own, "worker")
	require.NoError(t, lend(own))
	// What others have: all of it may be read and written by anybody, so that the sandbox alone keeps it.
	victims := filepath.Join(folder, "victims")
	require.NoError(t, os.Mkdir(victims, 0o777))
	require.NoError(t, os.Chmod(victims, 0o777))
	const secret = "the-secret-of-a-sibling"
	sibling, gradebook := filepath.Join(victims, "0-practice.ipynb"), filepath.Join(victims, "gradebook.db")
	for _, path := range []string{sibling, gradebook} {
		require.NoError(t, os.WriteFile(path, []byte(secret), 0o666))
		require.NoError(t, os.Chmod(path, 0o666))
	}
	reached, addresses := make(chan string, 10), map[string]string{}
	for _, network := range [][2]string{{"tcp", "127.0.0.1:0"}, {"unix", filepath.Join(victims, "socket")}} {
		l, err := net.Listen(network[0], network[1])
		require.NoError(t, err)
		defer l.Close()
		if network[0] == "unix" {
			require.NoError(t, os.Chmod(network[1], 0o777))
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				reached <- network[0]
				c.Close()
			}
		}()
		addresses[network[0]] = l.Addr().String()
	}
	// A process of the same user, which a submission might trace or end.
	bystander := confined(exec.CommandContext(t.Context(), "sleep", "3600"))
	require.NoError(t, bystander.Start())
	ended := make(chan error, 1)
	go func() { ended <- bystander.Wait() }()
	defer bystander.Cancel()
	pid := strconv.Itoa(bystander.Process.Pid)
	t.Run("attacks", func(t *testing.T) { // which all have ended when it has
		for _, s := range sandboxes(t, k) {
			for _, attack := range []string{
				"read " + sibling, "read " + gradebook, "read /etc/passwd", "read /proc/" + pid + "/environ", "read /proc/1/environ", "read /proc/self/mem",
				"read " + k.Folder + "/assignment.json", "read " + k.Folder + "/judge", "list " + scratch, "list /", "list /proc", "list /home",
				"write " + victims + "/new", "write /tmp/descent-hostile", "write " + sibling, "write /dev/shm/descent-hostile", "truncate " + sibling, "remove " + victims, "link " + sibling,
				"connect " + addresses["tcp"], "listen", "unix " + addresses["unix"], "ptrace " + pid, "kill " + pid,
				"start /bin/sh", "self", "fork", "memory", "disk", "mount", "unshare", "setuid", "chroot", "keys", "bpf",
				"limits " + pid, "mode " + sibling, "times " + sibling, "attribute " + sibling, "watch", "group",
			} {
				t.Run(s.Name+"/"+attack, func(t *testing.T) {
					t.Parallel()
					said, _ := runHostile(t, s, k, own, program, attack)
					require.NotContains(t, said, secret)
					require.NotContains(t, said, "root:x")
					require.NotContains(t, said, "<nil>", "it succeeded")
					require.NotContains(t, said, "forked")
					require.NotContains(t, said, "4096 MiB")
					require.NotContains(t, said, "hello")
				})
			}
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				said, _ := runHostile(t, s, k, own, program, "hello")
				require.Equal(t, "hello\n", said, "the program does not run at all in %s", s.Name)
				_, used := runHostile(t, s, k, own, program, "spin")
				require.InDelta(t, 2.5, used.Seconds(), 1, "the limit on time does not hold, or the system does not say of %s what was used", s.Name)
			})
		}
	})
	select {
	case network := <-reached:
		t.Errorf("a submission reached %s", network)
	case err := <-ended:
		t.Errorf("a submission ended a process of its user's: %v", err)
	default:
	}
	for _, path := range []string{sibling, gradebook} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, secret, string(text))
	}
	require.NoFileExists(t, filepath.Join(victims, "new"))
	require.NoFileExists(t, "/tmp/descent-hostile")
	require.NoFileExists(t, "/dev/shm/descent-hostile")
}

// runHostile runs the program in a sandbox, and returns what it says and how much of a processor it uses.
func runHostile(t *testing.T, s Sandbox, k *Kit, own, program, attack string) (said string, used time.Duration) {
	t.Helper()
	request, in, err := os.Pipe()
	require.NoError(t, err)
	answers, out, err := os.Pipe()
	require.NoError(t, err)
	command := s.command(k, []string{own}, "native", program, "2") // seconds
	cmd := confined(exec.CommandContext(t.Context(), command[0], command[1:]...))
	cmd.Dir, cmd.ExtraFiles = own, []*os.File{request, out}
	require.NoError(t, cmd.Start())
	request.Close()
	out.Close()
	in.WriteString(attack + "\n")
	timer := time.AfterFunc(3*time.Minute, func() { cmd.Cancel() })
	defer timer.Stop()
	text, err := io.ReadAll(io.LimitReader(answers, 1<<20))
	require.NoError(t, err)
	in.Close()
	answers.Close()
	cmd.Wait()
	runtime.KeepAlive(cmd)
	return string(text), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
