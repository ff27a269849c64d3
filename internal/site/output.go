package site

import (
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"maps"
	"path"
	"regexp"
	"strings"

	"descent.example/pkg/notebook"
)

var (
	// slides is what figure.Slides leaves in a notebook: words, and a script with all its pictures.
	slides = regexp.MustCompile(`(?s)^<div data-slides="(\w+)"><p>(.*?)</p></div>\s*<script>\s*(.*?)\s*</script>\s*$`)

	// trust ends the words of slides in JupyterLab, which shows scripts after a person's leave alone. A page needs none.
	trust = regexp.MustCompile(`\s*To [^.:]*, run the cell or trust the notebook: .*$`)

	ansi    = regexp.MustCompile("\x1b\\[[0-9;]*m")
	aligned = regexp.MustCompile(`\S {2,}\S`) // words below each other
)

// outputs returns what a cell showed as HTML; id is the cell's.
func (c *chapter) outputs(cell notebook.Cell, id string) (all []template.HTML, err error) {
	for i, o := range cell.Outputs {
		if i+1 < len(cell.Outputs) && !c.inline {
			o = stillOf(o, cell.Outputs[i+1])
		}
		shown, err := c.output(o, fmt.Sprintf("%s-%d", id, i))
		if err != nil {
			return nil, err
		}
		all = append(all, template.HTML(shown))
	}
	return all, nil
}

// output returns an output as HTML, in the best of its types; name is that of its files.
func (c *chapter) output(o notebook.Output, name string) (string, error) {
	switch o.Type {
	case "stream":
		return words(string(o.Text), ""), nil
	case "error":
		return words(o.Traceback(), "error"), nil
	}
	if text, ok := o.As("text/html"); ok {
		return c.htmlOutput(text, name), nil
	}
	if picture, ok := o.As("image/svg+xml"); ok {
		return c.picture(o, "image/svg+xml", name+".svg", []byte(picture))
	}
	for mime, ext := range map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"} {
		if text, ok := o.As(mime); ok {
			data, err := bytesOf(text)
			if err != nil {
				return "", err
			}
			return c.picture(o, mime, name+ext, data)
		}
	}
	if text, ok := o.As("text/markdown"); ok {
		return c.ofOutput(text)
	}
	text, _ := o.As("text/plain")
	return words(text, ""), nil
}

// frames is what the script of an animation has of its pictures: JSON, by gzip, in base64.
var frames = regexp.MustCompile(`"(H4sI[\w+/=]+)"`)

// stillOf is an output that stands for an animation until its script comes: one of its pictures, as SVG, in place of an animated PNG that has
// ten times the bytes. Any other output stays.
func stillOf(o, next notebook.Output) notebook.Output {
	_, is := o.As("image/png")
	_, vectors := o.As("image/svg+xml")
	script, _ := next.As("text/html")
	packed := frames.FindStringSubmatch(script)
	if !is || vectors || packed == nil || !slides.MatchString(script) {
		return o
	}
	var film struct {
		Frames  []string
		Sliders []struct{ Start uint }
		Moves   bool
	}
	unzipped, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed[1])))
	if err != nil || json.NewDecoder(unzipped).Decode(&film) != nil || !film.Moves || len(film.Sliders) != 1 || film.Sliders[0].Start >= uint(len(film.Frames)) {
		return o
	}
	picture, err := json.Marshal(film.Frames[film.Sliders[0].Start])
	if err != nil {
		return o
	}
	still := o
	still.Data = maps.Clone(o.Data)
	still.Data["image/svg+xml"], still.Data[animated] = picture, o.Data["image/png"]
	still.Metadata = map[string]json.RawMessage{"image/svg+xml": o.Metadata["image/png"]}
	return still
}

// animated is the type of an animated PNG that a still stands for.
const animated = "image/apng"

// words are a text that a cell said.
func words(text, class string) string {
	text = strings.TrimRight(ansi.ReplaceAllString(text, ""), "\n")
	if class == "" && aligned.MatchString(text) {
		class = "aligned"
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	return "<pre" + class + ">" + html.EscapeString(text) + "</pre>"
}

// bytesOf is a picture that a notebook has in base64. It is an error when it is something else.
func bytesOf(text string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		return nil, fmt.Errorf("a picture is not in base64: %w", err)
	}
	return data, nil
}

// A file is to be taken away.
type file struct {
	Kind, Name string
	Address    template.URL
}

// picture is an image, and below it the file to take away.
func (c *chapter) picture(o notebook.Output, mime, name string, data []byte) (string, error) {
	var about struct {
		Alt           string
		Width, Height int
	}
	json.Unmarshal(o.Metadata[mime], &about)
	plain, _ := o.As("text/plain")
	files := []file{{strings.ToUpper(path.Ext(name)[1:]), c.Name + "-" + name, template.URL(c.asset(name, mime, data))}}
	if numbers, ok := o.As("text/csv"); ok {
		name := strings.TrimSuffix(name, path.Ext(name)) + ".csv"
		files = append(files, file{"CSV", c.Name + "-" + name, template.URL(c.asset(name, "text/csv", []byte(numbers)))})
	}
	if moves, ok := o.As(animated); ok {
		data, err := bytesOf(moves)
		if err != nil {
			return "", err
		}
		name := strings.TrimSuffix(name, path.Ext(name)) + ".png"
		files = append(files, file{"PNG", c.Name + "-" + name, template.URL(c.asset(name, animated, data))})
	}
	text, err := fill("picture.html", map[string]any{
		"Source": files[0].Address, "Alt": cmp.Or(about.Alt, plain), "Width": about.Width, "Height": about.Height, "Files": files,
	})
	return string(text), err
}

// htmlOutput is HTML that a cell showed. The many pictures of slides come when a reader is near them.
func (c *chapter) htmlOutput(text, name string) string {
	m := slides.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	said := trust.ReplaceAllString(m[2], "")
	if c.inline {
		return fmt.Sprintf(`<div data-slides="%s"><p>%s</p></div><script>%s</script>`, m[1], said, m[3])
	}
	script := c.asset(name+".js", "text/javascript", []byte(m[3]+"\n"))
	return fmt.Sprintf(`<div data-slides="%s" data-script="%s"><p>%s</p></div>`, m[1], script, said)
}
