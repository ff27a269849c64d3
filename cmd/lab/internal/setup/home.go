package setup

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/pkg/accel/plugin"
)

// kernelName is the name of our kernelspec, and what notebooks ask for in their metadata.
const kernelName = "descent"

// Home is where the lab lives: the installation, which is the repository and the ignored folder in it that set-up fills,
// and the workspace of the person who uses it.
type Home struct {
	Root string    // the repository: the folder of go.mod
	Dir  string    // Root/.lab: everything that set-up makes
	Work Workspace // a person's notebooks and settings

	held    *os.File // the lock of set-up, which the programs that it starts hold too
	scratch string   // set-up's folder for temporary files, where it is not in Dir
}

// Find looks for the repository from the working folder upwards. Without a name the workspace is the default one. It is an
// error when the working folder is not in the repository, or when its path cannot be used.
func Find(work string) (Home, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Home{}, fmt.Errorf("the working folder is gone: %w", err)
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module descent.example\n")) {
			root, err := plainPath(dir)
			h := Home{Root: root, Dir: filepath.Join(root, ".lab"), Work: defaultWorkspace(root)}
			if work != "" && err == nil {
				if work, err = filepath.Abs(work); err == nil {
					err = h.stays(work)
				}
				h.Work = Workspace(work)
			}
			return h, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return Home{}, errors.New("this is not the Descent repository: cd to the folder of its go.mod and run again")
		}
		dir = parent
	}
}

// stays is an error when the folder lies in one that Clean removes.
func (h Home) stays(folder string) error {
	removed := []string{h.Dir}
	if plugins, err := plugin.CacheFolder(); err == nil {
		removed = append(removed, filepath.Dir(plugins))
	}
	for _, r := range removed {
		if inside, err := filepath.Rel(resolved(r), resolved(folder)); err == nil && filepath.IsLocal(inside) {
			return fmt.Errorf("--work %s lies in %s, which `lab clean` removes: give another folder", folder, r)
		}
	}
	return nil
}

// resolved is a path without links, as far as it exists.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}

func (h Home) path(elem ...string) string { return filepath.Join(append([]string{h.Dir}, elem...)...) }

// venv is the private Python environment.
func (h Home) venv() string { return h.path("python") }

// Python is the interpreter of the private Python environment.
func (h Home) Python() string { return h.path("python", "bin", "python") }

// Bin is the folder of the Go tools that set-up builds.
func (h Home) Bin() string { return h.path("bin") }

// Notebooks is the folder of the original chapters.
func (h Home) Notebooks() string { return filepath.Join(h.Root, "notebooks") }

// Assignments is the folder of the assignments' sources, which hold the solutions: they are the instructor's, and no chapters.
func (h Home) Assignments() string { return filepath.Join(h.Notebooks(), "assignments") }

// temp is set-up's folder for temporary files.
func (h Home) temp() string { return cmp.Or(h.scratch, h.path("temp")) }

// Environ is the process environment for Python and Jupyter: nothing of theirs is read or written outside our folder.
func (h Home) Environ(extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case name == "PYTHONPATH", name == "PYTHONHOME", name == "PYTHONSTARTUP", name == "VIRTUAL_ENV",
			strings.HasPrefix(name, "JUPYTER"), name == "IPYTHONDIR", name == "GOWORK",
			strings.HasPrefix(name, "GONB_"): // lab may itself be called from a cell
		default:
			env = append(env, kv)
		}
	}
	jupyter := func(name string) string { return h.Work.State("jupyter", name) }
	env = append(env, "DESCENT_LAB="+strconv.Itoa(os.Getpid()), // kernels end when this process is gone
		"PYTHONNOUSERSITE=1", "PYTHONUNBUFFERED=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1",
		"JUPYTER_CONFIG_DIR="+jupyter("config"), "JUPYTER_DATA_DIR="+jupyter("data"), "JUPYTER_RUNTIME_DIR="+jupyter("runtime"),
		"JUPYTERLAB_SETTINGS_DIR="+jupyter("settings"), "JUPYTERLAB_WORKSPACES_DIR="+jupyter("workspaces"),
		"JUPYTER_PLATFORM_DIRS=1", "JUPYTER_PREFER_ENV_PATH=1", "IPYTHONDIR="+jupyter("ipython"))
	if cache, err := plugin.CacheFolder(); err == nil {
		env = append(env, "GOPLSCACHE="+filepath.Join(filepath.Dir(cache), "gopls"))
	}
	return append(env, extra...)
}

// TempDir is a short-lived folder for the kernels, which leave sockets, builds and gopls behind when they are killed:
// remove ends what still runs there. It lies in the system's temporary folder since a socket's path must be short. It is an
// error when none can be made there.
func TempDir() (dir string, remove func(), err error) {
	const prefix = "descent-lab-"
	removeOne := func(dir string) {
		exec.Command("pkill", "-KILL", "-u", strconv.Itoa(os.Geteuid()), "-f", regexp.QuoteMeta(dir)).Run() // finding nothing is an error to it
		os.RemoveAll(dir)
	}
	// A lab that was killed left its folder, and nobody holds the lock in it.
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, old := range left {
		if !madeByTempDir(old) {
			continue
		}
		if lock, err := process.LockFile(filepath.Join(old, "lock"), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			removeOne(old)
			lock.Close()
		}
	}
	dir, err = os.MkdirTemp("", prefix)
	if err != nil {
		return "", nil, fmt.Errorf("no temporary folder can be made: %w", err)
	}
	lock, err := process.LockFile(filepath.Join(dir, "lock"), syscall.LOCK_EX)
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("the temporary folder cannot be used: %w", err)
	}
	return dir, func() {
		removeOne(dir)
		lock.Close()
	}, nil
}

// madeByTempDir tells whether a lab of this user made the folder, more than a minute ago: before, it may be about to lock it.
// Every user of the machine may write beside it, and lay out a name that ends the wrong programs.
func madeByTempDir(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || time.Since(info.ModTime()) < time.Minute {
		return false
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	return known && int(owner.Uid) == os.Geteuid() && regexp.MustCompile(`-\d+$`).MatchString(path)
}

// lock keeps two labs from setting up at once; the second waits and says so.
func (h Home) lock(ctx context.Context) (*os.File, error) {
	for waits := false; ; {
		if err := os.MkdirAll(h.Dir, 0o755); err != nil {
			return nil, unusable(err)
		}
		path := h.path("lock")
		lock, err := process.LockFile(path, syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			mine, _ := lock.Stat()
			if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
				return lock, nil
			}
			lock.Close() // of a folder that was just removed by clean
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, unusable(err)
		case !waits:
			waits = true
			fmt.Println("Another lab is setting up; waiting for it.")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// exclusively does something while no other lab sets up, with a folder for temporary files.
func (h Home) exclusively(ctx context.Context, do func(Home) error) error {
	var err error
	if h.held, err = h.lock(ctx); err != nil {
		return err
	}
	defer func() {
		os.RemoveAll(h.temp())
		syscall.Flock(int(h.held.Fd()), syscall.LOCK_UN)
		h.held.Close()
	}()
	if err := errors.Join(os.RemoveAll(h.temp()), os.Mkdir(h.temp(), 0o755)); err != nil {
		return fmt.Errorf("the lab's folder cannot be used: %w", err)
	}
	return do(h)
}

// unusable is a sentence on the lab's folder, or on a file in it, that cannot be made or opened.
func unusable(err error) error {
	cure := "clone the repository where you may write"
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, fs.ErrExist) {
		cure = "something else lies there; remove it and run this again"
	}
	return fmt.Errorf("the lab's folder cannot be used (%w): %s", err, cure)
}

// use marks the lab as in use until done is called, so that nobody takes its programs away.
func (h Home) use() (done func(), err error) {
	lock, err := process.LockFile(h.path("in-use"), syscall.LOCK_SH)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil // nobody was here who may write, and who may not takes nothing away
	}
	if err != nil {
		return nil, unusable(err)
	}
	return func() { lock.Close() }, nil
}

// Enter finds the lab, sets up what is missing, makes the workspace, the default one if work is "", and marks the lab as in
// use until done is called. It is an error when one of these cannot be done.
func Enter(ctx context.Context, work string, offline bool) (h Home, done func(), err error) {
	if h, err = Find(work); err != nil {
		return Home{}, nil, err
	}
	if err := h.SetUp(ctx, Options{Offline: offline}); err != nil {
		return Home{}, nil, err
	}
	if err := h.Work.Make(); err != nil {
		return Home{}, nil, err
	}
	done, err = h.use()
	return h, done, err
}

// unused is an error while a lab is in use.
func (h Home) unused() error {
	lock, err := process.LockFile(h.path("in-use"), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.New("the lab is open, or runs a notebook, in another terminal: end it there with Ctrl-C and run this again")
	}
	if err != nil {
		return unusable(err)
	}
	return lock.Close()
}

// installed are the names in the lab's folder of what the lab puts there.
var installed = []string{"bench", "bin", "compiler", "go-xla", "gotool", "in-use", "jupyter", "jupyter.log", "kernel", "linkflags", "lock",
	"python", "runs", "stamps", "temp"}

// Clean removes what set-up made, with cache also what lies in the user's cache folder. Notebooks are not touched. It is an
// error while the lab is in use, and when something cannot be removed.
func (h Home) Clean(ctx context.Context, cache bool) error {
	if _, err := os.Stat(h.Dir); err == nil {
		lock, err := h.lock(ctx)
		if err != nil {
			return err
		}
		defer lock.Close()
		if err := h.unused(); err != nil {
			return err
		}
		if err := h.remove(); err != nil {
			return err
		}
	}
	if err := h.removeAlias(); err != nil {
		return fmt.Errorf("removing the link to the repository: %w", err)
	}
	fmt.Println("Removed .lab; `go run ./cmd/lab` sets it up again.")
	if !cache {
		return nil
	}
	plugins, err := plugin.CacheFolder()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Dir(plugins)); err != nil {
		return fmt.Errorf("removing the cached plugin: %w", err)
	}
	fmt.Printf("Removed %s, with the cached XLA plugin.\n", filepath.Dir(plugins))
	fmt.Println("What Go keeps for all your projects stays; `go clean -cache -modcache` removes most of it:")
	config, _ := os.UserConfigDir()
	for _, folder := range []string{goEnv("GOMODCACHE"), goEnv("GOCACHE"), filepath.Join(filepath.Dir(filepath.Dir(plugins)), "goimports"), filepath.Join(config, "go", "telemetry")} {
		if _, err := os.Stat(folder); err == nil {
			fmt.Println("  " + folder)
		}
	}
	return nil
}

// remove removes the lab's folder. Where that is a link to a folder elsewhere, which may hold other things too, it removes
// there what the lab put there, and the link.
func (h Home) remove() error {
	folder, err := filepath.EvalSymlinks(h.Dir)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(h.Dir); err == nil && info.Mode()&os.ModeSymlink == 0 {
		if err := os.RemoveAll(h.Dir); err != nil {
			return fmt.Errorf("removing %s: %w", h.Dir, err)
		}
		return nil
	}
	for _, name := range installed {
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("removing %s: %w", folder, err)
		}
	}
	if err := os.Remove(folder); err != nil { // it is not empty, or not ours
		fmt.Printf("%s, to which .lab was a link, stays, and what is in it that the lab did not make.\n", folder)
	}
	return os.Remove(h.Dir)
}
