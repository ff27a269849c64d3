package assignment

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/grade/job"
	"descent.example/internal/wall"
)

// A worker is the process that holds a student's functions. When it ends, or takes too long, the next part gets another; when it does not even begin, there
// is none.
type worker struct {
	request   JudgeRequest
	functions map[string]any
	running   *running
	over      error         // why there is none any more
	lostTime  time.Duration // that starts and parts which failed took
	machine   string        // why this machine cannot run it
}

// running is a process and the conversation with it.
type running struct {
	process *exec.Cmd
	clock   *clock
	conn    *wall.Conn
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
			w.fails(err)
			return err
		}
		if err := w.greet(); err != nil {
			return err
		}
	}
	w.running.clock.begin(w.request.Seconds)
	return nil
}

// fails notes that this machine is why no part can be judged.
func (w *worker) fails(err error) {
	if w.over = err; w.machine == "" {
		w.machine = err.Error()
	}
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
	r.conn = wall.New(r.clock, r.clock, nil)
	for name, f := range w.functions {
		if err := r.conn.Bind(w.request.Prefix+name, f); err != nil {
			return err
		}
	}
	if err := r.process.Start(); err != nil {
		return fmt.Errorf("the worker does not start: %w", err)
	}
	r.clock.pid = r.process.Process.Pid
	go func() { r.process.Wait(); close(r.ended) }()
	w.running = r
	return nil
}

// NotReady begins what a part says when the worker ended before any function was called: what the code declares does that.
const NotReady = "your code fails before any function is called"

// TooLong begins what a part says when the student's functions used its time up.
const TooLong = "your code takes more than"

// notTried begins what a part says that is not tried because others took too long.
const notTried = "not tried"

// greet waits until the worker answers.
func (w *worker) greet() (err error) {
	var ready func()
	if err := w.running.conn.Bind("", &ready); err != nil {
		return err
	}
	w.running.clock.begin(w.request.Start)
	defer func() {
		if v := recover(); v != nil {
			w.over = fmt.Errorf("%s: %w", NotReady, w.lost(v))
			err = w.over
		}
	}()
	ready()
	w.lostTime += w.running.spent()
	return nil
}

// spent is how much of a processor the process has used since its clock began. A student pays for that, and never for the time for which the process was
// waited for: while it runs, when it has ended by itself, and when it was killed.
func (r *running) spent() time.Duration {
	select {
	case <-r.ended:
		state := r.process.ProcessState
		return max(r.clock.seen, state.UserTime()+state.SystemTime()-r.clock.before)
	default:
		return r.clock.used()
	}
}

// end ends the process and all that it started.
func (w *worker) end() {
	r := w.running
	if r == nil {
		return
	}
	r.spent() // is seen now: of a sandbox that is killed, the system does not say what the program in it has used
	syscall.Kill(-r.process.Process.Pid, syscall.SIGKILL)
	r.process.Process.Kill() // should it have left its group
	<-r.ended
	r.clock.close()
	w.running = nil
}

// slowestEnd is how long a process may take to end after its last word.
const slowestEnd = 10 * time.Second

// lost says why a part, or the start, could not go on. The process is over then.
func (w *worker) lost(why any) error {
	r := w.running
	var lost wall.Lost
	err, _ := why.(error)
	over := errors.As(err, &lost)
	late := over && errors.Is(lost.Err, os.ErrDeadlineExceeded)
	ended := false
	if over && !late {
		select {
		case <-r.ended:
			ended = true
		case <-time.After(slowestEnd):
		}
	}
	w.end()
	used := r.spent()
	if w.lostTime += used; w.lostTime >= inSeconds(w.request.Patience) && w.over == nil {
		w.over = errors.New(notTried + ", because too much of your code ran out of time or ended before")
	}
	switch most := r.clock.most; {
	case !over:
		return fmt.Errorf("the check cannot use what your code returns: %v", why)
	case late:
		if r.clock.known && used < most {
			w.fails(fmt.Errorf("the machine is too busy: in %.0f seconds it gave a program %.1f, and it may take %g", r.clock.waited.Seconds(), used.Seconds(), most.Seconds()))
		}
		return fmt.Errorf("%s %g seconds", TooLong, most.Seconds())
	}
	said := ""
	if ended {
		said = strings.TrimSpace(r.said.String())
	}
	if state := r.process.ProcessState; ended && !w.own(state, said) {
		w.fails(fmt.Errorf("the machine ended a program (%s): %s", state, brief.Of(said)))
	}
	return fmt.Errorf("your code gives no answer: %s", cmp.Or(said, "it ends the program"))
}

// killed is the status with which a program in bubblewrap ends that was killed.
const killed = 128 + int(syscall.SIGKILL)

// own tells whether it is the student's code that ended the process, and not the machine, for lack of memory or else. The runner says so of a program
// for WebAssembly.
func (w *worker) own(state *os.ProcessState, said string) bool {
	status, _ := state.Sys().(syscall.WaitStatus)
	if !w.request.Streams && state.Exited() && state.ExitCode() != killed {
		return state.ExitCode() == 0 || strings.HasPrefix(said, job.Ends)
	}
	if status.Signal() == syscall.SIGKILL || state.ExitCode() == killed {
		return state.UserTime()+state.SystemTime() >= inSeconds(0.9*w.request.Most) // it was ended at the limit on its time, and for no other reason
	}
	return w.request.Streams && !strings.HasPrefix(said, "bwrap: ")
}

// A part may take longer than it may compute, because others use the processors: patienceAtRest times as long, and patienceAtWork times as long as it
// has computed. So what gets a thirtieth of a processor is waited for until it is done or has used its time up.
const (
	patienceAtRest = 4
	patienceAtWork = 30
)

// A clock is both streams of a conversation. It counts the time for which the worker is waited for, and goes on where the machine gave the worker
// less of a processor.
type clock struct {
	in, out *os.File
	pid     int
	left    time.Duration // until it is looked at again whether to wait on
	most    time.Duration // that it may compute
	waited  time.Duration
	known   bool          // the system says what a process has computed while it runs
	before  time.Duration // what it had computed when the clock began
	seen    time.Duration // what it had computed since then when that was looked at last
}

// begin gives the worker time.
func (c *clock) begin(seconds float64) {
	c.most = inSeconds(seconds)
	c.left, c.waited, c.seen = c.most, 0, 0
	now, known := computed(c.pid)
	if c.known = known; known {
		c.before = now
	}
}

// used is how much the worker has computed since the clock began, as far as the system says that while it runs.
func (c *clock) used() time.Duration {
	if now, known := computed(c.pid); known {
		c.seen = max(c.seen, now-c.before)
	}
	return c.seen
}

// more tells whether there is time to wait for the worker, which may also ask and ask and be waited for only shortly each time.
func (c *clock) more() bool {
	if c.left > 0 || !c.known {
		return c.left > 0
	}
	used := c.used()
	until := patienceAtRest*c.most + patienceAtWork*used
	if used >= c.most || c.waited >= until {
		return false
	}
	c.left = min(max(c.most-used, 100*time.Millisecond), until-c.waited)
	return true
}

func (c *clock) Read(b []byte) (n int, err error) {
	for c.more() {
		c.wait(c.out.SetReadDeadline, func() { n, err = c.out.Read(b) })
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
	return 0, os.ErrDeadlineExceeded
}

func (c *clock) Write(b []byte) (n int, err error) {
	for c.more() {
		done := 0
		c.wait(c.in.SetWriteDeadline, func() { done, err = c.in.Write(b[n:]) })
		if n += done; !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
	return n, os.ErrDeadlineExceeded
}

func (c *clock) wait(until func(time.Time) error, act func()) {
	start := time.Now()
	until(start.Add(max(c.left, time.Millisecond)))
	act()
	took := time.Since(start)
	c.left -= took
	c.waited += took
}

func (c *clock) close() {
	c.in.Close()
	c.out.Close()
}

// tick is the unit in which Linux counts what a process computes.
const tick = time.Second / 100

// computed is how much a process and those that it started have computed, if the system says so as Linux does.
//
// Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func computed(pid int) (all time.Duration, known bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 15 {
		return 0, false
	}
	for _, field := range fields[11:15] { // its own time, as a user and as the system, and that of its children that ended
		n, _ := strconv.Atoi(field)
		all += time.Duration(n) * tick
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		id, _ := strconv.Atoi(child)
		more, _ := computed(id)
		all += more
	}
	return all, err == nil
}
