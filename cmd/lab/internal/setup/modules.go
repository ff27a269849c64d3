package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/pkg/record"
	"golang.org/x/mod/module"
)

// modulesStep makes Go's module cache hold what cells import: they are compiled without a network.
func (h Home) modulesStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(h.Root, "go.sum"))
	return step{
		name:        "Go modules",
		fingerprint: digest(string(mod), string(sum), goEnv("GOMODCACHE")),
		personal:    true,
		made:        h.modules,
		within:      goEnv("GOMODCACHE"),
		heal:        setAside,
		run: func(ctx context.Context, note func(string)) error {
			note("downloading")
			if err := h.command(ctx, nil, "go", "mod", "download"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			work, err := h.writeWork(h.Root)
			if err != nil {
				return err
			}
			// In a workspace, as cells are, Go reads the go.mod of modules too of which nothing is compiled.
			if err := h.command(ctx, []string{"GOWORK=" + work}, "go", "mod", "graph"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			return nil
		},
	}
}

// modules are the folders and files of the module cache that cells need.
func (h Home) modules() ([]string, error) {
	work, err := h.writeWork(h.Root)
	if err != nil {
		return nil, err
	}
	output := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = h.Root, h.Environ("PWD="+h.Root, "GOPROXY=off")
		if args[1] == "graph" {
			cmd.Env = append(cmd.Env, "GOWORK="+work)
		}
		return cmd.Output()
	}
	var paths []string
	list, err := output("mod", "download", "-json")
	if err != nil {
		return nil, fmt.Errorf("listing Go modules: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(list)); decoder.More(); {
		var m struct{ Dir, Zip string }
		if err := decoder.Decode(&m); err != nil {
			return nil, fmt.Errorf("listing Go modules: %w", err)
		}
		paths = append(paths, m.Dir, m.Zip+"hash")
	}
	graph, err := output("mod", "graph")
	if err != nil {
		return nil, fmt.Errorf("listing Go modules: %w", err)
	}
	seen := map[string]bool{}
	for _, word := range strings.Fields(string(graph)) {
		name, version, ok := strings.Cut(word, "@")
		if !ok || seen[word] || !strings.Contains(name, ".") { // ours, or Go itself
			continue
		}
		seen[word] = true
		name, err := module.EscapePath(name)
		version, err2 := module.EscapeVersion(version)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		file := filepath.Join(goEnv("GOMODCACHE"), "cache", "download", filepath.FromSlash(name), "@v", version+".mod")
		if _, err := os.Stat(file); err == nil { // of a replaced or pruned one there is none
			paths = append(paths, file)
		}
	}
	return paths, nil
}

// setAside makes room for modules that are to be extracted anew. What was altered in one is kept beside it, under another
// name: somebody may have written it.
func setAside(damage []record.Damage) {
	altered := map[string]bool{} // the folders of modules
	for _, d := range damage {
		folder := d.Path
		for folder != filepath.Dir(folder) && !strings.Contains(filepath.Base(folder), "@") {
			folder = filepath.Dir(folder)
		}
		if filepath.Base(folder) == "@v" { // of the cache of downloads, which are checked by go.sum
			os.Remove(d.Path)
		} else if folder != filepath.Dir(folder) {
			altered[folder] = altered[folder] || !d.Gone
		}
	}
	for folder, altered := range altered {
		filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				os.Chmod(path, 0o755) // Go takes the right to write away
			}
			return nil
		})
		if altered {
			os.Rename(folder, fmt.Sprintf("%s.altered-%d", folder, time.Now().Unix()))
		} else {
			os.RemoveAll(folder)
		}
	}
}

// goEnv is one of asked, "" if Go does not say. Go is asked once for all of them, and again when the environment has changed.
func goEnv(name string) string {
	goSettings.mu.Lock()
	defer goSettings.mu.Unlock()
	if environ := os.Environ(); goSettings.of == nil || !slices.Equal(environ, goSettings.environ) {
		goSettings.environ, goSettings.of = environ, nil
		if out, err := process.Answer(context.Background(), "go", append([]string{"env", "-json"}, asked...)...); err == nil {
			json.Unmarshal(out, &goSettings.of)
		}
	}
	return goSettings.of[name]
}

// asked are the settings that the lab reads. For all that Go has it would start the C compiler several times.
var asked = []string{"CC", "CGO_ENABLED", "GO111MODULE", "GOARCH", "GOCACHE", "GOMODCACHE", "GOOS"}

var goSettings struct {
	mu      sync.Mutex
	environ []string
	of      map[string]string
}
