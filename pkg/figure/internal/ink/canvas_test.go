package ink

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/figure/internal/places"
)

// Numbers, but for those of polylines, are those that strconv rounds, in the middle between two as well.
func TestNumbersAreRoundedExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []float64{0, math.Copysign(0, -1), 0.05, 0.15, 0.25, -0.25, 0.95, 9.95, -0.04, -0.05, 1e9, -3e12, 0.005, 100.125, 0.0625, 1e8 + 0.05,
		math.Inf(-1), math.NaN(), math.MaxFloat64, -math.SmallestNonzeroFloat64, 1<<46 + 1.0/32}
	for range 20_000 {
		v := (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(8)))
		values = append(values, v, math.Round(v*20)/20, math.Round(v*200)/200, math.Nextafter(math.Round(v*20)/20, 0))
	}
	for _, v := range values {
		for decimals := range 3 {
			want := strconv.FormatFloat(v, 'f', decimals, 64)
			if strings.Contains(want, ".") {
				want = strings.TrimRight(strings.TrimRight(want, "0"), ".")
			}
			if want == "-0" {
				want = "0"
			}
			require.Equal(t, want, num(v, decimals), "%v with %d decimals", v, decimals)
		}
	}
}

// A polyline written by differences leads through the same places as its points, each to a twentieth of a pixel.
func TestALineLeadsThroughItsPoints(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		points := []Point{{float64(r.IntN(3) - 1), float64(99 + r.IntN(3))}} // at the corner and outside, too
		for range r.IntN(300) {
			points = append(points, Point{
				points[len(points)-1].X + math.Round(100*r.NormFloat64())/100,
				points[len(points)-1].Y + 10*r.NormFloat64()*float64(r.IntN(2)),
			})
		}
		c := svgCanvas{h: 100}
		c.line(points)
		var through []Point
		for _, place := range strings.FieldsFunc(places.Of(string(c.buf)), func(r rune) bool { return r == 'M' || r == 'L' }) {
			var q Point
			_, err := fmt.Sscan(place, &q.X, &q.Y)
			require.NoError(t, err)
			through = append(through, Point{q.X, 100 - q.Y})
		}
		at := 0
		for _, q := range points {
			near := func(p Point) bool { return math.Abs(p.X-q.X) < 0.0501 && math.Abs(p.Y-q.Y) < 0.0501 }
			if at+1 < len(through) && near(through[at+1]) {
				at++
			}
			require.True(t, near(through[at]), "%v: %s", q, c.buf)
		}
		require.Len(t, through, at+1)
	}
}
