package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent.example/internal/browser"
	"github.com/stretchr/testify/require"
)

// watch collects what a page asks for that its own host does not have: the server's policy forbids it, and the browser says so.
const watch = `window.asked = []; document.addEventListener("securitypolicyviolation", (e) => asked.push(e.blockedURI));`

const policyOfTests = "default-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"

// show shows a page of the lecture's site.
func show(t *testing.T, b *browser.Browser, page string) (*browser.Tab, *httptest.Server) {
	folder, err := lecture()
	require.NoError(t, err)
	return showOf(t, b, folder, page)
}

// showOf shows a page of a site, which is served under a path.
func showOf(t *testing.T, b *browser.Browser, folder, page string) (*browser.Tab, *httptest.Server) {
	files := http.StripPrefix("/some/path", Handler(folder))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policyOfTests)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p := b.Open(server.URL+"/some/path/"+page, watch)
	p.Until(`document.readyState === "complete" && location.href !== "about:blank"`)
	return p, server
}

type look struct {
	width  int
	scheme string
}

var light, dark, phone = look{1400, "light"}, look{1400, "dark"}, look{360, "light"}

// Without a failure that axe-core finds, without a request to another host, and without scrolling sideways, in both themes and on a phone.
func TestPagesAreAccessible(t *testing.T) {
	axe, err := os.ReadFile("testdata/axe-core/axe.min.js")
	require.NoError(t, err)
	b := browser.New(t)
	for page, looks := range map[string][]look{"": {light, dark, phone}, "00-how-a-cell-works.html": {light, dark, phone}, "03-schedules.html": {dark, phone}} {
		p, _ := show(t, b, page)
		p.Eval(string(axe) + "; null")
		p.Eval(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`)
		// A thousand formulas take axe half a minute. Those of headers stay out because axe does not know MathML as text.
		p.Eval(`[...document.querySelectorAll(".katex")].slice(5).concat(...document.querySelectorAll("th .katex"))
			.forEach((f) => f.replaceWith("x"))`)
		for _, l := range looks {
			p.Look(l.width, 800, "screen", l.scheme)
			found := p.Eval(`axe.run().then((r) => r.violations.map((v) => v.id + " " + v.nodes.map((n) => n.html).join(" ")).join("\n"))`)
			require.Empty(t, found, "%s %v", page, l)
			fits(t, p, page)
		}
		require.Empty(t, p.Eval("asked"), page)
	}
}

// reload loads the page again.
func reload(p *browser.Tab) {
	p.Eval(`window.before = true; location.reload(); null`)
	p.Until(`window.before === undefined && document.readyState === "complete"`)
}

// fits asserts that the page does not scroll sideways.
func fits(t *testing.T, p *browser.Tab, page string) {
	t.Helper()
	require.LessOrEqual(t, p.Eval("document.documentElement.scrollWidth"), p.Eval("document.documentElement.clientWidth"), page)
}

// No page scrolls sideways on a phone, however wide its tables, pictures and formulas are, and slides come with their sliders.
func TestEveryChapterFitsAPhone(t *testing.T) {
	b := browser.New(t)
	for i, file := range chapters() {
		p, _ := show(t, b, nameOf(file)+".html")
		p.Look(360, 800, "screen", "light")
		p.Eval(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`)
		fits(t, p, file)
		require.Zero(t, p.Eval(`[...document.images].filter((i) => i.complete && i.naturalWidth === 0).length`), file)
		if p.Eval(`document.querySelector("[data-script]") !== null`) == true {
			p.Eval(`document.querySelector("[data-script]").scrollIntoView()`)
			p.Until(`document.querySelector("[data-script] input[type=range]") !== null`)
			fits(t, p, file)
		}
		require.Empty(t, p.Eval("asked"), i)
	}
}

func TestPage(t *testing.T) {
	b := browser.New(t)
	presenter(t, b)
	paper(t, b)
	theme(t, b)
}

// The presenter's keys go through the sections, the address says where, and what else is in the address stays.
func presenter(t *testing.T, b *browser.Browser) {
	p, _ := show(t, b, "01-gradient-descent.html?c02a.lr=0.5#c02a")
	p.Look(1400, 900, "screen", "light")
	shown := `[...document.querySelectorAll("main > section")].filter((s) => s.checkVisibility()).map((s) => s.id).join()`
	at := func(id, address string) {
		t.Helper()
		require.Equal(t, id, p.Eval(shown))
		require.Equal(t, address, p.Eval("location.search + location.hash"))
	}
	p.Press("p")
	at("c02a", "?c02a.lr=0.5&present#c02a")
	p.Press("ArrowRight")
	at("c02b", "?c02a.lr=0.5&present#c02b")
	p.Press("ArrowLeft")
	p.Press("ArrowLeft")
	at("c02", "?c02a.lr=0.5&present#c02")
	p.Press("End")
	p.Press("ArrowRight")
	last := p.Eval(`document.querySelector("main > section:last-child").id`).(string)
	at(last, "?c02a.lr=0.5&present#"+last)
	p.Press("Home")
	at("c00", "?c02a.lr=0.5&present#c00")
	p.Press(" ") // the first section has room on the screen
	at("c01", "?c02a.lr=0.5&present#c01")

	// A field has the keys for itself.
	p.Eval(`document.querySelector(".now").append(Object.assign(document.createElement("input"), { id: "field" })); document.querySelector("#field").focus()`)
	p.Press("ArrowRight")
	at("c01", "?c02a.lr=0.5&present#c01")
	p.Press("PageDown")
	at("c02", "?c02a.lr=0.5&present#c02")
	p.Press("Escape")
	require.Equal(t, "?c02a.lr=0.5#c02", p.Eval("location.search + location.hash"))
	require.Greater(t, strings.Count(p.Eval(shown).(string), ","), 40)

	// A slider takes no letters, and has the arrows for itself until a hand lets it go.
	p.Eval(`document.querySelector("#c02").append(Object.assign(document.createElement("input"), { id: "slider", type: "range" }))`)
	const focus = `document.querySelector("#slider").focus()`
	p.Eval(focus)
	p.Press("p")
	p.Eval(focus)
	p.Press("ArrowRight")
	at("c02", "?c02a.lr=0.5&present#c02")
	p.Eval(`document.querySelector("#slider").dispatchEvent(new PointerEvent("pointerup", { bubbles: true }))`)
	p.Until(`document.activeElement !== document.querySelector("#slider")`)
	p.Press("ArrowRight")
	at("c02a", "?c02a.lr=0.5&present#c02a")

	// An address with ?present begins at once, and a section that is longer than the screen is gone through first.
	p.Look(700, 300, "screen", "light")
	p.Eval(`location.replace("?present#c00"); null`)
	p.Until(`document.readyState === "complete" && location.search === "?present"`)
	at("c00", "?present#c00")
	p.Press(" ")
	at("c00", "?present#c00")
	require.Greater(t, p.Eval(`document.querySelector(".now").scrollTop`), 50.)
}

// On paper, answers are open, pictures are light and whole, and nothing is there that only a hand can use.
func paper(t *testing.T, b *browser.Browser) {
	p, _ := show(t, b, "01-gradient-descent.html")
	p.Look(700, 900, "print", "dark")
	p.Eval(`dispatchEvent(new Event("beforeprint"))`)
	require.Zero(t, p.Eval(`document.querySelectorAll("section.text details:not([open])").length`))
	require.Zero(t, p.Eval(`[...document.querySelectorAll("button, input, .bar, .contents, .descent-controls, .take")].filter((e) => e.checkVisibility()).length`))
	require.Equal(t, "none avoid", p.Eval(`(() => { const s = getComputedStyle(document.querySelector(".output img")); return s.filter + " " + getComputedStyle(document.querySelector("figure")).breakInside; })()`))
	require.Equal(t, "rgb(255, 255, 255)", p.Eval(`getComputedStyle(document.body).backgroundColor`))
	p.Eval(`dispatchEvent(new Event("afterprint"))`)
	require.NotZero(t, p.Eval(`document.querySelectorAll("section.text details:not([open])").length`))
}

// The theme that a person chose stays, and the system's is the first.
func theme(t *testing.T, b *browser.Browser) {
	p, _ := show(t, b, "00-how-a-cell-works.html")
	paper := `getComputedStyle(document.body).backgroundColor + " " + getComputedStyle(document.querySelector(".output img")).filter`
	const bright, dim = "rgb(255, 255, 255) none", "rgb(28, 28, 28) invert(0.89) hue-rotate(180deg)"
	p.Look(1000, 800, "screen", "dark")
	require.Equal(t, dim, p.Eval(paper))
	p.Eval(`document.querySelector('[data-do="theme"]').click()`)
	require.Equal(t, bright, p.Eval(paper))
	reload(p)
	p.Until(`document.querySelector('[data-do="theme"]')?.textContent === "Light"`)
	require.Equal(t, bright, p.Eval(paper))
	p.Look(1000, 800, "screen", "light")
	p.Eval(`document.querySelector('[data-do="theme"]').click()`)
	require.Equal(t, dim, p.Eval(paper))
}

// A chapter that was opened once can be read when the server is gone, with its pictures and its slides; one that was not cannot.
func TestOffline(t *testing.T) {
	p, server := show(t, browser.New(t), "02-sgd-noise.html")
	p.Until(fmt.Sprintf(`caches.keys().then((names) => names.length === 0 ? [] : caches.open(names[0]).then((store) => store.keys())).then((k) => k.filter((r) => r.url.includes("/02-sgd-noise")).length === %d)`,
		len(belonging(t, "02-sgd-noise"))))
	server.Close()
	reload(p)
	require.Greater(t, p.Eval(`document.querySelectorAll("main > section").length`), 40.)
	p.Until(`[...document.images].every((i) => { i.loading = "eager"; return i.complete && i.naturalWidth > 0; })`)
	require.Equal(t, true, p.Eval(`document.fonts.ready.then(() => document.fonts.check("16px KaTeX_Main") && document.fonts.check('16px "Source Serif 4"'))`))
	p.Eval(`document.querySelector("[data-script]").scrollIntoView()`)
	p.Until(`document.querySelector("[data-script] input[type=range]") !== null`)
	require.Equal(t, true, p.Eval(`fetch("./").then((r) => r.ok)`))
	require.Equal(t, false, p.Eval(`fetch("05-learning-relu-nets.html").then((r) => r.ok, () => false)`))
}

// The program of live cells is stored when a page first asks for it, and not before.
func TestTheProgramIsStoredLate(t *testing.T) {
	file, folder := filepath.Join(t.TempDir(), "01-n.ipynb"), t.TempDir()
	require.NoError(t, os.WriteFile(file, []byte(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":`+markdownCell("# N")+`}`), 0o644))
	_, err := Build(t.Context(), Options{Notebooks: []string{file}, To: folder, Live: func(_ context.Context, _ []string, assets string) error {
		return errors.Join(os.WriteFile(filepath.Join(assets, "page.js"), nil, 0o644), os.WriteFile(filepath.Join(assets, "program.bin"), []byte("program"), 0o644))
	}})
	require.NoError(t, err)
	p, server := showOf(t, browser.New(t), folder, "01-n.html")
	stored := func(name string) string {
		return `caches.match(new URL("assets/` + name + `", location)).then((a) => a !== undefined)`
	}
	const fetched = `fetch("assets/program.bin").then((a) => a.text())`
	p.Until(`navigator.serviceWorker.controller !== null`)
	require.Equal(t, true, p.Eval(stored("page.js")))
	require.Equal(t, false, p.Eval(stored("program.bin")))
	require.Equal(t, "program", p.Eval(fetched))
	p.Until(stored("program.bin"))
	server.Close()
	require.Equal(t, "program", p.Eval(fetched))
}

// belonging are the files of a page.
func belonging(t *testing.T, name string) (files []string) {
	folder, err := lecture()
	require.NoError(t, err)
	entries, err := os.ReadDir(folder + "/assets/" + name)
	require.NoError(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".csv") {
			files = append(files, e.Name())
		}
	}
	return append(files, name+".html")
}
