package jupyter

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/internal/browser"
	"github.com/stretchr/testify/require"
)

// slowSaves counts a page's saves, and holds each up for a second when the page has taken what it saves.
const slowSaves = `
window.saves = window.begun = 0;
const ask = fetch;
window.fetch = async (request, ...rest) => {
	if (request.method !== "PUT" || !request.url.includes("/api/contents/")) return ask(request, ...rest);
	begun++;
	await new Promise((done) => setTimeout(done, 1000));
	const answer = await ask(request, ...rest);
	saves++;
	return answer;
};`

// serve serves JupyterLab on a workspace that holds a notebook of these cells, n.ipynb.
func serve(t *testing.T, cells ...string) (s *Server, work string) {
	t.Helper()
	h := setuptest.Ready(t)
	require.NoError(t, os.Rename(setuptest.Notebook(t, cells...), filepath.Join(string(h.Work), "n.ipynb")))
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	s = start(t, h, 0, temp)
	t.Cleanup(s.Stop)
	return s, string(h.Work)
}

// What a person types while a save is on its way is saved too, and then the page rests.
func TestEditsDuringASaveAreSaved(t *testing.T) {
	s, work := serve(t, "// begin")
	require.NoError(t, os.WriteFile(filepath.Join(work, "t.txt"), []byte("begin"), 0o644))
	b := browser.New(t)
	var pages []*browser.Tab
	for _, name := range []string{"n.ipynb", "t.txt"} {
		p := b.Open(s.URL+"lab/workspaces/"+name[:1]+"/tree/"+name+"?token="+s.Token, slowSaves)
		holds := func(text string) func() bool {
			return func() bool {
				data, err := os.ReadFile(filepath.Join(work, name))
				return err == nil && strings.Contains(string(data), text)
			}
		}
		p.Write("first")
		p.Until("begun === 1")
		p.Write("second")
		require.False(t, holds("first")(), "the save ended before the second edit")
		require.Eventually(t, holds("second"), time.Minute, 100*time.Millisecond, name)
		p.Until("saves === begun")
		p.Eval("before = begun")
		pages = append(pages, p)
	}
	rests := func() bool {
		time.Sleep(15 * time.Second) // longer than a page waits until it saves
		for _, p := range pages {
			if p.Eval("[begun === before, before = begun][0]") != true {
				return false
			}
		}
		return true
	}
	if !rests() { // on a busy machine one save may be late
		require.True(t, rests(), "a page that saves on and on")
	}
}

// Two pages change one notebook: whatever a person answers JupyterLab, the version that is dropped is kept.
func TestWhatAConflictDropsIsKept(t *testing.T) {
	s, work := serve(t, "// begin")
	b := browser.New(t)
	open := func(workspace string) *browser.Tab {
		p := b.Open(s.URL+"lab/workspaces/"+workspace+"/tree/n.ipynb?token="+s.Token, "")
		p.Until(`document.querySelector(".cm-content") !== null`)
		return p
	}
	held := func(pattern, text string) func() bool {
		return func() bool {
			files, _ := filepath.Glob(filepath.Join(work, pattern))
			return slices.ContainsFunc(files, func(file string) bool {
				data, err := os.ReadFile(file)
				return err == nil && strings.Contains(string(data), text)
			})
		}
	}
	answer := func(p *browser.Tab, word string) {
		button := `[...document.querySelectorAll(".jp-Dialog button")].find((b) => b.textContent.includes("` + word + `"))`
		p.Until(button + ` !== undefined`)
		p.Eval(button + `.click()`)
	}
	first, second := open("a"), open("b")
	first.Write("one")
	require.Eventually(t, held("n.ipynb", "one"), time.Minute, 100*time.Millisecond)
	require.False(t, held("n-kept-*", "")(), "a save without a conflict")
	second.Write("two")
	second.Until(`document.querySelector(".jp-Dialog") !== null`)
	time.Sleep(7 * time.Second) // longer than until the next autosave, which fails
	answer(second, "Overwrite")
	require.Eventually(t, held("n.ipynb", "two"), time.Minute, 100*time.Millisecond)
	require.True(t, held("n-kept-*.ipynb", "one")())
	second.Until(`document.body.textContent.includes("is kept as n-kept-")`)
	first.Write("three")
	answer(first, "Revert")
	require.Eventually(t, held("n-kept-*.ipynb", "three"), time.Minute, 100*time.Millisecond)
	first.Until(`document.querySelector(".cm-content").textContent.includes("two") && !document.querySelector(".jp-Dialog, .jp-mod-dirty")`)
	require.True(t, held("n.ipynb", "two")())
	require.NoError(t, os.WriteFile(filepath.Join(work, "n.ipynb"), []byte("no notebook"), 0o644))
	first.Write("four")
	answer(first, "Overwrite")
	require.Eventually(t, held("n.ipynb", "four"), time.Minute, 100*time.Millisecond)
	require.True(t, held("n-kept-*.ipynb", "no notebook")())
}
