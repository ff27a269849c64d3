// Package site makes the lecture readable without an installation: a folder of static files from the notebooks and what is stored in
// them, or one notebook as one file. No page asks for anything from another host.
//
// A site has index.html, a page for each notebook, and assets/. What lies in assets/NAME belongs to the page NAME.html, and the
// rest of assets/ to all pages.
package site

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"descent.example/internal/made"
	"descent.example/pkg/notebook"
	"golang.org/x/sync/errgroup"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.ParseFS(assets, "assets/*.html"))

// Options say what site is built.
type Options struct {
	Notebooks []string // files, in the order of their pages
	To        string   // the folder of the site

	// Live, if there is one, writes what makes the cells live into the folder assets, page.js among it.
	Live func(ctx context.Context, notebooks []string, assets string) error
}

// Built says what was written.
type Built struct {
	Pages []string // names of files, the list of chapters first
	Bytes int      // of all files
	Kept  []string // files that a person changed, under the names that they have now
}

// Build writes the site. Files in the folder that are not the site's stay. It is an error when a notebook or a formula in one cannot
// be read, when the live cells cannot be built, and when the folder cannot be written.
func Build(ctx context.Context, opt Options) (Built, error) {
	chapters, err := readAll(ctx, opt.Notebooks)
	if err != nil {
		return Built{}, err
	}
	files, err := shell()
	if err != nil {
		return Built{}, err
	}
	if opt.Live != nil {
		if err := live(ctx, opt, files); err != nil {
			return Built{}, err
		}
	}
	built := Built{Pages: []string{"index.html"}}
	if files["index.html"], err = fill("index.html", page{Chapters: chapters}); err != nil {
		return Built{}, err
	}
	for i, c := range chapters {
		for name, data := range c.files {
			files[name] = data
		}
		p := page{chapter: c, Chapters: chapters, Live: opt.Live != nil}
		if i > 0 {
			p.Before = chapters[i-1]
		}
		if i+1 < len(chapters) {
			p.After = chapters[i+1]
		}
		name := c.Name + ".html"
		if files[name], err = fill("page.html", p); err != nil {
			return Built{}, err
		}
		built.Pages = append(built.Pages, name)
	}
	if files["sw.js"], err = offline(files); err != nil {
		return Built{}, err
	}
	return built, write(opt.To, files, &built)
}

// readAll makes the pages of notebooks.
func readAll(ctx context.Context, notebooks []string) ([]*chapter, error) {
	if len(notebooks) == 0 {
		return nil, errors.New("there are no notebooks to make pages of")
	}
	known := map[string]bool{}
	for _, file := range notebooks {
		known[nameOf(file)+".html"] = true
	}
	there := func(to *url.URL) bool { return known[to.Path] } // the site has none of the repository's other files
	chapters := make([]*chapter, len(notebooks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2) // more would not be quicker on the machines that the lecture is made for
	for i, file := range notebooks {
		group.Go(func() error {
			nb, err := notebook.Read(file)
			if err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			name := nameOf(file)
			chapters[i], err = newChapter(name, nb, pageOptions{link: links(there), open: strings.HasPrefix(name, "00-")})
			return err
		})
	}
	return chapters, group.Wait()
}

// nameOf is the name of a notebook's page.
func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), ".ipynb") }

// links leads a link to a notebook to its page, and one to a file that is not there nowhere.
func links(there func(*url.URL) bool) func(target string) string {
	return func(target string) string {
		to, err := url.Parse(target)
		switch {
		case err != nil:
			return ""
		case to.Scheme != "" || to.Host != "" || to.Path == "":
			return target
		}
		if page, is := strings.CutSuffix(to.Path, ".ipynb"); is {
			to.Path = page + ".html"
		}
		if !there(to) {
			return ""
		}
		return to.String()
	}
}

// Page returns a notebook as one file of HTML with all that it needs in it, its code unfolded. there says whether a file lies beside the
// page: links lead to no other. It is an error when an output cannot be read; a formula that cannot be read is shown as it was written.
func Page(name string, nb *notebook.Notebook, there func(*url.URL) bool) ([]byte, error) {
	c, err := newChapter(name, nb, pageOptions{inline: true, open: true, lenient: true, link: links(there)})
	if err != nil {
		return nil, err
	}
	p := page{chapter: c}
	for _, name := range []string{"assets/katex/katex.min.css", "assets/site.css"} {
		style, err := inlined(name)
		if err != nil {
			return nil, err
		}
		p.Style += template.CSS(style)
	}
	script, err := assets.ReadFile("assets/site.js")
	if err != nil {
		return nil, err
	}
	p.Script = template.JS(script)
	return fill("page.html", p)
}

// inlined is a style sheet with its fonts in it.
func inlined(name string) ([]byte, error) {
	style, err := assets.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var wrong error
	style = fonts.ReplaceAllFunc(fallbacks.ReplaceAll(style, nil), func(of []byte) []byte {
		font, err := assets.ReadFile(path.Join(path.Dir(name), string(fonts.FindSubmatch(of)[1])))
		if err != nil {
			wrong = err
		}
		return []byte("url(" + dataURL("font/woff2", font) + ")")
	})
	return style, wrong
}

// page is what the template page.html shows.
type page struct {
	*chapter
	Chapters      []*chapter
	Before, After *chapter
	Live          bool
	Style         template.CSS // of a page that is one file
	Script        template.JS
}

// Description is what a search shows of the page.
func (p page) Description() string {
	if p.chapter == nil {
		return "A lecture on optimizers and ReLU networks that you can take apart."
	}
	return plain(string(p.About))
}

// shell are the files that all pages share.
func shell() (map[string][]byte, error) {
	files := map[string][]byte{}
	return files, fs.WalkDir(assets, "assets", func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{".html", ".json"}, path.Ext(at)) || at == "assets/katex/katex.min.js" || at == "assets/sw.js" {
			return err
		}
		data, err := assets.ReadFile(at)
		if path.Ext(at) == ".css" {
			data = fallbacks.ReplaceAll(data, nil)
		}
		files[at] = data
		return err
	})
}

var fonts = regexp.MustCompile(`url\(([^)]*\.woff2)\)`)

// fallbacks are the fonts that KaTeX's style sheet has for browsers of the past.
var fallbacks = regexp.MustCompile(`,url\([^)]*\.(?:woff|ttf)\) format\("\w+"\)`)

// live adds the files of the live cells.
func live(ctx context.Context, opt Options, files map[string][]byte) error {
	temp, err := os.MkdirTemp("", "site-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := opt.Live(ctx, opt.Notebooks, temp); err != nil {
		return err
	}
	return filepath.WalkDir(temp, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(temp, at)
		if err == nil {
			files[path.Join("assets", filepath.ToSlash(name))], err = os.ReadFile(at)
		}
		return err
	})
}

// offline is the service worker. It knows the files of each page, those that are stored when they are first fetched, and a hash of all.
func offline(files map[string][]byte) ([]byte, error) {
	sum := sha256.New()
	pages := map[string][]string{} // "" has those that all pages share
	late := []string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
		page := ""
		if path.Ext(name) == ".html" && name != "index.html" {
			page = name
		} else if folder, _, in := strings.Cut(strings.TrimPrefix(name, "assets/"), "/"); in && files[folder+".html"] != nil {
			page = folder + ".html"
		}
		switch address := (&url.URL{Path: name}).String(); path.Ext(name) {
		case ".csv": // a reader who takes numbers away has a network
		case ".bin": // the live cells' program, of megabytes, which nobody needs who moves no control
			late = append(late, address)
		default:
			pages[page] = append(pages[page], address)
		}
	}
	lists, err := json.Marshal([]any{pages, late})
	if err != nil {
		return nil, err
	}
	worker, err := assets.ReadFile("assets/sw.js")
	return fmt.Appendf(nil, "const VERSION = %q;\nconst [PAGES, LATE] = %s;\n%s", hex.EncodeToString(sum.Sum(nil))[:16], lists, worker), err
}

// write writes the files, and removes those of the site before that this one does not have.
func write(to string, files map[string][]byte, built *Built) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		kept, err := made.Write(to, name, files[name])
		if err != nil {
			return fmt.Errorf("the site cannot be written: %w", err)
		}
		if kept != "" {
			built.Kept = append(built.Kept, kept)
		}
		built.Bytes += len(files[name])
	}
	return made.Prune(to, func(name string) bool { return files[name] != nil })
}
