package optim_test

import (
	"math"
	"testing"

	"descent.example/internal/hostile"
	"descent.example/pkg/optim"
)

func FuzzHostile(f *testing.F) {
	hostile.Fuzz(f, [][]any{
		{optim.WeightDecay(0.1), optim.Option{}, optim.Average(-1)}, {[]optim.Option{optim.L1(0.1)}, []optim.Option(nil), []optim.Option{optim.Average(3), optim.L1(math.NaN())}, []optim.Option{{}}},
	}, map[string]any{
		"GD": optim.GD, "HeavyBall": optim.HeavyBall, "Nesterov": optim.Nesterov, "RMSProp": optim.RMSProp,
		"Adam": optim.Adam, "AdamW": optim.AdamW, "Names": optim.Names, "ByName": optim.ByName,
		"WeightDecay": optim.WeightDecay, "DecoupledWeightDecay": optim.DecoupledWeightDecay, "L1": optim.L1,
		"Clip": optim.Clip, "Average": optim.Average, "Hyper": optim.Hyper, "With": optim.With,
	})
}
