package kernel

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/jsonrpc2"
	"golang.org/x/mod/modfile"
)

// A completer asks gopls about cells. GoNB 0.11.5 would too, but waits twelve seconds before it first speaks to gopls,
// lets it keep every file of the lab open, and answers nothing while a cell runs.
//
// To gopls, the notebook is a module of its own beside the lab: one file holds the declarations of the cells that ran,
// one the cell under the cursor. Only what these import is looked at, in a quarter of a gigabyte.
type completer struct {
	dir, lab string
	ready    chan struct{} // closed when gopls answers, or will not
	conn     jsonrpc2.Conn
	failed   error

	newest   atomic.Pointer[string] // the program of the last cell that ran, until it is looked at
	mu       sync.Mutex             // of what follows, and of asking
	versions map[string]int
	known    string            // the declarations of the cells that ran
	imports  map[string]string // the packages in use, by name
	missed   map[string]bool   // uses, as name.Member, that no package serves
}

const (
	goplsMemory = "512MiB" // collected harder beyond this; the lab's packages take half of it
	goplsIdle   = "2s"     // a shared gopls outlives its last kernel this long
	cellFile    = "cell.go"
	knownFile   = "known.go"
)

// startCompleter returns at once; the first requests wait until gopls is warm.
func startCompleter(opt Options, dir string) *completer {
	c := &completer{dir: dir, ready: make(chan struct{}), versions: map[string]int{}, imports: map[string]string{}, missed: map[string]bool{}}
	go func() {
		defer close(c.ready)
		if c.failed = c.start(opt); c.failed != nil {
			log.Print("kernel: no completion: ", c.failed)
		}
	}()
	return c
}

// Warm fills gopls' cache, so that the first kernel's first completion is quick too.
func Warm(opt Options) error {
	dir, err := os.MkdirTemp("", "k-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := startCompleter(opt, filepath.Join(dir, "cell"))
	<-c.ready
	c.close()
	return c.failed
}

func (c *completer) close() {
	select {
	case <-c.ready:
		if c.conn != nil {
			c.conn.Close()
		}
	default:
	}
}

func (c *completer) start(opt Options) error {
	if err := c.writeModule(opt.Modules); err != nil {
		return err
	}
	conn, err := connect(opt, c.dir)
	if err != nil {
		return err
	}
	client := jsonrpc2.NewConn(jsonrpc2.NewStream(conn))
	client.Go(context.Background(), func(ctx context.Context, reply jsonrpc2.Replier, r jsonrpc2.Request) error {
		var asked struct{ Items []any }
		json.Unmarshal(r.Params(), &asked)
		return reply(ctx, make([]any, len(asked.Items)), nil) // its questions are about settings, and we have none
	})
	folder := c.uri("")
	var result json.RawMessage
	_, err = client.Call(context.Background(), "initialize", map[string]any{
		"processId": nil, "rootUri": folder, "capabilities": map[string]any{},
		"workspaceFolders":      []map[string]string{{"uri": folder, "name": "cell"}},
		"initializationOptions": map[string]any{"diagnosticsTrigger": "Save", "deepCompletion": false, "completeFunctionCalls": false, "linksInHover": false, "hoverKind": "FullDocumentation"},
	}, &result)
	if err != nil {
		return err
	}
	client.Notify(context.Background(), "initialized", struct{}{})
	c.conn = client
	// The first question makes gopls load and check the packages; it is asked before a person does.
	_, err = c.completions(newSource("%%\nlab."), position{1, 4})
	return err
}

// writeModule writes the module of cells: it requires what the lab requires, and the modules beside the lab.
func (c *completer) writeModule(modules []string) error {
	if len(modules) == 0 {
		return errors.New("no module is given")
	}
	mod := new(modfile.File)
	for i, dir := range modules {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil {
			return err
		}
		m, err := modfile.ParseLax("go.mod", data, nil)
		if err != nil {
			return err
		}
		if i == 0 {
			c.lab = m.Module.Mod.Path
			mod.AddModuleStmt("cell")
			mod.AddGoStmt(m.Go.Version)
			for _, r := range m.Require {
				mod.AddNewRequire(r.Mod.Path, r.Mod.Version, r.Indirect)
			}
			mod.AddNewRequire(c.lab, "v0.0.0", false)
		}
		mod.AddReplace(m.Module.Mod.Path, "", dir, "")
	}
	text, err := mod.Format()
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(modules[0], "go.sum"))
	if err != nil {
		return err
	}
	// What most cells use is imported from the start, since an import that is added later makes gopls look again.
	for _, name := range []string{"fmt", "math", "os", "strings", "time"} {
		c.imports[name] = name
	}
	folders, _ := filepath.Glob(filepath.Join(modules[0], "pkg", "*", "*.go"))
	for _, f := range folders {
		name := filepath.Base(filepath.Dir(f))
		c.imports[name] = path.Join(c.lab, "pkg", name)
	}
	return errors.Join(os.MkdirAll(c.dir, 0o700),
		os.WriteFile(filepath.Join(c.dir, "go.mod"), text, 0o600),
		os.WriteFile(filepath.Join(c.dir, "go.sum"), sum, 0o600),
		os.WriteFile(filepath.Join(c.dir, knownFile), []byte("package main\n"), 0o600),
		os.WriteFile(filepath.Join(c.dir, cellFile), []byte(newSource("%%").program(c.importLine(nil))), 0o600))
}

// connect finds the gopls that the kernels of a lab share, or starts it.
func connect(opt Options, dir string) (net.Conn, error) {
	shared := os.TempDir()
	if info, err := os.Stat(shared); err != nil || info.Mode().Perm()&0o077 != 0 {
		shared = filepath.Dir(dir) // others may write there, so this kernel has one of its own
	}
	socket := filepath.Join(shared, "gopls")
	if conn, err := net.Dial("unix", socket); err == nil {
		return conn, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	os.Remove(socket)
	cmd := exec.Command(opt.Gopls, "serve", "-listen=unix;"+socket, "-listen.timeout="+goplsIdle)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOMEMLIMIT="+cmp.Or(opt.GoplsMemory, goplsMemory), "GOPLSCACHE="+filepath.Join(cache, "descent", "gopls"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it may outlive this kernel for others
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go cmd.Wait()
	for range 1000 {
		if conn, err := net.Dial("unix", socket); err == nil {
			return conn, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, errors.New("gopls did not start")
}

// learn takes the program of a cell that compiled: its declarations hold for later cells. It does not wait for gopls.
func (c *completer) learn(program string) { c.newest.Store(&program) }

// catchUp notes the packages that the newest program uses.
func (c *completer) catchUp() {
	program := c.newest.Swap(nil)
	if program == nil {
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", *program, parser.ParseComments)
	if err != nil {
		return
	}
	for _, i := range file.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			name := path.Base(p)
			if i.Name != nil {
				name = i.Name.Name
			}
			c.imports[name] = p
		}
	}
	c.known = *program
}

// declarations are the known ones in a file of their own, without those that the cell declares anew.
func (c *completer) declarations(cell []string) string {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", c.known, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "package main\n"
	}
	anew := func(name string) bool { return name == "main" || slices.Contains(cell, name) }
	file.Decls = slices.DeleteFunc(file.Decls, func(d ast.Decl) bool {
		switch d := d.(type) {
		case *ast.FuncDecl:
			return d.Recv == nil && anew(d.Name.Name)
		case *ast.GenDecl:
			if d.Tok != token.IMPORT {
				d.Specs = slices.DeleteFunc(d.Specs, func(s ast.Spec) bool {
					switch s := s.(type) {
					case *ast.TypeSpec:
						return anew(s.Name.Name)
					case *ast.ValueSpec:
						return slices.ContainsFunc(s.Names, func(id *ast.Ident) bool { return anew(id.Name) })
					}
					return false
				})
				return len(d.Specs) == 0
			}
		}
		return false
	})
	var b bytes.Buffer
	if format.Node(&b, set, file) != nil {
		return "package main\n"
	}
	return b.String()
}

// A position is a line and a byte in it, both from 0.
type position struct{ line, column int }

// show tells gopls what the notebook holds now, and returns the place of the position in the cell's file.
func (c *completer) show(cell source, at position) (map[string]any, error) {
	c.catchUp()
	names, _ := cell.declared()
	if err := c.edit(knownFile, c.declarations(names)); err != nil {
		return nil, err
	}
	imports := c.importLine(names)
	if c.findImports(cell, at) {
		imports = c.importLine(names)
	}
	err := c.edit(cellFile, cell.program(imports))
	column := len(utf16.Encode([]rune(cell.lines[at.line][:at.column])))
	if at.line == 0 {
		column += len(utf16.Encode([]rune("package main;" + imports)))
	}
	return map[string]any{
		"textDocument": map[string]string{"uri": c.uri(cellFile)},
		"position":     map[string]int{"line": at.line, "character": column},
	}, err
}

// importLine imports all packages in use on one line. The set only grows, as gopls looks at all packages anew when it
// changes.
func (c *completer) importLine(declared []string) string {
	var b strings.Builder
	for _, name := range sortedKeys(c.imports) {
		if !slices.Contains(declared, name) {
			fmt.Fprintf(&b, "import %s %q;", name, c.imports[name])
		}
	}
	return b.String()
}

func sortedKeys(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (c *completer) uri(file string) string {
	return (&url.URL{Scheme: "file", Path: filepath.Join(c.dir, file)}).String()
}

func (c *completer) edit(file, text string) error {
	ctx := context.Background()
	c.versions[file]++
	if c.versions[file] == 1 {
		return c.conn.Notify(ctx, "textDocument/didOpen", map[string]any{
			"textDocument": map[string]any{"uri": c.uri(file), "languageId": "go", "version": 1, "text": text}})
	}
	return c.conn.Notify(ctx, "textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": c.uri(file), "version": c.versions[file]},
		"contentChanges": []map[string]string{{"text": text}}})
}

var importSpec = regexp.MustCompile(`(?:(\w+) )?"([\w./-]+)"`)

// findImports asks gopls which packages the names before a dot may mean that nothing declares, and reports whether it
// found any. What stands under the cursor does not count, since it is still being typed.
func (c *completer) findImports(cell source, at position) bool {
	set := token.NewFileSet()
	file, _ := parser.ParseFile(set, "", cell.program(""), parser.AllErrors)
	if file == nil {
		return false
	}
	unresolved := map[string]bool{}
	for _, id := range file.Unresolved {
		unresolved[id.Name] = true
	}
	// It is asked about these names alone, since the cell under the cursor seldom parses.
	var uses []string
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := s.X.(*ast.Ident)
		end := set.Position(s.Sel.End())
		typing := end.Line == at.line+1 && end.Column == at.column+1
		if ok && unresolved[id.Name] && c.imports[id.Name] == "" && ast.IsExported(s.Sel.Name) && !typing {
			if use := id.Name + "." + s.Sel.Name; !c.missed[use] {
				uses = append(uses, use)
			}
		}
		return true
	})
	if len(uses) == 0 {
		return false
	}
	if c.edit(cellFile, "package main\n\nfunc main() {\n\t_ = "+strings.Join(uses, "\n\t_ = ")+"\n}\n") != nil {
		return false
	}
	zero := map[string]int{"line": 0, "character": 0}
	var actions []struct {
		Edit json.RawMessage `json:"edit"`
	}
	c.call("textDocument/codeAction", map[string]any{
		"textDocument": map[string]string{"uri": c.uri(cellFile)}, "range": map[string]any{"start": zero, "end": zero},
		"context": map[string]any{"diagnostics": []any{}, "only": []string{"source.organizeImports"}},
	}, &actions)
	found := false
	for _, a := range actions {
		var changes struct {
			Documents []struct {
				Edits []struct {
					Text string `json:"newText"`
				} `json:"edits"`
			} `json:"documentChanges"`
		}
		json.Unmarshal(a.Edit, &changes)
		for _, d := range changes.Documents {
			for _, e := range d.Edits {
				for _, m := range importSpec.FindAllStringSubmatch(e.Text, -1) {
					name := m[1]
					if name == "" || name == "import" {
						name = path.Base(m[2])
					}
					c.imports[name] = m[2]
					found = true
				}
			}
		}
	}
	for _, use := range uses {
		name, _, _ := strings.Cut(use, ".")
		c.missed[use] = c.imports[name] == ""
	}
	return found
}

func (c *completer) call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err := c.conn.Call(ctx, method, params, result)
	return err
}

type completion struct {
	Label  string `json:"label"`
	Kind   int    `json:"kind"`
	Detail string `json:"detail"`
	Edit   struct {
		Text  string `json:"newText"`
		Range struct{ Start, End struct{ Line, Character int } }
	} `json:"textEdit"`
}

func (c *completer) completions(cell source, at position) ([]completion, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	params, err := c.show(cell, at)
	if err != nil {
		return nil, err
	}
	var list struct{ Items []completion }
	err = c.call("textDocument/completion", params, &list)
	return list.Items, err
}

func (c *completer) hover(cell source, at position) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	params, err := c.show(cell, at)
	if err != nil {
		return "", err
	}
	var hover struct{ Contents struct{ Value string } }
	err = c.call("textDocument/hover", params, &hover)
	return hover.Contents.Value, err
}

// ask answers complete_request and inspect_request. reply is called in the kernel's loop, when gopls has answered.
func (k *Kernel) ask(m message, reply func(string, any)) {
	k.startCompletion()
	var content struct {
		Code   string
		Cursor int `json:"cursor_pos"` // in characters
	}
	json.Unmarshal(m.parts[contentPart], &content)
	text := []rune(content.Code)
	cursor := min(max(content.Cursor, 0), len(text))
	before := lineEnds.Replace(string(text[:cursor]))
	at := position{strings.Count(before, "\n"), len(before) - strings.LastIndex(before, "\n") - 1}
	cell := newSource(content.Code)
	usable := k.completer != nil && !cell.foreign() && !special(cell.lines[at.line])
	go func() {
		if usable {
			<-k.completer.ready
			usable = k.completer.conn != nil
		}
		kind, answer := "inspect_reply", map[string]any{"status": "ok", "found": false, "data": struct{}{}, "metadata": struct{}{}}
		if m.header.Kind == "complete_request" {
			kind, answer = "complete_reply", map[string]any{"status": "ok", "matches": []string{}, "cursor_start": cursor, "cursor_end": cursor, "metadata": struct{}{}}
		}
		switch {
		case !usable:
		case kind == "complete_reply":
			items, _ := k.completer.completions(cell, at)
			start := cursor
			for start > 0 && (unicode.IsLetter(text[start-1]) || unicode.IsDigit(text[start-1]) || text[start-1] == '_') {
				start--
			}
			matches, types := []string{}, []map[string]any{}
			for _, item := range items {
				word := item.Edit.Text
				if word == "" {
					word = item.Label
				}
				matches = append(matches, word)
				types = append(types, map[string]any{"text": word, "type": kinds[item.Kind], "signature": item.Detail, "start": start, "end": cursor})
			}
			answer["matches"], answer["cursor_start"] = matches, start
			answer["metadata"] = map[string]any{"_jupyter_types_experimental": types}
		default:
			if text, _ := k.completer.hover(cell, callee(cell.lines, at)); text != "" {
				answer["found"], answer["data"] = true, map[string]string{"text/markdown": text, "text/plain": text}
			}
		}
		k.later <- func() { reply(kind, answer) }
	}()
}

// kinds are the words that JupyterLab has icons for, by the numbers of the language server protocol.
var kinds = map[int]string{2: "function", 3: "function", 5: "instance", 6: "instance", 7: "class", 8: "class", 9: "module", 14: "keyword", 21: "instance", 22: "class"}

// callee is the name at the position, or else that of the function whose arguments the position is in.
func callee(lines []string, at position) position {
	line := lines[at.line][:at.column]
	rest := lines[at.line][at.column:]
	isName := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	if first, _ := utf8.DecodeRuneInString(rest); unicode.IsLetter(first) || first == '_' {
		return at
	}
	depth := 0
	for i := len(line) - 1; i >= 0; i-- {
		switch {
		case isName(rune(line[i])) && (depth == 0 && i == len(line)-1 || depth == -1):
			return position{at.line, i}
		case line[i] == ')':
			depth++
		case line[i] == '(' && depth >= 0:
			depth--
		}
	}
	return at
}
