//go:build unix

package lab

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOutputsOfACell(t *testing.T) {
	sent, stderr, code := runInKernel(t, "mixed", nil)
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	list := outputs(sent)
	assert.Equal(t, []string{
		"100%\nη = 0.5",
		"a bar",
		" \nthen",
		"  η  name\n0.1  a|b\n −2  c",
		"end",
	}, texts(list), "in the order of the calls, lines that follow each other in one output")

	about := map[string]any{"alt": "a bar", "width": 640, "height": 400}
	assert.Equal(t, protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			"image/svg+xml": "<svg/>",
			"image/png":     []byte("\x89PNG"), // the kernel's JSON encodes bytes in base64
			"text/plain":    "a bar",
		},
		Metadata: map[string]any{"image/svg+xml": about, "image/png": about},
	}, list[1])
	assert.Equal(t, "| η | name |\n|---:|:---|\n| 0.1 | a&#124;b |\n| −2 | c |\n", list[3].Data["text/markdown"])
}

// A moving picture has no SVG, which a notebook would show in place of the motion.
func TestAnimationIsShownAsPNGAlone(t *testing.T) {
	sent, stderr, code := runInKernel(t, "animation", nil)
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	require.Len(t, outputs(sent), 1)
	about := map[string]any{"alt": "a dance", "width": 640, "height": 400}
	assert.Equal(t, protocol.DisplayData{
		Data:     map[protocol.MIMEType]any{"image/png": []byte("\x89PNG"), "text/plain": "a dance"},
		Metadata: map[string]any{"image/png": about},
	}, outputs(sent)[0])
}

// The picture comes first, whole, for where no script runs.
func TestSlidersAreAnOutputAfterTheirStill(t *testing.T) {
	sent, stderr, code := runInKernel(t, "sliders", nil)
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	list := outputs(sent)
	assert.Equal(t, []string{"a bar", "run the cell to drag", "after"}, texts(list))
	assert.Contains(t, list[0].Data, protocol.MIMEImagePNG)
	assert.Equal(t, protocol.DisplayData{Data: map[protocol.MIMEType]any{
		"text/html":  "<div></div><script></script>",
		"text/plain": "run the cell to drag",
	}}, list[1])

	sent, stderr, code = runInKernel(t, "html fails", nil)
	assert.Equal(t, []any{"the picture \"a bar\" cannot be drawn as HTML: NaN at η = 3\n", 1}, []any{stderr, code})
	assert.Equal(t, []string{"a bar"}, texts(outputs(sent)))
}

// Numbers are kept with their picture, if there are some and not too many.
func TestPicturesBringTheirNumbers(t *testing.T) {
	sent, stderr, code := runInKernel(t, "numbers", nil)
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	list := outputs(sent)
	require.Len(t, list, 3)
	assert.Equal(t, "x,y\n1,2\n", list[0].Data["text/csv"])
	for _, other := range list[1:] {
		assert.NotContains(t, other.Data, protocol.MIMEType("text/csv"))
		assert.Contains(t, other.Data, protocol.MIMEImagePNG)
	}
}

func TestNothingIsLostHoweverACellEnds(t *testing.T) {
	for name, wantCode := range map[string]int{"panic": 2, "exit": 0} {
		sent, stderr, code := runInKernel(t, name, nil)
		assert.Equal(t, wantCode, code)
		assert.Equal(t, name == "panic", strings.Contains(stderr, "panic: boom"), stderr)
		assert.Equal(t, []string{"before", "a bar"}, texts(outputs(sent)), name)
	}
	sent, stderr, code := runInKernel(t, "error", nil)
	assert.Equal(t, []any{"diabetes.csv: it has no rows\n", 1}, []any{stderr, code})
	assert.Equal(t, []string{"before"}, texts(outputs(sent)))
}

func TestKernelThatDies(t *testing.T) {
	_, stderr, code := runInKernel(t, "kernel dies", nil)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "the notebook's kernel does not take what the cell shows; restart the kernel and run the cell again\n")
}

func TestLongTextIsSeveralOutputs(t *testing.T) {
	sent, _, code := runInKernel(t, "long text", nil)
	require.Equal(t, 0, code)
	list := texts(outputs(sent))
	assert.Equal(t, strings.Repeat(strings.Repeat("x", 1999)+"\n", 18), strings.Join(list, "\n")+"\n")
	assert.Len(t, list, 2, "18 lines of 2,000 bytes, 9 of which are just over 16 KiB")
}

// A line costs the same however many there are, and arrives whatever ends the cell.
func TestManyLines(t *testing.T) {
	var want []string
	for i := range 3000 {
		want = append(want, fmt.Sprint(i))
	}
	for name, wantCode := range map[string]int{
		"lines, then the end": 0, "lines, then exit": 0, "lines, then panic": 2, "lines, then panic elsewhere": 2,
		"lines, then interrupt": -1, "lines, then kill": -1, "lines, then error": 1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, stderr, code := runInKernel(t, name, nil)
			assert.Equal(t, wantCode, code, stderr)
			list := outputs(sent)
			assert.Equal(t, strings.Join(want, "\n"), strings.Join(texts(list), "\n"))
			bytes := 0
			for _, text := range texts(sent) {
				bytes += len(text)
			}
			assert.Less(t, bytes, 10*len(strings.Join(want, "\n")), "%d updates", len(sent))
		})
	}
}

func TestManyLinesKeepTheirPlaceAmongPictures(t *testing.T) {
	sent, stderr, code := runInKernel(t, "lines and pictures", nil)
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	var thousand []string
	for i := range 1000 {
		thousand = append(thousand, fmt.Sprint(i))
	}
	part := strings.Join(thousand, "\n")
	assert.Equal(t, []string{part, "a bar", part, "a bar", part, "a bar"}, texts(outputs(sent)))
}

// The cell takes a second or more; nothing here depends on how long.
func TestTextIsSentTenTimesASecond(t *testing.T) {
	start := time.Now()
	sent, stderr, code := runInKernel(t, "lines that take their time", nil)
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	assert.LessOrEqual(t, len(sent), burst+2+int(time.Since(start)/updateEvery))
	assert.Greater(t, len(sent), burst+5, "some are sent while the cell runs")
	assert.Equal(t, 999, strings.Count(strings.Join(texts(outputs(sent)), "\n"), "\n"))
}

func TestFloodsAreCut(t *testing.T) {
	for name, budget := range map[string]budget{
		"an endless line": screen.texts, "endless tables": screen.texts, "endless pictures": screen.pictures, "endless small pictures": screen.pictures,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, stderr, code := runInKernel(t, name, nil)
			assert.Equal(t, []any{"", 0}, []any{stderr, code})
			list := texts(outputs(sent))
			assert.LessOrEqual(t, len(list), mostOutputs+1)
			last := list[len(list)-1]
			assert.Equal(t, budget.notice(), last[strings.LastIndex(last, "\n")+1:])
			assert.True(t, utf8.ValidString(last))
			assert.LessOrEqual(t, len(strings.Join(list, "\n")), mostText+1+len(budget.notice()))
		})
	}
}

func TestEndlessTextIsInterrupted(t *testing.T) {
	sent, _, code := runInKernelUntil(t, "endless text", CutNotice, syscall.SIGINT)
	assert.Equal(t, -1, code)
	text := strings.Join(texts(outputs(sent)), "\n")
	assert.LessOrEqual(t, len(text), mostText+1+len(screen.texts.notice()))
	assert.LessOrEqual(t, strings.Count(text, "\n"), mostText/lineCost+1, "a browser is slow with more lines")
	assert.True(t, strings.HasPrefix(text, "0\n1\n2\n"))
}

func TestEndlessProgress(t *testing.T) {
	sent, stderr, code := runInKernel(t, "endless progress", []string{protocol.GONB_JUPYTER_KERNEL_ID_ENV + "=0123"})
	require.Equal(t, []any{"", 0}, []any{stderr, code})
	require.NotEmpty(t, sent)
	assert.LessOrEqual(t, strings.Count(texts(sent)[len(sent)-1], "\n"), mostBars)
}

func TestOutsideANotebook(t *testing.T) {
	stdout, stderr, code := run(t, "mixed", nil)
	assert.Equal(t, []any{"100%\nη = 0.5\nfigure: a bar\n\nthen\n  η  name\n0.1  a|b\n −2  c\nend\n", "", 0}, []any{stdout, stderr, code})
	stdout, stderr, code = run(t, "work under text", nil)
	assert.Equal(t, []any{"above\nfigure: a bar\n", "", 0}, []any{stdout, stderr, code}, "no progress where nobody looks on")
}

func TestWhatCannotBeShown(t *testing.T) {
	for name, want := range map[string]string{
		"no picture":  "lab.Show was given no picture (nil)\n",
		"nil picture": "lab.Show was given no picture (nil)\n",
		"no alt":      "the picture has no text alternative; say in its Alt what it shows\n",
		"empty":       "the picture \"a bar\" is empty: its PNG has 0 bytes\n",
		"svg fails":   "the picture \"a bar\" cannot be drawn as SVG: NaN at step 3\n",
		"no header":   "lab.Table was given no header; name each column\n",
		"ragged rows": "row 2 of the table has 1 cell, its header 2\n",
	} {
		sent, stderr, code := runInKernel(t, name, nil)
		assert.Equal(t, []any{want, 1, 0}, []any{stderr, code, len(sent)}, name)
	}
}

func TestFlagParseOfACellIsTolerantOnlyInANotebook(t *testing.T) {
	_, stderr, code := runInKernel(t, "nothing of lab", nil, "--lr=1")
	assert.Equal(t, []any{"", 0}, []any{stderr, code})
	_, stderr, code = run(t, "nothing of lab", nil, "--lr=1")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "flag provided but not defined: -lr")
}

func TestProgressLeavesNothingBehind(t *testing.T) {
	stored := map[string][]string{
		"work under text":     {"above", "a bar"},
		"work then text":      {"after"},
		"work then picture":   {"a bar", "after"},
		"picture during work": {"a bar", "after"},

		"text, then a picture during work": {"above", "a bar", "after"},
		"short work":                       {"after"},
	}
	live := []string{protocol.GONB_JUPYTER_KERNEL_ID_ENV + "=0123"}
	for name, want := range stored {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, stderr, code := runInKernel(t, name, live)
			assert.Equal(t, []any{"", 0}, []any{stderr, code})
			assert.Equal(t, want, texts(outputs(sent)))
			seen := strings.Contains(strings.Join(texts(sent), "\n"), "training ")
			assert.Equal(t, name != "short work", seen, texts(sent))

			sent, _, _ = runInKernel(t, name, nil)
			assert.Equal(t, want, texts(outputs(sent)))
			assert.NotContains(t, strings.Join(texts(sent), "\n"), "training", "nobody looks on: not even for a moment")
		})
	}
	t.Run("work fails", func(t *testing.T) {
		t.Parallel()
		sent, stderr, code := runInKernel(t, "work fails", live)
		assert.Equal(t, []any{"diverged at step 3\n", 1}, []any{stderr, code})
		assert.Equal(t, []string{""}, texts(outputs(sent)))
	})
}

func TestProgressLine(t *testing.T) {
	b := &Bar{what: "training", total: 200}
	b.Add(30)
	b.Add(40)
	assert.Equal(t, "training ███████░░░░░░░░░░░░░ 35 %, 4.2 s", b.line(4200*time.Millisecond))
	b.Set(1000)
	assert.Equal(t, "training ████████████████████ 100 %, 4.2 s", b.line(4200*time.Millisecond))
	b.Set(-1)
	assert.Equal(t, "training ░░░░░░░░░░░░░░░░░░░░ 0 %, 4.2 s", b.line(4200*time.Millisecond))
	b.total = 0
	assert.Equal(t, "training … 4.2 s", b.line(4200*time.Millisecond))
	var none *Bar
	none.Add(1)
	none.Set(1)
	none.Done()
}
