//go:build !linux

package lab

import "os"

func wholeLines(f *os.File) *os.File { return f }
