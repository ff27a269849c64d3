package grade

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// A Work is what a submission holds for an assignment. Everything else in it is ignored.
type Work struct {
	Code    map[string]string // by the task's id
	Answers map[string]string // by the question's id
	Notes   map[string]string // what was unusual, by the id

	declared map[string]bool // the functions that the notebook's cells and the files declare
}

func newWork() Work {
	return Work{Code: map[string]string{}, Answers: map[string]string{}, Notes: map[string]string{}, declared: map[string]bool{}}
}

// declares notes a function that stands in the work.
func (w Work) declares(function string) { w.declared[function] = true }

// largestAnswer is how many bytes of an answer are kept, mostCode how many of the cells that have no task's id are looked at.
const (
	largestAnswer = 100_000
	mostCode      = 4 << 20
)

// FromNotebook takes the work out of a notebook. Cells count by the id of their task, as take says. An answer to a question counts by its cell's id, whatever kind of cell it has
// become; that it may stand elsewhere is noted.
func FromNotebook(a *assignment.Assignment, nb *notebook.Notebook) Work {
	w := newWork()
	named, shelved := map[string][]string{}, map[string]string{}
	var others []string
	room, written := mostCode, false // whether there is prose that students did not get
	for _, c := range nb.Cells {
		var meta struct {
			ID string `json:"grade_id"`
		}
		c.Meta("nbgrader", &meta)
		switch {
		case slices.ContainsFunc(a.Questions, func(q assignment.Question) bool { return q.ID == meta.ID }):
			named[meta.ID] = append(named[meta.ID], string(c.Source))
		case c.Type == "code" && a.Task(meta.ID) != nil:
			named[meta.ID] = append(named[meta.ID], declarations(string(c.Source)))
		case a.Task(meta.ID) != nil:
			shelved[meta.ID] = declarations(string(c.Source))
		case c.Type == "code" && len(c.Source) <= largestCode && len(c.Source) <= room:
			room -= len(c.Source)
			others = append(others, declarations(string(c.Source)))
		case c.Type != "code" && strings.TrimSpace(string(c.Source)) != "":
			written = written || !slices.Contains(a.Prose, assignment.ProseSum(string(c.Source)))
		}
	}
	declaring := map[string]string{} // of those that declare a function the last
	for _, cell := range others {
		functionsOf(cell, func(name string) { declaring[name], w.declared[name] = cell, true })
	}
	for _, of := range a.Tasks { // a function may stand in the cell of another task, too
		own := func(name string) bool {
			return slices.ContainsFunc(of.Functions, func(f assignment.Function) bool { return f.Name == name })
		}
		for _, cell := range named[of.ID] {
			functionsOf(cell, func(name string) {
				if _, is := declaring[name]; !is && !own(name) {
					declaring[name] = cell
				}
			})
		}
	}
	for _, t := range a.Tasks {
		w.take(t, named[t.ID], shelved[t.ID], declaring)
	}
	for _, q := range a.Questions {
		texts := named[q.ID]
		if len(texts) > 0 {
			w.Answers[q.ID] = shortened(strings.Join(texts, "\n\n"))
		}
		if len(texts) == 0 {
			w.Notes[q.ID] = fmt.Sprintf("no cell has the id %s any more; if the answer stands elsewhere in the notebook, give it points by hand", q.ID)
		} else if written && !answers(q, w.Answers[q.ID]) {
			w.Notes[q.ID] = "its cell is empty, and the notebook has text elsewhere that students did not get; if that is the answer, give it points by hand"
		}
	}
	return w
}

// take takes the code of a task. The cells with its id count, and if there are several, because one was copied or split, all of them together, the last declaration of each name;
// but not those that are as students got them, if another is not.
// A function that they lack, or leave as students got it, is that of the cell which declares it; or else that of shelved, a cell with the id that is no code cell any more.
func (w Work) take(t assignment.Task, cells []string, shelved string, declaring map[string]string) {
	var notes, lent []string
	copied := false // a cell is as students got it beside what is written: of it counts only what nothing else declares
	written := slices.DeleteFunc(slices.Clone(cells), func(cell string) bool { return asGiven(t, cell) })
	switch {
	case len(written) == 0 && len(cells) > 1:
		cells = cells[:1]
	case len(written) < len(cells) && len(written) > 0:
		copied = true
		cells, notes = written, []string{fmt.Sprintf("a copy of the cell %s is as students got it, and does not count", t.ID)}
	}
	whole, own, named := strings.Join(cells, "\n"), map[string]bool{}, len(cells)
	untouched := asGiven(t, whole)
	functionsOf(whole, func(name string) { own[name], w.declared[name] = !untouched, true })
	if named > 1 {
		notes = append(notes, fmt.Sprintf("%d cells have the id %s; together they count, the last declaration of each name", named, t.ID))
	}
	for _, f := range t.Functions {
		switch cell, is := declaring[f.Name]; {
		case !is || slices.Contains(lent, cell):
		case own[f.Name]:
			if t.Stub == "" { // in a student's own check, which does not know what the cell held at first
				notes = append(notes, fmt.Sprintf("another cell declares %s as well, and counts only if the task's cell is as you got it", f.Name))
			}
		default:
			why := map[bool]string{true: "its cell is as students got it", false: "its cell does not declare " + f.Name}[untouched]
			if named == 0 {
				why = fmt.Sprintf("no cell has the id %s any more", t.ID)
			}
			lent, notes = append(lent, cell), append(notes, fmt.Sprintf("%s; the cell that declares %s counts", why, f.Name))
		}
	}
	if untouched {
		cells = append(cells, lent...)
	} else { // of what both declare, the task's own cell has the answer
		cells = append(lent, cells...)
	}
	if len(cells) == 0 && shelved != "" {
		notes = []string{assignment.NotCode}
		functionsOf(shelved, func(name string) {
			if name == t.Functions[0].Name {
				cells, notes = []string{shelved}, []string{"its cell is Markdown or raw, and counts as code"}
			}
		})
	}
	if copied {
		cells = append([]string{declarations(t.Stub)}, cells...)
	}
	if len(notes) > 0 {
		w.Notes[t.ID] = strings.Join(notes, "; ")
	}
	if len(cells) > 0 {
		w.Code[t.ID] = together(cells)
	}
}

// asGiven tells whether code is what students got, but for comments and spaces.
func asGiven(t assignment.Task, code string) bool {
	even := func(code string) string { return strings.Join(strings.Fields(withoutComments(code)), " ") }
	return t.Stub != "" && even(code) == even(declarations(t.Stub))
}

// declarations are what a cell declares: what stands above its line %%, without the commands of GoNB.
func declarations(cell string) string {
	declared, _ := assignment.Split(strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n"))
	lines := strings.SplitAfter(declared, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "!") || strings.HasPrefix(line, "%") {
			lines[i] = "\n"
		}
	}
	return strings.Join(lines, "")
}

// functionsOf tells the functions that code declares, as far as it is Go.
func functionsOf(code string, note func(name string)) {
	if len(code) > largestCode {
		return
	}
	file, _ := parser.ParseFile(token.NewFileSet(), "", "package p\n"+withoutComments(code), parser.SkipObjectResolution)
	if file == nil {
		return
	}
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Recv == nil {
			note(f.Name.Name)
		}
	}
}

// answers tells whether a text is more than what students find in a question's cell.
func answers(q assignment.Question, text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && text != strings.TrimSpace(q.Empty)
}

// shortened is an answer as far as a person would read it.
func shortened(text string) string {
	if len(text) <= largestAnswer {
		return text
	}
	return fmt.Sprintf("%s\n\n[The answer has %d KB. This is the beginning.]", strings.ToValidUTF8(text[:largestAnswer], ""), len(text)/1000)
}

// together is the code of several cells with one id. A cell that was split in the middle of a function is whole only with the next one.
func together(cells []string) string {
	if len(cells) == 1 {
		return cells[0]
	}
	whole := strings.Join(cells, "\n")
	if len(whole) > largestCode {
		return whole // which the gate refuses
	}
	if text, ok := lastOfEach(whole); ok {
		return text
	}
	for i := len(cells) - 1; i >= 0; i-- {
		if text, ok := lastOfEach(cells[i]); ok && strings.TrimSpace(text) != "" {
			return text
		}
	}
	return cells[len(cells)-1]
}

// lastOfEach is the code without the declarations that a later one replaces, as in a kernel that ran the cells one after the other.
func lastOfEach(code string) (string, bool) {
	return without(hoistImports(withoutComments(code)), map[string]bool{})
}

// without is the code without the declarations of the names, and of each name the last. It adds the names that are left. In a group of which others are left a constant or a variable
// is declared as _ instead: that keeps the values of the others.
func without(code string, names map[string]bool) (string, bool) {
	const head = "package p\n"
	files := token.NewFileSet()
	text := []byte(head + code)
	file, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return code, false
	}
	at := func(pos token.Pos) int { return files.Position(pos).Offset }
	remove := func(n ast.Node) {
		end := at(n.End())
		if rest := bytes.TrimLeft(text[end:], " \t"); len(rest) > 0 && rest[0] == ';' {
			end = len(text) - len(rest) + 1
		}
		assignment.Blank(text, at(n.Pos()), end)
	}
	for _, d := range slices.Backward(file.Decls) {
		of := declared(d)
		group, is := d.(*ast.GenDecl)
		if len(of) > 0 && !slices.ContainsFunc(of, func(name string) bool { return !names[name] }) {
			remove(d)
		} else if is {
			for _, spec := range group.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if names[spec.Name.Name] {
						remove(spec)
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						if names[name.Name] {
							assignment.Blank(text, at(name.Pos()), at(name.End()))
							text[at(name.Pos())] = '_'
						}
					}
				}
			}
		}
		for _, name := range of {
			names[name] = true
		}
	}
	return string(text[len(head):]), true
}

// hoistImports moves import declarations to the top, where Go wants them; a second cell may begin with some.
func hoistImports(code string) string {
	var imports, rest strings.Builder
	within := false
	for line := range strings.Lines(code) {
		begins := strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "import(")
		if begins || within {
			imports.WriteString(strings.TrimRight(line, "\n") + "\n")
			within = (within || strings.Contains(line, "(")) && !strings.Contains(line, ")")
			continue
		}
		rest.WriteString(line)
	}
	return imports.String() + rest.String()
}

// declared are the names that a declaration gives to the package, methods with their receivers.
func declared(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) > 0 {
			return []string{types.ExprString(d.Recv.List[0].Type) + "." + d.Name.Name}
		}
		if d.Name.Name != "init" {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// signature writes a function's type without the names of its arguments.
func signature(t *ast.FuncType) string {
	list := func(fields *ast.FieldList) string {
		var all []string
		if fields != nil {
			for _, f := range fields.List {
				of := typeText(f.Type)
				for range max(1, len(f.Names)) {
					all = append(all, of)
				}
			}
		}
		return "(" + strings.Join(all, ",") + ")"
	}
	return list(t.Params) + list(t.Results)
}

// typeText writes a type, functions in it without the names of their arguments.
func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.FuncType:
		return "func" + signature(e)
	case *ast.ParenExpr:
		return typeText(e.X)
	case *ast.ArrayType:
		if e.Len == nil {
			return "[]" + typeText(e.Elt)
		}
		return "[" + types.ExprString(e.Len) + "]" + typeText(e.Elt)
	case *ast.MapType:
		return "map[" + typeText(e.Key) + "]" + typeText(e.Value)
	}
	return types.ExprString(e)
}

// signatureOf is the signature of a function's type that is written as Go.
func signatureOf(text string) string {
	e, err := parser.ParseExpr(text)
	if t, is := e.(*ast.FuncType); is && err == nil {
		return signature(t)
	}
	return text
}
