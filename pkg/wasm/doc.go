// Package wasm is a backend for GoMLX that compiles a graph, closures and loops included, to one WebAssembly module, and
// runs it: natively through wazero, which needs neither C nor a plugin, and in a browser through syscall/js.
//
// # Design
//
// Front (graph.go, ops.go): the methods of compute.Function check their operands with package shapeinference and append
// nodes to a function; implicit broadcasts become nodes.
//
// Middle (plan.go): nodes that no output needs are left out. Nodes that only rename elements of their operand (transpose,
// slice, broadcast, reverse) or know them from the index (iota, uniform constants) are computed where they are read. Every
// other node is a root and has an address of its own for the whole run, so that a closure reads what it captures where it
// lies, and a loop's state stays in place. A function of the graph becomes a function of the module; a While is a loop
// around two calls, so that a browser can replace the code of the body while the loop runs.
//
// Back (kernel.go, element.go, math.go, encode.go): a root is a nest of loops over its dimensions, an index a sum of loop
// variables times factors; elements have XLA's semantics (division by zero, shifts, conversions, NaN); exponentials and
// their like are functions of the module. The encoder writes the binary format of the WebAssembly Core Specification,
// version 2.0, with the instructions by their names there.
//
// Engine (run_wazero.go, run_js.go): every run has an instance, hence a memory, of its own, taken from those that idle.
//
// Loops in the style of "compute an element from its index" follow Ragan-Kelley et al., Halide (PLDI 2013).
package wasm
