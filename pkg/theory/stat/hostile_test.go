package stat_test

import (
	"testing"

	"descent.example/internal/hostile"
	"descent.example/pkg/theory/stat"
)

func FuzzHostile(f *testing.F) {
	hostile.Fuzz(f, [][]any{
		{stat.Interval{Value: 1, Low: 0, High: 2}}, {stat.Line{}}, {stat.PowerLaw{}},
	}, map[string]any{
		"Autocorrelation": stat.Autocorrelation, "Periodogram": stat.Periodogram,
		"SquaredDisplacement": stat.SquaredDisplacement, "(Interval).Contains": stat.Interval.Contains, "Mean": stat.Mean,
		"Difference": stat.Difference, "Proportion": stat.Proportion, "(Line).At": stat.Line.At, "FitLine": stat.FitLine,
		"(PowerLaw).At": stat.PowerLaw.At, "FitPowerLaw": stat.FitPowerLaw,
	})
}
