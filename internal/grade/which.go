package grade

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"descent.example/internal/brief"
	"descent.example/internal/nearest"
	"descent.example/pkg/assignment"
	"golang.org/x/mod/modfile"
)

// labModule is the module of the lab's sources, and of what students make from the template.
const labModule = "descent.example"

// mostRead is how many bytes are read of a submission's notebooks that do not have the assignment's name, largestGoMod of a go.mod.
const (
	mostRead     = 4 * largestFile
	largestGoMod = 64 << 10
)

// held are those files of a submission that may count, by their paths in its folder.
type held struct {
	named, unnamed []string // the notebooks with the assignment's name, and the others
	code           []string // Go files
	archive        string
	more           bool            // files that were not looked at
	clones         map[string]bool // the folders that are clones of the lab
}

// hidden tells whether files and folders of the name are not looked at: they are a program's, not a student's.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != "." || name == "__MACOSX"
}

// look finds the files of a submission that is a folder. They count wherever they lie in it, up to deepestFolder folders deep: the assignment's notebook,
// and Go files that are named as its tasks. Hidden files are not looked at, nor are in a clone of the lab the lab's own folders, in which are files
// with such names. What else is found and does not count is said.
func (s *Submission) look(root *os.Root, name string, a *assignment.Assignment) {
	own, err := root.OpenRoot(name)
	if err != nil {
		s.Problem = "the folder cannot be read: " + brief.Of(err.Error())
		return
	}
	defer own.Close()
	h := held{clones: map[string]bool{}}
	seen := 0
	fs.WalkDir(own.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		if seen++; seen > mostFiles {
			s.remark("it has more than %d files, and only the first ones are looked at", mostFiles)
			h.more = true
			return fs.SkipAll
		}
		switch {
		case err != nil:
			s.remark("%s cannot be read", brief.Of(Readable(file)))
			return fs.SkipDir
		case d.IsDir() && (hidden(d.Name()) || h.clones[path.Dir(file)] && slices.Contains(forStudents, d.Name())):
			return fs.SkipDir
		case d.IsDir() && strings.Count(file, "/") >= deepestFolder:
			s.remark("%s lies too deep to be looked at", brief.Of(Readable(file)))
			return fs.SkipDir
		case d.IsDir():
			text, err := readPlain(own, path.Join(file, "go.mod"), largestGoMod)
			h.clones[file] = err == nil && modfile.ModulePath(text) == labModule
			chapter := path.Join(file, "notebooks", a.Name+".ipynb")
			if _, err := own.Lstat(chapter); h.clones[file] && err == nil {
				s.remark("%s lies among the lab's own chapters, and does not count", brief.Of(Readable(chapter)))
			}
		case hidden(d.Name()):
		case file == path.Join(a.Name, "timestamp.txt"):
			s.readTimestamp(own, file)
		case d.Type().IsRegular():
			h.add(file, a)
		case isNotebook(file) || taskOf(file, a) != "":
			s.remark("%s is a link or no file, and is not looked at", brief.Of(Readable(file)))
		}
		return nil
	})
	s.choose(root, own, name, a, h)
}

// taskOf is the task as which a Go file is named, or "".
func taskOf(file string, a *assignment.Assignment) string {
	if id, is := strings.CutSuffix(path.Base(file), ".go"); is && a.Task(id) != nil {
		return id
	}
	return ""
}

func (h *held) add(file string, a *assignment.Assignment) {
	switch {
	case strings.EqualFold(path.Base(file), a.Name+".ipynb"):
		h.named = append(h.named, file)
	case isNotebook(file):
		h.unnamed = append(h.unnamed, file)
	case path.Ext(file) == ".go":
		h.code = append(h.code, file)
	case slices.Contains([]string{".zip", ".gz", ".7z", ".rar", ".tar"}, path.Ext(file)):
		h.archive = path.Base(file)
	}
}

// choose takes those of the files that count.
func (s *Submission) choose(root, own *os.Root, name string, a *assignment.Assignment, h held) {
	notebooks, besides := h.named, s.holding(own, h.unnamed, a)
	if len(notebooks) == 0 {
		notebooks, besides = besides, nil
	}
	counts := h.theOne(notebooks)
	if counts != "" {
		s.find(root, filepath.Join(name, counts), a.Name+".ipynb")
	} else if len(notebooks) > 0 {
		s.Problem = fmt.Sprintf("it holds %d notebooks of the assignment, and none counts: leave one of them", len(notebooks))
	} else if besides = h.unnamed; len(besides) > 0 {
		s.remark("no notebook is named %s.ipynb, or has a cell with the id of a task", a.Name)
	}
	for _, file := range append(notebooks[:len(notebooks):len(notebooks)], besides...) {
		if file != counts {
			s.remark("%s does not count", brief.Of(Readable(file)))
		}
	}
	s.chooseCode(root, name, a, h.code, func(file string) bool { return counts != "" && path.Dir(file) == path.Dir(counts) })
	switch {
	case len(s.found) > 0 || s.Problem != "":
	case h.archive != "":
		s.Problem = fmt.Sprintf("it holds %s: unpack it, and grade again", brief.Of(Readable(h.archive)))
	case h.more:
		s.Problem = fmt.Sprintf("it has more than %d files, and neither %s.ipynb nor a Go file that is named as a task is among those that were looked at: remove the others, and grade again",
			mostFiles, a.Name)
	default:
		s.Problem = fmt.Sprintf("it holds neither %s.ipynb nor a Go file that is named as a task", a.Name)
		for _, clone := range h.clones {
			if clone {
				s.Problem += ", outside of the lab's own folders"
			}
		}
	}
}

// handIn is the folder in a clone of the lab of which a notebook counts before others.
const handIn = "assignments"

// theOne is that of a submission's notebooks which counts: the only one, or the only one in a clone's folder assignments. It is "" if there is none.
func (h held) theOne(notebooks []string) string {
	if len(notebooks) > 1 {
		notebooks = slices.DeleteFunc(slices.Clone(notebooks), func(file string) bool {
			folder := path.Dir(file)
			return path.Base(folder) != handIn || !h.clones[path.Dir(folder)]
		})
	}
	if len(notebooks) != 1 {
		return ""
	}
	return notebooks[0]
}

// holding are those of the notebooks that hold a cell with the id of one of the assignment's tasks, or of its questions if it has no task. Questions of other
// assignments may have the same ids.
func (s *Submission) holding(own *os.Root, notebooks []string, a *assignment.Assignment) (all []string) {
	var ids []string
	for _, t := range a.Tasks {
		ids = append(ids, t.ID)
	}
	for _, q := range a.Questions {
		if len(a.Tasks) == 0 {
			ids = append(ids, q.ID)
		}
	}
	id := regexp.MustCompile(`"grade_id"\s*:\s*"(?:` + strings.Join(ids, "|") + `)"`)
	room := mostRead
	for _, file := range notebooks {
		text, err := readPlain(own, file, min(room, largestFile))
		if room -= len(text); err != nil {
			s.remark("%s is not looked at: %s", brief.Of(Readable(file)), brief.Of(err.Error()))
		} else if id.Match(text) {
			all = append(all, file)
		}
	}
	return all
}

// chooseCode takes for each task the Go file that is named as it. Of two the one beside the notebook counts, or else the last.
func (s *Submission) chooseCode(root *os.Root, name string, a *assignment.Assignment, files []string, beside func(file string) bool) {
	slices.SortFunc(files, func(x, y string) int {
		if beside(x) != beside(y) {
			return map[bool]int{true: 1, false: -1}[beside(x)]
		}
		return strings.Compare(x, y)
	})
	var strange []string
	for _, file := range files {
		if taskOf(file, a) == "" {
			strange = append(strange, file)
			continue
		}
		if before, twice := s.found[path.Base(file)]; twice {
			s.remark("%s is there more than once; %s counts, and %s does not", path.Base(file), brief.Of(Readable(file)), brief.Of(Readable(strings.TrimPrefix(before, name+"/"))))
		}
		s.find(root, filepath.Join(name, file), path.Base(file))
	}
	var open []string
	for _, t := range a.Tasks {
		if _, is := s.found[t.ID+".go"]; !is {
			open = append(open, t.ID+".go")
		}
	}
	for _, says := range misnamed(strange, open) {
		s.remark("%s", says)
	}
}

// misnamed says of Go files which are named nearly as one of those that are expected.
func misnamed(files, expected []string) (says []string) {
	for _, file := range files {
		if meant := nearest.DidYouMean("", path.Base(file), expected); meant != "" {
			says = append(says, fmt.Sprintf("%s is named as no task, and does not count.%s", brief.Of(Readable(file)), meant))
		}
	}
	return says
}
