// Command notices lists what others wrote and the image holds: Go and its modules, npm's and Python's packages, XLA's plugin.
//
//	notices -go /usr/local/go -python .lab/python -npm node_modules -plugins ~/.cache/descent/plugins MODULE...
//
// run for the folders of Go modules, prints a line of name, version and license for each, as on Linux. With -bom FILE it also writes a
// software bill of materials in CycloneDX's format, and with -texts FOLDER it copies the texts of the licenses there. Debian's packages
// have their own lists, /var/lib/dpkg/status and /usr/share/doc.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("notices: ")
	goroot := flag.String("go", "", "the folder of Go")
	python := flag.String("python", "", "the folder of a Python environment, or of packages alone")
	npm := flag.String("npm", "", "the folder of npm's packages, node_modules")
	plugins := flag.String("plugins", "", "the folder of XLA's plugins")
	bom := flag.String("bom", "", "the file of the bill of materials")
	texts := flag.String("texts", "", "the folder of the licenses' texts")
	flag.Parse()
	parts, err := inventory(*goroot, *python, *npm, *plugins, flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range parts {
		fmt.Printf("%s\t%s\t%s\n", p.Name, p.Version, p.license())
	}
	if *bom != "" {
		err = os.WriteFile(*bom, billOfMaterials(parts), 0o644)
	}
	if *texts != "" && err == nil {
		err = copyTexts(parts, *texts)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// A part is a component of CycloneDX 1.6, as far as we fill one in.
type part struct {
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	URL      string    `json:"purl"`
	Licenses []license `json:"licenses,omitempty"`

	texts []string // files
}

type license struct {
	Expression string `json:"expression"`
}

func (p part) license() string {
	if len(p.Licenses) == 0 {
		return "see its files"
	}
	return p.Licenses[0].Expression
}

// newPart is a part whose licenses lie in the folders. What is declared goes before what they say.
func newPart(kind, name, version, declared string, folders ...string) part {
	p := part{Type: "library", Name: name, Version: version, URL: "pkg:" + kind + "/" + name + "@" + version, texts: licensesIn(folders)}
	if expression := cmp.Or(declared, licensesOf(p.texts)); expression != "" {
		p.Licenses = []license{{expression}}
	}
	return p
}

// inventory lists the parts, sorted by name. It is an error when something cannot be read.
func inventory(goroot, python, npm, plugins string, modules []string) ([]part, error) {
	var parts []part
	if goroot != "" {
		version, err := os.ReadFile(filepath.Join(goroot, "VERSION"))
		if err != nil {
			return nil, err
		}
		line, _, _ := strings.Cut(string(version), "\n")
		parts = append(parts, newPart("golang", "std", strings.TrimPrefix(line, "go"), "", goroot))
	}
	for _, folder := range modules {
		list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "./...", "tool")
		list.Dir, list.Env = folder, append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1")
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("listing the modules of %s: %w", folder, err)
		}
		for line := range strings.Lines(string(out)) {
			if words := strings.Fields(line); len(words) == 3 {
				parts = append(parts, newPart("golang", words[0], words[1], chosen[words[0]], words[2]))
			}
		}
		vendored, err := npmParts(folder, false)
		if err != nil {
			return nil, err
		}
		parts = append(parts, vendored...)
	}
	if npm != "" {
		installed, err := npmParts(npm, true)
		if err != nil {
			return nil, err
		}
		parts = append(parts, installed...)
	}
	if python != "" {
		found, err := filepath.Glob(filepath.Join(python, "lib", "python3*", "site-packages", "*.dist-info"))
		if len(found) == 0 && err == nil {
			found, err = filepath.Glob(filepath.Join(python, "*.dist-info")) // of pip install --target
		}
		if err == nil && len(found) == 0 {
			err = errors.New("no Python package was found in " + python)
		}
		if err != nil {
			return nil, err
		}
		for _, folder := range found {
			p, err := pythonPart(folder)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
	}
	if plugins != "" {
		found, err := filepath.Glob(filepath.Join(plugins, "[a-z]*"))
		if err != nil {
			return nil, err
		}
		for _, folder := range found {
			name := filepath.Base(folder)
			at := strings.LastIndex(name, "-")
			parts = append(parts, newPart("generic", name[:max(at, 0)], name[at+1:], "Apache-2.0")) // as XLA is
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version)) })
	return slices.CompactFunc(parts, func(a, b part) bool { return a.URL == b.URL }), nil
}

// npmParts are npm's packages of which files lie in a folder, each beside its package.json. In node_modules that is what has a name and
// a version; in a Go module it must have its license beside it, for a package.json without one is the lab's.
func npmParts(in string, installed bool) (parts []part, err error) {
	return parts, filepath.WalkDir(in, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && path != in && (strings.HasPrefix(name, ".") || name == "work"): // what the lab made
			return fs.SkipDir
		case d.IsDir() || name != "package.json":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var about struct{ Name, Version, License string }
		if err := json.Unmarshal(text, &about); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		p := newPart("npm", about.Name, about.Version, about.License, filepath.Dir(path))
		if len(p.texts) > 0 || installed && about.Name != "" && about.Version != "" {
			parts = append(parts, p)
		}
		return nil
	})
}

// pythonPart reads the folder of metadata of an installed package. What its maker declares goes before what its files say.
func pythonPart(folder string) (part, error) {
	text, err := os.ReadFile(filepath.Join(folder, "METADATA"))
	if err != nil {
		return part{}, err
	}
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(text))).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) && header.Get("Name") == "" {
		return part{}, fmt.Errorf("%s: %w", folder, err)
	}
	folders := []string{folder, filepath.Join(folder, "licenses"), filepath.Join(folder, "license_files")}
	declared := header.Get("License-Expression")
	if older := header.Get("License"); declared == "" && oneOfSPDX.MatchString(older) && licensesOf(licensesIn(folders)) == "" {
		declared = older
	}
	for _, line := range header["Classifier"] {
		if name, is := strings.CutPrefix(line, "License :: OSI Approved :: "); is && declared == "" && licensesOf(licensesIn(folders)) == "" {
			declared = classifiers[name]
		}
	}
	return newPart("pypi", normal(header.Get("Name")), header.Get("Version"), declared, folders...), nil
}

// oneOfSPDX matches names like Apache-2.0, but not the free text that the older field may hold.
var oneOfSPDX = regexp.MustCompile(`^(MIT|[A-Za-z]+-\d[\w.-]*)$`)

var classifiers = map[string]string{
	"Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT", "Python Software Foundation License": "PSF-2.0",
}

// chosen are the licenses of modules that offer several in words of their own.
var chosen = map[string]string{
	"github.com/golang/freetype":                    "FTL OR GPL-2.0-or-later",
	"kernel.org/pub/linux/libs/security/libcap/psx": "BSD-3-Clause OR GPL-2.0-only",
}

var separators = regexp.MustCompile(`[-_.]+`)

// normal is the name of a package as PyPI writes it.
func normal(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

var licenseFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice)`)

// licensesIn are the files in the folders that hold licenses. A folder that is not there has none.
func licensesIn(folders []string) (files []string) {
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if !e.IsDir() && licenseFile.MatchString(e.Name()) {
				files = append(files, filepath.Join(folder, e.Name()))
			}
		}
	}
	return files
}

// licensesOf joins the licenses whose texts are in the files, by their names in SPDX's list; "" if none is known.
func licensesOf(files []string) string {
	var names []string
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, match := range licensecheck.Scan(text).Match {
			if !match.IsURL && !slices.Contains(names, match.ID) {
				names = append(names, match.ID)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, " AND ")
}

// copyTexts copies each part's texts into a folder of its own.
func copyTexts(parts []part, to string) error {
	for _, p := range parts {
		folder := filepath.Join(to, strings.ReplaceAll(p.Name, "/", "_")+"@"+p.Version)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for _, file := range p.texts {
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, filepath.Base(file)), text, 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// billOfMaterials is the list as CycloneDX writes it.
func billOfMaterials(parts []part) []byte {
	data, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata":   map[string]any{"component": map[string]string{"type": "application", "name": "descent"}},
		"components": parts,
	}, "", " ")
	if err != nil {
		panic(err) // strings alone
	}
	return append(data, '\n')
}
