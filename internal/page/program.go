package page

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"

	"descent.example/pkg/notebook"
)

// A chapter is a notebook as a Go package: what its cells declare, once, and what stands below the line %% of each cell as a function.
type chapter struct {
	name    string // the notebook's, without .ipynb
	imports []string
	parts   []string // declarations
	cells   []cell

	exercises []string // names of cells
}

// A cell is one that the page can run.
type cell struct {
	name string // chapter/id
	body string
	own  map[string]string // the values beside its %%
}

// steered tells whether the controls of a cell move all that the sliders of its stored pictures do: each slider starts at the value of a
// parameter. Such pictures, drawn beforehand, are superfluous where the cell runs.
func (c *cell) steered() bool {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p; func _() {\n"+c.body+"\n}", 0)
	if err != nil {
		return false
	}
	parameters, sliders, steered := map[string]bool{}, 0, 0
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if call, is := n.Rhs[0].(*ast.CallExpr); is && n.Tok == token.DEFINE && selector(call.Fun) == "lab" && named(call) {
				parameters[n.Lhs[0].(*ast.Ident).Name] = true
			}
		case *ast.CompositeLit:
			if selector(n.Type) != "figure" || n.Type.(*ast.SelectorExpr).Sel.Name != "Slider" {
				break
			}
			sliders++
			for _, field := range n.Elts {
				pair, is := field.(*ast.KeyValueExpr)
				if !is || pair.Key.(*ast.Ident).Name != "Start" {
					continue
				}
				start := pair.Value
				if convert, is := start.(*ast.CallExpr); is && len(convert.Args) == 1 {
					start = convert.Args[0] // float64(b)
				}
				if name, is := start.(*ast.Ident); is && parameters[name.Name] {
					steered++
				}
			}
		}
		return true
	})
	return sliders > 0 && sliders == steered
}

// named tells whether the first argument of a call is a text, as that of lab.Float("lr", …) is.
func named(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	text, is := call.Args[0].(*ast.BasicLit)
	return is && text.Kind == token.STRING
}

// selector is the package of pkg.Name, "" of anything else.
func selector(e ast.Expr) string {
	if s, is := e.(*ast.SelectorExpr); is {
		if name, is := s.X.(*ast.Ident); is {
			return name.Name
		}
	}
	return ""
}

// beside is a value beside %%.
var beside = regexp.MustCompile(`--?([A-Za-z][A-Za-z0-9_-]*)=(\S+)`)

// newChapter reads a notebook. It is an error if a cell's declarations are not Go. Of an exercise only the declarations count, since
// its check has a meaning only beside what the reader writes.
func newChapter(name string, nb *notebook.Notebook) (*chapter, error) {
	c := &chapter{name: name}
	for _, code := range nb.Code() {
		declarations, below, runs := strings.Cut("\n"+string(code.Source), "\n%%")
		if err := c.declare(code.ID(), withoutCommands(declarations)); err != nil {
			return nil, err
		}
		name := path.Join(name, code.ID())
		if code.Has(notebook.TagExercise) {
			c.exercises = append(c.exercises, name)
		}
		if !runs || code.Has(notebook.TagExercise) {
			continue
		}
		arguments, body, _ := strings.Cut(below, "\n")
		own := map[string]string{}
		for _, found := range beside.FindAllStringSubmatch(arguments, -1) {
			own[found[1]] = found[2]
		}
		c.cells = append(c.cells, cell{name: name, body: withoutCommands(body), own: own})
	}
	return c, nil
}

// withoutCommands leaves out the lines that are for the kernel.
func withoutCommands(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

// declare adds the declarations of a cell.
func (c *chapter) declare(id, text string) error {
	const clause = "package p;"
	text = clause + strings.TrimPrefix(text, "\n")
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, c.line(id), text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("the declarations of a cell are not Go: %w", err)
	}
	for _, d := range file.Decls {
		from, to := files.Position(d.Pos()), files.Position(d.End())
		written := text[from.Offset:to.Offset]
		if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.IMPORT {
			for _, spec := range d.Specs {
				at := files.Position(spec.Pos()).Offset
				imported := text[at:files.Position(spec.End()).Offset]
				if !slices.Contains(c.imports, imported) {
					c.imports = append(c.imports, imported)
				}
			}
			continue
		}
		c.parts = append(c.parts, fmt.Sprintf("//line %s:%d\n%s\n", c.line(id), from.Line, written))
	}
	return nil
}

// line is how an error of the compiler calls a cell.
func (c *chapter) line(id string) string { return c.name + ".ipynb, cell " + id }

// source is the package, before goimports has added what GoNB would import by itself and dropped what nothing uses.
func (c *chapter) source(pkg string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n", pkg)
	for _, imported := range c.imports {
		fmt.Fprintf(&b, "import %s\n", imported)
	}
	b.WriteString("\n" + strings.Join(c.parts, "\n") + "\nvar Cells = map[string]func(){\n")
	for _, cell := range c.cells {
		fmt.Fprintf(&b, "%q: func() {\n//line %s:1\n%s\n},\n", cell.name, c.line(path.Base(cell.name)), cell.body)
	}
	return b.String() + "}\n"
}

// mainSource is the program of some chapters, whose packages are in a folder.
func mainSource(folder string, packages []string) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n\t\"maps\"\n\n\t\"descent.example/internal/live\"\n")
	for _, pkg := range packages {
		fmt.Fprintf(&b, "\t%q\n", path.Join(folder, pkg))
	}
	b.WriteString(")\n\nfunc main() {\n\tcells := map[string]func(){}\n")
	for _, pkg := range packages {
		fmt.Fprintf(&b, "\tmaps.Copy(cells, %s.Cells)\n", pkg)
	}
	return b.String() + "\tlive.Serve(cells)\n}\n"
}
