package homework

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/internal/answer"
	"descent.example/internal/plural"
)

// Sample tries a draw of b of the numbers 0 to n − 1 without replacement, 20 times. It is an error when a draw does not have b different numbers of
// these, when it does not follow from rng, and when it is always the same although there are others. For n above 1000 it is also one when a quarter of
// the numbers is never drawn from, or two of a draw are closer together than a fair draw from n numbers makes them.
func Sample(rng *rand.Rand, n, b int, sample func(n, b int, rng *rand.Rand) []int) error {
	d := draws{rng: rng, n: n, b: b, sample: sample}
	var quarters [4]bool
	for range 20 {
		got, err := d.next()
		if err != nil {
			return err
		}
		for k, i := range got { // ascending
			quarters[int(4*float64(i)/float64(n))] = true
			if k > 0 && n > 1<<40 && i-got[k-1] < 1000 { // by chance once in a billion times
				return fmt.Errorf("for n = %d and b = %d you return %d and %d in one draw; a fair draw has no such neighbors", n, b, got[k-1], i)
			}
		}
	}
	if err := d.again(); err != nil {
		return err
	}
	if b < n && !slices.ContainsFunc(d.before, func(got []int) bool { return !slices.Equal(got, d.before[0]) }) {
		return fmt.Errorf("for n = %d and b = %d you return %v, whatever rng says; draw from rng", n, b, d.before[0])
	}
	if n > 1000 && slices.Contains(quarters[:], false) {
		return fmt.Errorf("with n = %d, 20 draws of %d numbers leave out a quarter of the numbers from 0 to n − 1", n, b)
	}
	return nil
}

// draws are calls of sample, some of which get the same random numbers as an earlier one.
type draws struct {
	rng    *rand.Rand
	n, b   int
	sample func(n, b int, rng *rand.Rand) []int
	seeds  []uint64
	before [][]int // what was drawn with each seed, ascending
}

// next returns what the next call draws. It is an error when these are not b different numbers from 0 to n − 1, and when they are not
// those of an earlier call that got the same random numbers.
func (d *draws) next() ([]int, error) {
	got, err := d.draw(d.rng.Uint64())
	if err == nil && d.rng.IntN(5) == 0 {
		err = d.again()
	}
	return got, err
}

// again draws with the random numbers of an earlier call.
func (d *draws) again() error {
	earlier := d.rng.IntN(len(d.seeds))
	got, err := d.draw(d.seeds[earlier])
	if err == nil && !slices.Equal(got, d.before[earlier]) {
		err = fmt.Errorf("for n = %d and b = %d you return %v and, with the same random numbers from rng, %v; draw from rng only",
			d.n, d.b, d.before[earlier], got)
	}
	return err
}

func (d *draws) draw(seed uint64) ([]int, error) {
	got := slices.Clone(d.sample(d.n, d.b, rand.New(rand.NewPCG(seed, 0))))
	if err := areDifferent(got, d.n, d.b); err != nil {
		return nil, err
	}
	slices.Sort(got)
	d.seeds, d.before = append(d.seeds, seed), append(d.before, got)
	return got, nil
}

func areDifferent(drawn []int, n, b int) error {
	if len(drawn) != b {
		return fmt.Errorf("for n = %d and b = %d you return %d numbers", n, b, len(drawn))
	}
	seen := map[int]bool{}
	for _, i := range drawn {
		if i < 0 || i >= n {
			return fmt.Errorf("for n = %d and b = %d you return %d; the numbers are 0 to n − 1", n, b, i)
		}
		if seen[i] {
			return fmt.Errorf("for n = %d and b = %d you return %d twice in one draw", n, b, i)
		}
		seen[i] = true
	}
	return nil
}

// SampleFairly tries whether draws of 3 of 6 numbers make each of the 20 sets equally often: in 2,000 draws 100 times, as far as chance allows. It is an
// error when the sets differ more, which happens to a fair draw once in ten million times, and when a draw does not follow from rng.
func SampleFairly(rng *rand.Rand, sample func(n, b int, rng *rand.Rand) []int) error {
	const n, b, sets, times = 6, 3, 20, 2000 // each draw crosses the wall several times
	const most = 70                          // that chi-square with 19 degrees of freedom exceeds with probability 10⁻⁷
	d, drawn := draws{rng: rng, n: n, b: b, sample: sample}, map[[b]int]int{}
	for range times {
		got, err := d.next()
		if err != nil {
			return err
		}
		drawn[[b]int(got)]++
	}
	apart, worst := 0.0, 0.0
	var set [b]int // the one whose number is worst
	for i := range n {
		for j := range i {
			for k := range j {
				off := float64(drawn[[b]int{k, j, i}]) - times/sets
				if apart += off * off / (times / sets); math.Abs(off) > worst {
					set, worst = [b]int{k, j, i}, math.Abs(off)
				}
			}
		}
	}
	if apart > most {
		return fmt.Errorf("in %d draws of 3 of 6, you draw the set %v %d times; it should be about %d", times, set, drawn[set], times/sets)
	}
	return nil
}

// Unbiased tries an estimate of the mean of n slopes from b examples drawn with given probabilities. estimate gets the slopes, of which those of the
// examples that are not drawn are NaN, the probabilities, and the indices drawn. Every possible draw is tried. It is an error when the estimate is not
// right on average, or when its variance is not that of one example divided by b.
func Unbiased(rng *rand.Rand, n, b int, estimate func(slopes, probability []float64, drawn []int) float64) error {
	slopes, probability, sum := draw(rng, n, 5), make([]float64, n), 0.0
	for i := range probability {
		probability[i] = 0.1 + rng.Float64()
		sum += probability[i]
	}
	mean, square := 0.0, 0.0 // of one example's
	for i := range probability {
		probability[i] /= sum
		mean += slopes[i] / float64(n)
		square += slopes[i] * slopes[i] / (probability[i] * float64(n*n))
	}
	var average, averageSquare float64
	for code := range int(math.Pow(float64(n), float64(b))) {
		drawn, known, chance := make([]int, b), make([]float64, n), 1.0
		for i := range known {
			known[i] = math.NaN()
		}
		for j := range drawn {
			drawn[j] = code % n
			code /= n
			known[drawn[j]] = slopes[drawn[j]]
			chance *= probability[drawn[j]]
		}
		got := estimate(known, slices.Clone(probability), drawn)
		average += chance * got
		averageSquare += chance * got * got
	}
	if !answer.Near(average, mean) {
		is, should := answer.Both(average, mean)
		return fmt.Errorf("the slopes %s with the probabilities %s have the mean %s; over all draws of %d your estimate averages %s",
			answer.Vector(slopes), answer.Vector(probability), should, b, is)
	}
	if got, want := averageSquare-average*average, (square-mean*mean)/float64(b); !answer.Within(got, want, 1e-6) {
		is, should := answer.Both(got, want)
		return fmt.Errorf("for the slopes %s with the probabilities %s your estimate has the variance %s over all draws of %d; it should be %s, that of one example divided by %d",
			answer.Vector(slopes), answer.Vector(probability), is, b, should, b)
	}
	return nil
}

// BatchFor tries the choice of a batch size. choose gets the number of examples, the standard deviation of their slopes (whose square is the mean
// square deviation), and the standard error allowed. It is an error when it does not return the least size that is good enough, for batches without
// replacement from about n examples.
func BatchFor(rng *rand.Rand, n int, choose func(n int, sigma, allowed float64) int) error {
	for i := range 10 {
		n := max(1, n-rng.IntN(1+n/2))
		sigma := 0.5 + 5*rng.Float64()
		allowed := sigma * (0.3 + 0.6*rng.Float64()) * math.Pow(float64(n), -0.8*rng.Float64()) // below that of one example
		error2 := func(b int) float64 {
			if b >= n {
				return 0
			}
			return sigma * sigma / float64(b) * float64(n-b) / float64(n-1)
		}
		if i < 4 && n > 2 { // just above, or just below, what some size has
			size := 1 + int(math.Pow(float64(n-2), rng.Float64()))
			allowed = math.Sqrt(error2(size)) * (1 + 1e-6*float64(1-2*(i%2)))
		}
		got := choose(n, sigma, allowed)
		limit, has := answer.Both(allowed, math.Sqrt(error2(min(max(got, 1), n))))
		said := fmt.Sprintf("for n = %d, σ = %.6g and the standard error %s you return %d", n, sigma, limit, got)
		switch {
		case got < 1 || got > n:
			return fmt.Errorf("%s; a batch has 1 to n examples", said)
		case error2(got) > allowed*allowed*(1+answer.Tolerance):
			return fmt.Errorf("%s; such a batch has the standard error %s", said, has)
		case got > 1 && error2(got-1) <= allowed*allowed*(1-answer.Tolerance):
			return fmt.Errorf("%s; fewer examples are enough", said)
		}
	}
	return nil
}

// AtRest tries a prediction of the variance with which SGD moves about the mean of examples, at a learning rate, with gradients of the given variance:
// the variance one step later should be the same. It is an error when it differs by more than 0.5 %.
func AtRest(lr, noise, variance float64) error {
	if next := (1-lr)*(1-lr)*variance + lr*lr*noise; !(math.Abs(next-variance) <= 0.005*variance) {
		return fmt.Errorf("one step later your variance %.5g is %.5g: it is not at rest", variance, next)
	}
	return nil
}

// RMSProp tries a run of RMSProp on slopes that do not depend on θ: the first is 0, and the others are random, or all equal if constant. run gets the
// slope as a function of θ, the first θ, the rate, β, and the number of steps. It is an error when the last θ is off by more than 10⁻⁵, room for the
// 10⁻⁸ that libraries add to the root.
func RMSProp(rng *rand.Rand, steps int, constant bool,
	run func(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64,
) error {
	for range 3 {
		slopes := draw(rng, steps, 4)
		for t := range slopes {
			if constant || math.Abs(slopes[t]) < 0.1 {
				slopes[t] = 2.5
			}
		}
		if steps > 0 && !constant {
			slopes[0] = 0
		}
		start, lr, beta := draw(rng, 1, 3)[0], 0.01+0.1*rng.Float64(), 0.5+0.4*rng.Float64()
		want := start
		for t := range slopes {
			mean := 0.0 // of the squares so far, in closed form
			for k := range t + 1 {
				mean += (1 - beta) * math.Pow(beta, float64(t-k)) * slopes[k] * slopes[k]
			}
			if mean > 0 {
				want -= lr * slopes[t] / math.Sqrt(mean)
			}
		}
		asked := 0
		got := run(func(float64) float64 {
			asked++
			if asked > steps {
				return 1e6 // a step too many
			}
			return slopes[asked-1]
		}, start, lr, beta, steps)
		if !answer.Within(got, want, 1e-5) {
			is, should := answer.Both(got, want)
			return fmt.Errorf("from θ = %.5g with η = %.5g, β = %.5g and the slopes %s … you end at %s after %s; it should be %s",
				start, lr, beta, answer.Vector(slopes[:min(steps, 4)]), is, plural.Of(steps, "step"), should)
		}
	}
	return nil
}

// Flare tries whether a run of the same kind follows a star that suddenly becomes brighter, after 1,000 steps of 2,000. Its slopes are so small that steps in
// proportion to them lead nowhere. It is an error when the run is not near the new brightness at the end.
func Flare(rng *rand.Rand, run func(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64) error {
	const scale = 1e-3
	before, after, asked := 3+rng.Float64(), 8+rng.Float64(), 0
	end := run(func(theta float64) float64 {
		asked++
		if asked <= 1000 {
			return scale * (theta - before)
		}
		return scale * (theta - after)
	}, 0, 0.02, 0.9, 2000)
	if !(math.Abs(end-after) < 0.2) {
		return fmt.Errorf("the star's brightness jumps from %.3g to %.3g after 1,000 steps; after 1,000 more you are at %.3g", before, after, end)
	}
	return nil
}

// MomentumStep tries steps of SGD with momentum on random gradients of d numbers. step gets θ, the velocity, the gradient, η and β, and returns the
// next θ and velocity. It is an error when one of them is not right after some steps: each gradient g, k steps ago, has moved θ by
// −η(1 + β + … + βᵏ)g, and its part in the velocity is βᵏg.
func MomentumStep(rng *rand.Rand, d, steps int, step func(theta, velocity, gradient []float64, lr, beta float64) ([]float64, []float64)) error {
	for range 3 {
		theta, velocity := draw(rng, d, 3), make([]float64, d)
		lr, beta := 0.01+0.5*rng.Float64(), 0.95*rng.Float64()
		want, moving, gradients := slices.Clone(theta), make([]float64, d), make([][]float64, steps)
		for t := range gradients {
			gradients[t] = draw(rng, d, 2)
			for i, g := range gradients[t] {
				want[i] -= lr * g * (1 - math.Pow(beta, float64(steps-t))) / (1 - beta)
				moving[i] += g * math.Pow(beta, float64(steps-1-t))
			}
		}
		start := fmt.Sprintf("from θ = %s and the velocity 0, with η = %.5g, β = %.5g and the gradient %s in the first step",
			answer.Vector(theta), lr, beta, answer.Vector(gradients[0]))
		for t := range gradients {
			theta, velocity = step(theta, velocity, slices.Clone(gradients[t]), lr, beta)
			if len(theta) != d || len(velocity) != d {
				return fmt.Errorf("for vectors of %d numbers you return %d and %d", d, len(theta), len(velocity))
			}
		}
		if !answer.AllNear(theta, want) {
			is, should := answer.BothVectors(theta, want)
			return fmt.Errorf("%s, you are at %s after %s; it should be %s", start, is, plural.Of(steps, "step"), should)
		}
		if !answer.AllNear(velocity, moving) {
			is, should := answer.BothVectors(velocity, moving)
			return fmt.Errorf("%s, your velocity after %s is %s; it should be %s", start, plural.Of(steps, "step"), is, should)
		}
	}
	return nil
}

// A Sky is what a schedule is tried on: least squares with the curvatures 1, 0.2 and 0.05, whose gradient has the variance Noise·λ along a
// direction of curvature λ. SGD starts at the distance Start in each direction.
type Sky struct{ Start, Noise float64 }

// curvatures are those of every sky.
var curvatures = [3]float64{1, 0.2, 0.05}

// Excess is the expected loss above the minimum after the steps of a run, exactly. rate gets t = 0 … steps − 1.
func (s Sky) Excess(rate func(t int) float64, steps int) (excess float64) {
	square := [3]float64{s.Start * s.Start, s.Start * s.Start, s.Start * s.Start} // the mean square distances
	for t := range steps {
		lr := rate(t)
		for i, l := range curvatures {
			square[i] = (1-lr*l)*(1-lr*l)*square[i] + lr*lr*l*s.Noise
		}
	}
	for i, l := range curvatures {
		excess += l * square[i] / 2
	}
	return excess
}

// bestConstant returns the best of many constant rates up to 1 for a run of some steps, and the excess loss that it leaves.
func (s Sky) bestConstant(steps int) (rate, excess float64) {
	excess = math.Inf(1)
	for r := 1.0; r > 1e-4; r *= 0.95 {
		e := 0.0 // what Excess is for a constant rate, where its recursion is a geometric series
		for _, l := range curvatures {
			keeps := (1 - r*l) * (1 - r*l)
			left := math.Pow(keeps, float64(steps))
			e += l / 2 * (left*s.Start*s.Start + (1-left)*r*r*l*s.Noise/(1-keeps))
		}
		if e < excess {
			rate, excess = r, e
		}
	}
	return rate, excess
}

// Schedule tries a schedule for a run of some steps. It is an error when a rate is not between 0 and 1, and when the excess loss at the end is above half of
// what the best constant rate leaves.
func Schedule(s Sky, steps int, rate func(t, steps int) float64) error {
	rates := make([]float64, steps)
	for t := range rates {
		if rates[t] = rate(t, steps); !(rates[t] >= 0 && rates[t] <= 1) {
			return fmt.Errorf("in step %d of %d your rate is %.5g; it should be between 0 and 1", t, steps, rates[t])
		}
	}
	constant, allowed := s.bestConstant(steps)
	if got := s.Excess(func(t int) float64 { return rates[t] }, steps); !(got <= allowed/2) {
		return fmt.Errorf("in %d steps your schedule leaves an excess loss of %.4g; the best constant rate, %.3g, leaves %.4g, and half of that is allowed",
			steps, got, constant, allowed)
	}
	return nil
}

// Schedules tries a schedule for a run of little more than from steps, one of little less than to, and one between: a schedule that fails
// at either end fails, whatever is drawn. Its errors are those of Schedule.
func Schedules(rng *rand.Rand, s Sky, from, to int, rate func(t, steps int) float64) error {
	const near = 8
	for _, steps := range []int{from + 1 + rng.IntN(near), from + near + rng.IntN(to-from-2*near), to - 1 - rng.IntN(near)} {
		if err := Schedule(s, steps, rate); err != nil {
			return err
		}
	}
	return nil
}
