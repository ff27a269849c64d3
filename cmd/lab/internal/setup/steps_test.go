package setup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/report"
	"descent.example/pkg/record"
	"github.com/stretchr/testify/require"
)

func TestStepIsDoneOnceAndAgainWhenItsInputsChange(t *testing.T) {
	h, runs := Home{Dir: t.TempDir()}, 0
	s := step{name: "a step", fingerprint: "1", run: func(context.Context, func(string)) error { runs++; return nil }}
	out := report.New(&strings.Builder{})
	for range 2 {
		require.NoError(t, h.perform(t.Context(), s, false, out))
	}
	require.Equal(t, 1, runs)
	s.fingerprint = "2"
	require.NoError(t, h.perform(t.Context(), s, false, out))
	require.Equal(t, 2, runs)
}

func TestStepThatFailedIsNotDone(t *testing.T) {
	h := Home{Dir: t.TempDir()}
	out := report.New(&strings.Builder{})
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
	h := Home{Dir: t.TempDir()}
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
	require.ErrorContains(t, WriteFile(goal, []byte("x")), "writing "+goal)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestStepWhoseResultIsGoneIsNotDone(t *testing.T) {
	h, there := Home{Dir: t.TempDir()}, true
	s := step{name: "s", works: func() bool { return there }, run: func(context.Context, func(string)) error { return nil }}
	require.NoError(t, h.perform(t.Context(), s, false, report.New(&strings.Builder{})))
	require.True(t, h.done(s))
	there = false
	require.False(t, h.done(s))
}

// A step whose file is damaged is done again, and others are not.
func TestDamageIsMended(t *testing.T) {
	spoils := map[string]func(path string) error{
		"deleted": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 2) },
		"altered": func(path string) error { return os.WriteFile(path, []byte("fun"), 0o644) },
	}
	for name, spoil := range spoils {
		t.Run(name, func(t *testing.T) {
			h, out := Home{Dir: t.TempDir()}, report.New(&strings.Builder{})
			made, runs := h.path("a folder", "file"), 0
			s := step{
				name: "s", made: func() ([]string, error) { return []string{h.path("a folder")}, nil },
				run: func(context.Context, func(string)) error { runs++; return WriteFile(made, []byte("sun")) },
			}
			require.NoError(t, h.perform(t.Context(), s, false, out))
			require.NoError(t, spoil(made))
			require.Contains(t, h.flaws(false, s), "s")
			require.NoError(t, h.perform(t.Context(), s, false, out))
			require.Equal(t, 2, runs)
			require.Empty(t, h.flaws(true, s))
		})
	}
	t.Run("same size and time", func(t *testing.T) {
		h, out := Home{Dir: t.TempDir()}, report.New(&strings.Builder{})
		made, runs := h.path("file"), 0
		s := step{
			name: "s", made: func() ([]string, error) { return []string{made}, nil },
			run: func(context.Context, func(string)) error {
				runs++
				return errors.Join(os.RemoveAll(made), WriteFile(made, []byte("sun")))
			},
		}
		require.NoError(t, h.perform(t.Context(), s, false, out))
		info, err := os.Stat(made)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(made, []byte("fun"), 0o644))
		require.NoError(t, os.Chtimes(made, info.ModTime(), info.ModTime()))
		require.Empty(t, h.flaws(false, s), "not to be seen at a glance")
		require.Contains(t, h.flaws(true, s), "s")
		require.NoError(t, h.perform(t.Context(), s, true, out))
		require.Equal(t, 2, runs)
	})
}

// What Python compiled is compiled again by Python: that it is damaged or gone is no reason to make an environment anew.
func TestDamagedBytecodeIsRemoved(t *testing.T) {
	h, out := Home{Dir: t.TempDir()}, report.New(&strings.Builder{})
	made := h.path("a.pyc")
	s := step{
		name: "s", made: func() ([]string, error) { return []string{made, h.path("b.pyc")}, nil },
		run: func(context.Context, func(string)) error {
			return errors.Join(WriteFile(made, []byte("sun")), WriteFile(h.path("b.pyc"), nil))
		},
	}
	require.NoError(t, h.perform(t.Context(), s, false, out))
	require.NoError(t, os.Truncate(made, 1))
	require.NoError(t, os.Remove(h.path("b.pyc")))
	require.Empty(t, h.flaws(false, s))
	require.NoFileExists(t, made)
	require.NoError(t, os.WriteFile(made, []byte("compiled again"), 0o644))
	require.Empty(t, h.flaws(true, s))
	require.FileExists(t, made)
}

// An altered module is kept beside the module that is extracted anew; of one that lost files nothing is to be kept.
func TestModulesAreSetAside(t *testing.T) {
	cache := t.TempDir()
	lost, altered := filepath.Join(cache, "a.example", "lost@v1.0.0"), filepath.Join(cache, "a.example", "altered@v1.0.0")
	mod := filepath.Join(cache, "cache", "download", "a.example", "x", "@v", "v1.0.0.mod")
	var files []string
	for _, file := range []string{filepath.Join(lost, "x", "x.go"), filepath.Join(altered, "x", "x.go"), mod} {
		require.NoError(t, WriteFile(file, []byte("package x")))
		files = append(files, file)
	}
	require.NoError(t, os.Chmod(filepath.Dir(files[0]), 0o555))
	r, err := record.Of("", cache, cache)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Dir(files[0]), 0o755))
	require.NoError(t, os.Remove(files[0]))
	require.NoError(t, os.WriteFile(files[1], []byte("package y"), 0o644))
	require.NoError(t, os.WriteFile(mod, []byte("module y"), 0o644))
	damage, _ := r.Check(cache, true)
	require.Len(t, damage, 3)
	setAside(damage)
	require.NoDirExists(t, lost)
	require.NoDirExists(t, altered)
	require.NoFileExists(t, mod)
	kept, err := filepath.Glob(altered + ".altered-*/x/x.go")
	require.NoError(t, err)
	require.Len(t, kept, 1)
}

// A lab that is whole is set up without a write, and one that is not says so where nobody may write.
func TestSetUpWritesNothingWhereNothingIsToBeDone(t *testing.T) {
	h := ready(t)
	require.NoError(t, h.SetUp(t.Context(), Options{Offline: true}))
	at := func() map[string]time.Time {
		times := map[string]time.Time{}
		for _, path := range []string{h.Dir, h.path("stamps"), h.Bin(), h.venv(), h.path("kernel"), h.engine()} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			times[path] = info.ModTime()
		}
		return times
	}
	before := at()
	lock, err := h.lock(t.Context()) // which set-up would wait for
	require.NoError(t, err)
	defer lock.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, h.SetUp(ctx, Options{Offline: true}))
	require.Equal(t, before, at())
}

// Go compiles what lies in a folder of sources, so a file that was added to them is damage; in other folders it is not.
func TestAddedFileIsDamageInAClosedFolder(t *testing.T) {
	for _, closed := range []bool{false, true} {
		h, runs := Home{Dir: t.TempDir()}, 0
		s := step{
			name: "s", closed: closed, made: func() ([]string, error) { return []string{h.path("folder")}, nil },
			run: func(context.Context, func(string)) error {
				runs++
				return errors.Join(os.RemoveAll(h.path("folder")), WriteFile(h.path("folder", "a.go"), []byte("package a")))
			},
		}
		out := report.New(&strings.Builder{})
		require.NoError(t, h.perform(t.Context(), s, false, out))
		require.True(t, h.done(s))
		require.NoError(t, WriteFile(h.path("folder", "b.go"), []byte("package b")))
		require.Equal(t, !closed, h.done(s))
		require.NoError(t, h.perform(t.Context(), s, false, out))
		require.True(t, h.done(s))
		if closed {
			require.Equal(t, 2, runs)
		}
	}
	require.True(t, ready(t).engineStep().closed)
}
