package headless

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// What a cell shows, and how it fails, does not depend on whether the cells of its notebook are one program.
func TestOneProgramForANotebookShowsWhatItsCellsShow(t *testing.T) {
	outputs := map[bool]*notebook.Notebook{}
	for together, last := range map[bool]string{true: "func other() {}", false: "func init_other() {}"} {
		told := filepath.Join(t.TempDir(), "told")
		path := setuptest.Notebook(t,
			fmt.Sprintf("%%%%\n_, err := os.Stat(os.Args[0] + \".values\")\nlab.Check(os.WriteFile(%q, fmt.Append(nil, err == nil), 0o600))", told),
			"func at(xs []float64, i int) float64 {\n\treturn xs[i]\n}\n\n%%\nlab.Say(\"%v\", at([]float64{1}, 0))",
			"%% --lr=0.25\nlr := lab.Float(\"lr\", 1, \"rate\")\nlab.Parse()\nlab.Say(\"%v\", lr)",
			"%% --nothing=1\nlab.Parse()",
			"%%\nlab.Say(\"before\")\n\nlab.Say(\"%v\", at(nil, 3))",
			"%%\nfail := func() {\n\tvar m map[string]int\n\tm[\"a\"]++ // here\n}\nfail()",
			"%%\ngo func() { panic(\"in a goroutine\") }()\nselect {}",
			"%%\nlab.Check(errors.New(\"it is wrong\"))",
			"func deep(n int) int { return deep(n+1) + n }\n%%\nlab.Say(\"%d\", deep(0))",
			"%%\nos.Stderr.WriteString(\"main.main(\\nand more\\n\")",
			"%%\nos.Exit(3)",
			last)
		nb, err := notebook.Read(path)
		require.NoError(t, err)
		for i := range nb.Cells {
			nb.Cells[i].Metadata.Tags = []string{"raises-exception"}
		}
		data, err := nb.Bytes()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		outputs[together], err = execute(t, path, Options{})
		require.NoError(t, err)
		said, err := os.ReadFile(told)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(together), string(said))
	}
	counted := regexp.MustCompile(`goroutine \d+|0x[0-9a-f]+`) // which goroutine, and how deep the stack was
	for i, c := range outputs[true].Cells {
		of := func(nb *notebook.Notebook) string {
			text, err := json.Marshal(nb.Cells[i].Outputs)
			require.NoError(t, err)
			return counted.ReplaceAllString(string(text), "")
		}
		require.Equal(t, of(outputs[false]), of(outputs[true]), string(c.Source))
	}
}
