package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/live"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// A cell's program can stay alive after the cell: a live process runs the program's own main again for each new setting of the
// parameters. The place where it waits is the end of the declarations, where main comes by first. There it calls main anew; in
// that call, Float and its kin return the new values, and Parse returns at once. So no cell is written differently, and what
// the process has opened, read and compiled stays. An error or a refused value ends the call, and not the process.
//
// In a browser's page one live process holds all cells of a chapter as functions, and waits for requests from its beginning.

// living is the live process that this one is, or nil.
var living = newLiving()

// inNotebook says whether what the cell shows goes to a page.
func inNotebook() bool { return living != nil || gonbui.IsNotebook }

// A liveProcess serves requests one after the other.
type liveProcess struct {
	own     []argument                           // the cell's
	waits   bool                                 // it has come to the end of the declarations
	program func(live.Request) (func(), error)   // what a request runs
	said    interface{ take() string }           // standard output
	tell    func(a live.Answer, o []live.Output) // the page
	numbers bool                                 // the request asks for them

	mu   sync.Mutex // guards what follows
	run  *liveRun   // the one under way
	next chan live.Request
}

// A liveRun is one call of the program.
type liveRun struct {
	seq     int
	ctx     context.Context
	cancel  context.CancelFunc
	outputs []live.Output
	ids     []string // of the outputs that may be replaced
	err     error
}

func newRun(seq int) *liveRun {
	r := &liveRun{seq: seq}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.ctx = watched(r.ctx)
	return r
}

// encoded is JSON in which < and > stay as they are: an SVG is full of them, and a page reads it as data.
func encoded(value any) ([]byte, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	err := w.Encode(value)
	return b.Bytes(), err
}

// overtaken says whether the run is to end.
func (r *liveRun) overtaken() bool {
	select {
	case <-r.ctx.Done():
		return true
	default:
		return false
	}
}

// ask keeps the newest request, and cancels the run that it overtakes.
func (p *liveProcess) ask(r live.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run.cancel()
	select {
	case waiting := <-p.next:
		if r.Seq == 0 {
			p.tell(live.Answer{Seq: waiting.Seq, Cancelled: true}, nil)
		}
	default:
	}
	if r.Seq != 0 {
		p.next <- r
	}
}

// answer runs the program with the values of a request.
func (p *liveProcess) answer(r live.Request) {
	run := newRun(r.Seq)
	p.mu.Lock()
	p.run = run
	if len(p.next) > 0 { // meanwhile
		run.cancel()
	}
	p.mu.Unlock()
	screen, p.numbers = newDisplay(), r.Numbers
	cell = &Parameters{args: p.own}
	for name, value := range r.Values {
		cell.args = append(cell.args[:len(cell.args):len(cell.args)], argument{name: name, value: value, hasValue: true})
	}
	began := time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			if cause := recover(); cause != nil {
				run.err = fmt.Errorf("panic: %v", cause)
				if at := place(); at != "" {
					run.err = fmt.Errorf("%w (%s)", run.err, at)
				}
			}
		}()
		program, err := p.program(r)
		if run.err = err; err == nil {
			program()
		}
	}()
	<-ended
	screen.end()
	if text := p.said.take(); text != "" {
		p.take(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextPlain: strings.TrimSuffix(printable(text), "\n")}})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if run.overtaken() {
		p.tell(live.Answer{Seq: run.seq, Cancelled: true}, nil)
		return
	}
	run.cancel()
	a := live.Answer{Seq: run.seq, Done: true, Micros: time.Since(began).Microseconds()}
	if run.err != nil {
		a.Error = run.err.Error()
	}
	p.tell(a, run.outputs)
}

// fail ends the run over an error. What the program has deferred is done.
func (p *liveProcess) fail(err error) {
	p.mu.Lock()
	if p.run.err == nil {
		p.run.err = err
	}
	p.mu.Unlock()
	runtime.Goexit()
}

// goesOn ends the calling goroutine if its run was overtaken.
func (p *liveProcess) goesOn() {
	if p.context().Err() != nil {
		runtime.Goexit()
	}
}

// take keeps what the run shows.
func (p *liveProcess) take(data *protocol.DisplayData) {
	output := live.Output{Data: map[string]any{}, Metadata: data.Metadata}
	for mime, content := range data.Data {
		output.Data[string(mime)] = content
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, id := range p.run.ids {
		if id != "" && id == data.DisplayID {
			p.run.outputs[i] = output
			return
		}
	}
	p.run.outputs, p.run.ids = append(p.run.outputs, output), append(p.run.ids, data.DisplayID)
}

// progress tells how far the run is.
func (p *liveProcess) progress(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waits && !p.run.overtaken() {
		p.tell(live.Answer{Seq: p.run.seq, Progress: text}, nil)
	}
}

func (p *liveProcess) context() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run.ctx
}

// A Film is a picture that moves: its frames as SVG, and how many of them it shows in a second.
type Film interface {
	Frames() (svgs []string, perSecond float64, err error)
}

// A Captioned picture is a Live one that answers to values which are the cell's parameters too. A live process, which draws for
// each of their settings anew, shows its still and these words.
type Captioned interface {
	Words() string
}

// A Drawable picture is drawn at once in all that a page needs of it, and has its numbers if they are asked for.
type Drawable interface {
	Picture
	Drawing(numbers bool) (live.Drawing, error)
}

// showLive shows a picture in the one form that the page of a live process draws best.
func showLive(pic Picture) {
	if drawable, is := pic.(Drawable); is {
		showDrawing(drawable)
	} else {
		showOther(pic)
	}
	if captioned, is := pic.(Captioned); is {
		screen.say(captioned.Words())
	}
}

func showDrawing(pic Drawable) {
	drawing, err := pic.Drawing(living.numbers)
	if err != nil {
		fatal(1, fmt.Errorf("the picture %q cannot be drawn: %w", brief.Of(printable(pic.Alt())), err))
	}
	alt := printable(strings.TrimSpace(drawing.Alt))
	about := map[string]any{"alt": alt, "width": drawing.Width, "height": drawing.Height, live.LinesKey: true}
	if len(drawing.Handles) > 0 {
		about[live.HandlesKey] = drawing.Handles
	}
	data := map[protocol.MIMEType]any{protocol.MIMEImageSVG: string(drawing.SVG), protocol.MIMETextPlain: alt}
	if len(drawing.CSV) > 0 {
		data["text/csv"] = string(drawing.CSV)
	}
	size := len(drawing.SVG) + len(drawing.CSV)
	screen.show(&screen.pictures, size, data, map[string]any{string(protocol.MIMEImageSVG): about})
}

// showOther shows a picture that moves, or that somebody else draws.
func showOther(pic Picture) {
	alt, about := described(pic)
	var mime protocol.MIMEType
	var content any
	var err error
	size := 0
	switch pic := pic.(type) {
	case Film:
		var frames []string
		var perSecond float64
		frames, perSecond, err = pic.Frames()
		for _, frame := range frames {
			size += len(frame)
		}
		mime, content = live.FilmType, map[string]any{"frames": frames, "perSecond": perSecond}
	case Vector:
		var svg []byte
		svg, err = pic.SVG()
		mime, content, size = protocol.MIMEImageSVG, string(svg), len(svg)
	default:
		var png []byte
		png, err = pic.PNG()
		mime, content, size = protocol.MIMEImagePNG, png, len(png)
	}
	if err != nil {
		fatal(1, fmt.Errorf("the picture %q cannot be drawn: %w", brief.Of(alt), err))
	}
	screen.show(&screen.pictures, size, map[protocol.MIMEType]any{mime: content, protocol.MIMETextPlain: alt}, map[string]any{string(mime): about})
}
