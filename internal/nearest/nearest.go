// Package nearest finds what a mistyped name was meant to be.
package nearest

import (
	"fmt"
	"strings"
)

// DidYouMean is the sentence that proposes the name nearest to a mistyped one, or "".
// prefix stands before what is proposed.
func DidYouMean(prefix, name string, names []string) string {
	if len(name) > 128 { // nobody mistypes that
		return ""
	}
	best, found := 1+len(name)/3, "" // about one slip in three letters
	for _, known := range names {
		if d := editDistance(strings.ToLower(name), strings.ToLower(known)); d < best || d == best && found == "" {
			best, found = d, known
		}
	}
	if found == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %s%s?", prefix, found)
}

// editDistance is Levenshtein's: how many letters to insert, delete or replace.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
