package lab

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// A Bar is the progress of one long work. Its methods may be called from any
// goroutine and cost next to nothing; a nil Bar does nothing.
type Bar struct {
	what  string
	total int64
	done  atomic.Int64
	start time.Time
	stop  chan struct{}
}

// Progress begins a work of total units (steps, files, …; 0 if that is not known):
//
//	bar := lab.Progress("training", steps)
//	defer bar.Done()
//
// While the work lasts, from half a second on, a line under the text says how far it
// is, ten times a second. Done takes the line away. Nothing of it is left in a stored
// notebook: a notebook that runs without a page in front of it (nbclient, lab run)
// shows no progress at all, and in a live one the next output takes the line's place.
// Two things remain in a live one: an empty output if the cell shows nothing before
// nor after the line, and the last line of a work that was interrupted. In a terminal
// the line is on standard error; elsewhere there is none.
func Progress(what string, total int) *Bar {
	closeDeclarations("lab.Progress")
	b := &Bar{what: what, total: int64(total), start: time.Now(), stop: make(chan struct{})}
	if !hasAudience() {
		return b
	}
	screen.mu.Lock()
	screen.bars = append(screen.bars, b)
	screen.mu.Unlock()
	go func() {
		tick := time.NewTicker(refreshEvery)
		defer tick.Stop()
		for {
			select {
			case <-b.stop:
				return
			case <-tick.C:
				screen.refresh()
			}
		}
	}()
	return b
}

const (
	showAfter    = 500 * time.Millisecond
	refreshEvery = 100 * time.Millisecond
)

// Add says that n more units are done.
func (b *Bar) Add(n int) {
	if b != nil {
		b.done.Add(int64(n))
	}
}

// Set says that n units are done in all.
func (b *Bar) Set(n int) {
	if b != nil {
		b.done.Store(int64(n))
	}
}

// Done ends the work and takes its line away. Further calls do nothing.
func (b *Bar) Done() {
	if b == nil {
		return
	}
	screen.mu.Lock()
	defer screen.mu.Unlock()
	if i := slices.Index(screen.bars, b); i >= 0 {
		screen.bars = slices.Delete(screen.bars, i, i+1)
		close(b.stop)
		screen.setStatus(screen.progress())
	}
}

// line is "training ███████░░░░░░░░░░░░░ 35 %, 4.2 s".
func (b *Bar) line(elapsed time.Duration) string {
	seconds := elapsed.Seconds()
	if b.total <= 0 {
		return fmt.Sprintf("%s … %.1f s", b.what, seconds)
	}
	const width = 20
	share := min(max(float64(b.done.Load())/float64(b.total), 0), 1)
	full := int(share * width)
	return fmt.Sprintf("%s %s%s %.0f %%, %.1f s", b.what,
		strings.Repeat("█", full), strings.Repeat("░", width-full), 100*share, seconds)
}

func (d *display) refresh() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.setStatus(d.progress())
}

// progress is the line of every work that has lasted long enough.
func (d *display) progress() string {
	var lines []string
	for _, b := range d.bars {
		if elapsed := time.Since(b.start); elapsed >= showAfter {
			lines = append(lines, b.line(elapsed))
		}
	}
	if gonbui.IsNotebook {
		return strings.Join(lines, "\n")
	}
	return strings.Join(lines, "; ")
}

// endProgress takes all progress away, as the cell is about to end.
func (d *display) endProgress() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bars = nil
	d.setStatus("")
}

// hasAudience says whether somebody looks on: GoNB knows the id of its kernel only if
// a Jupyter server started it.
func hasAudience() bool {
	if gonbui.IsNotebook {
		return os.Getenv(protocol.GONB_JUPYTER_KERNEL_ID_ENV) != ""
	}
	info, err := os.Stderr.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
