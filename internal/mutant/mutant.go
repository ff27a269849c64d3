// Package mutant changes a program in one place at a time, as a slip of the hand would: an operator, a comparison, a constant, a bound, a statement
// left out. A check that lets such a change pass does not check that place.
package mutant

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// A Mutant is a changed program.
type Mutant struct {
	Code string
	Says string // the line before ⇒ the line after
}

// swaps are the operators that are taken for each other.
var swaps = map[token.Token][]string{
	token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"}, token.REM: {"*"},
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"}, token.EQL: {"!="}, token.NEQ: {"=="},
	token.LAND: {"||"}, token.LOR: {"&&"},
	token.ADD_ASSIGN: {"-="}, token.SUB_ASSIGN: {"+="}, token.MUL_ASSIGN: {"/="}, token.QUO_ASSIGN: {"*="},
}

// Of returns all mutants of a program, declarations without a package clause. It is an error when the program is not Go.
func Of(code string) ([]Mutant, error) {
	const head = "package p\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", head+code, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	m := mutator{code: code, offset: func(p token.Pos) int { return files.Position(p).Offset - len(head) }}
	ast.Inspect(file, func(n ast.Node) bool {
		m.node(n)
		switch n.(type) {
		case *ast.ImportSpec, *ast.FuncType: // another [3]float64 among the parameters is another task
			return false
		}
		return true
	})
	slices.SortStableFunc(m.all, func(a, b Mutant) int { return strings.Compare(a.Says, b.Says) })
	return slices.CompactFunc(m.all, func(a, b Mutant) bool { return a.Code == b.Code }), nil
}

type mutator struct {
	code   string
	offset func(token.Pos) int
	all    []Mutant
}

// replace adds the program with another text from one position to another.
func (m *mutator) replace(from, to token.Pos, text string) {
	at, end := m.offset(from), m.offset(to)
	code := m.code[:at] + text + m.code[end:]
	begin := strings.LastIndex(m.code[:at], "\n") + 1
	line := func(of string) string {
		of, _, _ = strings.Cut(of[begin:], "\n")
		if of = strings.TrimSpace(of); of == "" {
			return "(left out)"
		}
		return of
	}
	m.all = append(m.all, Mutant{Code: code, Says: line(m.code) + " ⇒ " + line(code)})
}

func (m *mutator) operator(at token.Pos, op token.Token) {
	for _, other := range swaps[op] {
		m.replace(at, at+token.Pos(len(op.String())), other)
	}
}

// insert adds the program with a text at a position.
func (m *mutator) insert(at token.Pos, text string) { m.replace(at, at, text) }

func (m *mutator) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		m.operator(n.OpPos, n.Op)
	case *ast.AssignStmt:
		m.operator(n.TokPos, n.Tok)
	case *ast.IncDecStmt:
		m.replace(n.TokPos, n.TokPos+2, map[token.Token]string{token.INC: "--", token.DEC: "++"}[n.Tok])
	case *ast.UnaryExpr:
		if n.Op == token.SUB || n.Op == token.NOT {
			m.replace(n.OpPos, n.OpPos+1, "")
		}
	case *ast.BasicLit:
		m.constant(n)
	case *ast.RangeStmt:
		m.insert(n.X.End(), "+1") // compiles for a range over a number alone
		m.insert(n.X.End(), "-1")
		m.insert(n.X.End(), "[1:]")
	case *ast.CallExpr:
		if name, is := n.Fun.(*ast.Ident); is && (name.Name == "len" || name.Name == "make") {
			m.insert(n.End(), "-1")
			if name.Name == "make" && len(n.Args) > 1 {
				m.insert(n.Args[1].End(), "+1")
			}
		}
	case *ast.IndexExpr:
		m.insert(n.Index.End(), "+1")
		m.insert(n.Index.End(), "-1")
	case *ast.SliceExpr:
		for _, bound := range []ast.Expr{n.Low, n.High} {
			if bound != nil {
				m.insert(bound.End(), "+1")
				m.insert(bound.End(), "-1")
			}
		}
	case *ast.BranchStmt:
		if n.Label == nil && (n.Tok == token.BREAK || n.Tok == token.CONTINUE) {
			m.replace(n.Pos(), n.End(), map[token.Token]string{token.BREAK: "continue", token.CONTINUE: "break"}[n.Tok])
		}
	case *ast.BlockStmt:
		m.leaveOut(n.List)
	case *ast.CaseClause:
		m.leaveOut(n.Body)
	}
}

// constant changes a number.
func (m *mutator) constant(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		if value, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			m.replace(n.Pos(), n.End(), fmt.Sprint(value+1))
			if value > 0 {
				m.replace(n.Pos(), n.End(), fmt.Sprint(value-1))
			}
		}
	case token.FLOAT:
		if value, err := strconv.ParseFloat(n.Value, 64); err == nil {
			m.replace(n.Pos(), n.End(), strconv.FormatFloat(value+1, 'g', -1, 64))
			m.replace(n.Pos(), n.End(), strconv.FormatFloat(value*1.01, 'g', -1, 64))
		}
	}
}

// leaveOut leaves out one statement at a time.
func (m *mutator) leaveOut(statements []ast.Stmt) {
	for _, s := range statements {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				continue // what uses the name would not compile
			}
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.BranchStmt:
		case *ast.ReturnStmt:
			if len(statements) == 1 && len(s.Results) > 0 {
				continue
			}
		default:
			continue
		}
		m.replace(s.Pos(), s.End(), "")
	}
}
