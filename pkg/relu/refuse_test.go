package relu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/says"
	"descent.example/pkg/relu"
)

// hat is the net of one hidden unit whose weights are all w.
func hat(w float64) *relu.Net {
	n := relu.New(1, 1, 1)
	n.Layers[0].W.Set(0, 0, w)
	n.Layers[1].W.Set(0, 0, w)
	return n
}

// folded is a sawtooth like relu.Sawtooth whose two units of a layer, max(0, t − ½) and max(0, ½ − t), are never active at
// once: its slopes grow as fast as the sums of magnitudes, so that rounding hides none of its pieces.
func folded(depth int) *relu.Net {
	n := relu.Sawtooth(depth)
	for l, layer := range n.Layers {
		in, out := layer.W.Dims()
		for j := range out {
			sign, tent := 1-2*float64(j), 0.0
			if l > 0 {
				tent = 1
				for i := range in {
					layer.W.Set(i, j, -2*sign)
				}
			} else {
				layer.W.Set(0, j, sign)
			}
			layer.B[j] = sign * (tent - 0.5)
			if l == depth {
				layer.B[j] = tent
			}
		}
	}
	return n
}

// A net that is none, or whose numbers are, has no pieces: each function that returns an error says why.
func TestNetsThatCannotBe(t *testing.T) {
	unfit := relu.New(1, 2, 1)
	unfit.Layers[1].W = mat.NewDense(5, 1, nil)
	for want, n := range map[string]*relu.Net{
		"net … no layer":               {},
		"layer 0 … no weights":         {Layers: []relu.Layer{{}}},
		"layer 1 … 5 inputs … 2 units": unfit,
		"parameter 1 … NaN … finite":   hat(math.NaN()),
		"parameter 1 … +Inf … finite":  hat(math.Inf(1)),
	} {
		_, err := n.Pieces(0, 1)
		says.All(t, err, want)
		_, err = n.Knots(0, 1)
		says.All(t, err, want)
		_, err = n.Regions(0, 1)
		says.All(t, err, want)
		_, err = n.Units(0, 1)
		says.All(t, err, want)
		_, err = n.Polygons([2]float64{0, 0}, [2]float64{1, 1})
		says.All(t, err, want)
		_, err = n.Restrict([]float64{0}, []float64{1})
		says.All(t, err, want)
		_, err = n.Rescale(0, 0, 2)
		says.All(t, err, want)
		_, _, err = n.Elbows()
		says.All(t, err, want)
	}
	for _, use := range []func(){func() { unfit.Output([]float64{1}) }, func() { unfit.Theta() }, func() { unfit.Clone() }} {
		says.Panic(t, "layer 1 … 5 inputs … 2 units", use)
	}

	_, err := hat(1e308).Pieces(-1, 1)
	require.ErrorContains(t, err, "slopes leave float64")
	_, err = hat(1e300).Rescale(0, 0, 1e-320)
	require.ErrorContains(t, err, "a is 1e-320: rescaled by it the unit's weights leave the range of float64")
	_, err = hat(1e-300).Rescale(0, 0, 1e-300) // 1e-600 is 0: another function
	require.ErrorContains(t, err, "leave the range of float64")
	_, err = folded(40).Regions(0, 1)
	require.ErrorContains(t, err, "more than 4194304 regions")
	_, err = relu.FromTheta(nil, 1<<40, 1<<40, 1)
	require.ErrorContains(t, err, "a net of the sizes [1099511627776 1099511627776 1] would take ")
	require.Panics(t, func() { relu.New(1<<40, 1) })
	_, err = relu.Uniform(math.Sin, 0, 1, 1<<40)
	says.All(t, err, "d … 1099511627776 … 65536")
	_, err = relu.Uniform(math.Sin, -math.MaxFloat64, math.MaxFloat64, 2)
	require.ErrorContains(t, err, "there is no length in float64")
}

// Between two ends that are infinite a unit is on where its intercept says, also where its knot is beyond float64.
func TestAKnotBeyondFloat64(t *testing.T) {
	n := hat(1)
	n.Layers[0].W.Set(0, 0, 1e-10)
	n.Layers[0].B[0] = 1e300
	states, err := n.Units(math.Inf(-1), math.Inf(1))
	require.NoError(t, err)
	require.Equal(t, [][]relu.UnitState{{relu.Linear}}, states)
}

// The best fit does not depend on the unit of the values, be it as great or as small as float64 can have.
func TestFreeKnotsInAnyUnit(t *testing.T) {
	xs, shape := []float64{0, 1, 2, 3, 4, 5}, []float64{1, -1, 0.5, 0, 2, 1}
	at := func(unit float64) (*relu.Fit, error) {
		ys := make([]float64, len(shape))
		for i, y := range shape {
			ys[i] = y * unit
		}
		return relu.FreeKnots(xs, ys, xs[1:5], 2)
	}
	want, err := at(1)
	require.NoError(t, err)
	for _, unit := range []float64{0x1p500, 0x1p-500} {
		got, err := at(unit)
		require.NoError(t, err)
		require.Equal(t, want.Knots, got.Knots)
		for i := range got.Values {
			require.Equal(t, want.Values[i], got.Values[i]/unit)
		}
		require.Equal(t, want.Squares, got.Squares/unit/unit)
	}
	_, err = at(0x1p1000) // its sum of squares is not float64
	says.All(t, err, "float64 … unit of ys")
}

func TestRankOfWhatHasNone(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(-1)} {
		_, _, err := relu.Rank(mat.NewDense(2, 2, []float64{1, 2, v, 4}))
		require.ErrorContains(t, err, "element [1, 0] of the matrix is ")
	}
	_, _, err := relu.Rank(nil)
	says.All(t, err, "matrix … empty")
	for _, unit := range []float64{1e300, 1e-300, math.SmallestNonzeroFloat64} {
		rank, _, err := relu.Rank(mat.NewDense(2, 2, []float64{unit, 0, 0, unit}))
		require.NoError(t, err)
		require.Equal(t, 2, rank)
	}
}

// The bounds are there at once, however large the net.
func TestBoundsOfHugeNets(t *testing.T) {
	for _, inputs := range []int{1 << 40, math.MaxInt} {
		bound, err := relu.ShallowRegions(inputs, inputs)
		require.NoError(t, err)
		require.True(t, math.IsInf(bound, 1))
		bound, err = relu.RegionsLowerBound(inputs, inputs, inputs)
		require.NoError(t, err)
		require.True(t, math.IsInf(bound, 1))
	}
	bound, err := relu.ShallowRegions(1<<40, 50) // as many as subsets
	require.NoError(t, err)
	require.Equal(t, math.Exp2(50), bound)
}

func TestRedundancyOfWhatIsNotFinite(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1)} {
		says.Panic(t, "row 1 … not finite", func() {
			hat(1).Redundancy(mat.NewDense(2, 1, []float64{1, x}))
		})
	}
	require.Panics(t, func() { hat(math.NaN()).Redundancy(mat.NewDense(1, 1, []float64{1})) })
}

// What would take minutes ends with a sentence.
func TestNetsTooWide(t *testing.T) {
	defer relu.LowerLimits()()
	rng := rand.New(rand.NewPCG(1, 1))
	_, err := random(rng, 1, 3000, 3000, 1).Pieces(-100, 100)
	require.ErrorContains(t, err, "would take minutes")
	_, err = random(rng, 2, 1000, 1).Polygons([2]float64{-100, -100}, [2]float64{100, 100})
	require.ErrorContains(t, err, "would take minutes")
}
