package lecture

import (
	"fmt"
	"math"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Construction (claim N5) is a net that was written down, not trained, on d pieces.
type Construction struct {
	Pieces  int
	AtKnots float64 // the greatest |f − net| at the knots
	Between float64 // and on 20 places of each piece
	Bound   float64 // M h²/8 for the target's M, if it has one
}

// Construct (claim N5) interpolates a target with each number of pieces. curvature is M ≥ |f″|; 0: unknown. It is an error when a number
// of pieces is not positive, when a value of the target is not finite, and when the curvature is negative or not finite.
func Construct(target problem.Target, pieces []int, curvature float64) (all []Construction, err error) {
	if !(curvature >= 0 && curvature <= math.MaxFloat64) {
		return nil, fmt.Errorf("curvature is %v: it must be a finite number, at least 0; 0 if it is not known", curvature)
	}
	for _, d := range pieces {
		net, err := relu.Uniform(target.F, target.Lo, target.Hi, d)
		if err != nil {
			return nil, err
		}
		h := (target.Hi - target.Lo) / float64(d)
		r := Construction{Pieces: d, Bound: relu.LinearBound(curvature, h)}
		const places = 20
		stride := max(1, d/256) // every piece of a small net, and as many of a large one
		for k := 0; k < d; k += stride {
			for i := range places {
				x := target.Lo + (target.Hi-target.Lo)*float64(k)/float64(d) + float64(i)*h/places
				off := math.Abs(net.At(x) - target.F(x))
				if i == 0 {
					r.AtKnots = max(r.AtKnots, off)
				}
				r.Between = max(r.Between, off)
			}
		}
		if !(r.Between <= math.MaxFloat64) {
			return nil, fmt.Errorf("the target differs from its net by %v: give a target whose values are finite", r.Between)
		}
		all = append(all, r)
	}
	return all, nil
}
