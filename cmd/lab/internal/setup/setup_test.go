package setup

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// copyOfLab is the lab that is set up here in a folder of its own, of the same files, to be damaged.
func copyOfLab(t *testing.T) Home {
	t.Helper()
	h := ready(t)
	dir, err := os.MkdirTemp(h.Dir, "test-") // on the same disk
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"bin", "compiler", "go-xla", "gotool", "kernel", "linkflags", "python", "stamps"} {
		err := filepath.WalkDir(h.path(name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			inside, err := filepath.Rel(h.Dir, path)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, inside)
			switch {
			case entry.IsDir():
				return os.Mkdir(to, 0o755)
			case entry.Type()&fs.ModeSymlink != 0:
				target, err := os.Readlink(path)
				if err != nil {
					return err
				}
				return os.Symlink(target, to)
			default:
				return os.Link(path, to)
			}
		})
		if name != "compiler" { // which few machines need
			require.NoError(t, err)
		}
	}
	h.Dir = dir
	return h
}

// Without a network what is compiled from Go's caches is mended, and what has to be downloaded is refused.
func TestOfflineMendsWhatItCan(t *testing.T) {
	h := copyOfLab(t)
	t.Setenv("GOPROXY", os.Getenv("GOPROXY")) // which set-up changes
	gonb, kernel := filepath.Join(h.Bin(), "gonb"), filepath.Join(h.Bin(), "kernel")
	require.NoError(t, os.Remove(gonb))
	spoiled, err := os.ReadFile(kernel)
	require.NoError(t, err)
	require.NoError(t, os.Remove(kernel)) // the file has another name in the lab that is in use
	require.NoError(t, os.WriteFile(kernel, spoiled, 0o644))
	require.NoError(t, h.SetUp(t.Context(), Options{Offline: true}))
	for _, program := range []string{gonb, kernel} {
		info, err := os.Stat(program)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&0o100)
	}
	require.NoError(t, os.Remove(h.Python()))
	require.ErrorContains(t, h.SetUp(t.Context(), Options{Offline: true}), "Python environment: "+h.Python()[len(h.Root)+1:]+" is missing, and --offline forbids its download")
}

// What keeps every step from its work is said before the first one starts.
func TestMachineIsCheckedFirst(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		says string
	}{
		"no Go":               {map[string]string{"PATH": ""}, "the program go is not on the PATH"},
		"no temporary folder": {map[string]string{"TMPDIR": filepath.Join(t.TempDir(), "none")}, "TMPDIR"},
		"no place for files":  {map[string]string{"TMPDIR": "/proc"}, "TMPDIR"},
		"another system":      {map[string]string{"GOOS": "windows"}, "GOOS=windows"},
		"another processor":   {map[string]string{"GOARCH": "mips"}, "GOARCH=mips"},
		"relative home":       {map[string]string{"HOME": "home"}, "HOME=home"},
		"modules off":         {map[string]string{"GO111MODULE": "off"}, "GO111MODULE"},
		"no home folder":      {map[string]string{"HOME": "", "XDG_CACHE_HOME": "", "GOPATH": "", "GOCACHE": "", "GOMODCACHE": ""}, "HOME"},
		"relative cache":      {map[string]string{"XDG_CACHE_HOME": "rel", "GOCACHE": ""}, "XDG_CACHE_HOME=rel"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := Find(t.TempDir())
			require.NoError(t, err)
			h.Dir = filepath.Join(t.TempDir(), ".lab")
			require.NoError(t, h.checkMachine())
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			require.ErrorContains(t, h.SetUp(t.Context(), Options{}), c.says)
			require.NoDirExists(t, h.Dir)
		})
	}
}

// The Go that set-up found serves also who has none on the PATH.
func TestGoThatSetUpFoundIsUsed(t *testing.T) {
	h := ready(t)
	t.Setenv("PATH", "")
	require.NoError(t, h.checkMachine())
	require.NotEmpty(t, goEnv("GOMODCACHE"))
}

// Where the lab's folder or its lock is something else, the cure is to remove that.
func TestWhatLiesInTheWayIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".lab")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := Home{Dir: file}.lock(t.Context())
	require.ErrorContains(t, err, "mkdir "+file+": not a directory): something else lies there; remove it")
	h := Home{Dir: t.TempDir()}
	require.NoError(t, os.Mkdir(h.path("lock"), 0o755))
	_, err = h.lock(t.Context())
	require.ErrorContains(t, err, h.path("lock")+": is a directory): something else lies there; remove it")
	require.NoError(t, os.Mkdir(h.path("in-use"), 0o755))
	require.ErrorContains(t, h.unused(), "remove it")
}

// A change of any package that the kernel's programs import has them built anew.
func TestProgramFoldersHoldWhatTheProgramsImport(t *testing.T) {
	h, err := Find(t.TempDir())
	require.NoError(t, err)
	args := []string{"list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.ImportPath}}{{end}}{{end}}"}
	for _, program := range programs {
		args = append(args, "./cmd/"+program)
	}
	list := exec.CommandContext(t.Context(), "go", args...)
	list.Dir = h.Root
	out, err := list.Output()
	require.NoError(t, err)
	packages := strings.Fields(string(out))
	require.Greater(t, len(packages), len(programs))
	for _, name := range packages {
		require.True(t, slices.ContainsFunc(programFolders, func(folder string) bool {
			return strings.HasPrefix(name+"/", "descent.example/"+folder+"/")
		}), "%s is in none of the folders", name)
	}
}
