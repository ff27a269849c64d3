package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// A cell holds an idea: it has few lines, and they fit on a screen without wrapping.
const (
	mostCellLines = 20
	mostColumns   = 100
	// mostTextColumns is for the texts of assignments.
	mostTextColumns = 120
)

// longer are the cells that have more lines, by their names and with the lines that they may have, because they show code that is
// the idea itself.
var longer = map[string]int{}

// plumbing is what a cell leaves to the packages, but for the cells that are about it.
var plumbing = map[string][]string{
	"context.Background": {},
	"accel.Open":         {"01 c03"},
}

func TestCells(t *testing.T) {
	paths, err := filepath.Glob("../../notebooks/*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var all []cell
	for _, path := range paths {
		nb, err := notebook.Read(path)
		require.NoError(t, err)
		for i, c := range nb.Code() {
			name := fmt.Sprintf("cell %d", i+1)
			if c.ID() != "" {
				name = c.ID()
			}
			made := newCell(filepath.Base(path)[:2], name, string(c.Source), i == 0)
			made.exercise = c.Has(notebook.TagExercise)
			all = append(all, made)
		}
	}
	for _, complaint := range checkCells(all) {
		t.Error(complaint)
	}
	for name := range longer {
		require.True(t, slices.ContainsFunc(all, func(c cell) bool { return c.name == name }), "there is no cell %s any more", name)
	}
}

// The cells of assignments obey the same limits, in what students get and with the solution. The lines of their texts break where those
// of the chapters do.
func TestAssignmentCells(t *testing.T) {
	paths, err := filepath.Glob("../../notebooks/assignments/*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		_, source, err := assignment.Read(path)
		require.NoError(t, err)
		released, err := assignment.Release(assignment.NameOf(path), source)
		require.NoError(t, err)
		solved, err := assignment.Solution(source)
		require.NoError(t, err)
		for _, c := range slices.Concat(released.Code(), solved.Code()) {
			for _, complaint := range checkSize(string(c.Source), mostCellLines) {
				t.Errorf("%s %s: %s", assignment.NameOf(path), c.ID(), complaint)
			}
		}
		for _, c := range source.Cells {
			if c.Type != "markdown" {
				continue
			}
			for i, line := range strings.Split(string(c.Source), "\n") {
				if n := utf8.RuneCountInString(line); n > mostTextColumns && !strings.HasPrefix(line, "$$") {
					t.Errorf("%s %s: line %d has %d columns, more than %d", assignment.NameOf(path), c.ID(), i+1, n, mostTextColumns)
				}
			}
		}
	}
}

// The rules hold for what they name, and for nothing else.
func TestCellRules(t *testing.T) {
	const setUp = "import (\n\t\"fmt\"\n)\n\n%%\nlab.Say(accel.Describe())"
	double := "\ndouble := func(x int) int {\n\treturn 2 * x\n}"
	for _, c := range []struct {
		cells []cell
		want  string
	}{
		{[]cell{newCell("01", "c01", setUp, true), newCell("01", "c02", "%% --x=1\nlab.Say(\"a\")", false)}, ""},
		{[]cell{newCell("01", "c01", "import \"fmt\"\n\nfunc f() {}\n\n%%\nlab.Say(accel.Describe())", true)}, "imports alone"},
		{[]cell{newCell("01", "c01", setUp+"\nlab.Say(\"b\")", true)}, "says what computes, and nothing else"},
		{[]cell{newCell("01", "c02", "// a comment\n%%\nlab.Say(\"a\")", false)}, "%% must be its first line"},
		{[]cell{newCell("01", "c02", "func f() {}", false)}, "%% must be its first line"},
		{[]cell{exercise(newCell("01", "c02", "func f() {}\n%%\nlab.Verdict(nil)", false))}, ""},
		{[]cell{exercise(newCell("01", "c02", "func f() {}", false))}, "an exercise has a line %%"},
		{[]cell{newCell("00", "cell 1", "func f() {}\n\n%%\nf()", true)}, ""}, // the chapter on cells shows how to declare
		{[]cell{newCell("01", "c02", "%%\nx := lecture.X(context.Background())", false)}, "context.Background"},
		{[]cell{newCell("01", "c02", "%%\nb := lab.Must(accel.Open())", false)}, "accel.Open"},
		{[]cell{newCell("01", "c03", "%%\nb := lab.Must(accel.Open())", false)}, ""},
		{[]cell{newCell("01", "c02", "%%\nlab.Say(", false)}, "is not Go"},
		{[]cell{newCell("01", "c02", "%%"+strings.Repeat("\nlab.Say(\"a\")", 20), false)}, "it has 21 lines"},
		{[]cell{newCell("01", "c02", "%%"+strings.Repeat("\nlab.Say(\"a\")", 19), false)}, ""},
		{[]cell{newCell("01", "c02", "%%\n\tx := \""+strings.Repeat("−", 90)+"\"", false)}, "has 101 columns"},
		{[]cell{newCell("01", "c02", "%%\n\tx := \""+strings.Repeat("−", 89)+"\"", false)}, ""},
		{[]cell{newCell("01", "c02", "%%"+double, false), newCell("02", "c05", "%%"+double, false)}, "double is defined in 01 c02 as well"},
		{[]cell{newCell("01", "c02", "%%"+double, false), newCell("01", "c05", "%%"+double, false)}, ""},
		{[]cell{newCell("00", "a", "func f() int { return 1 }\n%%\nf()", false), newCell("02", "c05", "func f() int { return 2 }\n%%\nf()", false)}, "f is defined in 00 a as well"},
	} {
		got := checkCells(c.cells)
		if c.want == "" {
			require.Empty(t, got, c.cells)
			continue
		}
		require.NotEmpty(t, got, c.want)
		require.Contains(t, strings.Join(got, "\n"), c.want)
	}
}

// A cell is the code of one, parted into what stands above its line %% and what runs.
type cell struct {
	notebook, name       string // "01", "01 c03"
	source               string
	declarations, runs   string
	first, called, setUp bool // %% is the first line; there is one; it is the first cell
	exercise             bool // the reader's code stands above %%
}

func newCell(notebook, name, source string, setUp bool) cell {
	c := cell{notebook: notebook, name: notebook + " " + name, source: source, setUp: setUp, declarations: source}
	lines := strings.SplitAfter(source, "\n")
	if i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "%%") }); i >= 0 {
		c.first, c.called = i == 0, true
		c.declarations, c.runs = strings.Join(lines[:i], ""), strings.Join(lines[i+1:], "")
	}
	return c
}

// exercise makes the cell one that leaves code to the reader.
func exercise(c cell) cell {
	c.exercise = true
	return c
}

// declaring are the notebooks whose cells declare, as those of a reader may: the notebook that explains cells, and the reader's own.
var declaring = []string{"00", "07"}

// checkCells returns what is wrong with the cells of all notebooks.
func checkCells(cells []cell) (complaints []string) {
	helpers := map[string]cell{} // by what they are
	for _, c := range cells {
		complain := func(format string, args ...any) {
			complaints = append(complaints, fmt.Sprintf(c.name+": "+format, args...))
		}
		for _, complaint := range checkSize(c.source, max(mostCellLines, longer[c.name])) {
			complain("%s", complaint)
		}
		for what, about := range plumbing {
			if strings.Contains(c.source, what) && !slices.Contains(about, c.name) {
				complain("%s is for the packages: lab.Context() is the cell's context, and an experiment opens what computes", what)
			}
		}
		declared, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+c.declarations, parser.SkipObjectResolution)
		run, err2 := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc main() {\n"+c.runs+"\n}", parser.SkipObjectResolution)
		if err != nil || err2 != nil {
			complain("is not Go: %v %v", err, err2)
			continue
		}
		switch {
		case slices.Contains(declaring, c.notebook):
		case c.setUp:
			if slices.ContainsFunc(declared.Decls, func(d ast.Decl) bool { g, is := d.(*ast.GenDecl); return !is || g.Tok != token.IMPORT }) {
				complain("the first cell of a chapter has imports alone above its %%%%")
			}
			if strings.TrimSpace(c.runs) != "lab.Say(accel.Describe())" {
				complain("the first cell of a chapter says what computes, and nothing else")
			}
		case c.exercise && !c.called:
			complain("an exercise has a line %%%% between the reader's code and the check")
		case !c.first && !c.exercise:
			complain("%%%% must be its first line")
		}
		for name, what := range functions(c, declared, run) {
			if before, found := helpers[what]; found && before.notebook != c.notebook {
				complain("%s is defined in %s as well: a package is its place", name, before.name)
			} else if !found {
				helpers[what] = c
			}
		}
	}
	return complaints
}

// checkSize returns what is wrong with the number of lines of a cell and their length.
func checkSize(source string, most int) (complaints []string) {
	lines := strings.Split(source, "\n")
	if len(lines) > most {
		complaints = append(complaints, fmt.Sprintf("it has %d lines, more than %d: let a package draw and format", len(lines), most))
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); n > mostColumns {
			complaints = append(complaints, fmt.Sprintf("line %d has %d columns, more than %d", i+1, n, mostColumns))
		}
	}
	return complaints
}

// functions are the helpers that a cell defines, by their names. Those that are declared must differ in their names, since a
// name means one thing in all chapters; those that are values must differ in what they do.
func functions(c cell, declared, run *ast.File) map[string]string {
	all := map[string]string{}
	for _, d := range declared.Decls {
		if f, is := d.(*ast.FuncDecl); is {
			all[f.Name.Name] = "func " + f.Name.Name
		}
	}
	before := len("package p\nfunc main() {\n") + 1 // positions begin at 1
	ast.Inspect(run, func(n ast.Node) bool {
		if a, is := n.(*ast.AssignStmt); is && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			name, named := a.Lhs[0].(*ast.Ident)
			if f, is := a.Rhs[0].(*ast.FuncLit); is && named {
				all[name.Name] = c.runs[int(f.Pos())-before : int(f.End())-before]
			}
		}
		return true
	})
	return all
}
