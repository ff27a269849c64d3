package progress

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWatcherHearsTheOutermostWork(t *testing.T) {
	set, end := Begin("unwatched", 1)
	set(1)
	end()

	var heard []string
	Watch(func(what string, total int) (func(int), func()) {
		heard = append(heard, fmt.Sprint(what, " of ", total))
		return func(done int) { heard = append(heard, fmt.Sprint(done)) }, func() { heard = append(heard, "end") }
	})
	t.Cleanup(func() { Watch(nil) })
	set, end = Begin("sweep", 2)
	inner, innerEnd := Begin("run", 100)
	inner(50)
	innerEnd()
	set(1)
	end()
	_, end = Begin("next", 3)
	end()
	require.Equal(t, []string{"sweep of 2", "1", "end", "next of 3", "end"}, heard)
}
