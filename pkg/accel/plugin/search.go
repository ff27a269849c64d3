package plugin

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// inFolder returns the plugins of a kind in a folder: the one with the plain name first, then those with a version in
// their name, the newest first (a longer version is newer: v0.114.0 after v0.83.1).
func inFolder(folder string, kind Kind) []string {
	entries, _ := os.ReadDir(folder) // a folder that is not there has no plugins
	var paths []string
	for _, entry := range entries {
		name := nameOf(entry.Name())
		if name == string(kind) || strings.HasPrefix(name, string(kind)+"_") {
			paths = append(paths, filepath.Join(folder, entry.Name()))
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		plainA, plainB := nameOf(a) == string(kind), nameOf(b) == string(kind)
		switch {
		case plainA != plainB && plainA:
			return -1
		case plainA != plainB:
			return 1
		}
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(b, a))
	})
	return paths
}

// namedFolders returns the folders of PJRT_PLUGIN_LIBRARY_PATH.
func namedFolders() []string {
	return slices.DeleteFunc(filepath.SplitList(os.Getenv("PJRT_PLUGIN_LIBRARY_PATH")),
		func(folder string) bool { return !filepath.IsAbs(folder) })
}

// installedFolders returns the folders in which go-xla v0.4.2 looks for plugins, in its order (its package pjrt,
// dynamiclib_posix.go, dynamiclib_darwin.go, dynamiclib_windows.go).
func installedFolders() []string {
	home, _ := os.UserHomeDir()
	var folders []string
	add := func(parts ...string) {
		if folder := filepath.Join(parts...); filepath.IsAbs(folder) {
			folders = append(folders, folder)
		}
	}
	addPath := func(variable string) {
		for _, folder := range filepath.SplitList(os.Getenv(variable)) {
			add(folder)
		}
	}
	switch runtime.GOOS {
	case "windows":
		add(home, "AppData", "Local", "go-xla")
	case "darwin":
		add(home, "Library", "Application Support", "go-xla")
		add(home, "Library", "Application Support", "GoMLX", "PJRT")
		add("/usr/local/lib/go-xla")
		add("/usr/local/lib/gomlx/pjrt")
		addPath("DYLD_LIBRARY_PATH")
		addPath("LD_LIBRARY_PATH")
	case "linux":
		add(home, ".local", "lib", "go-xla")
		add(home, ".local", "lib", "go-xla", "nvidia")
		add(home, ".local", "lib", "gomlx", "pjrt")
		add("/usr/local/lib/go-xla")
		add("/usr/local/lib/go-xla/nvidia")
		add("/usr/local/lib/gomlx/pjrt")
		addPath("LD_LIBRARY_PATH")
		folders = append(folders, linkerFolders("/etc/ld.so.conf", 0)...)
	}
	return folders
}

var includeLine = regexp.MustCompile(`^\s*include\s+(\S+)`)

// linkerFolders returns the folders in a configuration file of the dynamic linker and in those that it includes.
func linkerFolders(file string, depth int) []string {
	text, err := os.ReadFile(file)
	if err != nil || depth > 5 { // a file that includes itself
		return nil
	}
	var folders []string
	for line := range strings.Lines(string(text)) {
		if include := includeLine.FindStringSubmatch(line); include != nil {
			files, _ := filepath.Glob(include[1])
			for _, file := range files {
				folders = append(folders, linkerFolders(file, depth+1)...)
			}
		} else if folder := strings.TrimSpace(line); filepath.IsAbs(folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}
