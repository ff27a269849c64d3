package train_test

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

func newBowl() *bowl {
	return &bowl{dtype: dtypes.Float32, curvature: []float64{1, 4}, centre: []float64{0, 0}}
}

// Of a stride beyond the run there are the first record and the last, however great it is.
func TestAStrideBeyondTheRun(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, newBowl(), optim.GD(), train.Record{})
		c := train.Config{LearningRate: 0.1, Steps: 5, Stride: 100}
		want := run(t, trainer, c)
		for _, stride := range []int{math.MaxInt, math.MaxInt - 1, 1 << 53} {
			c.Stride = stride
			got := run(t, trainer, c)
			require.Equal(t, []int{0, 5}, got.Step)
			require.Equal(t, want.Loss, got.Loss)
			c.From = got
			require.Equal(t, []int{5, 10}, run(t, trainer, c).Step)
			c.From = nil
		}
	})
}

// What cannot fit into memory, or be counted, is refused before it is tried, with the number that is too great.
func TestSizesThatCannotBe(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		p := &net{dtype: dtypes.Float32, hidden: 4, n: 20}
		trainer := newTrainer(t, backend, p, optim.GD(), train.Record{})
		c := train.Config{LearningRate: 0.1, Steps: 3}
		from := run(t, trainer, c)
		with := func(change func(c *train.Config)) error {
			c := c
			change(&c)
			_, err := trainer.Run(context.Background(), c)
			return err
		}
		says.All(t, with(func(c *train.Config) { c.Steps = math.MaxInt }), "Steps … 9223372036854775807 … 9007199254740992")
		says.All(t, with(func(c *train.Config) { c.Steps, c.From = math.MaxInt, from }), "Steps … 9223372036854775807 … 9007199254740989")
		require.ErrorContains(t, with(func(c *train.Config) { c.Steps = 1 << 50 }), "recording every 1 of 1125899906842624 steps would take ")
		require.ErrorContains(t, with(func(c *train.Config) { c.Sampler = must(sample.WithReplacement(math.MaxInt32)) }), "a batch of 2147483647 examples would take ")

		each := newTrainer(t, backend, p, optim.GD(), train.Record{ExampleGradients: true})
		_, err := each.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1 << 30})
		require.ErrorContains(t, err, "recording every 1 of 1073741824 steps would take ")

		job := train.Job{Trainer: trainer, Config: train.Config{LearningRate: 0.1, Steps: 1 << 26}}
		jobs := make([]train.Job, 1<<12)
		for i := range jobs {
			jobs[i] = job
		}
		_, err = train.Sweep(context.Background(), jobs, 0, nil)
		require.ErrorContains(t, err, "the histories of 4096 runs and the tables of their schedules would take ")

		for _, widths := range [][]int{{1 << 40}, {1 << 40, 1 << 40}, {1 << 20, 1 << 20}} { // of the second the product is 0 in an int
			p := train.Model{
				Predict: func(scope *model.Scope, x []*graph.Node) []*graph.Node {
					for l, width := range append(widths, 1) {
						x = []*graph.Node{layers.Dense(scope.In("%d", l), x[0], true, width)}
					}
					return x
				},
				Error: loss.MeanSquaredError, Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{{1}, {2}})},
				Labels: []*tensors.Tensor{tensors.FromValue([][]float32{{1}, {2}})},
			}
			_, err = train.New(backend, p, optim.GD(), train.Record{})
			require.ErrorContains(t, err, "make the model smaller")
		}
	})
}

// A batch that fits, and whose hidden layer does not.
func TestAStepsResultsMustFit(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		const n = 1 << 22
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 1 << 16, n: n}, optim.GD(), train.Record{})
		_, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1})
		require.ErrorContains(t, err, "a step's results, the largest of shape [4194304 65536], would take ")
	})
}

func TestNils(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		var none *problem.Quadratic
		_, err := train.New(backend, none, optim.GD(), train.Record{})
		require.ErrorContains(t, err, "one of them is nil")
		_, err = train.New(backend, train.Model{}, optim.GD(), train.Record{})
		require.ErrorContains(t, err, "Model needs Predict and Error")

		trainer := newTrainer(t, backend, newBowl(), optim.GD(), train.Record{})
		start := func(value any) error {
			_, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, Start: map[string]any{"theta": value}})
			return err
		}
		gone := tensors.FromValue([]float64{1, 2})
		gone.MustFinalizeAll()
		for _, value := range []any{(*tensors.Tensor)(nil), gone, new(tensors.Tensor)} {
			require.ErrorContains(t, start(value), `Start["theta"] cannot be a *tensors.Tensor`)
		}
		_, err = train.New(backend, fixed{data: []*tensors.Tensor{gone}}, optim.GD(), train.Record{})
		require.ErrorContains(t, err, "tensor 0 of the problem's Data cannot be used")
		var noContext context.Context
		_, err = trainer.Run(noContext, train.Config{LearningRate: 0.1, Steps: 1})
		says.All(t, err, "ctx … nil … context.Background()")
		_, err = train.Sweep(noContext, trainer.Grid(train.Config{Steps: 1}, []float64{0.1}, []int{1}), 0, nil)
		says.All(t, err, "ctx … nil … context.Background()")
	})
}

// careless is a problem whose functions make mistakes that Go finds when it runs.
type careless struct {
	inData bool
	taken  map[string]bool // nobody makes it
}

func (p careless) Data() []*tensors.Tensor {
	if p.inData {
		p.taken["x"] = true
	}
	return nil
}

func (careless) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	return batch[3]
}

// mistaken is one whose shapes do not fit, as GoMLX says.
type mistaken struct{}

func (mistaken) Data() []*tensors.Tensor { return nil }
func (mistaken) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	theta := scope.VariableWithShape("theta", shapes.Make(dtypes.Float32, 3)).NodeValue(g)
	return graph.Add(theta, graph.Const(g, []float32{1, 2}))
}

// A panic in a function that a person wrote is an error that says where.
func TestPanicsOfUsersFunctions(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		_, err := train.New(backend, careless{inData: true}, optim.GD(), train.Record{})
		require.ErrorContains(t, err, "taking the problem's Data: assignment to entry in nil map, in train_test.careless.Data (guard_test.go:")
		_, err = train.New(backend, careless{}, optim.GD(), train.Record{})
		require.ErrorContains(t, err, "building a training step: runtime error: index out of range [3] with length 0, in train_test.careless.Loss (guard_test.go:")
		_, err = train.New(backend, mistaken{}, optim.GD(), train.Record{})
		require.ErrorContains(t, err, ", in train_test.mistaken.Loss (guard_test.go:")
		bad := must(problem.NewQuadratic([]float64{1}, nil, nil))
		bad.Start = []float64{1, 2}
		_, err = train.New(backend, bad, optim.GD(), train.Record{})
		says.All(t, err, "Start … 2 … 1 … parameter")

		trainer := newTrainer(t, backend, newBowl(), optim.GD(), train.Record{})
		c := train.Config{LearningRate: 0.1, Steps: 3, Progress: func(int) { panic("no screen") }}
		_, err = trainer.Run(context.Background(), c)
		require.ErrorContains(t, err, "telling Progress of step 1: no screen, in train_test.TestPanicsOfUsersFunctions.func")
		_, err = train.Sweep(context.Background(), []train.Job{{Trainer: trainer, Config: c}}, 2, nil)
		require.ErrorContains(t, err, "job 0: telling Progress of step ")
		c.Progress = nil
		jobs := []train.Job{{Trainer: trainer, Config: c}, {Trainer: trainer, Config: c}}
		_, err = train.Sweep(context.Background(), jobs, 2, func(int) { panic("no screen") })
		require.ErrorContains(t, err, "no screen, in train_test.TestPanicsOfUsersFunctions.func")
		require.Len(t, run(t, trainer, c).Loss, 4, "the trainer goes on")
	})
}

// A trainer can be closed at any moment and from anywhere, and more than once.
func TestCloseWhileItRuns(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		const closed = "the trainer is closed: make another one with train.New"
		p := &net{dtype: dtypes.Float32, hidden: 8, n: 16}
		for range 3 {
			trainer := must(train.New(backend, p, optim.GD(), train.Record{FullLoss: true}))
			other := must(trainer.On(p.Data()))
			theta := run(t, trainer, train.Config{LearningRate: 0.1, Steps: 1}).Final
			started := make(chan struct{})
			var once sync.Once
			var group sync.WaitGroup
			for i, of := range []*train.Trainer{trainer, other, trainer} {
				group.Go(func() {
					_, err := of.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1 << 40, Stride: 1 << 30, Seed: i,
						Progress: func(int) { once.Do(func() { close(started) }) }})
					assert.ErrorContains(t, err, closed)
				})
				group.Go(func() {
					for {
						if _, _, err := of.Evaluate(theta); err != nil {
							assert.EqualError(t, err, closed)
							return
						}
					}
				})
			}
			<-started
			time.Sleep(time.Millisecond)
			trainer.Close()
			group.Wait()
			trainer.Close()
			_, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1})
			require.EqualError(t, err, closed)
			_, err = trainer.ExampleGradients(theta)
			require.EqualError(t, err, closed)
			_, err = trainer.On(p.Data())
			require.EqualError(t, err, closed)
			_, err = train.Sweep(context.Background(), []train.Job{{Trainer: trainer, Config: train.Config{LearningRate: 0.1, Steps: 1}}}, 0, nil)
			require.EqualError(t, err, "job 0: "+closed)
			other.Close()
		}

		trainer := must(train.New(backend, p, optim.GD(), train.Record{}))
		_, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1 << 40, Stride: 1 << 30, Progress: func(int) { trainer.Close() }})
		require.ErrorContains(t, err, closed)
	})
}

func TestAVariableIsRecordedOnce(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		_, err := train.New(backend, newBowl(), optim.GD(), train.Record{Variables: []string{"theta", "/theta"}})
		says.All(t, err, `Record.Variables … "/theta" … twice`)
	})
}

// curious is a bowl whose Loss uses a trainer.
type curious struct {
	*bowl
	use func()
}

func (p *curious) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	if p.use != nil {
		p.use()
	}
	return p.bowl.Loss(scope, g, batch)
}

// A Loss that uses its own trainer would wait for itself; it may use another one.
func TestALossThatUsesItsTrainer(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		const want = "uses its own trainer, which waits for it"
		ctx, c, theta := context.Background(), train.Config{LearningRate: 0.1, Steps: 1}, []float64{1, 2}
		for name, use := range map[string]func(*train.Trainer) error{
			"Run":      func(of *train.Trainer) error { _, err := of.Run(ctx, c); return err },
			"Evaluate": func(of *train.Trainer) error { _, _, err := of.Evaluate(theta); return err },
			"Close":    func(of *train.Trainer) error { of.Close(); return nil },
		} {
			p := &curious{bowl: newBowl()}
			trainer := newTrainer(t, backend, p, optim.GD(), train.Record{})
			p.use = func() {
				if err := use(trainer); err != nil {
					panic(err)
				}
			}
			_, _, err := trainer.Evaluate(theta)
			require.ErrorContains(t, err, want, name)
			_, err = trainer.Run(ctx, c)
			require.ErrorContains(t, err, want, name)
			other := newTrainer(t, backend, newBowl(), optim.GD(), train.Record{})
			p.use = func() { require.NoError(t, use(other)); p.use = nil }
			run(t, trainer, c)
		}
	})
}

// Of two values for one parameter the order of a map would choose.
func TestAStartGivenTwice(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, newBowl(), optim.GD(), train.Record{})
		_, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1, Start: map[string]any{"theta": []float64{1, 2}, "/theta": []float64{3, 4}}})
		require.ErrorContains(t, err, `Start has both "theta"`)
	})
}

// countdown is a context that ends when it is asked for the nth time.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// A run is cancelled also between the records of one block, whose losses over all examples take longer than its steps; what
// it recorded is then of one length.
func TestCancelBetweenRecords(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		record := train.Record{Params: true, GradNorm: true, StepNorm: true, Rate: true, FullLoss: true, ExampleGradients: true, Variables: []string{"output/dense/biases"}}
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 3, n: 4}, optim.GD(), record)
		run(t, trainer, train.Config{LearningRate: 0.01, Steps: 40})
		for asked := range int64(24) {
			ctx := &countdown{Context: context.Background()}
			ctx.left.Store(asked + 1)
			h, err := trainer.Run(ctx, train.Config{LearningRate: 0.01, Steps: 40})
			require.ErrorIs(t, err, context.Canceled)
			n := len(h.Step)
			require.LessOrEqual(t, n, int(asked))
			for _, values := range [][]float64{h.Loss, h.FullLoss, h.Rate, h.GradNorm, h.StepNorm} {
				require.Len(t, values, n)
			}
			require.Len(t, h.Params, n)
			require.Len(t, h.GradNorms, n)
			require.Len(t, h.ExampleGradients, n)
			require.Len(t, h.Variables["output/dense/biases"], n)
		}
	})
}
