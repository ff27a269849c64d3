package problem_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"descent.example/pkg/problem"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestReadTable(t *testing.T) {
	table, err := problem.ReadTable(strings.NewReader("\ufeffa, b ,\"c\"\r\n1,2,3\r\n\r\n -4 ,5e-1, \"6\"\r\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, table.Columns)
	require.True(t, mat.Equal(mat.NewDense(2, 3, []float64{1, 2, 3, -4, 0.5, 6}), table.Values))
}

func TestReadTableRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "the table is empty",
		"\n\n":                 "the table is empty",
		"a,b\n":                "the table has no rows",
		"a,b\n1,2\n3,x\n":      `line 3, column "b": "x" is not a number`,
		"a,b\n\n1,2\n,4\n":     `line 4, column "a": the value is missing`,
		"a,b\n1, \n":           `line 2, column "b": the value is missing`,
		"a,b\n1,NaN\n":         `line 2, column "b": "NaN" is not a finite number`,
		"a,b\n-Inf,1\n":        `line 2, column "a": "-Inf" is not a finite number`,
		"a,b\n1,1e999\n":       `line 2, column "b": "1e999" is not a finite number`,
		"a,b\n1;2\n":           "line 2 has 1 fields: the first line names 2 columns",
		"a,b\n1,2\n1,2,3\n":    "line 3 has 3 fields: the first line names 2 columns",
		"a,b,a\n1,2,3\n":       `two columns are named "a"`,
		"a,,c\n1,2,3\n":        "column 2 has no name",
		"1,2\n3,4\n":           `column 1 is named "1", a number: the first line must name the columns`,
		"a,b\n1,\"2\n":         "line 2",
		"a,b\n1,2\n3,\"4\"5\n": "line 3",
	} {
		_, err := problem.ReadTable(strings.NewReader(text))
		require.ErrorContains(t, err, want, "%q", text)
	}
	_, err := problem.ReadTable(iotest.ErrReader(errors.New("disk gone")))
	require.ErrorContains(t, err, "disk gone")
}

func TestSelect(t *testing.T) {
	table := read(t, "a,b,c\n1,2,3\n4,5,6\n")
	selected, err := table.Select("c", "a")
	require.NoError(t, err)
	require.Equal(t, []string{"c", "a"}, selected.Columns)
	require.True(t, mat.Equal(mat.NewDense(2, 2, []float64{3, 1, 6, 4}), selected.Values))

	_, err = table.Select("a", "d")
	require.ErrorContains(t, err, `there is no column "d": the table has a, b, c`)
	_, err = table.Select("a", "a")
	require.ErrorContains(t, err, `two columns are named "a"`)
	_, err = table.Select()
	require.ErrorContains(t, err, "no column is named")
}

// By hand: a = 1, 3 becomes −1, 1; b = 10, 30 likewise; the target 5, 9 becomes −2, 2.
func TestTableLeastSquares(t *testing.T) {
	l, err := read(t, "a,y\n1,5\n3,9\n").LeastSquares("y")
	require.NoError(t, err)
	optimum, err := l.Optimum()
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{2}, optimum, 1e-15)
	require.InDelta(t, 1, l.Hessian(nil).At(0, 0), 1e-15)
	require.InDelta(t, 2, l.Value([]float64{0}), 1e-15)
}

func TestTableLeastSquaresRefuses(t *testing.T) {
	_, err := read(t, "a,b,y\n1,2,3\n4,2,6\n").LeastSquares("y")
	require.ErrorContains(t, err, `column "b" is constant (2)`)
	_, err = read(t, "a,y\n1,2\n").LeastSquares("y")
	require.ErrorContains(t, err, `column "a" is constant (1)`)
	_, err = read(t, "a,y\n-1e300,2\n1e300,3\n").LeastSquares("y")
	require.ErrorContains(t, err, `column "a" has values too large or too small`)
	_, err = read(t, "a,y\n1,2\n2,3\n").LeastSquares("z")
	require.ErrorContains(t, err, `there is no column "z"`)
	_, err = read(t, "y\n1\n2\n").LeastSquares("y")
	require.ErrorContains(t, err, `the table has no column but the target "y"`)
}

func read(t *testing.T, text string) *problem.Table {
	table, err := problem.ReadTable(strings.NewReader(text))
	require.NoError(t, err)
	return table
}
