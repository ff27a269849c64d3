package lab

import (
	"regexp"
	"strings"
)

// printable replaces what no text may hold: bytes that are not UTF-8, and NUL.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// negative is a number below 0 in a text. The hyphens of 10-fold, 2026-01-01, 1e-3 and --set x=-1 are none.
var negative = regexp.MustCompile(`(^|[^\w\pL.=/-])-(\d+(?:\.\d+)?(?:e[-+]\d+)?)`)

// withMinus writes numbers below 0 with a minus sign, and those that are rounded to 0 without one.
func withMinus(text string) string {
	return negative.ReplaceAllStringFunc(text, func(match string) string {
		before, number, _ := strings.Cut(match, "-")
		if strings.Trim(number, "0.") == "" {
			return before + number
		}
		return before + "−" + number
	})
}

// Everything that the lab writes as Markdown passes here, so that text stays text:
// HTML, links, code and the bars of a table have no meaning, whoever renders it.
// Emphasis (**bold**) and math between dollars keep theirs.
var (
	asText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "[", "&#91;", "]", "&#93;",
		"`", "&#96;", "|", "&#124;", "\r", " ", "\n", " ")
	// A formula cannot hold entities. It is rendered by TeX's commands, or as text if
	// a renderer does not take it for a formula.
	asMath = strings.NewReplacer("](", "]{}(", "`", "'", "|", `\vert `, `\href`, `\text`, `\url`, `\text`, "\r", " ", "\n", " ")
	tag    = regexp.MustCompile(`<([A-Za-z/!?])`)
)

// markdown returns Markdown that shows s.
func markdown(s string) string {
	var b strings.Builder
	parts := splitMath(printable(s))
	for i, part := range parts {
		if i%2 == 0 {
			b.WriteString(asText.Replace(part))
		} else {
			b.WriteString("$" + tag.ReplaceAllString(asMath.Replace(part), `\lt $1`) + "$")
		}
	}
	return b.String()
}

// splitMath splits s at the dollars of its formulas: every second part is one. A
// dollar after a backslash, or without a partner, is text.
func splitMath(s string) []string {
	parts, from, open := []string{}, 0, -1
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '$' && open < 0:
			open = i
		case s[i] == '$':
			parts = append(parts, s[from:open], s[open+1:i])
			from, open = i+1, -1
		}
	}
	return append(parts, s[from:])
}
