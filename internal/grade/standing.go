package grade

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
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
	Comments  []string // on tasks and on the whole
	Earned    float64  // before the penalty
	Penalty   float64
	Total     float64
	Open      int      // questions that are not graded yet
	Again     []string // what was graded by hand and has changed since
	Aside     string   // what is said of it because of the others
}

// Answered is a question with what became of it.
type Answered struct {
	assignment.Question
	Answer  string
	Note    string // what was unusual
	Graded  bool
	Earned  float64
	Comment string
}

// There tells whether there is an answer.
func (a Answered) There() bool { return answers(a.Question, a.Answer) }

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
	open    bool   // there is a comment alone
	of      string // the answer to a question, or the digest of the submission, for which the points are, or nothingAtAll; "" if the line does not say
}

// changed tells whether the mark is for something else than what is there now, if both are known. Programs for tables cut long texts and end lines otherwise.
func (m mark) changed(now string) bool {
	even := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return m.of != "" && now != "" && even(m.of) != even(now) && !(len(m.of) > 30_000 && strings.HasPrefix(even(now), even(m.of)))
}

// with is the mark with another line for the same: its points replace those that are there, its comment is added.
func (m mark) with(line mark) mark {
	both := m
	if !line.open {
		both.points, both.of, both.open = line.points, line.of, false
	}
	switch {
	case says(m.comment, line.comment):
	case says(line.comment, m.comment):
		both.comment = line.comment
	case ofEarlier.MatchString(m.comment): // what is said of this answer stands first
		both.comment = line.comment + "\n" + m.comment
	default:
		both.comment = m.comment + "\n" + line.comment
	}
	return both
}

// says tells whether a comment holds all lines of another.
func says(comment, other string) bool {
	return other == "" || strings.Contains("\n"+comment+"\n", "\n"+other+"\n")
}

// Marks are the points given by hand, by student and item.
type Marks map[string]map[string]mark

// A line is whom and what a line of the list of points given by hand is for.
type line struct{ student, item string }

// A Given is a line of a list of points given by hand.
type Given struct {
	line
	mark
}

// put adds a line.
func (all Marks) put(g Given) {
	if all[g.student] == nil {
		all[g.student] = map[string]mark{}
	}
	if before, is := all[g.student][g.item]; is {
		g.mark = before.with(g.mark)
	}
	all[g.student][g.item] = g.mark
}

// read adds the lines of lists.
func (all Marks) read(a *assignment.Assignment, students []string, files ...string) error {
	given, err := readGiven(a, students, files...)
	for _, g := range given {
		all.put(g)
	}
	return err
}

// readGiven reads lists of lines student,item,points,comment. An item is a question, a task whose points are to be others, or "late" for the points that lateness costs this
// student. It is an error, which names the line, when an item is unknown, points are no number, below 0 or more than there are, when a student
// has points for an item twice in these lists, and when something stands in a line where no comment does.
func readGiven(a *assignment.Assignment, students []string, files ...string) (given []Given, err error) {
	most, pointed := mostPoints(a), map[line]bool{}
	for _, file := range files {
		rows, err := readCSV(file, 3, most.fits)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			g, err := parseGiven(row.text, a, students, most)
			if err == nil && g != nil && !g.open && pointed[g.line] {
				err = fmt.Errorf("%s has points for %s already", brief.Of(g.student), g.item)
			}
			if err != nil {
				return nil, fmt.Errorf("line %d of %s: %w", row.line, file, err)
			}
			if g != nil {
				given = append(given, *g)
				pointed[g.line] = pointed[g.line] || !g.open
			}
		}
	}
	return given, nil
}

// items are those of a list of points given by hand, with the points that each may have.
type items map[string]float64

func mostPoints(a *assignment.Assignment) items {
	most := items{late: a.Points()}
	for _, t := range a.Tasks {
		most[t.ID] = t.Points
	}
	for _, q := range a.Questions {
		most[q.ID] = q.Points
	}
	return most
}

// known tells whether a line is for one of the items, head whether it is the head of a list.
func (most items) known(row []string) bool {
	_, is := most[row[1]]
	return is
}

func (most items) head(row []string) bool {
	return !most.known(row) && strings.EqualFold(strings.TrimSpace(row[2]), "points")
}

func (most items) fits(row []string) bool { return most.known(row) || most.head(row) }

// parseGiven is what a line of a list says, nil if that is nothing.
func parseGiven(row []string, a *assignment.Assignment, students []string, most items) (*Given, error) {
	student, item, said := meant(listed(row[0]), students), row[1], strings.TrimSpace(row[2])
	open := said == ""
	if err := onlyComments(row); err != nil {
		return nil, err
	}
	if most.head(row) || strings.TrimSpace(strings.Join(row, "")) == "" {
		return nil, nil
	}
	points, err := strconv.ParseFloat(cmp.Or(said, "0"), 64)
	of := most[item]
	switch {
	case !most.known(row):
		return nil, fmt.Errorf("%q is no question or task of %s.%s", brief.Of(item), a.Name, nearest.DidYouMean("", item, slices.Sorted(maps.Keys(most))))
	case err != nil:
		return nil, fmt.Errorf("%q is no number of points", brief.Of(said))
	case !(points >= 0 && points <= of):
		return nil, fmt.Errorf("%s gives %s points, and there are 0 to %s", item, assignment.Number(points), assignment.Number(of))
	case !slices.Contains(students, student) && open && len(row) <= 4 && strings.TrimSpace(strings.Join(row[3:], "")) == "":
		return nil, nil // a class's list has those who handed nothing in, too
	case !slices.Contains(students, student):
		return nil, fmt.Errorf("nobody named %q handed in or is in the list of --class.%s", brief.Of(student), nearest.DidYouMean("", student, students))
	case open && (len(row) < 4 || row[3] == ""):
		return nil, nil // not graded yet
	}
	g := Given{line{student, item}, mark{points: points, open: open}}
	if len(row) > 3 {
		g.comment = unplain(row[3])
	}
	if len(row) > 5 {
		g.of = unplain(row[5])
	}
	return &g, nil
}

// A taken is a line of another list that was taken over, by digests.
type taken struct {
	Line string `json:"line"`
	For  string `json:"for"` // what the student had handed in then
}

// takeOver adds lines of other lists to the folder's own, and tells how many it leaves out because it added them before: what has been written since, or another answer, is
// newer. A line that has gone from the folder's own list is added again as long as the answer is the same.
func (b *Book) takeOver(marks Marks, given []Given, results []*Graded) (before int) {
	of := map[string]*Graded{}
	for _, r := range results {
		of[r.Student] = r
	}
	if b.Taken == nil {
		b.Taken = map[string]taken{}
	}
	for _, g := range given {
		is, key := taken{Line: sumOf(fmt.Sprint(g.open, g.points), g.comment, g.of)}, g.item+"\n"+g.student
		if g.open { // points replace those that were given before, comments nothing
			key += "\n" + is.Line
		}
		now, answer := b.now(of[g.student], g.item)
		is.For = sumOf(now)
		own, there := marks[g.student][g.item]
		if was := b.Taken[key]; was.Line == is.Line && (there || was.For != is.For) {
			before++
			continue
		}
		b.Taken[key] = is
		if answer && there && !own.open && own.changed(now) {
			marks[g.student][g.item] = own.earlier()
		}
		if !g.open && g.changed(now) && (answer || there && !own.open && !own.changed(now)) {
			g.mark = g.earlier()
		}
		marks.put(g)
	}
	return before
}

// now is the answer to a question that a student has handed in, "" if there is none, or for other items the digest of the submission.
func (b *Book) now(r *Graded, item string) (now string, answer bool) {
	if r == nil {
		return "", false
	}
	for _, q := range b.Assignment.Questions {
		if q.ID == item && answers(q, r.Answers[item]) {
			return r.Answers[item], true
		} else if q.ID == item {
			return "", true
		}
	}
	return r.Content, false
}

// sumOf is a digest of texts.
func sumOf(texts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", texts))
	return hex.EncodeToString(sum[:16])
}

// byHandFields are those of a line of the list of points given by hand.
var byHandFields = []string{"student", "item", "points", "comment", "of", "answer"}

// onlyComments is an error when a person wrote into a line where the lab takes nothing over.
func onlyComments(row []string) error {
	for i := 4; i < len(row); i++ {
		text := strings.TrimSpace(row[i])
		_, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if text == "" || i == 4 && (err == nil || strings.EqualFold(text, byHandFields[i])) || i == 5 {
			continue
		}
		return fmt.Errorf("its field %d holds %q, which would be lost: a line has the fields %s; put it into the comment", i+1, brief.Of(text), strings.Join(byHandFields, ", "))
	}
	return nil
}

// ofEarlier is what a comment keeps of an earlier answer, for who grades. Lists of older labs have it without an end.
var ofEarlier = regexp.MustCompile(`\[\S+ for an earlier answer(?::[^\]]*\]|\](?s:.*))`)

// ofThis is what the comment says of this answer, which is what its student reads.
func (m mark) ofThis() string { return strings.TrimSpace(ofEarlier.ReplaceAllString(m.comment, "")) }

// earlier is the mark when another answer has come: the points have moved into the comment.
func (m mark) earlier() mark {
	said := strings.NewReplacer("[", "(", "]", ")").Replace(strings.TrimSuffix(": "+m.ofThis(), " ")) // so that it ends at its bracket
	kept := append([]string{fmt.Sprintf("[%s for an earlier answer%s]", assignment.Number(m.points), said)}, ofEarlier.FindAllString(m.comment, -1)...)
	return mark{comment: strings.Join(kept, "\n"), open: true}
}

// Standings are the results with the points given by hand and the penalties, by the students' names.
func (b *Book) Standings(results []*Graded, marks Marks) []Standing {
	var all []Standing
	for _, r := range results {
		all = append(all, b.standing(r, marks[r.Student]))
	}
	slices.SortFunc(all, func(a, b Standing) int { return strings.Compare(a.Student, b.Student) })
	return all
}

// standing is the result of a student with the student's marks, in which points for an earlier answer move into the comment.
func (b *Book) standing(r *Graded, marks map[string]mark) Standing {
	s := Standing{Graded: r, Aside: b.aside(r)}
	unread := r.Failed != "" && r.Answers == nil
	another := func(m mark) bool { return m.changed(r.Content) || unread && m.of == nothingAtAll }
	if b.allByHand(r, marks) {
		r.Failed = ""
	}
	for i, t := range r.Tasks {
		m, is := marks[t.ID]
		comment := m.ofThis()
		if is && !m.open {
			r.Tasks[i].Points, comment = m.points, "by hand. "+comment
			if another(m) {
				s.Again = append(s.Again, t.Title+": its points were given by hand for an earlier submission; empty the last field of that line if they are right")
			}
		}
		if comment != "" {
			s.Comments = append(s.Comments, strings.TrimSpace(t.Title+": "+comment))
		}
		s.Earned += r.Tasks[i].Points
	}
	for _, q := range b.Assignment.Questions {
		s.question(q, unread, marks)
	}
	s.Penalty = b.Rule.Penalty(r.Handed, s.Earned)
	m, is := marks[late]
	if is && !m.open {
		s.Penalty = min(m.points, s.Earned)
		if another(m) {
			s.Again = append(s.Again, "what lateness costs was said for an earlier submission; empty the last field of that line if it is right")
		}
	}
	if comment := m.ofThis(); comment != "" {
		s.Comments = append(s.Comments, comment)
	}
	if s.Total = s.Earned - s.Penalty; r.Failed != "" {
		s.Total, s.Earned, s.Penalty = 0, 0, 0
	}
	return s
}

// allByHand tells whether all tasks have points by hand, or all questions if there is no task.
func (b *Book) allByHand(r *Graded, marks map[string]mark) bool {
	var items []string
	for _, t := range r.Tasks {
		items = append(items, t.ID)
	}
	for _, q := range b.Assignment.Questions {
		if len(b.Assignment.Tasks) == 0 {
			items = append(items, q.ID)
		}
	}
	return len(items) > 0 && !slices.ContainsFunc(items, func(item string) bool { m, is := marks[item]; return !is || m.open })
}

// question adds what became of a question. unread says that nobody knows what the student handed in.
func (s *Standing) question(q assignment.Question, unread bool, marks map[string]mark) {
	answered := Answered{Question: q, Answer: s.Answers[q.ID]}
	m, is := marks[q.ID]
	byHand := is && !m.open
	if byHand && answered.There() && m.changed(answered.Answer) { // an answer that nobody has read
		s.Again = append(s.Again, q.Title+": the answer is not the one that was graded by hand")
		m, byHand = m.earlier(), false
		marks[q.ID] = m
	}
	answered.Comment = m.ofThis()
	switch {
	case byHand:
		switch {
		case m.of != "" && m.of != nothingAtAll && !answered.There() && s.Content != "":
			s.Again = append(s.Again, q.Title+": the answer that was graded by hand is not there any more")
		case unread && m.of == nothingAtAll:
			s.Again = append(s.Again, q.Title+": its points were given by hand when nothing was handed in; empty the last field of that line if they are right")
		}
		answered.Graded, answered.Earned = true, m.points
		s.Earned += m.points
	case answered.There() || unread:
		s.Open++
	default:
		answered.Graded = true // nothing to read, and nothing to earn
	}
	if !byHand {
		answered.Note = s.Notes[q.ID]
	}
	s.Questions = append(s.Questions, answered)
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

// asText is plain for what a person wrote: of a number, a date or a truth, too, a spreadsheet would make another.
func asText(answer string) string {
	if rest := strings.TrimLeft(answer, "'"); len(rest) <= 20 && (strings.ContainsAny(rest, "0123456789") || strings.EqualFold(rest, "true") || strings.EqualFold(rest, "false")) {
		return "'" + answer
	}
	return plain(answer)
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
	if len(text) > 1 && (plain(text[1:]) == text || asText(text[1:]) == text) {
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
	if s.Missing { // which is said aside
		return ""
	}
	if s.Failed != "" {
		all = append(all, "could not be graded: "+brief.Of(s.Failed))
	}
	for _, text := range []string{brief.Of(s.Problem), s.Note} { // a note has short parts
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; ")
}

// CSV is the table of all points: a line for each student, those of the class's list who handed in nothing included, a column for each task and question. Who could not be graded has no points, not even 0.
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
		note := slices.DeleteFunc([]string{s.remarks(), s.Aside}, func(text string) bool { return text == "" })
		w.row(append(row, penalty, total, assignment.Number(b.Assignment.Points()), stamp(s.Handed), plain(strings.Join(note, "; ")))...)
	}
	return w.text.Bytes()
}

// ByHandFile is the list of points given by hand in a folder of grades.
const ByHandFile = "by-hand.csv"

// ByHand is that list, to be filled in: a line for each answer to a question that is there or may be, and for what else has points by hand already. The points of those who are gone stay in it.
func (b *Book) ByHand(all []Standing, gone []string, marks Marks) []byte {
	var w table
	w.text.WriteString("\ufeff") // else Excel takes η for two letters, and saves them
	w.row(byHandFields...)
	marked := func(student, item, content string) {
		m, is := marks[student][item]
		points := assignment.Number(m.points)
		if m.open {
			points = ""
		}
		if is {
			w.row(plain(student), item, points, asText(m.comment), "", asText(cmp.Or(m.of, content)))
		}
	}
	items := []string{late}
	for _, t := range b.Assignment.Tasks {
		items = append(items, t.ID)
	}
	for _, s := range all {
		for _, item := range items {
			marked(s.Student, item, s.Content)
		}
		for _, q := range s.Questions {
			if m, is := marks[s.Student][q.ID]; is || q.There() || !q.Graded {
				answer := q.Answer
				if s.Missing {
					answer = cmp.Or(m.of, s.Content)
				} else if !q.There() {
					answer = m.of
					if is && !m.open && s.Content != "" { // points for no answer are not for a later one
						answer = cmp.Or(m.of, nothingAtAll)
					}
				}
				points := q.points("")
				if m.open {
					points = ""
				}
				w.row(plain(s.Student), q.ID, points, asText(m.comment), assignment.Number(q.Points), asText(answer))
			}
		}
	}
	for _, q := range b.Assignment.Questions {
		items = append(items, q.ID)
	}
	for _, student := range gone {
		for _, item := range items {
			marked(student, item, "")
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
