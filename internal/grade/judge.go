package grade

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"descent.example/internal/brief"
	"descent.example/internal/grade/job"
	"descent.example/pkg/assignment"
)

// A TaskResult is what became of a task of a submission.
type TaskResult struct {
	ID     string              `json:"id"`
	Title  string              `json:"title"`
	Points float64             `json:"points"`
	Of     float64             `json:"of"`
	Note   string              `json:"note,omitempty"`  // what was unusual
	Wrong  string              `json:"wrong,omitempty"` // why nothing of it was tried
	Parts  []assignment.Result `json:"parts"`
}

// A Grader judges submissions with a kit.
type Grader struct {
	Kit     *Kit
	Sandbox Sandbox
	Seed    string // secret; the same for all submissions of a class
	Scratch string // a folder that the user of the sandbox can enter

	compileSeconds, translateSeconds int     // 0 for the default
	startSeconds                     float64 // 0 for the default
	patience                         float64 // 0 for the default
}

// nothing is why a task is not tried for which nothing is there.
const nothing = "nothing is handed in for this task"

// missing tells whether there was no code that could have been tried.
func (r TaskResult) missing() bool { return r.Wrong == nothing || r.Wrong == assignment.NotCode }

// defaultStartSeconds are how long a worker may compute until it answers. A usual one takes a twentieth of a second.
const defaultStartSeconds = 5.0

// defaultCompileSeconds are how long the compiler may compute for a task, and the linker for a program. With the solutions of the lab's assignments the
// compiler took at most 0.06 seconds and the linker 0.16.
const defaultCompileSeconds = 8

// defaultTranslateSeconds are how long the translation of a program from WebAssembly may compute. It took 1.4 to 2.0 seconds on the same machine, 0.05 of
// which were for what students write; the rest is the lab's own part of the program.
const defaultTranslateSeconds = 30

// maxCompile is the longest time for which all this is waited for. Each step ends after its seconds of a processor; this ends what gets no processor.
const maxCompile = 10 * time.Minute

// defaultPatience is how many seconds a submission may lose in starts of its program and in parts that run out of time or end it. Then the rest of a
// task whose part does is not tried.
const defaultPatience = 60.0

// Judge tries the work of one submission. It is an error when the grader itself cannot work, whatever the submission is: for lack of memory, of room
// or of time.
func (g *Grader) Judge(ctx context.Context, work Work) ([]TaskResult, error) {
	folder, err := os.MkdirTemp(g.Scratch, "submission-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o711); err != nil {
		return nil, err
	}
	s := &sitting{grader: g, ctx: ctx, folder: folder, work: work, why: map[string]string{}, programs: map[string]string{}, broken: map[string]bool{},
		patience: cmp.Or(g.patience, defaultPatience)}
	defer s.close()
	var tasks []assignment.Task
	for _, t := range g.Kit.Assignment.Tasks {
		code, there := work.Code[t.ID]
		if !there {
			s.why[t.ID] = cmp.Or(work.Notes[t.ID], nothing)
		} else if err := cmp.Or(gate(code), asked(t, code)); err != nil {
			s.why[t.ID] = err.Error()
		} else {
			tasks = append(tasks, t)
		}
	}
	for _, on := range []target{wasm, native} {
		if err := s.compile("all-"+on.name, on, tasks); err != nil {
			return nil, err
		}
	}
	var results []TaskResult
	for _, t := range g.Kit.Assignment.Tasks {
		parts, err := s.judge(t)
		if err != nil {
			return nil, err
		}
		r := TaskResult{ID: t.ID, Title: t.Title, Of: t.Points, Note: work.Notes[t.ID], Wrong: s.why[t.ID], Parts: parts}
		if r.Points, _ = assignment.Sum(parts); r.Note == r.Wrong { // said once
			r.Note = ""
		}
		results = append(results, r)
	}
	return results, nil
}

// on is what a task is compiled for.
func on(t assignment.Task) target {
	if t.Native {
		return native
	}
	return wasm
}

// A sitting is the judgment of one submission.
type sitting struct {
	grader   *Grader
	ctx      context.Context
	folder   string
	work     Work
	why      map[string]string // a task is not tried
	programs map[string]string // by the task: the folder of the program that its functions are in
	broken   map[string]bool   // such folders whose program does not begin
	patience float64           // what is left of it
	process  *exec.Cmd         // the judge
	requests io.WriteCloser
	answers  *bufio.Reader
	said     bytes.Buffer
}

// packageOf is the name of the package for a task. It is no identifier that a student would choose.
func (s *sitting) packageOf(id string) string {
	i := slices.IndexFunc(s.grader.Kit.Assignment.Tasks, func(t assignment.Task) bool { return t.ID == id })
	return fmt.Sprintf("task_%d", i+1)
}

// compile makes one program of the tasks that run on a target, in a folder of its own.
func (s *sitting) compile(name string, to target, tasks []assignment.Task) error {
	tasks = slices.DeleteFunc(slices.Clone(tasks), func(t assignment.Task) bool { return on(t) != to })
	if len(tasks) == 0 {
		return nil
	}
	folder := filepath.Join(s.folder, name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	j := s.grader.job(to)
	for _, t := range tasks {
		files, err := s.write(folder, s.packageOf(t.ID), t)
		if err != nil {
			return err
		}
		if s.why[t.ID] == "" {
			j.Packages = append(j.Packages, job.Package{ID: s.packageOf(t.ID), Files: files})
		}
	}
	compiled, err := s.grader.run(s.ctx, to, folder, j)
	if err != nil {
		return err
	}
	if compiled.Machine != "" {
		return errors.New(compiled.Machine)
	}
	if compiled.Error != "" && len(tasks) > 1 { // each alone: one of them may be why
		for _, t := range tasks {
			if err := s.compile("alone-"+t.ID, to, []assignment.Task{t}); err != nil {
				return err
			}
		}
		return nil
	}
	if compiled.Error == job.TooLong || slices.Contains(slices.Collect(maps.Values(compiled.Wrong)), job.TooLong) {
		if err := s.control(to); err != nil {
			return err
		}
	}
	for _, t := range tasks {
		switch wrong, is := compiled.Wrong[s.packageOf(t.ID)]; {
		case s.why[t.ID] != "":
		case is:
			s.why[t.ID] = cmp.Or(s.needed(t, wrong), "it does not compile: "+brief.Of(strings.ReplaceAll(wrong, "\n", "; "))+s.elsewhere(wrong))
		case compiled.Error != "":
			s.why[t.ID] = "it does not compile: " + brief.Of(compiled.Error)
		default:
			s.programs[t.ID] = folder
		}
	}
	return s.compileWithout(folder, to, tasks, compiled.Wrong)
}

// control compiles a program without a student's code in half of the time. It is an error when that is too long as well: then this machine is slow, and
// what the student wrote is not why a program took too long.
func (s *sitting) control(to target) error {
	folder, err := os.MkdirTemp(s.folder, "control-")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "control.go"), []byte("package control\n\nvar Functions_ map[string]any\n"), 0o644); err != nil {
		return err
	}
	j := s.grader.job(to)
	j.Seconds, j.Translate = max(1, j.Seconds/2), max(1, j.Translate/2)
	j.Packages = []job.Package{{ID: "control", Files: []string{"control.go"}}}
	compiled, err := s.grader.run(s.ctx, to, folder, j)
	if said := cmp.Or(compiled.Machine, compiled.Error, compiled.Wrong["control"]); err == nil && said != "" {
		return fmt.Errorf("the machine is too slow: of a program without a student's code it is said that %s", said)
	}
	return err
}

// compileWithout compiles tasks again that do not compile in a folder, where they stand with code of another task that does not. They need not call it.
func (s *sitting) compileWithout(folder string, to target, tasks []assignment.Task, wrong map[string]string) error {
	for _, t := range tasks {
		name := s.packageOf(t.ID)
		spoiled := slices.ContainsFunc(t.Needs, func(need string) bool {
			_, err := os.Stat(filepath.Join(folder, fileOf(name, need)))
			return s.why[need] != "" && err == nil
		})
		if wrong[name] == "" || !spoiled {
			continue
		}
		delete(s.why, t.ID)
		if err := s.compile("without-"+t.ID, to, []assignment.Task{t}); err != nil {
			return err
		}
	}
	return nil
}

// mendFirst begins what is said of a task that calls a function of another one, which does not compile.
func mendFirst(title string) string { return "mend " + title + " first: " }

// needed is a sentence on a function that the compiler misses because the task that declares it is refused.
func (s *sitting) needed(t assignment.Task, wrong string) string {
	for _, m := range undefined.FindAllStringSubmatch(wrong, -1) {
		for _, need := range t.Needs {
			of := s.grader.Kit.Assignment.Task(need)
			if s.why[need] != "" && slices.ContainsFunc(of.Functions, func(f assignment.Function) bool { return f.Name == m[1] }) {
				return mendFirst(of.Title) + "this task calls its " + m[1]
			}
		}
	}
	return ""
}

var undefined = regexp.MustCompile(`undefined: (\w+)`)

// elsewhere is a sentence on a function that the compiler misses and another cell declares.
func (s *sitting) elsewhere(wrong string) string {
	for _, m := range undefined.FindAllStringSubmatch(wrong, -1) {
		if s.work.declared[m[1]] {
			return fmt.Sprintf(". The function %s stands in another cell: move it into this one", m[1])
		}
	}
	return ""
}

// write writes the files of a task's package: what is given, the student's code for the tasks that it needs, its own, and the list of functions. Code that cannot be
// put together so is why the task is not tried.
func (s *sitting) write(folder, name string, t assignment.Task) (files []string, err error) {
	a := s.grader.Kit.Assignment
	names := map[string]bool{}
	type text struct{ name, code string }
	texts := []text{{t.ID, s.work.Code[t.ID]}}
	for i := len(a.Tasks) - 1; i >= 0; i-- {
		if before := a.Tasks[i]; slices.Contains(t.Needs, before.ID) && s.work.Code[before.ID] != "" && s.why[before.ID] == "" {
			texts = append(texts, text{before.ID, s.work.Code[before.ID]})
		}
	}
	for i := len(a.Given) - 1; i >= 0; i-- {
		texts = append(texts, text{fmt.Sprintf("given-%d", i+1), a.Given[i]})
	}
	var table strings.Builder
	table.WriteString("var Functions_ = map[string]any{")
	for _, of := range append([]string{t.ID}, t.Needs...) {
		for _, f := range a.Task(of).Functions {
			if of == t.ID || s.why[of] == "" {
				fmt.Fprintf(&table, "%q: (%s)(%s), ", f.Name, f.Type, f.Name)
			}
		}
	}
	table.WriteString("}")
	for i, part := range append(texts, text{"functions", table.String()}) {
		code := part.code
		if i < len(texts) { // what is declared later replaces what was declared before
			code, _ = without(withoutComments(code), names)
		}
		imports, body, err := assignment.Imports([]string{code}, allowed)
		if err != nil {
			s.why[t.ID] = notGo(err).Error()
			return nil, nil
		}
		file := fileOf(name, part.name)
		source := "package " + name + ";" + strings.ReplaceAll(imports, "\n", ";") + "\n//line " + part.name + ":1\n" + body
		if err := os.WriteFile(filepath.Join(folder, file), []byte(source), 0o644); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// job is one for a target, as yet without packages.
func (g *Grader) job(to target) job.Job {
	tools := g.Kit.tools()
	return job.Job{Compile: tools + "/compile", Link: tools + "/link", GOOS: to.goos, GOARCH: to.goarch, Read: []string{tools}, Open: g.Sandbox.Name == "",
		Seconds: uint64(cmp.Or(g.compileSeconds, defaultCompileSeconds)), Translate: uint64(cmp.Or(g.translateSeconds, defaultTranslateSeconds))}
}

// fileOf is the name of the file in which a part of a package's code stands.
func fileOf(pkg, part string) string { return pkg + "-" + part + ".go" }

// run compiles a job in the sandbox.
func (g *Grader) run(ctx context.Context, on target, folder string, j job.Job) (result job.Compiled, err error) {
	if j.Allowed, j.All, err = g.Kit.packages(on, folder); err != nil {
		return result, err
	}
	text, err := json.Marshal(j)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "job.json"), text, 0o644)
	}
	if err == nil {
		err = lend(folder)
	}
	if err != nil {
		return result, err
	}
	ctx, cancel := context.WithTimeout(ctx, maxCompile)
	defer cancel()
	runner := func(step string) ([]byte, error) {
		command := g.Sandbox.command(g.Kit, []string{folder}, step, folder)
		return confined(exec.CommandContext(ctx, command[0], command[1:]...)).CombinedOutput()
	}
	out, err := runner("compile")
	if err == nil && on == wasm {
		out, err = runner("translate")
	}
	var ended *exec.ExitError
	switch errors.As(err, &ended); {
	case ctx.Err() == context.DeadlineExceeded && len(j.Packages) > 1: // alone each has as much
		return job.Compiled{Error: job.TooLong}, nil
	case ctx.Err() == context.DeadlineExceeded:
		return result, fmt.Errorf("the machine is too busy: the compiler did not end in %s", maxCompile)
	case ended != nil && strings.Contains(string(out), "out of memory") && job.Roomy():
		return job.Compiled{Error: job.TooLarge}, nil
	case err != nil:
		return result, fmt.Errorf("the compiler's sandbox fails: %s (%w)", brief.Of(string(out)), err)
	}
	text, err = readRegular(filepath.Join(folder, "compiled.json"))
	if err == nil {
		err = json.Unmarshal(text, &result)
	}
	return result, err
}

// lend gives a folder to the user who runs what students wrote.
func lend(folder string) error {
	if user() == 0 {
		return nil
	}
	return os.Chown(folder, user(), user())
}

// readRegular reads a file that another user may have replaced by something else.
func readRegular(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 16<<20 {
		return nil, fmt.Errorf("%s is not a small file", path)
	}
	return os.ReadFile(path)
}

// judge asks the judge about a task. Where the program with all tasks does not begin, another task's declarations may be why: on its own this one gets what is its due.
func (s *sitting) judge(t assignment.Task) (parts []assignment.Result, err error) {
	together := s.programs[t.ID]
	if !s.broken[together] {
		if parts, err = s.judgeIn(t); err != nil || len(parts) == 0 || !strings.HasPrefix(parts[0].Says, assignment.NotReady) || !strings.HasPrefix(filepath.Base(together), "all-") {
			return parts, err
		}
		s.broken[together] = true
	}
	if err := s.compile("alone-"+t.ID, on(t), []assignment.Task{t}); err != nil {
		return nil, err
	}
	return s.judgeIn(t)
}

// judgeIn asks the judge about a task in the program that it is in.
func (s *sitting) judgeIn(t assignment.Task) ([]assignment.Result, error) {
	g := s.grader
	request := assignment.JudgeRequest{Task: t.ID, Seed: g.Seed, Seconds: t.Seconds, Patience: s.patience,
		Start: cmp.Or(g.startSeconds, defaultStartSeconds), Missing: s.why[t.ID], User: user(), Prefix: s.packageOf(t.ID) + "."}
	if s.why[t.ID] == "" {
		request.Most = 32*t.Seconds + 30
		cpu := fmt.Sprint(int(request.Most))
		program := filepath.Join(s.programs[t.ID], "worker")
		if request.Streams = t.Native; t.Native {
			request.Worker = g.Sandbox.command(g.Kit, []string{s.programs[t.ID]}, "native", program, cpu)
		} else {
			cache := filepath.Join(s.programs[t.ID], "cache")
			request.Worker = g.Sandbox.command(g.Kit, []string{s.programs[t.ID]}, "wasm", program, cache, cpu)
		}
	}
	for range 2 { // the judge may have ended over the task before
		if s.process == nil {
			if err := s.start(); err != nil {
				return nil, err
			}
		}
		if answer, err := s.ask(request); err == nil {
			if s.patience -= answer.Lost; answer.Machine != "" {
				return nil, fmt.Errorf("%s: %s", t.Title, answer.Machine)
			}
			return answer.Results, nil
		}
		s.close()
		if s.ctx.Err() != nil {
			return nil, s.ctx.Err()
		}
	}
	return nil, fmt.Errorf("the check of %s ends the judge: %s", t.ID, brief.Of(s.said.String()))
}

func (s *sitting) ask(request assignment.JudgeRequest) (answer assignment.JudgeAnswer, err error) {
	text, err := json.Marshal(request)
	if err != nil {
		return answer, err
	}
	if _, err := s.requests.Write(append(text, '\n')); err != nil {
		return answer, err
	}
	line, err := s.answers.ReadBytes('\n')
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(line, &answer)
}

// start starts the judge.
func (s *sitting) start() error {
	s.said.Reset()
	s.process = exec.CommandContext(s.ctx, s.grader.Kit.Folder+"/judge")
	s.process.Stderr = &s.said
	s.process.WaitDelay = time.Second
	requests, err := s.process.StdinPipe()
	if err != nil {
		return err
	}
	answers, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	s.requests, s.answers = requests, bufio.NewReader(answers)
	return s.process.Start()
}

// close ends the judge.
func (s *sitting) close() {
	if s.process == nil {
		return
	}
	s.requests.Close()
	s.process.Cancel()
	s.process.Wait()
	s.process = nil
}
