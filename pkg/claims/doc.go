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
	{"G2", "the first-order Taylor series is a local view of the loss"},
	{"G3", "θ_t is a discrete-time dynamical system, whose stability η decides"},
	{"G4", "if η is too large, the loss diverges"},
	{"G5", "if η is too small, there is almost no progress, which costs time and energy"},
	{"G6", "the loss is a mean of surrogate losses plus a regulariser"},
	{"S1", "evaluating all n points is what a step costs"},
	{"S2", "a batch gives an unbiased estimate with some variance"},
	{"S3", "the batch is as large as the system sustains"},
	{"S4", "far from the optimum a few points agree with the full gradient, near it they don't"},
	{"S5", "at the optimum the contributions of all points balance"},
	{"S6", "those of a batch don't"},
	{"S7", "without decay SGD dances around the optimum"},
	{"S8", "a rate at which gradient descent converges may not make SGD converge"},
	{"S9", "to converge, the rate must decay"},
	{"S10", "gradient descent oscillates, SGD walks at random"},
	{"S11", "in deep learning a constant step may still converge"},
	{"S12", "data are shuffled and reshuffled between epochs"},
	{"S13", "sampling with and without replacement are equally performant on large data"},
	{"S14", "in online learning, where data arrive in order, a schedule helps"},
	{"H1", "big steps explore, small steps refine"},
	{"H2", "a schedule is a policy for the rate, and there are many"},
	{"H3", "getting an optimizer to work well is a matter of its own settings"},
	{"N1", "a network is a computation graph that plays well with autodiff"},
	{"N2", "functions can be approximated by piecewise constant and piecewise linear ones"},
	{"N3", "an elbow is zero on one side of its knot −b/w and linear on the other"},
	{"N4", "a sum of elbows is never negative without output weights"},
	{"N5", "output weights give any combination of elbows"},
	{"N6", "with enough width one layer approximates any function"},
	{"N7", "other non-linearities will do as well"},
	{"N8", "the derivative of a saturating unit vanishes, that of a ReLU does not"},
	{"N9", "deep nets repeat the structure, and are easier to train"},
	{"N10", "parameters are redundant: the degrees of freedom are fewer"},
	{"N11", "what a net can express and what it learns are two things"},
	{"N12", "elbows move while training"},
	{"W1", "a function is not learnt because of the training, the number of units, or the lack of a relationship"},
	{"W2", "expressivity can be measured, by the VC dimension"},
}
