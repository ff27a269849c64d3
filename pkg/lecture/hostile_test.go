package lecture_test

import (
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/internal/hostile"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

func FuzzHostile(f *testing.F) {
	backend, err := compute.NewWithConfig("go")
	if err != nil {
		f.Fatal(err)
	}
	study, err := lecture.TwoMeasurements(20, "bmi", "bp")
	if err != nil {
		f.Fatal(err)
	}
	hostile.Fuzz(f, [][]any{
		{[]float64{0.1, 0.2}}, {mat.NewDense(4, 2, []float64{0.1, 0.2, -0.3, 0.1, 0.2, -0.2, 0.4, 0.3})},
		{backend}, {study}, {problem.Targets()[0], problem.Target{}}, {lecture.Seeds(2)},
		{[]problem.Activation{problem.ReLU}, []problem.Activation(nil)}, {lecture.Planes()[0]}, {relu.New(1, 3, 1), relu.New(1, 1), new(relu.Net)},
	}, map[string]any{
		"Circuit": lecture.Circuit, "CircuitAt": lecture.CircuitAt, "SumCircuit": lecture.SumCircuit,
		"CompareGradients": lecture.CompareGradients, "Approximate": lecture.Approximate, "Stairs": lecture.Stairs, "Tail": lecture.Tail, "BestSum": lecture.BestSum, "Construct": lecture.Construct, "MeasureGap": lecture.MeasureGap,
		"Balanced": lecture.Balanced, "Stay": lecture.Stay, "LinearModel": lecture.LinearModel,
		"StepsToReach": lecture.StepsToReach, "Sharpness": lecture.Sharpness,
		"NetThreshold": lecture.NetThreshold, "Bill": lecture.Bill,
		"SmallNet": lecture.SmallNet, "Grow": lecture.Grow,
		"Staircase": lecture.Staircase, "Worst": lecture.Worst, "Compare": lecture.Compare, "Signals": lecture.Signals, "LearnDigits": lecture.LearnDigits,
		"CountDead": lecture.CountDead, "Spend": lecture.Spend, "Planes": lecture.Planes,
		"SpendOnPlane": lecture.SpendOnPlane, "Teeth": lecture.Teeth, "CountDegrees": lecture.CountDegrees,
		"Search": lecture.Search, "Span": lecture.Span, "Surrogates": lecture.Surrogates,
		"FollowSurrogates": lecture.FollowSurrogates, "Zeros": lecture.Zeros, "Regularize": lecture.Regularize,
		"InverseTime": lecture.InverseTime, "Watch": lecture.Watch, "MeasureDecay": lecture.MeasureDecay, "MeasureAveraging": lecture.MeasureAveraging, "NewStreams": lecture.NewStreams,
		"Track": lecture.Track, "NewTrap": lecture.NewTrap, "Explore": lecture.Explore,
		"TenMeasurements": lecture.TenMeasurements, "Schedules": lecture.Schedules,
		"CompareSchedules": lecture.CompareSchedules, "Tasks": lecture.Tasks, "CompareOptimizers": lecture.CompareOptimizers,
		"Rule": lecture.Rule, "CS182": lecture.CS182, "NewStudy": lecture.NewStudy,
		"TwoMeasurements": lecture.TwoMeasurements, "MeasureBatchNoise": lecture.MeasureBatchNoise, "MeasureAgreement": lecture.MeasureAgreement,
		"MeasureDance": lecture.MeasureDance, "Seeds": lecture.Seeds, "CompareStability": lecture.CompareStability,
		"MeasureMotion": lecture.MeasureMotion, "MeanCurve": lecture.MeanCurve, "Sampled": lecture.Sampled,
		"TimeSteps": lecture.TimeSteps, "MeasurePulls": lecture.MeasurePulls, "StationaryEllipse": lecture.StationaryEllipse,
		"Quantile": lecture.Quantile, "Interpolate": lecture.Interpolate,
		"SortedStudy": lecture.SortedStudy, "CompareReplacement": lecture.CompareReplacement,
		"NewPatient": lecture.NewPatient, "Confuse": lecture.Confuse, "Shatter": lecture.Shatter,
		"Memorize": lecture.Memorize,
	})
}
