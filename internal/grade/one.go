package grade

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"

	"descent.example/pkg/assignment"
)

// OneOptions say how One grades.
type OneOptions struct {
	Kit        string // folder
	SeedFile   string // with the secret; drawn if it is ""
	Submission string // a notebook, or a folder with one or with Go files
}

// OneResult is what One returns: Gradescope's results, and for nbgrader the points of each check.
type OneResult struct {
	ScopeResults
	Checks map[string]OneCheck `json:"extra_data"`
}

// OneCheck is what became of a task, by the id of its check.
type OneCheck struct {
	Points float64 `json:"points"`
	Says   string  `json:"says"` // what its student reads
}

// One grades one submission, and always returns results to write. It is an error when it could not be graded, and then the results have no score.
func One(ctx context.Context, opt OneOptions) (OneResult, error) {
	result, err := one(ctx, opt)
	if err != nil {
		result = OneResult{ScopeResults: Gradescope(&Graded{Failed: err.Error()})}
	}
	return result, err
}

func one(ctx context.Context, opt OneOptions) (result OneResult, err error) {
	kit, err := OpenKit(opt.Kit)
	if err != nil {
		return result, err
	}
	scratch, err := NewScratch()
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(scratch)
	if user() > 0 { // who may not enter the folder where the kit is
		if err := kit.moveTo(filepath.Join(scratch, "kit")); err != nil {
			return result, err
		}
	}
	seed := []byte(rand.Text())
	if opt.SeedFile != "" {
		if seed, err = os.ReadFile(opt.SeedFile); err != nil {
			return result, err
		}
	}
	g, err := kit.Grader(ctx, scratch, strings.TrimSpace(string(seed)), false)
	if err != nil {
		return result, err
	}
	s, err := oneSubmission(kit, opt.Submission)
	if err != nil {
		return result, err
	}
	graded, err := g.Grade(ctx, s)
	if err != nil {
		return result, err
	}
	result = OneResult{ScopeResults: Gradescope(graded), Checks: map[string]OneCheck{}}
	for _, t := range graded.Tasks {
		var says []string
		for _, line := range studentLines(t) {
			sign := "✓"
			if line.Points < line.Of {
				sign = "✗"
			}
			says = append(says, strings.TrimSpace(sign+" "+line.Name+". "+line.Says+" "+line.Hint))
		}
		result.Checks[t.ID+"-check"] = OneCheck{Points: t.Points, Says: strings.Join(says, "\n")}
	}
	return result, nil
}

// oneSubmission reads a submission that is a file or a folder.
func oneSubmission(kit *Kit, path string) (Submission, error) {
	s, err := submissionAt(kit.Assignment, path)
	if err != nil {
		return s, err
	}
	s.Key = "one"
	return s, s.load()
}

// submissionAt finds a submission that is a file or a folder.
func submissionAt(a *assignment.Assignment, path string) (Submission, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Submission{}, err
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return Submission{}, err
	}
	defer root.Close()
	name := filepath.Base(path)
	s := Submission{Student: Readable(name), folder: filepath.Dir(path), found: map[string]string{}}
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return s, err
	case info.IsDir():
		s.look(root, name, a)
	default:
		s.find(root, name, a.Name+".ipynb")
	}
	return s, nil
}
