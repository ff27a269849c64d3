package site

import (
	"go/scanner"
	"go/token"
	"html"
	"strings"
)

// highlight returns a cell's code as HTML, its words marked by what they are. The lines that are the kernel's, such as %%, are not Go.
func highlight(code string) string {
	var b, piece strings.Builder
	flush := func() {
		b.WriteString(highlightGo(piece.String()))
		piece.Reset()
	}
	for line := range strings.Lines(code) {
		if strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!") {
			flush()
			text := strings.TrimSuffix(line, "\n")
			b.WriteString(span("kernel", text) + line[len(text):])
			continue
		}
		piece.WriteString(line)
	}
	flush()
	return b.String()
}

func highlightGo(code string) string {
	source := []byte(code)
	file := token.NewFileSet().AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, scanner.ScanComments)
	var b strings.Builder
	at := 0
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		begin := file.Offset(pos)
		if !strings.HasPrefix(code[begin:], text) || text == "" { // a semicolon that is not there, or an operator
			continue
		}
		end := begin + len(text)
		b.WriteString(html.EscapeString(code[at:begin]))
		at = end
		switch {
		case kind == token.COMMENT:
			b.WriteString(span("comment", text))
		case kind.IsKeyword():
			b.WriteString(span("keyword", text))
		case kind == token.STRING, kind == token.CHAR:
			b.WriteString(span("string", text))
		case kind == token.INT, kind == token.FLOAT, kind == token.IMAG:
			b.WriteString(span("number", text))
		case kind == token.IDENT && strings.HasPrefix(code[end:], "("):
			b.WriteString(span("call", text))
		default:
			b.WriteString(html.EscapeString(text))
		}
	}
	return b.String() + html.EscapeString(code[at:])
}

func span(class, text string) string {
	return `<span class="` + class + `">` + html.EscapeString(text) + `</span>`
}
