package mutant

import (
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	const code = "func f(n int) (s float64) {\n\tfor i := range n {\n\t\tif i < 3 {\n\t\t\tcontinue\n\t\t}\n\t\ts += 0.5 * float64(i)\n\t}\n\treturn -s\n}\n"
	all, err := Of(code)
	require.NoError(t, err)
	var says []string
	for _, m := range all {
		says = append(says, m.Says)
		require.NotEqual(t, code, m.Code)
		_, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+m.Code, 0)
		require.NoError(t, err, m.Code)
	}
	for _, want := range []string{
		"if i < 3 { ⇒ if i <= 3 {", "if i < 3 { ⇒ if i >= 3 {", "if i < 3 { ⇒ if i < 4 {", "if i < 3 { ⇒ if i < 2 {", "if i < 3 { ⇒ (left out)",
		"continue ⇒ break", "continue ⇒ (left out)", "for i := range n { ⇒ for i := range n+1 {", "for i := range n { ⇒ (left out)",
		"s += 0.5 * float64(i) ⇒ s -= 0.5 * float64(i)", "s += 0.5 * float64(i) ⇒ s += 0.5 / float64(i)", "s += 0.5 * float64(i) ⇒ (left out)",
		"s += 0.5 * float64(i) ⇒ s += 0.505 * float64(i)", "return -s ⇒ return s",
	} {
		require.Contains(t, says, want)
	}
	_, err = Of("func {")
	require.Error(t, err)
}
