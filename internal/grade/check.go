package grade

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// Check tries a student's own notebook with the checks that are in it, as the grader would, and writes what became of each task. It tells how
// many tasks are not right yet. root is the folder of the lab's sources. It is an error when the notebook is none of an assignment.
func Check(ctx context.Context, root, path string, w io.Writer) (left int, err error) {
	nb, err := notebook.Read(path)
	if err != nil {
		return 0, err
	}
	a, err := assignment.ParseHandedOut(assignment.NameOf(path), nb)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
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
	results, err := g.Judge(ctx, FromNotebook(a, nb))
	if err != nil {
		return 0, err
	}
	var earned, here float64
	for _, r := range results {
		if r.Note != "" {
			fmt.Fprintf(w, "%s: %s.\n", r.ID, r.Note)
		}
		assignment.Report(w, filepath.Dir(path), r.ID, r.Parts)
		points, of := assignment.Sum(r.Parts)
		earned, here = earned+points, here+of
		if points < of {
			left++
		}
	}
	fmt.Fprintf(w, "\n%d of %s right, %s of %s.", len(results)-left, plural.Of(len(results), "task"), assignment.Number(earned), assignment.Points(here))
	if more := a.Points() - here; more > 0 {
		fmt.Fprintf(w, " %s more when this is graded.", assignment.Points(more))
	}
	fmt.Fprintln(w)
	return left, nil
}
