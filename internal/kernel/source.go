package kernel

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"descent.example/pkg/notebook"
)

// A source is the text of one cell, its lines sorted as GoNB sorts them: declarations above the line %%, statements below.
type source struct {
	text  string
	lines []string
	main  int // the line that is %% or %main, -1 if there is none
}

// lineEnds are those of other systems. GoNB knows \n alone.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func newSource(text string) source {
	text = lineEnds.Replace(text)
	s := source{text: text, lines: strings.Split(text, "\n"), main: -1}
	s.main = slices.IndexFunc(s.lines, startsMain)
	return s
}

func startsMain(line string) bool {
	line = command(line)
	return strings.HasPrefix(line, "%main") || line == "%%" || strings.HasPrefix(line, "%% ") || strings.HasPrefix(line, "%%\t") || strings.HasPrefix(line, "%%-")
}

// refusal says why GoNB would end over the cell, or nothing.
func (s source) refusal() string {
	if s.foreign() {
		return ""
	}
	begun := 0
	for i, line := range s.lines {
		line = command(line)
		exec := strings.HasPrefix(line, "%exec")
		switch {
		case exec && !strings.HasPrefix(line, "%exec "):
			return fmt.Sprintf("Line %d: write %%exec and the name of a function.", i+1)
		case !exec && !startsMain(line):
		case begun > 0:
			return fmt.Sprintf("Line %d begins with %%%% again, but a cell has one such line, and line %d is it. Split the cell; in a text, put a space before the %%%%.", i+1, begun)
		case !exec && codeBeside.MatchString(line):
			return fmt.Sprintf("Line %d has code beside %%%%, where it would not run: what stands there are values for the cell's parameters, as in %%%% --lr=0.5. Move the code to the next line.", i+1)
		default:
			begun = i + 1
		}
	}
	return ""
}

// dashes are those that a text processor makes of the two before a parameter's name.
var dashes = strings.NewReplacer(" –-", " --", " –", " --", " —", " --")

// codeBeside finds Go where the arguments of a cell stand: a call, a declaration or an assignment that no flag begins.
var codeBeside = regexp.MustCompile(`^(?:%%|%main)\s+[^-–—\s].*(?::=|[({=])`)

// forGoNB is the cell as GoNB gets it. When a program ends, GoNB drops what it has not read yet of the pipe for pictures,
// so a cell that uses gonbui waits at its end. GoNB keeps a shell command's standard input open for ever unless %with_inputs or
// %with_password stands before it, so it gets none.
func (s source) forGoNB() string {
	if s.foreign() {
		return s.text
	}
	lines := slices.Clone(s.lines)
	asks := false
	for i, line := range lines {
		line = strings.TrimPrefix(line, comment)
		switch {
		case line == "" || line[0] != '%' && line[0] != '!':
		case strings.Trim(line[1:], " \t\\") == "":
			lines[i] = line[:1] // a command without a name ends GoNB
		case startsMain(line):
			lines[i] = strings.Replace(dashes.Replace(line), "%%-", "%% -", 1)
		case line[0] == '%':
			asks = asks || strings.HasPrefix(line, "%with_inputs") || strings.HasPrefix(line, "%with_password")
		case asks:
			asks = false
		default:
			mark := line[:1]
			if strings.HasPrefix(line, "!*") {
				mark = line[:2]
			}
			lines[i] = mark + "exec </dev/null; " + line[len(mark):]
		}
	}
	if s.usesGonbui() {
		lines = append(lines, "gonbui.Sync()")
	}
	return strings.Join(lines, "\n")
}

// usesGonbui says whether the statements below %% use the package gonbui.
func (s source) usesGonbui() (uses bool) {
	file, err := parser.ParseFile(token.NewFileSet(), "", s.program(""), parser.SkipObjectResolution)
	if err != nil || s.main < 0 {
		return false
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "main" {
			ast.Inspect(f, func(n ast.Node) bool {
				if selector, ok := n.(*ast.SelectorExpr); ok {
					id, ok := selector.X.(*ast.Ident)
					uses = uses || ok && id.Name == "gonbui"
				}
				return true
			})
		}
	}
	return uses
}

// comment may hide a command from Go tools.
const comment = "//gonb:"

// command is the line without the comment.
func command(line string) string {
	return strings.TrimPrefix(strings.TrimRight(line, " \t"), comment)
}

// special reports whether a line is for GoNB and not Go.
func special(line string) bool {
	line = command(line)
	return len(line) > 1 && (line[0] == '%' || line[0] == '!')
}

// foreign reports whether the whole cell is for another program, as under %%bash.
func (s source) foreign() bool {
	first, _, _ := strings.Cut(command(s.lines[0]), " ")
	return slices.Contains([]string{"%%writefile", "%%script", "%%bash", "%%sh", "%%gx"}, first)
}

// program is the cell as a Go file in which every line keeps its number; imports follow the package clause.
func (s source) program(imports string) string {
	lines := slices.Clone(s.lines)
	for i, line := range lines {
		switch {
		case i == s.main:
			lines[i] = "func main() {"
		case special(line):
			lines[i] = ""
		}
	}
	text := "package main;" + imports + strings.Join(lines, "\n")
	if s.main >= 0 {
		text += "\n}\n"
	}
	return text
}

// declared are the names that the cell declares for all cells, and those that live in its %% alone.
func (s source) declared() (everywhere, inside []string) {
	file, _ := parser.ParseFile(token.NewFileSet(), "", s.program(""), parser.SkipObjectResolution|parser.AllErrors)
	if file == nil {
		return nil, nil
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "main" && d.Body != nil {
				for _, statement := range d.Body.List {
					inside = append(inside, statementNames(statement)...)
				}
			} else if d.Recv == nil {
				everywhere = append(everywhere, d.Name.Name)
			}
		case *ast.GenDecl:
			everywhere = append(everywhere, declarationNames(d)...)
		}
	}
	return everywhere, inside
}

// declares is the line in which a function of the cell declares a variable of that name, 0 if none does. nested says
// whether its block is not main's own.
func (s source) declares(name string) (line int, nested bool) {
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "", s.program(""), parser.SkipObjectResolution|parser.AllErrors)
	if file == nil {
		return 0, false
	}
	var own []ast.Stmt
	found := func(id *ast.Ident) {
		if line == 0 && id.Name == name {
			line = files.Position(id.Pos()).Line
		}
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			if f.Name.Name == "main" {
				own = f.Body.List
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, left := range n.Lhs {
						if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
							found(id)
						}
					}
				case *ast.RangeStmt:
					for _, left := range []ast.Expr{n.Key, n.Value} {
						if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
							found(id)
						}
					}
				case *ast.ValueSpec:
					for _, id := range n.Names {
						found(id)
					}
				case *ast.Field:
					for _, id := range n.Names {
						found(id)
					}
				}
				return true
			})
		}
	}
	return line, !slices.ContainsFunc(own, func(st ast.Stmt) bool { return slices.Contains(statementNames(st), name) })
}

// misplaced says what is wrong with a line that was meant to be %%, or nothing.
func (s source) misplaced() string {
	for i, line := range s.lines {
		trimmed := strings.TrimSpace(line)
		word, _, _ := strings.Cut(trimmed, " ")
		switch {
		case !strings.HasPrefix(trimmed, "%%"):
		case trimmed != strings.TrimRight(line, " \t"):
			return fmt.Sprintf("%%%% must begin its line. Remove the space before it in line %d.", i+1)
		default:
			return fmt.Sprintf("%s in line %d is unknown. Write %%%% on a line of its own; %%help lists the magics.", word, i+1)
		}
	}
	return ""
}

func statementNames(s ast.Stmt) (names []string) {
	switch s := s.(type) {
	case *ast.DeclStmt:
		if d, ok := s.Decl.(*ast.GenDecl); ok {
			return declarationNames(d)
		}
	case *ast.AssignStmt:
		for _, left := range s.Lhs {
			if id, ok := left.(*ast.Ident); ok && s.Tok == token.DEFINE {
				names = append(names, id.Name)
			}
		}
	}
	return names
}

func declarationNames(d *ast.GenDecl) (names []string) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names = append(names, spec.Name.Name)
		case *ast.ValueSpec:
			for _, id := range spec.Names {
				names = append(names, id.Name)
			}
		}
	}
	return names
}

// firstLine is how a cell is called in a sentence: its first line of Go.
func (s source) firstLine() string {
	for _, line := range s.lines {
		line = strings.TrimSpace(line)
		if line != "" && line != "%%" && !strings.HasPrefix(line, "import") && !strings.HasPrefix(line, "//") {
			return shorten(line)
		}
	}
	return shorten(s.lines[0])
}

func shorten(line string) string {
	if r := []rune(line); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return line
}

// readNotebook returns the code cells of a notebook's file, none if it cannot be read.
func readNotebook(path string) (cells []source) {
	nb, err := notebook.Read(path)
	if err != nil {
		return nil
	}
	for _, c := range nb.Code() {
		cells = append(cells, newSource(string(c.Source)))
	}
	return cells
}
