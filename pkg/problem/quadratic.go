package problem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Quadratic is the bowl L(θ) = ½ (θ−θ*)ᵀ A (θ−θ*), with A = Q Λ Qᵀ: the curvature is λᵢ along the column qᵢ of Q.
// NewQuadratic makes one.
//
// Source: lecture section 1 (claims G1, G3, G4).
type Quadratic struct {
	// Start is θ₀, [d].
	Start []float64
	// DType in which Loss computes; zero: Float32.
	DType dtypes.DType

	spectrum []float64
	basis    *mat.Dense
	a        *mat.SymDense
	optimum  []float64
}

var (
	_ Problem = (*Quadratic)(nil)
	_ Smooth  = (*Quadratic)(nil)
)

// Structure names what Loss builds: bowls of the same structure are equal.
func (q *Quadratic) Structure() string {
	return fmt.Sprintf("quadratic %v %v %v %v %v", q.spectrum, q.basis, q.optimum, q.Start, q.DType)
}

// NewQuadratic makes a bowl of d dimensions from its eigenvalues, the spectrum λ [d], and its eigenvectors, the
// columns of an orthonormal basis Q [d, d] (see Rotation and RandomBasis; nil: the axes). optimum is θ* [d] (nil: the
// origin).
//
// Start is set to θ* + Q·1, one unit away along every eigenvector.
//
// It is an error when a λ is negative or not finite (the bowl would not be convex), when all are zero, when Q is not
// orthonormal, or when the lengths differ.
func NewQuadratic(spectrum []float64, basis *mat.Dense, optimum []float64) (*Quadratic, error) {
	d := len(spectrum)
	if d == 0 {
		return nil, fmt.Errorf("spectrum is empty: give one eigenvalue for each dimension")
	}
	if err := checkMemory(d, d); err != nil {
		return nil, err
	}
	for i, lambda := range spectrum {
		if !finite(lambda) || lambda < 0 {
			return nil, fmt.Errorf("spectrum[%d] is %v: an eigenvalue of a convex quadratic must be finite and not negative", i, lambda)
		}
	}
	if slices.Max(spectrum) == 0 {
		return nil, fmt.Errorf("spectrum is all zeros: at least one eigenvalue must be positive")
	}
	if basis == nil {
		basis = mat.DenseCopyOf(mat.NewDiagDense(d, slices.Repeat([]float64{1}, d)))
	}
	if err := checkBasis(basis, d); err != nil {
		return nil, err
	}
	if optimum == nil {
		optimum = make([]float64, d)
	}
	if err := checkVector("optimum", optimum, d); err != nil {
		return nil, err
	}
	q := &Quadratic{spectrum: slices.Clone(spectrum), basis: mat.DenseCopyOf(basis), optimum: slices.Clone(optimum)}
	q.a = mat.NewSymDense(d, nil)
	for i, lambda := range spectrum {
		q.a.SymRankOne(q.a, lambda, basis.ColView(i))
	}
	q.Start = make([]float64, d)
	for i := range d {
		q.Start[i] = optimum[i] + mat.Sum(basis.RowView(i))
	}
	return q, nil
}

// Rotation returns the basis of the plane turned by an angle in radians: the first column is (cos, sin), the second
// (−sin, cos).
func Rotation(angle float64) *mat.Dense {
	sin, cos := math.Sincos(angle)
	return mat.NewDense(2, 2, []float64{cos, -sin, sin, cos})
}

// RandomBasis returns an orthonormal basis [d, d], d ≥ 1 and such that it fits into memory, drawn uniformly (Haar measure) by the seed: the Q of the QR
// factorisation of a Gaussian matrix, with the signs that make R's diagonal positive.
//
// Source: F. Mezzadri (2007), "How to generate random matrices from the classical compact groups", Notices of the AMS 54(5).
func RandomBasis(d int, seed int) *mat.Dense {
	if d < 1 {
		panic(fmt.Sprintf("RandomBasis: d is %d: it must be at least 1", d))
	}
	mustHaveMemory(d, d)
	return orthonormal(gaussian(d, d, rand.New(rand.NewPCG(uint64(seed), 0))))
}

// gaussian returns [n, d] numbers drawn from the standard normal distribution.
func gaussian(n, d int, rng *rand.Rand) *mat.Dense {
	z := mat.NewDense(n, d, nil)
	z.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, z)
	return z
}

// orthonormal returns the Q [n, d] of the QR factorisation of z, n ≥ d, whose R has a positive diagonal. It is
// Gram-Schmidt's, done twice, as once leaves what rounding made of small differences.
func orthonormal(z *mat.Dense) *mat.Dense {
	columns := mat.DenseCopyOf(z.T())
	d, _ := columns.Dims()
	for j := range d {
		column := columns.RawRowView(j)
		for range 2 {
			for k := range j {
				floats.AddScaled(column, -floats.Dot(columns.RawRowView(k), column), columns.RawRowView(k))
			}
			floats.Scale(1/floats.Norm(column, 2), column)
		}
	}
	return mat.DenseCopyOf(columns.T())
}

// Data returns nil: the bowl has no examples.
func (q *Quadratic) Data() []*tensors.Tensor { return nil }

// Loss builds L(θ), a scalar, with θ the trainable variable "theta" [d]. It panics, as GoMLX's model functions do, when
// Start does not fit.
func (q *Quadratic) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	d := len(q.spectrum)
	theta := parameters(scope, g, q.DType, q.Start, d)
	a := graph.ConstTensor(g, tensorOf(q.DType, mat.DenseCopyOf(q.a).RawMatrix().Data, d, d))
	offset := graph.Sub(theta, graph.ConstTensor(g, tensorOf(q.DType, q.optimum, d)))
	// Loss may stand both in a graph and in the body of a loop in it. There GoMLX's cached scalars and, on XLA, its
	// reductions cannot be used again: so the constant is made here, and the sum is a dot product.
	half := graph.ConstTensor(g, tensorOf(q.DType, []float64{0.5}))
	return graph.Mul(half, graph.Dot(offset, graph.Dot(a, offset).Product()).Product())
}

// Value returns L(θ) = ½ (θ−θ*)ᵀ A (θ−θ*).
func (q *Quadratic) Value(theta []float64) float64 {
	offset := q.offset(theta)
	return mat.Inner(offset, q.a, offset) / 2
}

// Gradient returns ∇L(θ) = A (θ−θ*).
func (q *Quadratic) Gradient(theta []float64) []float64 {
	var gradient mat.VecDense
	gradient.MulVec(q.a, q.offset(theta))
	return gradient.RawVector().Data
}

// Hessian returns A, whatever θ.
func (q *Quadratic) Hessian([]float64) *mat.SymDense {
	a := mat.NewSymDense(len(q.spectrum), nil)
	a.CopySym(q.a)
	return a
}

// Optimum returns θ*; the error is always nil.
func (q *Quadratic) Optimum() ([]float64, error) { return slices.Clone(q.optimum), nil }

// Eigen returns the eigenvalues of A and its eigenvectors, in columns, in the order in which NewQuadratic was given them.
func (q *Quadratic) Eigen() (lambda []float64, vectors *mat.Dense) {
	return slices.Clone(q.spectrum), mat.DenseCopyOf(q.basis)
}

// offset returns θ − θ*.
func (q *Quadratic) offset(theta []float64) *mat.VecDense {
	mustFit(theta, len(q.spectrum))
	offset := mat.NewVecDense(len(theta), nil)
	offset.SubVec(mat.NewVecDense(len(theta), theta), mat.NewVecDense(len(theta), q.optimum))
	return offset
}

// checkBasis says what is wrong with a basis that must be orthonormal, [d, d].
func checkBasis(basis *mat.Dense, d int) error {
	if r, c := basis.Dims(); r != d || c != d {
		return fmt.Errorf("basis is %d×%d: it must be %d×%d, as the spectrum has %d eigenvalues", r, c, d, d, d)
	}
	var gram mat.Dense
	gram.Mul(basis.T(), basis)
	for i := range d {
		for j := range d {
			want := 0.0
			if i == j {
				want = 1
			}
			// Written so that NaN fails too. 1e-10 leaves room for a basis of any size made in float64.
			if !(math.Abs(gram.At(i, j)-want) <= 1e-10) {
				return fmt.Errorf("basis is not orthonormal: the product of its columns %d and %d is %v, not %v", i, j, gram.At(i, j), want)
			}
		}
	}
	return nil
}
