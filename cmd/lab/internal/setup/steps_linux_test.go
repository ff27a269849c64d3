package setup

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestReadOnlyFileSystem(t *testing.T) {
	folder := t.TempDir()
	require.False(t, readOnly(folder))
	require.False(t, readOnly(""), "a step whose files lie in no one folder")
	if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_RDONLY, ""); err != nil {
		t.Skip("only root mounts: ", err)
	}
	defer unix.Unmount(folder, 0)
	require.True(t, readOnly(folder))
}
