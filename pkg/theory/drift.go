package theory

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Drift is how the optimum moves in a step, θ*_{t+1} = θ*_t + v + w_t (claim S14). In least squares the targets move
// with it, yᵢ = xᵢᵀθ*_t + rᵢ. Along directions in which the loss is flat it is left out.
type Drift struct {
	// Velocity is v, [d]; nil: 0.
	Velocity []float64
	// Walk is the covariance of w_t, independent from step to step, [d, d]; nil: 0.
	Walk mat.Symmetric
}

// Tracking is how SGD follows an optimum that drifts: the moments of e = θ_t − θ*_t.
type Tracking struct {
	// Lag is E[e], [d].
	Lag []float64
	// Covariance is that of e, [d, d].
	Covariance *mat.SymDense
	// Loss is E[L_t(θ_t)], of the loss as it is when the example of step t is met.
	Loss float64
	// SquaredDistance is E‖e‖².
	SquaredDistance float64
}

// Tracking returns how SGD at a constant rate follows in the long run. Along an eigen-direction of curvature λ,
// additive noise σ², velocity v and a walk of variance q
//
//	E[e²] = (v/(ηλ))² + (η²σ² + q) / (ηλ(2−ηλ))
//
// a lag that falls with η and a variance that grows with it. It is an error when the drift does not fit, or when η is
// not positive or not below Threshold.
//
// Source: B. Widrow and S. Stearns (1985), "Adaptive Signal Processing", chapter 6, for the lag and the noise of LMS.
func (s *SGD) Tracking(eta float64, drift Drift) (*Tracking, error) {
	if err := s.checkDrift(drift); err != nil {
		return nil, err
	}
	if err := checkRate(eta); err != nil {
		return nil, err
	}
	e, err := s.tracking(eta, drift)
	if err != nil {
		return nil, err
	}
	if size := floats.Norm(e.mean, 1) + floats.Norm(e.second, 1); math.IsNaN(size) || math.IsInf(size, 0) {
		return nil, fmt.Errorf("eta is %v: the lag at so small a rate leaves float64", eta)
	}
	return s.tracked(e), nil
}

// TrackingMoments is Moments while the optimum drifts: it gives t and how θ_t stands to θ*_t, for t = 0, 1, …, steps,
// and for any schedule. θ*_0 is Optimum. It panics when the drift does not fit.
func (s *SGD) TrackingMoments(
	eta func(t int) float64, start []float64, drift Drift, steps int,
) iter.Seq2[int, *Tracking] {
	return s.TrackingJumps(eta, start, drift, 1, steps)
}

// TrackingJumps is TrackingMoments of an optimum that rests and jumps: it moves by the drift after the steps every, 2·every, …
// alone. It panics when the drift does not fit, and when every is not positive.
func (s *SGD) TrackingJumps(
	eta func(t int) float64, start []float64, drift Drift, every, steps int,
) iter.Seq2[int, *Tracking] {
	if err := s.checkDrift(drift); err != nil {
		panic(err)
	}
	if every < 1 {
		panic(fmt.Sprintf("every is %d: the number of steps between two jumps must be positive", every))
	}
	return func(yield func(int, *Tracking) bool) {
		for t, e := range s.recursion(eta, start, drift, every, steps) {
			if !yield(t, s.tracked(e)) {
				return
			}
		}
	}
}

// BestTrackingRate returns the constant rate at which Tracking's SquaredDistance is least, to about 8 digits, as is the
// nature of a minimum. It is an error when the drift does not fit, is none (then the best rate is 0), or when the
// distance falls as far as Threshold, which it does without any noise.
func (s *SGD) BestTrackingRate(drift Drift) (float64, error) {
	if err := s.checkDrift(drift); err != nil {
		return 0, err
	}
	velocity, walk := s.drift(drift)
	if floats.Norm(velocity, 1) == 0 && floats.Norm(walk, 1) == 0 {
		return 0, errors.New("drift is none: an optimum that stands still has no best constant rate, let it fall to 0")
	}
	distance := func(log float64) float64 {
		e, err := s.tracking(math.Exp(log), drift)
		if err != nil {
			return math.Inf(1)
		}
		return mat.Trace(matrixOf(e.second))
	}
	// Golden section, in log η as the best rate may be tiny. The distance is a sum of powers of η, from η⁻² up, and
	// falls before it grows.
	golden := (math.Sqrt(5) - 1) / 2
	high := math.Log(s.Threshold)
	low := high - 40
	left, right := high-golden*(high-low), low+golden*(high-low)
	atLeft, atRight := distance(left), distance(right)
	for high-low > 1e-9 {
		if atLeft <= atRight {
			high, right, atRight = right, left, atLeft
			left = high - golden*(high-low)
			atLeft = distance(left)
		} else {
			low, left, atLeft = left, right, atRight
			right = low + golden*(high-low)
			atRight = distance(right)
		}
	}
	eta := math.Exp((low + high) / 2)
	if eta > s.Threshold*(1-1e-6) {
		return 0, fmt.Errorf("the distance falls up to the threshold %v: there is no best rate without noise", s.Threshold)
	}
	return eta, nil
}

// tracking solves for the state that a step leaves as it is.
func (s *SGD) tracking(eta float64, drift Drift) (state, error) {
	velocity, walk := s.drift(drift)
	mean := make([]float64, len(velocity))
	for i, v := range velocity {
		mean[i] = -v / (eta * s.Lambda[i])
	}
	var cross mat.VecDense
	cross.MulVec(s.cross, mat.NewVecDense(len(mean), mean))
	moved := crossed(mean, velocity)
	q := make([]float64, len(s.a))
	for i := range q {
		q[i] = eta*(s.noise[i]-cross.AtVec(i)) + (walk[i]-moved[i])/eta
	}
	second, err := s.lyapunov(eta, q)
	return state{mean, second}, err
}

// tracked is a state in the coordinates of θ.
func (s *SGD) tracked(e state) *Tracking {
	m := matrixOf(e.second)
	result := &Tracking{Loss: s.Floor + s.loss(m), SquaredDistance: mat.Trace(m)}
	mean := mat.NewVecDense(len(e.mean), e.mean)
	var lag mat.VecDense
	lag.MulVec(s.Vectors, mean)
	result.Lag = lag.RawVector().Data
	m.SymRankOne(m, -1, mean)
	result.Covariance = s.back(m)
	return result
}

// drift returns v, [r], and the covariance of w, [s], in the eigenbasis.
func (s *SGD) drift(d Drift) (velocity, walk []float64) {
	velocity, walk = make([]float64, len(s.Lambda)), make([]float64, len(s.a))
	if d.Velocity != nil {
		velocity = s.project(d.Velocity)
	}
	if d.Walk != nil {
		walk = vectorOf(s.along(d.Walk))
	}
	return velocity, walk
}

func (s *SGD) checkDrift(drift Drift) error {
	d := len(s.Optimum)
	if v := drift.Velocity; v != nil {
		if len(v) != d {
			return fmt.Errorf("drift.Velocity has %d elements: it must have %d, one for each parameter", len(v), d)
		}
		if norm := floats.Norm(v, 1); math.IsNaN(norm) || math.IsInf(norm, 0) {
			return errors.New("drift.Velocity is not finite")
		}
	}
	if drift.Walk != nil {
		if size := sizeOf(drift.Walk); size != d {
			return fmt.Errorf("drift.Walk has the size %d: it must have %d, one for each parameter", size, d)
		}
		_, _, err := covarianceEigen("drift.Walk", drift.Walk)
		return err
	}
	return nil
}

// crossed returns mvᵀ + vmᵀ + vvᵀ as a vector.
func crossed(m, v []float64) []float64 {
	c := mat.NewSymDense(len(m), nil)
	for i := range m {
		for j := range i + 1 {
			c.SetSym(i, j, m[i]*v[j]+v[i]*m[j]+v[i]*v[j])
		}
	}
	return vectorOf(c)
}
