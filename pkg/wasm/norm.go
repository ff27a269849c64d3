package wasm

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
)

// Batch normalization is made of other operations, as XLA defines it (openxla.org/xla/operation_semantics). Half floats are computed as
// float32.

// A norm normalizes an array along one axis, of features: it has a mean, a variance, a scale and an offset of each.
type norm struct {
	recipe
	x       *node
	feature int
	others  []int // all other axes
	epsilon float32
}

// norm returns the operands in the type in which they are computed, the array first, or an error if they do not fit.
func (f *function) norm(epsilon float32, feature int, x value, features ...value) (*norm, []*node, error) {
	in, err := f.operands(append([]value{x}, features...)...)
	if err != nil {
		return nil, nil, err
	}
	n := &norm{recipe: recipe{f: f}, feature: feature, epsilon: epsilon}
	rank := in[0].shape.Rank()
	if n.feature < 0 {
		n.feature += rank
	}
	if n.feature < 0 || n.feature >= rank || !in[0].dtype().IsFloat() {
		return nil, nil, fmt.Errorf("%s has no axis %d of features to normalize", in[0].shape, feature)
	}
	for i, v := range in[1:] {
		if v.dtype() != in[0].dtype() || v.shape.Rank() != 1 || v.size() != in[0].dims()[n.feature] {
			return nil, nil, fmt.Errorf("normalizing %s, operand %d cannot be a %s", in[0].shape, i+1, v.shape)
		}
	}
	for i := range in {
		in[i] = n.to(in[i], accumulator(in[i].dtype()))
	}
	for a := range rank {
		if a != n.feature {
			n.others = append(n.others, a)
		}
	}
	n.x = in[0]
	return n, in[1:], n.err
}

// wide repeats what is of features along the other axes.
func (n *norm) wide(v *node) *node {
	if n.err != nil {
		return nil
	}
	return n.keep(n.f.broadcast(v, n.x.dims(), []int{n.feature}))
}

// sum adds up over all axes but that of the features.
func (n *norm) sum(x *node) *node {
	if n.err != nil || len(n.others) == 0 {
		return x
	}
	return n.keep(n.f.ReduceSum(x, n.others...))
}

// like is a scalar of the array's type.
func (n *norm) like(x float64) *node {
	return n.keep(n.f.uniform(shapes.Make(n.x.dtype()), bytesOfScalar(shapes.CastAsDType(x, n.x.dtype()))))
}

// count is how many elements each feature has.
func (n *norm) count() *node {
	count := 1
	for _, a := range n.others {
		count *= n.x.dims()[a]
	}
	return n.like(float64(count))
}

// raised is variance + ε.
func (n *norm) raised(variance *node) *node {
	return n.do(n.f.Add, variance, n.like(float64(n.epsilon)))
}

// scaled is x/√(variance+ε), of features.
func (n *norm) scaled(x, variance *node) *node {
	square := n.raised(variance)
	if n.err != nil {
		return nil
	}
	return n.do(n.f.Mul, x, n.keep(n.f.Rsqrt(square)))
}

// normalized is scale·(x-mean)/√(variance+ε) + offset.
func (n *norm) normalized(scale, offset, mean, variance *node) *node {
	apart := n.do(n.f.Sub, n.x, n.wide(mean))
	return n.do(n.f.Add, n.do(n.f.Mul, apart, n.wide(n.scaled(scale, variance))), n.wide(offset))
}

// BatchNormForInference returns an error if the shapes of its parameters do not fit, or if x has no floats.
func (f *function) BatchNormForInference(x, scale, offset, mean, variance value, epsilon float32, feature int) (value, error) {
	n, in, err := f.norm(epsilon, feature, x, scale, offset, mean, variance)
	if err != nil {
		return nil, err
	}
	return n.back(x, n.normalized(in[0], in[1], in[2], in[3]))
}

// back is the result in the type of the operand x.
func (n *norm) back(x value, y *node) (value, error) {
	y = n.to(y, x.(*node).dtype())
	return y, n.err
}

// BatchNormForTraining returns an error if the shapes do not fit, or if x has no floats.
func (f *function) BatchNormForTraining(x, scale, offset value, epsilon float32, feature int) (y, mean, variance value, err error) {
	n, in, err := f.norm(epsilon, feature, x, scale, offset)
	if err != nil {
		return nil, nil, nil, err
	}
	average := n.do(f.Div, n.sum(n.x), n.count())
	apart := n.do(f.Sub, n.x, n.wide(average))
	spread := n.do(f.Div, n.sum(n.do(f.Mul, apart, apart)), n.count())
	y, _ = n.back(x, n.normalized(in[0], in[1], average, spread))
	mean, _ = n.back(x, average)
	variance, err = n.back(x, spread)
	return y, mean, variance, err
}

// BatchNormGradient returns an error if the shapes of its parameters do not fit, or if x has no floats.
func (f *function) BatchNormGradient(x, scale, mean, variance, gradient value, epsilon float32, feature int) (dx, dScale, dOffset value, err error) {
	n, in, err := f.norm(epsilon, feature, x, scale, mean, variance)
	if err != nil {
		return nil, nil, nil, err
	}
	given, err := f.operands(gradient)
	if err != nil {
		return nil, nil, nil, err
	}
	if before := x.(*node).shape; !given[0].shape.Equal(before) {
		return nil, nil, nil, fmt.Errorf("the gradient of normalizing %s cannot be a %s", before, given[0].shape)
	}
	dy := n.to(given[0], n.x.dtype())
	apart := n.do(f.Sub, n.x, n.wide(in[1]))
	product := n.sum(n.do(f.Mul, dy, apart))
	offsets := n.sum(dy)
	slope := n.do(f.Div, product, n.do(f.Mul, n.count(), n.raised(in[2])))
	level := n.do(f.Div, offsets, n.count())
	rest := n.do(f.Sub, n.do(f.Sub, dy, n.wide(level)), n.do(f.Mul, apart, n.wide(slope)))
	dx, _ = n.back(x, n.do(f.Mul, rest, n.wide(n.scaled(in[0], in[2]))))
	dScale, _ = n.back(x, n.scaled(product, in[2]))
	dOffset, err = n.back(x, offsets)
	return dx, dScale, dOffset, err
}
