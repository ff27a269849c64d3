package figure

import (
	"fmt"
	"math"
	"reflect"
	"slices"
)

// Numbers are what a mark draws: a slice of any integers or floats, such as []int or []float32, or of estimates, such as
// []stat.Interval, whose values are drawn. As its xs it may be nil, which stands for 0, 1, 2, …. As the ys of a Line, a Theory or Points it may be a func(x float64) float64, whose values at
// xs are drawn; that of a Line or a Theory with xs nil is drawn over the whole horizontal axis.
type Numbers any

// Number is any integer or float.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Column is one number of each result, to be drawn or reckoned with. It panics if it has no function that picks it.
func Column[R any, N Number](results []R, of func(R) N) []float64 {
	if of == nil {
		panic("figure: Column needs a function that picks the number of a result; it is nil")
	}
	out := make([]float64, len(results))
	for i, r := range results {
		out[i] = float64(of(r))
	}
	return out
}

// Each is what of picks of each result: an estimate to be drawn, a name, or a panel. It panics if of is nil.
func Each[R, V any](results []R, of func(R) V) []V {
	if of == nil {
		panic("figure: Each needs a function that picks a part of a result; it is nil")
	}
	out := make([]V, len(results))
	for i, r := range results {
		out[i] = of(r)
	}
	return out
}

// Coordinate is coordinate i of each point of a trajectory, of each recorded θ for example. Points without it have NaN.
func Coordinate[N Number](points [][]N, i int) []float64 {
	return Column(points, func(p []N) float64 {
		if i < 0 || i >= len(p) {
			return math.NaN()
		}
		return float64(p[i])
	})
}

// OnPlane is a function of two numbers that Contour can draw, from one of a point, such as a problem's Value.
func OnPlane(of func(point []float64) float64) func(x, y float64) float64 {
	return func(x, y float64) float64 { return of([]float64{x, y}) }
}

// estimate is what stat.Interval is.
type estimate = struct{ Value, Low, High float64 }

// Ends are the values of intervals, such as stat's, and their lower and upper ends: what Band and Intervals draw.
func Ends[I ~estimate](intervals []I) (values, low, high []float64) {
	for _, i := range intervals {
		s := estimate(i)
		values, low, high = append(values, s.Value), append(low, s.Low), append(high, s.High)
	}
	return values, low, high
}

// endsOf are Ends of any slice of estimates, or an error if it is none or too long.
func endsOf(v Numbers) (values, low, high []float64, err error) {
	s := reflect.ValueOf(v)
	if !s.IsValid() || s.Kind() != reflect.Slice || !s.Type().Elem().ConvertibleTo(reflect.TypeFor[estimate]()) {
		return nil, nil, nil, fmt.Errorf("figure: %T is no slice of estimates with their ends, such as []stat.Interval", v)
	}
	if err := atMost(mostValues, s.Len(), "estimates"); err != nil {
		return nil, nil, nil, err
	}
	estimates := make([]estimate, s.Len())
	for i := range estimates {
		estimates[i] = s.Index(i).Convert(reflect.TypeFor[estimate]()).Interface().(estimate)
	}
	values, low, high = Ends(estimates)
	return values, low, high, nil
}

const fine = 401 // values of a function that is drawn as a curve

// Between is 401 numbers from lo to hi at equal distances, over which to draw a function:
//
//	fig.Line("ReLU", figure.Between(-2, 2), func(x float64) float64 { return max(0, x) })
func Between(lo, hi float64) []float64 {
	out := make([]float64, fine)
	for i := range out {
		out[i] = scale{lo: lo, hi: hi}.at(float64(i) / (fine - 1))
	}
	return out
}

// floatsOf copies numbers, or returns an error if they are none or too many.
func floatsOf(v Numbers) ([]float64, error) {
	if v, ok := v.([]float64); ok && len(v) <= mostValues {
		return slices.Clone(v), nil
	}
	s := reflect.ValueOf(v)
	if !s.IsValid() {
		return nil, nil
	}
	if values, _, _, err := endsOf(v); err == nil {
		return values, nil
	}
	if s.Kind() != reflect.Slice || !s.Type().Elem().ConvertibleTo(reflect.TypeFor[float64]()) {
		return nil, fmt.Errorf("%T is no slice of numbers, such as []int or []float64", v)
	}
	if err := atMost(mostValues, s.Len(), "values"); err != nil {
		return nil, err
	}
	if s.IsNil() {
		return nil, nil
	}
	out := make([]float64, s.Len())
	for i := range out {
		out[i] = s.Index(i).Convert(reflect.TypeFor[float64]()).Float()
	}
	return out, nil
}

// tableOf copies rows of numbers, or returns an error if they are none or too many.
func tableOf(v Numbers) ([][]float64, error) {
	s := reflect.ValueOf(v)
	if !s.IsValid() {
		return nil, nil
	}
	if s.Kind() != reflect.Slice {
		return nil, fmt.Errorf("%T is no slice of rows of numbers, such as [][]float64", v)
	}
	if err := atMost(mostSeries, s.Len(), "rows"); err != nil {
		return nil, err
	}
	out := make([][]float64, s.Len())
	total := 0
	for i := range out {
		var err error
		if out[i], err = floatsOf(s.Index(i).Interface()); err != nil {
			return nil, err
		}
		if total += len(out[i]); total > mostValues {
			return nil, atMost(mostValues, total, "values")
		}
	}
	return out, nil
}

// span is the range of the values added to it.
type span struct{ lo, hi float64 }

var noSpan = span{math.Inf(1), math.Inf(-1)}

func (s *span) add(v float64) { s.lo, s.hi = min(s.lo, v), max(s.hi, v) }

// or are the ends, or twice another value where there are none.
func (s span) or(v float64) (lo, hi float64) {
	if s.empty() {
		return v, v
	}
	return s.lo, s.hi
}

func (s span) empty() bool { return s.lo > s.hi }
