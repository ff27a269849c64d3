package accel

import (
	"errors"
	"sync"

	"github.com/gomlx/compute"

	"descent.example/pkg/wasm"
)

// In a browser there is package wasm and nothing else: the other backends would double the program that a page loads.

var opened = sync.OnceValue(func() *wasm.Backend { return &wasm.Backend{Keep: wasm.Many} })

// Open returns the backend that computes in this page. Its error is nil.
func Open() (compute.Backend, error) { return opened(), nil }

// Describe says in one sentence what computes in this page.
func Describe() string { return "WebAssembly computes, in this page." }

// Platform names what computes.
func Platform() string { return wasm.Name }

// GPU returns an error: a page has no use of one.
func GPU() (compute.Backend, string, error) {
	return nil, "", errors.New("a page computes without a GPU")
}
