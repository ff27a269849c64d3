package grade

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"descent.example/internal/brief"
	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// A Submission is what one student handed in.
type Submission struct {
	Student string
	Key     string // the student's name as files can have it
	Files   map[string][]byte
	Handed  time.Time
	Problem string // why there is nothing to grade

	stamp time.Time // what nbgrader's timestamp.txt says, which a student may have written as well
}

// Stamped tells whether there is a timestamp.txt where nbgrader writes one.
func (s Submission) Stamped() bool { return !s.stamp.IsZero() }

// largestFile is how many bytes a file of a submission may have, mostFiles how many are looked at.
const (
	largestFile = 32 << 20
	mostFiles   = 1000
)

// Submissions lists what is handed in for an assignment: a folder for each student, or a notebook for each. A folder holds the assignment's notebook, at any depth as
// nbgrader's folders do, or a Go file for each task, named as the task. Links are not followed: they would lead to others' files. Students handed in
// when the latest of their files that count was written. It is an error when the folder cannot be read, and when two submissions are of one student.
func Submissions(a *assignment.Assignment, folder string) ([]Submission, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("the submissions cannot be read: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var all []Submission
	names := map[string]string{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		s := Submission{Student: e.Name(), Files: map[string][]byte{}}
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			s.Problem = "it is a link, and links are not followed"
		case e.IsDir():
			s.readFolder(root, a)
		case filepath.Ext(e.Name()) == ".ipynb":
			s.Student = strings.TrimSuffix(e.Name(), ".ipynb")
			s.read(root, e.Name(), a.Name+".ipynb")
		default:
			continue // a list of times, a note
		}
		if other, twice := names[s.Student]; twice {
			return nil, fmt.Errorf("%s and %s are both of the student %s: leave one of them", filepath.Join(folder, other), filepath.Join(folder, e.Name()), s.Student)
		}
		names[s.Student], s.Key = e.Name(), keyOf(s.Student)
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no submission: it holds a folder, or a notebook, for each student", folder)
	}
	return all, nil
}

var (
	plainKey = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)
	notPlain = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// keyOf is a name that any file system takes and no other student has, one that takes a for A included. It follows from the student's name alone.
func keyOf(student string) string {
	if plainKey.MatchString(student) {
		return student
	}
	sum := sha256.Sum256([]byte(student))
	key := strings.Trim(notPlain.ReplaceAllString(student, "-"), "-")
	return fmt.Sprintf("%s-%s", key[:min(len(key), 40)], hex.EncodeToString(sum[:4]))
}

// readFolder finds the files of a submission.
func (s *Submission) readFolder(root *os.Root, a *assignment.Assignment) {
	var notebooks, sources []string
	seen, archive := 0, ""
	fs.WalkDir(root.FS(), s.Student, func(file string, d fs.DirEntry, err error) error {
		if seen++; seen > mostFiles {
			s.Problem = fmt.Sprintf("it has more than %d files", mostFiles)
			return fs.SkipAll
		}
		switch {
		case err != nil:
			s.Problem = brief.Of(err.Error())
			return fs.SkipDir
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != "." || strings.Count(file, "/") > 4):
			return fs.SkipDir
		case !d.Type().IsRegular():
		case path.Base(file) == a.Name+".ipynb":
			notebooks = append([]string{file}, notebooks...)
		case path.Ext(file) == ".ipynb":
			notebooks = append(notebooks, file)
		case path.Ext(file) == ".go" && a.Task(strings.TrimSuffix(path.Base(file), ".go")) != nil:
			sources = append(sources, file)
		case slices.Contains([]string{".zip", ".gz", ".7z", ".rar", ".tar"}, path.Ext(file)):
			archive = path.Base(file)
		case file == path.Join(s.Student, a.Name, "timestamp.txt"):
			s.readTimestamp(root, file)
		}
		return nil
	})
	switch {
	case s.Problem != "":
	case len(notebooks) == 0 && len(sources) == 0 && archive != "":
		s.Problem = fmt.Sprintf("it holds %s: unpack it, and grade again", brief.Of(archive))
	case len(notebooks) == 0 && len(sources) == 0:
		s.Problem = fmt.Sprintf("it holds neither %s.ipynb nor a Go file that is named as a task", a.Name)
	case len(notebooks) > 1 && path.Base(notebooks[0]) != a.Name+".ipynb":
		s.Problem = fmt.Sprintf("it holds %d notebooks, and none is named %s.ipynb", len(notebooks), a.Name)
	case len(notebooks) > 1 && path.Base(notebooks[1]) == a.Name+".ipynb":
		s.Problem = fmt.Sprintf("it holds more than one %s.ipynb", a.Name)
	case len(notebooks) > 0:
		s.read(root, notebooks[0], a.Name+".ipynb")
	}
	slices.Sort(sources)
	for _, file := range sources {
		s.read(root, file, path.Base(file))
	}
}

// read reads a file of the submission, unless it is a link or too large.
func (s *Submission) read(root *os.Root, file, as string) {
	info, err := root.Lstat(file)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("it is not a plain file")
	case info.Size() > largestFile:
		err = fmt.Errorf("it has %d MiB, and %d are the most", info.Size()>>20, largestFile>>20)
	default:
		var in *os.File
		if in, err = root.Open(file); err == nil {
			defer in.Close()
			if opened, wrong := in.Stat(); wrong != nil || !os.SameFile(info, opened) {
				err = errors.New("it was changed")
			} else {
				s.Files[as], err = io.ReadAll(io.LimitReader(in, largestFile))
			}
		}
	}
	if err != nil {
		s.Problem = fmt.Sprintf("%s cannot be read: %s", brief.Of(path.Base(file)), brief.Of(err.Error()))
	} else if info.ModTime().After(s.Handed) {
		s.Handed = info.ModTime()
	}
}

// timeForms are how people and nbgrader write a time. One without a zone is in this machine's.
var timeForms = []string{time.RFC3339, "2006-01-02 15:04:05.999999 MST", "2006-01-02 15:04:05.999999 -0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

// ParseTime reads a time. It is an error when it is none.
func ParseTime(text string) (time.Time, error) {
	for _, form := range timeForms {
		if at, err := time.ParseInLocation(form, strings.TrimSpace(text), time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write one as 2026-11-30T23:59", brief.Of(text))
}

func (s *Submission) readTimestamp(root *os.Root, file string) {
	if info, err := root.Lstat(file); err != nil || !info.Mode().IsRegular() || info.Size() > 100 {
		return
	}
	if text, err := fs.ReadFile(root.FS(), file); err == nil {
		if at, err := ParseTime(string(text)); err == nil {
			s.stamp = at
		}
	}
}

// ReadTimes reads a file of lines student,time. It is an error, which names the line, when it cannot be read, and when a time is none.
func ReadTimes(file string) (map[string]time.Time, error) {
	all := map[string]time.Time{}
	rows, err := readCSV(file, 2)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		at, err := ParseTime(row.text[1])
		if err != nil && i == 0 {
			continue // a head
		} else if err != nil {
			return nil, fmt.Errorf("line %d of %s: %w", row.line, file, err)
		}
		all[unplain(row.text[0])] = at
	}
	return all, nil
}

// A csvRow is what stands in a list at a line.
type csvRow struct {
	line int
	text []string
}

// readCSV reads a file of lines that have at least a number of fields, with commas or, as some countries' programs for tables write them, semicolons between.
func readCSV(file string, fields int) ([]csvRow, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8: save it again as CSV in UTF-8", file)
	}
	all := strings.TrimPrefix(string(text), "\ufeff")
	r := csv.NewReader(strings.NewReader(all))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if first, _, _ := strings.Cut(all, "\n"); strings.Contains(first, ";") && !strings.Contains(first, ",") {
		r.Comma = ';'
	}
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
			return nil, fmt.Errorf("line %d of %s has %d fields, and it takes %d", line, file, len(row), fields)
		}
		if r.Comma == ';' && len(row) > 2 {
			row[2] = strings.Replace(row[2], ",", ".", 1) // such programs write 1,5 for 1.5
		}
		rows = append(rows, csvRow{line, row})
	}
}

// Work takes the work out of the submission. It is an error when its notebook is none.
func (s Submission) Work(a *assignment.Assignment) (Work, error) {
	w := newWork()
	if text, is := s.Files[a.Name+".ipynb"]; is {
		if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
			return w, errors.New("the notebook is in UTF-16: save it as UTF-8")
		}
		if name := twice(text); name != "" {
			return w, fmt.Errorf("the notebook has %q twice, so it says two things", name)
		}
		nb, err := notebook.Parse("the notebook", text)
		if err != nil {
			return w, err
		}
		w = FromNotebook(a, nb)
	}
	for _, t := range a.Tasks {
		if text, is := s.Files[t.ID+".go"]; is {
			if w.Code[t.ID] != "" {
				w.Notes[t.ID] = "it is in the notebook and in a file of its own; the file counts"
			}
			w.Code[t.ID] = withoutPackage(string(text))
			functionsOf(w.Code[t.ID], w.declares)
		}
	}
	return w, nil
}

// twice is a name that a JSON object has twice at its top level, "" if there is none. What is no JSON is said elsewhere.
func twice(text []byte) string {
	seen, d := map[string]bool{}, json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return ""
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return ""
		}
		if text, _ := name.(string); seen[text] {
			return text
		} else {
			seen[text] = true
		}
	}
	return ""
}

var packageClause = regexp.MustCompile(`(?m)^package\s+\w+\s*(;|$)`)

// withoutPackage is a Go file without its package clause.
func withoutPackage(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\r", "\n")
	if at := packageClause.FindStringIndex(text); at != nil {
		blank := []byte(text)
		assignment.Blank(blank, at[0], at[1])
		return string(blank)
	}
	return text
}

// digest tells submissions apart that differ in what is graded.
func (s Submission) digest(with string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", with, s.Problem)
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		fmt.Fprintf(h, "%s\x00%d\x00", name, len(s.Files[name]))
		h.Write(s.Files[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
