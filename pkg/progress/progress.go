// Package progress lets long work report how far it is without knowing who shows that. In a notebook package lab shows it.
package progress

import "sync/atomic"

// A Watcher is told that a work of total units begins. It returns what is to be called with the number of units done, and
// once at the end.
type Watcher func(what string, total int) (set func(done int), end func())

var (
	watcher atomic.Pointer[Watcher]
	busy    atomic.Bool
)

// Watch makes w the watcher; nil for none.
func Watch(w Watcher) {
	if w == nil {
		watcher.Store(nil)
		return
	}
	watcher.Store(&w)
}

// Begin tells the watcher of a work. What is begun while another work lasts is a part of it, and is not told. The functions
// returned are never nil. If the watcher panics, Begin and end do too, and the next work is told again.
func Begin(what string, total int) (set func(done int), end func()) {
	w := watcher.Load()
	if w == nil || !busy.CompareAndSwap(false, true) {
		return func(int) {}, func() {}
	}
	begun := false
	defer func() {
		if !begun {
			busy.Store(false)
		}
	}()
	set, finish := (*w)(what, total)
	begun = true
	if set == nil {
		set = func(int) {}
	}
	return set, func() {
		defer busy.Store(false)
		if finish != nil {
			finish()
		}
	}
}
