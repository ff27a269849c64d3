// Package memory compares a size that a person asked for with the memory of this machine, before anything of that size is
// made. Go cannot recover from running out of memory, and the system may end the process without a word. So a batch, a net or
// a history that cannot fit is an error instead, and the error names the size.
package memory

import (
	"fmt"
	"math"
	"runtime/debug"
	"sync"
)

// Limit is how many bytes one computation may take: half of the least of the machine's memory, the limits that the system
// has set to the process or its container, and GOMEMLIMIT. The other half is for what copies and growing slices take.
func Limit() float64 { return limit() }

var limit = sync.OnceValue(func() float64 {
	least := min(system(), float64(debug.SetMemoryLimit(-1)))
	return least / 2
})

// unknown is supposed of a machine that does not tell its memory: little, as of a small laptop.
const unknown = 4 << 30

// Bytes is the size of an array: the product of its element's bytes and of the counts. It is a float64 because such
// products leave the integers.
func Bytes(element int, counts ...int) float64 {
	bytes := float64(element)
	for _, count := range counts {
		bytes *= float64(count)
	}
	return bytes
}

// Check is an error if the bytes are more than Limit allows. The sentence begins with the name of what takes them, in the
// form of fmt.Sprintf, and ends with what to do.
func Check(bytes float64, todo, name string, args ...any) error {
	if bytes <= Limit() {
		return nil
	}
	return fmt.Errorf("%s would take %s of memory, more than the %s that this process may take: %s",
		fmt.Sprintf(name, args...), size(bytes), size(Limit()), todo)
}

// size writes bytes in the unit that leaves a number below 1024.
func size(bytes float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	k := min(max(int(math.Log2(bytes)/10), 0), len(units)-1)
	return fmt.Sprintf("%.3g %s", bytes/math.Exp2(10*float64(k)), units[k])
}
