package setup

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
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/internal/brief"
	"descent.example/pkg/notebook"
	"golang.org/x/sys/unix"
)

// A Workspace is the folder of one person's notebooks, apart from the installation and from git. Its folder .lab holds
// what the lab keeps for this person: JupyterLab's settings, signatures of trusted notebooks, the token, locks.
type Workspace string

// State is the path of something in the workspace's state.
func (w Workspace) State(elem ...string) string {
	return filepath.Join(append([]string{string(w), ".lab"}, elem...)...)
}

// Path is the workspace's folder as a person knows it, where the repository is reached through a link because of its name.
func (w Workspace) Path() string { return resolved(string(w)) }

// Runs is where executed copies go.
func (w Workspace) Runs() string { return filepath.Join(string(w), "runs") }

// defaultWorkspace is the folder work in the repository, or one in the home folder where the repository is somebody else's.
func defaultWorkspace(root string) Workspace {
	work := filepath.Join(root, "work")
	if _, err := os.Stat(work); err == nil && unix.Access(work, unix.W_OK) == nil || unix.Access(root, unix.W_OK) == nil {
		return Workspace(work)
	}
	if home, err := os.UserHomeDir(); err == nil {
		work = filepath.Join(home, "descent")
	}
	return Workspace(work)
}

// Make makes the workspace where there is none. Its state is for its owner alone. It is an error when the folder cannot be
// written.
func (w Workspace) Make() error {
	err := os.MkdirAll(w.State(), 0o755)
	if err == nil {
		err = os.Chmod(w.State(), 0o700)
	}
	if err == nil {
		err = unix.Access(string(w), unix.W_OK)
	}
	return w.unwritable(err)
}

func (w Workspace) unwritable(err error) error {
	if err != nil {
		return fmt.Errorf("the workspace %s cannot be written (%w): choose another folder with --work", w, err)
	}
	return nil
}

// flaw is an error when Make would have one. It makes nothing.
func (w Workspace) flaw() error {
	at := string(w.State())
	for dangling(at) == "" && !exists(at) {
		at = filepath.Dir(at)
	}
	info, err := os.Stat(at)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "mkdir", Path: at, Err: unix.ENOTDIR}
	}
	if err == nil {
		err = unix.Access(at, unix.W_OK)
	}
	return w.unwritable(err)
}

// exists tells whether something is there, or that nobody can tell.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Secret returns the text of a file in the state that only its owner can read, and makes it where it is missing or damaged. It
// is an error when the file cannot be written.
func (w Workspace) Secret(name string) (string, error) {
	path := w.State(name)
	if text, err := os.ReadFile(path); err == nil && wellFormed.Match(text) {
		return string(text), os.Chmod(path, 0o600)
	}
	random := make([]byte, 32)
	rand.Read(random)
	text := hex.EncodeToString(random)
	return text, WriteFileMode(path, []byte(text), 0o600)
}

var wellFormed = regexp.MustCompile(`^[0-9a-f]{64}$`)

// A brought chapter is what the lab remembers of a copy in the workspace.
type brought struct {
	Original string `json:"original"` // digest of the file that was copied
	Text     string `json:"text"`     // digest of what a person edits in it, see digestText
}

// chapters are the original notebooks, as paths relative to their folder.
func (h Home) chapters() (names []string, err error) {
	err = filepath.WalkDir(h.Notebooks(), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != h.Notebooks() && (strings.HasPrefix(entry.Name(), ".") || path == h.Assignments()):
			return fs.SkipDir
		case !entry.IsDir() && filepath.Ext(path) == ".ipynb":
			name, err := filepath.Rel(h.Notebooks(), path)
			names = append(names, name)
			return err
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return nil, fmt.Errorf("the lecture's notebooks cannot be read in %s: %w", h.Notebooks(), err)
	}
	return names, nil
}

// Bring copies chapters into the workspace: those that are missing there, and new editions of those that nobody edited.
// It goes on to sign them; told waits for that, and returns a sentence for each chapter that was left alone although there is a new
// edition, and one if they could not be signed. It is an error when a chapter cannot be read or written.
func (h Home) Bring(ctx context.Context) (told func() []string, err error) {
	if SameFile(string(h.Work), h.Notebooks()) {
		return func() []string { return nil }, nil // the originals themselves are worked on
	}
	names, err := h.chapters()
	if err != nil {
		return nil, err
	}
	known := h.known()
	before := maps.Clone(known)
	var copied, kept []string
	for _, name := range names {
		original, err := os.ReadFile(filepath.Join(h.Notebooks(), name))
		if err != nil {
			return nil, err
		}
		edition := sum(original)
		mine, err := os.ReadFile(filepath.Join(string(h.Work), name))
		was, isKnown := known[name]
		switch {
		case err == nil && sum(mine) == edition: // as it is, or copied by a lab that was killed before it could remember
			known[name] = brought{edition, digestText(original)}
		case err == nil && (!isKnown || digestText(mine) != was.Text): // edited, or not ours
			if isKnown && was.Original != edition {
				kept = append(kept, fmt.Sprintf("%s has a new edition; you edited yours, so it stays. `go run ./cmd/lab reset %s` brings the new one and keeps yours beside it.", name, shortName(name)))
			}
		case err == nil && was.Original == edition: // executed, not edited
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("your copy of the chapter cannot be read: %w", err)
		case dangling(filepath.Join(string(h.Work), name)) != "":
			kept = append(kept, fmt.Sprintf("%s is your link to a file that does not exist, so it stays. `go run ./cmd/lab reset %s` brings the chapter and keeps the link beside it.", name, shortName(name)))
		default:
			if err := WriteFile(filepath.Join(string(h.Work), name), original); err != nil {
				return nil, fmt.Errorf("copying a chapter into the workspace: %w", err)
			}
			known[name] = brought{edition, digestText(original)}
			copied = append(copied, name)
		}
	}
	if !maps.Equal(known, before) {
		if err := h.remember(known); err != nil {
			return nil, err
		}
	}
	signed := make(chan error, 1)
	go func() { signed <- h.trust(ctx, copied) }()
	return sync.OnceValue(func() []string {
		if err := <-signed; err != nil && ctx.Err() == nil {
			kept = append(kept, err.Error())
		}
		return kept
	}), ctx.Err()
}

// Reset brings the original of a chapter back into the workspace, and returns its name. A copy that differs is kept under
// another name, kept. It is an error when there is no such chapter, and when a file cannot be read or written.
func (h Home) Reset(ctx context.Context, chapter string) (name, kept string, err error) {
	if name, err = h.Chapter(chapter); err != nil {
		return "", "", err
	}
	if SameFile(string(h.Work), h.Notebooks()) {
		return "", "", errors.New("this workspace is the folder of the originals: `git restore` brings back what is committed")
	}
	original, err := os.ReadFile(filepath.Join(h.Notebooks(), name))
	if err != nil {
		return "", "", err
	}
	path := filepath.Join(string(h.Work), name)
	mine, err := os.ReadFile(path)
	keep := func(as string) error { return writeNew(as, mine) }
	if target := dangling(path); target != "" {
		err, keep = nil, func(as string) error { return os.Symlink(target, as) }
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && sum(mine) == sum(original):
	case err != nil:
		return "", "", fmt.Errorf("your copy of the chapter cannot be read: %w", err)
	default:
		base := strings.TrimSuffix(name, ".ipynb") + time.Now().Format("-kept-20060102-150405")
		kept = base + ".ipynb"
		err := keep(filepath.Join(string(h.Work), kept))
		for n := 2; errors.Is(err, fs.ErrExist); n++ { // reset before in the same second
			kept = fmt.Sprintf("%s-%d.ipynb", base, n)
			err = keep(filepath.Join(string(h.Work), kept))
		}
		if err != nil {
			return "", "", fmt.Errorf("your copy cannot be kept under another name: %w", err)
		}
	}
	// First the list: a copy that it does not know counts as edited, and one that it knows too early does so too.
	known := h.known()
	known[name] = brought{sum(original), digestText(original)}
	if err := h.remember(known); err != nil {
		return "", "", err
	}
	if err := WriteFile(path, original); err != nil {
		return "", "", fmt.Errorf("copying the chapter into the workspace: %w", err)
	}
	return name, kept, h.trust(ctx, []string{name})
}

// dangling is where a link leads that leads to no file, "" for anything else.
func dangling(path string) string {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	target, _ := os.Readlink(path)
	return target
}

// Chapter finds the notebook that a person means by 1, 01, 01-gradient-descent or the name of the file. It is an error when there
// is none of that name.
func (h Home) Chapter(given string) (string, error) {
	names, err := h.chapters()
	if err != nil {
		return "", err
	}
	var short []string
	for _, name := range names {
		base := strings.TrimSuffix(name, ".ipynb")
		number, err := strconv.Atoi(shortName(name))
		wanted, err2 := strconv.Atoi(given)
		if given == name || given == base || err == nil && err2 == nil && number == wanted || filepath.Base(given) == filepath.Base(name) {
			return name, nil
		}
		short = append(short, shortName(name))
	}
	return "", fmt.Errorf("%q is no chapter; there are %s", brief.Of(given), strings.Join(short, ", "))
}

// shortName is how a chapter is named on a command line.
func shortName(name string) string {
	base := strings.TrimSuffix(name, ".ipynb")
	if number, _, numbered := strings.Cut(base, "-"); numbered && !strings.Contains(number, "/") {
		return number
	}
	return base
}

// known is what was brought. Of a damaged list nothing is believed: every copy then counts as edited.
func (h Home) known() map[string]brought {
	known := map[string]brought{}
	if data, err := os.ReadFile(h.Work.State("chapters.json")); err == nil && json.Unmarshal(data, &known) != nil || known == nil {
		return map[string]brought{}
	}
	return known
}

func (h Home) remember(known map[string]brought) error {
	data, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return err
	}
	if err := WriteFile(h.Work.State("chapters.json"), data); err != nil {
		return fmt.Errorf("the list of your chapters cannot be written: %w", err)
	}
	return nil
}

// trust signs notebooks of the workspace, so that JupyterLab shows their sliders at once. Without Python, before the first
// set-up, there is nothing to show them in yet.
func (h Home) trust(ctx context.Context, names []string) error {
	if _, err := os.Stat(h.Python()); err != nil || len(names) == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, h.Python(), append([]string{"-I", "-m", "nbformat.sign"}, names...)...)
	cmd.Dir, cmd.Env = string(h.Work), h.Environ()
	if out, err := cmd.CombinedOutput(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("the chapters could not be marked as trusted, so their sliders do not move until you choose Trust Notebook: %s", Explain(string(out)))
	}
	return ctx.Err()
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// digestText is a digest of what a person edits in a notebook: everything but what running it changes. A file that is no
// notebook is somebody's work as it stands.
func digestText(data []byte) string {
	var nb struct {
		Cells []map[string]json.RawMessage `json:"cells"`
	}
	if json.Unmarshal(data, &nb) != nil {
		return sum(data)
	}
	for _, c := range nb.Cells {
		delete(c, "outputs")
		delete(c, "execution_count")
		delete(c, "id") // JupyterLab gives one to a cell that has none
		var source notebook.Text
		if json.Unmarshal(c["source"], &source) == nil { // a string or a list of lines
			c["source"], _ = json.Marshal(string(source))
		}
		var metadata map[string]json.RawMessage
		if json.Unmarshal(c["metadata"], &metadata) == nil {
			for _, volatile := range []string{"execution", "trusted", "collapsed", "scrolled", "jupyter"} {
				delete(metadata, volatile)
			}
			c["metadata"], _ = json.Marshal(metadata)
		}
	}
	canonical, _ := json.Marshal(nb.Cells) // keys are sorted
	return sum(canonical)
}

// Lock marks the workspace as open until lock is closed. If it is open already, opened is false. It is an error when the lock
// cannot be made.
func (w Workspace) Lock() (lock *os.File, opened bool, err error) {
	lock, err = process.LockFile(w.State("open"), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("the workspace %s cannot be used: %w", w, err)
	}
	return lock, true, nil
}
