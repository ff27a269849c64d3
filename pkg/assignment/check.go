// Package assignment is what the lab's assignments are made with. A cell below a task calls Check, which tries the student's
// functions and says how many points they have so far. Read takes the source of an assignment apart: one notebook that holds the
// statements, the solutions, the checks and the points. From it come the notebook that students get and the program that grades.
//
// docs/assignments.md describes the source.
package assignment

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"descent.example/internal/brief"
	"descent.example/internal/plural"
)

// A Part is a piece of a check that earns points of its own. Visible and Hidden make one.
type Part struct {
	points float64
	name   string
	try    func(rng *rand.Rand) error
	hidden bool
	later  bool // it stands for parts that are not here
	hint   string
}

// Visible returns a part that students have in their notebooks. It earns the points, 0 or more, when try returns nil. Otherwise the
// error of try is what the student reads: one sentence with a case that goes wrong. try draws its cases from rng, whose seed is
// fixed in the notebook and secret when the task is graded. It calls the student's functions from its own goroutine alone.
func Visible(points float64, name string, try func(rng *rand.Rand) error) Part {
	return Part{points: points, name: name, try: try}
}

// Hidden returns a part that runs only when the task is graded. It stands between the lines // BEGIN HIDDEN TESTS and
// // END HIDDEN TESTS, which students do not get. They read neither its name nor its error, but its hint.
func Hidden(points float64, name string, try func(rng *rand.Rand) error) Part {
	return Part{points: points, name: name, try: try, hidden: true}
}

// Later stands in students' notebooks for the hidden parts, and says how many points more are checked when the task is graded.
func Later(points float64) Part { return Part{points: points, later: true} }

// Hint returns the part with a hint for those who fail it. In the notebook it is shown from the second time on; who is graded always
// reads it.
func (p Part) Hint(text string) Part {
	p.hint = text
	return p
}

// Check tries the student's functions for a task and prints what became of each part. The task is named by its id. When the grader runs
// the cell, Check hands the parts to it instead.
func Check(task string, parts ...Part) {
	if judging != nil {
		judging(task, parts)
		return
	}
	later := 0.0
	for _, p := range parts {
		if p.later {
			later += p.points
		}
	}
	Report(os.Stdout, ".", task, Try(parts, seedOf(task)), later)
}

// Report writes what a student reads of a task, of which more points are checked later. The folder of the notebook remembers it, so that a hint comes the second time.
func Report(w io.Writer, folder, task string, results []Result, later float64) {
	record := openProgress(folder)
	before := record.Tasks[task]
	report(w, task, results, later, before.Failed > 0)
	record.note(task, results)
}

// judging takes the parts of a check when the grader runs it.
var judging func(task string, parts []Part)

// seedOf is the seed of a task in the notebook: the same in each run, so that a student can work on one case.
func seedOf(task string) uint64 {
	hash := fnv.New64a()
	io.WriteString(hash, task)
	return hash.Sum64()
}

// A Result is what became of one part.
type Result struct {
	Name   string  `json:"name"`
	Hidden bool    `json:"hidden,omitempty"`
	Points float64 `json:"points"` // earned
	Of     float64 `json:"of"`
	Says   string  `json:"says,omitempty"` // what is wrong, "" if nothing is
	Hint   string  `json:"hint,omitempty"` // of a part that failed
}

// Right tells whether the part earned its points.
func (r Result) Right() bool { return r.Says == "" }

// Try runs the parts one after the other, each on random numbers of its own that follow from the seed. A part that panics has failed.
func Try(parts []Part, seed uint64) []Result {
	var results []Result
	for i, p := range parts {
		if p.later {
			continue
		}
		r := Result{Name: p.name, Hidden: p.hidden, Of: p.points}
		if err := p.run(rand.New(rand.NewPCG(seed, uint64(i)))); err != nil {
			r.Says, r.Hint = brief.Of(err.Error()), p.hint
			if r.Says == "" {
				r.Says = "the check failed without a reason"
			}
		} else {
			r.Points = p.points
		}
		results = append(results, r)
	}
	return results
}

// run tries the part. A panic is an error too.
func (p Part) run(rng *rand.Rand) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("your code panics: %v", v)
		}
	}()
	return p.try(rng)
}

// Sum returns the points that the results earned, and those that there were.
func Sum(results []Result) (points, of float64) {
	for _, r := range results {
		points += r.Points
		of += r.Of
	}
	return points, of
}

// report writes what a student reads below a task.
func report(w io.Writer, task string, results []Result, later float64, hints bool) {
	points, of := Sum(results)
	verdict, more := "Right", "."
	if later > 0 {
		verdict, more = "Right so far", fmt.Sprintf("; %s more when this is graded.", Number(later))
	}
	if points < of {
		verdict = "Not yet"
	}
	fmt.Fprintf(w, "%s: %s of %s for %s%s\n", verdict, Number(points), Points(of), task, more)
	said := ""
	for _, r := range results {
		switch {
		case r.Right():
			fmt.Fprintf(w, "  ✓ %s\n", r.Name)
		case r.Says == said: // once is enough, such as what the compiler says
			fmt.Fprintf(w, "  ✗ %s\n", r.Name)
		default:
			fmt.Fprintf(w, "  ✗ %s: %s\n", r.Name, strings.TrimSuffix(r.Says, "\n"))
		}
		if said = r.Says; hints && r.Hint != "" {
			fmt.Fprintf(w, "    Hint: %s\n", r.Hint)
		}
	}
}

// Points writes a number of points with the word: 1 point, 2.5 points.
func Points(points float64) string {
	if points == float64(int(points)) {
		return plural.Of(int(points), "point")
	}
	return Number(points) + " points"
}

// Number writes points with the digits that they have: 2, 2.5.
func Number(points float64) string { return strconv.FormatFloat(points, 'g', 6, 64) }
