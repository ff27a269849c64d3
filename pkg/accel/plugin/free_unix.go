//go:build linux || darwin

package plugin

import "golang.org/x/sys/unix"

// freeBytes returns how much this user may still write in a folder, -1 if the system does not say.
func freeBytes(folder string) int64 {
	var disk unix.Statfs_t
	if unix.Statfs(folder, &disk) != nil {
		return -1
	}
	return int64(disk.Bavail) * int64(disk.Bsize)
}
