package bench

import (
	"math"
	"slices"
	"testing"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	table := Table()
	require.Equal(t, Case{Width: 64, Batch: 32, Points: 256, Steps: 5000, Optimizer: "sgd", LR: 0.05, Nets: 1}, table[0])
	var widths, batches []int
	var optimizers []string
	for i, c := range table {
		require.NoError(t, c.Check())
		require.Equal(t, i, slices.Index(table, c), "no case twice")
		widths, batches, optimizers = append(widths, c.Width), append(batches, c.Batch), append(optimizers, c.Optimizer)
	}
	for _, width := range []int{10, 64, 256, 1024} {
		require.Contains(t, widths, width)
	}
	for _, batch := range []int{8, 32, 256} {
		require.Contains(t, batches, batch)
	}
	require.Subset(t, optimizers, Optimizers)
}

func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*Case){
		"--width … 0 … 1 … 100000":                    func(c *Case) { c.Width = 0 },
		"--points … -1 … 1 … 1000000":                 func(c *Case) { c.Points = -1 },
		"--steps … 0 … 1 … 1000000":                   func(c *Case) { c.Steps = 0 },
		"--nets … 0 … 1 … 1000":                       func(c *Case) { c.Nets = 0 },
		"--batch … 257 … 1 … 256":                     func(c *Case) { c.Batch = 257 },
		"--batch … 0 … 1 … 256":                       func(c *Case) { c.Batch = 0 },
		"--steps … 1000000 … --batch … 32 … 20000000": func(c *Case) { c.Steps = 1_000_000 },
		`--optimizer … "sdg" … sgd, momentum, adam`:   func(c *Case) { c.Optimizer = "sdg" },
		"--lr … 0 … finite … greater than 0":          func(c *Case) { c.LR = 0 },
		"--lr … NaN … finite … greater than 0":        func(c *Case) { c.LR = math.NaN() },
		"--lr … +Inf … finite … greater than 0":       func(c *Case) { c.LR = math.Inf(1) },
	} {
		c := Reference()
		change(&c)
		says.All(t, c.Check(), want)
	}
}

// All contenders get the same numbers: those of float32, and the same for the same case.
func TestTask(t *testing.T) {
	c := Reference()
	c.Nets = 2
	a, b := NewTask(c, nil, 1), NewTask(c, nil, 1)
	require.Equal(t, a, b)
	require.NotEqual(t, a.Nets[0], a.Nets[1])
	require.Equal(t, -1.0, a.X[0])
	require.Equal(t, 1.0, a.X[255])
	n, m := a.Nets[0], a.Nets[1]
	for _, values := range [][]float64{a.X, a.Y, n.HiddenWeights, n.HiddenBiases, m.OutputWeights, m.OutputBiases} {
		for _, v := range values {
			require.Equal(t, float64(float32(v)), v)
		}
	}
	require.InDelta(t, 1, slices.Max(a.Nets[0].HiddenWeights), 0.1)
	require.InDelta(t, -1, slices.Min(a.Nets[0].HiddenWeights), 0.1)
	require.InDelta(t, 1./8, slices.Max(a.Nets[0].OutputWeights), 0.01)

	// f(−1) = 3·max(0, −2 + 1) + 0.5 = 0.5 and f(1) = 3·3 + 0.5 = 9.5, where sin 3x is ∓0.14112.
	small := NewTask(Case{Width: 1, Points: 2, Nets: 1}, nil, 1)
	loss := small.Loss(Net{[]float64{2}, []float64{1}, []float64{3}, []float64{0.5}})
	require.InDelta(t, (math.Pow(0.5+math.Sin(3), 2)+math.Pow(9.5-math.Sin(3), 2))/4, loss, 1e-6)
}
