// Package grid is a study of many training runs that several machines share: a grid of settings, cut into shards that each write a
// file of their own, and the files put together again. It trains nothing itself.
package grid

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"descent.example/pkg/stat"
)

// mostRuns is the largest number of runs in a grid: what a file of results and its reader hold with ease.
const mostRuns = 1_000_000

// A Grid is the training of nets of one hidden layer with every width, by every optimizer, at every learning rate, from every seed.
type Grid struct {
	Widths     []int     `json:"widths"`     // hidden units
	Optimizers []string  `json:"optimizers"` // as optim.ByName knows them
	Rates      []float64 `json:"rates"`      // learning rates η
	Seeds      int       `json:"seeds"`      // runs of each, from the seeds 1, 2, …
	Steps      int       `json:"steps"`      // of each run
}

// A Run is one point of a grid.
type Run struct {
	Width     int     `json:"width"`
	Optimizer string  `json:"optimizer"`
	Rate      float64 `json:"rate"`
	Seed      int     `json:"seed"`
}

// A Result is what a run came to.
type Result struct {
	Run
	Error    float64 `json:"error"`              // mean square error; without a meaning if Diverged is not 0
	Diverged int     `json:"diverged,omitempty"` // the step at which the run diverged, 0 if it did not
}

// Check is an error, which says what to change, when the grid has no run or more than a million, when a value is twice in a list,
// and when a width, a rate, the seeds or the steps are not positive.
func (g Grid) Check() error {
	runs := float64(len(g.Widths)) * float64(len(g.Optimizers)) * float64(len(g.Rates)) * float64(g.Seeds)
	switch {
	case len(g.Widths) == 0, len(g.Optimizers) == 0, len(g.Rates) == 0:
		return errors.New("the grid is empty: give at least one width, one optimizer and one rate")
	case slices.Min(g.Widths) < 1:
		return fmt.Errorf("a width is %d: it must be at least 1", slices.Min(g.Widths))
	case g.Seeds < 1 || g.Steps < 1:
		return fmt.Errorf("seeds is %d and steps is %d: both must be at least 1", g.Seeds, g.Steps)
	case runs > mostRuns:
		return fmt.Errorf("the grid has %.3g runs, and %d are the most: make several grids of it", runs, mostRuns)
	}
	for _, rate := range g.Rates {
		if !(rate > 0) || math.IsInf(rate, 0) {
			return fmt.Errorf("a rate is %v: it must be a finite number greater than 0", rate)
		}
	}
	return cmp.Or(once("widths", g.Widths), once("optimizers", g.Optimizers), once("rates", g.Rates))
}

// once is an error when a value stands twice in a list.
func once[T comparable](name string, list []T) error {
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			return fmt.Errorf("%v stands twice among the %s: once is enough", v, name)
		}
	}
	return nil
}

// Runs returns the runs of the grid, [widths × optimizers × rates × seeds], in the order of the lists.
func (g Grid) Runs() []Run {
	var runs []Run
	for _, width := range g.Widths {
		for _, optimizer := range g.Optimizers {
			for _, rate := range g.Rates {
				for seed := 1; seed <= g.Seeds; seed++ {
					runs = append(runs, Run{width, optimizer, rate, seed})
				}
			}
		}
	}
	return runs
}

// A Shard is the part of a grid that one machine does: every Of-th run, from the run Index on.
type Shard struct {
	Grid  Grid `json:"grid"`
	Index int  `json:"shard"` // from 0
	Of    int  `json:"of"`
}

// Check is an error when the grid cannot be, and when there is no such shard of it.
func (s Shard) Check() error {
	if err := s.Grid.Check(); err != nil {
		return err
	}
	if s.Of < 1 || s.Index < 0 || s.Index >= s.Of {
		return fmt.Errorf("there is no shard %d of %d: with --of %d the shards are 0 to %d", s.Index, s.Of, s.Of, s.Of-1)
	}
	return nil
}

// Runs returns the runs of the shard. The shards of a grid have each of its runs once, and differ by one run at most. Neighbors
// are in different shards, so a wide net's many runs are shared.
func (s Shard) Runs() []Run {
	var runs []Run
	for i, run := range s.Grid.Runs() {
		if i%s.Of == s.Index {
			runs = append(runs, run)
		}
	}
	return runs
}

// A Summary is what the seeds of one width, optimizer and rate came to.
type Summary struct {
	Width     int
	Optimizer string
	Rate      float64
	Mean      stat.Interval // of the mean square errors of the runs that did not diverge, with its 95 % interval
	Diverged  int           // runs that did
}

// Summarize returns the summaries of a grid's results, in the order in which they begin. It is an error when the errors' mean
// cannot be computed because one of them is not finite.
func Summarize(results []Result) ([]Summary, error) {
	var all []Summary
	var errs [][]float64
	at := map[Run]int{}
	for _, r := range results {
		key := r.Run
		key.Seed = 0
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			all, errs = append(all, Summary{Width: r.Width, Optimizer: r.Optimizer, Rate: r.Rate}), append(errs, nil)
		}
		if r.Diverged != 0 {
			all[i].Diverged++
		} else {
			errs[i] = append(errs[i], r.Error)
		}
	}
	for i := range all {
		if len(errs[i]) == 0 {
			all[i].Mean = stat.Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
			continue
		}
		mean, err := stat.MeanOverRuns(errs[i], 0.95)
		if err != nil {
			return nil, fmt.Errorf("width %d, %s, η = %g: %w", all[i].Width, all[i].Optimizer, all[i].Rate, err)
		}
		all[i].Mean = mean
	}
	return all, nil
}

// Row is the summary's row of a table: width, optimizer, rate, mean, its interval, runs that diverged.
func (s Summary) Row() []string {
	mean, interval := fmt.Sprintf("%.3g", s.Mean.Value), s.Mean.Ends("%.3g")
	if math.IsNaN(s.Mean.Value) {
		mean, interval = "none", ""
	}
	return []string{strconv.Itoa(s.Width), s.Optimizer, fmt.Sprintf("%g", s.Rate), mean, interval, strconv.Itoa(s.Diverged)}
}
