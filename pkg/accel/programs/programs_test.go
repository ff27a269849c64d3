package programs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fresh gives the test a cache folder of its own, and a plugin.
func fresh(t *testing.T) (dir, plugin string) {
	t.Helper()
	if processor() == "" {
		t.Skip("this system does not say what its processor can do")
	}
	for _, name := range []string{"HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, t.TempDir())
	}
	t.Setenv("XLA_FLAGS", "")
	dir, err := folder()
	require.NoError(t, err)
	plugin = filepath.Join(t.TempDir(), "plugin.so")
	require.NoError(t, os.WriteFile(plugin, []byte("plugin"), 0o644))
	return dir, plugin
}

func TestAProgramIsFoundByAllThatItDependsOn(t *testing.T) {
	_, plugin := fresh(t)
	key := KeyOf(plugin, []byte("text"), []byte("options"))
	require.Nil(t, Load(key))
	Store(key, []byte("code"))
	require.Equal(t, []byte("code"), Load(KeyOf(plugin, []byte("text"), []byte("options"))))

	require.Nil(t, Load(KeyOf(plugin, []byte("text"), []byte("other options"))))
	require.Nil(t, Load(KeyOf(plugin, []byte("texto"), []byte("ptions"))))
	Flags = "--xla_other"
	require.Nil(t, Load(KeyOf(plugin, []byte("text"), []byte("options"))))
	Flags = ""
	require.NotNil(t, Load(KeyOf(plugin, []byte("text"), []byte("options"))))
	require.NoError(t, os.WriteFile(plugin, []byte("newer plugin"), 0o644))
	require.Nil(t, Load(KeyOf(plugin, []byte("text"), []byte("options"))))
}

// Who looks at what XLA compiles sees it compiled.
func TestNothingIsKeptWhereTheUserSetsFlags(t *testing.T) {
	dir, plugin := fresh(t)
	t.Setenv("XLA_FLAGS", "--xla_dump_to=/tmp/x")
	require.Empty(t, KeyOf(plugin, []byte("text")))
	Store("", []byte("code"))
	require.Nil(t, Load(""))
	require.NoDirExists(t, dir)
}

func TestDamagedProgramsCountAsMissing(t *testing.T) {
	dir, plugin := fresh(t)
	key := KeyOf(plugin, []byte("text"))
	path := filepath.Join(dir, string(key))
	Store(key, []byte("code"))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for n := range len(whole) {
		require.NoError(t, os.WriteFile(path, whole[:n], 0o644))
		require.Nil(t, Load(key), "cut to %d bytes", n)
		changed := bytes.Clone(whole)
		changed[n] ^= 1
		require.NoError(t, os.WriteFile(path, changed, 0o644))
		require.Nil(t, Load(key), "byte %d changed", n)
	}
	Store(key, []byte("code"))
	require.Equal(t, []byte("code"), Load(key))
}

func TestAFolderThatCannotBeUsedIsNoError(t *testing.T) {
	dir, plugin := fresh(t)
	require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	require.NoError(t, os.WriteFile(dir, nil, 0o644)) // a file in its place
	key := KeyOf(plugin, []byte("text"))
	Store(key, []byte("code"))
	require.Nil(t, Load(key))
}

func TestTheFolderIsBounded(t *testing.T) {
	dir, plugin := fresh(t)
	name := func(i int) Key { return KeyOf(plugin, fmt.Append(nil, i)) }
	for i := range 10 {
		Store(name(i), make([]byte, 1000))
		old := time.Now().Add(time.Duration(i-100) * time.Hour)
		require.NoError(t, os.Chtimes(filepath.Join(dir, string(name(i))), old, old))
	}
	require.NotNil(t, Load(name(0))) // the most recently used
	prune(dir, 5*1032)
	var left []int
	for i := range 10 {
		if Load(name(i)) != nil {
			left = append(left, i)
		}
	}
	require.Equal(t, []int{0, 6, 7, 8, 9}, left)

	Store(name(10), make([]byte, greatest+1))
	require.Nil(t, Load(name(10)), "too large")
}

func TestManyAtOnce(t *testing.T) {
	dir, plugin := fresh(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 50 {
				key, code := KeyOf(plugin, fmt.Append(nil, k)), fmt.Append(nil, "code ", k)
				Store(key, code)
				if found := Load(key); found != nil && !bytes.Equal(code, found) {
					t.Errorf("%d: %q", k, found)
				}
				if i == 0 {
					prune(dir, 1000)
				}
			}
		})
	}
	all.Wait()
}
