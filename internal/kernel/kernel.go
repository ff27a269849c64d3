// Package kernel stands between Jupyter and GoNB. It binds Jupyter's sockets and starts GoNB, unchanged, on sockets of
// its own. Cells run in GoNB; this package hands them over one by one and mends what comes back: floods of output are
// cut, errors speak of the cell as it was typed and carry a hint, completion comes from a gopls that kernels share, and
// nothing outlives the kernel.
package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-zeromq/zmq4"
	"golang.org/x/mod/modfile"

	"descent.example/internal/guard"
	"descent.example/internal/live"
)

const protocolVersion = "5.4"

// Options say what a kernel is made of.
type Options struct {
	Connection string   // the file in which Jupyter tells the ports
	GoNB       string   // the program
	Gopls      string   // the program; without it there is no completion
	Modules    []string // the folders of the modules that cells import, the lab's own first

	GoplsMemory string // beyond this, as GOMEMLIMIT says it, gopls collects harder; "" for half a gigabyte
}

// connection is Jupyter's connection file.
type connection struct {
	Scheme    string `json:"signature_scheme"`
	Transport string `json:"transport"`
	IP        string `json:"ip"`
	Key       string `json:"key"`
	Name      string `json:"kernel_name"`
	Shell     int    `json:"shell_port"`
	Control   int    `json:"control_port"`
	Stdin     int    `json:"stdin_port"`
	IOPub     int    `json:"iopub_port"`
	Heartbeat int    `json:"hb_port"`
}

func (c connection) address(port int) string {
	if c.Transport == "ipc" {
		return fmt.Sprintf("ipc://%s-%d", c.IP, port)
	}
	return fmt.Sprintf("tcp://%s:%d", c.IP, port)
}

// Kernel is one running kernel. Everything but waiting happens in the loop of Run.
type Kernel struct {
	opt  Options
	key  []byte
	temp string // of this kernel and of everything that it starts
	past history

	shell, control, stdin, iopub           zmq4.Socket // Jupyter's
	innerShell, innerStdin                 zmq4.Socket // GoNB's
	fromShell, fromControl, fromStdin      chan message
	fromGoNB, fromGoNBShell, fromGoNBStdin chan message
	later                                  chan func() // to be done in the loop

	gonb     *exec.Cmd
	ready    bool // GoNB takes cells
	queue    []message
	current  *execution
	flushed  time.Time
	reader   int // the process that waits for what the front end was asked for, 0 if none does
	stopping bool

	lives     *lives
	completer *completer
	asked     []func() // of the completer, before GoNB took cells
}

// Run serves until Jupyter ends the kernel, and returns an error if it ended in another way.
func Run(opt Options) error {
	data, err := os.ReadFile(opt.Connection)
	if err != nil {
		return err
	}
	var outer connection
	if err := json.Unmarshal(data, &outer); err != nil {
		return fmt.Errorf("the connection file %s: %w", opt.Connection, err)
	}
	parent := os.Getppid()
	temp, err := os.MkdirTemp("", "k-") // short, since the path of a socket is
	if err != nil {
		return err
	}
	k := &Kernel{
		opt: opt, key: []byte(outer.Key), temp: temp, past: history{ran: map[int]source{}},
		fromShell: make(chan message), fromControl: make(chan message), fromStdin: make(chan message),
		fromGoNB: make(chan message, 64), fromGoNBShell: make(chan message), fromGoNBStdin: make(chan message),
		later: make(chan func(), 16),
	}
	if len(opt.Modules) > 0 {
		k.past.module = opt.Modules[0]
		k.past.packages = sync.OnceValue(func() []goPackage { return listPackages(k.past.module, "std", "./pkg/...") })
	}
	defer os.RemoveAll(temp)
	if k.lives, err = newLives(k); err != nil {
		return err
	}
	if err := k.bind(outer); err != nil {
		return err
	}
	inner := connection{Scheme: outer.Scheme, Transport: "ipc", IP: filepath.Join(temp, "s"), Name: outer.Name,
		Shell: 1, Control: 2, Stdin: 3, IOPub: 4, Heartbeat: 5}
	if err := k.startGoNB(inner); err != nil {
		return err
	}
	defer syscall.Kill(-k.gonb.Process.Pid, syscall.SIGKILL)
	end, err := guard.Start(k.gonb.Process.Pid, temp)
	if err != nil {
		return err
	}
	defer end()
	defer func() {
		if k.completer != nil {
			k.completer.close()
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- k.gonb.Wait() }()
	go k.dial(inner)
	return k.loop(parent, ended)
}

func (k *Kernel) bind(c connection) error {
	ctx := context.Background()
	k.shell, k.control, k.stdin, k.iopub = zmq4.NewRouter(ctx), zmq4.NewRouter(ctx), zmq4.NewRouter(ctx), zmq4.NewPub(ctx)
	heartbeat := zmq4.NewRep(ctx)
	for socket, port := range map[zmq4.Socket]int{k.shell: c.Shell, k.control: c.Control, k.stdin: c.Stdin, k.iopub: c.IOPub, heartbeat: c.Heartbeat} {
		if err := socket.Listen(c.address(port)); err != nil {
			return err
		}
	}
	go func() {
		for {
			if m, err := heartbeat.Recv(); err != nil || heartbeat.Send(m) != nil {
				return
			}
		}
	}()
	go receive(k.shell, k.key, k.fromShell)
	go receive(k.control, k.key, k.fromControl)
	go receive(k.stdin, k.key, k.fromStdin)
	return nil
}

// receive passes on what is well formed and signed; GoNB would end over the rest.
func receive(s zmq4.Socket, key []byte, to chan<- message) {
	for {
		raw, err := s.Recv()
		if err != nil {
			return
		}
		if m, err := parse(raw.Frames, key); err != nil {
			log.Print("kernel: left out: ", err)
		} else {
			to <- m
		}
	}
}

func (k *Kernel) startGoNB(inner connection) error {
	file := filepath.Join(k.temp, filepath.Base(k.opt.Connection)) // GoNB takes the kernel's id from its name
	if err := os.WriteFile(file, encode(inner), 0o600); err != nil {
		return err
	}
	k.gonb = exec.Command(k.opt.GoNB, "-raw_error=true", "--kernel", file)
	k.gonb.Env = append(os.Environ(), "TMPDIR="+k.temp, live.RecordEnv+"="+k.lives.recordFile())
	k.gonb.Stdout, k.gonb.Stderr = os.Stdout, os.Stderr
	// A group of its own is what an interrupt goes to: the cell, or the compiler that builds it.
	k.gonb.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return k.gonb.Start()
}

// writeWork makes the folder of cells, which GoNB has made, and the modules one workspace. Its file lies beside that folder, where Go
// finds it and GoNB does not: GoNB would read all folders of the modules, Python's among them, before the first cell, and watch them.
func (k *Kernel) writeWork() error {
	cells, err := filepath.Glob(filepath.Join(k.temp, "gonb_*"))
	if err != nil || len(cells) != 1 || len(k.opt.Modules) == 0 {
		return errors.Join(err, fmt.Errorf("%d folders of cells and %d modules", len(cells), len(k.opt.Modules)))
	}
	cell := filepath.Join(cells[0], "go.mod") // of this Go's version, which none of the modules exceeds
	data, err := os.ReadFile(cell)
	if err != nil {
		return err
	}
	mod, err := modfile.ParseLax(cell, data, nil)
	if err != nil {
		return err
	}
	work := modfile.WorkFile{Syntax: new(modfile.FileSyntax)}
	err = work.AddGoStmt(mod.Go.Version)
	for _, dir := range append(cells, k.opt.Modules...) {
		err = errors.Join(err, work.AddUse(dir, ""))
	}
	return errors.Join(err, os.WriteFile(filepath.Join(k.temp, "go.work"), modfile.Format(work.Syntax), 0o600))
}

// dial connects to GoNB as soon as it listens, and makes sure that what it publishes is heard.
func (k *Kernel) dial(inner connection) {
	ctx := context.Background()
	connect := func(s zmq4.Socket, port int) zmq4.Socket {
		for {
			if _, err := os.Stat(fmt.Sprintf("%s-%d", inner.IP, port)); err == nil && s.Dial(inner.address(port)) == nil {
				return s
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	id := zmq4.WithID(zmq4.SocketIdentity("kernel")) // one for both: GoNB asks for input under the id of the cell's request
	sub := zmq4.NewSub(ctx)
	sub.SetOption(zmq4.OptionSubscribe, "")
	connect(sub, inner.IOPub)
	shell, stdin := connect(zmq4.NewDealer(ctx, id), inner.Shell), connect(zmq4.NewDealer(ctx, id), inner.Stdin)
	published := make(chan message, 64)
	go receive(sub, nil, published)
	go receive(shell, nil, k.fromGoNBShell)
	go receive(stdin, nil, k.fromGoNBStdin)
	for heard := false; !heard; {
		probe := message{}.answer("kernel_info_request", struct{}{})
		probe.parts[parentPart] = []byte("{}")
		shell.SendMulti(zmq4.NewMsgFrom(probe.frames(nil)...))
		select {
		case <-published:
			heard = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := k.writeWork(); err != nil {
		log.Print("kernel: cells would not find the lab's packages: ", err)
		k.gonb.Process.Kill() // which ends the kernel
		return
	}
	k.later <- func() {
		k.innerShell, k.innerStdin, k.ready = shell, stdin, true
		k.next()
		time.AfterFunc(beforeCompletion, func() {
			k.later <- func() {
				if k.current == nil {
					k.startCompletion()
				}
			}
		})
		for _, ask := range k.asked {
			ask()
		}
	}
	for m := range published {
		k.fromGoNB <- m
	}
}

func (k *Kernel) loop(parent int, ended <-chan error) error {
	lab, _ := strconv.Atoi(os.Getenv("DESCENT_LAB")) // the command, which is Jupyter's parent
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	tick := time.NewTicker(25 * time.Millisecond)
	for !k.stopping {
		select {
		case m := <-k.fromControl:
			k.request(m, k.control)
		case m := <-k.fromShell:
			k.request(m, k.shell)
		case m := <-k.fromStdin:
			if k.reader != 0 {
				k.typed(m)
			} else if k.innerStdin != nil {
				k.innerStdin.SendMulti(zmq4.NewMsgFrom(m.frames(nil)...))
			}
		case m := <-k.fromGoNB:
			k.published(m)
		case m := <-k.fromGoNBShell:
			k.replied(m)
		case m := <-k.fromGoNBStdin:
			k.reader = 0
			k.flush()
			k.send(k.stdin, m)
		case do := <-k.later:
			do()
		case <-tick.C:
			if os.Getppid() != parent || lab > 0 && syscall.Kill(lab, 0) == syscall.ESRCH {
				return errors.New("who started the kernel is gone")
			}
			k.tick()
		case s := <-signals:
			if s != syscall.SIGINT {
				return nil
			}
			k.interrupt()
		case err := <-ended:
			k.flush()
			time.Sleep(100 * time.Millisecond) // what is on its way out
			return fmt.Errorf("GoNB ended: %v", err)
		}
	}
	return nil
}

func (k *Kernel) send(s zmq4.Socket, m message) {
	if err := s.SendMulti(zmq4.NewMsgFrom(m.frames(k.key)...)); err != nil {
		log.Print("kernel: ", err)
	}
}

// beforeCompletion is how long gopls does not start of itself: it would make the first cell wait, and starts when that is done, or when
// something is to be completed.
const beforeCompletion = 2 * time.Second

// startCompletion starts gopls, unless it was started or there is none.
func (k *Kernel) startCompletion() {
	if k.completer == nil && k.opt.Gopls != "" {
		k.completer = startCompleter(k.opt, filepath.Join(k.temp, "cell"))
	}
}

// publish sends to all who listen.
func (k *Kernel) publish(m message) {
	m.ids = [][]byte{[]byte(m.header.Kind)}
	k.send(k.iopub, m)
}

func (k *Kernel) status(m message, state string) {
	k.publish(m.answer("status", map[string]string{"execution_state": state}))
}

// request serves what Jupyter asks. A cell waits for its turn; all else is answered beside a running cell.
func (k *Kernel) request(m message, s zmq4.Socket) {
	reply := func(kind string, content any) {
		k.send(s, m.answer(kind, content))
		k.status(m, "idle")
		if k.current != nil {
			k.status(k.current.request, "busy") // which it still is
		}
	}
	object := func() map[string]any { return map[string]any{"status": "ok"} }
	switch m.header.Kind {
	case "execute_request":
		k.queue = append(k.queue, m)
		k.next()
		return
	case "comm_open", "comm_msg", "comm_close":
		if !k.lives.serve(m) && k.ready {
			k.innerShell.SendMulti(zmq4.NewMsgFrom(m.frames(nil)...))
		}
		return
	}
	k.status(m, "busy")
	switch m.header.Kind {
	case "kernel_info_request":
		reply("kernel_info_reply", info())
	case "complete_request", "inspect_request":
		if k.ready {
			k.ask(m, reply)
		} else {
			k.asked = append(k.asked, func() { k.ask(m, reply) })
		}
	case "is_complete_request":
		reply("is_complete_reply", map[string]string{"status": "unknown"})
	case "history_request":
		reply("history_reply", map[string]any{"status": "ok", "history": []any{}})
	case "comm_info_request":
		reply("comm_info_reply", map[string]any{"status": "ok", "comms": struct{}{}})
	case "interrupt_request":
		k.interrupt()
		reply("interrupt_reply", object())
	case "shutdown_request":
		var content struct{ Restart bool }
		json.Unmarshal(m.parts[contentPart], &content)
		reply("shutdown_reply", map[string]any{"status": "ok", "restart": content.Restart})
		k.publish(m.answer("shutdown_reply", map[string]any{"status": "ok", "restart": content.Restart}))
		k.stopping = true
	default:
		k.status(m, "idle")
	}
}

// info is what front ends know the kernel by. language_info is what the notebooks hold, so that opening one and saving
// it changes nothing.
func info() map[string]any {
	return map[string]any{
		"status": "ok", "protocol_version": protocolVersion, "implementation": "descent", "implementation_version": "1",
		"banner": "Go for Descent, by GoNB",
		"language_info": map[string]string{
			"name": "go", "file_extension": ".go", "mimetype": "text/x-go", "pygments_lexer": "go", "codemirror_mode": "go",
		},
		"help_links": []map[string]string{{"text": "Go", "url": "https://go.dev/doc/"}, {"text": "GoMLX", "url": "https://github.com/gomlx/gomlx"}},
	}
}

// next hands the next cell to GoNB if it is free.
func (k *Kernel) next() {
	if !k.ready || k.current != nil || len(k.queue) == 0 {
		return
	}
	m := k.queue[0]
	k.queue = k.queue[1:]
	content := map[string]any{"silent": false, "store_history": true, "allow_stdin": false, "code": ""} // GoNB needs all
	json.Unmarshal(m.parts[contentPart], &content)
	code, _ := content["code"].(string)
	e := &execution{request: m, cell: newSource(code), updates: map[string]message{}}
	k.current = e
	k.lives.begun()
	if said := e.cell.refusal(); said != "" {
		e.failed = []string{said}
		e.refused = true
		content["code"] = "" // GoNB counts it
	} else {
		content["code"] = e.cell.forGoNB()
	}
	inner := m.with(content)
	inner.parts[headerPart] = encode(m.header)
	if err := k.innerShell.SendMulti(zmq4.NewMsgFrom(inner.frames(nil)...)); err != nil {
		log.Print("kernel: ", err)
	}
	if e.refused {
		return
	}
	ask, _ := content["allow_stdin"].(bool)
	time.AfterFunc(lookForReader, func() { k.later <- func() { k.serveReader(e, ask) } })
}

// abort answers the cells that wait, as Jupyter expects it after an error and after an interrupt.
func (k *Kernel) abort() {
	for _, m := range k.queue {
		k.status(m, "busy")
		k.send(k.shell, m.answer("execute_reply", map[string]any{"status": "aborted"}))
		k.status(m, "idle")
	}
	k.queue = nil
}

// patience is how often a cell is asked to end before it is killed, and every program that it started with it.
const patience = 8

// interrupt stops the cell, or what compiles it, until it is idle.
func (k *Kernel) interrupt() {
	k.abort()
	k.lives.interrupt()
	e := k.current
	if e == nil {
		return
	}
	e.interrupted = true
	asked := 0
	var again func()
	again = func() {
		if k.current != e {
			return
		}
		// The signal may have fallen between the compiler's end and the cell's start.
		syscall.Kill(-k.gonb.Process.Pid, syscall.SIGINT)
		syscall.Kill(-k.gonb.Process.Pid, syscall.SIGCONT)
		if asked++; asked > patience { // a job in the background is deaf to SIGINT, and GoNB waits for it
			k.signal("-g", syscall.SIGKILL)
			e.failed = append(e.failed, "killed") // GoNB may find nothing wrong
		}
		time.AfterFunc(400*time.Millisecond, func() { k.later <- again })
	}
	again()
}

// published takes what GoNB tells all.
func (k *Kernel) published(m message) {
	e := k.current
	if e == nil || m.parent() != e.request.header.ID {
		if m.header.Kind != "status" { // else of a probe
			k.publish(m) // of a comm, or late
		}
		return
	}
	m.parts[parentPart] = e.request.parts[headerPart]
	e.messages++
	e.size += len(m.parts[contentPart])
	switch m.header.Kind {
	case "stream":
		var content struct{ Name, Text string }
		json.Unmarshal(m.parts[contentPart], &content)
		e.write(content.Name, content.Text, k)
		if time.Since(k.flushed) > 100*time.Millisecond {
			k.flush()
		}
		return
	case "update_display_data":
		var content struct {
			Transient struct {
				ID string `json:"display_id"`
			}
		}
		json.Unmarshal(m.parts[contentPart], &content)
		if _, waits := e.updates[content.Transient.ID]; !waits {
			e.order = append(e.order, content.Transient.ID)
		}
		e.updates[content.Transient.ID] = m
		return
	case "status":
		var content struct {
			State string `json:"execution_state"`
		}
		json.Unmarshal(m.parts[contentPart], &content)
		if content.State == "idle" {
			e.idle = &m
			k.finish()
			return
		}
	case "execute_input":
		var content struct {
			Number int `json:"execution_count"`
		}
		json.Unmarshal(m.parts[contentPart], &content)
		e.number = content.Number
		k.past.ran[e.number] = e.cell
		m = m.with(map[string]any{"execution_count": content.Number, "code": e.cell.text})
	case "error":
		var f failure
		json.Unmarshal(m.parts[contentPart], &f)
		if strings.TrimPrefix(strings.TrimSpace(e.held), "^C\n") == f.Value {
			e.held = "" // said by the error
		}
		e.release(k)
		k.settle(e)
		e.erred = true
		k.past.notebook = readNotebook(os.Getenv("JPY_SESSION_NAME"))
		m = m.with(e.fail(f, k.past))
	}
	k.flush()
	k.publish(m)
}

// settle makes the last text of a cell ready, the cut's sentence and the end of it included.
func (k *Kernel) settle(e *execution) {
	if e.partial != "" {
		e.out.write("stderr", e.translate(e.partial, k))
		e.partial = ""
	}
	if e.call != "" {
		e.out.write("stderr", e.place(e.call, k))
		e.call = ""
	}
	e.out.write("stderr", e.end.rest())
	e.out.finish()
}

// flush sends what is ready, updates of displays included.
func (k *Kernel) flush() {
	e := k.current
	k.flushed = time.Now()
	if e == nil {
		return
	}
	for _, p := range e.out.take() {
		k.publish(e.request.answer("stream", map[string]string{"name": p.stream, "text": p.text}))
	}
	for _, id := range e.order {
		k.publish(e.updates[id])
	}
	clear(e.updates)
	e.order = nil
}

// brake stops a cell that writes without pause until GoNB has passed on what it holds: GoNB would keep all of it in memory,
// and an interrupt would have to wait for its end.
func (k *Kernel) brake(e *execution) {
	signal := syscall.Signal(0)
	switch {
	case e.interrupted:
	case e.braked && e.messages == 0:
		signal = syscall.SIGCONT
	case !e.braked && (e.messages > 200 || e.size > 2<<20):
		signal = syscall.SIGSTOP
	}
	e.messages, e.size = 0, 0
	if signal == 0 {
		return
	}
	e.braked = signal == syscall.SIGSTOP
	k.signal("-P", signal)
}

// signal signals GoNB's children (-P), or all in its process group (-g), but never GoNB.
func (k *Kernel) signal(whom string, s syscall.Signal) {
	for _, pid := range k.pids(whom) {
		syscall.Kill(pid, s)
	}
}

func (k *Kernel) pids(whom string) (pids []int) {
	gonb := k.gonb.Process.Pid
	found, _ := exec.Command("pgrep", whom, strconv.Itoa(gonb)).Output()
	for _, f := range strings.Fields(string(found)) {
		if pid, err := strconv.Atoi(f); err == nil && pid != gonb {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (k *Kernel) tick() {
	k.lives.tick()
	if k.current != nil {
		k.brake(k.current)
	}
	if e := k.current; e != nil && time.Since(k.flushed) > 100*time.Millisecond {
		if e.partial != "" && e.call == "" && !strings.HasPrefix(e.partial, "\t") && !e.end.begun {
			e.out.write("stderr", e.partial)
			e.partial = ""
		}
		k.flush()
	}
}

// replied takes GoNB's answers.
func (k *Kernel) replied(m message) {
	e := k.current
	if e == nil || m.parent() != e.request.header.ID {
		return // of the probe
	}
	m.ids, m.parts[parentPart] = e.request.ids, e.request.parts[headerPart]
	e.reply = &m
	k.finish()
}

// finish ends a cell once GoNB has both replied and become idle: only then is everything known.
func (k *Kernel) finish() {
	e := k.current
	if e.reply == nil || e.idle == nil {
		return
	}
	e.release(k)
	k.settle(e)
	k.flush()
	var reply map[string]any
	json.Unmarshal(e.reply.parts[contentPart], &reply)
	var f failure
	json.Unmarshal(e.reply.parts[contentPart], &f)
	failed := reply["status"] == "error"
	switch {
	case failed:
		f = e.fail(f, k.past)
	case len(e.failed) > 0:
		failed = true
		f = e.fail(failure{"ERROR", strings.Join(e.failed, "\n"), e.failed}, k.past)
		k.publish(e.request.answer("error", f))
	}
	k.startCompletion()
	if e.compiles() {
		k.past.compiled = append(k.past.compiled, e.cell)
		if k.completer != nil && !e.cell.foreign() {
			k.completer.learn(strings.Join(k.program(), "\n"))
		}
	}
	if failed {
		reply["status"], reply["ename"], reply["evalue"], reply["traceback"] = "error", f.Name, f.Value, f.Trace
		delete(reply, "user_expressions")
	} else {
		reply["payload"] = []any{}
	}
	k.send(k.shell, e.reply.with(reply))
	k.publish(*e.idle)
	k.current = nil
	k.lives.ended(e)
	var request struct {
		Stop *bool `json:"stop_on_error"`
	}
	json.Unmarshal(e.request.parts[contentPart], &request)
	if failed && (request.Stop == nil || *request.Stop) {
		k.abort()
	}
	k.next()
}
