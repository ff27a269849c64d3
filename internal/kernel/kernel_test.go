package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lab"
)

// TestClient holds the kernel against Jupyter's own client. It needs what `go run ./cmd/lab setup` makes; the kernel is
// built anew.
func TestClient(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	home := func(elem ...string) string { return filepath.Join(append([]string{root, ".lab"}, elem...)...) }
	require.FileExists(t, home("bin", "gonb"), "run `go run ./cmd/lab setup` first")

	// A kernelspec as set-up writes it, with the kernel of now.
	folder, err := os.MkdirTemp("", "k") // short, since the path of a socket is
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "kernel")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "descent.example/cmd/kernel").CombinedOutput()
	require.NoError(t, err, string(out))
	spec, err := os.ReadFile(home("python", "share", "jupyter", "kernels", "descent", "kernel.json"))
	require.NoError(t, err)
	specs := filepath.Join(folder, "kernels", "descent")
	require.NoError(t, os.MkdirAll(specs, 0o755))
	spec = []byte(strings.ReplaceAll(string(spec), home("bin", "kernel"), program))
	require.Contains(t, string(spec), program)
	require.NoError(t, os.WriteFile(filepath.Join(specs, "kernel.json"), spec, 0o644))

	cmd := exec.CommandContext(t.Context(), home("python", "bin", "python"), "-W", "ignore::ResourceWarning", "testdata/client_test.py")
	cmd.Env = append(os.Environ(), "TMPDIR="+folder, "JUPYTER_PATH="+folder, "JUPYTER_RUNTIME_DIR="+folder, "PYTHONDONTWRITEBYTECODE=1")
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func text(pieces []piece) (s string) {
	for _, p := range pieces {
		s += p.text
	}
	return s
}

func TestOutputKeepsBothEnds(t *testing.T) {
	for name, line := range map[string]string{"short lines": "αβγ\n", "long lines": strings.Repeat("é", 9000) + "\n", "no lines": "αβγ"} {
		t.Run(name, func(t *testing.T) {
			var o output
			total := 0
			for total < 4<<20 {
				o.write("stdout", line)
				total += len(line)
			}
			head := text(o.take())
			require.NotEmpty(t, head)
			require.True(t, strings.HasPrefix(head, line))
			o.finish()
			rest := o.take()
			if !strings.HasSuffix(head, "\n") {
				require.Equal(t, piece{"stdout", "\n"}, rest[0])
				rest = rest[1:]
			}
			require.True(t, strings.HasPrefix(rest[0].text, CutMark))
			tail := text(rest[1:])
			require.True(t, strings.HasSuffix(tail, line))
			lost := amount(total/len(line)*strings.Count(line, "\n")-strings.Count(head+tail, "\n"), total-len(head)-len(tail))
			require.Contains(t, rest[0].text, lost+" are left out")
			require.LessOrEqual(t, len(head)+len(tail), headBytes+tailBytes)
			require.LessOrEqual(t, strings.Count(head+tail, "\n"), headLines+tailLines)
			o.finish()
			require.Empty(t, o.take(), "said once")
			require.NotContains(t, strings.ToValidUTF8(head, "\ufffd")+strings.ToValidUTF8(tail, "\ufffd"), "\ufffd", "cut within a character")
		})
	}
}

func TestCutIsWhatRunLooksFor(t *testing.T) { require.Equal(t, lab.CutNotice, CutMark) }

func TestOutputWithinTheLimitsIsWhole(t *testing.T) {
	var o output
	want := ""
	for i := range headLines + tailLines {
		stream := []string{"stdout", "stderr"}[i/7%2]
		o.write(stream, "line\n")
		want += "line\n"
	}
	o.finish()
	require.Equal(t, want, text(o.take()))
}

func TestMessages(t *testing.T) {
	key := []byte("a key")
	m := message{}.answer("stream", map[string]string{"text": "<IDS|MSG>"})
	m.parts[parentPart] = []byte("{}")
	m.ids = [][]byte{[]byte("\x00id"), []byte("")}
	m.buffers = [][]byte{[]byte(delimiter), {0, 1, 2}}
	frames := m.frames(key)
	got, err := parse(frames, key)
	require.NoError(t, err)
	require.Equal(t, m, got)
	_, err = parse(frames, []byte("another key"))
	require.Error(t, err)
	for n := range len(m.ids) + 6 {
		_, err = parse(frames[:n], key)
		require.Error(t, err)
	}
	frames[4] = []byte(`{"changed": true}`)
	_, err = parse(frames, key)
	require.Error(t, err)
}

func TestDeclaredNames(t *testing.T) {
	everywhere, inside := newSource("var a, b = 1, 2\ntype T struct{ x int }\nfunc (T) m() {}\nfunc f() { inner := 1; _ = inner }\n%% --lr=3\n!ls\nc, d := 1, 2\nvar e int\nif true { g := 1 }\nunfinished(").declared()
	require.Equal(t, []string{"a", "b", "T", "f"}, everywhere)
	require.Subset(t, inside, []string{"c", "d", "e"})
	require.NotContains(t, inside, "g")
}

func TestCallee(t *testing.T) {
	for text, want := range map[string]string{
		"lab.S|ay(1)": "S|ay", "lab.Say(|1)": "Sa|y(1)", "f(g(1), |2)": "|f(g", "f(a, g(|))": "|g()", "x := |3": "|3", "|": "|",
	} {
		line := strings.Replace(text, "|", "", 1)
		at := callee([]string{line}, position{0, strings.Index(text, "|")})
		require.Contains(t, line[:at.column]+"|"+line[at.column:], want, text)
	}
}
