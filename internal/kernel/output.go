package kernel

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"descent.example/internal/plural"
)

// How much text a cell may show. Beyond it the beginning and the end are kept.
const (
	headLines, headBytes = 15_000, 768 << 10
	tailLines, tailBytes = 5_000, 256 << 10
)

// CutMark begins the sentence that stands in place of text that was left out.
const CutMark = "… output cut: "

// output is the text of one cell between its arrival and its sending: what is ready goes out ten times a second at most,
// and what exceeds the limits is cut.
type output struct {
	ready        []piece // to be sent
	lines, bytes int     // sent, or ready
	tail         []piece // beyond the beginning: the newest text
	tailSize     int
	cut          bool
	midLine      bool // the beginning ends within a line
	lostLines    int
	lostBytes    int
}

// A piece of one stream, stdout or stderr.
type piece struct{ stream, text string }

func join(pieces []piece, p piece) []piece {
	if n := len(pieces); n > 0 && pieces[n-1].stream == p.stream && len(pieces[n-1].text) < 8<<10 {
		pieces[n-1].text += p.text
		return pieces
	}
	return append(pieces, p)
}

func (o *output) write(stream, text string) {
	if !o.cut {
		keep := min(len(text), headBytes-o.bytes)
		for keep > 0 && keep < len(text) && !utf8.RuneStart(text[keep]) {
			keep--
		}
		room := headLines - o.lines
		for i := range keep {
			if text[i] != '\n' {
				continue
			}
			if room--; room == 0 {
				keep = i + 1
				break
			}
		}
		o.lines += strings.Count(text[:keep], "\n")
		o.bytes += keep
		if keep > 0 {
			o.ready = join(o.ready, piece{stream, text[:keep]})
			o.midLine = text[keep-1] != '\n'
		}
		o.cut = keep < len(text) || o.lines >= headLines
		text = text[keep:]
	}
	if text == "" {
		return
	}
	o.tail = append(o.tail, piece{stream, text})
	o.tailSize += len(text)
	for o.tailSize-len(o.tail[0].text) > tailBytes {
		o.lose(o.tail[0].text)
		o.tailSize -= len(o.tail[0].text)
		o.tail[0].text = ""
		o.tail = o.tail[1:]
	}
}

func (o *output) lose(text string) {
	o.lostLines += strings.Count(text, "\n")
	o.lostBytes += len(text)
}

// take returns what is ready, as few messages.
func (o *output) take() (messages []piece) {
	var text strings.Builder
	for i, p := range o.ready {
		text.WriteString(p.text)
		last := i == len(o.ready)-1
		if last || o.ready[i+1].stream != p.stream || strings.HasPrefix(o.ready[i+1].text, CutMark) || strings.HasPrefix(p.text, CutMark) {
			messages = append(messages, piece{p.stream, text.String()})
			text.Reset()
		}
	}
	o.ready = nil
	return messages
}

// finish makes the end ready too, after a sentence about what is missing between.
func (o *output) finish() {
	var all strings.Builder
	for _, p := range o.tail {
		all.WriteString(p.text)
	}
	skip := max(0, all.Len()-tailBytes)
	text, lines := all.String(), 0
	for i := len(text) - 2; i >= skip; i-- {
		if text[i] == '\n' {
			if lines++; lines == tailLines {
				skip = i + 1
			}
		}
	}
	for skip < len(text) && !utf8.RuneStart(text[skip]) {
		skip++
	}
	o.lose(text[:skip])
	if o.lostBytes > 0 {
		// A line and a message of its own in standard output, where `lab run` looks for it.
		if o.midLine {
			o.ready = append(o.ready, piece{"stdout", "\n"})
		}
		o.ready = append(o.ready, piece{"stdout", fmt.Sprintf("%s%s are left out here; print less, or write to a file with os.Create and fmt.Fprintln.\n",
			CutMark, amount(o.lostLines, o.lostBytes))})
	}
	for _, p := range o.tail {
		drop := min(skip, len(p.text))
		skip -= drop
		if p.text = p.text[drop:]; p.text != "" {
			o.ready = append(o.ready, p)
		}
	}
	o.tail, o.tailSize = nil, 0
	o.lostLines, o.lostBytes, o.midLine = 0, 0, false // which the sentence has said
}

func amount(lines, bytes int) string {
	size := fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	if bytes < 100_000 {
		size = fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	}
	if lines == 0 {
		return size
	}
	return fmt.Sprintf("%s (%s)", plural.Of(lines, "line"), size)
}
