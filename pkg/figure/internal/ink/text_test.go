package ink

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every sign of the lecture has a shape in the PNG, and each is its own.
func TestMathematicalSigns(t *testing.T) {
	_, lacking := Lacks("αβγδεηθκλμρσφω ΔΣΩ ∇∂∞∑√ ₀₁₂₉₊₋ₙₜᵢ ⁰¹²³⁹⁺⁻ⁿᵀ ≥≤≈≠±−×·→‖∣ λ_max")
	require.False(t, lacking)
	require.Equal(t, []run{{"2/λ", 0}, {"max", -0.18}, {" = 1", 0}}, runs("2/λ_max = 1"))
	require.Equal(t, []run{{"10", 0}, {"−3", 0.36}}, runs("10⁻³"))
	require.Equal(t, []run{{"a_", 0}}, runs("a_"))
	require.Less(t, Width(Sized(Regular, 15), "λ_max"), Width(Sized(Regular, 15), "λmax"))
	require.InDelta(t, Width(Sized(Regular, 15), "∇L"), Width(Sized(Regular, 15), "∆L"), 1e-9)
}

func TestLacks(t *testing.T) {
	letter, lacking := Lacks("a∮b")
	require.True(t, lacking)
	require.Equal(t, '∮', letter)
}
