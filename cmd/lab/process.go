package main

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// ownGroup starts cmd in a process group of its own, so that Ctrl-C reaches the lab alone, which then ends cmd in order.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup sends a signal to cmd and to all that it started.
func signalGroup(cmd *exec.Cmd, sig syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, sig) }

// endWithContext makes a cancelled context end the whole group: first politely, after some seconds for good.
func endWithContext(cmd *exec.Cmd) {
	ownGroup(cmd)
	cmd.Cancel = func() error { return signalGroup(cmd, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
}

// lockFile locks a file, as flock(2) does, until it is closed here and in the programs that were given it. To share a lock it
// is enough to read the file.
func lockFile(path string, how int) (*os.File, error) {
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
