package problem

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/memory"
)

// Layer is a dense layer on the host, z = hW + b.
type Layer struct {
	W *mat.Dense // [in, out]
	B []float64  // [out]
}

// Layers are the parameters of an MLP on the host, the output's layer last: what is flattened in train.History, and what
// train.Config.Start takes by name.
type Layers []Layer

// Check says what is wrong with layers put together by hand. It is an error when there is none, and when the shapes of neighbors do not
// fit.
func (ls Layers) Check() error {
	if len(ls) == 0 {
		return errors.New("the net has no layer: it needs at least the output's")
	}
	for l, layer := range ls {
		if layer.W == nil || layer.W.IsEmpty() {
			return fmt.Errorf("layer %d has no weights: give W [in, out]", l)
		}
		in, out := layer.W.Dims()
		if l > 0 && in != len(ls[l-1].B) {
			return fmt.Errorf("layer %d has %d inputs: the layer before has %d units", l, in, len(ls[l-1].B))
		}
		if len(layer.B) != out {
			return fmt.Errorf("layer %d has %d biases: its W is for %d", l, len(layer.B), out)
		}
	}
	return nil
}

// mustFit panics where the shapes do not fit together.
func (ls Layers) mustFit() {
	if err := ls.Check(); err != nil {
		panic(err)
	}
}

// NewLayers makes layers of the sizes given, inputs, hidden widths and outputs, from parameters that are flattened layer by layer, the
// biases before the weights, and copied. It is an error when a size is not positive, when there are fewer than two, when the layers do
// not fit into memory, and when the number of parameters is not that of the sizes.
func NewLayers(theta []float64, sizes ...int) (Layers, error) {
	parameters, err := checkSizes(sizes)
	if err != nil {
		return nil, err
	}
	if len(theta) != parameters {
		return nil, fmt.Errorf("theta has %d elements: a net of the sizes %v has %d", len(theta), sizes, parameters)
	}
	return layersOf(slices.Clone(theta), sizes), nil
}

// ZeroLayers makes layers of the sizes given with all parameters 0. It panics where NewLayers has an error.
func ZeroLayers(sizes ...int) Layers {
	parameters, err := checkSizes(sizes)
	if err != nil {
		panic(err)
	}
	return layersOf(make([]float64, parameters), sizes)
}

// Initializer draws the first parameters of an MLP of the Sizes given, the same for the same seed. It panics when the sizes cannot be.
// Uniform, SpreadElbows(xs) and Normal(scale) are initializers; what Layers.Start makes of the parameters is train.Config's Start.
type Initializer func(sizes []int, seed int) Layers

// Uniform is the Initializer of PyTorch's Linear: weights and biases uniform in ±1/√inputs of their layer.
func Uniform(sizes []int, seed int) Layers { return uniform(sizes, seed, nil) }

// SpreadElbows is Uniform for nets of one input, except for the biases of the first hidden layer: they place the elbows −b/w uniformly over
// the range of the inputs xs, as CS182 does. It panics when xs is empty, and what it returns, when a net has several inputs.
func SpreadElbows(xs []float64) Initializer {
	if len(xs) == 0 {
		panic(errors.New("xs is empty: give the inputs over whose range to spread the elbows"))
	}
	return func(sizes []int, seed int) Layers { return uniform(sizes, seed, xs) }
}

// uniform is SpreadElbows over xs, or Uniform when there are none.
func uniform(sizes []int, seed int, xs []float64) Layers {
	layers, rng := ZeroLayers(sizes...), rand.New(rand.NewPCG(uint64(seed), 182))
	if len(xs) > 0 && sizes[0] != 1 {
		panic(fmt.Errorf("the net has %d inputs: only the elbows of a net of one input can be spread", sizes[0]))
	}
	for l, layer := range layers {
		bound := 1 / math.Sqrt(float64(sizes[l]))
		w := layer.W.RawMatrix().Data
		for _, values := range [][]float64{w, layer.B} {
			for i := range values {
				values[i] = bound * (2*rng.Float64() - 1)
			}
		}
		if len(xs) > 0 && l == 0 && len(layers) > 1 {
			lo, hi := slices.Min(xs), slices.Max(xs)
			for j := range layer.B {
				layer.B[j] = -w[j] * (lo + (hi-lo)*rng.Float64())
			}
		}
	}
	return layers
}

// Normal is an Initializer of normal weights with the standard deviation scale/√inputs of their layer, and biases of 0. The scale √2 is
// He's, for ReLU; 1 is LeCun's.
func Normal(scale float64) Initializer {
	return func(sizes []int, seed int) Layers {
		layers, rng := ZeroLayers(sizes...), rand.New(rand.NewPCG(uint64(seed), 5))
		for l, layer := range layers {
			w := layer.W.RawMatrix().Data
			for i := range w {
				w[i] = scale / math.Sqrt(float64(sizes[l])) * rng.NormFloat64()
			}
		}
		return layers
	}
}

// Times multiplies what an initializer draws by a number: the elbows −b/w of the first hidden layer stay where they are.
func (i Initializer) Times(scale float64) Initializer {
	return func(sizes []int, seed int) Layers {
		layers := i(sizes, seed)
		for _, layer := range layers {
			layer.W.Scale(scale, layer.W)
			floats.Scale(scale, layer.B)
		}
		return layers
	}
}

// Parameters is the number of weights and biases of a net of the sizes, inputs, widths and outputs. It is an error when there are fewer
// than two sizes, and when one is not positive.
func Parameters(sizes ...int) (parameters int, err error) {
	if len(sizes) < 2 {
		return 0, fmt.Errorf("sizes has %d elements: give the number of inputs, the widths and the number of outputs",
			len(sizes))
	}
	for l, size := range sizes {
		if size < 1 {
			return 0, fmt.Errorf("sizes[%d] is %d: it must be at least 1", l, size)
		}
		if l > 0 {
			parameters += (sizes[l-1] + 1) * size
		}
	}
	return parameters, nil
}

// checkSizes is Parameters, and an error when a net of the sizes would not fit into memory.
func checkSizes(sizes []int) (parameters int, err error) {
	if parameters, err = Parameters(sizes...); err != nil {
		return 0, err
	}
	bytes := 0.0
	for l := range len(sizes) - 1 {
		bytes += memory.Bytes(8, sizes[l], sizes[l+1])
	}
	return parameters, memory.Check(bytes, "lower the widths", "a net of the sizes %v", sizes)
}

// layersOf are layers whose parameters lie in theta.
func layersOf(theta []float64, sizes []int) Layers {
	layers := make(Layers, len(sizes)-1)
	for l := range layers {
		in, out := sizes[l], sizes[l+1]
		layers[l] = Layer{mat.NewDense(in, out, theta[out:out+in*out]), theta[:out:out]}
		theta = theta[out+in*out:]
	}
	return layers
}

// Theta flattens the parameters, as NewLayers takes them. It panics with Check's sentence.
func (ls Layers) Theta() []float64 {
	ls.mustFit()
	var theta []float64
	for _, layer := range ls {
		theta = append(theta, layer.B...)
		in, _ := layer.W.Dims()
		for i := range in {
			theta = append(theta, layer.W.RawRowView(i)...)
		}
	}
	return theta
}

// Forward computes the net at x [in] and keeps every value: z_l = h_{l−1}W_l + b_l, [layers][out], the last of which is f(x), and
// h_l = unit(l, j, z_lj) of the hidden layers. A sum starts with the bias and takes its terms in order. It panics with Check's sentence, when
// unit is nil, and when x has not the number of inputs.
func (ls Layers) Forward(x []float64, unit func(layer, j int, z float64) float64) (z, h [][]float64) {
	ls.mustFit()
	if unit == nil {
		panic(errors.New("unit is nil: give the function of a hidden unit"))
	}
	in, _ := ls[0].W.Dims()
	if len(x) != in {
		panic(fmt.Errorf("x has %d elements: the net has %d inputs", len(x), in))
	}
	for l, layer := range ls {
		sums := slices.Clone(layer.B)
		for i, v := range x {
			for j, w := range layer.W.RawRowView(i) {
				sums[j] += v * w
			}
		}
		if z = append(z, sums); l < len(ls)-1 {
			x = make([]float64, len(sums))
			for j, v := range sums {
				x[j] = unit(l, j, v)
			}
			h = append(h, x)
		}
	}
	return z, h
}

// layerName is the scope, in an MLP's graph, of layer l out of the number of layers given.
func layerName(l, layers int) string {
	if l == layers-1 {
		return "output"
	}
	return fmt.Sprintf("hidden%02d", l+1)
}

// Start returns the parameters by name, as train.Config.Start takes them: a Net of the same Sizes then starts there.
// It panics with Check's sentence.
func (ls Layers) Start() map[string]any {
	ls.mustFit()
	start := make(map[string]any)
	for l, layer := range ls {
		name := layerName(l, len(ls)) + "/dense/"
		in, out := layer.W.Dims()
		start[name+"weights"] = tensors.FromFlatDataAndDimensions(mat.DenseCopyOf(layer.W).RawMatrix().Data, in, out)
		start[name+"biases"] = slices.Clone(layer.B)
	}
	return start
}

// LayersFrom makes layers of such parameters by name, for example those of Start or of train.History.Value: tensors of float64 or
// float32, or slices of float64. It is an error when one is missing or has another type or shape, or when there are names that are not
// a net's.
func LayersFrom(start map[string]any) (Layers, error) {
	if len(start) == 0 || len(start)%2 == 1 {
		return nil, fmt.Errorf("start has %d values: each layer has two, weights and biases", len(start))
	}
	layers := make(Layers, len(start)/2)
	for l := range layers {
		name := layerName(l, len(layers)) + "/dense/"
		weights, dims, err := values(start, name+"weights")
		if err != nil {
			return nil, err
		}
		if len(dims) != 2 {
			return nil, fmt.Errorf("%sweights has %d axes: it must have two, [in, out]", name, len(dims))
		}
		layers[l].W = mat.NewDense(dims[0], dims[1], weights)
		if layers[l].B, _, err = values(start, name+"biases"); err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// values are a parameter's numbers, copied, and the lengths of its axes.
func values(start map[string]any, name string) (flat []float64, dims []int, err error) {
	switch value := start[name].(type) {
	case []float64:
		return slices.Clone(value), []int{len(value)}, nil
	case [][]float64:
		for _, row := range value {
			if len(row) != len(value[0]) {
				return nil, nil, fmt.Errorf("%s has rows of %d and %d numbers: they must be as many",
					name, len(value[0]), len(row))
			}
			flat = append(flat, row...)
		}
		if len(flat) == 0 {
			return nil, nil, fmt.Errorf("%s is empty: give its numbers", name)
		}
		return flat, []int{len(value), len(value[0])}, nil
	case *tensors.Tensor:
		if err := value.CheckValid(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		err = value.ConstFlatData(func(data any) {
			switch data := data.(type) {
			case []float64:
				flat = slices.Clone(data)
			case []float32:
				for _, v := range data {
					flat = append(flat, float64(v))
				}
			}
		})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(flat) == 0 {
			return nil, nil, fmt.Errorf("%s is a tensor of %s: give float64 or float32", name, value.Shape())
		}
		return flat, value.Shape().Dimensions, nil
	case nil:
		return nil, nil, fmt.Errorf("start has no %q: give all parameters of the net", name)
	default:
		return nil, nil, fmt.Errorf("%s is a %T: give a slice of float64 or a tensor", name, value)
	}
}
