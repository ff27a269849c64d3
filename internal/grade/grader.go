package grade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"descent.example/pkg/assignment"
)

// scratchName begins the name of a temporary folder of the grader's.
const scratchName = "descent-grading-"

// NewScratch makes a temporary folder that nobody can list, and that nobody but the user of the sandbox can enter. It removes those of labs that were ended without
// a word: hidden checks are in them. It is an error when there is no room.
func NewScratch() (string, error) {
	removeScratch()
	folder, err := os.MkdirTemp("", scratchName)
	if err != nil {
		return "", err
	}
	if user() > 0 { // others can enter it then, and find nothing that they may read but Go's own tools
		err = os.Chmod(folder, 0o711)
	}
	if held, wrong := os.Open(folder); wrong == nil { // until this lab ends
		scratches = append(scratches, held)
		err = errors.Join(err, syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	}
	return folder, err
}

// scratches are the folders of this lab, kept open.
var scratches []*os.File

// removeScratch removes this user's temporary folders that no lab holds.
func removeScratch() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), scratchName+"*"))
	for _, folder := range old {
		info, err := os.Lstat(folder)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute { // a younger one is being made
			continue
		}
		if own, is := info.Sys().(*syscall.Stat_t); !is || int(own.Uid) != os.Geteuid() {
			continue
		}
		held, err := os.Open(folder)
		if err != nil {
			continue
		}
		if syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			os.RemoveAll(folder)
		}
		held.Close()
	}
}

// NewGrader makes a kit for the assignment in the scratch folder, and a grader that uses it. root is the folder of the lab's sources; unsafe
// lets native tasks run without a sandbox. It is an error when the checks do not compile, and when a task cannot be kept apart here.
func NewGrader(ctx context.Context, root, scratch string, a *assignment.Assignment, seed string, unsafe bool) (*Grader, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(scratch, "kit")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	kit, err := MakeKit(ctx, root, folder, a)
	if err != nil {
		return nil, err
	}
	return kit.Grader(ctx, scratch, seed, unsafe)
}

// Grader returns a grader that uses the kit. It is an error when a task cannot be kept apart here.
func (k *Kit) Grader(ctx context.Context, scratch, seed string, unsafe bool) (*Grader, error) {
	sandbox := k.FindSandbox(ctx, unsafe)
	for _, t := range k.Assignment.Tasks {
		if err := sandbox.Allows(t.Native); err != nil {
			return nil, fmt.Errorf("%s: %w", t.ID, err)
		}
	}
	return &Grader{Kit: k, Sandbox: sandbox, Seed: seed, Scratch: scratch}, nil
}
