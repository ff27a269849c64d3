package wasm_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/wasm"
)

// evaluate runs an elementwise operation on float64 vectors.
func evaluate(t *testing.T, build func(f compute.Function, in ...compute.Value) (compute.Value, error), vectors ...[]float64) []float64 {
	t.Helper()
	return evaluateOn(t, wasm.New(), build, vectors...)
}

func evaluateOn(t *testing.T, b compute.Backend, build func(f compute.Function, in ...compute.Value) (compute.Value, error),
	vectors ...[]float64) []float64 {
	t.Helper()
	g := b.Builder("evaluate")
	shape := shapes.Make(dtypes.Float64, len(vectors[0]))
	var in []compute.Value
	var inputs []compute.Buffer
	for _, v := range vectors {
		p, err := g.Main().Parameter("x", shape, nil)
		require.NoError(t, err)
		x, err := b.BufferFromFlatData(0, v, shape)
		require.NoError(t, err)
		in, inputs = append(in, p), append(inputs, x)
	}
	y, err := build(g.Main(), in...)
	require.NoError(t, err)
	require.NoError(t, g.Main().Return([]compute.Value{y}, nil))
	e, err := g.Compile()
	require.NoError(t, err)
	defer e.Finalize()
	out, err := e.Execute(inputs, nil, 0)
	require.NoError(t, err)
	got := make([]float64, len(vectors[0]))
	require.NoError(t, out[0].ToFlatData(got))
	return got
}

// ulps is the distance of two numbers in units of the last place of want.
func ulps(got, want float64) float64 {
	if got == want || math.IsNaN(got) && math.IsNaN(want) {
		return 0
	}
	if math.IsInf(want, 0) || math.IsNaN(want) {
		return math.Inf(1)
	}
	return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
}

var edges = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 2, -2, 3, -3, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64,
	-math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1022, -0x1p-1022, 0x1p53, 0x1p53 + 2, -0x1p53, 1e-300,
	709.78, 709.79, -745.1, -745.2, -708.5, 22, -22, 1e22, math.Pi, math.Pi / 2, math.Pi / 4, 1 - 0x1p-53, 1 + 0x1p-52, -1 + 0x1p-53}

// points returns the edge cases and numbers of all magnitudes up to 2^high.
func points(r *rand.Rand, n int, high int) []float64 {
	x := append([]float64{}, edges...)
	for range n {
		x = append(x, math.Ldexp(r.Float64()*2-1, r.IntN(high+61)-60))
		x = append(x, r.NormFloat64()*4, math.Ldexp(r.Float64()+1, -r.IntN(1070)))
	}
	return x
}

// rounded is the float64 next to x.
func rounded(x *big.Float) float64 {
	y, _ := x.Float64()
	return y
}

// TestFunctions holds the functions that modules contain to 2 units of the last place, over their whole range.
func TestFunctions(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	type method = func(compute.Value) (compute.Value, error)
	type function = compute.Function
	for name, c := range map[string]struct {
		f    func(f function) method
		want func(float64) float64 // of finite numbers other than 0 in the domain
		low  float64               // end of the domain
		high int
	}{
		"Exp":   {func(f function) method { return f.Exp }, func(x float64) float64 { return rounded(expOf(real(x))) }, -1e3, 10},
		"Expm1": {func(f function) method { return f.Expm1 }, func(x float64) float64 { return rounded(expm1Of(real(x))) }, -1e3, 10},
		"Log":   {func(f function) method { return f.Log }, func(x float64) float64 { return rounded(logOf(real(x))) }, 0, 1023},
		"Log1p": {func(f function) method { return f.Log1p }, func(x float64) float64 {
			if math.Abs(x) < 0.5 {
				return rounded(log1pOf(real(x)))
			}
			return rounded(logOf(plus(real(1), real(x))))
		}, -1 + 0x1p-52, 1023},
		"Tanh": {func(f function) method { return f.Tanh }, func(x float64) float64 {
			e := expm1Of(real(2 * x))
			return rounded(over(e, plus(e, real(2))))
		}, -1e3, 9},
		"Logistic": {func(f function) method { return f.Logistic }, func(x float64) float64 {
			return rounded(over(real(1), plus(real(1), expOf(real(-x)))))
		}, -1e3, 9},
		"Erf": {func(f function) method { return f.Erf }, func(x float64) float64 { return rounded(erfOf(x)) }, -1e3, 9},
		"Sin": {func(f function) method { return f.Sin }, func(x float64) float64 { return rounded(circleOf(x, 0)) }, math.Inf(-1), 1023},
		"Cos": {func(f function) method { return f.Cos }, func(x float64) float64 { return rounded(circleOf(x, 1)) }, math.Inf(-1), 1023},
	} {
		t.Run(name, func(t *testing.T) {
			var x []float64
			for _, p := range points(r, 700, c.high) {
				if p > c.low && p != 0 && math.Abs(p) <= math.Ldexp(1, c.high) {
					x = append(x, p)
				}
			}
			got := evaluate(t, func(f function, in ...compute.Value) (compute.Value, error) { return c.f(f)(in[0]) }, x)
			worst, at := 0.0, 0.0
			for i, x := range x {
				if u := ulps(got[i], c.want(x)); u > worst {
					worst, at = u, x
				}
			}
			t.Logf("worst of %d: %.2f units of the last place, at %g", len(x), worst, at)
			require.LessOrEqual(t, worst, 2.0)
		})
	}
}

// TestEdges has infinities, NaN, signed zeros and what lies outside of the domain.
func TestEdges(t *testing.T) {
	inf, nan, minusZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	x := []float64{0, minusZero, inf, -inf, nan, -1, -2}
	for name, want := range map[string][]float64{
		"Exp": {1, 1, inf, 0, nan}, "Expm1": {0, minusZero, inf, -1, nan}, "Log": {-inf, -inf, inf, nan, nan, nan, nan},
		"Log1p": {0, minusZero, inf, nan, nan, -inf, nan}, "Tanh": {0, minusZero, 1, -1, nan}, "Logistic": {0.5, 0.5, 1, 0, nan},
		"Erf": {0, minusZero, 1, -1, nan}, "Sin": {0, minusZero, nan, nan, nan}, "Cos": {1, 1, nan, nan, nan}, "Sign": {0, minusZero, 1, -1, nan, -1, -1},
		"Sqrt": {0, minusZero, inf, nan, nan, nan, nan}, "Rsqrt": {inf, -inf, 0, nan, nan, nan, nan},
	} {
		got := evaluate(t, func(f compute.Function, in ...compute.Value) (compute.Value, error) {
			m := reflect.ValueOf(f).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(in[0])})
			err, _ := m[1].Interface().(error)
			return m[0].Interface(), err
		}, x)
		for i, w := range want {
			require.Truef(t, got[i] == w && math.Signbit(got[i]) == math.Signbit(w) || math.IsNaN(got[i]) && math.IsNaN(w),
				"%s(%g) is %g, want %g", name, x[i], got[i], w)
		}
	}
}

// pairsOf returns all pairs of edge cases, and how many those are, and after them n that are drawn.
func pairsOf(n int, draw func() (x, y float64)) (x, y []float64, edgeCases int) {
	for _, a := range edges {
		for _, b := range edges {
			x, y = append(x, a), append(y, b)
		}
	}
	edgeCases = len(x)
	for range n {
		a, b := draw()
		x, y = append(x, a), append(y, b)
	}
	return x, y, edgeCases
}

func TestPow(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	x, y, pairs := pairsOf(2000, func() (x, y float64) { return math.Exp(r.NormFloat64()), r.NormFloat64() * 8 })
	got := evaluate(t, func(f compute.Function, in ...compute.Value) (compute.Value, error) { return f.Pow(in[0], in[1]) }, x, y)
	mod := evaluate(t, func(f compute.Function, in ...compute.Value) (compute.Value, error) { return f.Rem(in[0], in[1]) }, x, y)
	worst := 0.0
	for i := range x {
		want := math.Pow(x[i], y[i])
		finite := !math.IsInf(x[i], 0) && !math.IsInf(y[i], 0)
		if finite && x[i] != 0 && math.Abs(x[i]) != 1 && y[i] != 0 && !math.IsNaN(want) {
			if z := times(real(y[i]), logOf(real(math.Abs(x[i])))); z.MantExp(nil) < 12 {
				want = math.Copysign(rounded(expOf(z)), want)
			}
		}
		u := ulps(got[i], want)
		require.LessOrEqualf(t, u, 2.0, "%g to the power %g: %g, want %g", x[i], y[i], got[i], want)
		worst = max(worst, u)
		if i < pairs && got[i] == 0 {
			require.Equalf(t, math.Signbit(want), math.Signbit(got[i]), "%g to the power %g", x[i], y[i])
		}
		require.Zerof(t, ulps(mod[i], math.Mod(x[i], y[i])), "%g rem %g: %g, want %g", x[i], y[i], mod[i], math.Mod(x[i], y[i]))
	}
	t.Logf("worst: %.2f units of the last place", worst)
}

func TestAtan2(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	near := func() float64 { return math.Ldexp(r.NormFloat64(), r.IntN(12)-6) }
	x, y, pairs := pairsOf(1000, func() (x, y float64) { return near(), near() })
	got := evaluate(t, func(f compute.Function, in ...compute.Value) (compute.Value, error) { return f.Atan2(in[0], in[1]) }, y, x)
	worst := 0.0
	for i := range x {
		want := math.Copysign(math.Atan2(y[i], x[i]), y[i]) // which it loses where y/x underflows
		if i >= pairs {                                     // a step of Newton's from it, in more digits
			sine, cosine := circleOf(want, 0), circleOf(want, 1)
			above := plus(times(cosine, real(y[i])), times(sine, real(-x[i])))
			want = rounded(plus(real(want), over(above, plus(times(cosine, real(x[i])), times(sine, real(y[i]))))))
		}
		u := ulps(got[i], want)
		require.LessOrEqualf(t, u, 2.0, "atan2(%g, %g) is %g, want %g", y[i], x[i], got[i], want)
		require.Truef(t, math.IsNaN(want) || math.Signbit(want) == math.Signbit(got[i]), "atan2(%g, %g) is %g", y[i], x[i], got[i])
		worst = max(worst, u)
	}
	t.Logf("worst: %.2f units of the last place", worst)
}

// TestArgMinMaxOfNaN: the first NaN is the place of the maximum and of the minimum.
func TestArgMinMaxOfNaN(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, x := range []struct {
		elements       []float64
		largest, least float64
	}{
		{[]float64{3, nan, 5, nan, 1}, 1, 1}, {[]float64{nan, 2, 1}, 0, 0}, {[]float64{inf, -inf, nan}, 2, 2}, {[]float64{1, inf, -inf, inf}, 1, 2},
	} {
		for isMin, want := range map[bool]float64{false: x.largest, true: x.least} {
			got := evaluate(t, func(f compute.Function, in ...compute.Value) (compute.Value, error) {
				at, err := f.ArgMinMax(in[0], 0, dtypes.Int32, isMin)
				require.NoError(t, err)
				number, err := f.ConvertDType(at, dtypes.Float64)
				require.NoError(t, err)
				return f.BroadcastInDim(number, shapes.Make(dtypes.Float64, len(x.elements)), nil)
			}, x.elements)
			require.Equalf(t, want, got[0], "%v, minimum: %v", x.elements, isMin)
		}
	}
}
