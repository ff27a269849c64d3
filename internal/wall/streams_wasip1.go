package wall

import (
	"io"
	"unsafe"
)

// In WebAssembly the streams are two functions of the program around it, so that what a student prints is not among the messages.

//go:wasmimport descent read
func read(to unsafe.Pointer, n uint32) int32

//go:wasmimport descent write
func write(from unsafe.Pointer, n uint32) int32

type host struct{}

func (host) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if n := read(unsafe.Pointer(&b[0]), uint32(len(b))); n > 0 {
		return int(n), nil
	}
	return 0, io.EOF
}

func (host) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if write(unsafe.Pointer(&b[0]), uint32(len(b))) < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func streams() (io.Reader, io.Writer) { return host{}, host{} }
