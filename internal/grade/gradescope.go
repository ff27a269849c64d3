package grade

import (
	"fmt"
	"strings"

	"descent.example/pkg/assignment"
)

// ScopeResults is what Gradescope reads as results.json.
//
// Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/
type ScopeResults struct {
	Score      *float64    `json:"score,omitempty"` // nil if it could not be graded, which Gradescope shows as a failure of the autograder
	Output     string      `json:"output,omitempty"`
	Format     string      `json:"output_format"`
	Seconds    float64     `json:"execution_time,omitempty"`
	Visibility string      `json:"visibility"`
	Printed    string      `json:"stdout_visibility"`
	Tests      []ScopeTest `json:"tests"`
}

// ScopeTest is a line of Gradescope's results.
type ScopeTest struct {
	Name       string  `json:"name"`
	Score      float64 `json:"score"`
	Most       float64 `json:"max_score"`
	Status     string  `json:"status"`
	Output     string  `json:"output,omitempty"`
	Format     string  `json:"output_format"`
	Visibility string  `json:"visibility"`
}

// Gradescope writes a result in Gradescope's words. What is graded by hand there is graded in Gradescope.
func Gradescope(r *Graded) ScopeResults {
	s := ScopeResults{Output: r.Problem, Format: "text", Seconds: r.Seconds, Visibility: "visible", Printed: "hidden", Tests: []ScopeTest{}}
	if r.Failed != "" {
		s.Output = "This could not be graded, which is not the submission's fault. Tell your instructor, who can run the grader again."
		return s
	}
	s.Score = new(float64)
	for _, t := range r.Tasks {
		*s.Score += t.Points
		for _, line := range studentLines(t) {
			status := "passed"
			if line.Points < line.Of {
				status = "failed"
			}
			s.Tests = append(s.Tests, ScopeTest{Name: t.Title + ": " + line.Name, Score: line.Points, Most: line.Of, Status: status,
				Output: strings.TrimSpace(line.Says + "\n" + line.Hint), Format: "text", Visibility: "visible"})
		}
	}
	return s
}

// studentLines are the results of a task as its student reads them: visible parts, and all hidden ones together, without what they try.
func studentLines(t TaskResult) (lines []assignment.Result) {
	hidden := assignment.Result{}
	var hints []string
	right, all, slow := 0, 0, 0
	for _, p := range t.Parts {
		if !p.Hidden {
			if t.Wrong != "" && len(lines) > 0 {
				p.Says = "" // it is said above
			}
			if t.Note != "" && len(lines) == 0 {
				p.Says = strings.TrimSpace(p.Says + "\nNote: " + t.Note + ".")
			}
			lines = append(lines, p)
			continue
		}
		all++
		hidden.Points, hidden.Of = hidden.Points+p.Points, hidden.Of+p.Of
		if p.Right() {
			right++
		} else if p.Hint != "" {
			hints = append(hints, p.Hint)
		}
		if strings.HasPrefix(p.Says, assignment.TooLong) {
			slow++
		}
	}
	if all == 0 {
		return lines
	}
	hidden.Name = fmt.Sprintf("what is checked only here (%d of %d right)", right, all)
	if right < all {
		switch {
		case t.Wrong != "" && len(lines) > 0: // it is said above
		case t.Wrong != "":
			hidden.Says = t.Wrong
		case slow > 0:
			hidden.Says = fmt.Sprintf("Not all of it is right: %d of %d ran out of time.", slow, all)
		default:
			hidden.Says = "Not all of it is right."
		}
		hidden.Hint = strings.Join(hints, " ")
	}
	return append(lines, hidden)
}
