package kernel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"descent.example/internal/live"
)

// An execution is a cell from its request to the kernel's being idle again.
type execution struct {
	request message
	cell    source
	number  int // In [number]

	out     output
	partial string             // the end of stderr that is no whole line yet, kept back while it may be a stack trace's
	call    string             // a line that a stack trace begins main's place with, before it
	held    string             // what may be GoNB's word on how a program ended, and then does not belong to stderr
	updates map[string]message // the newest update of each display
	order   []string           // of the updates

	failed      []string // shell commands and magics, which GoNB does not count as errors
	refused     bool     // the cell did not reach GoNB
	panicked    string   // the line of a panic: its place in the cell and its text
	panics      bool     // stderr holds a panic's message
	said        bool     // stderr holds text
	end         ending   // what Go's runtime says when it ends the program itself
	interrupted bool
	starved     bool // ended, since it waited for input
	braked      bool // the cell is stopped, since it writes faster than its text can be handled
	messages    int  // from GoNB since the last tick
	size        int  // of these
	erred       bool // an error was shown

	reply, idle *message
}

var (
	checked      = regexp.MustCompile(`^exit status [12]$`) // as lab.Check and lab.Parse end a cell
	noModule     = regexp.MustCompile(`go\.mod file not found|cannot find main module|go\.mod: no such file`)
	unknownMagic = regexp.MustCompile(`^"(%\S*)" unknown or not implemented yet\.$`)
	panicLine    = regexp.MustCompile(`(?m)^(panic: |fatal error: )`)
	fatalLine    = regexp.MustCompile(`(?m)^(fatal error: |SIG[A-Z]+: |runtime: (out of memory|goroutine stack exceeds)|flag provided but not defined: |Usage of /)`)
)

// noLookup is what go says in a cell's shell when it would need the network, as `go doc` does for a package that is not Go's own.
const noLookup = "module lookup disabled by GOPROXY=off"

// placed is the place of a function, as the lab's packages name it in an error.
var placed = regexp.MustCompile(`\(main(?:_test)?\.go:(\d+)\)`)

// write takes text of a stream as GoNB sends it.
func (e *execution) write(stream, text string, k *Kernel) {
	e.release(k)
	if stream != "stderr" {
		e.out.write(stream, text)
		return
	}
	if exitStatus.MatchString(strings.TrimPrefix(strings.TrimSuffix(text, "\n"), "^C\n")) {
		e.held = text
		return
	}
	if unknownMagic.MatchString(text) {
		e.failed = append(e.failed, unknownMagic.ReplaceAllString(text, "$1 is unknown or not implemented; %help lists the magics."))
		return
	}
	e.stderr(text, k)
}

// release lets go of what was held: something followed it, so a shell command ended so, or a program wrote it.
func (e *execution) release(k *Kernel) {
	text := e.held
	if e.held = ""; text == "" {
		return
	}
	if shell := e.shell(); shell != nil {
		said := strings.TrimSpace(text)
		if len(shell) == 1 {
			said = shell[0] + ": " + said
		}
		e.failed = append(e.failed, said)
	} else {
		e.stderr(text, k)
	}
}

// shell are the lines of the cell that run another program.
func (e *execution) shell() (lines []string) {
	if e.cell.foreign() {
		return e.cell.lines[:1]
	}
	for _, line := range e.cell.lines {
		if line = command(line); len(line) > 1 && line[0] == '!' {
			lines = append(lines, line)
		}
	}
	return lines
}

// cellFunction is a cell in the program of its notebook.
var cellFunction = regexp.MustCompile(`\bmain\.` + live.CellFunction + `\d+\b`)

// placedInCell is the text with the lines of a program as those of the cell with that number, or of the cell that declared them.
func (k *Kernel) placedInCell(text string, number int, program func() []string) string {
	text = cellFunction.ReplaceAllString(text, "main.main")
	return placed.ReplaceAllStringFunc(text, func(place string) string {
		at, _ := strconv.Atoi(placed.FindStringSubmatch(place)[1])
		if id, line := find(program(), at, number, k.past.ran); line > 0 {
			return "(" + placeOf(id, line, number) + ")"
		}
		return place
	})
}

// stderr passes whole lines on and translates those of a stack trace.
func (e *execution) stderr(text string, k *Kernel) {
	text = e.partial + strings.ReplaceAll(text, noLookup, noLookup+"; cells reach no network, so run this in a terminal. Shift-Tab on a name shows its documentation")
	e.partial = ""
	text = k.placedInCell(text, e.number, k.program)
	e.said = true
	e.panics = e.panics || panicLine.MatchString(text)
	e.end.begun = e.end.begun || fatalLine.MatchString(text)
	if !strings.Contains(text, "\t") && !strings.Contains(text, "/gonb_") && !e.panics && !e.end.begun {
		e.out.write("stderr", text)
	} else {
		for line := range strings.Lines(text) {
			if strings.HasSuffix(line, "\n") {
				e.out.write("stderr", e.translate(line, k))
			} else if len(line) < 4<<10 {
				e.partial = line
			} else {
				e.out.write("stderr", line)
			}
		}
	}
}

// translate is a whole line as it is shown. Where the program of a notebook calls the cell, two lines of the stack are not the cell's.
func (e *execution) translate(line string, k *Kernel) string {
	call := e.call
	e.call = ""
	switch {
	case call != "" && strings.HasPrefix(line, "\t"+live.NotebookSource+":1 "):
		return ""
	case call != "":
		return e.place(call, k) + e.translate(line, k)
	case strings.HasPrefix(line, "main.main("):
		e.call = line
		return ""
	}
	return e.place(line, k)
}

func (e *execution) place(line string, k *Kernel) string {
	line, ok := relocate(line, e.number, k.past.ran, k.program)
	if ok && e.panics && e.panicked == "" {
		e.panicked = strings.TrimSpace(line)
	}
	if e.end.begun {
		return e.end.keep(line, ok)
	}
	return line
}

// program is the text of the program that runs.
func (k *Kernel) program() []string {
	for _, name := range []string{"main.go", "main_test.go"} {
		files, _ := filepath.Glob(filepath.Join(k.temp, "gonb_*", name))
		for _, f := range files {
			if text, err := os.ReadFile(f); err == nil {
				return strings.Split(string(text), "\n")
			}
		}
	}
	return nil
}

// fail is the error of a cell as it is shown.
func (e *execution) fail(f failure, past history) failure {
	switch {
	case e.interrupted:
		return failure{"Interrupted", "the cell was interrupted", []string{"The cell was interrupted."}}
	case e.starved:
		return failure{"NoInput", noInput, []string{noInput}}
	case exitStatus.MatchString(f.Value) && e.end.sentence(e.panicked) != "":
		f.Trace = []string{e.end.sentence(e.panicked), f.Value}
		return f
	case exitStatus.MatchString(f.Value) && e.panicked != "":
		f.Trace = []string{"The panic came from " + e.panicked, f.Value}
		return f
	case f.Value == "signal: killed":
		f.Trace = []string{f.Value, "The system ended the cell, as it does when memory runs out. Use less memory, or close other programs."}
		return f
	case checked.MatchString(f.Value) && e.said:
		f.Trace = []string{"The cell ended here. The lines above say why."}
		return f
	case noModule.MatchString(f.Value):
		said := "The kernel's temporary folder has lost its file go.mod. Restart the kernel (the menu Kernel), which makes the folder anew."
		return failure{f.Name, said, []string{said}}
	case exitStatus.MatchString(f.Value):
		return f
	}
	return explain(e.number, e.cell, f, past)
}

// compiles reports whether the cell's declarations hold from now on: it ran, whatever came of it.
func (e *execution) compiles() bool {
	if e.refused {
		return false
	}
	var reply struct {
		Status string `json:"status"`
		failure
	}
	json.Unmarshal(e.reply.parts[contentPart], &reply)
	return reply.Status == "ok" || exitStatus.MatchString(reply.Value)
}
