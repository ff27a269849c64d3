package kernel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// lookForReader is how often a cell that may read from standard input is looked at.
const lookForReader = 500 * time.Millisecond

var mayRead = regexp.MustCompile(`\b(os\.Stdin|fmt\.Scan|syscall\.Stdin)`)

const noInput = "The cell reads from standard input, and nobody can type there. Write the value into the cell, or read it from a file with os.ReadFile."

// serveReader asks the front end for a line when the cell's program waits for one, and ends the program if the front end
// takes no questions: GoNB holds the pipe open, so the program would wait for ever.
func (k *Kernel) serveReader(e *execution, ask bool) {
	if k.current != e || !mayRead.MatchString(strings.Join(k.program(), "\n")) && !mayRead.MatchString(e.cell.text) {
		return
	}
	if pid := k.waiting(); pid != 0 && k.reader != pid && !e.interrupted {
		k.flush()
		if ask {
			k.reader = pid
			k.send(k.stdin, e.request.answer("input_request", map[string]any{"prompt": "", "password": false}))
		} else {
			e.starved = true
			k.signal("-P", syscall.SIGKILL)
		}
	}
	time.AfterFunc(lookForReader, func() { k.later <- func() { k.serveReader(e, ask) } })
}

// waiting is a child of GoNB that waits in read(0, …), as Linux tells; elsewhere none is found.
func (k *Kernel) waiting() int {
	for _, pid := range k.pids("-P") {
		calls, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
		for _, file := range calls {
			call, _ := os.ReadFile(file)
			if in, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", pid)); strings.HasPrefix(in, "pipe:") &&
				strings.HasPrefix(string(call), fmt.Sprintf("%d 0x0 ", syscall.SYS_READ)) {
				return pid
			}
		}
	}
	return 0
}

// typed hands the front end's answer to the process that waits for it.
func (k *Kernel) typed(m message) {
	var content struct{ Value string }
	json.Unmarshal(m.parts[contentPart], &content)
	pipe, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/0", k.reader), os.O_WRONLY, 0)
	k.reader = 0
	if err != nil {
		return // the program has ended
	}
	go func() {
		defer pipe.Close()
		pipe.WriteString(content.Value + "\n")
	}()
}
