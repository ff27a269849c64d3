package wasm

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall/js"
)

// Compiles tells whether modules become machine code here, as they do in every browser.
func Compiles() bool { return true }

type jsProgram struct{ module js.Value }

// caught runs f and returns what JavaScript threw.
func caught(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	f()
	return nil
}

func newProgram(code []byte) (p program, err error) {
	err = caught(func() {
		bytes := js.Global().Get("Uint8Array").New(len(code))
		js.CopyBytesToJS(bytes, code)
		p = jsProgram{js.Global().Get("WebAssembly").Get("Module").New(bytes)}
	})
	return p, err
}

// mostIdle is how many graphs may have idle instances. An instance has a memory, and a browser gives 10 GB of addresses to each, of the
// 1,000 that a tab has.
const mostIdle = 24

// mostOfOne is how many idle instances a graph may have. A page's runs take turns, but one that waits has an instance too.
func mostOfOne() int { return mostIdle }

// resting are the graphs with idle instances, the most recent at the end.
var resting struct {
	sync.Mutex
	graphs []*compiled
}

// rests notes that a graph has an idle instance, and frees those of the graph that has rested longest if they are too many.
func rests(c *compiled) {
	resting.Lock()
	defer resting.Unlock()
	resting.graphs = append(slices.DeleteFunc(resting.graphs, func(o *compiled) bool { return o == c }), c)
	if len(resting.graphs) <= mostIdle {
		return
	}
	oldest := resting.graphs[0]
	resting.graphs = slices.Delete(resting.graphs, 0, 1)
	oldest.mu.Lock()
	defer oldest.mu.Unlock()
	oldest.drop()
}

// gone forgets a graph that nobody uses any longer. The caller does not have its lock.
func gone(c *compiled) {
	resting.Lock()
	defer resting.Unlock()
	resting.graphs = slices.DeleteFunc(resting.graphs, func(o *compiled) bool { return o == c })
}

// instantiate tries again after a failure: the browser frees a memory that nobody uses only after Go has found out that nobody does.
func (p jsProgram) instantiate() (i instance, err error) {
	for range 3 {
		err = caught(func() {
			exports := js.Global().Get("WebAssembly").Get("Instance").New(p.module).Get("exports")
			memory := js.Global().Get("Uint8Array").New(exports.Get("memory").Get("buffer"))
			i = jsInstance{memory, exports.Get("run")}
		})
		if err == nil {
			break
		}
		runtime.GC()
		runtime.Gosched() // to what gives JavaScript's values back
	}
	return i, err
}

func (p jsProgram) close() {}

type jsInstance struct{ memory, main js.Value }

func (i jsInstance) write(at int, b []byte) {
	js.CopyBytesToJS(i.memory.Call("subarray", at, at+len(b)), b)
}

func (i jsInstance) read(at int, b []byte) {
	js.CopyBytesToGo(b, i.memory.Call("subarray", at, at+len(b)))
}

// run lets other goroutines go on when it has ended. Nothing else takes a page's one thread from a goroutine that computes, and without
// it the garbage collector comes to no end: what is allocated meanwhile counts as used, and the heap grows to gigabytes.
func (i jsInstance) run() error {
	defer runtime.Gosched()
	return caught(func() { i.main.Invoke() })
}

func (i jsInstance) close() {}
