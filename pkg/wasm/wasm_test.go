package wasm_test

import (
	"testing"

	"descent.example/pkg/wasm"
	"github.com/gomlx/compute/support/backendtest"
)

// TestConformance is GoMLX's own suite for backends.
func TestConformance(t *testing.T) { backendtest.RunAll(t, wasm.New(), nil) }
