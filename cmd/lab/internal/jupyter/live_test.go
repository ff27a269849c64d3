package jupyter

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"descent.example/internal/browser"
	"github.com/stretchr/testify/require"
)

// trained is a cell that trains a net for 2,000 steps on XLA, and draws and says what came of it.
const trained = `import (
	"descent.example/pkg/lecture"
	"descent.example/pkg/train"
)
%%
lr := lab.Float("lr", 0.1, "learning rate η", lab.Above(0), lab.AtMost(1))
steps := lab.Int("steps", 2000, "steps", lab.AtLeast(1), lab.AtMost(1_000_000_000))
lab.Parse()
trainer := lab.Must(lecture.NewTrainer(lab.Must(lecture.SmallNet(64)), "SGD", train.Record{}))
run := lab.Must(trainer.Run(lab.Context(), train.Config{LearningRate: lr, Steps: steps, Stride: max(1, steps/2000), Seed: 1}))
lab.Show(figure.New("Loss", figure.X("step"), figure.LogY("loss")).Line("SGD", nil, run.Loss))
lab.Say("lr %g: %.4g", lr, run.Loss[len(run.Loss)-1])`

// hand is what moves the controls of the page: of cell k, or of all.
const hand = browser.Hand + `
window.cell = (k) => document.querySelectorAll(".jp-CodeCell")[k];
window.live = (k) => cell(k)?.querySelector(".descent-live");
window.idle = (k) => live(k)?.dataset.state === "idle";
window.said = (k) => live(k)?.querySelector("pre")?.textContent ?? "";
window.control = (k, name) => live(k).querySelector('[data-name="' + name + '"]');
window.field = (k, name) => live(k).querySelector('[data-name="' + name + '"]:not([type=range])');
window.drag = (k, name, place) => {
	pull(control(k, name), place);
	release(control(k, name));
};
window.until = async (done, wait) => {
	const end = performance.now() + 20_000;
	while (!done() && performance.now() < end) await new Promise((next) => setTimeout(next, wait));
};
window.enter = (k, name, text) => {
	field(k, name).value = text;
	field(k, name).dispatchEvent(new Event("change", { bubbles: true }));
};
window.press = (k, word) => [...live(k).querySelectorAll("button")].find((b) => b.textContent.startsWith(word)).click();
window.pictures = (k) => {
	const seen = { n: 0 };
	drawn(live(k), () => seen.n++);
	return seen;
};`

// processes are the live processes of the server's kernels.
func processes(t *testing.T, s *Server) (pids []int) {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-ww", "-o", "pid=,args=").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, filepath.Dir(s.info)) && regexp.MustCompile(`/live/\d+/program`).MatchString(line) {
			pid, err := strconv.Atoi(strings.Fields(line)[0])
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestControlsRunTheCellAgain(t *testing.T) {
	cells := []string{trained}
	for i := range 9 { // more than there are programs kept
		cells = append(cells, fmt.Sprintf("%%%%\nx := lab.Float(\"x\", 0.5, \"x\", lab.AtLeast(0), lab.AtMost(1))\nlab.Parse()\nlab.Say(\"cell %d: %%g\", x)", i+1))
	}
	cells = append(cells, `%%
ys := lab.Floats("ys", []float64{1, 2}, "heights")
lab.Parse()
xs := []float64{0, 1}
lab.Show(figure.New("Points", figure.X("x"), figure.Y("y").Range(0, 2)).Line("line", xs, ys).Handles(1, "", "ys", xs, ys))
lab.Say("%v", ys)`)
	s, work := serve(t, cells...)
	p := browser.New(t).Open(s.URL+"lab/tree/n.ipynb?token="+s.Token, hand)
	p.Until(`document.querySelector(".jp-CodeCell") !== null && /Idle/.test(document.querySelector("#jp-main-statusbar")?.innerText)`)
	require.Equal(t, true, p.Eval(`document.querySelector(".descent-live") === null`), "controls of a cell that was not run")
	p.Run(0)
	p.Until(`idle(0)`)
	enter := func(cell int, name, value, said string) {
		t.Helper()
		p.Eval(fmt.Sprintf("enter(%d, %q, %q)", cell, name, value))
		p.Until(fmt.Sprintf("idle(%d) && said(%[1]d).startsWith(%q)", cell, said))
	}
	enter(0, "lr", "0.2", "lr 0.2")

	t.Run("at once", func(t *testing.T) {
		took := p.Eval(`drags(live(0), control(0, "lr"), Array.from({ length: 40 }, (_, i) => 10 + 3 * i), () => idle(0))`).([]any)
		t.Logf("from input to picture: median %.1f ms, p95 %.1f ms", took[20], took[38])
		require.Less(t, took[20].(float64), 300.)
	})
	t.Run("the last of many", func(t *testing.T) {
		seen := p.Eval(`(async () => {
			const seen = pictures(0);
			for (let i = 0; i < 200; i++) {
				drag(0, "lr", 1 + i % 99);
				if (i % 4 === 0) await new Promise((done) => setTimeout(done));
			}
			drag(0, "lr", 42);
			await until(() => idle(0), 5);
			await new Promise((done) => setTimeout(done, 100));
			const at = seen.n;
			await new Promise((done) => setTimeout(done, 700));
			return [at, seen.n, said(0), field(0, "lr").value];
		})()`).([]any)
		require.Less(t, seen[0].(float64), 200.)
		require.Equal(t, seen[0], seen[1], "nothing was queued")
		require.True(t, strings.HasPrefix(seen[2].(string), "lr "+seen[3].(string)+":"), "%v", seen)
		require.Len(t, processes(t, s), 1)
	})
	t.Run("Enter", func(t *testing.T) {
		p.Eval(`field(0, "lr").focus()`)
		p.Enter("0.35")
		p.Until(`idle(0) && said(0).startsWith("lr 0.35:")`)
		require.Zero(t, p.Eval(`(async () => {
			const seen = pictures(0);
			field(0, "lr").blur();
			await new Promise((done) => setTimeout(done, 500));
			return seen.n;
		})()`), "it runs once more when the field is left")
		p.Eval(`field(0, "lr").focus()`)
		p.Enter("much")
		p.Until(`live(0).querySelector(".descent-error").textContent.includes("much")`)
	})
	t.Run("a refused value and a reset", func(t *testing.T) {
		p.Eval(`enter(0, "lr", "7")`)
		p.Until(`live(0).querySelector(".descent-error").textContent.includes("out of range")`)
		p.Eval(`press(0, "Reset")`)
		p.Until(`!cell(0).matches(".descent-mod-live") && field(0, "lr").value === "0.1" && live(0).querySelector(".descent-error").textContent === ""`)
		enter(0, "lr", "0.3", "lr 0.3")
	})
	t.Run("a long run is overtaken, and stopped", func(t *testing.T) {
		const long = "900000000"
		p.Eval(`enter(0, "steps", "` + long + `")`)
		p.Until(`live(0).querySelector(".descent-note").textContent.includes("training")`)
		enter(0, "steps", "2000", "lr 0.3")
		p.Eval(`enter(0, "steps", "` + long + `")`)
		p.Until(`live(0).querySelector(".descent-note").textContent.includes("training")`)
		p.Eval(`press(0, "Stop")`)
		p.Until(`idle(0) && live(0).matches("[data-outdated]")`)
		enter(0, "steps", "3000", "lr 0.3")
		p.Until(`!live(0).matches("[data-outdated]")`)
	})
	t.Run("processes are few, and come back", func(t *testing.T) {
		for k := 1; k < len(cells)-1; k++ {
			p.Run(k)
			p.Until(fmt.Sprintf("idle(%d)", k))
			enter(k, "x", "0.25", fmt.Sprintf("cell %d: 0.25", k))
		}
		require.Len(t, processes(t, s), 4)
		enter(0, "lr", "0.4", "lr 0.4")
		for _, pid := range processes(t, s) {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
		enter(0, "lr", "0.5", "lr 0.5")
	})
	t.Run("a point of a picture", func(t *testing.T) {
		k := len(cells) - 1
		p.Run(k)
		p.Until(fmt.Sprintf(`live(%d)?.querySelectorAll(".descent-handle").length === 2`, k))
		p.Eval(fmt.Sprintf(`live(%d).querySelectorAll(".descent-handle")[1].dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }))`, k))
		p.Until(fmt.Sprintf(`idle(%d) && said(%[1]d) === "[1 1.96]"`, k)) // by a fiftieth of the axis
	})
	t.Run("the notebook has the cell's own output", func(t *testing.T) {
		saved := func() string {
			data, err := os.ReadFile(filepath.Join(work, "n.ipynb"))
			require.NoError(t, err)
			return string(data)
		}
		require.Eventually(t, func() bool { return strings.Contains(saved(), "lr 0.1:") && strings.Contains(saved(), "cell 9: 0.5") }, time.Minute, 100*time.Millisecond)
		require.NotContains(t, saved(), "lr 0.5")
		require.NotContains(t, saved(), "0.25")
		p.Eval(`press(0, "Write")`)
		require.Eventually(t, func() bool {
			return strings.Contains(saved(), "%% --lr=0.5 --steps=3000") && strings.Contains(saved(), "lr 0.5:")
		}, time.Minute, 100*time.Millisecond)
	})
	t.Run("reload", func(t *testing.T) {
		p.Until(`!document.querySelector(".jp-mod-dirty")`)
		p.Eval(`window.before = true, location.reload()`)
		p.Until(`window.before === undefined && typeof idle === "function" && idle(0)`)
		enter(0, "lr", "0.6", "lr 0.6")
	})
	t.Run("what is written into a cell", func(t *testing.T) { testWritten(t, s, p) })
	t.Run("restart from elsewhere", func(t *testing.T) {
		code, kernels := s.ask(t.Context(), "api/kernels")
		require.Equal(t, http.StatusOK, code)
		id := regexp.MustCompile(`"id": ?"([^"]+)"`).FindSubmatch(kernels)[1]
		request, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"api/kernels/"+string(id)+"/restart", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "token "+s.Token)
		reply, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		reply.Body.Close()
		p.Eval(`live(0) && enter(0, "lr", "0.7")`)
		p.Until(`!document.querySelector(".descent-live, .descent-mod-live")`)
		require.Equal(t, true, p.Eval(`cell(0).querySelector(".descent-ended") !== null`), "controls end without a word")
		require.Empty(t, processes(t, s))
		p.Run(0)
		p.Until(`idle(0) && cell(0).querySelector(".descent-ended") === null`)
		enter(0, "lr", "0.8", "lr 0.8")
	})
}

// testWritten looks at what "write into the cell" makes of a cell's lines.
func testWritten(t *testing.T, s *Server, p *browser.Tab) {
	for before, after := range map[string]string{
		"%%\nx := 1":                            "%% --lr=0.5\nx := 1",
		"func f() {}\n%%":                       "func f() {}\n%% --lr=0.5",
		"%% --lr=0.1 --other=2":                 "%% --other=2 --lr=0.5",
		"%% -lr 0.1 --kind b":                   "%% --lr=0.5",
		"%%--lr = 0.1":                          "%% --lr=0.5",
		"%% --rates=0.1, 0.3 --lr=7":            "%% --lr=0.5",
		"%% \"--kind=two words\" word":          "%% word --lr=0.5",
		"%main --lr=1":                          "%main --lr=0.5",
		"//gonb:%%\nx":                          "//gonb:%% --lr=0.5\nx",
		"no such line":                          "no such line",
		"%% --lr=0.1\n// %% is not what begins": "%% --lr=0.5\n// %% is not what begins",
	} {
		script := fmt.Sprintf(`import("%slab/extensions/descent/static/controls.js").then(({ written }) => written(%q, ["lr", "kind", "rates"].map((name) => ({ name, default: "d" })),
			{ lr: "0.5", kind: "d", rates: "d" }))`, s.URL, before)
		require.Equal(t, after, p.Eval(script), before)
	}
	require.Equal(t, `%% "--kind=two words"`, p.Eval(fmt.Sprintf(`import("%slab/extensions/descent/static/controls.js").then(({ written }) =>
		written("%%%%", [{ name: "kind", default: "a" }], { kind: "two words" }))`, s.URL)))
}
