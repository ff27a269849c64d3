package main

import (
	"os"
	"syscall"
)

// changed is when a file was changed last in any way, in nanoseconds since 1970.
func changed(info os.FileInfo) int64 {
	s, _ := info.Sys().(*syscall.Stat_t)
	return s.Ctimespec.Nano()
}
