package wasm

import (
	"encoding/binary"
	"math"
)

// Exponentials of several float64 at once, without branches: the functions of nets. One element is computed as a vector of twice
// the same, so that a result does not depend on where in an array its argument stands.

// A pair is some vectors on which a function does the same side by side: processors wait for each result otherwise.
type pair []local

// v applies an instruction to pairs of count vectors and to numbers.
func (w *writer) v(name string, count int, args ...any) pair {
	out := make(pair, count)
	for i := range out {
		for _, a := range args {
			switch a := a.(type) {
			case pair:
				w.get(a[i])
			case float64:
				w.vectorConstant(repeated(binary.LittleEndian.AppendUint64(nil, math.Float64bits(a))))
			case int64:
				w.vectorConstant(repeated(binary.LittleEndian.AppendUint64(nil, uint64(a))))
			case int:
				w.integer(i32, int64(a))
			}
		}
		w.do(name)
		out[i] = w.pop(v128)
	}
	return out
}

// vectorFunction is a definition for count vectors.
func vectorFunction(count int, body func(v func(name string, args ...any) pair, x pair) pair) definition {
	kinds := make([]kind, count)
	x := make(pair, count)
	for i := range kinds {
		kinds[i], x[i] = v128, local(i)
	}
	return definition{kinds, kinds, func(w *writer) {
		y := body(func(name string, args ...any) pair { return w.v(name, count, args...) }, x)
		for _, l := range y {
			w.get(l)
		}
	}}
}

// vector is an instruction applied to pairs.
type vector = func(name string, args ...any) pair

// vhorner is horner for vectors.
func vhorner(v vector, x pair, c ...float64) pair {
	y := v("f64x2.mul", x, c[len(c)-1])
	for i := len(c) - 2; i > 0; i-- {
		y = v("f64x2.mul", v("f64x2.add", y, c[i]), x)
	}
	return v("f64x2.add", y, c[0])
}

// vpower is 2ⁿ for whole n of at most 1023 in size: the sum with 1.5·2⁵² has n in its lowest bits.
func vpower(v vector, n pair) pair {
	return v("i64x2.shl", v("i64x2.add", v("f64x2.add", n, 0x1.8p52), int64(1023)), 52)
}

// vreduce writes x as n ln 2 + high - low, n whole.
func vreduce(v vector, x pair) (n, high, low pair) {
	n = v("f64x2.nearest", v("f64x2.mul", x, math.Log2E))
	return n, v("f64x2.sub", x, v("f64x2.mul", n, ln2High)), v("f64x2.mul", n, ln2Low)
}

func vectorExp(v vector, x pair) pair {
	n, high, low := vreduce(v, v("f64x2.pmin", v("f64x2.pmax", x, -746.0), 710.0))
	r := v("f64x2.sub", high, low)
	t := v("f64x2.mul", r, r)
	c := v("f64x2.sub", r, v("f64x2.mul", t, vhorner(v, t, 1.66666666666666657415e-01, -2.77777777770155933842e-03,
		6.61375632143793436117e-05, -1.65339022054652515390e-06, 4.13813679705723846039e-08)))
	q := v("f64x2.div", v("f64x2.mul", r, c), v("f64x2.sub", 2.0, c))
	y := v("f64x2.sub", 1.0, v("f64x2.sub", v("f64x2.sub", low, q), high))
	half := v("f64x2.nearest", v("f64x2.mul", n, 0.5))
	return v("f64x2.mul", v("f64x2.mul", y, vpower(v, half)), vpower(v, v("f64x2.sub", n, half)))
}

// vectorTanh: with 2|x| = n ln 2 + r, 0 ≤ r < ln 2, and c = r coth(r/2), e^r is (c+r)/(c-r), and so tanh |x| is
// (c (2ⁿ-1) + r (2ⁿ+1)) / (c (2ⁿ+1) + r (2ⁿ-1)), in which nothing cancels, or 1 - 2(c-r) / (c (2ⁿ+1) + r (2ⁿ-1)). The polynomial in r²
// interpolates c at Chebyshev's points, to 4·10⁻¹⁷.
func vectorTanh(v vector, x pair) pair {
	y := v("f64x2.pmin", v("f64x2.abs", x), 22.0)
	y = v("f64x2.add", y, y)
	n := v("f64x2.floor", v("f64x2.mul", y, math.Log2E))
	r := v("f64x2.sub", v("f64x2.sub", y, v("f64x2.mul", n, ln2High)), v("f64x2.mul", n, ln2Low))
	c := vhorner(v, v("f64x2.mul", r, r), 2, 0.16666666666666652, -0.002777777777754533, 6.613756557268224e-05,
		-1.6534341283940148e-06, 4.1733275219309766e-08, -1.0191206779809452e-09)
	power := vpower(v, n)
	less, more := v("f64x2.sub", power, 1.0), v("f64x2.add", power, 1.0)
	small := v("f64x2.lt", y, 1.1)
	above := v("f64x2.add", v("f64x2.mul", c, less), v("f64x2.mul", r, more))
	below := v("f64x2.add", v("f64x2.mul", c, more), v("f64x2.mul", r, less))
	rest := v("f64x2.sub", c, r)
	z := v("f64x2.div", v("v128.bitselect", above, v("f64x2.add", rest, rest), small), below)
	return v("v128.bitselect", x, v("v128.bitselect", z, v("f64x2.sub", 1.0, z), small), int64(math.MinInt64))
}

func vectorLogistic(v vector, x pair) pair {
	e := vectorExp(v, v("f64x2.neg", v("f64x2.abs", x)))
	return v("f64x2.div", v("v128.bitselect", e, 1.0, v("f64x2.lt", x, 0.0)), v("f64x2.add", e, 1.0))
}

// ofVector is the body of a function of one number by that of two.
func ofVector(name string) func(w *writer) {
	return func(w *writer) {
		call64(name, op("f64x2.splat", param(0)))(w)
		w.lane("f64x2.extract_lane", 0)
	}
}
