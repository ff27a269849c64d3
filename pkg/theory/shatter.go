package theory

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"sort"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// mostPoints keeps it to numbers of some kilobytes, and to seconds.
const mostPoints = 1 << 14

// Cover returns how many of the 2ⁿ ways to label n points in general position a linear threshold unit of d weights can make
// (claim W2): with a bias, d is the number of inputs and one. It is an error when n or d is less than 1, or the number would
// be too long to compute.
//
//	C(n, d) = 2 Σ_{k=0}^{d−1} (n−1 choose k)
//
// Source: T. M. Cover (1965), "Geometrical and Statistical Properties of Systems of Linear Inequalities", IEEE Transactions on
// Electronic Computers EC-14, theorem 1.
func Cover(n, d int) (*big.Int, error) {
	if n < 1 || d < 1 {
		return nil, fmt.Errorf("there are %d points and %d weights: there must be at least one of each", n, d)
	}
	if d >= n {
		if n > mostPoints {
			return nil, fmt.Errorf("there are %d points: their labelings are counted for at most %d", n, mostPoints)
		}
		return new(big.Int).Lsh(big.NewInt(1), uint(n)), nil
	}
	if d > mostPoints {
		return nil, fmt.Errorf("there are %d weights: labelings are counted for at most %d", d, mostPoints)
	}
	sum, choose := big.NewInt(1), big.NewInt(1)
	for k := 1; k < d; k++ {
		choose.Mul(choose, big.NewInt(int64(n-k)))
		choose.Quo(choose, big.NewInt(int64(k)))
		sum.Add(sum, choose)
	}
	return sum.Lsh(sum, 1), nil
}

// CoverShare is Cover's count as a part of all 2ⁿ labelings. It has the errors of Cover.
func CoverShare(n, d int) (float64, error) {
	count, err := Cover(n, d)
	if err != nil {
		return 0, err
	}
	share := new(big.Float).SetInt(count)
	share.SetMantExp(share, -n) // 2ⁿ may be too large for an Int
	part, _ := share.Float64()
	return part, nil
}

// Separable tells whether a linear threshold unit with a bias gives the points [n, inputs] the labels, true above 0 and false
// below. By Gordan's theorem it does just if no convex combination of the points, each with a 1 for the bias and turned by its
// label, is 0: a linear program, which gonum solves. It is an error when there are no points, or as many labels are not given.
func Separable(points *mat.Dense, labels []bool) (bool, error) {
	if points == nil || points.IsEmpty() {
		return false, errors.New("there are no points: give at least one")
	}
	n, inputs := points.Dims()
	if len(labels) != n {
		return false, fmt.Errorf("there are %d points and %d labels: there must be as many", n, len(labels))
	}
	if n <= inputs+1 { // in general position: any labels can be made
		var rank mat.SVD
		withOnes := mat.NewDense(n, inputs+1, nil)
		for i := range n {
			withOnes.SetRow(i, append(append([]float64{}, points.RawRowView(i)...), 1))
		}
		if rank.Factorize(withOnes, mat.SVDNone) && rank.Rank(1e-12) == n {
			return true, nil
		}
		return false, fmt.Errorf("the %d points are not in general position", n)
	}
	equations := mat.NewDense(inputs+2, n, nil)
	for i := range n {
		sign := -1.0
		if labels[i] {
			sign = 1
		}
		for j := range inputs {
			equations.Set(j, i, sign*points.At(i, j))
		}
		equations.Set(inputs, i, sign)
		equations.Set(inputs+1, i, 1)
	}
	right := make([]float64, inputs+2)
	right[inputs+1] = 1
	_, _, err := lp.Simplex(make([]float64, n), equations, right, 0, nil)
	if errors.Is(err, lp.ErrInfeasible) {
		return true, nil
	}
	if errors.Is(err, lp.ErrSingular) { // all labels alike: the bias's equation and the last one are the same
		return allEqual(labels), nil
	}
	return false, err
}

func allEqual(labels []bool) bool {
	for _, l := range labels {
		if l != labels[0] {
			return false
		}
	}
	return true
}

// Labelings calls visit with each of the 2ⁿ ways to label n points. The slice is reused. It is an error when n is negative or
// above 30, where nobody would see the end.
func Labelings(n int, visit func(labels []bool) error) error {
	if visit == nil {
		return errors.New("visit is nil: give a function")
	}
	if n < 0 || n > 30 {
		return fmt.Errorf("n is %d: the labelings are listed for 0 to 30 points", n)
	}
	labels := make([]bool, n)
	for code := range 1 << n {
		for i := range labels {
			labels[i] = code>>i&1 == 1
		}
		if err := visit(labels); err != nil {
			return err
		}
	}
	return nil
}

// VCBound returns an upper bound on how many points a ReLU net of one output can label in every way, by the sign of its output:
// the greatest m for which the number of labelings that the net can make of m points at most,
//
//	Πₗ 2 (2e·m·kₗ·l / Wₗ)^Wₗ,
//
// is not less than 2^m. The product is over the layers l = 1, 2, … of kₗ units, the output's one unit among them; Wₗ counts the
// weights and biases up to that layer. It is an error when inputs or a width are not positive.
//
// Source: P. L. Bartlett, N. Harvey, C. Liaw and A. Mehrabian (2019), "Nearly-tight VC-dimension and Pseudodimension Bounds for
// Piecewise Linear Neural Networks", JMLR 20(63): the bound on the growth function of piecewise polynomial networks, for
// pieces of degree 1 with one breakpoint.
func VCBound(inputs int, widths ...int) (int, error) {
	return labelsBound(2, 1, inputs, widths)
}

// ClassesBound is VCBound for a net with an output for each of several classes, which gives a point the class of its largest output: an
// upper bound on how many points the net can give any classes. The labels of m points are then as many as classes^m, and they are decided
// by the signs of the classes·(classes−1)/2 differences between two outputs, which stand for kₗ in the last layer. It is an error
// when there are fewer than two classes, or more than 2^20, and when inputs or a width are not positive.
func ClassesBound(classes, inputs int, widths ...int) (int, error) {
	if classes < 2 || classes > 1<<20 {
		return 0, fmt.Errorf("there are %d classes: there must be between 2 and 2^20", classes)
	}
	return labelsBound(classes, classes, inputs, widths)
}

// labelsBound is the greatest number of points for which the net, with this number of outputs, may be able to make all labelings by this number of classes.
func labelsBound(classes, outputs, inputs int, widths []int) (int, error) {
	if inputs < 1 {
		return 0, fmt.Errorf("inputs is %d: there must be at least one", inputs)
	}
	units := append(append([]int{}, widths...), outputs)
	weights, before, total := make([]float64, len(units)), inputs, 0.0
	for l, k := range units {
		if k < 1 {
			return 0, fmt.Errorf("widths[%d] is %d: it must be at least 1", l, k)
		}
		if total += float64(k) * (float64(before) + 1); total > 1<<50 {
			return 0, fmt.Errorf("the net has more than 2^50 weights up to layer %d: take a smaller one", l+1)
		}
		weights[l], before = total, k
	}
	pairs := float64(classes) * float64(classes-1) / 2
	// At m = total the product is greater, and its logarithm is concave in m: what has overtaken it once stays ahead, and the
	// place can be bisected.
	ahead := func(m int) bool {
		log := 0.0
		for l, k := range units {
			signs := float64(k)
			if l == len(units)-1 {
				signs = pairs
			}
			log += 1 + weights[l]*math.Log2(2*math.E*float64(m)*signs*float64(l+1)/weights[l])
		}
		return float64(m)*math.Log2(float64(classes)) > log
	}
	low, high := int(total), 2*int(total)
	for !ahead(high) {
		low, high = high, 2*high
	}
	return low + sort.Search(high-low, func(m int) bool { return ahead(low + m) }) - 1, nil
}

// SignChanges returns how often the sign of a weighted sum of elbows and a constant can change along a line at most (claim W2): once for one elbow,
// twice for two, and from three on once more than there are elbows. Such sums shatter one point more. It panics when elbows is not positive.
//
// The pieces, elbows + 1 at most, have one zero each at most. If each has one, the slopes s₀, s₁, … of the pieces alternate in sign, and so
// do the bends sᵢ − sᵢ₋₁; but s₀ is minus the sum of the bends of the elbows that open to the left. Of one elbow this makes one of its pieces
// flat. Of two, it is impossible for each of the four choices of which open to the left. Of three and more, one bend can do it alone.
func SignChanges(elbows int) int {
	if elbows < 1 {
		panic(fmt.Errorf("elbows is %d: there must be at least one", elbows))
	}
	if elbows < 3 {
		return elbows
	}
	return elbows + 1
}

// ShallowVCBound returns an upper bound on how many points a net of one hidden layer of ReLUs and one output can label in every way, sharper
// than VCBound for small nets. The width units cut n points into those where they are on and those where they are off, each in one
// of C(n, inputs+1) ways by Cover's count. For a given cut the output is linear in width·(inputs+1) + 1 parameters: the constant, and for each
// unit its weights and its bias times its output weight. So the labelings are at most
//
//	(C(n, inputs+1) + width − 1 choose width) · C(n, width·(inputs+1) + 1),
//
// and the bound is the last n for which that is not less than 2ⁿ. It is an error when inputs or width are not positive, or the net has more
// than 1,000 parameters.
func ShallowVCBound(inputs, width int) (int, error) {
	if inputs < 1 || width < 1 || inputs > 1000 || width > 1000 || width*(inputs+1) >= 1000 {
		return 0, fmt.Errorf("inputs is %d and width %d: both must be positive, and width·(inputs+1) below 1,000", inputs, width)
	}
	parameters := width*(inputs+1) + 1
	for n := 1; ; n++ {
		cuts, err := Cover(n, inputs+1)
		if err != nil {
			return 0, err
		}
		labelings, err := Cover(n, parameters)
		if err != nil {
			return 0, err
		}
		for k := range width { // the binomial coefficient, factor by factor
			labelings.Mul(labelings, new(big.Int).Add(cuts, big.NewInt(int64(k))))
		}
		labelings.Quo(labelings, new(big.Int).MulRange(1, int64(width)))
		if labelings.Cmp(new(big.Int).Lsh(big.NewInt(1), uint(n))) < 0 {
			return n - 1, nil
		}
	}
}
