package headless

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/internal/browser"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// An exported page has what the cells showed when it was made, its formulas set, and asks for no other file.
func TestPageStandsAlone(t *testing.T) {
	path := setuptest.Notebook(t, "%%\n"+`lab.Table([]string{"rate $\\eta$", "text"}, [][]string{{"1", "<script>broken()</script>"}})`,
		"%%\n"+`lab.Show(figure.New("Line", figure.X("x"), figure.Y("y")).Line("line", []float64{0, 1}, []float64{0, 1}))`)
	result, err := Run(t.Context(), setuptest.Ready(t), path, Options{HTML: true, Output: t.TempDir(), Timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	data, err := os.ReadFile(result.HTML)
	require.NoError(t, err)
	page := string(data)
	require.NotRegexp(t, `<(?i:script|img)\b[^>]*\bsrc="[^d]`, page)
	require.NotRegexp(t, `<link rel="stylesheet"`, page)
	require.Contains(t, page, `<annotation encoding="application/x-tex">\eta</annotation>`)
	require.Contains(t, page, `<td style="text-align: left">&lt;script&gt;broken()&lt;/script&gt;</td>`)
	require.Contains(t, page, `src="data:image/svg&#43;xml;base64,`)
}

// A notebook's links to other notebooks lead to their pages, those that are there and those that the same command writes.
func TestLinksOfAPageLeadToPages(t *testing.T) {
	text := "[a](there.ipynb#1) [b](comes%20soon.ipynb) [c](missing.ipynb) [d](https://go.dev/e.ipynb) <a href=\"http://[x/f.ipynb\">f</a>"
	data, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 4, "metadata": map[string]any{}, "cells": []any{
		map[string]any{"cell_type": "markdown", "metadata": map[string]any{}, "source": text}}})
	require.NoError(t, err)
	path, output := filepath.Join(t.TempDir(), "n.ipynb"), t.TempDir()
	require.NoError(t, os.WriteFile(path, data, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(output, "there.html"), nil, 0o644))
	result, err := Run(t.Context(), setuptest.Ready(t), path, Options{HTML: true, Output: output, Timeout: time.Minute,
		Pages: []string{filepath.Join(output, "comes soon.html")}}, func(int, int) {})
	require.NoError(t, err)
	page, err := os.ReadFile(result.HTML)
	require.NoError(t, err)
	require.Contains(t, string(page), `<a href="there.html#1">a</a> <a href="comes%20soon.html">b</a> c <a href="https://go.dev/e.ipynb">d</a> f`)
}

// Text, and the words of outputs and under sliders, begin at the same place.
func TestPageHasOneLeftMargin(t *testing.T) {
	page := filepath.Join(t.TempDir(), "n.html")
	nb := notebook.New()
	nb.Cells = []notebook.Cell{{Type: "markdown", Source: "text"}, {Type: "code", Source: "%%\n" + `lab.Say("words")
lab.Show(figure.Slide(func(at []float64) (*figure.Figure, string) { return figure.New("f", figure.X("x"), figure.Y("y")).Line("f", at, func(x float64) float64 { return x }), "caption" }, figure.Slider{Name: "x", Values: []float64{1, 2}, Start: 1}))`}}
	data, err := nb.Bytes()
	require.NoError(t, err)
	path := strings.TrimSuffix(page, ".html") + ".ipynb"
	require.NoError(t, os.WriteFile(path, data, 0o644))
	_, err = Run(t.Context(), setuptest.Ready(t), path, Options{HTML: true, InPlace: true, Timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	p := browser.New(t).Open("file://"+page, "")
	p.Until(`document.querySelector("[data-slides] input") !== null`)
	for _, words := range []string{".output pre", "[data-slides] > div:last-of-type"} {
		require.InDelta(t, 0, p.Eval(`(() => {
			const left = (of) => { const r = new Range(); r.selectNodeContents(document.querySelector(of)); return r.getBoundingClientRect().left; };
			return left("`+words+`") - left("section.text p");
		})()`), 1, words)
	}
}
