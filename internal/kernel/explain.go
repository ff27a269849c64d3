package kernel

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"descent.example/internal/live"
)

// page is the notebook that hints name.
const page = "00-how-a-cell-works.ipynb"

// A failure is why a cell ended in an error, as Jupyter shows it.
type failure struct {
	Name  string   `json:"ename"`
	Value string   `json:"evalue"`
	Trace []string `json:"traceback"`
}

var (
	compilerLine    = regexp.MustCompile(`^(?:vet: )?\S*main(?:_test)?\.go:(\d+):(\d+): (.*)$`)
	cellLine        = regexp.MustCompile(`^Cell\[(\d+)\]: Line (\d+)\n|^Cell Line (\d+)\n`)
	exitStatus      = regexp.MustCompile(`^(exit status \d+|signal: .*)$`)
	more            = regexp.MustCompile(` \(and \d+ more errors\)$|; to add it:$| \(/\S*/src/\S*\)$`) // errors that follow from the first, advice that does not hold in a cell, folders
	internalPackage = regexp.MustCompile(`use of internal package (\S+) not allowed`)
	noPackage       = regexp.MustCompile(`^(?:no required module provides package ([^\s;]+)|package (\S+) is not in std)`)
	undefined       = regexp.MustCompile(`^undefined: (\w+)$`)
	syntax          = regexp.MustCompile(`^(expected |illegal |missing ','|import path must be|missing import path|more than one character in rune)|non-declaration statement outside function body`)
	python          = regexp.MustCompile(`(?m)^(\s*def \w+\(.*\).*:|from [\w.]+ import .*|import [a-zA-Z_][\w.]*( as \w+)?|print\(.*\)|(for|if|while|with|class) .*:|\s*(else|try|(for|if|elif|while|with|class|except) .*):)\s*$`)
)

// history is what a hint needs to know of the notebook.
type history struct {
	module   string             // the lab's folder, where go lists packages
	packages func() []goPackage // Go's and the lab's
	ran      map[int]source     // the cells that were sent to the kernel, by their number
	compiled []source           // those whose declarations hold
	notebook []source           // the cells of the file
}

// explain rewrites GoNB's error of a cell: places are lines of the cell as it was typed, and a hint follows where a
// beginner needs one. GoNB's traceback has an entry for each line of its error's text.
func explain(number int, cell source, f failure, past history) failure {
	texts := strings.Split(f.Value, "\n")
	var places, trace, hints []string
	explained := map[string]bool{}
	unused := strings.Count(f.Value, "declared and not used: ") == strings.Count(f.Value, "main.go:") // nothing else is wrong
	for i, text := range texts {
		if found := internalPackage.FindStringSubmatch(text); found != nil {
			said := fmt.Sprintf("%s is for the packages beside it alone: remove its import from the cell.", found[1])
			places, trace = append(places, said), append(trace, said)
			continue
		}
		m := compilerLine.FindStringSubmatch(text)
		if m == nil {
			switch {
			case strings.HasPrefix(text, "# "), strings.HasPrefix(text, "package gonb_"), strings.HasPrefix(strings.TrimSpace(text), "go get "), strings.TrimSpace(text) == "", places != nil && exitStatus.MatchString(text):
			default:
				places, trace = append(places, text), append(trace, text)
			}
			continue
		}
		entry := ""
		if i < len(f.Trace) {
			entry = f.Trace[i]
		}
		place, line, context := locate(number, cell, entry, past.ran)
		m[3] = more.ReplaceAllString(m[3], "")
		heading := m[3]
		if u := undefined.FindStringSubmatch(m[3]); u != nil {
			if use, why := unimported(u[1], cell, past); use != "" && hint(cell, line, m[3], past) == why {
				heading = "undefined: " + use
			}
		}
		said := strings.TrimPrefix(place+": "+heading, ": ")
		places, trace = append(places, said), append(trace, said)
		if context != "" {
			trace = append(trace, "", context, "")
		}
		if len(hints) < 2 && !explained[m[3]] && (unused || !strings.HasPrefix(m[3], "declared and not used: ")) {
			if h := hint(cell, line, m[3], past); h != "" && !slices.Contains(hints, h) {
				hints = append(hints, h)
			}
		}
		explained[m[3]] = true
	}
	f.Value = strings.Join(slices.Concat(places, hints), "\n")
	f.Trace = trace
	for _, h := range hints {
		if f.Trace[len(f.Trace)-1] != "" {
			f.Trace = append(f.Trace, "")
		}
		f.Trace = append(f.Trace, h)
	}
	return f
}

// locate says where GoNB's entry points to, and shows the lines around it. here is the line of this cell, 0 if it is none.
func locate(number int, cell source, entry string, ran map[int]source) (place string, here int, context string) {
	m := cellLine.FindStringSubmatch(entry)
	if m == nil {
		return "", 0, ""
	}
	line, _ := strconv.Atoi(m[2] + m[3])
	place, here = placeOf(number, line, number), line
	if id, _ := strconv.Atoi(m[1]); m[1] != "" && id != number {
		place, here = placeOf(id, line, number), 0
		cell = ran[id]
	}
	if line < 1 || line > len(cell.lines) {
		return place, 0, ""
	}
	var b strings.Builder
	for i := max(1, line-2); i <= min(len(cell.lines), line+1); i++ {
		fmt.Fprintf(&b, "%5d | %s\n", i, cell.lines[i-1])
		if caret, ok := caretUnder(entry, cell.lines[i-1]); ok && i == line {
			fmt.Fprintf(&b, "      | %s^\n", caret)
		}
	}
	return place, here, strings.TrimRight(b.String(), "\n")
}

// caretUnder is the space before the caret that GoNB's entry has under its own copy of the line.
func caretUnder(entry, line string) (space string, ok bool) {
	lines := strings.Split(entry, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "^" })
	if at < 1 || strings.TrimSpace(lines[at-1]) != strings.TrimSpace(line) {
		return "", false
	}
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }
	column := len(lines[at]) - 1 - indent(lines[at-1]) + indent(line)
	if column < 0 || column > len(line) {
		return "", false
	}
	var b strings.Builder
	for _, r := range line[:column] {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// withError finds what Go says where the error of a call that returns a value and an error is forgotten.
var withError = regexp.MustCompile(`^multiple-value .*, error\)\)|^assignment mismatch: 1 variable but .* returns 2 values`)

// advice is what a beginner needs to know beside what Go's compiler says.
var advice = []struct {
	said *regexp.Regexp
	hint string // $1 is what the first parentheses found
}{
	{withError, "This call returns an error beside its value. Wrap it in lab.Must(…), which stops the cell with that error."},
	{regexp.MustCompile(`^declared and not used: err$`), "Check the error with lab.Check(err)."},
	{regexp.MustCompile(`^declared and not used: (\w+)$`), `Go refuses a variable that nothing uses. Show it, as in lab.Say("%v", $1), or remove it.`},
	{regexp.MustCompile(`^(\S+) \(.*\) is not used$`), `A cell shows only what it is told to: lab.Say("%v", $1).`},
	{regexp.MustCompile(`^no new variables on left side of :=$`), "These variables are declared already. Change them with = instead of :=."},
	{regexp.MustCompile(`mismatched types .*\b(?:int|float(?:32|64))\b.* and `), "Go converts no numbers by itself: write float64(…) or int(…) around one of them."},
	{regexp.MustCompile(`^cannot use .* of type (?:int|float64)\) as (int|float64) value`), "Go converts no numbers by itself: write $1(…) around it."},
	{regexp.MustCompile(`cannot indirect |operator \^ not defined on `), "Go has no operator for powers: write math.Pow(x, 2), or x * x."},
	{regexp.MustCompile(`does not implement lab\.Picture`), `lab.Show shows figures. Numbers and text are shown by lab.Say("%v", …).`},
	{regexp.MustCompile(`as string value in argument to lab\.Say$`), `lab.Say begins with a format: lab.Say("%v", …).`},
	{regexp.MustCompile(`^expected statement, found 'else'$`), "In Go, else follows the } on its line: } else {."},
	{regexp.MustCompile(`^unexpected newline, expecting \{`), "In Go, the { ends the line that begins the block."},
	{regexp.MustCompile(`^unexpected comma; expecting \]|^expected operand, found '\{'`), `A list is written []float64{1, 2}, and a map is written map[string]float64{"a": 1}.`},
	{regexp.MustCompile(`found assignment`), "= assigns a value, and == compares two."},
	{regexp.MustCompile(`^missing return$`), "This function must end with a return on every way through it."},
}

// otherDeclaration finds those of other languages.
var otherDeclaration = regexp.MustCompile(`^\s*(?:let|const|auto|int|long|float|double|string|bool|float64)\s+\w+\s*=`)

// hint is one or two sentences about what the compiler said of a line (0 if it is none of the cell), or nothing.
func hint(cell source, line int, said string, past history) string {
	if m := undefined.FindStringSubmatch(said); m != nil {
		return undefinedHint(m[1], line, cell, past)
	}
	if m := noPackage.FindStringSubmatch(said); m != nil {
		return unknownPackage(m[1]+m[2], past)
	}
	if said := misspelled(said, cell, past); said != "" {
		return said
	}
	for _, a := range advice {
		if m := a.said.FindStringSubmatch(said); m != nil {
			return strings.ReplaceAll(a.hint, "$1", m[min(1, len(m)-1)])
		}
	}
	if !syntax.MatchString(said) {
		return ""
	}
	text := ""
	if line > 0 {
		text = cell.lines[line-1]
	}
	above, below := cell.main >= 0 && line > 0 && line-1 < cell.main, cell.main >= 0 && line-1 > cell.main
	outside := strings.HasPrefix(said, "expected declaration, found") || strings.Contains(said, "non-declaration statement outside function body")
	begins := func(word string) bool { return strings.HasPrefix(strings.TrimSpace(text), word) }
	switch {
	case python.MatchString(text), (outside || begins("#") || strings.Contains(said, "import path")) && cell.main < 0 && python.MatchString(cell.text):
		return "This cell looks like Python, and this kernel runs Go. The notebook " + page + " shows a cell in Go."
	case begins("?"), strings.HasSuffix(text, "?"), begins("help("):
		return "Put the cursor on a name and press Shift-Tab to read about it."
	case begins("for ("):
		return "Go writes no ( ) around the head of a loop: for i := 0; i < 3; i++ { … }."
	case begins("while "):
		return "Go's one loop is for, as in for i < 3 { … }."
	case strings.HasSuffix(said, ", found in"):
		return "A loop over numbers is for i := range 3 { … }, and one over a list for _, x := range list { … }."
	case otherDeclaration.MatchString(text):
		return "A variable is declared by its first value, as in x := 3."
	case strings.HasPrefix(said, "illegal character U+0023"):
		return "A comment begins with // in Go. A title belongs in a Markdown cell."
	case strings.Contains(said, "rune literal"):
		return `In Go, text stands in double quotes, as in "hello"; single quotes hold one character.`
	case cell.main < 0 && cell.misplaced() != "":
		return cell.misplaced()
	case strings.HasPrefix(said, "expected declaration, found '}'"):
		return "A } of this cell has no matching {."
	case outside && (below || cell.main >= 0 && line == 0):
		return "The function ends above this line: a } there has no matching {."
	case outside && above:
		return "Statements go below the line that says %%, declarations (import, var, type, func) above it. Move this statement below the %%; the notebook " + page + " shows how."
	case outside:
		return "Statements go below a line that says %%, declarations (import, var, type, func) above it. Write %% on a line of its own above the first statement; the notebook " + page + " shows how."
	case cell.main >= 0 && line-1 == cell.main:
		return "A { above the %% has no matching }."
	case strings.HasPrefix(said, "expected '}', found 'EOF'"):
		return "A { of this cell has no matching }."
	case begins("func") && !strings.Contains(text, "}"):
		return "This function is not finished: it needs a name, its arguments in ( ) and its body in { }, as in func double(x float64) float64 { return 2 * x }."
	case strings.Contains(said, "before newline in argument list"), strings.HasPrefix(said, "expected ')'"):
		return "A ( has no matching ) here. If the call goes on below, end this line with a comma."
	case strings.HasSuffix(said, "before newline in composite literal"):
		return "A { has no matching } here. If the list goes on below, end this line with a comma."
	case strings.HasSuffix(said, "found 'EOF'"), line == 0 && strings.HasSuffix(said, "found '}'"):
		return "The cell ends before its last statement is complete."
	case below && begins("func "):
		return "A function with a name is declared above the line that says %%. Move it there; the notebook " + page + " shows how."
	case below && begins("import "):
		return "Imports stand above the line that says %%. Move this one there; the notebook " + page + " shows how."
	}
	return ""
}

func undefinedHint(name string, line int, cell source, past history) string {
	if at, nested := cell.declares(name); line > 0 && at > line {
		return fmt.Sprintf("%s is declared in line %d, below its use. Move the declaration up.", name, at)
	} else if line > 0 && at > 0 && nested {
		return fmt.Sprintf("%s is known only within the { } of its declaration in line %d. Declare it before that block (var %s …) to use it after the block too.", name, at, name)
	}
	var inside *source
	for _, other := range append(slices.Clone(past.notebook), values(past.ran)...) {
		everywhere, within := other.declared()
		switch {
		case other.text == cell.text:
		case slices.Contains(everywhere, name) && !slices.ContainsFunc(past.compiled, func(c source) bool { return c.text == other.text }):
			return fmt.Sprintf("%s is declared in a cell that has not run yet (%q). Run that cell first.", name, other.firstLine())
		case slices.Contains(within, name) && inside == nil:
			inside = &other
		}
	}
	if inside != nil {
		return fmt.Sprintf("%s is declared below the %%%% of another cell (%q), and such a variable lives in that cell alone. Declare it above the %%%% (var %s = …), or compute it here again; the notebook %s shows how.",
			name, inside.firstLine(), name, page)
	}
	if line > 0 && regexp.MustCompile(`^\s*`+name+`\s*=[^=]`).MatchString(cell.lines[line-1]) {
		return fmt.Sprintf("No variable %s is declared here. Write %s := … the first time: := declares a variable, and = changes one.", name, name)
	}
	if _, said := unimported(name, cell, past); said != "" {
		return said
	}
	if said := withoutPackage(name, cell, past); said != "" {
		return said
	}
	if word := map[string]string{"True": "true", "False": "false", "None": "nil"}[name]; word != "" {
		return fmt.Sprintf("In Go, %s is called %s.", name, word)
	}
	if member := regexp.MustCompile(`\b` + name + `\.(\w+)`).FindString(cell.text); member != "" {
		return fmt.Sprintf("No variable %s, and no package that has %s, was found. Check the spelling, or import the package above the %%%%.", name, member)
	}
	return fmt.Sprintf("No cell that ran has declared %s. Run the cells above this one first; a variable below %%%% lives in its own cell alone (see %s).", name, page)
}

// values are the cells, the newest first.
func values(cells map[int]source) (all []source) {
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(cells))) {
		all = append(all, cells[n])
	}
	return all
}

// framed is a line of a stack trace that points into the program that GoNB made of the cells, which GoNB marks with the
// cell's line if the line came in one piece.
var framed = regexp.MustCompile(`^\s*(?:.*\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\]\S*\s+)?(\S*/gonb_\w+/main(?:_test)?\.go):(\d+)(?: \+0x[0-9a-f]+)?(?: fp=\S+ sp=\S+ pc=\S+)?\s*$`)

// relocate rewrites such a line: the line of the cell and what stands there. program is the text of the program.
func relocate(text string, number int, ran map[int]source, program func() []string) (string, bool) {
	m := framed.FindStringSubmatch(strings.TrimRight(text, "\n"))
	if m == nil {
		return text, false
	}
	id, _ := strconv.Atoi(m[1])
	line, _ := strconv.Atoi(m[2])
	if m[2] == "" {
		at, _ := strconv.Atoi(m[4])
		id, line = find(program(), at, number, ran)
	} else if m[1] == "" {
		id = number
	}
	cell, ok := ran[id]
	if !ok || line < 1 || line > len(cell.lines) {
		return text, false
	}
	return fmt.Sprintf("\t%s: %s\n", placeOf(id, line, number), strings.TrimSpace(cell.lines[line-1])), true
}

// placeOf is how a line of a cell is called in the cell of that number.
func placeOf(id, line, number int) string {
	if id != number {
		return fmt.Sprintf("cell [%d], line %d", id, line)
	}
	return fmt.Sprintf("line %d", line)
}

// notebookCells are those of the notebook that `lab run` executes.
var notebookCells = sync.OnceValue(func() []source { return readNotebook(os.Getenv(live.NotebookEnv)) })

// inNotebook is find for a line of the program that cellbuild linked of all cells of a notebook.
func inNotebook(at, number int, ran map[int]source) (id, line int) {
	cells, i := notebookCells(), at/live.CellLines-1
	if i >= len(cells) {
		return 0, 0
	}
	for _, id := range append([]int{number}, slices.Sorted(maps.Keys(ran))...) {
		if ran[id].text == cells[i].text {
			return id, at % live.CellLines
		}
	}
	return 0, 0
}

// find is the cell, and the line in it, that line at of the program was made from: GoNB copies lines as they are.
func find(program []string, at, number int, ran map[int]source) (id, line int) {
	if at >= live.CellLines && at > len(program) {
		return inNotebook(at, number, ran)
	}
	if at < 1 || at > len(program) {
		return 0, 0
	}
	want := strings.TrimSpace(program[at-1])
	same := 0 // how many such lines the program has in the same function before
	for i := at - 2; i >= 0 && !strings.HasPrefix(program[i], "func "); i-- {
		if strings.TrimSpace(program[i]) == want {
			same++
		}
	}
	ids := []int{number}
	for n := range ran {
		if n != number {
			ids = append(ids, n)
		}
	}
	slices.SortFunc(ids, func(a, b int) int { return b - a }) // the newest declaration holds
	inMain := false
	for i := at - 1; i >= 0; i-- {
		if strings.HasPrefix(program[i], "func ") {
			inMain = strings.HasPrefix(program[i], "func main()")
			break
		}
	}
	for _, id := range ids {
		cell, seen := ran[id], 0
		for i, text := range cell.lines {
			if inMain && (id != number || i <= cell.main) || strings.TrimSpace(text) != want {
				continue
			}
			if seen == same || !inMain {
				return id, i + 1
			}
			seen++
		}
	}
	return 0, 0
}
