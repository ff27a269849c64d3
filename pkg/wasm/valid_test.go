package wasm

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
	"github.com/stretchr/testify/require"
)

// TestModulesAreValid has V8, in Node, validate modules with loops, vectors, functions and data.
func TestModulesAreValid(t *testing.T) {
	program, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no Node to validate modules")
	}
	dir := t.TempDir()
	script := `const fs = require("fs"); for (const f of process.argv.slice(1)) console.log(WebAssembly.validate(fs.readFileSync(f)))`
	var files []string
	for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64, dtypes.Int32, dtypes.Uint64, dtypes.Int8, dtypes.Float16} {
		f := New().Builder("valid").Main().(*function)
		x, err := f.Parameter("x", shapes.Make(dtype, 19, 7), nil)
		require.NoError(t, err)
		r := &recipe{f: f}
		y := r.do(f.Mul, r.do(f.Add, x.(*node), x.(*node)), x.(*node))
		dot := r.keep(f.DotGeneral(y, []int{1}, nil, x, []int{1}, nil, compute.DotGeneralConfig{}))
		sum := r.keep(f.ReduceSum(dot, 0))
		outputs := []value{y, dot, sum, r.keep(f.LessThan(x, y)), r.keep(f.ArgMinMax(x, 0, dtypes.Int32, false))}
		if dtype.IsFloat() {
			for _, op := range []func(value) (value, error){f.Exp, f.Tanh, f.Log, f.Sin, f.Expm1, f.Log1p, f.Logistic, f.Sign, f.IsFinite} {
				outputs = append(outputs, r.keep(op(y)))
			}
			outputs = append(outputs, r.do(f.Pow, y, y), r.do(f.Rem, y, y))
		}
		require.NoError(t, r.err)
		require.NoError(t, f.Return(outputs, nil))
		code, err := compile(f)
		require.NoError(t, err)
		files = append(files, filepath.Join(dir, dtype.String()))
		require.NoError(t, os.WriteFile(files[len(files)-1], code, 0o644))
	}
	broken := filepath.Join(dir, "broken")
	code, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(broken, code[:len(code)-1], 0o644))
	out, err := exec.Command(program, append([]string{"-e", script}, append(files, broken)...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, strings.Repeat("true\n", len(files))+"false\n", string(out))
}

// TestTypesAreRefusedOrCompiled: no operation on elements takes a type that the compiler then does not know for it.
func TestTypesAreRefusedOrCompiled(t *testing.T) {
	for _, op := range operations {
		if !shapeinference.StandardUnaryOperations.Has(op) && !shapeinference.AllBinaryOperations.Has(op) {
			continue
		}
		for _, dtype := range supported {
			f := New().Builder("types").Main().(*function)
			x, err := f.Parameter("x", shapes.Make(dtype, 3), nil)
			require.NoError(t, err)
			method := reflect.ValueOf(f).MethodByName(op.String())
			y := method.Call(slices.Repeat([]reflect.Value{reflect.ValueOf(x)}, method.Type().NumIn()))
			if !y[1].IsNil() {
				continue
			}
			require.NoError(t, f.Return([]value{y[0].Interface()}, nil))
			require.NotPanicsf(t, func() { _, err = compile(f) }, "%s of %s", op, dtype)
			require.NoErrorf(t, err, "%s of %s", op, dtype)
		}
	}
}
