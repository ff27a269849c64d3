package claims

import (
	"cmp"
	"go/scanner"
	"go/token"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/lecture"
	"descent.example/pkg/notebook"
	"descent.example/pkg/theory"
)

// decimal is a number that somebody must have computed, in prose or in an output: with a decimal point, so at least two
// digits, and with the power of ten that may follow it.
var decimal = regexp.MustCompile(`(?:^|[^\w.]|\\[a-z]+ ?|\d,)(\d+(?:,\d{3})*\.\d+)(?:[eE]([-+]?\d+)|\s*(?:·|\\cdot|\\times)\s*10(?:\^\{?([-−]?\d+)\}?|([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?`)

var lowered = strings.NewReplacer("−", "-", "+", "", "⁻", "-", "⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9")

// decimals are the numbers of a text, each written as 12.5 or 1.5e-3.
func decimals(text string) (list []string) {
	for _, m := range decimal.FindAllStringSubmatch(text, -1) {
		number := strings.ReplaceAll(m[1], ",", "")
		if power, err := strconv.Atoi(lowered.Replace(cmp.Or(m[2], m[3], m[4]))); err == nil {
			number += "e" + strconv.Itoa(power)
		}
		list = append(list, number)
	}
	return list
}

func TestDecimalsAreWhole(t *testing.T) {
	for text, want := range map[string][]string{
		"a 13.41 b":                              {"13.41"},
		"3.4, 1,234.5; (0.5)-0.25/0.75":          {"3.4", "1234.5", "0.5", "0.25", "0.75"},
		"1.2e-05 and 3.0E+2":                     {"1.2e-5", "3.0e2"},
		`5.5·10⁻³², $3.4\cdot 10^{38}$`:          {"5.5e-32", "3.4e38"},
		`$10\cdot1.25^2\cdot1.5^{2t}>t^{-0.44}$`: {"1.25", "1.5", "0.44"},
		"1 of 12, step 107. v0.115":              nil,
	} {
		require.Equal(t, want, decimals(text), text)
	}
}

// derived are the numbers of the prose that no cell prints, by chapter, cell and number, each with the expression that it
// comes from.
func derived(t *testing.T) map[string]float64 {
	fit, descent := diabetes(t)
	s1s2 := fit.Hessian(nil).At(4, 5)
	study := patients(t, 0)
	ten, err := lecture.TenMeasurements()
	require.NoError(t, err)
	overflow := math.Log(math.MaxFloat32) - math.Log(10*1.25*1.25)
	bend := func(x float64) float64 { return -4 * math.Pi * math.Pi * math.Sin(2*math.Pi*x) } // of the sine
	fast := noiseOfWave(t, 50, 60, 400)
	return map[string]float64{
		"01 c16 0.0086":  descent.Lambda[0],
		"01 c16 4.0":     descent.Lambda[len(descent.Lambda)-1],
		"01 c16 1.90":    1 + s1s2,                    // of two standardized measurements
		"01 c25 2.7":     math.Log(3) / math.Log(1.5), // |1 − 0.4·10| and |1 − 0.25·10|
		"01 c33 1.5":     0.3 * 5,
		"01 c33b 0.1086": descent.Lambda[0] + 0.1,
		"01 c23 1.8e308": math.MaxFloat64,
		"01 c25 3.4e38":  math.MaxFloat32,
		"01 c25 1.25":    1.25,
		"01 c25 1.5":     math.Abs(1 - 0.25*10),
		"01 c25 88.72":   math.Log(math.MaxFloat32),
		"01 c25 2.75":    math.Log(10 * 1.25 * 1.25),
		"01 c25 106.02":  overflow / 2 / math.Log(1.5),
		"01 c33b 4.02":   descent.Lambda[len(descent.Lambda)-1],
		"01 c33b 0.0086": descent.Lambda[0],
		"02 c07 0.9":     1 - 0.1, // 10 % are saved
		"02 c16 0.78":    (24. - 6) / 23,
		"02 c16 0.52":    (24. - 12) / 23,
		"02 c16 1.73":    math.Sqrt(2 * ((24. - 6) / 23) / ((24. - 12) / 23)),
		"04 c23 1.24":    theory.EqualKnots(bend, 0, 1, 4) / theory.FreeKnots(bend, 0, 1, 4),
		"04 c23 1.56":    math.Pow(5./4, 2),
		"04 c23 1.06":    math.Pow(33./32, 2),
		"05 c17 0.125":   2. / 16,
		"05 c26 0.175":   inThePlane[0][0].Value,
		"05 c26 0.181":   inThePlane[0][0].High,
		"05 c26 0.164":   inThePlane[0][1].Value,
		"05 c26 0.152":   inThePlane[0][1].Low,
		"05 c26 0.174":   inThePlane[0][1].High,
		"05 c26 0.225":   inThePlane[0][2].Value,
		"05 c26 0.246":   inThePlane[0][2].High,
		"05 c26 0.293":   inThePlane[1][0].Value,
		"05 c26 0.288":   inThePlane[1][0].Low,
		"05 c26 0.301":   inThePlane[1][1].Value,
		"05 c26 0.307":   inThePlane[1][1].High,
		"05 c26 0.243":   inThePlane[1][2].Low,
		"06 c07 0.59":    0.5 + 0.09,
		"06 c07 0.58":    fast[3], // of the cell's seed
		"06 c07 0.57":    floats.Sum(fast) / 400,
		"06 c07 0.43":    lecture.Quantile(fast, 0.05),
		"06 c07 0.70":    lecture.Quantile(fast, 0.95),
		"06 c07 0.4":     50. / (2 * 60), // of a period
		"06 c02 1.56":    math.Sqrt(1 + 1.2*1.2),
		"06 c22e 0.925":  1 - 30./400,
		"06 c22e 4.01":   (1 - 30./400) * (1 + 30./9),
		"03 c25 0.0010":  chebyshev(ten, 36),
		"03 c25 0.0012":  inverseTime(ten, 36),
		"03 c23b 0.999":  1 - 0.001,                             // Adam's
		"03 c04 0.44":    2 * study.Descent.Lambda[0] * 0.2 * 2, // 2λη₀τ
	}
}

// No prose states a number that neither an output has, whole, nor an expression gives, and no cell prints a number as a
// result that stands in its own text: what is printed goes through a verb.
func TestEveryNumberIsComputed(t *testing.T) {
	aside := regexp.MustCompile("(?m)^#.*$|[Ss]ections? \\d\\.\\d+( to \\d\\.\\d+)?|arXiv\\S+|`--[^`]*`") // headings, references, and settings to try
	verb := regexp.MustCompile(`%[-+# 0]*[\d*]*(\.\d+)?[a-zA-Z%]`)
	expressions := derived(t)
	used := map[string]bool{}
	for name, nb := range notebooks(t) {
		known := map[string]bool{}
		for _, c := range nb.Code() {
			for _, number := range decimals(shown(c)) {
				known[number] = true
			}
			for _, text := range literals(string(c.Source)) {
				for _, number := range decimals(verb.ReplaceAllString(text, "")) {
					require.Contains(t, choices, number, "%s: a cell prints %q, which it has not computed", name, text)
				}
			}
		}
		for _, c := range nb.Cells {
			if c.Type != "markdown" {
				continue
			}
			for _, number := range decimals(aside.ReplaceAllString(string(c.Source), "")) {
				place := name[:2] + " " + c.ID() + " " + number
				value, ok := expressions[place] // even if a cell prints the same number of something else
				if !ok {
					assert.True(t, known[number], "%s, cell %s: no cell prints %s", name, c.ID(), number)
					continue
				}
				used[place] = true
				mantissa, power, _ := strings.Cut(number, "e")
				exponent, _ := strconv.Atoi(power)
				stated, err := strconv.ParseFloat(mantissa, 64)
				require.NoError(t, err)
				_, digits, _ := strings.Cut(mantissa, ".")
				require.InDelta(t, value/math.Pow10(exponent), stated, 0.5*math.Pow10(-len(digits))*(1+1e-9), place)
			}
		}
	}
	for place := range expressions {
		assert.True(t, used[place], "no text needs this expression: %s", place)
	}
}

// shown is all the text of a cell's outputs.
func shown(c notebook.Cell) string {
	var b strings.Builder
	for _, o := range c.Outputs {
		plain, _ := o.As("text/plain")
		markdown, _ := o.As("text/markdown")
		b.WriteString(string(o.Text) + "\n" + plain + "\n" + markdown + "\n")
	}
	return b.String()
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
