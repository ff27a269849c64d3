// Package guard ends what a program started when the program itself is gone, however it ended.
package guard

import (
	"os/exec"
	"strconv"
	"syscall"
)

// Its standard input is a pipe that ends with the program that holds the other end. What has left the process group is
// known by its environment; new ones may be begun while the others end.
const script = `cat >/dev/null
kill -s KILL -- "-$1" 2>/dev/null
for try in 1 2 3; do
	ps axeww -o pid=,command= | while read -r pid command; do
		case "$command " in *" TMPDIR=$2 "*) kill -s KILL "$pid" 2>/dev/null ;; esac
	done
done
rm -rf -- "$2"`

// Start keeps a small process beside this one. Once this one is gone, even by kill -9, it kills the process group and all
// processes whose TMPDIR is the folder, and removes the folder. end has it do so now, and waits.
func Start(group int, folder string) (end func(), err error) {
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
		pipe.Close()
		cmd.Wait()
	}, nil
}
