//go:build unix

package lab

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent.example/internal/live"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var calls int

func init() {
	cells["live"] = func() {
		lr := Float("lr", 0.3, "learning rate η", Above(0), AtMost(10))
		steps := Int("steps", 60, "gradient steps", AtLeast(1))
		Parse()
		calls++
		defer func() { deferred++ }()
		switch lr {
		case 3:
			Check(errors.New("diverged"))
		case 4:
			panic("boom")
		case 5:
			bar := Progress("waiting", 0)
			defer bar.Done()
			<-Context().Done()
			Must(0, Context().Err())
		case 6:
			Say("%s", strings.Repeat("η", longOutputs))
		}
		fmt.Println("printed", lr)
		Say("lr %g", lr)
		Say("steps %d", steps)
		Show(bar)
		Show(captioned{sliders{drawing: bar}})
		Table([]string{"calls", "deferred"}, [][]string{{fmt.Sprint(calls), fmt.Sprint(deferred)}})
	}
	cells["live without Parse"] = func() { Say("lr %g", Float("lr", 0.3, "learning rate η")) }
}

var deferred int

// captioned is a picture with words for its still.
type captioned struct{ sliders }

func (captioned) Words() string { return "the words of the still" }

// process is a live process of a cell.
type process struct {
	t       *testing.T
	to      io.WriteCloser
	answers *bufio.Scanner
}

func startLive(t *testing.T, name string, args ...string) *process {
	t.Helper()
	cmd := command(t, name, []string{live.ProcessEnv + "=1"}, args...)
	to, err := cmd.StdinPipe()
	require.NoError(t, err)
	from, answers, err := os.Pipe()
	require.NoError(t, err)
	cmd.ExtraFiles = []*os.File{answers}
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	answers.Close()
	t.Cleanup(func() {
		to.Close()
		assert.NoError(t, cmd.Wait(), "a live process ends with its input")
		from.Close()
	})
	return &process{t: t, to: to, answers: bufio.NewScanner(from)}
}

func (p *process) ask(seq int, values map[string]string) {
	p.t.Helper()
	require.NoError(p.t, json.NewEncoder(p.to).Encode(live.Request{Seq: seq, Values: values}))
}

func (p *process) answer() (a live.Answer, texts []string) {
	p.t.Helper()
	require.True(p.t, p.answers.Scan())
	require.NoError(p.t, json.Unmarshal(p.answers.Bytes(), &a))
	if len(a.Outputs) == 0 {
		return a, nil
	}
	data := []byte(a.Outputs)
	if data[0] == '"' {
		var packed []byte
		require.NoError(p.t, json.Unmarshal(data, &packed))
		zipped, err := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(p.t, err)
		data, err = io.ReadAll(zipped)
		require.NoError(p.t, err)
	}
	var outputs []live.Output
	require.NoError(p.t, json.Unmarshal(data, &outputs))
	for _, o := range outputs {
		texts = append(texts, o.Data["text/plain"].(string))
	}
	return a, texts
}

// The cell's own program runs again with new values in a process that stays.
func TestALiveProcessRunsTheCellAgain(t *testing.T) {
	p := startLive(t, "live", "--steps=7")
	p.ask(1, map[string]string{"lr": "0.5"})
	a, texts := p.answer()
	assert.True(t, a.Done)
	assert.Empty(t, a.Error)
	assert.Equal(t, 1, a.Seq)
	calls := texts[4]
	assert.Equal(t, []string{"lr 0.5\nsteps 7", "a bar", "a bar", "the words of the still", calls, "printed 0.5"}, texts)
	assert.Contains(t, calls, "1         0")
	p.ask(2, map[string]string{"steps": "9"})
	_, texts = p.answer()
	assert.Equal(t, "lr 0.3\nsteps 9", texts[0], "what a request does not name is the cell's own")
	assert.Contains(t, texts[4], "2         1", "the process stays, and what a run deferred was done")
	assert.Equal(t, "printed 0.3", texts[5])
	p.ask(3, map[string]string{"lr": "6"})
	a, texts = p.answer()
	assert.Less(t, len(a.Outputs), longOutputs/10, "a long answer is compressed")
	assert.Equal(t, strings.Repeat("η", longOutputs), strings.Split(texts[0], "\n")[0])
}

func TestALiveRunEndsOverAnErrorAndTheProcessStays(t *testing.T) {
	p := startLive(t, "live")
	for i, c := range []struct{ name, value, want string }{
		{"lr", "11", "learning rate η = 11 is out of range"}, {"lr", "x", "not a number"}, {"lr", "", "no value"}, {"nosuch", "1", "not a parameter"},
		{"lr", "3", "diverged"}, {"lr", "4", "panic: boom"},
	} {
		p.ask(i+1, map[string]string{c.name: c.value})
		a, _ := p.answer()
		assert.Contains(t, a.Error, c.want)
		assert.Equal(t, i+1, a.Seq)
	}
	p.ask(9, nil)
	a, texts := p.answer()
	assert.Empty(t, a.Error)
	assert.Contains(t, texts[0], "lr 0.3")
}

func TestANewerRequestCancelsTheRun(t *testing.T) {
	p := startLive(t, "live")
	p.ask(1, map[string]string{"lr": "5"})
	a, _ := p.answer()
	assert.Contains(t, a.Progress, "waiting", "progress of a run that goes on")
	for seq := 2; seq <= 100; seq++ {
		p.ask(seq, map[string]string{"lr": "5"})
	}
	p.ask(101, map[string]string{"lr": "0.7"})
	for a.Seq != 101 {
		var texts []string
		if a, texts = p.answer(); a.Done {
			assert.Equal(t, 101, a.Seq, "a run that was overtaken is not answered")
			assert.Contains(t, texts[0], "lr 0.7")
		}
	}
	p.ask(102, map[string]string{"lr": "5"})
	p.answer()
	p.ask(0, nil) // stop
	for !a.Cancelled || a.Seq != 102 {
		a, _ = p.answer()
	}
}

func TestALiveProcessOfACellWithoutParse(t *testing.T) {
	p := startLive(t, "live without Parse")
	for seq, lr := range []string{"0.5", "0.7"} {
		p.ask(seq+1, map[string]string{"lr": lr})
		_, texts := p.answer()
		assert.Equal(t, []string{"lr " + lr}, texts)
	}
}

func TestACellRecordsHowItWasStarted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	run(t, "live", []string{live.RecordEnv + "=" + path, "X=1"}, "--steps=7")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var r live.Record
	require.NoError(t, json.Unmarshal(data, &r))
	assert.FileExists(t, r.Program)
	assert.Equal(t, []string{"--steps=7"}, r.Args[1:])
	assert.Contains(t, r.Env, "X=1")
	var params []Param
	require.NoError(t, json.Unmarshal(r.Params, &params))
	assert.Equal(t, "7", params[1].Value)

	require.NoError(t, os.Remove(path))
	run(t, "mixed", []string{live.RecordEnv + "=" + path})
	assert.NoFileExists(t, path, "a cell without parameters has no controls")
}
