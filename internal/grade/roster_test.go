package grade

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A classroom is a folder of submissions with its grades.
type classroom struct {
	*testing.T
	folder string
	grader *Grader
	book   *Book
}

// newClassroom has students who handed in nothing that can be read, except those named.
func newClassroom(t *testing.T, right ...string) *classroom {
	c := &classroom{T: t, folder: filepath.Join(t.TempDir(), "submitted"), grader: practiceGrader(t)}
	for _, student := range right {
		c.handIn(student+"/descent-step.go", rightStep)
	}
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), c.grader.Kit.Assignment)
	require.NoError(t, err)
	t.Cleanup(book.Close)
	c.book = book
	return c
}

func (c *classroom) handIn(name, text string) { c.write(filepath.Join(c.folder, name), text) }

func (c *classroom) write(path, text string) {
	require.NoError(c, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(c, os.WriteFile(path, []byte(text), 0o644))
	day := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	require.NoError(c, os.Chtimes(path, day, day))
}

// grade grades a folder as the command does, as another process, and returns who was graded and what everybody has.
func (c *classroom) grade(folder string, givenLists ...string) (fresh []string, p Published) {
	c.book.state = state{}
	require.NoError(c, c.book.open(c.grader.Kit.Assignment))
	all, others, err := c.book.Submissions(folder)
	require.NoError(c, err)
	if !all[0].Alone {
		require.NoError(c, c.book.SetFolder(folder, others))
	}
	given, err := c.book.ReadByHand(all, givenLists...)
	require.NoError(c, err)
	require.NoError(c, c.book.Grade(c.Context(), c.grader, all, func(s Submission, is bool) {
		if is {
			fresh = append(fresh, s.Student)
		}
	}))
	p, err = c.book.Publish(given)
	require.NoError(c, err)
	return fresh, p
}

// totals are what the standings say, and what the table and the results' files say as well.
func (c *classroom) totals(p Published) map[string]float64 {
	all := map[string]float64{}
	report, err := os.ReadFile(filepath.Join(c.book.Folder, "report.html"))
	require.NoError(c, err)
	table := c.table()
	require.Len(c, table, len(p.Standings))
	for _, s := range p.Standings {
		all[s.Student] = s.Total
		require.Contains(c, string(report), ">"+s.Student+"</a>")
		var scope ScopeResults
		text, err := os.ReadFile(filepath.Join(c.book.student(s.Key), "results.json"))
		if s.Missing {
			require.Error(c, err)
			continue
		}
		require.NoError(c, err)
		require.NoError(c, json.Unmarshal(text, &scope))
		tasks := 0.0
		graded, err := c.book.result(s.Key)
		require.NoError(c, err)
		for _, task := range graded.Tasks {
			tasks += task.Points
		}
		require.Equal(c, tasks, *scope.Score, s.Student)
	}
	return all
}

// table is grades.csv by the students, without its head.
func (c *classroom) table() map[string][]string {
	rows, err := readCSV(filepath.Join(c.book.Folder, "grades.csv"), 2, func([]string) bool { return true })
	require.NoError(c, err)
	all := map[string][]string{}
	for _, row := range rows[1:] {
		all[row.text[0]] = row.text
	}
	return all
}

// Whoever is graded again, from wherever, the others keep their lines and their points, those by hand and the cost of lateness included.
func TestGradingOneAgainKeepsTheOthers(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada", "bert", "cara")
	rule, err := Rule{}.Change("2026-11-29", "10% a day", nil)
	require.NoError(t, err)
	require.NoError(t, c.book.SetRule(rule))
	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte("bert,descent-step,1,short\ncara,late,0\n"), 0o644))
	fresh, p := c.grade(c.folder, list)
	require.Len(t, fresh, 3)
	want := map[string]float64{"ada": 1.8, "bert": .9, "cara": 2}
	require.Equal(t, want, c.totals(p))
	require.Empty(t, p.Asides())

	// Where it lies.
	c.handIn("ada/descend.go", rightRun)
	c.handIn("ada/old/0-practice.ipynb", "{}")
	fresh, p = c.grade(filepath.Join(c.folder, "ada"))
	require.Equal(t, []string{"ada"}, fresh)
	want["ada"] = 4.5
	require.Equal(t, want, c.totals(p))
	require.Empty(t, p.Asides())
	fresh, p = c.grade(c.folder)
	require.Empty(t, fresh, "it is the same submission")
	require.Equal(t, want, c.totals(p))

	// In a folder of its own, and alone in a folder as a class's.
	elsewhere := filepath.Join(t.TempDir(), "appeals")
	for i, folder := range []string{filepath.Join(elsewhere, "bert"), elsewhere} {
		c.write(filepath.Join(elsewhere, "bert", "0-practice.ipynb"), "{}")
		fresh, p = c.grade(folder)
		require.Len(t, fresh, 1-i)
		require.Equal(t, want, c.totals(p), folder)
		require.NotEmpty(t, p.Standings[1].Again, "its points by hand were for another submission")
	}
	require.Equal(t, []Aside{{notThere, []string{"ada", "cara"}}}, p.Asides())
	require.Contains(t, strings.Join(c.table()["ada"], " "), notThere)

	// A new rule and a new list of times hold for all, wherever their submissions are.
	rule, err = rule.Change("", "50% a day", nil)
	require.NoError(t, err)
	require.NoError(t, c.book.SetRule(rule))
	require.NoError(t, c.book.SetTimes(map[string]time.Time{"ada": rule.Due, "nobody": rule.Due}, false))
	_, p = c.grade(elsewhere)
	require.Equal(t, 5.0, c.totals(p)["ada"])
	require.Equal(t, "2026-11-29 23:59", c.table()["ada"][7])
	require.Equal(t, []string{"nobody"}, c.book.Unknown(nil))
}

// Results by other checks than the newest are said to be so.
func TestResultsOfOtherChecks(t *testing.T) {
	b := &Book{state: state{Checks: "new"}}
	for checks, want := range map[string]string{"": "", "new": "", "old": "graded again"} {
		says := b.aside(&Graded{Key: "ada", Checks: checks})
		require.Contains(t, says, want)
		require.Equal(t, want == "", says == "")
	}
	b.Here = []string{"bert"}
	require.Equal(t, notThere+"; "+otherChecks, b.aside(&Graded{Key: "ada", Checks: "old"}), "the class's folder does not hold it")
}

// Who is gone leaves the table when the instructor says so, and comes back with a submission. Nothing is lost meanwhile.
func TestTakingAStudentOut(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada", "bert")
	own := filepath.Join(c.book.Folder, ByHandFile)
	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte("bert,explain,1,good\n"), 0o644))
	c.grade(c.folder, list)
	ada := []Submission{{Student: "ada", Key: "ada"}}
	require.ErrorContains(t, c.book.TakeOut([]string{"bert"}, append(ada, Submission{Student: "bert", Key: "bert"})), "move it elsewhere")
	require.ErrorContains(t, c.book.TakeOut([]string{"bret"}, ada), "Did you mean bert")
	require.NoError(t, os.Rename(filepath.Join(c.folder, "bert"), filepath.Join(c.folder, ".bert")))
	_, p := c.grade(c.folder)
	require.Equal(t, map[string]float64{"ada": 2, "bert": 3}, c.totals(p))
	require.NoError(t, c.book.SetClass([]string{"bert"}))
	require.ErrorContains(t, c.book.TakeOut([]string{"bert"}, ada), "--class")
	require.NoError(t, c.book.SetClass(nil))
	for range 2 {
		require.NoError(t, c.book.TakeOut([]string{"bert"}, ada))
	}
	_, p = c.grade(c.folder)
	require.Equal(t, map[string]float64{"ada": 2}, c.totals(p))
	require.Equal(t, []string{"bert"}, p.Gone)
	text, err := os.ReadFile(own)
	require.NoError(t, err)
	require.Contains(t, string(text), "good")

	// The list of the class brings bert back, and so does a submission, after which bert stays though it goes.
	require.NoError(t, c.book.SetClass([]string{"bert"}))
	_, p = c.grade(c.folder)
	require.Equal(t, 3.0, c.totals(p)["bert"])
	require.NoError(t, c.book.SetClass(nil))
	require.NoError(t, c.book.TakeOut([]string{"bert"}, ada))
	require.NoError(t, os.Rename(filepath.Join(c.folder, ".bert"), filepath.Join(c.folder, "bert")))
	fresh, p := c.grade(c.folder)
	require.Empty(t, fresh)
	require.Equal(t, 3.0, c.totals(p)["bert"])
	require.NoError(t, os.RemoveAll(filepath.Join(c.folder, "bert")))
	_, p = c.grade(c.folder)
	require.Equal(t, 3.0, c.totals(p)["bert"])
}

// A name that is spelled with other characters now is not two students.
func TestAStudentSpelledOtherwise(t *testing.T) {
	c := newClassroom(t)
	for _, student := range []string{"Zo\u00eb", "Zoe\u0308"} {
		require.NoError(t, c.book.store(&Graded{Student: student, Key: keyOf(student)}, false))
	}
	c.book.Here = []string{keyOf("Zoe\u0308")}
	p, err := c.book.Publish(nil)
	require.NoError(t, err)
	require.Len(t, p.Standings, 1)
	require.Equal(t, []string{"Zo\u00eb"}, p.Gone)
}

// Who is in the class and handed in nothing has a line, and may have points by hand; who is not in the class is graded and named.
func TestWhoHandedInNothing(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada", "Zoe\u0308")
	require.NoError(t, c.book.SetClass([]string{"Zo\u00eb", "dora", "emil"}))
	_, p := c.grade(c.folder)
	want := map[string]float64{"ada": 2, "Zoe\u0308": 2, "dora": 0, "emil": 0}
	require.Equal(t, want, c.totals(p))
	require.Equal(t, []string{"ada"}, p.Strangers)
	require.Equal(t, []Aside{{nothingAtAll, []string{"dora", "emil"}}, {"not in the list of the class, and graded", []string{"ada"}}}, p.Asides())
	require.Equal(t, []string{"dora", "0", "0", "0", "0", "0", "7", "", nothingAtAll}, c.table()["dora"])
	report, err := os.ReadFile(filepath.Join(c.book.Folder, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(report), "<b>2</b>median", "a median of the submissions")
	require.Contains(t, string(report), "2 of 2 right", "as is what is said of a task")
	folder, _, err := c.book.Feedback(p.Standings)
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(folder, "dora.html"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(page), nothingAtAll))

	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte("dora,explain,2,in the lesson\nemil,explain,\nZo\u00eb,explain,1\n"), 0o644))
	_, p = c.grade(c.folder, list)
	want["dora"], want["Zoe\u0308"] = 2, 3
	require.Equal(t, want, c.totals(p))
	c.handIn("emil/descent-step.go", rightStep)
	want["emil"] = 2
	for _, folder := range []string{filepath.Join(c.folder, "emil"), c.folder} {
		_, p = c.grade(folder)
		require.Equal(t, want, c.totals(p))
		require.Equal(t, []string{"dora"}, p.Asides()[0].Students)
	}

	// Who leaves the list of the class leaves the table; the points by hand stay for who comes back.
	for _, class := range [][]string{nil, {"emil"}, {"dora"}} {
		require.NoError(t, c.book.SetClass(class))
		want := maps.Clone(want)
		if len(class) == 0 || class[0] != "dora" {
			delete(want, "dora")
		}
		_, p = c.grade(c.folder)
		require.Equal(t, want, c.totals(p))
		require.Equal(t, len(want) == 3, slices.Contains(p.Gone, "dora"))
		text, err := os.ReadFile(filepath.Join(c.book.Folder, ByHandFile))
		require.NoError(t, err)
		require.Contains(t, string(text), "in the lesson")
	}
}

// Whose submission is there, and was not graded before the grader was ended, did not hand in nothing.
func TestWhoIsNotGradedYet(t *testing.T) {
	book, publish := handBook(t, true)
	require.NoError(t, book.SetClass([]string{"ada"}))
	book.Here = []string{"ada"}
	s, p := publish("")
	require.NotEmpty(t, s.Failed)
	require.False(t, s.Missing)
	require.Empty(t, p.Asides())
}

// Who was graded alone can be taken out as well, and stays out when others are graded.
func TestTakingOutWhoWasGradedAlone(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada", "bert")
	for _, student := range []string{"bert", "ada"} {
		c.grade(filepath.Join(c.folder, student))
	}
	ada, _, err := c.book.Submissions(filepath.Join(c.folder, "ada"))
	require.NoError(t, err)
	require.ErrorContains(t, c.book.TakeOut([]string{"ada"}, ada), "is there")
	require.NoError(t, c.book.TakeOut([]string{"bert"}, ada))
	_, p := c.grade(filepath.Join(c.folder, "ada"))
	require.Equal(t, map[string]float64{"ada": 2}, c.totals(p))
	_, p = c.grade(filepath.Join(c.folder, "bert"))
	require.Equal(t, map[string]float64{"ada": 2, "bert": 2}, c.totals(p))
}

// Lists of a class are read as programs write them; a slip in one is named by its line.
func TestListsOfAClass(t *testing.T) {
	file := filepath.Join(t.TempDir(), "class.csv")
	for text, want := range map[string][]string{
		"ada\nbert\n":                          {"ada", "bert"},
		"\ufeffstudent\r\nada\r\n\r\nbert\r\n": {"ada", "bert"},
		"Student,ID,SIS Login ID\n    Points Possible,,\n\"Doe, Jane\",1,jd\n": {"Doe, Jane"},
		"Kennung;Name;E-Mail\nada;Ada;a@b\nbert;;\n;;\n":                       {"ada", "bert"},
		"\"First name\",\"Surname\",\"Email address\"\nada,x,y\n":              {"ada"},
		"ada\t1\nbert\t2\n": {"ada", "bert"},
		"\"student\",\"descend\",\"late\"\n\"'=ada\",\"1\",\"0\"\n\" bert\",\"\",\"\"": {"=ada", "bert"},
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		names, err := ReadClass(file)
		require.NoError(t, err, text)
		require.Equal(t, want, names, text)
	}
	for text, want := range map[string]string{"": "names no student", "student\n": "names no student", "ada\nbert\nada\n": "line 3", "Zo\u00eb\nZoe\u0308\n": "line 2", "ada,1\n,2\n": "line 2", "J\xf6rg\n": "UTF-8"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		_, err := ReadClass(file)
		require.ErrorContains(t, err, want)
	}
	_, err := ReadClass(file + "none")
	require.Error(t, err)
}

// A folder is one student's own if the student's files lie in it and nobody else's do. A file that is left between the submissions makes it nobody's own.
func TestAFolderOfOneStudent(t *testing.T) {
	a := practiceGrader(t).Kit.Assignment
	for files, want := range map[string]string{
		"0-practice.ipynb":                        "one",
		"0-practice.ipynb descend.go notes/a.txt": "one",
		"descend.go":                              "one",
		"0-practice/0-practice.ipynb":             "one",
		"0-practice.ipynb ada/0-practice.ipynb":   "0-practice ada",
		"descend.go ada/descend.go":               "ada",
		"ada.ipynb descend.go":                    "ada",
		"ada/descend.go main.go":                  "ada",
	} {
		folder := filepath.Join(t.TempDir(), "one")
		for _, file := range strings.Fields(files) {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, file)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte("{}"), 0o644))
		}
		all, _, err := Submissions(a, folder)
		require.NoError(t, err)
		var names []string
		for _, s := range all {
			names = append(names, s.Student)
			require.NoError(t, s.load())
			require.NotEmpty(t, s.Files)
		}
		require.Equal(t, want, strings.Join(names, " "), files)
	}
}

// What was given by hand to who had handed in nothing is for that, and hides nothing of what comes later.
func TestPointsOfWhoHandedInNothing(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada")
	require.NoError(t, c.book.SetClass([]string{"dora"}))
	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte("dora,explain,1\ndora,descent-step,0\ndora,late,0\n"), 0o644))
	for range 2 {
		_, p := c.grade(c.folder, list)
		require.Equal(t, map[string]float64{"ada": 2, "dora": 1}, c.totals(p))
		require.Empty(t, p.Standings[1].Again)
		require.Empty(t, p.Kept)
	}
	c.handIn("dora/descent-step.go", rightStep)
	_, p := c.grade(c.folder, list)
	require.Equal(t, map[string]float64{"ada": 2, "dora": 1}, c.totals(p))
	require.Len(t, p.Standings[1].Again, 2, "no answer is as it was; the task and the lateness are not")
	notebook, err := sourceOf(t, true).Bytes()
	require.NoError(t, err)
	c.handIn("dora/0-practice.ipynb", string(notebook))
	_, p = c.grade(c.folder, list)
	require.Equal(t, map[string]float64{"ada": 2, "dora": 3}, c.totals(p))
	require.Equal(t, 1, p.Standings[1].Open)
	require.Len(t, p.Standings[1].Again, 3)
	require.Empty(t, p.Kept)
}

// Points for no answer are not for one that comes later, and a file is nobody's folder.
func TestPointsForNoAnswer(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada")
	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte("ada,explain,0\n"), 0o644))
	for range 2 {
		_, p := c.grade(c.folder, list)
		require.Equal(t, map[string]float64{"ada": 2}, c.totals(p))
		require.Empty(t, p.Standings[0].Again)
		require.Empty(t, p.Kept)
	}
	notebook, err := sourceOf(t, true).Bytes()
	require.NoError(t, err)
	c.handIn("ada/0-practice.ipynb", string(notebook))
	_, p := c.grade(c.folder, list)
	require.Equal(t, 1, p.Standings[0].Open)
	require.Len(t, p.Standings[0].Again, 1)
	require.Empty(t, p.Kept)

	c.handIn("bert.ipynb", string(notebook))
	_, _, err = c.book.Submissions(filepath.Join(c.folder, "bert.ipynb"))
	require.ErrorContains(t, err, "is a file")
}

// After an appeal that was graded from elsewhere the class's folder counts again, which is said if it does not hold the same.
func TestAnAppealFromElsewhere(t *testing.T) {
	t.Parallel()
	for files, wantTotal := range map[string]float64{"descent-step.go": 2, "descent-step.go descend.go": 5} {
		c := newClassroom(t, "ada")
		c.grade(c.folder)
		appeal := filepath.Join(t.TempDir(), "ada")
		for name, text := range map[string]string{"descent-step.go": rightStep, "descend.go": rightRun} {
			c.write(filepath.Join(appeal, name), text)
			if strings.Contains(files, name) {
				c.handIn("ada/"+name, text)
			}
		}
		_, p := c.grade(appeal)
		require.Equal(t, map[string]float64{"ada": 5}, c.totals(p))
		for range 2 {
			_, p = c.grade(c.folder)
			require.Equal(t, map[string]float64{"ada": wantTotal}, c.totals(p))
			require.Equal(t, wantTotal == 2, strings.Contains(c.table()["ada"][8], otherAlone), files)
		}
		c.handIn("ada/descend.go", rightRun+"\n")
		_, p = c.grade(c.folder)
		require.Empty(t, p.Standings[0].Note, "the appeal is not what was graded last")
	}
}

// What cannot be read for a while says nothing of an appeal, which lies in the class's folder meanwhile.
func TestWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada")
	c.grade(c.folder)
	appeal := filepath.Join(t.TempDir(), "ada")
	c.write(filepath.Join(appeal, "descent-step.go"), rightStep)
	c.write(filepath.Join(appeal, "descend.go"), rightRun)
	c.grade(appeal)
	c.handIn("ada/descend.go", rightRun)
	notebook, err := sourceOf(t, true).Bytes()
	require.NoError(t, err)
	c.handIn("ada.ipynb", string(notebook)) // a second ada
	_, p := c.grade(c.folder)
	require.NotEmpty(t, p.Standings[0].Failed)
	require.NoError(t, os.Remove(filepath.Join(c.folder, "ada.ipynb")))
	_, p = c.grade(c.folder)
	require.Equal(t, map[string]float64{"ada": 5}, c.totals(p))
	require.NotContains(t, p.Standings[0].Note, otherAlone)
}

// Whoever spells a name otherwise, in a list, in the class's folder or in one that is graded alone, means one student, who has the points by hand and the time of the list.
func TestListsAndFoldersThatSpellOtherwise(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "Zo\u00eb", "Zoe\u0308"
	for first, then := range map[string]string{composed: decomposed, decomposed: composed} {
		c := newClassroom(t, "ada", first)
		list := filepath.Join(t.TempDir(), "list.csv")
		require.NoError(t, os.WriteFile(list, []byte(first+",explain,1.5\n"+first+",descent-step,1\n"), 0o644))
		c.grade(c.folder, list)

		elsewhere := filepath.Join(t.TempDir(), then)
		c.write(filepath.Join(elsewhere, "descent-step.go"), rightStep)
		c.write(filepath.Join(elsewhere, "descend.go"), rightRun)
		_, p := c.grade(elsewhere)
		require.Equal(t, map[string]float64{"ada": 2, first: 5.5}, c.totals(p))

		require.NoError(t, os.Rename(filepath.Join(c.folder, first), filepath.Join(c.folder, then)))
		day := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		for range 2 {
			require.NoError(t, c.book.SetTimes(map[string]time.Time{first: day}, false))
			_, p = c.grade(c.folder)
			require.Equal(t, map[string]float64{"ada": 2, then: 2.5}, c.totals(p))
			require.True(t, day.Equal(p.Standings[0].Handed))
			require.Empty(t, p.Kept)
		}
	}
}

// A folder is the student's whose name it has, whatever it holds and how deep; one that is named as the assignment is nobody's.
func TestFoldersOfKnownStudents(t *testing.T) {
	t.Parallel()
	c := newClassroom(t, "ada", "bert")
	require.NoError(t, c.book.SetClass([]string{"dora"}))
	c.grade(c.folder)
	for _, files := range []string{"ada work/0-practice.ipynb ada", "ada draft.ipynb ada", "ada work.zip ada", "dora work/descend.go dora", "emil work/descend.go work"} {
		at := strings.Fields(files)
		folder := filepath.Join(t.TempDir(), at[0])
		c.write(filepath.Join(folder, at[1]), "{}")
		all, _, err := c.book.Submissions(folder)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, at[2], all[0].Student, files)
		require.Equal(t, at[0] == at[2], all[0].Alone, files)
	}
	c.handIn("ada/0-practice/0-practice.ipynb", "{}")
	_, _, err := c.book.Submissions(filepath.Join(c.folder, "ada", "0-practice"))
	require.ErrorContains(t, err, "named as the assignment")
	_, _, err = c.book.Submissions(filepath.Join(c.folder, "nobody"))
	require.Error(t, err)
	all, _, err := c.book.Submissions(c.folder)
	require.NoError(t, err)
	require.Len(t, all, 2)
}
