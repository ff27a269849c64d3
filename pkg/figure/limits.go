package figure

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"descent.example/internal/panicked"
	"descent.example/pkg/figure/internal/ink"
)

// What one picture may hold. Each limit is far above what a reader can see and
// stands where memory or time is taken.
const (
	mostValues     = 4_000_000  // of all series together
	mostMoving     = 20_000_000 // of all frames together
	mostSeries     = 5000       // the runs of a bundle, one each, and the rows of a table
	mostNames      = 100        // in a legend, with lines and marks
	mostCategories = 500        // of an axis
	mostLevels     = 100
	mostPanels     = 100
	mostLayers     = 50
	mostLetters    = 300    // of a text in the picture
	mostWords      = 20_000 // letters of a description
	mostSide       = 10_000 // CSS pixels
	mostPixels     = 8_000_000
	mostFrames     = 600         // of an animation
	mostFilm       = 400_000_000 // CSS pixels of all its frames
	mostSlides     = 1000
	mostPage       = 100 << 20 // bytes of all pictures behind a slider
)

// atMost is nil, or the sentence that says how much is too much.
func atMost(most, n int, of string) error {
	if n <= most {
		return nil
	}
	return fmt.Errorf("figure: %d %s are too many to draw; the most are %d", n, of, most)
}

// call runs a function of the caller's, and returns its panic as an error that says where it began.
func call(what string, fn func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			where, _ := panicked.At()
			err = brief(fmt.Errorf("figure: %s: %v, in %s", what, p, where))
		}
	}()
	fn()
	return nil
}

// drawn are the figures and panels that are being drawn, and by how many at once.
var drawn = struct {
	sync.Mutex
	by map[*Figure]int
}{by: map[*Figure]int{}}

// begin says that the figure and its panels are being drawn, until end is called. It panics if one of its own functions or marks
// asks for that, which would never end; call makes a sentence of it.
func (f *Figure) begin() (end func()) {
	if f == nil {
		return func() {}
	}
	all := append([]*Figure{f}, f.panels...)
	drawn.Lock()
	defer drawn.Unlock()
	if drawn.by[f] > 0 && withinCall() {
		panic("a figure cannot be drawn or measured by its own function or mark; take what it needs before it is added")
	}
	for _, g := range all {
		drawn.by[g]++
	}
	return func() {
		drawn.Lock()
		defer drawn.Unlock()
		for _, g := range all {
			if drawn.by[g]--; drawn.by[g] == 0 {
				delete(drawn.by, g)
			}
		}
	}
}

// withinCall says whether a function of the caller's runs.
func withinCall() bool {
	counters := make([]uintptr, 1000)
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters)])
	for {
		f, more := frames.Next()
		if f.Function == "descent.example/pkg/figure.call" || !more {
			return more
		}
	}
}

// checkSize refuses a picture that would take too much memory.
func checkSize(w, h float64) error {
	if w <= mostSide && h <= mostSide && w*h <= mostPixels {
		return nil
	}
	return fmt.Errorf("figure: the picture would be %.0f by %.0f pixels, which is too large; show fewer panels, categories or names in it", w, h)
}

// checkText returns an error for a letter that the PNG could not show, and for a text that is too long.
func checkText(s string) error {
	if err := checkLetters(s); err != nil {
		return err
	}
	if letter, yes := ink.Lacks(s); yes {
		return fmt.Errorf("figure: the font has no %q (%U) for the text %q; write it in another way", letter, letter, s)
	}
	return nil
}

// checkLetters refuses a text that no picture has room for.
func checkLetters(s string) error {
	return atMost(mostLetters, utf8.RuneCountInString(s), "letters of a title, label or name")
}

// brief cuts an error that quotes a text of the caller's which is far too long.
func brief(err error) error {
	const most = 1000
	if err == nil || len(err.Error()) <= most {
		return err
	}
	return fmt.Errorf("%s … (%d letters)", strings.ToValidUTF8(err.Error()[:most], ""), len(err.Error()))
}

// checkWords refuses a description that nobody would listen to.
func checkWords(s string) error {
	return atMost(mostWords, utf8.RuneCountInString(s), "letters of a description")
}

var errNil = fmt.Errorf("figure: the figure is nil; figure.New makes one")

// made is f, or a figure that says that it was nil.
func (f *Figure) made() *Figure {
	if f == nil {
		return &Figure{err: errNil}
	}
	return f
}
