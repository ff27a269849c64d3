package site

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

// KaTeX runs here, once for each formula, so that a reader needs no script: its HTML is what eyes see, the MathML in it what a
// screen reader says.
//
//go:embed assets/katex/katex.min.js
var katexScript string

var katexProgram = sync.OnceValue(func() *goja.Program { return goja.MustCompile("katex.min.js", katexScript, false) })

// A formula is the TeX of one, as it stands in a text.
type formula struct {
	tex     string
	display bool // on a line of its own
}

// formulas sets formulas, each once. It is not for several goroutines.
type formulas struct {
	lenient bool // one that cannot be read is shown as it was written
	vm      *goja.Runtime
	render  goja.Callable
	set     map[formula]string
}

// html returns the formula as HTML. It is an error when KaTeX cannot read it, unless f is lenient.
func (f *formulas) html(of formula) (string, error) {
	if done, ok := f.set[of]; ok {
		return done, nil
	}
	if f.vm == nil {
		f.vm, f.set = goja.New(), map[formula]string{}
		if _, err := f.vm.RunProgram(katexProgram()); err != nil {
			return "", fmt.Errorf("starting KaTeX: %w", err)
		}
		f.render, _ = goja.AssertFunction(f.vm.Get("katex").ToObject(f.vm).Get("renderToString"))
	}
	options := f.vm.ToValue(map[string]any{"displayMode": of.display, "throwOnError": !f.lenient, "strict": "ignore"})
	html, err := f.render(goja.Undefined(), f.vm.ToValue(of.tex), options)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "ParseError: KaTeX parse error: ")
		reason, _, _ = strings.Cut(reason, " at katex.min.js")
		return "", fmt.Errorf("the formula $%s$ cannot be read: %s", strings.TrimSpace(of.tex), reason)
	}
	f.set[of] = html.String()
	return f.set[of], nil
}

// Marks that take the place of a formula while Markdown is read, from Unicode's area for private use.
const markOpen, markClose = "\ue000", "\ue001"

// cutMath takes the formulas out of Markdown, as JupyterLab does before it reads it, so that no underscore in one is emphasis and
// no bar a border of a table. In the place of each stands its number between marks.
func cutMath(source string) (text string, found []formula) {
	source = strings.NewReplacer(markOpen, "", markClose, "").Replace(source)
	var b strings.Builder
	for i := 0; i < len(source); {
		rest := source[i:]
		if end := codeEnd(source, i); end > 0 {
			b.WriteString(source[i:end])
			i = end
			continue
		}
		f, length := formulaAt(rest)
		switch {
		case length > 0:
			fmt.Fprintf(&b, "%s%d%s", markOpen, len(found), markClose)
			found = append(found, f)
			i += length
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i += 2
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String(), found
}

// codeEnd is where the code that begins at i ends, a block between fences or a span, and 0 if none begins there.
func codeEnd(source string, i int) int {
	c := source[i]
	n := len(source[i:]) - len(strings.TrimLeft(source[i:], string(c)))
	begin := source[strings.LastIndexByte(source[:i], '\n')+1 : i]
	switch {
	case (c == '`' || c == '~') && n >= 3 && strings.TrimSpace(begin) == "":
		fence := source[i : i+n]
		at := i
		for line := range strings.Lines(source[i:]) {
			at += len(line)
			if at > i+len(line) && strings.HasPrefix(strings.TrimSpace(line), fence) {
				break
			}
		}
		return at
	case c == '`':
		for at := i + n; at < len(source); at++ {
			if source[at] != '`' {
				continue
			}
			m := len(source[at:]) - len(strings.TrimLeft(source[at:], "`"))
			if m == n {
				return at + n
			}
			at += m - 1
		}
		return i + n
	}
	return 0
}

// formulaAt is the formula at the beginning of a text and its length there, 0 if none begins there.
func formulaAt(text string) (formula, int) {
	for _, pair := range []struct {
		open, close string
		display     bool
	}{{"$$", "$$", true}, {"$", "$", false}, {`\\(`, `\\)`, false}, {`\\[`, `\\]`, true}} {
		if !strings.HasPrefix(text, pair.open) {
			continue
		}
		inside := text[len(pair.open):]
		if end := closing(inside, pair.close); end > 0 {
			return formula{inside[:end], pair.display}, len(pair.open) + end + len(pair.close)
		}
		return formula{}, 0
	}
	if name, _, ok := strings.Cut(strings.TrimPrefix(text, `\begin{`), "}"); ok && strings.HasPrefix(text, `\begin{`) {
		end := `\end{` + name + "}"
		if at := strings.Index(text, end); at > 0 {
			return formula{text[:at+len(end)], true}, at + len(end)
		}
	}
	return formula{}, 0
}

// closing is where a formula ends, -1 if it does not before the paragraph does.
func closing(text, end string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], end):
			return i
		case text[i] == '\\':
			i++
		case text[i] == '\n':
			next, _, _ := strings.Cut(text[i+1:], "\n")
			if strings.TrimSpace(next) == "" {
				return -1
			}
		}
	}
	return -1
}
