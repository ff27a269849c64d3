package claims

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type notebook struct {
	Cells []struct {
		Type    string   `json:"cell_type"`
		Source  []string `json:"source"`
		Outputs []struct {
			Type     string                     `json:"output_type"`
			Text     []string                   `json:"text"`
			Data     map[string]json.RawMessage `json:"data"`
			Metadata map[string]struct {
				Alt string `json:"alt"`
			} `json:"metadata"`
		} `json:"outputs"`
	} `json:"cells"`
}

// notebooks reads every stored notebook of the lecture.
func notebooks(t *testing.T) map[string]notebook {
	t.Helper()
	paths, err := filepath.Glob("../../notebooks/*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := map[string]notebook{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var nb notebook
		require.NoError(t, json.Unmarshal(data, &nb), path)
		all[filepath.Base(path)] = nb
	}
	return all
}

func TestEveryClaimHasACellAndATest(t *testing.T) {
	var prose strings.Builder
	for _, nb := range notebooks(t) {
		for _, c := range nb.Cells {
			if c.Type == "markdown" {
				prose.WriteString(strings.Join(c.Source, ""))
			}
		}
	}
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && path != "../.." {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var data []byte
			data, err = os.ReadFile(path)
			tests.Write(data)
		}
		return err
	}))
	for _, c := range Shown {
		require.True(t, strings.Contains(prose.String(), "**The claim ("+c.ID+").**"), "no cell shows %s: %s", c.ID, c.Says)
		require.True(t, regexp.MustCompile(`\nfunc TestClaim`+c.ID+`[A-Z]\w*\(`).MatchString(tests.String()), "no test asserts %s: %s", c.ID, c.Says)
	}
}

// TestNotebooksAreStoredAsExecuted: no cell is without output or with an error, every picture can be shown where SVG
// is dropped and read where pictures are, and nothing tells on which machine it ran.
func TestNotebooksAreStoredAsExecuted(t *testing.T) {
	machine := regexp.MustCompile(`(/home/|/root/|/tmp/|/Users/|/work/)[\w.-]`)
	for name, nb := range notebooks(t) {
		number := 0
		for _, c := range nb.Cells {
			if c.Type != "code" {
				continue
			}
			number++
			require.NotEmpty(t, c.Outputs, "%s, cell %d", name, number)
			for _, o := range c.Outputs {
				require.NotEqual(t, "error", o.Type, "%s, cell %d", name, number)
				all := strings.Join(o.Text, "")
				for mime, data := range o.Data {
					if strings.HasPrefix(mime, "text/") {
						all += string(data)
					}
				}
				require.NotRegexp(t, machine, all, "%s, cell %d", name, number)
				if _, svg := o.Data["image/svg+xml"]; svg {
					require.Contains(t, o.Data, "image/png", "%s, cell %d", name, number)
					require.Contains(t, o.Data, "text/plain", "%s, cell %d", name, number)
					require.NotEmpty(t, o.Metadata["image/png"].Alt, "%s, cell %d", name, number)
				}
			}
		}
	}
}
