package train

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// joined puts the tensors of several runs together, those of a run after those of another. The lanes that remain repeat the
// last run. Without lanes there is one run, and its tensors are as they are.
func joined(runs [][]*tensors.Tensor, lanes int) []*tensors.Tensor {
	if lanes == 0 {
		return runs[0]
	}
	all := make([]*tensors.Tensor, len(runs[0]))
	for k, x := range runs[0] {
		all[k] = tensors.FromShape(shapes.Make(x.DType(), slices.Concat([]int{lanes}, x.Shape().Dimensions)...))
		must(all[k].MutableBytes(func(to []byte) {
			size := len(to) / lanes
			for i := range lanes {
				must(runs[min(i, len(runs)-1)][k].ConstBytes(func(from []byte) { copy(to[i*size:], from) }))
			}
		}))
	}
	return all
}

// lane is the part of the tensors that belongs to run i: all of it, or only its first rows.
func lane(all []*tensors.Tensor, i, rows int) []*tensors.Tensor {
	own := make([]*tensors.Tensor, len(all))
	for k, x := range all {
		dims := slices.Clone(x.Shape().Dimensions[1:])
		size := x.Shape().Size() / x.Shape().Dimensions[0] * x.DType().Size()
		if rows > 0 {
			dims[0] = rows
		}
		own[k] = tensors.FromShape(shapes.Make(x.DType(), dims...))
		must(x.ConstBytes(func(from []byte) {
			must(own[k].MutableBytes(func(to []byte) { copy(to, from[i*size:]) }))
		}))
	}
	return own
}

// differs tells of the parameters that buildLoop makes, by name, whether each run has its own: the counters up to from, the data and
// given batches are common to all.
func (t *Trainer) differs(u setup, name string) bool {
	var i int
	is := func(format string) bool {
		_, err := fmt.Sscanf(name, format, &i)
		return err == nil
	}
	switch {
	case is("counter%d"):
		return false
	case is("loop%d") && i < counters:
		return i == ok || i == at
	case is("loop%d"):
		i -= counters
	case !is("fixed%d"):
		return true // a variable
	}
	common := len(t.data)
	if u.sampler.IsGiven() {
		common++
	}
	return i < 1 || i > common
}
