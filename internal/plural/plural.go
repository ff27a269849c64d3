// Package plural writes counts.
package plural

import "fmt"

// Of is the count with its noun, "1 cell" or "2 cells", of a noun that forms its plural with s.
func Of(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
