// Package job is what the grader and its runner write each other about what is to be compiled and run.
package job

import "syscall"

// Memory is the most memory that the compiler may reserve. Go's own reserves a gigabyte that it does not use.
const Memory = 3 << 30

// Roomy tells whether this process lets the compiler have that memory.
func Roomy() bool {
	var now syscall.Rlimit
	return syscall.Getrlimit(syscall.RLIMIT_AS, &now) == nil && now.Max >= Memory
}

// TooLong and TooLarge say why the compiler gives up on what a student wrote.
const (
	TooLong  = "the compiler takes too long for it"
	TooLarge = "the compiler needs too much memory for it"
)

// Ends begins what the runner says of a program that ended.
const Ends = "it ends "

// A Job is what is to be compiled. All paths but those of the packages are absolute.
type Job struct {
	Compile  string    `json:"compile"` // Go's tools
	Link     string    `json:"link"`
	GOOS     string    `json:"goos"`
	GOARCH   string    `json:"goarch"`
	Read     []string  `json:"read"`     // folders that are needed
	Packages []Package `json:"packages"` // the student's
	Allowed  string    `json:"allowed"`  // the list of packages that these may import
	All      string    `json:"all"`      // the list of all packages of the program
	Open     bool      `json:"open"`     // not confined, because this system cannot
	Seconds  uint64    `json:"seconds"`  // of a processor, for the compiler on each package and for the linker
	// Translate is how many seconds of a processor it may take to translate a program for WebAssembly, nearly all of which is the lab's.
	Translate uint64 `json:"translate"`
}

// A Package is the code for one task, in files in the job's folder.
type Package struct {
	ID    string   `json:"id"`
	Files []string `json:"files"`
}

// A Compiled is what became of the packages. It is written to FOLDER/compiled.json; the program is FOLDER/worker.
type Compiled struct {
	Wrong map[string]string `json:"wrong"` // what the compiler says of each package that is not in the program
	Error string            `json:"error"` // why there is no program
	// Machine is why this machine could not compile, whatever the packages are: it lacks room, memory or time.
	Machine string `json:"machine"`
}
