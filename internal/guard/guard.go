// Package guard ends what a program started when the program itself is gone, however it ended.
package guard

import (
	"os/exec"
	"strconv"
	"syscall"
)

// Its standard input is a pipe that ends with the program that holds the other end.
const script = `cat >/dev/null; kill -s KILL -- "-$1" 2>/dev/null; sleep 0.1; rm -rf -- "$2"`

// Start keeps a small process beside this one. Once this one is gone, even by kill -9, it kills the process group and
// removes the folder. release lets go of both.
func Start(group int, folder string) (release func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", script, "guard", strconv.Itoa(group), folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what is sent to our group does not end it
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the shell and its cat
		cmd.Wait()
		pipe.Close()
	}, nil
}
