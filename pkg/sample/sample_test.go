package sample_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"descent.example/internal/says"
	"descent.example/pkg/accel"
	"descent.example/pkg/sample"
	"descent.example/pkg/wasm"
)

func must(s sample.Sampler, err error) sample.Sampler {
	if err != nil {
		panic(err)
	}
	return s
}

// all are the samplers with a batch of b.
func all(b int) []sample.Sampler {
	return []sample.Sampler{must(sample.WithReplacement(b)), must(sample.WithoutReplacement(b)),
		must(sample.Reshuffled(b)), must(sample.ShuffledOnce(b)), must(sample.InOrder(b)), must(sample.Stream(b)),
		must(sample.Given([][]int{{1, 0}, {2, 2}, {0, 1}}))}
}

// A graph draws what the host does, integer for integer, on each backend.
func TestGraphIsTheHost(t *testing.T) {
	chosen, err := accel.Open()
	require.NoError(t, err)
	for _, backend := range []compute.Backend{chosen, wasm.New()} {
		for _, size := range []struct{ n, b int }{{3, 1}, {12, 4}, {13, 5}, {1000, 32}, {7, 7}} {
			for _, s := range append(all(size.b), sample.Full()) {
				exec, err := graph.NewExec(backend, func(inputs []*graph.Node) *graph.Node {
					return s.Node(inputs[0], inputs[1:], size.n)
				})
				require.NoError(t, err)
				defer exec.Finalize()
				for _, step := range []int{0, 1, 2, 3, 57, 1_000_003, 5_000_000_000} {
					for _, seed := range []int{0, 1, -7, math.MaxInt} {
						inputs := []any{int64(step)}
						for _, x := range s.Inputs(seed) {
							inputs = append(inputs, x)
						}
						drawn, err := exec.Call1(inputs...)
						require.NoError(t, err)
						var want []int32
						for _, i := range s.Indices(step, seed, size.n) {
							want = append(want, int32(i))
						}
						require.Equal(t, want, drawn.Value(), "%s: %s, n %d, step %d, seed %d", backend.Name(), s, size.n,
							step, seed)
					}
				}
			}
		}
	}
}

// Within the body of a While, where XLA repeats it, too.
func TestNodeInALoop(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	const n, b, steps = 13, 5, 20
	for _, s := range all(b) {
		drawn := loop(t, backend, s, n, steps, true)(3).Value().([][]int32)
		for step, row := range drawn {
			for j, i := range s.Indices(step, 3, n) {
				require.EqualValues(t, i, row[j], "%s, step %d", s, step)
			}
		}
	}
}

// loop compiles a loop that draws batches into a table, and returns it as a function of the seed. If twice, the
// main function of the graph draws too, into all rows, the batch after those: its scalars must be others than the loop's.
func loop(t testing.TB, backend compute.Backend, s sample.Sampler, n, steps int, twice bool) func(int) *tensors.Tensor {
	exec, err := graph.NewExec(backend, func(inputs []*graph.Node) *graph.Node {
		g := inputs[0].Graph()
		table := graph.BroadcastToDims(graph.Const(g, int32(-1)), steps, s.BatchSize(n))
		if twice {
			table = graph.BroadcastToDims(graph.ExpandAxes(s.Node(inputs[0], inputs[1:], n), 0), steps, s.BatchSize(n))
		}
		state := append([]*graph.Node{graph.Const(g, int64(0)), table}, inputs[1:]...)
		shapesOf := make([]shapes.Shape, len(state))
		for i, x := range state {
			shapesOf[i] = x.Shape()
		}
		parameters := func(g *graph.Graph) (p []*graph.Node) {
			for i, shape := range shapesOf {
				p = append(p, graph.Parameter(g, fmt.Sprint("p", i), shape))
			}
			return p
		}
		cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			return []*graph.Node{graph.LessThan(parameters(g)[0], graph.Const(g, int64(steps)))}
		})
		body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			p := parameters(g)
			row := graph.ExpandAxes(s.Node(p[0], p[2:], n), 0)
			p[1] = graph.DynamicUpdateSlice(p[1], row, []*graph.Node{p[0], graph.Const(g, int64(0))})
			p[0] = graph.Add(p[0], graph.Const(g, int64(1)))
			return p
		})
		return graph.While(cond, body, state...)[1]
	})
	require.NoError(t, err)
	return func(seed int) *tensors.Tensor {
		inputs := []any{int64(steps)}
		for _, x := range s.Inputs(seed) {
			inputs = append(inputs, x)
		}
		table, err := exec.Call1(inputs...)
		require.NoError(t, err)
		return table
	}
}

// An epoch shows every example exactly once, also where the batch does not divide it; and the orders are what the names
// say.
func TestEpochs(t *testing.T) {
	for _, size := range []struct{ n, b int }{{1, 1}, {2, 1}, {12, 4}, {13, 5}, {1000, 32}, {101, 101}} {
		reshuffled, inOrder := must(sample.Reshuffled(size.b)), must(sample.InOrder(size.b))
		for _, s := range []sample.Sampler{reshuffled, must(sample.ShuffledOnce(size.b)), inOrder} {
			const epochs = 4
			var shown []int
			for step := 0; len(shown) < epochs*size.n; step++ {
				shown = append(shown, s.Indices(step, 5, size.n)...)
			}
			var orders [epochs][]int
			for e := range epochs {
				orders[e] = shown[e*size.n : (e+1)*size.n]
				sorted := slices.Sorted(slices.Values(orders[e]))
				for i, x := range sorted {
					require.Equal(t, i, x, "%s, n %d, epoch %d", s, size.n, e)
				}
				same := slices.Equal(orders[0], orders[e])
				if size.n > 10 {
					require.Equal(t, e == 0 || s != reshuffled, same, "%s, epoch %d", s, e)
					require.Equal(t, s == inOrder, slices.IsSorted(orders[e]), "%s, epoch %d", s, e)
				}
			}
		}
		s := must(sample.WithoutReplacement(size.b))
		for step := range 20 {
			batch := slices.Sorted(slices.Values(s.Indices(step, 5, size.n)))
			require.Len(t, slices.Compact(batch), size.b, "an example is in the batch twice")
		}
	}
}

// uniform asserts by χ² that the counts are those of equal chances; a false alarm is rarer than one in a million.
func uniform[K comparable](t *testing.T, what string, counts map[K]int, cells int) {
	t.Helper()
	total := 0
	for _, c := range counts {
		total += c
	}
	expected := float64(total) / float64(cells)
	chi := expected * float64(cells-len(counts)) // cells that never occurred
	for _, c := range counts {
		chi += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	d := distuv.ChiSquared{K: float64(cells - 1)}
	require.Less(t, chi, d.Quantile(1-1e-6), "%s: %d of %d cells", what, len(counts), cells)
	if cells > 2 { // two may well be equal
		require.Greater(t, chi, d.Quantile(1e-6), "%s: too even to be random", what)
	}
}

// order is an order of at most five examples, to count.
func order(indices []int) (key [5]int) {
	copy(key[:], indices)
	return key
}

// The orders of few examples, over seeds, epochs or steps, are all equally likely: whole permutations. So are pairs of
// orders, of an epoch and the next, a seed and the next, a step and the next: they are independent.
func TestOrdersAreUniform(t *testing.T) {
	const draws = 20_000
	factorial := map[int]int{2: 2, 3: 6, 4: 24, 5: 120}
	for n, cells := range factorial {
		for over, draw := range map[string]func(i int) []int{
			"seeds":  func(i int) []int { return must(sample.ShuffledOnce(n)).Indices(0, i, n) },
			"epochs": func(i int) []int { return must(sample.Reshuffled(n)).Indices(i, 1, n) },
			"steps":  func(i int) []int { return must(sample.WithoutReplacement(n)).Indices(i, 2, n) },
		} {
			single, pairs := map[[5]int]int{}, map[[2][5]int]int{}
			before := order(draw(0))
			for i := 1; i <= draws; i++ {
				now := order(draw(i))
				single[now]++
				pairs[[2][5]int{before, now}]++
				before = now
			}
			uniform(t, fmt.Sprintf("%d examples over %s", n, over), single, cells)
			if n < 5 { // enough draws for each pair
				uniform(t, fmt.Sprintf("%d examples, pairs over %s", n, over), pairs, cells*cells)
			}
		}
	}
}

// Of more examples: single places, pairs within a batch, and pairs of the same place in two epochs, two steps and two
// neighbouring seeds are uniform.
func TestPairsAreUniform(t *testing.T) {
	const n, draws = 20, 30_000
	reshuffled, replaced := must(sample.Reshuffled(4)), must(sample.WithReplacement(4))
	for _, s := range []sample.Sampler{reshuffled, must(sample.WithoutReplacement(4)), replaced} {
		one := map[int]int{}
		within, steps, epochs, seeds := map[[2]int]int{}, map[[2]int]int{}, map[[2]int]int{}, map[[2]int]int{}
		for i := range draws {
			seed := 2 * i
			batch := s.Indices(0, seed, n)
			one[batch[2]]++
			within[[2]int{batch[0], batch[1]}]++
			steps[[2]int{batch[0], s.Indices(1, seed, n)[0]}]++
			epochs[[2]int{batch[3], s.Indices(5, seed, n)[3]}]++
			seeds[[2]int{batch[0], s.Indices(0, seed+1, n)[0]}]++
		}
		different := map[bool]int{true: n * (n - 1), false: n * n}
		uniform(t, s.String()+": one", one, n)
		uniform(t, s.String()+": a pair in a batch", within, different[s != replaced])
		uniform(t, s.String()+": steps", steps, different[s == reshuffled])
		uniform(t, s.String()+": epochs", epochs, n*n)
		uniform(t, s.String()+": seeds", seeds, n*n)
	}
}

// No seed's run is another's some steps later. A batch's key has 32 bits, so of the 60,000 here one pair is equal by
// chance, or none. Seeds 439 and 776 once had runs that were 37 epochs apart.
func TestSeedsDoNotMeet(t *testing.T) {
	const n, b, seeds, steps = 800, 8, 1000, 60
	for _, s := range []sample.Sampler{must(sample.WithReplacement(b)), must(sample.Reshuffled(b))} {
		each := 1
		if s == must(sample.Reshuffled(b)) {
			each = n / b // the first batch of each epoch
		}
		seen, again := map[[b]int]bool{}, 0
		for seed := range seeds {
			for step := range steps {
				batch := [b]int(s.Indices(step*each, seed, n))
				if seen[batch] {
					again++
				}
				seen[batch] = true
			}
		}
		require.LessOrEqual(t, again, 6, s)
	}
}

// Neighbours in the order do not remain neighbours: of a million pairs none should, and
// 2^−rounds of them do.
func TestNeighboursPart(t *testing.T) {
	const n, b, steps = 1<<30 + 3, 1024, 1000
	s, together := must(sample.WithoutReplacement(b)), 0
	for step := range steps {
		batch := s.Indices(step, 1, n)
		for j, i := range batch[1:] {
			if d := i - batch[j]; d == 1 || d == -1 {
				together++
			}
		}
	}
	require.LessOrEqual(t, together, 2)
}

// How often one example is in a batch drawn with replacement is binomial: its mean and variance, to 4.9 standard
// errors.
func TestCountsWithReplacement(t *testing.T) {
	const n, b, draws, p = 20, 30, 20_000, 1.0 / 20
	s := must(sample.WithReplacement(b))
	mean, square := 0.0, 0.0
	for step := range draws {
		count := 0.0
		for _, i := range s.Indices(step, 4, n) {
			if i == 7 {
				count++
			}
		}
		mean, square = mean+count/draws, square+(count-b*p)*(count-b*p)/draws
	}
	variance := b * p * (1 - p)
	fourth := variance * (1 + 3*(b-2)*p*(1-p)) // central moment
	require.InDelta(t, b*p, mean, 4.9*math.Sqrt(variance/draws))
	require.InDelta(t, variance, square, 4.9*math.Sqrt((fourth-variance*variance)/draws))
}

// With many examples the mean of a batch has the variance that the theory of sampling gives, with and without
// replacement: the draws are independent enough for what they are for. z of 4.9 is one in a million.
func TestVarianceOfAMean(t *testing.T) {
	const n, b, draws = 1000, 100, 8_000
	values, variance := make([]float64, n), 0.0
	for i := range values {
		values[i] = math.Sin(float64(i)) * math.Sqrt(float64(i+1))
	}
	mean := 0.0
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		variance += (v - mean) * (v - mean) / n
	}
	for s, factor := range map[string]float64{"with": 1.0 / b, "without": float64(n-b) / (b * (n - 1))} {
		sampler := must(sample.WithReplacement(b))
		if s == "without" {
			sampler = must(sample.WithoutReplacement(b))
		}
		first, second := 0.0, 0.0
		for step := range draws {
			x := 0.0
			for _, i := range sampler.Indices(step, 11, n) {
				x += (values[i] - mean) / b
			}
			first, second = first+x/draws, second+x*x/draws
		}
		want := variance * factor
		require.Less(t, math.Abs(first), 4.9*math.Sqrt(want/draws), s)
		require.InEpsilon(t, want, second, 4.9*math.Sqrt(2.0/draws), s)
	}
}

func TestGiven(t *testing.T) {
	s := must(sample.Given([][]int{{4, 4}, {0, 2}}))
	require.Equal(t, []int{4, 4}, s.Indices(0, 1, 5))
	require.Equal(t, []int{0, 2}, s.Indices(3, 1, 5))
	require.Equal(t, dtypes.Int32, s.Inputs(1)[0].DType())
	require.NotEqual(t, s.Structure(), must(sample.Given([][]int{{4, 4}})).Structure())
	require.Equal(t, s.Structure(), must(sample.Given([][]int{{0, 0}, {1, 2}})).Structure())

	batches := [][]int{{1, 2}}
	s = must(sample.Given(batches))
	batches[0][0] = 4
	require.Equal(t, []int{1, 2}, s.Indices(0, 1, 5), "a sampler does not change with the slice that it was made of")
}

func TestSizes(t *testing.T) {
	require.True(t, sample.Sampler{}.IsFull())
	require.Equal(t, 7, sample.Full().BatchSize(7))
	require.Equal(t, []int{0, 1, 2}, sample.Full().Indices(4, 1, 3))
	require.Equal(t, 1.0, sample.Full().Epoch(7))
	require.Equal(t, 3.5, must(sample.InOrder(2)).Epoch(7))
	steps, limited := must(sample.Stream(2)).MaxSteps(7)
	require.True(t, limited)
	require.Equal(t, 3, steps)
	_, limited = must(sample.Reshuffled(2)).MaxSteps(7)
	require.False(t, limited)
	require.Equal(t, "reshuffled every epoch, batch 2", must(sample.Reshuffled(2)).String())
	require.NoError(t, must(sample.WithReplacement(9)).Check(7), "with replacement a batch may be larger than the data")
}

func TestErrors(t *testing.T) {
	given := func(batches ...[]int) func() (sample.Sampler, error) {
		return func() (sample.Sampler, error) { return sample.Given(batches) }
	}
	for want, make := range map[string]func() (sample.Sampler, error){
		"batch … 0 … 1":                   func() (sample.Sampler, error) { return sample.Reshuffled(0) },
		"batch … -3 … 1":                  func() (sample.Sampler, error) { return sample.WithReplacement(-3) },
		"batches … empty":                 given(),
		"batches[1] … 1 … batches[0] … 2": given([]int{1, 2}, []int{1}),
		"batches[1] … 0 … batches[0] … 2": given([]int{1, 2}, []int{}),
		"batches[0][1] … -1 … 0":          given([]int{1, -1}),
	} {
		_, err := make()
		says.All(t, err, want)
	}
	says.All(t, must(sample.Reshuffled(8)).Check(7), "batch … 8 … 1 … 7")
	says.All(t, must(sample.Given([][]int{{1, 0}, {7, 2}})).Check(7), "batches[1][0] … 7")
	says.All(t, sample.Full().Check(0), "n … 0 … 1")
	require.Panics(t, func() { must(sample.InOrder(1)).Indices(-1, 0, 3) })
	require.Panics(t, func() { must(sample.InOrder(4)).Indices(0, 0, 3) })
}

// BenchmarkNode is the time of a draw of 32 from 256 in a compiled loop, and from 250, which 32 does not divide.
func BenchmarkNode(b *testing.B) {
	backend, err := accel.Open()
	require.NoError(b, err)
	batches := make([][]int, 8)
	for t := range batches {
		batches[t] = must(sample.Reshuffled(32)).Indices(t, 1, 256)
	}
	samplers := append(all(32)[:6], must(sample.Given(batches)))
	for _, n := range []int{256, 250} {
		if n == 250 {
			samplers = samplers[2:5]
		}
		for _, s := range samplers {
			b.Run(fmt.Sprintf("%s of %d", s, n), func(b *testing.B) {
				const steps = 10_000
				draw := loop(b, backend, s, n, steps, false)
				draw(1)
				for b.Loop() {
					draw(2)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/steps, "ns/step")
			})
		}
	}
}
