package figure_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"descent.example/pkg/figure"
	"github.com/stretchr/testify/require"
)

func ExampleFigure_CSV() {
	f := figure.New("Loss", figure.X("step t"), figure.Y("loss")).
		Line("GD", nil, []float64{2, 1, 0.5}).
		Intervals("SGD", []float64{1, 2}, []float64{1, 0.75}, []float64{0.5, 0.25}, []float64{1.5, 1.25})
	numbers, _ := f.CSV()
	fmt.Print(string(numbers))
	// Output:
	// panel,series,step t,loss,lower,upper
	// Loss,GD,0,2,,
	// Loss,GD,1,1,,
	// Loss,GD,2,0.5,,
	// Loss,SGD,1,1,0.5,1.5
	// Loss,SGD,2,0.75,0.25,1.25
}

// Panels with other axes, runs of one name, categories, functions and names with commas keep apart; a figure without series has no rows.
func TestCSV(t *testing.T) {
	f := figure.Row(
		figure.New("A, B", figure.X("x"), figure.Y("y")).Bundle("runs", nil, [][]float64{{1, 2}, {3, 4}}).HLine(1, "one"),
		figure.New("C", figure.X("rule").Categories("GD", "Adam"), figure.Y("loss")).Points(`a "b"`, nil, []float64{5, 6}))
	numbers, err := f.CSV()
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(numbers))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"panel", "series", "x", "y"}, {"A, B", "runs, run 1", "0", "1"}, {"A, B", "runs, run 1", "1", "2"},
		{"A, B", "runs, run 2", "0", "3"}, {"A, B", "runs, run 2", "1", "4"}, {"C", `a "b"`, "GD", "5"}, {"C", `a "b"`, "Adam", "6"}}, rows)

	numbers, err = figure.New("F", figure.X("x").Range(0, 2), figure.Y("y")).Line("f", nil, func(x float64) float64 { return x * x }).CSV()
	require.NoError(t, err)
	require.Contains(t, string(numbers), "F,f,2,4\n")

	numbers, err = figure.New("H", figure.X("x").Categories("a"), figure.Y("y").Categories("b")).Heat("heat", [][]float64{{1}}).CSV()
	require.NoError(t, err)
	require.Empty(t, numbers)

	_, err = figure.New("", figure.X("x"), figure.Y("y")).CSV()
	require.Error(t, err)
}
