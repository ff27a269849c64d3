// Command cellbuild builds a cell in place of `go build`, and answers at once where only parameters or sentences were edited.
//
// A cell's program takes half a second to link. When a cell was built, cellbuild therefore links it once more in the
// background, with the values of its parameters and the texts that it says as variables, which the program reads from a
// file when it starts. If the cell comes again with other literals in those places, and with nothing else changed that the program is made of, the
// file is written and that program is the result. Every other cell is compiled and linked by Go's own tools, without `go build`'s look
// at four hundred packages before, as long as nothing of them changed. What remains is left to Go.
//
// `lab run` executes all cells of a notebook. They are linked as one program, before the first of them, which is then the program of
// each cell that is in it as GoNB writes it.
//
//	cellbuild /path/of/go build -o OUTPUT
//
// runs in the folder of the cell's main.go, as GoNB runs go. Any other arguments are go's.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"descent.example/internal/live"
)

// idle is how long after a build the preparation begins: by then a cell has shown its picture, or computes for long.
const idle = time.Second

func main() {
	goTool, args := os.Args[1], os.Args[2:]
	if goTool == "prepare" {
		time.Sleep(idle)
		if err := prepare(args[0]); err != nil {
			fmt.Fprintln(os.Stderr, err) // read when looked for: it only means that Go goes on to build this cell
			os.Exit(1)
		}
		return
	}
	whole := len(args) == 3 && args[0] == "build" && args[1] == "-o"
	if whole {
		linkTogether(goTool) // an error only means that each cell is built
		if use(goTool, args[2]) {
			return
		}
	}
	if !whole { // not a cell's own build
		if err := syscall.Exec(goTool, append([]string{"go"}, args...), os.Environ()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	cell, err := os.ReadFile("main.go")
	goesOn := stopPreparingOthers(nameOf(cell))
	os.Remove(args[2] + live.ValuesSuffix)
	if refused := direct(goTool, args[2], cell); refused != nil {
		build := exec.Command(goTool, args...)
		build.Stdout, build.Stderr = os.Stdout, os.Stderr
		if err := build.Run(); err != nil {
			if exit := (*exec.ExitError)(nil); asExit(err, &exit) {
				os.Exit(max(1, exit.ExitCode()))
			}
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if at, err := planFile(goTool); err == nil && !errors.Is(refused, errLeft) { // the plan was wrong, as when Go's cache was emptied
			os.Remove(at)
		}
	}
	if err == nil && !goesOn {
		startPreparing(goTool, cell)
	}
}

func asExit(err error, exit **exec.ExitError) (is bool) {
	*exit, is = err.(*exec.ExitError)
	return is
}

// The folder of what is prepared, in that of the cell: one folder for each cell, named by its text without literals.
const folder = ".prepared"

// underWay is the file in it that says what is being prepared.
const underWay = "preparing"

// most is how many cells are kept prepared, at 16 MB each.
const most = 6

// use makes output the prepared program of the cell, or that of its notebook, or returns false.
func use(goTool, output string) bool {
	cell, err := os.ReadFile("main.go")
	if err != nil || !alone() {
		return false
	}
	if hand(filepath.Join(folder, nameOf(cell)), output, func(p *prepared) ([]byte, bool) { return valuesOf(p.cell, cell, p.Literals) }) {
		return true
	}
	at, err := togetherIn(goTool)
	return err == nil && hand(at, output, func(p *prepared) ([]byte, bool) { return cellOf(p.cell, cell) })
}

// hand makes output a prepared program, if it has values with which it is the cell's.
func hand(at, output string, valuesOf func(*prepared) (values []byte, same bool)) bool {
	p, err := readPrepared(at)
	if err != nil {
		return false
	}
	values, same := valuesOf(p)
	if !same {
		return false
	}
	program, err := os.Stat(filepath.Join(at, "program"))
	if now, err2 := fingerprint(p.Inputs); err != nil || program.Size() != p.Program || err2 != nil || now != p.Fingerprint {
		os.RemoveAll(at)
		return false
	}
	// Renamed into place: a program that still runs keeps its own.
	if os.WriteFile(filepath.Join(at, "values.new"), values, 0o600) != nil || os.Rename(filepath.Join(at, "values.new"), filepath.Join(at, "values")) != nil {
		return false
	}
	if os.WriteFile(output+live.ValuesSuffix, values, 0o600) != nil { // for a live process of this program
		return false
	}
	fresh := filepath.Join(at, "linked")
	os.Remove(fresh)
	if os.Link(filepath.Join(at, "program"), fresh) != nil || os.Rename(fresh, output) != nil {
		return false
	}
	os.Chtimes(at, time.Time{}, time.Now())
	return true
}

// startPreparing prepares the cell in a process of its own, which does not keep others from computing.
func startPreparing(goTool string, cell []byte) {
	at := filepath.Join(folder, nameOf(cell))
	self, err := os.Executable()
	if err != nil || os.Getenv("DESCENT_PARAMS_LOG") != "" || !alone() { // `lab run` runs each cell once
		return
	}
	os.RemoveAll(at)
	if os.MkdirAll(at, 0o700) != nil || os.WriteFile(filepath.Join(at, "cell.go"), cell, 0o600) != nil {
		return
	}
	log, err := os.Create(filepath.Join(at, "log"))
	if err != nil {
		return
	}
	defer log.Close()
	dir, err := filepath.Abs(at)
	if err != nil {
		return
	}
	cmd := exec.Command("nice", "-n", "19", self, "prepare", dir)
	cmd.Env = append(os.Environ(), "DESCENT_GO="+goTool)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cmd.Start() == nil {
		os.WriteFile(filepath.Join(folder, underWay), fmt.Appendln(nil, cmd.Process.Pid, filepath.Base(at)), 0o600)
	}
}

// stopPreparingOthers ends what is being prepared, since a cell that is built now wants the machine for itself, unless it
// is for the cell of that name itself: edited again and again, it would never be prepared. It says whether that goes on.
func stopPreparingOthers(name string) (goesOn bool) {
	path := filepath.Join(folder, underWay)
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	var pid int
	var of string
	if _, err := fmt.Sscan(string(data), &pid, &of); err != nil || pid < 2 || !preparing(pid) {
		return false
	}
	if of == name {
		return true
	}
	os.Remove(path)
	syscall.Kill(-pid, syscall.SIGKILL)
	return false
}
