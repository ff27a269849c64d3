package lecture

import (
	"math"

	"descent.example/pkg/relu"
)

// Balanced (claim N10) is the same function with each unit's input and output weight equally large, |w| = |v|. Of all the nets that are
// this function its loss is the least sharp, so that it bears the largest learning rate. It is an error when the net has not one
// hidden layer, one input and one output.
func Balanced(net *relu.Net) (*relu.Net, error) {
	elbows, constant, err := net.Elbows()
	if err != nil {
		return nil, err
	}
	for i, e := range elbows {
		if e.V == 0 || e.W == 0 {
			continue
		}
		a := math.Sqrt(math.Abs(e.V / e.W))
		elbows[i] = relu.Elbow{V: e.V / a, W: e.W * a, B: e.B * a}
	}
	return relu.Sum(elbows, constant)
}
