package homework

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"descent.example/internal/answer"
	"descent.example/internal/plural"
)

// Standardize tries the standardization of features. standardize gets a row of d features for each of n examples to learn from and for each that reports.
// One feature is the same in all examples to learn from, if constant. It is an error when a feature x does not become (x − mean)/deviation, with the mean
// and the root mean square deviation of the examples to learn from; a deviation of 0 up to rounding divides nothing.
func Standardize(rng *rand.Rand, n, d int, constant bool, standardize func(learn, report [][]float64) (a, b [][]float64)) error {
	rows := func(n int, shift float64) [][]float64 {
		all := make([][]float64, n)
		for i := range all {
			all[i] = draw(rng, d, 3)
			for j := range all[i] {
				all[i][j] += shift
			}
		}
		return all
	}
	learn, report := rows(n, 1), rows(2+rng.IntN(8), -2)
	if constant {
		for i := range learn {
			learn[i][d-1] = 0.5
		}
	}
	mean, deviation := make([]float64, d), make([]float64, d)
	for j := range d {
		square := 0.0
		for _, row := range learn {
			mean[j] += row[j] / float64(len(learn))
			square += row[j] * row[j] / float64(len(learn))
		}
		if deviation[j] = math.Sqrt(math.Max(0, square-mean[j]*mean[j])); deviation[j] < 1e-6 {
			deviation[j] = 1
		}
	}
	scales := "deviations"
	if constant {
		scales = "deviations, with 1 in the place of 0,"
	}
	a, b := standardize(answer.Rows(learn), answer.Rows(report))
	for _, side := range []struct {
		name      string
		got, from [][]float64
	}{{"learns", a, learn}, {"reports", b, report}} {
		if len(side.got) != len(side.from) {
			return fmt.Errorf("of %d examples of the side that %s you return %d", len(side.from), side.name, len(side.got))
		}
		for i, row := range side.from {
			want := make([]float64, d)
			for j := range row {
				want[j] = (row[j] - mean[j]) / deviation[j]
			}
			if !answer.AllWithin(side.got[i], want, 1e-8) {
				is, should := answer.BothVectors(side.got[i], want)
				return fmt.Errorf("the examples that learn have the means %s and the %s %s; on the side that %s, %s becomes %s, and should become %s",
					answer.Vector(mean), scales, answer.Vector(deviation), side.name, answer.Vector(row), is, should)
			}
		}
	}
	return nil
}

// NoiseVariance tries an estimate of the noise from inputs that occur several times. groups is how often each input occurs. It is an error when estimate
// does not return the sum of the squared deviations from the means of the groups, divided by the number of examples less that of groups, and −1 when
// no input occurs twice.
func NoiseVariance(rng *rand.Rand, groups []int, estimate func(inputs, targets []float64) float64) error {
	for range 3 {
		var examples [][2]float64
		var squares, free float64
		for g, n := range groups {
			at, from := float64(g)/4, len(examples)
			for range n {
				examples = append(examples, [2]float64{at, draw(rng, 1, 3)[0] + 5*at})
			}
			for i := from; i < len(examples); i++ { // half the mean square difference of pairs, n − 1 times
				for j := from; j < i; j++ {
					difference := examples[i][1] - examples[j][1]
					squares += difference * difference / float64(n)
				}
			}
			free += float64(n - 1)
		}
		rng.Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
		var inputs, targets []float64
		for _, e := range examples {
			inputs, targets = append(inputs, e[0]), append(targets, e[1])
		}
		want := -1.0
		if free > 0 {
			want = squares / free
		}
		if got := estimate(slices.Clone(inputs), slices.Clone(targets)); !answer.Near(got, want) {
			is, should := answer.Both(got, want)
			return fmt.Errorf("for the inputs %s and the targets %s you return %s; it should be %s", answer.Vector(inputs), answer.Vector(targets), is, should)
		}
	}
	return nil
}

// EarlyStop tries early stopping on given losses of the epochs 1, 2, …, after which the loss stays high. stop gets a function that trains for another epoch
// and returns the loss on examples that choose, the patience, and the most epochs. It is an error when it does not return the epoch with the least loss
// before patience epochs in a row were no better than that, together with the loss, 0 and +Inf if all are NaN; and when it trains for more epochs or for
// fewer.
func EarlyStop(losses []float64, patience, most int, stop func(train func() float64, patience, most int) (best int, loss float64)) error {
	want, least, epochs := 0, math.Inf(1), 0
	for epochs < most && epochs < len(losses) && epochs-want < patience {
		epochs++
		if losses[epochs-1] < least {
			want, least = epochs, losses[epochs-1]
		}
	}
	trained := 0
	best, loss := stop(func() float64 {
		trained++
		if trained > len(losses) {
			return 1e9
		}
		return losses[trained-1]
	}, patience, most)
	said := fmt.Sprintf("for the losses %s, a patience of %d and at most %d epochs", answer.Vector(losses), patience, most)
	if best != want || loss != least {
		is, should := answer.BothVectors([]float64{float64(best), loss}, []float64{float64(want), least})
		return fmt.Errorf("%s you return the epoch and the loss %s; they should be %s", said, is, should)
	}
	if trained != epochs {
		return fmt.Errorf("%s you train for %s; it should be %d", said, plural.Of(trained, "epoch"), epochs)
	}
	return nil
}

// Losses are random losses of n epochs, for a patience below n/2 − 3. Four epochs are better than all before. After the first of them come as many
// that are no better as the patience bears, and after the second comes one. After the fourth all are higher but the last, which is too late. If gaps,
// the first loss and every second one that is no better are NaN.
func Losses(rng *rand.Rand, n, patience int, gaps bool) (losses []float64) {
	least, worse := 6+rng.Float64(), 0
	higher := func(epochs int) {
		for range epochs {
			loss := least + hundredths(0.05+rng.Float64())
			if worse++; gaps && worse%2 == 0 {
				loss = math.NaN()
			}
			losses = append(losses, loss)
		}
	}
	if gaps {
		losses = append(losses, math.NaN())
	}
	for _, epochs := range []int{patience - 1, 1, 0, n} {
		least = hundredths(least - 0.1 - 0.5*rng.Float64())
		losses = append(losses, least)
		higher(min(epochs, n-1-len(losses)))
	}
	return append(losses, least-1)
}

// Separate tries a threshold unit on three random points of the plane that are not on a line, and on three of which two are neighbors far out. It is
// an error when w·x + b has the wrong sign at a point, for any of the eight labelings.
func Separate(rng *rand.Rand, separate func(points [3][2]float64, labels [3]float64) (w [2]float64, b float64)) error {
	for _, points := range [][][2]float64{plane(rng, 3), narrow(rng)} {
		for code := range 8 {
			var labels [3]float64
			for i := range labels {
				labels[i] = float64(2*(code>>i&1) - 1)
			}
			w, b := separate([3][2]float64(points), labels)
			for i, p := range points {
				if f := w[0]*p[0] + w[1]*p[1] + b; !(f*labels[i] > 0) || math.IsInf(f, 0) {
					return fmt.Errorf("for the points %s with the labels %s your unit gives %.5g at %s; its sign should be that of %+g",
						places(points), answer.Vector(labels[:]), f, answer.Vector(p[:]), labels[i])
				}
			}
		}
	}
	return nil
}

// narrow returns three points of the plane in random order: two are neighbors, far from 0 and from the third, so that only a thin strip is between
// them.
func narrow(rng *rand.Rand) [][2]float64 {
	sine, cosine := math.Sincos(2 * math.Pi * rng.Float64())
	at := func(out, along float64) [2]float64 {
		return [2]float64{hundredths(out*cosine - along*sine), hundredths(out*sine + along*cosine)}
	}
	out := 2.5 + 0.5*rng.Float64()
	points := [][2]float64{at(out, 0), at(out, 0.35+0.15*rng.Float64()), at(-0.3-2*rng.Float64(), 0)}
	rng.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points
}

// plane returns n random points of the plane, no three of which are near a line.
func plane(rng *rand.Rand, n int) [][2]float64 {
	var points [][2]float64
	for len(points) < n {
		xy := draw(rng, 2, 3)
		p, good := [2]float64{xy[0], xy[1]}, true
		for i := range points {
			for j := range i {
				good = good && math.Abs(area(p, points[i], points[j])) > 0.3
			}
			good = good && math.Hypot(p[0]-points[i][0], p[1]-points[i][1]) > 0.3
		}
		if good {
			points = append(points, p)
		}
	}
	return points
}

// area is twice the area of a triangle, positive if its corners follow each other counterclockwise.
func area(p, q, r [2]float64) float64 {
	return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0])
}

// inside tells whether one of four points is in the triangle of the others: then an odd number of the four triangles turns the other way.
func inside(points [][2]float64) bool {
	turns := 1.0
	for i := range points {
		turns *= area(points[(i+1)%4], points[(i+2)%4], points[(i+3)%4])
	}
	return turns < 0
}

func places(points [][2]float64) string {
	parts := make([]string, len(points))
	for i, p := range points {
		parts[i] = answer.Vector(p[:])
	}
	return strings.Join(parts, ", ")
}

// Certificate tries a proof that no threshold unit shatters four random points of the plane, no three of which are on a line. Every second time one
// is in the triangle of the others. A proof is four numbers cᵢ, not all 0, with Σcᵢ = 0 and Σcᵢxᵢ = 0. It is an error when they are not such numbers.
func Certificate(rng *rand.Rand, certificate func(points [4][2]float64) [4]float64) error {
	for i := range 5 {
		points := plane(rng, 4)
		for inside(points) != (i%2 == 1) {
			points = plane(rng, 4)
		}
		c := certificate([4][2]float64(points))
		largest := 0.0
		for i := range c {
			largest = math.Max(largest, math.Abs(c[i]))
		}
		said := fmt.Sprintf("for the points %s you return %s", places(points), answer.Vector(c[:]))
		if !(largest > 0) || math.IsInf(largest, 0) {
			return fmt.Errorf("%s; the numbers should be finite, and not all 0", said)
		}
		sum, at := 0.0, make([]float64, 2)
		for i := range c { // divided by the largest: products of the smallest numbers that there are would be rounded to 0
			sum += c[i] / largest
			at[0] += c[i] / largest * points[i][0]
			at[1] += c[i] / largest * points[i][1]
		}
		if !(math.Abs(sum) <= answer.Tolerance && answer.AllWithin(at, make([]float64, 2), 10*answer.Tolerance)) {
			return fmt.Errorf("%s; divided by the largest of them, Σcᵢ is %.5g and Σcᵢxᵢ is %s, and both should be 0", said, sum, answer.Vector(at))
		}
	}
	return nil
}

// PlaneShare tries a prediction of the part of all labelings of n points in the plane, no three on a line, that a threshold unit can make. They are counted
// on random points. It is an error when the prediction is off by more than 0.001.
func PlaneShare(rng *rand.Rand, n int, share float64) error {
	points, made := plane(rng, n), map[int]bool{}
	for i := range points { // a line that separates can be moved until it touches two points, which may then lie on either side
		for j := range i {
			sides := 0
			for k := range points {
				if k != i && k != j && area(points[i], points[j], points[k]) > 0 {
					sides |= 1 << k
				}
			}
			for _, touched := range []int{0, 1 << i, 1 << j, 1<<i | 1<<j} {
				made[sides|touched] = true
				made[(1<<n-1)&^(sides|touched)] = true
			}
		}
	}
	return shareIs(len(made), n, share)
}

// LineShare tries the same prediction for n points on a line. It is an error when it is off by more than 0.001.
func LineShare(n int, share float64) error {
	made := map[int]bool{}
	for threshold := range n + 1 {
		made[1<<threshold-1] = true
		made[(1<<n-1)&^(1<<threshold-1)] = true
	}
	return shareIs(len(made), n, share)
}

func shareIs(made, n int, share float64) error {
	if all := 1 << n; !(math.Abs(share-float64(made)/float64(all)) <= 0.001) {
		return fmt.Errorf("you predict %.4g of the %d labelings, which is %.4g labelings; that is not what a count gives", share, all, share*float64(all))
	}
	return nil
}

// A Model learns a wave with a net whose elbows stand at equal distances on [0, 1]. Training sets the heights at the knots, by gradient descent from 0.
type Model struct {
	Periods, Noise float64 // of the wave of height 1, and the standard deviation of the noise of its examples
	Steps          int     // of gradient descent
	Draw           int     // which examples are drawn
	Burst          int     // how many examples in a row have the same input, 1 if it is 0
}

// Train trains a net with a number of units on a number of examples, and returns its root mean square error on these and on unseen ones.
func (m Model) Train(units int, rate float64, examples int) (learned, unseen float64) {
	units, examples = min(max(units, 2), 1000), min(max(examples, 1), 20_000)
	rng := rand.New(rand.NewPCG(uint64(examples), uint64(m.Draw)))
	x, y := m.sample(rng, examples, max(m.Burst, 1))
	// Only neighbors share examples. So the slope of the loss by a height needs three heights, and sums over the examples.
	heights, weight := make([]float64, units), make([]float64, units)
	same, next, pull := make([]float64, units), make([]float64, units), make([]float64, units)
	for i := range x {
		k, part := place(x[i], units)
		for _, side := range []struct {
			knot int
			part float64
		}{{k, 1 - part}, {k + 1, part}} {
			weight[side.knot] += side.part
			same[side.knot] += side.part * side.part
			pull[side.knot] += side.part * y[i]
		}
		next[k] += part * (1 - part)
	}
	for range m.Steps {
		before := 0.0 // the slope by the height before it, as far as it comes from this one
		for k := range heights {
			slope := same[k]*heights[k] - pull[k] + before
			if k+1 < units {
				slope += next[k] * heights[k+1]
				before = next[k] * heights[k]
			}
			heights[k] -= rate * slope / math.Max(weight[k], 1e-3)
		}
	}
	errorOn := func(x, y []float64) (mean float64) {
		for i := range x {
			k, part := place(x[i], units)
			residual := (1-part)*heights[k] + part*heights[k+1] - y[i]
			mean += residual * residual / float64(len(x))
		}
		return math.Sqrt(mean)
	}
	return errorOn(x, y), errorOn(m.sample(rng, 1000, 1))
}

// TrainOften trains on an odd number of draws of the examples, and returns the medians of the two errors.
func (m Model) TrainOften(draws, units int, rate float64, examples int) (learned, unseen float64) {
	onLearned, onUnseen := make([]float64, draws), make([]float64, draws)
	for m.Draw = range draws {
		onLearned[m.Draw], onUnseen[m.Draw] = m.Train(units, rate, examples)
	}
	slices.Sort(onLearned)
	slices.Sort(onUnseen)
	return onLearned[draws/2], onUnseen[draws/2]
}

func (m Model) sample(rng *rand.Rand, n, burst int) (x, y []float64) {
	at := 0.0
	for i := range n {
		if i%burst == 0 {
			at = rng.Float64()
		}
		x, y = append(x, at), append(y, math.Sin(2*math.Pi*m.Periods*at+0.5)+m.Noise*rng.NormFloat64())
	}
	return x, y
}

// place returns the knot to the left of x and which part of the way to the next x is.
func place(x float64, units int) (knot int, part float64) {
	at := x * float64(units-1)
	knot = min(int(at), units-2)
	return knot, at - float64(knot)
}

// causes are why a net fails: "learning", "units", "examples" or "relationship".
var causes = []string{"learning", "units", "examples", "relationship"}

// Cause tries a diagnosis of nets that fail for one cause each, each cause for equally many. name gets the units, the rate and the examples of a net,
// and a function that trains such a net and returns its errors on the examples learned from and on unseen ones. It is an error when it names another
// cause, and when it trains more than ten times for a diagnosis.
func Cause(rng *rand.Rand, patients int,
	name func(units int, rate float64, examples int, train func(units int, rate float64, examples int) (learned, unseen float64)) string,
) error {
	for _, turn := range rng.Perm(patients) {
		// The settings are drawn first, and the cause lies in what they are for: they say nothing about it.
		units := 10 + rng.IntN(11)
		examples, rate := units*(40+rng.IntN(11)), 0.005*math.Pow(4, rng.Float64())
		m := Model{Periods: float64(units-4) / 12, Noise: 0.03, Steps: int(15 / rate)}
		cause := causes[turn%len(causes)]
		// How much is wrong, from 0 to 1: those with the same cause share the range among them, so that some are hard to tell and some are clear.
		degree := (float64(turn/len(causes)) + rng.Float64()/2) * float64(len(causes)) / float64(patients)
		switch cause {
		case "learning":
			m.Steps = max(1, int((0.1+0.1*degree)/rate))
		case "units":
			m.Periods *= 5 + 4*degree
		case "examples":
			m.Burst = 2 * examples / units // half as many inputs as units
		case "relationship":
			m.Noise = 0.4 + 0.6*degree
		}
		trained := 0
		got := name(units, rate, examples, func(units int, rate float64, examples int) (float64, float64) {
			if trained++; trained > 10 {
				return math.NaN(), math.NaN()
			}
			return m.Train(units, rate, examples)
		})
		said := fmt.Sprintf("a net with %d units, the rate %.3g and %d examples", units, rate, examples)
		if got != cause {
			return fmt.Errorf("for %s you name %q; the cause is %q", said, got, cause)
		}
		if trained > 10 {
			return fmt.Errorf("for %s you train %d times; ten are enough", said, trained)
		}
	}
	return nil
}
