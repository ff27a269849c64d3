package grade

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"descent.example/pkg/assignment"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

const (
	rightStep = "func descentStep(theta, gradient []float64, lr float64) []float64 {\n\tfor i := range theta {\n\t\ttheta[i] -= lr * gradient[i]\n\t}\n\treturn theta\n}\n"
	rightRun  = "func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {\n\tfor range steps {\n\t\tstart = descentStep(start, gradient(start), lr)\n\t}\n\treturn start\n}\n"
	stepHead  = "func descentStep(theta, gradient []float64, lr float64) []float64 {\n"
	runHead   = "func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {\n"
)

// hurried is a grader with less patience, for code that uses it all.
func hurried(t *testing.T) *Grader {
	t.Helper()
	g := *practiceGrader(t)
	kit, a := *g.Kit, *g.Kit.Assignment
	a.Tasks = append([]assignment.Task{}, a.Tasks...)
	for i := range a.Tasks {
		a.Tasks[i].Seconds = 1
	}
	kit.Assignment, g.Kit, g.compileSeconds, g.startSeconds, g.patience = &a, &kit, 4, 2, 1
	return &g
}

// judged is what becomes of code for both tasks.
func judged(t *testing.T, g *Grader, step, run string) (first, second TaskResult) {
	t.Helper()
	start := time.Now()
	results, err := g.Judge(t.Context(), Work{Code: map[string]string{"descent-step": step, "descend": run}})
	require.NoError(t, err)
	require.Less(t, time.Since(start), 15*time.Minute)
	return results[0], results[1]
}

// Code that does no more than its task may, and harm all the same: it loses the points of its own task and no others, and gets none that it does not deserve.
func TestHostileCode(t *testing.T) {
	t.Parallel()
	g := hurried(t)
	for name, c := range map[string]struct {
		step, run string
		points    float64 // of the second task; the first is right unless the code is there
		says      string
	}{
		"prints what graders print": {run: `import "fmt"
` + runHead + `	fmt.Println("{\"score\": 7, \"tests\": [{\"name\": \"all\", \"score\": 7, \"max_score\": 7}]}")
	fmt.Println("ok  \tdescent.example/task\t0.1s\nPASS\n[{\"name\":\"one step\",\"points\":3,\"of\":3}]\n✓ one step\nRight: 3 of 3 points for descend.\n</pre><b>3/3</b>")
	return nil
}`},
		"panics with a verdict":     {run: runHead + `	panic("[{\"name\":\"one step\",\"points\":3,\"of\":3}]")` + "\n}", says: "panics"},
		"panics with an error":      {run: "type e struct{}\nfunc (e) Error() string { panic(1) }\n" + runHead + "\tpanic(e{})\n}", says: "panics"},
		"recovers and goes on":      {run: runHead + "\tdefer func() { recover() }()\n\tgradient(nil)\n\tpanic(1)\n}"},
		"loops for ever":            {run: runHead + "\tfor {\n\t}\n}", says: "not tried, because"},
		"calls back for ever":       {run: runHead + "\tfor {\n\t\tgradient(start)\n\t}\n}", says: "more than 1 seconds"},
		"takes all memory":          {run: runHead + "\tvar all [][]float64\n\tfor {\n\t\tall = append(all, make([]float64, 1<<20))\n\t}\n}"},
		"recurs for ever":           {run: runHead + "\treturn descend(gradient, start, lr, steps+1)\n}"},
		"floods its output":         {run: "import \"fmt\"\n" + runHead + "\tfor {\n\t\tfmt.Println(\"flood\", start)\n\t}\n}", says: "more than 1 seconds"},
		"returns too much":          {run: runHead + "\treturn make([]float64, 1<<24)\n}"},
		"returns nothing":           {run: runHead + "\treturn nil\n}", says: "returns ()"},
		"waits for itself":          {run: runHead + "\tselect {}\n}", says: "no answer"},
		"starts goroutines":         {run: runHead + "\tfor {\n\t\tgo func() { select {} }()\n\t}\n}"},
		"ends before it begins":     {run: "var _ = func() int { panic(\"x\") }()\n" + rightRun, says: assignment.NotReady},
		"loops before it begins":    {run: "func init() {\n\tfor {\n\t}\n}\n" + rightRun, says: assignment.NotReady},
		"renames Go's own":          {run: "type any = int\ntype map_ int\nconst true = false\n" + rightRun, points: -1},
		"names that the grader has": {run: "func Functions_() {}\n" + rightRun, says: "does not compile"},
		"huge constants":            {run: "const a = \"" + strings.Repeat("x", 1<<10) + "\"\n" + doubled(26) + rightRun, says: "does not compile"},
		"types that take for ever":  {run: nestedTypes(40) + rightRun, points: -1},
		"declares twice in a line":  {run: rightRun + "var a = 1; var a = 2\n", points: 3},
		"scopes without end":        {run: "func deep() { " + strings.Repeat("{", 1100) + strings.Repeat("}", 1100) + " }\n" + rightRun, says: "not Go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := judged(t, g, rightStep, c.run)
			require.Equal(t, 2.0, first.Points, "the other task loses its points: %+v", first)
			if c.points >= 0 {
				require.Equal(t, c.points, second.Points, "%+v", second)
			}
			require.LessOrEqual(t, second.Points, second.Of)
			require.Contains(t, fmt.Sprintf("%+v", second), c.says)
		})
	}
}

// A part that runs out of time costs no other part, as long as the grader has patience with the submission.
func TestTimeIsLostPartByPart(t *testing.T) {
	t.Parallel()
	slow := runHead + "\tfor steps == 1 {\n\t}\n\tfor range steps {\n\t\tstart = descentStep(start, gradient(start), lr)\n\t}\n\treturn start\n}"
	g := hurried(t)
	g.patience = 60
	_, run := judged(t, g, rightStep, slow)
	require.Equal(t, 2.0, run.Points, "%+v", run)
	require.Contains(t, run.Parts[0].Says, assignment.TooLong)
	lines := studentLines(TaskResult{Parts: []assignment.Result{{Hidden: true, Says: assignment.TooLong + " 3 seconds"}, {Hidden: true, Says: "secret"}}})
	require.Contains(t, lines[0].Says, "1 of 2 ran out of time")
	require.NotContains(t, lines[0].Says, "secret")
}

// doubled are constants each of which is twice as long as the one before.
func doubled(n int) string {
	var b strings.Builder
	b.WriteString("const c0 = a + a\n")
	for i := range n {
		fmt.Fprintf(&b, "const c%d = c%d + c%d\n", i+1, i, i)
	}
	fmt.Fprintf(&b, "var all = c%d\n", n)
	return b.String()
}

// nestedTypes are structs each of which holds the one before twice.
func nestedTypes(n int) string {
	var b strings.Builder
	b.WriteString("type s0 struct{ a, b int }\n")
	for i := range n {
		fmt.Fprintf(&b, "type s%d struct{ a, b s%d }\n", i+1, i)
	}
	fmt.Fprintf(&b, "var zero, one s%d\nvar same = zero == one\n", n)
	return b.String()
}

// What speaks to the compiler or asks for more than a task needs is not compiled at all.
func TestTheGate(t *testing.T) {
	for name, code := range map[string]string{
		"cgo":                    "import \"C\"\n",
		"cgo with a header":      "/*\n#include \"/etc/passwd\"\n*/\nimport \"C\"\n",
		"cgo with incbin":        "/*\n__asm__(\".incbin \\\"/etc/shadow\\\"\");\n*/\nimport \"C\"\n",
		"linkname":               "import _ \"unsafe\"\n//go:linkname steal descent.example/internal/wall.text\nfunc steal()\n",
		"linkname alone":         "//go:linkname steal os.runtime_args\nfunc steal() {}\n",
		"wasmimport":             "//go:wasmimport descent write\nfunc write(at uint32, n uint32) int32\n",
		"assembly":               "func fromAssembly() int\n",
		"embed":                  "import _ \"embed\"\n//go:embed ../../secret\nvar secret string\n",
		"embed alone":            "//go:embed secret\nvar secret string\n",
		"cgo directive":          "//go:cgo_import_dynamic steal steal \"libc.so.6\"\n",
		"line directive":         "//line /etc/passwd:1\nvar x int\n",
		"line comment":           "var x /*line /etc/passwd:1:1*/ int\n",
		"build constraint":       "//go:build ignore\n",
		"export":                 "//export stolen\nfunc stolen() {}\n",
		"generate":               "//go:generate rm -rf /\n",
		"os":                     "import \"os\"\n",
		"os under another name":  "import fmt \"os\"\n",
		"every name of os":       "import . \"os\"\n",
		"syscall":                "import \"syscall\"\n",
		"unsafe":                 "import \"unsafe\"\n",
		"net":                    "import \"net/http\"\n",
		"reflect":                "import \"reflect\"\n",
		"runtime":                "import \"runtime/debug\"\n",
		"plugin":                 "import \"plugin\"\n",
		"the grader":             "import \"descent.example/internal/grade\"\n",
		"a module":               "import \"github.com/evil/module\"\n",
		"a folder":               "import \"../../secret\"\n",
		"an absolute folder":     "import \"/etc\"\n",
		"a package of a package": "package main\n",
		"too much":               "var x = `" + strings.Repeat("x", largestCode) + "`\n",
		"not Go":                 "\x00\xff",
		"too deep":               "var x = " + strings.Repeat("(", 200_000),
	} {
		t.Run(name, func(t *testing.T) { require.Error(t, gate(code+rightStep)) })
	}
	for _, comment := range []string{"// go:fmt is a comment", "//line search from θ", "//line search: start from θ", "/*line: a*/", "//system of two branches", "//export the next θ", "// +build it up", "/*line by line*/"} {
		code := "import \"math\"\n" + comment + "\n" + rightStep
		require.NoError(t, gate(code))
		require.NotContains(t, withoutComments(code), comment)
		require.Contains(t, withoutComments(code), rightStep)
	}
}

// What stands in the notebook beside the cells that count changes nothing.
func TestHostileNotebooks(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	cells := func(change func(cells []map[string]any) []map[string]any) Work {
		nb := sourceOf(t, true)
		data, err := nb.Bytes()
		require.NoError(t, err)
		var file map[string]any
		require.NoError(t, json.Unmarshal(data, &file))
		var all []map[string]any
		for _, c := range file["cells"].([]any) {
			all = append(all, c.(map[string]any))
		}
		file["cells"] = change(all)
		data, err = json.Marshal(file)
		require.NoError(t, err)
		s := Submission{Files: map[string][]byte{"0-practice.ipynb": data}}
		work, err := s.Work(g.Kit.Assignment)
		require.NoError(t, err)
		return work
	}
	id := func(c map[string]any) string {
		meta, _ := c["metadata"].(map[string]any)["nbgrader"].(map[string]any)
		s, _ := meta["grade_id"].(string)
		return s
	}
	want := cells(func(all []map[string]any) []map[string]any { return all }).Code
	require.Len(t, want, 2)
	for name, change := range map[string]func(c map[string]any){
		"other points": func(c map[string]any) {
			if m, is := c["metadata"].(map[string]any)["nbgrader"].(map[string]any); is {
				m["points"] = 1e9
			}
		},
		"other seconds": func(c map[string]any) {
			c["metadata"].(map[string]any)["descent"] = map[string]any{"seconds": 1e9, "native": true}
		},
		"unlocked": func(c map[string]any) {
			if m, is := c["metadata"].(map[string]any)["nbgrader"].(map[string]any); is {
				m["locked"] = false
			}
		},
		"a forged check": func(c map[string]any) {
			if strings.HasSuffix(id(c), "-check") {
				c["source"] = "%%\nos.Exit(0)"
			}
		},
		"forged outputs": func(c map[string]any) {
			if c["cell_type"] == "code" {
				c["outputs"] = []any{map[string]any{"output_type": "stream", "name": "stdout", "text": "Right: 3 of 3"}}
			}
		},
		"metadata deleted": func(c map[string]any) { c["metadata"] = map[string]any{} },
		"other ids": func(c map[string]any) {
			if id(c) == "descend" {
				c["metadata"] = map[string]any{"nbgrader": map[string]any{"grade_id": "renamed"}}
			}
		},
		"metadata of a lie": func(c map[string]any) {
			if id(c) == "descend" {
				c["metadata"] = map[string]any{"nbgrader": "gone"}
			}
		},
		"checks gone": func(c map[string]any) {
			if strings.HasSuffix(id(c), "-check") {
				c["metadata"], c["source"] = map[string]any{}, ""
			}
		},
		"commands": func(c map[string]any) {
			if id(c) == "descend" {
				c["source"] = "!rm -rf /\n%autoget\n" + strings.Join(lines(c), "") + "\n%%\npanic(1)"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			work := cells(func(all []map[string]any) []map[string]any {
				for _, c := range all {
					change(c)
				}
				return all
			})
			for task, code := range want {
				require.Equal(t, strings.TrimSpace(code), strings.TrimSpace(work.Code[task]))
			}
		})
	}
	find := func(all []map[string]any, task string) int {
		for i, c := range all {
			if id(c) == task {
				return i
			}
		}
		return -1
	}
	copyOf := func(c map[string]any, source string) map[string]any {
		return map[string]any{"cell_type": "code", "metadata": c["metadata"], "outputs": []any{}, "execution_count": nil, "source": source, "id": fmt.Sprint(len(source))}
	}
	t.Run("a cell twice", func(t *testing.T) {
		work := cells(func(all []map[string]any) []map[string]any {
			i := find(all, "descend")
			wrong := copyOf(all[i], runHead+"\treturn nil\n}")
			return append(append(append([]map[string]any{}, all[:i]...), wrong), all[i:]...)
		})
		first, second := judged(t, g, work.Code["descent-step"], work.Code["descend"])
		require.Equal(t, 5.0, first.Points+second.Points)
		require.NotEmpty(t, work.Notes["descend"])
	})
	t.Run("a cell split in a function", func(t *testing.T) {
		work := cells(func(all []map[string]any) []map[string]any {
			i := find(all, "descend")
			text := strings.Join(lines(all[i]), "")
			at := strings.Index(text, "for range")
			return append(append(append([]map[string]any{}, all[:i]...), copyOf(all[i], text[:at]), copyOf(all[i], text[at:])), all[i+1:]...)
		})
		first, second := judged(t, g, work.Code["descent-step"], work.Code["descend"])
		require.Equal(t, 5.0, first.Points+second.Points, "%+v", second)
	})
	t.Run("a helper in a cell of its own", func(t *testing.T) {
		work := cells(func(all []map[string]any) []map[string]any {
			helper := map[string]any{"cell_type": "code", "metadata": map[string]any{}, "outputs": []any{}, "execution_count": nil, "source": "func takeStep() {}"}
			return append(all, helper)
		})
		s := sitting{work: work}
		require.Contains(t, s.elsewhere("descend:2: undefined: takeStep"), "takeStep stands in another cell")
		require.Empty(t, s.elsewhere("descend:2: undefined: takeLeap"))
	})
	t.Run("a cell too large to read", func(t *testing.T) {
		work := cells(func(all []map[string]any) []map[string]any {
			for _, c := range all {
				c["metadata"] = map[string]any{}
				if i := strings.Join(lines(c), ""); strings.HasPrefix(i, "// descend ") {
					c["source"] = []any{i + "\n//" + strings.Repeat("x", largestCode)}
				}
			}
			return all
		})
		require.NotContains(t, work.Code, "descend")
		require.Contains(t, work.Code, "descent-step")
	})
	t.Run("an answer that nobody reads", func(t *testing.T) {
		work := cells(func(all []map[string]any) []map[string]any {
			for _, c := range all {
				if id(c) == "explain" {
					c["source"] = strings.Repeat("é", 1<<20)
				}
			}
			return all
		})
		require.Less(t, len(work.Answers["explain"]), largestAnswer+1000)
		require.Contains(t, work.Answers["explain"], "2097 KB")
	})
	t.Run("a cell deleted", func(t *testing.T) {
		work := cells(func(all []map[string]any) []map[string]any {
			i := find(all, "descend")
			return append(append([]map[string]any{}, all[:i]...), all[i+1:]...)
		})
		results, err := g.Judge(t.Context(), work)
		require.NoError(t, err)
		require.Equal(t, map[string]float64{"descent-step": 2, "descend": 0}, points(results))
		require.NotEmpty(t, results[1].Wrong)
	})
}

// lines are those of a cell's source.
func lines(c map[string]any) (all []string) {
	for _, line := range c["source"].([]any) {
		all = append(all, line.(string))
	}
	return all
}

// Files that no program would write are a sentence and no points.
func TestPoisonedFiles(t *testing.T) {
	g := practiceGrader(t)
	good, err := sourceOf(t, true).Bytes()
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"empty":           {},
		"not JSON":        []byte("<html>"),
		"deep":            []byte(strings.Repeat("[", 1<<20)),
		"deep cells":      []byte(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":` + strings.Repeat(`[`, 1<<20)),
		"huge number":     []byte(`{"nbformat":1e999999,"metadata":{},"cells":[]}`),
		"null cells":      []byte(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[null]}`),
		"cells no list":   []byte(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":{"a":1}}`),
		"half a file":     good[:len(good)/2],
		"another kernel":  bytes.ReplaceAll(bytes.ReplaceAll(good, []byte(`"go"`), []byte(`"python"`)), []byte(`"descent"`), []byte(`"python3"`)),
		"not UTF-8":       bytes.Replace(good, []byte("Practice"), []byte("\xff\xfe"), 1),
		"NaN":             []byte(`{"nbformat":NaN}`),
		"UTF-16":          append([]byte("\xff\xfe"), good...),
		"CELLS":           bytes.Replace(good, []byte("{"), []byte(`{"CELLS":[],`), 1),
		"a cell's source": bytes.Replace(good, []byte(`"source":`), []byte(`"Source":"","source":`), 1),
		"a source twice":  bytes.Replace(good, []byte(`"source":`), []byte(`"source":"","source":`), 1),
		"cells twice":     bytes.Replace(good, []byte("{"), []byte(`{"cells":[],`), 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := Submission{Student: "x", Key: "x", Files: map[string][]byte{"0-practice.ipynb": text}}
			r, err := g.Grade(t.Context(), s)
			require.NoError(t, err)
			require.NotEmpty(t, r.Problem)
			require.Equal(t, map[string]float64{"descent-step": 0, "descend": 0}, points(r.Tasks))
		})
	}
}

// Links and planted files lead nowhere, and names stay in their folder.
func TestHostileFolders(t *testing.T) {
	g := practiceGrader(t)
	folder := t.TempDir()
	write := func(name string, text []byte) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o644))
	}
	good, err := sourceOf(t, true).Bytes()
	require.NoError(t, err)
	outside := filepath.Join(t.TempDir(), "0-practice.ipynb")
	require.NoError(t, os.WriteFile(outside, good, 0o644))
	write("honest/0-practice.ipynb", good)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "links"), 0o755))
	require.NoError(t, os.Symlink(outside, filepath.Join(folder, "links", "0-practice.ipynb")))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "copies"), 0o755))
	require.NoError(t, os.Symlink("../honest/0-practice.ipynb", filepath.Join(folder, "copies", "0-practice.ipynb")))
	require.NoError(t, os.Symlink("honest", filepath.Join(folder, "follows")))
	require.NoError(t, os.Symlink(outside, filepath.Join(folder, "file.ipynb")))
	write("planted/descent-step.go", []byte("package task\n"+rightStep))
	for _, name := range []string{"go.mod", "go.sum", "vendor/modules.txt", "descent-step_test.go", "judge", "allowed.cfg", "main.go", "assembly.s", "gradebook.db", "graded.json", "results.json", "state.json"} {
		write("planted/"+name, []byte("module descent.example\nreplace std => ./evil\n"))
	}
	strange := []string{"Bob", "bob", "BOB", "..%2f..%2fetc", "-rf", "=1+1", "<script>alert(1)</script>", "a\nb", "CON", strings.Repeat("n", 200), "..."}
	for _, name := range strange {
		if name != "<script>alert(1)</script>" {
			write(name+"/0-practice.ipynb", good)
		}
	}
	all, _, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	keys, problems := map[string]bool{}, map[string]string{}
	for _, s := range all {
		require.False(t, keys[strings.ToLower(s.Key)], "two students have the key %s", s.Key)
		keys[strings.ToLower(s.Key)] = true
		require.True(t, filepath.IsLocal(s.Key) && filepath.Base(s.Key) == s.Key && len(s.Key) < 100 && !strings.HasPrefix(s.Key, ".."), "%q", s.Key)
		problems[s.Student] = s.Problem
		if s.Student == "planted" {
			require.NoError(t, s.load())
			require.Len(t, s.Files, 1)
		}
	}
	for _, name := range []string{"links", "copies", "follows", "file"} {
		if name == "file" {
			name = "file.ipynb"
		}
		require.NotEmpty(t, problems[name], name)
	}
	require.Empty(t, problems["honest"])
	require.Empty(t, problems["planted"])
	// A student's results are in the same folder whoever else is there.
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "Bob")))
	fewer, _, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	for _, s := range fewer {
		require.True(t, slices.ContainsFunc(all, func(before Submission) bool { return before.Student == s.Student && before.Key == s.Key }), s.Student)
	}
	write("bob.ipynb", good)
	twice, _, err := Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	require.Len(t, twice, len(fewer))
	for _, s := range twice {
		if s.Student == "bob" {
			require.NotEmpty(t, s.Unclear)
			require.Error(t, s.load())
			require.Empty(t, s.Files)
		}
	}
	if os.Getuid() == 0 {
		return // who may read everything
	}
	write("shut.ipynb", good)
	require.NoError(t, os.Chmod(filepath.Join(folder, "shut.ipynb"), 0))
	all, _, err = Submissions(g.Kit.Assignment, folder)
	require.NoError(t, err)
	shut := all[slices.IndexFunc(all, func(s Submission) bool { return s.Student == "shut" })]
	require.NoError(t, shut.load(), "not the machine's fault")
	require.Contains(t, shut.Note, "shut.ipynb")
}

// What students write reaches the instructor's page, and theirs, as text.
func TestHTMLStaysText(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	const evil = `<script>alert("x")</script><img src=x onerror=alert(1)>`
	nb := sourceOf(t, true)
	for i, c := range nb.Cells {
		var meta assignment.NBGrader
		c.Meta("nbgrader", &meta)
		switch meta.ID {
		case "descend":
			nb.Cells[i].Source = notebook.Text(runHead + "\tpanic(" + fmt.Sprintf("%q", evil) + ")\n}")
		case "explain":
			nb.Cells[i].Source = evil
		}
	}
	text, err := nb.Bytes()
	require.NoError(t, err)
	book, err := OpenBook(filepath.Join(t.TempDir(), "grades"), g.Kit.Assignment)
	require.NoError(t, err)
	defer book.Close()
	s := Submission{Student: evil, Key: "evil", Files: map[string][]byte{"0-practice.ipynb": text}}
	broken := Submission{Student: "=cmd", Key: "cmd", Problem: evil}
	require.NoError(t, book.Grade(t.Context(), g, []Submission{s, broken}, func(Submission, bool) {}))
	published, err := book.Publish(nil)
	require.NoError(t, err)
	feedback, _, err := book.Feedback(published.Standings)
	require.NoError(t, err)
	for _, path := range []string{filepath.Join(book.Folder, "report.html"), filepath.Join(feedback, "evil.html")} {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(page), "<script>")
		require.NotContains(t, string(page), "<img")
		require.Contains(t, html.UnescapeString(string(page)), evil)
	}
	grades, err := os.ReadFile(filepath.Join(book.Folder, "grades.csv"))
	require.NoError(t, err)
	require.Contains(t, string(grades), "\n\"'=cmd\",")
	for _, formula := range []string{"'=1", "=1+1", " \n=1+1", "\u00a0=1", "＝1+1", "@sum", "\t=1", "\n", "-1", "'", "''=1", "x"} {
		require.Equal(t, formula, unplain(plain(formula)))
		require.Equal(t, strings.ContainsAny(formula, "=＝@-\t\n"), plain(formula) != formula, "%q", formula)
	}
	var quoted table
	quoted.row("x;=cmd|calc", `a "b"`, "c\nd")
	rows, err := csv.NewReader(&quoted.text).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"x;=cmd|calc", `a "b"`, "c\nd"}}, rows)
}

// A student cannot read the cases of hidden checks off the feedback, whatever the code does with them.
func TestFeedbackHidesHiddenCases(t *testing.T) {
	t.Parallel()
	g := practiceGrader(t)
	code := "import \"fmt\"\n" + stepHead + "\tpanic(fmt.Sprintf(\"seen %d numbers\", len(theta)))\n}"
	first, _ := judged(t, g, code, rightRun)
	said := ""
	for _, line := range studentLines(first) {
		said += line.Name + line.Says + line.Hint
	}
	require.Contains(t, said, "seen 1 numbers") // of the visible part
	require.NotContains(t, said, "seen 7 numbers")
	require.NotContains(t, said, "seven dimensions")
	require.Contains(t, fmt.Sprintf("%+v", first.Parts), "seen 7 numbers") // the instructor sees it
}
