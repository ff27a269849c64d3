package schedule_test

import (
	"context"
	"fmt"
	"math"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// WarmUpHold is a schedule that is not in the package: it rises linearly to peak, holds it, and falls like 1/√t. Nothing else
// has to be written.
func WarmUpHold(peak float64, up, hold int) (schedule.Schedule, error) {
	if up < 1 || hold < 0 {
		return schedule.Schedule{}, fmt.Errorf("up is %d and hold is %d: they must be at least 1 and 0", up, hold)
	}
	return schedule.Func(func(t int) float64 {
		switch {
		case t < up:
			return peak * float64(t+1) / float64(up)
		case t < up+hold:
			return peak
		}
		return peak / math.Sqrt(float64(t-up-hold+1))
	})
}

// Two schedules that are not in the package: a constructor, and a function written where it is used. The second run uses
// the program of the first.
func ExampleFunc() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	bowl, err := problem.NewQuadratic([]float64{1, 4}, nil, nil)
	if err != nil {
		panic(err)
	}
	trainer, err := train.New(backend, bowl, optim.GD(), train.Record{Rate: true})
	if err != nil {
		panic(err)
	}
	defer trainer.Close()

	mine, err := WarmUpHold(0.3, 3, 4)
	if err != nil {
		panic(err)
	}
	waves, err := schedule.Func(func(t int) float64 { return 0.2 + 0.1*math.Sin(float64(t)/10) })
	if err != nil {
		panic(err)
	}
	for _, s := range []schedule.Schedule{mine, waves} {
		h, err := trainer.Run(context.Background(), train.Config{
			Schedule: s, Steps: 16, Stride: 5, Start: map[string]any{"theta": []float64{1, 1}}})
		if err != nil {
			panic(err)
		}
		for i, step := range h.Step[:4] {
			fmt.Printf("η_%d = %.4f, L = %.5f\n", step, h.Rate[i], h.Loss[i])
		}
	}
	// Output:
	// η_0 = 0.1000, L = 2.50000
	// η_5 = 0.3000, L = 0.03050
	// η_10 = 0.1500, L = 0.00152
	// η_15 = 0.1000, L = 0.00040
	// η_0 = 0.2000, L = 2.50000
	// η_5 = 0.2479, L = 0.04179
	// η_10 = 0.2841, L = 0.00195
	// η_15 = 0.2997, L = 0.00006
}
