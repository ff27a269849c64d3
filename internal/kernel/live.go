package kernel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"descent.example/internal/live"
)

// liveTarget is the comm through which a page's controls speak with the live processes of cells.
const liveTarget = "descent.live"

const (
	mostProcesses  = 4                       // live at a time
	mostLiveMemory = 700 << 10               // KiB of all of them
	memoryEvery    = 2 * time.Second         // they are weighed
	mostPrograms   = 8                       // kept on the disk, at 20 MB each; those of other cells are built again when they are asked for
	mostComms      = 16                      // pages that were closed do not say so
	quick          = 1500 * time.Millisecond // a cell that takes less is run once before anyone asks, so that the first answer is as quick as all others
	obedience      = 3 * time.Second         // a run that was cancelled may take, before its process is ended
)

// A liveCell is a cell that ran and has parameters. Its program may run again, in a live process, with other values of them.
type liveCell struct {
	id      string // of the cell in its notebook
	number  int    // In [number]
	record  live.Record
	folder  string        // of its program, the source of that, and the values that cellbuild gave it
	took    time.Duration // from the end of the declarations to that of the cell, or of the last run
	used    time.Time
	process *liveProcess // nil while it is built, and when there is none
	builds  bool
	again   bool              // the process ended over the newest request, which was asked once more
	waiting map[string]string // values of a request that waits for the process, nil if none does
	asker   asker             // of the newest request
}

// An asker is the comm of a page, "" for the kernel itself, and the page's own number of its request.
type asker struct {
	comm string
	seq  int
}

// A liveProcess runs one cell's program.
type liveProcess struct {
	cmd     *exec.Cmd
	in      chan []byte
	asked   int               // the number of the newest request,
	wanted  map[string]string // its values, nil if it was cancelled,
	busy    bool              // and whether it is not answered
	overdue time.Time         // since when a run that was cancelled goes on; zero if none does
	said    tail              // standard error
}

// lives are the live cells of a kernel. Everything happens in the kernel's loop.
type lives struct {
	k       *Kernel
	folder  string
	cells   map[string]*liveCell
	comms   map[string]message // the messages that opened them
	opened  []string           // their ids, the newest last
	count   int
	weighed time.Time
}

func newLives(k *Kernel) (*lives, error) {
	l := &lives{k: k, folder: filepath.Join(k.temp, "live"), cells: map[string]*liveCell{}, comms: map[string]message{}}
	return l, os.Mkdir(l.folder, 0o700)
}

// recordFile is where a cell says how it was started.
func (l *lives) recordFile() string { return filepath.Join(l.folder, "record") }

// begun forgets the record of the cell before.
func (l *lives) begun() { os.Remove(l.recordFile()) }

// ended takes up a cell that ran. A page can ask for it only if the front end told its id.
func (l *lives) ended(e *execution) {
	id := e.cellID()
	if id == "" {
		return
	}
	if old := l.cells[id]; old != nil {
		l.end(old)
		os.RemoveAll(old.folder)
		delete(l.cells, id)
	}
	if c, err := l.take(e, id); err == nil {
		l.cells[id] = c
		l.forget()
		for comm := range l.comms {
			l.tell(comm, map[string]any{"cells": []any{c.about()}})
		}
		time.AfterFunc(300*time.Millisecond, func() {
			l.k.later <- func() {
				if l.k.current == nil && len(l.comms) > 0 {
					l.warm(c)
				}
			}
		})
	} else {
		for comm := range l.comms {
			l.tell(comm, map[string]any{"cell": id, "gone": true})
		}
	}
}

// cellID is the cell's id in its notebook, "" if the front end does not tell it.
func (e *execution) cellID() string {
	var metadata struct {
		ID string `json:"cellId"`
	}
	json.Unmarshal(e.request.parts[metadataPart], &metadata)
	return metadata.ID
}

// take keeps what a live process of the cell that ran last needs.
func (l *lives) take(e *execution, id string) (*liveCell, error) {
	info, err := os.Stat(l.recordFile())
	if err != nil {
		return nil, err
	}
	c := &liveCell{id: id, number: e.number, took: time.Since(info.ModTime()), used: time.Now(), folder: filepath.Join(l.folder, strconv.Itoa(l.count))}
	l.count++
	data, err := os.ReadFile(l.recordFile())
	if err == nil {
		err = json.Unmarshal(data, &c.record)
	}
	if err == nil {
		err = os.Mkdir(c.folder, 0o700)
	}
	if err == nil {
		err = os.Link(c.record.Program, c.program())
	}
	if err == nil {
		err = os.WriteFile(c.source(), []byte(strings.Join(l.k.program(), "\n")), 0o600)
	}
	if values, err := os.ReadFile(c.record.Program + live.ValuesSuffix); err == nil {
		if err := os.WriteFile(c.values(), values, 0o600); err != nil {
			return nil, err
		}
	}
	return c, err
}

func (c *liveCell) program() string { return filepath.Join(c.folder, "program") }
func (c *liveCell) source() string  { return filepath.Join(c.folder, "main.go") }
func (c *liveCell) values() string  { return filepath.Join(c.folder, "values") }

func (c *liveCell) lines() []string {
	text, _ := os.ReadFile(c.source())
	return strings.Split(string(text), "\n")
}

// about is what a page learns of the cell.
func (c *liveCell) about() map[string]any {
	return map[string]any{"id": c.id, "params": c.record.Params, "micros": c.took.Microseconds()}
}

// byUse lists the cells, the one that was not used for longest first.
func (l *lives) byUse() (all []*liveCell) {
	for _, c := range l.cells {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *liveCell) int { return a.used.Compare(b.used) })
	return all
}

// forget removes the programs that were not used for longest, but not those that run.
func (l *lives) forget() {
	kept := 0
	for _, c := range slices.Backward(l.byUse()) {
		if kept++; kept > mostPrograms && c.process == nil {
			os.Remove(c.program())
		}
	}
}

// serve takes what a page says, unless it is not for us.
func (l *lives) serve(m message) (ours bool) {
	var content struct {
		ID     string `json:"comm_id"`
		Target string `json:"target_name"`
		Data   struct {
			Cell   string            `json:"cell"`
			Seq    int               `json:"seq"`
			Values map[string]string `json:"values"`
			Warm   bool              `json:"warm"`
		} `json:"data"`
	}
	if json.Unmarshal(m.parts[contentPart], &content) != nil {
		return false
	}
	switch m.header.Kind {
	case "comm_open":
		if content.Target != liveTarget {
			return false
		}
		l.comms[content.ID] = m
		if l.opened = append(l.opened, content.ID); len(l.opened) > mostComms {
			delete(l.comms, l.opened[0])
			l.opened = l.opened[1:]
		}
		cells := []any{}
		for _, c := range l.cells {
			cells = append(cells, c.about())
		}
		l.tell(content.ID, map[string]any{"cells": cells})
		return true
	case "comm_close":
		_, ours = l.comms[content.ID]
		delete(l.comms, content.ID)
		l.opened = slices.DeleteFunc(l.opened, func(id string) bool { return id == content.ID })
		return ours
	}
	if _, ours = l.comms[content.ID]; !ours {
		return false
	}
	d := content.Data
	c := l.cells[d.Cell]
	switch {
	case d.Cell == "": // the page asks whether we know it
		l.tell(content.ID, map[string]any{"here": true})
	case c == nil:
		l.tell(content.ID, map[string]any{"cell": d.Cell, "gone": true})
	case d.Warm:
		l.warm(c)
	case d.Seq == 0:
		l.cancel(c, content.ID)
	default:
		l.ask(c, asker{content.ID, d.Seq}, d.Values)
	}
	return true
}

// tell sends a page what we say.
func (l *lives) tell(comm string, data any) {
	if m, open := l.comms[comm]; open {
		l.k.publish(m.answer("comm_msg", map[string]any{"comm_id": comm, "data": data}))
	}
}

// warm runs a quick cell with its own values, so that its process has loaded and compiled what it needs.
func (l *lives) warm(c *liveCell) {
	switch {
	case l.cells[c.id] != c || c.builds || c.took > quick:
	case c.process == nil:
		l.ask(c, asker{seq: 1}, nil)
	case !c.process.busy: // for a page that was opened again
		l.ask(c, asker{seq: 2}, nil)
	}
}

// cancel ends the cell's run. If none goes on, the page that asks for that learns so.
func (l *lives) cancel(c *liveCell, comm string) {
	c.used = time.Now()
	c.waiting = nil
	if p := c.process; p != nil && p.busy {
		p.wanted, p.overdue = nil, time.Now()
		p.send(live.Request{})
	} else {
		l.tell(comm, map[string]any{"cell": c.id, "seq": c.asker.seq, "cancelled": true})
	}
}

// ask asks the cell's process for a run, and starts it if there is none.
func (l *lives) ask(c *liveCell, who asker, values map[string]string) {
	if c.asker.comm != "" && c.asker.comm != who.comm {
		l.tell(c.asker.comm, map[string]any{"cell": c.id, "seq": c.asker.seq, "cancelled": true}) // by another page
	}
	c.used, c.asker = time.Now(), who
	if values == nil {
		values = map[string]string{}
	}
	p := c.process
	if p == nil {
		c.waiting = values
		l.start(c)
		return
	}
	if p.busy && p.overdue.IsZero() {
		p.overdue = time.Now()
	}
	p.asked++
	p.wanted, p.busy = values, true
	p.send(live.Request{Seq: p.asked, Values: values})
}

// send does not wait: of what a process does not read the newest is kept.
func (p *liveProcess) send(r live.Request) {
	line := append(encode(r), '\n')
	select {
	case p.in <- line:
	default:
		select {
		case <-p.in:
		default:
		}
		p.in <- line
	}
}

// start starts the cell's process, once its program is built.
func (l *lives) start(c *liveCell) {
	if c.builds {
		return
	}
	if _, err := os.Stat(c.program()); err != nil {
		c.builds = true
		go func() {
			err := c.build()
			l.k.later <- func() {
				c.builds = false
				if l.cells[c.id] != c {
					return
				}
				if err != nil {
					l.lose(c, err)
				} else if c.waiting != nil {
					l.start(c)
				}
			}
		}()
		return
	}
	for _, other := range l.byUse() {
		if other.process != nil && l.processes() >= mostProcesses {
			l.end(other)
		}
	}
	if err := l.run(c); err != nil {
		l.lose(c, err)
		return
	}
	if values := c.waiting; values != nil {
		c.waiting = nil
		l.ask(c, c.asker, values)
	}
}

// lose tells who asked that there is no answer.
func (l *lives) lose(c *liveCell, why error) {
	c.waiting = nil
	l.tell(c.asker.comm, map[string]any{"cell": c.id, "seq": c.asker.seq, "done": true, "error": why.Error()})
}

func (l *lives) processes() (n int) {
	for _, c := range l.cells {
		if c.process != nil {
			n++
		}
	}
	return n
}

// build builds the cell's program again, from its source, in the folder in which GoNB built it.
func (c *liveCell) build() error {
	dir := filepath.Dir(c.record.Program)
	overlay := filepath.Join(c.folder, "overlay.json")
	replace := map[string]any{"Replace": map[string]string{filepath.Join(dir, "main.go"): c.source()}}
	if err := os.WriteFile(overlay, encode(replace), 0o600); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-overlay", overlay, "-o", c.program(), ".")
	cmd.Dir, cmd.Env = dir, c.record.Env
	os.Remove(c.values()) // the source has the literals
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the cell's program cannot be built again (%s): run the cell", bytes.TrimSpace(out))
	}
	return nil
}

// run starts a live process of the cell. It ends when this end of its input does, so with the kernel.
func (l *lives) run(c *liveCell) error {
	from, answers, err := os.Pipe()
	if err != nil {
		return err
	}
	p := &liveProcess{in: make(chan []byte, 64)}
	p.cmd = exec.Command(c.program(), c.record.Args[1:]...)
	p.cmd.Dir, p.cmd.Env = c.record.Dir, append(slices.Clone(c.record.Env), live.ProcessEnv+"=1")
	if _, err := os.Stat(c.values()); err == nil {
		p.cmd.Env = append(p.cmd.Env, live.ValuesEnv+"="+c.values())
	}
	p.cmd.ExtraFiles, p.cmd.Stderr = []*os.File{answers}, &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt of the cell is not for it
	in, err := p.cmd.StdinPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	answers.Close()
	if err != nil {
		from.Close()
		return err
	}
	c.process = p
	go func() {
		for line := range p.in {
			if _, err := in.Write(line); err != nil {
				return
			}
		}
		in.Close()
	}()
	go func() {
		defer from.Close()
		for lines := bufio.NewReader(from); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break
			}
			l.k.later <- func() { l.answered(c, p, line) }
		}
		err := p.cmd.Wait()
		l.k.later <- func() { l.gone(c, p, err) }
	}()
	return nil
}

// answered takes an answer.
func (l *lives) answered(c *liveCell, p *liveProcess, line []byte) {
	var a live.Answer
	if c.process != p || json.Unmarshal(line, &a) != nil {
		return
	}
	if a.Done || a.Cancelled {
		p.overdue = time.Time{}
	}
	if a.Seq != p.asked {
		return // overtaken
	}
	a.Error = l.k.placedInCell(a.Error, c.number, c.lines)
	if a.Done {
		c.again = false
		c.took = time.Duration(a.Micros) * time.Microsecond
	}
	p.busy = p.busy && !a.Done && !a.Cancelled
	who := c.asker
	if a.Seq = who.seq; who.comm != "" {
		l.tell(who.comm, struct {
			Cell string `json:"cell"`
			live.Answer
		}{c.id, a})
		return
	}
	if !a.Done {
		return
	}
	if who.seq == 1 { // it compiled, perhaps: the second shows how quick the cell is
		l.ask(c, asker{seq: 2}, nil)
		return
	}
	for comm := range l.comms {
		l.tell(comm, map[string]any{"cell": c.id, "micros": a.Micros, "outputs": a.Outputs})
	}
}

// gone takes the end of a process that was not told to end, perhaps before it had read what it was asked for: that is asked once more.
func (l *lives) gone(c *liveCell, p *liveProcess, why error) {
	close(p.in)
	if c.process != p {
		return
	}
	c.process = nil
	if p.busy && p.wanted != nil && !c.again && l.cells[c.id] == c {
		c.again, c.waiting = true, p.wanted
		l.start(c)
		return
	}
	c.again = false
	if p.busy {
		said := "The cell's program ended"
		if exit := (*exec.ExitError)(nil); errors.As(why, &exit) {
			said += " (" + exit.Error() + ")"
		}
		if text := p.said.String(); text != "" {
			said += ": " + text
		}
		l.lose(c, errors.New(said))
	}
}

// end ends the cell's process, if there is one.
func (l *lives) end(c *liveCell) {
	p := c.process
	if p == nil {
		return
	}
	c.process = nil
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	if p.busy {
		l.tell(c.asker.comm, map[string]any{"cell": c.id, "seq": c.asker.seq, "cancelled": true})
	}
}

// interrupt cancels every run.
func (l *lives) interrupt() {
	for _, c := range l.cells {
		if c.process != nil && c.process.busy {
			l.cancel(c, c.asker.comm)
		}
	}
}

// tick ends the processes whose runs do not heed that they were cancelled, and those that take too much memory together.
func (l *lives) tick() {
	for _, c := range l.cells {
		p := c.process
		if p == nil || p.overdue.IsZero() || time.Since(p.overdue) < obedience {
			continue
		}
		p.busy = p.busy && p.wanted == nil // else the next process has the answer
		l.end(c)
		if c.waiting = p.wanted; c.waiting != nil {
			l.start(c)
		}
	}
	if l.processes() == 0 || time.Since(l.weighed) < memoryEvery {
		return
	}
	l.weighed = time.Now()
	pids := map[int]*liveCell{}
	args := []string{"-o", "pid=,rss="}
	for _, c := range l.cells {
		if c.process != nil {
			pids[c.process.cmd.Process.Pid] = c
			args = append(args, "-p", strconv.Itoa(c.process.cmd.Process.Pid))
		}
	}
	go func() {
		out, _ := exec.Command("ps", args...).Output()
		l.k.later <- func() { l.weigh(pids, string(out)) }
	}()
}

// weigh ends the processes that were not used for longest until the others have room.
func (l *lives) weigh(pids map[int]*liveCell, said string) {
	size, total := map[*liveCell]int{}, 0
	for line := range strings.Lines(said) {
		var pid, kib int
		if _, err := fmt.Sscan(line, &pid, &kib); err == nil && pids[pid] != nil {
			size[pids[pid]] += kib
			total += kib
		}
	}
	for _, c := range l.byUse() {
		if total > mostLiveMemory && c.process != nil && !c.process.busy {
			total -= size[c]
			l.end(c)
		}
	}
}

// A tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(text []byte) (int, error) {
	t.text = append(t.text, text...)
	t.text = t.text[max(0, len(t.text)-4<<10):]
	return len(text), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }
