package wasm

import (
	"maps"
	"math"
)

// The functions of this file are float64 functions that modules contain when they need them, after FreeBSD's msun (fdlibm,
// Sun Microsystems, "freely granted") as package math has most of them too; sine and cosine reduce their arguments by the
// method of Payne and Hanek (ACM SIGNUM Newsletter 18, 1983), pow follows e_pow.c. Elements of other float types are
// computed in float64 and rounded.

// An ex writes code that pushes a value.
//
// What makes one is not inlined: a page would have 0.7 MB more of program, which the browser compiles when it first runs, while the first
// result of a graph waits for it.
type ex func(w *writer)

//go:noinline
func op(name string, args ...ex) ex {
	return func(w *writer) {
		for _, a := range args {
			a(w)
		}
		w.do(name)
	}
}

//go:noinline
func num(x float64) ex { return func(w *writer) { w.number(f64, x) } }

//go:noinline
func long(x int64) ex { return func(w *writer) { w.integer(i64, x) } }

//go:noinline
func short(x int64) ex { return func(w *writer) { w.integer(i32, x) } }

//go:noinline
func single(x float32) ex { return func(w *writer) { w.number(f32, float64(x)) } }

//go:noinline
func read(l local) ex { return func(w *writer) { w.get(l) } }
func param(i int) ex  { return read(local(i)) }

//go:noinline
func add(a, b ex) ex { return op("f64.add", a, b) }

//go:noinline
func sub(a, b ex) ex { return op("f64.sub", a, b) }

//go:noinline
func mul(a, b ex) ex { return op("f64.mul", a, b) }

//go:noinline
func div(a, b ex) ex { return op("f64.div", a, b) }

//go:noinline
func abs(a ex) ex { return op("f64.abs", a) }

//go:noinline
func bitsOf(a ex) ex { return op("i64.reinterpret_f64", a) }

// choose evaluates only the branch that the test, an i32, selects.
//
//go:noinline
func choose(k kind, test, yes, no ex) ex {
	return func(w *writer) {
		test(w)
		w.when(k, func() { yes(w) }, func() { no(w) })
	}
}

// call64 calls one of this file's functions.
//
//go:noinline
func call64(name string, args ...ex) ex {
	return func(w *writer) {
		for _, a := range args {
			a(w)
		}
		w.call(w.m.function64(name))
	}
}

// let evaluates x once and returns code that pushes the value.
//
//go:noinline
func (w *writer) let(k kind, x ex) ex {
	x(w)
	return read(w.pop(k))
}

//go:noinline
func (w *writer) letf(x ex) ex { return w.let(f64, x) }

// into sets a variable to x.
func (w *writer) into(l local, x ex) {
	x(w)
	w.set(l)
}

// returnIf ends the function with a result.
//
//go:noinline
func (w *writer) returnIf(test, result ex) {
	test(w)
	w.when(0, func() { result(w); w.do("return") }, nil)
}

// horner is the polynomial c[0] + c[1] x + ….
func horner(x ex, c ...float64) ex {
	y := num(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		y = add(num(c[i]), mul(x, y))
	}
	return y
}

const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// A definition is a function of this file.
type definition struct {
	params []kind
	result []kind
	body   func(w *writer)
}

// functions64 has the functions by name. It is filled by init because the bodies call functions by name too.
var functions64 map[string]definition

func init() {
	one, two := []kind{f64}, []kind{f64, f64}
	functions64 = map[string]definition{
		"exp": {one, []kind{f64}, ofVector("exp×2")}, "expm1": {one, []kind{f64}, expm1Body},
		"log": {one, []kind{f64}, logBody}, "log1p": {one, []kind{f64}, log1pBody},
		"tanh": {one, []kind{f64}, ofVector("tanh×2")}, "logistic": {one, []kind{f64}, ofVector("logistic×2")},
		"exp×2": vectorFunction(1, vectorExp), "tanh×2": vectorFunction(1, vectorTanh), "logistic×2": vectorFunction(1, vectorLogistic),
		"exp×4": vectorFunction(2, vectorExp), "tanh×4": vectorFunction(2, vectorTanh), "logistic×4": vectorFunction(2, vectorLogistic),
		"sin": {one, []kind{f64}, func(w *writer) { circle(w, 0) }}, "cos": {one, []kind{f64}, func(w *writer) { circle(w, 1) }},
		"erf": {one, []kind{f64}, erfBody}, "atan2": {two, []kind{f64}, atan2Body},
		"pow": {two, []kind{f64}, powBody}, "fmod": {two, []kind{f64}, fmodBody},
		"scale": {[]kind{f64, i64}, []kind{f64}, scaleBody}, "high": {[]kind{i64, i64}, []kind{i64}, highBody},
		"round_bfloat": {[]kind{f32}, []kind{f32}, roundBfloatBody}, "to_half": {[]kind{f32}, []kind{i32}, toHalfBody},
		"from_half": {[]kind{i32}, []kind{f32}, fromHalfBody}, "to_odd": {one, []kind{f32}, toOddBody},
	}
}

// function64 returns a function of this file, which the module then contains.
func (m *module) function64(name string) *writer {
	if f := m.math[name]; f != nil {
		return f
	}
	d, ok := functions64[name]
	if !ok {
		panic("wasm: no function " + name)
	}
	f := m.function(d.params, d.result...)
	m.math[name] = f
	d.body(f)
	return f
}

// forget removes functions of this file from the given number on.
func (m *module) forget(from int) {
	m.functions = m.functions[:from]
	maps.DeleteFunc(m.math, func(_ string, f *writer) bool { return f.id >= from })
}

// scaleBody: x 2ⁿ for |n| ≤ 2044, rounded once.
func scaleBody(w *writer) {
	half := w.let(i64, op("i64.shr_s", param(1), long(1)))
	power := func(n ex) ex {
		return op("f64.reinterpret_i64", op("i64.shl", op("i64.add", n, long(1023)), long(52)))
	}
	mul(mul(param(0), power(half)), power(op("i64.sub", param(1), half)))(w)
}

func expm1Body(w *writer) {
	w.returnIf(op("f64.gt", param(0), num(709.782712893384)), num(math.Inf(1)))
	w.returnIf(op("f64.lt", param(0), num(-38.816242113569)), num(-1))
	w.returnIf(op("f64.lt", abs(param(0)), num(0x1p-54)), param(0))
	n := w.letf(op("f64.nearest", mul(param(0), num(math.Log2E))))
	high := w.letf(sub(param(0), mul(n, num(ln2High))))
	low := w.letf(mul(n, num(ln2Low)))
	x := w.letf(sub(high, low))
	c := w.letf(sub(sub(high, x), low))
	half := w.letf(mul(num(0.5), x))
	s := w.letf(mul(x, half))
	r := w.letf(horner(s, 1, -3.33333333333331316428e-02, 1.58730158725481460165e-03, -7.93650757867487942473e-05,
		4.00821782732936239552e-06, -2.01099218183624371326e-07))
	t := w.letf(sub(num(3), mul(r, half)))
	e := w.letf(mul(s, div(sub(r, t), sub(num(6), mul(x, t)))))
	w.returnIf(op("f64.eq", n, num(0)), sub(x, sub(mul(x, e), s)))
	d := w.letf(sub(sub(mul(x, sub(e, c)), c), s))
	k := w.let(i64, op("i64.trunc_sat_f64_s", n))
	w.returnIf(op("i64.eq", k, long(-1)), sub(mul(num(0.5), sub(x, d)), num(0.5)))
	w.returnIf(op("i64.eq", k, long(1)), choose(f64, op("f64.lt", x, num(-0.25)),
		mul(num(-2), sub(d, add(x, num(0.5)))), add(num(1), mul(num(2), sub(x, d)))))
	w.returnIf(op("i32.or", op("i64.le_s", k, long(-2)), op("i64.gt_s", k, long(56))),
		sub(call64("scale", sub(num(1), sub(d, x)), k), num(1)))
	small := w.letf(call64("scale", num(1), op("i64.sub", long(0), k)))
	choose(f64, op("i64.lt_s", k, long(20)),
		call64("scale", sub(sub(num(1), small), sub(d, x)), k),
		call64("scale", add(sub(x, add(d, small)), num(1)), k))(w)
}

func logBody(w *writer) {
	x := param(0)
	w.returnIf(op("f64.lt", x, num(0)), num(math.NaN()))
	w.returnIf(op("f64.eq", x, num(0)), num(math.Inf(-1)))
	w.returnIf(op("i32.eqz", op("f64.lt", x, num(math.Inf(1)))), x) // +Inf and NaN
	tiny := w.let(i32, op("f64.lt", x, num(0x1p-1022)))
	b := w.let(i64, bitsOf(mul(x, choose(f64, tiny, num(0x1p54), num(1)))))
	f := w.letf(op("f64.reinterpret_i64", op("i64.or", op("i64.and", b, long(1<<52-1)), long(1022<<52))))
	low := w.let(i32, op("f64.lt", f, num(math.Sqrt2/2)))
	k := w.letf(op("f64.convert_i64_s", op("i64.sub", op("i64.sub", op("i64.sub", op("i64.shr_u", b, long(52)), long(1022)),
		choose(i64, tiny, long(54), long(0))), op("i64.extend_i32_u", low))))
	g := w.letf(sub(mul(f, choose(f64, low, num(2), num(1))), num(1)))
	s := w.letf(div(g, add(num(2), g)))
	s2 := w.letf(mul(s, s))
	s4 := w.letf(mul(s2, s2))
	t1 := mul(s2, horner(s4, 6.666666666666735130e-01, 2.857142874366239149e-01, 1.818357216161805012e-01, 1.479819860511658591e-01))
	t2 := mul(s4, horner(s4, 3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01))
	r := w.letf(add(t1, t2))
	h := w.letf(mul(mul(num(0.5), g), g))
	sub(mul(k, num(ln2High)), sub(sub(h, add(mul(s, add(h, r)), mul(k, num(ln2Low)))), g))(w)
}

// log1pBody: the logarithm of u = 1+x rounded, plus what the rounding lost.
func log1pBody(w *writer) {
	x := param(0)
	u := w.letf(add(num(1), x))
	w.returnIf(op("f64.eq", u, num(1)), x)
	w.returnIf(op("i32.or", op("f64.le", x, num(-1)), op("f64.gt", x, num(0x1p60))), call64("log", u))
	lost := choose(f64, op("f64.ge", x, num(1)), sub(num(1), sub(u, x)), sub(x, sub(u, num(1))))
	add(call64("log", u), div(lost, u))(w)
}

// highBody: the upper 64 bits of the product of two unsigned numbers.
func highBody(w *writer) {
	low32 := func(x ex) ex { return op("i64.and", x, long(1<<32-1)) }
	high32 := func(x ex) ex { return op("i64.shr_u", x, long(32)) }
	times := func(x, y ex) ex { return op("i64.mul", x, y) }
	plus := func(x, y ex) ex { return op("i64.add", x, y) }
	x, y := param(0), param(1)
	t := w.let(i64, plus(times(high32(x), low32(y)), high32(times(low32(x), low32(y)))))
	u := w.let(i64, plus(times(low32(x), high32(y)), low32(t)))
	plus(plus(times(high32(x), high32(y)), high32(t)), high32(u))(w)
}

// fourOverPi are the bits of 4/π, after a first word with its integer part.
var fourOverPi = [20]uint64{
	0x0000000000000001, 0x45f306dc9c882a53, 0xf84eafa3ea69bb81, 0xb6c52b3278872083,
	0xfca2c757bd778ac3, 0x6e48dc74849ba5c0, 0x0c925dd413a32439, 0xfc3bd63962534e7d,
	0xd1046bea5d768909, 0xd338e04d68befc82, 0x7323ac7306a673e9, 0x3908bf177bf25076,
	0x3ff12fffbc0b301f, 0xde5e2316b414da3e, 0xda6cfd9e4f96136e, 0x9e8c7ecd3cbfd45a,
	0xea4f758fd7cbe2f6, 0x7a0e73ef14a525d4, 0xd7f6bf623f1aba10, 0xac06608df8f6d757,
}

// circle: sin(x + shift π/2).
func circle(w *writer, shift int64) {
	x := param(0)
	w.returnIf(op("i32.eqz", op("f64.lt", abs(x), num(math.Inf(1)))), num(math.NaN()))
	if shift == 0 {
		w.returnIf(op("f64.lt", abs(x), num(0x1p-27)), x) // and keeps the sign of 0
	}
	z, quadrant := w.local(f64), w.local(i64)
	op("f64.le", abs(x), num(math.Pi/4))(w)
	w.when(0, func() {
		x(w)
		w.set(z)
		w.integer(i64, 0)
		w.set(quadrant)
	}, func() { reduceQuadrant(w, abs(x), z, quadrant) })
	t := read(z)
	t2 := w.letf(mul(t, t))
	sine := add(t, mul(mul(t2, t), add(num(-1.66666666666666324348e-01), mul(t2, horner(t2, 8.33333333332248946124e-03,
		-1.98412698298579493134e-04, 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10)))))
	h := w.letf(mul(num(0.5), t2))
	c := w.letf(sub(num(1), h))
	cosine := add(c, add(sub(sub(num(1), c), h), mul(mul(t2, t2), horner(t2, 4.16666666666666019037e-02, -1.38888888888741095749e-03,
		2.48015872894767294178e-05, -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11))))
	q := w.let(i32, op("i32.wrap_i64", op("i64.add", read(quadrant), long(shift))))
	y := w.letf(choose(f64, op("i32.and", q, short(1)), cosine, sine))
	y = w.letf(choose(f64, op("i32.and", q, short(2)), op("f64.neg", y), y))
	if shift == 0 { // the quadrants are those of |x|, and sine is odd
		y = choose(f64, op("i32.and", op("f64.lt", x, num(0)), op("f64.gt", abs(x), num(math.Pi/4))), op("f64.neg", y), y)
	}
	y(w)
}

// reduceQuadrant sets z in [-π/4, π/4] and quadrant so that x = z + quadrant π/2 up to full turns, for x > π/4: the product of
// x's digits with those digits of 2/π that its exponent selects, to 126 bits behind the point.
func reduceQuadrant(w *writer, x ex, z, quadrant local) {
	if w.m.table == 0 {
		w.m.table = w.m.place(8 * len(fourOverPi))
		w.m.data = append(w.m.data, contents{w.m.table, bytesOf(fourOverPi[:])})
	}
	b := w.let(i64, bitsOf(x))
	exponent := w.let(i64, op("i64.sub", op("i64.shr_u", b, long(52)), long(1023+52-61)))
	digits := w.let(i64, op("i64.or", op("i64.and", b, long(1<<52-1)), long(1<<52)))
	at := w.let(i32, op("i32.wrap_i64", op("i64.shl", op("i64.shr_u", exponent, long(6)), long(3))))
	by := w.let(i64, op("i64.and", exponent, long(63)))
	word := func(i int) ex {
		return func(w *writer) {
			at(w)
			w.memory("i64.load", w.m.table+8*i)
		}
	}
	window := func(i int) ex {
		return w.let(i64, op("i64.or", op("i64.shl", word(i), by),
			op("i64.shr_u", op("i64.shr_u", word(i+1), long(1)), op("i64.sub", long(63), by))))
	}
	w0, w1, w2 := window(0), window(1), window(2)
	carry := w.let(i64, call64("high", w2, digits))
	low := w.let(i64, op("i64.add", op("i64.mul", w1, digits), carry))
	high := w.let(i64, op("i64.add", op("i64.add", op("i64.mul", w0, digits), call64("high", w1, digits)),
		op("i64.extend_i32_u", op("i64.lt_u", low, carry))))
	fractionHigh := w.let(i64, op("i64.or", op("i64.shl", high, long(2)), op("i64.shr_u", low, long(62))))
	fractionLow := w.let(i64, op("i64.shl", low, long(2)))
	negative := w.let(i64, op("i64.shr_u", fractionHigh, long(63)))
	op("i64.add", op("i64.shr_u", high, long(62)), negative)(w)
	w.set(quadrant)
	isNegative := op("i32.wrap_i64", negative)
	low2 := w.let(i64, choose(i64, isNegative, op("i64.sub", long(0), fractionLow), fractionLow))
	high2 := w.let(i64, choose(i64, isNegative, op("i64.sub", op("i64.sub", long(0), fractionHigh),
		op("i64.extend_i32_u", op("i64.ne", fractionLow, long(0)))), fractionHigh))
	zeros := w.let(i64, op("i64.clz", high2))
	top := op("i64.or", op("i64.shl", high2, zeros), op("i64.shr_u", op("i64.shr_u", low2, long(1)), op("i64.sub", long(63), zeros)))
	power := op("f64.reinterpret_i64", op("i64.shl", op("i64.sub", long(1023-64), zeros), long(52)))
	y := w.letf(mul(mul(op("f64.convert_i64_u", top), power), num(math.Pi/2)))
	choose(f64, isNegative, op("f64.neg", y), y)(w)
	w.set(z)
}

// ratio is a quotient of polynomials.
func ratio(x ex, above, below []float64) ex { return div(horner(x, above...), horner(x, below...)) }

// erfBody follows s_erf.c.
func erfBody(w *writer) {
	x := w.letf(abs(param(0)))
	square := w.letf(mul(x, x))
	signed := func(y ex) ex { return op("f64.copysign", y, param(0)) }
	w.returnIf(op("f64.ne", x, x), param(0))
	w.returnIf(op("f64.lt", x, num(0.84375)), add(param(0), mul(param(0), ratio(square,
		[]float64{1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03,
			-2.37630166566501626084e-05}, []float64{1, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
			1.32494738004321644526e-04, -3.96022827877536812320e-06}))))
	w.returnIf(op("f64.lt", x, num(1.25)), signed(add(num(8.45062911510467529297e-01), ratio(w.letf(sub(x, num(1))),
		[]float64{-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
			-1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03},
		[]float64{1, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-01,
			1.36370839120290507362e-02, 1.19844998467991074170e-02}))))
	w.returnIf(op("f64.ge", x, num(6)), signed(num(1)))
	s := w.letf(div(num(1), square))
	r := choose(f64, op("f64.lt", x, num(1/0.35)), ratio(s,
		[]float64{-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01, -6.23753324503260060396e+01,
			-1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01, -9.81432934416914548592e+00},
		[]float64{1, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02, 6.45387271733267880336e+02,
			4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02}),
		ratio(s, []float64{-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01, -1.60636384855821916062e+02,
			-6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02},
			[]float64{1, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03, 3.19985821950859553908e+03,
				2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01}))
	z := w.letf(op("f64.reinterpret_i64", op("i64.and", bitsOf(x), long(-1<<32)))) // its square is exact
	rest := mul(call64("exp", sub(num(-0.5625), mul(z, z))), call64("exp", add(mul(sub(z, x), add(z, x)), r)))
	signed(sub(num(1), div(rest, x)))(w)
}

// atan2Body is the angle of the point (x, y), y its first parameter: the arc tangent of |y/x| by the polynomials of s_atan.c around 0,
// 1/2, 1, 3/2 and infinity, and what the quadrant adds.
func atan2Body(w *writer) {
	y, x := param(0), param(1)
	const piLow = 1.2246467991473531772e-16 // π less its float64
	w.returnIf(op("i32.or", op("f64.ne", x, x), op("f64.ne", y, y)), add(x, y))
	inf := num(math.Inf(1))
	bothInfinite := op("i32.and", op("f64.eq", abs(x), inf), op("f64.eq", abs(y), inf))
	bothZero := op("i32.and", op("f64.eq", x, num(0)), op("f64.eq", y, num(0)))
	q := w.letf(choose(f64, bothInfinite, num(1), choose(f64, bothZero, num(0), div(abs(y), abs(x)))))
	t, base, low := w.local(f64), w.local(f64), w.local(f64)
	set := func(high, under float64, of ex) ex {
		return func(w *writer) {
			w.into(t, of)
			w.into(base, num(high))
			w.into(low, num(under))
		}
	}
	upTo := func(limit float64, yes, no ex) ex {
		return func(w *writer) {
			op("f64.lt", q, num(limit))(w)
			w.when(0, func() { yes(w) }, func() { no(w) })
		}
	}
	upTo(7.0/16, set(0, 0, q),
		upTo(11.0/16, set(4.63647609000806093515e-01, 2.26987774529616870924e-17, div(sub(mul(num(2), q), num(1)), add(num(2), q))),
			upTo(19.0/16, set(7.85398163397448278999e-01, 3.06161699786838301793e-17, div(sub(q, num(1)), add(q, num(1)))),
				upTo(39.0/16, set(9.82793723247329054082e-01, 1.39033110312309984516e-17, div(sub(q, num(1.5)), add(num(1), mul(num(1.5), q)))),
					set(1.57079632679489655800e+00, 6.12323399573676603587e-17, div(num(-1), q))))))(w)
	square := w.letf(mul(read(t), read(t)))
	p := mul(square, horner(square, 3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01, -1.11111104054623557880e-01,
		9.09088713343650656196e-02, -7.69187620504482999495e-02, 6.66107313738753120669e-02, -5.83357013379057348645e-02,
		4.97687799461593236017e-02, -3.65315727442169155270e-02, 1.62858201153657823623e-02))
	z := w.letf(sub(read(base), sub(sub(mul(read(t), p), read(low)), read(t))))
	left := op("i64.lt_s", bitsOf(x), long(0))
	op("f64.copysign", choose(f64, left, sub(num(math.Pi), sub(z, num(piLow))), z), y)(w)
}

// powBody: 2^(y log₂ x), the logarithm to some 70 bits in two parts, as in e_pow.c.
func powBody(w *writer) {
	x := param(0)
	w.returnIf(op("i32.or", op("f64.eq", x, num(1)), op("f64.eq", param(1), num(0))), num(1))
	w.returnIf(op("i32.or", op("f64.ne", x, x), op("f64.ne", param(1), param(1))), num(math.NaN()))
	// From |y| = 2⁶⁶ on the result is 0, 1 or infinite, as for 2⁶⁶.
	y := w.letf(op("f64.max", num(-0x1p66), op("f64.min", num(0x1p66), param(1))))
	isWhole := w.let(i32, op("f64.eq", op("f64.trunc", y), y))
	isOdd := w.let(i32, op("i32.and", op("i32.and", isWhole, op("f64.lt", abs(y), num(0x1p53))),
		op("i32.wrap_i64", op("i64.trunc_sat_f64_s", y))))
	minus := op("i64.lt_s", bitsOf(x), long(0))
	sign := w.letf(choose(f64, op("i32.and", minus, isOdd), num(-1), num(1)))
	a := w.letf(abs(x))
	extreme := op("i32.or", op("f64.eq", a, num(0)), op("f64.eq", a, num(math.Inf(1))))
	w.returnIf(extreme, mul(sign, choose(f64, op("f64.lt", y, num(0)), div(num(1), a), a)))
	w.returnIf(op("i32.and", minus, op("i32.eqz", isWhole)), num(math.NaN()))

	top := func(x ex) ex { return op("f64.reinterpret_i64", op("i64.and", bitsOf(x), long(-1<<32))) }
	tiny := w.let(i32, op("f64.lt", a, num(0x1p-1022)))
	b := w.let(i64, bitsOf(mul(a, choose(f64, tiny, num(0x1p54), num(1)))))
	m := w.letf(op("f64.reinterpret_i64", op("i64.or", op("i64.and", b, long(1<<52-1)), long(1023<<52)))) // in [1, 2)
	large := w.let(i32, op("f64.ge", m, num(math.Sqrt(3))))
	middle := w.let(i32, op("i32.and", op("f64.ge", m, num(math.Sqrt(1.5))), op("i32.eqz", large)))
	n := w.letf(op("f64.convert_i64_s", op("i64.add", op("i64.sub", op("i64.sub", op("i64.shr_u", b, long(52)), long(1023)),
		choose(i64, tiny, long(54), long(0))), op("i64.extend_i32_u", large))))
	f := w.letf(mul(m, choose(f64, large, num(0.5), num(1))))
	base := w.letf(choose(f64, middle, num(1.5), num(1)))
	dh := w.letf(choose(f64, middle, num(5.84962487220764160156e-01), num(0)))
	dl := w.letf(choose(f64, middle, num(1.35003920212974897128e-08), num(0)))

	u := w.letf(sub(f, base))
	v := w.letf(div(num(1), add(f, base)))
	s := w.letf(mul(u, v))
	sh := w.letf(top(s))
	th := w.letf(top(add(f, base)))
	tl := w.letf(sub(f, sub(th, base)))
	sl := w.letf(mul(v, sub(sub(u, mul(sh, th)), mul(sh, tl))))
	s2 := w.letf(mul(s, s))
	r := w.letf(add(mul(mul(s2, s2), horner(s2, 5.99999999999994648725e-01, 4.28571428578550184252e-01, 3.33333329818377432918e-01,
		2.72728123808534006489e-01, 2.30660745775561754067e-01, 2.06975017800338417784e-01)), mul(sl, add(sh, s))))
	sh2 := w.letf(mul(sh, sh))
	th = w.letf(top(add(add(num(3), sh2), r)))
	tl = w.letf(sub(r, sub(sub(th, num(3)), sh2)))
	u = w.letf(mul(sh, th))
	v = w.letf(add(mul(sl, th), mul(tl, s)))
	ph := w.letf(top(add(u, v)))
	pl := w.letf(sub(v, sub(ph, u)))
	zh := w.letf(mul(num(9.61796700954437255859e-01), ph))
	zl := w.letf(add(add(mul(num(-7.02846165095275826516e-09), ph), mul(pl, num(9.61796693925975554329e-01))), dl))
	t1 := w.letf(top(add(add(add(zh, zl), dh), n)))
	t2 := w.letf(sub(zl, sub(sub(sub(t1, n), dh), zh)))

	yh := w.letf(top(y))
	pl = w.letf(add(mul(sub(y, yh), t1), mul(y, t2)))
	ph = w.letf(mul(yh, t1))
	z := w.letf(add(pl, ph))
	w.returnIf(op("f64.gt", z, num(1024.5)), mul(sign, num(math.Inf(1))))
	w.returnIf(op("f64.lt", z, num(-1076)), mul(sign, num(0)))
	k := w.letf(op("f64.nearest", z))
	ph = w.letf(sub(ph, k))
	t := w.letf(top(add(pl, ph)))
	u = w.letf(mul(t, num(6.93147182464599609375e-01)))
	v = w.letf(add(mul(sub(pl, sub(t, ph)), num(6.93147180559945286227e-01)), mul(t, num(-1.90465429995776804525e-09))))
	z = w.letf(add(u, v))
	lost := w.letf(sub(v, sub(z, u)))
	t = w.letf(mul(z, z))
	c := w.letf(sub(z, mul(t, horner(t, 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
		-1.65339022054652515390e-06, 4.13813679705723846039e-08))))
	r = sub(div(mul(z, c), sub(c, num(2))), add(lost, mul(z, lost)))
	mul(sign, call64("scale", sub(num(1), sub(r, z)), op("i64.trunc_sat_f64_s", k)))(w)
}

// fmodBody: x - trunc(x/y) y, exactly, by long division of the digits.
func fmodBody(w *writer) {
	x, y := param(0), param(1)
	finite := op("f64.lt", abs(x), num(math.Inf(1)))
	valid := op("i32.and", op("f64.eq", y, y), op("f64.ne", y, num(0)))
	w.returnIf(op("i32.eqz", op("i32.and", finite, valid)), num(math.NaN()))
	w.returnIf(op("f64.lt", abs(x), abs(y)), x)
	exponent := func(x ex) ex {
		e := w.let(i64, op("i64.shr_u", bitsOf(abs(x)), long(52)))
		return w.let(i64, choose(i64, op("i64.eqz", e), long(1), e))
	}
	digits := func(x ex) ex {
		d := w.let(i64, op("i64.and", bitsOf(x), long(1<<52-1)))
		return w.let(i64, choose(i64, op("i64.eqz", op("i64.shr_u", bitsOf(abs(x)), long(52))), d, op("i64.or", d, long(1<<52))))
	}
	ey, my := exponent(y), digits(y)
	op("i64.sub", exponent(x), ey)(w)
	left := w.pop(i64)
	op("i64.rem_u", digits(x), my)(w)
	r := w.pop(i64)
	step := w.local(i64)
	w.while(func() { op("i64.gt_s", read(left), long(0))(w) }, func() {
		w.into(step, choose(i64, op("i64.lt_s", read(left), long(11)), read(left), long(11)))
		w.into(r, op("i64.rem_u", op("i64.shl", read(r), read(step)), my))
		w.into(left, op("i64.sub", read(left), read(step)))
	})
	remainder := op("f64.convert_i64_u", read(r))
	op("f64.copysign", call64("scale", remainder, op("i64.sub", ey, long(1075))), x)(w)
}

// roundBfloatBody rounds a float32 to bfloat16, to even.
func roundBfloatBody(w *writer) {
	x := param(0)
	b := w.let(i32, op("i32.reinterpret_f32", x))
	high := func(x ex) ex { return op("f32.reinterpret_i32", op("i32.and", x, short(-1<<16))) }
	even := op("i32.and", op("i32.shr_u", b, short(16)), short(1))
	choose(f32, op("f32.ne", x, x), high(op("i32.or", b, short(1<<22))), high(op("i32.add", b, op("i32.add", short(0x7fff), even))))(w)
}

// toHalfBody: the bits of a float32 rounded to float16, to even.
func toHalfBody(w *writer) {
	x := param(0)
	a := w.let(f32, op("f32.abs", x))
	sign := w.let(i32, op("i32.and", op("i32.shr_u", op("i32.reinterpret_f32", x), short(16)), short(0x8000)))
	b := w.let(i32, op("i32.reinterpret_f32", a))
	even := op("i32.and", op("i32.shr_u", b, short(13)), short(1))
	normal := op("i32.sub", op("i32.shr_u", op("i32.add", b, op("i32.add", short(0xfff), even)), short(13)), short((127-15)<<10))
	subnormal := op("i32.trunc_sat_f32_u", op("f32.nearest", op("f32.mul", a, single(0x1p24))))
	op("i32.or", sign, choose(i32, op("f32.ne", x, x), short(0x7e00), choose(i32, op("f32.ge", a, single(65520)), short(0x7c00),
		choose(i32, op("f32.lt", a, single(0x1p-14)), subnormal, normal))))(w)
}

// toOddBody: a float64 as float32, and of two neighbors the one whose last bit is 1. What is rounded from it to fewer bits is the same as
// rounded at once (Boldo and Melquiond, Emulation of a FMA and correctly rounded sums, 2008).
func toOddBody(w *writer) {
	x := param(0)
	near := w.let(f32, op("f32.demote_f64", x))
	b := op("i32.reinterpret_f32", near)
	size := op("f64.promote_f32", op("f32.abs", near))
	away := op("i32.sub", op("f64.lt", size, abs(x)), op("f64.gt", size, abs(x))) // 0 if near is x, and for NaN
	isEven := op("i32.eqz", op("i32.and", b, short(1)))
	op("f32.reinterpret_i32", op("i32.add", b, op("i32.mul", away, isEven)))(w)
}

// fromHalfBody: the float32 with the value of a float16, given by its bits.
func fromHalfBody(w *writer) {
	h := param(0)
	b := w.let(i32, op("i32.shl", op("i32.and", h, short(0x7fff)), short(13)))
	special := op("i32.eq", op("i32.and", h, short(0x7c00)), short(0x7c00))
	op("f32.copysign", choose(f32, special, op("f32.reinterpret_i32", op("i32.or", b, short(0x7f800000))),
		op("f32.mul", op("f32.reinterpret_i32", b), single(0x1p112))), op("f32.reinterpret_i32", op("i32.shl", h, short(16))))(w)
}
