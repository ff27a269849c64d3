package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/constant"
	"go/scanner"
	"go/token"
	"go/types"
	"math"
	"strconv"
	"strings"

	"descent.example/internal/live"
)

// A literal is one that a prepared program reads when it starts.
type literal struct {
	Token   int    // its number among the cell's tokens
	Type    string // that of Go which it has there: int, float64, string…
	Negated bool   // a minus stands before it
}

// word is a token of a cell: where it stands, what it is, and its text if it has one of its own.
type word struct {
	line int
	kind token.Token
	text string
}

// words are the tokens of a cell, comments included; none if it is not Go, which is then for Go to say.
func words(cell []byte) []word {
	var s scanner.Scanner
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(cell))
	s.Init(file, cell, func(token.Position, string) {}, scanner.ScanComments)
	var all []word
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		all = append(all, word{file.Line(pos), kind, text})
	}
	if s.ErrorCount > 0 {
		return nil
	}
	return all
}

func (w word) literal() bool {
	return w.kind == token.INT || w.kind == token.FLOAT || w.kind == token.STRING
}

// nameOf is the same for cells that differ in literals only.
func nameOf(cell []byte) string {
	h := sha256.New()
	for _, w := range words(cell) {
		if w.literal() {
			w.text = ""
		}
		fmt.Fprintf(h, "%d %d %q\n", w.line, w.kind, w.text)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// valuesOf returns the values of the literals in a cell, as the prepared program reads them, if the cell differs from the
// one that was prepared in those literals only and each can have the type it had.
func valuesOf(prepared, cell []byte, literals []literal) ([]byte, bool) {
	before, now := words(prepared), words(cell)
	if now == nil || len(before) != len(now) {
		return nil, false
	}
	free := map[int]bool{}
	for _, l := range literals {
		free[l.Token] = true
	}
	for i, w := range now {
		if b := before[i]; w.line != b.line || w.kind != b.kind || w.text != b.text && !free[i] {
			return nil, false
		}
	}
	var out bytes.Buffer
	for _, l := range literals {
		value, ok := l.value(now[l.Token])
		if !ok {
			return nil, false
		}
		out.WriteString(value + "\n")
	}
	return out.Bytes(), true
}

// value is a literal as a line of the file of values, if it can have its type.
func (l literal) value(w word) (string, bool) {
	if !l.fits(w) {
		return "", false
	}
	v := constant.MakeFromLiteral(w.text, w.kind, 0)
	switch basic(l.Type).Info() & (types.IsInteger | types.IsFloat | types.IsString) {
	case types.IsString:
		return strconv.Quote(constant.StringVal(v)), true
	case types.IsInteger:
		return constant.ToInt(v).ExactString(), true
	}
	if l.Type == "float32" {
		f, _ := constant.Float32Val(v)
		return strconv.FormatUint(math.Float64bits(float64(f)), 10), true
	}
	f, _ := constant.Float64Val(v)
	return strconv.FormatUint(math.Float64bits(f), 10), true
}

// longest is how long a literal may be. The compiler refuses numbers of more than 512 bits.
const longest = 100

// fits says whether the compiler would take the literal in its place, and whether a variable in that place is the same:
// a text stays in its line, and 0 has no sign.
func (l literal) fits(w word) bool {
	if w.kind != token.STRING && len(w.text) > longest {
		return false
	}
	t, v := basic(l.Type), constant.MakeFromLiteral(w.text, w.kind, 0)
	switch {
	case v.Kind() == constant.Unknown:
		return false
	case t.Info()&types.IsString != 0:
		return w.kind == token.STRING && w.text[0] == '"'
	case w.kind == token.STRING:
		return false
	case t.Info()&types.IsInteger != 0:
		i := constant.ToInt(v)
		if i.Kind() != constant.Int {
			return false
		}
		if t.Info()&types.IsUnsigned != 0 {
			if l.Negated {
				return false
			}
			u, exact := constant.Uint64Val(i)
			return exact && u>>bits(t) == 0
		}
		n, exact := constant.Int64Val(i)
		return exact && n < 1<<(bits(t)-1)-1 // the greatest itself is left to the compiler
	}
	f := constant.ToFloat(v)
	if l.Type == "float32" {
		x, _ := constant.Float32Val(f)
		return !math.IsInf(float64(x), 0) && !(l.Negated && x == 0)
	}
	x, _ := constant.Float64Val(f)
	return !math.IsInf(x, 0) && !(l.Negated && x == 0)
}

func basic(name string) *types.Basic {
	t, _ := types.Universe.Lookup(name).Type().(*types.Basic)
	return t
}

// bits of an integer type; an int counts as the shorter one of two that it may be.
func bits(t *types.Basic) uint {
	switch t.Kind() {
	case types.Int8, types.Uint8:
		return 8
	case types.Int16, types.Uint16:
		return 16
	case types.Int32, types.Uint32, types.Int, types.Uint, types.Uintptr:
		return 32
	}
	return 64
}

// labModule is the lab's module, and labPackage the package whose functions a cell calls with its parameters and with what it says.
const (
	labModule  = "descent.example"
	labPackage = labModule + "/pkg/lab"
)

// replaceable returns the literals of a cell that a variable can stand for: those that its functions hand to a function of
// package lab, by themselves or in a list, as parameters and sentences are. There a literal is its value and nothing else. In
// an expression it may be more: the compiler computes with constants exactly, and some processors round otherwise.
func replaceable(files *token.FileSet, cell []byte, file *ast.File, info *types.Info) []literal {
	number := map[int]int{} // of the token at an offset
	var s scanner.Scanner
	scanned := token.NewFileSet().AddFile("", -1, len(cell))
	s.Init(scanned, cell, func(token.Position, string) {}, scanner.ScanComments)
	for i := 0; ; i++ {
		pos, kind, _ := s.Scan()
		if kind == token.EOF {
			break
		}
		number[scanned.Offset(pos)] = i
	}
	all := words(cell)
	var found []literal
	add := func(e ast.Expr) {
		typed, negated := info.Types[e].Type, false
		if minus, is := e.(*ast.UnaryExpr); is && minus.Op == token.SUB {
			e, negated = minus.X, true
		}
		lit, is := e.(*ast.BasicLit)
		if !is || typed == nil {
			return
		}
		t, is := types.Unalias(typed).(*types.Basic)
		if !is || t.Info()&(types.IsInteger|types.IsFloat|types.IsString) == 0 || t.Info()&types.IsUntyped != 0 {
			return
		}
		i, known := number[files.Position(lit.Pos()).Offset]
		l := literal{Token: i, Type: t.Name(), Negated: negated}
		if known && all[i].literal() && all[i].text == lit.Value && types.Universe.Lookup(t.Name()) != nil && l.fits(all[i]) {
			found = append(found, l)
		}
	}
	ofLab := func(fun ast.Expr) bool {
		selector, is := fun.(*ast.SelectorExpr)
		if !is {
			return false
		}
		f, is := info.Uses[selector.Sel].(*types.Func)
		return is && f.Pkg() != nil && f.Pkg().Path() == labPackage && f.Signature().Recv() == nil && f.Signature().TypeParams() == nil
	}
	visit := func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is || !ofLab(call.Fun) {
			return true
		}
		for _, argument := range call.Args {
			add(argument)
			if list, is := argument.(*ast.CompositeLit); is {
				for _, element := range list.Elts {
					add(element)
				}
			}
		}
		return true
	}
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Body != nil && f.Type.TypeParams == nil {
			ast.Inspect(f.Body, visit)
		}
	}
	return found
}

// withVariables returns the cell with variables in place of the literals, and the source that declares them and reads
// their values from a file.
func withVariables(cell []byte, literals []literal, values string) (changed, declared []byte) {
	at := map[int]int{}
	for i, l := range literals {
		at[l.Token] = i
	}
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(cell))
	s.Init(file, cell, func(token.Position, string) {}, scanner.ScanComments)
	var out bytes.Buffer
	done := 0
	for i := 0; ; i++ {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		if k, is := at[i]; is {
			out.Write(cell[done:file.Offset(pos)])
			fmt.Fprintf(&out, "%s%d", variable, k)
			done = file.Offset(pos) + len(text)
		}
	}
	out.Write(cell[done:])

	var source strings.Builder
	fmt.Fprintf(&source, reading, len(literals), live.ValuesEnv, values)
	for i, l := range literals {
		from := "integer"
		switch info := basic(l.Type).Info(); {
		case info&types.IsString != 0:
			from = "text"
		case info&types.IsFloat != 0:
			from = "float"
		case info&types.IsUnsigned != 0:
			from = "natural"
		}
		fmt.Fprintf(&source, "var %s%d = %s(%s%s(%d))\n", variable, i, l.Type, variable, from, i)
	}
	return out.Bytes(), []byte(source.String())
}

// variable begins the names in a prepared program that the cell did not write.
const variable = "descentLiteral"

const reading = `package main

import (
	"math"
	"os"
	"strconv"
	"strings"
)

var descentLiterals = descentLiteralread(%d)

func descentLiteralread(n int) []string {
	path := os.Getenv(%q)
	if path == "" {
		path = %q
	}
	data, err := os.ReadFile(path)
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if err != nil || len(lines) != n {
		panic("the cell's values were removed while it was built; run it again")
	}
	return lines
}

func descentLiteralinteger(i int) int64 {
	v, err := strconv.ParseInt(descentLiterals[i], 10, 64)
	if err != nil {
		panic(err)
	}
	return v
}

func descentLiteralnatural(i int) uint64 {
	v, err := strconv.ParseUint(descentLiterals[i], 10, 64)
	if err != nil {
		panic(err)
	}
	return v
}

func descentLiteralfloat(i int) float64 { return math.Float64frombits(descentLiteralnatural(i)) }

func descentLiteraltext(i int) string {
	v, err := strconv.Unquote(descentLiterals[i])
	if err != nil {
		panic(err)
	}
	return v
}
`
