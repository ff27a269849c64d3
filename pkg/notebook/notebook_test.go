package notebook_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/notebook"
)

// chapters are the lecture's notebooks, which Jupyter's own nbformat has written.
func chapters(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../notebooks/*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// What nbformat has written is written the same, byte for byte.
func TestANotebookIsWrittenAsItWasRead(t *testing.T) {
	for _, path := range chapters(t) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		nb, err := notebook.Parse(path, data)
		require.NoError(t, err)
		written, err := nb.Bytes()
		require.NoError(t, err)
		require.True(t, string(data) == string(written), path)
	}
}

// Nothing of a person's own is lost: parts that the lab does not know, numbers in their own digits, a source in one piece.
func TestWhatIsNotKnownIsKept(t *testing.T) {
	nb, err := notebook.Parse("n.ipynb", []byte("\ufeff"+`{"mine": 1, "nbformat": 4, "nbformat_minor": 5, "metadata": {"authors": ["Ada"]}, "cells": [
		{"cell_type": "code", "id": "cell-1", "mine": 1.50, "source": "a<b\nc", "execution_count": 3, "metadata": {"tags": ["machine"], "name": "x"},
		 "outputs": [{"output_type": "stream", "name": "stderr", "text": "oh\n", "mine": [1e3]}, {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}]},
		{"cell_type": "markdown", "source": ["# Title\n", "text"], "metadata": {}, "attachments": {"a.png": {"image/png": "eA=="}}}]}`))
	require.NoError(t, err)
	require.EqualValues(t, "a<b\nc", nb.Cells[0].Source)
	require.True(t, nb.Cells[0].Has(notebook.TagMachine))
	nb.Cells[0].Metadata.Tags = append(nb.Cells[0].Metadata.Tags, "exercise")
	nb.Cells[1].Source += "!"
	written, err := nb.Bytes()
	require.NoError(t, err)
	require.JSONEq(t, `{"mine": 1, "nbformat": 4, "nbformat_minor": 5, "metadata": {"authors": ["Ada"]}, "cells": [
		{"cell_type": "code", "id": "cell-1", "mine": 1.50, "source": ["a<b\n", "c"], "execution_count": 3, "metadata": {"tags": ["machine", "exercise"], "name": "x"},
		 "outputs": [{"output_type": "stream", "name": "stderr", "text": ["oh\n"], "mine": [1e3]}, {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}]},
		{"cell_type": "markdown", "id": "cell-2", "source": ["# Title\n", "text!"], "metadata": {}, "attachments": {"a.png": {"image/png": "eA=="}}}]}`, string(written))
	require.Contains(t, string(written), "1.50")
	require.Contains(t, string(written), "a<b")
	require.Contains(t, string(written), "1e3")
}

func made() *notebook.Notebook {
	code := notebook.Cell{Type: "code", Source: "%%\nlab.Say(\"η\")", Outputs: []notebook.Output{
		{Type: "stream", Text: "0.5\n"},
		{Type: "display_data", Data: map[string]json.RawMessage{"text/plain": json.RawMessage(`["a\n", "b"]`)}},
		{Type: "execute_result", Data: map[string]json.RawMessage{"text/plain": json.RawMessage(`["c"]`), "text/markdown": json.RawMessage(`["**c**"]`)}},
	}}
	code.Metadata.Tags = []string{notebook.TagMachine}
	return notebook.New(notebook.Cell{Type: "markdown", Source: "# 1 Title"}, code, notebook.Cell{Type: "raw"}, notebook.Cell{Type: "code"})
}

// nbformat's own validator accepts what is made here, and what is made of a chapter by cutting it and adding to it.
func TestNbformatAcceptsWhatIsWritten(t *testing.T) {
	python, err := filepath.Abs("../../.lab/python/bin/python")
	require.NoError(t, err)
	if _, err := os.Stat(python); err != nil {
		t.Skip("the lab's Python environment is not set up")
	}
	mixed, err := notebook.Read(chapters(t)[1])
	require.NoError(t, err)
	mixed.Cells = append(made().Cells, mixed.Cells[:5]...)
	var texts []string
	notebooks := []*notebook.Notebook{made(), notebook.New(), mixed}
	for _, nb := range notebooks {
		data, err := nb.Bytes()
		require.NoError(t, err)
		texts = append(texts, string(data))
		again, err := notebook.Parse("again", data)
		require.NoError(t, err)
		require.Empty(t, notebook.Compare(nb, again, 0))
	}
	input, err := json.Marshal(texts)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python, "-I", "-W", "error", "-c", `
import json, nbformat, sys
for text in json.load(sys.stdin):
    nb = nbformat.reads(text, 4)
    nbformat.validate(nb)
    assert nbformat.writes(nb) + "\n" == text, "nbformat writes it otherwise"
`)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestWhatACellShowed(t *testing.T) {
	cell := made().Code()[0]
	require.Equal(t, `lab.Say("η")`, cell.Name())
	require.Equal(t, "0.5\na\nb\n**c**\n", cell.Words())
	require.Equal(t, []string{"text/plain", "text/markdown text/plain"}, cell.Kinds())
	require.Equal(t, "(empty)", notebook.Cell{}.Name())
	require.Equal(t, "%%", notebook.Cell{Source: "\n%%\n// nothing"}.Name())
}

func TestDataThatAreNotJSONAreNotWritten(t *testing.T) {
	nb := notebook.New(notebook.Cell{Type: "code", Outputs: []notebook.Output{{Type: "display_data",
		Data: map[string]json.RawMessage{"text/plain": json.RawMessage("bare")}}}})
	_, err := nb.Bytes()
	require.ErrorContains(t, err, "the notebook cannot be written")
}

// A kernel of another language is known by its name where the language is not said.
func TestOtherKernels(t *testing.T) {
	parse := func(metadata string) error {
		_, err := notebook.Parse("n", []byte(`{"nbformat": 4, "nbformat_minor": 5, "metadata": `+metadata+`, "cells": []}`))
		return err
	}
	for _, kernel := range []string{"ir", "julia-1.10", "python3"} {
		says.All(t, parse(`{"kernelspec": {"name": "`+kernel+`"}}`), "n … "+kernel+" … Go")
	}
	for _, kernel := range []string{"descent", "gonb", "gophernotes", ""} {
		require.NoError(t, parse(`{"kernelspec": {"name": "`+kernel+`"}}`))
	}
	require.NoError(t, parse(`{"kernelspec": {"name": "mine", "language": "go"}}`))
	require.NoError(t, parse(`{"kernelspec": {"name": "mine"}, "language_info": {"name": "go"}}`))
}

// What is null is said, and a long value is cut.
func TestNullsAndLongValues(t *testing.T) {
	_, err := notebook.Parse("n", []byte(`{"nbformat": 4, "nbformat_minor": null, "metadata": {}, "cells": []}`))
	says.All(t, err, "nbformat_minor … null")
	_, err = notebook.Parse("n", []byte(`{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": "", "metadata": {}, "outputs": [{"output_type": "display_data", "data": null}]}]}`))
	says.All(t, err, "cell 1 … null")
	_, err = notebook.Parse("n", []byte(`{"nbformat": 4, "nbformat_minor": `+strings.Repeat("9", 5000)+`, "metadata": {}, "cells": []}`))
	require.Error(t, err)
	require.Less(t, len(err.Error()), 500)
	_, err = notebook.Read("")
	says.All(t, err, `"" … .ipynb`)
}

// JupyterLab makes a notebook of format 4 of the older formats. It does not open a newer one.
func TestOtherFormats(t *testing.T) {
	for format, advice := range map[int]string{1: "open it in JupyterLab", 3: "open it in JupyterLab", 5: "with the program that wrote it", -1: "with the program that wrote it"} {
		_, err := notebook.Parse("n", fmt.Appendf(nil, `{"nbformat": %d, "metadata": {}, "cells": []}`, format))
		require.ErrorContains(t, err, fmt.Sprintf("n is a notebook of format %d", format))
		require.ErrorContains(t, err, advice)
	}
}

// What is written can be read, also of a notebook and a cell that are not filled in; else it is an error.
func TestZeroNotebooks(t *testing.T) {
	for _, nb := range []*notebook.Notebook{{}, {Cells: []notebook.Cell{{Type: "code", Source: "x"}}}, notebook.New()} {
		data, err := nb.Bytes()
		require.NoError(t, err)
		again, err := notebook.Parse("n", data)
		require.NoError(t, err)
		require.Equal(t, len(nb.Cells), len(again.Cells))
	}
	_, err := (&notebook.Notebook{Cells: make([]notebook.Cell, 1)}).Bytes()
	require.ErrorContains(t, err, `cell 1 has the type ""`)
	var none *notebook.Notebook
	_, err = none.Bytes()
	require.ErrorContains(t, err, "the notebook is nil")
	require.Empty(t, none.Code())
	require.Equal(t, []string{"a notebook is nil: there is nothing to compare"}, notebook.Compare(none, notebook.New(), 0))
}

// Whatever is in a file, it is a notebook that can be written and read again, or an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": []}]}`))
	f.Add([]byte(`{"nbformat": 4, "Metadata": {}, "cells": [{"cell_type": "raw", "source": "", "Source": "x", "metadata": {"tags": null}}]}`))
	f.Add([]byte(`{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "", "outputs": [{"output_type": "stream"}, null], "metadata": null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := notebook.Parse("n.ipynb", data)
		if err != nil {
			return
		}
		written, err := nb.Bytes()
		require.NoError(t, err)
		again, err := notebook.Parse("again", written)
		require.NoError(t, err, "%s", written)
		require.Len(t, again.Cells, len(nb.Cells))
		for i, c := range nb.Cells {
			require.Equal(t, c.Source, again.Cells[i].Source)
		}
	})
}
