package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/notebook"
)

// withNotebook is a cell's folder of a notebook that is executed.
func withNotebook(t *testing.T, cells ...string) cell {
	c := planned(t)
	nb := notebook.New()
	for _, source := range cells {
		nb.Cells = append(nb.Cells, notebook.Cell{Type: "code", Source: notebook.Text(source)})
	}
	data, err := nb.Bytes()
	require.NoError(t, err)
	c.write("../n.ipynb", string(data))
	goimports, err := exec.Command("go", "tool", "-n", "goimports").Output()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(strings.TrimSpace(string(goimports)), c.at("../bin/goimports")))
	c.env = append(c.env, "DESCENT_NOTEBOOK="+c.at("../n.ipynb"), "PATH="+c.at("../bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return c
}

// together runs the cell and says whether its program is that of the notebook.
func (c cell) together(source string) (out string, shared bool) {
	c.t.Helper()
	out, _ = c.run("package main\n\n" + source)
	all, err := filepath.Glob(c.at(".together/*/program"))
	require.NoError(c.t, err)
	return out, slices.ContainsFunc(all, func(program string) bool { return same(c.at("program"), program) })
}

var oneNotebook = []string{
	"import (\n\t\"fmt\"\n\t\"descent.example/pkg/lab\"\n)\n\nconst two = 2\n\n// twice is said.\nfunc twice(x int) int { return two * x }\n\n%%\nfmt.Println(twice(2))",
	"var names = []string{\"one\"}\n%%\nlab.Say(\"%v\", names) // said",
	"type pair struct{ a, b int }\n%% --lr=3\nfmt.Println(pair{1, 2})",
	"%%\nprintln(strings.ToUpper(\"end\"), max(1, 2))",
	"func (p pair) String() string { return \"a pair\" }\n\nfunc max(a, b int) int { return -1 }",
	"import o \"other.example\"\n\n%%\nprintln(o.Name)",
	"%%\nfor i := range 1 {\n\tprintln(i)\n}",
}

const counts = "import \"flag\"\n\nfunc main() {\n\tflag.Parse()\n\tfor i := range 1 {\n\t\tprintln(i)\n\t}\n}\n"

const declared = "const two = 2\n\nfunc twice(x int) int { return two * x }\n"

func TestCellsOfANotebookShareAProgram(t *testing.T) {
	c := withNotebook(t, oneNotebook...)
	c.write("../other/other.go", "package other\n\nconst Name = \"other\"\n")
	first := "import \"fmt\"\n\n" + declared + "\nfunc main() {\n\tflag.Parse()\n\tfmt.Println(twice(2))\n}\n"
	first = strings.Replace(first, "import \"fmt\"", "import (\n\t\"flag\"\n\t\"fmt\"\n)", 1)
	for _, one := range []struct {
		why, source, out string
		shared           bool
	}{
		{"as it is", first, "4\n", true},
		{"other words beside it", strings.Replace(first, "const", "// of them\nconst", 1), "4\n", true},
		{"another statement", strings.Replace(first, "twice(2)", "twice(3)", 1), "6\n", false},
		{"a statement more", strings.Replace(first, "twice(2))", "twice(2))\n\tprintln(5)", 1), "4\n5\n", false},
		{"another declaration", strings.Replace(first, "two = 2", "two = 3", 1), "6\n", false},
		{"a declaration more", first + "\nfunc init() { println(\"init\") }\n", "init\n4\n", false},
		{"none of a name", strings.Replace(first, "const two = 2", "", 1), "undefined: two", false},
		{"none of an import", strings.Replace(first, "\t\"fmt\"\n", "", 1), "undefined: fmt", false},
		{"no flags", strings.Replace(strings.Replace(first, "\tflag.Parse()\n", "", 1), "\t\"flag\"\n", "", 1), "4\n", false},
		{"a variable", "import (\n\t\"flag\"\n\n\t\"descent.example/pkg/lab\"\n)\n\nvar (\n\tnames = []string{\"one\"}\n)\n\nfunc main() {\n\tflag.Parse()\n\tlab.Say(\"%v\", names)\n}\n", "[one]", true},
		{"a method that it has not yet", strings.Replace(first, "func main() {\n\tflag.Parse()\n\tfmt.Println(twice(2))", "type pair struct{ a, b int }\n\nfunc main() {\n\tflag.Parse()\n\tfmt.Println(pair{1, 2})", 1), "{1 2}\n", false},
		{"a name that it has not yet", "import (\n\t\"flag\"\n\t\"strings\"\n)\n\nfunc main() {\n\tflag.Parse()\n\tprintln(strings.ToUpper(\"end\"), max(1, 2))\n}\n", "END 2\n", false},
		{"what another version of Go refuses", counts, "0\n", true},
		{"a cell that declares", "import \"flag\"\n\n" + declared + "\nfunc main() { flag.Parse() }\n", "", true},
		{"an import of its own name", "import (\n\t\"flag\"\n\to \"other.example\"\n)\n\nfunc main() {\n\tflag.Parse()\n\n\tprintln(o.Name)\n}\n", "other\n", true},
	} {
		out, shared := c.together(one.source)
		require.Contains(t, out, one.out, one.why)
		require.Equal(t, one.shared, shared, one.why)
	}
	c.write("../other/other.go", "package other\n\nconst Name = \"edited\"\n")
	out, _ := c.together("import (\n\t\"flag\"\n\to \"other.example\"\n)\n\nfunc main() {\n\tflag.Parse()\n\n\tprintln(o.Name)\n}\n")
	require.Equal(t, "edited\n", out)
	c.write("go.mod", "module cell\n\ngo 1.21\n")
	out, shared := c.together(counts)
	require.Contains(t, out, "requires go1.22")
	require.False(t, shared)
}

// A notebook whose cells may do something to each other has no program of all of them.
func TestCellsThatAreNotTogether(t *testing.T) {
	source := "import (\n\t\"flag\"\n\t\"fmt\"\n)\n\n" + declared + "\nfunc main() {\n\tflag.Parse()\n\tfmt.Println(twice(2))\n}\n"
	for _, last := range []string{
		"func init() { println(\"init\") }", "func init_x() { println(\"init\") }", "var x = twice(1)", "var x = 1 / two", "const (\n\ta = iota\n\tb\n)",
		"import _ \"embed\"", "//go:noinline\nfunc f() {}", "%%\nruntime.GC()", "func twice() {}", "%%\nx := 1", "func (", "func descentCell1() {}",
		"import \"fmt\"\n%%\nvar c chan int\nfmt.Println(<-c)\nfunc", "func main() {}",
		"type p = struct{ a int }", "import \"image/png\"\n\nvar encode = func() { png.Encode(nil, nil) }", "var q = ex.a",
	} {
		c := withNotebook(t, append(oneNotebook[:4:4], last)...)
		c.write("../other/other.go", "package other\n")
		out, shared := c.together(source)
		require.Equal(t, "4\n", out)
		require.False(t, shared, last)
	}
	c := withNotebook(t, append(oneNotebook[:4:4], "var ex, why = -1, map[string][]int{\"a\": {two}}\nvar call = func() int { return twice(1) }", "!ls", "%%bash\nls")...)
	_, shared := c.together(source)
	require.True(t, shared)
	c = withNotebook(t, oneNotebook[:3]...)
	_, shared = c.together(source)
	require.False(t, shared, "too few")
}
