package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// Budget is what nets of about the same number of parameters and different depth learn (claim N9).
type Budget struct {
	Pupil      Pupil
	Parameters int
	Errors     []float64 // root mean square, by seed
	Regions    []float64 // linear regions on the interval, exact, by seed
}

// Spend trains nets of the widths given on a target from many seeds.
func Spend(ctx context.Context, backend compute.Backend, target problem.Target, shapes [][]int, rate float64, steps, seeds int) ([]*Budget, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	lesson := Lesson{Target: target, Rate: rate, Steps: steps}
	var pupils []Pupil
	for _, widths := range shapes {
		pupils = append(pupils, Pupil{Widths: widths})
	}
	taught, err := lesson.Teach(ctx, backend, pupils, seeds, nil)
	if err != nil {
		return nil, err
	}
	var all []*Budget
	for i, p := range pupils {
		sizes := append(append([]int{1}, p.Widths...), 1)
		b := &Budget{Pupil: p, Parameters: relu.New(sizes...).Parameters()}
		for _, h := range taught[i] {
			off, err := lesson.Error(p, h)
			if err != nil {
				return nil, err
			}
			if math.IsNaN(off) {
				continue
			}
			net, err := relu.FromTheta(h.Final, sizes...)
			if err != nil {
				return nil, err
			}
			regions, err := net.Regions(target.Lo, target.Hi)
			if err != nil {
				return nil, err
			}
			b.Errors, b.Regions = append(b.Errors, off), append(b.Regions, float64(regions))
		}
		all = append(all, b)
	}
	return all, nil
}

// Plane is a function of two variables on [−1, 1]².
type Plane struct {
	Name string
	F    func(x, y float64) float64
}

// Planes are a product of two waves, a wave of the radius, and a plane wave, which is a function of one combination only.
func Planes() []Plane {
	return []Plane{
		{"checkerboard", func(x, y float64) float64 { return math.Sin(2*math.Pi*x) * math.Sin(2*math.Pi*y) }},
		{"rings", func(x, y float64) float64 { return math.Cos(3 * math.Pi * math.Hypot(x, y)) }},
		{"plane wave", func(x, y float64) float64 { return math.Sin(2*math.Pi*x + math.Pi*y) }},
	}
}

// SpendOnPlane is Spend for a function of two variables, learnt from its values on a grid of 24 × 24 by batches of 64. Errors are on a
// grid of 33 × 33; Regions are the linear regions in the square, exact, of the first seed's net alone.
func SpendOnPlane(ctx context.Context, backend compute.Backend, target Plane, shapes [][]int, rate float64, steps, seeds int) ([]*Budget, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	grid := func(n int) (*mat.Dense, []float64) {
		x, y := mat.NewDense(n*n, 2, nil), make([]float64, n*n)
		for i := range n * n {
			a, b := 2*float64(i%n)/float64(n-1)-1, 2*float64(i/n)/float64(n-1)-1
			x.SetRow(i, []float64{a, b})
			y[i] = target.F(a, b)
		}
		return x, y
	}
	x, y := grid(24)
	fx, fy := grid(33)
	sampler, err := sample.WithReplacement(64)
	if err != nil {
		return nil, err
	}
	cosine, err := schedule.Cosine(rate, 0, steps)
	if err != nil {
		return nil, err
	}
	var nets []*problem.Net
	for _, widths := range shapes {
		net, err := problem.NewRegressor(widths, x, y)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	start := func(net *problem.Net, seed int64) map[string]any { return net.Start(uint64(seed), false) }
	taught, err := teach(ctx, backend, nets, "adam", train.Record{}, train.Config{Schedule: cosine, Sampler: sampler, Steps: steps, Stride: steps}, seeds, start, nil)
	if err != nil {
		return nil, err
	}
	var all []*Budget
	for i, widths := range shapes {
		sizes := append(append([]int{2}, widths...), 1)
		b := &Budget{Pupil: Pupil{Widths: widths}, Parameters: relu.New(sizes...).Parameters()}
		for k, h := range taught[i] {
			if _, diverged := h.Diverged(); diverged {
				continue
			}
			net, err := relu.FromTheta(h.Final, sizes...)
			if err != nil {
				return nil, err
			}
			sum := 0.0
			for j, v := range fy {
				d := net.Output(fx.RawRowView(j))[0] - v
				sum += d * d / float64(len(fy))
			}
			b.Errors = append(b.Errors, math.Sqrt(sum))
			if k == 0 {
				regions, err := net.Polygons([2]float64{-1, -1}, [2]float64{1, 1})
				if err != nil {
					return nil, err
				}
				b.Regions = append(b.Regions, float64(len(regions)))
			}
		}
		all = append(all, b)
	}
	return all, nil
}

// Teeth is the sawtooth of 2^depth linear pieces between 0 and 1 on [0, 1]. It panics when depth is not between 1 and 20.
func Teeth(depth int) problem.Target {
	if depth < 1 || depth > 20 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 20", depth))
	}
	net := relu.Sawtooth(depth)
	t := problem.Target{Name: fmt.Sprintf("sawtooth of %d pieces", 1<<depth), F: net.At, Lo: 0, Hi: 1}
	for k := 1; k < 1<<depth; k++ {
		t.Knots = append(t.Knots, float64(k)/float64(int(1)<<depth))
	}
	return t
}
