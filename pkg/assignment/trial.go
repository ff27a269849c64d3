package assignment

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Variant is code in the place of a task's solution, on which the task's check is tried. Only the author of an assignment's checks runs such code: it
// is not kept apart from anything.
type Variant struct {
	Task, Name string
	Code       string // declarations
	Seeds      int    // how often it is tried, each time on other cases; 0 is once
}

// TrialProgram returns the files of a program that tries the checks on variants, in one process and so hundreds of times as fast as the judge. A task's functions call
// the solutions of the tasks that it needs. The i-th variant is in the file v‹i›.go. It is an error when a cell or a variant is not Go.
func (a *Assignment) TrialProgram(variants []Variant, allowed map[string]string) (files map[string][]byte, err error) {
	var table strings.Builder
	files = map[string][]byte{}
	add := func(name string, v Variant) error {
		code, err := renamed(v.Code, "_"+name)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", v.Name, v.Task, err)
		}
		imports, body, err := Imports([]string{code}, allowed)
		if err != nil {
			return err
		}
		files[name+".go"] = []byte("package main;" + strings.ReplaceAll(imports, "\n", ";") + "\n" + body)
		fmt.Fprintf(&table, "\t\t{Task: %q, Name: %q, Seeds: %d, Functions: map[string]any{", v.Task, v.Name, v.Seeds)
		for _, f := range a.Task(v.Task).Functions {
			fmt.Fprintf(&table, "%q: (%s)(%s_%s), ", f.Name, f.Type, f.Name, name)
		}
		table.WriteString("}},\n")
		return nil
	}
	for i, t := range a.Tasks {
		solved, err := Solved(t.Solution)
		if err != nil {
			return nil, err
		}
		declared, _ := Split(solved)
		if err := add(fmt.Sprintf("s%d", i), Variant{Task: t.ID, Code: declared}); err != nil {
			return nil, err
		}
	}
	for i, v := range variants {
		if err := add(fmt.Sprintf("v%d", i), v); err != nil {
			return nil, err
		}
	}
	main, err := a.program("assignment.TryVariants", "[]assignment.Varied{\n"+table.String()+"\t}")
	files["main.go"] = main
	return files, err
}

// renamed is the code with a suffix at each name that it gives to the package.
func renamed(code, suffix string) (string, error) {
	const head = "package p\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", head+code, 0)
	if err != nil {
		return "", err
	}
	var ends []int
	ast.Inspect(file, func(n ast.Node) bool {
		if id, is := n.(*ast.Ident); is && id.Obj != nil && file.Scope.Lookup(id.Name) == id.Obj {
			ends = append(ends, files.Position(id.End()).Offset-len(head))
		}
		return true
	})
	var b strings.Builder
	from := 0
	for _, end := range ends { // in the order of the text, as the tree is walked
		if end < from {
			return "", errors.New("its names are not in order")
		}
		b.WriteString(code[from:end] + suffix)
		from = end
	}
	return b.String() + code[from:], nil
}

// Varied is a variant in the program that TrialProgram writes. One without a name is the solution.
type Varied struct {
	Task, Name string
	Seeds      int
	Functions  map[string]any
}

// A Trial is what became of a variant.
type Trial struct {
	Variant int      `json:"variant"`
	Results []Result `json:"results"` // those of the parts that were tried, for one seed after the other
	Ended   string   `json:"ended"`   // why no more were: it took too long, or ended the program
}

// trialTime is how long a variant may compute for a part, on a machine that is busy up to trialPatience times as long by the clock. trialMemory is what the
// program may reserve.
const (
	trialTime     = 3 * time.Second
	trialPatience = 20
	trialMemory   = 6 << 30
)

// TryVariants is the main function of that program. It tries the variants from the one whose number is its argument, and writes a line for each. It ends when one
// takes too long, because nothing else ends that.
func TryVariants(tasks map[string]Judged, all []Varied) {
	syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: trialMemory, Max: trialMemory})
	first, _ := strconv.Atoi(os.Args[1])
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	solutions := map[string]map[string]any{}
	variants := all[:0:0]
	for _, v := range all {
		if v.Name == "" {
			solutions[v.Task] = v.Functions
		} else {
			variants = append(variants, v)
		}
	}
	for i, v := range variants {
		if i < first {
			continue
		}
		out.Encode(Trial{Variant: i}) // begun
		for _, functions := range solutions {
			bind(tasks[v.Task], functions)
		}
		bind(tasks[v.Task], v.Functions)
		var parts []Part
		judging = func(_ string, of []Part) { parts = of }
		tasks[v.Task].Check()
		t := Trial{Variant: i}
		for j := range max(v.Seeds, 1) * len(parts) {
			part := j % len(parts)
			results, done := inTime(func() []Result { return Try(parts[part:part+1], uint64(j+1)) })
			if !done {
				t.Ended = "takes too long"
				out.Encode(t)
				os.Exit(3)
			}
			t.Results = append(t.Results, results...)
		}
		out.Encode(t)
	}
}

// inTime returns what try returns, unless this program computes for too long until then.
func inTime(try func() []Result) (results []Result, done bool) {
	got, start := make(chan []Result, 1), processorTime()
	go func() { got <- try() }()
	for range trialPatience {
		select {
		case results := <-got:
			return results, true
		case <-time.After(trialTime):
			if processorTime()-start >= trialTime {
				return nil, false
			}
		}
	}
	return nil, false
}

// processorTime is how long this program has computed.
func processorTime() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// bind makes a task's variables the functions that it has of these.
func bind(task Judged, functions map[string]any) {
	for name, f := range functions {
		if variable, has := task.Functions[name]; has {
			reflect.ValueOf(variable).Elem().Set(reflect.ValueOf(f))
		}
	}
}
