package theory

import (
	"errors"
	"fmt"
	"math"
)

// EscapeRate returns the probability with which noisy gradient descent in the plane, θ ← θ − η∇U(θ) + ησz with z standard normal,
// leaves a disc in a step, once it has been there so long that it has forgotten its start (claim H1). The disc should reach so far
// beyond the ridge around the trap that whoever leaves it hardly comes back. It is exact but for the grid of
// 2.5 places in a length ησ, within some 10 %. It is an error when there is no gradient, when η, σ or the radius is not positive and finite, and when the disc
// holds too many places, that is when ησ is small against it.
//
// In a step the density of θ goes through the operator (Kp)(θ′) = ∫ N(θ′; θ − η∇U(θ), η²σ²) p(θ) dθ over the disc. Its largest
// eigenvalue is the part that stays.
func EscapeRate(gradient func(theta []float64) []float64, center [2]float64, radius, eta, sigma float64) (float64, error) {
	if gradient == nil {
		return 0, errors.New("gradient is nil: give the function ∇U(θ)")
	}
	s := eta * sigma
	if !(eta > 0) || !(sigma > 0) || !(radius > 0) || math.IsInf(s+radius, 0) {
		return 0, fmt.Errorf("eta is %v, sigma %v and radius %v: all must be positive and finite", eta, sigma, radius)
	}
	if int(2.5*radius/s)+1 > 60 {
		return 0, fmt.Errorf("a step's noise is %.2g in a disc of radius %g: it must be at least a 24th of it", s, radius)
	}
	moves, middle := escapeMoves(gradient, center, radius, eta, s)
	density := make([]float64, len(moves))
	density[middle] = 1
	stays := 0.0
	const settled = 40 // steps until the start is forgotten; before, nobody has had the time to leave
	for t := range 400 {
		next, total := make([]float64, len(moves)), 0.0
		for k, p := range density {
			for _, e := range moves[k] {
				next[e.to] += p * e.weight
			}
		}
		for _, p := range next {
			total += p
		}
		for k := range next {
			next[k] /= total
		}
		density = next
		if t > settled && math.Abs(total-stays) < 1e-3*(1-total) {
			return max(0, 1-total), nil
		}
		stays = total
	}
	return max(0, 1-stays), nil
}

// A move is where a step may lead, and with which probability.
type move struct {
	to     int
	weight float64
}

// escapeMoves are the moves from each place of a grid in the disc to the others in it, and which place is the middle. s is ησ.
func escapeMoves(gradient func(theta []float64) []float64, center [2]float64, radius, eta, s float64) (moves [][]move, middle int) {
	h := s / 2.5
	n := int(radius/h) + 1
	index := make(map[[2]int]int)
	var places [][2]int
	for i := -n; i <= n; i++ {
		for j := -n; j <= n; j++ {
			if h*h*float64(i*i+j*j) < radius*radius {
				index[[2]int{i, j}] = len(places)
				places = append(places, [2]int{i, j})
			}
		}
	}
	const reach = 16 // 6.4 standard deviations
	moves = make([][]move, len(places))
	for k, p := range places {
		theta := []float64{center[0] + h*float64(p[0]), center[1] + h*float64(p[1])}
		g := gradient(theta)
		x, y := (theta[0]-eta*g[0]-center[0])/h, (theta[1]-eta*g[1]-center[1])/h
		all := 0.0
		for i := int(math.Round(x)) - reach; i <= int(math.Round(x))+reach; i++ {
			for j := int(math.Round(y)) - reach; j <= int(math.Round(y))+reach; j++ {
				dx, dy := (float64(i)-x)*h/s, (float64(j)-y)*h/s
				weight := math.Exp(-(dx*dx + dy*dy) / 2)
				all += weight
				if to, inside := index[[2]int{i, j}]; inside {
					moves[k] = append(moves[k], move{to, weight})
				}
			}
		}
		for e := range moves[k] {
			moves[k][e].weight /= all
		}
	}
	return moves, index[[2]int{0, 0}]
}
