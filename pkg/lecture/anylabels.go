package lecture

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Projection (claim W2) sends points of several dimensions to a line.
type Projection struct {
	Direction []float64
	Place     []float64 // of the points, ascending
	Order     []int     // which point stands at each place
}

// Project (claim W2) sends points [n, d] to their places along a random direction, where all of them are different unless two points are equal. It is
// an error when there are no points, and when two points have one place.
func Project(points *mat.Dense, seed int) (*Projection, error) {
	if points == nil || points.IsEmpty() {
		return nil, errors.New("there are no points: give at least one")
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 68))
	n, d := points.Dims()
	p := &Projection{Place: make([]float64, n), Order: make([]int, n)}
	for range d {
		p.Direction = append(p.Direction, rng.NormFloat64())
	}
	for i := range n {
		p.Place[i] = p.At(points.RawRowView(i))
	}
	floats.ArgsortStable(p.Place, p.Order)
	for k := 1; k < n; k++ {
		if p.Place[k] <= p.Place[k-1] {
			return nil, fmt.Errorf("points %d and %d have one place: they are equal, or the seed is unlucky", p.Order[k-1], p.Order[k])
		}
	}
	return p, nil
}

// At is the place of a point. It panics when the point has another number of dimensions.
func (p *Projection) At(point []float64) float64 { return floats.Dot(p.Direction, point) }

// ShareRight (claim W2) is the part of the examples to which the largest of the nets, one of each class, over their places on the line gives
// their label. It panics when there is none of an argument.
func ShareRight(nets []*relu.Net, p *Projection, data *problem.Labeled) (part float64) {
	mustGive("projection and data", p, data)
	for i, label := range data.Labels {
		var outputs []float64
		for _, net := range nets {
			outputs = append(outputs, net.At(p.At(data.Features.RawRowView(i))))
		}
		if floats.MaxIdx(outputs) == label {
			part += 1 / float64(len(data.Labels))
		}
	}
	return part
}

// Reading (claim W2) says how many of the digits learned from such nets give the labels, and how many of unseen digits they read. It panics as
// ShareRight does.
func Reading(kind string, nets []*relu.Net, p *Projection, labeled, unseen *problem.Labeled) string {
	mustGive("projection and digits", p, labeled, unseen)
	return fmt.Sprintf("%s labels, %d hidden units: %.1f %% of the %d labels are reproduced, and %.1f %% of %d unseen digits are read.",
		kind, len(p.Place)-1, 100*ShareRight(nets, p, labeled), len(labeled.Labels), 100*ShareRight(nets, p, unseen), len(unseen.Labels))
}
