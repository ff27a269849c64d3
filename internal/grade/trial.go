package grade

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"descent.example/pkg/assignment"
)

// A Trial is what became of a variant of a solution.
type Trial struct {
	assignment.Variant
	Parts []assignment.Result // of those that were tried
	Ended string              // why no more were: it took too long, or ended the program
	Wrong string              // what the compiler says of it, "" if it compiles
}

// Passes tells whether the variant got all points.
func (t Trial) Passes() bool {
	for _, p := range t.Parts {
		if !p.Right() {
			return false
		}
	}
	return t.Wrong == "" && t.Ended == ""
}

// Try tries an assignment's checks on variants. root is the folder of the lab's sources. The variants run with all rights of who calls it. It is an
// error when the checks or solutions do not compile.
func Try(ctx context.Context, root string, a *assignment.Assignment, variants []assignment.Variant) ([]Trial, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "descent-trial-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	trials := make([]Trial, len(variants))
	var left []int // the variants that compile as far as is known
	for i, v := range variants {
		trials[i].Variant = v
		left = append(left, i)
	}
	program := filepath.Join(scratch, "trial")
	for { // the compiler says first what is wrong with types, and then what is wrong with the rest
		tried := make([]assignment.Variant, len(left))
		for j, i := range left {
			tried[j] = variants[i]
		}
		wrong, err := buildTrial(ctx, root, scratch, program, a, tried)
		if err != nil {
			return nil, err
		}
		if len(wrong) == 0 {
			break
		}
		var still []int
		for j, i := range left {
			if said, is := wrong[j]; is {
				trials[i].Wrong = said
			} else {
				still = append(still, i)
			}
		}
		left = still
	}
	for at := 0; at < len(left); {
		done, err := runTrials(ctx, program, at, func(t assignment.Trial) {
			trials[left[t.Variant]].Parts, trials[left[t.Variant]].Ended = t.Results, t.Ended
		})
		if err != nil {
			return nil, err
		}
		at = done
	}
	return trials, nil
}

var ofVariant = regexp.MustCompile(`(?m)(?:^|[/\\])v(\d+)\.go:(.*)$`)

// buildTrial compiles the program that tries the variants, and says which do not compile.
func buildTrial(ctx context.Context, root, scratch, program string, a *assignment.Assignment, variants []assignment.Variant) (wrong map[int]string, err error) {
	files, err := a.TrialProgram(variants, allowed)
	if err != nil {
		return nil, err
	}
	overlay, err := overlay(root, scratch, files)
	if err != nil {
		return nil, err
	}
	m := maker{ctx: ctx, root: root, folder: scratch, target: native}
	_, err = m.goCommand(nil, "build", "-gcflags=-e", "-ldflags=-s -w", "-overlay", overlay, "-o", program, "./internal/grade/judge")
	if err == nil {
		return nil, nil
	}
	wrong = map[int]string{}
	for _, line := range ofVariant.FindAllStringSubmatch(err.Error(), -1) {
		if i, _ := strconv.Atoi(line[1]); wrong[i] == "" {
			wrong[i] = line[2]
		}
	}
	if len(wrong) == 0 {
		return nil, fmt.Errorf("the checks or solutions do not compile: %w", err)
	}
	return wrong, nil
}

// runTrials runs the program from a variant on, and returns the number of the variant with which to go on.
func runTrials(ctx context.Context, program string, from int, note func(assignment.Trial)) (next int, err error) {
	cmd := exec.CommandContext(ctx, program, fmt.Sprint(from))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	last, begun := assignment.Trial{Variant: from - 1}, false
	for lines := json.NewDecoder(bufio.NewReader(out)); ; {
		var t assignment.Trial
		if lines.Decode(&t) != nil {
			break
		}
		begun = t.Variant != last.Variant
		if last = t; !begun {
			note(t)
		}
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err == nil:
		return 1 << 30, nil
	case begun:
		last.Ended = "ends the program"
		note(last)
	case last.Variant < from:
		return 0, fmt.Errorf("the trial does not begin: %w", err)
	}
	return last.Variant + 1, nil
}
