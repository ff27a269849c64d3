// Command runner is the part of the grader that touches what students wrote. It gives up what it does not need, and then
//
//	runner compile FOLDER          compiles the packages of FOLDER/job.json
//	runner wasm FILE CACHE SECONDS runs a program for WebAssembly whose messages go over standard input and output
//	runner native FILE SECONDS     becomes a program whose messages go over the files 3 and 4
//	runner probe                   says what it could give up
//
// It holds no check, no expected value and no solution. What goes wrong with a student's program it says on standard error.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	case args[0] == "wasm" && len(args) == 4:
		return runWASM(args[1], args[2], args[3])
	case args[0] == "native" && len(args) == 3:
		return runNative(args[1], args[2])
	}
	return fmt.Errorf("runner does not know %q", args)
}

// compileMemory is the most memory that the compiler may reserve. Go's own reserves a gigabyte that it does not use.
const compileMemory = 3 << 30

func compile(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "job.json"))
	if err != nil {
		return err
	}
	var j job.Job
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	limits := map[int]uint64{syscall.RLIMIT_CPU: j.Seconds, syscall.RLIMIT_AS: compileMemory, syscall.RLIMIT_FSIZE: 64 << 20, syscall.RLIMIT_CORE: 0}
	if err := limit(limits); err != nil {
		return err
	}
	if !j.Open {
		if err := confine(confinement{read: j.Read, write: []string{folder}, run: true}); err != nil {
			return err
		}
	}
	result := build(j, folder)
	if j.GOARCH == "wasm" && result.Error == "" && len(result.Wrong) < len(j.Packages) {
		if err := precompile(filepath.Join(folder, "worker"), filepath.Join(folder, "cache")); err != nil {
			result.Error = err.Error()
		}
	}
	text, err = json.Marshal(result)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "compiled.json"), text, 0o644)
}

// build compiles and links.
func build(j job.Job, folder string) job.Compiled {
	result := job.Compiled{Wrong: map[string]string{}}
	var main, entries strings.Builder
	packages := ""
	for _, p := range j.Packages {
		archive := p.ID + ".a"
		args := append([]string{"-o", archive, "-p", p.ID, "-pack", "-complete", "-c=1", "-lang=go1.26", "-importcfg", j.Allowed}, p.Files...)
		if said, err := tool(j, folder, j.Compile, args...); err != nil {
			result.Wrong[p.ID] = said
			continue
		}
		packages += fmt.Sprintf("packagefile %s=%s\n", p.ID, filepath.Join(folder, archive))
		fmt.Fprintf(&main, "import %s %q\n", p.ID, p.ID)
		fmt.Fprintf(&entries, "\t\tfor name, f := range %s.Functions_ {\n\t\t\tall[%q+name] = f\n\t\t}\n", p.ID, p.ID+".")
	}
	if packages == "" {
		return result
	}
	source := "package main\nimport \"descent.example/internal/wall\"\n" + main.String() + "func main() {\n\tall := map[string]any{\"\": func() {}}\n" + entries.String() + "\twall.Worker(all)\n}\n"
	all, err := os.ReadFile(j.All)
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o644),
			os.WriteFile(filepath.Join(folder, "all.cfg"), append(all, packages...), 0o644))
	}
	if err != nil {
		result.Error = err.Error()
		return result
	}
	if said, err := tool(j, folder, j.Compile, "-o", "main.a", "-p", "main", "-pack", "-c=1", "-importcfg", "all.cfg", "main.go"); err != nil {
		result.Error = said
	} else if said, err := tool(j, folder, j.Link, "-o", "worker", "-importcfg", "all.cfg", "-buildmode=exe", "-s", "-w", "main.a"); err != nil {
		result.Error = said
	}
	return result
}

// tool runs one of Go's tools. What it says goes to a file, whose beginning is enough.
func tool(j job.Job, folder, name string, args ...string) (said string, err error) {
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return err.Error(), err
	}
	defer log.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	cmd.Env = []string{"GOOS=" + j.GOOS, "GOARCH=" + j.GOARCH, "GOROOT=" + folder, "TMPDIR=" + folder, "HOME=" + folder, "GOMAXPROCS=1", "PWD=" + folder}
	cmd.Stdout, cmd.Stderr = log, log
	timer := time.AfterFunc(3*time.Duration(j.Seconds)*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err = cmd.Run(); err == nil {
		return "", nil
	}
	head := make([]byte, 2000)
	n, _ := log.ReadAt(head, 0)
	said = strings.TrimSpace(string(head[:n]))
	switch status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory"):
		said = "the compiler needs too much memory for it"
	case status.Signaled():
		said = "the compiler takes too long for it"
	case said == "":
		said = err.Error()
	}
	return said, err
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
	now.Cur = now.Max
	return syscall.Setrlimit(what, &now)
}
