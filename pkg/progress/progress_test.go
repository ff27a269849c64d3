package progress

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWatcherHearsTheOutermostWork(t *testing.T) {
	set, end := Begin("unwatched", 1)
	set(1)
	end()

	var heard []string
	Watch(func(what string, total int) (func(int), func()) {
		heard = append(heard, fmt.Sprint(what, " of ", total))
		return func(done int) { heard = append(heard, fmt.Sprint(done)) }, func() { heard = append(heard, "end") }
	})
	t.Cleanup(func() { Watch(nil) })
	set, end = Begin("sweep", 2)
	inner, innerEnd := Begin("run", 100)
	inner(50)
	innerEnd()
	set(1)
	end()
	_, end = Begin("next", 3)
	end()
	require.Equal(t, []string{"sweep of 2", "1", "end", "next of 3", "end"}, heard)
}

// A watcher that makes a mistake is not the end of watching.
func TestAWatcherThatPanics(t *testing.T) {
	t.Cleanup(func() { Watch(nil) })
	Watch(func(string, int) (func(int), func()) { panic("no screen") })
	require.Panics(t, func() { Begin("run", 1) })
	Watch(func(string, int) (func(int), func()) { return nil, func() { panic("no screen") } })
	_, end := Begin("run", 1)
	require.Panics(t, end)
	Watch(func(string, int) (func(int), func()) { return nil, nil })
	set, end := Begin("run", 1)
	set(1)
	end()

	var heard []string
	Watch(func(what string, _ int) (func(int), func()) {
		heard = append(heard, what)
		return nil, nil
	})
	_, end = Begin("run", 1)
	end()
	require.Equal(t, []string{"run"}, heard)
}
