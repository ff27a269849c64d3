package site

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"descent.example/pkg/notebook"
)

// A chapter is a notebook's page.
type chapter struct {
	Name     string // 01-gradient-descent
	Title    string
	About    template.HTML // its first paragraph
	Contents []entry
	Body     template.HTML
	Picture  string // the first one, for the list of chapters

	texts
	inline bool              // everything is in the page
	files  map[string][]byte // that the page needs, by their paths in the site
}

// An entry of a table of contents.
type entry struct {
	ID   string
	Text template.HTML
	Sub  []entry
}

// pageOptions say what kind of page is made.
type pageOptions struct {
	inline  bool                       // it needs no other file
	open    bool                       // its code is unfolded
	lenient bool                       // a formula that cannot be read is shown as it was written
	link    func(target string) string // where a link leads, "" if nowhere
}

// newChapter makes a notebook's page. It is an error when a formula or an output cannot be read.
func newChapter(name string, nb *notebook.Notebook, opt pageOptions) (*chapter, error) {
	c := &chapter{Name: name, inline: opt.inline, files: map[string][]byte{},
		texts: texts{formulas: formulas{lenient: opt.lenient}, link: opt.link, ids: map[string]bool{"content": true, "contents": true}}}
	for i, cell := range nb.Cells { // links lead to cells: their ids stay as they are
		c.ids[idOf(cell, i)] = true
	}
	var b strings.Builder
	for i, cell := range nb.Cells {
		var err error
		switch cell.Type {
		case "markdown":
			err = c.text(&b, cell, i)
		case "code":
			err = c.code(&b, cell, i, opt.open || cell.Has(notebook.TagExercise))
		}
		if err != nil {
			return nil, fmt.Errorf("%s, cell %d (%s): %w", name, i+1, cmp.Or(cell.ID(), "without an id"), err)
		}
	}
	c.Body = template.HTML(b.String())
	c.outline()
	c.Title = cmp.Or(c.Title, name)
	return c, nil
}

// Number is the chapter's, as its file's name begins.
func (c *chapter) Number() string {
	digits, _, _ := strings.Cut(c.Name, "-")
	if n, err := strconv.Atoi(digits); err == nil {
		return strconv.Itoa(n)
	}
	return c.Name
}

// idOf is the id of a cell's section and begins the names of its files. A cell of an old format has none, and one that somebody wrote
// may be anything.
func idOf(cell notebook.Cell, i int) string {
	if id := cell.ID(); wellFormed.MatchString(id) {
		return id
	}
	return fmt.Sprintf("cell-%d", i+1)
}

var wellFormed = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// text writes a text, a section for each of its headings.
func (c *chapter) text(b *strings.Builder, cell notebook.Cell, i int) error {
	text, err := c.of(cell.Text())
	if err != nil {
		return err
	}
	for n, part := range sections(text) {
		id := idOf(cell, i)
		if n > 0 {
			id = c.unique(id)
		}
		fmt.Fprintf(b, "<section class=\"text\" id=\"%s\">\n%s</section>\n", template.HTMLEscapeString(id), part)
	}
	return nil
}

// code writes a cell: its code, the place of its controls, and what it showed.
func (c *chapter) code(b *strings.Builder, cell notebook.Cell, i int, open bool) error {
	id := idOf(cell, i)
	shown, err := c.outputs(cell, id)
	if err != nil {
		return err
	}
	text, err := fill("cell.html", map[string]any{
		"ID": id, "Chapter": c.Name, "Open": open,
		"Code": template.HTML(highlight(strings.TrimRight(string(cell.Source), "\n"))), "Outputs": shown,
	})
	b.Write(text)
	return err
}

var (
	paragraph = regexp.MustCompile(`(?s)<p>(.*?)</p>`)
	titled    = regexp.MustCompile(`(?s)<h([1-3]) id="([^"]*)">(.*?)</h[1-3]>`)
	drawing   = regexp.MustCompile(`<img src="([^"]*\.svg)"`)
	hidden    = regexp.MustCompile(`(?s)<span class="katex-mathml">.*?</span>`)
)

// outline reads the title, the first paragraph and the headings from the body.
func (c *chapter) outline() {
	body := string(c.Body)
	for _, m := range titled.FindAllStringSubmatch(body, -1) {
		e := entry{ID: m[2], Text: template.HTML(m[3])}
		switch n := len(c.Contents); {
		case m[1] == "1" && c.Title == "":
			c.Title = plain(m[3])
		case m[1] == "3" && n > 0:
			c.Contents[n-1].Sub = append(c.Contents[n-1].Sub, e)
		case m[1] != "1":
			c.Contents = append(c.Contents, e)
		}
	}
	if m := paragraph.FindStringSubmatch(body); m != nil {
		c.About = template.HTML(anchor.ReplaceAllString(m[1], "$4"))
	}
	if m := drawing.FindStringSubmatch(body); m != nil {
		c.Picture = m[1]
	}
}

// plain is HTML without its elements.
func plain(text string) string {
	return strings.Join(strings.Fields(html.UnescapeString(element.ReplaceAllString(hidden.ReplaceAllString(text, ""), ""))), " ")
}

// asset keeps a file that the page needs, and returns its address.
func (c *chapter) asset(name, mime string, data []byte) string {
	if c.inline {
		return dataURL(mime, data)
	}
	at := path.Join("assets", c.Name, name)
	c.files[at] = data
	return (&url.URL{Path: at}).String()
}

func dataURL(mime string, data []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// fill fills a template in.
func fill(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	err := templates.ExecuteTemplate(&b, name, data)
	return b.Bytes(), err
}
