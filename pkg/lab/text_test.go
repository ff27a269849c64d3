package lab

import (
	"html"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"descent.example/internal/brief"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMinusSigns(t *testing.T) {
	for text, want := range map[string]string{
		"slope -0.50 (-0.61 … -0.40)":     "slope −0.50 (−0.61 … −0.40)",
		"-2.5e-05":                        "−2.5e-05",
		"b^-1.00":                         "b^−1.00",
		"-0.00 and -0":                    "0.00 and 0",
		"0-1 loss, 2026-01-02, x-1, 1e-3": "0-1 loss, 2026-01-02, x-1, 1e-3",
		"lab run --set 1.3.x=-1, data/-1": "lab run --set 1.3.x=-1, data/-1",
		"β-2, a well-kept one, - and -x":  "β-2, a well-kept one, - and -x",
	} {
		assert.Equal(t, want, withMinus(text))
	}
}

func TestRow(t *testing.T) {
	assert.Equal(t, []string{"0.5", "a|b", "50 %"}, Row("%g | %s | %.0f %%", 0.5, "a|b", 50.0))
	assert.Equal(t, []string{""}, Row(""))
}

func TestMarkdownShowsTextMathAndEmphasis(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                "plain",
		"**bold** and *it*":    "**bold** and *it*",
		"$\\eta_t^2 < 1$":      "$\\eta_t^2 < 1$",
		"$a<b$":                "$a\\lt b$",
		"$<script>1</script>$": "$\\lt script>1\\lt /script>$",
		"$|x|$ | y":            "$\\vert x\\vert $ &#124; y",
		"a < b & c > d":        "a &lt; b &amp; c &gt; d",
		"5 $ and $6":           "5 $ and $6",
		"5 $":                  "5 $",
		"\\$<b>\\$":            "\\$&lt;b&gt;\\$",
		"<script>1</script>":   "&lt;script&gt;1&lt;/script&gt;",
		"[x](javascript:1)":    "&#91;x&#93;(javascript:1)",
		"`<b>`":                "&#96;&lt;b&gt;&#96;",
		"$[x](javascript:1)$":  "$[x]{}(javascript:1)$",
		"$\\href{u}{x}$":       "$\\text{u}{x}$",
		"two\nlines":           "two lines",
		"bad \xff\x00":         "bad \uFFFD\uFFFD",
	} {
		assert.Equal(t, want, markdown(text), text)
	}
}

// Whatever the text, no renderer can see a tag, a link or code in it; and what is not
// a formula reads as it was written.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"", "$", "$$", "$a$", "\\", "\\$", "a\\", "<img src=x onerror=alert(1)>", "[a](b)", "`$<b>`$", "$\xff$", "&lt;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		shown := markdown(s)
		if strings.ContainsAny(shown, "`|\n\r\x00") || tag.MatchString(shown) || strings.Contains(shown, "](") || !utf8.ValidString(shown) {
			t.Errorf("%q becomes %q", s, shown)
		}
		if !strings.Contains(s, "$") {
			require.NotContains(t, shown, "<")
			require.Equal(t, strings.NewReplacer("\n", " ", "\r", " ").Replace(printable(s)), html.UnescapeString(shown))
		}
	})
}

func FuzzBrief(f *testing.F) {
	f.Add("learning rate η")
	f.Add(strings.Repeat("η\n", 1000))
	f.Add("\xff\x00\x1b[31m")
	f.Fuzz(func(t *testing.T, s string) {
		got := brief.Of(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 300 || strings.ContainsAny(got, "\n\r\x00\x1b") {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}

// Whatever is declared and given, the answer is a value within the bounds or one sentence.
func FuzzParameters(f *testing.F) {
	f.Add("lr", "0.5", "learning rate η", 0.3, 0., 10.)
	f.Add("", "", "", math.NaN(), math.Inf(-1), math.NaN())
	f.Add("n", "1_000", "\x00\n", 1e308, -1e308, 1e308)
	f.Add("help", "--help", "help", 1., 2., 1.)
	f.Add(strings.Repeat("x", 100_000), strings.Repeat("9", 100_000), strings.Repeat("h", 100_000), 1., 0., 2.)
	f.Fuzz(func(t *testing.T, name, text, help string, def, lo, hi float64) {
		sentence := func(err error) {
			if err == nil {
				return
			}
			s := err.Error()
			if s == "" || strings.ContainsAny(s, "\n\x00") || len(s) > 10_000 || !utf8.ValidString(s) {
				t.Errorf("an error that is not one sentence: %.200q", s)
			}
		}
		given := func() *Parameters { return NewParameters(map[string]string{name: text}) }
		bounds := []Option{AtLeast(lo), Below(hi), Unit(help), nil}
		c := given()
		v, err := c.Float(name, def, help, bounds...)
		sentence(err)
		if err == nil && !(v >= lo && v < hi) {
			t.Errorf("%v is not in [%v, %v)", v, lo, hi)
		}
		_, err = given().Int(name, int(def), help, bounds...)
		sentence(err)
		_, err = given().Floats(name, []float64{def, lo}, help, bounds...)
		sentence(err)
		_, err = given().Choice(name, text, help, text, help)
		sentence(err)
		_, err = given().Bool(name, true, help)
		sentence(err)
		sentence(CheckSet(map[string]string{name: text}, c.Declared()))
		_, err = parametersOf([]string{"--" + name + "=" + text, text, "-" + help}, "", "").Float("lr", 1, help)
		sentence(err)
	})
}

func FuzzTable(f *testing.F) {
	f.Add("η", "0.1", "a|b", "\x00\xff\n")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		header, rows := []string{a, b}, [][]string{{c, d}, {a, c}}
		right := []bool{isNumeric(rows, 0), isNumeric(rows, 1)}
		require.Equal(t, 4, strings.Count(markdownTable(header, rows, right), "\n"))
		require.Equal(t, 2, strings.Count(plainTable(header, rows, right), "\n"))
	})
}
