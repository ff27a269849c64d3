//go:build !js

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
	"sync"
	_ "unsafe" // for linkname

	"descent.example/internal/live"
)

//go:linkname program main.main
func program()

func newLiving() *liveProcess {
	if !live.Process {
		return nil
	}
	answers, said := json.NewEncoder(os.NewFile(3, "answers")), newCapture()
	p := &liveProcess{next: make(chan live.Request, 1), said: said}
	p.program = func(live.Request) (func(), error) { return program, nil }
	p.tell = func(a live.Answer, outputs []live.Output) {
		if a.Done {
			a.Outputs = packed(outputs)
		}
		answers.Encode(a)
	}
	p.run = newRun(0) // of the declarations
	os.Stdout = said.in
	return p
}

// describeCells writes, as JSON, the parameters of each cell of a program of many: what the cell declares before anything else.
func describeCells(cells map[string]func()) {
	all := map[string][]Param{}
	for name, program := range cells {
		living = &liveProcess{waits: true, said: silence{}, next: make(chan live.Request, 1)}
		living.program = func(live.Request) (func(), error) { return program, nil }
		living.tell = func(live.Answer, []live.Output) {}
		living.next <- live.Request{} // overtakes the run, which so ends where the declarations do
		living.answer(live.Request{})
		if err := living.run.err; err != nil {
			fmt.Fprintf(os.Stderr, "the cell %s cannot be described: %v\n", name, err)
			os.Exit(1)
		}
		all[name] = cell.declared
	}
	json.NewEncoder(os.Stdout).Encode(all)
}

func init() { live.Serve = describeCells }

type silence struct{}

func (silence) take() string { return "" }

// serve answers requests until there are no more, and ends the process.
func (p *liveProcess) serve() {
	p.waits, p.own = true, cell.args
	go p.listen(os.Stdin)
	for r := range p.next {
		p.answer(r)
	}
	os.Exit(0)
}

// watched is the context of a run.
func watched(ctx context.Context) context.Context { return ctx }

// listen passes on the requests that arrive, a line each.
func (p *liveProcess) listen(in io.Reader) {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		var r live.Request
		if json.Unmarshal(line, &r) == nil {
			p.ask(r)
		}
	}
}

// longOutputs is the length from which outputs are compressed, to a third. A page takes 3 ms for that, whatever the length, of the
// 25 ms in which it answers to a drag.
const longOutputs = 32 << 10

// packed is the outputs as an Answer has them.
func packed(outputs []live.Output) json.RawMessage {
	data, err := encoded(outputs)
	if err != nil || len(data) < longOutputs {
		return data
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w.Write(data)
	w.Close()
	zipped, _ := json.Marshal(b.Bytes())
	return zipped
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
