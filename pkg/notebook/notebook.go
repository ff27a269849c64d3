// Package notebook reads, compares and writes the lab's notebooks: files of Jupyter's nbformat 4 whose cells are in Go. It
// is the only code that knows how such a file is laid out.
//
// Source: https://nbformat.readthedocs.io/en/latest/format_description.html
package notebook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"descent.example/internal/brief"
)

// A Notebook is what a file holds, or one that is to be written. The zero Notebook is that of New, without cells.
type Notebook struct {
	Cells []Cell

	read parts
}

// parts are all those of a JSON object, as they were read: what the lab does not know is written back.
type parts map[string]json.RawMessage

// A Cell is a text or a piece of a program with what it showed.
type Cell struct {
	Type     string       `json:"cell_type"` // code, markdown or raw
	Source   Text         `json:"source"`
	Outputs  []Output     `json:"outputs"` // of a code cell
	Metadata CellMetadata `json:"metadata"`

	read parts
}

// CellMetadata is the part of a cell's metadata that the lab looks at.
type CellMetadata struct {
	Tags []string `json:"tags"`
}

// UnmarshalJSON reads a cell. It is an error when a part has a type that nbformat does not give it.
func (c *Cell) UnmarshalJSON(data []byte) error {
	type plain Cell
	if err := json.Unmarshal(data, (*plain)(c)); err != nil {
		return err
	}
	var others struct {
		ID             string                                `json:"id"`
		ExecutionCount int                                   `json:"execution_count"`
		Attachments    map[string]map[string]json.RawMessage `json:"attachments"`
	}
	if err := json.Unmarshal(data, &others); err != nil {
		return err
	}
	return json.Unmarshal(data, &c.read)
}

// TagMachine is the tag of a cell whose output depends on the machine: on what computes, or how fast.
const TagMachine = "machine"

// TagChaotic is the tag of a cell whose numbers a single rounding changes, because the training that it shows is chaotic.
const TagChaotic = "chaotic"

// An Output is something that a cell showed: a stream's text, an error, or one thing in several formats.
type Output struct {
	Type     string                     `json:"output_type"` // stream, display_data, execute_result or error
	Text     Text                       `json:"text"`        // of a stream
	Data     map[string]json.RawMessage `json:"data"`        // of the others, by their MIME types
	Metadata map[string]json.RawMessage `json:"metadata"`

	read parts
}

// UnmarshalJSON reads an output. It is an error when a part has a type that nbformat does not give it.
func (o *Output) UnmarshalJSON(data []byte) error {
	type plain Output
	if err := json.Unmarshal(data, (*plain)(o)); err != nil {
		return err
	}
	return json.Unmarshal(data, &o.read)
}

// Text is a text, which nbformat writes as one string or as a list of lines.
type Text string

// UnmarshalJSON reads either form. It is an error when the JSON is neither.
func (t *Text) UnmarshalJSON(data []byte) error {
	var lines []string
	if err := json.Unmarshal(data, &lines); err == nil {
		*t = Text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// largest is far above what pictures and their sliders take.
const largest = 512 << 20

// Read reads the notebook in a file. It is an error when the file's name does not end in .ipynb, when it is a folder, a
// device or a pipe, when it cannot be read or has more than 512 MiB, and when Parse refuses what is in it.
func Read(path string) (*Notebook, error) {
	info, err := os.Stat(path)
	switch {
	case filepath.Ext(path) != ".ipynb" && (err != nil || !info.IsDir()):
		return nil, fmt.Errorf("%s is not a notebook: its name does not end in .ipynb", cmp.Or(brief.Of(path), `""`))
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name a notebook in it", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a notebook: it is a device or a pipe, and a notebook is a file", path)
	case err == nil && info.Size() > largest:
		return nil, fmt.Errorf("%s is not a notebook that can be executed: it has %d MiB, and %d are the most", path, info.Size()>>20, largest>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the notebook cannot be read: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a notebook from the text of its file; name is what errors call it. It is an error, which says what is wrong,
// when the text is not a whole notebook of format 4 or says that its cells are in another language than Go.
func Parse(name string, data []byte) (*Notebook, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors of Windows begin a text with a byte order mark
	var file struct {
		Cells    []Cell `json:"cells"`
		Format   int    `json:"nbformat"`
		Minor    int    `json:"nbformat_minor"`
		Metadata *struct {
			Kernelspec struct {
				Name     string `json:"name"`
				Language string `json:"language"`
			} `json:"kernelspec"`
			LanguageInfo struct {
				Name string `json:"name"`
			} `json:"language_info"`
		} `json:"metadata"`
	}
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(data, &file); {
	case errors.As(err, &wrong) && wrong.Field != "":
		return nil, fmt.Errorf("%s is not a whole notebook: its %q holds a JSON %s, which no notebook has there", name, wrong.Field, brief.Of(wrong.Value))
	case errors.As(err, &wrong):
		return nil, fmt.Errorf("%s is not a notebook: it is a JSON %s, and a notebook is an object", name, wrong.Value)
	case err != nil:
		return nil, fmt.Errorf("%s is not a notebook: it is not JSON (%w)", name, err)
	case !utf8.Valid(data):
		return nil, fmt.Errorf("%s is not a notebook: it holds bytes that are no text in UTF-8", name)
	case halfCharacter(data) != "":
		return nil, fmt.Errorf("%s is not a whole notebook: it holds %s, half of a character, without the other half; delete it in a text editor", name, halfCharacter(data))
	case file.Format == 0:
		return nil, fmt.Errorf("%s is not a notebook: it does not say its format (nbformat)", name)
	case file.Format < 0 || file.Format > 4:
		return nil, fmt.Errorf("%s is a notebook of format %d, which the lab does not know: save it as one of format 4 with the program that wrote it", name, file.Format)
	case file.Format != 4:
		return nil, fmt.Errorf("%s is a notebook of format %d: open it in JupyterLab and save it, which makes it one of format 4", name, file.Format)
	case file.Cells == nil:
		return nil, fmt.Errorf("%s is not a whole notebook: it has no list of cells", name)
	case file.Metadata == nil:
		return nil, fmt.Errorf("%s is not a whole notebook: it has no metadata", name)
	}
	switch language := cmp.Or(file.Metadata.Kernelspec.Language, file.Metadata.LanguageInfo.Name); {
	case language == "" && !ofGo(file.Metadata.Kernelspec.Name):
		return nil, fmt.Errorf("%s is a notebook for the kernel %q: the lab executes Go", name, brief.Of(file.Metadata.Kernelspec.Name))
	case language != "" && language != "go":
		return nil, fmt.Errorf("%s is a notebook in %s: the lab executes Go", name, language)
	}
	nb := &Notebook{Cells: file.Cells}
	if err := json.Unmarshal(data, &nb.read); err != nil {
		return nil, err
	} else if string(nb.read["nbformat_minor"]) == "null" {
		return nil, fmt.Errorf("%s is not a whole notebook: its nbformat_minor is null", name)
	}
	for i, c := range nb.Cells {
		switch {
		case !c.typed():
			return nil, fmt.Errorf("%s is not a whole notebook: its cell %d is neither code nor text, but %q", name, i+1, c.Type)
		case c.read["source"] == nil || string(c.read["source"]) == "null":
			return nil, fmt.Errorf("%s is not a whole notebook: its cell %d has no source", name, i+1)
		case slices.ContainsFunc(c.Outputs, func(o Output) bool { return o.read == nil }):
			return nil, fmt.Errorf("%s is not a whole notebook: in its cell %d an output is null", name, i+1)
		case slices.ContainsFunc(c.Outputs, func(o Output) bool { return string(o.read["data"]) == "null" }):
			return nil, fmt.Errorf("%s is not a whole notebook: in its cell %d the data of an output are null", name, i+1)
		}
		for _, part := range []string{"outputs", "metadata", "attachments", "id"} {
			if string(c.read[part]) == "null" {
				return nil, fmt.Errorf("%s is not a whole notebook: in its cell %d %q is null", name, i+1, part)
			}
		}
	}
	return nb, nil
}

// ofGo tells whether a kernel that does not say its language is one of Go's by its name: GoNB's, the lab's own, or none.
func ofGo(kernel string) bool {
	return kernel == "" || kernel == "descent" || strings.HasPrefix(kernel, "go")
}

// escapes are an escaped backslash, both halves of a character that JSON writes as two, or one half alone.
var escapes = regexp.MustCompile(`\\\\|(?i:\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|((?i:\\ud[89a-f][0-9a-f]{2}))`)

// halfCharacter is the first escape of half a character that stands alone in JSON, or "". Go reads it, and Python cannot write it.
func halfCharacter(data []byte) string {
	for _, found := range escapes.FindAllSubmatch(data, -1) {
		if found[1] != nil {
			return string(found[1])
		}
	}
	return ""
}

// Code returns the cells that are executed, in order. A nil notebook has none.
func (nb *Notebook) Code() []Cell {
	if nb == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(nb.Cells), func(c Cell) bool { return c.Type != "code" })
}

// typed tells whether the cell has one of the types that there are.
func (c Cell) typed() bool { return slices.Contains([]string{"code", "markdown", "raw"}, c.Type) }

// Has tells whether the cell carries a tag in its metadata.
func (c Cell) Has(tag string) bool { return slices.Contains(c.Metadata.Tags, tag) }

// ID returns the cell's id, "" if it has none, as before format 4.5.
func (c Cell) ID() string {
	var id string
	json.Unmarshal(c.read["id"], &id)
	return id
}

// Name returns the first line of the source that says what the cell does.
func (c Cell) Name() string {
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

// Text returns the source, in which a picture that is attached to the cell stands in place of its name.
func (c Cell) Text() string {
	var attached map[string]map[string]string
	json.Unmarshal(c.read["attachments"], &attached)
	text := string(c.Source)
	for name, types := range attached {
		for mime, data := range types {
			text = strings.ReplaceAll(text, "attachment:"+name, "data:"+mime+";base64,"+data)
			break
		}
	}
	return text
}

// Words returns all the text that the cell showed: streams, then each display's markdown or plain text.
func (c Cell) Words() string {
	var b strings.Builder
	for _, o := range c.Outputs {
		b.WriteString(string(o.Text))
		for _, mime := range []string{"text/markdown", "text/plain"} {
			if text, ok := o.As(mime); ok {
				b.WriteString(text + "\n")
				break
			}
		}
	}
	return b.String()
}

// As returns the output in one of its textual formats, such as text/plain, and false if it does not have it.
func (o Output) As(mime string) (string, bool) {
	var text Text
	raw, ok := o.Data[mime]
	ok = ok && json.Unmarshal(raw, &text) == nil
	return string(text), ok
}

// Traceback returns what the kernel said of an error, "" of another output.
func (o Output) Traceback() string {
	var lines []string
	json.Unmarshal(o.read["traceback"], &lines)
	return strings.Join(lines, "\n")
}

// Kinds lists what each of the cell's displays consists of, such as "image/png image/svg+xml text/plain". The numbers of a picture
// (text/csv) do not count: a picture has them only if they are few.
func (c Cell) Kinds() []string {
	var all []string
	for _, o := range c.Outputs {
		var mimes []string
		for mime := range o.Data {
			if mime != "text/csv" {
				mimes = append(mimes, mime)
			}
		}
		slices.Sort(mimes)
		if len(mimes) > 0 {
			all = append(all, strings.Join(mimes, " "))
		}
	}
	return all
}
