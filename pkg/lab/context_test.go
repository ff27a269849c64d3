//go:build unix

package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestContextEndsWithAnInterrupt(t *testing.T) {
	stdout, stderr, code := run(t, "stops", nil)
	assert.Equal(t, []any{"context canceled\n", "", 0}, []any{stdout, stderr, code})
	_, _, code = run(t, "does not stop", nil)
	assert.Equal(t, 130, code, "of a cell that goes on")
}
