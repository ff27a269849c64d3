package train

import (
	"errors"
	"fmt"
	"runtime"

	"descent.example/internal/panicked"
)

// catch runs fn and returns its panic as an error: GoMLX reports mistakes in a graph by panicking, and the functions that
// a person wrote (a problem's, a model's, an optimizer's, Progress) may do so. It says where, but for mistakes that the
// lab's own packages found and describe.
func catch(fn func()) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		where, own := panicked.At()
		mistake, isError := p.(error)
		_, accident := p.(runtime.Error)
		switch {
		case isError && !accident && own:
			err = mistake
		case isError:
			err = fmt.Errorf("%w, in %s", mistake, where)
		default:
			err = fmt.Errorf("%v, in %s", p, where)
		}
	}()
	fn()
	return nil
}

var errNotMade = errors.New("the trainer was not made by train.New: use what New returns, after a look at its error")

// made tells a trainer of New and On from nil and the zero Trainer.
func (t *Trainer) made() bool { return t != nil && t.compiled != nil }

var errClosed = errors.New("the trainer is closed: make another one with train.New")

var errWithinBuild = errors.New("a problem's Loss or an optimizer uses its own trainer, which waits for it: use another trainer, or do it outside")

// lock locks mu, and returns what unlocks it.
func (t *Trainer) lock() (unlock func()) {
	t.mu.Lock()
	t.holder.Store(goroutine())
	return func() {
		t.holder.Store(0)
		t.mu.Unlock()
	}
}

// withinBuild tells whether the caller was called by what holds mu: it would wait for itself.
func (t *Trainer) withinBuild() bool {
	holder := t.holder.Load()
	return holder != 0 && holder == goroutine()
}

// goroutine is the number of the calling goroutine, which Go tells in a trace alone: "goroutine 7 [running]: …".
func goroutine() (id int64) {
	trace := make([]byte, 64)
	_, _ = fmt.Sscanf(string(trace[:runtime.Stack(trace, false)]), "goroutine %d", &id)
	return id
}

// use calls fn while Close waits. After Close it is an error.
func (t *Trainer) use(fn func() error) error {
	if !t.made() {
		return errNotMade
	}
	if t.withinBuild() {
		return errWithinBuild
	}
	t.open.RLock()
	defer t.open.RUnlock()
	if t.closed || t.compiled.closed {
		return errClosed
	}
	var err error
	if caught := catch(func() { err = fn() }); caught != nil {
		return caught
	}
	return err
}
