package lecture

import (
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/live"
)

// Live makes the process a live one until the test ends: what experiments make is kept, and what is compiled is shared.
func Live(t *testing.T) {
	before := live.Process
	live.Process = true
	t.Cleanup(func() { live.Process, things.keys, things.by = before, nil, nil })
}

// A study that each run uses outlasts the pictures of many settings.
func TestWhatIsUsedIsKept(t *testing.T) {
	Live(t)
	made := map[int]int{}
	use := func(key int) {
		value, err := kept(key, func() (int, error) { made[key]++; return 2 * key, nil })
		require.NoError(t, err)
		require.Equal(t, 2*key, value)
	}
	for setting := 1; setting < 2*mostThings; setting++ {
		use(0)
		use(setting)
	}
	use(1)
	require.Equal(t, 1, made[0])
	require.Equal(t, 2, made[1], "it has made room")
	require.Len(t, things.by, mostThings)
	require.Len(t, things.keys, mostThings)
}
