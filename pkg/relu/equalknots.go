package relu

import (
	"errors"
	"fmt"
)

// EqualKnots returns the sum of d elbows and a constant, with its d pieces equally long, that fits the points (xᵢ, yᵢ) best in least
// squares. All elbows open to the right, the first one from the first point, so that it makes the slope of the first piece. It is an
// error when d is less than 1 or not below the number of points, when there are fewer than two points, when the xs do not ascend,
// and when a number is not finite.
func EqualKnots(xs, ys []float64, d int) (*Net, error) {
	if err := checkPoints(xs, ys); err != nil {
		return nil, err
	}
	if d >= len(xs) {
		return nil, fmt.Errorf("d is %d: the %d points determine the weights of %d elbows at most", d, len(xs), len(xs)-1)
	}
	edges, err := uniform(xs[0], xs[len(xs)-1], d)
	if err != nil {
		return nil, err
	}
	s := sumAt(edges[:d], 0)
	if !s.solve(xs, ys) {
		return nil, errors.New("the least squares of the weights has no solution in float64: choose another unit of ys")
	}
	return s.net()
}
