package lecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README sends a claim to the file whose experiment names it in the first line of its comment.
func TestReadmeSendsAClaimToItsExperiment(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\| ([GSHNW]\d+) \|.*\]\(pkg/lecture/(\w+\.go)\)`).FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		file, err := parser.ParseFile(token.NewFileSet(), row[2], nil, parser.ParseComments)
		require.NoError(t, err)
		named := false
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() && f.Doc != nil {
				first, _, _ := strings.Cut(f.Doc.Text(), "\n")
				named = named || regexp.MustCompile(`\(claims? [^)]*\b`+row[1]+`\b`).MatchString(first)
			}
		}
		require.True(t, named, "no function of %s names %s", row[2], row[1])
	}
}
