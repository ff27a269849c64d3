package claims

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var claimTest = regexp.MustCompile(`^TestClaim([A-Z]+\d+)[A-Z]`)

// claimsAsserted are the ids of the claims that a test below the folder asserts. A test of a claim that asserts nothing fails.
func claimsAsserted(t *testing.T, root string) map[string]bool {
	t.Helper()
	asserted := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") && path != root {
			return fs.SkipDir
		}
		paths, err := filepath.Glob(filepath.Join(path, "*_test.go"))
		if err != nil {
			return err
		}
		var files []*ast.File
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			files = append(files, file)
		}
		functions := functionsOf(files)
		for name, body := range functions {
			if id := claimTest.FindStringSubmatch(name); id != nil {
				require.True(t, asserts(body, functions), "%s asserts nothing", name)
				asserted[id[1]] = true
			}
		}
		return nil
	}))
	return asserted
}

// functionsOf are the bodies of the functions that files of one package declare, by name.
func functionsOf(files []*ast.File) map[string]*ast.BlockStmt {
	functions := map[string]*ast.BlockStmt{}
	for _, file := range files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Body != nil {
				functions[f.Name.Name] = f.Body
			}
		}
	}
	return functions
}

// asserts tells whether a body holds an assertion, or calls one of the functions that does.
func asserts(body *ast.BlockStmt, functions map[string]*ast.BlockStmt) bool {
	return slices.ContainsFunc(calls(body), func(call *ast.CallExpr) bool {
		name, ok := call.Fun.(*ast.Ident)
		return isAssertion(call) || ok && functions[name.Name] != nil && slices.ContainsFunc(calls(functions[name.Name]), isAssertion)
	})
}

func calls(body *ast.BlockStmt) (all []*ast.CallExpr) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			all = append(all, call)
		}
		return true
	})
	return all
}

// isAssertion tells whether a call can fail a test because of a value: one of testify's about something that is not a
// constant, or one of testing's own. That there is no error is what every experiment has to say, not what a claim says.
func isAssertion(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	switch {
	case !ok || from.Name == "require" && selector.Sel.Name == "NoError":
		return false
	case from.Name == "t":
		return slices.Contains([]string{"Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"}, selector.Sel.Name)
	case from.Name != "require" || len(call.Args) < 2:
		return false
	}
	variable := false
	ast.Inspect(&ast.CallExpr{Fun: ast.NewIdent("_"), Args: call.Args[1:]}, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident)
		variable = variable || ok && !slices.Contains([]string{"_", "true", "false", "nil"}, name.Name)
		return true
	})
	return variable
}

func TestAnAssertionIsMoreThanAName(t *testing.T) {
	for source, want := range map[string]bool{
		"":                        false,
		"t.Log(x)":                false,
		"require.NoError(t, err)": false,
		"require.True(t, true); require.Equal(t, 1, 1.0)": false,
		"x := measure(); _ = x < 1":                       false,
		"unknown(t, x)":                                   false,
		"far(t, x)":                                       false, // two levels away
		"require.Less(t, x, 1.0)":                         true,
		"t.Run(name, func(t *testing.T) { require.True(t, x) })": true,
		"if x > 1 { t.Errorf(\"x is %v\", x) }":                  true,
		"near(t, x)":                                             true,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc test() {"+source+"}\n"+
			"func near(t *testing.T, x float64) { require.Less(t, x, 1.0) }\nfunc far(t *testing.T, x float64) { near(t, x) }", 0)
		require.NoError(t, err)
		functions := functionsOf([]*ast.File{file})
		require.Equal(t, want, asserts(functions["test"], functions), source)
	}
}
