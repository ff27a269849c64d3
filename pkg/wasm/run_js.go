package wasm

import (
	"fmt"
	"runtime"
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

func (p jsProgram) instantiate() (i instance, err error) {
	err = caught(func() {
		exports := js.Global().Get("WebAssembly").Get("Instance").New(p.module).Get("exports")
		memory := js.Global().Get("Uint8Array").New(exports.Get("memory").Get("buffer"))
		i = jsInstance{memory, exports.Get("run")}
	})
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
