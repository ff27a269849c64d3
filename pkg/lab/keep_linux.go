package lab

import (
	"os"

	"golang.org/x/sys/unix"
)

// wholeLines keeps GoNB from reading half a character, which it would show as U+FFFD.
// GoNB reads 32 KiB at a time, and a pipe takes what is written at once as a whole if
// it is at most 4 KiB. So a pipe of 32 KiB is always read up to the end of a write.
func wholeLines(f *os.File) *os.File {
	unix.FcntlInt(f.Fd(), unix.F_SETPIPE_SZ, 32<<10) // fails if f is no pipe
	return f
}
