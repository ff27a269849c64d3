package assignment

import (
	"encoding/json"
	"fmt"
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"descent.example/pkg/notebook"
)

// Release returns the notebook that students get: without solutions, hidden checks, model answers, rubrics and outputs. It is an error
// when a line of these is still in it (only a task's own stub and a given cell may repeat one), or a number that is to be predicted; when a task
// has no solution or a question no rubric, when a check has a hidden part outside of the lines around them, when a heading promises other points than the cells below it give, and when Parse finds an error in the source.
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
		}
		cells = append(cells, c)
	}
	if err := headedPoints(source); err != nil {
		return nil, err
	}
	released := source.Like(cells...)
	return released, secret.absent(released)
}

var pointsInHeading = regexp.MustCompile(`\((\d+(?:\.\d+)?) points?\b`)

// headedPoints is an error when a heading promises other points than the cells below it give, up to the next heading of its level or a higher one.
func headedPoints(source *notebook.Notebook) error {
	type promise struct {
		level           int
		title           string
		promised, below float64
	}
	var open []promise // each below the one before
	end := func(level int) error {
		for ; len(open) > 0 && open[len(open)-1].level >= level; open = open[:len(open)-1] {
			if p := open[len(open)-1]; p.promised != p.below {
				return fmt.Errorf("the heading %q promises %s, and the cells below it give %s: make them equal", p.title, Points(p.promised), Number(p.below))
			}
		}
		return nil
	}
	for _, c := range source.Cells {
		meta, err := graded(c)
		if err != nil {
			return err
		}
		if meta != nil {
			for i := range open {
				open[i].below += meta.Points
			}
			continue
		}
		head := headings.FindStringSubmatch(string(c.Source))
		if c.Type != "markdown" || head == nil {
			continue
		}
		level := len(head[1])
		if err := end(level); err != nil {
			return err
		}
		if m := pointsInHeading.FindStringSubmatch(head[2]); m != nil {
			promised, _ := strconv.ParseFloat(m[1], 64)
			open = append(open, promise{level: level, title: head[2], promised: promised})
		}
	}
	return end(0)
}

// release is one cell of nbgrader's as students get it.
func (a *Assignment) release(c notebook.Cell, meta NBGrader, secret *secrets) (notebook.Cell, error) {
	whole, text := string(c.Source), string(c.Source)
	parts := map[string]any{"nbgrader": meta}
	var err error
	switch {
	case c.Type == "markdown" && meta.Grade:
		if text, err = emptyAnswer(whole); err != nil {
			return c, err
		}
		if text == strings.TrimSpace(whole) {
			return c, fmt.Errorf("the question has no model answer: write one, with the rubric, between ### %s and ### %s", beginSolution, endSolution)
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
	if t := a.Task(meta.ID); t != nil && t.predicts() {
		secret.keepNumbers(whole, text)
	}
	c.Source = notebook.Text(text)
	return c.WithMeta(parts)
}

// emptyAnswer is what students find in the cell of a question.
func emptyAnswer(cell string) (string, error) {
	text, err := regions(cell, beginSolution, endSolution, func([]string) []string { return nil })
	if text = strings.TrimSpace(text); text == "" {
		text = "*Your answer.*"
	}
	return text, err
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
		return []string{fmt.Sprintf("\tassignment.Later(%s), // points, when this is graded", Number(hidden))}
	})
}

// secrets are the lines that students must not get, and the numbers that they predict.
type secrets struct{ lines, public, numbers map[string]bool }

func newSecrets() *secrets {
	return &secrets{lines: map[string]bool{}, public: map[string]bool{}, numbers: map[string]bool{}}
}

// shortest is how long a line must be to give something away wherever it stands. A shorter one does as a line of its own.
const shortest = 8

// trivial are lines that give nothing away: keywords, nil and numbers of one or two digits; the head of a loop over a slice; the return or declaration of a
// variable.
var trivial = regexp.MustCompile(`^(?:for (?:\w+(?:, \w+)? := )?range \w+ \{|return \w+|var \w+ \w+)$|` +
	`^(?:[^\pL\pN_]|\b(?:break|case|continue|default|else|err|error|false|float64|for|func|go|if|int|nil|range|return|switch|true|var|_|\d\d?)\b)*$`)

// keep notes the lines of the whole text that are not in the public one. Only what is in the task's own stub, or in a cell that is given, is public.
func (s *secrets) keep(whole, public string) {
	for line := range strings.SplitSeq(public, "\n") {
		s.public[strings.TrimSpace(line)] = true
	}
	for line := range strings.SplitSeq(whole, "\n") {
		s.lines[strings.TrimSpace(line)] = true
	}
}

// keepNumbers notes the numbers of three digits or more in what is to be predicted.
func (s *secrets) keepNumbers(solution, public string) {
	given := numbers(public)
	for number := range numbers(solution) {
		if !given[number] && len(strings.Trim(number, "0.")) >= 3 {
			s.numbers[number] = true
		}
	}
}

// numbers are those that Go reads in a text.
func numbers(text string) map[string]bool {
	var s scanner.Scanner
	all, source := map[string]bool{}, []byte(text)
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(source)), source, func(token.Position, string) {}, 0)
	for {
		switch _, kind, literal := s.Scan(); kind {
		case token.EOF:
			return all
		case token.INT, token.FLOAT:
			all[literal] = true
		}
	}
}

// absent is an error when the text of the notebook's file holds a secret anywhere: in a cell, an output, or the metadata.
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
	here := map[string]bool{}
	for line := range strings.SplitSeq(all, "\n") {
		here[strings.TrimSpace(line)] = true
	}
	for line := range s.lines {
		secret := !s.public[line] && marker(line) != stubLine && !trivial.MatchString(line)
		if secret && (here[line] || len(line) >= shortest && strings.Contains(all, line)) {
			return fmt.Errorf("the line %q of a solution, a hidden check or a model answer is in what students get: change it there, or change it here", line)
		}
	}
	for _, number := range numberPattern.FindAllString(all, -1) {
		if number = strings.TrimRight(number, "."); s.numbers[number] {
			return fmt.Errorf("the number %s of a solution, which students are to predict, is in what they get: change it there", number)
		}
	}
	return nil
}

// numberPattern finds numbers in prose.
var numberPattern = regexp.MustCompile(`\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?`)

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
