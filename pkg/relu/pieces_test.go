package relu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/says"
	"descent.example/pkg/relu"
)

// pattern is the activation pattern at x.
func pattern(n *relu.Net, x ...float64) string {
	bits := []byte{}
	for _, layer := range n.Forward(x).Active() {
		for _, on := range layer {
			if on {
				bits = append(bits, '1')
			} else {
				bits = append(bits, '0')
			}
		}
	}
	return string(bits)
}

// sampled finds the ends of the activation regions by looking at points alone: at samples at equal distances, and where
// two neighbours differ at the midpoint, down to 10⁻¹². A pattern holds on a convex set, so that nothing is between two
// points of one pattern. Knots less than that apart, which it would miss, are to be expected once in 10⁵ such tests.
func sampled(n *relu.Net, lo, hi float64, samples int) (ends []float64) {
	var between func(a float64, pa string, b float64, pb string)
	between = func(a float64, pa string, b float64, pb string) {
		switch middle := (a + b) / 2; {
		case pa == pb:
		case b-a < 1e-12:
			ends = append(ends, middle)
		default:
			pm := pattern(n, middle)
			between(a, pa, middle, pm)
			between(middle, pm, b, pb)
		}
	}
	a, pa := lo, pattern(n, lo)
	for i := range samples {
		b := lo + (hi-lo)*float64(i+1)/float64(samples)
		pb := pattern(n, b)
		between(a, pa, b, pb)
		a, pa = b, pb
	}
	return ends
}

// kinks are those of the ends at which the slope changes, by backpropagation within the regions beside them.
func kinks(n *relu.Net, lo, hi float64, ends []float64) (knots []float64) {
	slope := func(from, to float64) float64 {
		trace := n.Forward([]float64{(from + to) / 2})
		return n.Backward(trace, []float64{1}).X[0]
	}
	for i, end := range ends {
		left, right := lo, hi
		if i > 0 {
			left = ends[i-1]
		}
		if i < len(ends)-1 {
			right = ends[i+1]
		}
		a, b := slope(left, end), slope(end, right)
		if math.Abs(a-b) > 1e-9*(math.Abs(a)+math.Abs(b)) {
			knots = append(knots, end)
		}
	}
	return knots
}

// randomShape draws a net of one input and one output of one to three hidden layers.
func randomShape(rng *rand.Rand) *relu.Net {
	sizes := []int{1}
	for range 1 + rng.IntN(3) {
		sizes = append(sizes, 2+rng.IntN(9))
	}
	return random(rng, append(sizes, 1)...)
}

// N9: regions and knots of 1,000 nets, as many and where sampling finds them, and pieces that are the function.
func TestPiecesEqualSampling(t *testing.T) {
	deep, most, silent := 0, 0, 0
	var exact, sampling time.Duration
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		n := randomShape(rng)
		const lo, hi = -3, 3
		start := time.Now()
		ends := sampled(n, lo, hi, 500)
		middle := time.Now()
		regions, err := n.Regions(lo, hi)
		sampling, exact = sampling+middle.Sub(start), exact+time.Since(middle)
		require.NoError(t, err)
		require.Equal(t, len(ends)+1, regions, "seed %d", seed)
		want := kinks(n, lo, hi, ends)
		knots, err := n.Knots(lo, hi)
		require.NoError(t, err)
		require.Len(t, knots, len(want), "seed %d", seed)
		for i, knot := range knots {
			require.InDelta(t, want[i], knot, 1e-11, "seed %d", seed)
		}
		pieces, err := n.Pieces(lo, hi)
		require.NoError(t, err)
		require.Equal(t, float64(lo), pieces[0].Lo)
		require.Equal(t, float64(hi), pieces[len(pieces)-1].Hi)
		for i, p := range pieces {
			if i > 0 {
				require.Equal(t, pieces[i-1].Hi, p.Lo)
			}
			for _, x := range []float64{p.Lo, (p.Lo + p.Hi) / 2, p.Hi} {
				require.InDelta(t, n.At(x), p.At(x), 1e-12*(1+math.Abs(p.Slope)+math.Abs(p.Intercept)), "seed %d", seed)
			}
		}
		bound, err := relu.RegionsUpperBound(1, n.Widths()...)
		require.NoError(t, err)
		require.LessOrEqual(t, float64(regions), bound)
		if len(n.Layers) > 2 {
			deep++
		}
		if regions > len(pieces) {
			silent++
		}
		most = max(most, regions)
	}
	// The nets are such that the test says something.
	require.Greater(t, deep, 500)
	require.Greater(t, most, 25)
	require.Greater(t, silent, 20)
	t.Logf("%v exactly, %v by sampling", exact, sampling)
	require.Less(t, 5*exact, sampling) // about 100 times as fast: BenchmarkRegions
}

// Knots that fall together, units without effect, infinite ends.
func TestPiecesOfSpecialNets(t *testing.T) {
	inf := math.Inf(1)
	elbow := func(v, w, b float64) relu.Elbow { return relu.Elbow{V: v, W: w, B: b} }
	for name, c := range map[string]struct {
		elbows  []relu.Elbow
		knots   []float64
		regions int
	}{
		"one":                                 {[]relu.Elbow{elbow(1, 2, -1)}, []float64{0.5}, 2},
		"no output weight":                    {[]relu.Elbow{elbow(0, 2, -1)}, nil, 2},
		"dead":                                {[]relu.Elbow{elbow(1, 0, -1)}, nil, 1},
		"constant":                            {[]relu.Elbow{elbow(1, 0, 1)}, nil, 1},
		"copies":                              {[]relu.Elbow{elbow(1, 3, -1), elbow(1, 3*0.7, -0.7)}, []float64{1. / 3}, 2},
		"copies that cancel":                  {[]relu.Elbow{elbow(1, 1, -0.1), elbow(-1, 1, -0.1)}, nil, 2},
		"copies that cancel but for rounding": {[]relu.Elbow{elbow(0.1, 3, -1), elbow(-0.3, 1, -1./3)}, nil, 2},
		"opposite, a line":                    {[]relu.Elbow{elbow(1, 1, -0.3), elbow(-1, -1, 0.3)}, nil, 2},
		"opposite, a V":                       {[]relu.Elbow{elbow(1, 1, -0.3), elbow(1, -1, 0.3)}, []float64{0.3}, 2},
		"two, one far to a side":              {[]relu.Elbow{elbow(1, 1, 1e9), elbow(1, -1, 0.25)}, []float64{-1e9, 0.25}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := relu.Sum(c.elbows, 0.5)
			require.NoError(t, err)
			knots, err := n.Knots(-inf, inf)
			require.NoError(t, err)
			require.InDeltaSlice(t, append([]float64{}, c.knots...), append([]float64{}, knots...), 1e-15)
			regions, err := n.Regions(-inf, inf)
			require.NoError(t, err)
			require.Equal(t, c.regions, regions)
		})
	}
}

// Knots that are one but for rounding: of scaled copies; of a unit of the second layer that is 0 where those of the first
// bend; and a slope that is 0 but for rounding has none far out.
func TestKnotsUpToRounding(t *testing.T) {
	inf := math.Inf(1)
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 15))
		const k = 9
		xs, ys, elbows := make([]float64, k+1), make([]float64, k+1), []relu.Elbow{}
		for i := range xs {
			xs[i] = float64(i) + 0.9*rng.Float64()
			if i%2 == 1 {
				ys[i] = rng.NormFloat64()
			}
			for range 3 {
				scale := rng.NormFloat64()
				elbows = append(elbows, relu.Elbow{V: rng.NormFloat64(), W: scale, B: -scale * xs[i]})
			}
		}
		copies, err := relu.Sum(elbows, 0.5)
		require.NoError(t, err)
		regions, err := copies.Regions(-inf, inf)
		require.NoError(t, err)
		require.Equal(t, k+2, regions, "seed %d", seed)

		inner, err := relu.Interpolate(xs, ys)
		require.NoError(t, err)
		deep := &relu.Net{Layers: append(inner.Layers, relu.New(1, 1).Layers[0])}
		deep.Layers[2].W.Set(0, 0, 1)
		regions, err = deep.Regions(xs[0]+1e-3, xs[k]-1e-3)
		require.NoError(t, err)
		require.Equal(t, k, regions, "seed %d", seed)

		flat := relu.New(1, 3, 1, 1) // the second layer's unit: constant, but for rounding, as 0.3 ≠ 0.1 + 0.2
		for j, w := range []float64{-0.1, -0.2, 0.3} {
			flat.Layers[0].W.Set(0, j, 1)
			flat.Layers[0].B[j] = -xs[1]
			flat.Layers[1].W.Set(j, 0, w)
		}
		flat.Layers[1].B[0] = 1
		flat.Layers[2].W.Set(0, 0, 1)
		states, err := flat.Units(-inf, inf)
		require.NoError(t, err)
		require.Equal(t, []relu.UnitState{relu.Linear}, states[1], "seed %d", seed)
	}
}

// The knots of a net made to have them, up to 4,096 pieces.
func TestKnotsOfInterpolate(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const d = 4096
	xs, ys := make([]float64, d+1), make([]float64, d+1)
	for i := range xs {
		xs[i], ys[i] = (float64(i)+0.5*rng.Float64())/d, rng.Float64()
	}
	n, err := relu.Interpolate(xs, ys)
	require.NoError(t, err)
	knots, err := n.Knots(xs[0], xs[d])
	require.NoError(t, err)
	require.Equal(t, xs[1:d], knots)
}

func TestUnits(t *testing.T) {
	n, err := relu.Sum([]relu.Elbow{{V: 1, W: 1, B: -0.5}, {V: 1, W: 1, B: 2}, {V: 1, W: -1, B: -2}, {V: 1, W: 1, B: 0}}, 0)
	require.NoError(t, err)
	states, err := n.Units(0, 1)
	require.NoError(t, err)
	want := [][]relu.UnitState{{relu.Bent, relu.Linear, relu.Dead, relu.Linear}}
	require.Equal(t, want, states)
	require.Equal(t, want, n.UnitsOn(mat.NewDense(3, 1, []float64{0.2, 0.4, 0.7})))
	require.Equal(t, "bent linear dead", fmt.Sprintln(relu.Bent, relu.Linear, relu.Dead)[:16])
	// Against dense sampling, of deep nets.
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 9))
		n := randomShape(rng)
		states, err := n.Units(-1, 1)
		require.NoError(t, err)
		x := mat.NewDense(3000, 1, nil)
		for i := range 3000 {
			x.Set(i, 0, -1+2*(float64(i)+0.5)/3000)
		}
		for l, layer := range n.UnitsOn(x) {
			for j, state := range layer {
				if state != states[l][j] { // Sampling may only have missed a short interval.
					require.Equal(t, relu.Bent, states[l][j])
				}
			}
		}
	}
}

// A line through a space of ten inputs: the restricted net is the net, and its regions are those sampled.
func TestRestrict(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 4))
		n := random(rng, 10, 8, 6, 3)
		ends := inputs(rng, 2, 10)
		from, direction := ends.RawRowView(0), ends.RawRowView(1)
		line, err := n.Restrict(from, direction)
		require.NoError(t, err)
		for _, s := range []float64{-1, 0, 0.3, 2} {
			x := make([]float64, 10)
			for i := range x {
				x[i] = from[i] + s*direction[i]
			}
			require.InDeltaSlice(t, n.Output(x), line.Output([]float64{s}), 1e-12)
		}
		regions, err := line.Regions(-1, 1)
		require.NoError(t, err)
		require.Equal(t, len(sampled(line, -1, 1, 100))+1, regions)
	}
	n := relu.New(2, 3, 1)
	_, err := n.Restrict([]float64{1})
	says.All(t, err, "origin … 1 … 2 inputs")
	_, err = n.Restrict([]float64{1, 1}, []float64{1})
	says.All(t, err, "direction 0 … 1 … 2 inputs")
	_, err = n.Restrict([]float64{1, 1})
	says.All(t, err, "no directions … one … two")
	_, err = n.Regions(0, 1)
	says.All(t, err, "2 inputs … Restrict … line")
	_, err = relu.New(1, 2).Knots(0, 1)
	says.All(t, err, "2 outputs … one")
	_, err = relu.New(1, 1).Knots(1, 1)
	says.All(t, err, "lo … 1 … hi … smaller")
}

// The polygons are a partition, by area, into sets of one pattern each, all different: they are the regions.
func TestPolygons(t *testing.T) {
	lo, hi := [2]float64{-2, -1}, [2]float64{2, 3}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 5))
		sizes := []int{2}
		for range 1 + rng.IntN(3) {
			sizes = append(sizes, 2+rng.IntN(6))
		}
		n := random(rng, append(sizes, 1)...)
		polygons, err := n.Polygons(lo, hi)
		require.NoError(t, err)
		area := 0.0
		patterns := make(map[string]bool)
		for _, p := range polygons {
			require.Positive(t, p.Area())
			area += p.Area()
			centre := p.Centre()
			own := pattern(n, centre[:]...)
			require.False(t, patterns[own], "seed %d: two polygons of one pattern", seed)
			patterns[own] = true
			for _, v := range p { // just within each corner
				require.Equal(t, own, pattern(n, v[0]+1e-7*(centre[0]-v[0]), v[1]+1e-7*(centre[1]-v[1])), "seed %d", seed)
			}
		}
		require.InDelta(t, 16, area, 1e-11)
		for range 300 {
			require.True(t, patterns[pattern(n, -2+4*rng.Float64(), -1+4*rng.Float64())], "seed %d", seed)
		}
		bound, err := relu.RegionsUpperBound(2, n.Widths()...)
		require.NoError(t, err)
		require.LessOrEqual(t, float64(len(polygons)), bound)
	}
	_, err := relu.New(1, 1).Polygons(lo, hi)
	says.All(t, err, "1 inputs … Restrict … plane")
	_, err = relu.New(2, 1).Polygons(hi, lo)
	says.All(t, err, "lo … [2 3] … hi … [-2 -1] … smaller")
}

// Lines that are one but for rounding cut no slivers off.
func TestPolygonsOfCopies(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 16))
		once, often := random(rng, 2, 6, 1), relu.New(2, 18, 1)
		for j := range 18 {
			scale := rng.NormFloat64()
			for i := range 2 {
				often.Layers[0].W.Set(i, j, scale*once.Layers[0].W.At(i, j%6))
			}
			often.Layers[0].B[j] = scale * once.Layers[0].B[j%6]
		}
		want, err := once.Polygons([2]float64{-2, -2}, [2]float64{2, 2})
		require.NoError(t, err)
		got, err := often.Polygons([2]float64{-2, -2}, [2]float64{2, 2})
		require.NoError(t, err)
		require.Len(t, got, len(want), "seed %d", seed)
	}
}

// Lines in general position in a box that contains all their crossings make as many regions as Zaslavsky counts.
func TestZaslavsky(t *testing.T) {
	for units := 1; units <= 9; units++ {
		n := relu.New(2, units, 1)
		for j := range units {
			angle := 0.3 + math.Pi*float64(j)/float64(units)
			n.Layers[0].W.Set(0, j, math.Cos(angle))
			n.Layers[0].W.Set(1, j, math.Sin(angle))
			n.Layers[0].B[j] = 1 / float64(j+1)
		}
		polygons, err := n.Polygons([2]float64{-1e3, -1e3}, [2]float64{1e3, 1e3})
		require.NoError(t, err)
		want, err := relu.ShallowRegions(2, units)
		require.NoError(t, err)
		require.Equal(t, float64(1+units+units*(units-1)/2), want)
		require.Len(t, polygons, int(want))
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		inputs       int
		widths       []int
		lower, upper float64
	}{
		{1, []int{5}, 6, 6},
		{1, []int{3, 4}, 15, 20},
		{1, []int{2, 2, 2}, 12, 27},
		{2, []int{4}, 11, 11},
		{2, []int{4, 4}, 44, 121},
		{2, []int{5, 2}, 16, 64},
		{3, []int{10, 10}, 27 * 176, 176 * 176},
	} {
		lower, err := relu.RegionsLowerBound(c.inputs, c.widths...)
		require.NoError(t, err)
		require.Equal(t, c.lower, lower, "%+v", c)
		upper, err := relu.RegionsUpperBound(c.inputs, c.widths...)
		require.NoError(t, err)
		require.Equal(t, c.upper, upper, "%+v", c)
	}
	narrow, err := relu.RegionsUpperBound(3, 2, 5) // after two units the space has two dimensions
	require.NoError(t, err)
	require.Equal(t, 4.*16, narrow)
	_, err = relu.RegionsUpperBound(2)
	says.All(t, err, "widths … empty")
	_, err = relu.RegionsLowerBound(3, 4, 2)
	says.All(t, err, "widths … 2 … 3 … inputs")
	_, err = relu.ShallowRegions(0, 2)
	says.All(t, err, "sizes[0] … 0 … 1")
}

// Exact against sampling, of one trained-size net.
func BenchmarkRegions(b *testing.B) {
	n := random(rand.New(rand.NewPCG(1, 1)), 1, 10, 10, 10, 1)
	b.Run("exact", func(b *testing.B) {
		for b.Loop() {
			if _, err := n.Regions(-3, 3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sampled", func(b *testing.B) {
		for b.Loop() {
			sampled(n, -3, 3, 500)
		}
	})
	wide, err := relu.Uniform(math.Sin, 0, 6, 4096)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("exact 4096 wide", func(b *testing.B) {
		for b.Loop() {
			if _, err := wide.Knots(0, 6); err != nil {
				b.Fatal(err)
			}
		}
	})
}
