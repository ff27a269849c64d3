// Package wasm is a backend for GoMLX that compiles a graph, closures and loops included, to one WebAssembly module, and
// runs it: natively through wazero, which needs neither C nor a plugin, and in a browser through syscall/js.
//
// # Design
//
// Front (graph.go, ops.go, window.go, norm.go, rng.go, pcg.go): the methods of compute.Function check their operands with package
// shapeinference and append nodes to a function; implicit broadcasts become nodes.
//
// Middle (fuse.go, place.go, plan.go): nodes that no output needs are left out. Nodes that only rename elements of their operand
// (transpose, slice, broadcast, reverse) or know them from the index (iota, uniform constants) are computed where they are read, and
// so are cheap elementwise nodes. The others, reductions among them, are roots: they have memory. Roots with the same loops share a
// kernel if they read of each other only the element that was just computed. What stays the same in a While's rounds is computed
// before it. Every value has an address, so that a closure reads what it captures where it lies; what is no longer read gives its
// memory back; a loop's state stays in place, and is written over where no later kernel reads it.
//
// Back (nest.go, emit.go, vector.go, kernel.go, sort.go, element.go, math.go, encode.go): a kernel is a nest of loops, an address a
// sum of counters times factors. A value is computed in the outermost loop that knows it. Each kernel is written in some variants,
// by one element or by 2 to 16 lanes of the last axis, kept or reduced, with the rounds of short loops one after the other. The
// cheapest stays: that of the fewest bytes of instructions times repetitions. Elements have XLA's semantics (division by zero,
// shifts, conversions, NaN). What is no nest, as a scatter or a sort, is written element by element. A function of the graph becomes
// a function of the module, and a While a loop around two calls, so that a browser can replace the code of the body while the loop
// runs. The encoder writes the binary format of the WebAssembly Core Specification, version 2.0, with the instructions by their
// names there.
//
// Engine (run_wazero.go, run_js.go): every run has an instance, hence a memory, of its own, taken from those that idle.
//
// # The order of sums
//
// The module fixes it: the same graph gives the same bits in every engine and on every processor, except for a NaN, whose bits the engine
// and the processor choose. A reduction by L lanes adds elements l, l+L, l+2L, … in lane l, the later axes running faster. Then the second
// half of the lanes is added to the first until one is left, and last the sum of the elements that fill no group of L. A reduction by one
// element at a time adds them in their order. Which of these a kernel does depends on the graph alone. There is no fused multiply-add.
//
// # Sources
//
// Loops in the style of "compute an element from its index", inlined or stored, follow Ragan-Kelley et al., Halide (PLDI 2013).
package wasm
