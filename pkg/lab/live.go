package lab

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	_ "unsafe" // for linkname

	"descent.example/internal/brief"
	"descent.example/internal/live"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// A cell's program can stay alive after the cell: a live process runs the program's own main again for each new setting of the
// parameters. The place where it waits is the end of the declarations, where main comes by first. There it calls main anew; in
// that call, Float and its kin return the new values, and Parse returns at once. So no cell is written differently, and what
// the process has opened, read and compiled stays. An error or a refused value ends the call, and not the process.

//go:linkname program main.main
func program()

// living is the live process that this one is, or nil.
var living = newLiving()

// inNotebook says whether what the cell shows goes to a page.
func inNotebook() bool { return living != nil || gonbui.IsNotebook }

// A liveProcess serves requests one after the other.
type liveProcess struct {
	own   []argument // the cell's
	waits bool       // it has come to the end of the declarations
	said  *capture   // standard output

	mu      sync.Mutex // guards what follows
	answers *json.Encoder
	run     *liveRun // the one under way
	next    chan live.Request
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

func newLiving() *liveProcess {
	if !live.Process {
		return nil
	}
	p := &liveProcess{answers: json.NewEncoder(os.NewFile(3, "answers")), next: make(chan live.Request, 1), said: newCapture()}
	p.run = newRun(0) // of the declarations
	os.Stdout = p.said.in
	return p
}

func newRun(seq int) *liveRun {
	r := &liveRun{seq: seq}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// serve answers requests until there are no more, and ends the process.
func (p *liveProcess) serve() {
	p.waits, p.own = true, cell.args
	go p.listen(os.Stdin)
	for r := range p.next {
		p.answer(r)
	}
	os.Exit(0)
}

// listen keeps the newest request, and cancels the run that it overtakes.
func (p *liveProcess) listen(in io.Reader) {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		var r live.Request
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		p.mu.Lock()
		p.run.cancel()
		select {
		case waiting := <-p.next:
			if r.Seq == 0 {
				p.answers.Encode(live.Answer{Seq: waiting.Seq, Cancelled: true})
			}
		default:
		}
		if r.Seq != 0 {
			p.next <- r
		}
		p.mu.Unlock()
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
	screen = newDisplay()
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
		program()
	}()
	<-ended
	screen.end()
	if text := p.said.take(); text != "" {
		p.take(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextPlain: strings.TrimSuffix(printable(text), "\n")}})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if run.ctx.Err() != nil {
		p.answers.Encode(live.Answer{Seq: run.seq, Cancelled: true})
		return
	}
	run.cancel()
	a := live.Answer{Seq: run.seq, Done: true, Outputs: packed(run.outputs), Micros: time.Since(began).Microseconds()}
	if run.err != nil {
		a.Error = run.err.Error()
	}
	p.answers.Encode(a)
}

// packed is gzip's of the outputs as JSON: a picture is a third as long.
func packed(outputs []live.Output) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err := json.NewEncoder(w).Encode(outputs); err != nil {
		return nil
	}
	w.Close()
	return b.Bytes()
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
	if p.waits && p.run.ctx.Err() == nil {
		p.answers.Encode(live.Answer{Seq: p.run.seq, Progress: text})
	}
}

func (p *liveProcess) context() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run.ctx
}

func isTestFlag(arg string) bool { return strings.HasPrefix(arg, "-test.") }

// record writes how this process was started and what the cell has declared, from which the kernel can start a live process.
func record(path string) error {
	if path == "" || living != nil || len(cell.declared) == 0 || slices.ContainsFunc(os.Args, isTestFlag) { // a cell of tests has no main of its own
		return nil
	}
	params, err := json.Marshal(cell.declared)
	if err != nil {
		return err
	}
	r := live.Record{Args: os.Args, Params: params}
	var errs [2]error
	r.Program, errs[0] = os.Executable()
	r.Dir, errs[1] = os.Getwd()
	for _, kv := range os.Environ() {
		own := strings.HasPrefix(kv, live.RecordEnv+"=") || strings.HasPrefix(kv, ParamsLogEnv+"=") // of the cell's first run alone
		if !own && !strings.HasPrefix(kv, "GONB") {
			r.Env = append(r.Env, kv)
		}
	}
	data, err := json.Marshal(r)
	if err := errors.Join(errs[0], errs[1], err); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// A capture collects what is written to a file.
type capture struct {
	in   *os.File
	mu   sync.Mutex
	text []byte
	seen chan struct{} // a mark was read
}

// captureMark ends what one run wrote.
const captureMark = "\x00end of a run\x00\n"

func newCapture() *capture {
	out, in, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	c := &capture{in: in, seen: make(chan struct{}, 1)}
	go func() {
		for lines := bufio.NewReader(out); ; {
			line, err := lines.ReadSlice('\n')
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return
			}
			text, marked := bytes.CutSuffix(line, []byte(captureMark))
			c.mu.Lock()
			c.text = append(c.text, text[:min(len(text), mostText-len(c.text))]...)
			c.mu.Unlock()
			if marked {
				c.seen <- struct{}{}
			}
		}
	}()
	return c
}

// take returns what was written since it was last called.
func (c *capture) take() string {
	c.in.WriteString(captureMark)
	<-c.seen
	c.mu.Lock()
	defer c.mu.Unlock()
	text := string(c.text)
	c.text = c.text[:0]
	return text
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

// A Draggable picture has points that a reader can drag, to set parameters.
type Draggable interface {
	Handled() []live.Handle
}

// showLive shows a picture in the one form that the page of a live process draws best. about is its metadata.
func showLive(pic Picture, alt string, about map[string]any) {
	if draggable, is := pic.(Draggable); is {
		if handles := draggable.Handled(); len(handles) > 0 {
			about[live.HandlesKey] = handles
		}
	}
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
	if captioned, is := pic.(Captioned); is {
		screen.say(captioned.Words())
	}
}
