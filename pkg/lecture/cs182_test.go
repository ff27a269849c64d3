package lecture_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/grid"
	"descent.example/pkg/lecture"
)

// A part of a grid gives what the sweep of the lecture gives, whatever else is done with it. (PyTorch's rate 0.02 is 0.04 here.)
func TestGridIsTheSweep(t *testing.T) {
	scores, err := lecture.CS182(t.Context(), lecture.CS182Settings{Widths: []int{5}, Optimizers: []string{"SGD"}, Seeds: 3, Steps: 200})
	require.NoError(t, err)
	run := func(seed int) grid.Run { return grid.Run{Width: 5, Optimizer: "SGD", Rate: 0.04, Seed: seed} }
	wild := grid.Run{Width: 4, Optimizer: "SGD", Rate: 1000, Seed: 1}
	results, err := lecture.RunGrid(t.Context(), 200, []grid.Run{run(3), wild, run(1)})
	require.NoError(t, err)
	require.InDelta(t, scores[0].Losses[2], results[0].Error, 1e-12)
	require.InDelta(t, scores[0].Losses[0], results[2].Error, 1e-12)
	require.Positive(t, results[1].Diverged)
	require.Zero(t, results[0].Diverged)

	_, err = lecture.RunGrid(t.Context(), 200, []grid.Run{{Width: 5, Optimizer: "Adma", Rate: 0.1, Seed: 1}})
	says.All(t, err, "width 5 … seed 1 … Adma … Adam")
	_, err = lecture.RunGrid(t.Context(), 0, []grid.Run{run(1)})
	says.All(t, err, "steps … 0")
}
