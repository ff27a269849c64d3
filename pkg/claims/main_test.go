package claims

import (
	"testing"

	"descent.example/internal/live"
)

// TestMain makes one program serve all experiments that would compile the same, as in a cell's live process: to compile a training takes as
// long as hundreds of its runs.
func TestMain(m *testing.M) {
	live.Process = true
	m.Run()
}
