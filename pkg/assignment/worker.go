package assignment

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/wall"
)

// A worker is the process that holds a student's functions. When it ends, or takes too long, the next part gets another; when it does not even begin, there
// is none.
type worker struct {
	request   JudgeRequest
	functions map[string]any
	running   *running
	over      error // why there is none any more
}

// running is a process and the conversation with it.
type running struct {
	process *exec.Cmd
	clock   *clock
	said    brief.Head    // why it ended
	ended   chan struct{} // is closed when it has
}

// ready starts the process unless it runs, and gives it the time for another part.
func (w *worker) ready() error {
	if w.over != nil {
		return w.over
	}
	if w.running == nil {
		if err := w.start(); err != nil {
			return err
		}
	}
	w.running.clock.left = inSeconds(w.request.Seconds)
	return nil
}

func (w *worker) start() error {
	toWorker, mine, err := os.Pipe()
	if err != nil {
		return err
	}
	answers, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer toWorker.Close()
	defer theirs.Close()
	r := &running{process: exec.Command(w.request.Worker[0], w.request.Worker[1:]...), clock: &clock{in: mine, out: answers}, said: brief.Head{Most: 1024}, ended: make(chan struct{})}
	r.process.Env = []string{}
	r.process.Stderr = &r.said
	r.process.WaitDelay = time.Second
	r.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if w.request.User > 0 {
		r.process.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(w.request.User), Gid: uint32(w.request.User)}
	}
	if w.request.Streams {
		r.process.ExtraFiles = []*os.File{toWorker, theirs}
	} else {
		r.process.Stdin, r.process.Stdout = toWorker, theirs
	}
	conn := wall.New(r.clock, r.clock, nil)
	for name, f := range w.functions {
		if err := conn.Bind(w.request.Prefix+name, f); err != nil {
			return err
		}
	}
	if err := r.process.Start(); err != nil {
		return fmt.Errorf("the worker does not start: %w", err)
	}
	go func() { r.process.Wait(); close(r.ended) }()
	w.running = r
	return w.greet(conn)
}

// NotReady begins what a part says when the worker ended before any function was called: what the code declares does that.
const NotReady = "your code fails before any function is called"

// TooLong begins what a part says when the student's functions used its time up.
const TooLong = "your code takes more than"

// notTried begins what a part says that is not tried because others took too long.
const notTried = "not tried"

// greet waits until the worker answers.
func (w *worker) greet(conn *wall.Conn) (err error) {
	var ready func()
	if err := conn.Bind("", &ready); err != nil {
		return err
	}
	w.running.clock.left = inSeconds(w.request.Start)
	defer func() {
		if v := recover(); v != nil {
			w.over = fmt.Errorf("%s: %w", NotReady, w.lost(v))
			err = w.over
		}
	}()
	ready()
	return nil
}

// end ends the process and all that it started.
func (w *worker) end() {
	if w.running == nil {
		return
	}
	syscall.Kill(-w.running.process.Process.Pid, syscall.SIGKILL)
	w.running.process.Process.Kill() // should it have left its group
	<-w.running.ended
	w.running.clock.close()
	w.running = nil
}

// lost says why a part could not go on.
func (w *worker) lost(why any) error {
	err, _ := why.(error)
	var lost wall.Lost
	switch {
	case !errors.As(err, &lost):
		w.end()
		return fmt.Errorf("the check cannot use what your code returns: %v", why)
	case errors.Is(lost.Err, os.ErrDeadlineExceeded):
		w.end()
		if w.request.Patience -= w.request.Seconds; w.request.Patience <= 0 {
			w.over = errors.New(notTried + ", because too much of your code ran out of time before")
		}
		return fmt.Errorf("%s %g seconds", TooLong, w.request.Seconds)
	}
	said := ""
	select {
	case <-w.running.ended:
		said = strings.TrimSpace(w.running.said.String())
	case <-time.After(2 * time.Second):
	}
	w.end()
	if said == "" {
		said = "it ends the program"
	}
	return fmt.Errorf("your code gives no answer: %s", said)
}

// A clock is both streams of a conversation. It counts the time for which the worker is waited for.
type clock struct {
	in, out *os.File
	left    time.Duration
}

func (c *clock) Read(b []byte) (n int, err error) {
	c.wait(c.out.SetReadDeadline, func() { n, err = c.out.Read(b) })
	return n, err
}

func (c *clock) Write(b []byte) (n int, err error) {
	c.wait(c.in.SetWriteDeadline, func() { n, err = c.in.Write(b) })
	return n, err
}

func (c *clock) wait(until func(time.Time) error, act func()) {
	start := time.Now()
	until(start.Add(max(c.left, time.Millisecond)))
	act()
	c.left -= time.Since(start)
}

func (c *clock) close() {
	c.in.Close()
	c.out.Close()
}
