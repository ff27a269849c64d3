package exercise

import (
	"testing"

	"github.com/stretchr/testify/require"
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
