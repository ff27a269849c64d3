package theory

import (
	"fmt"
	"math"
)

// Steps returns after how many steps at the constant rate η from start, θ₀ [d], E[L(θ_t)] − L(θ*) is down to excess (claim S3):
// between two steps as on a straight line on a logarithmic axis. It is +Inf when that takes more than limit steps.
func (s *SGD) Steps(eta float64, start []float64, excess float64, limit int) float64 {
	before := math.NaN()
	for t, e := range s.recursion(func(int) float64 { return eta }, start, Drift{}, limit) {
		now, k := 0.0, 0
		for i, lambda := range s.Lambda { // the element (i, i) ends row i
			now += lambda * e.second[k+i] / 2
			k += i + 1
		}
		switch {
		case now <= excess && t == 0:
			return 0
		case now <= excess:
			return float64(t-1) + math.Log(before/excess)/math.Log(before/now)
		case math.IsInf(now, 0) || math.IsNaN(now):
			return math.Inf(1)
		}
		before = now
	}
	return math.Inf(1)
}

// FewestSteps returns the constant rate at which Steps are fewest, and these. It tries the rates below Threshold whose noise floor is
// below excess: from the greatest downwards, each a quarter below the one before, until one is worse than the best; then 5 % apart on
// both sides of the best, to less than 5 %. It is an error when excess is not positive, and when no rate gets there within limit steps.
func (s *SGD) FewestSteps(start []float64, excess float64, limit int) (eta, steps float64, err error) {
	if !(excess > 0) {
		return 0, 0, fmt.Errorf("excess is %v: it must be positive", excess)
	}
	steps = math.Inf(1)
	try := func(rate float64) (better bool) {
		if floor, err := s.Stationary(rate); err != nil || s.ExcessLoss(floor) >= excess {
			return false // it never gets there
		}
		got := s.Steps(rate, start, excess, int(min(float64(limit), steps+1)))
		if better = got < steps; better {
			eta, steps = rate, got
		}
		return better
	}
	const coarse, fine = 0.75, 0.95
	for rate := 0.999 * s.Threshold; rate > 1e-9*s.Threshold && (try(rate) || eta == 0); rate *= coarse {
	}
	if eta == 0 {
		return 0, 0, fmt.Errorf("at no rate is the excess loss down to %v in %d steps: allow more steps", excess, limit)
	}
	for _, by := range []float64{fine, 1 / fine} {
		for rate := eta * by; rate < s.Threshold && try(rate); rate *= by {
		}
	}
	return eta, steps, nil
}
