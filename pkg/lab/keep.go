package lab

import (
	"os"
	"os/exec"
)

// ContinuedMark is the key in the metadata of a text block which says that its last
// lines may follow on standard output.
const ContinuedMark = "continued"

// A keeper holds the lines that wait to be sent, so that they are not lost if the
// cell ends before: Go runs nothing when a program returns, exits, panics or is
// killed. The lines lie in a file that a shell prints on the cell's standard output
// once the cell is gone, one by one (see wholeLines). GoNB reads that to its end, so it
// waits for the shell.
type keeper struct {
	file  *os.File
	alive *os.File // closed when the cell is gone, however it went
	size  int64
}

// cellOutput is what GoNB reads, whatever a cell makes of os.Stdout.
var cellOutput = wholeLines(os.Stdout)

// add keeps one more line.
func (k *keeper) add(line string) error {
	n, err := k.file.WriteAt([]byte(line+"\n"), k.size)
	k.size += int64(n)
	return err
}

// clear forgets all lines, which have been sent.
func (k *keeper) clear() {
	if k.size > 0 && k.file.Truncate(0) == nil {
		k.size = 0
	}
}

// start makes the file and its shell, once.
func (k *keeper) start() error {
	if k.file != nil {
		return nil
	}
	file, err := os.CreateTemp("", "lab-text-")
	if err != nil {
		return err
	}
	os.Remove(file.Name()) // it lives as long as somebody has it open
	dead, alive, err := os.Pipe()
	if err != nil {
		return err
	}
	defer dead.Close()
	shell := exec.Command("/bin/sh", "-c", `cat >/dev/null; while IFS= read -r line; do printf '%s\n' "$line"; done <&3`)
	shell.Stdin, shell.Stdout, shell.ExtraFiles = dead, cellOutput, []*os.File{file}
	if err := shell.Start(); err != nil {
		return err
	}
	k.file, k.alive = file, alive
	return nil
}
