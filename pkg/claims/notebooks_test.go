package claims

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// notebooks reads every stored notebook of the lecture.
func notebooks(t *testing.T) map[string]*notebook.Notebook {
	t.Helper()
	paths, err := filepath.Glob("../../notebooks/*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := map[string]*notebook.Notebook{}
	for _, path := range paths {
		nb, err := notebook.Read(path)
		require.NoError(t, err)
		all[filepath.Base(path)] = nb
	}
	return all
}

func TestEveryClaimHasACellAndATest(t *testing.T) {
	var prose strings.Builder
	for _, nb := range notebooks(t) {
		for _, c := range nb.Cells {
			if c.Type == "markdown" {
				prose.WriteString(string(c.Source))
			}
		}
	}
	asserted := claimsAsserted(t, "../..")
	for _, c := range Shown {
		require.True(t, strings.Contains(prose.String(), "**The claim ("+c.ID+").**"), "no cell shows %s: %s", c.ID, c.Says)
		require.True(t, asserted[c.ID], "no test asserts %s: %s", c.ID, c.Says)
	}
}

// TestNotebooksAreStoredAsExecuted: no cell is without output or with an error, every picture can be shown where SVG
// is dropped and read where pictures are, and nothing tells on which machine it ran.
func TestNotebooksAreStoredAsExecuted(t *testing.T) {
	machine := regexp.MustCompile(`(/home/|/root/|/tmp/|/Users/|/work/)[\w.-]`)
	for name, nb := range notebooks(t) {
		for i, c := range nb.Code() {
			where := fmt.Sprintf("%s, cell %d", name, i+1)
			if strings.Contains(string(c.Source), "%%") { // another one declares, and shows nothing
				require.NotEmpty(t, c.Outputs, where)
			}
			for _, o := range c.Outputs {
				require.NotEqual(t, "error", o.Type, where)
				all := string(o.Text)
				for mime, data := range o.Data {
					if strings.HasPrefix(mime, "text/") {
						all += string(data)
					}
				}
				require.NotRegexp(t, machine, all, where)
				if _, svg := o.Data["image/svg+xml"]; svg {
					require.Contains(t, o.Data, "image/png", where)
					require.Contains(t, o.Data, "text/plain", where)
					var picture struct{ Alt string }
					require.NoError(t, json.Unmarshal(o.Metadata["image/png"], &picture), where)
					require.NotEmpty(t, picture.Alt, where)
				}
			}
		}
	}
}
