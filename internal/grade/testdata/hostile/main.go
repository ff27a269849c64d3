// Command hostile tries what no submission may. The tests run it in a sandbox, as a user to whom nothing belongs, and look from outside what came of it. It
// does no harm of its own: it writes small files, starts few processes, and stops at limits.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func say(format string, args ...any) { fmt.Fprintf(os.NewFile(4, "out"), format+"\n", args...) }

func read(path string) {
	text, err := os.ReadFile(path)
	say("read %s: %q %v", path, text[:min(len(text), 200)], err)
}

func main() {
	request := make([]byte, 4096)
	n, _ := os.NewFile(3, "in").Read(request)
	what, arg, _ := strings.Cut(strings.TrimSpace(string(request[:n])), " ")
	switch what {
	case "hello":
		say("hello")
	case "read":
		read(arg)
	case "list":
		entries, err := os.ReadDir(arg)
		say("list: %v %v", entries, err)
	case "write":
		say("write: %v", os.WriteFile(arg, []byte("x"), 0o600))
	case "truncate":
		say("truncate: %v", syscall.Truncate(arg, 0))
	case "remove":
		say("remove: %v", os.RemoveAll(arg))
	case "link":
		say("link: %v", os.Link(arg, "stolen"))
	case "connect":
		_, err := net.DialTimeout("tcp", arg, time.Second)
		say("connect: %v", err)
	case "listen":
		_, err := net.Listen("tcp", "127.0.0.1:0")
		say("listen: %v", err)
	case "unix":
		_, err := net.Dial("unix", arg)
		say("unix: %v", err)
	case "ptrace":
		var pid int
		fmt.Sscan(arg, &pid)
		runtime.LockOSThread()
		say("ptrace: %v %v", syscall.PtraceAttach(pid), syscall.PtraceAttach(os.Getppid()))
	case "kill":
		var pid int
		fmt.Sscan(arg, &pid)
		say("kill: %v %v %v", syscall.Kill(pid, syscall.SIGKILL), syscall.Kill(os.Getppid(), syscall.SIGKILL), syscall.Kill(-1, syscall.SIGTERM))
	case "start":
		say("start: %v", exec.Command(arg).Run())
	case "self":
		say("self: %v", exec.Command("/proc/self/exe").Run())
	case "fork":
		for range 50 {
			pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
			if errno == 0 && pid == 0 {
				syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
			}
			if errno == 0 {
				say("forked")
				return
			}
		}
		say("fork: refused")
	case "memory":
		var all [][]byte
		for range 4096 { // 4 GiB
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
		}
		say("memory: %d MiB", len(all))
	case "disk":
		f, err := os.Create("big")
		var written int
		for err == nil && written < 64 {
			_, err = f.Write(make([]byte, 1<<20))
			written++
		}
		say("disk: %v", err)
	case "mount":
		say("mount: %v", syscall.Mount("none", "/tmp", "tmpfs", 0, ""))
	case "unshare":
		say("unshare: %v", syscall.Unshare(syscall.CLONE_NEWUSER|syscall.CLONE_NEWNS))
	case "setuid":
		say("setuid: %v", syscall.Setuid(0))
	case "chroot":
		say("chroot: %v", syscall.Chroot("/"))
	case "keys":
		_, _, errno := syscall.Syscall6(syscall.SYS_ADD_KEY, 0, 0, 0, 0, 0, 0)
		say("keys: %v", errno)
	case "bpf":
		_, _, errno := syscall.Syscall(321, 0, 0, 0)
		say("bpf: %v", errno)
	case "limits": // of another process of the same user
		var pid int
		fmt.Sscan(arg, &pid)
		limit := [2]uint64{16, 16}
		_, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
		if errno == 0 {
			say("limits: <nil>")
		}
		say("limits: %v", errno)
	case "mode":
		say("mode: %v %v", os.Chmod(arg, 0o777), os.Chown(arg, os.Getuid(), os.Getgid()))
	case "times":
		say("times: %v", os.Chtimes(arg, time.Unix(1, 0), time.Unix(1, 0)))
	case "attribute":
		say("attribute: %v", syscall.Setxattr(arg, "user.descent", []byte("x"), 0))
	case "watch":
		_, err := syscall.InotifyInit1(0)
		say("watch: %v", err)
	case "group":
		_, err := syscall.Setsid()
		say("group: %v %v", err, syscall.Setpgid(0, syscall.Getppid()))
	case "spin":
		for {
		}
	}
}
