package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets this program be cellbuild.
func TestMain(m *testing.M) {
	if os.Getenv("CELLBUILD_TEST_CHILD") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// cell is a cell's folder, built as GoNB builds it.
type cell struct {
	t   *testing.T
	dir string
	env []string
}

func newCell(t *testing.T) cell {
	t.Helper()
	c := cell{t: t, dir: t.TempDir()}
	c.write("go.mod", "module cell\n\ngo 1.26\n")
	goTool, err := exec.LookPath("go")
	require.NoError(t, err)
	// A go that leaves a trace.
	c.write("bin/go", "#!/bin/sh\necho >> "+filepath.Join(c.dir, "built")+"\nexec '"+goTool+"' \"$@\"\n")
	require.NoError(t, os.Chmod(filepath.Join(c.dir, "bin", "go"), 0o755))
	return c
}

func (c cell) write(name, content string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(c.t, os.WriteFile(path, []byte(content), 0o644))
}

// run builds and runs main.go, and says whether Go built it.
func (c cell) run(source string) (out string, built bool) {
	c.t.Helper()
	c.write("main.go", source)
	self, err := os.Executable()
	require.NoError(c.t, err)
	os.Remove(filepath.Join(c.dir, "built"))
	cmd := exec.Command(self, filepath.Join(c.dir, "bin", "go"), "build", "-o", filepath.Join(c.dir, "program"))
	cmd.Dir = c.dir
	cmd.Env = append(append(os.Environ(), "CELLBUILD_TEST_CHILD=1", "GOFLAGS=-ldflags=-s", "DESCENT_PARAMS_LOG="), c.env...)
	said, err := cmd.CombinedOutput()
	_, trace := os.Stat(filepath.Join(c.dir, "built"))
	if err != nil {
		return string(said), trace == nil
	}
	require.Empty(c.t, string(said))
	run := exec.Command(filepath.Join(c.dir, "program"))
	result, _ := run.CombinedOutput()
	return string(result), trace == nil
}

// ready waits until the cell is prepared.
func (c cell) ready(source string) {
	c.t.Helper()
	at := filepath.Join(c.dir, folder, nameOf([]byte(source)))
	require.Eventually(c.t, func() bool {
		_, err := os.Stat(filepath.Join(at, "prepared.json"))
		if err != nil {
			log, _ := os.ReadFile(filepath.Join(at, "log"))
			require.Empty(c.t, string(log))
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond)
}

const example = `package main

import (
	"fmt"
	"math"
	"time"
)

type pair struct {
	a float64
	b string
}

const fixed = 3

func half[T ~int | ~float64](x T) T { return x / 2 }

func main() {
	n, x, tiny := 5, -0.5, float32(0.1)
	var small uint8 = 200
	sum := 0.0
	for i := 0; i < 4; i++ {
		sum += 0.25
	}
	list := [fixed]pair{{1, "one"}, 2: {a: 2.5, b: "two"}}
	var any interface{} = 7
	fmt.Println(n, x, tiny, small, sum, list, any, half(9), math.Sqrt(2), 1<<3, n/2, n%4, "abc"[1], 2*time.Second, float32(0.3)+tiny)
	switch n {
	case 5:
		fmt.Println("five")
	}
	if n > 100 {
		panic("too many")
	}
}
`

// A cell whose literals are edited prints what Go's own build of it prints, whichever literal it is.
func TestEveryLiteralIsThatOfTheText(t *testing.T) {
	c, plain := newCell(t), newCell(t)
	out, built := c.run(example)
	require.True(t, built)
	c.ready(example)
	again, built := c.run(example)
	require.False(t, built)
	require.Equal(t, out, again)

	atOnce := 0
	c.env = []string{"DESCENT_PARAMS_LOG=x"} // nothing else is prepared
	literals := regexp.MustCompile(`\b\d+(\.\d+)?\b|"[^"\n]*"`).FindAllStringIndex(example, -1)
	for _, at := range literals {
		others := []string{"6", "2.75", "0", "0.0", "300", "1e400"}
		if example[at[0]] == '"' {
			others = []string{`"x\n\"é%d"`, "3"}
		}
		for _, other := range others {
			source := example[:at[0]] + other + example[at[1]:]
			got, built := c.run(source)
			if built { // compared with nothing: it is Go's own, and what was prepared in its place is not the subject
				continue
			}
			atOnce++
			goBuild := exec.Command("go", "build", "-o", "program")
			plain.write("main.go", source)
			goBuild.Dir = plain.dir
			said, err := goBuild.CombinedOutput()
			require.NoError(t, err, "Go refuses it: %s\n%s", said, source)
			want, _ := exec.Command(filepath.Join(plain.dir, "program")).CombinedOutput()
			place := regexp.MustCompile(`(?m)^.*main\.go|\+0x[0-9a-f]+|^exit status.*`) // folders and addresses of a panic
			require.Equal(t, place.ReplaceAllString(string(want), ""), place.ReplaceAllString(got, ""), source)
		}
	}
	require.Greater(t, atOnce, 30)
}

func TestACellWithoutLiteralsRunsAgain(t *testing.T) {
	c := newCell(t)
	source := "package main\n\nvar two = 2\n\nfunc main() { println(two) }\n"
	c.run(source)
	c.ready(source)
	out, built := c.run(source)
	require.False(t, built)
	require.Equal(t, "2\n", out)
}

func TestWhatElseIsEditedIsBuilt(t *testing.T) {
	c := newCell(t)
	c.write("other/other.go", "package other\n\nconst Name = \"before\"\n")
	source := "package main\n\nimport \"cell/other\"\n\nfunc main() {\n\tx := 3\n\tprintln(other.Name, x)\n}\n"
	edit := func(old, now string) string { return strings.Replace(source, old, now, 1) }
	out, built := c.run(source)
	require.True(t, built)
	require.Equal(t, "before 3\n", out)
	c.ready(source)
	out, built = c.run(edit("3", "4"))
	require.False(t, built)
	require.Equal(t, "before 4\n", out)

	_, built = c.run(edit("x := 3", "x := 3.5")) // of another type
	require.True(t, built)
	said, built := c.run(edit("x := 3", "x := 99999999999999999999"))
	require.True(t, built)
	require.Contains(t, said, "overflows")

	// A package that is edited counts.
	out, built = c.run(edit("3", "5"))
	require.False(t, built)
	require.Equal(t, "before 5\n", out)
	c.write("other/other.go", "package other\n\nconst Name = \"after\"\n")
	out, built = c.run(edit("3", "6"))
	require.True(t, built)
	require.Equal(t, "after 6\n", out)

	// So does a file beside the cell, and one that is new in a package.
	c.ready(source)
	c.write("beside.go", "package main\n\nfunc init() { println(\"beside\") }\n")
	out, built = c.run(edit("3", "7"))
	require.True(t, built)
	require.Equal(t, "beside\nafter 7\n", out)
	require.NoError(t, os.Remove(filepath.Join(c.dir, "beside.go")))
	c.write("other/new.go", "package other\n\nfunc init() { println(\"new\") }\n")
	out, built = c.run(edit("3", "8"))
	require.True(t, built)
	require.Equal(t, "new\nafter 8\n", out)
}

// A damaged preparation is no harm, nor is a program that cannot be prepared.
func TestGoBuildsWhatIsDamaged(t *testing.T) {
	c := newCell(t)
	source := "package main\n\nfunc main() {\n\tx := 3\n\tprintln(x)\n}\n"
	c.run(source)
	c.ready(source)
	at := filepath.Join(folder, nameOf([]byte(source)))
	for _, name := range []string{"prepared.json", "cell.go", "program"} {
		path := filepath.Join(c.dir, at, name)
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o755))
		out, built := c.run(source)
		require.True(t, built, name)
		require.Equal(t, "3\n", out)
		c.ready(source)
	}
	other := "package main\n\n//go:noinline\nfunc one() int { return 1 }\n\nfunc main() { println(one()) }\n"
	out, _ := c.run(other)
	require.Equal(t, "1\n", out)
	require.Eventually(t, func() bool {
		log, _ := os.ReadFile(filepath.Join(c.dir, folder, nameOf([]byte(other)), "log"))
		return strings.Contains(string(log), "left to Go")
	}, time.Minute, 50*time.Millisecond)
}

func TestOtherCommandsAreGos(t *testing.T) {
	c := newCell(t)
	self, err := os.Executable()
	require.NoError(t, err)
	goTool, err := exec.LookPath("go")
	require.NoError(t, err)
	cmd := exec.Command(self, goTool, "list", "-m", "-json")
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), "CELLBUILD_TEST_CHILD=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	var module struct{ Path string }
	require.NoError(t, json.Unmarshal(out, &module))
	require.Equal(t, "cell", module.Path)
}
