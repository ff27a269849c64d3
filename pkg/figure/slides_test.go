package figure

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"descent.example/internal/says"
	"descent.example/pkg/figure/internal/ink"
	"descent.example/pkg/figure/internal/places"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// straight is the line values[0]·x + values[1] and a sentence that names them.
func straight(values []float64) (*Figure, string) {
	a, b := values[0], values[1]
	return New("Line", X("x"), Y("y")).Line("line", []float64{0, 1}, []float64{b, a + b}), fmt.Sprintf("<%g, %g>", a, b)
}

type slidePage struct {
	Sliders []struct {
		Name   string
		Values []string
		Start  int
	}
	Frames, Words []string
	Width, Height int
	Moves         bool
}

// unpack reads what the script in the page reads.
func unpack(t *testing.T, page []byte) (p slidePage) {
	t.Helper()
	found := regexp.MustCompile(`(?s)^<div data-slides="([0-9a-f]{16})"><p>.*</p></div>\n<script>\n.*\("([0-9a-f]{16})", "([A-Za-z0-9+/=]+)"\);\n</script>\n$`).FindSubmatch(page)
	require.NotNil(t, found)
	require.Equal(t, found[1], found[2], "the script looks for the element")
	zipped, err := base64.StdEncoding.DecodeString(string(found[3]))
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(r).Decode(&p))
	return p
}

func TestEvery(t *testing.T) {
	require.Equal(t, []float64{0, 0.1, 0.2, 0.3}, Every(0, 0.3, 0.1))
	require.Equal(t, []float64{-1, -0.5, 0}, Every(-1, 0.2, 0.5))
	require.Empty(t, Every(1, 0, 0.1))
}

func TestSlidesHoldEveryCombination(t *testing.T) {
	slides := func() *Slides {
		return Slide(straight, Slider{"slope a", Every(-1, 1, 0.5), 0.7}, Slider{"<b>", []float64{0, 1e-3}, 1e-3})
	}
	s := slides()
	page, err := s.HTML()
	require.NoError(t, err)
	again, err := slides().HTML()
	require.NoError(t, err)
	assert.Equal(t, page, again, "the same slides give the same bytes")
	assert.Contains(t, string(page), `<p>&lt;0.7, 0.001&gt; To move the sliders (slope a; &lt;b&gt;), run the cell or trust the notebook: choose &#34;Trust Notebook&#34; in`, "where no script runs")

	p := unpack(t, page)
	require.Len(t, p.Sliders, 2)
	assert.Equal(t, []string{"−1", "−0.5", "0", "0.5", "0.7", "1"}, p.Sliders[0].Values, "Start is among the values")
	assert.Equal(t, []any{"slope a", 4, "<b>", 1}, []any{p.Sliders[0].Name, p.Sliders[0].Start, p.Sliders[1].Name, p.Sliders[1].Start})
	require.Len(t, p.Frames, 12)
	assert.Equal(t, "<−1, 0>", p.Words[0], "a minus sign, as on the axes")
	assert.Equal(t, "<−1, 0.001>", p.Words[1], "the last slider moves first, as in the script")
	assert.Equal(t, "<0.7, 0.001>", p.Words[4*2+1])
	ends := func(svg string) (left, right string) { // of the line, in pixels
		found := regexp.MustCompile(`stroke="#0072b2"[^>]* d="M\S+ (\S+)L\S+ ([\d.]+)"`).FindAllStringSubmatch(places.Of(svg), -1)
		require.Len(t, found, 2, "the legend's, then the line")
		return found[1][1], found[1][2]
	}
	var tops []string
	for _, frame := range p.Frames {
		require.NoError(t, xml.Unmarshal([]byte(frame), new(struct{})))
		assert.Contains(t, frame, fmt.Sprintf(`width="%d" height="%d"`, p.Width, p.Height))
		_, right := ends(frame)
		tops = append(tops, right)
	}
	left, flat := ends(p.Frames[4])
	assert.Equal(t, left, flat, "slope 0")
	for i := 2; i < len(tops); i += 2 {
		assert.NotEqual(t, tops[i-2], tops[i])
	}
	up, _ := ends(p.Frames[0])
	assert.Equal(t, left, up, "all have the same axes")

	still, err := s.SVG()
	require.NoError(t, err)
	alone, _ := straight([]float64{0.7, 1e-3})
	want, err := alone.SVG()
	require.NoError(t, err)
	assert.Equal(t, string(want), string(still))
	assert.Equal(t, alone.Alt(), s.Alt())
	image, err := s.PNG()
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(image), "\x89PNG"))
}

func TestSlidesThatCannotBeDrawn(t *testing.T) {
	a := Slider{"a", []float64{1, 2}, 1}
	b := Slider{"b", []float64{0, 1}, 0}
	for want, s := range map[string]*Slides{
		"one slider":                 Slide(straight),
		"nil … function":             Slide(nil, a),
		"slider … name":              Slide(straight, a, Slider{"", []float64{1}, 1}),
		`slider "c" … 2 … 1`:         Slide(straight, a, Slider{"c", []float64{2, 1}, 2}),
		`slider "c" … 1 … NaN`:       Slide(straight, a, Slider{"c", []float64{math.NaN()}, 1}),
		"combinations … 1200 … 1000": Slide(straight, a, Slider{"c", Every(1, 600, 1), 1}),
		"a = 1, b = 0 … nil":         Slide(func([]float64) (*Figure, string) { return nil, "" }, a, b),
		`a = 2, b = 0 … line "line" … data`: Slide(func(v []float64) (*Figure, string) {
			return New("t", X("x"), Y("y")).Line("line", nil, make([]float64, int(2-v[0]))), ""
		}, a, b),
		"a = 1, b = 1 … panels": Slide(func(v []float64) (*Figure, string) {
			f, _ := straight(v)
			return Row([]*Figure{f, f}[int(v[1]):]...), ""
		}, a, b),
	} {
		_, err := s.HTML()
		says.All(t, err, want)
		_, err = s.SVG()
		says.All(t, err, want)
		assert.NotEmpty(t, s.Alt())
	}
}

func TestAnimationStopsAtEachFrame(t *testing.T) {
	motion := func() *Animation {
		return Animate(3, 4, func(i int) *Figure { f, _ := straight([]float64{float64(i), 0}); return f }).StillAt(1)
	}
	a := motion()
	html, err := a.HTML()
	require.NoError(t, err)
	again, err := motion().HTML()
	require.NoError(t, err)
	assert.Equal(t, html, again)
	assert.Contains(t, string(html), "<p>"+ink.Escape(a.Instead())+"</p>")
	p := unpack(t, html)
	require.Len(t, p.Sliders, 1)
	assert.Equal(t, []string{"1 of 3", "2 of 3", "3 of 3"}, p.Sliders[0].Values)
	assert.Equal(t, 1, p.Sliders[0].Start)
	assert.True(t, p.Moves)
	require.Len(t, p.Frames, 3)
	require.Len(t, p.Words, 3)
	assert.NotEqual(t, p.Frames[0], p.Frames[1])
	w, h := a.Size()
	assert.Equal(t, []int{w, h}, []int{p.Width, p.Height})
	_, err = Animate(0, 4, nil).HTML()
	assert.ErrorContains(t, err, "an animation of 0 frames")
}
