package setup

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent.example/internal/says"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// folders is a lab of two chapters, not set up, with an empty workspace.
func folders(t *testing.T) Home {
	t.Helper()
	root := t.TempDir()
	h := Home{Root: root, Dir: filepath.Join(root, ".lab"), Work: Workspace(filepath.Join(root, "work"))}
	edition(t, h, "01-descent.ipynb", "first")
	edition(t, h, "02-noise.ipynb", "first")
	require.NoError(t, h.Work.Make())
	return h
}

func notebookOf(source, output string) []byte {
	data, _ := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}, "cells": []any{map[string]any{
		"cell_type": "code", "source": source, "metadata": map[string]any{}, "execution_count": nil,
		"outputs": []any{map[string]any{"output_type": "stream", "name": "stdout", "text": output}}}}})
	return data
}

// edition writes the original of a chapter.
func edition(t *testing.T, h Home, name, source string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(h.Notebooks(), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(h.Notebooks(), name), notebookOf(source, "1"), 0o644))
}

// copyOf is a chapter in the workspace.
func copyOf(h Home, name string) string { return filepath.Join(string(h.Work), name) }

func sourceOf(t *testing.T, path string) string {
	t.Helper()
	nb, err := notebook.Read(path)
	require.NoError(t, err)
	return string(nb.Cells[0].Source)
}

func TestChaptersAreCopiedRefreshedAndNeverOverwritten(t *testing.T) {
	h := folders(t)
	bring := func() []string {
		told, err := h.Bring(t.Context())
		require.NoError(t, err)
		return told()
	}
	require.Empty(t, bring())
	require.Equal(t, "first", sourceOf(t, copyOf(h, "01-descent.ipynb")))

	// JupyterLab saves an executed chapter with other outputs, ids and lines: nobody edited it.
	executed := strings.Replace(string(notebookOf("first", "2")), `"source":"first"`, `"id":"a1","source":["fi","rst"]`, 1)
	require.NoError(t, os.WriteFile(copyOf(h, "01-descent.ipynb"), []byte(executed), 0o644))
	require.Empty(t, bring())
	kept, err := os.ReadFile(copyOf(h, "01-descent.ipynb"))
	require.NoError(t, err)
	require.Equal(t, executed, string(kept), "no new edition, so the outputs stay")

	edited := notebookOf("mine", "2")
	require.NoError(t, os.WriteFile(copyOf(h, "02-noise.ipynb"), edited, 0o644))
	edition(t, h, "01-descent.ipynb", "second")
	edition(t, h, "02-noise.ipynb", "second")
	edition(t, h, "03-new.ipynb", "second")
	sentences := bring()
	require.Len(t, sentences, 1)
	require.Contains(t, sentences[0], "lab reset 02`")
	require.Equal(t, "second", sourceOf(t, copyOf(h, "01-descent.ipynb")))
	require.Equal(t, "second", sourceOf(t, copyOf(h, "03-new.ipynb")))
	require.Equal(t, "mine", sourceOf(t, copyOf(h, "02-noise.ipynb")))

	// What the lab does not know is somebody's: no list, another file of the name, no notebook at all.
	for damaged, theirs := range map[string]string{"{": string(edited), "null": "not JSON"} {
		require.NoError(t, os.WriteFile(copyOf(h, "02-noise.ipynb"), []byte(theirs), 0o644))
		require.NoError(t, os.WriteFile(h.Work.State("chapters.json"), []byte(damaged), 0o644))
		edition(t, h, "02-noise.ipynb", "third"+theirs)
		bring()
		kept, err = os.ReadFile(copyOf(h, "02-noise.ipynb"))
		require.NoError(t, err)
		require.Equal(t, theirs, string(kept))
	}

	require.NoError(t, os.Remove(copyOf(h, "01-descent.ipynb")))
	bring()
	require.FileExists(t, copyOf(h, "01-descent.ipynb"), "a chapter that was deleted comes back")
}

// The sources of assignments hold the solutions.
func TestAssignmentsAreNoChapters(t *testing.T) {
	h := folders(t)
	require.NoError(t, os.MkdirAll(h.Assignments(), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(h.Assignments(), "1-descent.ipynb"), notebookOf("// BEGIN SOLUTION", "1"), 0o644))
	_, err := h.Bring(t.Context())
	require.NoError(t, err)
	require.FileExists(t, copyOf(h, "01-descent.ipynb"))
	require.NoDirExists(t, copyOf(h, "assignments"))
}

func TestResetKeepsWhatWasEdited(t *testing.T) {
	h := folders(t)
	_, err := h.Bring(t.Context())
	require.NoError(t, err)
	for _, name := range []string{"1", "01", "01-descent", "01-descent.ipynb", "notebooks/01-descent.ipynb"} {
		require.NoError(t, os.WriteFile(copyOf(h, "01-descent.ipynb"), notebookOf("mine as "+name, ""), 0o644))
		chapter, kept, err := h.Reset(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, "01-descent.ipynb", chapter)
		require.Equal(t, "first", sourceOf(t, copyOf(h, chapter)))
		require.Equal(t, "mine as "+name, sourceOf(t, copyOf(h, kept)))
	}
	_, kept, err := h.Reset(t.Context(), "1")
	require.NoError(t, err)
	require.Empty(t, kept, "there was nothing to keep")
	edition(t, h, "01-descent.ipynb", "second")
	_, err = h.Bring(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", sourceOf(t, copyOf(h, "01-descent.ipynb")), "a chapter that was reset is refreshed again")

	edition(t, h, "00-cells.ipynb", "first")
	chapter, _, err := h.Reset(t.Context(), "0")
	require.NoError(t, err)
	require.Equal(t, "00-cells.ipynb", chapter)
	for _, none := range []string{"7", "", "-1"} {
		_, _, err = h.Reset(t.Context(), none)
		says.All(t, err, `"`+none+`" … chapter … 00, 01, 02`)
	}
}

// A link that leads nowhere is a person's: it may lead to a disk that is not connected.
func TestDanglingLinkIsKept(t *testing.T) {
	h := folders(t)
	require.NoError(t, os.Symlink("/nowhere/mine.ipynb", copyOf(h, "01-descent.ipynb")))
	target := func(name string) string {
		to, err := os.Readlink(copyOf(h, name))
		require.NoError(t, err)
		return to
	}
	told, err := h.Bring(t.Context())
	require.NoError(t, err)
	require.Len(t, told(), 1)
	require.Equal(t, "/nowhere/mine.ipynb", target("01-descent.ipynb"))
	_, name, err := h.Reset(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, "/nowhere/mine.ipynb", target(name))
	require.Equal(t, "first", sourceOf(t, copyOf(h, "01-descent.ipynb")))
}

// What doctor says of a workspace is what opening it would say, and makes nothing.
func TestFlawsOfAWorkspace(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	require.NoError(t, os.Symlink("/nowhere/work", link))
	for _, w := range []Workspace{Workspace(file), Workspace(filepath.Join(file, "work")), Workspace(link)} {
		require.Error(t, w.Make())
		require.ErrorContains(t, w.flaw(), string(w))
	}
	fresh := Workspace(filepath.Join(folder, "a", "b"))
	require.NoError(t, fresh.flaw())
	require.NoDirExists(t, filepath.Join(folder, "a"))
	require.NoError(t, fresh.Make())
	require.NoError(t, fresh.flaw())
}

// Files of the workspace are not Python's.
func TestSigningRunsNothingOfTheWorkspace(t *testing.T) {
	h := ready(t)
	for _, module := range []string{"json.py", "nbformat.py", "jupyter_config.py"} {
		require.NoError(t, os.WriteFile(copyOf(h, module), []byte("raise SystemExit('a file of the workspace ran')"), 0o644))
	}
	told, err := h.Bring(t.Context())
	require.NoError(t, err)
	require.Empty(t, told())
	require.FileExists(t, h.Work.State("jupyter", "data", "nbsignatures.db"))
}

// The folder of the originals may be the workspace of those who write them.
func TestOriginalsAsWorkspace(t *testing.T) {
	h := folders(t)
	h.Work = Workspace(h.Notebooks())
	told, err := h.Bring(t.Context())
	require.NoError(t, err)
	require.Empty(t, told())
	require.NoFileExists(t, h.Work.State("chapters.json"))
	_, _, err = h.Reset(t.Context(), "1")
	require.ErrorContains(t, err, "git restore")
}

func TestSecretsAreForTheirOwnerAlone(t *testing.T) {
	w := Workspace(t.TempDir())
	require.NoError(t, os.Mkdir(w.State(), 0o755)) // as a lab of long ago left it
	require.NoError(t, w.Make())
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	require.Equal(t, fs.FileMode(0o700), mode(w.State()))
	first, err := w.Secret("token")
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), mode(w.State("token")))
	require.NoError(t, os.Chmod(w.State("token"), 0o644))
	again, err := w.Secret("token")
	require.NoError(t, err)
	require.Equal(t, first, again, "a page that is open goes on after a restart")
	require.Equal(t, fs.FileMode(0o600), mode(w.State("token")))
	for _, damaged := range []string{"", first[:10], first + "\n"} {
		require.NoError(t, os.WriteFile(w.State("token"), []byte(damaged), 0o644))
		fresh, err := w.Secret("token")
		require.NoError(t, err)
		require.NotEqual(t, first, fresh)
		require.Regexp(t, "^[0-9a-f]{64}$", fresh)
		require.Equal(t, fs.FileMode(0o600), mode(w.State("token")))
	}
}

func TestOneLabAWorkspace(t *testing.T) {
	w := Workspace(t.TempDir())
	require.NoError(t, w.Make())
	lock, mine, err := w.Lock()
	require.NoError(t, err)
	require.True(t, mine)
	_, mine, err = w.Lock()
	require.NoError(t, err)
	require.False(t, mine)
	lock.Close()
	lock, mine, err = w.Lock()
	require.NoError(t, err)
	require.True(t, mine)
	lock.Close()
}

// The digests lie in people's workspaces: with another one, chapters that nobody edited would count as edited.
func TestDigestsStayAsTheyAre(t *testing.T) {
	require.Equal(t, "cac9515e878cbcbff60bc1949c89e740a0380c82193b97c1ae49a02c04a20f12", digestText([]byte(`{"nbformat": 4, "cells": [
		{"id": "a", "cell_type": "code", "source": ["a<b\n", "η"], "metadata": {"tags": ["machine"], "trusted": true}, "outputs": []},
		{"cell_type": "markdown", "source": "# 1", "metadata": {}}]}`)))
}
