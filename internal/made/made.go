// Package made writes files that can be made again, and keeps what a person changed in them.
package made

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// record is the file in which a folder remembers what was written into it last.
const record = ".made.json"

// Write writes a file of the folder, whole or not at all. If the file that is there is not what was written last, a person changed it: it stays, under
// the name that is returned. It is an error when the folder cannot be written.
func Write(folder, name string, data []byte) (kept string, err error) {
	return Update(folder, name, data, func() bool { return false })
}

// Update is Write for a file in which a person writes: what was there does not stay if the new file holds what the person wrote, as holds tells.
func Update(folder, name string, data []byte, holds func() bool) (kept string, err error) {
	if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755); err != nil {
		return "", err
	}
	sums := recorded(folder)
	path := filepath.Join(folder, name)
	before, err := os.ReadFile(path)
	ours := strings.Contains(sums[name], sum(before))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	case bytes.Equal(before, data) && ours:
		return "", nil
	case bytes.Equal(before, data):
	case !ours && !holds():
		if kept, err = keep(folder, name, before); err != nil {
			return "", err
		}
	}
	sums[name] = sum(data)
	if err == nil && ours { // and is there still if this program ends before it is replaced
		sums[name] += " " + sum(before)
	}
	return kept, errors.Join(note(folder, sums), Replace(path, data, 0o644))
}

// Prune removes the files of the folder that Write wrote and stays refuses. One that a person changed stays. It is an error when the folder cannot be
// written.
func Prune(folder string, stays func(name string) bool) error {
	sums := recorded(folder)
	if len(sums) == 0 {
		return nil
	}
	for name, written := range sums {
		if stays(name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil && strings.Contains(written, sum(data)) {
			err = os.Remove(filepath.Join(folder, name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		os.Remove(filepath.Join(folder, filepath.Dir(name))) // if it is empty
		delete(sums, name)
	}
	return note(folder, sums)
}

// Sweep removes what a program that was killed had begun to write into a folder, as far as it can. Nobody else may write there now.
func Sweep(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if number, is := strings.CutPrefix(e.Name(), fresh); is && strings.Trim(number, "0123456789") == "" && e.Type().IsRegular() {
			os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// recorded are the sums of what was written into a folder last, and of what that replaces, none if that is not known.
func recorded(folder string) map[string]string {
	sums := map[string]string{}
	if text, err := os.ReadFile(filepath.Join(folder, record)); err == nil {
		json.Unmarshal(text, &sums)
	}
	return sums
}

func note(folder string, sums map[string]string) error {
	text, err := json.MarshalIndent(sums, "", " ")
	if err != nil {
		return err
	}
	return Replace(filepath.Join(folder, record), text, 0o644)
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// keep copies a file to another name, which none has unless it holds the same. The file stays where it is until another replaces it: this program may end before it comes.
func keep(folder, name string, data []byte) (string, error) {
	info, err := os.Stat(filepath.Join(folder, name))
	if err != nil {
		return "", err
	}
	ext := filepath.Ext(name)
	for i := 1; ; i++ {
		other := fmt.Sprintf("%s (yours %d)%s", strings.TrimSuffix(name, ext), i, ext)
		path := filepath.Join(folder, other)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return other, Replace(path, data, info.Mode().Perm())
		}
		if same, err := os.ReadFile(path); err == nil && bytes.Equal(same, data) { // it was kept, and the program ended
			return other, nil
		}
	}
}

// fresh begins the name of a file that is not whole.
const fresh = ".new-"

// Replace writes a file of that mode, whole or not at all. It is an error when it cannot.
func Replace(path string, data []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), fresh)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
