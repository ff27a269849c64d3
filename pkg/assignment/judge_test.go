package assignment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A hint is about what was tried: where nothing was, because the code does not compile, there is none.
func TestNoHintWhereNothingWasTried(t *testing.T) {
	task := Judged{Check: func() {
		Check("step", Visible(1, "one", nil).Hint("Think."), Hidden(2, "two", nil).Hint("Think twice."))
	}}
	results := judge(task, JudgeRequest{Missing: "it does not compile"}).Results
	require.Len(t, results, 2)
	for _, r := range results {
		require.Equal(t, "it does not compile", r.Says)
		require.Zero(t, r.Points)
		require.Empty(t, r.Hint)
	}
}
