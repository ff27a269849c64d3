package sample

import (
	"fmt"
	"slices"
	"strings"
)

// named are the samplers of batches by the names that their reader chooses.
var named = []struct {
	name string
	make func(batch int) (Sampler, error)
}{
	{"reshuffled", Reshuffled}, {"shuffled once", ShuffledOnce}, {"in order", InOrder}, {"with replacement", WithReplacement},
	{"without replacement", WithoutReplacement},
}

// Names lists what ByName knows.
func Names() (names []string) {
	for _, n := range named {
		names = append(names, n.name)
	}
	return names
}

// ByName returns the sampler of that name, one of Names, for batches of n examples' data: for a cell whose reader chooses it. A batch of n or
// more is all examples at every step. Another name is an error, and so is a batch below 1.
func ByName(name string, batch, n int) (Sampler, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return Sampler{}, fmt.Errorf("there is no order %q: choose one of %s", name, strings.Join(Names(), ", "))
	}
	if batch >= n && batch >= 1 {
		return Full(), nil
	}
	return named[i].make(batch)
}
