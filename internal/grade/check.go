package grade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// Check tries a student's own work with the checks that are in the notebook that students get, as the grader would, and writes what became of each task. It tells how
// many tasks lack points here. The path is a notebook; a folder, in which Go files that are named as tasks may lie beside the notebook; or such a Go file, and then its
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
	if err != nil {
		return 0, err
	}
	results, err := g.Judge(ctx, work)
	if err != nil {
		return 0, err
	}
	var earned, here float64
	tried := 0
	for _, r := range results {
		if only != "" && r.ID != only {
			continue
		}
		if tried++; r.Note != "" {
			fmt.Fprintf(w, "%s: %s.\n", r.ID, r.Note)
		}
		points, of := assignment.Sum(r.Parts)
		assignment.Report(w, folder, r.ID, r.Parts, r.Of-of)
		earned, here = earned+points, here+of
		if points < of {
			left++
		}
	}
	fmt.Fprintf(w, "\n%s of %s here; %d of %s with all of these.", assignment.Number(earned), assignment.Points(here), tried-left, plural.Of(tried, "task"))
	if more := a.Points() - here; more > 0 && only == "" {
		fmt.Fprintf(w, " %s more when this is graded.", assignment.Points(more))
	}
	fmt.Fprintln(w)
	return left, nil
}

// ownWork reads what Check tries: the assignment, a student's work, and the task that is meant alone, if one is.
func ownWork(path string) (a *assignment.Assignment, w Work, only string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, w, "", err
	}
	if !info.IsDir() && filepath.Ext(path) != ".go" {
		nb, err := notebook.Read(path)
		if err != nil {
			return nil, w, "", err
		}
		if a, err = assignment.ParseHandedOut(assignment.NameOf(path), nb); err != nil {
			return nil, w, "", fmt.Errorf("%s: %w", path, err)
		}
		return a, FromNotebook(a, nb), "", nil
	}
	folder := path
	if !info.IsDir() {
		folder, only = filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".go")
	}
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err != nil {
		return nil, w, "", err
	}
	for _, path := range paths {
		nb, wrong := notebook.Read(path)
		if wrong != nil {
			continue
		}
		if one, wrong := assignment.ParseHandedOut(assignment.NameOf(path), nb); wrong == nil && a != nil {
			return nil, w, "", fmt.Errorf("%s holds the notebooks of two assignments, %s and %s: name the one that you mean", folder, a.Name, one.Name)
		} else if wrong == nil {
			a = one
			files[filepath.Base(path)], err = os.ReadFile(path)
		}
	}
	if a == nil || err != nil {
		return nil, w, "", errors.Join(err, fmt.Errorf("%s holds no notebook of an assignment: the checks are in the one that you got; lay your Go files beside it", folder))
	}
	if only != "" && a.Task(only) == nil {
		return nil, w, "", fmt.Errorf("%s is named as no task of %s", path, a.Name)
	}
	for _, t := range a.Tasks {
		if text, err := os.ReadFile(filepath.Join(folder, t.ID+".go")); err == nil {
			files[t.ID+".go"] = text
		}
	}
	w, err = Submission{Files: files}.Work(a)
	return a, w, only, err
}
