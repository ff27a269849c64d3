package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/theory"
)

func cloud(n, inputs int, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 9))
	x := mat.NewDense(n, inputs, nil)
	for i := range n {
		for j := range inputs {
			x.Set(i, j, rng.NormFloat64())
		}
	}
	return x
}

// Cover's count is what enumeration finds for random points, which are in general position.
func TestCoverIsTheEnumeration(t *testing.T) {
	for inputs := 1; inputs <= 4; inputs++ {
		for n := 1; n <= 9; n++ {
			points := cloud(n, inputs, uint64(10*n+inputs))
			count := int64(0)
			require.NoError(t, theory.Labelings(n, func(labels []bool) error {
				can, err := theory.Separable(points, labels)
				if can {
					count++
				}
				return err
			}))
			want, err := theory.Cover(n, inputs+1)
			require.NoError(t, err)
			require.EqualValues(t, want.Int64(), count, "%d points of %d inputs", n, inputs)
		}
	}
}

// Cover's recurrence, all labelings of at most d points, and half of all of 2d points.
func TestCoverByHand(t *testing.T) {
	cover := func(n, d int) int64 {
		c, err := theory.Cover(n, d)
		require.NoError(t, err)
		return c.Int64()
	}
	for d := 1; d <= 8; d++ {
		require.Equal(t, int64(1)<<d, cover(d, d), "as many points as weights are shattered")
		require.Equal(t, int64(1)<<(d+1)-2, cover(d+1, d), "of one more all but two labelings")
		require.Equal(t, int64(1)<<(2*d-1), cover(2*d, d), "half of all at the capacity 2d")
		for n := 1; d > 1 && n <= 12; n++ {
			require.Equal(t, cover(n+1, d), cover(n, d)+cover(n, d-1), "the recurrence")
		}
	}
	require.Equal(t, int64(14), cover(4, 3), "four points in the plane: all but the two of XOR")
	big, err := theory.Cover(1000, 501)
	require.NoError(t, err)
	require.Equal(t, 1000, big.BitLen(), "beyond float64 exact as well")
	for _, bad := range [][2]int{{0, 1}, {1, 0}} {
		_, err := theory.Cover(bad[0], bad[1])
		require.ErrorContains(t, err, "at least one of each")
	}
}

// What it says can be seen: a labeling made by a random plane is separable, XOR is not.
func TestSeparable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for k := range 200 {
		inputs := 1 + k%5
		points := cloud(12, inputs, uint64(k))
		labels := make([]bool, 12)
		w := make([]float64, inputs+1)
		for j := range w {
			w[j] = rng.NormFloat64()
		}
		for i := range labels {
			z := w[inputs]
			for j := range inputs {
				z += w[j] * points.At(i, j)
			}
			labels[i] = z > 0
		}
		can, err := theory.Separable(points, labels)
		require.NoError(t, err)
		require.True(t, can)
	}
	square := mat.NewDense(4, 2, []float64{0, 0, 1, 0, 0, 1, 1, 1})
	can, err := theory.Separable(square, []bool{false, true, true, false})
	require.NoError(t, err)
	require.False(t, can)
	_, err = theory.Separable(square, []bool{true})
	require.ErrorContains(t, err, "as many")
	_, err = theory.Separable(mat.NewDense(2, 1, []float64{1, 1}), []bool{true, false})
	require.ErrorContains(t, err, "general position")
	_, err = theory.Separable(nil, nil)
	require.ErrorContains(t, err, "no points")
}

// The bound is the last m at which the growth function's is not below 2^m, and above what is known of nets on a line: h + 2
// points at most, as h elbows make h + 1 pieces.
func TestVCBound(t *testing.T) {
	growth := func(m float64, inputs, h float64) float64 { // of one hidden layer, the logarithm
		first, all := h*(inputs+1), h*(inputs+1)+h+1
		return 2 + first*math.Log2(2*math.E*m*h/first) + all*math.Log2(2*math.E*m*2/all)
	}
	for h := 1; h <= 64; h *= 2 {
		for inputs := 1; inputs <= 64; inputs *= 4 {
			m, err := theory.VCBound(inputs, h)
			require.NoError(t, err)
			require.GreaterOrEqual(t, growth(float64(m), float64(inputs), float64(h)), float64(m))
			require.Less(t, growth(float64(m+1), float64(inputs), float64(h)), float64(m+1))
			require.Greater(t, m, h+2)
		}
	}
	linear, err := theory.VCBound(5)
	require.NoError(t, err)
	require.Greater(t, linear, 6, "a linear unit shatters as many points as it has weights")
	shallow, err := theory.VCBound(2, 24)
	require.NoError(t, err)
	deep, err := theory.VCBound(2, 8, 8)
	require.NoError(t, err)
	require.Greater(t, float64(deep)/(8*3+8*9+9), float64(shallow)/(24*3+25), "more for each weight in deep nets")
	_, err = theory.VCBound(0, 3)
	require.ErrorContains(t, err, "inputs")
	_, err = theory.VCBound(2, 3, 0)
	require.ErrorContains(t, err, "widths[1]")
}

// All of as many points as weights, half of twice as many, and of very many none, without making 2ⁿ.
func TestCoverShare(t *testing.T) {
	for n, want := range map[int]float64{100: 1, 200: 0.5, math.MaxInt: 0} {
		share, err := theory.CoverShare(n, 100)
		require.NoError(t, err)
		require.Equal(t, want, share, n)
	}
	_, err := theory.CoverShare(0, 3)
	require.ErrorContains(t, err, "there are 0 points")
}

// Sums of one, two and three elbows, of which as many changes of sign are written down as SignChanges says; and no choice of which elbows open to the left
// lets two elbows have three.
func TestSignChanges(t *testing.T) {
	require.Equal(t, []int{1, 2, 4, 5}, []int{theory.SignChanges(1), theory.SignChanges(2), theory.SignChanges(3), theory.SignChanges(4)})
	require.Panics(t, func() { theory.SignChanges(0) })
	// The slopes s₀, … of h+1 pieces alternate; the bends that open to the left, a subset, add up to −s₀: the most alternating slopes over a grid.
	for elbows := 1; elbows <= 4; elbows++ {
		alternate := 0
		for code := range int(math.Pow(9, float64(elbows))) {
			var bends []float64
			for range elbows {
				bends, code = append(bends, float64(code%9)-4), code/9
			}
			for left := range 1 << elbows {
				slope := 0.0
				for i, bend := range bends {
					if left>>i&1 == 1 {
						slope -= bend
					}
				}
				turns := 0
				for _, bend := range bends {
					if slope*(slope+bend) < 0 {
						turns++
					}
					slope += bend
				}
				alternate = max(alternate, turns)
			}
		}
		// elbows+1 changes of sign need that many steep pieces of alternating slopes: elbows turns
		require.Equal(t, theory.SignChanges(elbows) == elbows+1, alternate == elbows, "%d elbows", elbows)
	}
}

// By hand: a cut of 5 points of the line is one of 10, and there are C(5, 3) = 22 signs for each: 220 ≥ 2⁵; and so on.
func TestShallowVCBound(t *testing.T) {
	for _, c := range []struct{ inputs, width, most int }{{1, 1, 11}, {1, 2, 24}, {2, 1, 19}, {2, 2, 44}, {2, 3, 71}} {
		bound, err := theory.ShallowVCBound(c.inputs, c.width)
		require.NoError(t, err)
		require.Equal(t, c.most, bound)
		count := func(n int) float64 { // the labelings at most, in float64
			cuts, err := theory.Cover(n, c.inputs+1)
			require.NoError(t, err)
			signs, err := theory.Cover(n, c.width*(c.inputs+1)+1)
			require.NoError(t, err)
			product, _ := signs.Float64()
			m, _ := cuts.Float64()
			for k := range c.width {
				product *= (m + float64(k)) / float64(k+1)
			}
			return product
		}
		require.GreaterOrEqual(t, count(bound), math.Exp2(float64(bound)))
		require.Less(t, count(bound+1), math.Exp2(float64(bound+1)))
	}
	for _, bad := range [][2]int{{0, 1}, {1, 0}, {500, 2}} {
		_, err := theory.ShallowVCBound(bad[0], bad[1])
		require.ErrorContains(t, err, "must be positive")
	}
}

// Of ten classes the number of labels of m digits, 10^m, is no more than the bound on the signs at the last m, and more after it.
func TestClassesBound(t *testing.T) {
	m, err := theory.ClassesBound(10, 64, 256)
	require.NoError(t, err)
	log := func(m int) float64 { // of two layers, with 45 differences of outputs in the last
		first, all := 65.*256, 65.*256+257*10
		return 1 + first*math.Log2(2*math.E*float64(m)*256/first) + 1 + all*math.Log2(2*math.E*float64(m)*45*2/all)
	}
	require.GreaterOrEqual(t, log(m), float64(m)*math.Log2(10))
	require.Less(t, log(m+1), float64(m+1)*math.Log2(10))
	two, err := theory.ClassesBound(2, 3, 4)
	require.NoError(t, err)
	one, err := theory.VCBound(3, 4)
	require.NoError(t, err)
	require.GreaterOrEqual(t, two, one, "two outputs have more weights than one")
	for _, classes := range []int{1, 0, 1<<20 + 1} {
		_, err = theory.ClassesBound(classes, 3, 4)
		require.ErrorContains(t, err, "classes")
	}
}

// One feature of one by hand: with n examples of y = noise the variance of the weight is noise·E[1/Σx²] = noise/(n−2).
func TestInterpolationRisk(t *testing.T) {
	risk := func(i theory.Interpolation, p int) float64 {
		r, err := i.Risk(p)
		require.NoError(t, err)
		return r
	}
	require.InDelta(t, 2*(1+1./8), risk(theory.Interpolation{Examples: 10, Features: 1, Noise: 2}, 1), 1e-12)
	of := theory.Interpolation{Examples: 5, Features: 40, Signal: 3, Noise: 0.5}
	require.InDelta(t, 3.5, risk(of, 0), 1e-12, "the variance of the targets")
	for p := 4; p <= 6; p++ {
		require.True(t, math.IsInf(risk(of, p), 1))
	}
	require.InDelta(t, 3*(1-5./40)+0.5*(1+5./34), risk(of, 40), 1e-12)
	for _, bad := range []theory.Interpolation{{}, {Examples: 1, Features: 1, Signal: -1}, {Examples: 1, Features: 1, Noise: math.NaN()}} {
		_, err := bad.Risk(0)
		require.Error(t, err)
	}
	_, err := of.Risk(41)
	require.ErrorContains(t, err, "p is 41")
}
