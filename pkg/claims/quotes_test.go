package claims

import (
	"go/scanner"
	"go/token"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// decimal is a number that somebody must have computed: with a decimal point and at least two digits.
var decimal = regexp.MustCompile(`(?:^|[^\w.])(\d[\d,]*\.\d+)`)

// derived are the numbers of the prose that no cell prints, each with the expression that it comes from.
var derived = map[string]float64{
	"88.72":  math.Log(math.MaxFloat32),                                                // the exercise of 1.7
	"2.75":   math.Log(10 * 1.25 * 1.25),                                               // the same
	"106.02": (math.Log(math.MaxFloat32) - math.Log(10*1.25*1.25)) / 2 / math.Log(1.5), // the same
	"3.4":    math.MaxFloat32 / 1e38,
	"0.78":   (24. - 6) / 23, // the exercise of 2.5
	"1.73":   math.Sqrt(2 * ((24. - 6) / 23) / ((24. - 12) / 23)),
	"0.44":   2 * 0.55 * 0.2 * 2, // the exercise of 3.1: λ, η₀ and τ
}

// No prose states a number that neither a cell prints nor an expression gives, and no cell prints a number as a
// result that stands in its own text: what is printed goes through a verb.
func TestEveryNumberIsComputed(t *testing.T) {
	section := regexp.MustCompile(`(?m)^#.*$|[Ss]ections? \d\.\d+|arXiv\S+`)
	verb := regexp.MustCompile(`%[-+# 0]*[\d*]*(\.\d+)?[a-zA-Z%]`)
	_, descent := diabetes(t)
	derived["0.0086"] = descent.Lambda[0]
	for name, nb := range notebooks(t) {
		var known strings.Builder
		for _, c := range nb.Cells {
			if c.Type != "code" {
				continue
			}
			source := strings.Join(c.Source, "")
			known.WriteString(source)
			for _, o := range c.Outputs {
				known.WriteString(strings.Join(o.Text, ""))
				known.Write(o.Data["text/plain"])
			}
			for _, text := range literals(source) {
				for _, m := range decimal.FindAllStringSubmatch(verb.ReplaceAllString(text, ""), -1) {
					require.Contains(t, choices, m[1], "%s: a cell prints %q, which it has not computed", name, text)
				}
			}
		}
		for _, c := range nb.Cells {
			if c.Type != "markdown" {
				continue
			}
			prose := section.ReplaceAllString(strings.Join(c.Source, ""), "")
			for _, m := range decimal.FindAllStringSubmatchIndex(prose, -1) {
				number := prose[m[2]:m[3]]
				if strings.Contains(known.String(), number) {
					continue
				}
				value, ok := derived[number]
				require.True(t, ok, "%s: no cell prints %s: …%s", name, number, prose[max(0, m[0]-60):m[1]])
				stated, err := strconv.ParseFloat(strings.ReplaceAll(number, ",", ""), 64)
				require.NoError(t, err)
				_, decimals, _ := strings.Cut(number, ".")
				require.InDelta(t, value, stated, 0.5*math.Pow10(-len(decimals))*(1+1e-9), number)
			}
		}
	}
}

// choices are numbers in what cells say that are settings and not results.
var choices = []string{
	"0.22", // 1.4, the range of its parameter
	"0.04", // 3.2, a rate that stands in for one that does not exist
}

// literals are a cell's strings.
func literals(source string) (texts []string) {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("cell", -1, len(source)), []byte(source), nil, 0)
	for {
		switch _, kind, literal := s.Scan(); kind {
		case token.EOF:
			return texts
		case token.STRING:
			if text, err := strconv.Unquote(literal); err == nil {
				texts = append(texts, text)
			}
		}
	}
}
