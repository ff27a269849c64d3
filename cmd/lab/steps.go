package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/record"
	"golang.org/x/term"
)

// A step of set-up is done when its record holds its fingerprint, a digest of everything that its result depends on, and the
// files that it made are as they were recorded. The record is written last: a step that was interrupted is done again from
// its start.
type step struct {
	name        string
	fingerprint string
	personal    bool                     // its result lies in the user's own caches, and so does its record
	made        func() ([]string, error) // nil, or the files and folders that it made: absolute paths
	closed      bool                     // the folders that it made may hold nothing else: Go compiles every file that lies there
	works       func() bool              // nil, or whether what it made can be used, beyond being whole
	heal        func([]record.Damage)    // nil, or what is done about damage before run
	run         func(ctx context.Context, note func(string)) error
}

func (h home) stamp(s step) string {
	name := strings.ReplaceAll(s.name, " ", "-")
	if s.personal {
		return h.personal(name)
	}
	return h.path("stamps", name)
}

// personal is where the lab notes what is in the user's own caches, as far as this repository needs it.
func (h home) personal(name string) string {
	cache, err := plugin.CacheFolder()
	if err != nil {
		return h.path("stamps", name)
	}
	return filepath.Join(filepath.Dir(cache), "records", digest(h.root)[:12], name)
}

// flaw is why the step has to be done, nil if it is done. With readAll the files that it made are read whole.
func (h home) flaw(s step, readAll bool) ([]record.Damage, error) {
	r, err := record.Read(h.stamp(s))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, errors.New("missing")
	case err != nil || r.Note != s.fingerprint:
		return nil, errors.New("out of date")
	}
	damage, renewed := r.Check(h.dir, readAll)
	damage, forgotten := h.forgetCompiled(&r, damage)
	if s.closed {
		made, err := s.made()
		if err != nil {
			return nil, err
		}
		damage = append(damage, r.Added(h.dir, made...)...)
	}
	switch {
	case len(damage) > 0:
		more := ""
		if len(damage) > 1 {
			more = fmt.Sprintf(" (and %d more are damaged)", len(damage)-1)
		}
		return damage, fmt.Errorf("%s%s", strings.TrimPrefix(damage[0].String(), h.root+string(filepath.Separator)), more)
	case s.works != nil && !s.works():
		return nil, errors.New("of no use any more")
	}
	if renewed || forgotten {
		writeFile(h.stamp(s), r.Text()) // where that may not be written, the next check takes longer
	}
	return nil, nil
}

// forgetCompiled removes what Python can compile again, and takes it for no damage.
func (h home) forgetCompiled(r *record.Record, damage []record.Damage) (rest []record.Damage, forgotten bool) {
	compiled := map[string]bool{}
	for _, d := range damage {
		if filepath.Ext(d.Path) == ".pyc" {
			os.Remove(d.Path) // where that is forbidden, Python has made it anew for its owner
			compiled[d.Path] = true
		} else {
			rest = append(rest, d)
		}
	}
	if len(compiled) > 0 {
		r.Forget(h.dir, compiled)
	}
	return rest, len(compiled) > 0
}

func (h home) done(s step) bool {
	_, flaw := h.flaw(s, false)
	return flaw == nil
}

// perform runs the step unless it is done, and shows its progress.
func (h home) perform(ctx context.Context, s step, readAll bool, out *reporter) error {
	damage, flaw := h.flaw(s, readAll)
	if flaw == nil {
		return nil
	}
	if err := os.Remove(h.stamp(s)); err != nil && !os.IsNotExist(err) {
		return err
	}
	if len(damage) > 0 {
		out.say("%s: %v; it is made anew.", s.name, flaw)
	}
	if s.heal != nil {
		s.heal(damage)
	}
	end := out.begin(s.name)
	err := s.run(ctx, func(text string) { out.note(s.name, text) })
	if err == nil {
		err = h.recordOf(s)
	}
	end(err)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// recordOf records what the step made.
func (h home) recordOf(s step) error {
	var made []string
	if s.made != nil {
		var err error
		if made, err = s.made(); err != nil {
			return err
		}
	}
	r, err := record.Of(s.fingerprint, h.dir, made...)
	if err != nil {
		return err
	}
	if err := writeFile(h.stamp(s), r.Text()); err != nil && !s.personal {
		return err
	}
	return nil // without a cache folder that can be written the step is done each time
}

// writeFile puts data in place at once: a reader sees the old file or the new one, never a part. What is there already
// is not written again, so that a lab that was set up opens on a full disk too.
func writeFile(path string, data []byte) error { return writeFileMode(path, data, 0o644) }

func writeFileMode(path string, data []byte, mode os.FileMode) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err2 := tmp.Chmod(mode); err == nil {
		err = err2
	}
	if err2 := tmp.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// digest of texts, in order.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// reporter shows steps that run side by side: one live line on a terminal, plain lines elsewhere.
type reporter struct {
	out   io.Writer
	live  bool
	width int

	mu      sync.Mutex
	running []*runningStep
	stop    chan struct{}
}

type runningStep struct {
	name, note string
	start      time.Time
}

func newReporter(out *os.File) *reporter {
	r := &reporter{out: out, live: term.IsTerminal(int(out.Fd())), stop: make(chan struct{})}
	if r.live {
		if r.width, _, _ = term.GetSize(int(out.Fd())); r.width < 20 {
			r.width = 80
		}
		go r.animate()
	}
	return r
}

func (r *reporter) close() {
	close(r.stop)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clearLine()
}

func (r *reporter) begin(name string) (end func(error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &runningStep{name: name, start: time.Now()}
	r.running = append(r.running, s)
	if !r.live {
		fmt.Fprintf(r.out, "… %s\n", name)
	}
	return func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, other := range r.running {
			if other == s {
				r.running = append(r.running[:i], r.running[i+1:]...)
				break
			}
		}
		mark := "✓"
		if err != nil {
			mark = "✗"
		}
		r.clearLine()
		fmt.Fprintf(r.out, "%s %s (%.0f s)\n", mark, name, time.Since(s.start).Seconds())
	}
}

// say prints a line above the live one.
func (r *reporter) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clearLine()
	fmt.Fprintf(r.out, format+"\n", args...)
}

func (r *reporter) note(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.running {
		if s.name == name {
			s.note = text
		}
	}
}

func (r *reporter) animate() {
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		var parts []string
		for _, s := range r.running {
			part := fmt.Sprintf("%s %.0f s", s.name, time.Since(s.start).Seconds())
			if s.note != "" {
				part += " (" + s.note + ")"
			}
			parts = append(parts, part)
		}
		line := []rune("… " + strings.Join(parts, " · "))
		if len(line) >= r.width {
			line = append(line[:r.width-2], '…')
		}
		r.clearLine()
		if len(parts) > 0 {
			fmt.Fprint(r.out, string(line))
		}
		r.mu.Unlock()
	}
}

func (r *reporter) clearLine() {
	if r.live {
		fmt.Fprint(r.out, "\r\x1b[K")
	}
}
