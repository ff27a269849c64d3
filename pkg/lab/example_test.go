package lab_test

import (
	"errors"
	"fmt"
	"math"

	"descent.example/pkg/lab"
)

// A cell that descends f(x) = x²/2 from x = 1, where each step multiplies x by 1−η.
// In a notebook its first line would be %% --lr=0.5, or just %%.
func Example() {
	lr := lab.Float("lr", 0.5, "learning rate η", lab.Above(0), lab.AtMost(2))
	steps := lab.Int("steps", 3, "gradient steps", lab.AtLeast(1), lab.AtMost(100))
	lab.Parse()

	var rows [][]string
	for t := range steps + 1 {
		x := math.Pow(1-lr, float64(t))
		rows = append(rows, []string{fmt.Sprint(t), fmt.Sprint(x), fmt.Sprint(x * x / 2)})
	}
	lab.Say("f(x) = x²/2, η = %g", lr)
	lab.Table([]string{"t", "x", "f(x)"}, rows)
	lab.Show(sketch{})

	// Output:
	// f(x) = x²/2, η = 0.5
	// t      x       f(x)
	// 0      1        0.5
	// 1    0.5      0.125
	// 2   0.25    0.03125
	// 3  0.125  0.0078125
	// figure: f(x) halves its root at each step
}

// ExampleCheckSet refuses what nobody declared, as `lab run --set` does.
func ExampleCheckSet() {
	declared := []lab.Param{{Name: "lr", Default: "0.3", Help: "learning rate η", Bounds: "0 < lr ≤ 10"}}
	fmt.Println(lab.CheckSet(map[string]string{"lr": "0.5"}, declared))
	fmt.Println(lab.CheckSet(map[string]string{"rl": "0.5"}, declared))
	// Output:
	// <nil>
	// --set rl: no cell of the notebook has this parameter; it has --lr (learning rate η, 0 < lr ≤ 10, default 0.3).
}

// sketch stands for a picture of package figure.
type sketch struct{}

func (sketch) SVG() ([]byte, error) { return []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), nil }
func (sketch) PNG() ([]byte, error) { return []byte("\x89PNG"), nil }
func (sketch) Alt() string          { return "f(x) halves its root at each step" }

func ExampleRow() {
	lab.Table(lab.Row("rate | loss"), [][]string{lab.Row("%g | %.2f", 0.1, 1.5), lab.Row("%g | %.2f", 0.2, -0.25)})
	// Output:
	// rate   loss
	//  0.1   1.50
	//  0.2  −0.25
}

// An exercise is right, or a sentence says what its answer does not do yet.
func ExampleVerdict() {
	lab.Verdict(nil)
	lab.Verdict(errors.New("for θ = 1 your step returns 1; it should return 0.9"))
	// Output:
	// Right.
	// Not yet: for θ = 1 your step returns 1; it should return 0.9
}
