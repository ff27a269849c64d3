package train

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// goBits are the random bits that GoMLX's Go backend draws in a graph whose first state is that of a seed (wasm.Backend.Bits).
//
// Source: github.com/gomlx/compute v0.1.3, internal/gobackend/ops/rngbitgenerator.go.
func goBits(seed int) func(state []uint64, n int) (next []uint64, bits []byte) {
	return func(state []uint64, n int) (next []uint64, bits []byte) {
		if state == nil {
			first, err := graph.RNGStateFromSeed(int64(seed))
			if err != nil {
				panic(err)
			}
			state = tensors.MustCopyFlatData[uint64](first)
		}
		rng := rand.NewPCG(state[0], state[1])
		bits = make([]byte, (n+7)/8*8)
		for at := 0; at < n; at += 8 {
			binary.LittleEndian.PutUint64(bits[at:], rng.Uint64())
		}
		after, err := rng.MarshalBinary() // "pcg:" and 16 bytes
		if err != nil {
			panic(err)
		}
		return []uint64{binary.LittleEndian.Uint64(after[4:]), binary.LittleEndian.Uint64(after[12:]), state[2]}, bits[:n]
	}
}
