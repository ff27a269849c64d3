package ink

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecimationLosesLessThanItsBound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	curves := map[string]func(i int) Point{
		"noise":      func(i int) Point { return Point{float64(i) / 40, 400 * r.Float64()} },
		"sine":       func(i int) Point { return Point{float64(i) / 40, 200 + 200*math.Sin(float64(i)/300)} },
		"spike":      func(i int) Point { return Point{float64(i) / 40, map[bool]float64{true: 400}[i == 777]} },
		"trajectory": func(i int) Point { return Point{300 + 200*math.Cos(float64(i)/50), 200 + 200*math.Sin(float64(i)/77)} },
	}
	require.LessOrEqual(t, decimation, 1.25, "pixels, half a line's width")
	for name, f := range curves {
		pts := make([]Point, 20000)
		for i := range pts {
			pts[i] = f(i)
		}
		got := Decimate(slices.Clone(pts))
		require.Less(t, len(got), len(pts)/3, name)
		require.Equal(t, pts[0], got[0])
		require.Equal(t, pts[len(pts)-1], got[len(got)-1])
		for i := 0; i < len(pts); i += 7 {
			nearest := math.Inf(1)
			for k := 1; k < len(got); k++ {
				nearest = min(nearest, distance(pts[i], got[k-1], got[k]))
			}
			require.LessOrEqual(t, nearest, decimation, "%s, point %d", name, i)
		}
	}
}

func TestFarthest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pts := make([]Point, 30)
	for range 1000 {
		for i := range pts {
			pts[i] = Point{r.Float64(), r.Float64()}
		}
		if r.IntN(5) == 0 {
			pts[29] = pts[0] // a segment that is a point
		}
		far, worst := 0, 0.9
		for i := range pts {
			if d := distance(pts[i], pts[0], pts[29]); d > worst {
				far, worst = i, d
			}
		}
		require.Equal(t, far, farthest(pts, 0, 29, 0.9))
	}
}

// distance of p from the segment ab.
func distance(p, a, b Point) float64 {
	d := b.Sub(a)
	t := 0.0
	if n := d.X*d.X + d.Y*d.Y; n > 0 {
		t = ((p.X-a.X)*d.X + (p.Y-a.Y)*d.Y) / n
	}
	return p.Sub(a.Toward(b, min(max(t, 0), 1))).Length()
}
