package lab

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"descent.example/internal/brief"
	"descent.example/internal/live"
	"descent.example/internal/nearest"
)

// Param describes one parameter that a cell declares.
type Param struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Value   string `json:"value"`  // as given, else the default
	Help    string `json:"help"`   // what it is, e.g. "learning rate η"
	Bounds  string `json:"bounds"` // what is allowed, e.g. "0 < lr ≤ 10"

	Control Control `json:"control"`
}

// A Control is what a page makes a parameter's control of.
type Control struct {
	Kind    string   `json:"kind"`              // float, int, floats, choice or bool
	Lo      *float64 `json:"lo,omitempty"`      // the bounds of a number, nil if there is none,
	Hi      *float64 `json:"hi,omitempty"`      // and whether they are excluded
	LoOpen  bool     `json:"loOpen,omitempty"`  //
	HiOpen  bool     `json:"hiOpen,omitempty"`  //
	Unit    string   `json:"unit,omitempty"`    // of a number
	Choices []string `json:"choices,omitempty"` // of a choice
}

// String describes p for messages: "--lr (learning rate η, 0 < lr ≤ 10, default 0.3)".
func (p Param) String() string {
	return fmt.Sprintf("--%s (%s, %s, default %s)", p.Name, p.Help, p.Bounds, p.Default)
}

// An Option bounds a parameter or gives its unit.
type Option func(*limits)

// Above demands value > x.
func Above(x float64) Option { return func(l *limits) { l.lo, l.loOpen = x, true } }

// AtLeast demands value ≥ x.
func AtLeast(x float64) Option { return func(l *limits) { l.lo, l.loOpen = x, false } }

// Below demands value < x.
func Below(x float64) Option { return func(l *limits) { l.hi, l.hiOpen = x, true } }

// AtMost demands value ≤ x.
func AtMost(x float64) Option { return func(l *limits) { l.hi, l.hiOpen = x, false } }

// Unit names the unit that the value is in, e.g. "s".
func Unit(unit string) Option { return func(l *limits) { l.unit = unit } }

// Float declares a parameter that is a finite number and returns its value: the one
// of `lab run --set`, else of the cell's %% line (--lr=0.5, -lr=0.5 or --lr 0.5),
// else def. A value that is empty, not a number or out of bounds ends the cell with
// a sentence that says so, and exit code 2; so does a declaration that contradicts
// itself.
func Float(name string, def float64, help string, opts ...Option) float64 {
	return ok(cell.Float(name, def, help, opts...))
}

// Int declares a parameter that is a whole number; underscores may group its
// digits (100_000). Else it is like Float.
func Int(name string, def int, help string, opts ...Option) int {
	return ok(cell.Int(name, def, help, opts...))
}

// Floats declares a parameter that is a list of one or more numbers, as in
// --etas=0.1,0.3; the bounds hold for each of them. Else it is like Float.
func Floats(name string, def []float64, help string, opts ...Option) []float64 {
	return ok(cell.Floats(name, def, help, opts...))
}

// Choice declares a parameter that is one of the given words; def is one of them.
// Else it is like Float.
func Choice(name, def, help string, choices ...string) string {
	return ok(cell.Choice(name, def, help, choices...))
}

// Bool declares a parameter that is true or false; --name alone means true.
// Else it is like Float.
func Bool(name string, def bool, help string) bool {
	return ok(cell.Bool(name, def, help))
}

// Parse ends the declarations. An argument of the %% line that is neither a
// parameter of this cell nor a flag declared with package flag ends the cell with
// one sentence that names those it has, and exit code 2; --help shows them and ends
// the cell. Flags of package flag have their values from here on. In a cell without
// Parse, the first Show, Say, Table or Progress does the same.
func Parse() { closeDeclarations("lab.Parse") }

func closeDeclarations(by string) {
	if living != nil {
		if !living.waits {
			living.serve() // and does not return
		}
		living.goesOn()
	}
	first := cell.closedBy == ""
	help, err := cell.close(by, flag.CommandLine)
	if err != nil {
		fatal(2, err)
	}
	if help != "" {
		screen.say(help)
		os.Exit(0)
	}
	if first {
		if err := record(os.Getenv(live.RecordEnv)); err != nil {
			fatal(1, fmt.Errorf("the cell cannot say how it was started: %w", err))
		}
	}
}

// ok returns v, or ends the cell because a parameter was refused.
func ok[T any](v T, err error) T {
	if err != nil {
		fatal(2, err)
	}
	return v
}

// cell holds the parameters of this process.
var cell = parametersOf(os.Args[1:], os.Getenv(SetEnv), os.Getenv(ParamsLogEnv))

// GoNB makes a cell into func main() { flag.Parse(); … }, which would refuse every
// parameter that the lines after it declare. So flag.Parse is made to refuse
// nothing here, and Parse does it once all the names are known.
func init() {
	if inNotebook() {
		flag.CommandLine.Init(os.Args[0], flag.ContinueOnError)
		flag.CommandLine.SetOutput(io.Discard)
	}
}

// Parameters are the parameters of one cell: what it was given, and what it has
// declared. The functions Float, Int, Floats, Choice and Bool declare those of the
// cell that runs. A program that reads a notebook without running it makes its own,
// as with flag.FlagSet; their methods return the error that would end the cell.
type Parameters struct {
	args     []argument
	set      map[string]string
	setErr   error
	log      string
	declared []Param
	closedBy string
}

// NewParameters returns the parameters of a cell that is given these overrides.
func NewParameters(set map[string]string) *Parameters { return &Parameters{set: set} }

// parametersOf returns those of a process: its arguments, and the files named by
// SetEnv and ParamsLogEnv.
func parametersOf(args []string, set, log string) *Parameters {
	c := &Parameters{args: readArguments(args), log: log}
	c.set, c.setErr = readSet(set)
	return c
}

// Declared returns what has been declared, in order.
func (c *Parameters) Declared() []Param { return slices.Clone(c.declared) }

// Float declares as the function Float does. It returns an error where the function
// ends the cell, as do the methods below.
func (c *Parameters) Float(name string, def float64, help string, opts ...Option) (float64, error) {
	l := newLimits(opts)
	p := Param{Name: name, Default: formatFloat(def), Help: help, Bounds: l.describe(name, "any number", ""), Control: l.control("float")}
	return declare(c, p, l.float)
}

// Int declares as the function Int does. Its errors are like those of Float.
func (c *Parameters) Int(name string, def int, help string, opts ...Option) (int, error) {
	l := newLimits(opts)
	p := Param{Name: name, Default: strconv.Itoa(def), Help: help, Bounds: l.describe(name, "any whole number", "whole number, "), Control: l.control("int")}
	return declare(c, p, l.int)
}

// Floats declares as the function Floats does. Its errors are like those of Float, and
// a list without a number is one.
func (c *Parameters) Floats(name string, def []float64, help string, opts ...Option) ([]float64, error) {
	l := newLimits(opts)
	texts := make([]string, len(def))
	for i, v := range def {
		texts[i] = formatFloat(v)
	}
	p := Param{Name: name, Default: strings.Join(texts, ","), Help: help,
		Bounds: l.describe(name, "any comma-separated numbers", "comma-separated numbers, each "), Control: l.control("floats")}
	return declare(c, p, l.floats)
}

// Choice declares as the function Choice does. Its errors are like those of Float; here
// a value must be one of the choices.
func (c *Parameters) Choice(name, def, help string, choices ...string) (string, error) {
	p := Param{Name: name, Default: def, Help: help, Bounds: "one of " + strings.Join(choices, ", "),
		Control: Control{Kind: "choice", Choices: choices}}
	if len(choices) == 0 {
		p.Bounds = "nothing, since the declaration gives no choices after the description"
	}
	return declare(c, p, func(text string) (string, error) {
		if !slices.Contains(choices, text) {
			return "", errors.New("is not a choice")
		}
		return text, nil
	})
}

// Bool declares as the function Bool does. Its errors are like those of Float; here
// a value must be true or false.
func (c *Parameters) Bool(name string, def bool, help string) (bool, error) {
	p := Param{Name: name, Default: strconv.FormatBool(def), Help: help, Bounds: "true or false", Control: Control{Kind: "bool"}}
	return declare(c, p, func(text string) (bool, error) {
		v, err := strconv.ParseBool(text)
		if err != nil {
			return false, errors.New("is neither true nor false")
		}
		return v, nil
	})
}

// declare adds p and returns its value, as read reads it from text. The errors of
// read continue the sentence "--lr=x …".
func declare[T any](c *Parameters, p Param, read func(text string) (T, error)) (none T, err error) {
	p.Help, p.Bounds = brief.Of(p.Help), brief.Of(p.Bounds)
	switch {
	case c.closedBy != "":
		return none, fmt.Errorf("the parameter %q is declared after %s; declare parameters before lab.Parse and before the cell shows anything", brief.Of(p.Name), c.closedBy)
	case !validName.MatchString(p.Name) || len(p.Name) > longestName:
		return none, fmt.Errorf("%q cannot be the name of a parameter; use letters, digits, - and _, begin with a letter, and be brief", brief.Of(p.Name))
	case p.Name == "help" || p.Name == "h":
		return none, fmt.Errorf("a parameter cannot be called %q, which asks for help; choose another name", p.Name)
	case slices.ContainsFunc(c.declared, func(q Param) bool { return q.Name == p.Name }):
		return none, fmt.Errorf("the parameter %q is declared twice in this cell; declare it once", p.Name)
	}
	def, err := read(p.Default)
	if err != nil {
		return none, fmt.Errorf("the default of the parameter %q, %q, %w; allowed is %s", p.Name, brief.Of(p.Default), err, p.Bounds)
	}
	text, source, err := c.given(p.Name)
	if err != nil {
		return none, err
	}
	p.Value = p.Default
	if source != "" {
		p.Value = text
	}
	c.declared = append(c.declared, p)
	if err := appendParam(c.log, p); err != nil {
		return none, err
	}
	if source == "" || c.asksHelp() {
		return def, nil
	}
	if text == "" {
		if _, isSwitch := any(def).(bool); isSwitch && !strings.HasSuffix(source, "=") {
			text = "true" // --name alone
		} else {
			return none, p.refused(source, "", errors.New("has no value"))
		}
	}
	v, err := read(text)
	if err != nil {
		return none, p.refused(source, text, err)
	}
	return v, nil
}

// refused is what is wrong with a text that was given for p: why continues its name. On a page it has the name of its control.
func (p Param) refused(source, text string, why error) error {
	if living == nil {
		return fmt.Errorf("%s %w; allowed is %s (%s, default %s)", brief.Of(source), why, p.Bounds, p.Help, p.Default)
	}
	label := p.Help
	if text != "" {
		label += " = " + brief.Of(text)
	}
	return fmt.Errorf("%s %w; allowed is %s (default %s)", label, why, p.Bounds, p.Default)
}

const longestName = 64

var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// given returns the text given for a name and how it was written; source is "" if it
// was not given.
func (c *Parameters) given(name string) (text, source string, err error) {
	if c.setErr != nil {
		return "", "", c.setErr
	}
	if text, found := c.set[name]; found {
		return text, "--set " + name + "=" + text, nil
	}
	for _, a := range slices.Backward(c.args) {
		if a.name == name {
			source = "--" + name
			if a.hasValue {
				source += "=" + a.value
			}
			return a.value, source, nil
		}
	}
	return "", "", nil
}

func (c *Parameters) asksHelp() bool {
	return slices.ContainsFunc(c.args, func(a argument) bool { return a.name == "help" || a.name == "h" })
}

// close ends the declarations: it gives the flags of others their values and refuses
// what nobody declared. If help was asked for, it returns it. Later calls do nothing.
func (c *Parameters) close(by string, others *flag.FlagSet) (help string, err error) {
	if c.closedBy != "" {
		return "", nil
	}
	c.closedBy = by
	if c.setErr != nil {
		return "", c.setErr
	}
	allowed := slices.Clone(c.declared)
	isSet := map[string]bool{}
	others.Visit(func(f *flag.Flag) { isSet[f.Name] = true })
	others.VisitAll(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") { // those of package testing
			allowed = append(allowed, Param{Name: f.Name, Default: strconv.Quote(f.DefValue), Help: f.Usage, Bounds: "a flag"})
		}
	})
	if c.asksHelp() {
		return describe(allowed), nil
	}
	for _, a := range c.args {
		other := others.Lookup(a.name)
		switch {
		case a.name == "":
			return "", fmt.Errorf("%q is not understood; parameters are given as --name=value, and this cell %s", brief.Of(a.value), has(allowed))
		case slices.ContainsFunc(c.declared, func(p Param) bool { return p.Name == a.name }):
			// declare has read it
		case other == nil:
			sentence := fmt.Sprintf("--%s is not a parameter of this cell, which %s", brief.Of(a.name), has(allowed))
			if by != "lab.Parse" {
				sentence += fmt.Sprintf("; a parameter is declared before the first %s", by)
			}
			return "", errors.New(sentence + "." + nearest.DidYouMean("--", a.name, names(allowed)))
		case !isSet[a.name]:
			if b, isBool := other.Value.(interface{ IsBoolFlag() bool }); isBool && b.IsBoolFlag() && !a.hasValue {
				a.value = "true"
			}
			if err := other.Value.Set(a.value); err != nil {
				return "", fmt.Errorf("--%s=%s is refused: %w", a.name, brief.Of(a.value), err)
			}
		}
	}
	return "", nil
}

// has says which parameters there are, to continue "this cell …".
func has(params []Param) string {
	if len(params) == 0 {
		return "has none"
	}
	texts := make([]string, len(params))
	for i, p := range params {
		texts[i] = p.String()
	}
	return "has " + strings.Join(texts, ", ")
}

// describe is what --help shows.
func describe(params []Param) string {
	if len(params) == 0 {
		return "This cell has no parameters."
	}
	text := fmt.Sprintf("Parameters of this cell, given on its first line as in %%%% --%s=%s:", params[0].Name, params[0].Default)
	for _, p := range params {
		text += "\n  " + p.String()
	}
	return text
}

// argument is one --name=value, or with an empty name a word that is none.
type argument struct {
	name, value string
	hasValue    bool
}

var flagStart = regexp.MustCompile(`^--?[A-Za-z]`)

// readArguments accepts --name=value, -name=value, --name value, --name = value and --name, and spaces after the commas of a
// list. A value of its own that begins with a dash is a negative number.
func readArguments(args []string) (list []argument) {
	for i := 0; i < len(args); i++ {
		if !flagStart.MatchString(args[i]) {
			list = append(list, argument{value: args[i]})
			continue
		}
		a := argument{}
		a.name, a.value, a.hasValue = strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		follows := func() bool { return i+1 < len(args) && !flagStart.MatchString(args[i+1]) }
		if !a.hasValue && follows() && args[i+1] == "=" { // --name = value
			i++
		}
		if (!a.hasValue || a.value == "") && follows() {
			i++
			a.value, a.hasValue = args[i], true
		}
		for strings.HasSuffix(a.value, ",") && follows() { // --name=1, 2
			i++
			a.value += args[i]
		}
		list = append(list, a)
	}
	return list
}

// limits are the bounds and the unit of a number.
type limits struct {
	lo, hi         float64
	loOpen, hiOpen bool
	unit           string
}

func newLimits(opts []Option) limits {
	l := limits{lo: math.Inf(-1), hi: math.Inf(1)}
	for _, opt := range opts {
		if opt != nil {
			opt(&l)
		}
	}
	return l
}

// describe says what is allowed: "0 < lr ≤ 10 s"; unbounded if there are no bounds,
// else with the prefix.
func (l limits) describe(name, unbounded, prefix string) string {
	less := map[bool]string{true: " < ", false: " ≤ "}
	hasLo, hasHi := !math.IsInf(l.lo, -1), !math.IsInf(l.hi, 1)
	text := unbounded
	switch {
	case hasLo && hasHi:
		text = prefix + formatFloat(l.lo) + less[l.loOpen] + name + less[l.hiOpen] + formatFloat(l.hi)
		if !(l.lo <= l.hi) || l.lo == l.hi && (l.loOpen || l.hiOpen) {
			return "nothing, since the bounds of the declaration contradict each other: " + text
		}
	case hasLo:
		text = prefix + name + map[bool]string{true: " > ", false: " ≥ "}[l.loOpen] + formatFloat(l.lo)
	case hasHi:
		text = prefix + name + less[l.hiOpen] + formatFloat(l.hi)
	}
	if hasLo != hasHi && (math.IsNaN(l.lo) || math.IsNaN(l.hi)) {
		return "nothing, since a bound of the declaration is not a number: " + text
	}
	switch {
	case l.unit == "":
		return text
	case hasLo || hasHi:
		return text + " " + l.unit
	}
	return text + ", in " + l.unit
}

// control is that of a number.
func (l limits) control(kind string) Control {
	c := Control{Kind: kind, Unit: l.unit}
	finite := func(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }
	if finite(l.lo) {
		c.Lo, c.LoOpen = &l.lo, l.loOpen
	}
	if finite(l.hi) {
		c.Hi, c.HiOpen = &l.hi, l.hiOpen
	}
	return c
}

// check is written so that a NaN bound allows nothing.
func (l limits) check(v float64) error {
	if !(v >= l.lo && v <= l.hi) || l.loOpen && v == l.lo || l.hiOpen && v == l.hi {
		return errors.New("is out of range")
	}
	return nil
}

// withHyphen reads a minus sign as Say writes it, or a dash, in front of a number.
func withHyphen(number string) string {
	for _, minus := range []string{"−", "–"} {
		if rest, found := strings.CutPrefix(number, minus); found {
			return "-" + rest
		}
	}
	return number
}

func (l limits) float(text string) (float64, error) {
	v, err := strconv.ParseFloat(withHyphen(strings.TrimSpace(text)), 64)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, errors.New("is not a finite number")
	case err != nil:
		return 0, errors.New("is not a number")
	}
	return v, l.check(v)
}

func (l limits) int(text string) (int, error) {
	v, err := strconv.Atoi(withHyphen(ungroup(text)))
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("is out of range")
	case err != nil:
		return 0, errors.New("is not a whole number")
	}
	return v, l.check(float64(v))
}

func (l limits) floats(text string) ([]float64, error) {
	var list []float64
	for _, item := range strings.Split(text, ",") {
		v, err := l.float(item)
		if err != nil {
			return nil, fmt.Errorf("has the item %q, which %w", brief.Of(item), err)
		}
		list = append(list, v)
	}
	return list, nil
}

// ungroup removes the underscores that group digits, and the spaces around.
func ungroup(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "_", "")
}

// formatFloat writes v in the shortest way that reads back as v, without an exponent
// where a person would not use one.
func formatFloat(v float64) string {
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e9) {
		format = 'g'
	}
	return strconv.FormatFloat(v, format, -1, 64)
}
