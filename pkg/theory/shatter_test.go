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
