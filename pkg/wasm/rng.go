package wasm

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// A recipe adds nodes until one cannot be added; then err says why.
type recipe struct {
	f   *function
	err error
}

func (r *recipe) keep(v value, err error) *node {
	if err != nil && r.err == nil {
		r.err = err
	}
	if r.err != nil {
		return nil
	}
	return v.(*node)
}

// do adds an operation, unless there was an error before.
func (r *recipe) do(op func(x, y value) (value, error), x, y *node) *node {
	if r.err != nil {
		return nil
	}
	return r.keep(op(x, y))
}

func (r *recipe) to(x *node, t dtypes.DType) *node {
	if r.err != nil {
		return nil
	}
	return r.keep(r.f.ConvertDType(x, t))
}

func (r *recipe) reshape(x *node, dims ...int) *node {
	if r.err != nil {
		return nil
	}
	return r.keep(r.f.Reshape(x, dims...))
}

func (r *recipe) slice(x *node, from, to int) *node {
	if r.err != nil {
		return nil
	}
	return r.keep(r.f.Slice(x, []int{from}, []int{to}, nil))
}

func (r *recipe) join(axis int, xs ...value) *node {
	if r.err != nil {
		return nil
	}
	return r.keep(r.f.Concatenate(axis, xs...))
}

func (r *recipe) bitcast(x *node, t dtypes.DType) *node {
	if r.err != nil || x.dtype() == t {
		return x
	}
	return r.keep(r.f.Bitcast(x, t))
}

func (r *recipe) uint64(x uint64) *node { return r.keep(r.f.Constant([]uint64{x})) }
func (r *recipe) uint32(x uint32) *node { return r.keep(r.f.Constant([]uint32{x})) }

// unsignedOf has the unsigned type of a number of bytes.
var unsignedOf = map[int]dtypes.DType{1: dtypes.Uint8, 2: dtypes.Uint16, 4: dtypes.Uint32, 8: dtypes.Uint64}

// halves are the low and the high 32 bits of 64.
func (r *recipe) halves(x *node) (low, high *node) {
	return r.to(x, dtypes.Uint32), r.to(r.do(r.f.ShiftRightLogical, x, r.uint64(32)), dtypes.Uint32)
}

// philox is Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).
func (r *recipe) philox(key0, key1 *node, x [4]*node) [4]*node {
	f := r.f
	product := func(x *node, by uint64) (low, high *node) {
		return r.halves(r.do(f.Mul, r.to(x, dtypes.Uint64), r.uint64(by)))
	}
	for round := range 10 {
		if round > 0 {
			key0, key1 = r.do(f.Add, key0, r.uint32(0x9e3779b9)), r.do(f.Add, key1, r.uint32(0xbb67ae85))
		}
		low0, high0 := product(x[0], 0xd2511f53)
		low1, high1 := product(x[2], 0xcd9e8d57)
		x = [4]*node{
			r.do(f.BitwiseXor, r.do(f.BitwiseXor, high1, x[1]), key0), low1,
			r.do(f.BitwiseXor, r.do(f.BitwiseXor, high0, x[3]), key1), low0,
		}
	}
	return x
}

// RNGBitGenerator returns XLA's bits for the algorithm Philox: the state is a key and a counter of 128 bits, and each count gives
// four times 32 bits, of which a shorter element takes the lowest. It returns an error if the state is no such, or for booleans.
func (f *function) RNGBitGenerator(state value, shape shapes.Shape) (next, bits value, err error) {
	in, err := f.operands(state)
	if err != nil {
		return nil, nil, err
	}
	if err := static(shape); err != nil {
		return nil, nil, err
	}
	t, size := shape.DType, width(shape.DType)
	if t == dtypes.Bool {
		return nil, nil, fmt.Errorf("random bits of type %s: %w", t, compute.ErrNotImplemented)
	}
	if !in[0].shape.Equal(compute.RNGStateShape) {
		return nil, nil, fmt.Errorf("the state of random bits must be %s, not %s", compute.RNGStateShape, in[0].shape)
	}
	if f.b.backend.LikeGo {
		return f.pcg(in[0], shape)
	}
	r := &recipe{f: f}
	words := shape.Size() * max(size, 4) / 4
	count := (words + 3) / 4
	add128 := func(low, high, plus *node) (*node, *node) {
		sum := r.do(f.Add, low, plus)
		return sum, r.do(f.Add, high, r.to(r.do(f.LessThan, sum, low), dtypes.Uint64))
	}
	low, high := r.slice(in[0], 1, 2), r.slice(in[0], 2, 3)
	index := r.keep(f.Iota(shapes.Make(dtypes.Uint64, count), 0))
	wide := func(x *node) *node {
		if r.err != nil {
			return nil
		}
		return r.keep(f.broadcast(x, []int{count}, []int{0}))
	}
	var counter [4]*node
	at, above := add128(wide(low), wide(high), index)
	counter[0], counter[1] = r.halves(at)
	counter[2], counter[3] = r.halves(above)
	key0, key1 := r.halves(wide(r.slice(in[0], 0, 1)))
	var columns []value
	for _, x := range r.philox(key0, key1, counter) {
		columns = append(columns, r.reshape(x, count, 1))
	}
	if size == 8 {
		pair := func(low, high value) value {
			if r.err != nil {
				return nil
			}
			return r.do(f.BitwiseOr, r.to(low.(*node), dtypes.Uint64),
				r.do(f.ShiftLeft, r.to(high.(*node), dtypes.Uint64), r.uint64(32)))
		}
		columns = []value{pair(columns[0], columns[1]), pair(columns[2], columns[3])}
	}
	all := r.slice(r.reshape(r.join(1, columns...), len(columns)*count), 0, shape.Size())
	out := r.reshape(all, shape.Dimensions...)
	after, afterHigh := add128(low, high, r.uint64(uint64(count)))
	newState := r.join(0, r.slice(in[0], 0, 1), after, afterHigh)
	out = r.bitcast(r.to(out, unsignedOf[size]), t)
	return newState, out, r.err
}
