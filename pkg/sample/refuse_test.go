package sample_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/sample"
)

// Places in a batch are 32 bits: a greater batch would repeat itself, and one of 2³² examples divide by 0.
func TestABatchBeyond32Bits(t *testing.T) {
	for _, batch := range []int{1 << 31, 1 << 32, 1 << 40, math.MaxInt} {
		_, err := sample.WithReplacement(batch)
		require.ErrorContains(t, err, "it must be at most 2147483647")
		_, err = sample.Reshuffled(batch)
		require.ErrorContains(t, err, "it must be at most 2147483647")
	}
}
