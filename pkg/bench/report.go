package bench

import (
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"descent.example/pkg/figure"
)

// Machine says where times were measured.
type Machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"` // that the contenders may use, the same for all
	System   string            `json:"system"`
	Versions map[string]string `json:"versions"` // by the entrants' keys
}

// ThisMachine describes the machine, but for the entrants' versions.
func ThisMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH}
	m.Versions = map[string]string{}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if model := cpuModel.FindSubmatch(info); model != nil {
			m.CPU = string(model[1])
		}
	} else if brand, err := exec.Command("sysctl", "-n", "machdep.cpu.brand_string").Output(); err == nil {
		m.CPU = strings.TrimSpace(string(brand))
	}
	return m
}

var cpuModel = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// String is a line for below a table.
func (m Machine) String() string {
	versions := []string{m.Versions["ours"]}
	for _, key := range slices.Sorted(maps.Keys(m.Versions)) {
		if !slices.Contains(versions, m.Versions[key]) { // JAX takes part twice
			versions = append(versions, m.Versions[key])
		}
	}
	return fmt.Sprintf("%s, %d cores, %s. %s.", m.CPU, m.Cores, m.System, strings.Join(versions, "; "))
}

// The columns of the table, which is Markdown. Those of entrants that do not take part hold a dash.
var columns = []struct {
	head  string
	width int
}{{"width", 5}, {"batch", 5}, {"optimizer", 9}, {"η", 8}, {"final loss", 10}, {"ours, µs a step", 15},
	{"JAX", 5}, {"PyTorch", 7}, {"ours ÷ JAX", 22}, {"ours ÷ PyTorch", 28}}

// Header is the head of the table.
func Header() string {
	var heads, rules []string
	for i, c := range columns {
		heads = append(heads, c.head)
		rules = append(rules, strings.Repeat("-", c.width-1)+":")
		if i == 2 {
			rules[i] = strings.Repeat("-", c.width)
		}
	}
	return line(heads) + "\n" + line(rules)
}

// Row is the result as a line of the table.
func (r Result) Row() string {
	ratio := func(key string) string {
		i, ok := r.Ratios[key]
		if !ok {
			return "–"
		}
		return fmt.Sprintf("%s (%s to %s)", digits(i.Value), digits(i.Low), digits(i.High))
	}
	micros := func(key string) string {
		if us, ok := r.PerStep[key]; ok {
			return digits(us)
		}
		return "–"
	}
	return line([]string{fmt.Sprint(r.Width), fmt.Sprint(r.Batch), r.Optimizer, fmt.Sprintf("%.3g", r.LR),
		fmt.Sprintf("%.3g", r.FinalLoss["ours"]), micros("ours"), micros("jax"), micros("torch"), ratio("jax"), ratio("torch")})
}

func line(cells []string) string {
	for i, c := range columns {
		if i == 2 {
			cells[i] = fmt.Sprintf("%-*s", c.width, cells[i])
		} else {
			cells[i] = fmt.Sprintf("%*s", c.width, cells[i])
		}
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// digits prints a positive number with three significant digits, and without an exponent.
func digits(x float64) string {
	decimals := 2 - int(math.Floor(math.Log10(x)))
	return fmt.Sprintf("%.*f", max(0, decimals), x)
}

// Notes says below the table what its rows have in common, what is not to be seen in them, and where it was measured.
func Notes(results []Result) string {
	first := results[0]
	notes := []string{fmt.Sprintf("Times are medians over %s rounds; ratios are medians of the paired ratios with their 95 %% "+
		"confidence interval, below 1 is faster.",
		span(results, func(r Result) int { return r.Rounds }))}
	nets := ""
	if first.Nets > 1 {
		nets = fmt.Sprintf(", %d nets, a step being one of one net", first.Nets)
	}
	chaotic := slices.IndexFunc(results, func(r Result) bool { return r.Rounding > 0 })
	but := ""
	if chaotic >= 0 {
		but = ", but for what is said of chaotic runs"
	}
	notes = append(notes, fmt.Sprintf("%d points, %d steps%s, the loss of each step recorded. All contenders end at the final "+
		"loss shown%s.", first.Points, first.Steps, nets, but))
	for _, e := range []struct{ key, name string }{{"ours", "The lab"}, {"jax", "JAX"}, {JAXVmap, "JAX's vmap"}, {"torch", "PyTorch"}} {
		if slices.ContainsFunc(results, func(r Result) bool { steps, ok := r.TimedSteps[e.key]; return ok && steps < r.Steps }) {
			notes = append(notes, fmt.Sprintf("%s is timed over the first %s steps.", e.name,
				span(results, func(r Result) int { return r.TimedSteps[e.key] })))
		}
		if why, absent := first.Absent[e.key]; absent {
			notes = append(notes, fmt.Sprintf("%s does not take part: %s.", e.name, why))
		}
	}
	for _, r := range results {
		if ratio, ok := r.Ratios[JAXVmap]; ok {
			notes = append(notes, fmt.Sprintf("All nets in one program by JAX's vmap take %s µs a step: ours ÷ JAX's vmap is %s (%s to %s).",
				digits(r.PerStep[JAXVmap]), digits(ratio.Value), digits(ratio.Low), digits(ratio.High)))
		}
	}
	if worst, ok := worst(results, "jax"); ok && len(results) > 1 {
		notes = append(notes, fmt.Sprintf("The greatest ratio to JAX is %s, at %s.", digits(worst.Ratios["jax"].Value), worst.Case))
	}
	if chaotic >= 0 {
		notes = append(notes, fmt.Sprintf("At %s the run is chaotic: rounding alone changes the final loss by a factor of up to %.3g, "+
			"so that only the first %d steps are compared closely.", results[chaotic].Case, math.Exp(results[chaotic].Rounding), Early))
	}
	return strings.Join(append(notes, first.Machine.String()), "\n")
}

// worst is the result with the greatest ratio to an entrant; false if there is none.
func worst(results []Result, key string) (worst Result, ok bool) {
	for _, r := range results {
		if ratio, has := r.Ratios[key]; has && (!ok || ratio.Value > worst.Ratios[key].Value) {
			worst, ok = r, true
		}
	}
	return worst, ok
}

// span is "10" or "10 to 40".
func span(results []Result, of func(Result) int) string {
	low, high := of(results[0]), of(results[0])
	for _, r := range results {
		low, high = min(low, of(r)), max(high, of(r))
	}
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// Plot draws the ratios against the width, a curve for each optimizer and batch. Each ratio's interval is a bar.
func Plot(results []Result) *figure.Figure {
	var panels []*figure.Figure
	for _, other := range []struct{ key, name string }{{"jax", "JAX"}, {"torch", "PyTorch"}} {
		panel := figure.New("The lab against "+other.name, figure.LogX("hidden units"), figure.LogY("time ÷ "+other.name+"'s"))
		curves := map[string][]Result{}
		for _, r := range results {
			if _, ok := r.Ratios[other.key]; ok {
				name := fmt.Sprintf("%s, batch %d", r.Optimizer, r.Batch)
				curves[name] = append(curves[name], r)
			}
		}
		if len(curves) == 0 {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(curves)) {
			curve := slices.SortedFunc(slices.Values(curves[name]), func(a, b Result) int { return a.Width - b.Width })
			var xs, ys []float64
			for _, r := range curve {
				x, i := float64(r.Width), r.Ratios[other.key]
				xs, ys = append(xs, x), append(ys, i.Value)
				panel.Line(name, []float64{x, x}, []float64{i.Low, i.High})
			}
			panel.Line(name, xs, ys).Points(name, xs, ys)
		}
		if other.key == "jax" {
			panel.HLine(1, "as fast")
		}
		panels = append(panels, panel)
	}
	return figure.Row(panels...)
}
