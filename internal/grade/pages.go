package grade

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/made"
	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
)

//go:embed pages
var pages embed.FS

// The templates escape whatever comes from a submission.
var (
	templates = template.Must(template.ParseFS(pages, "pages/*.html"))
	style     = func() template.CSS { text, _ := pages.ReadFile("pages/style.css"); return template.CSS(text) }()
)

// mostFailures is how many of a task's commonest failures the report tells.
const mostFailures = 5

// Published is what Publish wrote.
type Published struct {
	Standings []Standing
	Gone      []string // students who were taken out, whose names are spelled otherwise now, or who have points by hand and are in the class no more
	Strangers []string // students whom the list of the class does not have
	Kept      []string // the names under which files stay that a person had changed
	Before    int      // lines of other lists that were added before
}

// ReadByHand reads lists of points given by hand, for Publish, before these submissions are graded: the folder's own list is read as well, so that a slip in
// any does not show only afterwards. It is an error when a list has an error.
func (b *Book) ReadByHand(all []Submission, files ...string) (given []Given, err error) {
	students := b.students(all)
	students = append(students, missingFrom(students, b.Class)...)
	students = append(students, missingFrom(students, b.Were)...)
	if _, err := b.ownMarks(students); err != nil {
		return nil, err
	}
	return readGiven(b.Assignment, students, files...)
}

// ownMarks are those of the folder's own list.
func (b *Book) ownMarks(students []string) (Marks, error) {
	marks, own := Marks{}, filepath.Join(b.Folder, ByHandFile)
	if !fileExists(own) {
		return marks, nil
	}
	if info, err := os.Stat(own); err == nil && info.Size() == 0 {
		return nil, fmt.Errorf("%s is empty, as when saving it was cut off: put back what you wrote, or remove it to begin again", own)
	}
	return marks, marks.read(b.Assignment, students, own)
}

// Publish brings the pages up to date: it reads the points given by hand from the folder's own list, adds those of others, which count before it, and writes them all.
// It is an error when the list has an error, or when the folder cannot be written.
func (b *Book) Publish(given []Given) (p Published, err error) {
	results, gone, err := b.Results()
	if err != nil {
		return p, err
	}
	var students []string
	for _, r := range results {
		students = append(students, r.Student)
	}
	if len(b.Class) > 0 {
		p.Strangers = missingFrom(b.Class, students)
	}
	for _, name := range missingFrom(students, b.Class) {
		results, students = append(results, b.nothing(name)), append(students, name)
	}
	for _, r := range gone {
		p.Gone = append(p.Gone, r.Student)
	}
	known := append(students, missingFrom(students, p.Gone)...)
	were := missingFrom(known, b.Were)
	marks, err := b.ownMarks(append(known, were...))
	if err != nil {
		return p, err
	}
	p.Before = b.takeOver(marks, given, append(gone, results...))
	p.Gone = append(p.Gone, slices.DeleteFunc(were, func(name string) bool { return marks[name] == nil })...)
	p.Standings = b.Standings(results, marks)
	if p.Kept, err = b.write(p, marks); err == nil && len(given) > 0 {
		err = b.save() // only now: what is not remembered is taken over again
	}
	return p, err
}

func fileExists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// write writes the table of grades, the list of what is to be graded by hand, and the report, and returns the names under which files stay that a person
// had changed. It is an error when the folder cannot be written.
func (b *Book) write(p Published, marks Marks) (kept []string, err error) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, "report.html", b.report(p)); err != nil {
		return nil, err
	}
	list := b.ByHand(p.Standings, p.Gone, marks)
	old, err := made.Update(b.Folder, ByHandFile, list, func() bool { return b.holds(list, marks) })
	if err != nil {
		return nil, err
	}
	if old != "" {
		kept = append(kept, old)
	}
	files := map[string][]byte{"grades.csv": b.CSV(p.Standings), "report.html": page.Bytes()}
	for name, text := range files {
		old, wrong := made.Write(b.Folder, name, text)
		if err = errors.Join(err, wrong); old != "" {
			kept = append(kept, old)
		}
	}
	return kept, err
}

// holds tells whether a new list of points given by hand holds the comments of the folder's own, and the answers in it that no student has given.
func (b *Book) holds(list []byte, marks Marks) bool {
	most := mostPoints(b.Assignment)
	before, err := readCSV(filepath.Join(b.Folder, ByHandFile), 3, most.fits)
	after, wrong := parseCSV(ByHandFile, string(list), len(byHandFields), most.fits)
	if err != nil || wrong != nil {
		return false
	}
	of := func(row []string) line {
		return line{meant(listed(row[0]), slices.Collect(maps.Keys(marks))), row[1]}
	}
	now := map[line][]string{}
	for _, row := range after {
		now[of(row.text)] = row.text
	}
	for _, row := range before {
		text := append(row.text[:len(row.text):len(row.text)], "", "", "")
		new, is := now[of(text)]
		if !is {
			new = make([]string, len(byHandFields))
		}
		m := mark{comment: unplain(text[3]), of: unplain(text[5])}
		lost := !strings.Contains(unplain(new[3]), m.comment) || m.of != "" && text[5] != new[5] && !b.answered(of(text), m) || text[4] != "" && text[4] != new[4]
		if lost && !most.head(text) {
			return false
		}
	}
	return true
}

// answered tells whether a mark is for what its student has handed in at some time.
func (b *Book) answered(l line, m mark) bool {
	if m.of == nothingAtAll {
		return true
	}
	folder := b.student(keyOf(l.student))
	files, _ := os.ReadDir(folder)
	for _, file := range files {
		var r Graded
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if !strings.HasPrefix(file.Name(), "graded") || err != nil || json.Unmarshal(text, &r) != nil {
			continue
		}
		for _, of := range []string{r.Answers[l.item], r.Content} {
			if of != "" && !m.changed(of) {
				return true
			}
		}
	}
	return false
}

// Feedback writes a page for each student, without what hidden checks try. It returns the folder of the pages, and the names in the folder of grades under which pages stay
// that a person had changed. It is an error when the folder cannot be written.
func (b *Book) Feedback(all []Standing) (folder string, kept []string, err error) {
	folder = filepath.Join(b.Folder, "feedback")
	for _, s := range all {
		var page bytes.Buffer
		if err := templates.ExecuteTemplate(&page, "feedback.html", b.feedback(s)); err != nil {
			return folder, kept, err
		}
		old, err := made.Write(folder, s.Key+".html", page.Bytes())
		if old != "" {
			kept = append(kept, filepath.Join(filepath.Base(folder), old))
		}
		if err != nil {
			return folder, kept, err
		}
	}
	return folder, kept, nil
}

// OlderPages are the pages of students who are not in the table any more, which stay in the folder that Feedback returns.
func (b *Book) OlderPages(p Published) (names []string) {
	files, _ := os.ReadDir(filepath.Join(b.Folder, "feedback"))
	for _, file := range files {
		key, page := strings.CutSuffix(file.Name(), ".html")
		if page && !strings.Contains(key, " ") && !slices.ContainsFunc(p.Standings, func(s Standing) bool { return s.Key == key }) { // a page that a person changed has a space
			names = append(names, file.Name())
		}
	}
	return names
}

// feedback is what a student's page shows.
func (b *Book) feedback(s Standing) map[string]any {
	type line struct {
		assignment.Result
		Right      bool
		Points, Of string
	}
	type task struct {
		Title, Points, Of, Note string
		Lines                   []line
	}
	var tasks []task
	for _, t := range s.Tasks {
		shown := task{Title: t.Title, Points: assignment.Number(t.Points), Of: assignment.Number(t.Of), Note: t.Note}
		t.Note = ""
		for _, l := range studentLines(t) {
			if s.Problem != "" && t.missing() { // which says it once
				l.Says = ""
			}
			shown.Lines = append(shown.Lines, line{Result: l, Right: l.Points == l.Of, Points: assignment.Number(l.Points), Of: assignment.Number(l.Of)})
		}
		tasks = append(tasks, shown)
	}
	penalty := ""
	if s.Penalty > 0 {
		penalty = assignment.Number(s.Penalty)
	}
	return map[string]any{"Title": b.Assignment.Title, "Style": style, "Student": s.Student, "Handed": stamp(s.Handed), "Failed": s.Failed != "", "Note": s.Note, "Total": assignment.Number(s.Total),
		"Of": assignment.Number(b.Assignment.Points()), "Penalty": penalty, "Open": s.Open, "Problem": s.Problem, "Comments": s.Comments, "Tasks": tasks,
		"Questions": s.Questions}
}

// A failure is how often a part went wrong, with what is said of it most often.
type failure struct {
	Count      int
	Part, Says string
}

type reportTask struct {
	ID, Title, Mean, Of string
	Right, All          int
	Bars                template.HTML
	Failures            []failure
}

type reportStudent struct {
	Name, Link, Late, Total, Handed string
	Points                          []string
}

type problem struct{ Student, Says string }

// report is what the instructor's page shows.
func (b *Book) report(p Published) map[string]any {
	of := b.Assignment.Points()
	var totals []float64
	var students []reportStudent
	var problems []problem
	full, open, lates, missing := 0, 0, 0, 0
	for _, s := range p.Standings {
		open += s.Open
		if s.Missing {
			missing++
		} else if s.Failed == "" {
			totals = append(totals, s.Total)
			if s.Total == of {
				full++
			}
		}
		if s.Penalty > 0 {
			lates++
		}
		students = append(students, b.reportStudent(s))
		for _, says := range b.problems(s) {
			problems = append(problems, problem{brief.Of(s.Student), says})
		}
	}
	for _, a := range p.Asides() {
		problems = append(problems, problem{strings.Join(a.Students, ", "), a.Says})
	}
	if len(b.Others) > 0 {
		problems = append(problems, problem{"Not looked at", "between the submissions lie also " + strings.Join(b.Others, ", ")})
	}
	return map[string]any{"Title": b.Assignment.Title, "Style": style, "Count": plural.Of(len(p.Standings)-missing, "submission"), "Made": time.Now().Format("2006-01-02 15:04"),
		"Rule": b.Rule.String(), "Median": assignment.Number(median(totals)), "Mean": fmt.Sprintf("%.1f", mean(totals)), "Of": assignment.Number(of), "Full": full, "Open": open,
		"Late": lates, "Missing": missing, "Totals": bars(totals, of), "Problems": problems, "Tasks": b.reportTasks(p.Standings), "Questions": b.Assignment.Questions, "Students": students}
}

// reportStudent is a student's row in the report.
func (b *Book) reportStudent(s Standing) reportStudent {
	row := reportStudent{Name: brief.Of(s.Student), Link: "feedback/" + s.Key + ".html", Total: assignment.Number(s.Total), Handed: stamp(s.Handed)}
	if s.Failed != "" {
		row.Total = "–"
	}
	if s.Penalty > 0 {
		row.Late = "−" + assignment.Number(s.Penalty)
	}
	for _, t := range b.Assignment.Tasks {
		row.Points = append(row.Points, s.points(t.ID, "–"))
	}
	for _, q := range s.Questions {
		row.Points = append(row.Points, q.points("–"))
	}
	return row
}

// problems are what an instructor has to look at in a submission.
func (b *Book) problems(s Standing) (all []string) {
	if says := s.remarks(); says != "" {
		all = append(all, says)
	}
	if b.Since(s) {
		all = append(all, "handed in again since the list of --times was given, whose time counts: give a newer list")
	}
	all = append(all, s.Again...)
	for _, q := range s.Questions {
		if q.Note != "" {
			all = append(all, q.Title+": "+q.Note)
		}
	}
	for _, t := range s.Tasks {
		blocks := slices.ContainsFunc(s.Tasks, func(other TaskResult) bool { return strings.HasPrefix(other.Wrong, mendFirst(t.Title)) })
		if s.Problem == "" && (t.missing() || blocks || strings.Contains(t.Wrong, "stands in another cell")) {
			all = append(all, t.Title+": "+t.Wrong)
		}
		if t.Note != "" {
			all = append(all, t.Title+": "+t.Note)
		}
	}
	return all
}

func (b *Book) reportTasks(all []Standing) (tasks []reportTask) {
	for _, t := range b.Assignment.Tasks {
		shown := reportTask{ID: t.ID, Title: t.Title, Of: assignment.Number(t.Points)}
		var points []float64
		type count struct {
			part string
			all  int
			says map[string]int
			as   map[string]string // one of each
		}
		var counts []*count
		for _, s := range all {
			if s.Failed != "" || s.Missing {
				continue
			}
			result := s.task(t.ID)
			points = append(points, result.Points)
			if result.Points == t.Points {
				shown.Right++
			}
			if result.missing() {
				continue // which says nothing about the task
			}
			for i, p := range result.Parts {
				for len(counts) <= i {
					counts = append(counts, &count{says: map[string]int{}, as: map[string]string{}})
				}
				if counts[i].part = p.Name; !p.Right() {
					counts[i].all++
					counts[i].says[alike(p.Says)]++
					counts[i].as[alike(p.Says)] = brief.Of(p.Says)
				}
			}
		}
		slices.SortStableFunc(counts, func(a, b *count) int { return b.all - a.all })
		for _, c := range counts {
			if c.all > 0 && len(shown.Failures) < mostFailures {
				shown.Failures = append(shown.Failures, failure{Count: c.all, Part: c.part, Says: c.as[commonest(c.says)]})
			}
		}
		shown.All, shown.Mean = len(points), fmt.Sprintf("%.1f", mean(points))
		shown.Bars = bars(points, t.Points)
		tasks = append(tasks, shown)
	}
	return tasks
}

// numbers are what differs between two sentences on the same failure.
var numbers = regexp.MustCompile(`[-−]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|NaN|[+-]?Inf)`)

// alike is a sentence without its numbers, so that those on the same failure are the same.
func alike(says string) string { return brief.Of(numbers.ReplaceAllString(says, "…")) }

// commonest is the text that is there most often.
func commonest(says map[string]int) string {
	best, most := "", 0
	for text, n := range says {
		if n > most || n == most && text < best {
			best, most = text, n
		}
	}
	return best
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// bars draws how many students have how many points, in at most 21 classes.
func bars(points []float64, of float64) template.HTML {
	classes := int(math.Min(20, math.Max(1, math.Ceil(of)))) + 1
	counts := make([]int, classes)
	for _, p := range points {
		i := 0
		if of > 0 {
			i = int(math.Floor(p/of*float64(classes-1) + 1e-9))
		}
		counts[min(max(i, 0), classes-1)]++
	}
	const width, height, base = 600.0, 110.0, 84.0
	step, top := width/float64(classes), max(1, slices.Max(counts))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="How many students have how many of %s points">`, width, height, assignment.Number(of))
	for i, n := range counts {
		h := 64 * float64(n) / float64(top)
		x := float64(i) * step
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x+1, base-h, math.Max(step-2, 1), h)
		if n > 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`, x+step/2, base-h-4, n)
		}
		if classes <= 12 || i%5 == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="100" text-anchor="middle">%s</text>`, x+step/2, assignment.Number(math.Round(10*of*float64(i)/float64(classes-1))/10))
		}
	}
	fmt.Fprintf(&b, `<line x1="0" y1="%g" x2="%g" y2="%g"/></svg>`, base+.5, width, base+.5)
	return template.HTML(b.String())
}
