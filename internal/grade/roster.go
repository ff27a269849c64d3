package grade

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"descent.example/internal/brief"
	"descent.example/internal/nearest"
)

// listHeads are the fields that tell the first line of a class's list from a student's, as people, Canvas and Moodle write them.
var listHeads = []string{"student", "students", "student name", "name", "full name", "first name", "last name", "surname", "folder", "user", "username", "user name", "login",
	"id", "id number", "sis user id", "sis login id", "email", "e-mail", "email address"}

// notAStudent is what Canvas writes into the first field of a line that is no student's.
const notAStudent = "points possible"

// ReadClass reads a list of a class: the first field of each line is a student's name, as folders have it. It is an error, which names the line, when it cannot be read, when it
// names nobody, when a line lacks the name and when a name is there twice.
func ReadClass(file string) (names []string, err error) {
	rows, err := readCSV(file, 1, func(row []string) bool { return len(row) > 1 })
	if err != nil {
		return nil, err
	}
	is := func(field, what string) bool { return strings.EqualFold(strings.TrimSpace(field), what) }
	head := func(field string) bool {
		return slices.ContainsFunc(listHeads, func(head string) bool { return is(field, head) })
	}
	seen := map[string]bool{}
	for i, row := range rows {
		name := strings.TrimSpace(listed(row.text[0]))
		switch {
		case strings.TrimSpace(strings.Join(row.text, "")) == "", is(name, notAStudent), i == 0 && slices.ContainsFunc(row.text, head):
			continue
		case name == "":
			return nil, fmt.Errorf("line %d of %s has no name: its first field is that of a student's folder", row.line, file)
		case seen[reads(name)]:
			return nil, fmt.Errorf("line %d of %s: %s is in the list already", row.line, file, brief.Of(name))
		}
		names, seen[reads(name)] = append(names, name), true
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s names no student: the first field of a line is the name of a student's folder", file)
	}
	return names, nil
}

// SetClass remembers who is in the class, nobody if that is not known, and who was: they may have points by hand. Who was taken out and is in the class comes back. It is an error
// when the folder cannot be written.
func (b *Book) SetClass(names []string) error {
	b.Were = append(b.Were, missingFrom(b.Were, b.Class)...)
	b.Class = names
	b.Out = slices.DeleteFunc(b.Out, func(key string) bool {
		r, err := b.result(key)
		return err == nil && b.inClass(r.Student)
	})
	return b.save()
}

// inClass tells whether the list of the class has the student's name.
func (b *Book) inClass(student string) bool { return len(missingFrom(b.Class, []string{student})) == 0 }

// missingFrom are the names that read as none of the others does.
func missingFrom(others, names []string) (missing []string) {
	has := map[string]bool{}
	for _, other := range others {
		has[reads(other)] = true
	}
	for _, name := range names {
		if !has[reads(name)] {
			missing = append(missing, name)
		}
	}
	return missing
}

// nothing is what a student has who handed in nothing or, if the grader was ended before it came to that student, has no result yet.
func (b *Book) nothing(student string) *Graded {
	r := &Graded{Student: student, Key: keyOf(student)}
	if slices.Contains(b.Here, r.Key) {
		r.Failed = "it is not graded yet"
	} else {
		r.Content, r.Problem, r.Missing = nothingAtAll, nothingAtAll, true
	}
	for _, t := range b.Assignment.Tasks {
		task := TaskResult{ID: t.ID, Title: t.Title, Of: t.Points}
		if r.Missing {
			task.Wrong = nothing
		}
		r.Tasks = append(r.Tasks, task)
	}
	return r
}

// present are the keys of those whose submissions are there, once these have been looked at. One student's own folder says nothing of the others. It is nil if all are there.
func (b *Book) present(all []Submission) (keys []string) {
	if alone := len(all) == 1 && all[0].Alone; len(all) == 0 || alone && b.Here == nil {
		return b.Here
	} else if alone {
		keys = slices.Clone(b.Here)
	}
	for _, s := range all {
		if !slices.Contains(keys, s.Key) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// TakeOut takes students out of the table who are not among the submissions. Their results stay in the folder, and so do their points by hand. Whose submission is graded again, or who
// comes into the list of the class, is back. It is an error when nobody has such a name, when a student's submission is there or is in that list, and when the folder cannot be written.
func (b *Book) TakeOut(names []string, all []Submission) error {
	if len(names) == 0 {
		return nil
	}
	stored, err := b.stored()
	if err != nil {
		return err
	}
	keys, out := map[string]string{}, slices.Clone(b.Out)
	var students []string
	for _, r := range stored {
		keys[r.Student], students = r.Key, append(students, r.Student)
	}
	for _, name := range names {
		student := meant(listed(name), students)
		key, is := keys[student]
		switch {
		case b.inClass(student):
			return fmt.Errorf("--without=%s: the list of --class has this name: take it out there, and give the list again", brief.Of(name))
		case !is:
			return fmt.Errorf("--without=%s: nobody of this name has a result.%s", brief.Of(name), nearest.DidYouMean("", student, students))
		case slices.ContainsFunc(all, func(s Submission) bool { return s.Key == key }):
			return fmt.Errorf("--without=%s: the submission is there, and would be graded: move it elsewhere first", brief.Of(name))
		case !slices.Contains(out, key):
			out = append(out, key)
		}
	}
	b.Out = out
	return b.save()
}

// SetFolder remembers a folder of submissions that is graded whole, and what lies between them and is none, for the report. It is an error when the folder of the grades cannot be
// written.
func (b *Book) SetFolder(folder string, others []string) error {
	path, err := resolved(folder)
	if err != nil {
		return err
	}
	if b.Others = others; !slices.Contains(b.Folders, path) {
		b.Folders = append(b.Folders, path)
	}
	return b.save()
}

// Submissions lists what is handed in in a folder, as the function of this name does. A folder is also one student's own if it lies in one that was graded whole, or if it was not
// graded whole itself and has the name of a student in these grades, however the letters are composed. It is an error when the folder cannot be read, and when it holds no submission.
func (b *Book) Submissions(folder string) (all []Submission, others []string, err error) {
	path, err := resolved(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("the submissions cannot be read: %w", err)
	}
	students := b.students(nil)
	students = append(students, missingFrom(students, b.Class)...)
	student := meant(Readable(filepath.Base(path)), students)
	if slices.Contains(b.Folders, filepath.Dir(path)) || slices.Contains(students, student) && !slices.Contains(b.Folders, path) {
		one, wrong := OneStudent(b.Assignment, folder)
		all, err = []Submission{one}, wrong
	} else {
		all, others, err = Submissions(b.Assignment, folder)
	}
	if err == nil && all[0].Alone {
		all[0].Student, all[0].Key = student, keyOf(student)
	}
	return all, others, err
}

// stored are all results in the folder. It is an error when one cannot be read, and then the others are returned.
func (b *Book) stored() (all []*Graded, err error) {
	entries, err := os.ReadDir(filepath.Join(b.Folder, "students"))
	if err != nil {
		return nil, err
	}
	var damaged error
	for _, e := range entries {
		r, err := b.result(e.Name())
		if errors.Is(err, fs.ErrNotExist) || !e.IsDir() {
			continue
		} else if err != nil {
			damaged = errors.Join(damaged, fmt.Errorf("the result of %s is damaged: remove it and grade again (%w)", e.Name(), err))
			continue
		}
		r.Key = e.Name()
		all = append(all, r)
	}
	return all, damaged
}

// students are the names of the submissions and of who has a result, once these have been looked at; a result that is damaged is made anew. Who is not there, and has a name
// that reads as one of those who are, is left out: a list with either spelling means who is there.
func (b *Book) students(all []Submission) (names []string) {
	for _, s := range all {
		names = append(names, s.Student)
	}
	here := b.present(all)
	var before []string
	stored, _ := b.stored()
	for _, r := range stored {
		if here != nil && !slices.Contains(here, r.Key) {
			before = append(before, r.Student)
		} else if !slices.Contains(names, r.Student) {
			names = append(names, r.Student)
		}
	}
	return append(names, missingFrom(names, before)...)
}

// Results are those that count, of the submissions that were there the last time and of others that were there before. Gone are those of students who were taken out, or whose
// name is spelled otherwise now. It is an error when one cannot be read.
func (b *Book) Results() (all, gone []*Graded, err error) {
	stored, err := b.stored()
	if err != nil {
		return nil, nil, err
	}
	has, spelled := map[string]bool{}, map[string]bool{} // the names, and how those that are there read
	for _, here := range []bool{true, false} {
		for _, r := range stored {
			switch {
			case b.isHere(r.Key) != here || has[r.Student]: // who has a newer result under another key
				continue
			case slices.Contains(b.Out, r.Key), !here && spelled[reads(r.Student)]:
				gone = append(gone, r)
				continue
			}
			all, has[r.Student] = append(all, r), true
			spelled[reads(r.Student)] = spelled[reads(r.Student)] || here
		}
	}
	return all, gone, nil
}

func (b *Book) isHere(key string) bool { return b.Here == nil || slices.Contains(b.Here, key) }

// An Aside is what is said of several students, because of what lies in the folder of the submissions and not of what a submission is.
type Aside struct {
	Says     string
	Students []string
}

const (
	nothingAtAll = "nothing was handed in"
	otherAlone   = "the folder of the class holds another submission than the one graded alone before; this one counts"
	notThere     = "not in the folder that was graded last; the earlier result counts"
	otherChecks  = "graded with other checks than the submissions that were graded last"
)

// aside is what is said of a result because of the others, "" if nothing is.
func (b *Book) aside(r *Graded) string {
	var says []string
	if r.Missing {
		return nothingAtAll
	}
	if !b.isHere(r.Key) {
		says = append(says, notThere)
	}
	if r.Checks != "" && b.Checks != "" && r.Checks != b.Checks {
		says = append(says, otherChecks)
		if b.isHere(r.Key) { // or else it does not help
			says = append(says, "the class's folder has to be graded again")
		}
	}
	return strings.Join(says, "; ")
}

// Asides are what is said of several students, for the report and who grades.
func (p Published) Asides() (asides []Aside) {
	add := func(says string, students ...string) {
		i := slices.IndexFunc(asides, func(a Aside) bool { return a.Says == says })
		if i < 0 {
			i, asides = len(asides), append(asides, Aside{Says: says})
		}
		asides[i].Students = append(asides[i].Students, students...)
	}
	for _, s := range p.Standings {
		if s.Aside != "" {
			add(s.Aside, s.Student)
		}
	}
	if len(p.Strangers) > 0 {
		add("not in the list of the class, and graded", p.Strangers...)
	}
	if len(p.Gone) > 0 {
		add("left out of the table; what they had stays in the folder", p.Gone...)
	}
	return asides
}
