// Command settle makes an installation fit for the layers of an image. Layers keep times in whole seconds, so it cuts those
// of files; and it takes out of the lab's records what was removed to save room, so that a start finds nothing missing.
//
//	settle [GOCACHE]
//
// runs in the repository. Go removes from its cache what was not used for five days; in the one given nothing grows old.
package main

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/record"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("settle: ")
	plugins, err := plugin.CacheFolder()
	if err != nil {
		log.Fatal(err)
	}
	cache := filepath.Dir(filepath.Dir(plugins))
	here, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	if err := settle(filepath.Join(here, ".lab"), cache, os.Args[1:]...); err != nil {
		log.Fatal(err)
	}
}

var never = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// settle cuts the times of all files in the installation and the cache folder, and then brings the records in them up to
// date. The files in the folders of compiled get a time that never comes.
func settle(installation, cache string, compiled ...string) error {
	for _, folder := range []string{installation, cache} {
		if err := each(folder, func(path string, info fs.FileInfo) error {
			return os.Chtimes(path, time.Time{}, info.ModTime().Truncate(time.Second))
		}); err != nil {
			return err
		}
	}
	for _, folder := range compiled {
		if err := each(folder, func(path string, _ fs.FileInfo) error { return os.Chtimes(path, time.Time{}, never) }); err != nil {
			return err
		}
	}
	for _, folder := range []string{filepath.Join(installation, "stamps"), filepath.Join(cache, "descent", "records")} {
		if err := each(folder, func(path string, _ fs.FileInfo) error { return renew(path, installation) }); err != nil {
			return err
		}
	}
	plugins := filepath.Join(cache, "descent", "plugins")
	return each(plugins, func(path string, _ fs.FileInfo) error {
		if !strings.HasSuffix(path, ".record") {
			return nil
		}
		return renew(path, filepath.Dir(path))
	})
}

// each visits the files of a folder.
func each(folder string, do func(path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return do(path, info)
	})
}

// renew brings a record up to date with times that were cut and files that were removed. Any other damage is an error.
func renew(path, base string) error {
	r, err := record.Read(path)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	damage, _ := r.Check(base, true)
	for _, d := range damage {
		if !d.Gone {
			return fmt.Errorf("%s: %v", path, d)
		}
		gone[d.Path] = true
	}
	r.Forget(base, gone)
	return os.WriteFile(path, r.Text(), 0o644)
}
