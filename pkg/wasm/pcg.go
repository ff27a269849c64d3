package wasm

import (
	"math/bits"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// pcg are the random bits of GoMLX's Go backend, Go's rand.PCG: a state of 128 bits is multiplied and added to for each 64 bits. The
// k-th state after s is aₖ·s + cₖ, so that all of them are computed at once.
//
// Source: math/rand/v2/pcg.go; github.com/gomlx/compute v0.1.3, internal/gobackend/ops/rngbitgenerator.go.
func (f *function) pcg(state *node, shape shapes.Shape) (next, out value, err error) {
	r := &recipe{f: f}
	size := width(shape.DType)
	count := (shape.Size()*size + 7) / 8
	if count == 0 {
		none := r.keep(f.Constant(dtypes.MakeAnySlice(shape.DType, 0), shape.Dimensions...))
		return r.join(0, r.swapped(r.slice(state, 0, 2)), r.slice(state, 2, 3)), none, r.err
	}
	steps := pcgSteps(count)
	constant := func(part int) *node { return r.keep(f.Constant(steps[part], count)) }
	wide := func(at int) *node {
		word := r.slice(state, at, at+1)
		if r.err != nil {
			return nil
		}
		return r.keep(f.broadcast(word, []int{count}, []int{0}))
	}
	high, low := wide(0), wide(1)
	product := r.do(f.Mul, low, constant(1))
	sum := r.do(f.Add, product, constant(3))
	carry := r.to(r.do(f.LessThan, sum, product), dtypes.Uint64)
	top := r.do(f.Add, r.high64(low, constant(1)), r.do(f.Add, r.do(f.Mul, high, constant(1)), r.do(f.Mul, low, constant(0))))
	high, low = r.do(f.Add, r.do(f.Add, top, constant(2)), carry), sum

	// DXSM, "double xorshift multiply"
	shifted := func(x *node, by uint64) *node {
		return r.do(f.BitwiseXor, x, r.do(f.ShiftRightLogical, x, r.uint64(by)))
	}
	mixed := shifted(r.do(f.Mul, shifted(high, 32), r.uint64(0xda942042e4dd58b5)), 48)
	words := r.do(f.Mul, mixed, r.do(f.BitwiseOr, low, r.uint64(1)))
	parts := r.bitcast(words, unsignedOf[size])
	drawn := r.reshape(r.slice(r.reshape(parts, count*8/size), 0, shape.Size()), shape.Dimensions...)
	drawn = r.bitcast(drawn, shape.DType)
	last := func(x *node) *node { return r.swapped(r.slice(x, count-1, count)) }
	following := r.join(0, last(high), last(low), r.slice(state, 2, 3))
	return following, drawn, r.err
}

// pcgSteps are aₖ, high and low, and cₖ, high and low, for k = 1 to count.
func pcgSteps(count int) (steps [4][]uint64) {
	const mulHigh, mulLow, addHigh, addLow = 2549297995355413924, 4865540595714422341, 6364136223846793005, 1442695040888963407
	times := func(high, low uint64) (uint64, uint64) {
		top, bottom := bits.Mul64(low, mulLow)
		return top + high*mulLow + low*mulHigh, bottom
	}
	aHigh, aLow, cHigh, cLow := uint64(0), uint64(1), uint64(0), uint64(0)
	for range count {
		aHigh, aLow = times(aHigh, aLow)
		cHigh, cLow = times(cHigh, cLow)
		var carry uint64
		cLow, carry = bits.Add64(cLow, addLow, 0)
		cHigh, _ = bits.Add64(cHigh, addHigh, carry)
		for i, x := range []uint64{aHigh, aLow, cHigh, cLow} {
			steps[i] = append(steps[i], x)
		}
	}
	return steps
}

// high64 is the upper half of the products of 64 by 64 bits.
func (r *recipe) high64(x, y *node) *node {
	f := r.f
	low := func(x *node) *node { return r.do(f.BitwiseAnd, x, r.uint64(1<<32-1)) }
	up := func(x *node) *node { return r.do(f.ShiftRightLogical, x, r.uint64(32)) }
	first, second := r.do(f.Mul, low(x), up(y)), r.do(f.Mul, up(x), low(y))
	middle := r.do(f.Add, up(r.do(f.Mul, low(x), low(y))), r.do(f.Add, low(first), low(second)))
	return r.do(f.Add, r.do(f.Mul, up(x), up(y)), r.do(f.Add, up(middle), r.do(f.Add, up(first), up(second))))
}

// swapped has the bytes of 64 bits in the other order: the Go backend reads its generator's state with the other end first.
func (r *recipe) swapped(x *node) *node {
	f := r.f
	for _, part := range []struct{ by, mask uint64 }{{8, 0x00ff00ff00ff00ff}, {16, 0x0000ffff0000ffff}, {32, 0x00000000ffffffff}} {
		by, mask := r.uint64(part.by), r.uint64(part.mask)
		x = r.do(f.BitwiseOr, r.do(f.ShiftLeft, r.do(f.BitwiseAnd, x, mask), by), r.do(f.BitwiseAnd, r.do(f.ShiftRightLogical, x, by), mask))
	}
	return x
}
