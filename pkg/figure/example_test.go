package figure_test

import (
	"bytes"
	"fmt"

	"descent.example/pkg/figure"
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
	// Loss against step. Horizontal axis: step t, from 0 to 4. Vertical axis: loss L(θ), logarithmic, from 0.4353 to 9.19. η = 0.1 (line): from 8 to 0.5. 8 · 2⁻ᵗ (theory): from 8 to 0.5.
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
	// η > 2/λ_max. Horizontal axis: θ₁, from −2.5 to 2.5. Vertical axis: θ₂, from −1.875 to 1.875. Contours of loss L(θ), levels 0.1, 0.3, 1, 3, 10. η = 0.21 (path): from (−2, 1) to (−0.002149, −15.86), leaves at step 7. Star at (0, 0): optimum.
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
