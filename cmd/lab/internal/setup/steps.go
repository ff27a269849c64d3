package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"descent.example/cmd/lab/internal/report"
	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/record"
	"golang.org/x/sys/unix"
)

// A step of set-up is done when its record holds its fingerprint, a digest of everything that its result depends on, and the
// files that it made are as they were recorded. The record is written last: a step that was interrupted is done again from
// its start.
type step struct {
	name        string
	fingerprint string
	personal    bool                     // its result lies in the user's own caches, and so does its record
	made        func() ([]string, error) // nil, or the files and folders that it made: absolute paths
	within      string                   // "", or the folder in which all of these lie
	closed      bool                     // the folders that it made may hold nothing else: Go compiles every file that lies there
	works       func() bool              // nil, or whether what it made can be used, beyond being whole
	heal        func([]record.Damage)    // nil, or what is done about damage before run
	run         func(ctx context.Context, note func(string)) error
}

func (h Home) stamp(s step) string {
	name := strings.ReplaceAll(s.name, " ", "-")
	if s.personal {
		return h.personal(name)
	}
	return h.path("stamps", name)
}

// personal is where the lab notes what is in the user's own caches, as far as this repository needs it.
func (h Home) personal(name string) string {
	cache, err := plugin.CacheFolder()
	if err != nil {
		return h.path("stamps", name)
	}
	return filepath.Join(filepath.Dir(cache), "records", digest(h.Root)[:12], name)
}

// flaw is why the step has to be done, nil if it is done. With readAll the files that it made are read whole.
func (h Home) flaw(s step, readAll bool) ([]record.Damage, error) {
	r, err := record.Read(h.stamp(s))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, errors.New("missing")
	case err != nil || r.Note != s.fingerprint:
		return nil, errors.New("out of date")
	}
	var damage []record.Damage
	renewed, forgotten := false, false
	if readAll || !readOnly(s.within) { // nothing damages an image, and a look at its 25,000 files takes a third of a second
		damage, renewed = r.Check(h.Dir, readAll)
		damage, forgotten = h.forgetCompiled(&r, damage)
	}
	if s.closed {
		made, err := s.made()
		if err != nil {
			return nil, err
		}
		damage = append(damage, r.Added(h.Dir, made...)...)
	}
	switch {
	case len(damage) > 0:
		more := ""
		if len(damage) > 1 {
			more = fmt.Sprintf(" (and %d more are damaged)", len(damage)-1)
		}
		return damage, fmt.Errorf("%s%s", strings.TrimPrefix(damage[0].String(), h.Root+string(filepath.Separator)), more)
	case s.works != nil && !s.works():
		return nil, errors.New("of no use any more")
	}
	if renewed || forgotten {
		WriteFile(h.stamp(s), r.Text()) // where that may not be written, the next check takes longer
	}
	return nil, nil
}

// readOnly tells whether the folder's file system is mounted so that nobody can write there, as that of a container's image may be.
func readOnly(folder string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(folder, &fs) == nil && fs.Flags&1 != 0 // Linux's ST_RDONLY, macOS's MNT_RDONLY
}

// forgetCompiled removes what Python can compile again, and takes it for no damage.
func (h Home) forgetCompiled(r *record.Record, damage []record.Damage) (rest []record.Damage, forgotten bool) {
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
		r.Forget(h.Dir, compiled)
	}
	return rest, len(compiled) > 0
}

func (h Home) done(s step) bool {
	_, flaw := h.flaw(s, false)
	return flaw == nil
}

// perform runs the step unless it is done, and shows its progress.
func (h Home) perform(ctx context.Context, s step, readAll bool, out *report.Reporter) error {
	damage, flaw := h.flaw(s, readAll)
	if flaw == nil {
		return nil
	}
	if err := os.Remove(h.stamp(s)); err != nil && !os.IsNotExist(err) {
		return err
	}
	if len(damage) > 0 {
		out.Say("%s: %v; it is made anew.", s.name, flaw)
	}
	if s.heal != nil {
		s.heal(damage)
	}
	end := out.Begin(s.name)
	err := s.run(ctx, func(text string) { out.Note(s.name, text) })
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
func (h Home) recordOf(s step) error {
	var made []string
	if s.made != nil {
		var err error
		if made, err = s.made(); err != nil {
			return err
		}
	}
	r, err := record.Of(s.fingerprint, h.Dir, made...)
	if err != nil {
		return err
	}
	if err := WriteFile(h.stamp(s), r.Text()); err != nil && !s.personal {
		return err
	}
	return nil // without a cache folder that can be written the step is done each time
}

// digest of texts, in order.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
