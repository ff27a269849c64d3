package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"descent.example/pkg/stat"
)

// Entrant is a contender with the key by which results name it, "ours", "jax" or "torch", and its name in a sentence.
type Entrant struct {
	Key, Name string
	Contender
}

// Result is what a case gave. The maps are by the entrants' keys.
type Result struct {
	Case
	PerStep    map[string]float64       `json:"us_per_step"`     // median over the rounds: µs for a step of one net
	PerStepMin map[string]float64       `json:"us_per_step_min"` // least
	FinalLoss  map[string]float64       `json:"final_loss"`      // over all points after all steps, mean over the nets
	TimedSteps map[string]int           `json:"timed_steps"`     // how many steps a timed run has, from the first on
	Rounds     int                      `json:"rounds"`
	Ratios     map[string]stat.Interval `json:"-"` // ours ÷ theirs, with 95 % confidence
	// Rounding is how far rounding alone moves the final loss, as a part of it; measured where the losses differ by more
	// than a hundredth, else 0.
	Rounding float64           `json:"rounding"`
	Machine  Machine           `json:"machine"`
	Absent   map[string]string `json:"absent,omitempty"` // who does not take part, and why
}

// MarshalJSON adds ratio_KEY and ratio_KEY_interval for each of the Ratios. It is an error when a number is not finite, because
// JSON has no word for it.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	data, err := json.Marshal(plain(r))
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(data, &fields)
	}
	for key, ratio := range r.Ratios {
		fields["ratio_"+key], fields["ratio_"+key+"_interval"] = ratio.Value, [2]float64{ratio.Low, ratio.High}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// Rules of the comparison.
const (
	Early      = 100  // steps at the start that must agree step by step
	earlyPart  = 1e-3 // to this part of the loss
	finalPart  = 0.01 // and the final losses to this part
	confidence = 0.95 // of the intervals

	minRounds, maxRounds = 10, 40
	// Of the time for a case a turn is at least so much, else several runs are timed in it; and at most so much, else fewer
	// steps are timed in it, but not fewer than these.
	minTurn, maxTurn = 0.01, 0.03
	minSteps         = 200
)

// Compare lets the entrants do the task, the first of which is the lab, and returns an error if one of them does not end
// where the lab does. The rounds take about so long, or longer if 10 of them do.
func Compare(ctx context.Context, c Case, task Task, entrants []Entrant, long time.Duration) (Result, error) {
	r := Result{Case: c, PerStep: map[string]float64{}, PerStepMin: map[string]float64{}, FinalLoss: map[string]float64{},
		TimedSteps: map[string]int{}, Ratios: map[string]stat.Interval{}}
	var ours Reply
	for i, e := range entrants {
		ends, err := e.work(ctx, task, c.Steps)
		if err != nil {
			return r, e.failed(c, err)
		}
		r.FinalLoss[e.Key] = task.meanLoss(ends.Nets)
		if i == 0 {
			ours = ends
		} else if err := r.agree(ctx, task, entrants[0], e, ours, ends); err != nil {
			return r, err
		}
	}
	if r.Rounding > 0 { // the lab has done other work since
		if err := entrants[0].Load(ctx, task); err != nil {
			return r, entrants[0].failed(c, err)
		}
	}
	return r, r.time(ctx, entrants, long)
}

func (e Entrant) failed(c Case, err error) error {
	return fmt.Errorf("%s failed at %s: %w", e.Name, c, err)
}

// work loads a task and returns what a run of it ends at.
func (e Entrant) work(ctx context.Context, task Task, steps int) (Reply, error) {
	if err := e.Load(ctx, task); err != nil {
		return Reply{}, err
	}
	ends, err := e.Run(ctx, Request{Steps: steps, Repeats: 1, Results: true})
	if err == nil && (len(ends.Losses) != len(task.Nets) || len(ends.Nets) != len(task.Nets)) {
		err = fmt.Errorf("it returned %d nets where %d were trained", len(ends.Nets), len(task.Nets))
	}
	return ends, err
}

// agree finds out whether an entrant did the same work as the lab. The first steps must agree one by one: another batch,
// start, rate or constant shows there. So must the final losses, to a hundredth, or to what rounding does to the lab's
// own: a run at the edge of stability ends elsewhere when its start changes in the last digit.
//
// Its parameters are both contenders and what each ended at. Only Compare calls it, which has them as variables.
func (r *Result) agree(ctx context.Context, task Task, lab, other Entrant, ours, theirs Reply) error {
	for net, losses := range theirs.Losses {
		for step := range min(Early, r.Steps) {
			if step >= len(losses) || !(apart(losses[step], ours.Losses[net][step]) <= earlyPart) {
				return fmt.Errorf("%s does not do the lab's work at %s: their losses part at step %d, so their times are not compared",
					other.Name, r.Case, step)
			}
		}
	}
	allowed, difference := finalPart, apart(r.FinalLoss[other.Key], r.FinalLoss[lab.Key])
	if difference > allowed {
		if r.Rounding == 0 {
			var err error
			if r.Rounding, err = rounding(ctx, task, lab, r.Steps); err != nil {
				return lab.failed(r.Case, err)
			}
		}
		allowed = max(allowed, 3*r.Rounding)
	}
	if !(difference <= allowed) {
		return fmt.Errorf("%s ends at a loss of %.4g and the lab at %.4g at %s: they must agree to %.2g %%, so their times are not compared",
			other.Name, r.FinalLoss[other.Key], r.FinalLoss[lab.Key], r.Case, 100*allowed)
	}
	return nil
}

// rounding is how far the final loss moves when every starting value changes by a unit or two in the last digit of a
// float32: the farthest of some tries.
func rounding(ctx context.Context, task Task, lab Entrant, steps int) (float64, error) {
	const tries = 5
	farthest, first := 0.0, 0.0
	for try := range tries + 1 {
		moved := task
		moved.Nets = slices.Clone(task.Nets)
		for i, n := range task.Nets {
			for _, values := range []*[]float64{&n.HiddenWeights, &n.HiddenBiases, &n.OutputWeights, &n.OutputBiases} {
				*values = slices.Clone(*values)
				for j := range *values {
					(*values)[j] = single((*values)[j] * (1 + float64(try)*0x1p-23))
				}
			}
			moved.Nets[i] = n
		}
		ends, err := lab.work(ctx, moved, steps)
		if err != nil {
			return 0, err
		}
		if loss := moved.meanLoss(ends.Nets); try == 0 {
			first = loss
		} else {
			farthest = max(farthest, apart(loss, first))
		}
	}
	return farthest, nil
}

// time lets the entrants run in turns.
func (r *Result) time(ctx context.Context, entrants []Entrant, long time.Duration) error {
	requests := make([]Request, len(entrants))
	round := 0.0 // seconds
	for i, e := range entrants {
		// All that is to be warm is warm by now; this run says how long a turn is.
		trial, err := e.Run(ctx, Request{Steps: r.Steps, Repeats: 1})
		if err != nil {
			return e.failed(r.Case, err)
		}
		steps := max(min(r.Steps, minSteps), int(float64(r.Steps)*min(1, maxTurn*long.Seconds()/trial.Seconds[0])))
		if steps < r.Steps { // to some another number of steps is another program
			if _, err := e.Run(ctx, Request{Steps: steps, Repeats: 1}); err != nil {
				return e.failed(r.Case, err)
			}
		}
		one := trial.Seconds[0] * float64(steps) / float64(r.Steps)
		requests[i] = Request{Steps: steps, Repeats: max(1, int(math.Ceil(minTurn*long.Seconds()/one)))}
		r.TimedSteps[e.Key] = steps
		round += one * float64(requests[i].Repeats)
	}
	r.Rounds = max(minRounds, min(maxRounds, int(long.Seconds()/round)))
	perStep := make([][]float64, len(entrants))
	for range r.Rounds {
		for i, e := range entrants {
			reply, err := e.Run(ctx, requests[i])
			if err != nil {
				return e.failed(r.Case, err)
			}
			slices.Sort(reply.Seconds)
			perStep[i] = append(perStep[i], middle(reply.Seconds)*1e6/float64(requests[i].Steps*r.Nets))
		}
	}
	for i, e := range entrants {
		r.PerStep[e.Key] = middle(slices.Sorted(slices.Values(perStep[i])))
		r.PerStepMin[e.Key] = slices.Min(perStep[i])
		if i == 0 {
			continue
		}
		ratios := make([]float64, r.Rounds)
		for k := range ratios {
			ratios[k] = perStep[0][k] / perStep[i][k]
		}
		var err error
		if r.Ratios[e.Key], err = Median(ratios, confidence); err != nil {
			return err
		}
	}
	return nil
}

// apart is how far two losses differ, as a part of them for small differences: |log(a/b)|. A loss of 10⁻¹⁰ is what
// float32 leaves of a perfect fit.
func apart(a, b float64) float64 { return math.Abs(math.Log((a + 1e-10) / (b + 1e-10))) }
