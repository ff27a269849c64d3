package stat_test

import (
	"fmt"
	"testing"

	"descent.example/internal/hostile"
	"descent.example/pkg/stat"
)

func FuzzHostile(f *testing.F) {
	hostile.Fuzz(f, [][]any{
		{stat.Interval{Value: 1, Low: 0, High: 2}}, {stat.Line{}}, {stat.PowerLaw{}},
		{func(v []float64) ([]float64, error) { return v, nil }, func(v []float64) ([]float64, error) { return nil, nil }},
		{func(eta float64) (bool, error) { return eta > 0.5, nil }, func(eta float64) (bool, error) { return true, nil }},
	}, map[string]any{
		"Autocorrelation": stat.Autocorrelation, "Periodogram": stat.Periodogram,
		"SquaredDisplacement": stat.SquaredDisplacement, "(Interval).Contains": stat.Interval.Contains,
		"(Interval).Format": func(i stat.Interval) string { return fmt.Sprintf("%.2f %v %s", i, i, i) }, "(Interval).Scaled": stat.Interval.Scaled, "(Interval).Ends": stat.Interval.Ends,
		"Mean":         stat.Mean,
		"MeanOverRuns": stat.MeanOverRuns, "PowerIteration": stat.PowerIteration, "Lanczos": stat.Lanczos, "BisectThreshold": stat.BisectThreshold,
		"Difference": stat.Difference, "Proportion": stat.Proportion, "(Line).At": stat.Line.At, "FitLine": stat.FitLine,
		"(PowerLaw).At": stat.PowerLaw.At, "FitPowerLaw": stat.FitPowerLaw,
	})
}
