package lecture

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
)

// Passage (claim N8) is the length of the derivative ∂L/∂h_l in a stack of random layers, relative to that at its end.
type Passage struct {
	Name   string
	Length []float64 // by layer, 0 … depth
	Chi    []float64 // by layer, 1 … depth: s² times the mean of φ′² over its units
	Theory []float64 // Length by theory: a step back through layer l multiplies the length by √(skip² + χ_l)
}

// PassBack (claim N8) sends a random input forward through a stack of random layers of equal width, h_l = skip·h_{l−1} + φ(h_{l−1}W_l), and a
// random derivative back, ∂L/∂h_{l−1} = skip·∂L/∂h_l + (∂L/∂h_l ⊙ φ′)W_lᵀ. With skip = 0 it is a plain deep net; with skip = 1 each layer
// has a residual connection (He et al. 2016). It is an error when the depth or the width cannot be.
func PassBack(name string, phi problem.Activation, skip float64, deep SignalSettings) (*Passage, error) {
	if err := counts("Depth", deep.Depth, "Width", deep.Width); err != nil {
		return nil, err
	}
	layers := problem.Normal(deep.Scale)(slices.Repeat([]int{deep.Width}, deep.Depth+1), 1)
	rng := rand.New(rand.NewPCG(1, 14))
	h, d := normals(rng, deep.Width), normals(rng, deep.Width)
	p := &Passage{Name: name, Length: make([]float64, deep.Depth+1), Theory: make([]float64, deep.Depth+1)}
	slopes := make([][]float64, deep.Depth) // φ′ of each unit
	for l, layer := range layers {
		z, chi := new(mat.VecDense), 0.0
		z.MulVec(layer.W.T(), h)
		for j := range deep.Width {
			slopes[l] = append(slopes[l], phi.Slope(z.AtVec(j)))
			scaled := deep.Scale * slopes[l][j]
			chi += scaled * scaled / float64(deep.Width)
			h.SetVec(j, skip*h.AtVec(j)+phi.At(z.AtVec(j)))
		}
		p.Chi = append(p.Chi, chi)
	}
	p.Length[deep.Depth], p.Theory[deep.Depth] = mat.Norm(d, 2), 1
	for l, layer := range slices.Backward(layers) {
		through, back := new(mat.VecDense), new(mat.VecDense)
		through.MulElemVec(d, mat.NewVecDense(deep.Width, slopes[l]))
		back.MulVec(layer.W, through)
		back.AddScaledVec(back, skip, d)
		d, p.Length[l] = back, mat.Norm(back, 2)
		p.Theory[l] = p.Theory[l+1] * math.Sqrt(skip*skip+p.Chi[l])
	}
	floats.Scale(1/p.Length[deep.Depth], p.Length)
	return p, nil
}

// normals is a vector of n standard normal numbers.
func normals(rng *rand.Rand, n int) *mat.VecDense {
	v := mat.NewVecDense(n, nil)
	for j := range n {
		v.SetVec(j, rng.NormFloat64())
	}
	return v
}

// DrawPassages (claim N8) draws the lengths over the layers, and what theory says of them.
func DrawPassages(all ...*Passage) *figure.Figure {
	fig := figure.New("Length of the derivative", figure.X("layer"), figure.LogY("relative to the last layer"))
	for _, p := range all {
		fig.Line(p.Name, nil, p.Length).Theory("theory", nil, p.Theory)
	}
	return fig
}
