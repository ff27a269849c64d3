package train

import (
	"sync"

	"github.com/gomlx/compute"

	"descent.example/pkg/wasm"
)

// goBackend draws the starting values in a page, where GoMLX's Go backend would be a third of the program: package wasm draws the same,
// but for last places of normal float64, so that a page shows what a notebook has stored.
var goBackend = sync.OnceValues(func() (compute.Backend, error) { return &wasm.Backend{LikeGo: true, Keep: wasm.Many}, nil })
