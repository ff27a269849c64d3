package problem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// planes are the shapes of PlaneClasses: the place of an example of a class, before the noise; u and v are uniform in [0, 1).
var planes = []struct {
	name string
	at   func(class int, u, v float64) (x, y float64)
}{
	{"moons", func(class int, u, _ float64) (x, y float64) { // two half circles, each with an end in the other
		sin, cos := math.Sincos(math.Pi * u)
		if class == 0 {
			return 0.6*cos - 0.3, 0.6*sin - 0.15
		}
		return 0.3 - 0.6*cos, 0.15 - 0.6*sin
	}},
	{"circle", func(class int, u, v float64) (x, y float64) { // a disk and a ring around it
		sin, cos := math.Sincos(2 * math.Pi * u)
		r := 0.4 * math.Sqrt(v)
		if class == 1 {
			r = 0.65 + 0.25*v
		}
		return r * cos, r * sin
	}},
	{"xor", func(class int, u, v float64) (x, y float64) { // opposite quarters
		x, y = 1.8*u-0.9, 1.8*v-0.9
		if (x*y > 0) == (class == 0) {
			x = -x
		}
		return x, y
	}},
	{"spirals", func(class int, u, _ float64) (x, y float64) { // one turn and a half each
		sin, cos := math.Sincos(3*math.Pi*u + math.Pi*float64(class))
		return (0.1 + 0.8*u) * cos, (0.1 + 0.8*u) * sin
	}},
}

// PlaneClassesNames lists the shapes of PlaneClasses.
func PlaneClassesNames() (names []string) {
	for _, p := range planes {
		names = append(names, p.name)
	}
	return names
}

// PlaneClasses makes n examples in the plane, drawn by the seed, by turns of class 0 and of class 1, within about [−1, 1]²: "moons", two half circles,
// "circle", a disk in a ring, "xor", opposite quarters, or "spirals". Gaussian noise of that standard deviation moves each. It is an
// error when the shape is another, when n is below 2, and when the noise is negative or not finite.
func PlaneClasses(shape string, n int, noise float64, seed int) (*Labeled, error) {
	k := slices.Index(PlaneClassesNames(), shape)
	if k < 0 {
		return nil, fmt.Errorf("there are no examples %q: choose one of %s", shape, strings.Join(PlaneClassesNames(), ", "))
	}
	if n < 2 {
		return nil, fmt.Errorf("n is %d: there must be at least 2 examples, one of each class", n)
	}
	if err := checkNoise(noise); err != nil {
		return nil, err
	}
	if err := checkMemory(n, 2); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 7))
	all := &Labeled{Features: mat.NewDense(n, 2, nil), Classes: 2}
	for i := range n {
		x, y := planes[k].at(i%2, rng.Float64(), rng.Float64())
		all.Features.SetRow(i, []float64{x + noise*rng.NormFloat64(), y + noise*rng.NormFloat64()})
		all.Labels = append(all.Labels, i%2)
	}
	return all, nil
}
