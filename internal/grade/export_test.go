package grade

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// A repository for students is made of the lab's sources alone: submissions, grades, secrets and solutions that lie beside them stay, and where they lie between them
// nothing is made.
func TestTemplateLeavesTheClassAtHome(t *testing.T) {
	lab := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(lab, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want := []string{".github/workflows/check.yml", "README.md", "assignments/0-practice.ipynb"}
	for _, part := range forStudents {
		if filepath.Ext(part) == "" && part[0] >= 'a' {
			part += "/file.go"
		}
		write(part, "text")
		want = append(want, part)
	}
	for _, name := range []string{
		"submitted/ada/0-practice.ipynb", "submitted-grades/state.json", "submitted-grades/grades.csv", "course/source/a/a.ipynb", "course/.descent-secret", ".git/config",
		"notebooks/assignments/a.ipynb", "notebooks/submitted/bert/a.ipynb", "pkg/homework/testdata/a/right.go", "pkg/homework/assignments_test.go", "work/a.ipynb",
	} {
		write(name, "BEGIN SOLUTION")
	}
	sources := []string{root + "/notebooks/assignments/0-practice.ipynb"}
	folder := filepath.Join(lab, "template")
	require.NoError(t, ExportTemplate(lab, sources, folder))
	var got []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(folder, path); !d.IsDir() {
			got = append(got, filepath.ToSlash(name))
		}
		return err
	}))
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got)
	for _, name := range []string{"docs/state.json", "pkg/x/gradebook.db", "notebooks/7-mine.ipynb"} {
		write(name, `"BEGIN SOLUTION"`)
		require.ErrorContains(t, ExportTemplate(lab, sources, t.TempDir()), filepath.Base(name))
		require.NoError(t, os.Remove(filepath.Join(lab, name)))
	}
}

// The commands with which students hand in, as the template's page says them, hand the notebook in and the Go files beside it.
func TestHowStudentsHandIn(t *testing.T) {
	page, err := exported.ReadFile("export/README.md")
	require.NoError(t, err)
	_, commands, _ := strings.Cut(string(page), "```sh\n")
	commands, _, _ = strings.Cut(commands, "```")
	commands = strings.Join(regexp.MustCompile(`(?m)^(?:cp work|git).*$`).FindAllString(commands, -1), "\n")
	commands = strings.ReplaceAll(strings.ReplaceAll(commands, "NAME", "0-practice"), "TASK", "descend")
	folder := t.TempDir()
	run := func(script string) string {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
		cmd.Dir = filepath.Join(folder, "own")
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "own"), 0o755))
	run(`git init -q --bare ../origin; git init -q; git remote add origin ../origin; git config push.autoSetupRemote true
		mkdir assignments work; echo work > .gitignore; echo old > assignments/0-practice.ipynb; git add .; git commit -qm Begin
		echo new > work/0-practice.ipynb; echo code > work/descend.go`)
	run(commands)
	require.Equal(t, "new\ncode\n", run("git -C ../origin show HEAD:assignments/0-practice.ipynb HEAD:assignments/descend.go"))
}

// A check that does not compile is named by its cell and the line in it.
func TestAChecksErrorsAreNamedByTheirCell(t *testing.T) {
	nb, err := notebook.Read(root + "/notebooks/assignments/0-practice.ipynb")
	require.NoError(t, err)
	for i, c := range nb.Cells {
		if strings.Contains(string(c.Source), `assignment.Check("descend"`) {
			nb.Cells[i].Source = notebook.Text(strings.Replace(string(c.Source), "return homework.Descend(rng, 1, descend)", `return fmt.Errorf("no")`, 1))
		}
	}
	a, err := assignment.Parse("0-practice", nb)
	require.NoError(t, err)
	m := maker{ctx: context.Background(), root: root, folder: t.TempDir(), target: native}
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	m.root = absolute
	err = m.judge(a)
	require.ErrorContains(t, err, "descend-check, line 4: undefined: fmt")
}

// A kit may be named as people name it, though its programs start in other folders.
func TestAKitNearby(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "kit"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "kit", "assignment.json"), []byte("{}"), 0o644))
	t.Chdir(folder)
	kit, err := OpenKit("kit")
	require.NoError(t, err)
	require.True(t, filepath.IsAbs(kit.tools()), kit.tools())
}
