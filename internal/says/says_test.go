package says

import (
	"errors"
	"testing"
)

// A recorder takes the complaints of a test.
type recorder struct {
	testing.TB
	failed bool
}

func (*recorder) Helper()                 {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestAll(t *testing.T) {
	err := errors.New(`line "a": x[1] is -10, and the 3 axes end at 2.5.`)
	for parts, missing := range map[string]bool{
		`line "a" … x[1] … -10 … 3 … 2.5`: false,
		"3 … line": false,
		"10":       true, // it is -10
		"-1":       true,
		"2":        true,
		"axe":      true,
		"line … 4": true,
	} {
		r := &recorder{TB: t}
		if All(r, err, parts); r.failed != missing {
			t.Errorf("%s: failed is %t", parts, r.failed)
		}
	}
	for want, f := range map[bool]func(){false: func() { panic(err) }, true: func() {}} {
		r := &recorder{TB: t}
		if Panic(r, "3", f); r.failed != want {
			t.Errorf("failed is %t", r.failed)
		}
	}
	r := &recorder{TB: t}
	if All(r, nil, "line"); !r.failed {
		t.Error("no error says nothing")
	}
}
