// Package lab is what a notebook cell calls: its parameters as flags with a
// default, bounds and a unit (Float, Int, Floats, Choice, Bool, then Parse), what
// it shows (Show, Say, Table), progress on long work (Progress) and errors as one
// sentence (Check, Must). A cell reads
//
//	%% --lr=0.5
//	lr := lab.Float("lr", 0.3, "learning rate η", lab.Above(0), lab.AtMost(10))
//	lab.Parse()
//	…
//	lab.Show(picture)
//	lab.Say("loss %.4f", loss)
//
// Everything goes to the notebook through one channel, in the order of the calls, and
// has arrived when the cell ends, however it ends: nothing is lost if it returns,
// panics, exits or is interrupted. Text is sent at most ten times a second, so that a
// loop may say thousands of lines; a cell that shows more than a notebook can hold is
// cut, and a sentence says so. GoNB does not order fmt.Print with that channel, so a
// cell that shows something says its text with Say. Outside a notebook (go run,
// go test) text goes to standard output.
//
// Every cell links this package, so it imports neither GoMLX nor a plot library.
package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Check does nothing if err is nil. Otherwise it ends the cell with err's message
// on standard error, without a stack trace, and exit code 1.
func Check(err error) {
	if err != nil {
		if at := place(); at != "" && !strings.Contains(err.Error(), "(main.go:") {
			err = fmt.Errorf("%w (%s)", err, at)
		}
		fatal(1, err)
	}
}

// place is where the cell is, as "main.go:27", or "" outside of one: the kernel says the cell's own line instead.
func place() string {
	counters := make([]uintptr, 64)
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters)])
	for {
		f, more := frames.Next()
		if file := filepath.Base(f.File); file == "main.go" && strings.HasPrefix(f.Function, "main.") {
			return fmt.Sprintf("%s:%d", file, f.Line)
		}
		if !more {
			return ""
		}
	}
}

// Must returns v, or ends the cell as Check does if err is not nil.
func Must[T any](v T, err error) T {
	Check(err)
	return v
}

// fatal ends the cell. Exit code 2 is a refused parameter, 1 any other error.
func fatal(code int, err error) {
	if living != nil && living.waits {
		living.fail(err)
	}
	screen.end()
	fmt.Fprintf(os.Stderr, "%v\n", err)
	os.Exit(code)
}
