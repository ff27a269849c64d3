package kernel

import (
	"fmt"
	"regexp"
	"strings"
)

// An ending is what is kept of the lines that Go writes as it ends a program over an error that no code can catch, or over
// an argument that no flag takes. The runtime then lists the stacks of all goroutines, its own included, in hundreds of
// lines; of these only the cell's are kept, each once.
type ending struct {
	begun  bool
	fatal  string          // what follows "fatal error: "
	flag   string          // the argument that no flag takes
	usage  bool            // a list of the flags begins, unless there are none
	stacks bool            // the lines are those of stacks
	call   string          // the line before, which names a function
	shown  map[string]bool // places
}

var (
	stackBegins = regexp.MustCompile(`^(runtime stack:|goroutine \d+ .*\[.*\]:)\n?$`)
	ofRuntime   = regexp.MustCompile(`^runtime: (goroutine stack exceeds|sp=|out of memory: )|^PC=0x`)
	ofSignal    = regexp.MustCompile(`^SIG[A-Z]+: `)
	usageBegins = regexp.MustCompile(`^Usage of \S*/gonb_\w+:\n?$`)
)

// keep is what is shown of a whole line. inCell says that it is a place in a cell.
func (n *ending) keep(line string, inCell bool) string {
	fatal, isFatal := strings.CutPrefix(line, "fatal error: ")
	unknown, isFlag := strings.CutPrefix(line, "flag provided but not defined: -")
	switch {
	case isFatal && n.fatal == "":
		n.fatal = strings.TrimSpace(fatal)
	case isFlag:
		n.flag = strings.TrimSpace(unknown)
		return ""
	case n.fatal == "" && ofSignal.MatchString(line):
		n.fatal = strings.TrimSpace(line)
	case usageBegins.MatchString(line):
		n.usage = true
		return ""
	case n.usage:
		n.usage = false
		return "The flags of this cell:\n" + line
	case ofRuntime.MatchString(line):
		return ""
	case n.fatal != "" && stackBegins.MatchString(line):
		n.stacks = true
		return ""
	case n.stacks && inCell && !n.shown[line]:
		if n.shown == nil {
			n.shown = map[string]bool{}
		}
		n.shown[line] = true
		return n.call + line
	case n.stacks:
		n.call = line
		return ""
	}
	return line
}

// rest is what is shown at the end.
func (n *ending) rest() string {
	if n.usage && n.flag == "" {
		return "This cell has no parameters.\n"
	}
	return ""
}

// sentence says why the program ended and what to do, or nothing. place is a line of the cell, or "".
func (n *ending) sentence(place string) string {
	in := ""
	if place != "" {
		in = " The cell was at " + place
	}
	switch {
	case n.fatal == "stack overflow":
		return "A function called itself too often, and the stack overflowed. Give it a condition on which it returns without a further call." + in
	case strings.Contains(n.fatal, "out of memory"), strings.Contains(n.fatal, "cannot allocate memory"):
		return "The memory ran out. Make less data, or close other programs." + in
	case ofSignal.MatchString(n.fatal):
		return "A signal ended the cell: another program sent it, or code that is not in Go crashed. Run the cell again." + in
	case n.flag != "":
		return fmt.Sprintf("--%s is not a parameter of this cell. Declare it below the %%%%, as in %s := lab.Float(%q, 1, \"what it is\"), or remove it.", n.flag, strings.ReplaceAll(n.flag, "-", ""), n.flag)
	}
	return ""
}
