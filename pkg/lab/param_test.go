//go:build unix

package lab

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent.example/internal/says"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inCell runs f as a cell with the given %% line.
func inCell(t *testing.T, line string, f func()) {
	t.Helper()
	before := cell
	defer func() { cell = before }()
	cell = parametersOf(strings.Fields(line), "", "")
	f()
}

func TestValueOfEachKind(t *testing.T) {
	inCell(t, "--lr=0.5 -steps 7 --etas=0.1,-2.5e-3 --opt=adam --plot", func() {
		assert.Equal(t, 0.5, Float("lr", 0.3, "learning rate η", Above(0)))
		assert.Equal(t, 7, Int("steps", 60, "gradient steps"))
		assert.Equal(t, []float64{0.1, -0.0025}, Floats("etas", []float64{1}, "step sizes"))
		assert.Equal(t, "adam", Choice("opt", "gd", "update rule", "gd", "adam"))
		assert.Equal(t, true, Bool("plot", false, "draw"))
	})
	inCell(t, "", func() {
		assert.Equal(t, 0.3, Float("lr", 0.3, "learning rate η", Above(0)))
		assert.Equal(t, 60, Int("steps", 60, "gradient steps"))
		assert.Equal(t, []float64{1, 2}, Floats("etas", []float64{1, 2}, "step sizes"))
		assert.Equal(t, "gd", Choice("opt", "gd", "update rule", "gd", "adam"))
		assert.Equal(t, true, Bool("plot", true, "draw"))
	})
}

func TestWaysToWriteANumber(t *testing.T) {
	for _, line := range []string{"--x=-2", "-x=-2", "--x -2", "-x -2", "--x=1 --x=-2", "--x=-2.0", "--x=-2e0"} {
		inCell(t, line, func() { assert.Equal(t, -2., Float("x", 0, "a number"), line) })
	}
	inCell(t, "--x=1_0.5", func() { assert.Equal(t, 10.5, Float("x", 0, "a number")) }) // as in Go
	for _, text := range []string{"1__0", "_1", "1_", "1_.5"} {
		_, err := NewParameters(map[string]string{"x": text}).Float("x", 0, "a number")
		assert.ErrorContains(t, err, "--set x="+text+" is not a number")
	}
	inCell(t, "--n=100_000", func() { assert.Equal(t, 100_000, Int("n", 0, "a count")) })
	inCell(t, "--plot=false", func() { assert.Equal(t, false, Bool("plot", true, "draw")) })
	inCell(t, "--plot --x=1", func() { assert.Equal(t, true, Bool("plot", false, "draw")) })
}

func TestBoundsAreWhatTheySay(t *testing.T) {
	l := newLimits([]Option{Above(0), AtMost(10), Unit("s")})
	assert.Equal(t, "0 < T ≤ 10 s", l.describe("T", "any", ""))
	assert.Error(t, l.check(0))
	assert.NoError(t, l.check(math.SmallestNonzeroFloat64))
	assert.NoError(t, l.check(10))
	assert.Error(t, l.check(math.Nextafter(10, 11)))
	l = newLimits([]Option{AtLeast(0), Below(10)})
	assert.Equal(t, "0 ≤ T < 10", l.describe("T", "any", ""))
	assert.NoError(t, l.check(0))
	assert.Error(t, l.check(-math.SmallestNonzeroFloat64))
	assert.Error(t, l.check(10))
	for opt, want := range map[string]Option{"T > 2": Above(2), "T ≥ 2": AtLeast(2), "T < 2": Below(2), "T ≤ 2": AtMost(2)} {
		assert.Equal(t, opt, newLimits([]Option{want}).describe("T", "any", ""))
	}
	assert.Equal(t, "any number, in s", newLimits([]Option{Unit("s")}).describe("T", "any number", "number, "))
	assert.Equal(t, "any number", newLimits(nil).describe("T", "any number", "number, "))
	assert.Error(t, newLimits([]Option{AtMost(math.NaN())}).check(0), "a NaN bound allows nothing")
}

// refusals are cells whose one declaration is refused, with the line it is given.
var refusals = []struct {
	line    string
	declare func()
	want    string
}{
	{"--lr=0", lr, "--lr=0 is out of range" + lrAllowed},
	{"--lr=-1", lr, "--lr=-1 is out of range" + lrAllowed},
	{"--lr 10.1", lr, "--lr=10.1 is out of range" + lrAllowed},
	{"--lr=abc", lr, "--lr=abc is not a number" + lrAllowed},
	{"--lr=0,5", lr, "--lr=0,5 is not a number" + lrAllowed},
	{"--lr=NaN", lr, "--lr=NaN is not a finite number" + lrAllowed},
	{"--lr=+Inf", lr, "--lr=+Inf is not a finite number" + lrAllowed},
	{"--lr=1e999", lr, "--lr=1e999 is not a finite number" + lrAllowed},
	{"--lr=", lr, "--lr= has no value" + lrAllowed},
	{"--lr", lr, "--lr has no value" + lrAllowed},
	{"--lr=1 --lr", lr, "--lr has no value" + lrAllowed},
	{"--n=2.5", func() { Int("n", 1, "a count", AtLeast(1)) }, "--n=2.5 is not a whole number; allowed is whole number, n ≥ 1 (a count, default 1)"},
	{"--n=0", func() { Int("n", 1, "a count", AtLeast(1)) }, "--n=0 is out of range; allowed is whole number, n ≥ 1 (a count, default 1)"},
	{"--n=99999999999999999999", func() { Int("n", 1, "a count") }, "--n=99999999999999999999 is out of range; allowed is any whole number (a count, default 1)"},
	{"--etas=1,x", func() { Floats("etas", []float64{1}, "step sizes") }, `--etas=1,x has the item "x", which is not a number; allowed is any comma-separated numbers (step sizes, default 1)`},
	{"--etas=1,-1", func() { Floats("etas", []float64{1}, "step sizes", Above(0)) }, `--etas=1,-1 has the item "-1", which is out of range; allowed is comma-separated numbers, each etas > 0 (step sizes, default 1)`},
	{"--opt=sgd", func() { Choice("opt", "gd", "update rule", "gd", "adam") }, "--opt=sgd is not a choice; allowed is one of gd, adam (update rule, default gd)"},
	{"--plot=perhaps", func() { Bool("plot", false, "draw") }, "--plot=perhaps is neither true nor false; allowed is true or false (draw, default false)"},
	{"--plot=", func() { Bool("plot", false, "draw") }, "--plot= has no value; allowed is true or false (draw, default false)"},
	{"", func() { Float("lr", 20, "learning rate η", AtMost(10)) }, `the default of the parameter "lr", "20", is out of range; allowed is lr ≤ 10`},
	{"", func() { Float("lr", math.NaN(), "learning rate η") }, `the default of the parameter "lr", "NaN", is not a finite number; allowed is any number`},
	{"", func() { Float("lr", 1, "learning rate η", Above(2), Below(1)) }, `the default of the parameter "lr", "1", is out of range; allowed is nothing, since the bounds of the declaration contradict each other: 2 < lr < 1`},
	{"", func() { Float("a", 5, "a size", AtLeast(math.NaN())) }, `the default of the parameter "a", "5", is out of range; allowed is nothing, since a bound of the declaration is not a number: a ≥ NaN`},
	{"", func() { Int("c", 3, "a count", AtLeast(3), AtMost(2)) }, `the default of the parameter "c", "3", is out of range; allowed is nothing, since the bounds of the declaration contradict each other: whole number, 3 ≤ c ≤ 2`},
	{"", func() { Choice("c", "x", "what") }, `the default of the parameter "c", "x", is not a choice; allowed is nothing, since the declaration gives no choices after the description`},
	{"", func() { Floats("etas", nil, "step sizes") }, `the default of the parameter "etas", "", has the item "", which is not a number; allowed is any comma-separated numbers`},
	{"", func() { Choice("opt", "x", "update rule", "gd") }, `the default of the parameter "opt", "x", is not a choice; allowed is one of gd`},
	{"", func() { Float("lr", 1, "rate"); Int("lr", 1, "rate") }, `the parameter "lr" is declared twice in this cell; declare it once`},
	{"", func() { Float("η", 1, "rate") }, `"η" cannot be the name of a parameter; use letters, digits, - and _, begin with a letter, and be brief`},
	{"", func() { Float("help", 1, "rate") }, `a parameter cannot be called "help", which asks for help; choose another name`},
}

func lr() { Float("lr", 0.3, "learning rate η", Above(0), AtMost(10)) }

const lrAllowed = "; allowed is 0 < lr ≤ 10 (learning rate η, default 0.3)"

func init() {
	for i, r := range refusals {
		cells[fmt.Sprint("refusal ", i)] = r.declare
	}
}

func TestRefusals(t *testing.T) {
	for i, r := range refusals {
		stdout, stderr, code := run(t, fmt.Sprint("refusal ", i), nil, strings.Fields(r.line)...)
		assert.Equal(t, []any{"", r.want + "\n", 2}, []any{stdout, stderr, code}, r.line)
	}
}

func TestUnknownParameters(t *testing.T) {
	const has = "--lr (learning rate η, 0 < lr ≤ 10, default 0.3), --steps (gradient steps, whole number, 1 ≤ steps ≤ 100000, default 60)"
	for line, want := range map[string]string{
		"--lrr=0.5":      "--lrr is not a parameter of this cell, which has " + has + ". Did you mean --lr?\n",
		"--step 3":       "--step is not a parameter of this cell, which has " + has + ". Did you mean --steps?\n",
		"--momentum=0.9": "--momentum is not a parameter of this cell, which has " + has + ".\n",
		"0.5":            `"0.5" is not understood; parameters are given as --name=value, and this cell has ` + has + "\n",
		"--lr=1 0.5":     `"0.5" is not understood; parameters are given as --name=value, and this cell has ` + has + "\n",
		"--":             `"--" is not understood; parameters are given as --name=value, and this cell has ` + has + "\n",
	} {
		for where, runCell := range everywhere {
			said, stderr, code := runCell(t, "gradient descent", nil, strings.Fields(line)...)
			assert.Equal(t, 2, code, where+line)
			assert.Equal(t, want, stderr, where+line)
			assert.Empty(t, said, where+line)
		}
	}
}

// everywhere runs a cell outside a notebook and in one, and returns what it said.
var everywhere = map[string]func(t *testing.T, name string, env []string, args ...string) (said, stderr string, code int){
	"outside ": run,
	"in a notebook ": func(t *testing.T, name string, env []string, args ...string) (string, string, int) {
		sent, stderr, code := runInKernel(t, name, env, args...)
		said := strings.Join(texts(outputs(sent)), "\n")
		if said != "" {
			said += "\n"
		}
		return said, stderr, code
	},
}

func TestParametersOfAProcess(t *testing.T) {
	for where, runCell := range everywhere {
		said, stderr, code := runCell(t, "gradient descent", nil, "--lr=0.5", "--steps", "9")
		assert.Equal(t, []any{"lr 0.5, steps 9\n", "", 0}, []any{said, stderr, code}, where)

		said, stderr, code = runCell(t, "gradient descent", nil, "--help", "--lr=oops")
		assert.Equal(t, []any{"Parameters of this cell, given on its first line as in %% --lr=0.3:\n" +
			"  --lr (learning rate η, 0 < lr ≤ 10, default 0.3)\n" +
			"  --steps (gradient steps, whole number, 1 ≤ steps ≤ 100000, default 60)\n", "", 0}, []any{said, stderr, code}, where)

		_, stderr, code = runCell(t, "no parse", nil, "--lrr=1")
		assert.Equal(t, 2, code, where)
		assert.Equal(t, "--lrr is not a parameter of this cell, which has --lr (learning rate η, lr > 0, default 0.3); a parameter is declared before the first lab.Say. Did you mean --lr?\n", stderr, where)

		said, stderr, code = runCell(t, "late", nil)
		assert.Equal(t, []any{"first\n", 2}, []any{said, code}, where)
		assert.Equal(t, "the parameter \"lr\" is declared after lab.Say; declare parameters before lab.Parse and before the cell shows anything\n", stderr, where)
	}
}

func TestFlagsOfPackageFlag(t *testing.T) {
	said, stderr, code := everywhere["in a notebook "](t, "other flags", nil, "--lr=2", "--name", "x", "--quiet")
	assert.Equal(t, []any{"2 \"x\" true\n", "", 0}, []any{said, stderr, code})

	_, stderr, code = everywhere["in a notebook "](t, "other flags", nil, "--quiet=7")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "--quiet=7 is refused: ")

	_, stderr, code = everywhere["in a notebook "](t, "other flags", nil, "--nam=7")
	assert.Equal(t, 2, code)
	assert.Equal(t, "--nam is not a parameter of this cell, which has --lr (learning rate η, any number, default 0.3), --name (a flag of package flag, a flag, default \"\"), --quiet (another, a flag, default \"false\"). Did you mean --name?\n", stderr)
}

// overrides makes the file that SetEnv names.
func overrides(t *testing.T, text string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return []string{SetEnv + "=" + path}
}

func TestOverrides(t *testing.T) {
	for where, runCell := range everywhere {
		said, stderr, code := runCell(t, "gradient descent", overrides(t, `{"lr":"0.7","other":"1"}`), "--lr=0.5", "--steps=3")
		assert.Equal(t, []any{"lr 0.7, steps 3\n", "", 0}, []any{said, stderr, code}, where)

		_, stderr, code = runCell(t, "gradient descent", overrides(t, `{"lr":"70"}`))
		assert.Equal(t, []any{"--set lr=70 is out of range; allowed is 0 < lr ≤ 10 (learning rate η, default 0.3)\n", 2}, []any{stderr, code}, where)

		for _, bad := range []string{"lr=0.5", `{"lr":0.5}`, `[]`} {
			_, stderr, code = runCell(t, "gradient descent", overrides(t, bad))
			assert.Equal(t, 2, code, where)
			assert.Contains(t, stderr, `is not a JSON object of texts such as {"lr":"0.5"}`, where)
		}
		_, stderr, code = runCell(t, "gradient descent", []string{SetEnv + "=/no/such/file"})
		assert.Equal(t, 2, code, where)
		assert.Contains(t, stderr, "cannot read the overrides that DESCENT_SET names: ", where)
	}
}

// What a program reads of a declaration is what a cell makes of it.
func TestParametersOfAnotherProgram(t *testing.T) {
	set := NewParameters(map[string]string{"lr": "0.7", "etas": "1,x"})
	lr, err := set.Float("lr", 0.3, "learning rate η", Above(0), AtMost(10))
	require.NoError(t, err)
	assert.Equal(t, 0.7, lr)
	_, err = set.Floats("etas", []float64{1}, "step sizes")
	says.All(t, err, `etas=1,x … "x" … not a number … comma-separated numbers … step sizes … default 1`)
	zero, ten := 0., 10.
	assert.Equal(t, []Param{
		{Name: "lr", Default: "0.3", Value: "0.7", Help: "learning rate η", Bounds: "0 < lr ≤ 10", Control: Control{Kind: "float", Lo: &zero, Hi: &ten, LoOpen: true}},
		{Name: "etas", Default: "1", Value: "1,x", Help: "step sizes", Bounds: "any comma-separated numbers", Control: Control{Kind: "floats"}},
	}, set.Declared())
}

func TestParamsLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "params")
	list, err := ReadParams(path)
	require.NoError(t, err)
	assert.Empty(t, list, "no cell has declared anything yet")

	env := append(overrides(t, `{"lr":"0.7"}`), ParamsLogEnv+"="+path)
	run(t, "gradient descent", env, "--steps=3")
	run(t, "no parse", env)
	list, err = ReadParams(path)
	require.NoError(t, err)
	zero, one, ten, many := 0., 1., 10., 100_000.
	assert.Equal(t, []Param{
		{Name: "lr", Default: "0.3", Value: "0.7", Help: "learning rate η", Bounds: "0 < lr ≤ 10", Control: Control{Kind: "float", Lo: &zero, Hi: &ten, LoOpen: true}},
		{Name: "steps", Default: "60", Value: "3", Help: "gradient steps", Bounds: "whole number, 1 ≤ steps ≤ 100000", Control: Control{Kind: "int", Lo: &one, Hi: &many}},
		{Name: "lr", Default: "0.3", Value: "0.7", Help: "learning rate η", Bounds: "lr > 0", Control: Control{Kind: "float", Lo: &zero, LoOpen: true}},
	}, list)

	assert.NoError(t, CheckSet(map[string]string{"lr": "1", "steps": "2"}, list))
	says.All(t, CheckSet(map[string]string{"lr": "1", "lrr": "2"}, list[:2]),
		"lrr … --lr … learning rate η, 0 < lr ≤ 10, default 0.3 … --steps … gradient steps … 1 ≤ steps ≤ 100000 … default 60 … Did you mean lr?")
	says.All(t, CheckSet(map[string]string{"x": "1"}, nil), "--set x … none")
	err = CheckSet(map[string]string{"x": "1"}, append(list, list...))
	assert.Equal(t, 3, strings.Count(err.Error(), "--")-1, "the same parameter of several cells is listed once: %v", err)

	_, stderr, code := run(t, "gradient descent", []string{ParamsLogEnv + "=" + t.TempDir()})
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "cannot log the parameter lr as DESCENT_PARAMS_LOG asks: ")

	require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
	_, err = ReadParams(path)
	assert.ErrorContains(t, err, "line 1 of the log of the cells' parameters")
	_, err = ReadParams(t.TempDir())
	assert.ErrorContains(t, err, "cannot read the log of the cells' parameters")
}

func TestNumbersAreShownAsAPersonWritesThem(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.3: "0.3", 1e5: "100000", 1e-3: "0.001", 1e-7: "1e-07", 1e12: "1e+12", -2.5: "-2.5"} {
		assert.Equal(t, want, formatFloat(v))
	}
}

// Arguments as people write them.
func TestArgumentsAsWritten(t *testing.T) {
	for written, want := range map[string][]argument{
		"--lr = 0.2":           {{"lr", "0.2", true}},
		"--lr= 0.2":            {{"lr", "0.2", true}},
		"--rates=0.1, 0.2":     {{"rates", "0.1,0.2", true}},
		"--rates 0.1, 0.2, -3": {{"rates", "0.1,0.2,-3", true}},
		"--on --n=3":           {{"on", "", false}, {"n", "3", true}},
		"--name= --n=3":        {{"name", "", true}, {"n", "3", true}},
		"--n -3 x":             {{"n", "-3", true}, {"", "x", false}},
	} {
		require.Equal(t, want, readArguments(strings.Fields(written)), written)
	}
}
