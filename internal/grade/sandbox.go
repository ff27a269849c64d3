package grade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// A Sandbox keeps the compiler, and programs for this machine, apart from everything else.
type Sandbox struct {
	Name string // "" if there is none
	why  string // there is none

	bubblewrap string // the program, or ""
	open       bool   // nothing is kept apart
}

// lentUser is who runs what students wrote when root grades. Nothing belongs to this user.
const lentUser = 69999

// user is that user's id, or 0 when it is not root who grades.
func user() int {
	if os.Geteuid() == 0 {
		return lentUser
	}
	return 0
}

// FindSandbox finds what keeps programs apart on this machine: bubblewrap, or else Landlock and seccomp. unsafe allows that there is none.
func (k *Kit) FindSandbox(ctx context.Context, unsafe bool) Sandbox {
	var tried []string
	if path, err := exec.LookPath("bwrap"); err == nil {
		s := Sandbox{Name: "bubblewrap", bubblewrap: path}
		if err := k.probe(ctx, s); err == nil {
			return s
		} else {
			tried = append(tried, "bubblewrap does not work here ("+err.Error()+")")
		}
	}
	s := Sandbox{Name: "Landlock and seccomp"}
	if err := k.probe(ctx, s); err == nil {
		return s
	} else {
		tried = append(tried, err.Error())
	}
	return Sandbox{why: strings.Join(tried, "; "), open: unsafe}
}

// Says is a sentence on what keeps submissions apart.
func (s Sandbox) Says() string {
	switch {
	case s.Name != "":
		return fmt.Sprintf("Submissions run in WebAssembly and are compiled in a sandbox (%s).", s.Name)
	case s.open:
		return fmt.Sprintf("Submissions run in WebAssembly. There is no sandbox for the compiler and for native tasks: %s.", s.why)
	}
	return fmt.Sprintf("Submissions run in WebAssembly. The compiler has limits, but no sandbox: %s.", s.why)
}

// Allows is an error when a native task has to run and nothing keeps it apart.
func (s Sandbox) Allows(native bool) error {
	if native && s.Name == "" && !s.open {
		return fmt.Errorf("a task of this assignment runs outside of WebAssembly, and nothing here keeps it apart (%s): "+
			"install bubblewrap, grade on Linux 5.13 or newer, or accept the risk with --unsafe", s.why)
	}
	return nil
}

// command is how a runner of the kit is started. Within bubblewrap there are the kit's tools, read-only, and the folders to write. The runner is the first
// process there, so that bubblewrap waits for it and the system counts its time among bubblewrap's.
func (s Sandbox) command(k *Kit, write []string, args ...string) []string {
	command := append([]string{k.tools() + "/runner"}, args...)
	if s.bubblewrap == "" {
		return command
	}
	wrapped := []string{s.bubblewrap, "--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--setenv", "DESCENT_BWRAP", "1", "--dev", "/dev", "--ro-bind", k.tools(), k.tools()}
	for _, folder := range write {
		wrapped = append(wrapped, "--bind", folder, folder)
	}
	return append(append(wrapped, "--remount-ro", "/", "--"), command...)
}

func (k *Kit) probe(ctx context.Context, s Sandbox) error {
	command := s.command(k, nil, "probe")
	out, err := confined(exec.CommandContext(ctx, command[0], command[1:]...)).CombinedOutput()
	if err != nil {
		if said := strings.TrimSpace(string(out)); said != "" {
			return fmt.Errorf("%s", said)
		}
		return err
	}
	return nil
}

// confined makes a command one of a group of processes that end together, without an environment, and of the user who runs what students wrote.
func confined(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if id := user(); id > 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}
	}
	cmd.Cancel = func() error {
		return errors.Join(syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL), cmd.Process.Kill())
	}
	return cmd
}
