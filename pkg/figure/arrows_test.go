package figure

import (
	"fmt"
	"math"
	"testing"

	"descent.example/pkg/figure/internal/ink"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
)

// strokesOf are the strokes that draw the data of a figure of one panel.
func strokesOf(t *testing.T, f *Figure) (*Panel, []ink.Op) {
	t.Helper()
	l, err := f.layout()
	require.NoError(t, err)
	ops, err := ink.Record(l.panels[0].drawData)
	require.NoError(t, err)
	return l.panels[0], ops
}

// in is the strokes of a color: filled areas, or lines.
func in(ops []ink.Op, clr fmt.Stringer, filled bool) []ink.Op {
	var out []ink.Op
	for _, o := range ops {
		if h, _ := ink.Hex(o.Style.Color); h == clr.String() && o.Text == "" && (o.Style.Width == 0) == filled {
			out = append(out, o)
		}
	}
	return out
}

type ink16 int // index of a color of the palette

func (i ink16) String() string { h, _ := ink.Hex(ink.Palette[i]); return h }

func square() *Figure { return New("t", X("x").Range(-1, 1), Y("y").Range(-1, 1)) }

func samePlace(t *testing.T, want, got Point) {
	t.Helper()
	require.InDelta(t, want.X, got.X, 1e-9)
	require.InDelta(t, want.Y, got.Y, 1e-9)
}

func place(p *Panel, x, y float64) Point { return p.place(p.at(x, y)) }

// Every arrow ends where it should, in a head whose size is that of the print,
// not of the data.
func TestArrowsEndAtTheirTips(t *testing.T) {
	dxs, dys := []float64{0.5, -0.9, 0.2, 0}, []float64{0.1, 0.9, -0.7, 0.6}
	f := square().Arrows("g", []float64{0.1}, []float64{-0.1}, dxs, dys)
	p, ops := strokesOf(t, f)
	heads := in(ops, ink16(0), true)
	require.Len(t, heads, 1, "one path for all")
	require.Len(t, heads[0].Lines, len(dxs))
	for i, head := range heads[0].Lines {
		tip, left, right := head[0], head[1], head[2]
		length := tip.Sub(left.Toward(right, 0.5)).Length()
		require.InDelta(t, 4+3.2*shaft, length, 1e-9)
		require.InDelta(t, 0.84*length, left.Sub(right).Length(), 1e-9)
		samePlace(t, place(p, 0.1+dxs[i], -0.1+dys[i]), tip)
	}
	shafts := in(ops, ink16(0), false)
	require.Len(t, shafts, 1)
	require.Equal(t, place(p, 0.1, -0.1), shafts[0].Lines[0][0])
}

func TestArrowsAreClippedAndCounted(t *testing.T) {
	f := square().Arrows("g", []float64{0}, []float64{0}, []float64{3, 0.5, nan, 0}, []float64{0, 0.5, 0, 0})
	_, ops := strokesOf(t, f)
	heads := in(ops, ink16(0), true)
	require.Len(t, heads, 1)
	require.Len(t, heads[0].Lines, 1, "one triangle: only the arrow that ends inside has a head")
	for _, o := range in(ops, ink16(0), false) {
		for _, l := range o.Lines {
			for _, q := range l {
				require.LessOrEqual(t, q.X, 760.0)
			}
		}
	}
	require.Contains(t, text(t, svgOf(t, f)), "g: 1 not finite, 1 end outside\n")
	require.Contains(t, f.Alt(), "g (3 arrows): from (0, 0) of lengths 0 to 3, their sum (3.5, 0.5), 1 not finite, 1 end outside.")
	all := square().Arrows("g", []float64{0}, []float64{0}, []float64{3, 4}, []float64{0, 0})
	require.Contains(t, text(t, svgOf(t, all)), "g: all end outside\n")
}

func TestResultantStandsOutAndShowsNothingAsARing(t *testing.T) {
	f := square().Arrows("g", []float64{0}, []float64{0}, []float64{0.5, -0.5}, []float64{0.2, 0.2}).Resultant("sum", 0, 0, 0, 0.4)
	_, ops := strokesOf(t, f)
	one, other := in(ops, ink16(0), false), in(ops, ink16(1), false)
	require.Len(t, other, 1)
	require.Greater(t, other[0].Style.Width, 2*one[0].Style.Width)
	require.Equal(t, other[0].Lines, ops[len(ops)-2].Lines, "above all others, but for its own head")
	require.Contains(t, f.Alt(), "sum (arrow): from (0, 0) to (0, 0.4), of length 0.4.")

	zero := square().Resultant("sum", 0.5, 0, 1e-17, -1e-16)
	p, ops := strokesOf(t, zero)
	ring := in(ops, ink16(0), false)
	require.Len(t, ring, 1)
	require.Equal(t, vg.ArcComp, ring[0].Path[1].Type)
	require.Equal(t, place(p, 0.5, 0).VG(), ring[0].Path[1].Pos)
	require.Greater(t, float64(ring[0].Path[1].Radius), 8.0*1.2, "around the star of an optimum there")
}

func TestArrowsSettleTheFrame(t *testing.T) {
	f := New("t", X("x"), Y("y")).Arrows("g", []float64{5, 6}, []float64{1, 2}, []float64{1, -3}, []float64{1, 0})
	p, _ := strokesOf(t, f)
	for _, q := range []Point{At(5, 1), At(6, 2), At(6, 2), At(3, 2)} {
		require.True(t, Rect{Min: At(0.05, 0.05), Max: At(0.95, 0.95)}.Has(p.at(q.X, q.Y)), q)
	}
	require.InDelta(t, 4.5, (p.sx.lo+p.sx.hi)/2, 1e-12)
}

// A point of the ellipse has (u/a)² + (v/b)² = 1 in its own axes.
func TestEllipseIsOne(t *testing.T) {
	const a, b, angle = 0.6, 0.2, 0.7
	f := square().Ellipse("covariance", 0.1, -0.2, a, b, angle)
	s := f.marks[0].base()
	sin, cos := math.Sincos(angle)
	for i := range s.xs {
		x, y := s.xs[i]-0.1, s.ys[i]+0.2
		u, v := x*cos+y*sin, y*cos-x*sin
		require.InDelta(t, 1, u*u/a/a+v*v/b/b, 1e-12)
	}
	require.InDelta(t, s.xs[0], s.xs[len(s.xs)-1], 1e-15)
	require.InDelta(t, 0.1+a*cos, s.xs[0], 1e-15, "the first semi-axis lies at the angle")

	walk := square().Path("SGD", []float64{0, 0.5, 0.2}, []float64{0, 0.5, 0.1}).Ellipse("covariance", 0, 0, a, b, 0)
	_, ops := strokesOf(t, walk)
	drawn := func(clr string) int {
		for i, o := range ops {
			if h, _ := ink.Hex(o.Style.Color); h == clr && o.Style.Width > 0 {
				return i
			}
		}
		return -1
	}
	black, _ := ink.Hex(ink.Dark)
	require.Greater(t, drawn(black), drawn(ink16(0).String()), "theory that the walk would hide lies above it")
	require.NotEmpty(t, ops[drawn(black)].Style.Dashes)
	require.Contains(t, f.Alt(), "covariance (theory): ellipse around (0.1, −0.2) with semi-axes 0.6 and 0.2, the first at 40.1°.")

	svgOf(t, square().Ellipse("of GD, which does not move", 0, 0, 0, 0, 0))
	big := square().Ellipse("larger than the frame", 0, 0, 1.2, 0.5, 0)
	require.NotContains(t, big.Alt(), "leaves")
	require.Len(t, mustStretch(t, big).lines, 2)
}

func mustStretch(t *testing.T, f *Figure) stretch {
	t.Helper()
	p, err := f.panelOf(commonOf([]*Figure{f}))
	require.NoError(t, err)
	return p.stretch(f.marks[0].base())
}
