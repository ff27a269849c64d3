package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// New returns a notebook of these cells, in Go and of format 4.5.
func New(cells ...Cell) *Notebook {
	return &Notebook{Cells: cells}
}

// ofNew are the parts of a notebook that was not read.
var ofNew = parts{
	"metadata": json.RawMessage(`{"language_info":{"name":"go"}}`),
	"nbformat": json.RawMessage("4"), "nbformat_minor": json.RawMessage("5"),
}

// Bytes returns the text of the notebook's file, laid out as Jupyter does it. What was read and is not changed stays as it
// was, parts that the lab does not know included. A cell without an id gets one if the notebook's format wants it. It is an
// error when the notebook is nil, when a cell's type is not code, markdown or raw, and when the data or the metadata of an output
// are not JSON.
func (nb *Notebook) Bytes() ([]byte, error) {
	if nb == nil {
		return nil, errors.New("the notebook is nil: use what Read or Parse returns, after a look at its error")
	}
	read := nb.read
	if read == nil {
		read = ofNew
	}
	for i, c := range nb.Cells {
		if !c.typed() {
			return nil, fmt.Errorf("the notebook cannot be written: cell %d has the type %q, and code, markdown and raw are those that there are", i+1, c.Type)
		}
	}
	file := read.open()
	cells := append([]Cell{}, nb.Cells...) // not nil, which JSON writes as null
	var minor int
	json.Unmarshal(read["nbformat_minor"], &minor)
	if minor >= 5 {
		giveIDs(cells)
	}
	file["cells"] = cells
	data, err := encode(file)
	if err != nil {
		return nil, fmt.Errorf("the notebook cannot be written: %w", err)
	}
	var text bytes.Buffer
	err = json.Indent(&text, data, "", " ")
	return text.Bytes(), err
}

// giveIDs gives those cells an id, cell-1 and so on, that have none.
func giveIDs(cells []Cell) {
	taken := map[string]bool{}
	for _, c := range cells {
		taken[string(c.read["id"])] = true
	}
	number := 0
	for i := range cells {
		if cells[i].read["id"] != nil {
			continue
		}
		id := ""
		for id == "" || taken[id] {
			number++
			id = fmt.Sprintf(`"cell-%d"`, number)
		}
		read := parts{"id": json.RawMessage(id)}
		for name, part := range cells[i].read {
			read[name] = part
		}
		cells[i].read = read
	}
}

// MarshalJSON writes the cell as nbformat has it. It is an error when the data or the metadata of an output are not JSON.
func (c Cell) MarshalJSON() ([]byte, error) {
	cell := c.read.open()
	cell["cell_type"], cell["source"] = c.Type, c.Source
	var metadata parts
	var tags []string
	json.Unmarshal(c.read["metadata"], &metadata)
	json.Unmarshal(metadata["tags"], &tags)
	all := metadata.open()
	if !slices.Equal(tags, c.Metadata.Tags) {
		all["tags"] = c.Metadata.Tags
	}
	cell["metadata"] = all
	if c.Type == "code" {
		cell["outputs"] = append([]Output{}, c.Outputs...)
		cell["execution_count"] = orNull(c.read["execution_count"])
	} else {
		delete(cell, "outputs")
		delete(cell, "execution_count")
	}
	return encode(cell)
}

// Meta reads the part of the cell's metadata that has the name, and tells whether there is one. It is an error when the part does not
// fit what it is read into.
func (c Cell) Meta(name string, into any) (bool, error) {
	var metadata parts
	json.Unmarshal(c.read["metadata"], &metadata)
	part, there := metadata[name]
	if !there {
		return false, nil
	}
	return true, json.Unmarshal(part, into)
}

// WithMeta returns the cell with these parts as all its metadata but the tags. It is an error when a part cannot be JSON.
func (c Cell) WithMeta(metadata map[string]any) (Cell, error) {
	all := maps.Clone(metadata)
	if len(c.Metadata.Tags) > 0 {
		all["tags"] = c.Metadata.Tags
	}
	text, err := encode(all)
	if err != nil {
		return c, fmt.Errorf("the metadata cannot be written: %w", err)
	}
	return c.with("metadata", text), nil
}

// Cleared returns the cell without what it showed, without the number of its execution and without attached files.
func (c Cell) Cleared() Cell {
	c.Outputs = nil
	c = c.with("execution_count", json.RawMessage("null"))
	delete(c.read, "attachments")
	return c
}

// with returns the cell with another part.
func (c Cell) with(name string, part json.RawMessage) Cell {
	read := maps.Clone(c.read)
	if read == nil {
		read = parts{}
	}
	read[name] = part
	c.read = read
	return c
}

// Like returns a notebook of these cells that has the kernel and the format of another, and nothing else of it.
func (nb *Notebook) Like(cells ...Cell) *Notebook {
	like := New(cells...)
	if nb.read == nil {
		return like
	}
	var metadata parts
	json.Unmarshal(nb.read["metadata"], &metadata)
	maps.DeleteFunc(metadata, func(name string, _ json.RawMessage) bool { return name != "kernelspec" && name != "language_info" })
	text, _ := encode(metadata.open())
	like.read = parts{"metadata": text, "nbformat": nb.read["nbformat"], "nbformat_minor": nb.read["nbformat_minor"]}
	return like
}

// MarshalJSON writes the output as nbformat has it: a stream that was not read from a file is standard output. It is an
// error when its data or metadata are not JSON.
func (o Output) MarshalJSON() ([]byte, error) {
	output := o.read.open()
	output["output_type"] = o.Type
	switch o.Type {
	case "stream":
		output["text"] = o.Text
		if output["name"] == nil {
			output["name"] = "stdout"
		}
	case "display_data", "execute_result":
		output["data"], output["metadata"] = parts(o.Data).open(), parts(o.Metadata).open()
		if o.Type == "execute_result" {
			output["execution_count"] = orNull(o.read["execution_count"])
		}
	}
	return encode(output)
}

// MarshalJSON writes a list of lines, as Jupyter does. Its error is always nil.
func (t Text) MarshalJSON() ([]byte, error) {
	lines := []string{}
	for line := range strings.Lines(string(t)) {
		lines = append(lines, line)
	}
	return encode(lines)
}

// open returns the parts as an object that can be changed.
func (p parts) open() map[string]any {
	object := map[string]any{}
	for name, part := range p {
		object[name] = part
	}
	return object
}

func orNull(part json.RawMessage) json.RawMessage {
	if part == nil {
		return json.RawMessage("null")
	}
	return part
}

// encode writes JSON in which <, > and & stand as they are.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return b.Bytes(), err
}
