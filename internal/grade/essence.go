package grade

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"descent.example/pkg/notebook"
)

// mostCells is how many cells a notebook may have, mostNames how many names an object in it.
const (
	mostCells = 10_000
	mostNames = 1_000
)

// essence parses a notebook without what nobody grades, its outputs and pictures first of all, so that it takes little more memory than its text,
// whatever is in it. It is an error when the text is not a whole notebook, when it has more cells than anybody writes, and when it says something
// twice, so that two readers find two things.
func essence(text []byte) (*notebook.Notebook, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, errors.New("the notebook holds bytes that are no text in UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	file := map[string]any{}
	err := object(d, []string{"cells", "nbformat", "nbformat_minor", "metadata"}, func(name string) (err error) {
		if name == "cells" {
			file[name], err = cellsOf(d)
			return err
		}
		file[name], err = value(d)
		return err
	})
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after its end")
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("the notebook breaks off before its end, as when an upload was cut short: it has to be handed in again")
	}
	if err != nil {
		return nil, fmt.Errorf("the notebook is not a whole notebook: %w", err)
	}
	short, err := json.Marshal(file)
	if err != nil {
		return nil, err
	}
	return notebook.Parse("the notebook", short)
}

// cellsOf reads the list of cells.
func cellsOf(d *json.Decoder) (cells []map[string]any, err error) {
	if open, err := d.Token(); err != nil {
		return nil, err
	} else if open != json.Delim('[') {
		return nil, errors.New("its cells are no list")
	}
	cells = []map[string]any{}
	for d.More() {
		if len(cells) == mostCells {
			return nil, fmt.Errorf("it has more than %d cells", mostCells)
		}
		cell := map[string]any{"metadata": map[string]any{}}
		err := object(d, []string{"cell_type", "source", "metadata"}, func(name string) (err error) {
			switch name {
			case "source":
				cell[name], err = sourceText(d)
			case "metadata":
				cell[name], err = idOf(d)
			default:
				cell[name], err = value(d)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("in its cell %d %w", len(cells)+1, err)
		}
		cells = append(cells, cell)
	}
	_, err = d.Token()
	return cells, err
}

// sourceText reads a cell's source, a text or a list of lines, as one text.
func sourceText(d *json.Decoder) (string, error) {
	var all strings.Builder
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case string:
			all.WriteString(t)
		case json.Delim:
			depth += map[json.Delim]int{'[': 1, ']': -1, '{': 2}[t]
		default:
			depth = 2
		}
		if depth > 1 {
			return "", errors.New("the source is no text")
		} else if depth == 0 {
			return all.String(), nil
		}
	}
}

// idOf reads the part of a cell's metadata that counts, nbgrader's id of the cell. What is there otherwise, whatever a student made of it, is none.
func idOf(d *json.Decoder) (map[string]any, error) {
	counts := map[string]any{}
	err := object(d, []string{"nbgrader"}, func(string) error {
		own, err := value(d)
		if err != nil {
			return err
		}
		inner := json.NewDecoder(bytes.NewReader(own))
		id := ""
		if object(inner, []string{"grade_id"}, func(string) error { return inner.Decode(&id) }) == nil && id != "" {
			counts["nbgrader"] = map[string]any{"grade_id": id}
		}
		return nil
	})
	return counts, err
}

// value reads any JSON.
func value(d *json.Decoder) (raw json.RawMessage, err error) {
	err = d.Decode(&raw)
	return raw, err
}

// object reads an object, and lets each read the values of the names that are wanted. It is an error when a name that is wanted is there twice, in
// whatever letters: some readers take "Cells" for "cells", and some the first of two.
func object(d *json.Decoder, wanted []string, each func(name string) error) error {
	if open, err := d.Token(); err != nil {
		return err
	} else if open != json.Delim('{') {
		return errors.New("something is no object")
	}
	seen := map[string]bool{}
	for n := 0; d.More(); n++ {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		i := slices.IndexFunc(wanted, func(want string) bool { return strings.EqualFold(want, name) })
		switch {
		case n == mostNames:
			return fmt.Errorf("an object has more than %d names", mostNames)
		case i >= 0 && (seen[wanted[i]] || name != wanted[i]):
			return fmt.Errorf("%q stands twice or in other letters, so that two readers find two things there", wanted[i])
		case i >= 0:
			seen[name] = true
			err = each(name)
		default:
			_, err = value(d)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
