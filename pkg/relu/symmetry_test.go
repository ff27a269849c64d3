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

// N10: scaling a unit in and out changes no output, by a power of two not by a bit.
func TestRescale(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 10))
		n := random(rng, 2, 6, 5, 2)
		x := inputs(rng, 20, 2)
		exact, rounded := n, n
		for l, width := range n.Widths() {
			for j := range width {
				var err error
				exact, err = exact.Rescale(l, j, math.Ldexp(1, rng.IntN(20)-10))
				require.NoError(t, err)
				rounded, err = rounded.Rescale(l, j, math.Exp(5*rng.NormFloat64()))
				require.NoError(t, err)
			}
		}
		require.NotEqual(t, n.Theta(), exact.Theta())
		for i := range 20 {
			want := n.Output(x.RawRowView(i))
			require.Equal(t, want, exact.Output(x.RawRowView(i)))
			require.InDeltaSlice(t, want, rounded.Output(x.RawRowView(i)), 1e-13)
		}
	}
	n := relu.New(1, 2, 1)
	_, err := n.Rescale(1, 0, 2)
	says.All(t, err, "layer … 1 … hidden layers … 0")
	_, err = n.Rescale(0, 2, 2)
	says.All(t, err, "unit … 2 … units … 0")
	_, err = n.Rescale(0, 0, -2)
	says.All(t, err, "a … -2 … positive")
}

// grid is n inputs from lo to hi.
func grid(n int, lo, hi float64) *mat.Dense {
	x := mat.NewDense(n, 1, nil)
	for i := range n {
		x.Set(i, 0, lo+(hi-lo)*(float64(i)+0.5)/float64(n))
	}
	return x
}

// Each kind of redundancy in a sum of elbows, with the rank known by hand: the constant, two for each bent elbow, and the
// slope from elbows that are linear or opposed.
func TestRedundancyOfElbows(t *testing.T) {
	bent := []relu.Elbow{{V: 1, W: 1.5, B: -0.3}, {V: -2, W: -1, B: 0.45}, {V: 0.5, W: 1, B: -0.7}} // knots 0.2, 0.45, 0.7
	for name, c := range map[string]struct {
		more []relu.Elbow
		want relu.Redundancy
	}{
		"bent":             {nil, relu.Redundancy{Rescaling: 3}},
		"dead":             {[]relu.Elbow{{V: 1, W: 1, B: -2}}, relu.Redundancy{Rescaling: 3, Silent: 3}},
		"no output weight": {[]relu.Elbow{{V: 0, W: 1, B: -0.33}}, relu.Redundancy{Rescaling: 3, Silent: 2}},
		"linear":           {[]relu.Elbow{{V: 1, W: 1, B: 2}}, relu.Redundancy{Rescaling: 4, Linear: 1}},
		"three linear": {[]relu.Elbow{{V: 1, W: 1, B: 2}, {V: 1, W: -1, B: 2}, {V: 3, W: 0, B: 2}},
			relu.Redundancy{Rescaling: 6, Linear: 5}},
		"copy":            {[]relu.Elbow{{V: 3, W: 3, B: -0.6}}, relu.Redundancy{Rescaling: 4, Copies: 2}},
		"opposed":         {[]relu.Elbow{{V: 3, W: -3, B: 0.6}}, relu.Redundancy{Rescaling: 4, Opposed: 1}},
		"opposed twice":   {[]relu.Elbow{{V: 3, W: -3, B: 0.6}, {V: 1, W: 1, B: -0.45}}, relu.Redundancy{Rescaling: 5, Opposed: 3}},
		"opposed, linear": {[]relu.Elbow{{V: 3, W: -3, B: 0.6}, {V: 1, W: 1, B: 2}}, relu.Redundancy{Rescaling: 5, Linear: 1, Opposed: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := relu.Sum(append(bent[:3:3], c.more...), 0.1)
			require.NoError(t, err)
			x := grid(200, 0, 1)
			r := n.Redundancy(x)
			c.want.Parameters, c.want.Cap = n.Parameters(), r.Cap
			require.Equal(t, c.want, r)
			rank, _, err := relu.Rank(n.Jacobian(x))
			require.NoError(t, err)
			require.Equal(t, rank, r.Rank())
		})
	}
	// Few examples: two or one in each of the four parts.
	n, err := relu.Sum(bent, 0.1)
	require.NoError(t, err)
	x := mat.NewDense(6, 1, []float64{0.1, 0.3, 0.4, 0.5, 0.6, 0.8})
	rank, _, err := relu.Rank(n.Jacobian(x))
	require.NoError(t, err)
	require.Equal(t, 6, rank)
	require.Equal(t, 6, n.Redundancy(x).Rank())
}

// N10: the rank of the Jacobian is the one predicted, for one hidden layer from a count of units alone.
func TestJacobianRank(t *testing.T) {
	hidden := 0
	for _, sizes := range [][]int{{1, 1, 1}, {1, 6, 1}, {1, 12, 1}, {2, 8, 1}, {3, 6, 2}, {5, 10, 3}, {4, 3},
		{2, 6, 4, 1}, {3, 6, 5, 1}, {4, 6, 5, 2}, {4, 5, 4, 3, 2}, {1, 4, 4, 1}, {1, 8, 8, 1}} {
		for seed := range uint64(10) {
			rng := rand.New(rand.NewPCG(seed, 11))
			n := random(rng, sizes...)
			x := inputs(rng, 600, sizes[0])
			if sizes[0] == 1 {
				x = grid(600, -4, 4)
			}
			predicted := n.Redundancy(x)
			rank, singular, err := relu.Rank(n.Jacobian(x))
			require.NoError(t, err)
			if rank < len(singular) { // The count is not in doubt: a wide gap is where it ends.
				require.Greater(t, singular[rank-1], 20*singular[rank], "%v, seed %d", sizes, seed)
			}
			require.Equal(t, predicted.Rank(), rank, "%v, seed %d: %+v", sizes, seed, predicted)
			if len(sizes) <= 3 {
				require.Zero(t, predicted.Hidden)
			} else if predicted.Hidden != 0 {
				hidden++
			}
		}
	}
	require.NotZero(t, hidden, "and some deep nets have hidden symmetries")
}

// A net whose units are all seen bent has one redundancy for each of them and no other.
func TestRescalingsAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 12))
	n := random(rng, 4, 5, 4, 1)
	x := inputs(rng, 800, 4)
	r := n.Redundancy(x)
	rank, _, err := relu.Rank(n.Jacobian(x))
	require.NoError(t, err)
	require.Equal(t, n.Parameters()-9, rank)
	require.Equal(t, rank, r.Rank())
	require.Equal(t, 9, r.Rescaling)
}

// A unit that is linear wherever the next layer has an effect is as good as linear: its bias can do no more than the next
// one's. All derivatives are then multiples of 1, and of 1 and x where the second layer is active.
func TestRedundancyOfUnitLinearWhereItMatters(t *testing.T) {
	n, err := relu.FromTheta([]float64{0, 1, -0.5, 1, 0.2, 1}, 1, 1, 1, 1)
	require.NoError(t, err)
	x := grid(300, -1, 2)
	rank, _, err := relu.Rank(n.Jacobian(x))
	require.NoError(t, err)
	require.Equal(t, 3, rank)
	require.Equal(t, relu.Redundancy{Parameters: 6, Rescaling: 2, Linear: 1, Cap: 4}, n.Redundancy(x))
}

func TestRank(t *testing.T) {
	rank, singular, err := relu.Rank(mat.NewDense(3, 3, []float64{1, 1e-20, 1, 0, 1e-20, 0, 2, 0, 2}))
	require.NoError(t, err)
	require.Equal(t, 2, rank)
	require.Len(t, singular, 3)
	rank, _, err = relu.Rank(mat.NewDense(2, 2, nil))
	require.NoError(t, err)
	require.Zero(t, rank)
}
