package figure_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
)

func Example() {
	fig := figure.New("Loss against step", figure.X("step t"), figure.LogY("loss L(θ)"))
	fig.Line("η = 0.1", nil, []float64{8, 4, 2, 1, 0.5})
	fig.Theory("8 · 2⁻ᵗ", nil, []float64{8, 4, 2, 1, 0.5})

	svg, err := fig.SVG()
	fmt.Println(bytes.HasPrefix(svg, []byte("<svg ")), err)
	fmt.Println(fig.Alt())
	// Output:
	// true <nil>
	// Loss against step. Horizontal axis: step t, from 0 to 4. Vertical axis: loss L(θ), logarithmic, from 0.435 to 9.19. η = 0.1 (line): from 8 to 0.5. 8 · 2⁻ᵗ (theory): from 8 to 0.5.
}

func ExampleFigure_Contour() {
	loss := func(x, y float64) float64 { return (x*x + 10*y*y) / 2 }
	var xs, ys []float64
	x, y, eta := -2.0, 1.0, 0.21
	for range 30 {
		xs, ys = append(xs, x), append(ys, y)
		x, y = x-eta*x, y-eta*10*y
	}
	fig := figure.New("η > 2/λ_max", figure.X("θ₁"), figure.Y("θ₂"))
	fig.Contour("loss L(θ)", loss).Path("η = 0.21", xs, ys).Mark("optimum", 0, 0)
	fmt.Println(fig.Alt())
	fmt.Println(fig.Size())
	// Output:
	// η > 2/λ_max. Horizontal axis: θ₁, from −2.5 to 2.5. Vertical axis: θ₂, from −1.88 to 1.88. Contours of loss L(θ), levels 0.1, 0.3, 1, 3, 10. η = 0.21 (path): from (−2, 1) to (−0.00215, −15.9), leaves at step 7. Star at (0, 0): optimum.
	// 699 534
}

func ExampleRow() {
	a := figure.New("Loss", figure.X("step t"), figure.Y("loss")).Line("SGD", nil, []float64{3, 2, 1})
	b := figure.New("Error", figure.X("step t"), figure.Y("error")).Line("SGD", nil, []float64{0.5, 0.2, 0.1})
	_, err := figure.Row(a, b, figure.New("Forgotten", figure.X("step t"), figure.Y("error"))).PNG()
	fmt.Println(err)
	// Output:
	// panel 3: figure: "Forgotten" is empty; add a Line, Points, Path or Contour
}

// The contributions of three examples balance at the optimum.
func ExampleFigure_Arrows() {
	loss := func(x, y float64) float64 { return (x*x + y*y) / 2 }
	fig := figure.New("At the optimum", figure.X("θ₁").Range(-1, 1), figure.Y("θ₂").Range(-1, 1))
	fig.Contour("loss L(θ)", loss).Mark("optimum", 0, 0)
	here := []float64{0}
	fig.Arrows("−η∇ℓᵢ", here, here, []float64{0.5, -0.25, -0.25}, []float64{0, 0.5, -0.5})
	fig.Resultant("their sum", 0, 0, 0, 0)
	_, words, _ := strings.Cut(fig.Alt(), "3. ")
	fmt.Println(words)
	// Output:
	// −η∇ℓᵢ (3 arrows): from (0, 0) of lengths 0.5 to 0.559, their sum (0, 0). their sum (arrow): from (0, 0) to (0, 0), of length 0. Star at (0, 0): optimum.
}

// The variance of a batch's gradient is σ²/b.
func ExampleFigure_PowerLaw() {
	fig := figure.New("Larger batches, less noise", figure.LogX("batch size b"), figure.LogY("variance"))
	fig.PowerLaw("measured", []float64{1, 10, 100}, []float64{2.1, 0.19, 0.02}, 2, -1.01, 0.02)
	fmt.Println(fig.Alt())
	// Output:
	// Larger batches, less noise. Horizontal axis: batch size b, logarithmic, from 0.832 to 120. Vertical axis: variance, logarithmic, from 0.0151 to 2.66. measured (points): from 2.1 to 0.02. measured (fitted power law): slope −1.01 ± 0.02.
}

func ExampleFigure_Heat() {
	optimizer := figure.X("optimizer").Categories("SGD", "Adam")
	width := figure.Y("width").Categories("10", "40")
	fig := figure.New("Loss at the end", optimizer, width).Heat("training loss", [][]float64{{0.3, 0.02}, {0.1, 0.001}})
	fmt.Println(fig.Alt())
	// Output:
	// Loss at the end. Horizontal axis: optimizer, with SGD, Adam. Vertical axis: width, with 10, 40. Table of training loss. 10: SGD 0.3, Adam 0.02. 40: SGD 0.1, Adam 0.001.
}

func ExampleFigure_Intervals() {
	fig := figure.New("Loss, 30 seeds", figure.X("optimizer").Categories("SGD", "Adam"), figure.Y("loss"))
	fig.Intervals("mean", nil, []float64{0.3, 0.1}, []float64{0.25, 0.05}, []float64{0.35, 0.15})
	_, words, _ := strings.Cut(fig.Alt(), "mean ")
	fmt.Println("mean", words)
	// Output:
	// mean (values with intervals): SGD 0.3 (0.25 to 0.35), Adam 0.1 (0.05 to 0.15).
}

// What pkg/stat estimates is drawn in one call.
func ExampleFigure_ConfidenceIntervals() {
	losses := []stat.Interval{{Value: 0.3, Low: 0.25, High: 0.35}, {Value: 0.1, Low: 0.05, High: 0.15}}
	fig := figure.New("Loss, 30 seeds", figure.X("optimizer").Categories("SGD", "Adam"), figure.Y("loss"))
	fig.ConfidenceIntervals("mean", nil, losses)
	_, words, _ := strings.Cut(fig.Alt(), "mean ")
	fmt.Println("mean", words)
	// Output:
	// mean (values with intervals): SGD 0.3 (0.25 to 0.35), Adam 0.1 (0.05 to 0.15).
}

// What stands still is drawn once, and each frame adds what moves.
func ExampleAnimate() {
	loss := func(x, y float64) float64 { return (x*x + 10*y*y) / 2 }
	var xs, ys []float64
	for t := range 24 {
		xs, ys = append(xs, -2*math.Pow(0.82, float64(t))), append(ys, math.Pow(-0.8, float64(t)))
	}
	ground := figure.New("Descent", figure.X("θ₁"), figure.Y("θ₂")).Contour("loss L(θ)", loss).Mark("optimum", 0, 0)
	motion := figure.Animate(24, 12, func(t int) *figure.Figure {
		return ground.Copy().Path("GD", xs[:t+1], ys[:t+1]).Points("GD", xs[t:t+1], ys[t:t+1])
	})
	data, err := motion.PNG()
	fmt.Println(bytes.Contains(data, []byte("acTL")), err)
	fmt.Println(motion.Size())
	words, _, _ := strings.Cut(motion.Alt(), " Horizontal")
	fmt.Println(words)
	// Output:
	// true <nil>
	// 699 534
	// Animation of 24 frames in 2 seconds. Frame 24: Descent.
}

// A reader drags the learning rate; the pictures were drawn beforehand.
func ExampleSlide() {
	slides := figure.Slide(func(at []float64) (*figure.Figure, string) {
		eta := at[0]
		loss := func(t float64) float64 { return math.Pow(1-eta, 2*t) / 2 }
		fig := figure.New("Loss of each step", figure.X("step t").Range(0, 10), figure.LogY("loss"))
		return fig.Line("gradient descent", nil, loss), fmt.Sprintf("Each step leaves %.2f of the distance.", 1-eta)
	}, figure.Slider{Name: "learning rate η", Values: figure.Every(0.1, 0.9, 0.2), Start: 0.5})
	page, err := slides.HTML()
	fmt.Println(bytes.Contains(page, []byte("<script>")), err)
	fmt.Println(slides.Alt())
	words, _, _ := strings.Cut(slides.Instead(), " run the cell")
	fmt.Println(words)
	// Output:
	// true <nil>
	// Loss of each step. Horizontal axis: step t, from 0 to 10. Vertical axis: loss, logarithmic, from 2.38·10⁻⁷ to 1. gradient descent (line): from 0.5 to 4.77·10⁻⁷.
	// Each step leaves 0.50 of the distance. To move the slider (learning rate η),
}

// The elbow −2·max(0, 1.5x − 0.5) as an analog circuit, with what its wires carry at x = 1.
func ExampleCircuit() {
	circuit := figure.NewCircuit("An elbow",
		figure.CircuitLayer{Weights: [][]float64{{1.5}}, Biases: []float64{-0.5}, ReLU: true},
		figure.CircuitLayer{Weights: [][]float64{{-2}}})
	circuit.Values([]float64{1}, [][]float64{{1}, {-2}}, [][]float64{{1}})
	fmt.Println(circuit.Alt())
	fmt.Println(circuit.Size())
	// Output:
	// An elbow. Circuit, inputs: 1 (1). layer 1, unit 1: 1.5 times input 1 plus −0.5, then ReLU, gives 1. layer 2, unit 1: −2 times input 1, gives −2.
	// 872 167
}

// A run's θ is a trajectory on the plane of its loss.
func ExampleFigure_Trajectory() {
	loss := func(theta []float64) float64 { return theta[0]*theta[0] + 10*theta[1]*theta[1] }
	fig := figure.New("The run", figure.X("θ₁").Range(-3, 3), figure.Y("θ₂").Range(-2, 2)).
		Contour("loss", figure.OnPlane(loss)).Trajectory("GD", [][]float64{{-2, 1}, {-1, -0.5}, {-0.5, 0.2}})
	_, words, _ := strings.Cut(fig.Alt(), "GD ")
	fmt.Println("GD", words)
	// Output:
	// GD (path): from (−2, 1) to (−0.5, 0.2).
}

func ExampleEach() {
	type result struct{ Loss stat.Interval }
	results := []result{{stat.Interval{Value: 0.3, Low: 0.2, High: 0.4}}, {stat.Interval{Value: 0.1, Low: 0.05, High: 0.2}}}
	fig := figure.New("Loss", figure.X("x"), figure.Y("loss")).
		ConfidenceIntervals("mean", nil, figure.Each(results, func(r result) stat.Interval { return r.Loss }))
	_, words, _ := strings.Cut(fig.Alt(), "mean ")
	fmt.Println("mean", words)
	// Output:
	// mean (values with intervals): from 0.3 (0.2 to 0.4) to 0.1 (0.05 to 0.2).
}
