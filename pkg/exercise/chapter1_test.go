package exercise

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

func TestDescentStep(t *testing.T) {
	step := func(change func(theta, g, lr float64) float64) func([]float64, []float64, float64) []float64 {
		return func(theta, g []float64, lr float64) []float64 {
			for i := range theta {
				theta[i] = change(theta[i], g[i], lr)
			}
			return theta
		}
	}
	require.NoError(t, DescentStep(step(func(theta, g, lr float64) float64 { return theta - lr*g })))
	for name, change := range map[string]func(theta, g, lr float64) float64{
		"stays":      func(theta, g, lr float64) float64 { return theta },
		"ascends":    func(theta, g, lr float64) float64 { return theta + lr*g },
		"no rate":    func(theta, g, lr float64) float64 { return theta - g },
		"only rate":  func(theta, g, lr float64) float64 { return theta - lr },
		"only moves": func(theta, g, lr float64) float64 { return -lr * g },
	} {
		require.Error(t, DescentStep(step(change)), name)
	}
	require.Error(t, DescentStep(func(theta, g []float64, lr float64) []float64 { return nil }))
	require.ErrorContains(t, DescentStep(step(func(theta, g, lr float64) float64 { return theta })), "(0.7, 2.4)", "the case and what is right are said")
}

func TestLargestRate(t *testing.T) {
	bisect := func(diverges func(float64) bool, low, high float64, while func(low, high float64, k int) bool) float64 {
		for k := 0; while(low, high, k); k++ {
			if middle := (low + high) / 2; diverges(middle) {
				high = middle
			} else {
				low = middle
			}
		}
		return low
	}
	narrow := func(low, high float64, _ int) bool { return high-low > 1e-4*low }
	require.NoError(t, LargestRate(func(d func(float64) bool, low, high float64) float64 { return bisect(d, low, high, narrow) }))
	for name, wrong := range map[string]func(d func(float64) bool, low, high float64) float64{
		"the stub":   func(_ func(float64) bool, low, _ float64) float64 { return low },
		"the middle": func(_ func(float64) bool, low, high float64) float64 { return (low + high) / 2 },
		"the other": func(d func(float64) bool, low, high float64) float64 {
			return bisect(func(x float64) bool { return !d(x) }, low, high, narrow)
		},
		"ends early": func(d func(float64) bool, low, high float64) float64 {
			return bisect(d, low, high, func(low, high float64, _ int) bool { return high-low > 0.01 })
		},
		"a few halves": func(d func(float64) bool, low, high float64) float64 {
			return bisect(d, low, high, func(_, _ float64, k int) bool { return k < 8 })
		},
		"a scan": func(d func(float64) bool, low, high float64) float64 {
			for !d(low) {
				low *= 1.0005
			}
			return low
		},
		"not a number": func(func(float64) bool, float64, float64) float64 { return math.NaN() },
	} {
		require.Error(t, LargestRate(wrong), name)
	}
}

func TestTopCurvature(t *testing.T) {
	iterate := func(start func(i int) float64, steps int) func(product func([]float64) []float64, d int) float64 {
		return func(product func([]float64) []float64, d int) (lambda float64) {
			v := make([]float64, d)
			for i := range v {
				v[i] = start(i)
			}
			for range steps {
				length := floats.Norm(v, 2)
				floats.Scale(1/length, v)
				v = product(v)
				lambda = floats.Norm(v, 2)
			}
			return lambda
		}
	}
	require.NoError(t, TopCurvature(iterate(func(i int) float64 { return math.Cos(float64(i)) }, 100)))
	require.NoError(t, TopCurvature(iterate(func(i int) float64 { return float64(i + 1) }, 100)))
	for name, wrong := range map[string]func(product func([]float64) []float64, d int) float64{
		"the stub":             func(func([]float64) []float64, int) float64 { return 0 },
		"starts at ones":       iterate(func(int) float64 { return 1 }, 100),
		"starts along an axis": iterate(func(i int) float64 { return float64(1 - min(i, 1)) }, 100),
		"one product":          iterate(func(i int) float64 { return math.Cos(float64(i)) }, 1),
		"never scales": func(p func([]float64) []float64, d int) float64 {
			v := make([]float64, d)
			v[0] = 1
			return floats.Norm(p(p(v)), 2)
		},
		"a start of zeros":        iterate(func(int) float64 { return 0 }, 10),
		"the trace":               func(p func([]float64) []float64, d int) (sum float64) { return trace(p, d) },
		"returns too few entries": func(p func([]float64) []float64, d int) float64 { return floats.Norm(p(nil), 2) },
	} {
		require.Error(t, TopCurvature(wrong), name)
	}
}

func trace(product func([]float64) []float64, d int) (sum float64) {
	for i := range d {
		unit := make([]float64, d)
		unit[i] = 1
		sum += product(unit)[i]
	}
	return sum
}

func TestProximalStep(t *testing.T) {
	step := func(change func(moved, most float64) float64) func(theta, g []float64, lr, rho float64) []float64 {
		return func(theta, g []float64, lr, rho float64) []float64 {
			for i := range theta {
				theta[i] = change(theta[i]-lr*g[i], lr*rho)
			}
			return theta
		}
	}
	require.NoError(t, ProximalStep(step(func(moved, most float64) float64 { return moved - max(-most, min(most, moved)) })))
	require.NoError(t, ProximalStep(step(func(moved, most float64) float64 { return math.Copysign(max(math.Abs(moved)-most, 0), moved) })))
	for name, change := range map[string]func(moved, most float64) float64{
		"no penalty":      func(moved, most float64) float64 { return moved },
		"jumps across 0":  func(moved, most float64) float64 { return moved - math.Copysign(most, moved) },
		"wrong direction": func(moved, most float64) float64 { return moved + math.Copysign(most, moved) },
		"ridge":           func(moved, most float64) float64 { return moved * (1 - most) },
		"hard threshold": func(moved, most float64) float64 {
			if math.Abs(moved) <= most {
				return 0
			}
			return moved
		},
		"only positive": func(moved, most float64) float64 { return max(moved-most, 0) },
		"almost 0":      func(moved, most float64) float64 { return math.Copysign(max(math.Abs(moved)-most, 1e-12), moved) },
	} {
		require.Error(t, ProximalStep(step(change)), name)
	}
	require.Error(t, ProximalStep(func(theta, g []float64, lr, rho float64) []float64 { // shrinks before the step, not after
		for i, v := range theta {
			theta[i] = math.Copysign(max(math.Abs(v)-lr*rho, 0), v) - lr*g[i]
		}
		return theta
	}))
	require.Error(t, ProximalStep(func(theta, g []float64, lr, rho float64) []float64 { // forgets the rate
		for i := range theta {
			moved := theta[i] - lr*g[i]
			theta[i] = math.Copysign(max(math.Abs(moved)-rho, 0), moved)
		}
		return theta
	}))
	require.ErrorContains(t, ProximalStep(step(func(moved, most float64) float64 { return moved })), "it should return (0.8, -0.8)")
}
