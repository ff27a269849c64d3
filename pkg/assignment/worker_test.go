package assignment

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

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
