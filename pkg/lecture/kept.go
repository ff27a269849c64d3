package lecture

import (
	"slices"
	"sync"

	"descent.example/internal/live"
	"descent.example/pkg/figure"
)

// things are what a live process has made, by their keys, the key that was used last at the end.
var things struct {
	sync.Mutex
	keys []any
	by   map[any]any
}

// A keyOf names what belongs to something: a pointer to it keeps it from making room for another one at the same place.
type keyOf[T any] struct {
	of   *T
	what string
}

// mostThings is how many of them there are at most.
const mostThings = 64

// kept returns what a live process, which runs its cell for each new value, has made for a key before. Else it makes it. An error is not
// kept. Nobody may change what is kept.
func kept[T any](key any, make func() (T, error)) (T, error) {
	if !live.Process {
		return make()
	}
	things.Lock()
	old, is := things.by[key].(T)
	if is {
		at := slices.Index(things.keys, key)
		things.keys = append(slices.Delete(things.keys, at, at+1), key)
	}
	things.Unlock()
	if is {
		return old, nil
	}
	made, err := make()
	if err != nil {
		return made, err
	}
	things.Lock()
	defer things.Unlock()
	if things.by == nil {
		things.by = map[any]any{}
	}
	if old, is := things.by[key].(T); is { // another goroutine has made it meanwhile
		return old, nil
	}
	things.keys = append(things.keys, key)
	things.by[key] = made
	if len(things.keys) > mostThings {
		delete(things.by, things.keys[0])
		things.keys = things.keys[1:]
	}
	return made, nil
}

// drawn is kept for a figure to which others add: a copy, which has the contours that were computed.
func drawn(key any, draw func() *figure.Figure) *figure.Figure {
	f, _ := kept(key, func() (*figure.Figure, error) { return draw(), nil })
	return f.Copy()
}
