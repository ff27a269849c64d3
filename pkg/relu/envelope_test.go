package relu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where a quadratic is below another, for every sign of every coefficient, is where its values are.
func TestBelow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 13))
	signs := []float64{-1, 0, 1}
	for range 20 {
		for _, a := range signs {
			for _, b := range signs {
				for _, c := range signs {
					p := &quadratic{a: rng.NormFloat64(), b: rng.NormFloat64(), c: rng.NormFloat64()}
					q := &quadratic{a: p.a + a*rng.Float64(), b: p.b + b*rng.Float64(), c: p.c + c*rng.Float64()}
					spans := q.below(p, []span{{-9, -4}, {-1, 0.5}, {1, 20}})
					for range 50 {
						v := -10 + 31*rng.Float64()
						d := q.at(v) - p.at(v)
						if d < 1e-12 && d > -1e-12 {
							continue // too near to tell
						}
						inside := v > -9 && v < -4 || v > -1 && v < 0.5 || v > 1 && v < 20
						found := false
						for _, s := range spans {
							found = found || v > s.from && v < s.to
						}
						require.Equal(t, inside && d < 0, found, "%+v below %+v at %v: %v", q, p, v, spans)
					}
				}
			}
		}
	}
}

// Quadratics that are equal but for rounding are kept once.
func TestEnvelopeOfCopies(t *testing.T) {
	var all []*quadratic
	for i := range 50 {
		all = append(all, &quadratic{a: 1 + float64(i%7)*epsilon, b: -1, c: 3 + float64(i%5)*4*epsilon})
	}
	require.Len(t, envelope(all, 5, new(int)), 1)
}

// A point alone on a piece is met whatever the value at the piece's end, if the other end is free.
func TestExtendByOnePoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 14))
	for range 100 {
		c := newCost([]float64{rng.Float64()}, []float64{rng.NormFloat64()}, 0, 1, false)
		q := (&quadratic{}).extend(c, 1)
		require.Zero(t, q.a)
		require.Zero(t, q.b)
		require.InDelta(t, 0, q.c, 1e-14)
	}
}

// A search ends when it has made too many tries, and not before.
func TestASearchEnds(t *testing.T) {
	xs, ys := make([]float64, 40), make([]float64, 40)
	rng := rand.New(rand.NewPCG(1, 15))
	for i := range xs {
		xs[i], ys[i] = float64(i), rng.NormFloat64()
	}
	made := 0
	require.NotNil(t, search(xs, ys, xs, 3, &made))
	require.Positive(t, made)
	begun := mostTries - made
	require.NotNil(t, search(xs, ys, xs, 3, &begun))
	begun = mostTries - made + 1
	require.Nil(t, search(xs, ys, xs, 3, &begun))
}
