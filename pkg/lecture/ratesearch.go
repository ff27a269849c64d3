package lecture

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/floats"
)

// RateSearch (claims H2, H3) is a search for a contender's best learning rate. It goes on until the best rate has a worse one on
// both sides, so that no best rate stands on the edge of its grid, and then tries rates between the best and those.
type RateSearch struct {
	Rates   []float64 // ascending
	Each    []float64 // what is left at each rate, the less the better; +Inf where a run diverged
	refined int       // how often
}

// Best is the index of the best rate.
func (r RateSearch) Best() int { return floats.MinIdx(r.Each) }

// Rate is the best rate.
func (r RateSearch) Rate() float64 { return r.Rates[r.Best()] }

// Least is what is left at the best rate.
func (r RateSearch) Least() float64 { return r.Each[r.Best()] }

// Inside tells whether the best rate has a worse one on both sides.
func (r RateSearch) Inside() bool { return r.Best() > 0 && r.Best() < len(r.Rates)-1 }

// Capped tells whether the next greater rate was ruled out, so that the limit and not the contender decides where its best rate lies.
func (r RateSearch) Capped() bool { return r.Inside() && math.IsInf(r.Each[r.Best()+1], 1) }

// mostRates end a search that finds no best rate.
const mostRates = 48

// searchRates does a search for each contender, which begins with its first rates, [contenders][rates], and is refined as often as
// refinements says of the contender. try gets new rates for each contender, none for those that are done, and returns what is left at
// each, in the same shape. It is an error when a rate is not positive and finite, when a search does not end, and when try fails.
func searchRates(first [][]float64, refinements func(contender int) int, try func(rates [][]float64) ([][]float64, error)) ([]RateSearch, error) {
	searches, next := make([]RateSearch, len(first)), make([][]float64, len(first))
	for i, rates := range first {
		if len(rates) == 0 {
			return nil, errors.New("there are no rates to try: give at least one")
		}
		for _, rate := range rates {
			if !(rate > 0) || math.IsInf(rate, 1) {
				return nil, fmt.Errorf("a rate is %g: it must be positive and finite", rate)
			}
		}
		next[i] = slices.Compact(slices.Sorted(slices.Values(rates)))
	}
	for {
		each, err := try(next)
		if err != nil {
			return nil, err
		}
		open := false
		for i := range searches {
			if len(next[i]) == 0 {
				continue
			}
			searches[i].add(next[i], each[i])
			if len(searches[i].Rates) > mostRates {
				return nil, fmt.Errorf("no best rate lies between %.1g and %.1g: change the budget", searches[i].Rates[0], searches[i].Rates[len(searches[i].Rates)-1])
			}
			next[i] = searches[i].next(refinements(i))
			open = open || len(next[i]) > 0
		}
		if !open {
			return searches, nil
		}
	}
}

// always is the same number of refinements for every contender.
func always(n int) func(int) int { return func(int) int { return n } }

// add sorts new rates in.
func (r *RateSearch) add(rates, each []float64) {
	for i, rate := range rates {
		k, _ := slices.BinarySearch(r.Rates, rate)
		r.Rates, r.Each = slices.Insert(r.Rates, k, rate), slices.Insert(r.Each, k, each[i])
	}
}

// next are the rates to try: two beyond the edge on which the best one stands, at the ratio of the rates there, or else those in
// the middle between the best and its neighbors.
func (r *RateSearch) next(refinements int) []float64 {
	k, last := r.Best(), len(r.Rates)-1
	ratio := func(i int) float64 {
		if last == 0 {
			return 2
		}
		return r.Rates[i+1] / r.Rates[i]
	}
	switch {
	case k == 0:
		return []float64{twoDigits(r.Rates[0] / ratio(0) / ratio(0)), twoDigits(r.Rates[0] / ratio(0))}
	case k == last:
		return []float64{twoDigits(r.Rates[k] * ratio(k-1)), twoDigits(r.Rates[k] * ratio(k-1) * ratio(k-1))}
	case r.refined < refinements:
		r.refined++
		return []float64{twoDigits(math.Sqrt(r.Rates[k-1] * r.Rates[k])), twoDigits(math.Sqrt(r.Rates[k] * r.Rates[k+1]))}
	}
	return nil
}

// Ratios are rates from lo to hi at equal ratios, perDecade of them for each factor of ten, each rounded to two digits.
func Ratios(lo, hi float64, perDecade int) (rates []float64) {
	mustCount("perDecade", perDecade)
	for k := 0; ; k++ {
		rate := lo * math.Pow(10, float64(k)/float64(perDecade))
		if rate > hi*(1+1e-9) || k >= mostRates {
			return rates
		}
		rates = append(rates, twoDigits(rate))
	}
}

// twoDigits rounds a number to two digits.
func twoDigits(x float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 1, 64), 64)
	if err != nil {
		return x
	}
	return rounded
}
