package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// planned is a cell's folder in which cells are compiled directly, and none is prepared.
func planned(t *testing.T) cell {
	c := newCell(t)
	c.env = append(c.env, "GOFLAGS='-ldflags=-s -linkmode=internal' -tags=cell", "DESCENT_PARAMS_LOG=x")
	return c
}

// asked are the commands that Go was given for the last cell.
func (c cell) asked() string {
	data, _ := os.ReadFile(c.at("../built"))
	return strings.Join(strings.Fields(string(data)), " ")
}

const usesOther = "package main\n\nimport \"other.example\"\n\nfunc main() { println(other.Name) }\n"

func TestCellsAreCompiledWithoutGoBuild(t *testing.T) {
	c := planned(t)
	c.write("../descent/pkg/more/more.go", "package more\n\nfunc Twice(x int) int { return 2 * x }\n")
	out, _ := c.run(example)
	require.Equal(t, "env list env", c.asked())
	plain := newCell(t)
	want, _ := plain.run(example)
	require.Equal(t, want, out)
	out, built := c.run("package main\n\nimport \"descent.example/pkg/more\"\n\nfunc main() { println(more.Twice(3)) }\n")
	require.False(t, built, "the plan has all packages of the lab")
	require.Equal(t, "6\n", out)
	out, _ = c.run("package main\n\nimport (\n\t\"os\"\n\t\"sort\"\n)\n\nfunc main() {\n\tx := []int{2, 1}\n\tsort.Ints(x)\n\tprintln(x[0], len(os.Args))\n}\n")
	require.Equal(t, "1 1\n", out)

	next := c
	next.dir = c.at("../gonb_2")
	next.beginModule()
	out, built = next.run(example)
	require.Equal(t, want, out)
	require.False(t, built, "the plan is that of all kernels")
	next.write("go.work", "go 1.26\n\nuse (\n\t.\n\t../descent\n)\n")
	_, built = next.run(example)
	require.True(t, built, "a path that begins at the folder")
	require.NoError(t, os.Remove(next.at("go.work")))
	next.write("own/own.go", "package own\n\nconst Name = \"own\"\n")
	out, built = next.run("package main\n\nimport \"gonb_2/own\"\n\nfunc main() { println(own.Name) }\n")
	require.Equal(t, "own\n", out)
	require.True(t, built, "a package in the folder")
}

// What a person may not write is known by its size and its whole seconds, so that a plan can be part of an image.
func TestInputsOfAnInstallation(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		require.NoError(t, os.Chmod(d, 0o755))
	}
	self, err := os.Executable()
	require.NoError(t, err)
	text, err := os.ReadFile(self)
	require.NoError(t, err)
	program, path := filepath.Join(dir, "program"), filepath.Join(dir, "input")
	require.NoError(t, os.WriteFile(program, text, 0o755))
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o444))
	at := func(seconds, nanos int64) string {
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(seconds, nanos)))
		cmd := exec.Command(program, path)
		cmd.Dir, cmd.Env = dir, []string{"CELLBUILD_TEST_CHILD=fingerprint"}
		if os.Getuid() == 0 { // who may write everything
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.Output()
		require.NoError(t, err)
		return string(out)
	}
	first := at(1000, 5)
	require.Equal(t, first, at(1000, 0))
	require.NotEqual(t, first, at(1001, 0))
	require.NoError(t, os.Chmod(path, 0o666))
	first = at(1000, 5)
	require.NotEqual(t, first, at(1000, 5), "it was changed in some way")
}

// What changed since the plan was made is in the next cell's program.
func TestPlanHoldsUntilAnInputChanges(t *testing.T) {
	c := planned(t)
	c.write("../other/other.go", "package other\n\nconst Name = \"one\"\n")
	expect := func(want, why string) {
		t.Helper()
		out, built := c.run(usesOther)
		require.Equal(t, want, out, why)
		require.True(t, built, why)
		out, built = c.run(usesOther + "// again\n")
		require.Equal(t, want, out, why)
		require.False(t, built, why)
	}
	expect("one\n", "first")
	path := c.at("../other/other.go")
	info, err := os.Stat(path)
	require.NoError(t, err)
	c.write("../other/other.go", "package other\n\nconst Name = \"two\"\n")
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	expect("two\n", "a package of the same size and time")
	c.write("../other/new.go", "package other\n\nfunc init() { println(\"new\") }\n")
	expect("new\ntwo\n", "a file that is new in a package")
	c.write("../other/tagged.go", "//go:build more\n\npackage other\n\nfunc init() { println(\"tagged\") }\n")
	expect("new\ntwo\n", "a file that is left out")
	c.env = append(c.env, "GOFLAGS='-ldflags=-s -linkmode=internal' -tags=more")
	expect("new\ntagged\ntwo\n", "GOFLAGS")
	c.write("../elsewhere/go.mod", "module descent.example\n\ngo 1.26\n")
	c.write("../elsewhere/pkg/lab/lab.go", "package lab\n\nfunc init() { println(\"elsewhere\") }\n")
	c.write("../other/other.go", "package other\n\nimport _ \"descent.example/pkg/lab\"\n\nconst Name = \"two\"\n")
	expect("new\ntagged\ntwo\n", "an import")
	c.write("go.work", "go 1.26\n\nuse (\n\t.\n\t"+c.at("../elsewhere")+"\n\t"+c.at("../other")+"\n)\n")
	expect("elsewhere\nnew\ntagged\ntwo\n", "go.work")
	goTool, err := os.ReadFile(c.at("../bin/go"))
	require.NoError(t, err)
	c.write("../bin/go", string(goTool)+"# another version\n")
	expect("elsewhere\nnew\ntagged\ntwo\n", "the go command")

	shared := "package main\n\nfunc main() {\n\tvar last []func()\n\tfor i := 0; i < 3; i++ {\n\t\tlast = append(last, func() { println(i) })\n\t}\n\tlast[0]()\n}\n"
	out, _ := c.run(shared)
	require.Equal(t, "0\n", out)
	c.write("go.mod", "module cell\n\ngo 1.21\n") // when a loop had one variable for all rounds
	out, _ = c.run(shared)
	require.Equal(t, "3\n", out)
}

// What is not only compiled and linked is built by Go, whose words a person sees.
func TestWhatThePlanCannotBuildIsGos(t *testing.T) {
	c := planned(t)
	c.write("../other/other.go", "package other\n\nconst Name = \"one\"\n")
	c.write("../descent/internal/secret/secret.go", "package secret\n\nconst X = 1\n")
	c.write("../descent/pkg/lab/secret.go", "package lab\n\nimport _ \"descent.example/internal/secret\"\n")
	c.write("text.txt", "embedded")
	c.run(usesOther)
	for source, want := range map[string]string{
		"package main\n\nfunc main() { undefined() }\n": "./main.go:3:15: undefined: undefined",
		"package main\n\nfunc main() {":                 "./main.go:3:14: syntax error",
		"package main\n\nimport \"descent.example/internal/secret\"\n\nfunc main() { println(secret.X) }\n":               "use of internal package",
		"package main\n\nimport \"no/such\"\n\nfunc main() { such.X() }\n":                                                "no/such is not in std",
		"package main\n\nimport _ \"embed\"\n\n//go:embed text.txt\nvar text string\n\nfunc main() { println(text) }\n":   "embedded",
		"package main\n\n// +build never\n\nfunc main() { println(\"tag\") }\n":                                           "tag",
		"package main\n\n// int one() { return 1; }\nimport \"C\"\n\nfunc main() { println(\"C says\", int(C.one())) }\n": "C says 1",
	} {
		out, built := c.run(source)
		require.Contains(t, out, want)
		require.True(t, built, source)
	}
	c.write("beside.go", "package main\n\nfunc init() { println(\"beside\") }\n")
	out, _ := c.run(usesOther)
	require.Equal(t, "beside\none\n", out)
	require.NoError(t, os.Remove(filepath.Join(c.dir, "beside.go")))

	// A plan that leads nowhere, as when Go's cache was emptied, is made anew.
	_, built := c.run(usesOther + "// again\n")
	require.False(t, built)
	files, err := filepath.Glob(c.at("../cache/descent/plans/*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	file := files[0]
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, damaged := range []string{"", strings.ReplaceAll(string(data), "-d\"", "-gone\"")} {
		require.NoError(t, os.WriteFile(file, []byte(damaged), 0o600))
		for _, again := range []bool{true, false, false} {
			out, built = c.run(usesOther)
			require.Equal(t, "one\n", out)
			if !again {
				require.NotContains(t, c.asked(), "build")
			}
			require.True(t, built || !again)
		}
		require.False(t, built)
	}
}
