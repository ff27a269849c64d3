package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"descent.example/internal/plural"
	"descent.example/pkg/bench"
	"descent.example/pkg/lecture"
)

// Sweep is what training all nets of an exercise took.
type sweep struct {
	Name     string        `json:"sweep"`
	Runs     int           `json:"runs"`
	Seeds    int           `json:"seeds"`
	Steps    int           `json:"steps"` // of each run
	Batch    int           `json:"batch"`
	Seconds  float64       `json:"seconds"` // of all, compiling included
	Diverged int           `json:"diverged"`
	Machine  bench.Machine `json:"machine"`
}

func (s sweep) String() string {
	text := fmt.Sprintf("The CS182 sweep, 3 widths × 3 optimizers × %d seeds × %d steps, batch %d: %.1f s, compiling included, on %d "+
		"cores.", s.Seeds, s.Steps, s.Batch, s.Seconds, s.Machine.Cores)
	if s.Diverged > 0 {
		text += fmt.Sprintf(" %s diverged and ended there.", plural.Of(s.Diverged, "run"))
	}
	return text
}

// cs182 trains the nets of lecture.CS182. In the course they are 270 nets: 30 seeds, of 30,000 steps.
func cs182(ctx context.Context, seeds, steps int) (sweep, error) {
	s := sweep{Name: "cs182", Seeds: seeds, Steps: steps, Batch: lecture.CS182Batch}
	s.Machine = bench.ThisMachine()
	s.Machine.Versions["ours"] = version()
	began := time.Now()
	scores, err := lecture.CS182(ctx, lecture.CS182Settings{Widths: []int{10, 20, 40}, Optimizers: []string{"SGD", "momentum", "Adam"},
		Seeds: seeds, Steps: steps})
	s.Seconds = time.Since(began).Seconds()
	for _, score := range scores {
		s.Runs += len(score.Losses)
		for _, loss := range score.Losses {
			if math.IsInf(loss, 1) {
				s.Diverged++
			}
		}
	}
	return s, err
}
