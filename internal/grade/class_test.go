package grade

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// resumeFolder names the folders of a class that a test process grades until it is ended, resumeKit the kit with which.
const (
	resumeFolder = "DESCENT_TEST_CLASS"
	resumeKit    = "DESCENT_TEST_KIT"
)

// A class is graded by a process that is ended without a word in the middle. Another goes on: each submission has one result, and what was done is not done again.
func TestGradingGoesOnAfterItWasKilled(t *testing.T) {
	t.Parallel()
	if folder := os.Getenv(resumeFolder); folder != "" {
		gradeClass(t, folder)
		return
	}
	folder := t.TempDir()
	good, err := sourceOf(t, true).Bytes()
	require.NoError(t, err)
	const students = 6
	for i := range students {
		own := filepath.Join(folder, "submitted", fmt.Sprintf("student%d", i))
		require.NoError(t, os.MkdirAll(own, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(own, "0-practice.ipynb"), good, 0o644))
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestGradingGoesOnAfterItWasKilled$")
	victim.Env = append(os.Environ(), resumeFolder+"="+folder, resumeKit+"="+practiceGrader(t).Kit.Folder)
	require.NoError(t, victim.Start())
	require.Eventually(t, func() bool { return len(done(t, folder)) >= 1 }, 3*time.Minute, 10*time.Millisecond)
	require.NoError(t, victim.Process.Kill())
	victim.Wait()
	before := done(t, folder)
	require.Less(t, len(before), students, "it was over before it was ended")
	require.Equal(t, students-len(before), gradeClass(t, folder))
	for path, text := range before {
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(now), "a result was made twice")
	}
	require.Len(t, done(t, folder), students)
	require.Zero(t, gradeClass(t, folder))

	// A new submission has a new result, and the old one stays.
	require.NoError(t, os.WriteFile(filepath.Join(folder, "submitted", "student0", "0-practice.ipynb"), []byte("{}"), 0o644))
	require.Equal(t, 1, gradeClass(t, folder))
	old, err := os.ReadFile(filepath.Join(folder, "grades", "students", "student0", "graded-1.json"))
	require.NoError(t, err)
	require.Contains(t, string(old), `"points": 2`)
	book, err := OpenBook(filepath.Join(folder, "grades"), nil)
	require.NoError(t, err)
	defer book.Close()
	_, err = OpenBook(filepath.Join(folder, "grades"), nil)
	require.Error(t, err, "two may grade into one folder")
	results, gone, err := book.Results()
	require.NoError(t, err)
	require.Empty(t, gone)
	require.Len(t, results, students)
	for _, r := range results {
		text, err := os.ReadFile(filepath.Join(book.student(r.Key), "results.json"))
		require.NoError(t, err)
		var scope ScopeResults
		require.NoError(t, json.Unmarshal(text, &scope))
		require.Equal(t, map[bool]float64{true: 0, false: 5}[r.Student == "student0"], *scope.Score)
	}
}

// done are the results that there are, by their files.
func done(t *testing.T, folder string) map[string]string {
	paths, err := filepath.Glob(filepath.Join(folder, "grades", "students", "*", "graded.json"))
	require.NoError(t, err)
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, json.Valid(text), "%s is half a result", path)
		all[path] = string(text)
	}
	return all
}

// gradeClass grades a class, and tells how many submissions had no result.
func gradeClass(t *testing.T, folder string) int {
	g := practiceGrader(t)
	all, _, err := Submissions(g.Kit.Assignment, filepath.Join(folder, "submitted"))
	require.NoError(t, err)
	book, err := OpenBook(filepath.Join(folder, "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	own := *g
	own.Seed = book.Seed
	var fresh atomic.Int32
	require.NoError(t, book.Grade(context.Background(), &own, all, func(_ Submission, isFresh bool) {
		if isFresh {
			fresh.Add(1)
		}
	}))
	return int(fresh.Load())
}

// A folder that holds no grades, such as that of the submissions, is left as it is.
func TestAFolderWithoutGradesIsNotMadeOne(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "submitted")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	_, err := OpenBook(folder, nil)
	require.ErrorContains(t, err, "holds no grades")
	require.NoError(t, os.Mkdir(filepath.Join(folder, "ada"), 0o755))
	_, err = OpenBook(folder, practiceGrader(t).Kit.Assignment)
	require.ErrorContains(t, err, "something else than grades")
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	info, err := os.Stat(folder)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
}

func TestLateRule(t *testing.T) {
	due := time.Date(2026, 11, 30, 23, 59, 0, 0, time.Local)
	for _, c := range []struct {
		late  string
		grace time.Duration
		after time.Duration
		want  float64
	}{
		{"10% a day", 0, -time.Hour, 0}, {"10% a day", 0, 0, 0}, {"10% a day", 0, 59 * time.Second, 0}, {"10% a day", 0, time.Minute, 2}, {"10% a day", 0, 24 * time.Hour, 2}, {"10% a day", 0, 25 * time.Hour, 4},
		{"10% a day", time.Hour, time.Hour, 0}, {"10% a day, at most 50%", 0, 1000 * time.Hour, 10}, {"10% a day", 0, 1000 * time.Hour, 20}, {"5% an hour", 0, 90 * time.Minute, 2},
		{"", 0, time.Hour, 0},
	} {
		rule, err := Rule{}.Change("2026-11-30T23:59", c.late, &c.grace)
		require.NoError(t, err)
		require.InDelta(t, c.want, rule.Penalty(due.Add(c.after), 20), 1e-9, "%+v", c)
	}
	for _, late := range []string{"10", "ten percent", "-5% a day", "10% a week"} {
		_, err := Rule{}.Change("2026-11-30", late, nil)
		require.Error(t, err, late)
	}
	free, err := Rule{}.Change("", "none", nil)
	require.NoError(t, err)
	require.Empty(t, free.String())
	free, err = Rule{Due: due, Part: .1, Each: time.Hour, Most: .5}.Change("", "none", nil)
	require.NoError(t, err)
	require.Zero(t, free.Penalty(due.Add(time.Hour), 20))
	require.Contains(t, free.String(), "costs nothing")
	_, err = Rule{}.Change("", "ten", nil)
	require.ErrorContains(t, err, "--due")
	require.ErrorContains(t, err, "is not a rule")
	_, err = Rule{}.Change("soon", "", nil)
	require.Error(t, err)
	rule, err := Rule{}.Change("2026-11-30 23:59:00", "10% a day", nil)
	require.NoError(t, err)
	require.Equal(t, due.UTC(), rule.Due, "with seconds it is exact")
	// A new due time keeps the cost, and a date alone is the end of its day.
	grace := time.Hour
	rule, err = Rule{}.Change("2026-11-01", "10% a day, at most 30%", &grace)
	require.NoError(t, err)
	later, err := rule.Change("2026-11-30", "", nil)
	require.NoError(t, err)
	require.True(t, later.Due.Add(time.Nanosecond).Equal(due.Add(time.Minute)))
	later.Due = rule.Due
	require.Equal(t, rule, later)
	for _, part := range []string{"2026-11-01 23:59", "10%", "day", "30%", "1h"} {
		require.Contains(t, rule.String(), part)
	}
}

// The time of a submission is that of the latest of its files that count, in whatever order they are read.
func TestTheLatestFileDecidesAboutLateness(t *testing.T) {
	a := practiceGrader(t).Kit.Assignment
	folder := t.TempDir()
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.Local) }
	write := func(name string, n int) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("text"), 0o644))
		require.NoError(t, os.Chtimes(path, day(n), day(n)))
	}
	write("ada/descend.go", 1)
	write("ada/descent-step.go", 9)
	write("bert/descend.go", 9)
	write("bert/descent-step.go", 1)
	write("cara/0-practice.ipynb", 1)
	write("cara/descend.go", 9)
	write("dora/0-practice.ipynb", 9)
	write("dora/descend.go", 1)
	write("emil/0-practice.ipynb", 9)
	write("emil/notes.txt", 20)
	for _, name := range []string{"timestamp.txt", "0-practice/timestamp.txt", "0-practice/0-practice/timestamp.txt"} { // which anybody may write
		write("fred/"+name, 20)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "fred", name), []byte("2026-11-01 12:00:00"), 0o644))
	}
	write("fred/0-practice/0-practice.ipynb", 9)
	write("gina/0-practice/0-practice.ipynb", 9)
	write("gina/0-practice/timestamp.txt", 20)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "gina/0-practice/timestamp.txt"), []byte("2026-11-01 12:00:00 XYZT"), 0o644))
	all, _, err := Submissions(a, folder)
	require.NoError(t, err)
	require.Len(t, all, 7)
	for _, s := range all {
		require.Equal(t, s.Student == "gina", strings.Contains(s.Note, "timestamp.txt"), s.Note)
		require.Equal(t, day(9), s.Handed.Local(), s.Student)
		require.Equal(t, s.Student == "fred", s.Stamped())
	}
}

// What is learned about a submission that has a result, or that it is gone, counts without grading it again.
func TestTimesAndNamesMayChangeLater(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	due := time.Date(2026, 11, 30, 23, 59, 0, 0, time.Local)
	rule, err := Rule{}.Change(due.Format(time.RFC3339), "10% a day", nil)
	require.NoError(t, err)
	require.NoError(t, book.SetRule(rule))
	submission := func(student string) Submission {
		s := Submission{Student: student, Key: student, Handed: due, Problem: "there is nothing"}
		if student == "bert" {
			s.Problem, s.Files = "", map[string][]byte{"descent-step.go": []byte(rightStep), "descend.go": []byte(rightRun)}
		}
		return s
	}
	run := func(graded int, students ...string) Published {
		var all []Submission
		for _, student := range students {
			all = append(all, submission(student))
		}
		fresh := 0
		require.NoError(t, book.Grade(t.Context(), g, all, func(_ Submission, is bool) {
			if is {
				fresh++
			}
		}))
		require.Equal(t, graded, fresh)
		p, err := book.Publish(nil)
		require.NoError(t, err)
		return p
	}
	p := run(2, "ada", "bert")
	require.Equal(t, []float64{0, 5}, []float64{p.Standings[0].Total, p.Standings[1].Total})
	table, err := os.ReadFile(filepath.Join(book.Folder, "grades.csv"))
	require.NoError(t, err)
	require.NotContains(t, string(table), "-0")
	require.NoError(t, book.SetTimes(map[string]time.Time{"bert": due.Add(time.Hour), "nobody": due}, false))
	p = run(0, "ada", "bert")
	require.Equal(t, []float64{0, 4.5}, []float64{p.Standings[0].Total, p.Standings[1].Total})
	require.Equal(t, []string{"nobody"}, book.Unknown([]Submission{submission("ada"), submission("bert")}))
	p = run(1, "ada", "bertram")
	require.Len(t, p.Standings, 3)
	require.Equal(t, 4.5, p.Standings[1].Total)
	require.Equal(t, []Aside{{notThere, []string{"bert"}}}, p.Asides())
	p = run(0, "ada", "bert")
	require.Equal(t, []Aside{{notThere, []string{"bertram"}}}, p.Asides())
	require.Equal(t, 4.5, p.Standings[1].Total)
}

// A list's times count for its students; of the others it is said that their files' times count, and a second time for a student is a slip. Names are the same however their
// letters are composed.
func TestTimesOfAList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "times.csv")
	read := func(text string) (map[string]time.Time, error) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		return ReadTimes(file)
	}
	_, err := read("student,time\nada,2026-11-30T12:00\nbert,2026-11-30T12:00\nada,2026-12-01T12:00\n")
	require.ErrorContains(t, err, "line 4")
	_, err = read("ada,2026-11-30 23:30:00 XYZ\n")
	require.ErrorContains(t, err, "line 1", "it is no head")
	for _, nobody := range []string{"", "student,time\n", "ada,yesterday\n"} {
		_, err = read(nobody)
		require.Error(t, err, "with no time the whole class would have that of its files: %q", nobody)
	}
	const composed, decomposed = "Zo\u00eb", "Zoe\u0308"
	day := time.Date(2026, 11, 30, 12, 0, 0, 0, time.Local)
	for listed, handedIn := range map[string]string{composed: decomposed, decomposed: composed} {
		times, err := read(listed + ",2026-11-30T12:00\ngone,2026-11-30T12:00\n")
		require.NoError(t, err)
		b := &Book{state: state{Times: times}}
		all := []Submission{{Student: handedIn, Handed: day.Add(time.Hour)}, {Student: "bert", Handed: day.Add(time.Hour)}, {Student: "nothing"}}
		timed, unknown := b.timesOf(all)
		require.True(t, timed[handedIn].Equal(day))
		require.Equal(t, []string{"gone"}, unknown)
		require.Equal(t, []string{"bert"}, b.Unlisted(all))

		marks := Marks{}
		a := practiceGrader(t).Kit.Assignment
		require.NoError(t, os.WriteFile(file, []byte("student,item,points\n"+listed+",explain,1\n"), 0o644))
		require.NoError(t, marks.read(a, []string{handedIn}, file))
		require.Equal(t, 1.0, marks[handedIn]["explain"].points)
	}
	b := &Book{state: state{Stamps: true}}
	require.Equal(t, []string{"ada"}, b.Unlisted([]Submission{{Student: "ada", Handed: day}, {Student: "bert", Handed: day, stamp: day}}))
	require.Empty(t, (&Book{}).Unlisted([]Submission{{Student: "ada", Handed: day}}))
}

// What a person wrote into a student's page stays under another name, which is said.
func TestPagesThatAPersonChangedStay(t *testing.T) {
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), practiceGrader(t).Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	all := []Standing{{Graded: &Graded{Student: "ada", Key: "ada"}}}
	folder, kept, err := book.Feedback(all)
	require.NoError(t, err)
	require.Empty(t, kept)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ada.html"), []byte("mine"), 0o644))
	_, kept, err = book.Feedback(all)
	require.NoError(t, err)
	require.Len(t, kept, 1)
	text, err := os.ReadFile(filepath.Join(book.Folder, kept[0]))
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

// Points given by hand count, and a slip in the list is found before anything changes.
func TestPointsByHand(t *testing.T) {
	g := practiceGrader(t)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	tasks := []TaskResult{{ID: "descent-step", Points: 1, Of: 2}, {ID: "descend", Points: 3, Of: 3}}
	answer := func(text string) map[string]string { return map[string]string{"explain": text} }
	for _, r := range []*Graded{
		{Student: "=ada", Key: "ada", Tasks: tasks, Answers: answer("It halves.")},
		{Student: "bert", Key: "bert", Answers: answer("\n *Your answer.*\n")},
		{Student: "cara", Key: "cara", Answers: map[string]string{}},
	} {
		require.NoError(t, book.store(r, false))
	}
	list := filepath.Join(book.Folder, ByHandFile)
	publish := func(text string, others ...string) (Standing, error) {
		if text != "" {
			require.NoError(t, os.WriteFile(list, []byte(text), 0o644))
		}
		given, err := book.ReadByHand(nil, others...)
		if err != nil {
			return Standing{}, err
		}
		p, err := book.Publish(given)
		if err != nil {
			return Standing{}, err
		}
		require.Zero(t, p.Standings[1].Open+p.Standings[2].Open, "who answers nothing is not to be read")
		return p.Standings[0], nil
	}
	s, err := publish("")
	require.NoError(t, err)
	require.Equal(t, []float64{4, 1}, []float64{s.Total, float64(s.Open)})
	const marks = "student,item,points,comment\n'=ada,explain,1.5,good\n'=ada,descent-step,2,it was right\n'=ada,late,0.5,a day\n"
	for range 2 { // the list that is written says the same as the list that was read
		s, err = publish(marks)
		require.NoError(t, err)
		require.Equal(t, []float64{6, 6.5, 0}, []float64{s.Total, s.Earned, float64(s.Open)})
		s, err = publish("")
		require.NoError(t, err)
		require.Equal(t, 6.0, s.Total)
	}
	// Other lists are added, the lists of two assistants put together among them, and one of a program that writes 1,5 for 1.5. What they do not hold stays.
	other := func(text string) string {
		path := filepath.Join(t.TempDir(), "other.csv")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	for _, c := range []struct {
		text string
		want float64
	}{
		{"student,item,points\nbert,explain,0\nstudent,item,points\n'=ada,explain,1\n", 5.5},
		{"student;item;points;comment\n'=ada;explain;0,5;\"half\"\n", 5},
		{"student,item,points\n'=ada,explain,\n", 5},
	} {
		s, err = publish("", other(c.text))
		require.NoError(t, err)
		require.Equal(t, c.want, s.Total)
	}
	_, err = book.ReadByHand(nil, other("student,item,points\ndora,explain,1\n"))
	require.ErrorContains(t, err, "nobody named")
	_, err = book.ReadByHand([]Submission{{Student: "dora"}}, other("student,item,points\ndora,explain,1\n"))
	require.NoError(t, err, "dora will have been graded")
	_, err = publish("", other("student,item,points\nJ\xf6rg,explain,1\n"))
	require.ErrorContains(t, err, "UTF-8")
	_, err = publish("", other("bert,explain,1"), other("bert,explain,2"))
	require.ErrorContains(t, err, "already")
	for _, wrong := range []string{"bob,explain,1", "=ada,explian,1", "=ada,explain,3", "=ada,explain,-1", "=ada,explain,NaN", "=ada,explain,1\n=ada,explain,2", "=ada,explain"} {
		_, err := publish("student,item,points\n" + wrong + "\n")
		require.Error(t, err, wrong)
		text, err := os.ReadFile(list)
		require.NoError(t, err)
		require.Contains(t, string(text), wrong)
	}
}

// A time of a list is for the submission that was there. Who hands in again, and has the same time in the list, is named until another list says a time.
func TestWhoHandsInAgainSinceTheList(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }
	for i, c := range []struct {
		problem string // what is handed in
		listed  int    // the day, 0 if the list says nothing
		since   bool
	}{{"one", 0, false}, {"one", 1, false}, {"one", 1, false}, {"two", 1, true}, {"two", 1, true}, {"two", 2, false}, {"three", 2, true}, {"three", 0, false}, {"three", 2, false}} {
		times := map[string]time.Time{}
		if c.listed > 0 {
			times["ada"] = day(c.listed)
		}
		require.NoError(t, book.SetTimes(times, false)) // as whoever repeats a command does
		require.NoError(t, book.Grade(t.Context(), g, []Submission{{Student: "ada", Key: "ada", Problem: c.problem}}, func(Submission, bool) {}))
		book.state = state{}
		require.NoError(t, book.open(nil)) // as another process does
		p, err := book.Publish(nil)
		require.NoError(t, err)
		require.Equal(t, c.since, book.Since(p.Standings[0]), "run %d", i)
		page, err := os.ReadFile(filepath.Join(book.Folder, "report.html"))
		require.NoError(t, err)
		require.Equal(t, c.since, strings.Contains(string(page), "handed in again"), "run %d", i)
	}
}
