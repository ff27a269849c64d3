package exercise

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBatchStep(t *testing.T) {
	step := func(scale func(b, n int) float64, residual func(dot, y float64) float64, at func(theta, old []float64) []float64) func([]float64, [][]float64, []float64, []int, float64) []float64 {
		return func(theta []float64, features [][]float64, targets []float64, batch []int, lr float64) []float64 {
			old := []float64{theta[0], theta[1]}
			for _, i := range batch {
				x, now := features[i], at(theta, old)
				off := residual(x[0]*now[0]+x[1]*now[1], targets[i])
				for j := range theta {
					theta[j] -= lr * scale(len(batch), len(features)) * off * x[j]
				}
			}
			return theta
		}
	}
	mean := func(b, n int) float64 { return 1 / float64(b) }
	less := func(dot, y float64) float64 { return dot - y }
	fixed := func(theta, old []float64) []float64 { return old }
	require.NoError(t, BatchStep(step(mean, less, fixed)))
	for name, wrong := range map[string]func([]float64, [][]float64, []float64, []int, float64) []float64{
		"sums":             step(func(b, n int) float64 { return 1 }, less, fixed),
		"divides by n":     step(func(b, n int) float64 { return 1 / float64(n) }, less, fixed),
		"ascends":          step(mean, func(dot, y float64) float64 { return y - dot }, fixed),
		"forgets targets":  step(mean, func(dot, y float64) float64 { return dot }, fixed),
		"moves in between": step(mean, less, func(theta, old []float64) []float64 { return theta }),
		"twice":            step(func(b, n int) float64 { return 2 / float64(b) }, less, fixed),
		"stays":            func(theta []float64, _ [][]float64, _ []float64, _ []int, _ float64) []float64 { return theta },
		"takes all": func(theta []float64, features [][]float64, targets []float64, _ []int, lr float64) []float64 {
			return step(mean, less, fixed)(theta, features, targets, []int{0, 1, 2, 3}, lr)
		},
	} {
		require.Error(t, BatchStep(wrong), name)
	}
	require.ErrorContains(t, BatchStep(step(mean, less, func(theta, old []float64) []float64 { return theta })), "[3 0]", "the case is said")
}

func TestNoiseScale(t *testing.T) {
	scale := func(of func(trace, square, n float64) float64) func([][]float64) float64 {
		return func(g [][]float64) float64 {
			n, d := float64(len(g)), len(g[0])
			mean, trace, square := make([]float64, d), 0.0, 0.0
			for _, row := range g {
				for j, x := range row {
					mean[j] += x / n
				}
			}
			for j, m := range mean {
				square += m * m
				for _, row := range g {
					trace += (row[j] - m) * (row[j] - m) / n
				}
			}
			return of(trace, square, n)
		}
	}
	require.NoError(t, NoiseScale(scale(func(trace, square, n float64) float64 { return trace / square })))
	for name, wrong := range map[string]func(trace, square, n float64) float64{
		"upside down":   func(trace, square, n float64) float64 { return square / trace },
		"no square":     func(trace, square, n float64) float64 { return trace / math.Sqrt(square) },
		"root":          func(trace, square, n float64) float64 { return math.Sqrt(trace / square) },
		"about 0":       func(trace, square, n float64) float64 { return (trace + square) / square },
		"of the sample": func(trace, square, n float64) float64 { return trace * n / (n - 1) / square },
		"noise alone":   func(trace, square, n float64) float64 { return trace },
		"of the sum":    func(trace, square, n float64) float64 { return trace * n / square },
		"nothing":       func(trace, square, n float64) float64 { return 0 },
	} {
		require.Error(t, NoiseScale(scale(wrong)), name)
	}
}

func TestEpoch(t *testing.T) {
	cut := func(order func(n int, rng *rand.Rand) []int) func(n, b int, rng *rand.Rand) [][]int {
		return func(n, b int, rng *rand.Rand) (all [][]int) {
			p := order(n, rng)
			for i := 0; i < n; i += b {
				all = append(all, p[i:i+b])
			}
			return all
		}
	}
	shuffled := func(n int, rng *rand.Rand) []int { return rng.Perm(n) }
	for seed := range uint64(20) { // a right answer is right whatever it draws
		own := rand.New(rand.NewPCG(seed, seed))
		require.NoError(t, Epoch(cut(func(n int, _ *rand.Rand) []int { return own.Perm(n) })), seed)
	}
	for name, wrong := range map[string]func(n, b int, rng *rand.Rand) [][]int{
		"nothing": func(n, b int, rng *rand.Rand) [][]int { return nil },
		"in order": cut(func(n int, _ *rand.Rand) []int {
			return rand.New(rand.NewPCG(1, 1)).Perm(n)
		}),
		"with replacement": cut(func(n int, rng *rand.Rand) []int {
			p := rng.Perm(n)
			for i := range p {
				p[i] = rng.IntN(n)
			}
			return p
		}),
		"each batch anew": func(n, b int, rng *rand.Rand) (all [][]int) {
			for range n / b {
				all = append(all, rng.Perm(n)[:b])
			}
			return all
		},
		"a batch too few": func(n, b int, rng *rand.Rand) [][]int { return cut(shuffled)(n, b, rng)[1:] },
		"one batch":       func(n, b int, rng *rand.Rand) [][]int { return [][]int{rng.Perm(n)} },
		"from 1": cut(func(n int, rng *rand.Rand) []int {
			p := rng.Perm(n)
			for i := range p {
				p[i]++
			}
			return p
		}),
		"turned, not shuffled": cut(func(n int, rng *rand.Rand) []int {
			p, by := rng.Perm(n), rng.IntN(2)
			for i := range p {
				p[i] = (i + by) % n
			}
			return p
		}),
	} {
		require.Error(t, Epoch(wrong), name)
	}
}

func TestGrowth(t *testing.T) {
	growth := func(of func(x, lr float64) (square, typical float64)) func([]float64, float64) (float64, float64) {
		return func(xs []float64, lr float64) (square, typical float64) {
			for _, x := range xs {
				s, l := of(x, lr)
				square, typical = square+s/float64(len(xs)), typical+l/float64(len(xs))
			}
			return square, typical
		}
	}
	factor := func(x, lr float64) float64 { return 1 - lr*x*x }
	require.NoError(t, Growth(growth(func(x, lr float64) (float64, float64) {
		return math.Pow(factor(x, lr), 2), math.Log(math.Abs(factor(x, lr)))
	})))
	for name, wrong := range map[string]func(x, lr float64) (float64, float64){
		"of x":      func(x, lr float64) (float64, float64) { return math.Pow(1-lr*x, 2), math.Log(math.Abs(1 - lr*x)) },
		"no square": func(x, lr float64) (float64, float64) { return factor(x, lr), math.Log(math.Abs(factor(x, lr))) },
		"no size":   func(x, lr float64) (float64, float64) { return math.Pow(factor(x, lr), 2), math.Log(factor(x, lr)) },
		"swapped": func(x, lr float64) (float64, float64) {
			return math.Log(math.Abs(factor(x, lr))), math.Pow(factor(x, lr), 2)
		},
		"log of square": func(x, lr float64) (float64, float64) {
			return math.Pow(factor(x, lr), 2), 2 * math.Log(math.Abs(factor(x, lr)))
		},
		"nothing": func(x, lr float64) (float64, float64) { return 1, 0 },
	} {
		require.Error(t, Growth(growth(wrong)), name)
	}
	require.Error(t, Growth(func(xs []float64, lr float64) (float64, float64) { // of the mean x²
		mean := 0.0
		for _, x := range xs {
			mean += x * x / float64(len(xs))
		}
		return math.Pow(1-lr*mean, 2), math.Log(math.Abs(1 - lr*mean))
	}))
}
