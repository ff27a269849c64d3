package site

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	goldmarkhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// texts turns a notebook's Markdown into HTML.
type texts struct {
	formulas
	link func(target string) string // where a link leads, "" if nowhere
	ids  map[string]bool            // of the page's elements
}

// ofCells reads Markdown with the HTML in it, of which only what is harmless gets through policy.
var ofCells = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(goldmarkhtml.WithUnsafe()))

// ofOutputs reads Markdown in which HTML is text, as in the tables that cells show.
var ofOutputs = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough), goldmark.WithParser(withoutHTML()),
	goldmark.WithRenderer(renderer.NewRenderer(renderer.WithNodeRenderers(util.Prioritized(goldmarkhtml.NewRenderer(), 1000)))))

func withoutHTML() parser.Parser {
	keep := func(all []util.PrioritizedValue, html any) (kept []util.PrioritizedValue) {
		for _, p := range all {
			if fmt.Sprintf("%T", p.Value) != fmt.Sprintf("%T", html) {
				kept = append(kept, p)
			}
		}
		return kept
	}
	return parser.NewParser(parser.WithBlockParsers(keep(parser.DefaultBlockParsers(), parser.NewHTMLBlockParser())...),
		parser.WithInlineParsers(keep(parser.DefaultInlineParsers(), parser.NewRawHTMLParser())...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...))
}

// policy lets the HTML through that Markdown makes, and the HTML that JupyterLab lets live in it. A notebook that somebody sent
// brings no script.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(strings.Fields("a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img " +
		"ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var")...)
	p.AllowAttrs("align", "class", "colspan", "id", "open", "rowspan", "start", "title").Globally()
	p.AllowAttrs("alt", "src", "width", "height").OnElements("img")
	p.AllowAttrs("href").OnElements("a")
	p.AllowStyles("text-align").MatchingEnum("left", "right", "center").OnElements("td", "th")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.AllowDataURIImages()
	return p
}()

var (
	mark    = regexp.MustCompile(markOpen + `(\d+)` + markClose)
	tag     = regexp.MustCompile(`<[^>]*` + markOpen + `[^>]*>`)
	anchor  = regexp.MustCompile(`(?s)<a\b([^>]*?) href="([^"]*)"([^>]*)>(.*?)</a>`)
	fenced  = regexp.MustCompile(`(?s)<pre><code class="language-go">(.*?)</code></pre>`)
	heading = regexp.MustCompile(`(?s)<h([1-6])>(.*?)</h[1-6]>`)
	opening = regexp.MustCompile(`<h[1-6][ >]`)
	element = regexp.MustCompile(`<[^>]*>`)
	// Markdown has no table without a header: its cells are empty then.
	emptyHead   = regexp.MustCompile(`<thead>\s*<tr>\s*(?:<th[^>]*></th>\s*)+</tr>\s*</thead>`)
	emptyHeader = regexp.MustCompile(`<th[^>]*></th>`)
	asides      = regexp.MustCompile(`<p>(<(?:em|strong)>(Predict before you run|Exercise)\.</(?:em|strong)>)`)
)

// of returns the HTML of a Markdown cell. It is an error when a formula cannot be read.
func (t *texts) of(source string) (string, error) {
	text, err := t.convert(ofCells, source)
	if err != nil {
		return "", err
	}
	text = fenced.ReplaceAllStringFunc(text, func(block string) string {
		code := html.UnescapeString(fenced.FindStringSubmatch(block)[1])
		return `<pre class="code"><code>` + highlight(code) + `</code></pre>`
	})
	return asides.ReplaceAllStringFunc(text, func(begin string) string {
		m := asides.FindStringSubmatch(begin)
		return `<p class="` + strings.ToLower(strings.Fields(m[2])[0]) + `">` + m[1]
	}), nil
}

// ofOutput returns the HTML of Markdown that a cell showed. It is an error when a formula cannot be read.
func (t *texts) ofOutput(source string) (string, error) { return t.convert(ofOutputs, source) }

func (t *texts) convert(markdown goldmark.Markdown, source string) (string, error) {
	text, found := cutMath(source)
	var b bytes.Buffer
	if err := markdown.Convert([]byte(text), &b); err != nil {
		return "", err
	}
	text = policy.Sanitize(b.String())
	text = anchor.ReplaceAllStringFunc(text, func(link string) string {
		m := anchor.FindStringSubmatch(link)
		to := t.link(html.UnescapeString(m[2]))
		if to == "" {
			return m[4]
		}
		return "<a" + m[1] + ` href="` + html.EscapeString(to) + `"` + m[3] + ">" + m[4] + "</a>"
	})
	text = emptyHead.ReplaceAllString(text, "")
	text = emptyHeader.ReplaceAllString(text, "<td></td>")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "<table", `<div class="scroll"><table`), "</table>", "</table></div>")
	number := func(of string) formula {
		i, _ := strconv.Atoi(mark.FindStringSubmatch(of)[1])
		return found[i]
	}
	text = t.anchors(text, number)
	text = tag.ReplaceAllStringFunc(text, func(of string) string {
		return mark.ReplaceAllStringFunc(of, func(m string) string { return html.EscapeString(number(m).tex) })
	})
	var wrong error
	text = mark.ReplaceAllStringFunc(text, func(m string) string {
		set, err := t.html(number(m))
		if err != nil && wrong == nil {
			wrong = err
		}
		return set
	})
	return text, wrong
}

// anchors gives each heading an id, made of its words and of its formulas, which number finds.
func (t *texts) anchors(text string, number func(mark string) formula) string {
	return heading.ReplaceAllStringFunc(text, func(h string) string {
		m := heading.FindStringSubmatch(h)
		words := mark.ReplaceAllStringFunc(element.ReplaceAllString(m[2], ""), func(of string) string { return number(of).tex })
		id := t.unique(slug(html.UnescapeString(words)))
		return fmt.Sprintf(`<h%s id="%s">%s</h%s>`, m[1], id, m[2], m[1])
	})
}

// slug is a text as an address has it: its letters and digits, in lower case, joined by hyphens.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// unique is an id that no other element of the page has.
func (t *texts) unique(id string) string {
	if id == "" {
		id = "part"
	}
	free := id
	for n := 2; t.ids[free]; n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	t.ids[free] = true
	return free
}

// sections splits a text's HTML before each heading that stands in no other element.
func sections(text string) []string {
	var parts []string
	begin := 0
	for _, at := range opening.FindAllStringIndex(text, -1) {
		if open(text[begin:at[0]]) == 0 && strings.TrimSpace(text[begin:at[0]]) != "" {
			parts = append(parts, text[begin:at[0]])
			begin = at[0]
		}
	}
	return append(parts, text[begin:])
}

var holders = regexp.MustCompile(`<(/?)(?:details|blockquote|ul|ol|div|table)\b`)

// open is how many elements that hold others begin in the text and do not end there.
func open(text string) (n int) {
	for _, m := range holders.FindAllStringSubmatch(text, -1) {
		if m[1] == "" {
			n++
		} else {
			n--
		}
	}
	return n
}
