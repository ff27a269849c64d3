package theory

import (
	"errors"
	"fmt"
	"math"
)

// GaussianMean returns E f(z) for z normal with mean 0 and the variance given, by the midpoint rule on 4,000 pieces between −10 and 10
// standard deviations. No piece holds a kink or a jump of f at 0 inside. It is an error when f is nil, or the variance is negative or
// not finite.
func GaussianMean(f func(z float64) float64, variance float64) (float64, error) {
	if f == nil {
		return 0, errors.New("f is nil: give a function")
	}
	if !(variance >= 0) || math.IsInf(variance, 1) {
		return 0, fmt.Errorf("variance is %v: it must be a finite number, at least 0", variance)
	}
	const pieces, reach = 4000, 10.
	sd, h, mean := math.Sqrt(variance), 2*reach/pieces, 0.
	for k := range pieces {
		z := -reach + (float64(k)+0.5)*h
		mean += f(sd*z) * math.Exp(-z*z/2) * h
	}
	return mean / math.Sqrt(2*math.Pi), nil
}

// MeanField is what a wide random net does to the size of its values and derivatives (claim N8). Weights are independent with mean 0
// and standard deviation s/√inputs, biases are 0, and φ is the non-linearity.
type MeanField struct {
	// Variance is q_l of the values z that enter the units of layer l = 1 … L: q_{l+1} = s² E φ(√q_l·ζ)², ζ standard normal.
	Variance []float64
	// Factor is χ_l = s² E φ′(√q_l·ζ)²: by χ_l grows the mean square of ∂L/∂z from layer l+1 to layer l.
	Factor []float64
}

// NewMeanField follows the recursion through layers of equal width, from the variance q₁ that enters the first one. It holds in the
// limit of infinite width, where the z are normal and the weights of the backward pass may be taken as independent of those of the
// forward pass. It is an error when φ or φ′ is nil, when the scale, the variance or the number of layers is not positive, when there
// are more than 1,000 layers, and when a variance is not finite.
//
// Source: Poole et al. (2016), "Exponential expressivity in deep neural networks through transient chaos", arXiv:1606.05340; Schoenholz
// et al. (2017), "Deep Information Propagation", arXiv:1611.01232; for ReLU, He et al. (2015), arXiv:1502.01852.
func NewMeanField(phi, slope func(z float64) float64, scale, first float64, layers int) (*MeanField, error) {
	if !(scale > 0) || !(first > 0) || layers < 1 || layers > 1000 {
		return nil, fmt.Errorf("scale is %v, the first variance %v and layers %d: each must be positive, and layers at most 1,000", scale, first, layers)
	}
	if phi == nil || slope == nil {
		return nil, errors.New("the non-linearity or its slope is nil: give both functions")
	}
	m, q := new(MeanField), first
	for range layers {
		square, err := GaussianMean(func(z float64) float64 { return phi(z) * phi(z) }, q)
		if err != nil {
			return nil, err
		}
		factor, err := GaussianMean(func(z float64) float64 { return slope(z) * slope(z) }, q)
		if err != nil {
			return nil, err
		}
		m.Variance, m.Factor = append(m.Variance, q), append(m.Factor, scale*scale*factor)
		q = scale * scale * square
	}
	return m, nil
}

// Gradient is the length (root mean square) of ∂L/∂z at each layer relative to that at the last: √(χ_l χ_{l+1} … χ_{L−1}).
func (m *MeanField) Gradient() []float64 {
	lengths := make([]float64, len(m.Factor))
	product := 1.
	for l := len(lengths) - 1; l >= 0; l-- {
		if l < len(lengths)-1 {
			product *= m.Factor[l]
		}
		lengths[l] = math.Sqrt(product)
	}
	return lengths
}
