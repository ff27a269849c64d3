package assignment

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"descent.example/internal/wall"
)

// JudgeProgram returns the source of the program that judges submissions: the assignment's checks, with functions in the place of the
// students' that ask a worker. It is an error when the cells are not Go.
func (a *Assignment) JudgeProgram() ([]byte, error) { return a.program("assignment.Judge", "") }

// program is one whose main function gives the tasks, and more, to a function.
func (a *Assignment) program(main, more string) ([]byte, error) {
	var b, table strings.Builder
	fmt.Fprintln(&b, "package main")
	var texts []string
	for i, given := range a.Given {
		texts = append(texts, lineOf(fmt.Sprintf("given-%d", i+1), 1)+given)
	}
	for i, t := range a.Tasks {
		for _, f := range t.Functions {
			texts = append(texts, fmt.Sprintf("var %s %s", f.Name, f.Type))
		}
		declared, runs := Split(t.check)
		cell := t.ID + "-check"
		texts = append(texts, lineOf(cell, 1)+declared, fmt.Sprintf("func judge%d() {\n%s%s\n}", i, lineOf(cell, strings.Count(t.check, "\n")-strings.Count(runs, "\n")+1), runs))
		fmt.Fprintf(&table, "\t\t%q: {Functions: map[string]any{", t.ID)
		for _, f := range a.functions(t) {
			fmt.Fprintf(&table, "%q: &%s, ", f.Name, f.Name)
		}
		fmt.Fprintf(&table, "}, Check: judge%d},\n", i)
	}
	texts = append(texts, lineOf("main", 1)+fmt.Sprintf("func main() {\n\t%s(map[string]assignment.Judged{\n%s\t}, %s)\n}", main, table.String(), more))
	imports, body, err := Imports(texts, map[string]string{"assignment": "descent.example/pkg/assignment"})
	if err != nil {
		return nil, err
	}
	b.WriteString(imports + body)
	return []byte(b.String()), nil
}

// lineOf has the compiler call what follows by the cell and the line in it.
func lineOf(cell string, line int) string { return fmt.Sprintf("//line %s:%d\n", cell, line) }

// functions are those that a task's check may call: its own, and those of the tasks that it needs.
func (a *Assignment) functions(t Task) []Function {
	all := slices.Clone(t.Functions)
	for _, need := range t.Needs {
		all = append(all, a.Task(need).Functions...)
	}
	return all
}

var version = regexp.MustCompile(`^v\d+$`)

// LocalName is the name by which a file calls a package, unless it gives it another.
func LocalName(importPath string) string {
	if base := path.Base(importPath); !version.MatchString(base) || path.Dir(importPath) == "." {
		return base
	}
	return path.Base(path.Dir(importPath))
}

// Imports puts the declarations of several texts together. The imports are those that the texts have and use, once, and those of known, by
// the names that call them, which they use without importing them. It is an error when a text is not Go.
func Imports(declared []string, known map[string]string) (imports, body string, err error) {
	paths, used := map[string]string{}, map[string]bool{}
	for name, of := range known {
		paths[name] = of
	}
	var b strings.Builder
	for _, text := range declared {
		const head = "package p\n"
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "", head+text, parser.ParseComments)
		if err != nil {
			return "", "", err
		}
		for _, spec := range file.Imports {
			of, _ := strconv.Unquote(spec.Path.Value)
			name := LocalName(of)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			paths[name] = of
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if selector, is := n.(*ast.SelectorExpr); is {
				if of, is := selector.X.(*ast.Ident); is && slices.Contains(file.Unresolved, of) {
					used[of.Name] = true
				}
			}
			return true
		})
		rest := []byte(head + text)
		for _, d := range file.Decls {
			if g, is := d.(*ast.GenDecl); is && g.Tok == token.IMPORT {
				Blank(rest, files.Position(g.Pos()).Offset, files.Position(g.End()).Offset)
			}
		}
		b.Write(rest[len(head):])
		b.WriteString("\n")
	}
	for name, of := range paths {
		if used[name] || name == "_" || name == "." {
			imports += fmt.Sprintf("import %s %q\n", name, of)
		}
	}
	lines := strings.SplitAfter(imports, "\n")
	slices.Sort(lines)
	return strings.Join(lines, ""), b.String(), nil
}

// Blank makes a part of a text spaces. The lines after it keep their numbers.
func Blank(text []byte, from, to int) {
	for i := from; i < to; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
}

// A Judged is a task in the program that JudgeProgram writes.
type Judged struct {
	Functions map[string]any // pointers to the variables that stand for the student's functions
	Check     func()
}

// A JudgeRequest asks for the judgment of one task of one submission. It is a line of JSON.
type JudgeRequest struct {
	Task     string   `json:"task"`
	Prefix   string   `json:"prefix"`   // of the functions' names in the worker
	Seed     string   `json:"seed"`     // "" for the cases of the notebook
	Seconds  float64  `json:"seconds"`  // of a processor, for each part
	Patience float64  `json:"patience"` // the seconds that starts and parts which fail may lose, before no more are tried
	Start    float64  `json:"start"`    // of a processor, until the worker answers
	Most     float64  `json:"most"`     // of a processor, in all; then the system ends the worker
	Worker   []string `json:"worker"`   // the command that starts what holds the student's functions, nil if there is none
	Streams  bool     `json:"streams"`  // whether it talks over its files 3 and 4, and not over 0 and 1
	User     int      `json:"user"`     // who runs it, 0 for whoever runs this
	Missing  string   `json:"missing"`  // why there is none
}

// A JudgeAnswer is what became of such a task. It is a line of JSON as well.
type JudgeAnswer struct {
	Results []Result `json:"results"`
	Lost    float64  `json:"lost"`    // the seconds that starts and parts which failed took
	Machine string   `json:"machine"` // why this machine could not judge it, whatever the code is, "" if it could
}

// inSeconds is a time of that many seconds.
func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Judge is the main function of that program. It answers requests on its standard input, a line for each.
func Judge(tasks map[string]Judged) {
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // what a check prints is not an answer
	requests := json.NewDecoder(os.Stdin)
	for {
		var request JudgeRequest
		if requests.Decode(&request) != nil {
			return
		}
		out.Encode(judge(tasks[request.Task], request))
	}
}

// judge tries one task.
func judge(task Judged, r JudgeRequest) JudgeAnswer {
	var parts []Part
	judging = func(_ string, of []Part) { parts = of }
	if task.Check != nil {
		task.Check()
	}
	seed := seedOf(r.Task) // the cases of the notebook
	if r.Seed != "" {
		seed = seedOf(r.Seed + "\x00" + r.Task)
	}
	if len(r.Worker) == 0 {
		for i := range parts {
			parts[i] = parts[i].instead(r.Missing)
		}
		return JudgeAnswer{Results: Try(parts, seed)}
	}
	w := &worker{request: r, functions: task.Functions}
	defer w.end()
	for i := range parts {
		parts[i] = parts[i].asked(w)
	}
	results := Try(parts, seed)
	for i, r := range results {
		if strings.HasPrefix(r.Says, NotReady) || strings.HasPrefix(r.Says, notTried) {
			results[i].Hint = "" // it is about what was tried
		}
	}
	return JudgeAnswer{Results: results, Lost: w.lostTime.Seconds(), Machine: w.machine}
}

// instead is a part that fails for a reason that is known already. As nothing was tried, it has no hint.
func (p Part) instead(why string) Part {
	p.hint = ""
	p.try = func(*rand.Rand) error { return errors.New(why) }
	return p
}

// asked is the part with the worker's answers in place of a student's own.
func (p Part) asked(w *worker) Part {
	try := p.try
	p.try = func(rng *rand.Rand) (err error) {
		if err := w.ready(); err != nil {
			return err
		}
		defer func() {
			switch v := recover().(type) {
			case nil:
			case wall.Panicked:
				err = fmt.Errorf("your code panics: %s", v)
			default:
				err = w.lost(v)
			}
		}()
		return try(rng)
	}
	return p
}
