// Package hostile calls functions of the lab with values that no caller should give: not a number, infinite, subnormal,
// negative, enormous, empty, nil, of lengths that do not fit. Whatever they are, a function returns, with an error or
// without one. It does not crash, hang or take all memory; if it panics, then on purpose, with a sentence of the lab's.
package hostile

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
)

// A pool is the values that an argument can have; the first one is good.
type pool []reflect.Value

func pools(given [][]any) map[reflect.Type]pool {
	nan, inf := math.NaN(), math.Inf(1)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	all := make(map[reflect.Type]pool)
	add := func(values ...any) {
		for _, v := range values {
			all[reflect.TypeOf(v)] = append(all[reflect.TypeOf(v)], reflect.ValueOf(v))
		}
	}
	for _, values := range given {
		add(values...)
	}
	add(2, 3, 0, -1, 1, 7, 40, 1<<9+1, 1<<40, math.MaxInt, math.MinInt)
	add(0.1, 1.0, 0.0, -0.5, nan, inf, -inf, 1e-320, math.SmallestNonzeroFloat64, 1e-160, 1e160, math.MaxFloat64, -math.MaxFloat64)
	add(int64(1), int64(-1), int64(math.MaxInt64), uint64(1), uint64(math.MaxUint64))
	add(true, false, "adam", "", "no such name")
	add([]float64{0.1, 0.2, 0.4}, []float64{0.1, 0.2}, []float64(nil), []float64{}, []float64{1}, []float64{nan, 1, 2}, []float64{0, inf, 1},
		[]float64{1e160, 2e160, 3e160}, []float64{1e-320, 2e-320, 3e-320}, []float64{-math.MaxFloat64, 0, math.MaxFloat64}, []float64{3, 2, 1}, []float64{0, 0, 0})
	add([]int{2, 3}, []int(nil), []int{}, []int{0}, []int{-1, 2}, []int{1}, []int{1 << 40}, []int{1 << 20, 1 << 20}, []int{math.MaxInt, math.MaxInt}, []int{2, 3, 2})
	add([][]float64{{0.1, 0.2}, {0.3, 0.1}, {0.2, 0.2}}, [][]float64(nil), [][]float64{{}}, [][]float64{{1}, {1, 2}}, [][]float64{{nan, inf}, {0, 1}})
	add([]bool{true, false, true, false}, []bool(nil), []bool{true}, []bool{true, true, true, true})
	add([]string{"adam", "gd"}, []string(nil), []string{""})
	add(mat.NewDense(4, 2, []float64{0.1, 0.2, -0.3, 0.1, 0.2, -0.2, 0.4, 0.3}), (*mat.Dense)(nil), new(mat.Dense), mat.NewDense(1, 1, []float64{1}),
		mat.NewDense(3, 2, nil), mat.NewDense(2, 2, []float64{nan, inf, 1, 2}), mat.NewDense(2, 2, []float64{1e200, 1, -1e200, 2}),
		mat.NewDense(2, 2, []float64{1e-200, 1e-320, 0, 2e-200}))
	add(mat.NewSymDense(2, []float64{2, 0.5, 0.5, 1}), (*mat.SymDense)(nil), new(mat.SymDense), mat.NewSymDense(1, []float64{1}), mat.NewSymDense(2, nil),
		mat.NewSymDense(2, []float64{nan, 0, 0, inf}), mat.NewSymDense(2, []float64{-1, 0, 0, -1}), mat.NewSymDense(2, []float64{1e200, 0, 0, 1e-200}))
	add([2]float64{-1, -0.5}, [2]float64{1, 2}, [2]float64{nan, 0}, [2]float64{-inf, inf}, [2]float64{math.MaxFloat64, -math.MaxFloat64})
	add(math.Sin, func(float64) float64 { return nan }, func(float64) float64 { return math.MaxFloat64 }, (func(float64) float64)(nil))
	add(func(t int) float64 { return 0.1 }, func(t int) float64 { return nan }, func(t int) float64 { return inf })
	of := func(i any, values ...any) { // of an interface type
		t := reflect.TypeOf(i).Elem()
		for _, v := range values {
			all[t] = append(all[t], reflect.ValueOf(v))
		}
	}
	of((*context.Context)(nil), context.Background(), cancelled)
	return all
}

// arguments are the pools of a function's arguments. An argument of an interface type takes what is given that has its
// methods. There may be none for a type: then only its zero value.
func arguments(name string, f any, all map[reflect.Type]pool) []pool {
	t := reflect.TypeOf(f)
	args := make([]pool, t.NumIn())
	for i := range args {
		in := t.In(i)
		p := all[in]
		if p == nil && in.Kind() == reflect.Interface {
			for of, values := range all {
				if of.Implements(in) {
					p = append(p, values...)
				}
			}
		}
		method := i == 0 && strings.HasPrefix(name, "(")
		var kept pool
		for _, v := range p {
			if nilPointer := v.Kind() == reflect.Pointer && v.IsNil(); !nilPointer || !method {
				kept = append(kept, v)
			}
		}
		if !method || len(kept) == 0 {
			kept = append(kept, reflect.Zero(in))
		}
		args[i] = kept
	}
	return args
}

// Fuzz fuzzes the functions of the package in the current folder: all that are exported, by their names, methods as
// expressions, "(*Net).Check": (*relu.Net).Check. Given are values of types of their own, each list beginning with a good one. As seeds each
// function is called with good values, with each of the others in one argument, and with some in several.
func Fuzz(f *testing.F, given [][]any, functions map[string]any) {
	complete(f, functions)
	names := slices.Sorted(maps.Keys(functions))
	all := pools(given)
	for k, name := range names {
		args := arguments(name, functions[name], all)
		seed := append([]byte{byte(k)}, make([]byte, len(args))...)
		f.Add(append([]byte{}, seed...))
		for i, values := range args {
			for j := 1; j < len(values); j++ {
				seed[1+i] = byte(j)
				f.Add(append([]byte{}, seed...))
			}
			seed[1+i] = 0
		}
		rng := rand.New(rand.NewPCG(uint64(k), 0))
		for range 20 * len(args) {
			for i := range args {
				if seed[1+i] = 0; rng.IntN(2) == 0 {
					seed[1+i] = byte(rng.IntN(len(args[i])))
				}
			}
			f.Add(append([]byte{}, seed...))
		}
	}
	f.Fuzz(func(t *testing.T, choice []byte) {
		if len(choice) == 0 {
			return
		}
		name := names[int(choice[0])%len(names)]
		in := []reflect.Value{}
		for i, values := range arguments(name, functions[name], pools(given)) { // made anew: a function may change its arguments
			k := 0
			if 1+i < len(choice) {
				k = int(choice[1+i])
			}
			in = append(in, values[k%len(values)])
		}
		call(t, name, functions[name], in)
	})
}

// complete fails where a function of the package in the current folder is not among those given. What takes nodes of a graph
// is built by package train, which reports its panics.
func complete(f *testing.F, functions map[string]any) {
	f.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			f.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			of, ok := decl.(*ast.FuncDecl)
			if !ok || !of.Name.IsExported() {
				continue
			}
			called, exported, built := of.Name.Name, true, false
			if of.Recv != nil {
				receiver := types.ExprString(of.Recv.List[0].Type)
				exported = ast.IsExported(strings.TrimPrefix(receiver, "*"))
				called = "(" + receiver + ")." + called
			}
			for _, field := range of.Type.Params.List {
				in := types.ExprString(field.Type)
				built = built || strings.Contains(in, "graph.") || strings.Contains(in, "model.")
			}
			if exported && !built && functions[called] == nil {
				f.Errorf("%s is not among the functions to be fuzzed: add it", called)
			}
		}
	}
}

func call(t *testing.T, name string, of any, in []reflect.Value) {
	said := func() string {
		var b strings.Builder
		for i, v := range in {
			if i > 0 {
				b.WriteString(", ")
			}
			switch v.Kind() {
			case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64, reflect.String, reflect.Bool, reflect.Slice, reflect.Array:
				fmt.Fprintf(&b, "%.60v", fmt.Sprint(v))
			case reflect.Pointer:
				fmt.Fprintf(&b, "%s nil=%t", v.Type(), v.IsNil())
			default:
				fmt.Fprint(&b, v.Type())
			}
		}
		return name + "(" + b.String() + ")"
	}
	if os.Getenv("HOSTILE") != "" {
		fmt.Println("call", said())
	}
	returned := make(chan string)
	go func() {
		defer func() {
			if p := recover(); p != nil && !onPurpose(p) {
				returned <- fmt.Sprintf("%v\n%s", p, where())
			}
			close(returned)
		}()
		run(reflect.ValueOf(of), in, said)
	}()
	select {
	case problem := <-returned:
		if problem != "" {
			t.Errorf("%s: %s", said(), problem)
		}
	case <-time.After(patience):
		t.Fatalf("%s does not return", said())
	}
}

// patience is how long a function may take, on a machine that others use too.
const patience = 30 * time.Second

// run calls the function, and goes some way through a sequence that it returns.
func run(f reflect.Value, in []reflect.Value, said func() string) {
	var out []reflect.Value
	if f.Type().IsVariadic() {
		out = f.CallSlice(in)
	} else {
		out = f.Call(in)
	}
	for _, x := range out {
		if x.Kind() == reflect.Func && !x.IsNil() && x.Type().CanSeq2() {
			k := 0
			for range x.Seq2() {
				if k++; k == 5 {
					break
				}
			}
		}
	}
	if os.Getenv("HOSTILE") != "" && (len(out) == 0 || out[len(out)-1].Type() != reflect.TypeFor[error]() || out[len(out)-1].IsNil()) {
		for _, x := range out {
			if text := fmt.Sprintf("%+.200v", x); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				fmt.Printf("look %s = %.300s\n", said(), text)
			}
		}
	}
}

// onPurpose tells whether a panic is one of the lab's own sentences, and not a mistake that Go or a library found.
func onPurpose(p any) bool {
	if _, mistake := p.(runtime.Error); mistake {
		return false
	}
	f := began()
	return strings.HasPrefix(f.Function, "descent.example/pkg/")
}

// began is the function in which the panic began.
func began() runtime.Frame {
	counters := make([]uintptr, 100)
	frames := runtime.CallersFrames(counters[:runtime.Callers(0, counters)])
	for panicking := false; ; {
		f, more := frames.Next()
		if panicking && !strings.HasPrefix(f.Function, "runtime.") || !more {
			return f
		}
		panicking = panicking || f.Function == "runtime.gopanic"
	}
}

func where() string {
	stack := make([]byte, 1<<14)
	return string(stack[:runtime.Stack(stack, false)])
}
