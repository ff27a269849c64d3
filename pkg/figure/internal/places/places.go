// Package places reads the polylines of an SVG, for tests.
package places

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	line   = regexp.MustCompile(`M(` + each + `) ?(` + each + `)l([-. \d]*)`)
	number = regexp.MustCompile(each)
)

const each = `-?(?:\d+(?:\.\d+)?|\.\d+)` // as SVG 2 separates numbers

// Of returns the SVG with all places of its polylines, "M1 2L3 4", in place of differences, "M1 2l2 2".
func Of(svg string) string {
	return line.ReplaceAllStringFunc(svg, func(text string) string {
		parts := line.FindStringSubmatch(text)
		x, y := value(parts[1]), value(parts[2])
		var b strings.Builder
		fmt.Fprintf(&b, "M%s %s", parts[1], parts[2])
		by := number.FindAllString(parts[3], -1)
		for i := 0; i+1 < len(by); i += 2 {
			x, y = x+value(by[i]), y+value(by[i+1])
			fmt.Fprintf(&b, "L%v %v", tenths(x), tenths(y))
		}
		return b.String()
	})
}

func value(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64) // a number by the expression above
	return v
}

func tenths(v float64) float64 { return math.Round(10*v) / 10 }
