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
