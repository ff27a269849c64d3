package theory_test

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"descent.example/internal/hostile"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
)

func FuzzHostile(f *testing.F) {
	bowl, err := problem.NewQuadratic([]float64{1, 3}, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	descent, err := theory.NewDescent(bowl)
	if err != nil {
		f.Fatal(err)
	}
	hessian := mat.NewSymDense(2, []float64{2, 0.5, 0.5, 1})
	sgd, err := theory.AdditiveSGD(hessian, hessian, []float64{0, 1})
	if err != nil {
		f.Fatal(err)
	}
	noise, err := theory.NewGradientNoise(mat.NewDense(4, 2, []float64{0.1, 0.2, -0.3, 0.1, 0.2, -0.2, 0.4, 0.3}))
	if err != nil {
		f.Fatal(err)
	}
	hostile.Fuzz(f, [][]any{
		{theory.WithReplacement, theory.WithoutReplacement, theory.Sampling(7)}, {theory.Monotone, theory.Regime(99)},
		{theory.Interpolation{Examples: 4, Features: 9, Signal: 1, Noise: 0.1}, theory.Interpolation{}, theory.Interpolation{Examples: 1, Features: 1, Signal: math.Inf(1), Noise: math.NaN()}},
		{[]float64{0.1, 0.2}}, {descent}, {sgd}, {noise}, {bowl}, {&theory.MeanField{Variance: []float64{1, 1}, Factor: []float64{1, 0.5}}}, {theory.Drift{Velocity: []float64{0.1, 0}}, theory.Drift{}, theory.Drift{Velocity: []float64{1}}, theory.Drift{Walk: new(mat.SymDense)}},
		{func(labels []bool) error { return nil }, func(labels []bool) error { return context.Canceled }},
	}, map[string]any{
		"VarianceFactor": theory.VarianceFactor, "NewGradientNoise": theory.NewGradientNoise,
		"(*GradientNoise).Batch":         (*theory.GradientNoise).Batch,
		"(*GradientNoise).SignalToNoise": (*theory.GradientNoise).SignalToNoise,
		"(*GradientNoise).Cosine":        (*theory.GradientNoise).Cosine, "Cosine": theory.Cosine, "EqualKnots": theory.EqualKnots, "FreeKnots": theory.FreeKnots, "Factor": theory.Factor,
		"StabilityThreshold": theory.StabilityThreshold, "OptimalRate": theory.OptimalRate, "RegimeOf": theory.RegimeOf,
		"(Regime).String": theory.Regime.String, "NewDescent": theory.NewDescent,
		"(*Descent).Components": (*theory.Descent).Components, "(*Descent).Shares": (*theory.Descent).Shares, "(*Descent).Iterate": (*theory.Descent).Iterate,
		"(*Descent).Loss": (*theory.Descent).Loss, "(*Descent).Steps": (*theory.Descent).Steps,
		"(*SGD).Tracking": (*theory.SGD).Tracking, "(*SGD).TrackingMoments": (*theory.SGD).TrackingMoments,
		"(*SGD).BestTrackingRate": (*theory.SGD).BestTrackingRate, "(*Descent).Measure": (*theory.Descent).Measure,
		"RobbinsMonro": theory.RobbinsMonro, "DecayExponent": theory.DecayExponent, "HeavyBallFactor": theory.HeavyBallFactor,
		"OptimalHeavyBall": theory.OptimalHeavyBall, "LeastSquaresSGD": theory.LeastSquaresSGD,
		"AdditiveSGD": theory.AdditiveSGD, "(*SGD).SpectralRadius": (*theory.SGD).SpectralRadius,
		"(*SGD).Stationary": (*theory.SGD).Stationary, "(*SGD).SmallRate": (*theory.SGD).SmallRate,
		"(*SGD).ExcessLoss": (*theory.SGD).ExcessLoss, "(*SGD).Variances": (*theory.SGD).Variances,
		"(*SGD).Noise": (*theory.SGD).Noise, "(*SGD).PolyakRuppert": (*theory.SGD).PolyakRuppert,
		"(*SGD).Components": (*theory.SGD).Components, "(*SGD).Moments": (*theory.SGD).Moments,
		"(*SGD).AverageMoments": (*theory.SGD).AverageMoments, "Cover": theory.Cover, "CoverShare": theory.CoverShare, "Separable": theory.Separable,
		"Labelings": theory.Labelings, "VCBound": theory.VCBound, "ClassesBound": theory.ClassesBound, "ShallowVCBound": theory.ShallowVCBound,
		"SignChanges": theory.SignChanges, "(Interpolation).Risk": theory.Interpolation.Risk, "Autocorrelation": theory.Autocorrelation,
		"StepAutocorrelation": theory.StepAutocorrelation, "SquaredDisplacement": theory.SquaredDisplacement,
		"PowerSpectrum": theory.PowerSpectrum, "Ellipse": theory.Ellipse, "BatchCosine": theory.BatchCosine,
		"ReshuffledVariance": theory.ReshuffledVariance, "ShuffledOnceVariance": theory.ShuffledOnceVariance,
		"(*SGD).FewestSteps": (*theory.SGD).FewestSteps, "GaussianMean": theory.GaussianMean,
		"EscapeRate": theory.EscapeRate, "(*SGD).TrackingJumps": (*theory.SGD).TrackingJumps, "(*SGD).After": (*theory.SGD).After,
		"NewMeanField": theory.NewMeanField, "(*MeanField).Gradient": (*theory.MeanField).Gradient,
	})
}
