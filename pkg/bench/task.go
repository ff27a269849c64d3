package bench

import (
	"math"
	"math/rand/v2"
)

// Task is a case made concrete: what every contender is given. All numbers fit into float32.
type Task struct {
	X         []float64 `json:"x"`
	Y         []float64 `json:"y"`
	Batches   [][]int   `json:"batches"` // [steps][batch], indices into X
	Optimizer Rule      `json:"optimizer"`
	Rate      float64   `json:"rate"`
	Nets      []Net     `json:"nets"`    // where each net starts
	Workers   int       `json:"workers"` // how many nets may be trained at once
}

// Rule is an optimizer by its name, with its constants.
type Rule struct {
	Name      string             `json:"name"`
	Constants map[string]float64 `json:"constants"`
}

// Net holds the parameters of f(x) = Σ_j a_j·max(0, w_j·x + b_j) + c.
type Net struct {
	HiddenWeights []float64 `json:"hidden_weights"` // w
	HiddenBiases  []float64 `json:"hidden_biases"`  // b
	OutputWeights []float64 `json:"output_weights"` // a
	OutputBiases  []float64 `json:"output_biases"`  // c, one
}

// NewTask makes the data and the starting values of a case. They depend on nothing but the case.
func NewTask(c Case, batches [][]int, workers int) Task {
	t := Task{Batches: batches, Optimizer: Rule{c.Optimizer, Constants(c.Optimizer)}, Rate: c.LR, Workers: workers}
	for i := range c.Points {
		x := single(2*float64(i)/float64(max(c.Points-1, 1)) - 1)
		t.X, t.Y = append(t.X, x), append(t.Y, single(math.Sin(3*x)))
	}
	for i := range c.Nets {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		// PyTorch's usual start: uniform in ±1/√(number of inputs).
		uniform := func(n, inputs int) []float64 {
			values := make([]float64, n)
			for j := range values {
				values[j] = single((2*random.Float64() - 1) / math.Sqrt(float64(inputs)))
			}
			return values
		}
		t.Nets = append(t.Nets, Net{uniform(c.Width, 1), uniform(c.Width, 1), uniform(c.Width, c.Width), uniform(1, c.Width)})
	}
	return t
}

// Loss is ½·mean (f(x) − y)² of a net over all points, in float64. It computes f itself, not by problem.Layers: cmd/lab imports this
// package, and is compiled before the engine that package problem needs.
func (t Task) Loss(n Net) float64 {
	sum := 0.0
	for i, x := range t.X {
		f := n.OutputBiases[0]
		for j, w := range n.HiddenWeights {
			f += n.OutputWeights[j] * max(0, w*x+n.HiddenBiases[j])
		}
		sum += (f - t.Y[i]) * (f - t.Y[i])
	}
	return sum / float64(2*len(t.X))
}

// meanLoss is the mean of Loss over the nets.
func (t Task) meanLoss(nets []Net) float64 {
	sum := 0.0
	for _, n := range nets {
		sum += t.Loss(n)
	}
	return sum / float64(len(nets))
}

func single(x float64) float64 { return float64(float32(x)) }
