package headless

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/internal/browser"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// An exported page asks for no other file, holds what sets its formulas, and shows HTML in a table as the text that it is.
func TestPageStandsAlone(t *testing.T) {
	path := setuptest.Notebook(t, "%%\n"+`lab.Table([]string{"rate $\\eta$", "text"}, [][]string{{"1", "<script>broken()</script><img src=x onerror=broken()>"}})`,
		"%%\n"+`gonbui.DisplayMarkdown("*raw* <script>broken()</script>\n\n<script>broken()</script>\n\n[link](javascript:broken())")`)
	result, err := Run(t.Context(), setuptest.Ready(t), path, Options{HTML: true, Output: t.TempDir(), Timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	data, err := os.ReadFile(result.HTML)
	require.NoError(t, err)
	scripts := regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
	mathjax := false
	for _, s := range scripts.FindAllStringSubmatch(string(data), -1) {
		require.NotContains(t, s[1], "src")
		mathjax = mathjax || strings.Contains(s[2], "MathJax") && len(s[2]) > 1_000_000
	}
	require.True(t, mathjax)
	rest := scripts.ReplaceAllString(string(data), "")
	require.NotRegexp(t, `<(?i:link|iframe|object|embed)\b`, rest)
	require.NotRegexp(t, `<[^>]+\bsrc="[^d]`, rest, "pictures are data")
	require.NotRegexp(t, `(?i)(@import|url\()\s*["']?https?:`, rest)
	require.Contains(t, rest, `$\eta$`)
	require.Contains(t, rest, "<td style=\"text-align:left\">&lt;script&gt;broken()&lt;/script&gt;&lt;img src=x onerror=broken()&gt;</td>")
	require.Contains(t, rest, "<em>raw</em> &lt;script&gt;broken()&lt;/script&gt;")
	require.NotRegexp(t, `<[^>]*broken`, rest)
}

// A notebook that somebody sent brings no script into the page by its texts, and keeps what Markdown and harmless HTML make.
func TestMarkdownCellsCarryNoScriptsIntoAPage(t *testing.T) {
	text := "# Title\n\n<script>broken()</script> <img src=x onerror=broken()> [a](javascript:broken()) <a href=\"javascript:broken()\">b</a> " +
		"<a href=\"data:text/html,broken()\">c</a> <svg onload=broken()></svg>\n\n<iframe src=\"data:text/html,broken()\"></iframe>\n\n<style>body { display: none }</style>\n\n" +
		"<details><summary>Answer</summary>\n\n$a<b$ is **bold**\n\n| x |\n|--:|\n| 1 |\n\n</details>\n\n![dot](data:image/png;base64,iVBORw0KGgo=) [link](https://go.dev)"
	data, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 4, "metadata": map[string]string{"title": "<script>broken()</script>"}, "cells": []any{
		map[string]any{"cell_type": "markdown", "metadata": map[string]any{}, "source": text},
		map[string]any{"cell_type": "raw", "metadata": map[string]string{"raw_mimetype": "text/html"}, "source": "<script>broken()</script>"},
	}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "n.ipynb")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	result, err := Run(t.Context(), setuptest.Ready(t), path, Options{HTML: true, Output: t.TempDir(), Timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	page, err := os.ReadFile(result.HTML)
	require.NoError(t, err)
	require.False(t, strings.Contains(string(page), "<script>broken"))
	_, main, found := strings.Cut(string(page), "<main>")
	require.True(t, found)
	require.NotRegexp(t, `<[^>]*broken`, main)
	require.NotRegexp(t, `<(?i:script|style|iframe|svg)\b`, main)
	for _, kept := range []string{"<h1 id=", "<details><summary>Answer</summary>", "$a&lt;b$ is <strong>bold</strong>", "text-align:right", `src="data:image/png;base64,iVBORw0KGgo="`, `href="https://go.dev"`} {
		require.Contains(t, main, kept)
	}
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
	require.Contains(t, string(page), `<a href="there.html#1">a</a> <a href="comes%20soon.html">b</a> <a>c</a> <a href="https://go.dev/e.ipynb">d</a> <a>f</a>`)
}

// Code, text, and the words of outputs and under sliders begin at the same place.
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
	for _, words := range []string{".jp-OutputArea-output pre", "[data-slides] > div:last-of-type", ".jp-InputArea-editor pre"} {
		require.InDelta(t, 0, p.Eval(`(() => {
			const left = (of) => { const r = new Range(); r.selectNodeContents(document.querySelector(of)); return r.getBoundingClientRect().left; };
			return left("`+words+`") - left(".jp-RenderedMarkdown p");
		})()`), 1, words)
	}
}
