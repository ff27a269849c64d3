package problem

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Basin is the bowl q(θ) = Loss + ½ Curvature ‖θ − Bottom‖².
type Basin struct {
	Bottom          []float64 // [d]
	Curvature, Loss float64
}

// TwoBasins is the lower of two bowls, rounded off where they meet:
//
//	U(θ) = −T log(e^{−q₁(θ)/T} + e^{−q₂(θ)/T}).
//
// It has two minima, near the bottoms, and a saddle (in one dimension a maximum) between them, the barrier; all three
// lie on the line through the bottoms. A bowl of small curvature is a wide basin, one of great curvature a narrow one.
// NewTwoBasins makes it, NewNoisy gives it examples.
//
// Source: lecture section 1, "big steps explore" (claim H1).
type TwoBasins struct {
	// Start is θ₀, [d].
	Start []float64
	// DType in which Loss computes; zero: Float32.
	DType dtypes.DType

	basins  [2]Basin
	t       float64
	minima  [2][]float64
	barrier []float64
	ridge   float64 // where the barrier is on the way from the first bottom, 0, to the second, 1
}

var (
	_ Problem = (*TwoBasins)(nil)
	_ Smooth  = (*TwoBasins)(nil)
)

// NewTwoBasins joins two bowls of d ≥ 1 dimensions; smoothing is T > 0, in units of the loss, and should be small
// against the barrier's height. Start is set to the first one's bottom. It is an error when something is not finite,
// when a curvature or smoothing is not positive, when the dimensions differ, or when the bowls do not make two minima:
// one lies inside the other, or they are too near for so much smoothing.
func NewTwoBasins(first, second Basin, smoothing float64) (*TwoBasins, error) {
	t := &TwoBasins{t: smoothing}
	for k, b := range []Basin{first, second} {
		name := [...]string{"first", "second"}[k]
		if len(b.Bottom) == 0 {
			return nil, fmt.Errorf("%s.Bottom is empty: give at least one dimension", name)
		}
		if err := checkVector(name+".Bottom", b.Bottom, len(first.Bottom)); err != nil {
			return nil, err
		}
		if !finite(b.Curvature) || b.Curvature <= 0 {
			return nil, fmt.Errorf("%s.Curvature is %v: it must be finite and positive", name, b.Curvature)
		}
		if !finite(b.Loss) {
			return nil, fmt.Errorf("%s.Loss is %v: it must be a finite number", name, b.Loss)
		}
		t.basins[k] = Basin{slices.Clone(b.Bottom), b.Curvature, b.Loss}
	}
	if !finite(smoothing) || smoothing <= 0 {
		return nil, fmt.Errorf("smoothing is %v: it must be finite and positive", smoothing)
	}
	t.Start = slices.Clone(first.Bottom)
	// On the way from the first bottom to the second it goes down, as the other bowl pulls, up, down, and up again; at
	// the first bottom the pull may be too small for a float64. Two minima and the barrier are where this changes.
	const cells = 10_000
	var zeros []float64
	for i := range cells {
		low, high := float64(i)/cells, float64(i+1)/cells
		if downhill := i == 0 || t.slope(low) < 0; downhill != (t.slope(high) < 0) {
			for range 60 {
				if mid := (low + high) / 2; (t.slope(mid) < 0) == downhill {
					low = mid
				} else {
					high = mid
				}
			}
			if math.Abs(t.slope(high)) < math.Abs(t.slope(low)) {
				low = high
			}
			zeros = append(zeros, low)
		}
	}
	if len(zeros) != 3 {
		return nil, errors.New("the bowls do not make two minima: set them farther apart, or lessen smoothing")
	}
	t.minima = [2][]float64{t.between(zeros[0]), t.between(zeros[2])}
	t.ridge, t.barrier = zeros[1], t.between(zeros[1])
	return t, nil
}

// Data returns nil: the landscape has no examples.
func (t *TwoBasins) Data() []*tensors.Tensor { return nil }

// Loss builds U(θ), a scalar, with θ the trainable variable "theta" [d]. It panics, as GoMLX's model functions do, when
// Start does not fit.
func (t *TwoBasins) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	d := len(t.basins[0].Bottom)
	theta := parameters(scope, g, t.DType, t.Start, d)
	var q [2]*graph.Node
	for k, b := range t.basins {
		offset := graph.Sub(theta, graph.ConstTensor(g, tensorOf(t.DType, b.Bottom, d)))
		q[k] = graph.Mul(constant(theta, b.Curvature/2), graph.Dot(offset, offset).Product())
		q[k] = graph.Add(q[k], constant(theta, b.Loss))
	}
	// −T log(e^{−q₁/T} + e^{−q₂/T}) = q₁ − T log(1 + e^{(q₁−q₂)/T})
	z := graph.Mul(constant(theta, 1/t.t), graph.Sub(q[0], q[1]))
	return graph.Sub(q[0], graph.Mul(constant(theta, t.t), softplusNode(z)))
}

// Value returns U(θ).
func (t *TwoBasins) Value(theta []float64) float64 {
	q, _ := t.bowls(theta)
	return q[0] - t.t*softplus((q[0]-q[1])/t.t)
}

// Gradient returns ∇U(θ) = (1−p)∇q₁ + p∇q₂, p = σ((q₁−q₂)/T).
func (t *TwoBasins) Gradient(theta []float64) []float64 {
	q, g := t.bowls(theta)
	p := Sigmoid.At((q[0] - q[1]) / t.t)
	floats.Scale(1-p, g[0])
	floats.AddScaled(g[0], p, g[1])
	return g[0]
}

// Hessian returns ∇²U(θ) = (1−p)λ₁ + pλ₂ − p(1−p)/T (∇q₁−∇q₂)(∇q₁−∇q₂)ᵀ.
func (t *TwoBasins) Hessian(theta []float64) *mat.SymDense {
	q, g := t.bowls(theta)
	p := Sigmoid.At((q[0] - q[1]) / t.t)
	h := mat.NewSymDense(len(theta), nil)
	for i := range theta {
		h.SetSym(i, i, (1-p)*t.basins[0].Curvature+p*t.basins[1].Curvature)
	}
	floats.Sub(g[0], g[1])
	h.SymRankOne(h, -p*(1-p)/t.t, mat.NewVecDense(len(theta), g[0]))
	return h
}

// Optimum returns the better of the two minima. It is an error when they are equally good.
func (t *TwoBasins) Optimum() ([]float64, error) {
	first, second := t.Value(t.minima[0]), t.Value(t.minima[1])
	if first == second {
		return nil, errors.New("both minima are equally good: there is no single optimum")
	}
	if first < second {
		return slices.Clone(t.minima[0]), nil
	}
	return slices.Clone(t.minima[1]), nil
}

// Minima returns the places of the two minima, in the order of NewTwoBasins, to rounding.
func (t *TwoBasins) Minima() [2][]float64 {
	return [2][]float64{slices.Clone(t.minima[0]), slices.Clone(t.minima[1])}
}

// Barrier returns the place of the saddle between the minima, to rounding: the lowest way from one to the other.
func (t *TwoBasins) Barrier() []float64 { return slices.Clone(t.barrier) }

// Basin tells which minimum, 0 or 1, gradient descent at a small rate goes to from θ; −1 if θ is not finite, as a run's
// that diverged.
func (t *TwoBasins) Basin(theta []float64) int {
	if checkVector("theta", theta, len(t.Start)) != nil {
		mustFit(theta, len(t.Start))
		return -1
	}
	// U is nowhere more curved than its bowls, so that each step of 1/λ_max goes down. Below the barrier no descent
	// crosses it. The bound on the steps is for a θ on the very edge.
	theta = slices.Clone(theta)
	rate, barrier := 1/max(t.basins[0].Curvature, t.basins[1].Curvature), t.Value(t.barrier)
	for range 1_000_000 {
		if t.Value(theta) < barrier {
			break
		}
		floats.AddScaled(theta, -rate, t.Gradient(theta))
	}
	line := floats.SubTo(make([]float64, len(theta)), t.basins[1].Bottom, t.basins[0].Bottom)
	if floats.Dot(line, theta)-floats.Dot(line, t.basins[0].Bottom) > t.ridge*floats.Dot(line, line) {
		return 1
	}
	return 0
}

// bowls returns q₁(θ), q₂(θ) and their gradients.
func (t *TwoBasins) bowls(theta []float64) (q [2]float64, gradients [2][]float64) {
	mustFit(theta, len(t.basins[0].Bottom))
	for k, b := range t.basins {
		offset := floats.SubTo(make([]float64, len(theta)), theta, b.Bottom)
		q[k] = b.Loss + b.Curvature/2*floats.Dot(offset, offset)
		floats.Scale(b.Curvature, offset)
		gradients[k] = offset
	}
	return q, gradients
}

// between is the place s of the way from the first bottom to the second.
func (t *TwoBasins) between(s float64) []float64 {
	place := slices.Clone(t.basins[0].Bottom)
	floats.Scale(1-s, place)
	floats.AddScaled(place, s, t.basins[1].Bottom)
	return place
}

// slope is U's along that way.
func (t *TwoBasins) slope(s float64) float64 {
	line := floats.SubTo(make([]float64, len(t.Start)), t.basins[1].Bottom, t.basins[0].Bottom)
	return floats.Dot(line, t.Gradient(t.between(s)))
}
