package grade

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"descent.example/internal/brief"
	"descent.example/pkg/assignment"
)

// largestCode is how many bytes of code a task may have.
const largestCode = 256 << 10

// directive is a comment that tells the compiler or the linker to do something. One that only begins like it is a comment.
var directive = regexp.MustCompile(`^(//go:\w|//line .*:\d|/\*line .*:\d|//export \w+$)`)

// gate says in a sentence why a task's code is not compiled: it is not Go, it imports what is not to be had, or it speaks to the compiler.
func gate(code string) error {
	if len(code) > largestCode {
		return fmt.Errorf("it has %d KiB, and %d are the most", len(code)>>10, largestCode>>10)
	}
	var obeyed error
	comments(code, func(from, to int) {
		if text := code[from:to]; directive.MatchString(text) && obeyed == nil {
			obeyed = fmt.Errorf("line %d has the directive %s for the compiler, which no task needs", 1+strings.Count(code[:from], "\n"), brief.Of(firstWord(text)))
		}
	})
	if obeyed != nil {
		return obeyed
	}
	// Names are looked up as Imports will.
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+withoutComments(code), parser.AllErrors)
	if err != nil {
		return notGo(err)
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err == nil && importable(path), err == nil && strings.HasPrefix(path, "descent.example/pkg/assignment"), path == "descent.example/pkg/homework":
		case path == "C":
			return fmt.Errorf("it imports C, and a task is written in Go alone")
		default:
			return fmt.Errorf("it imports %s, which is not among the packages that a task may use: math, slices, fmt and their like", brief.Of(path))
		}
	}
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Body == nil {
			return fmt.Errorf("the function %s has no body", f.Name.Name)
		}
	}
	return nil
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// notGo is what is wrong with code that does not parse.
func notGo(err error) error {
	if list, is := err.(scanner.ErrorList); is && len(list) > 0 {
		return fmt.Errorf("it is not Go: line %d: %s", list[0].Pos.Line-1, brief.Of(list[0].Msg))
	}
	return fmt.Errorf("it is not Go: %s", brief.Of(err.Error()))
}

// asked says which of a task's functions the code lacks, or declares otherwise than the task asks.
func asked(t assignment.Task, code string) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+withoutComments(code), parser.SkipObjectResolution)
	if err != nil {
		return notGo(err)
	}
	for _, want := range t.Functions {
		i := slices.IndexFunc(file.Decls, func(d ast.Decl) bool {
			f, is := d.(*ast.FuncDecl)
			return is && f.Recv == nil && f.Name.Name == want.Name
		})
		if i < 0 {
			return fmt.Errorf("it does not declare the function %s", want.Name)
		}
		if f := file.Decls[i].(*ast.FuncDecl); f.Type.TypeParams != nil || signature(f.Type) != signatureOf(want.Type) {
			return fmt.Errorf("it declares %s with other arguments or results than the task: keep its first line, which is func %s%s",
				want.Name, want.Name, strings.TrimPrefix(want.Type, "func"))
		}
	}
	return nil
}

// comments tells the comments in code, with where they begin and end. They are found before the code is parsed: Go's parser obeys some of them.
func comments(code string, note func(from, to int)) {
	var s scanner.Scanner
	text, files := []byte(code), token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	s.Init(file, text, func(token.Position, string) {}, scanner.ScanComments)
	for {
		switch at, kind, said := s.Scan(); kind {
		case token.EOF:
			return
		case token.COMMENT:
			from := file.Offset(at)
			note(from, min(from+len(said), len(text)))
		}
	}
}

// withoutComments is the code with spaces in the place of comments, none of which the compiler then reads.
func withoutComments(code string) string {
	text := []byte(code)
	comments(code, func(from, to int) { assignment.Blank(text, from, to) })
	return string(text)
}
