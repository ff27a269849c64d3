package problem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
)

// Labeled is examples of several classes. Digits and Blobs make some. As the Data of a net, their loss is the mean cross-entropy
// −log softmax(f(xᵢ))_{yᵢ}.
type Labeled struct {
	Features *mat.Dense // [n, d]
	Labels   []int      // [n], 0 to Classes−1
	Classes  int
}

// check says what is wrong with the examples.
func (l *Labeled) check() error {
	if l == nil {
		return errors.New("the labeled examples are nil: Digits and Blobs make some")
	}
	_, err := checkLabels(l.Features, l.Labels, l.Classes)
	return err
}

// Select returns the examples of the classes named, in their order in the data; the first named becomes class 0, the
// second class 1, and so on. A class that there is not or that is named twice, and fewer than two, are errors.
func (l *Labeled) Select(classes ...int) (*Labeled, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	if len(classes) < 2 {
		return nil, fmt.Errorf("%d classes are named: give at least two", len(classes))
	}
	for k, class := range classes {
		if class < 0 || class >= l.Classes || slices.Contains(classes[:k], class) {
			return nil, fmt.Errorf("classes[%d] is %d: it must be a class, 0 to %d, and each only once", k, class, l.Classes-1)
		}
	}
	return l.pick(func(i int) bool { return slices.Contains(classes, l.Labels[i]) },
		func(label int) int { return slices.Index(classes, label) }, len(classes)), nil
}

// Split returns the first n examples and the others, to train on the ones and to test on the others. It is an error
// when either would be empty.
func (l *Labeled) Split(n int) (first, others *Labeled, err error) {
	if err := l.check(); err != nil {
		return nil, nil, err
	}
	if n < 1 || n >= len(l.Labels) {
		return nil, nil, fmt.Errorf("n is %d: it must be between 1 and %d, one less than the examples", n, len(l.Labels)-1)
	}
	same := func(label int) int { return label }
	return l.pick(func(i int) bool { return i < n }, same, l.Classes),
		l.pick(func(i int) bool { return i >= n }, same, l.Classes), nil
}

// pick returns the examples that are wanted, with new labels.
func (l *Labeled) pick(wanted func(i int) bool, relabel func(label int) int, classes int) *Labeled {
	_, d := l.Features.Dims()
	picked := &Labeled{Classes: classes}
	var values []float64
	for i, label := range l.Labels {
		if wanted(i) {
			values = append(values, l.Features.RawRowView(i)...)
			picked.Labels = append(picked.Labels, relabel(label))
		}
	}
	if len(picked.Labels) > 0 { // a Labeled made by hand may lack a class
		picked.Features = mat.NewDense(len(picked.Labels), d, values)
	}
	return picked
}

func (l *Labeled) arrays() (x, y *mat.Dense, err error) {
	if err := l.check(); err != nil {
		return nil, nil, err
	}
	if l.Classes < 2 {
		return nil, nil, fmt.Errorf("there are %d classes: there must be at least 2", l.Classes)
	}
	if err := checkMemory(len(l.Labels), l.Classes); err != nil {
		return nil, nil, err
	}
	y = mat.NewDense(len(l.Labels), l.Classes, nil)
	for i, label := range l.Labels {
		y.Set(i, label, 1)
	}
	return mat.DenseCopyOf(l.Features), y, nil
}

func (l *Labeled) loss(targets, outputs *graph.Node) *graph.Node {
	flat := func(x *graph.Node) *graph.Node { return graph.Reshape(x, x.Shape().Size()) }
	return scaledDot(-1, outputs.Shape().Dim(0), flat(targets), flat(graph.LogSoftmax(outputs, -1)))
}

// Logistic makes the logistic regression of two classes, with an intercept, which is the last element of θ: its feature
// is 1 everywhere, and R does not spare it. Other numbers of classes are an error.
func (l *Labeled) Logistic() (*Logistic, error) {
	if l.Classes != 2 {
		return nil, fmt.Errorf("there are %d classes: logistic regression tells two apart; Select them", l.Classes)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	n, _ := l.Features.Dims()
	x := new(mat.Dense)
	x.Augment(l.Features, mat.NewDense(n, 1, slices.Repeat([]float64{1}, n)))
	return NewLogistic(x, l.Labels)
}

// Blobs makes n examples in the plane, drawn by the seed, by turns of class 0 and of class 1: each class a round cloud
// of standard deviation 1, their centers (−distance/2, 0) and (distance/2, 0). The best that a line can do is to be
// right of the part Φ(distance/2) of all. It is an error when n is below 2 or the distance is negative or not finite.
func Blobs(n int, distance float64, seed int) (*Labeled, error) {
	if n < 2 {
		return nil, fmt.Errorf("n is %d: there must be at least 2 examples, one of each class", n)
	}
	if !finite(distance) || distance < 0 {
		return nil, fmt.Errorf("distance is %v: it must be finite and not negative", distance)
	}
	if err := checkMemory(n, 2); err != nil {
		return nil, err
	}
	blobs := &Labeled{Features: gaussian(n, 2, rand.New(rand.NewPCG(uint64(seed), 0))), Classes: 2}
	for i := range n {
		label := i % 2
		blobs.Labels = append(blobs.Labels, label)
		blobs.Features.Set(i, 0, blobs.Features.At(i, 0)+distance*(float64(label)-0.5))
	}
	return blobs, nil
}
