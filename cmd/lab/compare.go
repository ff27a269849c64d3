package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// compareNotebooks says where a fresh run's outputs differ from the stored ones: words must be equal, and a number may
// differ by one unit in its last printed digit times slack, which is what rounding on another processor can do.
// Cells tagged "machine" are compared by the kinds of their outputs only.
func compareNotebooks(stored, fresh notebook, slack float64) []string {
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
			differences = append(differences, fmt.Sprintf("cell %d (%s): ", number, s.name())+fmt.Sprintf(format, args...))
		}
		f := fresh.Cells[i]
		if a, b := s.kinds(), f.kinds(); !slices.Equal(a, b) {
			report("stored outputs are %q, fresh ones %q", a, b)
		}
		if s.has(tagMachine) {
			continue
		}
		if where := compareText(s.words(), f.words(), slack); where != "" {
			report("%s", where)
		}
	}
	return differences
}

// token is a number or a run of anything else.
var token = regexp.MustCompile(`[-−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[^\d]+`)

// compareText returns "" when the texts agree, else the first place where they do not.
func compareText(stored, fresh string, slack float64) string {
	a, b := token.FindAllString(stored, -1), token.FindAllString(fresh, -1)
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
func around(tokens []string, i int) string {
	lo, hi := max(0, i-2), min(len(tokens), i+2)
	if lo >= hi {
		return ""
	}
	return strings.Join(tokens[lo:hi], "")
}

// closeNumbers reports whether two printed numbers differ by no more than slack units in the last digit of the coarser one.
func closeNumbers(x, y string, slack float64) bool {
	a, unitA, okA := parseNumber(x)
	b, unitB, okB := parseNumber(y)
	return okA && okB && math.Abs(a-b) <= slack*max(unitA, unitB)*(1+1e-9)
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
