// Package house holds the lab's rules for the code of pkg that no linter knows.
package house

import (
	"fmt"
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

const (
	mostLines      = 70
	mostParameters = 5
)

// A comment that has one of these words says when a function fails, or why it is long or takes so much.
var (
	saysError      = regexp.MustCompile(`(?i)\b(errors?|fails?|nil)\b`)
	saysLines      = regexp.MustCompile(`(?i)\blines\b`)
	saysParameters = regexp.MustCompile(`(?i)\bparameters\b`)
)

func TestComments(t *testing.T) {
	const root = "../../pkg"
	var complaints []string
	functions := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is {
				functions++
				complaints = append(complaints, check(files, f)...)
			}
		}
		return nil
	}))
	require.NotZero(t, functions)
	for _, complaint := range complaints {
		t.Error(complaint)
	}
}

// The rules hold for what they name, and for nothing else.
func TestRules(t *testing.T) {
	long := "func f() {" + strings.Repeat("\n", mostLines) + "}"
	for source, want := range map[string]string{
		"// F is one.\nfunc F() (int, error) { return 0, nil }":                        "when it returns an error",
		"func F() error { return nil }":                                                "when it returns an error",
		"// M is one.\nfunc (t *T[K, V]) M() error { return nil }":                     "when it returns an error",
		"// F returns an error if it rains.\nfunc F() (n int, err error) { return }":   "",
		"// M implements an interface of others.\nfunc (t *t) M() error { return nil}": "",
		"func f() error { return nil }":                                                "",
		"// F is one.\nfunc F() int { return 0 }":                                      "",
		long:                                         "why it has so many lines",
		"// f is 71 lines of a table.\n" + long:      "",
		"func f(a, b, c int, d, e, g string) {}":     "why it takes so many parameters",
		"func f(int, int, int, int, int, string) {}": "why it takes so many parameters",
		"// f has the parameters of g.\nfunc f(a, b, c int, d, e, g string) {}": "",
		"func f(a, b, c int, d, e string) {}":                                   "",
	} {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "f.go", "package p\n"+source, parser.ParseComments)
		require.NoError(t, err)
		got := check(files, file.Decls[0].(*ast.FuncDecl))
		if want == "" {
			require.Empty(t, got, source)
			continue
		}
		require.Len(t, got, 1, source)
		require.Contains(t, got[0], want, source)
	}
}

// check returns what the comment of a function leaves unsaid.
func check(files *token.FileSet, f *ast.FuncDecl) (complaints []string) {
	comment := f.Doc.Text()
	complain := func(format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf("%v: %s: ", files.Position(f.Pos()), f.Name.Name)+fmt.Sprintf(format, args...))
	}
	if isPublic(f) && returnsError(f) && !saysError.MatchString(comment) {
		complain("its comment must say when it returns an error")
	}
	if lines := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1; lines > mostLines && !saysLines.MatchString(comment) {
		complain("it has %d lines, more than %d: split it, or say in its comment why it has so many lines", lines, mostLines)
	}
	if n := f.Type.Params.NumFields(); n > mostParameters && !saysParameters.MatchString(comment) {
		complain("it has %d parameters, more than %d: give it a struct, or say in its comment why it takes so many parameters", n, mostParameters)
	}
	return complaints
}

// isPublic tells whether a function can be called by its name from outside. Methods of types that are not exported implement
// others' interfaces.
func isPublic(f *ast.FuncDecl) bool {
	if !f.Name.IsExported() || f.Recv == nil {
		return f.Name.IsExported()
	}
	of := f.Recv.List[0].Type
	for {
		switch x := of.(type) {
		case *ast.StarExpr:
			of = x.X
		case *ast.IndexExpr: // a generic type
			of = x.X
		case *ast.IndexListExpr:
			of = x.X
		default:
			return x.(*ast.Ident).IsExported()
		}
	}
}

func returnsError(f *ast.FuncDecl) bool {
	return f.Type.Results != nil && slices.ContainsFunc(f.Type.Results.List, func(result *ast.Field) bool {
		name, is := result.Type.(*ast.Ident)
		return is && name.Name == "error"
	})
}
