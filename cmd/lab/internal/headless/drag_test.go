package headless

import (
	"testing"

	"descent.example/cmd/lab/internal/setuptest"
	"github.com/stretchr/testify/require"
)

// A parameter that changes nothing, or that fails, is found when the controls of a notebook's cells are moved.
func TestEachControlMustAnswer(t *testing.T) {
	_, err := execute(t, setuptest.Notebook(t, `%%
x := lab.Float("x", 0.5, "what is shown", lab.Above(0), lab.AtMost(1))
n := lab.Int("n", 3, "how often", lab.AtLeast(1))
kind := lab.Choice("kind", "a", "which", "a", "b")
list := lab.Floats("list", []float64{1, 2}, "more")
on := lab.Bool("on", false, "whether")
lab.Parse()
lab.Say("%g %d %s %v %t", x, n, kind, list, on)`,
		"%%\nn := lab.Int(\"n\", 3, \"of another cell\", lab.AtLeast(1))\nlab.Parse()\nlab.Say(\"%d\", n)", "%%\nlab.Say(\"a\")", "%%\nlab.Say(\"b\")"), Options{Drag: true})
	require.NoError(t, err)
	_, err = execute(t, setuptest.Notebook(t, `%%
x := lab.Float("x", 0.5, "used")
lab.Float("y", 0.5, "not used")
lab.Int("seed", 1, "not used", lab.AtLeast(0))
z := lab.Bool("z", false, "fails")
lab.Parse()
if z {
	lab.Check(errors.New("no z"))
}
lab.Say("%g", x)`), Options{Drag: true})
	require.ErrorContains(t, err, "the control of y does not answer")
	require.ErrorContains(t, err, "the control of seed does not answer")
	require.ErrorContains(t, err, "the control of z does not answer: true (no z (line 8))")
	require.NotContains(t, err.Error(), "control of x")
}
