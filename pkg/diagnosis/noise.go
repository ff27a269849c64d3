package diagnosis

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"descent.example/pkg/memory"
	"descent.example/pkg/stat"
)

// Repeated estimates the variance of the noise from examples with the same input: the squares of what targets differ from
// their group's mean, over the degrees of freedom, with the interval of the χ² distribution, which is exact for normal noise.
// x is [n, d]. It is an error when no input stands there twice, or the sizes or the confidence are wrong.
func Repeated(x *mat.Dense, y []float64, confidence float64) (stat.Interval, error) {
	if err := check(x, y); err != nil {
		return stat.Interval{}, err
	}
	if !(confidence > 0 && confidence < 1) {
		return stat.Interval{}, fmt.Errorf("the confidence is %v: it must be between 0 and 1", confidence)
	}
	order := make([]int, len(y))
	for i := range order {
		order[i] = i
	}
	compare := func(i, j int) int { return slices.Compare(x.RawRowView(i), x.RawRowView(j)) }
	slices.SortStableFunc(order, compare)
	squares, freedom := 0.0, 0
	for i := 0; i < len(order); {
		j := i
		var group []float64
		for ; j < len(order) && compare(order[i], order[j]) == 0; j++ {
			group = append(group, y[order[j]])
		}
		mean := floats.Sum(group) / float64(len(group))
		for _, v := range group {
			squares += (v - mean) * (v - mean)
		}
		freedom += len(group) - 1
		i = j
	}
	if freedom == 0 {
		return stat.Interval{}, fmt.Errorf("no input stands twice among the %d examples: use Neighbours", len(y))
	}
	chi := distuv.ChiSquared{K: float64(freedom)}
	return stat.Interval{Value: squares / float64(freedom), Low: squares / chi.Quantile((1+confidence)/2), High: squares / chi.Quantile((1-confidence)/2)}, nil
}

// Gamma is the Gamma test: half of the mean square difference of targets against the mean square distance of inputs, for the
// k-th nearest neighbors, and the least-squares line through them whose slope is not negative. Its value at no distance estimates
// the variance of the noise.
type Gamma struct {
	Distance, Difference []float64 // δ(k) and γ(k), for k = 1, 2, …
	Slope                float64
	Noise                float64 // not negative
}

// mostPairs of examples are compared in about a minute.
const mostPairs = 1 << 28

// Neighbours estimates the variance of the noise when no input is repeated, by the Gamma test with the k nearest neighbors of
// each example, k at least 2 and less than n; 10 is customary. It supposes that the function is smooth, and that the noise has one
// variance everywhere. There is no interval: neighbors share targets, so the examples cannot be resampled one by one. x is [n, d].
// It is an error when the sizes or k are wrong, or when it would take minutes.
//
// Source: A. Stefánsson, N. Končar and A. J. Jones (1997), "A note on the Gamma test", Neural Computing & Applications 5.
func Neighbours(x *mat.Dense, y []float64, k int) (*Gamma, error) {
	if err := check(x, y); err != nil {
		return nil, err
	}
	n := len(y)
	if k < 2 || k >= n {
		return nil, fmt.Errorf("k is %d: it must be at least 2 and less than the number of examples, %d", k, n)
	}
	if pairs := memory.Bytes(1, n, n+k); pairs > mostPairs {
		return nil, fmt.Errorf("%d examples with %d neighbours take minutes to compare, each with each: take fewer, a random part of them for instance", n, k)
	}
	g := &Gamma{Distance: make([]float64, k), Difference: make([]float64, k)}
	type neighbour struct{ distance, difference float64 }
	for i := range n {
		var all []neighbour
		for j := range n {
			if j != i {
				d := floats.Distance(x.RawRowView(i), x.RawRowView(j), 2)
				all = append(all, neighbour{d * d, (y[i] - y[j]) * (y[i] - y[j]) / 2})
			}
		}
		slices.SortStableFunc(all, func(a, b neighbour) int { return cmp.Compare(a.distance, b.distance) })
		for j := range k {
			g.Distance[j] += all[j].distance / float64(n)
			g.Difference[j] += all[j].difference / float64(n)
		}
	}
	meanX, meanY := floats.Sum(g.Distance)/float64(k), floats.Sum(g.Difference)/float64(k)
	above, below := 0.0, 0.0
	for j := range k {
		above += (g.Distance[j] - meanX) * (g.Difference[j] - meanY)
		below += (g.Distance[j] - meanX) * (g.Distance[j] - meanX)
	}
	if below > 0 {
		g.Slope = max(above/below, 0) // a function does not vary the less the farther one goes
	}
	g.Noise = max(meanY-g.Slope*meanX, 0)
	return g, nil
}

func check(x *mat.Dense, y []float64) error {
	if x == nil || x.IsEmpty() || len(y) < 2 {
		return fmt.Errorf("there are %d targets: at least 2 are needed, with their inputs", len(y))
	}
	if rows, _ := x.Dims(); rows != len(y) {
		return fmt.Errorf("x has %d rows and y %d elements: they must be as many", rows, len(y))
	}
	for i, v := range y {
		for _, v := range append(slices.Clone(x.RawRowView(i)), v) {
			if !finite(v) {
				return fmt.Errorf("example %d has a number that is not finite: replace or remove it", i)
			}
			if lost(math.Abs(v)) {
				return fmt.Errorf("example %d has the number %v, whose square leaves float64: choose another unit", i, v)
			}
		}
	}
	return nil
}
