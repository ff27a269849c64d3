// Package plugin finds and fetches PJRT plugins, the shared libraries through which GoMLX reaches XLA. It does not
// load them (package accel does), so that it builds in seconds and without a C compiler. With the build tag "cell" it only
// finds them: what fetches links the network into every cell of a notebook, and a cell has nothing to fetch.
//
// A plugin is looked for where the user says (GOMLX_BACKEND=xla:/path, PJRT_PLUGIN_LIBRARY_PATH), then where go-xla
// looks for installed ones, then in this project's cache folder, which Install fills.
package plugin

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"descent.example/pkg/record"
)

// Kind is the kind of machine that a plugin computes on.
type Kind string

// The kinds that Install can fetch. Find takes any name that go-xla takes ("tpu", "cpu_v0.83.1").
const (
	CPU  Kind = "cpu"
	CUDA Kind = "cuda"
)

// Plugin is a plugin file on this machine.
type Plugin struct {
	Kind   Kind
	Path   string // absolute
	Origin string // where it came from, without any path: "from the wheel lammps-jax-pjrt-cpu 0.11.2"
}

// Name returns the name of the file, without its folder.
func (p Plugin) Name() string { return filepath.Base(p.Path) }

// Kinds returns the kinds that this machine can compute on, the faster first: CUDA if there is an NVIDIA GPU, and CPU.
func Kinds() []Kind {
	if hasGPU() {
		return []Kind{CUDA, CPU}
	}
	return []Kind{CPU}
}

// hasGPU is a variable for the tests, which have to pass with and without a GPU. A driver alone is not one: it has to have
// made a device, or to speak of one where devices are hidden.
var hasGPU = sync.OnceValue(func() bool {
	if devices, _ := filepath.Glob("/dev/nvidia*"); len(devices) > 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // a driver that hangs makes it hang
	defer cancel()
	said, err := exec.CommandContext(ctx, "nvidia-smi").Output()
	return err == nil && strings.Contains(string(said), "NVIDIA-SMI")
})

// GPU names this machine's first NVIDIA GPU as its driver does, "NVIDIA H100 80GB HBM3", or else "NVIDIA GPU".
func GPU() string {
	files, _ := filepath.Glob("/proc/driver/nvidia/gpus/*/information")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for line := range strings.Lines(string(text)) {
			if model, ok := strings.CutPrefix(line, "Model:"); ok && strings.TrimSpace(model) != "" {
				return strings.TrimSpace(model)
			}
		}
	}
	return "NVIDIA GPU"
}

// goXLAVersion is that of go.mod (a test compares them): another version of go-xla wants another plugin.
const goXLAVersion = "0.4.2"

func goXLAFolder(kind Kind) string { return "go-xla-" + goXLAVersion + "-" + string(kind) }

// Find returns the plugin of a kind that is to be used: the first of All that passes Check. It never reaches for the
// network. It is an error if there is none, or if GOMLX_BACKEND names a file of this kind that does not pass.
func Find(kind Kind) (Plugin, error) {
	requested := Requested().Path
	for _, p := range All(kind) {
		err := Check(p.Path)
		if err == nil {
			return p, nil
		}
		if p.Path == requested {
			return Plugin{}, fmt.Errorf("GOMLX_BACKEND=%s: %w", os.Getenv("GOMLX_BACKEND"), err)
		}
	}
	return Plugin{}, fmt.Errorf("no PJRT plugin for %s was found", kind)
}

// Installed returns the plugin of a kind that is used where GOMLX_BACKEND names none. With readAll what Install fetched is read
// whole and compared with its record; else its size and time have to do. The error says what is damaged, or that there is none.
func Installed(kind Kind, readAll bool) (Plugin, error) {
	cache, _ := CacheFolder()
	requested, reason := Requested().Path, fmt.Errorf("no PJRT plugin for %s was found", kind)
	for _, p := range All(kind) {
		if p.Path == requested {
			continue
		}
		err := Check(p.Path)
		inside, outside := filepath.Rel(cache, p.Path)
		switch ours := cache != "" && outside == nil && filepath.IsLocal(inside); {
		case err != nil:
		case ours:
			err = verify(p, cpuWheel, readAll)
		default:
			err = checkEntry(p.Path)
		}
		if err == nil {
			return p, nil
		}
		reason = err
	}
	return Plugin{}, reason
}

// All returns every plugin file of a kind, in the order in which they are to be tried, damaged ones too.
func All(kind Kind) []Plugin {
	var found []Plugin
	add := func(origin string, folders ...string) {
		for _, folder := range folders {
			for _, path := range inFolder(folder, kind) {
				found = append(found, Plugin{kind, path, origin})
			}
		}
	}
	if r := Requested(); r.Path != "" && KindOf(r.Path) == kind {
		found = append(found, Plugin{kind, r.Path, "that GOMLX_BACKEND names"})
	}
	add("found on PJRT_PLUGIN_LIBRARY_PATH", namedFolders()...)
	add("installed on this machine", installedFolders()...)
	if cache, err := CacheFolder(); err == nil {
		found = append(found, inCache(cache, kind, cpuWheel)...)
	}
	return found
}

// inCache returns what Install has put below its folder, go-xla's own first as that is what go-xla was tested with.
func inCache(folder string, kind Kind, wheel wheel) []Plugin {
	var found []Plugin
	tree := filepath.Join(folder, goXLAFolder(kind), "go-xla")
	for _, path := range slices.Concat(inFolder(tree, kind), inFolder(filepath.Join(tree, "nvidia"), kind)) {
		found = append(found, Plugin{kind, path, "from go-xla's installer"})
	}
	if kind == CPU {
		found = append(found, wheel.inCache(folder)...)
	}
	return found
}

// CacheFolder is where Install puts plugins: descent/plugins in the user's cache folder. It is an error when the environment
// names no such folder.
func CacheFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("this machine has no cache folder: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(cache, "descent", "plugins"), nil
}

// Check tells whether a file can be a plugin, before anything loads it: a shared library that was cut short or altered kills
// the process which loads it, so it has to be seen here. One that Install fetched must be of the size and time that it was
// recorded with, or else of the content. The error names the file without its folder.
func Check(path string) error {
	if err := checkFile(path); err != nil {
		return err
	}
	return checkRecord(path, false)
}

func checkFile(path string) error {
	name := filepath.Base(path)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("the plugin %s cannot be read (%w)", name, innermost(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("the plugin %s is not a file", name)
	case info.Size() == 0:
		return fmt.Errorf("the plugin %s is empty", name)
	case runtime.GOOS != "linux":
		return nil
	}
	library, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("the plugin %s is not a whole shared library", name)
	}
	defer library.Close()
	if machine, known := elfMachine[runtime.GOARCH]; known && library.Machine != machine {
		return fmt.Errorf("the plugin %s is built for %v, and this machine is %s", name, library.Machine, runtime.GOARCH)
	}
	return nil
}

var elfMachine = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// checkEntry tells whether a shared library that somebody put under a plugin's name is one.
func checkEntry(path string) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	library, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer library.Close()
	symbols, _ := library.DynamicSymbols()
	for _, symbol := range symbols {
		if symbol.Name == "GetPjrtApi" && symbol.Section != elf.SHN_UNDEF {
			return nil
		}
	}
	return fmt.Errorf("the plugin %s is none: it has no GetPjrtApi, with which every PJRT plugin begins", filepath.Base(path))
}

// recordOf is the file beside a plugin in which Install records it, with the libraries that came with it.
func recordOf(path string) string { return path + ".record" }

// checkRecord compares a plugin with its record, if it has one.
func checkRecord(path string, readAll bool) error {
	r, err := record.Read(recordOf(path))
	if err != nil {
		return nil
	}
	damage, renewed := r.Check(filepath.Dir(path), readAll)
	if len(damage) > 0 {
		return fmt.Errorf("the plugin %s is damaged (%s)", filepath.Base(path), strings.ReplaceAll(damage[0].String(), filepath.Dir(path)+string(filepath.Separator), ""))
	}
	if renewed {
		saveRecord(path, r)
	}
	return nil
}

// saveRecord does what it can: without a record the next check takes longer.
func saveRecord(path string, r record.Record) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), ".record-")
	if err != nil {
		return err
	}
	_, err = fresh.Write(r.Text())
	if err := errors.Join(err, fresh.Chmod(0o644), fresh.Close()); err != nil {
		os.Remove(fresh.Name())
		return err
	}
	return os.Rename(fresh.Name(), recordOf(path))
}

// verify is Check for what Install fetched, which is read whole if that is asked for or if there is no record of it yet.
func verify(p Plugin, wheel wheel, readAll bool) error {
	if _, err := record.Read(recordOf(p.Path)); err == nil {
		return checkRecord(p.Path, readAll)
	}
	os.Remove(recordOf(p.Path)) // a damaged one is no part of what is recorded
	tree := filepath.Dir(p.Path)
	r, err := record.Of("", tree, tree)
	if err != nil {
		return fmt.Errorf("the plugin %s cannot be read (%w)", p.Name(), innermost(err))
	}
	if filepath.Base(tree) == wheel.folder() && r.Sum(p.Name()) != wheel.MemberSHA256 {
		return fmt.Errorf("the plugin %s is damaged: its SHA-256 is not the published one", p.Name())
	}
	saveRecord(p.Path, r)
	return nil
}

// Request is what the user asks for with GOMLX_BACKEND, in GoMLX's notation "backend:plugin,option=value,…".
type Request struct {
	Backend string // "" if GOMLX_BACKEND is not set; "xla" also for go-xla's other names of it
	Kind    Kind   // "" if the user does not say; set with Path too
	Path    string // absolute path of a plugin file, or ""
	Options string // "" or ",option=value,…"
}

// Requested reads GOMLX_BACKEND.
func Requested() Request {
	backend, config, _ := strings.Cut(os.Getenv("GOMLX_BACKEND"), ":")
	if !slices.Contains([]string{"xla", "stablehlo", "hlo", "shlo"}, backend) {
		return Request{Backend: backend}
	}
	name, options, more := strings.Cut(config, ",")
	if more {
		options = "," + options
	}
	r := Request{Backend: "xla", Kind: Kind(name), Options: options}
	if filepath.IsAbs(name) {
		r.Path, r.Kind = name, KindOf(name)
	}
	return r
}

// KindOf reads the kind from the name of a plugin file: pjrt_c_api_cpu_plugin.so and pjrt_c_api_cpu_v0.114.0_plugin.so
// are CPU. A file with any other kind of name counts as CPU.
func KindOf(path string) Kind {
	name := nameOf(path)
	if name == "" {
		name = strings.ToLower(filepath.Base(path))
	}
	for _, nvidia := range []string{"cuda", "nvidia"} {
		if strings.Contains(name, nvidia) {
			return CUDA
		}
	}
	if nameOf(path) == "" {
		return CPU
	}
	kind, _, _ := strings.Cut(name, "_")
	return Kind(kind)
}

// nameOf returns what go-xla calls a plugin file: "cpu" for pjrt_c_api_cpu_plugin.so, "" if it is not named as one.
func nameOf(path string) string {
	for _, pattern := range pluginNames {
		if parts := pattern.FindStringSubmatch(filepath.Base(path)); parts != nil {
			return parts[1]
		}
	}
	return ""
}

var pluginNames = []*regexp.Regexp{
	regexp.MustCompile(`^pjrt_c_api_(.+)_plugin\.(?:so|dylib|dll)$`),
	regexp.MustCompile(`^pjrt[-_]plugin[-_](.+)\.(?:so|dylib|dll)$`),
}

// innermost returns the cause of an error, which is "permission denied" where the error itself is
// "mkdir /home/…: permission denied".
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
