package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
	xhtml "golang.org/x/net/html"
)

var toRemove string // the folder that TestMain removes

// lecture is the lecture's site, built once for all tests.
var lecture = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "site-")
	if err != nil {
		return "", err
	}
	toRemove = folder
	_, err = Build(context.Background(), Options{Notebooks: chapters(), To: folder})
	return folder, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(toRemove)
	os.Exit(code)
}

func chapters() []string {
	all, _ := filepath.Glob("../../notebooks/0*.ipynb")
	return all
}

// parsed are the elements of a page.
func parsed(t *testing.T, file string) *xhtml.Node {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	root, err := xhtml.Parse(f)
	require.NoError(t, err)
	return root
}

func attr(n *xhtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *xhtml.Node) string {
	if n.Type == xhtml.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

// Every link of every page leads to a page or a place that is there, every file that a page needs is there, and no id stands twice.
func TestNothingLeadsNowhere(t *testing.T) {
	folder, err := lecture()
	require.NoError(t, err)
	pages, err := filepath.Glob(filepath.Join(folder, "*.html"))
	require.NoError(t, err)
	require.Len(t, pages, 1+len(chapters()))
	ids, links := map[string]bool{}, map[string]string{}
	for _, page := range pages {
		name := filepath.Base(page)
		for n := range parsed(t, page).Descendants() {
			if id := attr(n, "id"); id != "" {
				require.False(t, ids[name+"#"+id], "%s has the id %s twice", name, id)
				ids[name+"#"+id] = true
			}
			for _, kind := range []string{"href", "src", "data-script"} {
				if to := attr(n, kind); to != "" && !strings.HasPrefix(to, "data:") {
					at, err := url.Parse(to)
					require.NoError(t, err)
					if at.Host != "" {
						require.Equal(t, "a", n.Data, "%s asks for %s", name, to)
						continue
					}
					links[(&url.URL{Path: name}).ResolveReference(at).String()] = name
				}
			}
		}
	}
	require.Greater(t, len(links), 100)
	for to, from := range links {
		at, err := url.Parse(to)
		require.NoError(t, err)
		require.FileExists(t, filepath.Join(folder, at.Path), "%s leads there", from)
		if at.Fragment != "" {
			require.True(t, ids[strings.TrimPrefix(at.Path, "/")+"#"+at.Fragment], "%s leads to %s", from, to)
		}
	}
}

// No file of the site names another host, but where a reader may click, and in names of XML and remarks in code.
func TestNothingComesFromElsewhere(t *testing.T) {
	folder, err := lecture()
	require.NoError(t, err)
	hosts := regexp.MustCompile(`(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}[^\s"'<>)]*`)
	require.NoError(t, filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) == ".woff2" || path.Ext(file) == ".png" || strings.HasPrefix(d.Name(), "LICENSE") {
			return err
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		rest := regexp.MustCompile(`<a [^>]*>`).ReplaceAll(data, nil)
		if path.Ext(file) == ".html" { // code shows import paths, and formulas name their notation
			rest = regexp.MustCompile(`(?s)<code>.*?</code>`).ReplaceAll(rest, nil)
		}
		for _, at := range hosts.FindAllString(string(rest), -1) {
			require.Contains(t, at, "www.w3.org", "in %s", file)
		}
		return nil
	}))
}

// Each formula of the lecture is set, and a screen reader gets what was written.
func TestEveryFormulaIsSet(t *testing.T) {
	folder, err := lecture()
	require.NoError(t, err)
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	formulas := regexp.MustCompile(`(?s)\$\$(.*?)\$\$|\$(.*?)\$`)
	total := 0
	for _, file := range chapters() {
		nb, err := notebook.Read(file)
		require.NoError(t, err)
		var want, got []string
		for _, c := range nb.Cells {
			texts := []string{string(c.Source)}
			if c.Type == "code" {
				texts = nil
				for _, o := range c.Outputs {
					shown, _ := o.As("text/markdown")
					texts = append(texts, shown)
				}
			}
			for _, text := range texts {
				for _, m := range formulas.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
					want = append(want, m[1]+m[2])
				}
			}
		}
		root := parsed(t, filepath.Join(folder, nameOf(file)+".html"))
		for n := range root.Descendants() {
			if n.Data == "main" {
				for n := range n.Descendants() {
					if n.Data == "annotation" {
						got = append(got, text(n))
					}
				}
			}
		}
		require.Equal(t, want, got, file)
		total += len(got)
	}
	require.Greater(t, total, 1000)
}

// build builds a site of one notebook of these cells.
func build(t *testing.T, cells string) (folder string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "01-n.ipynb")
	require.NoError(t, os.WriteFile(file, []byte(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":`+cells+`}`), 0o644))
	folder = t.TempDir()
	_, err = Build(t.Context(), Options{Notebooks: []string{file}, To: folder})
	return folder, err
}

func markdownCell(text string) string {
	cell, _ := json.Marshal([]any{map[string]any{"cell_type": "markdown", "id": "a", "metadata": map[string]any{}, "source": text}})
	return string(cell)
}

// body is what a text becomes.
func body(t *testing.T, source string) string {
	t.Helper()
	folder, err := build(t, markdownCell(source))
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(folder, "01-n.html"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), `<main id="content" tabindex="-1">`)
	require.True(t, found)
	inside, _, _ := strings.Cut(after, "</main>")
	return inside
}

func TestMathIsNoMarkdown(t *testing.T) {
	annotations := regexp.MustCompile(`(?s)<annotation[^>]*>(.*?)</annotation>`)
	for source, want := range map[string][]string{
		"$a_1 b_2$ and $*c*$":                     {"a_1 b_2", "*c*"},
		"$a<b$, $x>0$":                            {"a<b", "x>0"},
		"| $|x|$ | n |\n|---|---|\n| $|y|$ | 1 |": {"|x|", "|y|"},
		"$$\na\n= b\n$$":                          {"\na\n= b\n"},
		"`$a$` and\n```\n$b$\n```\n$c$":           {"c"},
		"``a ` $b$`` $c$":                         {"c"},
		`\$5 and \$6, $d$`:                        {"d"},
		"one $ alone":                             nil,
		"one $ here\n\nand $ there":               nil,
		`\\(a\\) \\[b\\]`:                         {"a", "b"},
		`\begin{aligned}a&=b\end{aligned}`:        {`\begin{aligned}a&=b\end{aligned}`},
		"[$a$](#x) <b>$b$</b>":                    {"a", "b"},
		`![$a$](x.png)`:                           nil,
	} {
		var got []string
		for _, m := range annotations.FindAllStringSubmatch(body(t, source), -1) {
			got = append(got, html.UnescapeString(m[1]))
		}
		require.Equal(t, want, got, source)
	}
}

func TestAFormulaThatCannotBeReadIsNamed(t *testing.T) {
	_, err := build(t, markdownCell(`fine $x$, not $\fraction{1}{2}$`))
	require.ErrorContains(t, err, `01-n, cell 1 (a): the formula $\fraction{1}{2}$ cannot be read: Undefined control sequence: \fraction`)
}

// A notebook that somebody sent brings no script by its texts, and keeps what Markdown and harmless HTML make.
func TestTextsCarryNoScripts(t *testing.T) {
	got := body(t, "# Title\n\n<script>broken()</script> <img src=x onerror=broken()> [a](javascript:broken()) <a href=\"javascript:broken()\">b</a> "+
		"<a href=\"data:text/html,broken()\">c</a> <svg onload=broken()></svg>\n\n<iframe src=\"data:text/html,broken()\"></iframe>\n\n<style>body { display: none }</style>\n\n"+
		"<details><summary>Answer</summary>\n\n$a<b$ is **bold**\n\n| x |\n|--:|\n| 1 |\n\n</details>\n\n![dot](data:image/png;base64,iVBORw0KGgo=) [link](https://go.dev)")
	require.NotRegexp(t, `<[^>]*broken`, got)
	require.NotRegexp(t, `<(?i:script|style|iframe|object|embed)\b`, got)
	for _, kept := range []string{`<h1 id="title">Title</h1>`, "<details><summary>Answer</summary>", "is <strong>bold</strong>", "text-align: right",
		`src="data:image/png;base64,iVBORw0KGgo="`, `href="https://go.dev"`} {
		require.Contains(t, got, kept)
	}
}

func TestLinksLeadToPagesOrAreText(t *testing.T) {
	got := body(t, "[a](01-n.ipynb#x) [b](missing.ipynb) [c](../pkg/train) [d](https://go.dev/e.ipynb) <a href=\"http://[x/f.ipynb\">f</a> [g](#here)")
	require.Contains(t, got, `<a href="01-n.html#x">a</a> b c <a href="https://go.dev/e.ipynb">d</a> f <a href="#here">g</a>`)
}

// What a cell showed, in the best of its forms; HTML in tables is text.
func TestOutputs(t *testing.T) {
	folder, err := build(t, `[{"cell_type":"code","id":"c","metadata":{},"execution_count":1,"source":"%%\nx := \"<b>\" // a","outputs":[
		{"output_type":"stream","name":"stdout","text":"\u001b[31mred\u001b[0m <i>\n"},
		{"output_type":"error","ename":"E","evalue":"v","traceback":["line 1","line 2"]},
		{"output_type":"display_data","metadata":{"image/svg+xml":{"alt":"A \"picture\"","width":76,"height":46}},"data":{"image/svg+xml":"<svg xmlns=\"http://www.w3.org/2000/svg\"/>","image/png":"iVBORw0KGgo=","text/csv":"x,y\n1,2\n","text/plain":"words"}},
		{"output_type":"display_data","metadata":{},"data":{"image/png":"iVBO\nRw0KGgo=\n","text/plain":"other words"}},
		{"output_type":"display_data","metadata":{},"data":{"text/markdown":"| $\\eta$ | <img src=x onerror=broken()> |\n|---|---|\n| [l](javascript:broken()) | <script>broken()</script> |","text/plain":"t"}},
		{"output_type":"display_data","metadata":{},"data":{"text/plain":"a   b\n1   2"}},
		{"output_type":"display_data","metadata":{},"data":{"text/html":"<div data-slides=\"00ff\"><p>Words. To move the slider (n), run the cell or trust the notebook: choose it.</p></div>\n<script>\nslide(\"00ff\")\n</script>\n","text/plain":"w"}}]}]`)
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(folder, "01-n.html"))
	require.NoError(t, err)
	for _, want := range []string{
		`<section class="cell" id="c" data-chapter="01-n" data-cell="c">`, `<div class="descent-controls" hidden></div>`,
		`<span class="kernel">%%</span>` + "\n" + `x := <span class="string">&#34;&lt;b&gt;&#34;</span> <span class="comment">// a</span>`,
		`data-i="0"><pre>red &lt;i&gt;</pre>`, `<pre class="error">line 1` + "\n" + `line 2</pre>`, `src="assets/01-n/c-2.svg" alt="A &#34;picture&#34;" width="76" height="46"`,
		`<a href="assets/01-n/c-2.csv" download="01-n-c-2.csv">CSV</a>`, `src="assets/01-n/c-3.png" alt="other words"`, `&lt;script&gt;broken()&lt;/script&gt;`, `<pre class="aligned">a   b`,
		`<div data-slides="00ff" data-script="assets/01-n/c-6.js"><p>Words.</p></div>`,
	} {
		require.Contains(t, string(data), want)
	}
	require.NotRegexp(t, `<[^>]*broken`, string(data))
	for name, want := range map[string]string{"c-2.csv": "x,y\n1,2\n", "c-2.svg": `<svg xmlns="http://www.w3.org/2000/svg"/>`, "c-3.png": "\x89PNG\r\n\x1a\n", "c-6.js": "slide(\"00ff\")\n"} {
		got, err := os.ReadFile(filepath.Join(folder, "assets", "01-n", name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

// An animation's still is one of its pictures, as SVG, and the animated PNG can be taken away. What is no animation stays a PNG.
func TestStillOfAnAnimation(t *testing.T) {
	film := func(text string) string {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		fmt.Fprint(w, text)
		require.NoError(t, w.Close())
		return `film("00ff", "` + base64.StdEncoding.EncodeToString(packed.Bytes()) + `")`
	}
	show := func(picture, script string) string {
		html, err := json.Marshal(`<div data-slides="00ff"><p>Words.</p></div>` + "\n<script>\n" + script + "\n</script>\n")
		require.NoError(t, err)
		folder, err := build(t, `[{"cell_type":"code","id":"c","metadata":{},"execution_count":1,"source":"%%","outputs":[
			{"output_type":"display_data","metadata":{"image/png":{"alt":"It moves","width":76,"height":46}},"data":{`+picture+`"image/png":"iVBORw0KGgo=","text/plain":"words"}},
			{"output_type":"display_data","metadata":{},"data":{"text/html":`+string(html)+`,"text/plain":"w"}}]}]`)
		require.NoError(t, err)
		data, err := os.ReadFile(filepath.Join(folder, "01-n.html"))
		require.NoError(t, err)
		return string(data)
	}
	moving := film(`{"sliders":[{"start":1}],"frames":["<svg/>","<svg xmlns=\"http://www.w3.org/2000/svg\"/>"],"moves":true}`)
	page := show("", moving)
	require.Contains(t, page, `src="assets/01-n/c-0.svg" alt="It moves" width="76" height="46"`)
	require.Contains(t, page, `<a href="assets/01-n/c-0.png" download="01-n-c-0.png">PNG</a>`)
	for _, script := range []string{`film("00ff")`, `film("00ff", "H4sIAAAA")`, film(`{"sliders":[{"start":0}],"frames":["<svg/>"]}`),
		film(`{"sliders":[{"start":-1}],"frames":["<svg/>"],"moves":true}`)} {
		require.Contains(t, show("", script), `src="assets/01-n/c-0.png" alt="It moves"`)
	}
	require.NotContains(t, show(`"image/svg+xml":"<svg/>",`, moving), "c-0.png", "a still that is an SVG stays")
}

// Colors change nothing of the code of any cell.
func TestHighlightedCodeIsTheCode(t *testing.T) {
	for _, file := range chapters() {
		nb, err := notebook.Read(file)
		require.NoError(t, err)
		for _, c := range nb.Code() {
			marked := highlight(string(c.Source))
			require.Equal(t, string(c.Source), html.UnescapeString(regexp.MustCompile(`</?span[^>]*>`).ReplaceAllString(marked, "")))
			require.Contains(t, marked, "<span")
		}
	}
}

// A second build takes away what the first one made and the second one does not, and nothing else.
func TestABuildLeavesOtherFiles(t *testing.T) {
	folder := t.TempDir()
	of := func(names ...string) (notebooks []string) {
		for _, name := range names {
			file := filepath.Join(t.TempDir(), name+".ipynb")
			require.NoError(t, os.WriteFile(file, []byte(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":`+markdownCell("# "+name)+`}`), 0o644))
			notebooks = append(notebooks, file)
		}
		return notebooks
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "CNAME"), []byte("mine"), 0o644))
	built, err := Build(t.Context(), Options{Notebooks: of("01-a", "02-b"), To: folder})
	require.NoError(t, err)
	require.Equal(t, []string{"index.html", "01-a.html", "02-b.html"}, built.Pages)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "index.html"), []byte("mine"), 0o644))
	live := func(_ context.Context, _ []string, assets string) error {
		return os.WriteFile(filepath.Join(assets, "page.js"), []byte("live()"), 0o644)
	}
	built, err = Build(t.Context(), Options{Notebooks: of("01-a"), To: folder, Live: live})
	require.NoError(t, err)
	require.Len(t, built.Kept, 1)
	require.NoFileExists(t, filepath.Join(folder, "02-b.html"))
	for name, want := range map[string]string{"CNAME": "mine", built.Kept[0]: "mine", "assets/page.js": "live()"} {
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	page, err := os.ReadFile(filepath.Join(folder, "01-a.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), `<script type="module" src="assets/page.js"></script>`)
}

// A page that is one file asks for no other, and a formula that cannot be read does not keep the rest from being read.
func TestPageIsOneFile(t *testing.T) {
	nb, err := notebook.Read(chapters()[1])
	require.NoError(t, err)
	nb.Cells[0].Source += notebook.Text("\n\n$\\unknown$ [gone](gone.ipynb) [there](there.ipynb)")
	page, err := Page("01-gradient-descent", nb, func(to *url.URL) bool { return to.Path == "there.html" })
	require.NoError(t, err)
	root, err := xhtml.Parse(strings.NewReader(string(page)))
	require.NoError(t, err)
	for n := range root.Descendants() {
		require.NotContains(t, []string{"iframe", "object", "embed"}, n.Data)
		if src := attr(n, "src"); src != "" {
			require.True(t, strings.HasPrefix(src, "data:"), src)
		}
		if n.Data == "link" {
			require.True(t, strings.HasPrefix(attr(n, "href"), "data:"))
		}
	}
	require.NotRegexp(t, `url\((?:[^d]|d[^a])`, string(page))
	require.Contains(t, string(page), `gone <a href="there.html">there</a>`)
	require.Contains(t, string(page), `\unknown`)
}
