package lab

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"descent.example/internal/brief"
	"descent.example/internal/plural"
)

// A Picture is one drawing as PNG, which may be animated, and in words (Alt, not
// empty) for those who do not see it.
type Picture interface {
	PNG() ([]byte, error)
	Alt() string
}

// A Vector picture is displayed as SVG as well, which is drawn while the PNG is. A
// moving picture is not one: the SVG, which a notebook prefers, would hide the
// motion.
type Vector interface {
	SVG() ([]byte, error)
}

// A Tabular picture is stored with its numbers, as comma-separated values, if these are at most 64 KiB. Empty ones are none.
type Tabular interface {
	CSV() ([]byte, error)
}

// mostNumbers is how many bytes of numbers a notebook keeps with a picture.
const mostNumbers = 64 << 10

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
	if v := reflect.ValueOf(pic); pic == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		fatal(1, errors.New("lab.Show was given no picture (nil)"))
	}
	if living != nil {
		showLive(pic)
		return
	}
	alt, about := described(pic)
	if inNotebook() {
		showStored(pic, alt, about)
	} else {
		screen.say("figure: " + alt)
	}
}

// described is a picture's text alternative, and its metadata: nbconvert looks for alt, JupyterLab for width and height, under the MIME
// type.
func described(pic Picture) (alt string, about map[string]any) {
	alt = printable(strings.TrimSpace(pic.Alt()))
	if alt == "" {
		fatal(1, errors.New("the picture has no text alternative; say in its Alt what it shows"))
	}
	about = map[string]any{"alt": alt}
	if sized, isSized := pic.(Sized); isSized && inNotebook() {
		if width, height := sized.Size(); width > 0 && height > 0 {
			about["width"], about["height"] = width, height
		}
	}
	return alt, about
}

// showStored shows a picture in the forms in which a notebook keeps it. about is its metadata.
func showStored(pic Picture, alt string, about map[string]any) {
	data, metadata := map[protocol.MIMEType]any{protocol.MIMETextPlain: alt}, map[string]any{}
	drawn := func(as string, mime protocol.MIMEType, image []byte, err error) []byte {
		if err != nil {
			fatal(1, fmt.Errorf("the picture %q cannot be drawn as %s: %w", brief.Of(alt), as, err))
		}
		if len(image) == 0 {
			fatal(1, fmt.Errorf("the picture %q is empty: its %s has 0 bytes", brief.Of(alt), as))
		}
		metadata[string(mime)] = about
		return image
	}
	var png []byte
	var pngErr error
	var drawing sync.WaitGroup
	drawing.Go(func() { png, pngErr = pic.PNG() })
	if vector, isVector := pic.(Vector); isVector {
		svg, err := vector.SVG()
		data[protocol.MIMEImageSVG] = string(drawn("SVG", protocol.MIMEImageSVG, svg, err))
	}
	if tabular, isTabular := pic.(Tabular); isTabular {
		if numbers, err := tabular.CSV(); err == nil && len(numbers) > 0 && len(numbers) <= mostNumbers { // SVG has said what is wrong
			data["text/csv"] = string(numbers)
		}
	}
	drawing.Wait()
	data[protocol.MIMEImagePNG] = drawn("PNG", protocol.MIMEImagePNG, png, pngErr)
	size := 0
	for _, image := range data {
		switch image := image.(type) {
		case string:
			size += len(image)
		case []byte:
			size += len(image)
		}
	}
	screen.show(&screen.pictures, size, data, metadata)
	if live, isLive := pic.(Live); isLive {
		page, err := live.HTML()
		html := string(drawn("HTML", protocol.MIMETextHTML, page, err))
		screen.show(&screen.pictures, len(html), map[protocol.MIMEType]any{
			protocol.MIMETextHTML:  html,
			protocol.MIMETextPlain: printable(live.Instead()),
		}, nil)
	}
}

// Say prints a line of text, formatted as by fmt.Printf. Lines that follow each
// other are one output of the notebook. A cell shows 1 MiB of text or 16,384 lines;
// what is more is cut, and a sentence says so. A number below 0 gets a minus sign, as in figures.
func Say(format string, args ...any) {
	closeDeclarations("lab.Say")
	screen.say(strings.TrimSuffix(withMinus(fmt.Sprintf(format, args...)), "\n"))
}

// Right is what Verdict says of an exercise that is solved.
const Right = "Right."

// Verdict says whether the reader's answer to an exercise is right: wrong is nil if it is, and otherwise the sentence on what it
// does not do yet.
func Verdict(wrong error) {
	closeDeclarations("lab.Verdict")
	if wrong != nil {
		screen.say(withMinus("Not yet: " + strings.TrimSuffix(wrong.Error(), "\n")))
		return
	}
	screen.say(Right)
}

// Row is one row of a Table, formatted as by fmt.Printf, with a bar between two cells:
//
//	lab.Row("%g | %d steps | %.2f", eta, steps, loss)
func Row(format string, args ...any) []string {
	const border = "\x00" // bars in the arguments are text
	row := strings.Split(fmt.Sprintf(strings.ReplaceAll(format, "|", border), args...), border)
	for j := range row {
		row[j] = strings.TrimSpace(row[j])
	}
	return row
}

// Table displays rows under a header, in Markdown (so $η$ and **bold** work; HTML,
// links and code do not) with plain text beside it. A column of numbers is aligned
// to the right, and one below 0 gets a minus sign. A row whose length is not the header's ends the cell as Check does.
func Table(header []string, rows [][]string) {
	closeDeclarations("lab.Table")
	if len(header) == 0 {
		fatal(1, errors.New("lab.Table was given no header; name each column"))
	}
	for i, row := range rows {
		if len(row) != len(header) {
			fatal(1, fmt.Errorf("row %d of the table has %s, its header %d", i+1, plural.Of(len(row), "cell"), len(header)))
		}
	}
	rows = slices.Clone(rows)
	for i, row := range rows {
		rows[i] = make([]string, len(row))
		for j, text := range row {
			rows[i][j] = withMinus(text)
		}
	}
	right := make([]bool, len(header))
	for j := range header {
		right[j] = isNumeric(rows, j)
	}
	plain := plainTable(header, rows, right)
	if !inNotebook() {
		screen.say(plain)
		return
	}
	screen.show(&screen.texts, len(plain), map[protocol.MIMEType]any{
		protocol.MIMETextMarkdown: markdownTable(header, rows, right),
		protocol.MIMETextPlain:    plain,
	}, nil)
}

func markdownTable(header []string, rows [][]string, right []bool) string {
	var b strings.Builder
	line := func(items []string) {
		for _, item := range items {
			b.WriteString("| " + markdown(item) + " ")
		}
		b.WriteString("|\n")
	}
	line(header)
	for j := range header {
		if right[j] {
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

func plainTable(header []string, rows [][]string, right []bool) string {
	lines := make([]strings.Builder, 1+len(rows))
	oneLine := strings.NewReplacer("\r", " ", "\n", " ")
	for j := range header {
		items, width := make([]string, len(lines)), 0
		for i := range lines {
			item := header[j]
			if i > 0 {
				item = rows[i-1][j]
			}
			items[i] = oneLine.Replace(printable(item))
			width = max(width, utf8.RuneCountInString(items[i]))
		}
		for i, item := range items {
			pad := strings.Repeat(" ", width-utf8.RuneCountInString(item))
			if j > 0 {
				lines[i].WriteString("  ")
			}
			if right[j] {
				item = pad + item
			} else {
				item += pad
			}
			lines[i].WriteString(item)
		}
	}
	texts := make([]string, len(lines))
	for i := range lines {
		texts[i] = strings.TrimRight(lines[i].String(), " ")
	}
	return strings.Join(texts, "\n")
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
