package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// newValue makes a tensor of the shape from what a user gave for the argument of that name.
func newValue(argument string, value any, shape shapes.Shape) (*tensors.Tensor, error) {
	var x *tensors.Tensor
	err := catch(func() { x = tensors.MustFromAnyValue(value) })
	if err == nil {
		err = x.CheckValid()
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be a %T: give a number, nested slices of numbers or a tensor", argument, value)
	}
	if !slices.Equal(x.Shape().Dimensions, shape.Dimensions) {
		return nil, fmt.Errorf("%s has shape %v where %v is needed", argument, x.Shape().Dimensions, shape.Dimensions)
	}
	flat := floats(x, x.Size())
	if flat == nil {
		return nil, fmt.Errorf("%s cannot be of type %s: give numbers", argument, x.DType())
	}
	y := tensors.FromShape(shape)
	fill(y, flat)
	if firstNotFinite(y) >= 0 {
		return nil, fmt.Errorf("%s is not finite in %s", argument, shape.DType)
	}
	return y, nil
}

// fill sets x's values, which are floats.
func fill(x *tensors.Tensor, values []float64) {
	x.MustMutableFlatData(func(to any) {
		switch to := to.(type) {
		case []float32:
			for i, f := range values {
				to[i] = float32(f)
			}
		case []float64:
			copy(to, values)
		}
	})
}

// firstNotFinite returns the index of the first NaN or infinity of x's flat values, or −1.
func firstNotFinite(x *tensors.Tensor) int {
	return slices.IndexFunc(floats(x, x.Size()), func(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) })
}

// floats returns the first n of x's flat values; nil if x does not hold numbers that float64 can.
func floats(x *tensors.Tensor, n int) (flat []float64) {
	x.MustConstFlatData(func(data any) {
		switch data := data.(type) {
		case []float64:
			flat = slices.Clone(data[:n])
		case []float32:
			flat = widen(data[:n])
		case []int32:
			flat = widen(data[:n])
		case []int64:
			flat = widen(data[:n])
		}
	})
	return flat
}

func widen[T float32 | int32 | int64](data []T) []float64 {
	flat := make([]float64, len(data))
	for i, f := range data {
		flat[i] = float64(f)
	}
	return flat
}

// release frees tensors at once instead of when the garbage collector comes by. A buffer that cannot be freed is
// left to it.
func release(ts []*tensors.Tensor) {
	for _, x := range ts {
		_ = x.FinalizeAll()
	}
}

// must panics with an error, for catch.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
