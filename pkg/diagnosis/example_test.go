package diagnosis_test

import (
	"fmt"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/stat"
)

// A net of 8 units stays at an error of 1. Trained otherwise it does a little better, with more units much.
func ExampleDiagnose() {
	d, err := diagnosis.Diagnose(diagnosis.Record{
		Tolerance: 0.1,
		Trials: []diagnosis.Trial{
			{Name: "SGD at 0.1", Width: 8, Errors: []float64{1.02, 1, 0.98}},
			{Name: "Adam at 0.01", Width: 8, Errors: []float64{0.95, 0.91, 0.93}},
			{Name: "Adam at 0.01", Width: 32, Errors: []float64{0.12, 0.11, 0.15}},
		},
		Noise: stat.Interval{Value: 0.01, Low: 0.005, High: 0.015},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %s\n", d.Cause, d.Evidence)
	// Output: too few units: The best training of 8 units leaves 0.91, but 32 units come to 0.11.
}
