package notebook

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompareText(t *testing.T) {
	for _, c := range []struct {
		name, stored, fresh string
		slack               float64
		same                bool
	}{
		{"equal", "η = 0.30 after 60 steps", "η = 0.30 after 60 steps", 1, true},
		{"last digit", "λ = 4.0242", "λ = 4.0243", 1, true},
		{"last digit twice", "λ = 4.0242", "λ = 4.0244", 1, false},
		{"last digit twice with slack", "λ = 4.0242", "λ = 4.0244", 3, true},
		{"carry", "1.999", "2.000", 1, true},
		{"exponent", "1.2e-06", "1.3e-06", 1, true},
		{"another exponent", "1.2e-06", "1.2e-05", 1, false},
		{"counts are exact", "60 steps", "61 steps", 3, false},
		{"words", "converges", "diverges", 3, false},
		{"sign", "x = 1.0", "x = -1.0", 3, false},
		{"missing end", "a 1.5 b", "a 1.5", 1, false},
		{"nothing stored", "", "a 1.5", 1, false},
		{"left by rounding", "loss 5.5e-32", "loss 6.3e-31", 1, true},
		{"left by rounding, in a picture", "to 5.5·10⁻³².", "to 10⁻³¹.", 1, true},
		{"not left by rounding", "loss 5.5e-11", "loss 6.3e-11", 1, false},
		{"a picture's powers", "to 5.5·10⁻³.", "to 5.5·10⁻².", 1, false},
		{"a picture's last digit", "to 5.5·10⁻³.", "to 5.6·10⁻³.", 1, true},
		{"not a number", "1.5", "NaN", 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			where := compareText(c.stored, c.fresh, c.slack)
			require.Equal(t, c.same, where == "", "%q", where)
		})
	}
}

// shows is a notebook of code cells with one text output each.
func shows(tag string, outputs ...string) *Notebook {
	nb := New()
	for _, o := range outputs {
		text, _ := json.Marshal(o)
		cell := Cell{Type: "code", Source: "x := 1\ny", Outputs: []Output{{Type: "display_data", Data: map[string]json.RawMessage{"text/plain": text}}}}
		cell.Metadata.Tags = []string{tag}
		nb.Cells = append(nb.Cells, cell)
	}
	return nb
}

func TestCompareNotebooks(t *testing.T) {
	stored := shows("", "loss 0.50", "step 3")
	require.Empty(t, Compare(stored, shows("", "loss 0.51", "step 3"), 1))
	got := Compare(stored, shows("", "loss 0.50", "step 4"), 1)
	require.Len(t, got, 1)
	require.Contains(t, got[0], "cell 2 (x := 1)")
	require.NotEmpty(t, Compare(stored, shows("", "loss 0.50"), 1), "a cell is missing")

	// What a cell says of the machine may differ, but it must say something.
	machine := shows(TagMachine, "XLA computes")
	require.Empty(t, Compare(machine, shows(TagMachine, "Go computes"), 1))
	silent := shows(TagMachine, "XLA computes")
	silent.Cells[0].Outputs = nil
	require.NotEmpty(t, Compare(machine, silent, 1))

	// Where a rounding changes the numbers, another processor has its own, and the same words.
	chaotic := shows(TagChaotic, "loss 0.50 after 3")
	require.Empty(t, Compare(chaotic, shows(TagChaotic, "loss 0.87 after 3"), 1))
	require.NotEmpty(t, Compare(chaotic, shows(TagChaotic, "loss 0.50 after 4"), 1))
	require.NotEmpty(t, Compare(chaotic, shows(TagChaotic, "error 0.50 after 3"), 1))
}

func TestNumbersHaveTheUnitOfTheirLastDigit(t *testing.T) {
	for s, unit := range map[string]float64{"12": 0, "1.25": 0.01, "1e-3": 1e-3, "−2.5e-04": 1e-5, "3.0E+2": 10} {
		_, got, ok := parseNumber(s)
		require.True(t, ok, s)
		require.InDelta(t, unit, got, unit*1e-9, s)
	}
}
