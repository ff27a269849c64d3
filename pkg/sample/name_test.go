package sample_test

import (
	"testing"

	"descent.example/pkg/sample"
	"github.com/stretchr/testify/require"
)

func TestByName(t *testing.T) {
	reshuffled, err := sample.Reshuffled(5)
	require.NoError(t, err)
	got, err := sample.ByName("reshuffled", 5, 20)
	require.NoError(t, err)
	require.Equal(t, reshuffled, got)
	for _, name := range sample.Names() {
		all, err := sample.ByName(name, 20, 20)
		require.NoError(t, err)
		require.True(t, all.IsFull(), name)
		some, err := sample.ByName(name, 3, 20)
		require.NoError(t, err)
		require.False(t, some.IsFull(), name)
	}
	for _, wrong := range []struct {
		name  string
		batch int
	}{{"sorted", 3}, {"in order", 0}} {
		_, err := sample.ByName(wrong.name, wrong.batch, 20)
		require.Error(t, err)
	}
}
