package grade

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"descent.example/internal/grade/job"
	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// Whatever a student's name holds, it is readable, no other student's, and found again in the lists that the lab writes.
func TestNamesAreFoundAgain(t *testing.T) {
	g := practiceGrader(t)
	folder := t.TempDir()
	raw := []string{"=x", "'=x", "''=x", "cr\rlf\r\nname", `cr\rlf\r\nname`, "\x1b]0;title\a", "\u202etxt", "J\xf6rg", " lead", `q"uote`, "anna miller", "ANNA MILLER"}
	for _, name := range raw {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name, "descend.go"), []byte(rightRun), 0o644))
	}
	taken := keyOf("anna miller") // which anybody may choose as a name
	require.NoError(t, os.Mkdir(filepath.Join(folder, taken), 0o755))
	all, _, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	require.Len(t, all, len(raw)+1)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	names, keys := map[string]bool{}, map[string]bool{}
	for _, s := range all {
		require.NotContains(t, s.Student, "\x1b")
		names[s.Student], keys[strings.ToLower(s.Key)] = true, true
		if s.Student != taken {
			require.NoError(t, s.load())
			require.Len(t, s.Files, 1, "%q", s.Student)
		}
		require.NoError(t, book.store(&Graded{Student: s.Student, Key: s.Key, Answers: map[string]string{"explain": "It halves."}}, false))
	}
	require.Len(t, names, len(all))
	require.Len(t, keys, len(all))
	p, err := book.Publish(nil)
	require.NoError(t, err)
	list := filepath.Join(book.Folder, ByHandFile)
	text, err := os.ReadFile(list)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, []byte(strings.ReplaceAll(string(text), `"explain",""`, `"explain","1"`)), 0o644))
	p, err = book.Publish(nil)
	require.NoError(t, err)
	for _, s := range p.Standings {
		require.Equal(t, 1.0, s.Total, "%q", s.Student)
	}
	require.NoError(t, os.WriteFile(list, nil, 0o644))
	_, err = book.Publish(nil)
	require.ErrorContains(t, err, "is empty", "the points of a list that was cut off are gone without a word")
}

// A time that results cannot hold is none, or the latest that they can.
func TestTimesCanBeWritten(t *testing.T) {
	for _, text := range []string{"12000-01-01", "0000-01-01", "9999-12-31 23:59:59 -0700", "-1", "2026-11-30 23:30:00 XYZ", "2026-11-30 23:30:00.000000 XYZ"} {
		_, err := ParseTime(text)
		require.Error(t, err, text)
	}
	for _, zone := range []string{" UTC", " GMT", " +0000", " -0000"} {
		at, err := ParseTime("2026-11-30 23:30:00" + zone)
		require.NoError(t, err, zone)
		require.True(t, at.Equal(time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)), zone)
	}
	at, err := ParseTime("2026-11-27T10:00:00+24:00")
	require.NoError(t, err)
	for _, at := range []time.Time{at, writable(time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)), writable(time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC))} {
		_, err := json.Marshal(at)
		require.NoError(t, err)
	}
	require.Positive(t, Rule{Due: at, Part: .1, Each: time.Hour, Most: 1}.Penalty(writable(time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)), 5))
}

// What a notebook costs here is bounded by its size, whatever is in it.
func TestANotebookTakesLittleMemory(t *testing.T) {
	const size = 4 << 20
	head := `{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[`
	for name, text := range map[string]string{
		"cells":    head + strings.Repeat("{},", size/3) + "{}]}",
		"lines":    head + `{"cell_type":"code","metadata":{},"source":[` + strings.Repeat(`"",`, size/3) + `""]}]}`,
		"outputs":  head + `{"cell_type":"code","metadata":{},"source":"","outputs":[` + strings.Repeat("{},", size/3) + `{}]}]}`,
		"metadata": head + `{"cell_type":"code","source":"","metadata":{"a":[` + strings.Repeat("{},", size/3) + `{}]}}]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		essence([]byte(text))
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(50*size), name)
	}
}

// What the machine could not grade has no points, not even 0, in no table; it is said, and graded the next time.
func TestWhatCannotBeGradedHasNoPoints(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	files := map[string][]byte{"descent-step.go": []byte(rightStep), "descend.go": []byte(rightRun)}
	all := []Submission{{Student: "ada", Key: "ada", Files: files}, {Student: "bert", Key: "bert", Problem: "there is nothing"}}
	full := *g
	full.Scratch = filepath.Join(t.TempDir(), "none") // as if nothing could be written
	publish := func(g *Grader) (Published, string) {
		require.NoError(t, book.Grade(t.Context(), g, all, func(Submission, bool) {}))
		p, err := book.Publish(nil)
		require.NoError(t, err)
		table, err := os.ReadFile(filepath.Join(book.Folder, "grades.csv"))
		require.NoError(t, err)
		_, _, err = book.Feedback(p.Standings)
		require.NoError(t, err)
		return p, string(table)
	}
	p, table := publish(&full)
	require.NotEmpty(t, p.Standings[0].Failed)
	require.Contains(t, table, `"ada","","","0","","","7"`)
	require.Contains(t, table, "could not be graded")
	text, err := os.ReadFile(filepath.Join(book.student("ada"), "results.json"))
	require.NoError(t, err)
	require.NotContains(t, string(text), `"score"`)
	require.NoError(t, os.WriteFile(filepath.Join(book.Folder, ByHandFile), []byte("student,item,points\nada,descent-step,1\nada,descend,3\n"), 0o644))
	p, err = book.Publish(nil)
	require.NoError(t, err)
	require.Empty(t, p.Standings[0].Failed, "it is graded by hand")
	require.Equal(t, 4.0, p.Standings[0].Total)
	require.NoError(t, os.WriteFile(filepath.Join(book.Folder, ByHandFile), []byte("student,item,points\n"), 0o644))
	p, table = publish(g)
	require.Equal(t, 5.0, p.Standings[0].Total)
	require.NotContains(t, table, "could not be graded")
}

// What a student's folder holds besides costs nothing; what is not looked at is said.
func TestFoldersWithMoreThanTheNotebook(t *testing.T) {
	g := practiceGrader(t)
	folder := t.TempDir()
	write := func(name string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("{}"), 0o644))
	}
	for i := range 1500 {
		write(fmt.Sprintf("many/%d.txt", i))
	}
	for i := range 1700 {
		write(fmt.Sprintf("packed/env/%d", i))
	}
	write("packed/work/0-practice.ipynb")
	defer func(most int) { mostFiles = most }(mostFiles)
	mostFiles = 1600
	for _, name := range []string{"many/x/0-practice.IPYNB", "deep/0-practice.ipynb", "deep/1/2/3/4/5/6/7/old.ipynb", "upper.IPYNB", "zipped.zip", ".hidden/0-practice.ipynb"} {
		write(name)
	}
	require.NoError(t, os.Mkdir(filepath.Join(folder, "linked"), 0o755))
	require.NoError(t, os.Symlink("../upper.IPYNB", filepath.Join(folder, "linked", "0-practice.ipynb")))
	all, others, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	require.Equal(t, []string{".hidden", "zipped.zip"}, others)
	for _, s := range all {
		require.Equal(t, s.Student == "linked" || s.Student == "packed", s.Problem != "", "%s: %s", s.Student, s.Problem)
		require.Equal(t, s.Student == "packed", strings.Contains(s.Problem, "more than 1600 files"), "%s: %s", s.Student, s.Problem)
		require.Equal(t, s.Student == "linked" || s.Student == "deep" || s.Student == "packed", s.Note != "", s.Student)
	}
	require.True(t, slices.ContainsFunc(all, func(s Submission) bool { return s.Student == "upper" }))
}

// A program whose start takes long and that ends the whole time costs the grader no more than one that runs out of time.
func TestSlowStartsAreLostTime(t *testing.T) {
	t.Parallel()
	g := hurried(t)
	g.patience = 1
	start := time.Now()
	_, run := judged(t, g, rightStep, "var sum = func() (s int) {\n\tfor i := range 1 << 29 {\n\t\ts += i & s\n\t}\n\treturn s\n}()\n"+runHead+"\tgo panic(sum)\n\tselect {}\n}")
	require.Contains(t, fmt.Sprintf("%+v", run), "not tried", "%v", time.Since(start))
}

// The same checks are the same after a commit of something else, so that nothing is graded twice.
func TestTheJudgeKnowsNoCommit(t *testing.T) {
	info, err := buildinfo.ReadFile(filepath.Join(practiceGrader(t).Kit.Folder, "judge"))
	require.NoError(t, err)
	for _, s := range info.Settings {
		require.False(t, strings.HasPrefix(s.Key, "vcs"), s.Key)
	}
}

// A folder of grades that was there before is closed to others.
func TestGradesAreNobodyElsesBusiness(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o755))
	book, err := OpenBook(folder, practiceGrader(t).Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	info, err := os.Stat(folder)
	require.NoError(t, err)
	require.Zero(t, info.Mode()&0o007)
}

// Points by hand are for the answer that was read. When another is handed in, they are kept, said and asked for again.
func TestPointsByHandAreForOneAnswer(t *testing.T) {
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), practiceGrader(t).Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	tasks := []TaskResult{{ID: "descent-step", Points: 2, Of: 2}, {ID: "descend", Points: 3, Of: 3}}
	list := filepath.Join(book.Folder, ByHandFile)
	hand := func(answer, content string) Standing {
		require.NoError(t, book.store(&Graded{Student: "ada", Key: "ada", Tasks: tasks, Answers: map[string]string{"explain": answer}, Content: content}, false))
		p, err := book.Publish(nil)
		require.NoError(t, err)
		return p.Standings[0]
	}
	hand("It halves,\r\nas \"said\".", "a")
	text, err := os.ReadFile(list)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, []byte(strings.ReplaceAll(string(text), `"explain",""`, `"explain","1.5"`)+"ada,descend,2,short\n"), 0o644))
	for range 2 {
		s := hand("It halves,\r\nas \"said\".", "a")
		require.Equal(t, []float64{5.5, 0}, []float64{s.Total, float64(s.Open)})
		require.Empty(t, s.Again)
	}
	for range 2 {
		s := hand("It doubles.", "b")
		require.Equal(t, []float64{4, 1}, []float64{s.Total, float64(s.Open)})
		require.NotEmpty(t, s.Again)
		text, err = os.ReadFile(list)
		require.NoError(t, err)
		require.Contains(t, string(text), "1.5 for an earlier answer")
		require.Contains(t, string(text), "short")
	}
}

// A Go file beside the notebook as students got it is nothing unusual; beside another answer in the notebook it is.
func TestAFileBesideAnUntouchedNotebook(t *testing.T) {
	g := practiceGrader(t)
	for solved, notes := range map[bool]int{false: 0, true: 1} {
		text, err := sourceOf(t, solved).Bytes()
		require.NoError(t, err)
		work, err := Submission{Files: map[string][]byte{"0-practice.ipynb": text, "descend.go": []byte(rightRun)}}.Work(g.Kit.Assignment)
		require.NoError(t, err)
		require.Len(t, work.Notes, notes)
		require.Equal(t, rightRun, work.Code["descend"])
	}
}

// Of two Go files with one task the report says which counts.
func TestTwoFilesOfATask(t *testing.T) {
	g := practiceGrader(t)
	folder := t.TempDir()
	for file, text := range map[string]string{"a": rightRun, "b": runHead + "\treturn start\n}"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "ada", file), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", file, "descend.go"), []byte(text), 0o644))
	}
	all, _, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	require.Contains(t, all[0].Note, "b/descend.go counts, and a/descend.go does not")
}

// One rule says which files count, wherever they lie; what does not count is named. A file of this test whose name ends in ! holds the id of a task.
func TestWhichFilesCount(t *testing.T) {
	g := practiceGrader(t)
	for _, c := range []struct {
		files, notebook, code string
		notes                 string // names in the note, and no others
		problem               string
	}{
		{files: "a/0-practice.ipynb a/descend.go a/old/descend.go descend.go", notebook: "a/0-practice.ipynb", code: "a/descend.go", notes: "a/old/descend.go descend.go"},
		{files: "0-practice.ipynb a/descend.go", notebook: "0-practice.ipynb", code: "a/descend.go"},
		{files: "go.mod assignments/README.md src/descend.go", code: "src/descend.go"},
		{files: "LAB assignments/0-practice.ipynb assignments/descend.go notebooks/01.ipynb pkg/theory/descend.go cmd/a/b/c/d/e/f/g.go .github/descend.go", notebook: "assignments/0-practice.ipynb", code: "assignments/descend.go"},
		{files: "ex/LAB ex/assignments/practice/descend.go ex/pkg/theory/descend.go", code: "ex/assignments/practice/descend.go"},
		{files: "LAB assignments/0-practice.ipynb descend.go", notebook: "assignments/0-practice.ipynb", code: "descend.go"},
		{files: "LAB assignments/0-practice.ipynb work/0-practice.ipynb work/01.ipynb", notebook: "assignments/0-practice.ipynb", notes: "work/0-practice.ipynb"},
		{files: "LAB work/0-practice.ipynb notebooks/0-practice.ipynb", notebook: "work/0-practice.ipynb", notes: "notebooks/0-practice.ipynb"},
		{files: "LAB pkg/theory/descend.go", problem: "outside of the lab's own folders"},
		{files: "descend.go notes/plots.ipynb", code: "descend.go", notes: "notes/plots.ipynb"},
		{files: "hw1.ipynb! __MACOSX/._hw1.ipynb ._hw1.ipynb .ipynb_checkpoints/hw1.ipynb! plots.ipynb", notebook: "hw1.ipynb"},
		{files: "hw1.ipynb", notes: "hw1.ipynb", problem: "neither 0-practice.ipynb nor"},
		{files: "a.ipynb! b.ipynb!", notes: "a.ipynb b.ipynb", problem: "2 notebooks"},
		{files: "a/0-practice.ipynb b/0-practice.ipynb descend.go", code: "descend.go", notes: "a/0-practice.ipynb b/0-practice.ipynb", problem: "none counts"},
		{files: "0-practice.ipynb assignments/0-practice.ipynb", notes: "0-practice.ipynb assignments/0-practice.ipynb", problem: "none counts"},
		{files: "0-practice.ipynb 0-practice(1).ipynb!", notebook: "0-practice.ipynb", notes: "0-practice(1).ipynb"},
		{files: "0-practice.ipynb descent_step.go main.go Descend.go", notebook: "0-practice.ipynb", notes: "descent_step.go descent-step.go Descend.go descend.go"},
		{files: "a.zip", problem: "unpack it"},
	} {
		folder := t.TempDir()
		for _, file := range strings.Fields(c.files) {
			text := "{}"
			if held, is := strings.CutSuffix(file, "!"); is {
				file, text = held, `{"cells": [{"metadata": {"nbgrader": {"grade_id": "descend"}}}]}`
			}
			if path.Base(file) == "LAB" {
				file, text = path.Join(path.Dir(file), "go.mod"), "module descent.example // the lab\n"
			}
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, "ada", file)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", file), []byte(text), 0o644))
		}
		all, _, err := Submissions(g.Kit.Assignment, folder)
		require.NoError(t, err)
		require.Equal(t, c.notebook, strings.TrimPrefix(all[0].found["0-practice.ipynb"], "ada/"), c.files)
		require.Equal(t, c.code, strings.TrimPrefix(all[0].found["descend.go"], "ada/"), c.files)
		require.Contains(t, all[0].Problem, c.problem, c.files)
		require.Equal(t, c.problem != "", all[0].Problem != "", "%s: %s", c.files, all[0].Problem)
		named := regexp.MustCompile(`[\w/()._-]+\.(?:ipynb|go)\b`).FindAllString(strings.ReplaceAll(all[0].Note, "no notebook is named 0-practice.ipynb", ""), -1)
		for _, name := range strings.Fields(c.notes) {
			require.Contains(t, named, name, "%s: %s", c.files, all[0].Note)
		}
		if c.notes == "" {
			require.Empty(t, named, "%s: %s", c.files, all[0].Note)
		}
	}
}

// A Go file beside the notebook stands in the place of its cell. One that lies elsewhere, where the student's own check has not found it, counts if the
// notebook has no answer.
func TestAFileElsewhereReplacesNoAnswer(t *testing.T) {
	g := practiceGrader(t)
	digests := map[string]bool{}
	for _, c := range []struct {
		solved, beside, counts bool
	}{{false, false, true}, {false, true, true}, {true, true, true}, {true, false, false}} {
		text, err := sourceOf(t, c.solved).Bytes()
		require.NoError(t, err)
		file := filepath.Join(map[bool]string{true: "", false: "old"}[c.beside], "descend.go")
		folder := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "ada", filepath.Dir(file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", "0-practice.ipynb"), text, 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", file), []byte("package mine\n\n// its own\n"+rightRun), 0o644))
		all, _, err := Submissions(g.Kit.Assignment, folder)
		require.NoError(t, err)
		require.NoError(t, all[0].load())
		work, err := all[0].Work(g.Kit.Assignment)
		require.NoError(t, err)
		require.Equal(t, c.counts, strings.Contains(work.Code["descend"], "its own"), "%+v", c)
		require.Equal(t, c.solved, work.Notes["descend"] != "", "%+v", c)
		digests[all[0].digest("")] = true
	}
	require.Len(t, digests, 4, "a file that is moved is graded again")
}

// Of a notebook that breaks off, the Go files count all the same.
func TestABrokenNotebookTakesNoFilesAlong(t *testing.T) {
	s := Submission{Files: map[string][]byte{"0-practice.ipynb": []byte(`{"cells": [`), "descend.go": []byte(rightRun)}}
	work, err := s.Work(practiceGrader(t).Kit.Assignment)
	require.Error(t, err)
	require.Contains(t, work.Code["descend"], rightRun)
}

// Who chooses another's name does not take the other's points: what is unclear is not graded.
func TestANameTakesNobodysPoints(t *testing.T) {
	g := practiceGrader(t)
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "ada"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", "descend.go"), []byte(rightRun), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ada.ipynb"), []byte("{}"), 0o644))
	all, _, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	require.NoError(t, book.Grade(t.Context(), g, all, func(Submission, bool) {}))
	p, err := book.Publish(nil)
	require.NoError(t, err)
	require.Len(t, p.Standings, 1)
	require.Contains(t, p.Standings[0].Failed, "two of this name")
	table, err := os.ReadFile(filepath.Join(book.Folder, "grades.csv"))
	require.NoError(t, err)
	require.Contains(t, string(table), `"ada","","","","","","7"`)

	// Points by hand are for no submission as long as it is unclear which is this student's, and stay those of the one before.
	require.NoError(t, os.WriteFile(filepath.Join(book.Folder, ByHandFile), []byte("ada,descend,1\nada,late,0.5\n"), 0o644))
	publish := func() Standing {
		all, _, err := Submissions(g.Kit.Assignment, folder)
		require.NoError(t, err)
		require.NoError(t, book.Grade(t.Context(), g, all, func(Submission, bool) {}))
		p, err := book.Publish(nil)
		require.NoError(t, err)
		return p.Standings[0]
	}
	publish()
	for range 2 {
		require.NoError(t, os.Remove(filepath.Join(folder, "ada.ipynb")))
		s := publish()
		require.Empty(t, s.Again)
		require.Equal(t, .5, s.Total)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "ada.ipynb"), []byte("{}"), 0o644))
		require.Empty(t, publish().Again)
	}
	require.NoError(t, os.Remove(filepath.Join(folder, "ada.ipynb")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ada", "descend.go"), []byte(rightStep), 0o644))
	require.Len(t, publish().Again, 2)
}

// A name is found in a list from which a program dropped the spaces around it, unless it could be two.
func TestNamesWithoutTheirSpaces(t *testing.T) {
	students := []string{" lead", " lead", "end ", "a", " a", " b", "b "}
	for name, want := range map[string]string{"lead": " lead", " lead": " lead", "end": "end ", "a": "a", " a": " a", "b": "b", " b": " b", "lea": "lea"} {
		require.Equal(t, want, meant(name, students), "%q", name)
	}
	book := &Book{state: state{Times: map[string]time.Time{"lead": time.Unix(1, 0), "b": time.Unix(2, 0)}}}
	times, unknown := book.timesOf([]Submission{{Student: " lead"}, {Student: " b"}, {Student: "b "}})
	require.Equal(t, time.Unix(1, 0), times[" lead"])
	require.Equal(t, []string{"b"}, unknown)
	marks, a := Marks{}, practiceGrader(t).Kit.Assignment
	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte(" lead,explain,1\n"), 0o644))
	require.NoError(t, marks.read(a, students, list))
	require.Equal(t, 1.0, marks[" lead"]["explain"].points)
}

// A task that calls a function of a task that is refused says so, and one that does not call it is graded.
func TestWhoNeedsARefusedTask(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	alone := runHead + "\tfor range steps {\n\t\tfor i, g := range gradient(start) {\n\t\t\tstart[i] -= lr * g\n\t\t}\n\t}\n\treturn start\n}"
	for _, broken := range []string{"import \"os\"\n" + rightStep, stepHead + "\treturn 1\n}"} {
		step, run := judged(t, g, broken, rightRun)
		require.NotEmpty(t, step.Wrong)
		require.Equal(t, "mend "+step.Title+" first: this task calls its descentStep", run.Wrong)
		_, run = judged(t, g, broken, alone)
		require.Equal(t, run.Of, run.Points, "%+v", run)
	}
	quoted := "var _ = `\ndescent-step:1` + 1\n" + alone // by the compiler, and not what it says of the other task
	_, run := judged(t, g, stepHead+"\treturn 1\n}", quoted)
	require.Contains(t, run.Wrong, "mismatched types")
}

// A list is read whatever separates its fields, with a head or without one, and one that is separated otherwise says what to do.
func TestSeparators(t *testing.T) {
	a := practiceGrader(t).Kit.Assignment
	list := filepath.Join(t.TempDir(), "list.csv")
	for text, comment := range map[string]string{
		"ada\texplain\t1,5\tgood, but, well; slow\n":                        "good, but, well; slow",
		"ada\texplain\t\t good\n":                                           "good",
		"student\titem\tpoints\tcomment, if any\nada\texplain\t1.5\tgood\n": "good",
		"ada;explain;1,5;good, but, well, slow\n":                           "good, but, well, slow",
		"ada,explain,1.5,good; but; well; slow\n":                           "good; but; well; slow",
		"Student;Item;Points;Comment, if any\nada;explain;1,5;good\n":       "good",
	} {
		require.NoError(t, os.WriteFile(list, []byte(text), 0o644))
		marks := Marks{}
		require.NoError(t, marks.read(a, []string{"ada"}, list), text)
		m := marks["ada"]["explain"]
		require.Equal(t, comment, strings.TrimSpace(m.comment), text)
		require.True(t, m.open || m.points == 1.5, text)
	}
	for text, want := range map[string]int{"ada\t2026-11-30\n": 1, "Name;Zeit\nada;2026-11-30\n": 1, "ada,2026-11-30\n": 1} {
		require.NoError(t, os.WriteFile(list, []byte(text), 0o644))
		times, err := ReadTimes(list)
		require.NoError(t, err)
		require.Len(t, times, want, text)
	}
	require.NoError(t, os.WriteFile(list, []byte("ada|explain|1\n"), 0o644))
	err := Marks{}.read(a, []string{"ada"}, list)
	require.ErrorContains(t, err, "1 field,")
	require.ErrorContains(t, err, "commas or semicolons")
}

// Nothing that a person writes into the list of points given by hand is lost: it is in the list that is written, or an error, or in the old list, which stays.
func TestWordsInTheListAreKept(t *testing.T) {
	a := practiceGrader(t).Kit.Assignment
	const head = "student,item,points,comment,of,answer\n"
	for name, c := range map[string]struct {
		own, given string
		wrong      string   // in the error
		words      []string // in the list that is written
		kept       bool
	}{
		"a column more":             {own: head + "ada,explain,,,2,It halves.,Bob\n", wrong: "line 2"},
		"a column more with a head": {own: "student,item,points,comment,of,answer,graded by\nada,explain,,,2,It halves.,Bob\n", wrong: "graded by"},
		"in the column of":          {own: head + "ada,explain,1,,two,It halves.\n", wrong: "two"},
		"two comments":              {own: "ada,explain,,come and see me\nada,explain,,and bring it\n", words: []string{"come and see me", "and bring it"}},
		"a comment before points":   {own: "ada,explain,,come and see me\nada,explain,1.5,\n", words: []string{"come and see me", `"1.5"`}},
		"a comment behind points":   {own: "ada,descend,1.5,right\nada,descend,,come and see me\n", words: []string{"come and see me", "right", `"1.5"`}},
		"a comment given":           {own: "ada,explain,1.5,right\n", given: "ada,explain,,come and see me\n", words: []string{"come and see me", "right", `"1.5"`}},
		"points given":              {own: "ada,explain,1.5,right\n", given: "ada,explain,1,but slow\n", words: []string{"but slow", "right", `"1"`}},
		"points that say points":    {own: "ada,explain,points,come and see me\n", wrong: "no number"},
		"words in the answer":       {own: head + "ada,explain,1.5,,2,It halves. [why?]\n", words: []string{"1.5 for an earlier answer"}, kept: true},
		"an answer of before":       {own: head + "ada,explain,1.5,right,2,It doubles.\n", words: []string{"1.5 for an earlier answer", "right"}},
		"a comment on no answer":    {own: head + "bert,explain,,come and see me,,\n", words: []string{`"bert","explain","","come and see me"`}},
		"words for a student":       {own: head + "ada,explain,1,,,\n\"REMEMBER: ask Bob\",,,,,\n", wrong: "line 3"},
		"words behind a student":    {own: head + "ada - ask Bob first,explain,,,2,\n", wrong: "line 2"},
		"words behind an item":      {own: head + "ada,explain - ask Bob first,,,,\n", wrong: "line 2"},
		"lines of nothing":          {own: head + ",,,,,\n , , , , , \nada,explain,1,,,\n", words: []string{`"1"`}},
		"a comment on both answers": {own: "ada,explain,1,now\n", given: "ada,explain,,[2 for an earlier answer] then\n", words: []string{"now\n[2 for an earlier answer] then"}},
	} {
		t.Run(name, func(t *testing.T) {
			book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), a)
			require.NoError(t, err)
			defer book.Close()
			tasks := []TaskResult{{ID: "descend", Of: 3}}
			for i, answer := range []string{"It doubles.", "It halves."} {
				require.NoError(t, book.store(&Graded{Student: "ada", Key: "ada", Tasks: tasks, Answers: map[string]string{"explain": answer}}, i > 0))
			}
			require.NoError(t, book.store(&Graded{Student: "bert", Key: "bert", Tasks: tasks, Answers: map[string]string{}}, false))
			own, given := filepath.Join(book.Folder, ByHandFile), filepath.Join(t.TempDir(), "given.csv")
			require.NoError(t, os.WriteFile(own, []byte(c.own), 0o644))
			require.NoError(t, os.WriteFile(given, []byte(c.given), 0o644))
			for i := range 3 { // another time nothing is added
				marks, err := book.ReadByHand(nil, given)
				if c.wrong != "" {
					require.ErrorContains(t, err, c.wrong)
					return
				}
				require.NoError(t, err)
				p, err := book.Publish(marks)
				require.NoError(t, err)
				text, err := os.ReadFile(own)
				require.NoError(t, err)
				for _, word := range c.words {
					require.Equal(t, 1, strings.Count(string(text), word), "%s in %s", word, text)
				}
				require.Equal(t, c.kept && i == 0, len(p.Kept) > 0, p.Kept)
			}
		})
	}
}

// A notebook that was cut off is said to be that.
func TestANotebookThatBreaksOff(t *testing.T) {
	text, err := sourceOf(t, false).Bytes()
	require.NoError(t, err)
	for _, n := range []int{0, 10, len(text) / 2, len(text) - 3} {
		_, err := essence(text[:n])
		require.ErrorContains(t, err, "breaks off", n)
	}
}

// A folder of grades that lies between the submissions is no student's, and whatever a student's files are named, they are a student's.
func TestGradesAreKnownByWhatTheyHold(t *testing.T) {
	a, folder := practiceGrader(t).Kit.Assignment, t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644))
	}
	book, err := OpenBook(filepath.Join(folder, "ada-grades"), a)
	require.NoError(t, err)
	book.Close()
	for student, state := range map[string]string{"ada": "{}", "bert": `{"epoch": 3, "seed": 1}`, "cara": "not JSON", "dora": `{"seed": "1"}`} {
		write(student+"/descend.go", rightRun)
		write(student+"/state.json", state)
		write(student+"/students/list.txt", "")
	}
	all, others, err := Submissions(a, folder)
	require.NoError(t, err)
	require.Equal(t, []string{"ada-grades"}, others)
	require.Len(t, all, 4)
	for _, s := range all {
		require.Empty(t, s.Problem)
		require.NotEmpty(t, s.found, s.Student)
	}
}

// The pages of students who are not in the table any more are named.
func TestPagesOfWhoIsGone(t *testing.T) {
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), practiceGrader(t).Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	for _, student := range []string{"ada", "bert"} {
		require.NoError(t, book.store(&Graded{Student: student, Key: student}, false))
	}
	p, err := book.Publish(nil)
	require.NoError(t, err)
	_, _, err = book.Feedback(p.Standings)
	require.NoError(t, err)
	require.Empty(t, book.OlderPages(p))
	book.Here = []string{"ada"}
	require.NoError(t, book.TakeOut([]string{"bert"}, []Submission{{Student: "ada", Key: "ada"}}))
	p, err = book.Publish(nil)
	require.NoError(t, err)
	require.Equal(t, []string{"bert.html"}, book.OlderPages(p))

	require.NoError(t, book.SetClass([]string{"dora"}))
	p, err = book.Publish(nil)
	require.NoError(t, err)
	_, _, err = book.Feedback(p.Standings)
	require.NoError(t, err)
	require.NoError(t, book.SetClass(nil))
	p, err = book.Publish(nil)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(book.Folder, "feedback", "ada (yours 1).html"), nil, 0o644))
	require.Equal(t, []string{"bert.html", "dora.html"}, book.OlderPages(p))
}

// However a Go file writes its package clause, the rest of it is the task's code, at its lines.
func TestPackageClauses(t *testing.T) {
	for _, head := range []string{
		"package mine", "package mine // Ada, exercise 0", "package mine /* a */ ;", "/*\npackage main\n*/\npackage mine", "\tpackage mine", "package übung", "// Ada\n\npackage mine",
		"\ufeffpackage mine", "", "// package main", "package\n\nmine",
	} {
		code := withoutPackage(head + "\n" + rightStep)
		require.NoError(t, gate(code), "%q", head)
		require.Contains(t, code, rightStep)
		require.Equal(t, strings.Count(head, "\n")+1+strings.Count(rightStep, "\n"), strings.Count(code, "\n"), "%q", head)
	}
	for _, head := range []string{"package mine, exercise 0", "package mine func f() {}", "package", "package p\npackage q"} {
		require.Error(t, gate(withoutPackage(head+"\n"+rightStep)), head)
	}
	require.NoError(t, gate(withoutPackage("package mine; "+rightStep)))
}

// An answer counts whatever kind of cell it stands in, and one that may stand in another cell is named in the report until it has points.
func TestAnswersAreSeen(t *testing.T) {
	g := practiceGrader(t)
	const good = "It halves each time, because η is 1/2."
	of := func(change func(cells []notebook.Cell, at int) []notebook.Cell) *Graded {
		nb := sourceOf(t, false)
		at := slices.IndexFunc(nb.Cells, func(c notebook.Cell) bool {
			var meta assignment.NBGrader
			c.Meta("nbgrader", &meta)
			return meta.ID == "explain"
		})
		nb.Cells = change(nb.Cells, at)
		text, err := nb.Bytes()
		require.NoError(t, err)
		text = bytes.ReplaceAll(text, []byte("](../"), []byte("](../notebooks/")) // as in the template
		r, err := g.Grade(t.Context(), Submission{Student: "ada", Key: "ada", Files: map[string][]byte{"0-practice.ipynb": text}})
		require.NoError(t, err)
		return r
	}
	report := func(r *Graded, byHand string) (Answered, string) {
		book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
		require.NoError(t, err)
		defer book.Close()
		require.NoError(t, book.store(r, false))
		if byHand != "" {
			require.NoError(t, os.WriteFile(filepath.Join(book.Folder, ByHandFile), []byte(byHand), 0o644))
		}
		p, err := book.Publish(nil)
		require.NoError(t, err)
		page, err := os.ReadFile(filepath.Join(book.Folder, "report.html"))
		require.NoError(t, err)
		return p.Standings[0].Questions[0], string(page)
	}
	for _, kind := range []string{"code", "raw", "markdown"} {
		answer, page := report(of(func(cells []notebook.Cell, at int) []notebook.Cell {
			cells[at].Type, cells[at].Source = kind, good
			return cells
		}), "")
		require.Equal(t, good, answer.Answer, kind)
		require.NotContains(t, page, "give it points by hand")
	}
	for name, change := range map[string]func(cells []notebook.Cell, at int) []notebook.Cell{
		"in a cell below": func(cells []notebook.Cell, at int) []notebook.Cell {
			return slices.Insert(cells, at+1, notebook.Cell{Type: "markdown", Source: good})
		},
		"instead of the cell": func(cells []notebook.Cell, at int) []notebook.Cell {
			cells[at] = notebook.Cell{Type: "markdown", Source: good}
			return cells
		},
		"as code instead of the cell": func(cells []notebook.Cell, at int) []notebook.Cell {
			cells[at] = notebook.Cell{Type: "code", Source: good}
			return cells
		},
		"in the text above": func(cells []notebook.Cell, at int) []notebook.Cell {
			cells[at-1].Source += notebook.Text("\n\n" + good)
			return cells
		},
	} {
		r := of(change)
		_, page := report(r, "")
		require.Contains(t, page, "give it points by hand", name)
		answer, page := report(r, "ada,explain,1.5\n")
		require.Equal(t, 1.5, answer.Earned)
		require.NotContains(t, page, "give it points by hand", name)
	}
	_, page := report(of(func(cells []notebook.Cell, _ int) []notebook.Cell { return cells }), "")
	require.NotContains(t, page, "give it points by hand", "who wrote nothing")
}

// A limit that the lab's own part of a program reaches on a slow machine is no verdict on what a student wrote.
func TestASlowMachineIsNoVerdict(t *testing.T) {
	t.Parallel()
	g := *practiceGrader(t)
	work := Work{Code: map[string]string{"descent-step": rightStep}}
	g.translateSeconds = 2                                      // and 1 without a student's code
	if results, err := g.Judge(t.Context(), work); err == nil { // a fast machine
		require.Equal(t, map[string]float64{"descent-step": 2, "descend": 0}, points(results), "%+v", results)
	}
	g.translateSeconds, g.compileSeconds, g.Sandbox = 0, 1, Sandbox{open: true}
	const endless = "trap '' XCPU; while :; do :; done" // takes no notice of the signal, as Go's tools
	for script, machine := range map[string]bool{
		endless: true,
		"case \"$*\" in *task_1*) " + endless + "; esac; exec \"$0-own\" \"$@\"": false,
	} {
		parent, err := os.MkdirTemp(scratch, "slow-")
		require.NoError(t, err)
		require.NoError(t, os.Chmod(parent, 0o711))
		kit := *practiceGrader(t).Kit
		require.NoError(t, kit.moveTo(filepath.Join(parent, "kit")))
		tool := filepath.Join(kit.tools(), "compile")
		require.NoError(t, os.Rename(tool, tool+"-own"))
		require.NoError(t, os.WriteFile(tool, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
		g.Kit = &kit
		results, err := g.Judge(t.Context(), work)
		if machine {
			require.ErrorContains(t, err, "machine")
			continue
		}
		require.NoError(t, err)
		require.Contains(t, results[0].Wrong, job.TooLong)
	}
}
