package schedule

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// A number is what formulas are written with: a float64 of the host, or a node of a graph. The operands of one
// operation are of one kind. Both compute in float64, so that a step on a boundary is on the same side of it in both.
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

// numbers are the elements of a vector of the host.
func numbers(vector []float64) []number {
	xs := make([]number, len(vector))
	for i, x := range vector {
		xs[i] = host(x)
	}
	return xs
}

// elements are those of a vector in a graph, [n].
func elements(vector *graph.Node) []number {
	xs := make([]number, vector.Shape().Dimensions[0])
	for i := range xs {
		xs[i] = node{graph.Reshape(graph.Slice(vector, graph.AxisElem(i)))}
	}
	return xs
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
