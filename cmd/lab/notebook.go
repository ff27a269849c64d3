package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"descent.example/pkg/lab"
)

// notebook is the part of the nbformat that the lab looks at.
type notebook struct {
	Cells    []cell `json:"cells"`
	Format   int    `json:"nbformat"`
	Metadata *struct {
		Kernelspec struct {
			Language string `json:"language"`
		} `json:"kernelspec"`
		LanguageInfo struct {
			Name string `json:"name"`
		} `json:"language_info"`
	} `json:"metadata"`
}

// language is the one that the notebook says its cells are in, "" if it says nothing.
func (nb notebook) language() string {
	return cmp.Or(nb.Metadata.Kernelspec.Language, nb.Metadata.LanguageInfo.Name)
}

type cell struct {
	Type     string   `json:"cell_type"`
	Source   text     `json:"source"`
	Outputs  []output `json:"outputs"`
	Metadata struct {
		Tags []string `json:"tags"`
	} `json:"metadata"`
}

type output struct {
	Text text                       `json:"text"` // of a stream
	Data map[string]json.RawMessage `json:"data"`
}

// text is a string that nbformat may write as a list of lines.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var lines []string
	if err := json.Unmarshal(data, &lines); err == nil {
		*t = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// largestNotebook is far above what pictures and their sliders take.
const largestNotebook = 512 << 20

func readNotebook(path string) (notebook, error) {
	var nb notebook
	if filepath.Ext(path) != ".ipynb" {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return nb, fmt.Errorf("%s is not a notebook: its name does not end in .ipynb", path)
		}
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > largestNotebook {
		return nb, fmt.Errorf("%s is not a notebook that can be executed: it has %d MiB, and %d are the most", path, info.Size()>>20, largestNotebook>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nb, fmt.Errorf("the notebook cannot be read: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors of Windows begin a text with a byte order mark
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(data, &nb); {
	case errors.As(err, &wrong) && wrong.Field != "":
		return nb, fmt.Errorf("%s is not a whole notebook: its %q holds a JSON %s, which no notebook has there", path, wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return nb, fmt.Errorf("%s is not a notebook: it is a JSON %s, and a notebook is an object", path, wrong.Value)
	case err != nil:
		return nb, fmt.Errorf("%s is not a notebook: it is not JSON (%w)", path, err)
	case nb.Format == 0:
		return nb, fmt.Errorf("%s is not a notebook: it does not say its format (nbformat)", path)
	case nb.Format != 4:
		return nb, fmt.Errorf("%s is a notebook of format %d: open it in JupyterLab and save it, which makes it one of format 4", path, nb.Format)
	case nb.Cells == nil:
		return nb, fmt.Errorf("%s is not a whole notebook: it has no list of cells", path)
	case nb.Metadata == nil:
		return nb, fmt.Errorf("%s is not a whole notebook: it has no metadata", path)
	case nb.language() != "" && nb.language() != "go":
		return nb, fmt.Errorf("%s is a notebook in %s: the lab executes Go", path, nb.language())
	}
	var parts struct{ Cells []struct{ Source *text } }
	if err := json.Unmarshal(data, &parts); err != nil {
		return nb, err
	}
	for i, c := range nb.Cells {
		switch {
		case !slices.Contains([]string{"code", "markdown", "raw"}, c.Type):
			return nb, fmt.Errorf("%s is not a whole notebook: its cell %d is neither code nor text, but %q", path, i+1, c.Type)
		case parts.Cells[i].Source == nil:
			return nb, fmt.Errorf("%s is not a whole notebook: its cell %d has no source", path, i+1)
		}
	}
	return nb, nil
}

// cut is what the cells' outputs say is missing of them.
func (nb notebook) cut() string {
	var lines []string
	for i, c := range nb.code() {
		for line := range strings.Lines(c.words()) {
			if strings.HasPrefix(line, lab.CutNotice) {
				lines = append(lines, fmt.Sprintf("cell %d (%s): %s", i+1, c.name(), strings.TrimSpace(line)))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// code is the cells that are executed, in order.
func (nb notebook) code() []cell {
	return slices.DeleteFunc(slices.Clone(nb.Cells), func(c cell) bool { return c.Type != "code" })
}

// engine is the sentence in which the notebook itself says what computed it, "" if it has none.
func (nb notebook) engine() string {
	for _, c := range nb.Cells {
		if !c.has(tagMachine) {
			continue
		}
		for line := range strings.Lines(c.words()) {
			if strings.Contains(line, "computes") {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

// summary is what a person hears of an executed notebook.
func (nb notebook) summary(took time.Duration) string {
	text := fmt.Sprintf("%d cells in %.1f s", len(nb.code()), took.Seconds())
	if engine := nb.engine(); engine != "" {
		text += "; " + engine
	}
	return text
}

// Tags that cells carry in their metadata.
const (
	tagMachine = "machine" // what the cell prints depends on the machine: which one computes, or how fast
)

func (c cell) has(tag string) bool { return slices.Contains(c.Metadata.Tags, tag) }

// name is the first line that says what the cell does.
func (c cell) name() string {
	first := "(empty)"
	for line := range strings.Lines(string(c.Source)) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case !strings.HasPrefix(line, "%%") && !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "import"):
			return line
		case first == "(empty)":
			first = line
		}
	}
	return first
}

// words is all the text that the cell showed: streams, then each display's plain or markdown text.
func (c cell) words() string {
	var b strings.Builder
	for _, o := range c.Outputs {
		b.WriteString(string(o.Text))
		for _, mime := range []string{"text/markdown", "text/plain"} {
			var t text
			if raw, ok := o.Data[mime]; ok && json.Unmarshal(raw, &t) == nil {
				b.WriteString(string(t) + "\n")
				break
			}
		}
	}
	return b.String()
}

// kinds lists what the cell's displays consist of, such as "image/png image/svg+xml text/plain".
func (c cell) kinds() []string {
	var all []string
	for _, o := range c.Outputs {
		var mimes []string
		for mime := range o.Data {
			mimes = append(mimes, mime)
		}
		slices.Sort(mimes)
		if len(mimes) > 0 {
			all = append(all, strings.Join(mimes, " "))
		}
	}
	return all
}
