package memory

import "golang.org/x/sys/unix"

func machine() float64 {
	bytes, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return unknown
	}
	return float64(bytes)
}
