package grade

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"descent.example/internal/made"
	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
)

// A Built says what Build made of a source.
type Built struct {
	Release, Solution string   // files
	Kept              []string // files that a person had changed, under their new names
	Assignment        *assignment.Assignment
	Untouched         float64  // the points of a student who hands in the notebook as it is
	UntouchedFor      []string // the parts that give these points
}

// Build makes the notebook that students get and the one with the solutions, in the folders release and solution of a folder. It is an error when the
// source is not in order, when something of a solution or a hidden check is left in what students get, when what is given to students
// could not be compiled for a task, when the solution does not get all points, and when the stubs get some.
func Build(ctx context.Context, root, source, folder string) (*Built, error) {
	a, nb, err := assignment.Read(source)
	if err != nil {
		return nil, err
	}
	release, err := assignment.Release(a.Name, nb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	solution, err := assignment.Solution(nb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	for i, given := range a.Given {
		if err := givenGate(given); err != nil {
			return nil, fmt.Errorf("%s: the given cell %d: %w", source, i+1, err)
		}
	}
	scratch, err := NewScratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	g, err := NewGrader(ctx, root, scratch, a, "build", true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	results, err := g.Judge(ctx, FromNotebook(a, solution))
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		for _, p := range r.Parts {
			if !p.Right() {
				return nil, fmt.Errorf("%s: the solution of %s fails %q: %s", source, r.ID, p.Name, p.Says)
			}
		}
	}
	if results, err = g.Judge(ctx, FromNotebook(a, release)); err != nil {
		return nil, err
	}
	b := &Built{Assignment: a}
	for _, r := range results {
		if b.Untouched += r.Points; r.Of > 0 && r.Points == r.Of {
			return nil, fmt.Errorf("%s: what students get for %s gets all points already: its check must fail", source, r.ID)
		}
		for _, p := range r.Parts {
			if p.Points > 0 {
				b.UntouchedFor = append(b.UntouchedFor, r.ID+": "+p.Name)
			}
		}
	}
	if b.Release, err = b.write(filepath.Join(folder, "release"), release); err != nil {
		return nil, err
	}
	if b.Solution, err = b.write(filepath.Join(folder, "solution"), solution); err != nil {
		return nil, err
	}
	return b, nil
}

// write writes a notebook into a folder and returns its file.
func (b *Built) write(folder string, nb *notebook.Notebook) (file string, err error) {
	text, err := nb.Bytes()
	if err != nil {
		return "", err
	}
	name := b.Assignment.Name + ".ipynb"
	kept, err := made.Write(folder, name, text)
	if kept != "" {
		b.Kept = append(b.Kept, filepath.Join(folder, kept))
	}
	return filepath.Join(folder, name), err
}

// givenGate is the gate for a cell that students are given: what it declares is compiled with their code.
func givenGate(given string) error {
	imports, body, err := assignment.Imports([]string{given}, nil)
	if err != nil {
		return err
	}
	return gate(imports + body)
}
