// Package panicked says where a panic began.
package panicked

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// At is where the panic began that the caller, a deferred function, recovers from, "main.mine.Loss (main.go:12)": the function nearest to it
// that is neither Go's nor GoMLX's. It tells whether that is one of the lab's own.
func At() (where string, own bool) {
	const lab = "descent.example/pkg/"
	counters := make([]uintptr, 256)
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") && !strings.HasPrefix(f.Function, "github.com/gomlx/") {
			_, function := filepath.Split(f.Function)
			return fmt.Sprintf("%s (%s:%d)", function, filepath.Base(f.File), f.Line),
				strings.HasPrefix(f.Function, lab) && !strings.Contains(function, "_test.")
		}
		if !more {
			return "an unknown place", false
		}
	}
}
