// Package says lets tests ask what an error says and leave its words free.
package says

import (
	"regexp"
	"strings"
	"testing"
)

// Panic fails the test unless f panics with an error that says each of the parts, as All has them.
func Panic(t testing.TB, parts string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		err, _ := recover().(error)
		All(t, err, parts)
	}()
	f()
}

// All fails the test unless there is an error that says each of the parts, which " … " separates: a name, a value, what is
// allowed. They may come in any order. The part 1 is not in 10, nor "mean" in "means".
func All(t testing.TB, err error, parts string) {
	t.Helper()
	if err == nil {
		t.Errorf("there is no error that says %s", parts)
		return
	}
	for part := range strings.SplitSeq(parts, " … ") {
		if !regexp.MustCompile(`(^|[^\pL\d.+-]|\D\.)` + regexp.QuoteMeta(part) + `([^\pL\d.]|\.\D|\.?$)`).MatchString(err.Error()) {
			t.Errorf("the error %q does not say %s", err, part)
		}
	}
}
