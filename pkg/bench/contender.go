package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// Contender trains what it is given, and times it with its own clock.
type Contender interface {
	// Load takes a task in place of the one before and does all that is done once: copying data, compiling. It returns an
	// error if the contender cannot train the task.
	Load(ctx context.Context, task Task) error
	// Run trains every net of the task from its start. It returns an error if a run fails, or if ctx ends.
	Run(ctx context.Context, request Request) (Reply, error)
}

// Request asks for runs.
type Request struct {
	Steps   int  `json:"steps"`   // from the start, at most those of the task
	Repeats int  `json:"repeats"` // how many runs, one after the other
	Results bool `json:"results"` // whether the reply holds what the last run ended at
}

// Reply is what runs took and ended at.
type Reply struct {
	Seconds []float64   `json:"seconds"` // of each run: all nets, all steps, every loss recorded and copied to the host
	Losses  [][]float64 `json:"losses"`  // of each net: the loss of the batch that step 0, 1, … took, of the first Early steps
	Nets    []Net       `json:"nets"`    // after the last step
}

// Worker is a contender that is a program of its own. Requests go to its standard input and replies come from its
// standard output, a line of JSON each. It begins with {"version": …} and then answers
//
//	{"do": "load", "task": Task}         with  {}
//	{"do": "run", and Request's fields}  with  Reply
//
// or either with {"error": a sentence}.
type Worker struct {
	Version string // what the program says of itself

	cmd      *exec.Cmd
	requests io.WriteCloser
	replies  *bufio.Reader
	said     tail
}

// StartWorker starts the program and waits until it is ready. The program ends with ctx, or by Close. StartWorker returns an
// error if the program cannot be started, or if it ends or says something else than its version.
func StartWorker(ctx context.Context, program string, args ...string) (*Worker, error) {
	w := &Worker{cmd: exec.CommandContext(ctx, program, args...)}
	w.cmd.Stderr = &w.said
	out, err := w.cmd.StdoutPipe()
	if err == nil {
		w.requests, err = w.cmd.StdinPipe()
	}
	if err == nil {
		err = w.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	w.replies = bufio.NewReader(out)
	var hello struct{ Version string }
	if err := w.read(ctx, &hello); err != nil {
		w.Close()
		return nil, err
	}
	w.Version = hello.Version
	return w, nil
}

// Load implements Contender. It returns the program's own error, or says that the program ended, that its reply is not JSON,
// or that ctx ended.
func (w *Worker) Load(ctx context.Context, task Task) error {
	return w.ask(ctx, struct {
		Do   string `json:"do"`
		Task Task   `json:"task"`
	}{"load", task}, &struct{}{})
}

// Run implements Contender. Its errors are those of Load; a reply with the times of too few or too many runs is one too.
func (w *Worker) Run(ctx context.Context, request Request) (reply Reply, err error) {
	err = w.ask(ctx, struct {
		Do string `json:"do"`
		Request
	}{"run", request}, &reply)
	if err == nil && len(reply.Seconds) != request.Repeats {
		err = fmt.Errorf("it timed %d runs where %d were asked for", len(reply.Seconds), request.Repeats)
	}
	return reply, err
}

// Close ends the program.
func (w *Worker) Close() {
	w.requests.Close()
	w.cmd.Process.Kill()
	w.cmd.Wait()
}

func (w *Worker) ask(ctx context.Context, request, reply any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	// A program that has ended does not read; why it ended, read finds out.
	w.requests.Write(append(line, '\n'))
	return w.read(ctx, reply)
}

func (w *Worker) read(ctx context.Context, reply any) error {
	line, err := w.replies.ReadBytes('\n')
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		w.Close() // after which all that it said is there
		return fmt.Errorf("it ended unexpectedly: %s", w.said.lastLine())
	}
	var failed struct{ Error string }
	if err := errors.Join(json.Unmarshal(line, &failed), json.Unmarshal(line, reply)); err != nil {
		return fmt.Errorf("its reply is not understood: %w", err)
	}
	if failed.Error != "" {
		return errors.New(failed.Error)
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	return text[strings.LastIndex(text, "\n")+1:]
}
