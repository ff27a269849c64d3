// Package report shows a person how work goes on, in a terminal or in a log.
package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// A Reporter shows steps that run side by side: one live line on a terminal, plain lines elsewhere.
type Reporter struct {
	out   io.Writer
	live  bool
	width int

	mu      sync.Mutex
	running []*runningStep
	stop    chan struct{}
}

type runningStep struct {
	name, note string
	start      time.Time
}

// New makes a reporter that writes to out.
func New(out io.Writer) *Reporter {
	r := &Reporter{out: out, stop: make(chan struct{})}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		r.live = true
		if r.width, _, _ = term.GetSize(int(file.Fd())); r.width < 20 {
			r.width = 80
		}
		go r.animate()
	}
	return r
}

// Close ends the live line.
func (r *Reporter) Close() {
	close(r.stop)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clearLine()
}

// Begin shows that a step is under way, until end is called with what became of it.
func (r *Reporter) Begin(name string) (end func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &runningStep{name: name, start: time.Now()}
	r.running = append(r.running, s)
	if !r.live {
		fmt.Fprintf(r.out, "… %s\n", name)
	}
	return func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, other := range r.running {
			if other == s {
				r.running = append(r.running[:i], r.running[i+1:]...)
				break
			}
		}
		r.clearLine()
		fmt.Fprintf(r.out, "%s %s (%.0f s)\n", Mark(err == nil), name, time.Since(s.start).Seconds())
	}
}

// Say prints a line above the live one.
func (r *Reporter) Say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clearLine()
	fmt.Fprintf(r.out, format+"\n", args...)
}

// Note shows a word on how far a step is, beside its name.
func (r *Reporter) Note(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.running {
		if s.name == name {
			s.note = text
		}
	}
}

func (r *Reporter) animate() {
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		var parts []string
		for _, s := range r.running {
			part := fmt.Sprintf("%s %.0f s", s.name, time.Since(s.start).Seconds())
			if s.note != "" {
				part += " (" + s.note + ")"
			}
			parts = append(parts, part)
		}
		line := []rune("… " + strings.Join(parts, " · "))
		if len(line) >= r.width {
			line = append(line[:r.width-2], '…')
		}
		r.clearLine()
		if len(parts) > 0 {
			fmt.Fprint(r.out, string(line))
		}
		r.mu.Unlock()
	}
}

func (r *Reporter) clearLine() {
	if r.live {
		fmt.Fprint(r.out, "\r\x1b[K")
	}
}

// Mark is the sign of what is well or is not.
func Mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

// Indent sets each line of a text four spaces in.
func Indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
