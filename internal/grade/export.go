package grade

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"descent.example/internal/made"
	"descent.example/pkg/assignment"
)

//go:embed export
var exported embed.FS

// Released is the text of the notebook that students get from a source. It is an error in the same cases as for assignment.Release.
func Released(source string) ([]byte, error) {
	a, nb, err := assignment.Read(source)
	if err != nil {
		return nil, err
	}
	release, err := assignment.Release(a.Name, nb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return release.Bytes()
}

// emptyFolder makes a folder, which may be there if it is empty.
func emptyFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a new folder", folder)
	}
	return err
}

// ExportKit makes a kit of a source in an empty folder. It is an error when the source has one, and when the folder is not empty.
func ExportKit(ctx context.Context, root, source, folder string) error {
	a, _, err := assignment.Read(source)
	if err != nil {
		return err
	}
	if err := emptyFolder(folder); err != nil {
		return err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	_, err = MakeKit(ctx, root, folder, a)
	return err
}

// ExportGradescope writes the zip that Gradescope takes as an autograder: the kit and the lab's command for Linux, and the two scripts. The secret from which cases are drawn
// is in it. It is an error when the file is there already, and when something does not compile.
func ExportGradescope(ctx context.Context, root, source, file string) (err error) {
	a, _, err := assignment.Read(source)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "descent-gradescope-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	kit := filepath.Join(scratch, "kit")
	if err := os.Mkdir(kit, 0o755); err != nil {
		return err
	}
	m := maker{ctx: ctx, root: root, folder: kit, target: target{"native", "linux", "amd64"}, static: true}
	if err := m.kit(a); err != nil {
		return err
	}
	m.folder = scratch
	m.build("lab", nil, "CGO_ENABLED=0", "./cmd/lab")
	m.do(func() error { return os.WriteFile(filepath.Join(scratch, "seed"), []byte(rand.Text()), 0o644) })
	for _, name := range []string{"setup.sh", "run_autograder"} {
		m.do(func() error {
			text, err := exported.ReadFile("export/" + name)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(scratch, name), text, 0o755)
		})
	}
	if m.err != nil {
		return m.err
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // hidden checks and the secret are in it
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name another file", file)
	} else if err != nil {
		return err
	}
	w := zip.NewWriter(out)
	err = errors.Join(w.AddFS(os.DirFS(scratch)), w.Close(), out.Close())
	if err != nil {
		os.Remove(file)
	}
	return err
}

// ExportNBGrader makes the folder of a course for nbgrader, with its settings and the sources. lab is the command that runs the lab. What is there already is kept
// under another name. It is an error when a source has one.
func ExportNBGrader(root string, lab, sources []string, folder string) (kept []string, err error) {
	settings, err := exported.ReadFile("export/nbgrader_config.py")
	if err != nil {
		return nil, err
	}
	command, err := json.Marshal(lab)
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer("@LAB@", string(command), "@ROOT@", string(in)).Replace(string(settings))
	write := func(name string, text []byte) error {
		old, err := made.Write(folder, name, text)
		if old != "" {
			kept = append(kept, old)
		}
		return err
	}
	if err := write("nbgrader_config.py", []byte(text)); err != nil {
		return kept, err
	}
	for _, source := range sources {
		a, nb, err := assignment.Read(source)
		if err != nil {
			return kept, err
		}
		text, err := nb.Bytes()
		if err != nil {
			return kept, err
		}
		if err := write(filepath.Join("source", a.Name, a.Name+".ipynb"), text); err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// forStudents are the parts of the lab's sources that a template has. Whatever else lies beside them, submissions and grades first of all, stays here.
var forStudents = []string{".gitignore", "LICENSE", "THIRD_PARTY_NOTICES", "cmd", "docker", "docs", "go.mod", "go.sum", "internal", "notebooks", "pkg", "tools"}

// notForStudents are what these parts hold of solutions, and for instructors alone.
var notForStudents = []string{"docs/assignments.md", "docs/assignments-report.png", "pkg/homework/testdata", "pkg/homework/assignments_test.go", "internal/grade/testdata"}

// forNobody are the names of files that only an instructor's folders have: those of grades, and nbgrader's.
var forNobody = []string{stateFile, ByHandFile, "graded.json", "grades.csv", "gradebook.db", ".descent-secret"}

// ExportTemplate makes a repository for students in an empty folder: the lab, the notebooks that they work in, and a workflow that tries the checks at each push. It
// is an error when the folder is not empty, when a source has one, and when a solution or something of a class would get into it.
func ExportTemplate(root string, sources []string, folder string) error {
	if err := emptyFolder(folder); err != nil {
		return err
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	for _, source := range sources {
		text, err := Released(source)
		if err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte("](../"), []byte("](../notebooks/")) // a link to a chapter
		path := filepath.Join(folder, "assignments", filepath.Base(source))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			return err
		}
	}
	for _, part := range forStudents {
		if err := copyForStudents(root, part, folder); err != nil {
			return err
		}
	}
	for name, to := range map[string]string{"check.yml": ".github/workflows/check.yml", "README.md": "README.md"} {
		text, err := exported.ReadFile("export/" + name)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, to)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// copyForStudents copies a file or folder of the lab's sources into a template.
func copyForStudents(root, part, folder string) error {
	return filepath.WalkDir(filepath.Join(root, part), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		slashed := filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case path == folder || slices.Contains(notForStudents, slashed) || d.IsDir() && strings.HasPrefix(d.Name(), "."),
			d.IsDir() && strings.HasPrefix(slashed, "notebooks/"), // chapters alone
			strings.HasPrefix(slashed, "internal/grade/") && strings.HasSuffix(name, "_test.go"):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(folder, name), 0o755)
		case slices.Contains(forNobody, d.Name()):
			return fmt.Errorf("%s is of a class, and everything in %s goes to students: move it elsewhere", path, filepath.Join(root, part))
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(name) == ".ipynb" && bytes.Contains(text, []byte("BEGIN SOLUTION")) {
			return fmt.Errorf("%s holds a solution, and everything in %s goes to students: move it elsewhere", path, filepath.Join(root, part))
		}
		return os.WriteFile(filepath.Join(folder, name), text, info.Mode().Perm()|0o200)
	})
}
