package grade

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// The code that counts is what the notebook shows, wherever it stands; and whatever is unusual is said.
func TestAnAnswerInAnotherTasksCell(t *testing.T) {
	a, _, err := assignment.Read(root + "/notebooks/assignments/0-practice.ipynb")
	require.NoError(t, err)
	for _, own := range []string{a.Task("descent-step").Stub, "// see below"} {
		nb := sourceOf(t, false)
		for i, c := range nb.Cells {
			var meta assignment.NBGrader
			c.Meta("nbgrader", &meta)
			switch meta.ID {
			case "descent-step":
				nb.Cells[i].Source = notebook.Text(own)
			case "descend":
				nb.Cells[i].Source += notebook.Text("\n\n" + stepHead + "\tmine := theta\n\treturn mine\n}\n")
			}
		}
		w := FromNotebook(a, nb)
		require.Contains(t, w.Code["descent-step"], "mine")
		require.Contains(t, w.Notes["descent-step"], "the cell that declares descentStep counts")
		require.Empty(t, w.Notes["descend"])
	}
}

// What else a cell declares is there beside a copy of it in which the answer stands.
func TestACopyOfACellThatDeclaresMore(t *testing.T) {
	const stub = "type net struct{ a int }\n\nfunc train(n net) int { return 0 }\n"
	w := newWork()
	w.take(assignment.Task{ID: "t", Stub: stub, Functions: []assignment.Function{{Name: "train"}}}, []string{stub, "func train(n net) int { return n.a }"}, "", nil)
	require.Contains(t, w.Code["t"], "type net")
	require.Contains(t, w.Code["t"], "return n.a")
	require.NotContains(t, w.Code["t"], "return 0")
	require.Contains(t, w.Notes["t"], "as students got it, and does not count")
}

func TestWhereTheAnswerStands(t *testing.T) {
	a, _, err := assignment.Read(root + "/notebooks/assignments/0-practice.ipynb")
	require.NoError(t, err)
	const mine, other = stepHead + "\tmine := theta\n\treturn mine\n}\n", stepHead + "\tother := theta\n\treturn other\n}\n"
	type cell struct{ kind, text string }
	stub := cell{"code", a.Task("descent-step").Stub}
	for name, c := range map[string]struct {
		own   []cell // in the place of the task's cell
		below string // a code cell without an id
		want  string // what the code holds, "" if there is none
		note  string
	}{
		"in its cell":                  {[]cell{{"code", mine}}, "", "mine", ""},
		"in its cell and elsewhere":    {[]cell{{"code", mine}}, other, "mine", ""},
		"below the stub":               {[]cell{stub}, mine, "mine", "as students got it"},
		"below the stub with a word":   {[]cell{{"code", strings.Replace(stub.text, "// Your lines.", "// see below", 1)}}, mine, "mine", "as students got it"},
		"below an empty cell":          {[]cell{{"code", ""}}, mine, "mine", "does not declare descentStep"},
		"below a comment":              {[]cell{{"code", "// see below"}}, mine, "mine", "does not declare descentStep"},
		"below what is not Go":         {[]cell{{"code", "see below"}}, mine, "mine", "does not declare descentStep"},
		"with a constant in its cell":  {[]cell{{"code", "const one = 1.0"}}, mine, "const one", "does not declare descentStep"},
		"with a helper of its own":     {[]cell{{"code", "func half(x float64) float64 { return x / 2 }"}}, mine + "\nfunc half(x float64) float64 { return x / 3 }", "x / 2", "does not declare descentStep"},
		"above a copy as handed out":   {[]cell{{"code", mine}, stub}, "", "mine", "as students got it, and does not count"},
		"below two copies":             {[]cell{stub, stub}, mine, "mine", "as students got it"},
		"between two copies":           {[]cell{stub, {"code", mine}, stub}, "", "mine", "as students got it, and does not count"},
		"instead of its cell":          {nil, mine, "mine", "no cell has the id"},
		"in Markdown":                  {[]cell{{"markdown", mine}}, "", "mine", "counts as code"},
		"in a raw cell":                {[]cell{{"raw", mine}}, "", "mine", "counts as code"},
		"below an old one in Markdown": {[]cell{{"markdown", other}}, mine, "mine", "no cell has the id"},
		"above an old one in Markdown": {[]cell{{"code", mine}, {"markdown", other}}, "", "mine", ""},
		"words in Markdown":            {[]cell{{"markdown", "I do not know."}}, "", "", "make it a code cell again"},
		"nowhere":                      {nil, "", "", ""},
		"nowhere but the stub":         {[]cell{stub}, "", "return theta", ""},
	} {
		t.Run(name, func(t *testing.T) {
			nb := sourceOf(t, false)
			at := slices.IndexFunc(nb.Cells, func(c notebook.Cell) bool {
				var meta assignment.NBGrader
				c.Meta("nbgrader", &meta)
				return meta.ID == "descent-step"
			})
			var cells []notebook.Cell
			for _, own := range c.own {
				of := nb.Cells[at]
				of.Type, of.Source = own.kind, notebook.Text(own.text)
				cells = append(cells, of)
			}
			if c.below != "" {
				cells = append(cells, notebook.Cell{Type: "code", Source: notebook.Text(c.below)})
			}
			nb.Cells = slices.Replace(nb.Cells, at, at+1, cells...)
			work := FromNotebook(a, nb)
			code, is := work.Code["descent-step"]
			require.Equal(t, c.want != "", is)
			require.Contains(t, code, c.want)
			require.NotContains(t, code, "other")
			require.Contains(t, work.Notes["descent-step"], c.note)
			require.Equal(t, c.note == "", work.Notes["descent-step"] == "", work.Notes["descent-step"])
			if c.want != "" {
				require.NoError(t, asked(*a.Task("descent-step"), code))
			}
		})
	}
}

// Of several declarations of a name the last counts, one in a group too, and the rest of the group stays what it was.
func TestTheLastDeclarationOfEachName(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		want map[string]string // the values of constants and variables
	}{
		"constants in a group":  {"const (\n\tone = 1.0\n\ttwo = 2.0\n)\nconst one = 3.0\n", map[string]string{"one": "3", "two": "2"}},
		"in a line":             {"const (one = 1; two = 2)\nconst two = 3\n", map[string]string{"one": "1", "two": "3"}},
		"counted constants":     {"const (\n\ta = iota\n\tb\n\tc\n)\nconst a, b = 7, 8\n", map[string]string{"a": "7", "b": "8", "c": "2"}},
		"variables of one line": {"var scale, offset = 2, 1\nvar scale = 3\nconst used = 1\n", map[string]string{"used": "1"}},
		"variables in a group":  {"var (\n\ta = 1\n\tb = a\n)\nvar b = 2\n", nil},
		"types in a group":      {"type (\n\tT int\n\tU = T\n)\ntype T float64\nconst x U = 1\n", map[string]string{"x": "1"}},
		"types in a line":       {"type (T int; U int)\ntype T float64\ntype V T\n", nil},
		"the whole group":       {"const (\n\ta = 1\n\tb = 2\n)\nconst (\n\ta = 3\n\tb = 4\n)\n", map[string]string{"a": "3", "b": "4"}},
		"nothing of it":         {"const (\n\ta = 1\n\tb = 2\n)\n", map[string]string{"a": "1", "b": "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			text, ok := lastOfEach(c.code)
			require.True(t, ok)
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, "", "package p\n"+text, 0)
			require.NoError(t, err, text)
			pkg, err := new(types.Config).Check("p", files, []*ast.File{file}, nil)
			require.NoError(t, err, text)
			require.Equal(t, strings.Count(c.code, "\n"), strings.Count(text, "\n"))
			for name, value := range c.want {
				require.Equal(t, value, pkg.Scope().Lookup(name).(*types.Const).Val().String())
			}
		})
	}
	_, ok := lastOfEach("const (\n\ta = 1\n\ta = 2\n)\n")
	require.True(t, ok)
	text, _ := lastOfEach("var a, a = 1, 2\n")
	require.Contains(t, text, "a, a", "that is no Go, in one cell as in the compiler")
}
