package exercise

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/relu"
)

func TestUnitBackward(t *testing.T) {
	type rule = func(x, w, b, v, fromRight float64) (dw, db, dv, dx float64)
	right := func(x, w, b, v, r float64) (dw, db, dv, dx float64) {
		if z := w*x + b; z > 0 {
			return r * v * x, r * v, r * z, r * v * w
		}
		return 0, 0, 0, 0
	}
	require.NoError(t, UnitBackward(right))
	for name, wrong := range map[string]rule{
		"nothing": func(x, w, b, v, r float64) (dw, db, dv, dx float64) { return 0, 0, 0, 0 },
		"never off": func(x, w, b, v, r float64) (dw, db, dv, dx float64) {
			return r * v * x, r * v, r * (w*x + b), r * v * w
		},
		"dv not off": func(x, w, b, v, r float64) (dw, db, dv, dx float64) {
			dw, db, _, dx = right(x, w, b, v, r)
			return dw, db, r * (w*x + b), dx
		},
		"of the output": func(x, w, b, v, r float64) (dw, db, dv, dx float64) { return right(x, w, b, v, 1) },
		"dx is v": func(x, w, b, v, r float64) (dw, db, dv, dx float64) {
			dw, db, dv, _ = right(x, w, b, v, r)
			return dw, db, dv, db
		},
		"dv is x": func(x, w, b, v, r float64) (dw, db, dv, dx float64) {
			dw, db, _, dx = right(x, w, b, v, r)
			return dw, db, r * x, dx
		},
		"on where x is": func(x, w, b, v, r float64) (dw, db, dv, dx float64) {
			if x > 0 {
				return r * v * x, r * v, r * (w*x + b), r * v * w
			}
			return 0, 0, 0, 0
		},
	} {
		require.Error(t, UnitBackward(wrong), name)
	}
	require.ErrorContains(t, UnitBackward(func(x, w, b, v, r float64) (dw, db, dv, dx float64) { return 0, 0, 0, 0 }), "your dw is 0; it should be 6")
}

func TestPlateau(t *testing.T) {
	right := []relu.Elbow{{V: 1, W: 1, B: -1}, {V: -1, W: 1, B: -2}, {V: -1, W: 1, B: -3}, {V: 1, W: 1, B: -4}}
	require.NoError(t, Plateau(func() []relu.Elbow { return right }))
	require.NoError(t, Plateau(func() []relu.Elbow {
		return []relu.Elbow{{V: 0.5, W: 2, B: -2}, {V: -1, W: 1, B: -2}, {V: -1, W: 1, B: -3}, {V: 1, W: 1, B: -4}}
	}), "another scale")
	for name, wrong := range map[string][]relu.Elbow{
		"none":          nil,
		"does not stop": right[:3],
		"a tent":        {{V: 1, W: 1, B: -1}, {V: -2, W: 1, B: -2}, {V: 1, W: 1, B: -3}},
		"shifted":       {{V: 1, W: 1, B: 1}, {V: -1, W: 1, B: 2}, {V: -1, W: 1, B: 3}, {V: 1, W: 1, B: 4}},
		"upside down":   {{V: -1, W: 1, B: -1}, {V: 1, W: 1, B: -2}, {V: 1, W: 1, B: -3}, {V: -1, W: 1, B: -4}},
	} {
		require.Error(t, Plateau(func() []relu.Elbow { return wrong }), name)
	}
}

func TestPieces(t *testing.T) {
	right := func(m, length, allowed float64) float64 { return length * math.Sqrt(m/(8*allowed)) }
	require.NoError(t, Pieces(func(m, length, allowed float64) int { return int(math.Ceil(right(m, length, allowed))) }))
	require.NoError(t, Pieces(func(m, length, allowed float64) int {
		d := 1
		for m*math.Pow(length/float64(d), 2)/8 > allowed {
			d++
		}
		return d
	}))
	for name, wrong := range map[string]func(m, length, allowed float64) int{
		"one":       func(m, length, allowed float64) int { return 1 },
		"rounds":    func(m, length, allowed float64) int { return int(math.Round(right(m, length, allowed))) },
		"cuts":      func(m, length, allowed float64) int { return int(right(m, length, allowed)) },
		"no length": func(m, length, allowed float64) int { return int(math.Ceil(right(m, 1, allowed))) },
		"no root":   func(m, length, allowed float64) int { return int(math.Ceil(length * m / (8 * allowed))) },
		"no eighth": func(m, length, allowed float64) int { return int(math.Ceil(right(8*m, length, allowed))) },
		"no ε":      func(m, length, allowed float64) int { return int(math.Ceil(right(m, length, 1))) },
	} {
		require.Error(t, Pieces(wrong), name)
	}
	require.ErrorContains(t, Pieces(func(m, length, allowed float64) int { return 1 }), "it should be 23, because 23 pieces have the bound")
}

func TestFromTheRight(t *testing.T) {
	write := func(w float64, weight func(next, slope float64) float64, constant func(ys []float64) float64) func(xs, ys []float64) ([]relu.Elbow, float64) {
		return func(xs, ys []float64) (elbows []relu.Elbow, c float64) {
			slope := 0.0
			for i := len(xs) - 1; i > 0; i-- {
				next := (ys[i-1] - ys[i]) / (xs[i] - xs[i-1])
				elbows = append(elbows, relu.Elbow{W: w, B: -w * xs[i], V: weight(next, slope)})
				slope = next
			}
			return elbows, constant(ys)
		}
	}
	change := func(next, slope float64) float64 { return next - slope }
	last := func(ys []float64) float64 { return ys[len(ys)-1] }
	require.NoError(t, FromTheRight(write(-1, change, last)))
	require.ErrorContains(t, FromTheRight(write(1, change, last)), "has w = 1")
	require.ErrorContains(t, FromTheRight(write(-1, func(next, slope float64) float64 { return next }, last)), "your net gives")
	require.ErrorContains(t, FromTheRight(write(-1, change, func(ys []float64) float64 { return ys[0] })), "at x = 0; it should give 3")
	require.ErrorContains(t, FromTheRight(func(xs, ys []float64) ([]relu.Elbow, float64) { return nil, 0 }), "you return 0 elbows; it should be 1")
	// From the left, with elbows that open to the left: what the loop of the chapter does when only the sign is changed.
	require.Error(t, FromTheRight(func(xs, ys []float64) (elbows []relu.Elbow, c float64) {
		slope := 0.0
		for i := range len(xs) - 1 {
			next := (ys[i+1] - ys[i]) / (xs[i+1] - xs[i])
			elbows = append(elbows, relu.Elbow{W: -1, B: xs[i], V: next - slope})
			slope = next
		}
		return elbows, ys[0]
	}))
}

func TestCrowdedKnots(t *testing.T) {
	graded := func(power float64) func(d int) []float64 {
		return func(d int) (knots []float64) {
			for i := range d + 1 {
				part := math.Pow(math.Abs(2*float64(i)/float64(d)-1), power)
				if 2*i < d {
					knots = append(knots, 0.3-0.3*part)
				} else {
					knots = append(knots, 0.3+0.7*part)
				}
			}
			return knots
		}
	}
	require.NoError(t, CrowdedKnots(graded(4)))
	require.NoError(t, CrowdedKnots(graded(5)), "a matter of taste")
	equal := func(d int) (knots []float64) {
		for i := range d + 1 {
			knots = append(knots, float64(i)/float64(d))
		}
		return knots
	}
	for name, wrong := range map[string]func(d int) []float64{
		"none":              func(int) []float64 { return nil },
		"equal distances":   equal,
		"squares":           graded(2),
		"cubes":             graded(3),
		"one knot too few":  func(d int) []float64 { return graded(4)(d - 1) },
		"the wrong way":     func(d int) []float64 { return graded(0.25)(d) },
		"crowd at the left": func(d int) (k []float64) { return power(equal(d), 4) },
		"too short":         func(d int) (k []float64) { k = graded(4)(d); k[d] = 0.9; return k },
	} {
		require.Error(t, CrowdedKnots(wrong), name)
	}
	require.ErrorContains(t, CrowdedKnots(equal), "for d = 16 your net is off by 0.12 at x = 0.2997; it should be off by 0.02 at most")
}

// power raises each place.
func power(places []float64, to float64) (raised []float64) {
	for _, x := range places {
		raised = append(raised, math.Pow(x, to))
	}
	return raised
}
