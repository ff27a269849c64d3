package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
)

// plainPath returns a path of the repository in letters, digits, and "/._-" alone. GoNB splits its list of modules at commas, a
// Python environment refuses colons, and go.work, PATH, shells and Jupyter have signs of their own. Where the repository's
// path has other characters, a link to it is made and used in its place.
func plainPath(root string) (string, error) {
	if isPlain(root) {
		return root, nil
	}
	var failed error
	for _, folder := range aliasFolders() {
		link := filepath.Join(folder, digest(root)[:12])
		err := linkTo(root, folder, link)
		if err == nil {
			return link, nil
		}
		failed = errors.Join(failed, err)
	}
	return "", fmt.Errorf("the repository's path %q has characters that a Python environment or Go's workspaces cannot have, and "+
		"no link to it can be made (%w): move it to a path of letters, digits, . _ and - alone", root, failed)
}

func isPlain(path string) bool {
	return !strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-", r)
	})
}

// aliasFolders are where plainPath's links may lie: in the user's cache folder, or in the temporary one if that is plain and
// the other is not.
func aliasFolders() (folders []string) {
	if cache, err := os.UserCacheDir(); err == nil && isPlain(cache) {
		folders = append(folders, filepath.Join(cache, "descent", "at"))
	}
	for _, temp := range []string{os.TempDir(), "/tmp"} {
		if isPlain(temp) {
			folders = append(folders, filepath.Join(temp, fmt.Sprintf("descent-at-%d", os.Getuid())))
		}
	}
	return folders
}

// linkTo makes a link in a folder that nobody else can write in: through it programs are run.
func linkTo(root, folder, link string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not yours alone to write", folder)
	}
	if there, err := os.Readlink(link); err == nil && there == root {
		return nil
	}
	os.Remove(link)
	if err := os.Symlink(root, link); err != nil && !errors.Is(err, fs.ErrExist) { // another lab's, made just now
		return err
	}
	return nil
}

// removeAlias removes the link that plainPath made to the repository.
func (h Home) removeAlias() error {
	for _, folder := range aliasFolders() {
		if filepath.Dir(h.Root) == folder {
			return os.Remove(h.Root)
		}
	}
	return nil
}
