package theory

import (
	"fmt"
	"math"
)

// stepsTo returns after how many steps at the constant rate η from start, θ₀ [d], E[L(θ_t)] − L(θ*) is down to excess: between two steps
// as on a straight line on a logarithmic axis. It is +Inf when that takes more than limit steps.
func (s *SGD) stepsTo(eta float64, start []float64, excess float64, limit int) float64 {
	before := math.NaN()
	for t, e := range s.recursion(func(int) float64 { return eta }, start, Drift{}, 1, limit) {
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

// FewestSteps returns the constant rate at which E[L(θ_t)] − L(θ*) is down to excess soonest from start, θ₀ [d], and after how many steps
// (claim S3): between two steps as on a straight line on a logarithmic axis. It tries the rates below Threshold whose noise floor is
// below excess: from the greatest downwards, each a quarter below the one before, until one is worse than the best; then 5 % apart on
// both sides of the best. It is an error when excess is not positive, when limit is not between 1 and a million, and when no rate gets
// there within limit steps.
func (s *SGD) FewestSteps(start []float64, excess float64, limit int) (eta, steps float64, err error) {
	if !(excess > 0) {
		return 0, 0, fmt.Errorf("excess is %v: it must be positive", excess)
	}
	if limit < 1 || limit > 1_000_000 {
		return 0, 0, fmt.Errorf("limit is %d: it must be between 1 and a million steps", limit)
	}
	steps = math.Inf(1)
	try := func(rate float64) (better bool) {
		if floor, err := s.Stationary(rate); err != nil || s.ExcessLoss(floor) >= excess {
			return false // it never gets there
		}
		got := s.stepsTo(rate, start, excess, int(min(float64(limit), steps+1)))
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
