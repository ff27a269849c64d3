// Package process starts programs that end with the lab, asks programs what they are, and locks files.
package process

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// OwnGroup starts cmd in a process group of its own, so that Ctrl-C reaches the lab alone, which then ends cmd in order.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// SignalGroup sends a signal to cmd and to all that it started. It is an error when there is no such process any more.
func SignalGroup(cmd *exec.Cmd, sig syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, sig) }

// EndWithContext makes a cancelled context end the whole group: first politely, after some seconds for good.
func EndWithContext(cmd *exec.Cmd) {
	OwnGroup(cmd)
	cmd.Cancel = func() error { return SignalGroup(cmd, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
}

// LockFile locks a file, as flock(2) does, until it is closed here and in the programs that were given it. To share a lock it
// is enough to read the file. It is an error when the file cannot be opened or locked.
func LockFile(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil && how == syscall.LOCK_SH {
		if readable, err2 := os.Open(path); err2 == nil {
			file, err = readable, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Patience is how long a program may take to say what it is; one on a slow network disk takes seconds.
var Patience = 10 * time.Second

// Answer is what a program prints that has to do so soon. It is an error when the program fails or does not end within Patience.
func Answer(ctx context.Context, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	EndWithContext(cmd)
	cmd.Cancel = func() error { return SignalGroup(cmd, syscall.SIGKILL) } // it is asked for words alone
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// FirstLine is the first line of Answer, "" if there is none.
func FirstLine(ctx context.Context, name string, args ...string) string {
	out, err := Answer(ctx, name, args...)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// A Tail keeps the end of what is written to it.
type Tail struct{ data []byte }

const tailSize = 2000

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if extra := len(t.data) - tailSize; extra > 0 {
		t.data = t.data[extra:]
	}
	return len(p), nil
}

// String is what was kept.
func (t *Tail) String() string { return string(t.data) }

// LastLine is the last line of a text.
func LastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
