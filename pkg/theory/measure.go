package theory

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// The relative rounding of one operation in a recorded run, for Descent.Measure.
const (
	SinglePrecision = 0x1p-23 // Float32
	DoublePrecision = 0x1p-52 // Float64
)

// Contraction is what a run did along one eigen-direction.
type Contraction struct {
	// Lambda is the curvature of the direction.
	Lambda float64
	// Factor is the measured |1 − ηλ|: by how much the distance shrank in a step. NaN when the run never moved far enough
	// from the optimum along this direction to be told from rounding.
	Factor float64
	// Error is how far rounding can have moved Factor.
	Error float64
	// Steps is the number of steps, from the first, that Factor is taken over.
	Steps int
}

// Measure takes the contraction factor of each eigen-direction, in the order of Lambda, from a recorded run of descent at
// a constant rate: path[t] is θ_t, [d], every step of it from θ₀; precision is the relative rounding of the arithmetic it
// was made with. The part of a diverged run that is no longer finite is left out. It is an error when fewer than two
// iterates are left, or when their length is not d.
//
// The factor is (|c_T|/|c_0|)^{1/T}, c_t being the component of θ_t − θ*. Step s leaves rounding of about
// ρ_s = d·precision·(‖θ_s‖ + ‖θ*‖) in c_s, which from there on shrinks or grows as c itself does: so c_T is known to the
// relative error Σ_{s≤T} ρ_s/|c_s|, and the factor to 1/T of it. T is taken where that error is least: over many steps,
// but before the component has gone down in the rounding.
func (d *Descent) Measure(path [][]float64, precision float64) ([]Contraction, error) {
	if !(precision > 0) || precision >= 1 {
		return nil, fmt.Errorf("precision is %v: it must be between 0 and 1, such as SinglePrecision", precision)
	}
	var components [][]float64
	var rounding []float64
	optimum := floats.Norm(d.Optimum, 2)
	for t, theta := range path {
		if len(theta) != len(d.Optimum) {
			return nil, fmt.Errorf("path[%d] has %d elements: it must have %d, one for each parameter", t, len(theta), len(d.Optimum))
		}
		size := floats.Norm(theta, 2)
		if math.IsNaN(size) || math.IsInf(size, 0) {
			break
		}
		components = append(components, d.Components(theta))
		rounding = append(rounding, float64(len(theta))*precision*(size+optimum))
	}
	if len(components) < 2 {
		return nil, fmt.Errorf("path has %d finite iterates: at least two are needed to measure a step", len(components))
	}
	measured := make([]Contraction, len(d.Lambda))
	for i, lambda := range d.Lambda {
		measured[i] = contraction(i, components, rounding)
		measured[i].Lambda = lambda
	}
	return measured, nil
}

// contraction measures direction i; see Measure.
func contraction(i int, components [][]float64, rounding []float64) Contraction {
	best := Contraction{Factor: math.NaN(), Error: math.Inf(1)}
	first := math.Abs(components[0][i])
	if first <= rounding[0] {
		return best
	}
	relative := rounding[0] / first
	for t := 1; t < len(components); t++ {
		last := math.Abs(components[t][i])
		factor := math.Pow(last/first, 1/float64(t))
		if t == 1 {
			// Where one step arrives (ηλ = 1) c₁ is nothing but rounding: the error is absolute, not relative to c₁.
			best = Contraction{Factor: factor, Error: factor*relative + rounding[1]/first, Steps: 1}
		}
		relative += rounding[t] / last // +Inf from where c_t is 0: no later T is better.
		if e := factor * relative / float64(t); e < best.Error {
			best = Contraction{Factor: factor, Error: e, Steps: t}
		}
	}
	return best
}
