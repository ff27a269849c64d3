package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"descent.example/internal/browser"
	"descent.example/internal/site"
	"descent.example/pkg/notebook"
)

// trials is a notebook for the tests.
const trials = "99-trials"

func code(id, source string) notebook.Cell {
	var c notebook.Cell
	data, _ := json.Marshal(map[string]any{"id": id, "cell_type": "code", "source": source, "metadata": map[string]any{}, "outputs": []any{}})
	if err := json.Unmarshal(data, &c); err != nil {
		panic(err)
	}
	return c
}

// cellsOfTrials train, fail and never end.
func cellsOfTrials() []notebook.Cell {
	const run = `%%%%
lr := lab.Float("lr", 0.1, "learning rate η", lab.Above(0), lab.AtMost(1))
steps := lab.Int("steps", 2000, "steps", lab.AtLeast(1))
lab.Parse()
trainer := lab.Must(lecture.NewTrainer(%s, train.Record{}))
run := lab.Must(trainer.Run(lab.Context(), train.Config{LearningRate: lr, Steps: steps, Stride: max(1, steps/2000), Seed: 1}))
lab.Show(figure.New("Loss", figure.X("step"), figure.LogY("loss")).Line("GD", nil, run.Loss))
lab.Say("lr %%g", lr)`
	return []notebook.Cell{
		code("quadratic", fmt.Sprintf(run, `lecture.Valley(), "GD"`)),
		code("net", fmt.Sprintf(run, `lab.Must(lecture.SmallNet(64)), "SGD"`)),
		code("fails", `%%
how := lab.Choice("how", "well", "how it ends", "well", "error", "panic", "exit")
lab.Parse()
fmt.Println("printed")
switch how {
case "error":
	lab.Check(errors.New("it was an error"))
case "panic":
	panic("it was a panic")
case "exit":
	os.Exit(3)
}
lab.Say("well")`),
		code("forever", "%%\nlab.Say(\"begun\")\nfor n := 0; n >= 0; n++ {\n}"),
		code("declares", "import \"math/big\"\n\nfunc two() *big.Int { return big.NewInt(2) }\n\n%%\nlab.Say(\"%v\", two())"),
		code("uses", "%% --n=3\nn := lab.Int(\"n\", 1, \"how often\")\nlab.Parse()\nlab.Table([]string{\"**n**\", \"a|b\"}, [][]string{{fmt.Sprint(n), two().String()}})"),
	}
}

func lectures() []string {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil {
		panic(err)
	}
	return files
}

var made string // the folder that TestMain removes

// built is a folder with the site of the lecture and of the trials, once for all tests.
var built = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "page-test-")
	if err != nil {
		return "", err
	}
	made = folder
	data, err := notebook.New(cellsOfTrials()...).Bytes()
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, trials+".ipynb")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return "", err
	}
	_, err = site.Build(context.Background(), site.Options{Notebooks: append(lectures(), file), To: filepath.Join(folder, "site"), Live: Build})
	return folder, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(made)
	os.Exit(code)
}

const hand = browser.Hand + `
window.asked = [];
document.addEventListener("securitypolicyviolation", (e) => asked.push(e.blockedURI));
window.ready = () => document.documentElement?.dataset.live === "ready";
window.cell = (id) => document.getElementById(id);
window.state = (id) => cell(id).querySelector(".descent-live").dataset.state;
window.said = (id) => [...cell(id).querySelectorAll(".descent-shown pre")].map((p) => p.textContent).join("\n");
window.failed = (id) => cell(id).querySelector(".descent-error").textContent;
window.press = (id, word) => [...cell(id).querySelectorAll(".descent-bar button")].find((b) => b.textContent === word).click();
window.field = (id, name) => cell(id).querySelector('[data-name="' + name + '"]:not([type=range])');
window.enter = (id, name, value) => {
	field(id, name).value = value;
	field(id, name).dispatchEvent(new Event("change", { bubbles: true }));
};
window.slider = (id, name) => cell(id).querySelector('[type=range][data-name="' + name + '"]');
window.drag = (id, name, place) => {
	pull(slider(id, name), place);
	release(slider(id, name));
};
window.until = async (done, seconds) => {
	const end = performance.now() + 1000 * seconds;
	while (!done() && performance.now() < end) await new Promise((next) => setTimeout(next, 0));
	return performance.now();
};
window.answer = async (id, seconds) => { // from a press of Run
	press(id, "Run");
	await until(() => state(id) === "idle" && (cell(id).classList.contains("live") || failed(id)), seconds);
	await new Promise((next) => setTimeout(next, 20));
	return [...cell(id).querySelectorAll(".descent-shown > .output")].map((o) => (o.querySelector("[role=img]")?.ariaLabel ?? o.querySelector("img")?.alt ?? o.innerText)).join("\n") + failed(id);
};
`

// open shows a page of the site in a browser, which is served under a path and may ask for nothing from anywhere else.
func open(t *testing.T, page string) *browser.Tab {
	t.Helper()
	b := browser.New(t)
	folder, err := built()
	require.NoError(t, err)
	files := http.StripPrefix("/some/path", site.Handler(filepath.Join(folder, "site")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self' data:; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'")
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p := b.Open(server.URL+"/some/path/"+page, hand)
	p.Until(`window.ready?.() === true`)
	t.Cleanup(func() { require.Empty(t, p.Eval("asked")) })
	return p
}

// timed drags the learning rate of a cell from a place of its slider, and logs how long its pictures take.
func timed(t *testing.T, p *browser.Tab, id string, from int) {
	t.Helper()
	p.Eval(fmt.Sprintf(`answer(%q, 20)`, id))
	for _, when := range []string{"at first, while the browser compiles", "then"} {
		took := p.Eval(fmt.Sprintf(`drags(cell(%[1]q), slider(%[1]q, "lr"), Array.from({ length: 40 }, (_, i) => %[2]d + 2 * i), () => state(%[1]q) === "idle")`, id, from)).([]any)
		t.Logf("2,000 steps of %s and a picture, %s: median %.1f ms, p95 %.1f ms", id, when, took[len(took)/2], took[len(took)*95/100])
		require.Less(t, took[len(took)/2].(float64), 500.)
	}
}

// A chapter's cells answer as quickly: the dance of 2.6, and the whole page of one's own net.
func TestADragInAChapterIsAnswered(t *testing.T) {
	p := open(t, "02-sgd-noise.html")
	p.Eval(`enter("c18", "steps", "2000")`)
	timed(t, p, "c18", 120)
	timed(t, open(t, "07-your-own-net.html"), "c02b", 130) // at rates that learn: a diagnosis trains more nets
}

// Before its first live answer a chapter takes at most 5 MB from a server that compresses: what its page loads while the reader stands at the
// first control, and the program. gzip gives more bytes than what such servers use.
func TestAChapterIsSmall(t *testing.T) {
	folder, err := built()
	require.NoError(t, err)
	for _, file := range lectures() {
		p := open(t, strings.TrimSuffix(filepath.Base(file), ".ipynb")+".html")
		names := p.Eval(`(async () => {
			document.querySelector("section.cell input[type=range]")?.scrollIntoView({ behavior: "instant", block: "center" });
			await new Promise((next) => setTimeout(next, 1000));
			const program = (await (await fetch("assets/cells.json")).json()).program;
			return [...new Set([...performance.getEntries().map((e) => e.name), new URL("assets/" + program, location).href])]
				.filter((name) => name.startsWith(location.origin)).map((name) => new URL(name).pathname.replace("/some/path/", ""));
		})()`).([]any)
		sum := 0
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(folder, "site", name.(string)))
			require.NoError(t, err)
			sum += min(len(data), len(packed(data)))
		}
		t.Logf("%s: %d files, %.2f MB", filepath.Base(file), len(names), float64(sum)/1e6)
		require.Greater(t, len(names), 10)
		require.Less(t, sum, 5_000_000, names)
	}
}

// A reader who drags sees the setting where the hand stopped, soon.
func TestADragIsAnswered(t *testing.T) {
	p := open(t, trials+".html")
	require.Zero(t, p.Eval(`performance.getEntriesByType("resource").filter((e) => /program|worker/.test(e.name)).length`), "a page that nobody touches loads a program")
	t.Logf("first content after %.0f ms", p.Eval(`performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`))
	first := p.Eval(`(async () => {
		const began = performance.now();
		drag("quadratic", "lr", 100);
		return (await until(() => said("quadratic") !== "", 30)) - began;
	})()`).(float64)
	t.Logf("first live answer after %.0f ms", first)
	require.Less(t, first, 20e3)

	timed(t, p, "quadratic", 60)
	timed(t, p, "net", 60)

	last := p.Eval(`(async () => {
		for (let i = 0; i < 200; i++) {
			drag("net", "lr", i % 97);
			if (i % 5 === 0) await new Promise((next) => setTimeout(next, 0));
		}
		await until(() => state("net") === "idle" && said("net") === "lr " + field("net", "lr").value, 20);
		return [said("net"), "lr " + field("net", "lr").value];
	})()`).([]any)
	require.Equal(t, last[1], last[0], "the last of 200 settings")

	taken := p.Eval(`(async () => {
		const links = [...cell("net").querySelectorAll(".descent-shown .take a")], make = URL.createObjectURL;
		let file;
		URL.createObjectURL = (blob) => make.call(URL, (file = blob));
		const content = (link) => {
			link.addEventListener("click", (event) => event.preventDefault());
			link.click();
			return file.text();
		};
		const [svg, csv] = links, whole = document.createElement("div");
		whole.innerHTML = await content(svg);
		const seen = cell("net").querySelector(".descent-shown .descent-svg").shadowRoot.innerHTML;
		return [links.map((link) => link.textContent).join(), csv.download, (await content(csv)).split("\n")[0], seen === whole.innerHTML];
	})()`)
	require.Equal(t, []any{"SVG,CSV", trials + "-net.csv", "panel,series,step,loss", true}, taken, "the picture to take away is the one seen")
}

// Of a picture whose elements have lines only those that differ are drawn anew; any other is drawn whole.
func TestAPictureIsRedrawn(t *testing.T) {
	p := open(t, trials+".html")
	got := p.Eval(`(async () => {
		const { picture } = await import(new URL("assets/picture.js", location));
		const { box, show } = picture(document.body), shadow = box.querySelector(".descent-svg").shadowRoot;
		const ours = (...elements) => ['<svg width="9" height="9" aria-label="' + elements.length + '">', ...elements, "</svg>", ""].join("\n");
		const group = "<g><text>a</text><text>b</text></g>", whole = document.createElement("div");
		const like = (drawn, about) => {
			show(drawn, { alt: "a", width: 9, height: 9, ...about });
			whole.innerHTML = drawn;
			whole.querySelector("svg").setAttribute("viewBox", "0 0 9 9");
			return whole.querySelector("svg").isEqualNode(shadow.querySelector("svg"));
		};
		const all = [like(ours(group, "<rect/>"), { lines: true })];
		const [kept, gone] = shadow.querySelector("svg").children;
		all.push(like(ours(group, "<circle/>"), { lines: true }), kept === shadow.querySelector("g"), !gone.isConnected);
		all.push(like(ours(group, "<circle/>", "<rect/>"), { lines: true }), like(ours("<path/>", group), { lines: true }));
		for (const foreign of ['\n<svg fill="red">\n<g>\n<rect/>\n</g>\n<rect/></svg>', '\n<svg>\n<g>\n<circle/>\n</g>\n<rect/></svg>', ours("<rect/>"), "<?xml version='1.0'?><svg></svg>"]) all.push(like(foreign));
		return all;
	})()`)
	require.NotContains(t, got, false)
	require.Len(t, got, 10)
}

// What goes wrong in a run is said beside its cell, and the next run is as good as any.
func TestRunsThatFail(t *testing.T) {
	p := open(t, trials+".html")
	how := func(word, shows string) {
		t.Helper()
		p.Eval(fmt.Sprintf(`enter("fails", "how", %q)`, word))
		p.Until(fmt.Sprintf(`state("fails") === "idle" && (failed("fails") + said("fails")).includes(%q)`, shows))
	}
	how("error", "it was an error")
	how("panic", "it was a panic")
	how("well", "printed")
	how("exit", "The program ended over this run")
	how("well", "well")

	// A run that looks at nothing is ended with its worker, also when its values are wanted again.
	p.Eval(`press("forever", "Run")`)
	p.Until(`!cell("forever").querySelectorAll(".descent-bar button")[2].hidden || state("forever") === "busy"`)
	require.Equal(t, "2", p.Eval(`answer("declares", 20)`), "beside a run that goes on")
	p.Eval(`press("forever", "Stop")`)
	p.Until(`state("forever") === "idle"`)

	require.Equal(t, "n\ta|b\n3\t2", strings.TrimSpace(p.Eval(`answer("uses", 20)`).(string)), "what another cell declares, and the value beside %%")
}

// What somebody types stays while a run answers.
func TestTypingIsNotOverwritten(t *testing.T) {
	p := open(t, trials+".html")
	require.Equal(t, []any{"lr 0.1", "0.3"}, p.Eval(`(async () => {
		enter("quadratic", "steps", "3000");
		field("quadratic", "lr").focus();
		field("quadratic", "lr").value = "0.3";
		await until(() => state("quadratic") === "idle" && said("quadratic") !== "", 30);
		return [said("quadratic"), field("quadratic", "lr").value];
	})()`))
	p.Eval(`field("quadratic", "lr").dispatchEvent(new Event("change"))`)
	p.Until(`said("quadratic") === "lr 0.3"`)
}

// After a run that was stopped, what is shown is marked until it agrees with the controls.
func TestOutputsOfOtherValuesAreMarked(t *testing.T) {
	p := open(t, trials+".html")
	const stop = `!cell("net").querySelector(".descent-live").matches("[data-outdated]") && [...cell("net").querySelectorAll("button")].some((b) => b.textContent === "Stop" && !b.hidden)`
	opacity := func(of string) any {
		return p.Eval(`getComputedStyle(cell("net").querySelector("` + of + `")).opacity`)
	}
	const late, agrees = `state("net") === "idle" && cell("net").querySelector("[data-outdated]") !== null`, `state("net") === "idle" && cell("net").querySelector("[data-outdated]") === null`
	long := func() {
		p.Eval(`enter("net", "steps", "2000000000")`)
		p.Until(stop)
		p.Eval(`press("net", "Stop")`)
		p.Until(late)
	}
	long()
	require.NotEqual(t, "1", opacity(".outputs"), "what the notebook stores")
	p.Eval(`enter("net", "steps", "1000")`)
	p.Until(agrees + ` && said("net") !== ""`)
	require.Equal(t, "1", opacity(".descent-shown"))
	long()
	require.NotEqual(t, "1", opacity(".descent-shown"))
	p.Eval(`press("net", "Reset")`)
	p.Until(agrees)
}

// An address whose values are heavy waits for Run, and any other runs at once.
func TestAHeavyAddressWaits(t *testing.T) {
	for values, state := range map[string]string{"c24a.seeds=61": "busy", "c24a.seeds=500&c24a.steps=5000": "idle"} {
		p := open(t, "02-sgd-noise.html?"+values)
		require.Equal(t, state, p.Eval(`state("c24a")`), values)
	}
}

// An address brings a setting, and a setting an address. Paper says which setting it is.
func TestTheAddressHoldsTheSetting(t *testing.T) {
	p := open(t, trials+".html?present&quadratic.lr=0.05&nobody.x=1#quadratic")
	p.Until(`said("quadratic") === "lr 0.05"`)
	p.Look(1000, 800, "print", "light")
	require.Equal(t, []any{true}, p.Eval(`[...document.querySelectorAll(".descent-settings")].filter((s) => s.checkVisibility()).map((s) => s.textContent.includes("0.05"))`))
	p.Look(1000, 800, "screen", "light")
	p.Eval(`enter("quadratic", "lr", "0.15")`)
	p.Until(`location.search === "?present&quadratic.lr=0.15&nobody.x=1" || location.search === "?present&nobody.x=1&quadratic.lr=0.15"`)
	p.Eval(`press("quadratic", "Reset")`)
	p.Until(`location.search === "?present&nobody.x=1" && cell("quadratic").querySelector(".outputs").hidden === false && field("quadratic", "lr").value === "0.1"`)
}

// differs says of cells why they show other numbers than the notebook stores.
var differs = map[string]string{
	"01-gradient-descent/c22c":  "training at the edge of stability is chaotic: one rounding changes it",
	"02-sgd-noise/c15":          "the sign of a sum that is 0 up to rounding",
	"02-sgd-noise/c28":          "the sign of an eigenvector, which rounding chooses",
	"05-learning-relu-nets/c25": "some of its 48 trainings in float32 are chaotic",
}

// everything is an environment variable: if it is set, the slow cells run too, and costs.json is written anew.
const everything = "DESCENT_PAGE_EVERYTHING"

// Every cell is live or says why not, and shows what the notebook stores.
func TestCellsShowWhatTheNotebooksStore(t *testing.T) {
	var known map[string]int64
	require.NoError(t, json.Unmarshal(costs, &known))
	all := os.Getenv(everything) != ""
	lab := 0
	for _, file := range lectures() {
		name := strings.TrimSuffix(filepath.Base(file), ".ipynb")
		nb, err := notebook.Read(file)
		require.NoError(t, err)
		p := open(t, name+".html")
		for _, c := range nb.Code() {
			key := name + "/" + c.ID()
			if !strings.Contains("\n"+string(c.Source), "\n%%") { // it only declares
				require.Equal(t, true, p.Eval(fmt.Sprintf(`cell(%q).querySelector(".descent-controls, .descent-bar, .descent-why") === null`, c.ID())), key)
				continue
			}
			if p.Eval(fmt.Sprintf(`cell(%q).querySelector(".descent-bar") === null`, c.ID())) == true {
				require.NotEmpty(t, p.Eval(fmt.Sprintf(`cell(%q).querySelector(".descent-why").textContent`, c.ID())), key)
				if !c.Has(notebook.TagExercise) {
					lab++
				}
				continue
			}
			if !all && (known[key] == 0 || known[key] > 400e3) {
				continue
			}
			began := time.Now()
			shown := p.Eval(fmt.Sprintf(`answer(%q, 600)`, c.ID())).(string)
			if all && time.Since(began) < 2*time.Second { // the browser compiles what runs for the first time
				p.Eval(fmt.Sprintf(`answer(%q, 600)`, c.ID()))
			}
			require.Empty(t, p.Eval(fmt.Sprintf(`failed(%q)`, c.ID())), key)
			t.Logf("%s: %v", key, time.Since(began).Round(time.Millisecond))
			if !c.Has(notebook.TagMachine) && differs[key] == "" {
				require.Empty(t, missing(c, shown), key)
			}
		}
		if all {
			var took map[string]int64
			require.NoError(t, json.Unmarshal([]byte(p.Eval(`localStorage.getItem("descent.took")`).(string)), &took))
			for key, micros := range took {
				known[key] = micros
			}
		}
	}
	require.LessOrEqual(t, lab, 3, "cells for the lab alone")
	if all {
		data, err := json.MarshalIndent(known, "", "\t")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("costs.json", append(data, '\n'), 0o644))
	}
}

// Stored pictures with sliders go where controls do the same, and stay where a slider moves what no control does.
func TestSlidersThatControlsMakeSuperfluous(t *testing.T) {
	for file, cells := range map[string]map[string]bool{
		"02-sgd-noise": {"c15": false, "c18": true}, "06-what-can-go-wrong": {"c03": false, "c06": true, "c13d": false},
	} {
		nb, err := notebook.Read("../../notebooks/" + file + ".ipynb")
		require.NoError(t, err)
		c, err := newChapter(file, nb)
		require.NoError(t, err)
		for _, cell := range c.cells {
			if want, asked := cells[path.Base(cell.name)]; asked {
				require.Equal(t, want, cell.steered(), cell.name)
				delete(cells, path.Base(cell.name))
			}
		}
		require.Empty(t, cells)
	}
	p := open(t, "06-what-can-go-wrong.html")
	require.Equal(t, []any{0., 1.}, p.Eval(`["c06", "c13d"].map((id) => cell(id).querySelectorAll("[data-script]").length)`))
	p = open(t, "06-what-can-go-wrong.html#c06") // where the slides' script is asked for before the page knows that they are superfluous
	require.Equal(t, 0., p.Eval(`new Promise((done) => setTimeout(() => done(cell("c06").querySelectorAll("[data-slides] input").length), 1000))`))
}

// Whoever moves one of many controls sees the picture: beside them before a class, above them on a phone.
func TestManyControlsLeaveThePictureInSight(t *testing.T) {
	p := open(t, "07-your-own-net.html?present#c02b")
	p.Eval(`answer("c02b", 30)`)
	box := func(of string) string { return `cell("c02b").querySelector("` + of + `").getBoundingClientRect()` }
	p.Look(1280, 720, "screen", "light")
	require.Equal(t, true, p.Eval(box(".descent-controls")+".right < "+box(".descent-picture")+".left && "+box(".descent-picture")+".bottom < innerHeight"))
	p.Press("Escape")
	p.Look(360, 800, "screen", "light")
	p.Eval(`field("c02b", "steps").scrollIntoView({ behavior: "instant", block: "end" })`)
	require.Equal(t, true, p.Eval(box(".descent-picture")+".top >= 0 && "+box(".descent-picture")+`.bottom < field("c02b", "steps").getBoundingClientRect().top`))
}

// missing are the lines that a cell has stored and that are not among those shown, in any order. A stored picture with a slider is
// followed by words for those who do not see it, which a live one has no use of. A table's header may hold formulas.
func missing(c notebook.Cell, shown string) (lines []string) {
	fresh := strings.Split(shown, "\n")
	for _, o := range c.Outputs {
		if _, slides := o.As("text/html"); slides {
			continue
		}
		text, _ := o.As("text/plain")
		if _, table := o.As("text/markdown"); table {
			_, text, _ = strings.Cut(text, "\n")
		}
		for line := range strings.Lines(text + string(o.Text)) {
			same := func(other string) bool { return len(notebook.Compare(words(line), words(other), 3)) == 0 }
			if strings.TrimSpace(line) != "" && !slices.ContainsFunc(fresh, same) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func words(text string) *notebook.Notebook {
	return notebook.New(notebook.Cell{Type: "code", Outputs: []notebook.Output{{Type: "stream", Text: notebook.Text(strings.Join(strings.Fields(text), " "))}}})
}
