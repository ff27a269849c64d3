package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Code on the line of %% would be an argument that nobody reads; arguments stay.
func TestCodeBesideTheMark(t *testing.T) {
	for _, line := range []string{"%% x := 3", "%% lab.Say(1)", "%%\tfor i := range 3 {", "%main y = 2", "%% var a = 1"} {
		require.Contains(t, newSource("import \"fmt\"\n"+line+"\nfmt.Println()").refusal(), "Line 2 has code beside %%", line)
	}
	for _, line := range []string{"%%", "%% --lr=0.5", "%% --rates=0.1,0.2 --name=f(x)", "%% data.csv", "%% -n 3", "%main"} {
		require.Empty(t, newSource(line+"\nx := f(3)").refusal(), line)
	}
	require.Empty(t, newSource("%%writefile a(b).txt\nx").refusal())
}

// What is written beside %% is given to GoNB as it was meant.
func TestArgumentsBesideTheMark(t *testing.T) {
	for written, meant := range map[string]string{
		"%%--lr=0.3": "%% --lr=0.3", "%% –-lr=0.5": "%% --lr=0.5", "%% —lr=0.5": "%% --lr=0.5", "%% –lr 0.5 –n 3": "%% --lr 0.5 --n 3", "%% --lr=0.3": "%% --lr=0.3", "%%": "%%",
	} {
		cell := newSource(written + "\nx := 1")
		require.Empty(t, cell.refusal())
		require.Equal(t, 0, cell.main)
		require.Equal(t, meant+"\nx := 1", cell.forGoNB())
	}
}

func TestHintForAForgottenError(t *testing.T) {
	cell := newSource("%%\ns := schedule.Cosine(1, 0, 10)")
	for _, said := range []string{"assignment mismatch: 1 variable but schedule.Cosine returns 2 values",
		"multiple-value schedule.Cosine(1, 0, 10) (value of type (schedule.Schedule, error)) in struct literal"} {
		require.Contains(t, hint(cell, 2, said, history{}), "lab.Must", said)
	}
	require.Empty(t, hint(cell, 2, "assignment mismatch: 2 variables but f returns 1 value", history{}))
}
