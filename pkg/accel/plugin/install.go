//go:build !cell

package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// Options of Install. The zero value does what it can without Python.
type Options struct {
	// Folder that is filled; "" is CacheFolder, the only one where Find looks.
	Folder string
	// Python is the interpreter whose pip fetches the published wheel; "" leaves that source out.
	Python string
	// Progress is called a few times a second with the bytes that are there and those expected (0: not known).
	Progress func(what string, done, total int64)
	// Stall is how long nothing may arrive before the fetching is given up; 0 is one minute.
	Stall time.Duration

	// The tests bring a wheel, an index and a need of their own, and leave go-xla out where it is not their subject.
	wheel   wheel
	env     []string
	need    int64
	noGoXLA bool
}

// Install makes sure that a plugin of the kind is in the folder, and returns it. Its sources are go-xla's own
// installer and then, for CPU, a published wheel pinned by version and SHA-256, which pip fetches; so indexes, mirrors,
// proxies and certificates are those that the user has set for pip.
//
// The folder never holds half a plugin: each source works in a temporary folder beside the goal, which is renamed when
// it is whole. Several processes may install at once. What was interrupted is begun anew by the next one.
// Every error is a sentence for the user.
func Install(ctx context.Context, kind Kind, o Options) (Plugin, error) {
	o, err := o.filled(kind)
	if err != nil {
		return Plugin{}, err
	}
	sources, err := o.sources(kind)
	if err != nil {
		return Plugin{}, err
	}
	if err := os.MkdirAll(o.Folder, 0o755); err != nil {
		return Plugin{}, fmt.Errorf("the plugin's folder %s cannot be made (%w); set XDG_CACHE_HOME to a folder that can be written", o.Folder, innermost(err))
	}
	lock := flock.New(filepath.Join(o.Folder, ".lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			return Plugin{}, errInterrupted
		}
		return Plugin{}, fmt.Errorf("the plugin's folder %s cannot be locked (%w); set XDG_CACHE_HOME to a folder that can be written", o.Folder, innermost(err))
	}
	defer lock.Unlock()

	// Who holds the lock is alone: any temporary folder is what a killed installation left.
	left, _ := filepath.Glob(filepath.Join(o.Folder, ".fetching-*"))
	for _, folder := range left {
		os.RemoveAll(folder)
	}
	if p, ok := o.installed(kind, true); ok {
		return p, nil
	}
	if free := freeBytes(o.Folder); free >= 0 && free < o.need {
		return Plugin{}, fmt.Errorf("the plugin needs %d MB in %s, %d MB are free; make room, or set XDG_CACHE_HOME to a folder on another disk", o.need/mega, o.Folder, free/mega)
	}

	var failures []string
	for _, source := range sources {
		err := o.stage(ctx, kind, source)
		if ctx.Err() != nil {
			return Plugin{}, errInterrupted
		}
		if p, ok := o.installed(kind, false); ok && err == nil {
			return p, nil
		}
		failures = append(failures, source.name+": "+err.Error())
	}
	return Plugin{}, fmt.Errorf("no PJRT plugin for %s could be fetched (%s)", kind, strings.Join(failures, "; "))
}

const mega = 1_000_000

var errInterrupted = errors.New("the fetching of the PJRT plugin was interrupted; run it again")

func (o Options) filled(kind Kind) (Options, error) {
	if o.Folder == "" {
		folder, err := CacheFolder()
		if err != nil {
			return o, err
		}
		o.Folder = folder
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Stall == 0 {
		o.Stall = time.Minute
	}
	if o.wheel == (wheel{}) {
		o.wheel = cpuWheel
	}
	if o.need == 0 {
		o.need = 300 * mega // a plugin of 200 MB and what it comes in
		if kind == CUDA {
			o.need = 6000 * mega // NVIDIA's libraries
		}
	}
	return o, nil
}

// installed returns the plugin in the folder, unless it is damaged: then it is fetched again.
func (o Options) installed(kind Kind, readAll bool) (Plugin, bool) {
	for _, p := range inCache(o.Folder, kind, o.wheel) {
		if checkFile(p.Path) == nil && verify(p, o.wheel, readAll) == nil {
			return p, true
		}
	}
	return Plugin{}, false
}

// A source fetches into the folder tree what is to stand under its name in Options.Folder.
type source struct {
	name   string
	folder string
	fetch  func(ctx context.Context, tree, temp string) error
}

// sources returns those that have the kind for this machine, in their order; an error if there is none.
func (o Options) sources(kind Kind) ([]source, error) {
	if kind != CPU && kind != CUDA {
		return nil, fmt.Errorf("plugins of the kind %q cannot be fetched; the kinds are %q and %q", string(kind), string(CPU), string(CUDA))
	}
	if kind == CUDA && !hasGPU() {
		return nil, errors.New("no NVIDIA GPU was found, so a CUDA plugin would be of no use; the CPU computes")
	}
	var sources []source
	if !o.noGoXLA && goXLAHas(kind) {
		sources = append(sources, o.goXLA(kind))
	}
	if kind == CPU && o.wheel.Platform == platform && o.Python != "" {
		sources = append(sources, o.pip())
	}
	switch {
	case len(sources) > 0:
		return sources, nil
	case kind == CPU && o.wheel.Platform == platform:
		return nil, fmt.Errorf("the wheel %s needs a Python with pip; run `go run ./cmd/lab setup`", o.wheel)
	}
	return nil, fmt.Errorf("no PJRT plugin for %s is published for %s; WebAssembly computes instead", kind, platform)
}

const platform = runtime.GOOS + "/" + runtime.GOARCH

// stage lets a source work beside its goal and puts the result in place at once. Nothing is left of a failure.
func (o Options) stage(ctx context.Context, kind Kind, s source) error {
	staging, err := os.MkdirTemp(o.Folder, ".fetching-")
	if err != nil {
		return fmt.Errorf("nothing can be written in %s (%w)", o.Folder, innermost(err))
	}
	defer os.RemoveAll(staging)
	tree, temp := filepath.Join(staging, s.folder), filepath.Join(staging, "temp")
	if err := errors.Join(os.Mkdir(tree, 0o755), os.Mkdir(temp, 0o755)); err != nil {
		return fmt.Errorf("nothing can be written in %s (%w)", o.Folder, err)
	}
	if err := s.fetch(ctx, tree, temp); err != nil {
		return err
	}
	if _, ok := (Options{Folder: staging, wheel: o.wheel}).installed(kind, true); !ok { // which records it
		return errors.New("what came holds no plugin for this machine")
	}
	goal := filepath.Join(o.Folder, s.folder)
	if err := os.RemoveAll(goal); err != nil { // only a damaged one can be there
		return fmt.Errorf("the damaged plugin in %s cannot be removed (%w)", goal, innermost(err))
	}
	if err := os.Rename(tree, goal); err != nil {
		return fmt.Errorf("the plugin cannot be moved to %s (%w)", goal, innermost(err))
	}
	return nil
}

// run runs a command that fetches into the folder staging, and ends it if nothing arrives there for o.Stall. What has
// arrived is the measure, as neither pip of every version nor go-xla's installer tell in a way that can be relied on.
func (o Options) run(ctx context.Context, cmd *exec.Cmd, staging, what string, total int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd.WaitDelay = time.Second // a grandchild that keeps the pipe open does not hold us
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s cannot be started (%w)", filepath.Base(cmd.Path), innermost(err))
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()

	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	size, since := int64(-1), time.Now()
	for {
		select {
		case err := <-done:
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		case <-ctx.Done():
			cmd.Process.Kill()
			<-done
			return context.Cause(ctx)
		case <-tick.C:
			if now := folderSize(staging); now != size {
				size, since = now, time.Now()
				o.Progress(what, size, total)
			} else if time.Since(since) > o.Stall {
				cancel(fmt.Errorf("nothing arrived for %v; check the network and run it again", o.Stall))
			}
		}
	}
}

func folderSize(folder string) int64 {
	var size int64
	filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil // files come and go while pip works
	})
	return size
}

// withEnv returns this process's environment with some variables changed.
func withEnv(changes ...string) []string { return slices.Concat(os.Environ(), changes) }

// plain says in words of ours why files or the network failed.
func plain(err error) error {
	var lookup *net.DNSError
	var dial *net.OpError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return errors.New("the disk is full")
	case errors.As(err, &dial) && dial.Op == "proxyconnect":
		return errors.New("the proxy cannot be reached; correct or unset HTTPS_PROXY")
	case errors.As(err, &lookup), errors.As(err, &dial):
		return errors.New("the server cannot be reached; check the network")
	}
	return innermost(err)
}
