package grade

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/made"
	"descent.example/pkg/assignment"
	"golang.org/x/sync/errgroup"
)

// A Graded is what became of a submission, before late penalties and what is graded by hand.
type Graded struct {
	Student string            `json:"student"`
	Key     string            `json:"key"`
	Digest  string            `json:"digest"`           // of the submission and of the checks
	Content string            `json:"content"`          // digest of the submission alone, "" if it is unclear what that is
	Checks  string            `json:"checks,omitempty"` // digest of the checks
	Handed  time.Time         `json:"handed"`
	Problem string            `json:"problem,omitempty"` // what is wrong with the submission as a whole
	Note    string            `json:"note,omitempty"`    // what else is unusual
	Failed  string            `json:"failed,omitempty"`  // why it could not be graded: the machine's fault, and no points, not even 0
	Tasks   []TaskResult      `json:"tasks"`
	Answers map[string]string `json:"answers"`
	Notes   map[string]string `json:"notes,omitempty"` // what was unusual about answers
	Seconds float64           `json:"seconds"`         // that it took
	Alone   bool              `json:"alone,omitempty"` // it was graded from a folder of the student's own
	Missing bool              `json:"-"`               // nothing was handed in

	// Appealed is the content that was graded alone before the class's folder was graded again, until that holds something else than it did then.
	Appealed string `json:"appealed,omitempty"`
}

// state is what a folder of grades remembers.
type state struct {
	Assignment *assignment.Assignment `json:"assignment"`
	Seed       string                 `json:"seed"` // secret
	Rule       Rule                   `json:"rule"`
	Times      map[string]time.Time   `json:"times,omitempty"`   // when students handed in, by their names, as far as a list said so
	Timed      map[string]timed       `json:"timed,omitempty"`   // by the student: for which submission such a time was used first
	Stamps     bool                   `json:"stamps,omitempty"`  // nbgrader's timestamp.txt says so for the others
	Here       []string               `json:"here,omitempty"`    // the keys of those whose submissions were there the last time
	Others     []string               `json:"others,omitempty"`  // what else lay between them
	Folders    []string               `json:"folders,omitempty"` // of submissions that were graded whole, as resolved writes them
	Checks     string                 `json:"checks,omitempty"`  // digest of those that were used the last time
	Class      []string               `json:"class,omitempty"`   // who is in the class, if a list said so
	Were       []string               `json:"were,omitempty"`    // who was, in the lists of before
	Out        []string               `json:"out,omitempty"`     // the keys of those whom the instructor took out of the table
	Taken      map[string]taken       `json:"taken,omitempty"`   // lines of other lists of points given by hand, by item and student: the last with points, and comments
}

// A timed is a time of the list, with the digest of the submission for which it was used first.
type timed struct {
	At      time.Time `json:"at"`
	Content string    `json:"content"`
}

// A Book is a folder of grades.
type Book struct {
	Folder string
	state
	lock *os.File
}

const stateFile = "state.json"

// OpenBook opens a folder of grades for an assignment, or makes one; without an assignment it opens what is there. Nobody else can while it is open. It is an error when
// the folder belongs to another assignment, holds no grades where no assignment is given, holds something else, is open elsewhere or cannot be written.
func OpenBook(folder string, a *assignment.Assignment) (*Book, error) {
	if !fileExists(filepath.Join(folder, stateFile)) { // it may be the folder of the submissions: write nothing there
		entries, _ := os.ReadDir(folder)
		others := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !hidden(e.Name()) })
		if a == nil {
			return nil, fmt.Errorf("%s holds no grades: lab assignment grade makes such a folder", folder)
		} else if others && !fileExists(filepath.Join(folder, ".lock")) {
			return nil, fmt.Errorf("%s holds something else than grades: name a new folder or an empty one", folder)
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := closeToOthers(folder); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(folder, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = os.MkdirAll(filepath.Join(folder, "students"), 0o700)
	}
	if err != nil {
		return nil, err
	}
	// What a killed lab had just started may hold the lock for a moment more.
	for try := 0; syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil; try++ {
		if try == 20 {
			lock.Close()
			return nil, fmt.Errorf("%s is in use: another lab grades there", folder)
		}
		time.Sleep(100 * time.Millisecond)
	}
	b := &Book{Folder: folder, lock: lock}
	for _, at := range []string{"", "feedback", "students/*"} {
		folders, _ := filepath.Glob(filepath.Join(folder, at)) // none if its name is a pattern: what was begun stays then
		for _, f := range folders {
			made.Sweep(f)
		}
	}
	err = b.open(a)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return b, nil
}

// AssignmentOf is the name of the assignment whose grades a folder holds, "" if it holds none that can be read.
func AssignmentOf(folder string) string {
	var has state
	text, err := os.ReadFile(filepath.Join(folder, stateFile))
	if err != nil || json.Unmarshal(text, &has) != nil || has.Assignment == nil {
		return ""
	}
	return has.Assignment.Name
}

// open reads the state, or makes one with a seed of its own.
func (b *Book) open(a *assignment.Assignment) error {
	text, err := os.ReadFile(filepath.Join(b.Folder, stateFile))
	switch {
	case errors.Is(err, fs.ErrNotExist) && a != nil:
		b.Seed = rand.Text()
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(text, &b.state); err != nil {
			return fmt.Errorf("%s is damaged (%w): remove it to begin again, and give --due, --late, --grace, --times, --class and --without anew; results of submissions are kept, and replaced as they come",
				filepath.Join(b.Folder, stateFile), err)
		}
	}
	if a == nil {
		return nil
	}
	if b.Assignment != nil && b.Assignment.Name != a.Name {
		return fmt.Errorf("%s holds the grades of %s: give those of %s another folder", b.Folder, b.Assignment.Name, a.Name)
	}
	b.Assignment = a
	return b.save()
}

// closeToOthers takes from users of this machine who are not in its group the right to enter a folder that was there before.
func closeToOthers(folder string) error {
	info, err := os.Stat(folder)
	if err != nil || info.Mode()&0o007 == 0 {
		return err
	}
	if err := os.Chmod(folder, info.Mode().Perm()&^0o007); err != nil {
		return fmt.Errorf("everybody on this machine can enter %s, and grades are nobody else's business: name another folder (%w)", folder, err)
	}
	return nil
}

func (b *Book) save() error {
	text, err := json.MarshalIndent(b.state, "", " ")
	if err != nil {
		return err
	}
	return made.Replace(filepath.Join(b.Folder, stateFile), text, 0o600)
}

// SetRule remembers the rule for late submissions. It is an error when the folder cannot be written.
func (b *Book) SetRule(r Rule) error {
	b.Rule = r
	return b.save()
}

// SetTimes remembers when students handed in, by their names; such a time counts before that of a file. stamps says whether nbgrader's timestamp.txt counts for who has no
// such time. It is an error when the folder cannot be written.
func (b *Book) SetTimes(times map[string]time.Time, stamps bool) error {
	b.Times, b.Stamps = times, stamps
	return b.save()
}

// Unknown are the names in the list of times that no submission and no result has.
func (b *Book) Unknown(all []Submission) (names []string) {
	_, names = b.timesOf(all)
	return names
}

// timesOf are the times of the list by the names of the submissions and of the results, and the names that none has.
func (b *Book) timesOf(all []Submission) (times map[string]time.Time, unknown []string) {
	students := b.students(all)
	times = map[string]time.Time{}
	for _, name := range slices.Sorted(maps.Keys(b.Times)) {
		student := meant(name, students)
		if times[student] = b.Times[name]; !slices.Contains(students, student) {
			unknown = append(unknown, name)
		}
	}
	return times, unknown
}

// Unlisted are the students of whom a list of times, or nbgrader's timestamp.txt, says nothing although it counts: the times of their files do.
func (b *Book) Unlisted(all []Submission) (names []string) {
	times, _ := b.timesOf(all)
	for _, s := range all {
		if times[s.Student].IsZero() && !s.Handed.IsZero() && (b.Stamps && !s.Stamped() || !b.Stamps && len(b.Times) > 0) {
			names = append(names, s.Student)
		}
	}
	return names
}

// Close lets others open the folder.
func (b *Book) Close() { b.lock.Close() }

// Grade grades the submissions that have no result yet, or have changed, several at a time. note hears of each one that is done. What was there for
// an earlier submission of a student is kept beside the new result. When a student handed in is noted each time. A submission that cannot be graded,
// for lack of memory or room or because the grader itself fails on it, is said to be so, and is tried again the next time. It is an error when
// results cannot be stored.
func (b *Book) Grade(ctx context.Context, g *Grader, all []Submission, note func(s Submission, fresh bool)) error {
	checks, err := g.Kit.digest()
	if err != nil {
		return err
	}
	b.Checks, b.Here = checks, b.present(all)
	b.Out = slices.DeleteFunc(b.Out, func(key string) bool {
		return slices.ContainsFunc(all, func(s Submission) bool { return s.Key == key })
	})
	if err := b.save(); err != nil {
		return err
	}
	times, _ := b.timesOf(all)
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.NumCPU())
	for _, s := range all {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if at, is := times[s.Student]; is {
				s.Handed = at
			} else if b.Stamps && !s.stamp.IsZero() {
				s.Handed = s.stamp
			}
			fresh, err := b.grade(ctx, g, s, checks)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Student, err)
			}
			mu.Lock()
			defer mu.Unlock()
			note(s, fresh)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return b.noteTimes(times)
}

// noteTimes notes the times of a list for results whose submissions are not there as well, and remembers for which submissions they were used first.
func (b *Book) noteTimes(times map[string]time.Time) error {
	if b.Timed == nil {
		b.Timed = map[string]timed{}
	}
	stored, _ := b.stored() // Results names one that is damaged
	for _, r := range stored {
		at, is := times[r.Student]
		if is && !r.Handed.Equal(at) {
			r.Handed = at
			if err := b.store(r, false); err != nil {
				return err
			}
		}
		if is && r.Content != "" && !b.Timed[r.Student].At.Equal(at) {
			b.Timed[r.Student] = timed{at, r.Content}
		} else if !is {
			delete(b.Timed, r.Student)
		}
	}
	return b.save()
}

// Since tells whether a student has handed in another submission since the time of the list was used first.
func (b *Book) Since(s Standing) bool {
	first, is := b.Timed[s.Student]
	return is && s.Content != "" && s.Content != first.Content && !s.Missing
}

// grade grades a submission with checks of this digest, unless there is a result for the same.
func (b *Book) grade(ctx context.Context, g *Grader, s Submission, checks string) (fresh bool, err error) {
	failed := s.load()
	graded, _ := b.result(s.Key)
	digest := s.digest(checks)
	if failed == nil && graded != nil && graded.Digest == digest && graded.Student == s.Student {
		if graded.Handed.Equal(s.Handed) && graded.Checks == checks && graded.Alone == s.Alone {
			return false, nil
		}
		graded.Handed, graded.Checks, graded.Alone = s.Handed, checks, s.Alone
		return false, b.store(graded, false)
	}
	content, again := s.digest(""), graded != nil && graded.Failed == ""
	appealed := ""
	if again && graded.Alone {
		appealed = graded.Content
	} else if graded != nil && (!again || graded.Content == content) {
		appealed = graded.Appealed
	}
	if failed == nil && !s.Alone && appealed != "" && appealed != content {
		s.remark(otherAlone)
	}
	graded = &Graded{Student: s.Student, Key: s.Key, Handed: s.Handed}
	if failed == nil {
		graded, failed = g.Grade(ctx, s)
		graded.Content = content
	}
	graded.Alone, graded.Appealed = s.Alone, appealed
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	graded.Checks = checks
	if graded.Digest = digest; failed != nil { // whatever a student hands in, the others are graded; without a digest this one is tried again the next time
		graded.Digest, graded.Failed, graded.Tasks = "", brief.Of(failed.Error()), nil
		for _, t := range g.Kit.Assignment.Tasks { // which may get points by hand
			graded.Tasks = append(graded.Tasks, TaskResult{ID: t.ID, Title: t.Title, Of: t.Points})
		}
	}
	return true, b.store(graded, again)
}

// digest is that of the checks.
func (k *Kit) digest() (string, error) {
	h := sha256.New()
	for _, name := range []string{"judge", "assignment.json"} {
		text, err := os.ReadFile(filepath.Join(k.Folder, name))
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Grade grades one submission. It is an error when the grader itself fails, and then the result lacks the tasks; a submission that cannot be read has
// a problem and no points.
func (g *Grader) Grade(ctx context.Context, s Submission) (*Graded, error) {
	start := time.Now()
	r := &Graded{Student: s.Student, Key: s.Key, Handed: s.Handed, Problem: s.Problem, Note: s.Note}
	work, err := s.Work(g.Kit.Assignment)
	if err != nil && r.Problem == "" {
		r.Problem = err.Error()
	}
	r.Answers, r.Notes = work.Answers, map[string]string{}
	for _, q := range g.Kit.Assignment.Questions {
		if note := work.Notes[q.ID]; note != "" {
			r.Notes[q.ID] = note
		}
	}
	r.Tasks, err = g.Judge(ctx, work)
	r.Seconds = time.Since(start).Seconds()
	return r, err
}

// student is the folder with the results of a student.
func (b *Book) student(key string) string { return filepath.Join(b.Folder, "students", key) }

// result is what is stored for a student.
func (b *Book) result(key string) (*Graded, error) {
	text, err := os.ReadFile(filepath.Join(b.student(key), "graded.json"))
	if err != nil {
		return nil, err
	}
	r := &Graded{}
	return r, json.Unmarshal(text, r)
}

// store writes a result, and keeps the one before.
func (b *Book) store(r *Graded, again bool) error {
	folder := b.student(r.Key)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	path := filepath.Join(folder, "graded.json")
	if again {
		old, err := os.ReadFile(path)
		i := 1
		for fileExists(filepath.Join(folder, fmt.Sprintf("graded-%d.json", i))) {
			i++
		}
		if err == nil { // a copy, because not all file systems have hard links
			err = made.Replace(filepath.Join(folder, fmt.Sprintf("graded-%d.json", i)), old, 0o644)
		}
		if err != nil {
			return err
		}
	}
	scope, err := json.MarshalIndent(Gradescope(r), "", " ")
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	// The result is written last: what has one is done.
	return errors.Join(made.Replace(filepath.Join(folder, "results.json"), scope, 0o644), made.Replace(path, text, 0o644))
}
