//go:build unix

package lab

import (
	"bytes"
	"encoding/gob"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cells are programs as GoNB makes them of a notebook's cells: TestMain runs one of
// them instead of the tests if cellEnv names it.
var cells = map[string]func(){
	"gradient descent": func() {
		lr := Float("lr", 0.3, "learning rate η", Above(0), AtMost(10))
		steps := Int("steps", 60, "gradient steps", AtLeast(1), AtMost(100_000))
		Parse()
		Say("lr %g, steps %d", lr, steps)
	},
	"no parse": func() {
		lr := Float("lr", 0.3, "learning rate η", Above(0))
		Say("lr %g", lr)
	},
	"late": func() {
		Say("first")
		Float("lr", 0.3, "learning rate η")
	},
	"other flags": func() {
		name := flag.String("name", "", "a flag of package flag")
		quiet := flag.Bool("quiet", false, "another")
		lr := Float("lr", 0.3, "learning rate η")
		Parse()
		Say("%g %q %v", lr, *name, *quiet)
	},
	"stops": func() {
		ctx := Context()
		syscall.Kill(os.Getpid(), syscall.SIGINT)
		<-ctx.Done()
		Say("%v", Context().Err())
	},
	"does not stop":  func() { Context(); endBy(syscall.SIGINT) },
	"nothing of lab": func() { flag.Parse() },
	"error":          func() { Say("before"); Check(traced("diabetes.csv: it has no rows")) },
	"no error":       func() { Check(nil); Say("%d", Must(3, nil)) },
	"must":           func() { Must(3, errors.New("no such file")) },
	"panic":          func() { Say("before"); Show(bar); panic("boom") },
	"exit":           func() { Say("before"); Show(bar); os.Exit(0) },
	"mixed": func() {
		Say("100%%")
		Say("η = %g", 0.5)
		Show(bar)
		Say("")
		Say("then")
		Table([]string{"η", "name"}, [][]string{{"0.1", "a|b"}, {"−2", "c"}})
		Say("end\n")
	},
	"long text": func() {
		for range 18 {
			Say("%s", strings.Repeat("x", 1999))
		}
	},
	"lines, then the end": func() { lines(3000) },
	"lines, then exit":    func() { lines(3000); os.Exit(0) },
	"lines, then panic":   func() { lines(3000); panic("boom") },
	"lines, then panic elsewhere": func() {
		lines(3000)
		go panic("boom")
		time.Sleep(time.Minute)
	},
	"lines, then interrupt": func() { lines(3000); endBy(syscall.SIGINT) },
	"lines, then kill":      func() { lines(3000); endBy(syscall.SIGKILL) },
	"lines, then error":     func() { lines(3000); Check(errors.New("diverged")) },
	"lines and pictures": func() {
		for range 3 {
			lines(1000)
			Show(bar)
		}
	},
	"lines that take their time": func() {
		for i := range 1000 {
			Say("%d", i)
			time.Sleep(time.Millisecond)
		}
	},
	"endless text": func() {
		for i := 0; ; i++ {
			Say("%d", i)
		}
	},
	"an endless line": func() { Say("%s", strings.Repeat("η", mostText)); Say("never seen") },
	"endless tables":  func() { endless(func() { Table([]string{"x"}, [][]string{{"1"}}) }) },
	"endless pictures": func() {
		endless(func() { Show(drawing{svg: "<svg/>", png: strings.Repeat("x", 1<<20), alt: "a bar"}) })
	},
	"endless small pictures": func() { endless(func() { Show(bar) }) },
	"endless progress": func() {
		for range 100_000 {
			Progress("training", 4)
		}
		time.Sleep(700 * time.Millisecond)
	},
	"no picture":  func() { Show(nil) },
	"nil picture": func() { Show((*pointed)(nil)) },
	"no alt":      func() { Show(drawing{svg: "<svg/>", png: "png", alt: " "}) },
	"empty":       func() { Show(drawing{svg: "<svg/>", alt: "a bar"}) },
	"svg fails":   func() { Show(drawing{alt: "a bar", err: errors.New("NaN at step 3")}) },
	"animation":   func() { Show(motion{}) },
	"sliders":     func() { Show(sliders{drawing{svg: "<svg/>", png: "png", alt: "a bar"}, nil}); Say("after") },
	"numbers": func() {
		for _, csv := range []string{"x,y\n1,2\n", "", strings.Repeat("1,2\n", mostNumbers/4+1)} {
			Show(tabular{drawing{svg: "<svg/>", png: "png", alt: "a bar"}, csv})
		}
	},
	"html fails":  func() { Show(sliders{drawing{svg: "<svg/>", png: "png", alt: "a bar"}, errors.New("NaN at η = 3")}) },
	"no header":   func() { Table(nil, nil) },
	"ragged rows": func() { Table([]string{"a", "b"}, [][]string{{"1", "2"}, {"3"}}) },
	"kernel dies": func() { Say(killKernel); time.Sleep(200 * time.Millisecond); Say("never seen") },
	"work under text": func() {
		Say("above")
		work()
		Show(bar)
	},
	"work then text": func() { work(); Say("after") },
	"work then picture": func() {
		work()
		Show(bar)
		Say("after")
	},
	"text, then a picture during work": func() {
		Say("above")
		pictureDuringWork()
	},
	"picture during work": pictureDuringWork,
	"work fails": func() {
		b := Progress("training", 4)
		defer b.Done()
		time.Sleep(700 * time.Millisecond)
		Check(errors.New("diverged at step 3"))
	},
	"short work": func() {
		b := Progress("training", 4)
		b.Add(1)
		b.Done()
		Say("after")
	},
}

var bar = drawing{svg: "<svg/>", png: "\x89PNG", alt: "a bar", w: 640, h: 400}

func work() {
	b := Progress("training", 4)
	b.Add(1)
	time.Sleep(700 * time.Millisecond)
	b.Set(4)
	b.Done()
	b.Done()
}

func pictureDuringWork() {
	b := Progress("training", 4)
	time.Sleep(700 * time.Millisecond)
	Show(bar)
	time.Sleep(300 * time.Millisecond)
	b.Done()
	Say("after")
}

func lines(n int) {
	for i := range n {
		Say("%d", i)
	}
}

func endless(show func()) {
	for range 2 * mostOutputs {
		show()
	}
}

func endBy(sig syscall.Signal) {
	syscall.Kill(os.Getpid(), sig)
	time.Sleep(time.Minute)
}

// pointed is a picture that is a pointer.
type pointed struct{ drawing }

type drawing struct {
	svg, png, alt string
	err           error
	w, h          int
}

func (d drawing) SVG() ([]byte, error)      { return []byte(d.svg), d.err }
func (d drawing) PNG() ([]byte, error)      { return []byte(d.png), nil }
func (d drawing) Alt() string               { return d.alt }
func (d drawing) Size() (width, height int) { return d.w, d.h }

// tabular is a picture with its numbers.
type tabular struct {
	drawing
	csv string
}

func (t tabular) CSV() ([]byte, error) { return []byte(t.csv), nil }

// sliders are a picture that can be dragged.
type sliders struct {
	drawing
	err error
}

func (s sliders) HTML() ([]byte, error) { return []byte("<div></div><script></script>"), s.err }
func (s sliders) Instead() string       { return "run the cell to drag" }

// motion is a picture that has no SVG.
type motion struct{}

func (motion) PNG() ([]byte, error)      { return []byte("\x89PNG"), nil }
func (motion) Alt() string               { return "a dance" }
func (motion) Size() (width, height int) { return 640, 400 }

// traced is an error that shows a stack with %+v, as those of github.com/pkg/errors do.
type traced string

func (e traced) Error() string { return string(e) }

func (e traced) Format(f fmt.State, _ rune) {
	fmt.Fprint(f, string(e))
	if f.Flag('+') {
		fmt.Fprint(f, "\nmain.main\n\tmain.go:3")
	}
}

const cellEnv = "LAB_TEST_CELL"

func TestMain(m *testing.M) {
	if name := os.Getenv(cellEnv); name != "" {
		if gonbui.IsNotebook {
			flag.Parse() // GoNB begins the main function of a cell so
		}
		cells[name]()
		if living != nil {
			runtime.Goexit() // a test's main would end the process, where a cell's returns
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command makes a process that runs a cell, with args as its %% line has them and
// env beside the environment of nobody's notebook.
func command(t *testing.T, name string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	require.Contains(t, cells, name)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, args...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GONB_") && !strings.HasPrefix(pair, "DESCENT_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(append(cmd.Env, cellEnv+"="+name), env...)
	return cmd
}

// run runs a cell outside a notebook.
func run(t *testing.T, name string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := command(t, name, env, args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	return exitOf(cmd.Run(), &out, &errOut)
}

func exitOf(err error, out, errOut *bytes.Buffer) (stdout, stderr string, code int) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		panic(err)
	}
	return out.String(), errOut.String(), code
}

// runInKernel runs a cell with the two pipes of GoNB. Like GoNB it answers a sync
// once what came before is taken, and reads no more when the process has ended.
func runInKernel(t *testing.T, name string, env []string, args ...string) (sent []protocol.DisplayData, stderr string, code int) {
	t.Helper()
	return inKernel(t, command(t, name, env, args...), func(protocol.DisplayData) {})
}

// runInKernelUntil sends a signal to the cell when its text has a part.
func runInKernelUntil(t *testing.T, name, part string, sig syscall.Signal) (sent []protocol.DisplayData, stderr string, code int) {
	t.Helper()
	cmd := command(t, name, nil)
	return inKernel(t, cmd, func(data protocol.DisplayData) {
		if strings.Contains(data.Data[protocol.MIMETextPlain].(string), part) {
			time.AfterFunc(50*time.Millisecond, func() { cmd.Process.Signal(sig) }) // once the cell knows that it is shown
		}
	})
}

func inKernel(t *testing.T, cmd *exec.Cmd, seen func(protocol.DisplayData)) (sent []protocol.DisplayData, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	there, back := filepath.Join(dir, "there"), filepath.Join(dir, "back")
	require.NoError(t, syscall.Mkfifo(there, 0o600))
	require.NoError(t, syscall.Mkfifo(back, 0o600))
	// O_RDWR opens a named pipe without waiting for the other side.
	reader, err := os.OpenFile(there, os.O_RDWR, 0)
	require.NoError(t, err)
	writer, err := os.OpenFile(back, os.O_RDWR, 0)
	require.NoError(t, err)
	received := make(chan []protocol.DisplayData)
	go func() {
		var list []protocol.DisplayData
		defer func() { received <- list }()
		dying := false
		decoder, encoder := gob.NewDecoder(reader), gob.NewEncoder(writer)
		for {
			var data protocol.DisplayData
			if decoder.Decode(&data) != nil {
				return
			}
			if sync, isSync := data.Data[protocol.MIMECommValue].(protocol.CommValue); isSync {
				encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: sync.Value})
				if len(list) > 0 {
					seen(list[len(list)-1])
				}
				if dying {
					reader.Close()
					writer.Close()
					return
				}
				continue
			}
			dying = data.Data[protocol.MIMETextPlain] == killKernel
			time.Sleep(time.Millisecond) // so that a cell which does not wait is faster
			list = append(list, data)
		}
	}()
	var out, errOut bytes.Buffer
	cmd.Env = append(cmd.Env, protocol.GONB_PIPE_ENV+"="+there, protocol.GONB_PIPE_BACK_ENV+"="+back)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	stdout, stderr, code := exitOf(cmd.Run(), &out, &errOut)
	reader.Close()
	sent = <-received
	writer.Close()
	if stdout == "" {
		return sent, stderr, code
	}
	// Only the end of a flood of text comes on standard output: it continues the last block.
	require.NotEmpty(t, sent)
	last := sent[len(sent)-1]
	require.Equal(t, true, last.Metadata[ContinuedMark])
	last.Data = map[protocol.MIMEType]any{protocol.MIMETextPlain: last.Data[protocol.MIMETextPlain].(string) + "\n" + strings.TrimSuffix(stdout, "\n")}
	return append(sent, last), stderr, code
}

// killKernel is the text on which the kernel of runInKernel dies.
const killKernel = "the kernel dies"

// outputs are what a notebook then stores: data with a known display id replaces it.
func outputs(sent []protocol.DisplayData) (list []protocol.DisplayData) {
	at := map[string]int{}
	for _, data := range sent {
		if i, known := at[data.DisplayID]; known && data.DisplayID != "" {
			list[i] = data
			continue
		}
		at[data.DisplayID] = len(list)
		list = append(list, data)
	}
	return list
}

// texts are the text/plain of each output.
func texts(sent []protocol.DisplayData) (list []string) {
	for _, data := range sent {
		list = append(list, data.Data[protocol.MIMETextPlain].(string))
	}
	return list
}

func TestCheckAndMust(t *testing.T) {
	stdout, stderr, code := run(t, "error", nil)
	assert.Equal(t, 1, code)
	assert.Equal(t, "before\n", stdout)
	assert.Equal(t, "diabetes.csv: it has no rows\n", stderr, "one sentence, no stack trace")

	_, stderr, code = run(t, "must", nil)
	assert.Equal(t, 1, code)
	assert.Equal(t, "no such file\n", stderr)

	stdout, stderr, code = run(t, "no error", nil)
	assert.Equal(t, []any{"3\n", "", 0}, []any{stdout, stderr, code})
}
