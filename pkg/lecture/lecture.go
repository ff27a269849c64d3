// Package lecture holds the lecture's experiments, each in a file of its own. The first line of an experiment's comment names its
// claims (G1 to W2, the table in README.md), and the notebook's cell and the claim's test both call it. An experiment takes plain
// settings, trains, and returns what was measured beside what theory says. A cell draws what takes it few lines. A picture of many
// lines is drawn here, by a function or method Draw… beside its experiment, and a result says in its String what a cell says of it.
//
// Where an experiment says nothing else, it is an error when a setting cannot be (the sentence names it), when the backend cannot
// compile or run the training, and when the context ends. A run that diverges is no error: it is a result.
package lecture

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomlx/gomlx/support/exceptions"

	"descent.example/internal/live"
	"descent.example/internal/missing"
	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
	"descent.example/pkg/wasm"
)

// NewTrainer is train.New with the optimizer of that name (optim.ByName) on the backend that accel.Open gives. It is an error when there
// is no such optimizer, when the record asks for a variable that does not exist, and when the backend cannot compile the problem.
func NewTrainer(p problem.Problem, optimizer string, record train.Record) (*train.Trainer, error) {
	rule, err := optim.ByName(optimizer)
	if err != nil {
		return nil, err
	}
	return newTrainer(p, rule, record)
}

// mostShared is how many bytes of data a trainer may have whose programs are shared: each holds a copy, and the more data a run computes with, the
// less does it matter how long its graph takes to build.
const mostShared = 256 << 10

// newTrainer makes a trainer. In a live process, those that would build the same share their programs. But where wazero computes, what is not closed
// stays in memory, and nobody closes what is shared.
func newTrainer(p problem.Problem, rule optimizer.Interface, record train.Record) (*train.Trainer, error) {
	backend, err := accel.Open()
	if err != nil {
		return nil, err
	}
	p, building := owned(p)
	make := func() (*train.Trainer, error) { return train.New(backend, p, rule, record) }
	stepping, _ := rule.(structured)
	if !live.Process || building == nil || stepping == nil || stepping.Structure() == "" || runtime.GOOS != "js" && accel.Platform() == wasm.Name {
		return make()
	}
	var data []*tensors.Tensor
	if err := exceptions.TryCatch[error](func() { data = p.Data() }); err != nil {
		return make() // which says it in its own words
	}
	structure := building.Structure() + "; " + stepping.Structure()
	var bytes int64
	for _, x := range data {
		structure += x.Shape().String()
		bytes += x.Shape().ByteSize()
	}
	if bytes > mostShared {
		return make()
	}
	first, err := kept(fmt.Sprintf("trainer of %s; %v", structure, record), make)
	if err != nil {
		return nil, err
	}
	return first.On(data) // whoever has it may close it
}

// structured says what it builds: what has the same structure builds the same.
type structured interface{ Structure() string }

// owned is a problem that whoever has p does not change, as its Loss is built when it is needed, and what names its structure. Of kinds that are not known, such as
// what embeds a known one and may build more, it is p and nil.
func owned(p problem.Problem) (problem.Problem, structured) {
	if missing.Any(p) {
		return p, nil
	}
	switch p := p.(type) {
	case *problem.Net:
		own := *p
		own.Sizes = slices.Clone(p.Sizes)
		return &own, &own
	case *problem.LeastSquares:
		own := *p
		own.Start = slices.Clone(p.Start)
		return &own, &own
	case *problem.Quadratic:
		own := *p
		own.Start = slices.Clone(p.Start)
		return &own, &own
	}
	return p, nil
}

// given says that one of the values is nil: what a constructor returned beside an error that nobody looked at.
func given(what string, values ...any) error {
	if missing.Any(values...) {
		return fmt.Errorf("the %s is nil: look at the error of what made it", what)
	}
	return nil
}

// mustGive is given for functions without an error.
func mustGive(what string, values ...any) {
	if err := given(what, values...); err != nil {
		panic(err)
	}
}

// mustCount is counts for functions without an error.
func mustCount(name string, n int) {
	if err := counts(name, n); err != nil {
		panic(err)
	}
}

// counts says which of the numbers, each after its name, cannot be how many of something there are. There may be more steps
// than of what is kept of each.
func counts(named ...any) error {
	for i := 0; i < len(named); i += 2 {
		name, n, most := named[i].(string), named[i+1].(int), 1<<20
		if name == "Steps" || name == "Limit" {
			most = 1 << 30
		}
		if n < 1 || n > most {
			return fmt.Errorf("%s is %d: it must be between 1 and %d", name, n, most)
		}
	}
	return nil
}
