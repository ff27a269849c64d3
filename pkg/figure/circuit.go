package figure

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"descent.example/pkg/figure/internal/ink"
	"gonum.org/v1/plot/vg"
)

// CircuitLayer is a dense layer of a net as a Circuit draws it: h = φ(Σᵢ inputᵢ·Weights[i] + Biases).
type CircuitLayer struct {
	Weights [][]float64 // [in][out]; nil for an adder of all inputs without weights (lecture, Fig. 6)
	Biases  []float64   // [out]; nil for none
	ReLU    bool        // whether a ReLU follows
}

// Circuit is the picture of a net as the lecture draws nets, as an analog circuit (Fig. 5 to 8): a triangle multiplies by
// the weight beside it, a circle adds its inputs and a bias, a box with an elbow is a ReLU. Nets of more than a few
// weights are drawn as columns of units, whose wires show the sign and size of the weights. It is a picture like
// Figure, except that it cannot be a panel of a row.
type Circuit struct {
	title     string
	layers    []CircuitLayer
	sizes     []int
	values    *signals
	gradients *signals
	err       error
}

// signals is what stands at the circuit's places: the inputs, and of each layer what its adders and its ReLUs give.
type signals struct {
	x    []float64
	z, h [][]float64
}

// NewCircuit draws the layers, the inputs on the left. The first mistake is kept and returned by SVG and PNG: no title, no
// layers, weights that do not fit together or are not finite.
func NewCircuit(title string, layers ...CircuitLayer) *Circuit {
	c := &Circuit{title: title, layers: layers}
	c.err = c.check()
	return c
}

func (c *Circuit) check() error {
	if c.title == "" {
		return errors.New("figure: a circuit has no title; say what it shows")
	}
	if err := checkText(c.title); err != nil {
		return err
	}
	if len(c.layers) == 0 {
		return fmt.Errorf("figure: circuit %q has no layers; give at least one", c.title)
	}
	if err := atMost(mostLayers, len(c.layers), "layers"); err != nil {
		return err
	}
	for l, layer := range c.layers {
		if layer.Weights == nil {
			if l == 0 {
				return fmt.Errorf("figure: circuit %q: the first layer must have weights", c.title)
			}
			c.sizes = append(c.sizes, 1)
		} else {
			if l > 0 && len(layer.Weights) != c.sizes[l] {
				return fmt.Errorf("figure: circuit %q: layer %d has weights for %d inputs, but %d come in",
					c.title, l, len(layer.Weights), c.sizes[l])
			}
			if l == 0 {
				c.sizes = []int{len(layer.Weights)}
			}
			if len(layer.Weights) == 0 || len(layer.Weights[0]) == 0 {
				return fmt.Errorf("figure: circuit %q: layer %d has no weights", c.title, l)
			}
			c.sizes = append(c.sizes, len(layer.Weights[0]))
		}
		out := c.sizes[l+1]
		for i, row := range layer.Weights {
			if len(row) != out {
				return fmt.Errorf("figure: circuit %q: layer %d has %d weights from input %d, but %d from the first",
					c.title, l, len(row), i, out)
			}
			for _, w := range row {
				if !finite(w) {
					return fmt.Errorf("figure: circuit %q: layer %d has the weight %v, which is not finite", c.title, l, w)
				}
			}
		}
		if layer.Biases != nil && len(layer.Biases) != out {
			return fmt.Errorf("figure: circuit %q: layer %d has %d biases, but %d units", c.title, l, len(layer.Biases), out)
		}
		for _, b := range layer.Biases {
			if !finite(b) {
				return fmt.Errorf("figure: circuit %q: layer %d has the bias %v, which is not finite", c.title, l, b)
			}
		}
	}
	return nil
}

// Values writes above each wire what it carries: x [in], z [layers][out] before the ReLUs and h [layers][out] after them;
// h of a layer without a ReLU may be left out.
func (c *Circuit) Values(x []float64, z, h [][]float64) *Circuit {
	c = c.made()
	c.values = c.take("values", x, z, h)
	return c
}

// Gradients writes below each wire the derivative of the output, or of the loss, with respect to what the wire carries, in
// the places of Values, and below each weight and bias the derivative with respect to it. The wires show it too: blue where it is
// positive, orange and dashed where it is negative, pale where it is 0. It needs Values.
func (c *Circuit) Gradients(x []float64, z, h [][]float64) *Circuit {
	c = c.made()
	if c.values == nil && c.err == nil {
		c.err = fmt.Errorf("figure: circuit %q: gradients need the values; call Values first", c.title)
	}
	c.gradients = c.take("gradients", x, z, h)
	return c
}

func (c *Circuit) take(what string, x []float64, z, h [][]float64) *signals {
	if c.err != nil {
		return nil
	}
	s := &signals{x: x, z: z}
	fits := len(x) == c.sizes[0] && len(z) == len(c.layers)
	for l := range c.layers {
		fits = fits && len(z[l]) == c.sizes[l+1]
		switch {
		case !fits:
		case l < len(h):
			fits = len(h[l]) == c.sizes[l+1]
			s.h = append(s.h, h[l])
		case !c.layers[l].ReLU:
			s.h = append(s.h, z[l])
		default:
			fits = false
		}
	}
	if !fits {
		c.err = fmt.Errorf("figure: circuit %q: the %s do not fit its sizes %v", c.title, what, c.sizes)
		return nil
	}
	return s
}

// into is what comes into a layer.
func (s *signals) into(layer int) []float64 {
	if layer == 0 {
		return s.x
	}
	return s.h[layer-1]
}

// orZero is s, or zeros where there are none.
func (c *Circuit) orZero(s *signals) *signals {
	if s != nil {
		return s
	}
	s = &signals{x: make([]float64, c.sizes[0])}
	for _, n := range c.sizes[1:] {
		s.z, s.h = append(s.z, make([]float64, n)), append(s.h, make([]float64, n))
	}
	return s
}

// SVG returns the picture as an SVG document, as Figure.SVG does. The error is the first mistake of NewCircuit, Values or
// Gradients.
func (c *Circuit) SVG() ([]byte, error) {
	l, err := c.layout()
	if err != nil {
		return nil, err
	}
	return ink.SVG(l.w, l.h, c.title, c.Alt(), l.draw)
}

// PNG returns the picture as an image, as Figure.PNG does; its errors are those of SVG.
func (c *Circuit) PNG() ([]byte, error) {
	l, err := c.layout()
	if err != nil {
		return nil, err
	}
	return ink.PNG(l.w, l.h, l.draw)
}

// Size returns the width and height in CSS pixels, or zeros where SVG and PNG return an error.
func (c *Circuit) Size() (width, height int) {
	l, err := c.layout()
	if err != nil {
		return 0, 0
	}
	return l.w, l.h
}

// Alt returns the text alternative: the sizes, and of a circuit drawn in full every element.
func (c *Circuit) Alt() string {
	if c = c.made(); c.err != nil {
		return cmp.Or(c.title, "circuit")
	}
	var parts []string
	for l, layer := range c.layers {
		out := c.sizes[l+1]
		name := fmt.Sprintf("layer %d", l+1)
		if !c.full() {
			parts = append(parts, fmt.Sprintf("%s: %d units, %s", name, out, c.extent(layer)))
			continue
		}
		for j := range out {
			var terms []string
			for i := range c.sizes[l] {
				if layer.Weights == nil {
					terms = append(terms, fmt.Sprintf("input %d", i+1))
				} else {
					terms = append(terms, fmt.Sprintf("%s times input %d", number(layer.Weights[i][j]), i+1))
				}
			}
			if layer.Biases != nil {
				terms = append(terms, number(layer.Biases[j]))
			}
			text := fmt.Sprintf("%s, unit %d: %s", name, j+1, strings.Join(terms, " plus "))
			if layer.ReLU {
				text += ", then ReLU"
			}
			if c.values != nil {
				text += ", gives " + number(c.values.h[l][j])
			}
			if c.gradients != nil {
				text += ", derivative " + number(c.gradients.h[l][j])
			}
			parts = append(parts, text)
		}
	}
	text := fmt.Sprintf("%s. Circuit, inputs: %d", c.title, c.sizes[0])
	if c.values != nil {
		var xs []string
		for _, x := range c.values.x {
			xs = append(xs, number(x))
		}
		text += " (" + strings.Join(xs, ", ") + ")"
	}
	return ink.Minus(text + ". " + strings.Join(parts, ". ") + ".")
}

// extent says the range of a layer's weights.
func (c *Circuit) extent(layer CircuitLayer) string {
	if layer.Weights == nil {
		return "without weights"
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, row := range layer.Weights {
		for _, w := range row {
			lo, hi = min(lo, w), max(hi, w)
		}
	}
	return fmt.Sprintf("weights from %s to %s", number(lo), number(hi))
}

// full says whether every element is drawn: as long as they stay few.
func (c *Circuit) full() bool {
	if len(c.layers) > 2 {
		return false
	}
	for l := range c.layers {
		if c.sizes[l]*c.sizes[l+1] > 6 {
			return false
		}
	}
	return true
}

// Lengths of a circuit in CSS pixels.
const (
	circuitRow    = 74.0 // between two elements of a column
	circuitColumn = 92.0 // between two columns, without labels on the wires
	labelRoom     = 38.0 // more, with them
	element       = 15.0 // half the height of an element
	stub          = 8.0  // of a wire, beside an element
	unitRow       = 40.0 // between two units
	unitColumn    = 150.0
	unitRadius    = 12.0
	mostUnits     = 14 // of a column; of more some are left out
)

var (
	plusWire  = Style{Color: ink.Palette[0], Width: 2}
	minusWire = Style{Color: ink.Palette[1], Width: 2, Dashes: []vg.Length{6, 3}}
	deadWire  = Style{Color: color.NRGBA{0x9a, 0x9a, 0x9a, 0xff}, Width: 1.2}
	wire      = Style{Color: ink.Gray, Width: 1.6}
	outline   = Style{Color: ink.Dark, Width: 1.8} // of an element
)

// circuitLayout is a list of what to draw, in pixels from the lower left corner, y up.
type circuitLayout struct {
	w, h   int
	ops    []func(Pen)
	labels []func(Pen) // above all else, on a ground of their own
}

func (l *circuitLayout) draw(p Pen) {
	p.Box(ink.White, Rect{Min: At(0, 0), Max: At(float64(l.w), float64(l.h))})
	for _, op := range append(l.ops, l.labels...) {
		op(p)
	}
}

func (l *circuitLayout) add(op func(Pen)) { l.ops = append(l.ops, op) }

// text is a label, centerd on at, whose end a wire may pass behind.
func (l *circuitLayout) text(s string, at Point) { l.label(ink.Dark, s, at) }

// partial is a label with a derivative, in the color of its sign.
func (l *circuitLayout) partial(v float64, at Point) {
	l.label(signed(v).Color, number(v+0), at)
}

// signed is the style of a wire by the sign of the derivative.
func signed(v float64) Style {
	switch {
	case v > 0:
		return plusWire
	case v < 0:
		return minusWire
	}
	return deadWire
}

func (l *circuitLayout) label(clr color.NRGBA, s string, at Point) {
	face := ink.Sized(ink.Regular, tickSize)
	half := ink.Width(face, s)/2 + 2
	l.labels = append(l.labels, func(p Pen) {
		p.Box(ink.Halo, Rect{Min: At(at.X-half, at.Y-2), Max: At(at.X+half, at.Y+tickSize-4)})
		p.Colored(clr, s, at, face, ink.Center)
	})
}

func (l *circuitLayout) head(title string, words ...string) {
	y := float64(l.h) - margin - titleSize
	l.add(func(p Pen) { p.Text(title, At(margin, y), ink.Sized(ink.Bold, titleSize), ink.Left) })
	for i, w := range words {
		at := At(margin, y-float64(i+1)*tickSize*leading-2)
		l.add(func(p Pen) { p.Text(w, at, ink.Sized(ink.Regular, tickSize), ink.Left) })
	}
}

func (c *Circuit) layout() (*circuitLayout, error) {
	if c = c.made(); c.err != nil {
		return nil, c.err
	}
	l := c.units
	if c.full() {
		l = c.elements
	}
	drawn := l()
	return drawn, checkSize(float64(drawn.w), float64(drawn.h))
}

// made is c, or a circuit that says that NewCircuit did not make it.
func (c *Circuit) made() *Circuit {
	switch {
	case c == nil:
		return &Circuit{err: errNil}
	case len(c.layers) == 0 && c.err == nil:
		return &Circuit{err: errors.New("figure: the circuit has no layers; figure.NewCircuit makes one")}
	}
	return c
}

// elements is a circuit in which every multiplier, adder and ReLU is drawn, column by column.
type elements struct {
	*Circuit
	*circuitLayout
	values, gradients *signals
	row, column       float64
	middle, x         float64 // of the column that is drawn
	ends              []Point // where the wires of the column before end
}

func (c *Circuit) elements() *circuitLayout {
	rows, columns := c.sizes[0], 2
	for l, layer := range c.layers {
		columns += 2
		if layer.ReLU {
			columns++
		}
		if layer.Weights == nil {
			columns--
			continue
		}
		rows = max(rows, c.sizes[l]*c.sizes[l+1])
	}
	e := &elements{Circuit: c, row: circuitRow, column: circuitColumn, x: margin + 24, values: c.orZero(c.values), gradients: c.orZero(c.gradients)}
	var words []string
	if c.values != nil {
		e.column += labelRoom
		words = []string{"Above a wire: the value that it carries."}
	}
	if c.gradients != nil {
		e.row += 22
		words = append(words, "Below a wire, a weight or a bias: the derivative, blue if positive, orange and dashed if negative, gray if 0.")
	}
	top := margin + titleSize + 14 + float64(len(words))*tickSize*leading
	e.circuitLayout = &circuitLayout{
		w: int(2*margin + float64(columns-1)*e.column + 60 + e.forkRoom(0) + e.forkRoom(len(c.layers)-1)),
		h: int(top + float64(rows)*e.row + margin + 12),
	}
	e.head(c.title, words...)
	e.middle = margin + 12 + float64(rows)*e.row/2
	e.inputs()
	for k := range c.layers {
		e.layer(k)
	}
	e.outputs()
	return e.circuitLayout
}

// place is the k-th of n elements of a column.
func (e *elements) place(k, n int) Point {
	return At(e.x, e.middle-(float64(k)-float64(n-1)/2)*e.row)
}

// output labels what comes out of an element, on the horizontal part of its wire, and returns the wire's end.
func (e *elements) output(at Point, value, gradient float64) Point {
	end := At(at.X+2.5*stub, at.Y)
	if e.Circuit.values != nil {
		end.X = at.X + stub + labelRoom + 16
		mid := (at.X + end.X) / 2
		e.text(number(value+0), At(mid, at.Y+5))
		if e.Circuit.gradients != nil {
			e.partial(gradient, At(mid, at.Y-17))
		}
	}
	st := e.wire(gradient)
	e.add(func(p Pen) { p.Stroke(st, at, end) })
	return end
}

// forkRoom is what the labels on the branches of a fork before a layer take.
func (e *elements) forkRoom(layer int) float64 {
	if e.Circuit.gradients == nil || e.layers[layer].Weights == nil || e.sizes[layer+1] == 1 {
		return 0
	}
	return 26
}

// wire is the style of a wire by the derivative with respect to what it carries.
func (e *elements) wire(gradient float64) Style {
	if e.Circuit.gradients == nil {
		return wire
	}
	return signed(gradient)
}

// parameter is a label above an element, and below it the derivative with respect to what it says. Where wires come in from above and
// below, as into an adder of many, both begin right of them.
func (e *elements) parameter(text string, at Point, above, gradient float64, inputs int) {
	begin := func(s string) float64 {
		if inputs == 1 {
			return at.X
		}
		return at.X + ink.Width(ink.Sized(ink.Regular, tickSize), s)/2
	}
	e.text(text, At(begin(text), at.Y+element+above))
	if e.Circuit.gradients != nil {
		e.partial(gradient, At(begin(number(gradient+0)), at.Y-element-16))
	}
}

func (e *elements) inputs() {
	for i, n := 0, e.sizes[0]; i < n; i++ {
		at := e.place(i, n)
		name := "x" + subscriptOf(i, n)
		e.add(func(p Pen) { p.Text(name, At(at.X, at.Y-5), ink.Sized(ink.Bold, labelSize), ink.Center) })
		e.ends = append(e.ends, e.output(At(at.X+10, at.Y), e.values.x[i], e.gradients.x[i]))
	}
}

func (e *elements) layer(k int) {
	layer, out := e.layers[k], e.sizes[k+1]
	names := [2]string{"w", "b"}
	if k > 0 && k == len(e.layers)-1 {
		names = [2]string{"v", "c"}
	}
	products := [][]Point{e.ends} // that each adder adds
	if layer.Weights != nil {
		products = e.multipliers(k, names[0])
	}
	e.x += e.column
	var next []Point
	for j := range out {
		at := At(e.x, 0)
		for i, from := range e.ends {
			if layer.Weights != nil {
				from = At(0, e.multiplier(k, i, j).Y)
			}
			at.Y += from.Y / float64(len(e.ends))
		}
		st := e.wire(e.gradients.z[k][j]) // an adder passes the derivative on to all that it adds
		for _, from := range products[j] {
			e.add(func(p Pen) { p.Stroke(st, from, at) })
		}
		if layer.Biases != nil {
			e.parameter(names[1]+subscriptOf(j, out)+" = "+number(layer.Biases[j]), at, 7, e.gradients.z[k][j], len(products[j]))
		}
		e.add(func(p Pen) {
			p.Circle(Style{Color: ink.White}, at, element)
			p.Circle(outline, at, element)
			p.Stroke(outline, At(at.X-7, at.Y), At(at.X+7, at.Y))
			p.Stroke(outline, At(at.X, at.Y-7), At(at.X, at.Y+7))
		})
		next = append(next, e.output(At(at.X+element, at.Y), e.values.z[k][j], e.gradients.z[k][j]))
	}
	e.ends = next
	if layer.ReLU {
		e.relus(k)
	}
}

// multiplier is the place of the i-th input's weight in the j-th sum, whose column is drawn before that of the sums.
func (e *elements) multiplier(k, i, j int) Point {
	at := e.place(j*e.sizes[k]+i, e.sizes[k]*e.sizes[k+1])
	if e.sizes[k+1] == 1 {
		at.Y = e.ends[i].Y
	}
	return at
}

// multipliers draws the weights of a layer and returns the ends of the wires to each of its adders.
func (e *elements) multipliers(k int, letter string) [][]Point {
	in, out := e.sizes[k], e.sizes[k+1]
	e.x += e.column + e.forkRoom(k)
	products := make([][]Point, out)
	for j := range out {
		for i := range in {
			at, from, weight := e.multiplier(k, i, j), e.ends[i], e.layers[k].Weights[i][j]
			st := e.wire(weight * e.gradients.z[k][j])
			e.add(func(p Pen) {
				p.Stroke(st, from, At(from.X, at.Y), At(at.X-element, at.Y)) // a fork, with room for labels beside it
				corners := []Point{At(at.X-element, at.Y+element), At(at.X+element, at.Y), At(at.X-element, at.Y-element)}
				p.Fill(ink.White, corners)
				p.Stroke(outline, corners[0], corners[1], corners[2], corners[0])
			})
			input, gradient := e.values.into(k)[i], e.gradients.z[k][j]
			if e.forkRoom(k) > 0 { // the branches of a fork, whose derivatives add
				e.partial(weight*gradient, At((from.X+at.X-element)/2+2, at.Y-17))
			}
			e.parameter(letter+subscriptOf(j*in+i, in*out)+" = "+number(weight), at, 6, input*gradient, 1)
			products[j] = append(products[j], e.output(At(at.X+element, at.Y), weight*input, gradient))
		}
	}
	return products
}

func (e *elements) relus(k int) {
	e.x += e.column
	for j, from := range e.ends {
		at, st := At(e.x, from.Y), e.wire(e.gradients.z[k][j])
		e.add(func(p Pen) {
			p.Stroke(st, from, At(at.X-element, at.Y))
			box := Rect{Min: At(at.X-element, at.Y-element), Max: At(at.X+element, at.Y+element)}
			p.Box(ink.White, box)
			p.Outline(outline, box)
			p.Stroke(Style{Color: ink.Palette[0], Width: 3}, At(at.X-10, at.Y-7), At(at.X, at.Y-7), At(at.X+10, at.Y+9))
		})
		e.ends[j] = e.output(At(at.X+element, at.Y), e.values.h[k][j], e.gradients.h[k][j])
	}
}

func (e *elements) outputs() {
	for j, from := range e.ends {
		name, end := "f"+subscriptOf(j, len(e.ends))+"(x)", At(from.X+16, from.Y)
		e.add(func(p Pen) {
			p.Darts(wire, []ink.Dart{{Tail: At(from.X-1, from.Y), Tip: end, Head: true}})
			p.Text(name, At(end.X+5, end.Y-5), ink.Sized(ink.Bold, labelSize), ink.Left)
		})
	}
}

// units is a circuit of columns of units.
type units struct {
	*Circuit
	*circuitLayout
	shown             [][]int // which units of each column; −1 for those left out
	left, middle, row float64
}

// shownOf are the units of a column of n that are drawn, and −1 for those left out, which is said.
func shownOf(n int) (shown []int) {
	for i := range n {
		switch half := mostUnits / 2; {
		case n <= mostUnits || i < half || i >= n-half+1:
			shown = append(shown, i)
		case i == half:
			shown = append(shown, -1)
		}
	}
	return shown
}

func (c *Circuit) units() *circuitLayout {
	u := &units{Circuit: c, row: unitRow}
	rows := 0
	for _, n := range c.sizes {
		shown := shownOf(n)
		u.shown, rows = append(u.shown, shown), max(rows, len(shown))
	}
	words := []string{"Blue: positive weights. Orange, dashed: negative ones. Thick: large ones."}
	if c.values != nil {
		words = []string{words[0] + " Filled: active.", "Above a unit: what it gives."}
		u.row += 18
	}
	if c.gradients != nil {
		words[1] += " Below a unit: the derivative with respect to it."
		u.row += 14
	}
	top := margin + titleSize + 14 + float64(len(words))*tickSize*leading
	wide := unitColumn * float64(len(c.sizes)-1)
	u.circuitLayout = &circuitLayout{w: int(2*margin + 110 + wide), h: int(top + float64(rows)*u.row + margin)}
	for _, w := range append(words, c.title) {
		u.w = max(u.w, int(2*margin+ink.Width(ink.Sized(ink.Bold, tickSize), w)))
	}
	u.head(c.title, words...)
	u.middle, u.left = margin+float64(rows)*u.row/2, (float64(u.w)-wide)/2
	u.wires()
	for k := range c.sizes {
		u.column(k)
	}
	return u.circuitLayout
}

// place is that of the a-th unit shown of column k.
func (u *units) place(k, a int) Point {
	return At(u.left+unitColumn*float64(k), u.middle-(float64(a)-float64(len(u.shown[k])-1)/2)*u.row)
}

func (u *units) wires() {
	largest := 0.0
	for _, layer := range u.layers {
		for _, w := range slices.Concat(layer.Weights...) {
			largest = max(largest, math.Abs(w))
		}
	}
	for k, layer := range u.layers {
		for a, i := range u.shown[k] {
			for b, j := range u.shown[k+1] {
				if i < 0 || j < 0 {
					continue
				}
				weight, st := 1.0, plusWire
				if layer.Weights != nil {
					weight = layer.Weights[i][j]
				}
				if weight < 0 {
					st = minusWire
				}
				st.Width = 0.4 + 3*(math.Abs(weight)/largest)
				if weight != 0 {
					u.add(func(p Pen) { p.Stroke(st, u.place(k, a), u.place(k+1, b)) })
				}
			}
		}
	}
}

func (u *units) column(k int) {
	for a, i := range u.shown[k] {
		at := u.place(k, a)
		if i < 0 {
			u.text(fmt.Sprintf("and %d more", u.sizes[k]-len(u.shown[k])+1), At(at.X, at.Y-5))
			continue
		}
		fill, inside := ink.White, ""
		hidden := k > 0 && u.layers[k-1].ReLU
		switch {
		case k == 0:
			inside = "x" + subscriptOf(i, u.sizes[0])
		case !hidden:
			inside = "+"
		case u.values != nil && u.values.h[k-1][i] > 0:
			fill = ink.Palette[5]
		}
		u.add(func(p Pen) {
			p.Circle(Style{Color: ink.White}, at, unitRadius+2)
			p.Circle(Style{Color: fill}, at, unitRadius)
			p.Circle(Style{Color: ink.Dark, Width: 1.6}, at, unitRadius)
			if hidden {
				p.Stroke(outline, At(at.X-7, at.Y-4), At(at.X, at.Y-4), At(at.X+6, at.Y+6))
			}
			p.Text(inside, At(at.X, at.Y-5), ink.Sized(ink.Regular, tickSize), ink.Center)
		})
		if u.values != nil {
			u.text(number(u.values.into(k)[i]+0), At(at.X, at.Y+unitRadius+5))
		}
		if u.gradients != nil {
			u.partial(u.gradients.into(k)[i], At(at.X, at.Y-unitRadius-15))
		}
	}
}

// subscriptOf is the number of the i-th of several, as a subscript.
func subscriptOf(i, of int) string {
	if of == 1 {
		return ""
	}
	return strings.Map(func(r rune) rune { return '₀' + r - '0' }, fmt.Sprint(i+1))
}
