package headless

import (
	"path/filepath"
	"strings"
	"testing"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/lab"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// declared are the parameters of a notebook as its source has them.
func declared(t *testing.T, nb *notebook.Notebook) []lab.Param {
	t.Helper()
	list, complete := declarations(nb)
	require.True(t, complete)
	var params []lab.Param
	for _, d := range list {
		require.NotNil(t, d.declare, "%s: %s", d.where(), d.name)
		p := lab.NewParameters(nil)
		require.NoError(t, d.declare(p), d.name)
		params = append(params, p.Declared()...)
	}
	return params
}

func TestEveryParameterOfTheChaptersIsKnownBeforeARun(t *testing.T) {
	h, err := setup.Find("")
	require.NoError(t, err)
	chapters, err := filepath.Glob(filepath.Join(h.Notebooks(), "*.ipynb"))
	require.NoError(t, err)
	require.NotEmpty(t, chapters)
	for _, path := range chapters {
		nb, err := notebook.Read(path)
		require.NoError(t, err)
		// A count that does not come from a parser.
		calls := 0
		for _, c := range nb.Code() {
			for _, kind := range []string{"Float", "Int", "Floats", "Choice", "Bool"} {
				calls += strings.Count(string(c.Source), "lab."+kind+"(")
			}
		}
		require.Len(t, declared(t, nb), calls, path)
	}
}

func read(t *testing.T, cells ...string) (string, *notebook.Notebook) {
	t.Helper()
	path := setuptest.Notebook(t, cells...)
	nb, err := notebook.Read(path)
	require.NoError(t, err)
	return path, nb
}

func TestDeclarationsAreReadAsACompilerWould(t *testing.T) {
	_, nb := read(t,
		"import \"fmt\"\nconst most = 10\nvar kinds = []string{\"c\", \"d\"}\nfunc rate() float64 { return lab.Float(\"rate\", 1, \"rate\") }\n",
		"%% --lr=0.5 \\\n  --n=3\nwords := []string{\"a\", \"b\"}\nlab.Choice(\"word\", \"a\", \"a word\", words...)\nlab.Choice(\"kind\", \"c\", \"a kind\", kinds...)\n"+
			"lab.Float(\"lr\", math.Sqrt2, \"rate \"+\n\"η\", lab.Above(-1e-3), lab.AtMost(2*most))\nlab.Int(\"n\", 1<<4, \"count\", lab.Unit(\"s\"))",
		"func main() {\n\tlab.Floats(\"xs\", []float64{1, -2.5}, \"numbers\", lab.AtLeast(-most))\n\tlab.Bool(\"b\", 1 < 2, \"switch\")\n}",
		"%%bash\nlab.Float(\"no\", 1, \"not Go\")", "!lab.Float(", "// lab.Float(\"no\", 1, \"a comment\")\n%%\n_ = `lab.Float(\"no\", 1, \"a text\")`")
	var texts []string
	for _, p := range declared(t, nb) {
		texts = append(texts, p.String())
	}
	require.Equal(t, []string{
		"--rate (rate, any number, default 1)",
		"--word (a word, one of a, b, default a)",
		"--kind (a kind, one of c, d, default c)",
		"--lr (rate η, -0.001 < lr ≤ 20, default 1.4142135623730951)",
		"--n (count, any whole number, in s, default 16)",
		"--xs (numbers, comma-separated numbers, each xs ≥ -10, default 1,-2.5)",
		"--b (switch, true or false, default true)",
	}, texts)
}

func TestWhatIsKnownOnlyWhenRunIsNotRefused(t *testing.T) {
	for _, cell := range []string{
		"%%\nlab.Float(name(), 1, \"rate\")", // any name may be one
		"%%\nlab.Float(\"lr\", 1, \"rate\", lab.Above(limit()))",
		"%%\nlab.Float(\"lr\", start(), \"rate\")",
		"%%\nwords := []string{\"a\"}\nwords = append(words, \"-1\")\nlab.Choice(\"lr\", \"a\", \"word\", words...)",
		"%%\nthis is not Go(",
	} {
		path, nb := read(t, cell)
		set, err := parseSet([]string{"lr=-1"})
		require.NoError(t, err)
		require.NoError(t, checkSet([]string{path}, []*notebook.Notebook{nb}, set), cell)
	}
}

// sectioned has the parameter lr in three cells of two sections.
func sectioned(t *testing.T) *notebook.Notebook {
	t.Helper()
	_, nb := read(t, "%%\nlab.Float(\"lr\", 0.1, \"rate\", lab.AtMost(1))", "%%\nlab.Float(\"lr\", 0.1, \"rate\", lab.AtMost(0.2))\nlab.Int(\"steps\", 5, \"steps\")",
		"%%\nlab.Float(\"lr\", 0.1, \"rate\", lab.AtMost(1))")
	title := func(s notebook.Text) notebook.Cell { return notebook.Cell{Type: "markdown", Source: s} }
	nb.Cells = []notebook.Cell{title("# 1 · Title\n\nText\n## 1.1 First"), nb.Cells[0], nb.Cells[1], title("## 1.10 Second"), nb.Cells[2]}
	return nb
}

func TestOverridesHoldWhereTheySay(t *testing.T) {
	nb := sectioned(t)
	for given, want := range map[string][]string{
		"lr=0.15":                        {"0.15", "0.15", "0.15"},
		"1.lr=0.15":                      {"0.15", "0.15", "0.15"},
		"1.1.lr=0.15":                    {"0.15", "0.15", ""}, // not in 1.10
		"1.10.lr=1":                      {"", "", "1"},
		"cell2.lr=0.2":                   {"", "0.2", ""},
		"cell2.lr=0.2 1.1.lr=0.1 lr=0.3": {"0.1", "0.2", "0.3"}, // the narrower wins, in any order
		"lr=0.1 lr=0.2":                  {"0.2", "0.2", "0.2"},
	} {
		set, err := parseSet(strings.Fields(given))
		require.NoError(t, err)
		for i, cell := range perCell(nb, set) {
			require.Equal(t, want[i], cell["lr"].value, "%s, cell %d", given, i+1)
		}
	}
}

func TestOverridesThatCannotBeAreRefusedBeforeARun(t *testing.T) {
	nb := sectioned(t)
	for given, says := range map[string]string{
		"lr=0.3":        "cell 2, section 1.1: --set lr=0.3 is out of range; allowed is lr ≤ 0.2 (rate, default 0.1)\nGive a value that all allow, or set it only where it is allowed, such as by --set cell1.lr=0.3 --set cell3.lr=0.3",
		"lr=9":          "cell 1, section 1.1: --set lr=9 is out of range",
		"lr=x":          "is not a number",
		"stesp=3":       "no cell in n.ipynb has the parameter stesp. Did you mean steps? The notebook's parameters are lr, steps",
		"1.10.steps=3":  "no cell in section 1.10 of n.ipynb has the parameter steps.",
		"cell1.steps=3": "no cell in cell 1 of n.ipynb has the parameter steps.",
		"1.10.lr=2":     "cell 3, section 1.10: --set 1.10.lr=2 is out of range",
		"lr=1__0":       "--set lr=1__0 is not a number",
		"2.lr=0.1":      "there is no section 2; n.ipynb has the sections 1.1, 1.10",
		"01.1.lr=0.1":   "there is no section 01.1; n.ipynb has",
		"cell4.lr=1":    "there is no code cell 4; n.ipynb has 3 code cells",
	} {
		set, err := parseSet([]string{given})
		require.NoError(t, err)
		err = checkSet([]string{"n.ipynb"}, []*notebook.Notebook{nb}, set)
		require.ErrorContains(t, err, strings.ReplaceAll(says, "\n", "\n"), given)
	}
	for _, given := range []string{"lr=0.2", "1.10.lr=1", "steps=3", "lr=9 1.lr=0.1"} {
		set, err := parseSet(strings.Fields(given))
		require.NoError(t, err)
		require.NoError(t, checkSet([]string{"n.ipynb"}, []*notebook.Notebook{nb}, set), given)
	}
	for _, bad := range []string{"lr", "=1", "lr=", ".lr=1", "here.lr=1", "cell.lr=1", "cell0.lr=1", "1..lr=1", "1.3.=1", "1.3 lr=1", "1.3=1", " lr=1"} {
		_, err := parseSet([]string{bad})
		require.Error(t, err, bad)
	}
	_, other := read(t, "%%\nlab.Int(\"width\", 5, \"width\")")
	set, err := parseSet([]string{"width=3"}) // one notebook of several has it
	require.NoError(t, err)
	require.NoError(t, checkSet([]string{"n.ipynb", "m.ipynb"}, []*notebook.Notebook{nb, other}, set))
}
