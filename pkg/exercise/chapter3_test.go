package exercise

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunningMean(t *testing.T) {
	answer := func(change func(mean, theta, n float64) float64) func(mean, theta []float64, n int) []float64 {
		return func(mean, theta []float64, n int) []float64 {
			for i := range mean {
				mean[i] = change(mean[i], theta[i], float64(n))
			}
			return mean
		}
	}
	require.NoError(t, RunningMean(answer(func(mean, theta, n float64) float64 { return mean + (theta-mean)/n })))
	require.NoError(t, RunningMean(answer(func(mean, theta, n float64) float64 { return (mean*(n-1) + theta) / n })))
	for name, change := range map[string]func(mean, theta, n float64) float64{
		"stays":           func(mean, theta, n float64) float64 { return mean },
		"the last":        func(mean, theta, n float64) float64 { return theta },
		"one too many":    func(mean, theta, n float64) float64 { return mean + (theta-mean)/(n+1) },
		"half and half":   func(mean, theta, n float64) float64 { return (mean + theta) / 2 },
		"a sum":           func(mean, theta, n float64) float64 { return mean + theta },
		"adds a fraction": func(mean, theta, n float64) float64 { return mean + theta/n },
	} {
		require.Error(t, RunningMean(answer(change)), name)
	}
	require.Error(t, RunningMean(func(mean, theta []float64, n int) []float64 { return nil }))
	require.ErrorContains(t, RunningMean(answer(func(mean, theta, n float64) float64 { return mean })), "the new mean is (3, -1)")
}

func TestWarmUpCosine(t *testing.T) {
	cosine := func(s, peak float64) float64 { return peak * (1 + math.Cos(math.Pi*s)) / 2 }
	right := func(t, warm, steps int, peak float64) float64 {
		if t < warm {
			return peak * float64(t) / float64(warm)
		}
		return cosine(float64(t-warm)/float64(steps-warm), peak)
	}
	require.NoError(t, WarmUpCosine(right))
	for name, wrong := range map[string]func(t, warm, steps int, peak float64) float64{
		"constant":   func(t, warm, steps int, peak float64) float64 { return peak },
		"no warm-up": func(t, warm, steps int, peak float64) float64 { return cosine(float64(t)/float64(steps), peak) },
		"cosine too early": func(t, warm, steps int, peak float64) float64 {
			return min(right(t, warm, steps, peak), cosine(float64(t)/float64(steps), peak))
		},
		"ends too late": func(t, warm, steps int, peak float64) float64 {
			if t < warm {
				return right(t, warm, steps, peak)
			}
			return cosine(float64(t-warm)/float64(steps), peak)
		},
		"whole numbers": func(t, warm, steps int, peak float64) float64 {
			if t < warm {
				return peak * float64(t/warm)
			}
			return cosine(float64((t-warm)/(steps-warm)), peak)
		},
		"linear": func(t, warm, steps int, peak float64) float64 {
			if t < warm {
				return right(t, warm, steps, peak)
			}
			return peak * float64(steps-t) / float64(steps-warm)
		},
		"one step early": func(t, warm, steps int, peak float64) float64 { return right(t+1, warm, steps, peak) },
	} {
		require.Error(t, WarmUpCosine(wrong), name)
	}
}

func TestAdaGrad(t *testing.T) {
	answer := func(sum func(s, g float64) float64, move func(lr, g, s float64) float64) func(theta, g, s []float64, lr float64) []float64 {
		return func(theta, g, s []float64, lr float64) []float64 {
			for i := range g {
				s[i] = sum(s[i], g[i])
				theta[i] -= move(lr, g[i], s[i])
			}
			return theta
		}
	}
	square := func(s, g float64) float64 { return s + g*g }
	root := func(lr, g, s float64) float64 { return lr * g / (math.Sqrt(s) + 1e-8) }
	require.NoError(t, AdaGrad(answer(square, root)))
	require.Error(t, AdaGrad(answer(func(s, g float64) float64 { return 0.9*s + 0.1*g*g }, root)), "RMSProp")
	require.Error(t, AdaGrad(answer(func(s, g float64) float64 { return s + g }, root)), "no square")
	require.Error(t, AdaGrad(answer(func(s, g float64) float64 { return g * g }, root)), "forgets")
	require.Error(t, AdaGrad(answer(square, func(lr, g, s float64) float64 { return lr * g / (s + 1e-8) })), "no root")
	require.Error(t, AdaGrad(answer(square, func(lr, g, s float64) float64 { return -root(lr, g, s) })), "ascends")
	require.Error(t, AdaGrad(answer(square, func(lr, g, s float64) float64 { return lr * g })), "plain SGD")
	require.Error(t, AdaGrad(answer(square, func(lr, g, s float64) float64 { return root(1, g, s) })), "no rate")
	require.Error(t, AdaGrad(func(theta, g, s []float64, lr float64) []float64 { return theta }), "stays")
	require.Error(t, AdaGrad(func(theta, g, s []float64, lr float64) []float64 { // divides by the old sum
		for i := range g {
			theta[i] -= lr * g[i] / (math.Sqrt(s[i]) + 1e-8)
			s[i] += g[i] * g[i]
		}
		return theta
	}))
}
