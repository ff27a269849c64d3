package problem

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// HessianAt returns how the Hessian of a net's loss on its Points at θ multiplies a vector, on the host: exact, but for ReLUs, whose
// curvature at their kinks it leaves out. θ and v are flattened as train.History has them. It is an error when the data are not Points; it
// panics when a length does not fit.
//
// Source: B. A. Pearlmutter (1994), "Fast Exact Multiplication by the Hessian", Neural Computation 6.
func (n *Net) HessianAt(theta []float64) (product func(v []float64) []float64, err error) {
	mustBeMade(n.x)
	if _, is := n.data.(*Points); !is {
		return nil, fmt.Errorf("the data are %T: products with the Hessian are for Points", n.data)
	}
	mustFit(theta, n.mustBe())
	layers := layersOf(theta, n.Sizes)
	last := len(layers) - 1
	h, slope, bend := []*mat.Dense{n.x}, make([]*mat.Dense, last), make([]*mat.Dense, last)
	for l, layer := range layers { // forward
		z := affine(h[l], layer)
		if l == last {
			h = append(h, z)
			break
		}
		rows, columns := z.Dims()
		slope[l], bend[l] = mat.NewDense(rows, columns, nil), mat.NewDense(rows, columns, nil)
		on := mat.NewDense(rows, columns, nil)
		for i, v := range z.RawMatrix().Data {
			on.RawMatrix().Data[i], slope[l].RawMatrix().Data[i], bend[l].RawMatrix().Data[i] = n.Activation.derivatives(v)
		}
		h = append(h, on)
	}
	delta := make([]*mat.Dense, last+1) // ∂L/∂z
	delta[last] = new(mat.Dense)
	delta[last].Sub(h[last+1], n.y)
	examples, _ := n.x.Dims()
	delta[last].Scale(1/float64(examples), delta[last])
	for l := last; l > 0; l-- {
		delta[l-1] = new(mat.Dense)
		delta[l-1].Mul(delta[l], layers[l].W.T())
		delta[l-1].MulElem(delta[l-1], slope[l-1])
	}
	return func(v []float64) []float64 {
		return pearlmutter{layers, h, slope, bend, delta}.product(layersOf(v, n.Sizes))
	}, nil
}

// A pearlmutter is a forward and a backward pass: the values h of each layer and the first two derivatives of its units, and ∂L/∂z.
type pearlmutter struct {
	layers                Layers
	h, slope, bend, delta []*mat.Dense
}

// product differentiates both passes in the direction v.
func (p pearlmutter) product(v Layers) (hv []float64) {
	last := len(p.layers) - 1
	rows, inputs := p.h[0].Dims()
	dh, dz := []*mat.Dense{mat.NewDense(rows, inputs, nil)}, []*mat.Dense{}
	for l, layer := range p.layers {
		z, through := affine(p.h[l], v[l]), new(mat.Dense)
		through.Mul(dh[l], layer.W)
		z.Add(z, through)
		dz = append(dz, z)
		if l < last {
			moved := new(mat.Dense)
			moved.MulElem(z, p.slope[l])
			dh = append(dh, moved)
		}
	}
	gradients := make([][]float64, last+1)
	ddelta := new(mat.Dense)
	ddelta.Scale(1/float64(rows), dz[last])
	for l := last; l >= 0; l-- {
		var w, more mat.Dense
		w.Mul(dh[l].T(), p.delta[l])
		more.Mul(p.h[l].T(), ddelta)
		w.Add(&w, &more)
		_, out := ddelta.Dims()
		biases := make([]float64, out)
		for i := range rows {
			floats.Add(biases, ddelta.RawRowView(i))
		}
		gradients[l] = append(biases, w.RawMatrix().Data...)
		if l == 0 {
			break
		}
		var back, direct, kept mat.Dense
		back.Mul(ddelta, p.layers[l].W.T())
		direct.Mul(p.delta[l], v[l].W.T())
		back.Add(&back, &direct)
		back.MulElem(&back, p.slope[l-1])
		kept.Mul(p.delta[l], p.layers[l].W.T())
		kept.MulElem(&kept, p.bend[l-1])
		kept.MulElem(&kept, dz[l-1])
		back.Add(&back, &kept)
		ddelta = &back
	}
	for _, g := range gradients {
		hv = append(hv, g...)
	}
	return hv
}

// affine is hW + b.
func affine(h *mat.Dense, layer Layer) *mat.Dense {
	z := new(mat.Dense)
	z.Mul(h, layer.W)
	rows, _ := z.Dims()
	for i := range rows {
		floats.Add(z.RawRowView(i), layer.B)
	}
	return z
}

// derivatives are the activation of z and its first two derivatives; ReLU's at 0 are 0.
func (a Activation) derivatives(z float64) (value, first, second float64) {
	value = a.value(z)
	switch a {
	case Tanh:
		first = 1 - value*value
		return value, first, -2 * value * first
	case Sigmoid:
		first = value * (1 - value)
		return value, first, first * (1 - 2*value)
	}
	if z > 0 {
		first = 1
	}
	return value, first, 0
}
