package sample

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// A number is what the draws are written with: a word of the host, or a node of a graph that has one for each example
// of a batch, or a single one for all. Sums and products wrap around in both, so that both give the same integers.
type number[N any] interface {
	add(N) N
	sub(N) N
	mul(N) N
	xor(N) N
	min(N) N
	max(N) N
	shift(bits int) N // to the right
	// scaled is ⌊x·n/2³²⌋: a number below n, from one below 2³².
	scaled(n uint32) N
	// choose is yes where the highest bit is 1, no elsewhere.
	choose(yes, no N) N
	// literal is a single number of the same kind.
	literal(uint32) N
	// series is f of 0, 1, …, n−1, each computed once.
	series(n int, f func(N) N) func(i int) N
}

// The compiler checks this anyway; without these lines staticcheck takes the methods for unused.
var (
	_ number[word] = word(0)
	_ number[node] = node{}
)

// word is a number on the host.
type word uint32

func (x word) add(y word) word       { return x + y }
func (x word) sub(y word) word       { return x - y }
func (x word) mul(y word) word       { return x * y }
func (x word) xor(y word) word       { return x ^ y }
func (x word) min(y word) word       { return min(x, y) }
func (x word) max(y word) word       { return max(x, y) }
func (x word) shift(bits int) word   { return x >> bits }
func (x word) scaled(n uint32) word  { return word(uint64(x) * uint64(n) >> 32) }
func (x word) literal(v uint32) word { return word(v) }
func (x word) choose(yes, no word) word {
	if x>>31 == 1 {
		return yes
	}
	return no
}

func (word) series(n int, f func(word) word) func(i int) word {
	all := make([]word, n)
	for i := range all {
		all[i] = f(word(i))
	}
	return func(i int) word { return all[i] }
}

// node is a number in a graph, uint32 [b] or a scalar.
type node struct{ *graph.Node }

func (x node) add(y node) node { return node{graph.Add(x.Node, y.Node)} }
func (x node) sub(y node) node { return node{graph.Sub(x.Node, y.Node)} }
func (x node) mul(y node) node { return node{graph.Mul(x.Node, y.Node)} }
func (x node) xor(y node) node { return node{graph.BitwiseXor(x.Node, y.Node)} }
func (x node) min(y node) node { return node{graph.Min(x.Node, y.Node)} }
func (x node) max(y node) node { return node{graph.Max(x.Node, y.Node)} }
func (x node) shift(bits int) node {
	return node{graph.BitwiseShiftRightLogical(x.Node, x.literal(uint32(bits)).Node)}
}
func (x node) scaled(n uint32) node {
	g := x.Graph()
	wide := graph.Mul(graph.ConvertDType(x.Node, dtypes.Uint64), graph.Const(g, uint64(n)))
	return node{graph.ConvertDType(graph.BitwiseShiftRightLogical(wide, graph.Const(g, uint64(32))), dtypes.Uint32)}
}
func (x node) choose(yes, no node) node {
	high := graph.GreaterOrEqual(x.Node, x.literal(1<<31).Node)
	return node{graph.Where(high, yes.Node, no.Node)}
}

// literal does not take the scalar from GoMLX's cache: that belongs to the function of the graph that made it first,
// and another function (a loop's body) could not use it.
func (x node) literal(v uint32) node { return node{graph.Const(x.Graph(), v)} }

func (x node) series(n int, f func(node) node) func(i int) node {
	count := make([]uint32, n)
	for i := range count {
		count[i] = uint32(i)
	}
	all := f(node{graph.Const(x.Graph(), count)})
	return func(i int) node { return node{graph.Reshape(graph.Slice(all.Node, graph.AxisElem(i)))} }
}
