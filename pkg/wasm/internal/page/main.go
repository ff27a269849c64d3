//go:build js

// Command page trains in a browser on package wasm. It gives the page "measure(i, steps)", a promise of what the training i took and
// recorded, where i = -1 is the one that a page trains first, and "hold(n)", which has n trainers at the same time.
package main

import (
	"runtime/debug"
	"syscall/js"
	"time"

	"descent.example/pkg/wasm"
	"descent.example/pkg/wasm/internal/trainings"
)

func main() {
	debug.SetGCPercent(400)
	all := trainings.All()
	promise("measure", func(args []js.Value) (any, error) {
		i, steps := args[0].Int(), args[1].Int()
		t := trainings.First()
		if i >= 0 {
			t = all[i]
		}
		return measure(t, steps)
	})
	promise("hold", func(args []js.Value) (any, error) { return hold(all[0], args[0].Int()) })
	select {}
}

// promise gives the page a function that returns a promise of what f returns.
func promise(name string, f func(args []js.Value) (any, error)) {
	js.Global().Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any {
		return js.Global().Get("Promise").New(js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() {
				result, err := f(args)
				if err != nil {
					settle[1].Invoke(err.Error())
					return
				}
				settle[0].Invoke(result)
			}()
			return nil
		}))
	}))
}

// hold runs n trainers, each again after all have run, and returns n.
func hold(t trainings.Training, n int) (any, error) {
	var again []func() error
	for range n {
		trainer, config, err := t.Start(wasm.New())
		if err != nil {
			return nil, err
		}
		defer trainer.Close()
		again = append(again, func() error {
			_, err := trainings.Run(trainer, config, 10)
			return err
		})
	}
	for _, run := range append(again, again...) {
		if err := run(); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// measure returns the time to a first result in ms, the part of it that generates code, the time of a step in µs, and the hash of what a run
// of the given steps records from an exact start.
func measure(t trainings.Training, steps int) (any, error) {
	began, b := time.Now(), wasm.New()
	trainer, config, err := t.Start(b)
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	if _, err := trainings.Run(trainer, config, 100); err != nil {
		return nil, err
	}
	first, generation := time.Since(began), b.Generation()
	best := time.Hour
	for range 3 {
		began = time.Now()
		if _, err := trainings.Run(trainer, config, steps); err != nil {
			return nil, err
		}
		best = min(best, time.Since(began))
	}
	if config, err = t.Exact(config); err != nil {
		return nil, err
	}
	h, err := trainings.Run(trainer, config, steps)
	if err != nil {
		return nil, err
	}
	return map[string]any{"first": first.Seconds() * 1e3, "generation": generation.Seconds() * 1e3,
		"step": best.Seconds() * 1e6 / float64(steps), "bits": trainings.Bits(h)}, nil
}
