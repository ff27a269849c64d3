package memory

import "golang.org/x/sys/unix"

func machine() float64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return unknown
	}
	return float64(info.Totalram) * float64(info.Unit)
}
