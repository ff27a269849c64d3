package sample_test

import (
	"math"
	"testing"

	"descent.example/internal/hostile"
	"descent.example/pkg/sample"
)

func FuzzHostile(f *testing.F) {
	hostile.Fuzz(f, [][]any{
		{must(sample.WithReplacement(2)), sample.Full(), must(sample.Reshuffled(3)), must(sample.Stream(2)), must(sample.Given([][]int{{0, 1}, {1, 1}})), must(sample.WithoutReplacement(math.MaxInt32))},
		{[][]int{{0, 1}, {1, 0}}, [][]int(nil), [][]int{{}}, [][]int{{-1}}, [][]int{{1}, {1, 2}}, [][]int{{math.MaxInt}}},
	}, map[string]any{
		"Full": sample.Full, "WithReplacement": sample.WithReplacement, "WithoutReplacement": sample.WithoutReplacement,
		"Reshuffled": sample.Reshuffled, "ShuffledOnce": sample.ShuffledOnce, "InOrder": sample.InOrder,
		"Stream": sample.Stream, "Given": sample.Given, "Names": sample.Names, "ByName": sample.ByName, "(Sampler).IsFull": sample.Sampler.IsFull, "(Sampler).IsGiven": sample.Sampler.IsGiven,
		"(Sampler).Check": sample.Sampler.Check, "(Sampler).BatchSize": sample.Sampler.BatchSize,
		"(Sampler).MaxSteps": sample.Sampler.MaxSteps, "(Sampler).Epoch": sample.Sampler.Epoch,
		"(Sampler).Structure": sample.Sampler.Structure, "(Sampler).String": sample.Sampler.String,
		"(Sampler).Inputs": sample.Sampler.Inputs, "(Sampler).Indices": sample.Sampler.Indices,
	})
}
