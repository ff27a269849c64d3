package schedule

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// A number is what formulas are written with: a float64 of the host, or a node of a graph. The operands of one
// operation are of one kind. Both compute in float64, so that a step on a boundary is on the same side of it in both.
//
// Package sample has such numbers too, of 32 bits, and as type parameters. A schedule keeps its formula as a value and builds
// others from it, and Go has no values of generic functions.
type number interface {
	add(number) number
	sub(number) number
	mul(number) number
	div(number) number
	pow(number) number
	min(number) number
	max(number) number
	floor() number
	log() number
	cos() number
	// from is yes where the number is at or above the limit, no elsewhere.
	from(limit, yes, no number) number
	// literal is a number of the same kind.
	literal(float64) number
}

// host is a number on the host.
type host float64

func (x host) add(y number) number        { return x + y.(host) }
func (x host) sub(y number) number        { return x - y.(host) }
func (x host) mul(y number) number        { return x * y.(host) }
func (x host) div(y number) number        { return x / y.(host) }
func (x host) pow(y number) number        { return host(math.Pow(float64(x), float64(y.(host)))) }
func (x host) min(y number) number        { return min(x, y.(host)) }
func (x host) max(y number) number        { return max(x, y.(host)) }
func (x host) floor() number              { return host(math.Floor(float64(x))) }
func (x host) log() number                { return host(math.Log(float64(x))) }
func (x host) cos() number                { return host(math.Cos(float64(x))) }
func (host) literal(value float64) number { return host(value) }
func (x host) from(limit, yes, no number) number {
	if x >= limit.(host) {
		return yes
	}
	return no
}

// node is a number in a graph: a scalar of type float64.
type node struct{ *graph.Node }

func (x node) add(y number) number { return node{graph.Add(x.Node, y.(node).Node)} }
func (x node) sub(y number) number { return node{graph.Sub(x.Node, y.(node).Node)} }
func (x node) mul(y number) number { return node{graph.Mul(x.Node, y.(node).Node)} }
func (x node) div(y number) number { return node{graph.Div(x.Node, y.(node).Node)} }
func (x node) pow(y number) number { return node{graph.Pow(x.Node, y.(node).Node)} }
func (x node) min(y number) number { return node{graph.Min(x.Node, y.(node).Node)} }
func (x node) max(y number) number { return node{graph.Max(x.Node, y.(node).Node)} }
func (x node) floor() number       { return node{graph.Floor(x.Node)} }
func (x node) log() number         { return node{graph.Log(x.Node)} }
func (x node) cos() number         { return node{graph.Cos(x.Node)} }
func (x node) from(limit, yes, no number) number {
	return node{graph.Where(graph.GreaterOrEqual(x.Node, limit.(node).Node), yes.(node).Node, no.(node).Node)}
}

// literal does not take the scalar from GoMLX's cache: that belongs to the function of the graph that made it first, and
// another function (a loop's body) could not use it.
func (x node) literal(value float64) number { return node{graph.Const(x.Graph(), value)} }

// A vector is a list of numbers of one kind: float64 values of the host, or a node of a graph.
type vector interface {
	elements() []number
	// pick is element i, a whole number from 0 to size−1.
	pick(i number) number
	size() int
}

// hosts is a vector on the host.
type hosts []float64

func (x hosts) elements() []number {
	xs := make([]number, len(x))
	for i, value := range x {
		xs[i] = host(value)
	}
	return xs
}

func (x hosts) pick(i number) number { return host(x[int(i.(host))]) }
func (x hosts) size() int            { return len(x) }

// nodes is a vector in a graph, float64 [n].
type nodes struct{ *graph.Node }

func (x nodes) elements() []number {
	xs := make([]number, x.size())
	for i := range xs {
		xs[i] = node{graph.Reshape(graph.Slice(x.Node, graph.AxisElem(i)))}
	}
	return xs
}

// pick gathers, as package vmap has no rule for a slice from places that differ between runs.
func (x nodes) pick(i number) number {
	return node{graph.Gather(x.Node, graph.ExpandAxes(graph.ConvertDType(i.(node).Node, dtypes.Int64), -1))}
}

func (x nodes) size() int { return x.Shape().Dimensions[0] }

// nearest is element i of x, and beyond an end the last one there.
func nearest(x vector, i number) number {
	return x.pick(i.max(i.literal(0)).min(i.literal(float64(x.size() - 1))))
}

// reached is how many elements of x are t or less. They ascend, and are a power of two.
func reached(x vector, t number) number {
	i := t.literal(0)
	for half := x.size() / 2; half > 0; half /= 2 {
		i = t.from(x.pick(i.add(t.literal(float64(half-1)))), i.add(t.literal(float64(half))), i)
	}
	return t.from(x.pick(i), i.add(t.literal(1)), i)
}
