// Command runner is the part of the grader that touches what students wrote. It gives up what it does not need, and then
//
//	runner compile FOLDER          compiles the packages of FOLDER/job.json
//	runner translate FOLDER        translates the program, which is for WebAssembly, for this machine
//	runner wasm FILE CACHE SECONDS runs a program for WebAssembly whose messages go over standard input and output
//	runner native FILE SECONDS     becomes a program whose messages go over the files 3 and 4
//	runner probe                   says what it could give up
//
// It holds no check, no expected value and no solution. What goes wrong with a student's program it says on standard error.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"descent.example/internal/grade/job"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("runner is a part of the grader: go run ./cmd/lab assignment grade")
	}
	switch {
	case args[0] == "probe":
		return probe()
	case args[0] == "compile" && len(args) == 2:
		return compile(args[1])
	case args[0] == "translate" && len(args) == 2:
		return translate(args[1])
	case args[0] == "wasm" && len(args) == 4:
		return runWASM(args[1], args[2], args[3])
	case args[0] == "native" && len(args) == 3:
		return runNative(args[1], args[2])
	}
	return fmt.Errorf("runner does not know %q", args)
}

func compile(folder string) error {
	j, err := readJob(folder)
	if err != nil {
		return err
	}
	roomy := job.Roomy() // or this machine, and not the lab, sets the limit
	if err := begin(j, folder, j.Seconds, true); err != nil {
		return err
	}
	b := builder{Job: j, folder: folder, roomy: roomy, result: job.Compiled{Wrong: map[string]string{}}}
	b.build()
	return write(folder, b.result)
}

// translate translates the program in a folder, so that it starts at once. If it cannot, the result says why.
func translate(folder string) error {
	j, err := readJob(folder)
	if err != nil {
		return err
	}
	if err := begin(j, folder, j.Translate, false); err != nil {
		return err
	}
	overtime := make(chan os.Signal, 1)
	signal.Notify(overtime, syscall.SIGXCPU)
	go func() {
		<-overtime
		write(folder, job.Compiled{Error: job.TooLong})
		os.Exit(0)
	}()
	switch err := precompile(filepath.Join(folder, "worker"), filepath.Join(folder, "cache")); {
	case err == nil || errors.Is(err, fs.ErrNotExist): // there is none where nothing compiles
		return nil
	case lacks(err.Error()):
		return write(folder, job.Compiled{Machine: err.Error()})
	default:
		return write(folder, job.Compiled{Error: err.Error()})
	}
}

func readJob(folder string) (j job.Job, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "job.json"))
	if err == nil {
		err = json.Unmarshal(text, &j)
	}
	return j, err
}

// write writes what became of a job.
func write(folder string, result job.Compiled) error {
	text, err := json.Marshal(result)
	return errors.Join(err, os.WriteFile(filepath.Join(folder, "compiled.json"), text, 0o644))
}

// begin gives up what a job does not need. run says whether it starts programs.
func begin(j job.Job, folder string, cpu uint64, run bool) error {
	limits := map[int]uint64{syscall.RLIMIT_CPU: cpu, syscall.RLIMIT_AS: job.Memory, syscall.RLIMIT_FSIZE: 64 << 20, syscall.RLIMIT_CORE: 0}
	if err := limit(limits); err != nil || j.Open {
		return err
	}
	return confine(confinement{read: j.Read, write: []string{folder}, run: run})
}

// A builder makes a program of a job's packages in a folder.
type builder struct {
	job.Job
	folder string
	roomy  bool // for memory, as job.Roomy has it
	result job.Compiled
}

// build compiles and links.
func (b *builder) build() {
	var main, entries strings.Builder
	packages := ""
	for _, p := range b.Packages {
		archive := p.ID + ".a"
		args := append([]string{"-o", archive, "-p", p.ID, "-pack", "-complete", "-c=1", "-lang=go1.26", "-importcfg", b.Allowed}, p.Files...)
		if said := b.tool(b.Compile, args...); said != "" {
			b.result.Wrong[p.ID] = said
			continue
		}
		packages += fmt.Sprintf("packagefile %s=%s\n", p.ID, filepath.Join(b.folder, archive))
		fmt.Fprintf(&main, "import %s %q\n", p.ID, p.ID)
		fmt.Fprintf(&entries, "\t\tfor name, f := range %s.Functions_ {\n\t\t\tall[%q+name] = f\n\t\t}\n", p.ID, p.ID+".")
	}
	if packages == "" || b.result.Machine != "" {
		return
	}
	source := "package main\nimport \"descent.example/internal/wall\"\n" + main.String() + "func main() {\n\tall := map[string]any{\"\": func() {}}\n" + entries.String() + "\twall.Worker(all)\n}\n"
	all, err := os.ReadFile(b.All)
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(b.folder, "main.go"), []byte(source), 0o644),
			os.WriteFile(filepath.Join(b.folder, "all.cfg"), append(all, packages...), 0o644))
	}
	if err != nil {
		b.result.Machine = err.Error()
		return
	}
	b.result.Error = b.tool(b.Compile, "-o", "main.a", "-p", "main", "-pack", "-c=1", "-importcfg", "all.cfg", "main.go")
	if b.result.Error == "" {
		b.result.Error = b.tool(b.Link, "-o", "worker", "-importcfg", "all.cfg", "-buildmode=exe", "-s", "-w", "main.a")
	}
	if b.result.Error != "" {
		os.Remove(filepath.Join(b.folder, "worker")) // what a linker leaves that was killed
	}
}

// diagnosis is how the compiler begins what it says of code: with a line of it.
var diagnosis = regexp.MustCompile(`^\S+:\d+`)

// lacks tells whether an error is for lack of something that this machine has too little of.
func lacks(said string) bool {
	return slices.ContainsFunc([]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.EIO, syscall.EROFS},
		func(e syscall.Errno) bool { return strings.Contains(said, e.Error()) })
}

// tool runs one of Go's tools, and returns what is wrong with the code, "" if nothing is. What it says goes to a file, whose beginning is enough. If
// the machine is why it does not work, the result says so.
func (b *builder) tool(name string, args ...string) (wrong string) {
	log, err := os.Create(filepath.Join(b.folder, "log"))
	if err != nil {
		b.result.Machine = err.Error()
		return b.result.Machine
	}
	defer log.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir = b.folder
	cmd.Env = []string{"GOOS=" + b.GOOS, "GOARCH=" + b.GOARCH, "GOROOT=" + b.folder, "TMPDIR=" + b.folder, "HOME=" + b.folder, "GOMAXPROCS=1", "PWD=" + b.folder}
	cmd.Stdout, cmd.Stderr = log, log
	if err = cmd.Run(); err == nil {
		return ""
	}
	head := make([]byte, 2000)
	n, _ := log.ReadAt(head, 0)
	said := strings.TrimSpace(string(head[:n]))
	var took time.Duration
	var status syscall.WaitStatus
	if state := cmd.ProcessState; state != nil {
		took = state.UserTime() + state.SystemTime()
		status, _ = state.Sys().(syscall.WaitStatus)
	}
	memory := strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory")
	switch {
	case diagnosis.MatchString(said):
		return said
	case status.Signaled() && took >= time.Duration(b.Seconds)*time.Second:
		return job.TooLong
	case memory && b.roomy:
		return job.TooLarge
	case memory, said == "", status.Signaled(), lacks(said):
		b.result.Machine = fmt.Sprintf("the compiler fails: %s (%v)", said, err)
	}
	return cmp.Or(said, err.Error())
}

// seconds reads a number of seconds.
func seconds(text string) (uint64, error) { return strconv.ParseUint(text, 10, 32) }

// limit sets limits on what this process and those that it starts may use.
func limit(limits map[int]uint64) error {
	for what, most := range limits {
		if err := setLimit(what, most); err != nil {
			return fmt.Errorf("the limit %d cannot be set: %w", what, err)
		}
	}
	return nil
}

func setLimit(what int, most uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(what, &now); err != nil {
		return err
	}
	now.Max = min(now.Max, most)
	if now.Cur = now.Max; what == syscall.RLIMIT_CPU && now.Max == most {
		now.Max++ // a second later it is ended, if it takes no notice
	}
	return syscall.Setrlimit(what, &now)
}
