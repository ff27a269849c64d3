package notebook

import (
	"fmt"
	"regexp"
	"strings"
)

// TagExercise is the tag of a cell that leaves code to the reader: above its line %% stands a function that compiles and does not
// yet do what is asked, below it the check. The text after the cell holds a solution, folded.
const TagExercise = "exercise"

// solution is the Go code of a folded solution.
var solution = regexp.MustCompile("(?s)<details>\\s*<summary>Solution</summary>.*?```go\n(.*?)```.*?</details>")

// Exercises returns the cells of the notebook that are exercises, and for each the cell with its solution in place of what the
// reader has. It is an error, which names the cell, when an exercise has no line %% or no solution in the text after it.
func (nb *Notebook) Exercises() (open, solved []Cell, err error) {
	for i, c := range nb.Cells {
		if c.Type != "code" || !c.Has(TagExercise) {
			continue
		}
		_, check, found := strings.Cut("\n"+string(c.Source), "\n%%")
		if !found {
			return nil, nil, fmt.Errorf("exercise %s (%s) has no line %%%% between the reader's code and its check", c.ID(), c.Name())
		}
		var code []string
		if i+1 < len(nb.Cells) && nb.Cells[i+1].Type == "markdown" {
			code = solution.FindStringSubmatch(string(nb.Cells[i+1].Source))
		}
		if code == nil {
			return nil, nil, fmt.Errorf("exercise %s (%s) has no folded solution in Go in the text after it", c.ID(), c.Name())
		}
		open = append(open, c)
		c.Source, c.Outputs = Text(code[1]+"\n%%"+check), nil
		solved = append(solved, c)
	}
	return open, solved, nil
}
