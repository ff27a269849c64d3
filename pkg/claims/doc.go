// Package claims holds the lecture's claims to account: its tests assert, from the packages that the notebooks call,
// each number that a notebook states, under the claim's id (G1, G3, …), and check that no claim is without a cell and
// a test. The list of claims, in the lecture's order, is Shown.
package claims

// Claim is a statement of the lecture.
type Claim struct {
	ID   string
	Says string
}

// Shown are the claims that the notebooks show so far.
var Shown = []Claim{
	{"G1", "a step of gradient descent is θ − η∇L(θ)"},
	{"G3", "θ_t is a discrete-time dynamical system, whose stability η decides"},
	{"G4", "if η is too large, the loss diverges"},
}
