package exercise

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/relu"
)

// signs writes elbows by the rule of the chapter; spoil changes one thing of it.
func signs(spoil string) func(points, labels []float64) ([]relu.Elbow, float64) {
	return func(points, labels []float64) (elbows []relu.Elbow, constant float64) {
		slope, zero := -labels[0], points[0]
		for i := 1; i < len(points); i++ {
			if labels[i] == labels[i-1] && spoil != "every gap" {
				continue
			}
			next := (points[i-1] + points[i]) / 2
			switch {
			case len(elbows) == 0:
				elbows = append(elbows, relu.Elbow{W: 1, B: 1 - points[0], V: slope})
				constant = -slope * (next - points[0] + 1)
			case spoil == "knots at zeros":
				elbows = append(elbows, relu.Elbow{W: 1, B: -zero, V: -2 * slope})
				slope = -slope
			default:
				elbows = append(elbows, relu.Elbow{W: 1, B: -(zero + next) / 2, V: -2 * slope})
				slope = -slope
			}
			zero = next
		}
		if len(elbows) == 0 {
			constant = labels[0]
		}
		if spoil == "no constant" {
			constant = 0
		}
		return elbows, constant
	}
}

func TestSigns(t *testing.T) {
	require.NoError(t, Signs(signs("")))
	for _, spoil := range []string{"every gap", "knots at zeros", "no constant"} {
		require.Error(t, Signs(signs(spoil)), spoil)
	}
	for name, wrong := range map[string]func(points, labels []float64) ([]relu.Elbow, float64){
		"nothing":  func(points, labels []float64) ([]relu.Elbow, float64) { return nil, 0 },
		"constant": func(points, labels []float64) ([]relu.Elbow, float64) { return nil, labels[0] },
		"interpolates": func(points, labels []float64) (elbows []relu.Elbow, c float64) { // right signs, with an elbow for each piece
			slope := 0.0
			for i := range len(points) - 1 {
				next := (labels[i+1] - labels[i]) / (points[i+1] - points[i])
				elbows, slope = append(elbows, relu.Elbow{W: 1, B: -points[i], V: next - slope}), next
			}
			return elbows, labels[0]
		},
	} {
		require.Error(t, Signs(wrong), name)
	}
	require.ErrorContains(t, Signs(func(points, labels []float64) ([]relu.Elbow, float64) { return make([]relu.Elbow, 9), 0 }), "use at most 1")
}

func TestLargestPart(t *testing.T) {
	parts := []string{"examples", "learning", "units", "not explained", "relationship"}
	largest := func(size func(left [5]float64, i int) float64) func(left [5]float64) string {
		return func(left [5]float64) string {
			best := 0
			for i := range parts {
				if size(left, i) > size(left, best) {
					best = i
				}
			}
			return parts[best]
		}
	}
	square := func(left [5]float64, i int) float64 {
		if i == 4 {
			return left[4] * left[4]
		}
		return left[i]*left[i] - left[i+1]*left[i+1]
	}
	require.NoError(t, LargestPart(largest(square)))
	for name, wrong := range map[string]func(left [5]float64) string{
		"nothing": func(left [5]float64) string { return "" },
		"steps of E": largest(func(left [5]float64, i int) float64 {
			if i == 4 {
				return left[4]
			}
			return left[i] - left[i+1]
		}),
		"no noise": largest(func(left [5]float64, i int) float64 {
			if i == 4 {
				return 0
			}
			return square(left, i)
		}),
		"the last": func(left [5]float64) string { return parts[4] },
	} {
		require.Error(t, LargestPart(wrong), name)
	}
}

func TestSplit(t *testing.T) {
	by := func(learns func(i int, inputs []float64) bool) func(inputs []float64) (learn, report []int) {
		return func(inputs []float64) (learn, report []int) {
			for i := range inputs {
				if learns(i, inputs) {
					learn = append(learn, i)
				} else {
					report = append(report, i)
				}
			}
			return learn, report
		}
	}
	require.NoError(t, Split(by(func(i int, inputs []float64) bool { return inputs[i] < 0.5 })))
	require.NoError(t, Split(func(inputs []float64) (learn, report []int) {
		side := map[float64]bool{}
		for i, x := range inputs {
			if _, seen := side[x]; !seen {
				side[x] = len(side)%2 == 0
			}
			if side[x] {
				learn = append(learn, i)
			} else {
				report = append(report, i)
			}
		}
		return learn, report
	}))
	for name, wrong := range map[string]func(inputs []float64) (learn, report []int){
		"nothing":     func(inputs []float64) (learn, report []int) { return nil, nil },
		"by turns":    by(func(i int, inputs []float64) bool { return i%2 == 0 }),
		"halves":      by(func(i int, inputs []float64) bool { return i < len(inputs)/2 }),
		"pairs":       by(func(i int, inputs []float64) bool { return i/2%2 == 0 }),
		"all learned": by(func(i int, inputs []float64) bool { return true }),
		"out of range": func(inputs []float64) (learn, report []int) {
			return []int{0, 1, 2, 3, 4}, []int{5, 6, 7, 8, 9, 10}
		},
		"on both sides": func(inputs []float64) (learn, report []int) {
			for i := range inputs {
				learn, report = append(learn, i), append(report, i)
			}
			return learn, report
		},
		"some left out": func(inputs []float64) (learn, report []int) { return []int{0, 1, 2}, []int{4, 5, 6} },
	} {
		require.Error(t, Split(wrong), name)
	}
}
