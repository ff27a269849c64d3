package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"descent.example/internal/live"
	"descent.example/pkg/notebook"
)

// togetherIn is the folder of a notebook's program, in the folder of its cells, by what that folder says of its modules. Where it is
// without a program, the notebook has none.
func togetherIn(goTool string) (string, error) {
	plan, err := planFile(goTool)
	return filepath.Join(".together", strings.TrimSuffix(filepath.Base(plan), ".json")), err
}

// fewest is how many cells make a program of them all worth its time.
const fewest = 4

// linkTogether links the cells of the notebook that `lab run` executes as one program, before the first of them. use makes it the
// program of each cell that it holds. It is an error when the notebook has something that may be another in a program of all cells.
func linkTogether(goTool string) error {
	file := os.Getenv(live.NotebookEnv)
	if file == "" {
		return nil
	}
	at, err := togetherIn(goTool)
	if err != nil {
		return err
	}
	if _, err := os.Stat(at); err == nil {
		return nil
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	nb, err := notebook.Read(file)
	if err != nil {
		return err
	}
	var texts []string
	for _, c := range nb.Code() {
		texts = append(texts, string(c.Source))
	}
	source, calls, err := sourceOf(texts)
	if err != nil {
		return err
	}
	p, err := planFor(goTool, source)
	if err != nil {
		return err
	}
	cells, main, program := filepath.Join(at, "cell.go"), filepath.Join(at, "calls.go"), filepath.Join(at, "program")
	if err := errors.Join(os.WriteFile(cells, source, 0o600), os.WriteFile(main, calls, 0o600)); err != nil {
		return err
	}
	if err := p.build(program, cells, main); err != nil {
		return err
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	known, err := json.Marshal(prepared{Inputs: p.Inputs, Fingerprint: p.Fingerprint, Program: info.Size()})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(at, "prepared.json"), known, 0o600)
}

// sourceOf writes the source of a notebook's program: what its cells declare, and each cell's statements as a function; and the source
// that calls one of these.
func sourceOf(texts []string) (source, calls []byte, err error) {
	var cells, table strings.Builder
	imports := "package main\n"
	runs := 0
	fmt.Fprintf(&cells, "func %s0() { flag.Parse() }\n", live.CellFunction) // what GoNB makes of a cell that only declares
	fmt.Fprintf(&table, "\t\t\"0\": %s0,\n", live.CellFunction)
	for i, text := range texts {
		cell, imported, main, err := asFunction(i+1, text)
		if err != nil {
			return nil, nil, err
		}
		imports += imported
		fmt.Fprintf(&cells, "//line %s:%d\n%s\n", live.NotebookSource, (i+1)*live.CellLines+1, cell)
		if main {
			runs++
			fmt.Fprintf(&table, "\t\t\"%d\": %s%[1]d,\n", i+1, live.CellFunction)
		}
	}
	if runs < fewest {
		return nil, nil, errLeft
	}
	add := exec.Command("goimports", "-srcdir", "main.go") // GoNB asks it for each cell
	add.Stdin = strings.NewReader(imports + cells.String())
	added, err := add.Output()
	if err != nil {
		return nil, nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", added, parser.ImportsOnly)
	if err != nil {
		return nil, nil, err
	}
	source = []byte("package main\n" + importing(file) + cells.String())
	return source, fmt.Appendf(nil, calling, live.ValuesEnv, live.ValuesSuffix, table.String(), live.NotebookSource), harmless(source)
}

// asFunction is a cell with its statements as a function, in as many lines, without its imports. It is empty if the cell holds what is
// not Go. main says that it has statements.
func asFunction(number int, text string) (cell, imports string, main bool, err error) {
	lines := strings.Split(text, "\n")
	if strings.Contains(text, live.CellFunction) || strings.Contains(text, "//line ") || strings.Contains(text, "/*line ") || len(lines) >= live.CellLines {
		return "", "", false, errLeft
	}
	for i, line := range lines {
		switch {
		case !main && mainLine.MatchString(line):
			main = true
			lines[i] = fmt.Sprintf("func %s%d() { flag.Parse()", live.CellFunction, number)
		case special.MatchString(line):
			return "", "", false, nil
		}
	}
	if main {
		lines = append(lines, "}")
	}
	const clause = "package main;"
	cell = clause + strings.Join(lines, "\n")
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", cell, parser.ImportsOnly)
	if err != nil {
		return "", "", false, err
	}
	without := []byte(cell)
	for _, d := range file.Decls {
		for at := files.Position(d.Pos()).Offset; at < files.Position(d.End()).Offset; at++ {
			if without[at] != '\n' {
				without[at] = ' '
			}
		}
	}
	return string(without[len(clause):]), importing(file), main, nil
}

var (
	mainLine = regexp.MustCompile(`^%%(\s.*|-.*)?$`)
	special  = regexp.MustCompile(`^(//gonb:)?[%!]`)
)

// importing are the imports of a file, a line each.
func importing(file *ast.File) (lines string) {
	for _, i := range file.Imports {
		name := ""
		if i.Name != nil {
			name = i.Name.Name
		}
		lines += "import " + name + " " + i.Path.Value + "\n"
	}
	return lines
}

// tellPlaces are packages that tell a program the lines of its source.
var tellPlaces = []string{"runtime", "log", "testing"}

// entersList are packages that enter themselves, or others, in a list where all may find them: what one cell imports, the others would find.
var entersList = []string{"image", "crypto", "expvar", "net", "database", "encoding/gob", "time/tzdata"}

// harmless is an error when the declarations of one cell may do something to another: all of them are in the program of each.
func harmless(source []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if bytes.Contains(source, []byte("//go:")) {
		return errLeft
	}
	for _, i := range file.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		first, _, _ := strings.Cut(imported, "/")
		if err != nil || slices.Contains(tellPlaces, first) || enters(imported) || i.Name != nil && (i.Name.Name == "_" || i.Name.Name == ".") {
			return errLeft
		}
	}
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && (f.Name.Name == "init" || f.Name.Name == "main" || strings.HasPrefix(f.Name.Name, "init_")) { // GoNB makes init of these
			return errLeft
		}
		general, is := d.(*ast.GenDecl)
		for i := 0; is && i < len(general.Specs); i++ {
			if t, is := general.Specs[i].(*ast.TypeSpec); is && t.Assign.IsValid() { // its methods are those of a type with another name
				return errLeft
			}
			value, is := general.Specs[i].(*ast.ValueSpec)
			if is && (general.Tok == token.CONST && len(value.Values) == 0 || slices.ContainsFunc(value.Values, computed)) {
				return errLeft
			}
		}
	}
	return nil
}

// enters says whether a package may enter itself in a list.
func enters(imported string) bool {
	return slices.ContainsFunc(entersList, func(e string) bool { return imported == e || strings.HasPrefix(imported, e+"/") })
}

// computed says whether an initial value is more than what is written there.
func computed(value ast.Expr) (more bool) {
	ast.Inspect(value, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.BasicLit, *ast.CompositeLit, *ast.KeyValueExpr, *ast.ArrayType, *ast.MapType, *ast.ParenExpr:
		case *ast.Ident:
			more = more || n.Name == "iota"
		case *ast.UnaryExpr:
			more = more || n.Op == token.ARROW
		case *ast.FuncLit:
			return false
		default:
			more = true
		}
		return true
	})
	return more
}

// cellOf is the number of the cell in a notebook's program that a cell's own program equals, as the notebook's program reads it: the
// statements are those of that cell, each declaration is there, and the others mean nothing to it.
func cellOf(together, cell []byte) (number []byte, same bool) {
	if bytes.Contains(cell, []byte("//go:")) {
		return nil, false
	}
	all, err := piecesOf(together)
	own, err2 := piecesOf(cell)
	if err != nil || err2 != nil {
		return nil, false
	}
	for text := range own.texts {
		if _, there := all.texts[text]; !there {
			return nil, false
		}
	}
	for text, names := range all.texts {
		if _, there := own.texts[text]; !there && slices.ContainsFunc(names, func(n string) bool { return own.used[n] }) {
			return nil, false
		}
	}
	for name, body := range all.bodies {
		if digits, is := strings.CutPrefix(name, live.CellFunction); is && body == own.bodies["main"] {
			if same { // two cells with the same statements: a panic's place would be that of either
				return nil, false
			}
			number, same = []byte(digits), true
		}
	}
	return number, same
}

// pieces are what a program is made of, each as its tokens.
type pieces struct {
	texts  map[string][]string // the names that each declaration gives something to
	bodies map[string]string   // of functions that are cells
	used   map[string]bool     // names, those behind a dot left out
}

func piecesOf(source []byte) (*pieces, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p := &pieces{map[string][]string{}, map[string]string{}, map[string]bool{}}
	text := func(n ast.Node) string {
		return tokens(source[files.PositionFor(n.Pos(), false).Offset:files.PositionFor(n.End(), false).Offset])
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			switch {
			case d.Body != nil && (d.Name.Name == "main" || strings.HasPrefix(d.Name.Name, live.CellFunction)):
				p.bodies[d.Name.Name] = text(d.Body)
			case d.Recv != nil:
				p.texts[text(d)] = identifiers(d.Recv)
			default:
				p.texts[text(d)] = []string{d.Name.Name}
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				names := []string{}
				switch s := s.(type) {
				case *ast.ImportSpec:
					names = namesOf(s)
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
				p.texts[d.Tok.String()+" "+text(s)] = names
			}
		}
	}
	for _, n := range identifiers(file) {
		p.used[n] = true
	}
	return p, nil
}

// identifiers are the names in a piece, those behind a dot left out.
func identifiers(n ast.Node) (names []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names = append(names, identifiers(n.X)...)
			return false
		case *ast.Ident:
			names = append(names, n.Name)
		}
		return true
	})
	return names
}

// namesOf are what an import may be called.
func namesOf(i *ast.ImportSpec) []string {
	if i.Name != nil {
		return []string{i.Name.Name}
	}
	imported, _ := strconv.Unquote(i.Path.Value)
	return []string{path.Base(imported), path.Base(path.Dir(imported))} // the second of one such as math/rand/v2
}

// tokens are those of a text, without comments, in a line.
func tokens(text []byte) string {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), text, func(token.Position, string) {}, 0)
	var out strings.Builder
	for {
		_, kind, literal := s.Scan()
		if kind == token.EOF {
			return strings.TrimSuffix(out.String(), ";\n")
		}
		if kind == token.SEMICOLON {
			literal = ""
		}
		out.WriteString(kind.String() + literal + "\n")
	}
}

// calling is the source that calls the cell whose number a file holds, with the file's names and the cells by their numbers.
const calling = `package main

import "os"

var descentCell = func() func() {
	path := os.Getenv(%q)
	if path == "" {
		program, _ := os.Executable()
		path = program + %q
	}
	number, _ := os.ReadFile(path)
	return map[string]func(){
%s	}[string(number)]
}()

//line %s:1
func main() { descentCell() }
`
