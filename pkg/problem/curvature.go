package problem

import (
	"fmt"
	"slices"

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
	layers := layersOf(slices.Clone(theta), n.Sizes)
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
		delta[l-1] = mat.NewDense(examples, n.Sizes[l], nil)
		addBack(delta[l-1], delta[l], layers[l].W) // ∂L/∂h
		bend[l-1].MulElem(delta[l-1], bend[l-1])
		delta[l-1].MulElem(delta[l-1], slope[l-1])
	}
	return func(v []float64) []float64 {
		mustFit(v, len(theta))
		return pearlmutter{layers, h, slope, bend, delta, n.Activation != ReLU}.product(layersOf(v, n.Sizes))
	}, nil
}

// A pearlmutter is a forward and a backward pass: the values h of each layer, the first derivatives of its units, the second times ∂L/∂h,
// and ∂L/∂z.
type pearlmutter struct {
	layers                Layers
	h, slope, bend, delta []*mat.Dense
	bends                 bool // some second derivative is not 0
}

// product differentiates both passes in the direction v.
func (p pearlmutter) product(v Layers) (hv []float64) {
	last := len(p.layers) - 1
	rows, inputs := p.h[0].Dims()
	dh, dz := []*mat.Dense{mat.NewDense(rows, inputs, nil)}, []*mat.Dense{}
	for l, layer := range p.layers {
		z := affine(p.h[l], v[l])
		if l > 0 {
			addProduct(z, dh[l], layer.W)
		}
		if dz = append(dz, z); l < last {
			moved := mat.NewDense(rows, len(layer.B), nil)
			moved.MulElem(z, p.slope[l])
			dh = append(dh, moved)
		}
	}
	gradients := make([][]float64, last+1)
	ddelta := mat.NewDense(rows, len(p.layers[last].B), nil)
	ddelta.Scale(1/float64(rows), dz[last])
	for l := last; l >= 0; l-- {
		in, out := p.layers[l].W.Dims()
		w := mat.NewDense(in, out, nil)
		addOuter(w, dh[l], p.delta[l])
		addOuter(w, p.h[l], ddelta)
		biases := make([]float64, out)
		for i := range rows {
			floats.Add(biases, ddelta.RawRowView(i))
		}
		if gradients[l] = append(biases, w.RawMatrix().Data...); l == 0 {
			break
		}
		back := mat.NewDense(rows, in, nil)
		addBack(back, ddelta, p.layers[l].W)
		addBack(back, p.delta[l], v[l].W)
		back.MulElem(back, p.slope[l-1])
		if p.bends {
			kept := mat.NewDense(rows, in, nil)
			kept.MulElem(p.bend[l-1], dz[l-1])
			back.Add(back, kept)
		}
		ddelta = back
	}
	return slices.Concat(gradients...)
}

// affine is hW + b.
func affine(h *mat.Dense, layer Layer) *mat.Dense {
	rows, _ := h.Dims()
	z := mat.NewDense(rows, len(layer.B), nil)
	for i := range rows {
		copy(z.RawRowView(i), layer.B)
	}
	addProduct(z, h, layer.W)
	return z
}

// addProduct adds hW to z. Like its neighbors it is quick where W has one row or one column, which a matrix product is not.
func addProduct(z, h, w *mat.Dense) {
	rows, _ := z.Dims()
	for i := range rows {
		row := z.RawRowView(i)
		if len(row) == 1 {
			row[0] += floats.Dot(h.RawRowView(i), w.RawMatrix().Data)
			continue
		}
		for k, v := range h.RawRowView(i) {
			if v != 0 { // most of a ReLU's are
				floats.AddScaled(row, v, w.RawRowView(k))
			}
		}
	}
}

// addOuter adds aᵀb to w.
func addOuter(w, a, b *mat.Dense) {
	rows, _ := a.Dims()
	for i := range rows {
		from, to := a.RawRowView(i), b.RawRowView(i)
		if len(to) == 1 {
			floats.AddScaled(w.RawMatrix().Data, to[0], from)
			continue
		}
		for k, v := range from {
			if v != 0 {
				floats.AddScaled(w.RawRowView(k), v, to)
			}
		}
	}
}

// addBack adds dWᵀ to h.
func addBack(h, d, w *mat.Dense) {
	rows, _ := h.Dims()
	for i := range rows {
		row, from := h.RawRowView(i), d.RawRowView(i)
		if len(from) == 1 {
			floats.AddScaled(row, from[0], w.RawMatrix().Data)
			continue
		}
		for k := range row {
			row[k] += floats.Dot(from, w.RawRowView(k))
		}
	}
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
