package kernel

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"descent.example/internal/nearest"
)

var (
	noName   = regexp.MustCompile(`^undefined: (\w+)\.(\w+)$`)
	noMember = regexp.MustCompile(`^(.*)\.\w+ undefined \(type \*?(\w+)\.(\w+) has no field or method (\w+)\)$`)
	noField  = regexp.MustCompile(`^unknown field (\w+) in struct literal of type "?(?:[^"]*/)?(\w+)"?\.(\w+)$`)
)

// misspelled names what is nearest to a name that a package or a type of a package lacks, or is nothing.
func misspelled(said string, cell source, past history) string {
	if m := noName.FindStringSubmatch(said); m != nil {
		return lacks(past.exported(m[1], cell)[""], "The package "+m[1], m[1], m[2])
	} else if m := noMember.FindStringSubmatch(said); m != nil {
		return lacks(past.exported(m[2], cell)[m[3]], "The type "+m[2]+"."+m[3], m[1], m[4])
	} else if m := noField.FindStringSubmatch(said); m != nil {
		return lacks(past.exported(m[2], cell)[m[3]], "The type "+m[2]+"."+m[3], "", m[1])
	}
	return ""
}

// unimported is about a package that GoNB does not import, since it lacks a name that the cell uses: use is that name with its package.
func unimported(name string, cell source, past history) (use, said string) {
	names := past.exported(name, cell)[""]
	for _, use := range regexp.MustCompile(`\b`+name+`\.(\w+)`).FindAllStringSubmatch(cell.text, -1) {
		if said := lacks(names, "The package "+name, name, use[1]); said != "" {
			return use[0], said
		}
	}
	return "", ""
}

// lacks is nothing if the names of the owner are not known, or if it has the name. tab is an expression after which Tab
// lists them, or "".
func lacks(names []string, owner, tab, name string) string {
	if len(names) == 0 || slices.Contains(names, name) {
		return ""
	}
	next := nearest.DidYouMean("", name, names)
	if next == "" && tab != "" {
		next = fmt.Sprintf(" Press Tab after %s. to see what there is.", tab)
	}
	return fmt.Sprintf("%s has no %s.%s", owner, name, next)
}

// exported are the names that the packages of this name have, Go's own, the lab's and those that cells import: under ""
// functions, types and values, under a type's name its fields and methods.
func (past history) exported(name string, cell source) map[string][]string {
	if past.packages == nil {
		return nil
	}
	packages := past.packages()
	for _, c := range append(values(past.ran), cell) {
		for _, m := range importSpec.FindAllStringSubmatch(c.text, -1) {
			if p := m[2]; (path.Base(p) == name || m[1] == name) && strings.Contains(p, ".") {
				packages = append(packages, listPackages(past.module, p)...)
			}
		}
	}
	known := map[string][]string{}
	for _, p := range packages {
		if p.name != name {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(p.dir, "*.go"))
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				addExported(known, f)
			}
		}
	}
	return known
}

// A goPackage is one that cells can import.
type goPackage struct{ name, path, dir string }

// listPackages is empty if go fails: then there is no hint.
func listPackages(module string, patterns ...string) (list []goPackage) {
	cmd := exec.Command("go", append([]string{"list", "-e", "-find", "-f", "{{.Name}} {{.ImportPath}} {{.Dir}}"}, patterns...)...)
	cmd.Dir = module
	out, _ := cmd.Output()
	for line := range strings.Lines(string(out)) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(f) == 3 && !strings.Contains(f[1], "internal") && !strings.HasPrefix(f[1], "vendor/") {
			list = append(list, goPackage{f[0], f[1], f[2]})
		}
	}
	return list
}

// withoutPackage proposes the package of a name that is used without one, or is nothing.
func withoutPackage(name string, cell source, past history) string {
	if !ast.IsExported(name) {
		return ""
	}
	for _, p := range []string{"lab", "fmt", "math", "strings", "figure", "train", "problem"} {
		if slices.Contains(past.exported(p, cell)[""], name) {
			return fmt.Sprintf("%s belongs to the package %s: write %s.%s.", name, p, p, name)
		}
	}
	return ""
}

// unknownPackage is about an import that there is none for.
func unknownPackage(path string, past history) string {
	said := "Cells import the packages of Go, of the lab and of the modules in the lab's go.mod; " + path + " is none of them."
	if past.packages == nil {
		return said
	}
	var paths []string
	for _, p := range past.packages() {
		paths = append(paths, p.path)
	}
	prefix := path[:strings.LastIndex(path, "/")+1]
	paths = slices.DeleteFunc(paths, func(p string) bool { return !strings.HasPrefix(p, prefix) })
	for i := range paths {
		paths[i] = paths[i][len(prefix):]
	}
	if next := nearest.DidYouMean(prefix, path[len(prefix):], paths); next != "" {
		return strings.TrimSpace(next)
	}
	return said
}

func addExported(known map[string][]string, path string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return
	}
	add := func(owner string, names ...*ast.Ident) {
		for _, id := range names {
			if id.IsExported() {
				known[owner] = append(known[owner], id.Name)
			}
		}
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			owner := ""
			if d.Recv != nil {
				ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && owner == "" {
						owner = id.Name
					}
					return owner == ""
				})
			}
			add(owner, d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					add("", spec.Names...)
				case *ast.TypeSpec:
					add("", spec.Name)
					fields := &ast.FieldList{}
					switch t := spec.Type.(type) {
					case *ast.StructType:
						fields = t.Fields
					case *ast.InterfaceType:
						fields = t.Methods
					}
					for _, f := range fields.List {
						add(spec.Name.Name, f.Names...)
					}
				}
			}
		}
	}
}
