// Package brief makes a text of any length and content a part of a sentence.
package brief

import (
	"strings"
	"unicode"
)

// most is how many characters of a text a sentence quotes.
const most = 300

// Of is the text in one line, cut where it is long, without what no text may hold: bytes that are not UTF-8, and control characters.
func Of(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), 4*most)], "\uFFFD")
	s = strings.Join(strings.FieldsFunc(strings.ReplaceAll(s, "\x00", "\uFFFD"), unicode.IsControl), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}
