package assignment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"descent.example/internal/nearest"
	"descent.example/pkg/notebook"
)

// An Assignment is what a notebook says of its tasks.
type Assignment struct {
	Name      string     `json:"name"`
	Title     string     `json:"title"`
	Given     []string   `json:"given"` // the declarations that students use, a text for each cell
	Tasks     []Task     `json:"tasks"`
	Questions []Question `json:"questions"`
	Prose     []string   `json:"prose"` // what ProseSum says of the other Markdown

	Untried map[string]string `json:"-"` // in a student's notebook: why a task cannot be tried, by its id
}

// A Task asks for functions. They are checked by program.
type Task struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Points    float64    `json:"points"`
	Functions []Function `json:"functions"`
	Needs     []string   `json:"needs,omitempty"` // the tasks whose functions these may call, and the tasks that those need
	Seconds   float64    `json:"seconds"`         // of a part
	Native    bool       `json:"native,omitempty"`
	Stub      string     `json:"stub"` // the cell as students get it

	Solution string `json:"-"` // the cell with the solution in it, or what the student has
	check    string // the whole cell
}

// A Function is one that a task asks for.
type Function struct {
	Name string `json:"name"`
	Type string `json:"type"` // as in func(theta []float64) float64
}

// A Question is answered in words and graded by hand.
type Question struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Points float64 `json:"points"`
	Empty  string  `json:"empty"` // what students find in its cell
}

// predicts tells whether the task asks for what its functions return without arguments.
func (t *Task) predicts() bool {
	return !slices.ContainsFunc(t.Functions, func(f Function) bool { return !strings.HasPrefix(f.Type, "func()") })
}

// Points are all that can be earned.
func (a *Assignment) Points() (all float64) {
	for _, t := range a.Tasks {
		all += t.Points
	}
	for _, q := range a.Questions {
		all += q.Points
	}
	return all
}

// Task returns the task with the id, nil if there is none.
func (a *Assignment) Task(id string) *Task {
	if i := slices.IndexFunc(a.Tasks, func(t Task) bool { return t.ID == id }); i >= 0 {
		return &a.Tasks[i]
	}
	return nil
}

// NBGrader is what nbgrader writes into the metadata of a cell.
type NBGrader struct {
	ID       string  `json:"grade_id"`
	Grade    bool    `json:"grade"`
	Solution bool    `json:"solution"`
	Locked   bool    `json:"locked"`
	Task     bool    `json:"task"`
	Points   float64 `json:"points,omitempty"`
	Schema   int     `json:"schema_version"`
}

// settings are what an assignment's cell says beyond nbgrader's.
type settings struct {
	Needs     []string `json:"needs,omitempty"`
	Seconds   float64  `json:"seconds,omitempty"`
	Native    bool     `json:"native,omitempty"`
	Functions []string `json:"functions,omitempty"` // in what students get: as in func step(theta []float64) float64
}

// defaultSeconds is how long a student's functions may take for a part.
const defaultSeconds = 10

// The lines around what students do not get, and what the solution is replaced with.
const (
	beginSolution, endSolution = "BEGIN SOLUTION", "END SOLUTION"
	beginHidden, endHidden     = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
	stubLine                   = "STUB"
	notWritten                 = `panic("not written yet")`
	// checkSuffix makes the id of a task that of its check.
	checkSuffix = "-check"
)

// NameOf is the name of the assignment whose source is the file.
func NameOf(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }

// Read reads an assignment: its source, or the notebook that students get. It is an error, which names the cell and says what to do,
// when the notebook cannot be read, has no task, has an id twice, a task without a check or a check without a task, when points
// do not add up, and when a cell is not Go.
func Read(path string) (*Assignment, *notebook.Notebook, error) {
	nb, err := notebook.Read(path)
	if err != nil {
		return nil, nil, err
	}
	a, err := Parse(NameOf(path), nb)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nb, nil
}

// ParseHandedOut is Parse for a notebook that a student has worked in: of cells with the same id the first counts, and what cannot be tried because a cell is missing is in
// Untried. It is an error in the other cases in which it is one for Parse.
func ParseHandedOut(name string, nb *notebook.Notebook) (*Assignment, error) {
	seen, shelved := map[string]bool{}, map[string]bool{}
	cells := slices.DeleteFunc(slices.Clone(nb.Cells), func(c notebook.Cell) bool {
		meta, _ := graded(c)
		if meta == nil {
			return false
		}
		if c.Type != "code" && meta.Solution && !meta.Grade {
			shelved[meta.ID] = true
			return true
		}
		again := seen[meta.ID]
		seen[meta.ID] = true
		return again
	})
	a, checks, err := parse(name, nb.Like(cells...))
	if err != nil {
		return nil, err
	}
	a.leaveOut(checks, shelved)
	return a, a.join(checks)
}

// Parse is Read for a notebook that is read already, in the same cases an error.
func Parse(name string, nb *notebook.Notebook) (*Assignment, error) {
	a, checks, err := parse(name, nb)
	if err != nil {
		return nil, err
	}
	return a, a.join(checks)
}

// parse reads the cells. The checks do not belong to their tasks yet.
func parse(name string, nb *notebook.Notebook) (a *Assignment, checks map[string]notebook.Cell, err error) {
	a, checks = &Assignment{Name: name, Title: name}, map[string]notebook.Cell{}
	title, ids := "", map[string]bool{}
	for i, c := range nb.Cells {
		meta, err := graded(c)
		if err != nil {
			return nil, nil, fmt.Errorf("cell %d (%s): %w", i+1, c.Name(), err)
		}
		if c.Type == "markdown" && meta == nil {
			title = heading(string(c.Source), title)
			if i == 0 && title != "" {
				a.Title = title
			}
		}
		if c.Type == "markdown" && (meta == nil || !meta.Grade) {
			a.Prose = append(a.Prose, ProseSum(string(c.Source)))
		}
		if meta == nil {
			continue
		}
		if ids[meta.ID] {
			return nil, nil, fmt.Errorf("two cells have the grade_id %s: give one of them another", meta.ID)
		}
		ids[meta.ID] = true
		switch {
		case c.Type == "markdown" && meta.Grade:
			empty, err := emptyAnswer(string(c.Source))
			if err != nil {
				return nil, nil, fmt.Errorf("question %s: %w", meta.ID, err)
			}
			a.Questions = append(a.Questions, Question{ID: meta.ID, Title: title, Points: meta.Points, Empty: empty})
		case c.Type != "code":
		case meta.Grade:
			checks[meta.ID] = c
		case meta.Solution:
			t, err := newTask(meta.ID, title, c)
			if err != nil {
				return nil, nil, fmt.Errorf("task %s: %w", meta.ID, err)
			}
			a.Tasks = append(a.Tasks, t)
		case meta.Locked:
			declared, _ := Split(string(c.Source))
			a.Given = append(a.Given, declared)
		}
	}
	if len(a.Tasks)+len(a.Questions) == 0 {
		return nil, nil, errors.New("no cell is a task or a question: docs/assignments.md says which metadata make one")
	}
	return a, checks, nil
}

// NotCode is why a task is not tried whose cell is there and no code cell.
const NotCode = "its cell is Markdown or raw: make it a code cell again"

// leaveOut notes what cannot be tried of a student's notebook because a cell is missing or, if it is shelved, no code cell. A task without a check stays: others may call its functions.
func (a *Assignment) leaveOut(checks map[string]notebook.Cell, shelved map[string]bool) {
	const copyIt = "copy it from the notebook that you were given"
	a.Untried = map[string]string{}
	for id := range checks {
		if task, is := strings.CutSuffix(id, checkSuffix); is && a.Task(task) == nil {
			a.Untried[task] = map[bool]string{true: NotCode, false: "its cell is missing; " + copyIt}[shelved[task]]
		}
	}
	var left []Task
	for _, t := range a.Tasks {
		missing := slices.IndexFunc(t.Needs, func(id string) bool { return a.Task(id) == nil })
		if missing >= 0 {
			a.Untried[t.ID] = fmt.Sprintf("it needs %s, whose cell is missing", t.Needs[missing])
			continue
		}
		if _, is := checks[t.ID+checkSuffix]; !is {
			a.Untried[t.ID] = fmt.Sprintf("its check, the cell %s, is missing; %s", t.ID+checkSuffix, copyIt)
		}
		left = append(left, t)
	}
	a.Tasks = left
	maps.DeleteFunc(checks, func(id string, _ notebook.Cell) bool { return a.Task(strings.TrimSuffix(id, checkSuffix)) == nil })
}

// join gives each task its check and the tasks that it needs.
func (a *Assignment) join(checks map[string]notebook.Cell) error {
	var ids []string
	for i := range a.Tasks {
		t := &a.Tasks[i]
		check, found := checks[t.ID+checkSuffix]
		if !found && a.Untried[t.ID] == "" {
			return fmt.Errorf("the task %s has no check: below it stands a cell with the grade_id %s", t.ID, t.ID+checkSuffix)
		}
		delete(checks, t.ID+checkSuffix)
		var all []string
		for _, need := range t.Needs {
			before := a.Task(need)
			if before == nil || !slices.Contains(ids, need) {
				return fmt.Errorf("the task %s needs %s, which is no task above it.%s", t.ID, need, nearest.DidYouMean("", need, ids))
			}
			all = append(append(all, before.Needs...), need)
		}
		slices.Sort(all)
		t.Needs = slices.Compact(all)
		ids = append(ids, t.ID)
		if !found {
			continue
		}
		if err := t.take(check); err != nil {
			return fmt.Errorf("the check of %s: %w", t.ID, err)
		}
	}
	for id := range checks {
		return fmt.Errorf("the check %s belongs to no task: its grade_id is a task's and %s", id, checkSuffix)
	}
	return nil
}

var linkTarget = regexp.MustCompile(`\]\([^)]*\)`)

// ProseSum is the same for Markdown that a student has not changed, wherever its links lead: in a repository for students they lead elsewhere.
func ProseSum(markdown string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(linkTarget.ReplaceAllString(markdown, "]")), " ")))
	return hex.EncodeToString(sum[:8])
}

// headings finds a heading's level, by its signs, and its text.
var headings = regexp.MustCompile(`(?m)^(#+) +(.*)$`)

// heading is the first heading in a text, or the one before.
func heading(text, before string) string {
	if m := headings.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[2])
	}
	return before
}

var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// graded is what nbgrader knows of the cell, nil if it is not nbgrader's.
func graded(c notebook.Cell) (*NBGrader, error) {
	var meta NBGrader
	there, err := c.Meta("nbgrader", &meta)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its metadata nbgrader are not nbgrader's (%v)", err)
	case !there || !meta.Grade && !meta.Solution && !meta.Locked:
		return nil, nil
	case !validID.MatchString(meta.ID):
		return nil, fmt.Errorf("its grade_id is %q: use letters, digits, - and _", meta.ID)
	case meta.Points < 0:
		return nil, fmt.Errorf("it has %g points, and points are 0 or more", meta.Points)
	}
	return &meta, nil
}

// Split parts a cell at its line %%: what is declared, and what runs.
func Split(cell string) (declared, runs string) {
	lines := strings.SplitAfter(cell, "\n")
	if i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "%%") }); i >= 0 {
		return strings.Join(lines[:i], ""), strings.Join(lines[i+1:], "")
	}
	return cell, ""
}

func newTask(id, title string, c notebook.Cell) (Task, error) {
	var set settings
	if _, err := c.Meta("descent", &set); err != nil {
		return Task{}, fmt.Errorf("its metadata descent are not understood (%v): needs is a list of ids, seconds a number", err)
	}
	var said map[string]any
	c.Meta("descent", &said)
	for name := range said {
		if known := []string{"needs", "seconds", "native", "functions"}; !slices.Contains(known, name) {
			return Task{}, fmt.Errorf("its metadata descent have the unknown name %q.%s", name, nearest.DidYouMean("", name, known))
		}
	}
	t := Task{ID: id, Title: title, Needs: set.Needs, Seconds: set.Seconds, Native: set.Native, Solution: string(c.Source)}
	t.Stub, _ = withoutSolution(t.Solution) // Release says what is wrong with it
	if t.Seconds == 0 {
		t.Seconds = defaultSeconds
	}
	if t.Seconds < 0 || t.Seconds > time.Hour.Seconds() {
		return Task{}, fmt.Errorf("it may take %g seconds for a part: give it more than 0, and an hour at most", t.Seconds)
	}
	for _, function := range set.Functions {
		f, err := functionsOf(function + "{}")
		if err != nil || len(f) != 1 {
			return Task{}, fmt.Errorf("its metadata name the function %q, which is none", function)
		}
		t.Functions = append(t.Functions, f...)
	}
	if len(set.Functions) > 0 {
		return t, nil
	}
	stub, err := withoutSolution(t.Solution)
	if err != nil {
		return Task{}, err
	}
	declared, _ := Split(stub)
	if t.Functions, err = functionsOf(declared); err != nil {
		return Task{}, fmt.Errorf("what students get is not Go: %w", err)
	}
	if len(t.Functions) == 0 {
		return Task{}, errors.New("what students get declares no function that a check could call")
	}
	return t, nil
}

// functionsOf are the functions that a cell declares.
func functionsOf(declared string) (functions []Function, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+declared, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && f.Name.Name != "main" && f.Name.Name != "init" {
			functions = append(functions, Function{Name: f.Name.Name, Type: types.ExprString(f.Type)})
		}
	}
	return functions, nil
}

// checked finds the task that a check names.
var checked = regexp.MustCompile(`\bassignment\.Check\(\s*"([^"]*)"`)

// take makes the cell the task's check. Its points are those of its parts.
func (t *Task) take(c notebook.Cell) error {
	meta, err := graded(c)
	if err != nil {
		return err
	}
	t.check, t.Points = string(c.Source), meta.Points
	declared, runs := Split(t.check)
	if strings.TrimSpace(runs) == "" {
		return errors.New("it has no line %% with a call of assignment.Check below")
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+declared, parser.SkipObjectResolution); err != nil {
		return fmt.Errorf("what stands above its %%%% is not Go: %w", err)
	}
	if m := checked.FindStringSubmatch(runs); m != nil && m[1] != t.ID {
		return fmt.Errorf("it calls assignment.Check for %q, and stands below the task %s: name that one", m[1], t.ID)
	}
	visible, hidden, err := partPoints(runs)
	switch {
	case err != nil:
		return err
	case strings.Contains(t.check, beginHidden) || hidden > 0: // in a source
		if visible+hidden != t.Points {
			return fmt.Errorf("its parts give %g points, and the cell says %g: make them equal", visible+hidden, t.Points)
		}
	case visible > t.Points:
		return fmt.Errorf("its parts give %g points, and the cell says %g", visible, t.Points)
	}
	return nil
}

// partPoints are the points that the parts of a check say they give.
func partPoints(runs string) (visible, hidden float64, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc main() {\n"+runs+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return 0, 0, fmt.Errorf("what stands below its %%%% is not Go: %w", err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is || len(call.Args) != 3 {
			return true
		}
		made := types.ExprString(call.Fun)
		if made != "assignment.Visible" && made != "assignment.Hidden" {
			return true
		}
		points, wrong := strconv.ParseFloat(types.ExprString(call.Args[0]), 64)
		if wrong != nil || points < 0 {
			err = fmt.Errorf("the points of a part are written as a number, 0 or more, and not as %s", types.ExprString(call.Args[0]))
		}
		if made == "assignment.Hidden" {
			hidden += points
		} else {
			visible += points
		}
		return true
	})
	return visible, hidden, err
}

// marker is what a line says if it is a comment of Go's or of nbgrader's for Markdown, which says nothing else.
func marker(line string) string {
	line = strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(line, "//"):
		return strings.TrimSpace(line[2:])
	case strings.HasPrefix(line, "#"):
		return strings.TrimSpace(strings.TrimLeft(line, "#"))
	}
	return ""
}

// regions calls inside with the lines of each region and puts what it returns in their place. It is an error when a region does not end,
// ends without having begun, or begins in another.
func regions(text, begin, end string, inside func(lines []string) []string) (string, error) {
	var out, within []string
	open := false
	for i, line := range strings.Split(text, "\n") {
		switch said := marker(line); {
		case said == begin && open:
			return "", fmt.Errorf("line %d begins another %s before the %s", i+1, begin, end)
		case said == begin:
			open, within = true, []string{}
		case said == end && !open:
			return "", fmt.Errorf("line %d has %s without a %s above it", i+1, end, begin)
		case said == end:
			out, open = append(out, inside(within)...), false
		case open:
			within = append(within, line)
		default:
			out = append(out, line)
		}
	}
	if open {
		return "", fmt.Errorf("a %s has no %s", begin, end)
	}
	return strings.Join(out, "\n"), nil
}

// withoutSolution is a task's cell as students get it.
func withoutSolution(cell string) (string, error) {
	return regions(cell, beginSolution, endSolution, func(lines []string) []string {
		i := slices.IndexFunc(lines, func(line string) bool { return marker(line) == stubLine })
		if i < 0 {
			indent := ""
			if len(lines) > 0 {
				indent = lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " \t"))]
			}
			if indent == "" {
				return nil // at the top of the cell no statement can stand
			}
			return []string{indent + notWritten}
		}
		stub := slices.Clone(lines[i+1:])
		for j, line := range stub {
			at := strings.Index(line, "//")
			if at >= 0 && strings.TrimSpace(line[:at]) == "" {
				stub[j] = strings.TrimRight(line[:at]+strings.TrimPrefix(line[at+2:], " "), " \t")
			}
		}
		return stub
	})
}

// Solved is a cell with its solution and without the lines around it. It is an error when a solution does not end.
func Solved(cell string) (string, error) {
	return regions(cell, beginSolution, endSolution, func(lines []string) []string {
		if i := slices.IndexFunc(lines, func(line string) bool { return marker(line) == stubLine }); i >= 0 {
			return lines[:i]
		}
		return lines
	})
}
