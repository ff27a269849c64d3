package exercise

import (
	"fmt"
	"math"

	"descent.example/internal/answer"
)

// UnitGradient checks the gradient of one leaky unit v·φ(wx+b), φ(z) = z for z > 0 and z/10 otherwise: gradient gets the parameters, a
// point x and the residual r there, and returns the derivatives of r²/2. It is an error when one of them is wrong, on either side of
// the knot.
func UnitGradient(gradient func(v, w, b, x, r float64) (dv, dw, db float64)) error {
	for _, c := range [][5]float64{{2, 3, -1, 1, 0.5}, {-1.5, 0.5, 2, 3, -2}, {2, 3, -1, 0.2, 0.5}, {0.7, -1, 0.5, 2, 3}, {0, 1, 1, 1, 1}} {
		v, w, b, x, r := c[0], c[1], c[2], c[3], c[4]
		z, slope := w*x+b, 1.0
		if z <= 0 {
			slope = 0.1
		}
		want := []float64{r * slope * z, r * v * slope * x, r * v * slope}
		dv, dw, db := gradient(v, w, b, x, r)
		if got := []float64{dv, dw, db}; !answer.AllNear(got, want) {
			return fmt.Errorf("for v = %g, w = %g, b = %g, x = %g and r = %g, where z = wx + b = %.3g, you return (∂v, ∂w, ∂b) = %s; it should be %s",
				v, w, b, x, r, z, answer.Vector(got), answer.Vector(want))
		}
	}
	return nil
}

// WeightSpread checks the standard deviation of weights that keeps the mean square of a layer's values: spread gets the number of a
// unit's inputs and the slope a, between 0 and 1, that the unit has where it is negative. It is an error when a layer would multiply
// the mean square by another number than 1.
func WeightSpread(spread func(inputs int, a float64) float64) error {
	for _, inputs := range []int{64, 1, 10, 1000} {
		for _, a := range []float64{0, 0.1, 1, 0.5} {
			got := spread(inputs, a)
			factor := float64(inputs) * got * got * (1 + a*a) / 2
			if !(got > 0) || !answer.Near(factor, 1) {
				return fmt.Errorf("for %d inputs and a = %g your spread is %.4g, so a layer multiplies the mean square by %.4g; it should be 1, at the spread %.4g",
					inputs, a, got, factor, math.Sqrt(2/(1+a*a)/float64(inputs)))
			}
		}
	}
	return nil
}

// Zigzag checks a fold of [0, 1] in three, applied layer by layer: zigzag gets a point of [0, 1] and the number of layers, and returns the
// height of the zigzag of 3^layers pieces that starts at 0 and goes up to 1 first. It is an error when a value is wrong.
func Zigzag(zigzag func(x float64, layers int) float64) error {
	for layers := 1; layers <= 4; layers++ {
		pieces := math.Pow(3, float64(layers))
		for k := range 200 {
			x := (float64(k) + 0.5) / 200
			at := x * pieces
			want := at - math.Floor(at)
			if int(at)%2 == 1 {
				want = 1 - want
			}
			if got := zigzag(x, layers); !(math.Abs(got-want) < 1e-9) {
				return fmt.Errorf("for x = %g and layers = %d your zigzag is at %.4g; it should be at %.4g, in piece %d of %g",
					x, layers, got, want, int(at)+1, pieces)
			}
		}
	}
	return nil
}
