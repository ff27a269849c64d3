// Package programs keeps compiled XLA programs in the user's cache folder, so that a cell that runs again compiles
// nothing that an earlier process compiled. A program is found by all that it depends on: its text and options, the
// plugin, XLA's flags and the processor. What cannot be read or written, or is damaged, counts as missing.
package programs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Flags are the XLA flags that were set when XLA's client started.
var Flags = os.Getenv("XLA_FLAGS")

const (
	limit    = 64 << 20 // bytes in the folder; beyond it, the most recently used programs stay
	greatest = 4 << 20  // bytes of a program that is kept
)

// A Key names a program. The zero Key names none: Load finds nothing under it and Store does nothing.
type Key string

// KeyOf returns the key of a program given its parts, compiled by the plugin file. It is zero where programs are not kept:
// where a user looks into XLA's compiler, and on systems that do not say what their processor can do.
func KeyOf(plugin string, parts ...[]byte) Key {
	info, err := os.Stat(plugin)
	if err != nil || os.Getenv("XLA_FLAGS") != "" || os.Getenv("XLA_DEBUG_OPTIONS") != "" || processor() == "" {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %d %q %q %d", plugin, info.Size(), info.ModTime().UnixNano(), Flags, processor(), runtime.NumCPU())
	for _, part := range parts {
		fmt.Fprintf(h, " %d:%s", len(part), part)
	}
	return Key(hex.EncodeToString(h.Sum(nil)))
}

// processor describes the processor: code compiled for one may not run on another.
var processor = sync.OnceValue(func() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	first, _, _ := strings.Cut(string(data), "\n\n")
	var said []string
	for line := range strings.Lines(first) {
		switch name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) {
		case "model name", "flags", "Features", "CPU part":
			said = append(said, strings.TrimSpace(value))
		}
	}
	return strings.Join(said, "\n")
})

// folder is that of the programs.
func folder() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "descent", "programs"), err
}

// Load returns the program, or nil.
func Load(key Key) []byte {
	dir, err := folder()
	if err != nil || key == "" {
		return nil
	}
	path := filepath.Join(dir, string(key))
	data, err := os.ReadFile(path)
	if err != nil || len(data) < sha256.Size {
		return nil
	}
	sum, program := [sha256.Size]byte(data), data[sha256.Size:]
	if checksum(key, program) != sum {
		return nil
	}
	os.Chtimes(path, time.Time{}, time.Now()) // of its last use
	return program
}

// checksum is of the program and of what it is the program of.
func checksum(key Key, program []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(key), program...))
}

// Store keeps a program.
func Store(key Key, program []byte) {
	dir, err := folder()
	if err != nil || key == "" || len(program) > greatest {
		return
	}
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	file, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return
	}
	sum := checksum(key, program)
	_, err = file.Write(append(sum[:], program...))
	if err := cmp.Or(err, file.Close()); err != nil || os.Rename(file.Name(), filepath.Join(dir, string(key))) != nil {
		os.Remove(file.Name())
		return
	}
	prune(dir, limit)
}

// prune removes what was not used for longest until the folder has at most that many bytes.
func prune(dir string, most int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var files []os.FileInfo
	var total int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else another process has removed it
			files, total = append(files, info), total+info.Size()
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if total <= most {
			return
		}
		if os.Remove(filepath.Join(dir, f.Name())) == nil {
			total -= f.Size()
		}
	}
}
