package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"descent.example/internal/live"
)

// In a browser a program of many cells runs in a worker (internal/page), a thread of its own. The worker hands over requests and
// takes answers, both as JSON. Go has that one thread alone: while it computes, no message arrives. So a run lets the messages in
// wherever it looks whether it goes on.

func init() { live.Serve = serveCells }

// worker is what the worker's script offers: soon calls back when the messages that wait were taken, printed returns what was
// written to standard output since it was last called, and answer sends an Answer to the page.
var worker = js.Global().Get("descent")

func newLiving() *liveProcess {
	p := &liveProcess{waits: true, next: make(chan live.Request, 1), said: printed{}, run: newRun(0)}
	p.tell = func(a live.Answer, outputs []live.Output) {
		data, err := encoded(struct {
			live.Answer
			Outputs []live.Output `json:"outputs"`
		}{a, outputs})
		if err != nil {
			data, _ = encoded(live.Answer{Seq: a.Seq, Done: true, Error: err.Error()})
		}
		worker.Call("answer", string(data))
	}
	return p
}

// serveCells answers requests for runs of the cells, for as long as the worker lives.
func serveCells(cells map[string]func()) {
	living.program = func(r live.Request) (func(), error) {
		if cells[r.Cell] == nil {
			return nil, fmt.Errorf("the page's program has no cell %s", r.Cell)
		}
		return cells[r.Cell], nil
	}
	worker.Set("ask", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var r live.Request
		if json.Unmarshal([]byte(args[0].String()), &r) == nil {
			living.ask(r)
		}
		return nil
	}))
	worker.Call("ready")
	for r := range living.next {
		living.answer(r)
	}
}

func (p *liveProcess) serve() {}

type printed struct{}

func (printed) take() string { return worker.Call("printed").String() }

// An attentive context lets the messages in when it is asked whether it has ended.
type attentive struct{ context.Context }

func (c attentive) Err() error {
	letMessagesIn()
	return c.Context.Err()
}

// watched is the context of a run.
func watched(ctx context.Context) context.Context { return attentive{ctx} }

// messagesEvery is how long a run computes before it lets messages in. That takes some hundredths of a millisecond.
const messagesEvery = 8 * time.Millisecond

var pause struct {
	sync.Mutex
	last time.Time
	over chan struct{} // closed when the messages were taken; nil if nothing waits for that
}

// letMessagesIn waits until the worker has taken the messages that came, if it has not done so for a while. All goroutines that
// compute have to come by, as the worker gets its turn only when none of them runs.
func letMessagesIn() {
	pause.Lock()
	if pause.over == nil {
		if time.Since(pause.last) < messagesEvery {
			pause.Unlock()
			return
		}
		pause.over = make(chan struct{})
		worker.Call("soon", taken)
	}
	over := pause.over
	pause.Unlock()
	<-over
}

var taken = js.FuncOf(func(js.Value, []js.Value) any {
	pause.Lock()
	defer pause.Unlock()
	close(pause.over)
	pause.last, pause.over = time.Now(), nil
	return nil
})
