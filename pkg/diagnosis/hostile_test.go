package diagnosis_test

import (
	"math"
	"testing"

	"descent.example/internal/hostile"
	"descent.example/pkg/diagnosis"
	"descent.example/pkg/stat"
)

func FuzzHostile(f *testing.F) {
	hostile.Fuzz(f, [][]any{
		{diagnosis.Learning, diagnosis.Cause(99), diagnosis.Cause(-1)}, {&diagnosis.Diagnosis{Parts: map[diagnosis.Cause]float64{diagnosis.Units: 1}}, &diagnosis.Diagnosis{}},
		{diagnosis.Record{Tolerance: 0.1, Trials: []diagnosis.Trial{{Name: "a", Width: 2, Errors: []float64{0.5, 0.4}}, {Name: "b", Width: 3, Errors: []float64{0.2}}}},
			diagnosis.Record{}, diagnosis.Record{Trials: []diagnosis.Trial{{Width: 1, Errors: []float64{1e300}}}},
			diagnosis.Record{Trials: []diagnosis.Trial{{Width: 1, Errors: []float64{math.NaN()}}}}, diagnosis.Record{Trials: []diagnosis.Trial{{Width: 1, Errors: []float64{1}}}, Noise: stat.Interval{Value: math.Inf(1)}}},
	}, map[string]any{
		"(Cause).String": diagnosis.Cause.String, "(*Diagnosis).Ladder": (*diagnosis.Diagnosis).Ladder, "Diagnose": diagnosis.Diagnose, "Repeated": diagnosis.Repeated,
		"Neighbours": diagnosis.Neighbours,
	})
}
