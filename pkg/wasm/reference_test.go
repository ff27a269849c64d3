package wasm_test

import (
	"math"
	"math/big"
)

// References to 300 bits and more, because package math's assembly loses the logarithms of subnormal numbers and
// overflows early in Exp.

const precision = 320

func real(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }
func plus(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(max(precision, x.Prec())).Add(x, y)
}
func times(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(max(precision, x.Prec())).Mul(x, y)
}
func over(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(max(precision, x.Prec())).Quo(x, y)
}

// series sums terms until they no longer count; next makes term k from term k-1.
func series(term *big.Float, next func(k int, term *big.Float) *big.Float, value func(k int, term *big.Float) *big.Float) *big.Float {
	sum := value(0, term)
	for k := 1; ; k++ {
		if term = next(k, term); term.Sign() == 0 {
			return sum
		}
		v := value(k, term)
		sum = plus(sum, v)
		if v.Sign() == 0 || v.MantExp(nil) < sum.MantExp(nil)-precision {
			return sum
		}
	}
}

func itself(_ int, t *big.Float) *big.Float { return t }

// atanh2 is 2 artanh z.
func atanh2(z *big.Float) *big.Float {
	z2 := times(z, z)
	return series(times(real(2), z), func(_ int, t *big.Float) *big.Float { return times(t, z2) },
		func(k int, t *big.Float) *big.Float { return over(t, real(float64(2*k+1))) })
}

var ln2 = atanh2(over(real(1), real(3)))

// logOf is log x for x > 0; log1pOf is log(1+x) for |x| < 1/2, by its own series.
func logOf(x *big.Float) *big.Float {
	d := plus(x, real(-1))
	if d.Sign() == 0 {
		return real(0)
	}
	if d.MantExp(nil) < 0 {
		return log1pOf(d)
	}
	m := new(big.Float)
	e := x.MantExp(m)
	return plus(times(real(float64(e)), ln2), log1pOf(plus(m, real(-1))))
}

func log1pOf(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return x
	}
	return atanh2(over(x, plus(real(2), x)))
}

// expm1Small is eˣ-1 by Taylor's series.
func expm1Small(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return x
	}
	return series(x, func(k int, t *big.Float) *big.Float { return over(times(t, x), real(float64(k+1))) }, itself)
}

func expOf(x *big.Float) *big.Float {
	q, _ := over(x, ln2).Float64()
	n := math.Round(q)
	r := plus(x, times(real(-n), ln2))
	return new(big.Float).SetMantExp(plus(real(1), expm1Small(r)), int(n))
}

func expm1Of(x *big.Float) *big.Float {
	if x.MantExp(nil) < 0 {
		return expm1Small(x)
	}
	return plus(expOf(x), real(-1))
}

// erfOf is the error function by its series, in which 2^53 cancels up to 6.
func erfOf(x float64) *big.Float {
	if math.Abs(x) > 6 {
		return real(math.Copysign(1, x))
	}
	root := new(big.Float).Sqrt(circlePi())
	square := times(real(-x), real(x))
	sum := series(real(x), func(k int, t *big.Float) *big.Float { return over(times(t, square), real(float64(k))) },
		func(k int, t *big.Float) *big.Float { return over(t, real(float64(2*k+1))) })
	return over(times(real(2), sum), root)
}

func circlePi() *big.Float {
	circleOf(1, 0) // which computes π/2
	return times(real(2), new(big.Float).SetPrec(precision).Set(piHalf))
}

// circleOf is sin(x + shift π/2), from π to 1,400 bits by Machin's formula.
func circleOf(x float64, shift int) *big.Float {
	const bits = 1400
	wide := func(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }
	if piHalf == nil {
		arctan := func(n float64) *big.Float { // of 1/n
			sum, power, square := wide(0), new(big.Float).SetPrec(bits).Quo(wide(1), wide(n)), wide(n*n)
			for k := 0; power.MantExp(nil) > -bits-10; k++ {
				t := new(big.Float).SetPrec(bits).Quo(power, wide(float64(1-2*(k%2))*float64(2*k+1)))
				sum.Add(sum, t)
				power.Quo(power, square)
			}
			return sum
		}
		a, b := arctan(5), arctan(239)
		piHalf = new(big.Float).SetPrec(bits).Sub(a.Mul(a, wide(8)), b.Mul(b, wide(2)))
	}
	q := new(big.Float).SetPrec(bits).Quo(wide(x), piHalf)
	n, _ := q.Add(q, wide(math.Copysign(0.5, x))).Int(nil)
	r := new(big.Float).SetPrec(bits).SetInt(n)
	r = r.Sub(wide(x), r.Mul(r, piHalf))
	z := new(big.Float).SetPrec(precision).Set(r)
	quadrant := int(new(big.Int).And(new(big.Int).Add(n, big.NewInt(int64(shift))), big.NewInt(3)).Int64())
	z2 := times(real(-1), times(z, z))
	first := quadrant % 2
	term := z
	if first == 1 {
		term = real(1)
	}
	if term.Sign() == 0 {
		return term
	}
	y := series(term, func(k int, t *big.Float) *big.Float {
		return over(times(t, z2), real(float64((2*k-first)*(2*k+1-first))))
	}, itself)
	if quadrant >= 2 {
		y = times(real(-1), y)
	}
	return y
}

var piHalf *big.Float
