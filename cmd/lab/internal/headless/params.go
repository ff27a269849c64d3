package headless

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"descent.example/cmd/lab/internal/report"
	"descent.example/internal/nearest"
	"descent.example/internal/plural"
	"descent.example/pkg/lab"
	"descent.example/pkg/notebook"
)

// An override is one --set: it holds in the cells that its place names, or in all.
type override struct {
	place       string // "" for all cells, a section such as "1.3", or a cell such as "cell5"
	name, value string
	given       string
}

var target = regexp.MustCompile(`^(?:(\d+(?:\.\d+)*|cell[1-9]\d*)\.)?([A-Za-z][A-Za-z0-9_-]*)$`)

func parseSet(set []string) (list []override, err error) {
	for _, s := range set {
		left, value, _ := strings.Cut(s, "=")
		if left == "" || value == "" {
			return nil, fmt.Errorf("--set %q is not of the form name=value, such as --set lr=0.1", s)
		}
		parts := target.FindStringSubmatch(left)
		if parts == nil {
			return nil, fmt.Errorf("--set %q: %q is not the name of a parameter; write such as --set lr=0.1, --set 1.3.lr=0.1 for one section or --set cell5.lr=0.1 for one cell", s, left)
		}
		list = append(list, override{place: parts[1], name: parts[2], value: value, given: s})
	}
	return list, nil
}

// MarshalText writes what a cell is given: the value.
func (o override) MarshalText() ([]byte, error) { return []byte(o.value), nil }

// holds says whether the override holds in a code cell, counted from 1, of a section.
func (o override) holds(cell int, section string) bool {
	if number, isCell := strings.CutPrefix(o.place, "cell"); isCell {
		return number == strconv.Itoa(cell)
	}
	return o.place == "" || section == o.place || strings.HasPrefix(section, o.place+".")
}

// narrowness orders overrides: the narrower place wins.
func (o override) narrowness() int {
	switch {
	case o.place == "":
		return 0
	case strings.HasPrefix(o.place, "cell"):
		return 1000
	}
	return 1 + strings.Count(o.place, ".")
}

// perCell returns the overrides that hold in each code cell of the notebook, by name.
func perCell(nb *notebook.Notebook, set []override) []map[string]override {
	set = slices.Clone(set)
	slices.SortStableFunc(set, func(a, b override) int { return cmp.Compare(a.narrowness(), b.narrowness()) })
	sections := sectionsOf(nb)
	given := make([]map[string]override, len(sections))
	for i, section := range sections {
		given[i] = map[string]override{}
		for _, o := range set {
			if o.holds(i+1, section) {
				given[i][o.name] = o
			}
		}
	}
	return given
}

var heading = regexp.MustCompile(`(?m)^#{1,6} +(?:§ *)?(\d+(?:\.\d+)*)\b`)

// sectionsOf is the number of the heading above each code cell, "" if there is none.
func sectionsOf(nb *notebook.Notebook) (list []string) {
	section := ""
	for _, c := range nb.Cells {
		if c.Type == "code" {
			list = append(list, section)
		} else if c.Type == "markdown" {
			for _, found := range heading.FindAllStringSubmatch(string(c.Source), -1) {
				section = found[1]
			}
		}
	}
	return list
}

// A declaration is a call such as lab.Float("lr", …) in a cell's source.
type declaration struct {
	cell    int // the code cell, from 1; 0 if any cell may make the call, which stands in a function
	section string
	name    string
	// declare does what the call will do; nil if its arguments are known only when the cell runs.
	declare func(*lab.Parameters) error
}

func (d declaration) where() string {
	if d.section == "" {
		return fmt.Sprintf("cell %d", d.cell)
	}
	return fmt.Sprintf("cell %d, section %s", d.cell, d.section)
}

// declarations reads, without running anything, the parameters that the cells declare. It is complete unless
// something of the source is understood only by a compiler.
func declarations(nb *notebook.Notebook) (list []declaration, complete bool) {
	fset, complete := token.NewFileSet(), true
	var files []*ast.File
	for _, c := range nb.Code() {
		file, err := parser.ParseFile(fset, "", goSource(string(c.Source)), parser.SkipObjectResolution)
		complete = complete && err == nil
		files = append(files, file)
	}
	source := reader{info: types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}},
		lists: map[types.Object]*ast.CompositeLit{}}
	config := types.Config{Importer: mathImporter{importer.ForCompiler(fset, "source", nil)}, Error: func(error) {}}
	config.Check("main", fset, files, &source.info) // what it does not know it leaves out
	for _, file := range files {
		ast.Inspect(file, source.keepLists)
	}
	sections := sectionsOf(nb)
	for i, file := range files {
		for _, decl := range file.Decls {
			cell := i + 1
			if f, isFunc := decl.(*ast.FuncDecl); isFunc && f.Name.Name != "_" {
				cell = 0
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				call, isCall := n.(*ast.CallExpr)
				if !isCall {
					return true
				}
				kind := calledOfLab(call)
				if !slices.Contains([]string{"Float", "Int", "Floats", "Choice", "Bool"}, kind) || len(call.Args) < 3 {
					return true
				}
				name, known := source.text(call.Args[0])
				complete = complete && known
				if known {
					list = append(list, declaration{cell: cell, section: sections[i], name: name, declare: source.declare(kind, name, call)})
				}
				return true
			})
		}
	}
	return list, complete
}

// goSource is the Go file that GoNB makes of a cell, line by line; of a cell in another language it is empty.
func goSource(cell string) string {
	const header = "package headless; import \"math\"; " // GoNB adds the import that a cell leaves out
	first, _, _ := strings.Cut(cell, "\n")
	if regexp.MustCompile(`^%%(bash|sh|script|writefile|gx)\b`).MatchString(first) {
		return header
	}
	var b strings.Builder
	b.WriteString(header)
	end, continued := "", false
	for line := range strings.Lines(cell) {
		command := strings.TrimPrefix(strings.TrimSpace(line), "//gonb:")
		switch {
		case strings.HasPrefix(command, "%main"), command == "%%", strings.HasPrefix(command, "%% "), strings.HasPrefix(command, "%%\t"):
			b.WriteString("func _() {")
			end = "\n}"
		case continued, strings.HasPrefix(command, "%"), strings.HasPrefix(command, "!"), strings.HasPrefix(line, "package"):
		default:
			// A cell may bring its own main function, and several cells may.
			b.WriteString(strings.Replace(strings.TrimSuffix(line, "\n"), "func main()", "func _()", 1))
			b.WriteString("\n")
			continue
		}
		continued = strings.HasSuffix(command, "\\")
		b.WriteString("\n")
	}
	return b.String() + end
}

// calledOfLab is the name of the function of package lab that is called.
func calledOfLab(e ast.Expr) string {
	if call, isCall := e.(*ast.CallExpr); isCall {
		if f, isSelector := call.Fun.(*ast.SelectorExpr); isSelector {
			if pkg, isIdent := f.X.(*ast.Ident); isIdent && pkg.Name == "lab" {
				return f.Sel.Name
			}
		}
	}
	return ""
}

// mathImporter imports package math alone, whose constants cells use.
type mathImporter struct{ types.Importer }

func (m mathImporter) Import(path string) (*types.Package, error) {
	if path != "math" {
		return nil, errors.New("not needed")
	}
	return m.Importer.Import(path)
}

// reader evaluates arguments that are constants, or lists of constants.
type reader struct {
	info  types.Info
	lists map[types.Object]*ast.CompositeLit // of variables that are never given another value
}

// keepLists remembers variables that are lists.
func (r reader) keepLists(n ast.Node) bool {
	var left, right []ast.Expr
	switch n := n.(type) {
	case *ast.AssignStmt:
		left, right = n.Lhs, n.Rhs
	case *ast.ValueSpec:
		right = n.Values
		for _, name := range n.Names {
			left = append(left, name)
		}
	}
	for i, l := range left {
		ident, isIdent := l.(*ast.Ident)
		if !isIdent {
			continue
		}
		if object := r.info.Defs[ident]; object != nil && len(left) == len(right) {
			if list, isList := right[i].(*ast.CompositeLit); isList {
				r.lists[object] = list
			}
		} else if object := r.info.Uses[ident]; object != nil {
			r.lists[object] = nil
		}
	}
	return true
}

func (r reader) text(e ast.Expr) (string, bool) {
	if v := r.info.Types[e].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v), true
	}
	return "", false
}

func (r reader) number(e ast.Expr) (float64, bool) {
	if v := r.info.Types[e].Value; v != nil {
		if v = constant.ToFloat(v); v.Kind() == constant.Float {
			x, _ := constant.Float64Val(v)
			return x, true
		}
	}
	return 0, false
}

func (r reader) items(e ast.Expr) ([]ast.Expr, bool) {
	if ident, isIdent := e.(*ast.Ident); isIdent {
		list := r.lists[r.info.Uses[ident]]
		if list == nil {
			return nil, false
		}
		return list.Elts, true
	}
	if list, isList := e.(*ast.CompositeLit); isList {
		return list.Elts, true
	}
	return nil, false
}

// all applies one of the above to each of a list.
func all[T any](list []ast.Expr, one func(ast.Expr) (T, bool)) (values []T, known bool) {
	for _, e := range list {
		v, known := one(e)
		if !known {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

func (r reader) option(e ast.Expr) (lab.Option, bool) {
	kind := calledOfLab(e)
	if kind == "" || len(e.(*ast.CallExpr).Args) != 1 {
		return nil, false
	}
	argument := e.(*ast.CallExpr).Args[0]
	if kind == "Unit" {
		unit, known := r.text(argument)
		return lab.Unit(unit), known
	}
	bound, known := map[string]func(float64) lab.Option{"Above": lab.Above, "AtLeast": lab.AtLeast, "Below": lab.Below, "AtMost": lab.AtMost}[kind]
	x, isNumber := r.number(argument)
	if !known || !isNumber {
		return nil, false
	}
	return bound(x), true
}

// declare is the call as a declaration in another program; nil if its arguments are not constants.
func (r reader) declare(kind, name string, call *ast.CallExpr) func(*lab.Parameters) error {
	def, rest := call.Args[1], call.Args[3:]
	help, known := r.text(call.Args[2])
	if !known {
		return nil
	}
	if kind == "Choice" {
		if call.Ellipsis.IsValid() {
			rest, known = r.items(rest[0])
		}
		word, isText := r.text(def)
		choices, areTexts := all(rest, r.text)
		if !known || !isText || !areTexts {
			return nil
		}
		return func(p *lab.Parameters) error { _, err := p.Choice(name, word, help, choices...); return err }
	}
	if kind == "Bool" {
		v := r.info.Types[def].Value
		if v == nil || v.Kind() != constant.Bool {
			return nil
		}
		return func(p *lab.Parameters) error { _, err := p.Bool(name, constant.BoolVal(v), help); return err }
	}
	options, known := all(rest, r.option)
	if !known {
		return nil
	}
	if kind == "Floats" {
		items, isList := r.items(def)
		numbers, areNumbers := all(items, r.number)
		if !isList || !areNumbers {
			return nil
		}
		return func(p *lab.Parameters) error { _, err := p.Floats(name, numbers, help, options...); return err }
	}
	x, isNumber := r.number(def)
	switch {
	case !isNumber:
		return nil
	case kind == "Int":
		return func(p *lab.Parameters) error { _, err := p.Int(name, int(x), help, options...); return err }
	}
	return func(p *lab.Parameters) error { _, err := p.Float(name, x, help, options...); return err }
}

// checkSet finds overrides that no notebook knows, or that a cell will refuse.
func checkSet(paths []string, notebooks []*notebook.Notebook, set []override) error {
	if len(set) == 0 {
		return nil
	}
	for _, o := range set {
		if err := missingPlace(paths, notebooks, o); err != nil {
			return err
		}
	}
	found, complete := make([]bool, len(set)), true
	var names []string
	for k, nb := range notebooks {
		list, all := declarations(nb)
		complete = complete && all
		for i, o := range set {
			for _, d := range list {
				found[i] = found[i] || d.name == o.name && (d.cell == 0 || o.holds(d.cell, d.section))
			}
		}
		if err := refusals(nb, paths[k], list, set); err != nil {
			return err
		}
		for _, d := range list {
			names = append(names, d.name)
		}
	}
	if !complete {
		return nil // the run will tell
	}
	for i, o := range set {
		if !found[i] {
			return unknownParameter(paths, o, names)
		}
	}
	return nil
}

// missingPlace is an error unless a notebook has the section or cell that the override names.
func missingPlace(paths []string, notebooks []*notebook.Notebook, o override) error {
	if o.place == "" {
		return nil
	}
	number, isCell := strings.CutPrefix(o.place, "cell")
	var there []string
	for k, nb := range notebooks {
		sections := sectionsOf(nb)
		for i, section := range sections {
			if o.holds(i+1, section) {
				return nil
			}
		}
		cells, has := len(sections), "no numbered section"
		sections = slices.Compact(slices.DeleteFunc(sections, func(s string) bool { return s == "" }))
		switch {
		case isCell:
			has = plural.Of(cells, "code cell")
		case len(sections) > 0:
			has = "the sections " + strings.Join(sections, ", ")
		}
		there = append(there, paths[k]+" has "+has)
	}
	what := "section " + o.place
	if isCell {
		what = "code cell " + number
	}
	return fmt.Errorf("--set %s: there is no %s; %s", o.given, what, strings.Join(there, ", "))
}

func unknownParameter(paths []string, o override, names []string) error {
	slices.Sort(names)
	names = slices.Compact(names)
	where := strings.Join(paths, ", ")
	if number, isCell := strings.CutPrefix(o.place, "cell"); isCell {
		where = "cell " + number + " of " + where
	} else if o.place != "" {
		where = "section " + o.place + " of " + where
	}
	if len(names) == 0 {
		return fmt.Errorf("--set %s: %s has no parameters", o.given, where)
	}
	return fmt.Errorf("--set %s: no cell in %s has the parameter %s.%s The notebook's parameters are %s",
		o.given, where, o.name, nearest.DidYouMean("", o.name, names), strings.Join(names, ", "))
}

// refusals is an error that names every cell that refuses what it is given.
func refusals(nb *notebook.Notebook, path string, list []declaration, set []override) error {
	given := perCell(nb, set)
	var refused, taken []string
	for _, d := range list {
		if d.cell == 0 || d.declare == nil {
			continue
		}
		o, isSet := given[d.cell-1][d.name]
		if !isSet {
			continue
		}
		if err := d.declare(lab.NewParameters(map[string]string{d.name: o.value})); err != nil {
			// The declaration does not know where the override holds.
			said := strings.Replace(err.Error(), "--set "+d.name, "--set "+strings.TrimPrefix(o.place+"."+d.name, "."), 1)
			refused = append(refused, fmt.Sprintf("%s: %s", d.where(), said))
		} else {
			taken = append(taken, fmt.Sprintf("--set cell%d.%s=%s", d.cell, d.name, o.value))
		}
	}
	if len(refused) == 0 {
		return nil
	}
	advice := "Give a value that is allowed"
	if len(taken) > 0 {
		advice = "Give a value that all allow, or set it only where it is allowed, such as by " + strings.Join(slices.Compact(taken), " ")
	}
	return fmt.Errorf("%s was not run, because a cell refuses what it is given:\n%s\n%s", path, report.Indent(strings.Join(refused, "\n")), advice)
}

// taken says in which cells each override holds, for a person who wonders.
func taken(nb *notebook.Notebook, set []override) (lines []string) {
	list, _ := declarations(nb)
	given := perCell(nb, set)
	cells := map[string][]string{}
	for _, d := range list {
		if d.cell == 0 {
			continue
		}
		if o, isSet := given[d.cell-1][d.name]; isSet {
			what := d.name + "=" + o.value
			cells[what] = append(cells[what], strconv.Itoa(d.cell))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(cells)) {
		lines = append(lines, fmt.Sprintf("%s in cell %s", what, strings.Join(cells[what], ", ")))
	}
	return lines
}

// Knows is an error unless the parameters read from the source are those that the cells declared when they ran.
func Knows(nb *notebook.Notebook, ran []lab.Param) error {
	list, _ := declarations(nb)
	var read, declared []string
	for _, d := range list {
		p := lab.NewParameters(nil)
		if d.declare == nil || d.declare(p) != nil {
			return fmt.Errorf("%s: the parameter %s is known only when the cell runs", d.where(), d.name)
		}
		read = append(read, p.Declared()[0].String())
	}
	for _, p := range ran {
		declared = append(declared, p.String())
	}
	if !slices.Equal(read, declared) {
		return fmt.Errorf("the source has the parameters\n%s\nand the cells declared\n%s", strings.Join(read, "\n"), strings.Join(declared, "\n"))
	}
	return nil
}
