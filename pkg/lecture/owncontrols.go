package lecture

import (
	"errors"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
)

// Drawn is the name of the target that OwnControls' reader draws.
const Drawn = "drawn"

// OwnTargets are the names of the targets that OwnControls' reader chooses from.
func OwnTargets() (names []string) {
	for _, t := range problem.Targets() {
		names = append(names, t.Name)
	}
	return append(names, Drawn)
}

// OwnControls (claims G3, N12, W1) are what a reader sets of a net of his own.
type OwnControls struct {
	Target    string    // one of OwnTargets
	Heights   []float64 // of the drawn target, at equal distances from 0 to 1
	Examples  int
	Noise     float64 // standard deviation
	Width     int     // of each hidden layer
	Depth     int     // hidden layers
	Unit      string  // one of problem.Activations
	Scale     float64 // by which the start is multiplied
	Optimizer string  // one of optim.Names
	Rate      float64 // the greatest η
	Schedule  string  // one of ScheduleNames
	Batch     int
	Order     string // one of sample.Names
	Steps     int
	Decay     float64 // weight decay
	Seed      int
	Film      bool // the picture is the training, not its end
}

// places are those of the drawn target's points.
func (c OwnControls) places() (xs []float64) {
	for i := range c.Heights {
		xs = append(xs, float64(i)/float64(len(c.Heights)-1))
	}
	return xs
}

// Function is the target. It is an error when there is none of the name, and when the drawn one has fewer than two heights.
func (c OwnControls) Function() (problem.Target, error) {
	if c.Target == Drawn {
		return problem.Through(c.places(), c.Heights)
	}
	return problem.TargetByName(c.Target)
}

// Sizes are those of a net of depth hidden layers of the same width. It panics when depth is negative.
func Sizes(inputs, width, depth, outputs int) []int {
	return slices.Concat([]int{inputs}, slices.Repeat([]int{width}, depth), []int{outputs})
}

// Model is the net, in float64. It is an error when there is no unit of the name.
func (c OwnControls) Model() (model problem.MLP, err error) {
	model = problem.MLP{Sizes: Sizes(1, c.Width, c.Depth, 1), DType: dtypes.Float64}
	model.Activation, err = problem.ActivationByName(c.Unit)
	return model, err
}

// Net is the training, as the cell of section 7.1 writes it out. It is an error when a control cannot be.
func (c OwnControls) Net() (OwnNet, error) {
	target, err := c.Function()
	if err != nil {
		return OwnNet{}, err
	}
	var errs [4]error
	o := OwnNet{Target: target, Noise: c.Noise, Edge: EdgeOf(c.Optimizer), Steps: c.Steps, Seed: c.Seed}
	o.X, o.Y = target.Sample(c.Examples, c.Noise, c.Seed)
	model, err := c.Model()
	if err != nil {
		return o, err
	}
	o.Problem, errs[0] = problem.NewNet(model, problem.NewPoints(o.X, o.Y))
	o.Start = problem.SpreadElbows(o.X).Times(c.Scale)
	o.Optimizer, errs[1] = optim.ByName(c.Optimizer, optim.WeightDecay(c.Decay))
	o.Schedule, errs[2] = ScheduleByName(c.Schedule, c.Rate, c.Steps)
	o.Sampler, errs[3] = sample.ByName(c.Order, c.Batch, c.Examples)
	return o, errors.Join(errs[:]...)
}

// A Shown is a picture that lab.Show takes.
type Shown interface {
	PNG() ([]byte, error)
	Alt() string
}

// Picture is the run's: as it ends, with handles at the points of a drawn target, which set the parameter heights; or as a film. It panics when the run is nil.
func (c OwnControls) Picture(r *OwnRun, heights string) Shown {
	mustGive("run", r)
	if c.Film {
		return r.Animate()
	}
	fig := r.Draw()
	if c.Target == Drawn {
		fig = fig.Handles(1, "", heights, c.places(), c.Heights)
	}
	return fig
}
