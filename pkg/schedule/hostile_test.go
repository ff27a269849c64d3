package schedule_test

import (
	"math"
	"testing"

	"descent.example/internal/hostile"
	"descent.example/pkg/schedule"
)

func FuzzHostile(f *testing.F) {
	plateau, err := schedule.ReduceOnPlateau(0.5, 2, 0.1, 0, 0)
	if err != nil {
		f.Fatal(err)
	}
	hostile.Fuzz(f, [][]any{
		{must(schedule.Cosine(0.1, 0, 10)), schedule.Schedule{}, must(schedule.Constant(5e-324)), must(schedule.WarmRestarts(1, 0, 1, math.MaxInt)), must(schedule.Exponential(1, 1e308, 1)),
			must(schedule.Func(func(t int) float64 {
				if t == 7 {
					panic("there is no rate for step 7")
				}
				return 1 / float64(3-t)
			})), must(schedule.PiecewiseLinear([]float64{0, math.MaxFloat64}, []int{0, math.MaxInt}))},
		{plateau, schedule.Plateau{}},
		{[]schedule.Schedule{must(schedule.Constant(0.1)), must(schedule.Func(func(t int) float64 { return 1 / float64(t-3) }))}, []schedule.Schedule{{}}},
	}, map[string]any{
		"ReduceOnPlateau": schedule.ReduceOnPlateau, "(Plateau).On": schedule.Plateau.On,
		"(Plateau).Constants": schedule.Plateau.Constants, "(Plateau).Start": schedule.Plateau.Start,
		"(Plateau).Scales": schedule.Plateau.Scales, "(Schedule).At": schedule.Schedule.At,
		"(Schedule).Constants": schedule.Schedule.Constants, "(Schedule).Structure": schedule.Schedule.Structure,
		"Constant": schedule.Constant, "Piecewise": schedule.Piecewise, "Step": schedule.Step,
		"Exponential": schedule.Exponential, "InverseTime": schedule.InverseTime, "OneOverT": schedule.OneOverT,
		"OneOverSqrtT": schedule.OneOverSqrtT, "Polynomial": schedule.Polynomial, "Linear": schedule.Linear,
		"Cosine": schedule.Cosine, "WarmRestarts": schedule.WarmRestarts, "OneCycle": schedule.OneCycle,
		"WarmUp": schedule.WarmUp, "Sequence": schedule.Sequence, "Product": schedule.Product, "Clamp": schedule.Clamp,
		"Func": schedule.Func, "PiecewiseLinear": schedule.PiecewiseLinear, "(Schedule).Tabulate": schedule.Schedule.Tabulate, "(Schedule).Tables": schedule.Schedule.Tables,
	})
}
