package grade

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"descent.example/pkg/assignment"
)

// NewScratch makes a temporary folder that nobody can list, and that nobody but the user of the sandbox can enter. It is an error when there is no room.
func NewScratch() (string, error) {
	folder, err := os.MkdirTemp("", "descent-grade-")
	if err != nil || user() == 0 {
		return folder, err
	}
	return folder, os.Chmod(folder, 0o711) // others can enter it too, and find nothing that they may read but Go's own tools
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
