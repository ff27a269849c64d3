package wasm

import (
	"encoding/binary"
	"slices"
	"sync"
)

// A compiled graph. Executables of equal graphs share one.
type compiled struct {
	main    *function
	program program

	mu    sync.Mutex
	idle  []instance
	users int // executables that have it, and the backend if it keeps it
}

// release takes a user away. After the last one the module and its idle instances are freed.
func (c *compiled) release() {
	if c.leave() {
		gone(c)
	}
}

// leave takes a user away, and says whether it was the last one.
func (c *compiled) leave() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users--; c.users > 0 {
		return false
	}
	c.drop()
	c.program.close()
	return true
}

// drop frees the idle instances. The caller has the lock.
func (c *compiled) drop() {
	for _, i := range c.idle {
		i.close()
	}
	c.idle = nil
}

// kept are compiled graphs by what they compute. keys are in the order of use, the most recent at the end.
type kept struct {
	mu   sync.Mutex
	keys []string
	by   map[string]*compiled
	// closed: the backend has been finalized, and keeps nothing any more.
	closed bool
}

// Many is how many graphs a program keeps that runs cells again and again.
const Many = 64

// mostKept is how many bytes the memory of a graph may have that is kept: what it holds was copied from tensors that the program has
// anyhow.
const mostKept = 16 << 20

// find returns the compiled graph of a key with another user, nil if there is none.
func (k *kept) find(key string) *compiled {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.by[key]
	if c == nil {
		return nil
	}
	at := slices.Index(k.keys, key)
	k.keys = append(slices.Delete(k.keys, at, at+1), key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users++
	return c
}

// add keeps a compiled graph, and of all the last most.
func (k *kept) add(key string, c *compiled, most int) {
	if c.main.memory > mostKept {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = make(map[string]*compiled)
	}
	if k.closed || k.by[key] != nil { // another was as quick
		return
	}
	c.users++
	k.keys, k.by[key] = append(k.keys, key), c
	if len(k.keys) > most {
		oldest := k.by[k.keys[0]]
		delete(k.by, k.keys[0])
		k.keys = k.keys[1:]
		oldest.release()
	}
}

// close keeps nothing any longer.
func (k *kept) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, c := range k.by {
		c.release()
	}
	k.keys, k.by = nil, nil
}

// A writing of a graph is equal to that of another one if both compute the same from the same.
type writing struct {
	text      []byte
	nodes     map[*node]int
	functions map[*function]int
}

// written is what a graph computes, without its names.
func written(main *function, likeGo bool) string {
	w := &writing{nodes: make(map[*node]int), functions: make(map[*function]int)}
	w.flag(likeGo)
	w.function(main)
	return string(w.text)
}

func (w *writing) flag(on bool) {
	if on {
		w.number(1)
	} else {
		w.number(0)
	}
}

func (w *writing) number(n int) { w.text = binary.AppendVarint(w.text, int64(n)) }

func (w *writing) numbers(list []int) {
	w.number(len(list))
	for _, n := range list {
		w.number(n)
	}
}

// refer writes which nodes, each of which was written before.
func (w *writing) refer(nodes ...*node) {
	w.number(len(nodes))
	for _, n := range nodes {
		at, known := w.nodes[n]
		if !known {
			panic("wasm: an operand comes after its operation")
		}
		w.number(at)
	}
}

// function writes a function, where it is first called.
func (w *writing) function(f *function) {
	if at, known := w.functions[f]; known {
		w.number(at)
		return
	}
	w.functions[f] = len(w.functions)
	w.number(-1)
	w.number(len(f.nodes))
	for _, n := range f.nodes {
		w.number(int(n.op))
		w.number(int(n.dtype()))
		w.numbers(n.dims())
		w.refer(n.in...)
		w.number(len(n.ints))
		for _, setting := range n.ints {
			w.numbers(setting)
		}
		w.flag(n.uniform)
		w.number(len(n.bytes))
		w.text = append(w.text, n.bytes...)
		w.number(len(n.functions))
		for _, g := range n.functions {
			w.function(g)
		}
		if n.owner != nil {
			w.refer(n.owner)
		}
		w.nodes[n] = len(w.nodes)
	}
	w.refer(f.params...)
	w.refer(f.outputs...)
}
