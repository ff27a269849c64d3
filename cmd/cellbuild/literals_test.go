package main

import (
	"encoding/json"
	"fmt"
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
	switch os.Getenv("CELLBUILD_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "fingerprint":
		print, err := fingerprint(inputs{Files: os.Args[1:]})
		fmt.Println(print, err)
	default:
		main()
	}
}

// cell is a cell's folder, built as GoNB builds it.
type cell struct {
	t   *testing.T
	dir string // its module's is there, that of the lab is descent beside it
	env []string
}

func newCell(t *testing.T) cell {
	t.Helper()
	c := cell{t: t, dir: filepath.Join(t.TempDir(), "gonb_1")}
	c.beginModule()
	c.write("../descent/go.mod", "module descent.example\n\ngo 1.26\n")
	c.write("../other/go.mod", "module other.example\n\ngo 1.26\n")
	c.write("../descent/pkg/lab/lab.go", `package lab

import "fmt"

func Float(name string, value float64, help string, bounds ...float64) float64 { return value }
func Single(values ...float32) float32                                         { return values[0] }
func Int(name string, value int) int                                           { return value }
func Small(value uint8) uint8                                                  { return value }
func Floats(name string, values []float64) []float64                           { return values }
func Same[T any](value T) T                                                    { return value }
func Say(format string, values ...any)                                         { fmt.Printf(format+"\\n", values...) }
`)
	goTool, err := exec.LookPath("go")
	require.NoError(t, err)
	// A go that leaves a trace.
	c.write("../bin/go", "#!/bin/sh\necho $1 >> "+c.at("../built")+"\nexec '"+goTool+"' \"$@\"\n")
	require.NoError(t, os.Chmod(c.at("../bin/go"), 0o755))
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	c.env = []string{"GOCACHE=" + strings.TrimSpace(string(cache)), "XDG_CACHE_HOME=" + c.at("../cache")}
	return c
}

// beginModule writes what GoNB does into the folder of a kernel's cells, and what the kernel does beside it.
func (c cell) beginModule() {
	c.write("go.mod", "module "+filepath.Base(c.dir)+"\n\ngo 1.26\n")
	c.write("../go.work", "go 1.26\n\nuse (\n\t"+c.dir+"\n\t"+c.at("../descent")+"\n\t"+c.at("../other")+"\n)\n")
}

func (c cell) at(name string) string { return filepath.Join(c.dir, name) }

func (c cell) write(name, content string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(c.t, os.WriteFile(path, []byte(content), 0o644))
}

// run builds and runs main.go, and says whether Go built it.
func (c cell) run(source string) (out string, built bool) {
	time.Sleep(20 * time.Millisecond) // what is written as a plan is made, or just before, voids it
	c.t.Helper()
	c.write("main.go", source)
	self, err := os.Executable()
	require.NoError(c.t, err)
	os.Remove(c.at("../built"))
	cmd := exec.Command(self, c.at("../bin/go"), "build", "-o", filepath.Join(c.dir, "program"))
	cmd.Dir = c.dir
	cmd.Env = append(append(os.Environ(), "CELLBUILD_TEST_CHILD=1", "GOFLAGS=-ldflags=-s", "DESCENT_PARAMS_LOG="), c.env...)
	said, err := cmd.CombinedOutput()
	_, trace := os.Stat(c.at("../built"))
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

	"descent.example/pkg/lab"
)

type pair struct {
	a float64
	b string
}

const fixed = 3

func half[T ~int | ~float64](x T) T { return x / 2 }

func main() {
	lr := lab.Float("lr", 0.5, "learning rate", -1, 2.5)
	n, small := lab.Int("n", 5), lab.Small(200)
	rates := lab.Floats("rates", []float64{0.05, -0.18, 2: 0.21})
	single := lab.Single(0.1, 0.3)
	sum := 0.0
	for i := 0; i < 4; i++ {
		sum += 0.25
	}
	list := [fixed]pair{{1, "one"}, 2: {a: 2.5, b: "two"}}
	lab.Say("%v %v %v %v %v", lr, n, small, rates, single)
	lab.Say("%d and %v", 7, "seven")
	fmt.Println(lab.Same(4), lab.Float("x", 0.1*3, "y")+sum, list, half(9), math.Sqrt(2), 1<<3, n/2, n%4, "abc"[1], 2*time.Second, float32(0.3)+single)
	switch n {
	case 5:
		lab.Say("five")
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

	prepared, err := readPrepared(filepath.Join(c.dir, folder, nameOf([]byte(example))))
	require.NoError(t, err)
	atOnce := 0
	c.env = append(c.env, "DESCENT_PARAMS_LOG=x") // nothing else is prepared
	literals := regexp.MustCompile(`\b\d+(\.\d+)?\b|"[^"\n]*"`).FindAllStringIndex(example, -1)
	for _, at := range literals {
		others := []string{"6", "2.75", "0", "0.0", "300", "1e400", "0o7.5", "0x1.8", "0x10", "1" + strings.Repeat("0", 250)}
		if example[at[0]] == '"' {
			others = []string{`"x\n\"é%d"`, "3", "\"\x00\"", "\"\xff\"", "\"open"}
		}
		for _, other := range others {
			source := example[:at[0]] + other + example[at[1]:]
			if _, same := valuesOf(prepared.cell, []byte(source), prepared.Literals); !same { // Go builds it
				continue
			}
			got, built := c.run(source)
			require.False(t, built)
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
	require.Greater(t, atOnce, 20)
}

func TestWhatElseIsEditedIsBuilt(t *testing.T) {
	c := newCell(t)
	c.write("../other/other.go", "package other\n\nconst Name = \"before\"\n")
	source := "package main\n\nimport (\n\t\"other.example\"\n\t\"descent.example/pkg/lab\"\n)\n\nfunc main() {\n\tx := lab.Int(\"x\", 3)\n\tprintln(other.Name, x)\n}\n"
	edit := func(old, now string) string { return strings.Replace(source, old, now, 1) }
	out, built := c.run(source)
	require.True(t, built)
	require.Equal(t, "before 3\n", out)
	c.ready(source)
	out, built = c.run(edit("3)", "4)"))
	require.False(t, built)
	require.Equal(t, "before 4\n", out)

	_, built = c.run(edit("3)", "3.5)")) // of another type
	require.True(t, built)
	said, built := c.run(edit("3)", "99999999999999999999)"))
	require.True(t, built)
	require.Contains(t, said, "overflow")

	// A package that is edited counts.
	out, built = c.run(edit("3)", "5)"))
	require.False(t, built)
	require.Equal(t, "before 5\n", out)
	c.write("../other/other.go", "package other\n\nconst Name = \"after\"\n")
	out, built = c.run(edit("3)", "6)"))
	require.True(t, built)
	require.Equal(t, "after 6\n", out)

	// So does a file beside the cell, and one that is new in a package.
	c.ready(source)
	c.write("beside.go", "package main\n\nfunc init() { println(\"beside\") }\n")
	out, built = c.run(edit("3)", "7)"))
	require.True(t, built)
	require.Equal(t, "beside\nafter 7\n", out)
	require.NoError(t, os.Remove(filepath.Join(c.dir, "beside.go")))
	c.write("../other/new.go", "package other\n\nfunc init() { println(\"new\") }\n")
	out, built = c.run(edit("3)", "8)"))
	require.True(t, built)
	require.Equal(t, "new\nafter 8\n", out)

	// And one of the same size whose time was set back.
	c.ready(source)
	path := c.at("../other/other.go")
	info, err := os.Stat(path)
	require.NoError(t, err)
	c.write("../other/other.go", "package other\n\nconst Name = \"AFTER\"\n")
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	out, built = c.run(edit("3)", "9)"))
	require.True(t, built)
	require.Equal(t, "new\nAFTER 9\n", out)
}

// A damaged preparation is no harm, nor is a program that cannot be prepared.
func TestGoBuildsWhatIsDamaged(t *testing.T) {
	c := newCell(t)
	source := "package main\n\nimport \"descent.example/pkg/lab\"\n\nfunc main() {\n\tx := lab.Int(\"x\", 3)\n\tprintln(x)\n}\n"
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
	require.NoError(t, os.Truncate(filepath.Join(c.dir, at, "program"), 1000))
	out, built := c.run(source)
	require.True(t, built)
	require.Equal(t, "3\n", out)
	// A cell in which nothing can be replaced is built each time.
	nothing := "package main\n\nfunc main() { println(\"hello\") }\n"
	for range 2 {
		out, built = c.run(nothing)
		require.True(t, built)
		require.Equal(t, "hello\n", out)
		require.Eventually(t, func() bool {
			log, _ := os.ReadFile(filepath.Join(c.dir, folder, nameOf([]byte(nothing)), "log"))
			return strings.Contains(string(log), "left to Go")
		}, time.Minute, 50*time.Millisecond)
	}
	other := "package main\n\n//go:noinline\nfunc one() int { return 1 }\n\nfunc main() { println(one()) }\n"
	out, _ = c.run(other)
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
	cmd := exec.Command(self, goTool, "list", "-m", "-json", "other.example")
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), "CELLBUILD_TEST_CHILD=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	var module struct{ Path string }
	require.NoError(t, json.Unmarshal(out, &module))
	require.Equal(t, "other.example", module.Path)
}
