package lab

import (
	"encoding/gob"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// screen is what the cell shows.
var screen = newDisplay()

func newDisplay() *display {
	return &display{
		texts:    budget{left: mostText, each: mostText / mostOutputs, what: fmt.Sprintf("%d MiB of text, %d lines, or %d tables", mostText>>20, mostText/lineCost, mostOutputs)},
		pictures: budget{left: mostPictures, each: mostPictures / mostOutputs, what: fmt.Sprintf("%d MiB of pictures, or %d of them", mostPictures>>20, mostOutputs)},
		allowed:  burst,
	}
}

const (
	mostText     = 1 << 20 // bytes that a cell may say and tabulate
	lineCost     = 64      // bytes that a line counts for at least: a page of half a million short lines answers no key for half a minute
	mostPictures = 64 << 20
	mostOutputs  = 1 << 10 // tables, and pictures

	// burst is how many updates of its text a cell may send at once; they return as
	// one every updateEvery. What is said above that waits for its turn.
	burst       = 20
	updateEvery = 100 * time.Millisecond

	// longBlock is the length at which a text block is closed and another begun, as
	// each update sends its block anew.
	longBlock = 16 << 10
)

// display puts what the cell shows in order. In a notebook the text at the end is a
// block with a display id: it grows in place, and a progress line under it can be
// taken away again. Jupyter cannot remove an output that it has, so the block of a
// progress line without text above is taken over by whatever comes next.
type display struct {
	mu     sync.Mutex
	id     string // display id of the block at the end; "" if the last output is no block
	text   []byte // its lines
	status string // the progress under them
	kept   keeper // of the lines that are not sent yet
	waits  bool   // there are such lines
	timer  bool   // sendWaiting is about to be called
	// The block says that its last lines may follow on standard output, as lines that
	// wait do when the cell ends.
	continues bool
	bars      []*Bar // the work in progress
	ticking   bool   // refresh is called

	allowed         float64 // updates that may be sent now
	counted         time.Time
	texts, pictures budget
}

// budget is what a cell may still show of something.
type budget struct {
	left int    // bytes; negative once the cell has been told
	each int    // what an output costs at least, however small it is
	what string // all of it, in words
}

// CutNotice begins the sentence with which the lab says that a cell's output is cut.
const CutNotice = "… output cut: "

// notice is the sentence of a budget that is used up.
func (b *budget) notice() string {
	return CutNotice + "a cell shows at most " + b.what + ". Show less, or write the rest to a file."
}

func (d *display) say(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text = printable(text)
	if !inNotebook() {
		d.setStatus("")
		fmt.Fprintln(os.Stdout, text)
		return
	}
	if d.texts.left < 0 {
		return
	}
	cost := 0
	for line := range strings.SplitSeq(text, "\n") {
		cost += max(len(line)+1, lineCost)
	}
	if d.texts.left -= cost; d.texts.left < 0 {
		room := min(max(cost+d.texts.left, 0), len(text))
		for room > 0 && !utf8.RuneStart(text[room]) {
			room--
		}
		text = strings.TrimPrefix(text[:room]+"\n", "\n") + d.texts.notice()
	}
	if len(d.text) > longBlock && !d.waits {
		d.closeBlock()
	}
	if len(d.text) > 0 {
		d.text = append(d.text, '\n')
	} else if text == "" {
		text = " " // a block with an empty text counts as free
	}
	d.text = append(d.text, text...)
	switch {
	case living != nil: // all of it arrives when the run ends
		d.waits = true
	case d.mayUpdate(), !d.continues && d.kept.start() != nil, !d.continues, d.kept.add(text) != nil:
		d.sendBlock()
	default:
		d.waits = true
		if !d.timer {
			d.timer = true
			time.AfterFunc(updateEvery, d.sendWaiting)
		}
	}
}

// mayUpdate says whether an update of the text may be sent now, and counts it.
func (d *display) mayUpdate() bool {
	now := time.Now()
	if !d.counted.IsZero() {
		d.allowed = min(burst, d.allowed+float64(now.Sub(d.counted))/float64(updateEvery))
	}
	d.counted = now
	if d.allowed < 1 {
		return false
	}
	d.allowed--
	return true
}

// sendWaiting sends the lines that had to wait.
func (d *display) sendWaiting() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer = d.waits && !d.mayUpdate(); d.timer {
		time.AfterFunc(updateEvery/10, d.sendWaiting)
	} else if d.waits {
		d.sendBlock()
	}
}

// show sends a bundle of the given size as an output of its own, at the place of a
// block that is free.
func (d *display) show(from *budget, size int, data map[protocol.MIMEType]any, metadata map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if from.left < 0 {
		return
	}
	if from.left -= max(size, from.each); from.left < 0 {
		data, metadata = map[protocol.MIMEType]any{protocol.MIMETextPlain: from.notice()}, nil
	}
	id := ""
	if len(d.text) == 0 {
		id = d.id
		d.id, d.status, d.continues = "", "", false
	} else {
		d.closeBlock()
	}
	send(&protocol.DisplayData{Data: data, Metadata: metadata, DisplayID: id})
}

// closeBlock leaves the block as it is, without the progress.
func (d *display) closeBlock() {
	d.setStatus("")
	if d.waits {
		d.sendBlock()
	}
	d.id, d.text, d.continues = "", nil, false
}

// setStatus replaces the progress line, or with "" takes it away.
func (d *display) setStatus(status string) {
	if status == d.status {
		return
	}
	d.status = status
	if living != nil {
		living.progress(status)
	} else if inNotebook() {
		d.sendBlock()
	} else {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s", status)
	}
}

func (d *display) sendBlock() {
	if d.id == "" {
		d.id = gonbui.UniqueId()
	}
	text := string(d.text)
	if text != "" && d.status != "" {
		text += "\n"
	}
	block := &protocol.DisplayData{
		Data:      map[protocol.MIMEType]any{protocol.MIMETextPlain: text + d.status},
		DisplayID: d.id,
	}
	if d.continues = d.kept.file != nil; d.continues {
		block.Metadata = map[string]any{ContinuedMark: true}
	}
	send(block)
	d.waits = false
	d.kept.clear()
}

// The metadata of a picture is a map in a map, which gob must know.
func init() { gob.Register(map[string]any{}) }

// send returns when the kernel has published the data. GoNB drops what is still in
// its pipe when a cell ends, hence the wait.
func send(data *protocol.DisplayData) {
	if living != nil {
		living.take(data)
		return
	}
	gonbui.SendData(data)
	arrived := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(arrived)
	}()
	select {
	case <-arrived:
		if gonbui.Error() == nil {
			return
		}
	case <-time.After(kernelTimeout):
	}
	fmt.Fprintln(os.Stderr, "the notebook's kernel does not take what the cell shows; restart the kernel and run the cell again")
	os.Exit(1)
}

// kernelTimeout is long enough for a kernel on a machine that is busy training.
const kernelTimeout = 30 * time.Second
