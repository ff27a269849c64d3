package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// errNoSandbox is the error of a kernel without Landlock.
var errNoSandbox = errors.New("the kernel has no Landlock")

// A confinement is what a process keeps: folders that it reads and runs programs from, folders that it writes, and one program that it becomes.
type confinement struct {
	read, write []string
	run         bool // it starts programs
	become      string
}

// inBubblewrap tells whether this process is in a sandbox already, whose files are all that there are.
func inBubblewrap() bool { return os.Getenv("DESCENT_BWRAP") != "" }

// confine gives up all else: other files, the network, other processes, and what no such program needs of the kernel.
func confine(c confinement) error {
	var rules []landlock.Rule
	if len(c.read) > 0 {
		rules = append(rules, landlock.RODirs(c.read...).IgnoreIfMissing())
	}
	if len(c.write) > 0 {
		rules = append(rules, landlock.RWDirs(c.write...))
	}
	if c.become != "" {
		rules = append(rules, landlock.ROFiles(c.become))
	}
	if c.run {
		rules = append(rules, landlock.RWFiles("/dev/null").IgnoreIfMissing())
	}
	err := landlock.V1.RestrictPaths(rules...) // and not best effort: that there is none must be said
	if err == nil {
		// Later versions keep more apart: renames, truncation, devices, ports, signals. The filter below refuses these as well.
		err = landlock.V6.BestEffort().Restrict(rules...)
	}
	if err != nil && !inBubblewrap() {
		return fmt.Errorf("%w: %v", errNoSandbox, err)
	}
	return filter(c)
}

// filter has the kernel refuse system calls.
func filter(c confinement) error {
	refuse := seccomp.Action(uint32(unix.SECCOMP_RET_ERRNO) | uint32(syscall.EPERM))
	policy := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{{Action: refuse, Names: append(harmful, harmfulHere...)}}}
	// Go asks for limits of its own process, whose number is then 0, and nobody asks for those of others.
	policy.Syscalls[0].NamesWithCondtions = []seccomp.NameWithConditions{{Name: "prlimit64", Conditions: []seccomp.Condition{{Operation: seccomp.NotEqual}}}}
	if !c.run {
		// Go's threads signal each other, and nobody else.
		own := seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: uint64(os.Getpid())}
		policy.Syscalls[0].NamesWithCondtions = append(policy.Syscalls[0].NamesWithCondtions, seccomp.NameWithConditions{Name: "tgkill", Conditions: []seccomp.Condition{own}})
		policy.Syscalls[0].Names = append(policy.Syscalls[0].Names, "kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
		// Threads are needed, processes are not. Who asks by clone3, whose flags a filter cannot read, is told that there is none.
		absent := seccomp.Action(uint32(unix.SECCOMP_RET_ERRNO) | uint32(syscall.ENOSYS))
		policy.Syscalls = append(policy.Syscalls,
			seccomp.SyscallGroup{Action: absent, Names: []string{"clone3"}},
			seccomp.SyscallGroup{Action: refuse, Names: forks, NamesWithCondtions: []seccomp.NameWithConditions{{
				Name: "clone", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsNotSet, Value: unix.CLONE_THREAD}},
			}}})
	}
	if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: policy}); err != nil {
		return fmt.Errorf("the kernel has no seccomp: %w", err)
	}
	return nil
}

// harmful are system calls that no compiler and no student's function needs.
var harmful = []string{
	"socket", "socketpair", "connect", "accept", "accept4", "bind", "listen", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg",
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kcmp",
	"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key",
	"init_module", "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff", "acct", "quotactl",
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid", "capset",
	"personality", "syslog", "sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
	"name_to_handle_at", "open_by_handle_at", "fanotify_init", "lookup_dcookie", "mknodat", "setpriority", "ioprio_set",
	"shmget", "shmat", "msgget", "semget", "mq_open", "memfd_create", "sched_setaffinity", "sched_setscheduler", "setrlimit", "vhangup", "truncate",
	// Landlock does not keep these from files outside; and who leaves the group of processes is not ended with it.
	"fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
	"removexattr", "lremovexattr", "fremovexattr", "removexattrat", "inotify_init1", "inotify_add_watch", "setpgid", "setsid",
}

// runNative becomes a student's program.
func runNative(file, most string) error {
	cpu, err := seconds(most)
	if err != nil {
		return err
	}
	limits := map[int]uint64{syscall.RLIMIT_CPU: cpu, syscall.RLIMIT_AS: 2 << 30, syscall.RLIMIT_FSIZE: 0, syscall.RLIMIT_CORE: 0, syscall.RLIMIT_NOFILE: 32}
	if err := limit(limits); err != nil {
		return err
	}
	// What it prints goes nowhere, but for the beginning of its standard error.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err == nil {
		unix.Dup3(int(null.Fd()), 0, 0)
		unix.Dup3(int(null.Fd()), 1, 0)
	}
	if err := confine(confinement{become: file}); err != nil {
		return err
	}
	return syscall.Exec(file, []string{"worker"}, []string{"GOTRACEBACK=none"})
}

// probe says what keeps a program apart here.
func probe() error {
	if err := confine(confinement{run: true}); err != nil {
		return err
	}
	if _, err := os.ReadDir("/"); err == nil && !inBubblewrap() {
		return errors.New("the kernel does not keep files apart")
	}
	if _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err == nil {
		return errors.New("the kernel does not keep the network apart")
	}
	return nil
}
