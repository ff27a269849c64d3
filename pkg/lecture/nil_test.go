package lecture_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/schedule"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// takesPointers are the functions and methods that take a pointer to what can be nil beside an error.
var takesPointers = map[string]any{
	"AnimateSteps": lecture.AnimateSteps, "Balanced": lecture.Balanced, "Circuit": lecture.Circuit, "CircuitAt": lecture.CircuitAt,
	"DrawBatchNoise": lecture.DrawBatchNoise, "DrawStability": lecture.DrawStability, "FindLimits": lecture.FindLimits,
	"FollowSpikes": lecture.FollowSpikes, "Lyapunov": lecture.Lyapunov, "MeasureTimeToLoss": lecture.MeasureTimeToLoss,
	"OrdersAtRates": lecture.OrdersAtRates, "(*Spiking).Draw": (*lecture.Spiking).Draw, "(*TimeToLoss).DrawTime": (*lecture.TimeToLoss).DrawTime,
	"CompareClosedForm": lecture.CompareClosedForm, "CompareMotions": lecture.CompareMotions, "CompareOrders": lecture.CompareOrders,
	"CompareSchedules": lecture.CompareSchedules, "DrawLateness": lecture.DrawLateness, "AtTheEnd": lecture.AtTheEnd, "(*StepTimes).Growth": (*lecture.StepTimes).Growth, "CompareWidths": lecture.CompareWidths, "(*Interpolation).Against": (*lecture.Interpolation).Against, "CompareStability": lecture.CompareStability, "DrawConstruction": lecture.DrawConstruction,
	"DrawFits": lecture.DrawFits, "DrawFound": lecture.DrawFound, "WithSpares": lecture.WithSpares,
	"Ahead": lecture.Ahead, "BestRates": lecture.BestRates, "MeasureBreakouts": lecture.MeasureBreakouts, "MomentumEnd": lecture.MomentumEnd,
	"TestRange": lecture.TestRange, "(*Trap).EscapeRate": (*lecture.Trap).EscapeRate, "(*Study).FullSteps": (*lecture.Study).FullSteps, "Ending": lecture.Ending, "Explore": lecture.Explore, "Follow": lecture.Follow,
	"FollowDecay": lecture.FollowDecay, "MeasureAgreement": lecture.MeasureAgreement, "MeasureAveraging": lecture.MeasureAveraging,
	"MeasureBatchNoise": lecture.MeasureBatchNoise, "MeasureCosts": lecture.MeasureCosts, "MeasureDance": lecture.MeasureDance,
	"MeasureDecay": lecture.MeasureDecay, "MeasureFactors": lecture.MeasureFactors, "MeasureMotion": lecture.MeasureMotion,
	"Multiplications": lecture.Multiplications, "DrawSigned": lecture.DrawSigned, "DrawZeros": lecture.DrawZeros, "Reading": lecture.Reading, "Project": lecture.Project, "RandomLabels": lecture.RandomLabels,
	"ShareRight": lecture.ShareRight, "Shortest": lecture.Shortest,
	"MeasurePulls": lecture.MeasurePulls, "NewStudy": lecture.NewStudy, "StationaryEllipse": lecture.StationaryEllipse,
	"Track": lecture.Track, "TrackAt": lecture.TrackAt, "(*Clinic).Admit": (*lecture.Clinic).Admit, "(*Clinic).Confuse": (*lecture.Clinic).Confuse, "(*Clinic).Examine": (*lecture.Clinic).Examine,
	"(*Dance).Law": (*lecture.Dance).Law, "(*Study).DrawDance": (*lecture.Study).DrawDance, "(*Study).End": (*lecture.Study).End, "(*Study).JudgeRate": (*lecture.Study).JudgeRate,
	"(*Refinement).DrawJump": (*lecture.Refinement).DrawJump, "(*Refinement).DrawProof": (*lecture.Refinement).DrawProof,
	"(OwnControls).Picture": lecture.OwnControls.Picture,
	"(*Study).SGD":          (*lecture.Study).SGD, "(*Study).Trainer": (*lecture.Study).Trainer,
}

// What a constructor returned beside an error that nobody looked at is refused in words, by every function that takes it.
func TestNilIsRefused(t *testing.T) {
	for _, name := range pointerTakers(t) {
		assert.NotNil(t, takesPointers[name], name)
	}
	study, err := lecture.TwoMeasurements(20, "bmi", "bp")
	require.NoError(t, err)
	eta, err := schedule.Constant(0.1)
	require.NoError(t, err)
	good := map[reflect.Type]any{}
	for _, v := range []any{2, 0.1, []float64{0.1, 0.2}, study, &train.History{Step: []int{0}, Params: [][]float64{{0, 0}}}, &lecture.Motion{}, []*lecture.Tracker{{Distance: []float64{1}}},
		lecture.Valley(), &lecture.Clinic{Seeds: 1}, problem.Lecturer(), &lecture.Depths{}, &lecture.Success{},
		figure.New("", figure.X("x"), figure.Y("y")), new(train.Trainer), new(theory.Descent), lecture.Grid{Batch: 2, Rates: []float64{0.1}, Steps: 10, Seeds: 2},
		lecture.AgreementSettings{Start: []float64{0, 0}, Rate: 0.1, Steps: 10, Stride: 1, Batch: 4, Draws: 2},
		lecture.AveragingSettings{Batch: 2, Rates: []float64{0.1}, Tau: 10, Power: 0.5, Steps: 10, Seeds: 2},
		lecture.BatchNoiseSettings{Theta: []float64{0, 0}, Batches: []int{2}, Draws: 2},
		lecture.CostSettings{Rates: []float64{0.1}, Epsilon: 0.1, Limit: 10},
		lecture.DecaySettings{Batch: 2, Rate: 0.1, Tau: 10, Powers: []float64{0.5}, Steps: 10, Seeds: 2},
		lecture.PathSettings{Batch: 2, Schedule: eta, Start: []float64{0, 0}, Steps: 10},
		lecture.MotionSettings{Batch: 2, Rate: 0.1, Steps: 10, Lags: 2},
		lecture.OrderSettings{Rate: 0.1, Epochs: 2, Seeds: 2}, &lecture.Limits{}, &lecture.StepTimes{}, &lecture.BatchNoise{}, lecture.TimeToLossSettings{Batches: []int{4}, Target: 0.1, Seeds: 2},
	} {
		good[reflect.TypeOf(v)] = v
	}
	for name, function := range takesPointers {
		f := reflect.ValueOf(function)
		for missing := range f.Type().NumIn() {
			if in := f.Type().In(missing); in.Kind() != reflect.Pointer || in == reflect.TypeFor[*figure.Figure]() {
				continue
			}
			if out := f.Type().NumOut() - 1; missing == 0 && name[0] == '(' && f.Type().Out(out) != reflect.TypeFor[error]() {
				continue // a method without an error is called on what is not nil
			}
			var in []reflect.Value
			for i := range f.Type().NumIn() {
				value := reflect.Zero(f.Type().In(i))
				if v, ok := good[value.Type()]; ok && i != missing {
					value = reflect.ValueOf(v)
				} else if value.Type() == reflect.TypeFor[context.Context]() {
					value = reflect.ValueOf(t.Context())
				}
				in = append(in, value)
			}
			assert.Empty(t, flaw(f, in), "%s without its argument %d", name, missing+1)
		}
	}
}

// flaw is what is wrong with how a function refuses its arguments: by an error, or by a panic that is not Go's own.
func flaw(f reflect.Value, in []reflect.Value) (said string) {
	defer func() {
		if p := recover(); p != nil {
			mistake, _ := p.(runtime.Error)
			said = strings.TrimPrefix(fmt.Sprint(mistake), "<nil>")
		}
	}()
	call := f.Call
	if f.Type().IsVariadic() {
		call = f.CallSlice
	}
	for _, out := range call(in) {
		if err, ok := out.Interface().(error); ok && err != nil {
			return ""
		}
	}
	return "it takes them"
}

// pointerTakers are the names of the package's exported functions that belong into takesPointers. Figures are made without an error.
func pointerTakers(t *testing.T) (names []string) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || f.Recv != nil && !ast.IsExported(strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*")) || strings.HasSuffix(name, "_test.go") {
				continue
			}
			called, fields := f.Name.Name, f.Type.Params.List
			if f.Recv != nil {
				called = "(" + types.ExprString(f.Recv.List[0].Type) + ")." + called
				if results := f.Type.Results; results != nil && types.ExprString(results.List[len(results.List)-1].Type) == "error" {
					fields = append(fields, f.Recv.List...)
				}
			}
			if slices.ContainsFunc(fields, func(field *ast.Field) bool {
				of := types.ExprString(field.Type)
				return strings.HasPrefix(of, "*") && of != "*figure.Figure"
			}) {
				names = append(names, called)
			}
		}
	}
	return names
}
