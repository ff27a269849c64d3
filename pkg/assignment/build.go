package assignment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"descent.example/pkg/notebook"
)

// Release returns the notebook that students get: without solutions, hidden checks, model answers, rubrics and outputs. It is an error
// when a line of these is still in it, when a task has no solution or a question no rubric, when a check has a hidden part outside of the lines around
// them, and when Parse finds an error in the source.
func Release(name string, source *notebook.Notebook) (*notebook.Notebook, error) {
	a, err := Parse(name, source)
	if err != nil {
		return nil, err
	}
	var cells []notebook.Cell
	secret := newSecrets()
	for _, c := range source.Cells {
		meta, err := graded(c)
		if err != nil {
			return nil, err
		}
		c = c.Cleared()
		if meta != nil {
			if c, err = a.release(c, *meta, secret); err != nil {
				return nil, fmt.Errorf("%s: %w", meta.ID, err)
			}
		} else {
			secret.allow(string(c.Source))
		}
		cells = append(cells, c)
	}
	released := source.Like(cells...)
	return released, secret.absent(released)
}

// release is one cell of nbgrader's as students get it.
func (a *Assignment) release(c notebook.Cell, meta NBGrader, secret *secrets) (notebook.Cell, error) {
	whole, text := string(c.Source), string(c.Source)
	parts := map[string]any{"nbgrader": meta}
	var err error
	switch {
	case c.Type == "markdown" && meta.Grade:
		if text, err = regions(whole, beginSolution, endSolution, func([]string) []string { return nil }); err != nil {
			return c, err
		}
		if text == whole {
			return c, fmt.Errorf("the question has no model answer: write one, with the rubric, between ### %s and ### %s", beginSolution, endSolution)
		}
		if text = strings.TrimSpace(text); text == "" {
			text = "*Your answer.*"
		}
	case c.Type == "code" && meta.Grade:
		if text, err = withoutHidden(whole); err != nil {
			return c, err
		}
		if _, left, _ := partPoints(second(Split(text))); left > 0 {
			return c, fmt.Errorf("a part is hidden and does not stand between // %s and // %s", beginHidden, endHidden)
		}
		if shown, _, _ := partPoints(second(Split(whole))); !samePoints(text, shown) {
			return c, fmt.Errorf("a part that is not hidden stands between // %s and // %s", beginHidden, endHidden)
		}
	case c.Type == "code" && meta.Solution:
		if !strings.Contains(whole, beginSolution) {
			return c, fmt.Errorf("the task has no solution: it stands between // %s and // %s", beginSolution, endSolution)
		}
		if text, err = withoutSolution(whole); err != nil {
			return c, err
		}
		t := a.Task(meta.ID)
		set := settings{Needs: t.Needs, Seconds: t.Seconds, Native: t.Native}
		for _, f := range t.Functions {
			set.Functions = append(set.Functions, "func "+f.Name+strings.TrimPrefix(f.Type, "func"))
		}
		parts["descent"] = set
	}
	secret.keep(whole, text)
	c.Source = notebook.Text(text)
	return c.WithMeta(parts)
}

func second(_, b string) string { return b }

func samePoints(text string, want float64) bool {
	got, _, err := partPoints(second(Split(text)))
	return err == nil && got == want
}

// withoutHidden is a check as students get it.
func withoutHidden(cell string) (string, error) {
	return regions(cell, beginHidden, endHidden, func(lines []string) []string {
		_, hidden, err := partPoints("f(\n" + strings.Join(lines, "\n") + "\n)")
		if err != nil || hidden == 0 {
			return []string{"\t// More is checked when this is graded."}
		}
		return []string{fmt.Sprintf("\t// %s more when this is graded.", Points(hidden))}
	})
}

// secrets are the lines that students must not get.
type secrets struct{ lines, public map[string]bool }

func newSecrets() *secrets { return &secrets{lines: map[string]bool{}, public: map[string]bool{}} }

// shortest is how long a line must be to give something away: a brace or an else does not.
const shortest = 8

// keep notes the lines of the whole text that are not in the public one.
func (s *secrets) keep(whole, public string) {
	s.allow(public)
	for line := range strings.SplitSeq(whole, "\n") {
		s.lines[strings.TrimSpace(line)] = true
	}
}

// allow notes lines that students see anyway.
func (s *secrets) allow(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		s.public[strings.TrimSpace(line)] = true
	}
}

// absent is an error when the text of the notebook's file holds a secret line anywhere: in a cell, an output, or the metadata.
func (s *secrets) absent(nb *notebook.Notebook) error {
	data, err := nb.Bytes()
	if err != nil {
		return err
	}
	var file any
	if err := json.Unmarshal(data, &file); err != nil {
		return err
	}
	all := strings.Join(texts(file), "\n")
	for line := range s.lines {
		if len(line) >= shortest && !s.public[line] && marker(line) != stubLine && strings.Contains(all, line) {
			return fmt.Errorf("the line %q of a solution or a hidden check is in what students get: change it there, or change it here", line)
		}
	}
	return nil
}

// texts are all strings in a JSON value.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	case map[string]any:
		for name, x := range v {
			all = append(append(all, name), texts(x)...)
		}
	}
	return all
}

// Solution returns the source with the solutions in it and without the lines around them, for those who teach. It is an error when a region does not
// end.
func Solution(source *notebook.Notebook) (*notebook.Notebook, error) {
	cells := slices.Clone(source.Cells)
	for i, c := range cells {
		meta, err := graded(c)
		if err != nil || meta == nil {
			continue
		}
		text, err := Solved(string(c.Source))
		if err == nil {
			text, err = regions(text, beginHidden, endHidden, func(lines []string) []string { return lines })
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", meta.ID, err)
		}
		cells[i].Source = notebook.Text(text)
	}
	return source.Like(cells...), nil
}
