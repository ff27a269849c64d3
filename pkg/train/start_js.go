package train

import (
	"github.com/gomlx/compute"

	"descent.example/pkg/wasm"
)

// A page draws the starting values on package wasm, as GoMLX's Go backend would be a third of its program. The numbers are those of the
// Go backend, so that a page shows what a notebook has stored.

const drawsAnew = true // the random bits are constants of the graph

func drawing(seed int) (backend compute.Backend, err error) {
	return &wasm.Backend{Bits: goBits(seed)}, nil
}
