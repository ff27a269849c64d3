// Package record tells whether files have changed since they were made. The quick check compares their sizes, times and execute
// permissions, the thorough one their SHA-256. Set-up records the files that it makes, so that it can find damage and mend it.
package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A Record describes files as they were. Note is one line that its maker keeps with them.
type Record struct {
	Note  string
	files []file
}

type file struct {
	path string // absolute, or relative to the folder of the record
	kind string
	size int64  // of a link 0, and so is its time
	time int64  // of the last change, in nanoseconds since 1970
	sum  string // SHA-256 in hexadecimal, of a link that of the path to which it leads
}

// The kinds of files.
const (
	plain   = "file"
	program = "program" // its owner may execute it
	link    = "link"
)

// Of records files, and all files in the folders among the paths. Those inside the folder base are recorded relative to it,
// so that they may be moved with it. It is an error when a file or a folder cannot be read, or is not there.
func Of(note, base string, paths ...string) (Record, error) {
	r := Record{Note: note}
	for _, path := range paths {
		err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			f := file{path: path, kind: plain}
			switch {
			case entry.Type()&fs.ModeSymlink != 0:
				f.kind = link
			case !entry.Type().IsRegular():
				return nil // a socket or the like holds nothing
			}
			if inside, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(inside) {
				f.path = inside
			}
			r.files = append(r.files, f)
			return nil
		})
		if err != nil {
			return Record{}, err
		}
	}
	return r, errors.Join(r.each(func(f *file) (err error) {
		path := absolute(base, f.path)
		if f.kind == link {
			f.sum, err = linkSum(path)
			return err
		}
		if f.sum, err = sum(path); err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err == nil {
			f.size, f.time = info.Size(), info.ModTime().UnixNano()
			if executable(info) {
				f.kind = program
			}
		}
		return err
	})...)
}

// Damage is a file that is not as it was recorded.
type Damage struct {
	Path string // absolute
	Gone bool   // it is not there; else it is another one, or cannot be read
	why  string
}

func (d Damage) String() string { return d.Path + " " + d.why }

// Check compares the files with the record. A file of the recorded size and time counts as whole, unless all is to be read:
// then, and where only the time differs, its content decides. A program must still be executable, and a link lead where it
// led, to something that is there. renewed tells that times were put right in the record, which
// is worth saving.
func (r *Record) Check(base string, readAll bool) (damage []Damage, renewed bool) {
	var times atomic.Bool
	for i, err := range r.each(func(f *file) error {
		path := absolute(base, f.path)
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case f.kind == link:
			if target, err := linkSum(path); err != nil || target != f.sum {
				return errAltered // no link any more, or another one
			}
			return nil
		case info.Size() != f.size || !info.Mode().IsRegular():
			return errAltered
		case f.kind == program && !executable(info):
			return errNotExecutable
		case info.ModTime().UnixNano() == f.time && !readAll:
			return nil
		}
		now, err := sum(path)
		if err == nil && now != f.sum {
			err = errAltered
		}
		if err == nil && info.ModTime().UnixNano() != f.time {
			f.time = info.ModTime().UnixNano()
			times.Store(true)
		}
		return err
	}) {
		if err == nil {
			continue
		}
		d := Damage{Path: absolute(base, r.files[i].path), Gone: errors.Is(err, fs.ErrNotExist), why: err.Error()}
		var path *fs.PathError
		switch {
		case d.Gone:
			d.why = "is missing"
		case errors.As(err, &path):
			d.why = fmt.Sprintf("cannot be read (%v)", path.Err)
		}
		damage = append(damage, d)
	}
	return damage, times.Load()
}

var (
	errAltered       = errors.New("was altered")
	errNotExecutable = errors.New("may not be executed any more")
)

// Added are the files in folders that the record does not have, as damage.
func (r Record) Added(base string, folders ...string) (damage []Damage) {
	known := map[string]bool{}
	for _, f := range r.files {
		known[absolute(base, f.path)] = true
	}
	for _, folder := range folders {
		filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !known[path] {
				damage = append(damage, Damage{Path: path, why: "was added"})
			}
			return nil // what cannot be read Check finds
		})
	}
	return damage
}

// Sum returns the SHA-256 of a file, by its path as recorded, in hexadecimal; "" if it is not in the record.
func (r Record) Sum(path string) string {
	for _, f := range r.files {
		if f.path == path {
			return f.sum
		}
	}
	return ""
}

// Forget leaves files out of the record, by their absolute paths.
func (r *Record) Forget(base string, paths map[string]bool) {
	kept := r.files[:0]
	for _, f := range r.files {
		if !paths[absolute(base, f.path)] {
			kept = append(kept, f)
		}
	}
	r.files = kept
}

// each does something for every file, on all cores, and returns the error of each.
func (r *Record) each(do func(*file) error) []error {
	failed := make([]error, len(r.files))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			const batch = 64
			for from := int(next.Add(batch)) - batch; from < len(r.files); from = int(next.Add(batch)) - batch {
				for i := from; i < min(from+batch, len(r.files)); i++ {
					failed[i] = do(&r.files[i])
				}
			}
		})
	}
	wait.Wait()
	return failed
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

func executable(info fs.FileInfo) bool { return info.Mode()&0o100 != 0 }

// linkSum is the SHA-256 of the path to which a link leads.
func linkSum(path string) (string, error) {
	target, err := os.Readlink(path)
	digest := sha256.Sum256([]byte(target))
	return hex.EncodeToString(digest[:]), err
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Text is the record for a file, one line for each of its files below the note and their number.
func (r Record) Text() []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n%d\n", r.Note, len(r.files))
	for _, f := range r.files {
		fmt.Fprintf(&text, "%s %s %d %d %s\n", f.kind, f.sum, f.size, f.time, f.path)
	}
	return []byte(text.String())
}

// Read reads what Text wrote. It is an error if that is not whole.
func Read(path string) (Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Record{}, err
	}
	note, rest, _ := strings.Cut(string(text), "\n")
	count, rest, _ := strings.Cut(rest, "\n")
	number, err := strconv.Atoi(count)
	if err != nil || number != strings.Count(rest, "\n") || rest != "" && !strings.HasSuffix(rest, "\n") {
		return Record{}, fmt.Errorf("%s is not a whole record", path)
	}
	r := Record{Note: note, files: make([]file, 0, number)}
	for line := range strings.Lines(rest) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 5)
		if len(parts) != 5 {
			return Record{}, fmt.Errorf("%s is not a whole record", path)
		}
		size, err := strconv.ParseInt(parts[2], 10, 64)
		time, err2 := strconv.ParseInt(parts[3], 10, 64)
		if err != nil || err2 != nil {
			return Record{}, fmt.Errorf("%s is not a whole record", path)
		}
		r.files = append(r.files, file{parts[4], parts[0], size, time, parts[1]})
	}
	return r, nil
}
