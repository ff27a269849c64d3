package grade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// Check tries a student's own work with the checks that are in the notebook that students get, as the grader would, and writes what became of each task, or why it could
// not be tried. It tells how many tasks lack points here. The path is a notebook, beside which Go files that are named as tasks may lie; the folder of these; or such a Go file, and then its
// task alone is tried. root is the folder of the lab's sources. It is an error when there is no such notebook.
func Check(ctx context.Context, root, path string, w io.Writer) (left int, err error) {
	a, work, only, err := ownWork(path)
	if err != nil {
		return 0, err
	}
	folder := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		folder = filepath.Dir(path)
	}
	scratch, err := NewScratch()
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(scratch)
	g, err := NewGrader(ctx, root, scratch, a, "", true)
	if errors.Is(err, errNotCompiled) {
		err = fmt.Errorf("%w; if you deleted or changed a cell that was given, copy it from the notebook that you were given", err)
	}
	if err != nil {
		return 0, err
	}
	results, err := g.Judge(ctx, work)
	if err != nil {
		return 0, err
	}
	for _, id := range slices.Sorted(maps.Keys(a.Untried)) {
		if only == "" || id == only {
			fmt.Fprintf(w, "%s is not tried: %s.\n", id, a.Untried[id])
			left++
		}
	}
	var earned, here float64
	tried, right := 0, 0
	for _, r := range results {
		if only != "" && r.ID != only || a.Untried[r.ID] != "" {
			continue
		}
		if tried++; r.Note != "" {
			fmt.Fprintf(w, "%s: %s.\n", r.ID, r.Note)
		}
		points, of := assignment.Sum(r.Parts)
		assignment.Report(w, folder, r.ID, r.Parts, r.Of-of)
		earned, here = earned+points, here+of
		if points == of {
			right++
		}
	}
	for _, says := range strangers(a, folder, only) {
		fmt.Fprintln(w, says)
	}
	fmt.Fprintf(w, "\n%s of %s here; %d of %s with all of these.", assignment.Number(earned), assignment.Points(here), right, plural.Of(tried, "task"))
	if more := a.Points() - here; more > 0 && only == "" && len(a.Untried) == 0 {
		fmt.Fprintf(w, " %s more when this is graded.", assignment.Points(more))
	}
	fmt.Fprintln(w)
	return left + tried - right, nil
}

// strangers says which Go files of the folder are named nearly as a task that has none.
func strangers(a *assignment.Assignment, folder, only string) []string {
	var strange, open []string
	paths, _ := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, path := range paths {
		if only == "" && taskOf(path, a) == "" {
			strange = append(strange, filepath.Base(path))
		}
	}
	for _, t := range a.Tasks {
		if !fileExists(filepath.Join(folder, t.ID+".go")) {
			open = append(open, t.ID+".go")
		}
	}
	return misnamed(strange, open)
}

// ownWork reads what Check tries: the assignment, a student's work, and the task that is meant alone, if one is. Go files beside a notebook count as they
// do when it is graded.
func ownWork(path string) (a *assignment.Assignment, w Work, only string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, w, "", err
	}
	folder, file := path, ""
	if !info.IsDir() {
		folder = filepath.Dir(path)
		if filepath.Ext(path) == ".go" {
			only = strings.TrimSuffix(filepath.Base(path), ".go")
		} else if a, err = handedOut(path); err != nil {
			return nil, w, "", err
		}
		file = path
	}
	if a == nil {
		if a, file, err = notebookIn(folder); err != nil {
			return nil, w, "", err
		}
	}
	if only != "" && a.Task(only) == nil && a.Untried[only] == "" {
		return nil, w, "", fmt.Errorf("%s is named as no task of %s", path, a.Name)
	}
	files := map[string][]byte{}
	if files[a.Name+".ipynb"], err = os.ReadFile(file); err != nil {
		return nil, w, "", err
	}
	for _, t := range a.Tasks {
		if text, err := os.ReadFile(filepath.Join(folder, t.ID+".go")); err == nil {
			files[t.ID+".go"] = text
		}
	}
	for i := range a.Tasks {
		a.Tasks[i].Stub = "" // it was taken from the student's own cell
	}
	w, err = Submission{Files: files}.Work(a)
	for _, t := range a.Tasks {
		if delete(w.Notes, only); files[t.ID+".go"] != nil && only == "" { // what the cell held at first is not known here, and so not whether somebody wrote in it
			w.Notes[t.ID] = t.ID + ".go counts, and the notebook's cell does not"
		}
	}
	return a, w, only, err
}

// handedOut is the assignment whose notebook a file is.
func handedOut(path string) (*assignment.Assignment, error) {
	nb, err := notebook.Read(path)
	if err != nil {
		return nil, err
	}
	a, err := assignment.ParseHandedOut(assignment.NameOf(path), nb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// notebookIn is the one notebook of an assignment in a folder.
func notebookIn(folder string) (a *assignment.Assignment, file string, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err != nil {
		return nil, "", err
	}
	for _, path := range paths {
		one, wrong := handedOut(path)
		if wrong == nil && a != nil {
			return nil, "", fmt.Errorf("%s holds the notebooks of two assignments, %s and %s: name the one that you mean", folder, a.Name, one.Name)
		} else if wrong == nil {
			a, file = one, path
		}
	}
	if a == nil {
		return nil, "", fmt.Errorf("%s holds no notebook of an assignment: the checks are in the one that you got; lay your Go files beside it", folder)
	}
	return a, file, nil
}
