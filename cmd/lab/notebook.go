package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notebook is the part of the nbformat that the lab looks at.
type notebook struct {
	Cells  []cell `json:"cells"`
	Format int    `json:"nbformat"`
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

func readNotebook(path string) (notebook, error) {
	var nb notebook
	data, err := os.ReadFile(path)
	if err != nil {
		return nb, fmt.Errorf("the notebook cannot be read: %w", err)
	}
	switch err := json.Unmarshal(data, &nb); {
	case filepath.Ext(path) != ".ipynb":
		return nb, fmt.Errorf("%s is not a notebook: its name does not end in .ipynb", path)
	case err != nil:
		return nb, fmt.Errorf("%s is not a notebook: %w", path, err)
	case nb.Format != 4:
		return nb, fmt.Errorf("%s is not a notebook of format 4, as JupyterLab writes it", path)
	}
	return nb, nil
}

// code is the cells that are executed, in order.
func (nb notebook) code() []cell {
	return slices.DeleteFunc(slices.Clone(nb.Cells), func(c cell) bool { return c.Type != "code" })
}

// engine is the sentence in which the notebook itself says what computed it.
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
	return "no cell says what computed it"
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
