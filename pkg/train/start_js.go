package train

import (
	"sync"

	"github.com/gomlx/compute"

	"descent.example/pkg/wasm"
)

// A page draws the starting values on package wasm, as GoMLX's Go backend would be a third of its program. The numbers are those of the
// Go backend, so that a page shows what a notebook has stored.

const drawsAnew = true // the random bits are constants of the graph

// drawer is one backend, since a tensor stays with the first that it was on.
var drawer struct {
	sync.Mutex
	wasm.Backend
}

func drawing(seed int) (backend compute.Backend, done func(), err error) {
	drawer.Lock()
	drawer.Bits = goBits(seed)
	return &drawer.Backend, drawer.Unlock, nil
}
