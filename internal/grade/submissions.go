package grade

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"descent.example/internal/brief"
	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
	"golang.org/x/text/unicode/norm"
)

// A Submission is what one student handed in.
type Submission struct {
	Student string // the name of the folder or notebook, as Readable writes it
	Key     string // the student's name as files can have it
	Files   map[string][]byte
	Handed  time.Time
	Problem string // why there is nothing to grade, or not all
	Note    string // what else is unusual
	Unclear string // why nobody knows what this student handed in, which is no reason for 0 points
	Alone   bool   // the folder that is graded is this student's own

	stamp  time.Time         // what nbgrader's timestamp.txt says, which a student may have written as well
	folder string            // that of all submissions
	found  map[string]string // where in it the files are that load reads, by their names in Files
}

// Stamped tells whether there is a timestamp.txt where nbgrader writes one.
func (s Submission) Stamped() bool { return !s.stamp.IsZero() }

// mostFiles is how many files of a submission are looked at. A test looks at fewer.
var mostFiles = 20_000

// largestFile is how many bytes a notebook may have, largestGoFile a Go file, and deepestFolder how deep the files of a submission are looked at.
const (
	largestFile   = 32 << 20
	largestGoFile = 4 * largestCode
	deepestFolder = 5
)

// Submissions lists what is handed in for an assignment: a folder for each student, whose files count as look says, or a notebook for each. Links are not
// followed: they would lead to others' files. Students handed in when the latest of their files was written, of those that are the notebook or a task's. The
// files themselves are read one submission at a time, when it is graded. Others are the names of what is no submission. It is an error when the folder
// cannot be read or holds no submission. Two submissions of one name are one that is unclear: a student may have chosen the name, and must neither stop the others nor take
// their points. A folder that is one student's own, as ofOne tells, is one submission.
func Submissions(a *assignment.Assignment, folder string) (all []Submission, others []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("the submissions cannot be read: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	at := map[string]int{}
	for _, e := range entries {
		s := Submission{Student: Readable(e.Name()), folder: folder, found: map[string]string{}}
		switch {
		case hidden(e.Name()):
			others = append(others, s.Student)
			continue
		case e.Type()&fs.ModeSymlink != 0:
			s.Problem = "it is a link, and links are not followed"
		case e.IsDir() && holdsGrades(root, e.Name()):
			others = append(others, s.Student)
			continue
		case e.IsDir():
			s.look(root, e.Name(), a)
		case isNotebook(e.Name()):
			s.Student = Readable(e.Name()[:len(e.Name())-len(".ipynb")])
			s.find(root, e.Name(), a.Name+".ipynb")
		default: // a list of times, a note
			others = append(others, s.Student)
			continue
		}
		if i, twice := at[s.Student]; twice {
			all[i].Unclear = "there are two of this name, such as a folder and a notebook: leave one of them, and grade again"
			all[i].found = nil
			continue
		}
		at[s.Student], s.Key = len(all), keyOf(s.Student)
		all = append(all, s)
	}
	if ofOne(a, entries, all) {
		s, err := OneStudent(a, folder)
		if err != nil {
			return nil, nil, err
		}
		return []Submission{s}, nil, nil
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("%s holds no submission: it holds a folder, or a notebook, for each student", folder)
	}
	return all, others, nil
}

// ofOne tells whether a folder is one student's own and not a class's: the assignment's notebook, or the Go file of a task, lies in it, and no submission of another name does.
func ofOne(a *assignment.Assignment, entries []fs.DirEntry, all []Submission) bool {
	own := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Type().IsRegular() && taskOf(e.Name(), a) != "" })
	for _, s := range all {
		if strings.EqualFold(s.Student, a.Name) {
			own = true
		} else if len(s.found) > 0 {
			return false
		}
	}
	return own
}

// OneStudent is what lies in a folder that is one student's own: the name of the folder is the student. It is an error when it is no folder or cannot be read, and when it is named as
// the assignment, as nbgrader names a folder below the student's.
func OneStudent(a *assignment.Assignment, folder string) (Submission, error) {
	folder, err := resolved(folder)
	if err != nil {
		return Submission{}, err
	}
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return Submission{}, fmt.Errorf("%s is a file: name the student's folder, or grade the class's again", folder)
	}
	if strings.EqualFold(filepath.Base(folder), a.Name) {
		return Submission{}, fmt.Errorf("%s is named as the assignment and not as a student: name the student's folder, which may be the one above it", folder)
	}
	s, err := submissionAt(a, folder)
	s.Key, s.Alone = keyOf(s.Student), true
	return s, err
}

// resolved is the path of a folder by which it is known again, whoever names it and from where.
func resolved(folder string) (string, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// holdsGrades tells whether a folder is one of grades, as when one student's folder was graded alone. What it holds says so, because a student's files may have any names.
func holdsGrades(root *os.Root, folder string) bool {
	text, err := readPlain(root, path.Join(folder, stateFile), largestFile)
	var has state
	return err == nil && json.Unmarshal(text, &has) == nil && has.Seed != "" && has.Assignment != nil
}

// Readable is a name with escapes in the place of what a list, a terminal or a page would not show as it is: control characters, marks that turn the
// direction of text, bytes that are not UTF-8. Two names are never one.
func Readable(name string) string {
	quoted := strconv.QuoteToGraphic(name)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func isNotebook(name string) bool { return strings.EqualFold(path.Ext(name), ".ipynb") }

var (
	plainKey  = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)
	hashedKey = regexp.MustCompile(`-[0-9a-f]{32}$`)
	notPlain  = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// keyOf is a name that any file system takes and no other student has, one that takes a for A included. It follows from the student's name alone. A
// name that looks like the key of another is not its own.
func keyOf(student string) string {
	if plainKey.MatchString(student) && !hashedKey.MatchString(student) {
		return student
	}
	sum := sha256.Sum256([]byte(student))
	key := strings.Trim(notPlain.ReplaceAllString(student, "-"), "-")
	return fmt.Sprintf("%s-%s", key[:min(len(key), 40)], hex.EncodeToString(sum[:16]))
}

const andMore = "; and more"

// remark adds to the submission's note.
func (s *Submission) remark(form string, args ...any) {
	if text := fmt.Sprintf(form, args...); s.Note == "" {
		s.Note = text
	} else if len(s.Note) < 1000 {
		s.Note += "; " + text
	} else if !strings.HasSuffix(s.Note, andMore) {
		s.Note += andMore
	}
}

// find notes a file of the submission, unless it is a link or too large, and when it was written.
func (s *Submission) find(root *os.Root, file, as string) {
	most := int64(largestFile)
	if path.Ext(as) == ".go" {
		most = largestGoFile
	}
	info, err := root.Lstat(file)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("it is not a plain file")
	case info.Size() > most:
		err = fmt.Errorf("it has %d MiB, and %d are the most", (info.Size()+1<<20-1)>>20, most>>20)
	}
	if err != nil {
		s.Problem = fmt.Sprintf("%s cannot be read: %s", brief.Of(Readable(path.Base(file))), brief.Of(err.Error()))
		return
	}
	s.found[as] = file
	if at := writable(info.ModTime()); at.After(s.Handed) {
		s.Handed = at
	}
}

// load reads the files that were found. It is an error when one cannot be read any more, and when it is unclear which count.
func (s *Submission) load() error {
	if s.Unclear != "" {
		return errors.New(s.Unclear)
	}
	if len(s.found) == 0 {
		return nil
	}
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	s.Files = map[string][]byte{}
	for as, file := range s.found {
		text, err := readPlain(root, file, largestFile)
		if errors.Is(err, fs.ErrPermission) { // tar and zip keep what a student set
			s.remark("%s cannot be read: give yourself permission, and grade again", brief.Of(Readable(path.Base(file))))
			continue
		}
		if err != nil {
			return err
		}
		s.Files[as] = text
	}
	return nil
}

// readPlain reads a file. It is an error when the file is a link or no file, and when it has more bytes than most.
func readPlain(root *os.Root, file string, most int) (text []byte, err error) {
	info, err := root.Lstat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > int64(most) {
		return nil, errors.New("it is too large")
	}
	in, err := root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	opened, err := in.Stat()
	if err == nil && !os.SameFile(info, opened) || !info.Mode().IsRegular() {
		err = fmt.Errorf("%s was changed", Readable(file))
	}
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(in, int64(most)))
	}
	return text, errors.Join(err, in.Close())
}

// writable is a time that every program that reads results can read: one of the years 1 to 9999, in UTC.
func writable(at time.Time) time.Time {
	switch at = at.UTC(); {
	case at.Year() < 1:
		return time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)
	case at.Year() > 9998:
		return time.Date(9998, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return at
}

// timeForms are how people and nbgrader write a time. One without a zone is in this machine's.
var timeForms = []string{time.RFC3339, "2006-01-02 15:04:05.999999 MST", "2006-01-02 15:04:05.999999 -0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

// ParseTime reads a time. It is an error when it is none.
func ParseTime(text string) (time.Time, error) {
	for _, form := range timeForms {
		if at, err := time.ParseInLocation(form, strings.TrimSpace(text), time.Local); err == nil && writable(at).Equal(at) && !foreign(at) {
			return writable(at), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write one as 2026-11-30T23:59, or as 2026-11-30T23:59:00+01:00", brief.Of(text))
}

// foreign tells whether the time has the abbreviation of a zone that this machine does not know, for which package time makes up one that is UTC.
func foreign(at time.Time) bool {
	name, offset := at.Zone()
	return offset == 0 && at.Location() != time.Local && !slices.Contains([]string{"", "UTC", "GMT"}, name)
}

func (s *Submission) readTimestamp(root *os.Root, file string) {
	if info, err := root.Lstat(file); err != nil || !info.Mode().IsRegular() || info.Size() > 100 {
		return
	}
	text, err := fs.ReadFile(root.FS(), file)
	if err == nil {
		s.stamp, err = ParseTime(string(text))
	}
	if err != nil {
		s.remark("%s holds no time that this machine can read, so the submission's time is that of its file unless a list says one", brief.Of(Readable(file)))
	}
}

// ReadTimes reads a file of lines student,time. It is an error, which names the line, when it cannot be read, when a time is none, and when a student has two; and when
// there is no time in it.
func ReadTimes(file string) (map[string]time.Time, error) {
	all, timed := map[string]time.Time{}, map[string]bool{}
	rows, err := readCSV(file, 2, func(row []string) bool { _, err := ParseTime(row[1]); return err == nil })
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		at, err := ParseTime(row.text[1])
		if text := strings.TrimSpace(row.text[1]); err != nil && i == 0 && (text == "" || !strings.Contains("0123456789", text[:1])) {
			continue // a head
		} else if err != nil {
			return nil, fmt.Errorf("line %d of %s: %w", row.line, file, err)
		}
		name := listed(row.text[0])
		if timed[reads(name)] {
			return nil, fmt.Errorf("line %d of %s: %s has a time already", row.line, file, brief.Of(name))
		}
		all[name], timed[reads(name)] = at, true
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s says of nobody when they handed in: a line is student,time", file)
	}
	return all, nil
}

// listed is the student's name that stands in a list, where people write it as it is and the lab as Readable does.
func listed(name string) string {
	if name = unplain(name); strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsGraphic(r) }) {
		return Readable(name)
	}
	return name
}

// meant is the student whom a name in a list means: the one of that name, or else the only one whose name reads the same. It is the name itself if there is none.
func meant(name string, students []string) string {
	if slices.Contains(students, name) {
		return name
	}
	found := map[string]bool{}
	for _, s := range students {
		if reads(s) == reads(name) {
			found[s] = true
		}
	}
	for s := range found {
		if len(found) == 1 {
			return s
		}
	}
	return name
}

// reads is the same for names that look the same: without the spaces around them, which programs for tables drop, and with letters such as ë as one character, which
// some file systems make two.
func reads(name string) string { return norm.NFC.String(strings.TrimSpace(name)) }

// A csvRow is what stands in a list at a line.
type csvRow struct {
	line int
	text []string
}

// readCSV reads a file of lines that have at least a number of fields. Commas are between them or, as some countries' programs for tables write them, semicolons, or
// tabs; fits tells whether a line that was taken apart makes sense.
func readCSV(file string, fields int, fits func(row []string) bool) ([]csvRow, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8: save it again as CSV in UTF-8", file)
	}
	return parseCSV(file, string(text), fields, fits)
}

func parseCSV(file, text string, fields int, fits func(row []string) bool) ([]csvRow, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	r := csvReader(text, separator(text, fields, fits))
	var rows []csvRow
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		line, _ := r.FieldPos(0)
		if len(row) < fields {
			return nil, fmt.Errorf("line %d of %s has %s, and it takes %d: separate them by commas or semicolons", line, file, plural.Of(len(row), "field"), fields)
		}
		if len(rows) > 0 && strings.Join(row[min(len(row), len(rows[0].text)):], "") != "" {
			return nil, fmt.Errorf("line %d of %s has %d fields, more than its first line: put a text that holds %q between quotes", line, file, len(row), r.Comma)
		}
		if r.Comma != ',' && len(row) > 2 {
			row[2] = strings.Replace(row[2], ",", ".", 1) // such programs write 1,5 for 1.5
		}
		rows = append(rows, csvRow{line, row})
	}
}

func csvReader(text string, separator rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = separator, -1, separator != '\t' // which would be trimmed as well
	return r
}

// separator is what stands between the fields of a list: that which takes its first line apart so that it makes sense or, if none does, so that it has enough fields.
func separator(text string, fields int, fits func(row []string) bool) rune {
	enough := ','
	for _, separator := range "\t;," {
		if row, err := csvReader(text, separator).Read(); err == nil && len(row) >= fields {
			if enough = separator; fits(row) {
				return separator
			}
		}
	}
	return enough
}

// Work takes the work out of the submission. It is an error when its notebook is none; its Go files count all the same.
func (s Submission) Work(a *assignment.Assignment) (Work, error) {
	w := newWork()
	var wrong error
	if text, is := s.Files[a.Name+".ipynb"]; is {
		nb, err := essence(text)
		if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
			err = errors.New("the notebook is in UTF-16: save it as UTF-8")
		}
		if wrong = err; err == nil {
			w = FromNotebook(a, nb)
		}
	}
	for _, t := range a.Tasks {
		file := t.ID + ".go"
		text, is := s.Files[file]
		if !is {
			continue
		}
		answered := strings.TrimSpace(w.Code[t.ID]) != "" && !asGiven(t, w.Code[t.ID])
		if answered && path.Dir(s.found[file]) != path.Dir(s.found[a.Name+".ipynb"]) { // where no check of the student's own has found it
			w.Notes[t.ID] = fmt.Sprintf("it is in the notebook and in %s, which does not lie beside it; the notebook counts", brief.Of(Readable(s.found[file])))
			continue
		}
		if delete(w.Notes, t.ID); answered { // whatever was unusual about a cell that does not count
			w.Notes[t.ID] = "it is in the notebook and in a file of its own; the file counts"
		}
		w.Code[t.ID] = withoutPackage(string(text))
		functionsOf(w.Code[t.ID], w.declares)
	}
	return w, wrong
}

// withoutPackage is a Go file without its package clause.
func withoutPackage(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\r", "\n")
	code, files := withoutComments(text), token.NewFileSet()
	file, err := parser.ParseFile(files, "", code, parser.PackageClauseOnly)
	if err != nil {
		return text
	}
	blank, at := []byte(text), files.File(file.Package)
	end := at.Offset(file.Name.End())
	if rest := strings.TrimLeft(code[end:], " \t"); strings.HasPrefix(rest, ";") {
		end = len(code) - len(rest) + 1
	}
	assignment.Blank(blank, at.Offset(file.Package), end)
	return string(blank)
}

// digest tells submissions apart that differ in what is graded.
func (s Submission) digest(with string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00", with, s.Problem, s.Note)
	notebook := ""
	for name, at := range s.found {
		if isNotebook(name) {
			notebook = path.Dir(at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if at := s.found[name]; notebook != "" && at != "" && path.Dir(at) != notebook {
			fmt.Fprint(h, "elsewhere\x00") // where it does not replace what the notebook has
		}
		fmt.Fprintf(h, "%s\x00%d\x00", name, len(s.Files[name]))
		h.Write(s.Files[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
