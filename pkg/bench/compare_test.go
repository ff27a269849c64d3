package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"
)

// scripted is a contender that does not train: its run takes what the script says, and ends where it says.
type scripted struct {
	name    string
	perStep func(run int) float64 // seconds for a step of the run-th run
	loss    float64               // of step 0; it falls by a tenth in all
	bias    func(Task) float64    // the output's bias at the end, all else being 0
	fails   error
	task    Task
	runs    int
	log     *[]string
	steps   []int // of each timed run
}

func (s *scripted) Load(_ context.Context, task Task) error { s.task = task; return nil }

func (s *scripted) Run(ctx context.Context, request Request) (r Reply, err error) {
	if s.fails != nil {
		return r, s.fails
	}
	for range request.Repeats {
		r.Seconds = append(r.Seconds, s.perStep(s.runs)*float64(request.Steps))
	}
	s.runs++
	if request.Results {
		for range s.task.Nets {
			losses := make([]float64, request.Steps)
			for i := range losses {
				losses[i] = s.loss * (1 - 0.1*float64(i)/float64(len(losses)))
			}
			r.Losses = append(r.Losses, losses)
			zero := []float64{0}
			r.Nets = append(r.Nets, Net{zero, zero, zero, []float64{s.bias(s.task)}})
		}
		return r, nil
	}
	*s.log = append(*s.log, s.name)
	s.steps = append(s.steps, request.Steps)
	return r, ctx.Err()
}

func cast(names ...string) (entrants []Entrant, actors []*scripted) {
	log := &[]string{}
	for _, name := range names {
		s := &scripted{name: name, perStep: func(int) float64 { return 1e-6 }, loss: 1, bias: func(Task) float64 { return 2 }, log: log}
		actors = append(actors, s)
		entrants = append(entrants, Entrant{Key: name, Name: "<" + name + ">", Contender: s})
	}
	return entrants, actors
}

var small = Case{Width: 1, Batch: 1, Points: 2, Steps: 1000, Optimizer: "sgd", LR: 0.1, Nets: 1}

func compareSmall(entrants []Entrant) (Result, error) {
	return Compare(context.Background(), small, NewTask(small, nil, 1), entrants, time.Second)
}

// On a machine that becomes ever slower the paired ratios stay what they are, and the entrants take turns.
func TestCompareIsPaired(t *testing.T) {
	entrants, actors := cast("ours", "jax", "torch")
	for i, factor := range []float64{1, 2, 4} {
		actors[i].perStep = func(run int) float64 { return 1e-6 * factor * float64(1+run) }
	}
	r, err := compareSmall(entrants)
	require.NoError(t, err)
	require.InEpsilon(t, 0.5, r.Ratios["jax"].Value, 1e-12)
	require.InEpsilon(t, 0.5, r.Ratios["jax"].Low, 1e-12)
	require.InEpsilon(t, 0.25, r.Ratios["torch"].High, 1e-12)
	require.Greater(t, r.PerStep["ours"], 1.5*r.PerStepMin["ours"], "the machine became slower")
	require.InEpsilon(t, 2*r.PerStep["ours"], r.PerStep["jax"], 1e-12)
	require.GreaterOrEqual(t, r.Rounds, 10)
	require.LessOrEqual(t, r.Rounds, 40)
	log := *actors[0].log
	for i := range 3 * r.Rounds {
		require.Equal(t, entrants[i%3].Key, log[len(log)-3*r.Rounds+i], "turn %d", i)
	}
}

// Who is slow is timed over fewer steps, but not too few; one run of them comes before the clock.
func TestCompareOfTheSlow(t *testing.T) {
	entrants, actors := cast("ours", "torch")
	for seconds, steps := range map[float64]int{1e-5: 1000, 1e-4: 300, 1e-2: 200} {
		actors[1].perStep, actors[1].steps = func(int) float64 { return seconds }, nil
		r, err := compareSmall(entrants)
		require.NoError(t, err)
		require.Equal(t, steps, r.TimedSteps["torch"])
		require.Equal(t, 1000, r.TimedSteps["ours"])
		require.InEpsilon(t, 1e6*seconds, r.PerStep["torch"], 1e-12)
		warm := len(actors[1].steps) - r.Rounds
		require.Equal(t, 1000, actors[1].steps[0])
		if steps < 1000 {
			require.Equal(t, 2, warm)
		}
		for _, s := range actors[1].steps[1:] {
			require.Equal(t, steps, s)
		}
	}
}

// Who ends elsewhere, or begins elsewhere, is not timed.
func TestCompareOfTheWrong(t *testing.T) {
	for want, spoil := range map[string]func(*scripted){
		"<jax> … 2.111 … 2.01 … width 1, batch 1, sgd at η = 0.1 … 1 %": func(s *scripted) {
			s.bias = func(Task) float64 { return 2.05 }
		},
		"<jax> … width 1, batch 1, sgd at η = 0.1 … step 0":               func(s *scripted) { s.loss = 1.002 },
		"<jax> … failed … width 1, batch 1, sgd at η = 0.1 … it is tired": func(s *scripted) { s.fails = errors.New("it is tired") },
	} {
		entrants, actors := cast("ours", "jax", "torch")
		spoil(actors[1])
		_, err := compareSmall(entrants)
		says.All(t, err, want)
		require.Empty(t, *actors[0].log, "nothing was timed")
	}
	entrants, actors := cast("ours", "jax")
	actors[1].loss, actors[1].bias = 1.0005, func(Task) float64 { return 2.005 }
	_, err := compareSmall(entrants)
	require.NoError(t, err, "float32 rounds")
}

// Where rounding decides the lab's own end, another's end may be as far away, and three times that, but not more.
func TestCompareOfTheChaotic(t *testing.T) {
	for bias, fits := range map[float64]bool{2.1: true, 2.6: true, 4: false} {
		entrants, actors := cast("ours", "jax")
		start := NewTask(small, nil, 1).Nets[0].HiddenWeights[0]
		actors[0].bias = func(task Task) float64 {
			if task.Nets[0].HiddenWeights[0] != start {
				return 2.2
			}
			return 2
		}
		actors[1].bias = func(Task) float64 { return bias }
		r, err := compareSmall(entrants)
		require.InDelta(t, 0.19, r.Rounding, 0.001, "log of the ratio of the lab's own two ends")
		if fits {
			require.NoError(t, err)
			require.Equal(t, start, actors[0].task.Nets[0].HiddenWeights[0], "what is timed is the task")
		} else {
			require.ErrorContains(t, err, "they must agree to 57 %")
		}
	}
}

func TestCompareEndsWithItsContext(t *testing.T) {
	entrants, _ := cast("ours", "jax")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Compare(ctx, small, NewTask(small, nil, 1), entrants, time.Second)
	require.ErrorIs(t, err, context.Canceled)
}

func TestResultAsJSON(t *testing.T) {
	entrants, actors := cast("ours", "jax")
	actors[1].perStep = func(int) float64 { return 2e-6 }
	r, err := compareSmall(entrants)
	require.NoError(t, err)
	r.Machine = Machine{CPU: "abacus", Cores: 2, System: "wood", Versions: map[string]string{"ours": "1"}}
	r.Absent = map[string]string{"torch": "no network"}
	data, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{
		"width": 1, "batch": 1, "points": 2, "steps": 1000, "optimizer": "sgd", "lr": 0.1, "nets": 1,
		"us_per_step": {"ours": 1, "jax": 2}, "us_per_step_min": {"ours": 1, "jax": 2},
		"ratio_jax": 0.5, "ratio_jax_interval": [0.5, 0.5],
		"final_loss": {"ours": %[1]v, "jax": %[1]v}, "timed_steps": {"ours": 1000, "jax": 1000}, "rounds": 40, "rounding": 0,
		"machine": {"cpu": "abacus", "cores": 2, "system": "wood", "versions": {"ours": "1"}}, "absent": {"torch": "no network"}}`, r.FinalLoss["ours"]),
		string(data))
}
