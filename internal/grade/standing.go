package grade

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/nearest"
	"descent.example/pkg/assignment"
)

// A Standing is what a student has, with what is graded by hand and what lateness costs.
type Standing struct {
	*Graded
	Questions []Answered
	Comments  []string // on tasks whose points were changed by hand, and on the whole
	Earned    float64  // before the penalty
	Penalty   float64
	Total     float64
	Open      int // questions that are not graded yet
}

// Answered is a question with what became of it.
type Answered struct {
	assignment.Question
	Answer  string
	Graded  bool
	Earned  float64
	Comment string
}

// There tells whether there is an answer: more than what students find in its cell.
func (a Answered) There() bool {
	text := strings.TrimSpace(a.Answer)
	return text != "" && text != strings.TrimSpace(a.Empty)
}

// points are those that the answer earned, or a text if it is not graded yet.
func (a Answered) points(otherwise string) string {
	if a.Graded {
		return assignment.Number(a.Earned)
	}
	return otherwise
}

// late is the item of a list of points that stands for the penalty.
const late = "late"

// A mark is a line of the list of points given by hand.
type mark struct {
	points  float64
	comment string
}

// Marks are the points given by hand, by student and item.
type Marks map[string]map[string]mark

// read adds the points of lists of lines student,item,points,comment. An item is a question, a task whose points are to be others, or "late" for the points that lateness costs this
// student. It is an error, which names the line, when an item is unknown, points are no number, below 0 or more than there are, and when a student
// has an item twice in these lists.
func (all Marks) read(a *assignment.Assignment, students []string, files ...string) error {
	most := map[string]float64{late: a.Points()}
	for _, t := range a.Tasks {
		most[t.ID] = t.Points
	}
	for _, q := range a.Questions {
		most[q.ID] = q.Points
	}
	for _, file := range files {
		rows, err := readCSV(file, 3)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := all.add(row.text, a, students, most); err != nil {
				return fmt.Errorf("line %d of %s: %w", row.line, file, err)
			}
		}
	}
	return nil
}

// add adds a line of a list. most are the points that each item may have.
func (all Marks) add(row []string, a *assignment.Assignment, students []string, most map[string]float64) error {
	student, item, said := listed(row[0]), row[1], strings.TrimSpace(row[2])
	if said == "" || strings.EqualFold(said, "points") {
		return nil // not graded yet, or a head
	}
	points, err := strconv.ParseFloat(said, 64)
	of, known := most[item]
	switch {
	case !known:
		return fmt.Errorf("%q is no question or task of %s.%s", brief.Of(item), a.Name, nearest.DidYouMean("", item, slices.Sorted(maps.Keys(most))))
	case err != nil:
		return fmt.Errorf("%q is no number of points", brief.Of(said))
	case !(points >= 0 && points <= of):
		return fmt.Errorf("%s gives %s points, and there are 0 to %s", item, assignment.Number(points), assignment.Number(of))
	case !slices.Contains(students, student):
		return fmt.Errorf("nobody named %q handed in.%s", brief.Of(student), nearest.DidYouMean("", student, students))
	}
	if all[student] == nil {
		all[student] = map[string]mark{}
	}
	if _, twice := all[student][item]; twice {
		return fmt.Errorf("%s has points for %s already", brief.Of(student), item)
	}
	m := mark{points: points}
	if len(row) > 3 {
		m.comment = unplain(row[3])
	}
	all[student][item] = m
	return nil
}

// Standings are the results with the points given by hand and the penalties, by the students' names.
func (b *Book) Standings(results []*Graded, marks Marks) []Standing {
	var all []Standing
	for _, r := range results {
		s := Standing{Graded: r}
		own := marks[r.Student]
		if r.Failed != "" && !slices.ContainsFunc(r.Tasks, func(t TaskResult) bool { _, is := own[t.ID]; return !is }) {
			r.Failed = "" // all of it is graded by hand
		}
		for i, t := range r.Tasks {
			if m, is := own[t.ID]; is {
				r.Tasks[i].Points = m.points
				s.Comments = append(s.Comments, strings.TrimSpace(t.Title+": by hand. "+m.comment))
			}
			s.Earned += r.Tasks[i].Points
		}
		for _, q := range b.Assignment.Questions {
			answered := Answered{Question: q, Answer: r.Answers[q.ID]}
			if m, is := own[q.ID]; is {
				answered.Graded, answered.Earned, answered.Comment = true, m.points, m.comment
				s.Earned += m.points
			} else if !answered.There() {
				answered.Graded = true // nothing to read, and nothing to earn
			} else {
				s.Open++
			}
			s.Questions = append(s.Questions, answered)
		}
		s.Penalty = b.Rule.Penalty(r.Handed, s.Earned)
		if m, is := own[late]; is {
			s.Penalty = min(m.points, s.Earned)
			if m.comment != "" {
				s.Comments = append(s.Comments, m.comment)
			}
		}
		if s.Total = s.Earned - s.Penalty; r.Failed != "" {
			s.Total, s.Earned, s.Penalty = 0, 0, 0
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Standing) int { return strings.Compare(a.Student, b.Student) })
	return all
}

// plain keeps a program for tables from taking a text for a formula. Unplain finds the text again, one that begins with ' itself included.
func plain(text string) string {
	if rest := strings.TrimLeft(text, "'"); rest != text && plain(rest) != rest {
		return "'" + text
	}
	if strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") || strings.HasPrefix(text, "\n") {
		return "'" + text
	}
	if first := strings.TrimSpace(text); strings.IndexAny(first, "=+-@＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}

// A table is a CSV whose fields are all quoted, so that none is taken apart by a program that expects another separator.
type table struct{ text bytes.Buffer }

func (t *table) row(fields ...string) {
	for i, field := range fields {
		if i > 0 {
			t.text.WriteByte(',')
		}
		t.text.WriteString(`"` + strings.ReplaceAll(field, `"`, `""`) + `"`)
	}
	t.text.WriteByte('\n')
}

// unplain is what plain was given.
func unplain(text string) string {
	if len(text) > 1 && plain(text[1:]) == text {
		return text[1:]
	}
	return text
}

// points are those of a task as a text, or another if it could not be graded.
func (s Standing) points(task, otherwise string) string {
	if s.Failed != "" {
		return otherwise
	}
	return assignment.Number(s.task(task).Points)
}

// remarks are what is said of the submission as a whole.
func (s Standing) remarks() string {
	var all []string
	if s.Failed != "" {
		all = append(all, "could not be graded, run grade again: "+s.Failed)
	}
	for _, text := range []string{s.Problem, s.Note} {
		if text != "" {
			all = append(all, text)
		}
	}
	return brief.Of(strings.Join(all, "; "))
}

// CSV is the table of all points: a line for each student, a column for each task and question. Who could not be graded has no points in it, not even 0.
func (b *Book) CSV(all []Standing) []byte {
	var w table
	head := []string{"student"}
	for _, t := range b.Assignment.Tasks {
		head = append(head, t.ID)
	}
	for _, q := range b.Assignment.Questions {
		head = append(head, q.ID)
	}
	w.row(append(head, late, "total", "of", "handed in", "note")...)
	for _, s := range all {
		row := []string{plain(s.Student)}
		for _, t := range b.Assignment.Tasks {
			row = append(row, s.points(t.ID, ""))
		}
		for _, q := range s.Questions {
			row = append(row, q.points(""))
		}
		penalty, total := assignment.Number(0-s.Penalty), assignment.Number(s.Total)
		if s.Failed != "" {
			penalty, total = "", ""
		}
		w.row(append(row, penalty, total, assignment.Number(b.Assignment.Points()), stamp(s.Handed), plain(s.remarks()))...)
	}
	return w.text.Bytes()
}

// ByHandFile is the list of points given by hand in a folder of grades.
const ByHandFile = "by-hand.csv"

// ByHand is that list, to be filled in: a line for each answer to a question, and for what else has points by hand already. The points of those who are gone stay in it.
func (b *Book) ByHand(all []Standing, gone []string, marks Marks) []byte {
	var w table
	w.row("student", "item", "points", "comment", "of", "answer")
	marked := func(student, item string) {
		if m, is := marks[student][item]; is {
			w.row(plain(student), item, assignment.Number(m.points), plain(m.comment), "", "")
		}
	}
	items := []string{late}
	for _, t := range b.Assignment.Tasks {
		items = append(items, t.ID)
	}
	for _, s := range all {
		for _, item := range items {
			marked(s.Student, item)
		}
		for _, q := range s.Questions {
			if _, is := marks[s.Student][q.ID]; is || q.There() {
				w.row(plain(s.Student), q.ID, q.points(""), plain(q.Comment), assignment.Number(q.Points), plain(q.Answer))
			}
		}
	}
	for _, q := range b.Assignment.Questions {
		items = append(items, q.ID)
	}
	for _, student := range gone {
		for _, item := range items {
			marked(student, item)
		}
	}
	return w.text.Bytes()
}

// task is the result of a task, or none.
func (s Standing) task(id string) TaskResult {
	for _, t := range s.Tasks {
		if t.ID == id {
			return t
		}
	}
	return TaskResult{ID: id}
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Local().Format("2006-01-02 15:04")
}
