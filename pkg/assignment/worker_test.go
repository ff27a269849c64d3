package assignment

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"descent.example/internal/wall"
	"github.com/stretchr/testify/require"
)

// burn is a script that computes for 0.2 seconds, as Linux counts.
const burn = "while read -r all </proc/$$/stat; set -- $all; [ $((${14} + ${15})) -lt 20 ]; do :; done; "

// A worker that ends or computes without an end costs its points; one that the machine ends, does not start or does not let compute is no verdict on
// the code.
func TestTheMachineIsNoVerdict(t *testing.T) {
	var answer func() float64
	parts := []Part{Visible(1, "a number", func(*rand.Rand) error { answer(); return nil })}
	task := Judged{Functions: map[string]any{"answer": &answer}, Check: func() { judging("", parts) }}
	for script, machine := range map[string]bool{
		"echo it ends with a panic >&2; exit 1": false,
		"exit 0":                                false,
		"while :; do :; done":                   false,
		"kill -9 $$":                            true,
		"echo fatal error: out of memory >&2; exit 2": true,
		"echo bwrap: no namespace >&2; exit 1":        true,
		"sleep 60":                                    true,
		burn + "sleep 60":                             true,
	} {
		t.Run(script, func(t *testing.T) {
			a := judge(task, JudgeRequest{Seconds: 0.3, Start: 0.3, Most: 30, Patience: 60, Worker: []string{"sh", "-c", script}})
			require.Equal(t, machine, a.Machine != "", a.Machine)
			require.Zero(t, a.Results[0].Points)
		})
	}
	a := judge(task, JudgeRequest{Seconds: 0.3, Start: 0.3, Worker: []string{"/none"}})
	require.NotEmpty(t, a.Machine)
}

// Who gets little of a processor, but gets on, is waited for.
func TestASlowMachineIsWaitedFor(t *testing.T) {
	if _, known := computed(os.Getpid()); !known {
		t.Skip("this system does not say how much a process has computed")
	}
	cmd := exec.Command("sh", "-c", burn+"sleep 1.5; echo")
	out, in, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = in
	require.NoError(t, cmd.Start())
	in.Close()
	defer cmd.Wait()
	c := clock{out: out, pid: cmd.Process.Pid}
	c.begin(0.3)
	n, err := c.Read(make([]byte, 1))
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// Who asks and asks is never waited for long, and has no more time for it.
func TestTheClockEndsWhoNeverStops(t *testing.T) {
	if _, known := computed(os.Getpid()); !known {
		t.Skip("this system does not say how much a process has computed")
	}
	cmd := exec.Command("yes")
	out, in, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = in
	require.NoError(t, cmd.Start())
	in.Close()
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	c := clock{out: out, pid: cmd.Process.Pid}
	c.begin(0.2)
	for err == nil && c.waited < time.Minute {
		_, err = c.Read(make([]byte, 4))
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// An answer at the very end of a part's time is one, and takes nothing from the next part.
func TestTheClockBeginsAnew(t *testing.T) {
	out, in, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	defer in.Close()
	c := clock{out: out, pid: os.Getpid()}
	r := bufio.NewReader(&c)
	for _, answer := range []string{"a", "b"} {
		_, err := in.WriteString(answer)
		require.NoError(t, err)
		c.begin(1e-9)
		got, err := r.ReadByte()
		require.NoError(t, err)
		require.Equal(t, answer, string(got))
	}
}

// Who waits uses no processor and pays nothing, whether the program goes on, ends by itself or is killed. Who computes pays for that.
func TestWaitingCostsNothing(t *testing.T) {
	if _, known := computed(os.Getpid()); !known {
		t.Skip("this system does not say what a process has computed")
	}
	for script, computes := range map[string]bool{
		"exit 1":               false,
		"kill -9 $$":           false,
		"echo; sleep 60":       false,
		burn + "exit 1":        true,
		burn + "kill -9 $$":    true,
		burn + "echo; cat >&2": true,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			w := worker{request: JudgeRequest{Worker: []string{"sh", "-c", script}}}
			require.NoError(t, w.start())
			clock := w.running.clock
			clock.begin(60)
			clock.before = 0 // the process is this test's from its start
			_, why := clock.Read(make([]byte, 1))
			if why == nil {
				why = os.ErrDeadlineExceeded
			}
			clock.waited = time.Hour
			w.lost(wall.Lost{Err: why})
			require.Less(t, w.lostTime, time.Minute)
			require.Equal(t, computes, w.lostTime >= 100*time.Millisecond, "%s", w.lostTime)
		})
	}
}
