package figure

import (
	"math"
	"strconv"
	"strings"
)

// tiny is the smallest number with all its digits; below it a logarithmic axis
// would show rounding.
const tiny = 0x1p-1022

// scale maps values of one axis onto [0, 1].
type scale struct {
	log    bool
	lo, hi float64
}

func (s scale) norm(v float64) float64 {
	if s.log {
		return (math.Log(v) - math.Log(s.lo)) / (math.Log(s.hi) - math.Log(s.lo))
	}
	const far = math.MaxFloat64 // as good as infinite
	switch share := (v/2 - s.lo/2) / (s.hi/2 - s.lo/2); {
	case share > far:
		return far
	case share < -far:
		return -far
	default:
		return share
	}
}

// drawable says whether the scale has two ends that numbers can tell apart.
func (s scale) drawable() bool {
	if !finite(s.lo) || !finite(s.hi) || s.log && min(s.lo, s.hi) <= 0 {
		return false
	}
	return math.Abs(s.hi/2-s.lo/2) > 1e-300 || s.log && s.hi > s.lo
}

// at is the value at a share of the scale, the inverse of norm.
func (s scale) at(share float64) float64 {
	if s.log {
		return math.Exp(math.Log(s.lo) + share*(math.Log(s.hi)-math.Log(s.lo)))
	}
	return 2 * (s.lo/2 + (s.hi/2-s.lo/2)*share)
}

// pad widens the scale by a share of its length at each end; a scale of no
// length becomes one around its value.
func (s scale) pad(share float64) scale {
	point := s.hi-s.lo <= max(1e-12*max(math.Abs(s.lo), math.Abs(s.hi)), tiny)
	switch {
	case point && s.log:
		return scale{true, max(s.lo/10, tiny), min(s.hi*10, math.MaxFloat64)}
	case point:
		d := max(math.Abs(s.lo)/2, 0.5)
		if s.lo == 0 {
			d = 1
		}
		return scale{false, max(s.lo-d, -math.MaxFloat64), min(s.hi+d, math.MaxFloat64)}
	case s.log:
		f := math.Exp(share * (math.Log(s.hi) - math.Log(s.lo)))
		return scale{true, max(s.lo/f, tiny), min(s.hi*f, math.MaxFloat64)}
	}
	d := share*s.hi - share*s.lo
	out := scale{false, max(s.lo-d, -math.MaxFloat64), min(s.hi+d, math.MaxFloat64)}
	if s.lo >= 0 && s.lo <= 0.3*s.hi {
		out.lo = 0 // a quantity that cannot be negative is seen against its zero
	}
	return out
}

type tick struct {
	at    float64
	label string // none on a minor tick
}

// ticks returns few, round numbers within the scale.
func (s scale) ticks() []tick {
	if s.log {
		if t := s.decades(); t != nil {
			return t
		}
	}
	major := round(s.lo, s.hi, 6)
	out := make([]tick, len(major))
	for i, l := range numbers(major) {
		out[i] = tick{major[i], l}
	}
	return out
}

// round returns at most n+1 multiples of 1, 2 or 5 times a power of ten
// between lo and hi, as many as there can be.
func round(lo, hi float64, n int) []float64 {
	rough := hi/float64(n) - lo/float64(n)
	e := int(math.Floor(math.Log10(rough)))
	for _, m := range []int{1, 2, 5, 10} {
		step := power(m, e)
		if step < rough*(1-1e-9) {
			continue
		}
		var out []float64
		first := math.Ceil(lo/step - 1e-9)
		for k := range n + 1 {
			if v := first + float64(k); v <= hi/step+1e-9 {
				out = append(out, v*step)
			}
		}
		return out
	}
	return nil
}

// decades are the powers of ten of a logarithmic scale, with 2 and 5 where
// they are few; nil where the scale is so short that even these are fewer than two.
func (s scale) decades() []tick {
	low, high := math.Floor(math.Log10(s.lo)), math.Ceil(math.Log10(s.hi))
	every := 1.0
	for _, n := range []float64{2, 3, 5, 10, 20, 50, 100} {
		if (high-low)/every > 7 {
			every = n
		}
	}
	for _, labeled := range []string{"1", "125"} {
		var out []tick
		n := 0
		for e := low; e <= high; e++ {
			for m := 1; m <= 9; m++ {
				major := strings.Contains(labeled, strconv.Itoa(m)) && math.Mod(e, every) == 0
				if !major && !(m == 1 && every <= 4 || every == 1) {
					continue
				}
				v := power(m, int(e))
				if v < s.lo*(1-1e-12) || v > s.hi*(1+1e-12) || !finite(v) {
					continue
				}
				label := ""
				if major {
					label = powerLabel(m, int(e), labeled != "1")
					n++
				}
				out = append(out, tick{v, label})
			}
		}
		if n >= 2 {
			return out
		}
	}
	return nil
}

// power is m·10ᵉ, rounded once.
func power(m, e int) float64 {
	const exact = 22 // powers of ten up to this one are numbers of float64
	switch {
	case e >= 0 && e <= exact:
		return float64(m) * math.Pow10(e)
	case e < 0 && e >= -exact:
		return float64(m) / math.Pow10(-e)
	}
	v, _ := strconv.ParseFloat(strconv.Itoa(m)+"e"+strconv.Itoa(e), 64)
	return v
}

// powerLabel writes m·10ᵉ: 1, 10, 10², 10⁻³, 5·10⁻³, or in plain digits from
// 0.01 to 900 where other multiples than 1 stand beside it.
func powerLabel(m, e int, plain bool) string {
	digits := strconv.Itoa(m)
	switch {
	case e >= 0 && (e <= 1 || plain && e == 2):
		return digits + strings.Repeat("0", e)
	case plain && e >= -2 && e < 0:
		return "0." + strings.Repeat("0", -e-1) + digits
	case m == 1:
		return "10" + raised(e)
	}
	return digits + "·10" + raised(e)
}

var superscript = strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")

func raised(e int) string { return superscript.Replace(strconv.Itoa(e)) }

// numbers writes round values with the decimals that tell them apart, and a
// common power of ten where they are very large or very small.
func numbers(v []float64) []string {
	largest := 0.0
	for _, x := range v {
		largest = max(largest, math.Abs(x))
	}
	e := 0
	if largest != 0 && (largest >= 1e5 || largest < 1e-3) {
		e = int(math.Floor(math.Log10(largest)))
	}
	out := make([]string, len(v))
	for decimals := 0; ; decimals++ {
		exact := true
		for i, x := range v {
			m := x
			if e != 0 {
				m = x / power(1, e)
			}
			out[i] = strings.ReplaceAll(strconv.FormatFloat(m, 'f', decimals, 64), "-", "−")
			r, _ := strconv.ParseFloat(strings.ReplaceAll(out[i], "−", "-"), 64)
			exact = exact && math.Abs(r-m) <= 1e-6*largest/power(1, e)
		}
		if exact || decimals == 6 {
			break
		}
	}
	for i, x := range v {
		if strings.Trim(out[i], "−0.") == "" {
			out[i] = "0"
		} else if e != 0 && x != 0 {
			out[i] += "·10" + raised(e)
		}
	}
	return out
}

// number writes one value in three digits, for notes and the text alternative; whole ones as they are.
func number(v float64) string {
	if math.IsInf(v, 0) {
		return map[bool]string{true: "∞", false: "−∞"}[v > 0]
	}
	s := strconv.FormatFloat(v, 'g', 3, 64)
	if v == math.Trunc(v) && math.Abs(v) < 1e6 {
		s = strconv.FormatFloat(v, 'f', 0, 64)
	}
	if m, e, ok := strings.Cut(s, "e"); ok {
		n, _ := strconv.Atoi(e)
		if s = m + "·10" + raised(n); m == "1" {
			s = "10" + raised(n)
		}
	}
	return strings.ReplaceAll(s, "-", "−")
}
