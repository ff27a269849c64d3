package notebook

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Compare says where a fresh run's outputs differ from the stored ones, a sentence for each cell, none if they agree. Words
// must be equal. A number may differ by slack units in its last printed digit, which is what rounding on another processor
// can do; whole numbers are counts and may not differ. What rounding leaves of a zero can be anything, so numbers below
// 1e-12 are equal. Cells with the tag TagMachine are compared by the kinds of their outputs only, and those with the tag
// TagChaotic by words and counts: their runs make of another processor's rounding a difference that can be seen.
func Compare(stored, fresh *Notebook, slack float64) []string {
	if stored == nil || fresh == nil {
		return []string{"a notebook is nil: there is nothing to compare"}
	}
	if len(stored.Cells) != len(fresh.Cells) {
		return []string{fmt.Sprintf("the stored notebook has %d cells, the fresh one %d", len(stored.Cells), len(fresh.Cells))}
	}
	var differences []string
	number := 0
	for i, s := range stored.Cells {
		if s.Type != "code" {
			continue
		}
		number++
		report := func(format string, args ...any) {
			differences = append(differences, fmt.Sprintf("cell %d (%s): ", number, s.Name())+fmt.Sprintf(format, args...))
		}
		f := fresh.Cells[i]
		if a, b := s.Kinds(), f.Kinds(); !slices.Equal(a, b) {
			report("stored outputs are %q, fresh ones %q", a, b)
		}
		if s.Has(TagMachine) {
			continue
		}
		slack := slack
		if s.Has(TagChaotic) {
			slack = math.Inf(1)
		}
		if where := compareText(s.Words(), f.Words(), slack); where != "" {
			report("%s", where)
		}
	}
	return differences
}

// numberOrText is a number or a run of anything else.
var numberOrText = regexp.MustCompile(`[-−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[^\d]+`)

const roundingLevel = 1e-12

// power is a number as pictures write it, 5.5·10⁻³², to be read as 5.5e-32.
var power = regexp.MustCompile(`(?:(\d(?:\.\d+)?)·)?\b10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)`)

var lowered = strings.NewReplacer("⁻", "-", "⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9")

// tokens splits a text into numbers and what is between them.
func tokens(text string) []string {
	return numberOrText.FindAllString(power.ReplaceAllStringFunc(text, func(s string) string {
		parts := power.FindStringSubmatch(s)
		return cmp.Or(parts[1], "1.0") + "e" + lowered.Replace(parts[2])
	}), -1)
}

// compareText returns "" when the texts agree, else the first place where they do not.
func compareText(stored, fresh string, slack float64) string {
	a, b := tokens(stored), tokens(fresh)
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x == y || closeNumbers(x, y, slack) {
			continue
		}
		return fmt.Sprintf("stored %q, fresh %q", around(a, i), around(b, i))
	}
	return ""
}

// around is the tokens around i.
func around(text []string, i int) string {
	lo, hi := max(0, i-2), min(len(text), i+2)
	if lo >= hi {
		return ""
	}
	return strings.Join(text[lo:hi], "")
}

// closeNumbers reports whether two printed numbers differ by no more than slack units in the last digit of the coarser one.
func closeNumbers(x, y string, slack float64) bool {
	a, unitA, okA := parseNumber(x)
	b, unitB, okB := parseNumber(y)
	return okA && okB && (math.Abs(a-b) <= slack*max(unitA, unitB)*(1+1e-9) || max(math.Abs(a), math.Abs(b)) < roundingLevel)
}

// parseNumber returns a printed number and the value of one unit in its last digit. Whole numbers are counts: exact.
func parseNumber(s string) (value, unit float64, ok bool) {
	s = strings.Replace(s, "−", "-", 1)
	value, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, 0, false
	}
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(s), "e")
	_, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !hasPoint && !hasExponent {
		return value, 0, true
	}
	power, _ := strconv.Atoi(exponent)
	return value, math.Pow(10, float64(power-len(fraction))), true
}
