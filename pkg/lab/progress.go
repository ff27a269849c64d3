package lab

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"descent.example/internal/brief"
	"descent.example/pkg/progress"
)

// A Bar is the progress of one long work. Its methods may be called from any
// goroutine and cost next to nothing; a nil Bar does nothing.
type Bar struct {
	what  string
	total int64
	done  atomic.Int64
	start time.Time
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
	return begin(what, total)
}

// Trainings and sweeps show their progress by themselves, if the cell does not.
func init() {
	progress.Watch(func(what string, total int) (func(int), func()) {
		b := begin(what, total)
		return b.Set, b.Done
	})
}

func begin(what string, total int) *Bar {
	b := &Bar{what: brief.Of(what), total: int64(total), start: time.Now()}
	if !hasAudience() {
		return b
	}
	screen.mu.Lock()
	defer screen.mu.Unlock()
	screen.bars = append(screen.bars, b)
	if !screen.ticking {
		screen.ticking = true
		go screen.refresh()
	}
	return b
}

const (
	showAfter = 500 * time.Millisecond
	mostBars  = 10 // lines of progress at a time
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

// refresh shows the progress of all work until there is none.
func (d *display) refresh() {
	tick := time.NewTicker(updateEvery)
	defer tick.Stop()
	for range tick.C {
		d.mu.Lock()
		d.ticking = len(d.bars) > 0
		if !d.ticking {
			d.mu.Unlock()
			return
		}
		if d.mayUpdate() {
			d.setStatus(d.progress())
		}
		d.mu.Unlock()
	}
}

// progress is the line of every work that has lasted long enough.
func (d *display) progress() string {
	var lines []string
	for i, b := range d.bars {
		elapsed := time.Since(b.start)
		if elapsed < showAfter {
			break // the later ones are younger
		}
		if i == mostBars {
			lines = append(lines, fmt.Sprintf("… and %d more", len(d.bars)-mostBars))
			break
		}
		lines = append(lines, b.line(elapsed))
	}
	if inNotebook() {
		return strings.Join(lines, "\n")
	}
	return strings.Join(lines, "; ")
}

// end takes all progress away and sends what waits, as the cell is about to end.
func (d *display) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bars = nil
	d.closeBlock()
}

// hasAudience says whether somebody looks on: GoNB knows the id of its kernel only if
// a Jupyter server started it.
func hasAudience() bool {
	if living != nil {
		return true
	}
	if inNotebook() {
		return os.Getenv(protocol.GONB_JUPYTER_KERNEL_ID_ENV) != ""
	}
	info, err := os.Stderr.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
