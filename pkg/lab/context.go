package lab

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"time"
)

// interruptPatience is how long an interrupted cell may take to end by itself.
const interruptPatience = 2 * time.Second

// Context returns the context in which a cell computes. It ends when the cell is
// interrupted (SIGINT), so that what runs in it stops and the cell can say what it has.
// If the process has not ended two seconds after that, it exits with status 130, so that
// an interrupt always works. Every call returns the same context.
//
// In a live process, where a newer setting of the parameters may overtake a run, it ends when that happens, and each run has its own.
func Context() context.Context {
	if living != nil {
		return living.context()
	}
	return interruptible()
}

var interruptible = sync.OnceValue(func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		cancel()
		time.Sleep(interruptPatience)
		os.Exit(130)
	}()
	return ctx
})
