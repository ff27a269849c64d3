//go:build !js

package wasm

import (
	"context"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// engine is wazero's: its compiler where it has one for the processor, else its interpreter.
var engine = sync.OnceValue(func() wazero.Runtime {
	return wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfig().WithMemoryCapacityFromMax(true))
})

// Compiles tells whether modules become machine code here. Elsewhere they are interpreted, some hundred times slower.
var Compiles = sync.OnceValue(func() (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	ctx := context.Background()
	return wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler()).Close(ctx) == nil
})

type wazeroProgram struct{ compiled wazero.CompiledModule }

func newProgram(code []byte) (program, error) {
	compiled, err := engine().CompileModule(context.Background(), code)
	if err != nil {
		return nil, err
	}
	return wazeroProgram{compiled}, nil
}

func (p wazeroProgram) instantiate() (instance, error) {
	m, err := engine().InstantiateModule(context.Background(), p.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	return wazeroInstance{m, m.Memory(), m.ExportedFunction("run")}, nil
}

func (p wazeroProgram) close() { p.compiled.Close(context.Background()) }

type wazeroInstance struct {
	module api.Module
	memory api.Memory
	main   api.Function
}

func (i wazeroInstance) write(at int, b []byte) { i.memory.Write(uint32(at), b) }

func (i wazeroInstance) read(at int, b []byte) {
	from, _ := i.memory.Read(uint32(at), uint32(len(b)))
	copy(b, from)
}

func (i wazeroInstance) run() error {
	_, err := i.main.Call(context.Background())
	return err
}

func (i wazeroInstance) close() { i.module.Close(context.Background()) }

// mostOfOne is how many idle instances a graph may have: as many as can run at the same time, and two for package train's sweeps, which
// have two more workers.
func mostOfOne() int { return runtime.GOMAXPROCS(0) + 2 }

// rests and gone are for browsers, where instances are few.
func rests(*compiled) {}
func gone(*compiled)  {}
