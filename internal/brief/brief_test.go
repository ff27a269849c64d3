package brief

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"größe":                   "größe",
		"a\nb\t\x00c\xff":         "a b \uFFFDc\uFFFD",
		strings.Repeat("é", 300):  strings.Repeat("é", 300),
		strings.Repeat("é", 9999): strings.Repeat("é", 299) + "…",
	} {
		got := Of(text)
		if got != want || !utf8.ValidString(got) {
			t.Errorf("%.20q…: %q", text, got)
		}
	}
}

func TestHead(t *testing.T) {
	h := Head{Most: 5}
	for _, part := range []string{"abc", "def", "ghi"} {
		if n, err := h.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%q: %d, %v", part, n, err)
		}
	}
	if h.String() != "abcde" {
		t.Errorf("%q", h.String())
	}
}
