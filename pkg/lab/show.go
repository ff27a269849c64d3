package lab

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// A Picture is one drawing as PNG, which may be animated, and in words (Alt, not
// empty) for those who do not see it.
type Picture interface {
	PNG() ([]byte, error)
	Alt() string
}

// A Vector picture is displayed as SVG as well. A moving picture is not one: the
// SVG, which a notebook prefers, would hide the motion.
type Vector interface {
	SVG() ([]byte, error)
}

// A Sized picture is displayed with this width and height, in CSS pixels.
type Sized interface {
	Size() (width, height int)
}

// A Live picture is followed by HTML with a script, an output of its own, which
// answers to the reader's hand and takes the still's place. Instead stands there
// in words where no script runs.
type Live interface {
	HTML() ([]byte, error)
	Instead() string
}

// Show displays a picture: its SVG if it is a Vector, its PNG (which GitHub and a
// notebook that is not trusted show instead) and its words in one output. A picture
// that cannot be drawn ends the cell as Check does. Outside a notebook, Show prints
// "figure: " and the words.
func Show(pic Picture) {
	closeDeclarations("lab.Show")
	if pic == nil {
		fatal(1, errors.New("lab.Show was given no picture (nil)"))
	}
	alt := strings.TrimSpace(pic.Alt())
	if alt == "" {
		fatal(1, errors.New("the picture has no text alternative; say in its Alt what it shows"))
	}
	if !gonbui.IsNotebook {
		screen.say("figure: " + alt)
		return
	}
	// nbconvert looks for alt, JupyterLab for width and height, under the MIME type.
	about := map[string]any{"alt": alt}
	if sized, isSized := pic.(Sized); isSized {
		about["width"], about["height"] = sized.Size()
	}
	data, metadata := map[protocol.MIMEType]any{protocol.MIMETextPlain: alt}, map[string]any{}
	drawn := func(as string, mime protocol.MIMEType, draw func() ([]byte, error)) []byte {
		image, err := draw()
		if err != nil {
			fatal(1, fmt.Errorf("the picture %q cannot be drawn as %s: %w", alt, as, err))
		}
		if len(image) == 0 {
			fatal(1, fmt.Errorf("the picture %q is empty: its %s has 0 bytes", alt, as))
		}
		metadata[string(mime)] = about
		return image
	}
	if vector, isVector := pic.(Vector); isVector {
		data[protocol.MIMEImageSVG] = string(drawn("SVG", protocol.MIMEImageSVG, vector.SVG))
	}
	data[protocol.MIMEImagePNG] = drawn("PNG", protocol.MIMEImagePNG, pic.PNG)
	screen.show(data, metadata)
	if live, isLive := pic.(Live); isLive {
		screen.show(map[protocol.MIMEType]any{
			protocol.MIMETextHTML:  string(drawn("HTML", protocol.MIMETextHTML, live.HTML)),
			protocol.MIMETextPlain: live.Instead(),
		}, nil)
	}
}

// Say prints a line of text, formatted as by fmt.Printf. Lines that follow each
// other are one output of the notebook.
func Say(format string, args ...any) {
	closeDeclarations("lab.Say")
	screen.say(strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"))
}

// Table displays rows under a header, in Markdown (so $η$ and **bold** work) with
// plain text beside it. A column of numbers is aligned to the right. A row whose
// length is not the header's ends the cell as Check does.
func Table(header []string, rows [][]string) {
	closeDeclarations("lab.Table")
	if len(header) == 0 {
		fatal(1, errors.New("lab.Table was given no header; name each column"))
	}
	for i, row := range rows {
		if len(row) != len(header) {
			fatal(1, fmt.Errorf("row %d of the table has %d cells, its header %d", i+1, len(row), len(header)))
		}
	}
	plain := plainTable(header, rows)
	if !gonbui.IsNotebook {
		screen.say(plain)
		return
	}
	screen.show(map[protocol.MIMEType]any{
		protocol.MIMETextMarkdown: markdownTable(header, rows),
		protocol.MIMETextPlain:    plain,
	}, nil)
}

func markdownTable(header []string, rows [][]string) string {
	escape := strings.NewReplacer("|", `\|`, "\n", " ")
	var b strings.Builder
	line := func(items []string) {
		for _, item := range items {
			b.WriteString("| " + escape.Replace(item) + " ")
		}
		b.WriteString("|\n")
	}
	line(header)
	for j := range header {
		if isNumeric(rows, j) {
			b.WriteString("|---:")
		} else {
			b.WriteString("|:---")
		}
	}
	b.WriteString("|\n")
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

func plainTable(header []string, rows [][]string) string {
	lines := make([]string, 1+len(rows))
	for j := range header {
		width := utf8.RuneCountInString(header[j])
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(row[j]))
		}
		for i := range lines {
			item := header[j]
			if i > 0 {
				item = rows[i-1][j]
			}
			pad := strings.Repeat(" ", width-utf8.RuneCountInString(item))
			if isNumeric(rows, j) {
				item = pad + item
			} else {
				item += pad
			}
			if j > 0 {
				item = "  " + item
			}
			lines[i] += item
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// isNumeric says whether column j has numbers only.
func isNumeric(rows [][]string, j int) bool {
	for _, row := range rows {
		if _, err := strconv.ParseFloat(strings.Replace(row[j], "−", "-", 1), 64); err != nil {
			return false
		}
	}
	return len(rows) > 0
}

// screen is what the cell shows.
var screen = &display{}

// display puts what the cell shows in order. In a notebook the text at the end is a
// block with a display id: it grows in place, line by line, and a progress line under
// it can be taken away again. Jupyter cannot remove an output that it has, so the
// block of a progress line without text above is taken over by whatever comes next.
type display struct {
	mu     sync.Mutex
	id     string // display id of the block at the end; "" if the last output is no block
	text   string // its lines
	status string // the progress under them
	bars   []*Bar // the work in progress
}

// longBlock is the length at which a text block is closed and another begun, as each
// line sends its block anew.
const longBlock = 16 << 10

func (d *display) say(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !gonbui.IsNotebook {
		d.setStatus("")
		fmt.Fprintln(os.Stdout, line)
		return
	}
	if len(d.text) > longBlock {
		d.closeBlock()
	}
	if d.text != "" {
		d.text += "\n"
	} else if line == "" {
		line = " " // a block with an empty text counts as free
	}
	d.text += line
	d.sendBlock()
}

// show sends a bundle as an output of its own, at the place of a block that is free.
func (d *display) show(data map[protocol.MIMEType]any, metadata map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := ""
	if d.text == "" {
		id = d.id
		d.id, d.status = "", ""
	} else {
		d.closeBlock()
	}
	send(&protocol.DisplayData{Data: data, Metadata: metadata, DisplayID: id})
}

// closeBlock leaves the block as it is, without the progress.
func (d *display) closeBlock() {
	d.setStatus("")
	d.id, d.text = "", ""
}

// setStatus replaces the progress line, or with "" takes it away.
func (d *display) setStatus(status string) {
	if status == d.status {
		return
	}
	d.status = status
	if gonbui.IsNotebook {
		d.sendBlock()
	} else {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s", status)
	}
}

func (d *display) sendBlock() {
	if d.id == "" {
		d.id = gonbui.UniqueId()
	}
	text := d.text
	if text != "" && d.status != "" {
		text += "\n"
	}
	send(&protocol.DisplayData{
		Data:      map[protocol.MIMEType]any{protocol.MIMETextPlain: text + d.status},
		DisplayID: d.id,
	})
}

// The metadata of a picture is a map in a map, which gob must know.
func init() { gob.Register(map[string]any{}) }

// send returns when the kernel has published the data. GoNB drops what is still in
// its pipe when a cell ends, hence the wait.
func send(data *protocol.DisplayData) {
	gonbui.SendData(data)
	arrived := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(arrived)
	}()
	select {
	case <-arrived:
		if gonbui.Error() == nil {
			return
		}
	case <-time.After(kernelTimeout):
	}
	fmt.Fprintln(os.Stderr, "the notebook's kernel does not take what the cell shows; restart the kernel and run the cell again")
	os.Exit(1)
}

// kernelTimeout is long enough for a kernel on a machine that is busy training.
const kernelTimeout = 30 * time.Second
