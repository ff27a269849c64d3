package lecture_test

import (
	"context"
	"fmt"
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/lab"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// The floor that SGD's noise leaves at two constant rates, measured and exact (claim S7).
func ExampleMeasureDance() {
	study := lab.Must(lecture.TwoMeasurements(0, "bmi", "s5"))
	dance := lab.Must(lecture.MeasureDance(context.Background(), study,
		lecture.Grid{Batch: 4, Rates: []float64{0.02, 0.1}, Steps: 2000, Seeds: 4}))
	for i, eta := range dance.Rate {
		fmt.Printf("η = %g: excess loss %.4f, in theory %.4f\n", eta, dance.Excess[i].Value, dance.Predicted[i])
	}
}

// How often training finds a function that every one of the nets can represent (claim N11).
func ExampleSearch() {
	training := lecture.Training{Target: problem.Lecturer(), Rate: 0.01, Steps: 12_000, Seeds: 24}
	for _, s := range lab.Must(lecture.Search(context.Background(), training, []int{10, 80}, 0.02)) {
		fmt.Printf("%d units: %.0f %% found it\n", s.Width, 100*s.Rate.Value)
	}
}

// The gradients of batches scatter as theory says, whatever the size of a batch (claim S2).
func ExampleMeasureBatchNoise() {
	study := lab.Must(lecture.TwoMeasurements(0, "bmi", "s5"))
	noise := lab.Must(lecture.MeasureBatchNoise(study, lecture.BatchNoiseSettings{
		Theta: study.Start, Sampling: theory.WithoutReplacement, Batches: []int{1, 16, 256}, Draws: 4000, Seed: 1}))
	for i, b := range noise.Batch {
		fmt.Printf("b = %3d: within 10 %% of theory: %t\n", b, noise.Variance[i].Value < 1.1*noise.Predicted[i] && noise.Variance[i].Value > 0.9*noise.Predicted[i])
	}
	// Output:
	// b =   1: within 10 % of theory: true
	// b =  16: within 10 % of theory: true
	// b = 256: within 10 % of theory: true
}

// A net of 4 elbows through a parabola, exact at its knots (claim N5).
func ExampleConstruct() {
	parabola := problem.Target{Name: "parabola", F: func(x float64) float64 { return x * x }, Lo: 0, Hi: 1}
	for _, c := range lab.Must(lecture.Construct(parabola, []int{4, 8}, 2)) {
		fmt.Printf("%d elbows: off by %.6f between the knots, the bound is %.6f\n", c.Pieces, c.Between, c.Bound)
	}
	// Output:
	// 4 elbows: off by 0.015625 between the knots, the bound is 0.015625
	// 8 elbows: off by 0.003906 between the knots, the bound is 0.003906
}

// The best sum of elbows without output weights cannot go below 0 (claim N4).
func ExampleBestSum() {
	sum := lecture.BestSum(problem.Target{F: func(x float64) float64 { return -x }, Lo: 0, Hi: 1}, 4)
	fmt.Printf("it is %g at x = 1, where the target is −1\n", sum.At(1))
	// Output: it is 0 at x = 1, where the target is −1
}

// A net's circuit, with the values at one input on its wires (claim N1).
func ExampleCircuitAt() {
	g := lab.Must(lecture.CompareGradients(lecture.GradientSettings{Widths: []int{3}, X: 0.7, Y: 1, Seed: 8}))
	lab.Show(lecture.CircuitAt("A net at x = 0.7", g.Net, 0.7))
}

// Numbers of pieces for a logarithmic axis.
func ExampleDoublings() {
	fmt.Println(lecture.Doublings(2, 100))
	// Output: [2 4 8 16 32 64]
}

// A function and a net that was written down, over the interval of the function.
func ExampleGraph() {
	target := lab.Must(problem.TargetByName("sine"))
	net := lab.Must(relu.Uniform(target.F, target.Lo, target.Hi, 8))
	lab.Show(lecture.Graph("A sine in eight pieces", target).Theory("target", nil, target.F).Line("net", nil, net.At))
}

// A study is data and what theory says of it: here of the disease's progression by two measurements.
func ExampleProgression() {
	study := lab.Must(lecture.Progression("bmi", "s5"))
	fmt.Printf("gradient descent is stable below %.3f\n", study.Threshold())
	// Output:
	// gradient descent is stable below 1.383
}

// Gradient descent on the valley, at a rate at which it zigzags.
func ExampleValley() {
	trainer := lab.Must(lecture.NewTrainer(lecture.Valley(), "GD", train.Record{}))
	defer trainer.Close()
	run := lab.Must(trainer.Run(context.Background(), train.Config{LearningRate: 0.18, Steps: 60}))
	fmt.Println(lecture.Ending(run))
	// Output:
	// finite after 60
}

// Elbows and steps that are written down: how the greatest error falls with their number (claim N7).
func ExampleDrawTail() {
	target := lab.Must(problem.TargetByName("sine"))
	nets := lab.Must(lecture.WriteDown(target, lecture.Doublings(5, 160), 20))
	errors := figure.New("The greatest error", figure.LogX("units"), figure.LogY("max |f − net|"))
	lab.Say("elbows: %s", lecture.DrawTail(errors, "ReLU", nets.Units, nets.ReLU))
	lab.Say("steps: %s", lecture.DrawTail(errors, "sigmoid", nets.Units, nets.Sigmoid))
	// Output:
	// elbows: the error falls like d^−2.00; at d = 160 it is 0.00019
	// steps: the error falls like d^−0.99; at d = 160 it is 0.02
}

// How far the boxes of the universal approximation theorem's proof shrink with the number of pieces (claim N6).
func ExampleOscillation() {
	root := problem.Target{F: math.Sqrt, Hi: 1}
	fmt.Println(lecture.Oscillation(root, 4), lecture.Oscillation(root, 16))
	// Output: 0.5 0.25
}

// The variance of noise, estimated from noisy examples without any net (claim W1).
func ExampleEstimateNoise() {
	f := func(x float64) float64 { return math.Sin(2 * math.Pi * x) }
	noise := lab.Must(lecture.EstimateNoise(f, 0.3, 400, 1))
	fmt.Println(noise)
	lab.Show(noise.DrawGamma())
}

// How many labelings of points in the plane a line can make, tried one by one (claim W2).
func ExampleEnumerateLabelings() {
	tried := lab.Must(lecture.EnumerateLabelings(4))
	fmt.Printf("%.1f %%; Cover's count is off by %d\n", tried.Share, tried.Off)
	// Output: [100.0 100.0 100.0 87.5] %; Cover's count is off by 0
}

// The parameters of random nets, of which many are redundant (claim N10).
func ExampleSurveyDegrees() {
	for _, d := range lab.Must(lecture.SurveyDegrees(3)) {
		fmt.Printf("%v: %d parameters, %d degrees of freedom\n", d.Sizes, d.Redundancy.Parameters, d.Rank)
	}
}

// A patient of each cause, and what the clinic says of them (claim W1).
func ExampleFourPatients() {
	clinic := &lecture.Clinic{Seeds: 3}
	defer clinic.Close()
	for _, p := range lab.Must(lecture.FourPatients(6)) {
		lab.Say("%v", lab.Must(clinic.Examine(lab.Context(), p)))
	}
}
