package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStepIsDoneOnceAndAgainWhenItsInputsChange(t *testing.T) {
	h, runs := home{dir: t.TempDir()}, 0
	s := step{name: "a step", fingerprint: "1", run: func(context.Context, func(string)) error { runs++; return nil }}
	out := &reporter{out: &strings.Builder{}}
	for range 2 {
		require.NoError(t, h.perform(t.Context(), s, false, out))
	}
	require.Equal(t, 1, runs)
	s.fingerprint = "2"
	require.NoError(t, h.perform(t.Context(), s, false, out))
	require.Equal(t, 2, runs)
}

func TestStepThatFailedIsNotDone(t *testing.T) {
	h := home{dir: t.TempDir()}
	out := &reporter{out: &strings.Builder{}}
	good := step{name: "s", fingerprint: "1", run: func(context.Context, func(string)) error { return nil }}
	require.NoError(t, h.perform(t.Context(), good, false, out))
	bad := step{name: "s", fingerprint: "2", run: func(context.Context, func(string)) error { return errors.New("broken") }}
	require.EqualError(t, h.perform(t.Context(), bad, false, out), "broken")
	require.False(t, h.done(bad))
	require.False(t, h.done(good), "what the failed step left is neither the old state nor the new one")

	ctx, cancel := context.WithCancel(t.Context())
	interrupted := step{name: "s", fingerprint: "2", run: func(ctx context.Context, _ func(string)) error {
		cancel()
		return errors.New("killed")
	}}
	require.ErrorIs(t, h.perform(ctx, interrupted, false, out), context.Canceled)
	require.False(t, h.done(interrupted))
}

func TestSecondSetUpWaitsForTheFirst(t *testing.T) {
	h := home{dir: t.TempDir()}
	first, err := h.lock(t.Context())
	require.NoError(t, err)
	got := make(chan error)
	go func() {
		second, err := h.lock(t.Context())
		if err == nil {
			second.Close()
		}
		got <- err
	}()
	select {
	case <-got:
		t.Fatal("two labs had the lock at once")
	case <-time.After(500 * time.Millisecond):
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = h.lock(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "a wait can be interrupted")
	first.Close()
	require.NoError(t, <-got)
}

func TestWriteFileLeavesNothingBehindWhenItFails(t *testing.T) {
	dir := t.TempDir()
	goal := filepath.Join(dir, "goal")
	require.NoError(t, os.Mkdir(goal, 0o755)) // a folder cannot be replaced by a file
	require.ErrorContains(t, writeFile(goal, []byte("x")), "writing "+goal)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestReadTestEvents(t *testing.T) {
	var got tally
	readTestEvents(bufio.NewReader(strings.NewReader(`
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"wanted 1, got 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"ImportPath":"q","Action":"build-output","Output":"undefined: x\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"output","Package":"r","Output":"panic: at start\n"}
{"Action":"fail","Package":"r"}
{"Action":"pass","Package":"s"}
`)), &got)
	require.Equal(t, 1, got.passed)
	require.Equal(t, 1, got.skipped)
	require.Equal(t, 3, got.failed)
	all := strings.Join(got.failures, "\n")
	for _, want := range []string{"p.TestB", "wanted 1, got 2", "undefined: x", "panic: at start"} {
		require.Contains(t, all, want)
	}
	require.NotContains(t, all, "noise")
}

func TestStepWhoseResultIsGoneIsNotDone(t *testing.T) {
	h, there := home{dir: t.TempDir()}, true
	s := step{name: "s", works: func() bool { return there }, run: func(context.Context, func(string)) error { return nil }}
	require.NoError(t, h.perform(t.Context(), s, false, &reporter{out: &strings.Builder{}}))
	require.True(t, h.done(s))
	there = false
	require.False(t, h.done(s))
}
